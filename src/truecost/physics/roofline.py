"""The roofline of serving: how long a prompt and a decode step take on one replica of a model.

A replica is `tensor_parallel` x `data_parallel` chips that hold the model once. Its time is the sum of what
its parts would take alone: reading weights, arithmetic, reading the KV cache, attention, a fixed latency
per layer, and the exchange between chips. A sum rather than the larger of memory and arithmetic: kernels
overlap the two badly, and on models and chips left out of the fit the sum predicts better.

Every field is a float or an array (draws, or measured points); one code path serves all of them.
`mixed_step_parts` is the same law for one step of an engine, which `truecost.replay` runs through.
Not modelled: swapping and preemption, uneven load of experts; outside of `mixed_step_parts`, pipelines and
decode steps that ride on prefill steps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from truecost.physics.calibration import ServingConstants
from truecost.ranges import Value

ACTIVATION_BYTES = 2.0
"""Activations between layers travel in 16 bits."""
REFERENCE_BYTES_PER_S = 3.35e12
"""Of the memory of an H100 SXM, whose shares of the peak the constants are."""
EXCHANGES_PER_LAYER = 2.0
"""After attention and after the feed-forward."""


@dataclass(frozen=True, slots=True, eq=False)
class ChipRates:
    """What one chip can do at its peak."""

    common_flops_per_s: Value
    """At the precision of the weights that every token meets."""
    expert_flops_per_s: Value
    """At that of the routed experts."""
    attention_flops_per_s: Value
    """In 16 bits, which attention is computed in."""
    memory_bytes: Value
    memory_bytes_per_s: Value
    link_bytes_per_s: Value
    """To its peers, one direction."""
    later: Value
    """1 for the generation after the H100's and later ones, 0 before: their hosts and launches are faster."""
    converts: Value
    """1 where the model's weights are multiplied in 8 or 4 bits, so that activations are converted first."""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What a request of a model asks of a replica, before it is spread over the replica's chips.

    "Common" are the weights that every token meets, "expert" those of the routed experts.
    """

    layers: Value
    expert_layers: Value
    hidden_size: Value
    common_weight_bytes: Value
    expert_weight_bytes: Value
    lookup_weight_bytes: Value
    """The input embedding, where it is not the head's matrix: stored, hardly read."""
    common_flops_per_token: Value
    expert_flops_per_token: Value
    experts: Value
    experts_per_token: Value
    expert_width: Value
    """Inner dimension of an expert that one chip holds: all of it where experts are spread over the chips."""
    cache_bytes: Value
    """KV cache of one request halfway through its answer."""
    cache_read_bytes: Value
    """What one decode step reads of it; less than all for sparse attention."""
    cache_shards: Value
    """Over how many tensor-parallel chips the cache can be split: its key-value heads."""
    decode_attention_flops: Value
    prefill_attention_flops: Value
    prefill_tokens: Value
    """Of the prompt, those not found in the prefix cache."""
    output_tokens: Value
    tokens_per_step: Value
    """Tokens that a decode step adds to each answer: above 1 under speculative decoding."""
    verified_tokens: Value
    """Tokens of each sequence that a decode step runs through the model: the drafted ones and one."""
    draft_overhead: Value
    """Time of the draft beside the model's own step, as a share of it."""
    prefill_interrupts: Value
    """1 where prompts are processed between the decode steps of others, 0 where on chips of their own."""
    tensor_parallel: Value
    data_parallel: Value
    stages: Value
    """Of a pipeline, each with its part of the layers on `chips` of its own."""

    @property
    def chips(self) -> Value:
        """Chips of the replica, or of each stage of its pipeline."""
        return self.tensor_parallel * self.data_parallel


@dataclass(frozen=True, slots=True, eq=False)
class StepParts:
    """Seconds of one decode step by cause."""

    weights: Value
    arithmetic: Value
    cache: Value
    latency: Value
    exchange: Value

    @property
    def total(self) -> Value:
        """Seconds of the step."""
        return self.weights + self.arithmetic + self.cache + self.latency + self.exchange


def experts_touched(experts: Value, experts_per_token: Value, tokens: Value) -> Value:
    """Expected number of distinct experts that `tokens` tokens are routed to, with even routing.

    Formula: E (1 - (1 - k / E)^tokens).

    >>> [round(float(experts_touched(256.0, 8.0, n)), 1) for n in (1.0, 8.0, 64.0, 512.0)]
    [8.0, 57.4, 222.4, 256.0]
    """
    missed = np.maximum(1 - experts_per_token / experts, 1e-12)
    return experts * -np.expm1(tokens * np.log(missed))


