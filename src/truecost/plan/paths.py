"""The numbers of a statement by the path each has in its JSON: the keys that `explain` takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

from truecost.ranges import Ranged

Figure: TypeAlias = float | Mapping[str, float | None]
"""One number of a statement: as it is, or with its interval (an event with its `share_of_draws` too)."""

ABOUT = frozenset({"truecost", "horizon_months", "draws", "seed", "left_out", "warnings", "assumptions"})
"""What a statement says of itself."""
BY_MONTH = frozenset({"monthly", "series"})
ROW_NAMES = (("class", "option"), ("component",), ("class",), ("tier",), ("group",), ("option",))
"""What a row of a list is called by: the first of these that it has."""
NAMED_BY_COST = frozenset({"component", "group"})
"""Rows that go by the name of what they cost: `lines.business.support` is its `cost_usd`."""


def figures(statement: Mapping[str, Any]) -> dict[str, Figure]:
    """Every number of a statement, those by month left off, under its path.

    A row of a list goes by its name, not by its place.

    >>> found = figures({"total_usd": 3.0, "lines": [{"component": "a", "cost_usd": 2.0, "quantity": 4}]})
    >>> found
    {'total_usd': 3.0, 'lines.a': 2.0, 'lines.a.quantity': 4.0}
    """
    told = {name: part for name, part in statement.items() if name not in ABOUT | BY_MONTH}
    return dict(_figures(told, ""))


def full_key(path: str, known: Mapping[str, object]) -> str:
    """The key of a path that says more than it needs to: a line's `cost_usd`, the sum of a series."""
    short = path.removesuffix(".cost_usd")
    whole = path.removeprefix("series.").removeprefix("cumulative_")
    return next((key for key in (path, short, whole) if key in known), path)


def ranged_of(figure: Figure) -> Ranged:
    """A figure as a range; not a number where it never happens."""
    if not isinstance(figure, Mapping):
        return {"p5": figure, "p50": figure, "p95": figure, "mean": figure}
    p5, p50, p95, mean = (_or_nan(figure[point]) for point in ("p5", "p50", "p95", "mean"))
    return {"p5": p5, "p50": p50, "p95": p95, "mean": mean}


def share_of_draws(figure: Figure) -> float:
    """In how many of the draws it happens."""
    return _or_nan(figure.get("share_of_draws", 1.0)) if isinstance(figure, Mapping) else 1.0


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _figures(node: object, path: str) -> Iterator[tuple[str, Figure]]:
    if isinstance(node, int | float) and not isinstance(node, bool):
        yield path, float(node)
    elif isinstance(node, Mapping):
        part = cast("Mapping[str, Any]", node)
        if "p5" in part:
            yield path, part
            return
        for name, child in part.items():
            yield from _figures(child, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for row in cast("Sequence[object]", node):
            if isinstance(row, Mapping):
                yield from _row(cast("Mapping[str, Any]", row), path)


def _row(row: Mapping[str, Any], path: str) -> Iterator[tuple[str, Figure]]:
    names = next(names for names in ROW_NAMES if all(name in row for name in names))
    at = ".".join([path, *(str(row[name]) for name in names)])
    for name, child in row.items():
        by_cost = name == "cost_usd" and not NAMED_BY_COST.isdisjoint(names)
        yield from _figures(child, at if by_cost else f"{at}.{name}")
