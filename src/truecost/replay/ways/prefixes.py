"""What a vendor's cache could save of a trace: prompt tokens that were in an earlier prompt, or will be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truecost.replay.traffic import Load

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cached:
    """Of each prompt: tokens read from the cache, and tokens first seen here that a later prompt reads."""

    read_tokens: Integers
    write_tokens: Integers


def ideal_cache(load: Load, asked: Mask | None = None) -> Cached:
    """The hits of a cache that never forgets: the bound of what a vendor's saves.

    `asked` are the requests that the vendor sees; the others hit and fill nothing. A block of a prompt is
    read where every block up to it was in an earlier prompt; it is written where it is new and in a later
    one too, for only that is worth what a vendor asks for writing. The last block counts as far as the
    prompt goes.
    """
    blocks = load.prefix_blocks
    if blocks is None:
        raise ValueError(f"{load.name} says nothing of shared prefixes")
    count = len(load)
    owner = np.repeat(np.arange(count), blocks.counts)
    place = np.arange(len(blocks.ids)) - np.repeat(blocks.offsets[:-1], blocks.counts)
    counts = np.ones(len(owner), dtype=np.bool_) if asked is None else asked[owner]
    ids, owner, place = blocks.ids[counts], owner[counts], place[counts]
    first = np.full(blocks.width, count)
    first[ids[::-1]] = owner[::-1]
    last = np.full(blocks.width, -1)
    last[ids] = owner
    met = first[ids] < owner
    reach = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(reach, owner[~met], place[~met])
    tokens = np.clip(load.input_tokens[owner] - place * blocks.block_tokens, 0, blocks.block_tokens)
    read = met & (place < reach[owner])
    written = ~read & (first[ids] == owner) & (last[ids] > owner)
    return Cached(
        np.bincount(owner[read], tokens[read], count).astype(np.int64),
        np.bincount(owner[written], tokens[written], count).astype(np.int64),
    )
