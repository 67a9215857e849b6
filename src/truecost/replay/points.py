"""A positive number with its 90 % interval, where it has one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from truecost.ranges import Range, Value

_ENDS = np.array([0.05, 0.5, 0.95])


@dataclass(frozen=True, slots=True)
class Points:
    """The middle of a quantity and the ends of its 90 % interval; None for both where none is known."""

    middle: float
    p5: float | None = None
    p95: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a number at all."""
        return math.isfinite(self.middle)

    def __mul__(self, other: Points | float) -> Points:
        """The product of two independent quantities: logarithmic distances of the ends add up as squares.

        A quantity without an interval has no part in that of the product.

        >>> both = Points(2.0, 1.0, 4.0) * Points(3.0)
        >>> both.middle, round(both.p5, 6), round(both.p95, 6)
        (6.0, 3.0, 12.0)
        """
        that = other if isinstance(other, Points) else Points(other)
        middle = self.middle * that.middle
        down, up = (_together(self, that, end) for end in ("p5", "p95"))
        if down is None or up is None or not math.isfinite(middle):
            return Points(middle)
        return Points(middle, middle / math.exp(down), middle * math.exp(up))

    __rmul__ = __mul__

    def __add__(self, other: Points) -> Points:
        """The sum of two independent quantities: the distances of the ends add up as squares."""
        middle = self.middle + other.middle
        if (self.p5 is None and other.p5 is None) or not math.isfinite(middle):
            return Points(middle)
        below = math.hypot(self._distance("p5"), other._distance("p5"))
        above = math.hypot(self._distance("p95"), other._distance("p95"))
        return Points(middle, max(middle - below, 0.0), middle + above)

    def _distance(self, end: str) -> float:
        value: float | None = getattr(self, end)
        return 0.0 if value is None else abs(value - self.middle)


def total(parts: Mapping[str, Points]) -> Points:
    """The sum of independent parts, at least one.

    >>> total({"rent": Points(2.0), "staff": Points(3.0)}).middle
    5.0
    """
    return reduce(add, parts.values())


def _together(one: Points, other: Points, end: str) -> float | None:
    logs = [_log_distance(each, end) for each in (one, other)]
    known = [each for each in logs if each is not None]
    return math.hypot(*known) if known else None


def _log_distance(one: Points, end: str) -> float | None:
    value: float | None = getattr(one, end)
    if value is None or value <= 0 or one.middle <= 0:
        return None
    return abs(math.log(value / one.middle))


def points(value: Value | Range) -> Points:
    """A number or a range.

    >>> one = points(Range(1.0, 4.0))
    >>> round(one.p5, 6), round(one.middle, 6), round(one.p95, 6)
    (1.0, 2.0, 4.0)
    """
    if not isinstance(value, Range):
        return Points(float(value))
    low, middle, high = (float(end) for end in value.quantile(_ENDS))
    return Points(middle, low, high)
