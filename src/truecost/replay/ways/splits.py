"""A base of replicas and an API above it: which split costs least.

A request goes to the replica its routing names. Where that has as many requests as it may, running or
waiting, it goes to the least loaded one; where that is full too, to the API. How many a replica may have is
the most that still keeps the SLO for the requests that the base takes: with more the base is cheaper and
slower. Without an SLO it is as many as have a seat (`max_num_seqs`). What a replica cannot take at all, a
prompt too long, goes to the API as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from truecost.replay.points import total
from truecost.replay.ways.trials import MOST_REPLICAS, Case, Trial, Trials

WAITING_PER_SEAT = 4
"""How many requests for each seat a replica may have at most before the limit is none."""


@dataclass(frozen=True, slots=True)
class Split:
    """So many replicas, so many requests on each, and what that costs a month (middles)."""

    replicas: int
    most_outstanding: int | None
    share_on_api: float
    usd_fleet: float
    usd_api: float
    trial: Trial | None
    """None where all goes to the API."""

    @property
    def usd(self) -> float:
        """Of a month."""
        return self.usd_fleet + self.usd_api


@dataclass(slots=True)
class Splits:
    """The search for the cheapest split, at any rate; `api_usd` is a month of the trace on the API alone."""

    trials: Trials
    api_usd: float
    _hint: int | None = field(default=None)

    @property
    def caps(self) -> list[int | None]:
        """Limits on a replica's requests that are tried: powers of 2 and half between, then none."""
        seats = self.trials.setup.spec.engine.max_num_seqs * self.trials.setup.layout.data_parallel_size
        if not self.trials.setup.limits:
            return [seats]
        found = {1, seats}
        step = 2
        while step <= WAITING_PER_SEAT * seats:
            found |= {step, step * 3 // 2}
            step *= 2
        return [*sorted(found), None]

    def tried(self, times: float) -> list[Split]:
        """Splits at a rate, by replicas: from none to as many as serve all, the best between those found."""
        needed = self.trials.needed(times)
        most = needed if needed is not None else MOST_REPLICAS
        found: dict[int, Split] = {0: self.split(times, 0)}
        if needed is None and self._cap(times, 1) is None:
            return [found[0]]
        for replicas in (1, most):
            found.setdefault(replicas, self.split(times, replicas))
        while True:
            best = min(found, key=lambda count: (found[count].usd, count))
            near = [
                (best + other) // 2
                for other in (_beside(found, best, -1), _beside(found, best, 1))
                if other is not None and abs(other - best) > 1
            ]
            new = [count for count in near if count not in found]
            if not new:
                return [found[count] for count in sorted(found)]
            for count in new:
                found[count] = self.split(times, count)

    def split(self, times: float, replicas: int) -> Split:
        """What so many replicas come to at a rate, with the highest limit that keeps the SLO."""
        if replicas == 0:
            return Split(0, None, 1.0, 0.0, self.api_usd * times, None)
        needed = self.trials.needed(times)
        enough = needed is not None and replicas >= needed
        case = Case(times, replicas) if enough else self._cap(times, replicas)
        if case is None:
            return Split(replicas, None, 1.0, float("inf"), self.api_usd * times, None)
        trial = self.trials.trial(case)
        fleet = total(self.trials.fleet_usd(replicas, trial.load)).middle
        count = len(self.trials.at(times).load)
        share = trial.turned_away / count
        return Split(replicas, case.most_outstanding, share, fleet, trial.usd_on_api, trial)

    def _cap(self, times: float, replicas: int) -> Case | None:
        """The case of the highest limit that keeps the SLO; None where not one request at a time does."""
        caps = self.caps
        low, high = -1, len(caps)
        at, first = len(caps) - 1 if self._hint is None else self._hint, True
        while high - low > 1:
            if self._keeps(Case(times, replicas, caps[at])):
                low, beside = at, at + 1
            else:
                high, beside = at, at - 1
            at, first = beside if first else (low + high) // 2, False
        if low < 0:
            return None
        self._hint = low
        return Case(times, replicas, caps[low])

    def _keeps(self, case: Case) -> bool:
        trial = self.trials.trial(case)
        return trial.keeps_slo and (trial.keeps_up or not self.trials.setup.limits)


def cheapest(splits: Sequence[Split]) -> Split:
    """The one that costs least; of equals the one with fewest replicas."""
    return min(splits, key=lambda one: (one.usd, one.replicas))


def _beside(found: dict[int, Split], count: int, side: int) -> int | None:
    """The next number of replicas tried on one side."""
    others = [other for other in found if (other - count) * side > 0]
    return min(others, key=lambda other: abs(other - count), default=None)
