"""What a published claim is: a statement with its figure, and how to recompute it. Plain values, no law."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeAlias

from truecost.ranges import Range

Amount: TypeAlias = float | Range
LOOSENED = 1.25
"""How far beyond its ends a claimed interval is taken to reach, as a factor: "about 10" is 8 to 12.5."""
SHARES = ("share", "fraction")
"""Units of a part of a whole."""
LOOSENED_YEARS = 0.5
"""The same for a calendar year, which has no factors."""
TOPICS = (
    "training",
    "serving",
    "price",
    "trend",
    "lifecycle",
    "business",
    "usage",
    "annotation",
    "footprint",
    "scenario",
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A claimed interval; an open end is infinite. `is_year` for calendar years, whose ratios mean nothing;
    `is_share` for a part of a whole, whose rest counts too: 90 % off and 99 % off are ten times apart.

    >>> Interval(45e6, 60e6).loosened().contains(72e6), Interval(45e6, 60e6).loosened().contains(80e6)
    (True, False)
    >>> Interval(0.9, 0.9, is_share=True).loosened().contains(0.99)
    False
    """

    low: float = -math.inf
    high: float = math.inf
    is_year: bool = False
    is_share: bool = False

    def loosened(self) -> Interval:
        """The interval with both ends moved out: by LOOSENED, or LOOSENED_YEARS; of a share as far as both
        it and the rest of the whole stay within LOOSENED.
        """
        if self.is_year:
            return replace(self, low=self.low - LOOSENED_YEARS, high=self.high + LOOSENED_YEARS)
        low, high = (
            min(self.low / LOOSENED, self.low * LOOSENED),
            max(self.high / LOOSENED, self.high * LOOSENED),
        )
        if self.is_share and 0 <= self.low <= 1:
            low = max(low, 1 - (1 - self.low) * LOOSENED)
        if self.is_share and 0 <= self.high <= 1:
            high = min(high, 1 - (1 - self.high) / LOOSENED)
        return replace(self, low=low, high=high)

    def factor(self, value: float) -> float:
        """A value over the middle; of a share that is itself within LOOSENED, by the rest of the whole.

        >>> Interval(0.9, 0.9, is_share=True).factor(0.99), Interval(0.8, 0.8, is_share=True).factor(0.4)
        (10.0, 0.5)
        """
        centre = self.centre
        if self.is_year:
            return value - centre
        if not centre:
            return math.inf
        ratio = value / centre
        if self.is_by_the_rest(value):
            return round((1 - centre) / (1 - value), 12)
        return ratio

    def is_by_the_rest(self, value: float) -> bool:
        """Whether a share is as claimed, within LOOSENED, and the rest of the whole is not."""
        centre = self.centre
        if not self.is_share or not 0 < centre < 1 or not 0 < value < 1 or self.contains(value):
            return False
        return 1 / LOOSENED <= value / centre <= LOOSENED and not self.loosened().contains(value)

    def contains(self, value: float) -> bool:
        """Whether a value lies inside, ends included."""
        return self.low <= value <= self.high

    @property
    def is_point(self) -> bool:
        """Whether the claim is one number."""
        return self.low == self.high

    @property
    def centre(self) -> float:
        """What a factor is measured from: the geometric middle, the end of a one-sided claim."""
        ends = [end for end in (self.low, self.high) if math.isfinite(end)]
        if len(ends) == 2 and min(ends) > 0 and not self.is_year:
            return math.sqrt(ends[0] * ends[1])
        if len(ends) == 2 and not self.is_year:
            return max(ends, key=abs)
        return sum(ends) / len(ends) if ends else math.nan

    def times(self, factor: float) -> Interval:
        """The same interval in another unit."""
        return replace(self, low=self.low * factor, high=self.high * factor)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a claim says of a quantity that other claims speak of too, in the quantity's own unit.

    `said` is what is quoted: the claim's own figure, or one of the inputs it states.
    """

    claim: str
    quantity: str
    interval: Interval
    said: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input of a calculation comes from: exactly one of the kinds, and its admissible range.

    | kind | what it holds |
    |---|---|
    | stated | the claim's own number |
    | rate, rental, purchase, price, chip, model, recorded | a fact of the catalog or a recorded run |
    | claim | the figure of another claim |
    | assumed | a number of ours that no fact gives; `why` says whose and on what ground |
    | missing | nothing: what would have to be known |

    `free` is the range inside which the input may be varied to see what would make the claim true.
    """

    kind: str
    value: Any
    parts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    free: Range | None = None


@dataclass(frozen=True, slots=True)
class Normal:
    """How a figure becomes a statement about a shared quantity: times a factor, or a growth per year.

    `share_fallen` reads a share as a fall ("90 %" is a factor of 10); `years` spreads a factor over years.
    """

    quantity: str
    times: float = 1.0
    share_fallen: bool = False
    years: float | None = None

    def apply(self, interval: Interval) -> Interval:
        """The interval in the unit of the quantity."""
        return Interval(self._end(interval.low), self._end(interval.high), interval.is_year)

    def _end(self, end: float) -> float:
        if not math.isfinite(end):
            return end
        value = 1 / max(1 - end, 1e-12) if self.share_fallen else end * self.times
        return value ** (1 / self.years) if self.years else value


@dataclass(frozen=True, slots=True)
class Claim:
    """One published statement and what it is recomputed from.

    `low` and `high` are as published (None for an open end). `reading` is how words without a number
    are put to the test; `figures` are several figures by name, each tested against the result of that name.
    """

    id: str
    topic: str
    statement: str
    low: float | None
    high: float | None
    unit: str
    published: str
    as_of: date
    recompute_from: str
    calculation: str | None = None
    inputs: Mapping[str, Source] = field(default_factory=dict[str, Source])
    texts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    formula: Mapping[str, str] = field(default_factory=dict[str, str])
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    reading: tuple[float | None, float | None, str, str] | None = None
    about: tuple[Normal, ...] = ()
    inputs_about: Mapping[str, str] = field(default_factory=dict[str, str])
    note: str = ""
    origin: str = ""

    @property
    def tested_unit(self) -> str:
        """The unit that the tested interval is in."""
        return self.reading[2] if self.reading else self.unit

    def interval(self) -> Interval | None:
        """What is tested: the reading where the words need one, else the published figure; None for
        neither.
        """
        low, high = (self.reading[0], self.reading[1]) if self.reading else (self.low, self.high)
        if low is None and high is None:
            return None
        ends = (-math.inf if low is None else low, math.inf if high is None else high)
        if self.figures:
            ends = (min(self.figures.values()), max(self.figures.values()))
        return Interval(*ends, self.tested_unit == "year", self.tested_unit in SHARES)

    def statements(self) -> list[Statement]:
        """What it says of shared quantities: its figure, and the inputs it states."""
        found: list[Statement] = []
        interval = self.interval()
        if interval is not None:
            found += [Statement(self.id, n.quantity, n.apply(interval), "", self.as_of) for n in self.about]
        for name, quantity in self.inputs_about.items():
            source = self.inputs[name]
            if source.kind == "stated":
                ends = ends_of(source.value)
                found.append(Statement(self.id, quantity, Interval(*ends), name, self.as_of))
        return found


def ends_of(value: Amount) -> tuple[float, float]:
    """Both ends of a range; a number twice."""
    return (value.low, value.high) if isinstance(value, Range) else (value, value)
