"""How far a panel is from the engine, at settings that are in none of its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from truecost.plan.panel.axes import CACHE, KEYS, OWN, Axis
from truecost.plan.panel.estimate import ENDS, estimate
from truecost.plan.panel.interpolation import Settings
from truecost.plan.panel.parts import SURE_FROM, Part, added, on_all_draws
from truecost.plan.panel.sampling import Sampled, sample
from truecost.plan.variants import Variants
from truecost.ranges import Draws, FloatArray

SETTINGS = 40
KNOWN = 2
"""Settings before them that are known on all draws."""
SEED = 40


def held_out(axes: Mapping[str, Axis], count: int = SETTINGS, seed: int = SEED) -> dict[str, FloatArray]:
    """Settings drawn over the whole range of the sliders that move anything, always the same."""
    draws = Draws(seed, 0, count)
    found: dict[str, FloatArray] = {}
    for key in KEYS:
        axis, share = axes[key], draws.uniform(f"panel.{key}")
        if axis.is_still:
            found[key] = np.full(count, OWN[key])
        elif key == CACHE:
            found[key] = axis.low + (axis.high - axis.low) * share
        else:
            found[key] = axis.low * (axis.high / axis.low) ** share
    return found


def errors(
    panel: Mapping[str, Any],
    parts: Sequence[Part],
    known: tuple[Variants, Sampled, Settings],
    axes: Mapping[str, Axis],
    draws: int,
) -> dict[str, Any]:
    """Largest and mean errors in shares of what is shown; ends of ranges in shares of the mean cost.

    `known` are the plan's own setting and another on all draws: means of the engine are taken to all draws
    from them (`parts.on_all_draws`). Ends are compared on the draws of the settings.
    """
    variants, full, other = known
    away = held_out(axes)
    asked = {key: np.concatenate([[OWN[key]], other[key], values]) for key, values in away.items()}
    sampled = sample(variants, asked, draws)
    said = estimate(panel, away)
    cost = np.abs(said.cost / (_cost(parts, full, sampled) / full.cost[0].mean()) - 1)
    points = np.quantile(sampled.cost, ENDS, axis=1) / sampled.cost.mean(axis=1)
    ends = np.abs(estimate(panel, away, draws).cost_ends - (points[:, KNOWN:] - points[:, :1]))
    return {
        "settings": SETTINGS,
        "draws": draws,
        "cost_most": float(cost.max()),
        "cost_mean": float(cost.mean()),
        "ends_most": float(ends.max()),
        "ends_mean": float(ends.mean()),
        "revenue_most": _revenue(said.revenue, sampled.revenue),
        "query_most": _by_query(said.cost_per_query, parts, full, sampled),
    }


def _cost(parts: Sequence[Part], full: Sampled, sampled: Sampled) -> FloatArray:
    """Mean cost at the settings, on all draws."""
    least = SURE_FROM * float(full.cost[0].mean())
    moved = np.zeros(SETTINGS)
    for part in parts:
        drawn = added(sampled, part.lines)
        moved = moved + on_all_draws(drawn[KNOWN:], drawn[:KNOWN], added(full, part.lines), least=least)[0]
    return moved


def _revenue(said: FloatArray, drawn: FloatArray) -> float:
    if not drawn[0].any():
        return 0.0
    return float(np.abs(said / (drawn[KNOWN:].mean(axis=1) / drawn[0].mean()) - 1).max())


def _by_query(said: FloatArray, parts: Sequence[Part], full: Sampled, sampled: Sampled) -> float:
    """Error of the cost of a query, whose mean is over draws of cost / queries."""
    if sampled.queries is None or full.queries is None or not sampled.queries.all():
        return 0.0
    cost = float((full.cost[0] / full.queries[0]).mean())
    moved = np.zeros(SETTINGS)
    for part in parts:
        drawn, known = added(sampled, part.lines) / sampled.queries, added(full, part.lines) / full.queries
        moved = moved + on_all_draws(drawn[KNOWN:], drawn[:KNOWN], known, least=SURE_FROM * cost)[0]
    return float(np.abs(said / (moved / cost) - 1).max())
