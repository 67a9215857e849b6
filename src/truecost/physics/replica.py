"""A replica: a model laid out over chips, as numbers the roofline law takes.

`work_of` counts what a request asks of it from the model's sizes, `rates_of` what its chips can do from
the catalog's facts; `ServingSetup` is the layout, the engine's settings and the mean request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from truecost.catalog.layers import Attention, CompressedAttention, LatentAttention
from truecost.physics.calibration import ServingConstants
from truecost.physics.flops import forward_flops_per_token, mean_forward_flops_per_token
from truecost.physics.memory import bytes_per_element, kv_bytes, weight_bytes
from truecost.physics.roofline import (
    ChipRates,
    Work,
    cache_parts,
    free_bytes_per_chip,
    stored_weight_bytes_per_chip,
)
from truecost.ranges import Range, Value

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.architectures import Architecture
    from truecost.catalog.facts import Fact

PCIE_BYTES_PER_S = 64e9
"""PCIe 4.0 x16, both directions: the link of chips whose catalog entry names none (PCI-SIG specification)."""
_COMPUTED_IN = {"nvfp4": "fp4", "mxfp4": "fp4", "int4": "bf16"}
_FOUR_BITS = frozenset({"fp4", "nvfp4", "mxfp4", "int4"})
_NARROW = frozenset({"fp8", "int8", "fp4"})
LATER_GENERATIONS = frozenset({"blackwell", "blackwell-ultra"})
"""Generations after the H100's whose fixed times were measured to be shorter."""


class DoesNotFit(ValueError):  # noqa: N818  (it is the answer, not a fault)
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
    pipeline_parallel_size: int = 1
    expert_parallel_size: int = 1
    """Chips that share the experts whole; 1 cuts each over all chips. With data-parallel ranks they are
    always shared whole."""
    precision: str | None = None
    """Of the weights; None: the one the model is released in."""
    kv_precision: str = "bf16"
    cached_input_share: Value = 0.0
    """Share of the prompt found in the prefix cache: its prefill is spared, not its memory."""
    tpot_limit_s: Value | None = None
    """The longest acceptable mean time per output token."""
    max_batch: float = 256
    """Sequences an engine runs at once (vLLM's max_num_seqs), on each data-parallel rank."""
    disaggregated: bool = False
    """Prefill on chips of its own: it takes as long, and no longer interrupts decoding."""
    acceptance_length: Value = 1.0
    """Speculative decoding: tokens each step adds to an answer, the model's own included."""
    draft_tokens: float = 0.0
    """Speculative decoding: tokens drafted and verified in each step."""
    draft_overhead: Value = 0.0
    """Speculative decoding: time of the draft, as a share of the model's step."""


def work_of(architecture: Architecture, setup: ServingSetup) -> Work:
    """What a request asks of a replica, from the sizes of the model.

    Raises ValueError for a layout the model does not allow.
    """
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
        expert_width=_expert_width(architecture, setup),
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
        prefill_interrupts=0.0 if setup.disaggregated else 1.0,
        tensor_parallel=float(setup.tensor_parallel_size),
        data_parallel=float(setup.data_parallel_size),
        stages=float(setup.pipeline_parallel_size),
    )


def rates_of(architecture: Architecture, chip: Accelerator, setup: ServingSetup) -> ChipRates:
    """The peaks of a chip at the setup's precision.

    Raises ValueError where a replica spans servers and the catalog knows no network between them.
    """
    precision = setup.precision or architecture.weight_precision
    computed_in = _COMPUTED_IN.get(precision, precision)
    if computed_in == "fp4" and "fp4" not in chip.peak_flops:
        computed_in = "bf16"
    is_partial = precision in _FOUR_BITS and architecture.is_mixture_of_experts
    return ChipRates(
        common_flops_per_s=chip.dense_peak("bf16" if is_partial else computed_in),
        expert_flops_per_s=chip.dense_peak(computed_in),
        attention_flops_per_s=chip.dense_peak("bf16"),
        memory_bytes=_number(chip.memory_bytes),
        memory_bytes_per_s=_number(chip.memory_bandwidth_bytes_per_s),
        link_bytes_per_s=_link_bytes_per_s(chip, setup.tensor_parallel_size * setup.data_parallel_size),
        later=float(chip.generation in LATER_GENERATIONS),
        converts=converts_to(computed_in, chip),
    )


def converts_to(precision: str, chip: Accelerator) -> float:
    """1 where a chip multiplies numbers of a precision in 8 or 4 bits, to which activations are converted."""
    return float(precision in _NARROW and precision in chip.peak_flops)


def _expert_width(architecture: Architecture, setup: ServingSetup) -> float:
    """Inner dimension of the experts on a chip: cut over the chips that do not share them whole."""
    chips = setup.tensor_parallel_size * setup.data_parallel_size
    shared = chips if setup.data_parallel_size > 1 else setup.expert_parallel_size
    return float(architecture.moe_intermediate_size or 0) * shared / chips


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
    attention = mean_forward_flops_per_token(architecture, tokens) - 2.0 * architecture.active_parameters
    return tokens * attention


def _cache_shards(architecture: Architecture) -> float:
    """Key-value heads are split over tensor-parallel chips; a latent or shared cache is repeated on each."""
    shared = any(isinstance(mixer, LatentAttention | CompressedAttention) for _, mixer in architecture.mixers)
    return 1.0 if shared else float(max(architecture.num_key_value_heads, 1))


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


def does_not_fit(
    architecture: Architecture, chip: Accelerator, work: Work, rates: ChipRates, constants: ServingConstants
) -> DoesNotFit:
    """The refusal, with the bytes needed and available over the whole replica."""
    chips = round(float(work.chips * work.stages))
    weights = float(stored_weight_bytes_per_chip(work)) * chips
    free = float(free_bytes_per_chip(work, rates, constants)) * chips
    cache = float(np.median(work.cache_bytes)) * chips / float(cache_parts(work))
    return DoesNotFit(
        f"{architecture.name} does not fit {chips} x {chip.name}: weights take {weights / 1e9:.0f} GB and "
        f"the cache of one request {cache / 1e9:.1f} GB, of {(weights + free) / 1e9:.0f} GB usable",
        needed_bytes=weights + cache,
        available_bytes=weights + free,
    )
