"""A positive quantity with its 90 % interval, as a number or as an array with one entry a case.

Products of independent lognormal quantities are lognormal: their logarithmic half-widths add up as squares.
That is what a training estimate needs, and it takes no draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from truecost.normal import Z95, normal_cdf
from truecost.ranges import Range, Value

ROUNDED = 1 - 1e-12
_ENDS = np.array([0.05, 0.5, 0.95])


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The middle of a quantity, and how far its ends lie from it as factors (at most 1, at least 1)."""

    middle: Value
    down: Value = 1.0
    up: Value = 1.0
    most: float = math.inf
    """What its ends cannot pass."""

    @property
    def p5(self) -> Value:
        """The low end of the 90 % interval."""
        return self._end(self.down)

    @property
    def p95(self) -> Value:
        """The high end of the 90 % interval."""
        return self._end(self.up)

    def _end(self, factor: Value) -> Value:
        end = self.middle * factor
        return end if math.isinf(self.most) else np.where(end >= self.most * ROUNDED, self.most, end)

    def __mul__(self, other: Spread | Value) -> Spread:
        """The product of two independent quantities.

        >>> both = Spread(2.0, 0.5, 2.0) * Spread(3.0)
        >>> float(both.middle), float(both.p5), float(both.p95)
        (6.0, 3.0, 12.0)
        """
        that = other if isinstance(other, Spread) else Spread(other)
        return Spread(
            self.middle * that.middle,
            1 / _together(1 / self.down, 1 / that.down),
            _together(self.up, that.up),
        )

    __rmul__ = __mul__

    def __add__(self, other: Spread) -> Spread:
        """The sum of two independent quantities: the distances of its ends add up as squares.

        >>> both = Spread(3.0, 1.0, 2.0) + Spread(5.0, 1.0, 1.8)
        >>> float(both.middle), float(both.p95)
        (8.0, 13.0)
        """
        middle = self.middle + other.middle
        below = np.hypot(self.middle - self.p5, other.middle - other.p5)
        above = np.hypot(self.p95 - self.middle, other.p95 - other.middle)
        return Spread(middle, 1 - below / middle, 1 + above / middle)

    def inverse(self) -> Spread:
        """One over the quantity."""
        return Spread(1 / self.middle, 1 / self.up, 1 / self.down)

    @property
    def around_one(self) -> Spread:
        """The interval alone, around 1."""
        return Spread(1.0, self.down, self.up)

    def at_most(self, most: float) -> Spread:
        """The same with its ends no larger than a bound.

        >>> float(Spread(0.8, 0.5, 2.0).at_most(1.0).p95)
        1.0
        """
        top = np.minimum(self.p95, most) / self.middle
        return Spread(self.middle, np.minimum(self.down, top), top, most)


def chance_below(value: Spread, limit: float) -> float:
    """How likely one quantity is at most a limit: lognormal on both sides of its middle.

    >>> one = Spread(50.0, 0.5, 2.0)
    >>> [round(chance_below(one, limit), 2) for limit in (25.0, 50.0, 100.0)]
    [0.05, 0.5, 0.95]
    """
    away = float(np.log(limit / value.middle))
    reach = float(np.log(value.up) if away > 0 else -np.log(value.down))
    if reach <= 0:
        return 1.0 if away >= 0 else 0.0
    return float(normal_cdf(Z95 * away / reach))


def _together(one: Value, other: Value) -> Value:
    return np.exp(np.hypot(np.log(one), np.log(other)))


def spread(value: Value | Range) -> Spread:
    """A number, an array or a range as a spread.

    >>> one = spread(Range(1.0, 4.0))
    >>> round(float(one.p5), 6), round(float(one.middle), 6), round(float(one.p95), 6)
    (1.0, 2.0, 4.0)
    """
    if not isinstance(value, Range):
        return Spread(value)
    low, middle, high = (float(end) for end in value.quantile(_ENDS))
    return Spread(middle, low / middle, high / middle)


def columns(spreads: list[Spread]) -> Spread:
    """One spread a case as one spread of arrays."""
    return Spread(
        np.array([one.middle for one in spreads], np.float64),
        np.array([one.down for one in spreads], np.float64),
        np.array([one.up for one in spreads], np.float64),
    )
