"""Scales: from a quantity to a place on the page, and the round numbers worth marking on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.svg import Point


@dataclass(frozen=True, slots=True)
class Linear:
    """Equal steps for equal differences."""

    domain: Point
    span: Point

    def __call__(self, value: float) -> float:
        """The place of a value.

        >>> Linear((0, 10), (0, 100))(2.5)
        25.0
        """
        low, high = self.domain
        share = (value - low) / (high - low) if high > low else 0.0
        return self.span[0] + share * (self.span[1] - self.span[0])

    def ticks(self, most: int = 5) -> list[float]:
        """Round values inside the domain."""
        return round_values(*self.domain, most)


@dataclass(frozen=True, slots=True)
class Log:
    """Equal steps for equal ratios; a value at or below the domain's low end is placed on that end."""

    domain: Point
    span: Point

    def __call__(self, value: float) -> float:
        """The place of a value.

        >>> Log((1, 100), (0, 100))(10), Log((1, 100), (0, 100))(0)
        (50.0, 0.0)
        """
        low, high = self.domain
        clipped = min(max(value, low), high)
        share = math.log(clipped / low) / math.log(high / low) if high > low else 0.0
        return self.span[0] + share * (self.span[1] - self.span[0])

    def ticks(self, most: int = 5) -> list[float]:
        """Powers of ten inside the domain; with 2 and 5 times them, or 2 alone, where there is room."""
        low, high = self.domain
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        found: list[float] = []
        for factors in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
            found = [
                float(f"{factor}e{power}")
                for power in range(first, last + 1)
                for factor in factors
                if low * (1 - 1e-9) <= float(f"{factor}e{power}") <= high * (1 + 1e-9)
            ]
            if len(found) <= most:
                return found
        step = math.ceil(len(found) / most)
        return found[::step]


def round_values(low: float, high: float, most: int = 5) -> list[float]:
    """At most about `most` values in equal steps of 1, 2 or 5 times a power of ten, from low to high.

    >>> round_values(0, 46, 5)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    >>> round_values(-3, 8, 4)
    [0.0, 5.0]
    """
    if not high > low:
        return [low]
    step = round_step(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def round_step(length: float, most: int) -> float:
    """The least of 1, 2, 5 times a power of ten that cuts a length in at most `most` steps.

    >>> round_step(46, 5), round_step(1.0, 5)
    (10.0, 0.2)
    """
    rough = length / most
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def rounded_up(high: float, most: int = 5) -> float:
    """The first round value at or above `high`, so that a scale from 0 ends on a mark.

    >>> rounded_up(46), rounded_up(1.0), rounded_up(0)
    (50.0, 1.0, 1.0)
    """
    if high <= 0:
        return 1.0
    step = round_step(high, most)
    return float(f"{step * math.ceil(high / step - 1e-9):.12g}")


def worth_showing(
    middles: Sequence[float], highs: Sequence[float], most: float = 4.0, kept: float = 2.2
) -> float:
    """The top of a scale: the highest end of all intervals, unless that would squash what lies in the middle.

    Where an interval ends more than `most` times above every median, the scale ends at `kept` times the
    highest median and the interval runs off it.

    >>> worth_showing([10.0], [30.0]), worth_showing([10.0], [500.0]), worth_showing([0.0], [5.0])
    (30.0, 22.0, 5.0)
    """
    middle, high = max(middles, default=0.0), max(highs, default=0.0)
    return kept * middle if middle > 0 and high > most * middle else max(middle, high)


def month_marks(months: int, most: int = 7) -> list[int]:
    """Which months to mark on an axis of so many, by index, beginning with the first.

    >>> month_marks(36), month_marks(6), month_marks(1)
    ([0, 6, 12, 18, 24, 30], [0, 1, 2, 3, 4, 5], [0])
    """
    step = next(s for s in (1, 2, 3, 6, 12, 24, 36, 48, 60, 120) if (months - 1) // s < most)
    return list(range(0, months, step))
