"""`synthesize`: more traffic like a trace, at another rate, for longer."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from truecost.replay.traces.arrivals import arrivals, profile_of
from truecost.replay.traces.copies import choose, copied
from truecost.replay.traces.figures import DAY_S
from truecost.replay.traces.source import free_memory_bytes, refuse
from truecost.replay.traces.trace import Floats, Trace

DIALECT = "synthetic"
MOST_DAYS = 3650.0
_BYTES_PER_REQUEST, _BYTES_PER_BLOCK = 80, 40
"""Of memory at the peak, measured, rounded up."""


def synthesize(like: Trace, rate_per_s: float, days: float, seed: int = 1) -> Trace:
    """A trace of so many days at a mean rate that has the lengths, bursts and daily shape of another.

    Lengths are taken from its requests, both of one request together; arrivals follow `arrivals`; where it
    has conversations or prefix blocks, they follow `copies`. Arrivals of a trace without times are Poisson.
    The same seed gives the same trace. Raises SpecError for more requests than the memory holds, or none.
    """
    if not (math.isfinite(rate_per_s) and rate_per_s > 0):
        refuse("", "the rate must be above 0", field="rate", value=f"{rate_per_s:g}")
    if not 0 < days <= MOST_DAYS:
        refuse(
            "",
            "so many days cannot be made",
            field="days",
            value=f"{days:g}",
            allowed=f"above 0 to {MOST_DAYS:g}",
        )
    span = days * DAY_S
    _check_memory(like, rate_per_s * span)
    random = np.random.default_rng(seed)
    if like.mean_rate_per_s is None:
        made = _of_lengths(like, _poisson(rate_per_s, span, random), random)
    else:
        made = _of_times(like, rate_per_s, span, random)
    if not len(made):
        refuse("", f"{rate_per_s * span:.3g} requests are expected: too few", field="days", value=f"{days:g}")
    return replace(
        made, name=f"{like.name}-synthetic", source=like.source, dialect=DIALECT, timed=True,
        notes=_notes(like, rate_per_s, days, seed),
    )  # fmt: skip


def _check_memory(like: Trace, requests: float) -> None:
    blocks = 0.0 if like.prefix_blocks is None else len(like.prefix_blocks.ids) / len(like)
    needed = requests * (_BYTES_PER_REQUEST + blocks * _BYTES_PER_BLOCK)
    free = free_memory_bytes()
    if free is not None and needed > free:
        sizes = f"about {needed / 1e9:.3g} GB of memory and {free / 1e9:.3g} GB are free"
        refuse("", f"{requests:.3g} requests take {sizes}", field="days")


def _of_times(like: Trace, rate_per_s: float, span: float, random: np.random.Generator) -> Trace:
    profile = profile_of(like.arrival_s)
    factor = rate_per_s / profile.rate_per_s
    times, index = arrivals(like.arrival_s, profile, factor, span, random)
    if _hangs_together(like):
        return _with_times(copied(like, choose(like, len(times), factor, random)), times)
    lengths = {"input_tokens": like.input_tokens[index], "output_tokens": like.output_tokens[index]}
    return replace(like, arrival_s=times, **lengths)


def _of_lengths(like: Trace, times: Floats, random: np.random.Generator) -> Trace:
    if _hangs_together(like):
        return _with_times(copied(like, choose(like, len(times), 1.0, random)), times)
    cycles = -(-len(times) // len(like))
    index = np.concatenate([random.permutation(len(like)) for _ in range(max(1, cycles))])[: len(times)]
    lengths = {"input_tokens": like.input_tokens[index], "output_tokens": like.output_tokens[index]}
    return replace(like, arrival_s=times, **lengths)


def _with_times(made: Trace, times: Floats) -> Trace:
    return replace(made, arrival_s=times[: len(made.input_tokens)])


def _hangs_together(trace: Trace) -> bool:
    return trace.prefix_blocks is not None or trace.session_ids is not None


def _poisson(rate_per_s: float, span: float, random: np.random.Generator) -> Floats:
    times = np.sort(random.random(random.poisson(rate_per_s * span)) * span)
    return times - times[0] if len(times) else times


def _notes(like: Trace, rate_per_s: float, days: float, seed: int) -> tuple[str, ...]:
    notes = [f"imitates {like.name} at {rate_per_s:.3g} requests a second for {days:g} days, seed {seed}"]
    if like.mean_rate_per_s is None:
        notes.append(f"arrivals are Poisson: {like.name} has no times")
    elif like.span_s < DAY_S:
        notes.append(
            f"its shape repeats every {like.span_s / 3600:.3g} h: day and night are not in {like.name}"
        )
    return tuple(notes)
