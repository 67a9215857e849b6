"""Which requests of the traffic reach the fleet: a part of them, and not those answered from a cache."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from truecost.replay.traces.trace import Blocks

if TYPE_CHECKING:
    from truecost.replay.schema import ReplaySpec, Traffic
    from truecost.replay.traffic import Load
    from truecost.spec import Problems

IDENTICAL = "identical"
"""`traffic.response_cache` for the requests of a trace that repeat an earlier one."""
OVER_ALL = "USD a token and a request are over all of them"
"""Of a replay; a comparison of ways counts those that reach the fleet or the API."""
SAMPLE_SEED, CACHE_SEED = 20_231_116, 20_231_117
"""Of the draws that part requests: the same ones in every replay."""
Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cached:
    """Requests answered from a cache of responses: how many, and their tokens."""

    requests: int
    input_tokens: int
    output_tokens: int


NOTHING = Cached(0, 0, 0)


def reaching(load: Load, traffic: Traffic) -> Load:
    """What of a load reaches the fleet, by `traffic.sample` and then `traffic.response_cache`.

    Arrival times stay as they are: a part of the traffic takes as long as the whole.
    """
    if traffic.sample is not None:
        draw = np.random.default_rng(SAMPLE_SEED).random(len(load))
        kept = (draw >= traffic.sample.above) & (draw < traffic.sample.below)
        said = f"{int(kept.sum()):,} of {len(load):,} requests are replayed, by a draw of each"
        load = replace(_only(load, kept), notes=(*load.notes, said))
    if traffic.response_cache is None:
        return load
    hits = _hits(load, traffic.response_cache)
    if not hits.any():
        return load
    saved = Cached(int(hits.sum()), int(load.input_tokens[hits].sum()), int(load.output_tokens[hits].sum()))
    said = (
        f"{saved.requests:,} of {len(load):,} requests are answered from a cache of responses and do not "
        "reach the fleet"
    )
    return replace(_only(load, ~hits), cached=saved, notes=(*load.notes, said, OVER_ALL))


def _hits(load: Load, cache: str | float) -> Chosen:
    if isinstance(cache, str):
        return repeated(load)
    return np.random.default_rng(CACHE_SEED).random(len(load)) < cache


def repeated(load: Load) -> Chosen:
    """Requests whose prompt an earlier one had: the same blocks, all of it, and the same length.

    A request whose listed blocks do not cover its prompt has an unknown end, and repeats nothing. False for
    all where the traffic has no blocks. Answers are taken to be ready when a request comes again.
    """
    found = np.zeros(len(load), dtype=np.bool_)
    blocks = load.prefix_blocks
    if blocks is None:
        return found
    known: set[tuple[int, bytes]] = set()
    covered = blocks.counts * blocks.block_tokens >= load.input_tokens
    for request in np.flatnonzero(covered).tolist():
        prompt = (int(load.input_tokens[request]), blocks.of(request).tobytes())
        found[request] = prompt in known
        known.add(prompt)
    return found


def _only(load: Load, kept: Chosen) -> Load:
    """Some of the requests."""
    return replace(
        load,
        arrival_s=load.arrival_s[kept],
        input_tokens=load.input_tokens[kept],
        output_tokens=load.output_tokens[kept],
        prefix_blocks=None if load.prefix_blocks is None else _blocks_of(load.prefix_blocks, kept),
        session_ids=None if load.session_ids is None else load.session_ids[kept],
    )


def _blocks_of(blocks: Blocks, kept: Chosen) -> Blocks:
    counts = blocks.counts
    offsets = np.concatenate([[0], np.cumsum(counts[kept])]).astype(blocks.offsets.dtype)
    return replace(blocks, offsets=offsets, ids=blocks.ids[np.repeat(kept, counts)])


def check_reaching(spec: ReplaySpec, load: Load, problems: Problems) -> None:
    """Settings that leave nothing to replay, or keep nothing from the fleet."""
    traffic = spec.traffic
    if not len(load):
        problems.add("traffic", "no request of it reaches the fleet: there is nothing to replay")
    elif traffic.response_cache == IDENTICAL and load.prefix_blocks is None:
        said = f"{load.name} does not say which requests are identical; state a share of them"
        problems.add("traffic.response_cache", said)
    elif traffic.response_cache is not None and not load.cached.requests:
        said = f"no request of {load.name} is answered from it: it has no effect"
        problems.add("traffic.response_cache", said)
