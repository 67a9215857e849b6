"""Block ids in one cell of a table: "0 14..27" is 0 and 14 to 27; what runs on stays short."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from truecost.replay.traces.trace import Integers

RUN = ".."
_MOST = 10_000_000
"""Blocks in one cell: more than the longest prompt has."""


def blocks_of_texts(texts: Sequence[str | None]) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """Offsets and ids of many cells, and which cells cannot be read (they hold no ids then).

    >>> blocks_of_texts(["0 14..16", "x", ""])
    (array([0, 4, 4, 4]), array([ 0, 14, 15, 16]), array([False,  True, False]))
    """
    bad = np.zeros(len(texts), dtype=np.bool_)
    begins: list[int] = []
    sizes: list[int] = []
    counts = np.zeros(len(texts), dtype=np.int64)
    for row, text in enumerate(texts):
        runs = _runs(text or "")
        if runs is None:
            bad[row] = True
            continue
        begins += [first for first, _ in runs]
        sizes += [last - first + 1 for first, last in runs]
        counts[row] = sum(last - first + 1 for first, last in runs)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return offsets, spread(np.array(begins, dtype=np.int64), np.array(sizes, dtype=np.int64)), bad


def _runs(text: str) -> list[tuple[int, int]] | None:
    """First and last id of every run of a cell; None for what is none."""
    runs: list[tuple[int, int]] = []
    total = 0
    for part in text.split():
        first, dots, last = part.partition(RUN)
        if not (_is_id(first) and (_is_id(last) if dots else True)):
            return None
        run = (int(first), int(last or first))
        total += run[1] - run[0] + 1
        if run[1] < run[0] or total > _MOST:
            return None
        runs.append(run)
    return runs


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def spread(begins: Integers, sizes: Integers) -> Integers:
    """The numbers of many runs, each counted up from its first.

    >>> spread(np.array([0, 14]), np.array([1, 3]))
    array([ 0, 14, 15, 16])
    """
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0, dtype=np.int64) + np.repeat(begins - (ends - sizes), sizes)


def text_of_blocks(ids: Integers) -> str:
    """The ids of one request as a cell.

    >>> text_of_blocks(np.array([0, 14, 15, 16]))
    '0 14..16'
    """
    if not len(ids):
        return ""
    cuts = [0, *(np.flatnonzero(np.diff(ids) != 1) + 1).tolist(), len(ids)]
    numbers = ids.tolist()
    return " ".join(
        str(numbers[i]) if j - i == 1 else f"{numbers[i]}{RUN}{numbers[j - 1]}" for i, j in pairwise(cuts)
    )
