"""What an imitated trace asks for, where requests hang together: conversations and shared prefixes.

Three times the requests are three times the users: copies of the trace run side by side, each from another
point of it, in its own order, so that turns keep their order and their distance. A part of a copy is some of
its conversations, whole. What a copy shares within itself it shares again, under ids of its own, anew each
time it comes round; blocks that many conversations begin with (a system prompt) are the same in all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from truecost.replay.traces.rows import gathered, in_order_of_appearance
from truecost.replay.traces.trace import NO_SESSION, Blocks, Integers, Trace

COMMON_SHARE = 0.01
"""A block in more of the requests than this belongs to the service, not to a conversation."""
_LEAST_COMMON = 10


@dataclass(frozen=True, slots=True)
class Chosen:
    """For each request: which of the source it is, and the number of its copy and round."""

    index: Integers
    round: Integers
    rounds: int


def choose(trace: Trace, needed: int, factor: float, random: np.random.Generator) -> Chosen:
    """At least one, at most so many requests of the source in an order that keeps conversations together."""
    size = len(trace)
    groups = _conversations(trace)
    whole, part = divmod(factor, 1.0)
    shares = [1.0] * int(whole) + ([part] if part > 1e-9 else [])
    turns = int(np.ceil(needed / (factor * size))) + 2
    places: list[np.ndarray] = []
    indices: list[Integers] = []
    rounds: list[Integers] = []
    for number, share in enumerate(shares):
        begin = int(random.integers(size)) if number else 0
        for turn in range(turns):
            kept = np.arange(size)
            if share < 1:
                kept = kept[(random.random(int(groups.max()) + 1) < share)[groups]]
            place = kept + turn * size - begin + number / len(shares)
            later = place >= 0
            places.append(place[later])
            indices.append(kept[later])
            rounds.append(np.full(int(later.sum()), number * turns + turn, dtype=np.int64))
    order = np.argsort(np.concatenate(places), kind="stable")[:needed]
    return Chosen(np.concatenate(indices)[order], np.concatenate(rounds)[order], len(shares) * turns)


def _conversations(trace: Trace) -> Integers:
    """A number for each request's conversation: its session, else the first block that is its own."""
    size = len(trace)
    alone = np.arange(size)
    if trace.session_ids is not None:
        return np.unique(
            np.where(trace.session_ids == NO_SESSION, -2 - alone, trace.session_ids), return_inverse=True
        )[1]
    blocks = trace.prefix_blocks
    if blocks is None or not len(blocks.ids):
        return alone
    own = np.flatnonzero(~_common(blocks, size)[blocks.ids])
    place = np.searchsorted(own, blocks.offsets[:-1])
    first = own[np.minimum(place, len(own) - 1)] if len(own) else np.zeros(size, dtype=np.int64)
    has = (place < len(own)) & (first < blocks.offsets[1:])
    return np.unique(np.where(has, blocks.ids[np.where(has, first, 0)], -1 - alone), return_inverse=True)[1]


def _common(blocks: Blocks, requests: int) -> np.ndarray:
    """Which block ids stand in so many requests that all copies share them."""
    counts = np.bincount(blocks.ids, minlength=blocks.width)
    return counts > max(_LEAST_COMMON, COMMON_SHARE * requests)


def copied(trace: Trace, chosen: Chosen) -> Trace:
    """The source's requests as chosen, with block and session ids of each round's own; times are not set."""
    blocks, sessions = trace.prefix_blocks, trace.session_ids
    if sessions is not None:
        count = int(sessions.max()) + 1
        ids = sessions[chosen.index]
        sessions = in_order_of_appearance(np.where(ids == NO_SESSION, NO_SESSION, ids + chosen.round * count))
    return replace(
        trace,
        input_tokens=trace.input_tokens[chosen.index],
        output_tokens=trace.output_tokens[chosen.index],
        prefix_blocks=None if blocks is None else _copied(blocks, chosen, len(trace)),
        session_ids=sessions,
    )


def _copied(blocks: Blocks, chosen: Chosen, requests: int) -> Blocks:
    common = _common(blocks, requests)
    shared, own = int(common.sum()), int((~common).sum())
    number = np.where(common, np.cumsum(common) - 1, shared + np.cumsum(~common) - 1)
    offsets, ids = gathered(blocks.offsets, blocks.ids, chosen.index)
    made = number[ids]
    made += np.where(common[ids], 0, own * np.repeat(chosen.round, np.diff(offsets)))
    return Blocks(offsets, made, blocks.block_tokens, shared + own * chosen.rounds)
