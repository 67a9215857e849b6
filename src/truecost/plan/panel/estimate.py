"""What a panel says of a setting: the same arithmetic as in the page's script, at any number of settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from truecost.plan.panel.axes import OWN, PRICE
from truecost.plan.panel.coding import decoded
from truecost.plan.panel.interpolation import Settings, Table, product_of
from truecost.plan.panel.traffic import with_left
from truecost.ranges import FloatArray

ENDS = (0.05, 0.95)
LEAST_SHARE = 0.01
"""Of the mean queries: what a draw has at least where the width is wider than in the plan."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Means as multiples of the plan's own, (settings,), and the ends of the ranges, (2, settings).

    The ends are 5 % and 95 % points: of cost and of a query's cost over their means, of the margin less its
    mean over mean cost and revenue together; all less what they are at the plan's own setting.
    """

    cost: FloatArray
    revenue: FloatArray
    cost_per_query: FloatArray
    cost_ends: FloatArray
    margin_ends: FloatArray
    query_ends: FloatArray


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Means of cost, revenue, queries and the cost of a query; and the ends, from so many draws."""

    cost: FloatArray
    revenue: FloatArray
    by_query: FloatArray
    ends: tuple[FloatArray, FloatArray, FloatArray]


def estimate(panel: Mapping[str, Any], settings: Settings, draws: int | None = None) -> Estimate:
    """Interpolated at settings: `settings` has every slider by its key, (settings,).

    At the plan's own setting every multiple is exactly 1 and every end 0. `draws` takes the first few alone.
    """
    at, own = _drawn(panel, settings, draws), _drawn(panel, setting(), draws)
    cost, margin, query = (here - before for here, before in zip(at.ends, own.ends, strict=True))
    revenue = at.revenue / own.revenue if panel["revenue_share"] else np.ones_like(at.cost)
    return Estimate(at.cost / own.cost, revenue, at.by_query / own.by_query, cost, margin, query)


def _drawn(panel: Mapping[str, Any], settings: Settings, draws: int | None) -> _Drawn:
    moved = with_left(settings, Table.of(panel["queries"]), panel["bent"])
    cost, each = np.zeros(len(settings[PRICE])), np.zeros((1, 1))
    for part in panel["parts"]:
        mean, width = _both(part, moved)
        value = mean * product_of(part["per"], moved) * (1 + part["price_share"] * (settings[PRICE] - 1))
        cost = cost + value
        each = each + np.maximum(value[:, None] * (1 + width[:, None] * _around(part["draws"], draws)), 0.0)
    earned, earning = _both(panel["revenue"], settings)
    revenue = earned * panel["revenue_share"]
    margin = revenue[:, None] * (1 + earning[:, None] * _around(panel["revenue_draws"], draws)) - each
    asked, asking = _both(panel["queries"], settings)
    by_query = each / np.maximum(1 + asking[:, None] * _around(panel["query_draws"], draws), LEAST_SHARE)
    mean, of_query = each.mean(axis=1), by_query.mean(axis=1)
    ends = (
        _ends(each) / mean,
        (_ends(margin) - margin.mean(axis=1)) / (mean + revenue),
        _ends(by_query) / of_query,
    )
    return _Drawn(cost, revenue, cost * (of_query / mean) / asked, ends)


def _both(table: Mapping[str, Any], settings: Settings) -> tuple[FloatArray, FloatArray]:
    """Mean and width at every setting."""
    found = np.broadcast_to(Table.of(table).at(settings), (len(settings[PRICE]), 2))
    return found[:, 0], found[:, 1]


def _around(code: Mapping[str, Any] | None, draws: int | None) -> FloatArray:
    """Draws over their mean, less 1: (1, draws); 0 for what is certain."""
    if code is None:
        return np.zeros((1, 1))
    values = decoded(code)
    return (values[:draws] / values.mean() - 1)[np.newaxis]


def _ends(values: FloatArray) -> FloatArray:
    return np.quantile(values, ENDS, axis=1)


def setting(**changes: float) -> dict[str, FloatArray]:
    """One setting, the sliders that are not named at the plan's own.

    >>> setting(price=3)["price"].tolist(), setting(price=3)["cache"].tolist()
    ([3.0], [0.0])
    """
    return {key: np.array([float(changes.get(key, own))]) for key, own in OWN.items()}
