"""A trace: the requests of a service in the order they came, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NO_SESSION = -1
"""The session id of a request that belongs to none."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """The prompt of each request as a run of block ids: the same id, the same tokens behind the same prefix.

    Request i has `ids[offsets[i]:offsets[i + 1]]`, from its first token on; the last block may be filled in
    part. Ids are small: from 0 to `width` - 1, so that they can index an array.
    """

    offsets: Integers
    ids: Integers
    block_tokens: int
    width: int

    @property
    def counts(self) -> Integers:
        """How many blocks each request lists."""
        return np.diff(self.offsets)

    def of(self, request: int) -> Integers:
        """The block ids of one request."""
        return self.ids[self.offsets[request] : self.offsets[request + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Requests in the order of arrival.

    `arrival_s` in seconds, sorted, the first at 0; `input_tokens` and `output_tokens` at least 1;
    `session_ids` from 0 in the order of first appearance, -1 for none. A trace that is not `timed` (lengths
    alone) has every arrival at 0. `starts_at` is when the first came (by the clock as written, UTC where a
    zone is), where the file has dates. `source` is the file, `dialect` how it was written; `notes` say what a
    reader should know about how it was read.
    """

    name: str
    source: str
    dialect: str
    arrival_s: Floats
    input_tokens: Integers
    output_tokens: Integers
    prefix_blocks: Blocks | None = None
    session_ids: Integers | None = None
    timed: bool = True
    starts_at: datetime | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.arrival_s)

    def __repr__(self) -> str:
        return f"Trace({self.name!r}, {len(self):,} requests, {self.dialect})"

    @property
    def span_s(self) -> float:
        """Seconds from the first arrival to the last."""
        return float(self.arrival_s[-1]) if len(self) else 0.0

    @property
    def mean_rate_per_s(self) -> float | None:
        """Requests a second: one over the mean gap; None without times or with all requests at once."""
        return (len(self) - 1) / self.span_s if self.span_s > 0 else None
