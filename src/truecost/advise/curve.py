"""Cost by volume: every option at a tenth to ten times the users of the plan, where the best changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from truecost.advise.decision import Choice, Decision
from truecost.plan.variants import Variants
from truecost.ranges import FloatArray

FACTORS = np.geomspace(0.1, 10.0, 17)
DRAWS = 48
"""Draws at each point of the curve; all points and options share them."""


def curve(variants: Variants, decision: Decision) -> dict[str, Any] | None:
    """USD a month by users; None for a plan without queries. Splits and layouts are kept."""
    volume = decision.best.variant.outcome("volumes.queries")
    if volume is None or not volume.any():
        return None
    months = decision.best.variant.cost.shape[0]
    queries = float(volume.mean()) / months
    margins: list[FloatArray] = []
    lines: list[dict[str, Any]] = []
    for choice in decision.choices:
        at = variants.grid(choice.option.sets, {"users": FACTORS}, draws=DRAWS)
        cost = at.cost_usd.reshape(len(FACTORS), DRAWS) / months
        margins.append(at.margin_usd.reshape(len(FACTORS), DRAWS).mean(axis=1))
        low, high = np.quantile(cost, (0.05, 0.95), axis=1)
        lines.append(
            {
                "option": choice.option.key,
                "label": choice.option.label,
                "usd_per_month": cost.mean(axis=1).tolist(),
                "usd_per_month_p5": low.tolist(),
                "usd_per_month_p95": high.tolist(),
            }
        )
    return {
        "users_factor": FACTORS.tolist(),
        "queries_per_month": (FACTORS * queries).tolist(),
        "plan_queries_per_month": queries,
        "options": lines,
        "crossings": crossings(decision.choices, np.stack(margins), queries),
    }


def crossings(choices: Sequence[Choice], margins: FloatArray, queries: float) -> list[dict[str, Any]]:
    """Volumes at which the option that leaves most changes, between neighbouring points of the curve."""
    best = margins.argmax(axis=0)
    result: list[dict[str, Any]] = []
    for left in np.flatnonzero(best[1:] != best[:-1]):
        before, after = int(best[left]), int(best[left + 1])
        gap = margins[after, left : left + 2] - margins[before, left : left + 2]
        share = float(-gap[0] / (gap[1] - gap[0]))
        factor = float(FACTORS[left] * (FACTORS[left + 1] / FACTORS[left]) ** share)
        result.append(
            {
                "users_factor": factor,
                "queries_per_month": factor * queries,
                "from_option": choices[before].option.key,
                "to_option": choices[after].option.key,
            }
        )
    return result
