"""What would make a claim true: the values of one input at which the recomputed figure enters the claimed
interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from truecost.evidence.claims.model import Interval
from truecost.evidence.claims.outcome import Recomputation
from truecost.evidence.claims.sources import Found
from truecost.ranges import FloatArray, Range

GRID = 33
FINE = 9
REACH = 1000.0
"""How far a stated figure is varied to say what it would take, either way, as a factor."""
_TOUCH = 1e-9


@dataclass(frozen=True, slots=True)
class Condition:
    """An input's values, from `low` to `high`, at which the claim comes out; None for one that is not a
    number.

    `instead_of` is the value taken otherwise; `within` where the input is admissible.
    """

    input: str
    label: str
    unit: str
    low: float
    high: float
    instead_of: float | None
    within: tuple[float, float]
    way: str = ""

    @property
    def move(self) -> float:
        """How far the nearest such value is from the one taken: the log of the factor; a share of the range
        where there is no ratio."""
        if self.instead_of is None:
            return 0.0
        nearest = min(max(self.instead_of, self.low), self.high)
        if nearest > 0 and self.instead_of > 0:
            return abs(math.log(nearest / self.instead_of))
        width = self.within[1] - self.within[0]
        return abs(nearest - self.instead_of) / width if width else 0.0

    def is_figure(self, interval: Interval) -> bool:
        """Whether the input is the claimed figure itself, so that varying it explains nothing."""
        low = max(interval.low, self.within[0])
        high = min(interval.high, self.within[1])
        return math.isclose(self.low, low, rel_tol=0.02) and math.isclose(self.high, high, rel_tol=0.02)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "input": self.input,
            "label": self.label,
            "unit": self.unit,
            "low": self.low,
            "high": self.high,
            "instead_of": self.instead_of,
            "within": list(self.within),
            "way": self.way,
        }


def conditions(ready: Recomputation, interval: Interval, way: str | None = None) -> list[Condition]:
    """Every single input that can make the claim true inside its admissible range, the least change first."""
    found = [
        condition
        for given in ready.inputs.values()
        if given.admissible is not None
        for condition in [solved(ready, given, given.admissible, interval, way)]
        if condition is not None
    ]
    return sorted(found, key=lambda condition: condition.move)


def what_it_takes(ready: Recomputation, interval: Interval) -> list[Condition]:
    """The same for figures that the claim states itself, far beyond them: what each would have to be."""
    found: list[Condition] = []
    for given in ready.inputs.values():
        middle = given.middle
        if given.kind not in ("stated", "claim") or not middle or middle <= 0:
            continue
        condition = solved(ready, given, Range(middle / REACH, middle * REACH), interval, None)
        if condition is not None:
            found.append(condition)
    return sorted(found, key=lambda condition: condition.move)


def solved(
    ready: Recomputation, given: Found, admissible: Range, interval: Interval, way: str | None = None
) -> Condition | None:
    """The values of one input at which the figure lies in the interval, nearest to the one taken; or None."""
    low, high = admissible.low, admissible.high
    if low == high:
        return None
    taken = given.middle
    coarse = _grid(low, high, GRID)
    best = _nearest(_stretches(coarse, ready.along(given.name, coarse, way), interval), taken)
    if best is None:
        return None
    fine = _around(coarse, best)
    best = _nearest(_stretches(fine, ready.along(given.name, fine, way), interval), taken) or best
    return Condition(given.name, given.label, given.unit, *best, taken, (low, high), way or "")


def _nearest(inside: list[tuple[float, float]], taken: float | None) -> tuple[float, float] | None:
    """The stretch nearest to the value taken; the first where none is."""

    def distance(stretch: tuple[float, float]) -> float:
        return 0.0 if taken is None else max(stretch[0] - taken, taken - stretch[1], 0.0)

    return min(inside, key=distance, default=None)


def _around(coarse: FloatArray, stretch: tuple[float, float]) -> FloatArray:
    """A finer grid in the cells that the ends of a stretch lie in, and the coarse points between them."""
    cells = [min(max(int(np.searchsorted(coarse, end)), 1), len(coarse) - 1) for end in stretch]
    parts = [_grid(float(coarse[cell - 1]), float(coarse[cell]), FINE) for cell in cells]
    return np.unique(np.concatenate([*parts, coarse[cells[0] : cells[1]]]))


def _grid(low: float, high: float, count: int) -> FloatArray:
    if low > 0 and high / low > 3:
        return np.geomspace(low, high, count)
    return np.linspace(low, high, count)


def _stretches(at: FloatArray, results: FloatArray, interval: Interval) -> list[tuple[float, float]]:
    """Stretches of the input at which the result is inside, their ends interpolated between grid points."""
    slack = max(abs(interval.low), abs(interval.high)) if math.isfinite(interval.low + interval.high) else 0.0
    low, high = interval.low - _TOUCH * slack, interval.high + _TOUCH * slack
    found: list[tuple[float, float]] = []
    for index in range(len(at) - 1):
        piece = _piece((at[index], at[index + 1]), (results[index], results[index + 1]), (low, high))
        if piece is None:
            continue
        if found and math.isclose(found[-1][1], piece[0], rel_tol=1e-9):
            found[-1] = (found[-1][0], piece[1])
        else:
            found.append(piece)
    return found


def _piece(
    at: tuple[float, float], result: tuple[float, float], interval: tuple[float, float]
) -> tuple[float, float] | None:
    """The part of one cell in which a line through its results is inside; None for no part."""
    if not all(math.isfinite(value) for value in result):
        return None
    is_log = all(value > 0 for value in (*at, *result))
    first, last = (math.log(v) for v in result) if is_log else result
    begin, end = (math.log(v) for v in at) if is_log else at
    bounds = [_logged(bound) if is_log else bound for bound in interval]
    if first == last:
        return (float(at[0]), float(at[1])) if bounds[0] <= first <= bounds[1] else None
    shares = sorted((bound - first) / (last - first) for bound in bounds)
    one, other = max(shares[0], 0.0), min(shares[1], 1.0)
    if one > other:
        return None
    ends = [begin + share * (end - begin) for share in (one, other)]
    exact = [math.exp(v) if is_log else v for v in ends]
    return float(exact[0]), float(exact[1])


def _logged(bound: float) -> float:
    if bound <= 0:
        return -math.inf
    return math.log(bound) if math.isfinite(bound) else math.inf


def reconciling(ready: Recomputation, one: Interval, other: Interval) -> tuple[Condition, Condition] | None:
    """One input that can make either of two claims true: its values for each, by the least change in all."""
    seconds = by_input(conditions(ready, other))
    pairs = [(first, seconds[first.input]) for first in conditions(ready, one) if first.input in seconds]
    return min(pairs, key=lambda pair: pair[0].move + pair[1].move, default=None)


def by_input(found: list[Condition]) -> Mapping[str, Condition]:
    """Conditions by the input they vary."""
    return {condition.input: condition for condition in found}
