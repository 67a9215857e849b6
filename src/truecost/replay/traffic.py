"""The requests of a replay as columns: of a trace, or made up."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from truecost.ranges import FloatArray
from truecost.replay.assumptions import Assumed
from truecost.replay.lengths import Ints, draw_lengths
from truecost.replay.reaching import NOTHING, Cached, reaching

if TYPE_CHECKING:
    from truecost.replay.schema import ReplaySpec, Synthetic
    from truecost.replay.traces.trace import Blocks, Trace


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked, and when."""

    name: str
    arrival_s: FloatArray
    """From 0, sorted; 0 for all where a concurrency decides, or everything waits from the start."""
    input_tokens: Ints
    output_tokens: Ints
    concurrency: int | None = None
    think_s: float = 0.0
    prefix_blocks: Blocks | None = None
    session_ids: NDArray[np.int64] | None = None
    notes: Sequence[str] = ()
    starts_at: datetime | None = None
    """When it begins, by the clock, where that is known."""
    cached: Cached = NOTHING
    """Requests that come, and do not reach the fleet: a cache of responses answers them."""

    def __len__(self) -> int:
        return len(self.arrival_s)

    @property
    def is_paced(self) -> bool:
        """Whether requests come by a clock, whatever is answered."""
        return self.concurrency is None and len(self) > 1 and bool(self.arrival_s[-1] > 0)


def load_of(spec: ReplaySpec, assumed: Assumed) -> Load:
    """The requests of a spec that reach the fleet. Raises SpecError or ValueError for an unreadable trace."""
    return reaching(_asked(spec, assumed), spec.traffic)


def _asked(spec: ReplaySpec, assumed: Assumed) -> Load:
    if spec.traffic.synthetic is not None:
        return replace(made_up(spec.traffic.synthetic), starts_at=spec.traffic.starts_at)
    if spec.traffic.trace is None:
        raise ValueError("traffic: give a trace or synthetic traffic")
    trace = _read(spec.traffic.trace)
    notes = list(trace.notes)
    if not trace.timed:
        assumed.take("traffic (arrival)", "all at once", f"{trace.name} has lengths and no times")
    return Load(
        name=trace.name,
        arrival_s=trace.arrival_s,
        input_tokens=trace.input_tokens,
        output_tokens=trace.output_tokens,
        prefix_blocks=trace.prefix_blocks,
        session_ids=trace.session_ids,
        notes=notes,
        starts_at=spec.traffic.starts_at or trace.starts_at,
    )


def made_up(synthetic: Synthetic) -> Load:
    """Requests by number, lengths and arrival; the same seed, the same requests."""
    source = np.random.default_rng(synthetic.seed)
    count, arrival = synthetic.requests, synthetic.arrival
    times = np.zeros(count)
    if arrival.rate_per_s is not None:
        times[1:] = np.cumsum(source.exponential(1 / arrival.rate_per_s, count - 1))
    return Load(
        name="made-up traffic",
        arrival_s=times,
        input_tokens=draw_lengths(synthetic.input_tokens, count, source, _inputs),
        output_tokens=draw_lengths(synthetic.output_tokens, count, source, _outputs),
        concurrency=arrival.concurrency,
        think_s=arrival.think_s or 0.0,
    )


def _read(name: str) -> Trace:
    """A trace, kept for the next case of a sweep as long as its file is as it was."""
    try:
        changed = os.stat(name).st_mtime_ns
    except OSError:
        changed = 0
    return _kept(name, changed)


@lru_cache(maxsize=4)
def _kept(name: str, changed: int) -> Trace:
    from truecost.replay.traces import read_trace

    return read_trace(name)


def _inputs(name: str) -> Ints:
    return _read(name).input_tokens


def _outputs(name: str) -> Ints:
    return _read(name).output_tokens
