"""The measured steps that the training-step law is worst on, and the part of the step that stands out there.

The reason is computed, not written: of the parts of the predicted step, the one whose share lies furthest
above its share in steps of the same regime that are predicted well; and by how much that part alone would
have to be off.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from truecost.evidence.training_step_score import SOURCE, StepScore, regime_names
from truecost.physics.training_step.step import StepParts, step_parts
from truecost.ranges import FloatArray

PARTS = tuple(field.name for field in fields(StepParts))
PREDICTED_WELL = 0.1
"""Largest ln(measured / predicted), either way, of steps that the others are compared with."""


@dataclass(frozen=True, slots=True)
class WorstStep:
    """The step of one setup (model, chip, precision, source) that the law is furthest off on."""

    row: int
    """Of the measured steps."""
    measured_s: float
    predicted_s: float
    """By constants fitted without its source."""
    part: str
    """Of the step (`PARTS`): what it has more of than steps that are predicted well."""
    share: float
    """Of the predicted step, in that part."""
    usual_share: float
    """The same in the middle of the steps of its regime that are predicted well."""
    part_factor: float | None
    """What the part alone would have to be multiplied by; None where it cannot make up for the error."""


def worst_steps(result: StepScore, count: int = 10) -> list[WorstStep]:
    """The worst step of each of the `count` setups with the largest errors, the worst first."""
    ratios = result.held_out[SOURCE].log_ratios
    seconds = held_out_parts(result)
    order = np.argsort(-np.abs(ratios), kind="stable")
    firsts: dict[str, int] = {}
    for row in order.tolist():
        firsts.setdefault(str(result.steps.setups[row]), row)
    rows = list(firsts.values())[:count]
    return [_worst(result, row, seconds[:, row], _usual(result, row, seconds)) for row in rows]


def _usual(result: StepScore, row: int, seconds: FloatArray) -> FloatArray:
    """Shares of the parts in the middle of the well predicted steps of a step's regime, or of all."""
    regimes = regime_names(result.steps)
    well = np.abs(result.held_out[SOURCE].log_ratios) < PREDICTED_WELL
    alike = well & (regimes == regimes[row])
    chosen = alike if alike.any() else well
    return np.asarray(np.median((seconds / seconds.sum(axis=0))[:, chosen], axis=1), dtype=np.float64)


def held_out_parts(result: StepScore) -> FloatArray:
    """Seconds of every step by part (`PARTS` x steps), by constants fitted without its source."""
    steps, held_out = result.steps, result.held_out[SOURCE]
    found = np.empty((len(PARTS), len(steps)))
    for name, constants in held_out.constants.items():
        own = held_out.groups == name
        parts = step_parts(steps.cases.where(own), constants)
        found[:, own] = [np.broadcast_to(getattr(parts, part), int(own.sum())) for part in PARTS]
    return found


def _worst(result: StepScore, row: int, seconds: FloatArray, usual: FloatArray) -> WorstStep:
    predicted, measured = float(seconds.sum()), float(result.steps.seconds[row])
    place = int(np.argmax(seconds / predicted - usual))
    factor = 1 + (measured - predicted) / float(seconds[place])
    return WorstStep(
        row=row,
        measured_s=measured,
        predicted_s=predicted,
        part=PARTS[place],
        share=float(seconds[place]) / predicted,
        usual_share=float(usual[place]),
        part_factor=factor if factor > 0 else None,
    )
