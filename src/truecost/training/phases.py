"""A step by what it is for: answers written, answers scored, the update; time and money of each."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np

from truecost.physics.training_step.step import StepParts
from truecost.ranges import Value
from truecost.training.cycle import CycleParts
from truecost.training.estimate import Estimates
from truecost.training.methods import Method

READING = {"distill": "teacher", "dpo": "reference", "rlhf": "scoring"}
"""What the forward passes of frozen models are, by method."""


def phases_told(done: Estimates, method: Method) -> list[dict[str, Any]]:
    """The phases of a step in order, of the middle estimates; they add up to the step and the run."""
    total, hours, usd = (_first(one.middle) for one in (done.step_time_s, done.chip_hours, done.cost_usd))
    seconds = _seconds(done.step, method)
    return [
        {
            "phase": phase,
            "seconds": value,
            "share": value / total,
            "chip_hours": hours * value / total,
            "cost_usd": usd * value / total if math.isfinite(usd) else None,
        }
        for phase, value in seconds.items()
    ]


def _seconds(step: StepParts, method: Method) -> dict[str, float]:
    own = sum(_first(getattr(step, part.name)) for part in fields(StepParts))
    if not isinstance(step, CycleParts):
        return {"update": own}
    found: dict[str, float] = {}
    if method.answers is not None:
        found["generation"] = _first(step.generation)
    if method.readers:
        found[READING[method.name]] = _first(step.scoring)
    found["update"] = own
    if method.critic is not None:
        found["critic update"] = _first(step.critic)
    return found


def _first(value: Value) -> float:
    return float(np.asarray(value, np.float64).reshape(-1)[0])
