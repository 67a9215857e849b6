"""The volume from which the fleet that is needed costs less than the API, with its range.

The trace is played faster or slower (`volume.at_rate`); at each rate the fleet is the fewest replicas of the
spec's layout that keep the SLO, held all month. The API costs in proportion to the requests. So m replicas
cost as much as the API at one rate,

    rate_m = rate of the trace x m x USD a month of a replica / USD a month of the trace on the API,

and from rate_m to rate_(m+1) the API pays for m replicas and no more: the fleet is cheaper there as far as m
replicas keep the SLO. Break-even is the lowest rate_m from which on that is so everywhere: m replicas still
keep it at rate_(m+1), as do more at theirs, for a larger fleet carries no less a replica. Below it the fleet
may be cheaper in places, where replicas happen to be full: the first of these is told as well.

The range: step times, the price of the chips and that of the API, each moved to its ends alone, the
logarithmic moves added as squares.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from truecost.replay.points import Points, total
from truecost.replay.ways.splits import Split, Splits, cheapest
from truecost.replay.ways.trials import FAST, MIDDLE, MOST_REPLICAS, SLOW, Case, Trials

CURVE_POINTS = 8
BEYOND = 4.0
"""How far the curve goes beyond the trace's rate and break-even."""
CLOSE = 0.1
"""Rates nearer than this, as a logarithm, to the trace's or break-even are not drawn beside it."""
FARTHEST = 64.0
"""How many times the API's cost a fleet's is looked for, where it is never below it."""
ROUNDS = 7
"""Of halving: the closest ratio is found to 3 %."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a month costs at so many times the trace's rate."""

    times: float
    api: Points
    self_host: Points | None
    """None where no number of replicas keeps the SLO; infinite at the dear end if the slow end has none."""
    replicas: int | None
    hybrid: Split | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a month: one replica, and the trace on the API, over their middles."""

    replica: float = 1.0
    api: float = 1.0
    end: int = MIDDLE


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Rates over the trace's, None where there is none: break-even with its ends, and the first place.

    `closest` is a rate and what the largest fleet of the search costs there over the API: where it is least.
    """

    times: float | None
    low: float | None
    high: float | None
    first: float | None
    replicas: int | None
    closest: tuple[float, float] | None
    curve: tuple[Rate, ...]


@dataclass(slots=True)
class Search:
    """Costs of the ways at any rate; `api` is USD a month of the trace."""

    trials: Trials
    api: Points
    splits: Splits | None = None
    _replica_usd: dict[int, float] = field(default_factory=dict[int, float])

    def found(self) -> BreakEven:
        """Break-even, its range, and the curve of costs over rates."""
        replicas = self._lasting(Prices())
        times = None if replicas is None else self._worth(replicas, Prices())
        low, high = (None, None) if times is None else self._range(times)
        count = self._smallest(lambda m: self._worth(m, Prices()), MIDDLE)
        first = None if count is None else self._worth(count, Prices())
        closest = None if times is not None else self._closest()
        return BreakEven(times, low, high, first, replicas, closest, self._curve(times))

    def _worth(self, replicas: int, prices: Prices) -> float:
        """The rate, over the trace's, at which so many replicas cost as much as the API."""
        return self._usd(replicas) * prices.replica / (self.api.middle * prices.api)

    def _usd(self, replicas: int) -> float:
        """USD a month of replicas, at the power they draw where the API costs as much."""
        if replicas not in self._replica_usd:
            usd = total(self.trials.fleet_usd(replicas)).middle
            if self.trials.power_counts:
                usd = self.usd(usd / self.api.middle, replicas).middle
            self._replica_usd[replicas] = usd
        return self._replica_usd[replicas]

    def _lasting(self, prices: Prices) -> int | None:
        """The fewest replicas that keep the SLO at the rate where the API would pay for one more."""
        return self._smallest(lambda m: self._worth(m + 1, prices), prices.end)

    def _smallest(self, rate: Callable[[int], float], end: int) -> int | None:
        """The fewest replicas that serve the rate which goes with their number; None up to MOST_REPLICAS."""

        def serves(count: int) -> bool:
            return self.trials.trial(Case(rate(count), count, None, end)).serves_all

        high = 1
        while not serves(high):
            if high == MOST_REPLICAS:
                return None
            high = min(2 * high, MOST_REPLICAS)
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if serves(middle) else (middle, high)
        return high

    def _range(self, middle: float) -> tuple[float, float | None]:
        """The ends of break-even: None for the high one where there is none at a dear end."""
        one = total(self.trials.fleet_usd(1))
        moved = [
            *(Prices(replica=end / one.middle) for end in (one.p5, one.p95) if end is not None),
            *(Prices(api=end / self.api.middle) for end in (self.api.p5, self.api.p95) if end is not None),
            *(Prices(end=end) for end in (FAST, SLOW) if self.trials.has_ends),
        ]
        down = up = 0.0
        for prices in moved:
            count = self._lasting(prices)
            if count is None:
                up = math.inf
                continue
            move = math.log(self._worth(count, prices) / middle)
            down, up = (math.hypot(down, move), up) if move < 0 else (down, math.hypot(up, move))
        return middle * math.exp(-down), None if math.isinf(up) else middle * math.exp(up)

    def _closest(self) -> tuple[float, float] | None:
        """Where the largest fleet is fullest: the rate, its cost over the API's; None if it serves none."""

        def serves(ratio: float) -> bool:
            times = self._worth(MOST_REPLICAS, Prices()) / ratio
            return self.trials.trial(Case(times, MOST_REPLICAS)).serves_all

        if not serves(FARTHEST):
            return None
        low, high = 1.0, FARTHEST
        for _ in range(ROUNDS):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if serves(middle) else (middle, high)
        return self._worth(MOST_REPLICAS, Prices()) / high, high

    def _curve(self, times: float | None) -> tuple[Rate, ...]:
        """Costs at rates from half of what a replica is worth, past the trace's rate and break-even."""
        worth = self._worth(1, Prices())
        start, last = min(worth, 1.0) / 2, BEYOND * max(1.0, worth, times or 0.0)
        own = [1.0, *([] if times is None or times == 1 else [times])]
        between = [
            float(one)
            for one in np.geomspace(start, last, CURVE_POINTS)
            if all(abs(math.log(one / other)) > CLOSE for other in own)
        ]
        return tuple(self.rate(one) for one in sorted([*own, *between]))

    def rate(self, times: float) -> Rate:
        """What a month costs at a rate, each way."""
        ends = (FAST, MIDDLE, SLOW) if self.trials.has_ends else (MIDDLE,)
        counts = {end: self.trials.needed(times, end) for end in ends}
        split = None if self.splits is None else cheapest(self.splits.tried(times))
        return Rate(times, self.api * times, self._self_host(times, counts), counts[MIDDLE], split)

    def _self_host(self, times: float, counts: dict[int, int | None]) -> Points | None:
        """The fleet at the middle of the step times, its interval widened by the fleets at their ends."""
        needed = counts[MIDDLE]
        if needed is None:
            return None
        usd = self.usd(times, needed)
        fast, slow = counts.get(FAST, needed), counts.get(SLOW, needed)
        low = self.usd(times, min(fast or needed, needed)).middle
        high = math.inf if slow is None else self.usd(times, max(slow, needed)).middle
        return usd if low == high else usd * Points(1.0, low / usd.middle, high / usd.middle)

    def usd(self, times: float, replicas: int) -> Points:
        """USD a month of so many replicas at a rate."""
        load = self.trials.trial(Case(times, replicas)).load if self.trials.power_counts else None
        return total(self.trials.fleet_usd(replicas, load))
