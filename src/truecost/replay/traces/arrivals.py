"""When the requests of an imitated trace arrive: its rate over time, and its bursts around that rate.

A trace is cut into bins of a minute (longer where requests are few). The imitation runs through them in
order, again and again: whole days of a trace that has one, else the trace as it is. Each bin is taken from
among those with nearly as many requests, with the arrivals in it as they were, at another rate played faster
or slower. So the shape over the day stays, and so do bursts shorter than a bin. A minute without requests
stays one at any rate: a service that is often idle varies more in its gaps as it gets faster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truecost.replay.traces.block_text import spread
from truecost.replay.traces.figures import DAY_S, MINUTE_S
from truecost.replay.traces.trace import Floats, Integers

REQUESTS_PER_BIN = 100
"""Fewer make a bin's rate mostly chance."""
_NEAR_SHARE, _LEAST_NEAR = 0.02, 2
"""How far, among the bins by their requests, one may lie from the one it stands for."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Requests in every whole bin of `width_s` seconds, of which the first `repeated` make up one period."""

    width_s: float
    counts: Integers
    repeated: int

    @property
    def rate_per_s(self) -> float:
        """Mean requests a second over a period."""
        return float(self.counts[: self.repeated].mean()) / self.width_s


def profile_of(arrival_s: Floats) -> Profile:
    """The rate of a trace over time. The last arrival must be after the first."""
    span = float(arrival_s[-1])
    wanted = max(MINUTE_S, REQUESTS_PER_BIN * span / len(arrival_s))
    days = int(span // DAY_S)
    period = DAY_S if days else span
    per_period = max(1, int(period // wanted))
    width = period / per_period
    bins = int(round(span / width, 6))
    index = (arrival_s / width).astype(np.int64)
    if not days:
        index = np.minimum(index, bins - 1)
    counts = np.bincount(index[: int(np.searchsorted(index, bins))], minlength=bins)
    return Profile(width, counts.astype(np.int64), days * per_period or bins)


def arrivals(
    arrival_s: Floats, profile: Profile, factor: float, span_s: float, random: np.random.Generator
) -> tuple[Floats, Integers]:
    """Times in seconds from 0 at `factor` times the profile's rate until the span ends, and whose."""
    width = profile.width_s / factor
    places = np.arange(int(np.ceil(span_s / width)))
    period, wanted = np.divmod(((places + 0.5) / factor).astype(np.int64), profile.repeated)
    last = int(np.searchsorted(period, span_s // (profile.repeated * profile.width_s)))
    ends = np.flatnonzero(np.diff(period[: last + 1])) + 1
    taken = np.concatenate(
        [_alike(profile.counts, part, random) for part in np.split(wanted[:last], ends) if len(part)]
        + [_near(profile.counts, wanted[last:], random)]
    )
    starts = np.cumsum(profile.counts) - profile.counts
    counts = profile.counts[taken]
    index = spread(starts[taken], counts)
    times: Floats = arrival_s[index]
    times -= np.repeat(taken * profile.width_s, counts)
    times /= factor
    times += np.repeat(places * width, counts)
    kept = int(np.searchsorted(times, span_s))
    times, index = np.maximum.accumulate(times[:kept]), index[:kept]
    return (times - times[0] if kept else times), index


def _alike(counts: Integers, wanted: Integers, random: np.random.Generator) -> Integers:
    """For each bin wanted in a period, one with nearly as many requests; all are taken equally often."""
    keys = _ranks(counts)[wanted] + random.random(len(wanted)) * (_reach(len(counts)) + 1)
    place = np.empty(len(wanted))
    place[np.argsort(keys)] = np.arange(len(wanted))
    near = (place + random.random()) * len(counts) / len(wanted)
    return np.argsort(counts, kind="stable")[near.astype(np.int64)]


def _near(counts: Integers, wanted: Integers, random: np.random.Generator) -> Integers:
    """For each bin wanted, one with nearly as many requests, by chance.

    Reflected at both ends, so that the fullest and the emptiest are not rarer than the rest.
    """
    bins, reach = len(counts), _reach(len(counts))
    near = _ranks(counts)[wanted] + random.integers(-reach, reach + 1, len(wanted))
    near = np.where(near < 0, -near - 1, near)
    near = np.where(near >= bins, 2 * bins - 1 - near, near)
    return np.argsort(counts, kind="stable")[near]


def _ranks(counts: Integers) -> Integers:
    """The place of each bin among all by its requests."""
    rank = np.empty(len(counts), dtype=np.int64)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    return rank


def _reach(bins: int) -> int:
    """How many places one bin may be from the one it stands for."""
    return min(bins - 1, max(_LEAST_NEAR, int(_NEAR_SHARE * bins)))