def reached_bytes_per_s(chip: ChipRates, constants: ServingConstants) -> Value:
    """The rate of a chip's memory, scaled for what is within reach of it.

    Reading at full rate takes rate x latency bytes under way (Little's law), and latency hardly differs: the
    faster a memory, the smaller the share that kernels reach. As a power of the rate over an H100's.
    """
    faster = chip.memory_bytes_per_s / REFERENCE_BYTES_PER_S
    return chip.memory_bytes_per_s * faster**-constants.memory_speed_exponent


def weight_read_seconds(work: Work, chip: ChipRates, tokens: Value, constants: ServingConstants) -> Value:
    """Seconds to read the weights that a step over `tokens` tokens meets.

    Common weights are split over the tensor-parallel chips and repeated on each data-parallel rank;
    experts are spread over all chips of the replica.
    """
    read = work.common_weight_bytes / work.tensor_parallel
    if np.any(work.expert_weight_bytes):
        share = experts_touched(work.experts, work.experts_per_token, tokens) / work.experts
        read = read + share * work.expert_weight_bytes / work.chips
    return read / (reached_bytes_per_s(chip, constants) * constants.memory_efficiency)


def matmul_seconds_per_token(work: Work, chip: ChipRates, constants: ServingConstants) -> Value:
    """Seconds of matrix multiplication for one token, and of what moves between the products.

    The products are spread over all chips of the replica; experts cut narrow are multiplied the less
    efficiently: at a width of `expert_half_width` half as well. Between products every chip of a rank
    moves the whole token, `element_passes` times a layer.
    """
    common = work.common_flops_per_token / (chip.common_flops_per_s * constants.gemm_efficiency)
    expert = work.expert_flops_per_token / (chip.expert_flops_per_s * constants.expert_gemm_efficiency)
    expert = expert * (1 + constants.expert_half_width / np.maximum(work.expert_width, 1.0))
    moved = constants.element_passes * work.layers * work.hidden_size * ACTIVATION_BYTES / work.data_parallel
    memory_rate = reached_bytes_per_s(chip, constants) * constants.memory_efficiency
    return (common + expert) / work.chips + moved / memory_rate


def exchange_seconds_per_token(work: Work, chip: ChipRates, constants: ServingConstants) -> Value:
    """Seconds per token that the exchange between the chips of a replica takes beyond its latency.

    Between t tensor-parallel chips a ring all-reduce after attention and after the feed-forward, each
    2 (t - 1) / t x hidden x 2 bytes, the ranks side by side; between data-parallel ranks each token goes to
    its experts and back: 2 x experts a token x hidden x 2 bytes a layer with experts, spread over the chips.
    """
    width = work.hidden_size * ACTIVATION_BYTES
    peers = 2 * (work.tensor_parallel - 1) / work.tensor_parallel / work.data_parallel
    reduced = EXCHANGES_PER_LAYER * work.layers * width * peers
    ranks = (work.data_parallel - 1) / work.data_parallel / work.chips
    routed = EXCHANGES_PER_LAYER * work.expert_layers * work.experts_per_token * width * ranks
    return (reduced + routed) / (chip.link_bytes_per_s * constants.link_efficiency)


def prefill_seconds(work: Work, chip: ChipRates, constants: ServingConstants) -> Value:
    """Seconds of a replica's time that one prompt takes when prompts keep coming.

    Matrix multiplication, attention, exchange, and its part of the launches of a batch of prompt tokens
    (`prefill_chunk_tokens` on each rank). The weights' reading is shared with the decode steps it rides on.
    """
    per_token = matmul_seconds_per_token(work, chip, constants)
    per_token = per_token + exchange_seconds_per_token(work, chip, constants)
    attention_rate = work.chips * chip.attention_flops_per_s * constants.attention_efficiency
    chunks = work.prefill_tokens / (constants.prefill_chunk_tokens * work.data_parallel)
    launches = np.minimum(chunks, 1.0) * work.layers * constants.prefill_layer_latency_s
    return work.prefill_tokens * per_token + work.prefill_attention_flops / attention_rate + launches


