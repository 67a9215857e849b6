"""What the simulator is given: requests and how they are sent, step times, the engine's limits, replicas."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from truecost.replay.autoscale import Autoscaler
from truecost.replay.spot import Interruptions
from truecost.replay.traces.trace import Blocks, Trace

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """So many clients, each with one request at a time: the next follows `think_s` seconds after an answer.

    Arrival times are not used: requests are taken in their order, the first ones at 0.
    """

    concurrency: int
    think_s: float = 0.0

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise ValueError(f"concurrency: {self.concurrency}; at least 1")
        if not 0 <= self.think_s < np.inf:
            raise ValueError(f"think_s: {self.think_s}; seconds, at least 0")


Load = Literal["open", "all_at_once"] | ClosedLoop
"""Sent at their arrival times, all at 0, or by clients that wait for answers."""


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """Requests in the order of arrival: seconds from 0, tokens in and out (at least 1).

    `prefix_blocks` (the prompts as runs of block ids) is needed for a prefix cache, `session_ids` (from 0, -1
    for none) for routing by session.
    """

    arrival_s: Floats
    input_tokens: Integers
    output_tokens: Integers
    prefix_blocks: Blocks | None = None
    session_ids: Integers | None = None
    load: Load = "open"

    def __post_init__(self) -> None:
        count = len(self.arrival_s)
        if not len(self.input_tokens) == len(self.output_tokens) == count:
            raise ValueError("arrival_s, input_tokens, output_tokens: as many of each")
        if count >= 2**31:
            raise ValueError(f"{count:,} requests: at most 2,147,483,647 in one simulation")
        for name in ("input_tokens", "output_tokens"):
            tokens: Integers = getattr(self, name)
            if count and not 1 <= int(tokens.min()) <= int(tokens.max()) < 2**31:
                raise ValueError(f"{name}: from 1 to 2,147,483,647")
        if not np.all(np.isfinite(self.arrival_s)) or (count and self.arrival_s[0] < 0):
            raise ValueError("arrival_s: finite, from 0")
        if np.any(self.arrival_s[1:] < self.arrival_s[:-1]):
            raise ValueError("arrival_s: in the order of time")
        if self.prefix_blocks is not None and len(self.prefix_blocks.offsets) != count + 1:
            raise ValueError("prefix_blocks: offsets for each request and one more")
        if self.session_ids is not None and len(self.session_ids) != count:
            raise ValueError("session_ids: one for each request")

    def __len__(self) -> int:
        return len(self.arrival_s)


def requests_of(trace: Trace, load: Load = "open") -> Requests:
    """The requests of a trace, sent as they came or otherwise."""
    return Requests(
        trace.arrival_s,
        trace.input_tokens,
        trace.output_tokens,
        trace.prefix_blocks,
        trace.session_ids,
        load,
    )


@dataclass(frozen=True, slots=True, eq=False)
class StepTable:
    """Seconds of a step, at points of three axes, straight lines between them and beyond the last.

    `prefill_tokens`: tokens of prompts computed in the step; `decode_sequences`: sequences that decode in it;
    `context_tokens`: KV tokens these hold together as it begins. Each axis rises and has two points at least.
    `seconds_per_attended_pair` is added for every pair of a prompt token and a token before it (or itself)
    computed in the step: attention over long prompts, exact for any chunks, where the table leaves it out.
    """

    prefill_tokens: Floats
    decode_sequences: Floats
    context_tokens: Floats
    seconds: Floats
    seconds_per_attended_pair: float = 0.0

    def __post_init__(self) -> None:
        for name in ("prefill_tokens", "decode_sequences", "context_tokens"):
            axis: Floats = getattr(self, name)
            if axis.ndim != 1 or len(axis) < 2 or not np.all(axis[1:] > axis[:-1]):
                raise ValueError(f"{name}: at least two points, rising")
        if self.prefill_tokens[0] != 0:
            raise ValueError(f"prefill_tokens: from 0, not {self.prefill_tokens[0]}")
        shape = (len(self.prefill_tokens), len(self.decode_sequences), len(self.context_tokens))
        if self.seconds.shape != shape:
            raise ValueError(f"seconds: a table of {shape}, not {self.seconds.shape}")
        if not np.all(np.isfinite(self.seconds)) or np.any(self.seconds < 0):
            raise ValueError("seconds: finite, at least 0")


def fixed_steps(prefill_s: float, decode_s: float) -> StepTable:
    """Steps that take a fixed time if any prompt is in them, plus a fixed time if any sequence decodes."""
    any_of = np.array([0.0, 1.0, 2.0])
    flag = np.minimum(any_of, 1.0)
    seconds = prefill_s * flag[:, None, None] + decode_s * flag[None, :, None] + np.zeros(2)
    return StepTable(any_of, any_of, np.array([0.0, 1.0]), seconds)


@dataclass(frozen=True, slots=True)
class Speculative:
    """Speculative decoding: draft tokens a step, each accepted with a probability if those before it were.

    `drawn`: each sequence by chance; otherwise all write the expected number of tokens a step. Step times
    (of `draft_tokens` + 1 tokens a sequence, and of the drafting) are the table's.
    """

    draft_tokens: int
    acceptance: float
    drawn: bool = False

    def __post_init__(self) -> None:
        if self.draft_tokens < 1:
            raise ValueError(f"draft_tokens: {self.draft_tokens}; at least 1")
        if not 0 <= self.acceptance <= 1:
            raise ValueError(f"acceptance: {self.acceptance}; from 0 to 1")

    @property
    def chances(self) -> Floats:
        """The probabilities of 1, 2, … draft_tokens + 1 tokens a step: a^(n-1) (1 - a), the last a^draft."""
        run = np.power(float(self.acceptance), np.arange(self.draft_tokens + 1, dtype=np.float64))
        return run - np.append(run[1:], 0.0)

    @property
    def tokens_per_step(self) -> float:
        """Expected, with the token of the model itself: (1 - a^(draft + 1)) / (1 - a)."""
        return float(np.sum(self.acceptance ** np.arange(self.draft_tokens + 1)))

    @property
    def deviation(self) -> float:
        """The standard deviation of tokens a step."""
        tokens = np.arange(1, self.draft_tokens + 2)
        return float(np.sqrt(np.sum(self.chances * (tokens - self.tokens_per_step) ** 2)))


@dataclass(frozen=True, slots=True)
class Limits:
    """The engine's settings, as vLLM calls them; `kv_blocks` is what memory leaves for the KV cache.

    Without chunked prefill a prompt is computed in one step, so no context exceeds the token budget.
    The longest context is `max_model_len` (None: no limit of its own) or what the KV cache holds, if less.
    """

    max_num_seqs: int
    max_num_batched_tokens: int
    kv_blocks: int
    block_size: int = 16
    enable_chunked_prefill: bool = True
    enable_prefix_caching: bool = False
    max_model_len: int | None = None
    speculative: Speculative | None = None
    prompts_first: bool = False
    """Steps of prompts alone, before any that decodes (SGLang); otherwise a step does both (vLLM)."""

    def __post_init__(self) -> None:
        for name in ("max_num_seqs", "max_num_batched_tokens", "kv_blocks", "block_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}; at least 1")
        if self.max_model_len is not None and self.max_model_len < 2:
            raise ValueError(f"max_model_len: {self.max_model_len}; at least 2")
        least = self.max_num_seqs * self.tokens_per_decode
        if self.max_num_batched_tokens < least:
            each = "" if self.speculative is None else f" of {self.tokens_per_decode} tokens"
            raise ValueError(
                f"max_num_batched_tokens: {self.max_num_batched_tokens}; at least {least}, a decode step of"
                f" max_num_seqs = {self.max_num_seqs} sequences{each}"
            )
        if self.longest_context < 2:
            room = self.kv_blocks * self.block_size > self.tokens_per_decode
            name = "max_num_batched_tokens" if room else "kv_blocks"
            raise ValueError(f"{name}: {getattr(self, name)}; too little for one request of two tokens")

    @property
    def tokens_per_decode(self) -> int:
        """Tokens of the budget that a decoding sequence takes."""
        return 1 + (self.speculative.draft_tokens if self.speculative else 0)

    @property
    def longest_context(self) -> int:
        """Tokens in and out that one request can have. Drafts need room in the cache beside them."""
        room = self.kv_blocks * self.block_size - (self.tokens_per_decode - 1)
        longest = room if self.max_model_len is None else min(room, self.max_model_len)
        return longest if self.enable_chunked_prefill else min(longest, self.max_num_batched_tokens)


class Routing(Enum):
    """How requests find a replica.

    `least_loaded`: fewest requests running or waiting. `prefix_aware`: the replica with most of the prompt in
    its cache, unless that is less than 30 % of it or loads are more than 64 requests and 1.5 times apart
    (then the least loaded), the rule of SGLang's router. `session`: where the session was before.
    """

    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"
    PREFIX_AWARE = "prefix_aware"
    SESSION = "session"


def _nothing() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Replicas:
    """Equal replicas; each takes requests from `ready_s` to `drain_s` and finishes them (empty: always).

    A request that finds none waits for the one that starts next; if none will, it is rejected. So is one that
    finds `most_outstanding` requests running or waiting on its replica and on the least loaded (None: any
    number may wait).
    """

    count: int = 1
    routing: Routing = Routing.LEAST_LOADED
    ready_s: Floats = field(default_factory=_nothing)
    drain_s: Floats = field(default_factory=_nothing)
    most_outstanding: int | None = None
    autoscaler: Autoscaler | None = None
    """Decides how many of the `count` are up; None: all, always."""
    interruptions: Interruptions | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"replicas: {self.count}; at least 1")
        if self.most_outstanding is not None and self.most_outstanding < 1:
            raise ValueError(f"most_outstanding: {self.most_outstanding}; at least 1")
        for name in ("ready_s", "drain_s"):
            if len(getattr(self, name)) not in (0, self.count):
                raise ValueError(f"{name}: one for each of {self.count} replicas, or none")
        if self.changes and len(self.ready_s) + len(self.drain_s):
            raise ValueError("ready_s, drain_s: an autoscaler or interruptions decide when replicas are up")
        scaler, lost = self.autoscaler, self.interruptions
        if scaler and not scaler.min_replicas <= scaler.initial <= self.count:
            raise ValueError(
                f"min_replicas: {scaler.min_replicas}, initial_replicas: {scaler.initial}; rising, at most"
                f" {self.count} replicas"
            )
        if lost and len(lost.replica) and int(lost.replica.max()) >= self.count:
            raise ValueError(f"interruptions: of replica {int(lost.replica.max())}; there are {self.count}")

    @property
    def changes(self) -> bool:
        """Whether replicas come and go while requests are served."""
        return self.autoscaler is not None or self.interruptions is not None
