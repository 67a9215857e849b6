"""The "what if" panel: five sliders whose answers are interpolated from settings that the engine computed.

`panel` asks the engine at the knots of a few tables (see `tables`), then at settings that are in none of
them, and says how far the tables are off there. The decisions of the plan are kept: the layout of chips, the
split of a hybrid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from truecost.plan.panel.axes import UTILIZATION, Axis, axes_of
from truecost.plan.panel.coding import coded
from truecost.plan.panel.command import decided, written
from truecost.plan.panel.error import KNOWN, SETTINGS, errors
from truecost.plan.panel.estimate import Estimate, estimate, setting
from truecost.plan.panel.interpolation import Table
from truecost.plan.panel.load import Grid
from truecost.plan.panel.parts import parts_of
from truecost.plan.panel.probe import Responses, responses
from truecost.plan.panel.sampling import joined, of_variant, sample
from truecost.plan.panel.traffic import CERTAIN, Traffic
from truecost.plan.variants import Variants
from truecost.ranges import FloatArray

__all__ = ["Estimate", "estimate", "panel", "setting"]

CASE_DRAWS = 36_000
LINE_MONTH_DRAWS = 9_000_000
"""Most draws, and draws x months x lines, that the tables are computed from; as many again check them."""
LINES_BESIDE = 4
"""Work of an evaluation that no line is of, in lines."""
LEAST_DRAWS, ENOUGH_DRAWS, MOST_DRAWS = 16, 64, 256
"""Of a setting: the least and the most, and what it keeps when further knots are added."""
SIDES = (24, 16, 10, 7)
"""Knots tried on each side of the plan's own load."""


def panel(variants: Variants) -> dict[str, Any] | None:
    """The tables of a plan's panel as plain values; None where no slider moves anything.

    Every number is a multiple of the plan's own, which the page has: `parts` of the cost (interpolated and
    added up), `revenue`, `queries`, draws for the ranges, `axes`, and the `error` found at other settings.
    """
    own = variants.of()
    whole = of_variant(own, 1)
    if not whole.cost.mean() > 0:
        return None
    axes = axes_of(own.plan, own)
    found = responses(variants, axes)
    if not found.moving:
        return None
    axes = {key: replace(axis, is_still=key not in found.moving) for key, axis in axes.items()}
    months, lines = own.plan.horizon_months, len(whole.lines) + LINES_BESIDE
    budget = min(CASE_DRAWS, LINE_MONTH_DRAWS // months // lines)
    traffic = Traffic.of(axes, found.proportional)
    seen = sample(variants, traffic.settings(), _draws_each(variants, budget // 4, traffic.count))
    queries = traffic.multiple(seen.queries)
    grid = _within_budget(axes, found, queries, budget)
    sampled = sample(variants, grid.settings(), _draws_each(variants, budget, grid.count))
    busiest = {key: values[[grid.busiest]] for key, values in grid.settings().items()}
    full = joined([whole, sample(variants, busiest, variants.draws)])
    parts = parts_of(found, (traffic, seen), (grid, sampled), full)
    made: dict[str, Any] = {
        "spec": variants.document.name,
        "what_if": [written(change) for change in own.plan.what_if],
        "decided": list(decided(own.plan, own)),
        "axes": [axis.plain() for axis in axes.values()],
        "parts": [part.plain() for part in parts],
        "revenue": traffic.multiple(seen.revenue).plain(),
        "revenue_share": float(whole.revenue.mean() / whole.cost.mean()),
        "revenue_draws": _draws(whole.revenue),
        "queries": queries.plain(),
        "query_draws": _draws(whole.queries),
        "bent": list(traffic.bent),
        "knots": traffic.count + grid.count,
    }
    checked = min(max(budget // (SETTINGS + KNOWN), ENOUGH_DRAWS), variants.draws)
    return made | {"error": errors(made, parts, (variants, full, busiest), axes, checked)}


def _within_budget(axes: Mapping[str, Axis], found: Responses, queries: Table, budget: int) -> Grid:
    """The grid with the most knots that leaves enough draws for each; few where there is no fleet."""
    has_fleet = any(UTILIZATION in response.moved_by for response in found.lines.values())
    grids = [Grid.of(axes, found, queries, side) for side in (SIDES if has_fleet else SIDES[-2:])]
    return next((each for each in grids if each.count * ENOUGH_DRAWS <= budget), grids[-1])


def _draws_each(variants: Variants, budget: int, settings: int) -> int:
    return min(max(budget // settings, LEAST_DRAWS), MOST_DRAWS, variants.draws)


def _draws(values: FloatArray | None) -> dict[str, Any] | None:
    """Draws of the plan as it is; None where there are none or all are the same."""
    if values is None or float(np.ptp(values)) <= CERTAIN * float(values.mean()):
        return None
    return coded(values[0] / values.mean())
