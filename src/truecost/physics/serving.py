"""Serving on one's own chips: what batch a replica runs, how fast, and what a request takes of it.

`serving_point` answers for one model on one chip; its terms are in `physics.roofline`, its constants in
`calibration.toml`. A replica is filled to the largest batch that memory, the limit on the time per output
token and the engine allow: that is how a fleet under load runs. `seconds_at_load` answers for less load.
All numbers may be arrays of draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.facts import Fact
from truecost.catalog.layers import Attention, LatentAttention
from truecost.physics.calibration import ServingConstants
from truecost.physics.flops import forward_flops_per_token, mean_forward_flops_per_token
from truecost.physics.memory import bytes_per_element, kv_bytes, weight_bytes
from truecost.physics.roofline import (
    ChipRates,
    Work,
    decode_seconds_per_token,
    first_token_seconds,
    free_bytes_per_chip,
    memory_batch,
    prefill_seconds,
    seconds_per_output_token,
    step_parts,
    stored_weight_bytes_per_chip,
)
from truecost.ranges import FloatArray, Range, Value

PCIE_BYTES_PER_S = 64e9
"""PCIe 4.0 x16, both directions: the link of chips whose catalog entry names none (PCI-SIG specification)."""
LARGEST_REPLICA_CHIPS = 64
_COMPUTED_IN = {"nvfp4": "fp4", "mxfp4": "fp4", "int4": "bf16"}
_FOUR_BITS = frozenset({"fp4", "nvfp4", "mxfp4", "int4"})


class DoesNotFit(ValueError):
    """A model and its context that the memory of a replica does not hold."""

    def __init__(self, message: str, needed_bytes: float, available_bytes: float) -> None:
        super().__init__(message)
        self.needed_bytes = needed_bytes
        self.available_bytes = available_bytes


@dataclass(frozen=True, slots=True)
class ServingSetup:
    """How a model is served, and the mean request it serves.

    `data_parallel_size` repeats attention on that many groups of `tensor_parallel_size` chips and spreads
    the experts over all of them: the usual layout of large mixtures of experts with latent attention.
    """

    input_tokens: Value
    output_tokens: Value
    tensor_parallel_size: int = 1
    data_parallel_size: int = 1
    precision: str | None = None
    """Of the weights; None: the one the model is released in."""
    kv_precision: str = "bf16"
    cached_input_share: Value = 0.0
    """Share of the prompt found in the prefix cache: its prefill is spared, not its memory."""
    tpot_limit_s: Value | None = None
    """The longest acceptable mean time per output token."""
    max_batch: float = 256
    """Sequences an engine runs at once (vLLM's max_num_seqs), on each data-parallel rank."""
    acceptance_length: Value = 1.0
    """Speculative decoding: tokens each step adds to an answer, the model's own included."""
    draft_tokens: float = 0.0
    """Speculative decoding: tokens drafted and verified in each step."""
    draft_overhead: Value = 0.0
    """Speculative decoding: time of the draft, as a share of the model's step."""


@dataclass(frozen=True, slots=True)
class ServingPoint:
    """A replica at its largest allowed batch."""

    batch: Value
    """Requests in progress; a mean, so not a whole number."""
    step_s: Value
    tpot_s: Value
    """Time per output token a user sees: decode steps and other users' prefill in between."""
    ttft_s: Value
    """Time to first token on an idle replica."""
    prefill_s: Value
    """Replica time that one prompt takes."""
    replica_seconds_per_request: Value
    tokens_per_second_per_replica: Value
    """Output tokens."""
    chips_per_replica: int
    limited_by: str
    """What keeps the batch from being larger: "memory", "latency" or "max_batch" (in most of the draws)."""
    parts: Mapping[str, Value]
    """Replica-seconds per request by cause: prefill, weights, arithmetic, cache, latency, exchange."""
    share_of_draws_that_fit: float

    @property
    def tokens_per_second_per_chip(self) -> Value:
        """Output tokens each second and chip."""
        return self.tokens_per_second_per_replica / self.chips_per_replica

    @property
    def bottleneck(self) -> str:
        """The largest of `parts`."""
        return max(self.parts, key=lambda name: float(np.mean(self.parts[name])))

    def scaled(self, residual: Value) -> ServingPoint:
        """This point with all times multiplied by a residual, measured over predicted (`Calibration.residual_90`)."""
        return replace(
            self,
            step_s=self.step_s * residual,
            tpot_s=self.tpot_s * residual,
            ttft_s=self.ttft_s * residual,
            prefill_s=self.prefill_s * residual,
            replica_seconds_per_request=self.replica_seconds_per_request * residual,
            tokens_per_second_per_replica=self.tokens_per_second_per_replica / residual,
            parts={name: seconds * residual for name, seconds in self.parts.items()},
        )


@dataclass(frozen=True, slots=True)
class LoadedLatency:
    """What users see of a replica that gets a given number of requests each second."""

    batch: Value
    """Requests being answered at once, on average."""
    tpot_s: Value
    ttft_s: Value
    """Mean, with the wait behind other prompts; infinite where the load exceeds what the replica can do."""
    utilization: Value
    """Load over the most the replica can do; 1 or more has no steady state."""


def serving_point(
    architecture: Architecture, chip: Accelerator, setup: ServingSetup, constants: ServingConstants
) -> ServingPoint:
    """The largest allowed batch of a replica, and its times, throughput and seconds per request.

    Raises DoesNotFit when weights and one request exceed the memory (in more than half of the draws),
    ValueError for a layout the model does not allow.
    """
    work, rates = work_of(architecture, setup), rates_of(architecture, chip, setup)
    in_memory = memory_batch(work, rates, constants)
    share_that_fits = float(np.mean(np.greater_equal(in_memory, 1.0)))
    if share_that_fits < 0.5:
        raise _does_not_fit(architecture, chip, work, rates, constants)
    in_memory = np.maximum(in_memory, 1.0)
    engine = setup.max_batch * setup.data_parallel_size
    batch = np.minimum(in_memory, engine)
    limited_by = "memory" if np.mean(np.less(in_memory, engine)) > 0.5 else "max_batch"
    if setup.tpot_limit_s is not None:
        within = _largest_batch(
            lambda size: seconds_per_output_token(work, rates, size, constants), setup.tpot_limit_s, batch
        )
        limited_by = "latency" if np.mean(np.less(within, batch)) > 0.5 else limited_by
        batch = within
    return _point(work, rates, batch, constants, (limited_by, share_that_fits))


def _point(
    work: Work, rates: ChipRates, batch: Value, constants: ServingConstants, found: tuple[str, float]
) -> ServingPoint:
    parts = step_parts(work, rates, batch, constants)
    prefill = prefill_seconds(work, rates, constants)
    decode = decode_seconds_per_token(work, rates, batch, constants)
    per_request = work.output_tokens * decode / batch + prefill
    steps_per_request = work.output_tokens * decode / batch / parts.total
    return ServingPoint(
        batch=batch,
        step_s=parts.total,
        tpot_s=decode + np.maximum(batch - 1, 0.0) * prefill / work.output_tokens,
        ttft_s=first_token_seconds(work, rates, constants) + parts.total / 2,
        prefill_s=prefill,
        replica_seconds_per_request=per_request,
        tokens_per_second_per_replica=work.output_tokens / per_request,
        chips_per_replica=round(float(work.chips)),
        limited_by=found[0],
        parts={"prefill": prefill}
        | {part.name: getattr(parts, part.name) * steps_per_request for part in fields(parts)},
        share_of_draws_that_fit=found[1],
    )


def seconds_at_load(
    architecture: Architecture,
    chip: Accelerator,
    setup: ServingSetup,
    constants: ServingConstants,
    requests_per_s: Value,
) -> LoadedLatency:
    """Latency of one replica under `requests_per_s`: the batch is what that traffic keeps running.

    Fixed point of Little's law, batch = requests/s x time to answer, where prefill takes its share
    of the replica's time away from decoding: batch = rate x output x decode(batch) / (1 - rate x prefill).
    Prompts queue for each other as in an M/D/1 queue. Raises as `serving_point` does.
    """
    full = serving_point(architecture, chip, setup, constants)
    work, rates = work_of(architecture, setup), rates_of(architecture, chip, setup)
    utilization = requests_per_s * full.replica_seconds_per_request
    prefilling = np.minimum(requests_per_s * full.prefill_s, 1 - 1e-9)

    def surplus(batch: Value) -> Value:
        """Decode time asked for over decode time there is, per unit of batch: falls as batches grow."""
        decode = decode_seconds_per_token(work, rates, batch, constants)
        return batch * (1 - prefilling) / (requests_per_s * work.output_tokens * decode)

    batch = _largest_batch(surplus, 1.0, full.batch, lowest=0.0)
    decode = decode_seconds_per_token(work, rates, batch, constants)
    waiting = prefilling * full.prefill_s / (2 * (1 - prefilling))
    first = first_token_seconds(work, rates, constants) + decode / 2 + waiting
    return LoadedLatency(
        batch=batch,
        tpot_s=decode / (1 - prefilling),
        ttft_s=np.where(np.less(utilization, 1.0), first, np.inf),
        utilization=utilization,
    )


def fleet_replicas(
    peak_requests_per_s: Value,
    replica_seconds_per_request: Value,
    target_utilization: Value,
    spare: Value = 0.0,
) -> Value:
    """Replicas that carry a peak load: ceil(peak x seconds / target utilization) + spare, whole numbers.

    >>> float(fleet_replicas(100.0, 0.25, 0.7, 1))
    37.0
    """
    return np.ceil(peak_requests_per_s * replica_seconds_per_request / target_utilization) + spare


def smallest_tensor_parallel_size(
    architecture: Architecture,
    chip: Accelerator,
    precision: str | None,
    context_tokens: float,
    constants: ServingConstants,
) -> int:
    """Fewest chips (1, 2, 4 ... 64) whose memory holds the weights and one request of `context_tokens`.

    Beyond one server (or rack that is one) only on chips with a known network. Raises DoesNotFit when
    not even the largest replica holds them.
    """
    size = 1
    while True:
        setup = ServingSetup(context_tokens, 0.0, tensor_parallel_size=size, precision=precision)
        work, rates = work_of(architecture, setup), rates_of(architecture, chip, setup)
        if float(memory_batch(work, rates, constants)) >= 1:
            return size
        if not _can_grow(architecture, chip, size * 2):
            raise _does_not_fit(architecture, chip, work, rates, constants)
        size *= 2


def _can_grow(architecture: Architecture, chip: Accelerator, chips: int) -> bool:
    connected = chips <= chip.chips_per_server or chip.scale_out_bits_per_s is not None
    return connected and chips <= LARGEST_REPLICA_CHIPS and architecture.num_attention_heads % chips == 0


def work_of(architecture: Architecture, setup: ServingSetup) -> Work:
    """What a request asks of a replica, from the sizes of the model. Raises ValueError for an impossible layout."""
    _check(architecture, setup)
    precision = setup.precision or architecture.weight_precision
    dense = 2.0 * architecture.active_parameters
    halfway = setup.input_tokens + np.divide(setup.output_tokens, 2)
    cached = setup.input_tokens * setup.cached_input_share
    experts_met = max(architecture.num_experts_per_tok, 1) / max(architecture.num_experts, 1)
    routed = architecture.routed_expert_parameters
    expert_bytes = routed * bytes_per_element(precision)
    lookup = 0 if architecture.tie_word_embeddings else architecture.embedding_parameters
    lookup_bytes = lookup * max(bytes_per_element(precision), bytes_per_element("bf16"))
    return Work(
        layers=float(architecture.num_hidden_layers),
        expert_layers=float(architecture.moe_layers),
        hidden_size=float(architecture.hidden_size),
        common_weight_bytes=weight_bytes(architecture, precision) - expert_bytes - lookup_bytes,
        expert_weight_bytes=expert_bytes,
        lookup_weight_bytes=lookup_bytes,
        common_flops_per_token=dense - 2.0 * routed * experts_met,
        expert_flops_per_token=2.0 * routed * experts_met,
        experts=float(max(architecture.num_experts, 1)),
        experts_per_token=float(max(architecture.num_experts_per_tok, 1)),
        cache_bytes=kv_bytes(architecture, setup.kv_precision, halfway),
        cache_read_bytes=cache_read_bytes(architecture, setup.kv_precision, halfway),
        cache_shards=_cache_shards(architecture),
        decode_attention_flops=forward_flops_per_token(architecture, halfway, absorbed=True) - dense,
        prefill_attention_flops=_prompt_attention(architecture, setup.input_tokens)
        - _prompt_attention(architecture, cached),
        prefill_tokens=setup.input_tokens - cached,
        output_tokens=setup.output_tokens,
        tokens_per_step=setup.acceptance_length,
        verified_tokens=setup.draft_tokens + 1.0,
        draft_overhead=setup.draft_overhead,
        tensor_parallel=float(setup.tensor_parallel_size),
        data_parallel=float(setup.data_parallel_size),
    )


def rates_of(architecture: Architecture, chip: Accelerator, setup: ServingSetup) -> ChipRates:
    """The peaks of a chip at the setup's precision; ValueError where a replica spans servers with no known network."""
    precision = setup.precision or architecture.weight_precision
    computed_in = _COMPUTED_IN.get(precision, precision)
    is_partial = precision in _FOUR_BITS and architecture.is_mixture_of_experts
    return ChipRates(
        common_flops_per_s=chip.dense_peak("bf16" if is_partial else computed_in),
        expert_flops_per_s=chip.dense_peak(computed_in),
        attention_flops_per_s=chip.dense_peak("bf16"),
        memory_bytes=_number(chip.memory_bytes),
        memory_bytes_per_s=_number(chip.memory_bandwidth_bytes_per_s),
        link_bytes_per_s=_link_bytes_per_s(chip, setup.tensor_parallel_size * setup.data_parallel_size),
    )


def cache_read_bytes(architecture: Architecture, precision: str, context_tokens: Value) -> Value:
    """Bytes of the cache that one decode step reads for a sequence of `context_tokens`.

    All that is held, but for sparse attention: of the tokens beyond its `top_k`, only the indexer's keys.
    """
    skipped: Value = 0.0
    for count, mixer in architecture.mixers:
        if isinstance(mixer, Attention | LatentAttention) and mixer.top_k:
            width = (
                mixer.key_value_rank + mixer.rope_head_dim
                if isinstance(mixer, LatentAttention)
                else mixer.key_value_heads * (mixer.head_dim + mixer.value_head_dim)
            )
            skipped = skipped + count * width * np.maximum(context_tokens - mixer.top_k, 0.0)
    return kv_bytes(architecture, precision, context_tokens) - skipped * bytes_per_element(precision)


def _prompt_attention(architecture: Architecture, tokens: Value) -> Value:
    """FLOPs of attention over a causal prompt."""
    return tokens * (mean_forward_flops_per_token(architecture, tokens) - 2.0 * architecture.active_parameters)


def _cache_shards(architecture: Architecture) -> float:
    """A latent or shared key-value cache is repeated on every tensor-parallel chip; key-value heads are split."""
    is_split = all(isinstance(mixer, Attention) for _, mixer in architecture.mixers if _has_cache(mixer))
    return float(max(architecture.num_key_value_heads, 1)) if is_split else 1.0


def _has_cache(mixer: object) -> bool:
    return hasattr(mixer, "heads") and not hasattr(mixer, "state_size")


def _link_bytes_per_s(chip: Accelerator, chips: int) -> float:
    """To the other chips of a replica, one direction: the links of a server, or the network beyond it."""
    if chips > chip.chips_per_server:
        if chip.scale_out_bits_per_s is None:
            raise ValueError(
                f"a replica of {chips} chips spans servers of {chip.chips_per_server} {chip.name}, "
                "and the catalog has no network rate for it"
            )
        return _number(chip.scale_out_bits_per_s) / 8
    both_directions = chip.scale_up_bytes_per_s
    return (_number(both_directions) if both_directions else PCIE_BYTES_PER_S) / 2


def _number(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value


def _check(architecture: Architecture, setup: ServingSetup) -> None:
    if setup.tensor_parallel_size < 1 or architecture.num_attention_heads % setup.tensor_parallel_size:
        raise ValueError(
            f"tensor_parallel_size {setup.tensor_parallel_size} does not divide the "
            f"{architecture.num_attention_heads} attention heads of {architecture.name}"
        )
    if setup.data_parallel_size < 1:
        raise ValueError("data_parallel_size must be at least 1")


def _does_not_fit(
    architecture: Architecture, chip: Accelerator, work: Work, rates: ChipRates, constants: ServingConstants
) -> DoesNotFit:
    chips = round(float(work.chips))
    weights = float(stored_weight_bytes_per_chip(work)) * chips
    free = float(free_bytes_per_chip(work, rates, constants)) * chips
    shards = float(np.minimum(work.tensor_parallel, work.cache_shards) * work.data_parallel)
    cache = float(np.median(work.cache_bytes)) * chips / shards
    return DoesNotFit(
        f"{architecture.name} does not fit {chips} x {chip.name}: weights take {weights / 1e9:.0f} GB and "
        f"the cache of one request {cache / 1e9:.1f} GB, of {(weights + free) / 1e9:.0f} GB usable",
        needed_bytes=weights + cache,
        available_bytes=weights + free,
    )


def _largest_batch(
    rising: Callable[[Value], Value], limit: Value, highest: Value, lowest: float = 1.0
) -> Value:
    """The largest batch up to `highest` at which a function that rises with the batch is within `limit`.

    Regula falsi with the Illinois correction: one step for a straight line, a few for experts. Below
    `lowest` it does not go, even where the function is above the limit there.
    """
    right = np.asarray(highest, dtype=np.float64)
    above = np.asarray(rising(right) - limit, dtype=np.float64)
    if not np.any(above > 0):
        return highest
    left = np.full_like(above, max(lowest, 1e-6))
    below = np.minimum(np.asarray(rising(left) - limit, dtype=np.float64), -1e-300)
    right = np.broadcast_to(right, above.shape)
    was_above: NDArray[np.bool_] | None = None
    for _ in range(40):
        span = np.maximum(above - below, 1e-300)
        tried = left + (right - left) * np.clip(-below / span, 0.0, 1.0)
        error = np.asarray(rising(tried) - limit, dtype=np.float64)
        is_above = error > 0
        again = np.zeros_like(is_above) if was_above is None else is_above == was_above
        below = np.where(is_above, np.where(again, below / 2, below), error)
        above = np.where(is_above, error, np.where(again, above / 2, above))
        left, right, was_above = np.where(is_above, left, tried), np.where(is_above, tried, right), is_above
        if np.all((np.abs(error) <= 1e-3 * np.abs(limit)) | (right - left <= 1e-3 * right)):
            break
    return _plain(np.clip(np.minimum(tried, highest), lowest, None))


def _plain(values: FloatArray) -> Value:
    return values if values.ndim else float(values)