def first_token_seconds(work: Work, chip: ChipRates, constants: ServingConstants) -> Value:
    """Seconds to the first token on an idle replica: the whole prompt, alone, and the engine's overhead.

    A prompt longer than `prefill_chunk_tokens` on each rank takes several steps, each with its weights and
    launches.
    """
    chunk = constants.prefill_chunk_tokens * work.data_parallel
    steps = np.maximum(np.ceil(work.prefill_tokens / chunk), 1.0)
    part = replace(
        work,
        prefill_tokens=work.prefill_tokens / steps,
        prefill_attention_flops=work.prefill_attention_flops / steps,
    )
    return steps * mixed_step_parts(part, chip, 0.0, constants).total + constants.first_token_s


def pace_of(chip: ChipRates, constants: ServingConstants) -> Value:
    """Fixed times on a chip over those on an H100."""
    return 1 + chip.later * (constants.later_latency_factor - 1)


def launch_seconds(work: Work, chip: ChipRates, constants: ServingConstants) -> Value:
    """Fixed seconds of a step: of each layer, more with experts or conversions; of scheduler and sampler."""
    layer = constants.layer_latency_s + chip.converts * constants.quantized_layer_latency_s
    layers = work.layers * layer + work.expert_layers * constants.expert_layer_latency_s
    return pace_of(chip, constants) * (layers + constants.step_latency_s)


def exchange_latency_seconds(work: Work, chip: ChipRates, constants: ServingConstants) -> Value:
    """Fixed seconds of a step's exchanges between the chips of a replica; none on one chip."""
    several = np.minimum(work.chips - 1, 1.0)
    exchanges = EXCHANGES_PER_LAYER * work.layers * constants.exchange_latency_s * several
    return pace_of(chip, constants) * exchanges


def step_parts(work: Work, chip: ChipRates, batch: Value, constants: ServingConstants) -> StepParts:
    """Seconds of one decode step of `batch` sequences halfway through their answers, by cause."""
    tokens = batch * work.verified_tokens
    sequences = batch / work.data_parallel
    cache_rate = reached_bytes_per_s(chip, constants) * constants.cache_efficiency
    cache = work.cache_read_bytes / np.minimum(work.tensor_parallel, work.cache_shards) / cache_rate
    attention_rate = work.tensor_parallel * chip.attention_flops_per_s * constants.attention_efficiency
    attention = work.decode_attention_flops * work.verified_tokens / attention_rate
    return StepParts(
        weights=weight_read_seconds(work, chip, tokens, constants),
        arithmetic=tokens * matmul_seconds_per_token(work, chip, constants),
        cache=sequences * np.maximum(cache, attention),
        latency=launch_seconds(work, chip, constants)
        + pace_of(chip, constants) * sequences * constants.sequence_latency_s,
        exchange=exchange_latency_seconds(work, chip, constants)
        + tokens * exchange_seconds_per_token(work, chip, constants),
    )


@dataclass(frozen=True, slots=True, eq=False)
class MixedParts:
    """Seconds of one step of a running engine by cause: some prompt tokens, and a token for each answer."""

    weights: Value
    arithmetic: Value
    """Matrix products of the answers' tokens."""
    prompts: Value
    """Matrix products of the prompts' tokens."""
    prompt_attention: Value
    cache: Value
    latency: Value
    exchange: Value

    @property
    def total(self) -> Value:
        """Seconds of the step."""
        answers = self.weights + self.arithmetic + self.cache + self.latency + self.exchange
        return answers + self.prompts + self.prompt_attention


