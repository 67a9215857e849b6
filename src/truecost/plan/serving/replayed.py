"""What a replica carries by a replay of real traffic: in place of the law's error, and of a target use.

A replay (`truecost.replay`) runs a trace through a simulated engine on a fleet. The rate at which that fleet
just keeps its SLO says how many seconds of a replica a request of the trace takes, waiting and bursts
included. Beside what the law says of the trace's mean request, that is a factor; a class takes the law's
seconds of its own tokens times the factor: with the trace's tokens, exactly the replay's seconds.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from truecost.catalog.facts import Confidence, Fact
from truecost.physics.calibration import load_calibration
from truecost.physics.replica import ServingSetup
from truecost.physics.serving import serving_point
from truecost.ranges import Range, Value

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.plan.serving.placement import Placement
    from truecost.replay.schema import ReplaySpec
    from truecost.replay.ways.trials import Trials
    from truecost.spec import Document

ROUNDS = 8
"""Of halving the step between a rate that is kept and one that is not: the rate is found to 0.3 %."""
LEAST_TIMES, MOST_TIMES = 2.0**-10, 2.0**10
"""Between which multiples of the trace's rate a fleet's is looked for."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a fleet carried: seconds of a replica a request, with both ends, and of what requests."""

    file: str
    seconds: float
    fast_s: float | None
    slow_s: float | None
    """None where no rate keeps the SLO with step times at the slow end; both, where steps are measured."""
    has_ends: bool
    input_tokens: float
    output_tokens: float
    caches_prefixes: bool
    replicas: int
    requests_per_s: float
    trace: str


def read_replay(file: str, catalog: Catalog, as_of: date) -> Document[ReplaySpec]:
    """The spec of a replay at the plan's date. Raises SpecError with every problem."""
    from truecost.replay.reading import read

    return read(file, catalog, as_of=as_of)


def replayed(file: str, catalog: Catalog, as_of: date) -> Replayed:
    """What a replay's fleet carries at its SLO; simulated once for a file as it is.

    Raises SpecError for what cannot be read or has no clock, ValueError for a model that does not fit and
    for an SLO that the fleet keeps at no rate.
    """
    return _replayed(file, os.stat(file).st_mtime_ns, _Facts(catalog), as_of)


class _Facts:
    """A catalog as a key: two are the same where they are one object."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def __hash__(self) -> int:
        return id(self.catalog)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Facts) and other.catalog is self.catalog


@lru_cache(maxsize=16)
def _replayed(file: str, changed: int, facts: _Facts, as_of: date) -> Replayed:
    from truecost.replay.run import prepared
    from truecost.replay.ways.trials import FAST, MIDDLE, SLOW, Trials
    from truecost.replay.ways.volume import volume_of

    setup, _ = prepared(read_replay(file, facts.catalog, as_of), facts.catalog)
    if setup.spec.fleet.autoscale is not None:
        raise ValueError(f"{file}: fleet.autoscale: a plan takes what a fixed number of replicas carries")
    volume = volume_of(setup.load)
    trials = Trials(setup, volume)
    replicas = setup.spec.fleet.replicas
    ends = (FAST, MIDDLE, SLOW) if trials.has_ends else (MIDDLE,)
    rates = {end: highest_rate(trials, replicas, end) for end in ends}
    middle = rates[MIDDLE]
    if middle is None:
        raise ValueError(f"{file}: its fleet keeps its SLO at no rate of {setup.load.name}")

    def seconds(end: int) -> float | None:
        times = rates.get(end)
        return None if times is None else replicas / (times * volume.requests_per_s)

    return Replayed(
        file=file,
        seconds=replicas / (middle * volume.requests_per_s),
        fast_s=seconds(FAST),
        slow_s=seconds(SLOW),
        has_ends=trials.has_ends,
        input_tokens=float(setup.load.input_tokens.mean()),
        output_tokens=float(setup.load.output_tokens.mean()),
        caches_prefixes=setup.spec.engine.enable_prefix_caching,
        replicas=replicas,
        requests_per_s=middle * volume.requests_per_s,
        trace=setup.load.name,
    )


def highest_rate(trials: Trials, replicas: int, end: int) -> float | None:
    """The highest multiple of the trace's rate at which so many replicas keep the SLO; None for none."""
    from truecost.replay.ways.trials import Case

    def serves(times: float) -> bool:
        return trials.trial(Case(times, replicas, None, end)).serves_all

    low = high = 1.0
    if serves(1.0):
        while serves(high) and high < MOST_TIMES:
            low, high = high, 2 * high
    else:
        while not serves(low):
            low, high = low / 2, low
            if low < LEAST_TIMES:
                return None
    for _ in range(ROUNDS):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if serves(middle) else (low, middle)
    return low


def replay_factor(found: Replayed, placed: Placement, terms: tuple[str | None, int], cached: Value) -> Fact:
    """The replay's seconds over the law's for the trace's mean request, with the replay's interval.

    `terms` are the precision of the weights and the most sequences at once. `cached` is the share of the
    class's input that is read from a cache: it is in the replay's seconds where that caches prefixes. The
    interval has the replay's middle, and ends as far apart as its own (of the law, where the slow end keeps
    the SLO at no rate).
    """
    precision, batch = terms
    setup = ServingSetup(
        tensor_parallel_size=placed.tensor_parallel_size,
        data_parallel_size=placed.data_parallel_size,
        precision=precision,
        input_tokens=found.input_tokens,
        output_tokens=max(found.output_tokens, 1.0),
        cached_input_share=float(np.mean(cached)) if found.caches_prefixes else 0.0,
        max_batch=batch,
    )
    point = serving_point(placed.architecture, placed.chip, setup, load_calibration().serving)
    factor = found.seconds / float(np.mean(point.replica_seconds_per_request))
    apart = _apart(found)
    value = Range(factor / apart, factor * apart) if apart > 1 else factor
    replicas = f"{found.replicas} replica{'s' if found.replicas != 1 else ''}"
    told = (
        f"truecost replay {found.file}: on {replicas} the SLO holds up to {found.requests_per_s:.3g} "
        f"requests/s of {found.trace}, {found.seconds:.3g} replica-seconds a request"
    )
    checked = load_calibration().checked
    return Fact(f"replay/{found.file}", value, "replay / law", told, checked, Confidence.ESTIMATE)


def _apart(found: Replayed) -> float:
    """How far the ends are from the middle, as a factor: the square root of the high end over the low."""
    if not found.has_ends:
        return 1.0
    if found.fast_s is None or found.slow_s is None:
        law = load_calibration().residual_90
        return math.sqrt(law.high / law.low)
    ends: Sequence[float] = (found.fast_s, found.seconds, found.slow_s)
    return math.sqrt(max(ends) / min(ends))
