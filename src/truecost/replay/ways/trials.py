"""Runs of a search: a number of replicas at a rate, what they keep and what they turn away; each run once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from truecost.replay.drive import Driven, drive
from truecost.replay.metrics import STATES, Seen, seen, statistics
from truecost.replay.points import Points
from truecost.replay.power import ChipLoad, chip_load, full_load
from truecost.replay.run import step_ends
from truecost.replay.setups import Setup, moved
from truecost.replay.slo import judged
from truecost.replay.traffic import Load
from truecost.replay.ways.prefixes import Mask
from truecost.replay.ways.volume import SECONDS_PER_MONTH, Volume, at_rate

MOST_REPLICAS = 32
"""Of a fleet that a search tries."""
FAST, MIDDLE, SLOW = -1, 0, 1
"""Step times: the ends of their interval and its middle."""
REJECTED = STATES.index("rejected")
TAIL_SHARE = 0.01
"""Of a round: by how much its last answer may outlast its last request, beside the longest answer's time."""


class Case(NamedTuple):
    """So many times the trace's rate on so many replicas, perhaps with a limit on requests of each."""

    times: float
    replicas: int
    most_outstanding: int | None = None
    end: int = MIDDLE


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a case."""

    keeps_slo: bool
    """Of the requests that the fleet took; True without an SLO."""
    keeps_up: bool
    """All is answered soon after the last request came: nothing piles up from round to round."""
    turned_away: int
    lost: bool
    """More were turned away than the SLO allows to go without an answer, or all."""
    busy_share: float
    load: ChipLoad
    """Of the time; nothing where no cost depends on it."""
    usd_on_api: float
    """A month, of what was turned away."""

    @property
    def serves_all(self) -> bool:
        """Whether the fleet alone is enough."""
        return self.keeps_slo and self.keeps_up and not self.lost


@dataclass(slots=True)
class Trials:
    """The runs of one setup and its traffic, remembered; `priced` is USD of a load's requests on the API."""

    setup: Setup
    volume: Volume
    priced: Callable[[Load, Mask], float] | None = None
    _known: dict[Case, Trial] = field(default_factory=dict[Case, Trial])
    _needed: dict[tuple[int, float], int | None] = field(default_factory=dict[tuple[int, float], int | None])
    _volumes: dict[float, Volume] = field(default_factory=dict[float, Volume])

    def at(self, times: float) -> Volume:
        """The traffic at so many times its rate."""
        if times not in self._volumes:
            if len(self._volumes) > 1:
                self._volumes.clear()
            self._volumes[times] = at_rate(self.volume, times)
        return self._volumes[times]

    def trial(self, case: Case) -> Trial:
        """The outcome of a case, run if it is new."""
        if case not in self._known:
            self._known[case] = self._summary(case)
        return self._known[case]

    def run(self, case: Case) -> tuple[Volume, Driven, Seen]:
        """A case, run: the traffic, the run, and what its requests saw."""
        volume = self.at(case.times)
        setup = moved(self.setup, case.replicas, volume.load)
        causes = self.power_counts
        if case.end == MIDDLE:
            driven = drive(setup, 1.0, case.most_outstanding, causes=causes)
            return volume, driven, seen(driven.ran, setup.overhead)
        middle = drive(setup, 1.0, case.most_outstanding, causes=False)
        factor, prompts = step_ends(setup)[0 if case.end == FAST else 1]
        driven = drive(setup, factor, case.most_outstanding, causes=causes)
        return volume, driven, seen(driven.ran, setup.overhead, own=(middle.ran, prompts))

    @property
    def power_counts(self) -> bool:
        """Whether energy is paid for apart from the chips."""
        return bool(self.setup.rates.usd_per_kwh.middle)

    @property
    def has_ends(self) -> bool:
        """Whether step times have an interval."""
        return bool(step_ends(self.setup))

    def _summary(self, case: Case) -> Trial:
        volume, driven, times = self.run(case)
        ran = driven.ran
        away = ran.state == REJECTED
        count = int(np.count_nonzero(away))
        on_api = 0.0
        if count and self.priced is not None:
            on_api = self.priced(volume.load, away) * volume.rounds_per_month
        replica_s = volume.period_s * case.replicas
        return Trial(
            keeps_slo=keeps(times, driven, self.setup.limits, 0),
            keeps_up=keeps_up(driven, volume),
            turned_away=count,
            lost=count == len(ran.state) or not keeps(times, driven, self.setup.limits, count),
            busy_share=min(ran.busy_s / replica_s, 1.0),
            load=chip_load(self.setup, driven).times(ran.makespan_s / volume.period_s),
            usd_on_api=on_api,
        )

    def needed(self, times: float, end: int = MIDDLE) -> int | None:
        """The fewest replicas that alone keep the SLO at a rate; None where MOST_REPLICAS do not.

        What is known of other rates bounds the search: a higher rate needs no fewer.
        """
        key = (end, times)
        if key not in self._needed:
            self._needed[key] = self._search(times, end)
        return self._needed[key]

    def _search(self, times: float, end: int) -> int | None:
        known = [(rate, count) for (which, rate), count in self._needed.items() if which == end]
        if any(count is None for rate, count in known if rate <= times):
            return None
        low = max([count for rate, count in known if rate <= times and count is not None], default=1)
        above = [count for rate, count in known if rate >= times and count is not None]
        if above:
            return self._between(low, min(above), times, end)
        step = 0
        while not self._serves(low + step, times, end):
            if low + step == MOST_REPLICAS:
                return None
            low, step = low + step, 1 if step == 0 else 2 * step
            step = min(step, MOST_REPLICAS - low)
        return low if step == 0 else self._between(low + 1, low + step, times, end)

    def _between(self, low: int, high: int, times: float, end: int) -> int:
        """The fewest of low to high that serve; `high` is known to."""
        while low < high:
            middle = (low + high) // 2
            if self._serves(middle, times, end):
                high = middle
            else:
                low = middle + 1
        return high

    def _serves(self, replicas: int, times: float, end: int) -> bool:
        return self.trial(Case(times, replicas, None, end)).serves_all

    def fleet_usd(self, replicas: int, load: ChipLoad | None = None) -> dict[str, Points]:
        """USD a month of holding so many replicas, by part; energy by their load, full where not said."""
        return fleet_usd(self.setup, replicas, load or full_load(self.setup))