def mixed_step_parts(
    work: Work, chip: ChipRates, batch: Value, constants: ServingConstants, draft_overhead: Value = 0.0
) -> MixedParts:
    """Seconds of one step that works on `work.prefill_tokens` of prompts beside `batch` answers, by cause.

    The same law as `step_parts`, for a step of an engine: without prompts it is that, exactly. Prompts add
    their products, attention and exchange, and launches of their own (kernels of prompts run without a
    captured graph); weights are read once for all tokens of a step. A step of nothing takes no time.

    A pipeline works on as many parts of the answers as it has stages, one in each; its step is a round in
    which each part goes through all stages: the time of a part of the answers through the whole model, and
    of the prompts the stages' share. What a prompt takes beyond, alone in the pipeline, is
    `pipeline_fill_seconds`.
    """
    batch = np.maximum(batch / work.stages, np.minimum(batch, 1.0))
    prompt = work.prefill_tokens / work.stages
    has_prompt, has_batch = np.greater(prompt, 0) * 1.0, np.greater(batch, 0) * 1.0
    runs = np.maximum(has_prompt, has_batch)
    drafted = 1 + has_batch * draft_overhead
    decode = step_parts(work, chip, batch, constants)
    attention = work.prefill_attention_flops / (
        work.stages * work.chips * chip.attention_flops_per_s * constants.attention_efficiency
    )
    weights = weight_read_seconds(work, chip, batch * work.verified_tokens + prompt, constants)
    between = (work.stages - 1) * work.hidden_size * ACTIVATION_BYTES
    between = between / (chip.link_bytes_per_s * constants.link_efficiency)
    moved = prompt * (exchange_seconds_per_token(work, chip, constants) + between)
    moved = moved + batch * work.verified_tokens * between
    moved = moved + runs * (work.stages - 1) * pace_of(chip, constants) * constants.exchange_latency_s
    return MixedParts(
        weights=runs * weights * drafted,
        arithmetic=decode.arithmetic * drafted,
        prompts=prompt * matmul_seconds_per_token(work, chip, constants),
        prompt_attention=attention,
        cache=decode.cache * drafted,
        latency=runs * drafted * decode.latency
        + has_prompt * work.layers * constants.prefill_layer_latency_s / work.stages,
        exchange=runs * drafted * decode.exchange + moved,
    )


def pipeline_fill_seconds(work: Work, chip: ChipRates, constants: ServingConstants) -> tuple[Value, Value]:
    """Seconds of a token, and of a FLOP of attention, that a prompt takes beyond its share of the steps.

    A prompt goes through the stages one by one while other parts of the batch are in the others: it gets the
    time of one stage in a step of the pipeline, and waits for all of them.
    """
    beyond = 1 - 1 / work.stages
    token = matmul_seconds_per_token(work, chip, constants)
    token = token + exchange_seconds_per_token(work, chip, constants)
    flop = 1 / (work.chips * chip.attention_flops_per_s * constants.attention_efficiency)
    return beyond * token, beyond * flop


def decode_seconds_per_token(work: Work, chip: ChipRates, batch: Value, constants: ServingConstants) -> Value:
    """Seconds between two tokens of an answer while nothing but decode steps runs."""
    step = step_parts(work, chip, batch, constants).total
    return step * (1 + work.draft_overhead) / work.tokens_per_step


def seconds_per_output_token(work: Work, chip: ChipRates, batch: Value, constants: ServingConstants) -> Value:
    """Seconds between two tokens of an answer on a replica that keeps `batch` requests running.

    While an answer of n tokens is written, each of the other requests is replaced once, and its prompt is
    processed in between: decode + (batch - 1) x prefill / n. Not where prefill has chips of its own.
    """
    interruption = interruption_seconds_per_token(work, chip, constants)
    return decode_seconds_per_token(work, chip, batch, constants) + np.maximum(batch - 1, 0.0) * interruption


def interruption_seconds_per_token(work: Work, chip: ChipRates, constants: ServingConstants) -> Value:
    """Seconds that each other request's prompt adds to the time between two tokens."""
    return work.prefill_interrupts * prefill_seconds(work, chip, constants) / work.output_tokens


def stored_weight_bytes_per_chip(work: Work) -> Value:
    """Bytes of weights on each chip of a replica."""
    common = (work.common_weight_bytes + work.lookup_weight_bytes) / work.tensor_parallel
    return (common + work.expert_weight_bytes / work.chips) / work.stages


def free_bytes_per_chip(work: Work, chip: ChipRates, constants: ServingConstants) -> Value:
    """Bytes a chip has left for the KV cache; negative where the weights do not fit."""
    usable = chip.memory_bytes * constants.usable_memory_share - constants.runtime_bytes
    return usable - stored_weight_bytes_per_chip(work)


def memory_batch(work: Work, chip: ChipRates, constants: ServingConstants) -> Value:
    """How many requests' caches fit a replica at once, each halfway through its answer on average."""
    return np.maximum(free_bytes_per_chip(work, chip, constants), 0.0) * cache_parts(work) / work.cache_bytes


def cache_parts(work: Work) -> Value:
    """Chips over which the cache of a replica is split, those that repeat it counted once."""
    return np.minimum(work.tensor_parallel, work.cache_shards) * work.data_parallel * work.stages
