"""What a `what_if` changes: one factor by month for each quantity, for the laws to multiply with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from truecost.plan.book import Book
from truecost.plan.schema.what_if import WhatIf
from truecost.ranges import Value

FACTORS = ("api_price", "chip_price", "users", "queries_per_user", "asked_price", "utilization")
MODEL_SIZE = "model_size"
"""Parameters of the plan's own model: a point of a comparison alone, no factor that a plan can state."""
TRENDS = {"api_price": "api_price_trend_per_year", "chip_price": "chip_price_trend_per_year"}
UNDATED = ("cached_share_added", "utilization")
"""What changes the layout of a fleet or the price of a call, once for the whole plan."""


def moves(changes: Sequence[WhatIf], months: int) -> dict[str, Value]:
    """The factor of every quantity that is changed: a number a draw, or by month (months, draws or 1).

    Several changes multiply; of `cached_share_added`, what each leaves uncached (or cached) does.
    """
    found: dict[str, Value] = {}
    for change in changes:
        for name in FACTORS:
            factor = _factor(change, name, months)
            if factor is not None:
                found[name] = found.get(name, 1.0) * factor
        if change.cached_share_added is not None:
            found["cached_share_added"] = _further(
                found.get("cached_share_added", 0.0), change.cached_share_added
            )
    return found


def _factor(change: WhatIf, name: str, months: int) -> Value | None:
    level: Value | None = getattr(change, name)
    trend: Value | None = getattr(change, TRENDS[name]) if name in TRENDS else None
    if level is None and trend is None:
        return None
    if trend is None and change.from_month == 0:
        return level
    month = np.arange(months, dtype=np.float64)[:, np.newaxis]
    since = np.maximum(month - change.from_month, 0.0)
    moved = np.atleast_1d(1.0 if level is None else level) * np.power(
        1 + np.atleast_1d(0.0 if trend is None else trend), since / 12
    )
    return np.where(month >= change.from_month, moved, 1.0)


def _further(before: Value, added: Value) -> Value:
    """Two shifts one after the other, in the direction of the second."""
    more, less = 1 - (1 - before) * (1 - added), (1 + before) * (1 + added) - 1
    return np.where(np.greater_equal(added, 0), more, less)


def shifted(share: Value, book: Book) -> Value:
    """A cached share with what the `what_if` adds to it (or takes from it)."""
    added = book.moves.get("cached_share_added")
    if added is None:
        return share
    return np.where(np.greater_equal(added, 0), share + (1 - share) * added, share * (1 + added))


def with_points(given: Mapping[str, Value], points: Mapping[str, Value]) -> dict[str, Value]:
    """Factors of the plan with those of a grid on top, one a draw."""
    result = dict(given)
    for name, values in points.items():
        result[name] = (
            _further(given.get(name, 0.0), values)
            if name == "cached_share_added"
            else given.get(name, 1.0) * values
        )
    return result
