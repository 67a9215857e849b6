"""Days against dollars: the same run on fewer or more chips, each number of them in its fastest layout.

More chips take fewer days, but each is used less well: the pairs of days and cost that no other number of
chips beats in both are the frontier. What a run takes beyond its steps, and prices, are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.setup import Setup
from truecost.ranges import FloatArray, Value
from truecost.training.search import Found, SearchResult, search
from truecost.training.search_space import Fixed
from truecost.training.spread import Spread

Basis: TypeAlias = Literal["rent", "own"]
EXACT = Spread(1.0)
"""No interval."""


class RunFigures(NamedTuple):
    """Whole runs, one entry a setup: the middle of each estimate."""

    days: FloatArray
    chip_hours: FloatArray
    energy_kwh: FloatArray
    down: Value = 1.0
    """The ends of the 90 % interval of days and chip-hours, as factors of the middle."""
    up: Value = 1.0


RunLaw: TypeAlias = Callable[[Sequence[Setup]], RunFigures]
"""From steps to whole runs: goodput, failures, power."""


@dataclass(frozen=True, slots=True)
class ChipPrices:
    """What a chip costs; None where nobody says."""

    rent_usd_per_chip_hour: float | None
    wear_usd_per_chip_hour: float | None
    """Of hardware of one's own, with its part of server and network."""
    usd_per_kwh: float = 0.0
    """Electricity of hardware of one's own; rent includes it."""
    why_not_owned: str = ""
    """Why it cannot be owned, where that is known."""
    rent_around: Spread = EXACT
    """The interval of the rent, around 1."""
    wear_around: Spread = EXACT


@dataclass(frozen=True, slots=True)
class Point:
    """A run on some number of one kind of chip, in the fastest layout that fits."""

    found: Found
    days: float
    chip_hours: float
    energy_kwh: float
    rent_usd: float | None
    own_usd: float | None
    around: Spread = EXACT
    """The 90 % interval of days and chip-hours, around 1."""
    rent_around: Spread = EXACT
    """That of the rent of a chip-hour."""
    wear_around: Spread = EXACT

    @property
    def days_spread(self) -> Spread:
        """Days with their 90 % interval."""
        return Spread(self.days) * self.around

    def usd_spread(self, basis: Basis) -> Spread | None:
        """What the run costs with its 90 % interval; None without a price."""
        usd, price = self.usd(basis), self.rent_around if basis == "rent" else self.wear_around
        return None if usd is None else Spread(usd) * self.around * price

    @property
    def accelerator(self) -> str:
        """The chip's key in the catalog."""
        return self.found.setup.accelerator.key

    @property
    def count(self) -> int:
        """Chips."""
        return self.found.setup.count

    def usd(self, basis: Basis) -> float | None:
        """What the run costs by a way of paying; None without a price."""
        return self.rent_usd if basis == "rent" else self.own_usd


@dataclass(frozen=True, slots=True)
class Frontier:
    """A run over numbers of chips."""

    points: tuple[Point, ...]
    """One for each number of chips that has a layout that fits, fewest chips first."""
    without_layout: tuple[int, ...]
    """Numbers of chips on which no layout is legal or fits."""
    basis: Basis

    @property
    def fastest(self) -> Point | None:
        """The point of fewest days."""
        return min(self.points, key=lambda point: point.days, default=None)

    @property
    def cheapest(self) -> Point | None:
        """The point of least cost; None without a price."""
        return cheapest(self.points, self.basis)

    @property
    def undominated(self) -> tuple[Point, ...]:
        """The points that no other beats in both days and cost, fastest first."""
        return frontier(self.points, self.basis)


def over_counts(
    setup: Setup,
    constants: StepConstants,
    run_law: RunLaw,
    prices: ChipPrices,
    *,
    counts: Sequence[int] | None = None,
    fixed: Fixed | None = None,
    basis: Basis = "rent",
) -> Frontier:
    """The run on each number of chips up to the setup's, or on those given, in its fastest layout that fits.

    Data parallelism is what is left of the chips, so a stated `data_parallel_size` is not held.
    """
    tried = sorted(counts or chip_counts(setup.count, setup.accelerator.chips_per_server))
    best = {count: on_count(setup, constants, count, fixed).best for count in tried}
    found = [one for one in best.values() if one is not None]
    without = tuple(count for count, one in best.items() if one is None)
    return Frontier(points(found, run_law, prices), without, basis)


def on_count(setup: Setup, constants: StepConstants, count: int, fixed: Fixed | None = None) -> SearchResult:
    """The search on another number of chips."""
    held = {name: value for name, value in (fixed or {}).items() if name != "data_parallel_size"}
    return search(replace(setup, count=count), constants, held, table_rows=1, only_fitting=True)


def points(found: Sequence[Found], run_law: RunLaw, prices: ChipPrices) -> tuple[Point, ...]:
    """Layouts with the days, energy and cost of the whole run in them."""
    if not found:
        return ()
    runs = run_law([one.setup for one in found])
    columns = [np.broadcast_to(column, len(found)).tolist() for column in runs]
    rows = zip(found, *columns, strict=True)
    return tuple(_point(one, RunFigures(*figures), prices) for one, *figures in rows)


def _point(found: Found, run: RunFigures, prices: ChipPrices) -> Point:
    hours, kwh = float(run.chip_hours), float(run.energy_kwh)
    rent, wear = prices.rent_usd_per_chip_hour, prices.wear_usd_per_chip_hour
    return Point(
        found=found,
        days=float(run.days),
        chip_hours=hours,
        energy_kwh=kwh,
        rent_usd=None if rent is None else hours * rent,
        own_usd=None if wear is None else hours * wear + kwh * prices.usd_per_kwh,
        around=Spread(1.0, run.down, run.up),
        rent_around=prices.rent_around,
        wear_around=prices.wear_around,
    )


def chip_counts(most: int, of_server: int) -> list[int]:
    """Numbers of chips to look at: whole servers, from one to `most`, about two to a doubling.

    >>> chip_counts(64, 8)
    [8, 16, 24, 32, 48, 64]
    """
    halved = {most >> power for power in range(most.bit_length())}
    between = {3 * count // 4 for count in halved if count % 4 == 0}
    return sorted(count for count in halved | between if count and count % of_server == 0) or [most]


def cheapest(among: Sequence[Point], basis: Basis) -> Point | None:
    """The point of least cost; None where none has a price."""
    priced = [(usd, index) for index, point in enumerate(among) if (usd := point.usd(basis)) is not None]
    return among[min(priced)[1]] if priced else None


def frontier(among: Sequence[Point], basis: Basis) -> tuple[Point, ...]:
    """The points with a price that no other beats in both days and cost, fastest first."""
    priced = [point for point in among if point.usd(basis) is not None]
    days = np.array([point.days for point in priced])
    usd = np.array([point.usd(basis) for point in priced], dtype=np.float64)
    kept = [point for point, is_kept in zip(priced, undominated(days, usd), strict=True) if is_kept]
    return tuple(sorted(kept, key=lambda point: point.days))


def undominated(one: FloatArray, other: FloatArray) -> NDArray[np.bool_]:
    """Which pairs no other pair is at least as good as in both numbers; of equal pairs the first.

    >>> undominated(np.array([1.0, 2.0, 3.0]), np.array([9.0, 5.0, 6.0])).tolist()
    [True, True, False]
    """
    kept = np.zeros(len(one), dtype=np.bool_)
    least = np.inf
    for index in np.lexsort((other, one)):
        if other[index] < least:
            kept[index], least = True, other[index]
    return kept