def keeps(times: Seen, driven: Driven, limits: dict[str, float], lost: int) -> bool:
    """Whether what requests saw keeps every limit, with so many of them without an answer."""
    ran = driven.ran
    told: dict[str, float | int | None] = {
        "rejected": lost, "unfinished": ran.count("unfinished"),
        "served": ran.count("served"), "truncated": ran.count("truncated"),
    }  # fmt: skip
    for name in limits:
        latency, stat = name.split("_")[:2]
        value = (ran.gaps if latency == "itl" else statistics(getattr(times, latency)))[stat]
        told[name] = float(value) if np.isfinite(value) else None
    return all(row["met"] for row in judged(told, limits))


def keeps_up(driven: Driven, volume: Volume) -> bool:
    """Whether a round is answered soon after its last request: the longest answer's time and 1 % of it."""
    ran = driven.ran
    answered = ran.answered
    if not answered.any():
        return True
    longest = float(np.max(ran.finished_s[answered] - ran.admitted_s[answered]))
    over = float(np.max(ran.finished_s[answered])) - float(volume.load.arrival_s[-1])
    return over <= longest + TAIL_SHARE * volume.period_s


def fleet_usd(setup: Setup, replicas: int, load: ChipLoad) -> dict[str, Points]:
    """USD a month of replicas held all of it: chip-hours x USD a chip-hour by part, and energy where paid."""
    hours = setup.layout.chips * replicas * SECONDS_PER_MONTH / 3600
    rates = setup.rates
    parts = {name: part * hours for name, part in rates.parts.items()}
    if rates.usd_per_kwh.middle:
        watts = rates.watts_per_chip(load, setup.calibration)
        parts["energy"] = rates.kwh_per_chip_hour(watts) * rates.usd_per_kwh * hours
    return parts
