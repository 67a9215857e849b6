"""The inference wall as the statement tells it: the plan's own model, the best one, the levers, a curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from truecost.physics.loss_law import DEFAULT_LAW, Setting, lifetime_optimum, published_law
from truecost.plan.evaluate import Evaluation
from truecost.plan.inference_wall import AT, LEVERS, OTHER_LAW
from truecost.ranges import FloatArray, Ranged, summarize

DRAWS, POINTS, REACH = 128, 33, (0.03, 100.0)
"""Draws and points of the curve; its ends in multiples of the volume at which serving passes training."""
OWN = (
    "training_flops", "parameters", "training_tokens", "loss", "served_tokens", "serving_usd", "usd_per_mtok",
    "serving_price", "tokens_at_training_budget", "tokens_at_training_budget_if_sized_for_it",
)  # fmt: skip
BEST = ("parameters", "training_tokens", "training_usd", "serving_usd", "saving_usd")
LEVER = ("parameters", "training_tokens", "saving_usd", "tokens_at_training_budget_if_sized_for_it")


def inference_wall(evaluation: Evaluation) -> dict[str, Any] | None:
    """What a plan that trains a model comes to at the wall; None for others."""
    found = evaluation.outcomes
    if f"{AT}.loss" not in found:
        return None

    def part(name: str) -> Ranged | None:
        values = found.get(f"{AT}.{name}")
        return None if values is None else summarize(values)

    serves = f"{AT}.served_tokens" in found
    pulled = [name for name in LEVERS if f"{AT}.levers.{name}.{LEVER[-1]}" in found]
    return {
        "law": DEFAULT_LAW,
        **{name: part(name) for name in OWN},
        "lifetime_optimal": {name: part(f"lifetime_optimal.{name}") for name in BEST} if serves else None,
        "levers": {name: {key: part(f"levers.{name}.{key}") for key in LEVER} for name in pulled},
        "by_other_law": {
            "law": OTHER_LAW,
            **{name: part(f"by_other_law.{name}") for name in BEST[:2]},
        }
        if serves
        else None,
        "curve": _curve(evaluation),
    }


def _curve(evaluation: Evaluation) -> dict[str, list[float]]:
    """The best size and its tokens against the tokens served, from the first draws."""
    found, quantities = evaluation.outcomes, evaluation.first.quantities

    def first(name: str) -> FloatArray:
        return found[f"{AT}.{name}"][:DRAWS, None]

    middle = float(np.median(first("tokens_at_training_budget_if_sized_for_it")))
    served = np.geomspace(middle * REACH[0], middle * REACH[1], POINTS)
    per_active = np.broadcast_to(
        np.asarray(quantities[f"{AT}.dense_per_active"].value, dtype=np.float64),
        (evaluation.first.draws.count,),
    )[:DRAWS, None]
    at = Setting(serving_price=first("serving_price"), dense_per_active=per_active)
    best = lifetime_optimum(published_law(), first("loss"), served, at)
    told = {"served_tokens": served.tolist()}
    for name, values in (("parameters", best.active_parameters), ("training_tokens", best.tokens)):
        low, median, high = np.quantile(np.asarray(values), (0.05, 0.5, 0.95), axis=0)
        told |= {name: median.tolist(), f"{name}_low": low.tolist(), f"{name}_high": high.tolist()}
    return told
