"""What a training step keeps in a chip's memory, on the pipeline stage that holds most.

| part | what it is | source |
|---|---|---|
| weights | what layers compute with; sharded from ZeRO-3, which gathers two layers | arXiv:1910.02054 |
| gradients | summed over micro-batches; sharded from ZeRO-2 | arXiv:1910.02054, Megatron Core |
| optimizer | 32-bit master weights and two moments; sharded from ZeRO-1 | arXiv:1910.02054 |
| activations | what the backward pass needs of every micro-batch in flight | arXiv:2205.05198 |
| logits | the output distribution of one micro-batch, on the last stage | arXiv:2205.05198 |
| buffers | context, collectives, the layer being worked on, fragmentation | below |

Activations of one layer and token, in bytes, of a dense 16-bit model of width h: 8 h for the inputs of norms
and of the products behind them (10 h with dropout), 2 for each number between the products of attention and
of the feed-forward, 5 a s for a heads whose scores over s tokens are written to memory: h (34 + 5 a s / h)
for the GPT of arXiv:2205.05198. A routed expert adds the copy of the token it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truecost.physics.training_step.cases import (
    FULL,
    GENERATION_CODES,
    HSDP,
    LEGACY_STACK,
    PRECISION_CODES,
    PRECISIONS,
    QUANTIZED_FROM,
    SELECTIVE,
    STACK_CODES,
    ZERO_1,
    ZERO_2,
    ZERO_3,
    Cases,
    Chips,
)
from truecost.ranges import FloatArray, Value

GIB_PER_GB = 1.024**3
"""Memory is sold by the GB and built by the GiB: an 80 GB chip holds 80 GiB."""
REPORTED_SHARE = 0.99
"""Of that, what the driver offers: PyTorch reports 79.2 GiB of 80 (H100), 178.35 of 180 (B200), 184.3 of 186
(GB200)."""
WEIGHT_BYTES = {"fp16": 2.0, "bf16": 2.0, "fp8": 2.0, "mxfp8": 2.0625, "mxfp4": 3.0625, "nvfp4": 3.125}
"""Bytes of a layer's weight, all copies. Recipes at 8 bits keep no 16-bit copy but the weight twice, by row
and by column (for the backward product); at 4 bits the 16-bit weight stays beside both. As set in Megatron
Bridge, `mixed_precision.py@0509780`: `fp8_param_gather` on, `fp4_param_gather` not supported."""
SAVED_BYTES = {"fp16": 2.0, "bf16": 2.0, "fp8": 1.0, "mxfp8": 1.03125, "mxfp4": 0.53125, "nvfp4": 0.5625}
"""Bytes of a number in a product's input kept for the backward pass, scales included (arXiv:2603.07685)."""
WIDE_BYTES = 2.0
"""Tables, and whatever is not the input of a product."""
GRADIENT_BYTES, SHORT_GRADIENT_BYTES = 4.0, 2.0
"""Gradients are summed in 32 bits, in 16 with FP16 weights and in Megatron's recipes at 8 and 4 bits
(`grad_reduce_in_fp32 = False` in NVIDIA's performance recipes)."""
OPTIMIZER_BYTES = 12.0
"""Master weights and two moments, in 32 bits. The 32-bit copy of 16-bit gradients that Megatron makes for its
step (4 + 16 / d bytes a parameter, not 4 + 12 / d) takes the place of activations, which are gone by then."""
SCORE_BYTES = 5.0
"""Of a score written to memory: softmax, dropout and its mask (arXiv:2205.05198, eq. 1)."""
DOWN_SHARE = 1 / 3
"""Of the numbers in a gated feed-forward, those that go into its last product."""
OPERATION_SHARE = 0.5
"""What remains between products where selective recomputation repeats every second one (torchtitan)."""
GATHERED_LAYERS = 2.0
"""ZeRO-3 computes with one layer while it fetches the next."""
CONTEXT_BYTES, TPU_CONTEXT_BYTES = 0.6e9, 0.27e9
"""CUDA context, kernels and workspaces: what a process takes beside PyTorch's own memory (0.5 GiB); what XLA
reserves (258 MiB); estimates."""
COLLECTIVE_BYTES = 0.4e9
"""Buffers of the communicators of one group, 4 MiB a channel and connection (NCCL_BUFFSIZE); estimate."""
FRAGMENTATION = 0.05
"""Of activations and logits, for temporaries: Megatron-LM, `theoretical_memory_usage.py@00caa53`."""

_LOGIT_BYTES = {"megatron": 6.0, "megatron-deepspeed": 6.0, "fsdp": 6.0, "torchtitan": 10.0, "maxtext": 4.0}
"""Bytes of a logit: 16 bits out of the head, 32 for the loss; PyTorch's own loss keeps its result as well,
XLA fuses the widening into the loss and keeps 16 bits of its gradient."""


def _by_code(values: dict[str, float], codes: dict[str, int], missing: float) -> FloatArray:
    return np.array([values.get(name, missing) for name in codes])


_WEIGHT = np.array([WEIGHT_BYTES[name] for name in PRECISIONS])
_SAVED = np.array([SAVED_BYTES[name] for name in PRECISIONS])
_LOGIT = _by_code(_LOGIT_BYTES, STACK_CODES, 6.0)
_FROM_MASTER = _by_code({"fsdp": 1.0, "torchtitan": 1.0, "maxtext": 1.0}, STACK_CODES, 0.0)
"""Stacks that shard 32-bit weights alone and gather 16 bits of them; they also recompute by operation."""
_SPREADS_ALL = _by_code({"maxtext": 1.0}, STACK_CODES, 0.0)
"""Stacks in which tensor parallelism always cuts what passes between layers, with or without the name."""
_RECIPES_SUM_SHORT = _by_code({"megatron": 1.0, LEGACY_STACK: 1.0}, STACK_CODES, 0.0)
_TPU = GENERATION_CODES["tpu"]


@dataclass(frozen=True, slots=True, eq=False)
class MemoryParts:
    """Bytes on one chip of the fullest pipeline stage, by what they hold."""

    weights: Value
    gradients: Value
    optimizer: Value
    activations: Value
    logits: Value
    buffers: Value

    @property
    def total(self) -> Value:
        """All of it, in bytes."""
        states = self.weights + self.gradients + self.optimizer
        return states + self.activations + self.logits + self.buffers


def usable_bytes(chips: Chips) -> Value:
    """Bytes a process may fill: what the driver reports of the memory as marketed."""
    return chips.memory_bytes * (GIB_PER_GB * REPORTED_SHARE)


def memory_parts(cases: Cases) -> MemoryParts:
    """Bytes per chip by part, on the pipeline stage that holds most.

    That is an early stage, which has most micro-batches in flight, or the last, which has the head. Where
    layers do not divide evenly, the first and the last stage hold fewer than the others.
    """
    layout, model = cases.layout, cases.model
    stages = layout.pipeline
    most = np.ceil(model.layers / stages)
    is_uneven = most * stages - model.layers >= 2
    table = model.vocabulary * model.hidden
    whole = np.where(np.equal(stages, 1), model.table_parameters, np.where(is_uneven, 0.0, table))
    early = _stage(
        cases, most, whole, _in_flight(cases, np.where(is_uneven, 1.0, 0.0)), 1.0 * np.equal(stages, 1)
    )
    fewest = np.maximum(model.layers - most * (stages - 1) + is_uneven, 0.0)
    last = _stage(cases, fewest, table, _in_flight(cases, stages - 1), 1.0)
    is_last = (stages > 1) & (last.total > early.total)
    return MemoryParts(
        weights=np.where(is_last, last.weights, early.weights),
        gradients=np.where(is_last, last.gradients, early.gradients),
        optimizer=np.where(is_last, last.optimizer, early.optimizer),
        activations=np.where(is_last, last.activations, early.activations),
        logits=np.where(is_last, last.logits, early.logits),
        buffers=np.where(is_last, last.buffers, early.buffers),
    )


def _in_flight(cases: Cases, stage: Value) -> Value:
    """Micro-batches whose activations a stage holds at once; arXiv:2205.05198, section 4.2.3.

    One forward, one backward: as many as there are stages behind. Interleaved, a stage runs chunks ahead of
    its first backward pass: with p stages of v chunks, 1 + (p - 1) / (p v) times p on the first stage.
    """
    layout = cases.layout
    behind = layout.pipeline - 1 - stage
    chunks = 2 * behind + (layout.virtual - 1) * layout.pipeline + 1
    held = np.where(layout.virtual > 1, chunks / layout.virtual, behind + 1)
    return np.minimum(held, np.maximum(layout.micro_batches, 1.0))


def _stage(cases: Cases, layers: Value, tables: Value, in_flight: Value, head: Value) -> MemoryParts:
    """One stage: its layers, its parameters in tables, its micro-batches in flight, 1 where it has the head.

    Gradients of one layer's activations, and the layer itself where it was computed again, are held for a
    moment, when the logits are gone.
    """
    weights, gradients, optimizer = _model_states(cases, layers, tables)
    tokens = cases.layout.micro_batch * cases.layout.sequence / cases.layout.context
    layer, kept = _layer_activations(cases)
    activations = kept * tokens * layers * in_flight
    vocabulary = cases.model.vocabulary / cases.layout.tensor
    logits = head * tokens * vocabulary * _LOGIT[_codes(cases.layout.stack)]
    passing = layer * tokens * np.where(cases.layout.recompute == FULL, 2.0, 1.0)
    return MemoryParts(
        weights=weights,
        gradients=gradients,
        optimizer=optimizer,
        activations=activations,
        logits=logits,
        buffers=_fixed_bytes(cases)
        + np.maximum(passing - logits, 0.0)
        + FRAGMENTATION * (activations + logits),
    )


def _model_states(cases: Cases, layers: Value, tables: Value) -> tuple[Value, Value, Value]:
    """Bytes of weights, gradients and optimizer of one stage.

    With a pipeline, every micro-batch needs all of a stage's weights and adds to all of its gradients:
    neither is sharded between micro-batches, whatever the stage of ZeRO (as torchtitan does). Frozen weights
    have neither gradients nor optimizer states, no 32-bit master to be sharded in their stead, and at 8 bits
    no second copy by column (`disable_parameter_transpose_cache`, mlcommons/training_results_v4.0).
    """
    model, layout = cases.model, cases.layout
    spread = np.maximum(layout.expert, layout.tensor)
    routed_layer = model.routed_parameters / np.maximum(model.moe_layers, 1.0) / spread
    dense = (model.parameters - model.routed_parameters - model.table_parameters) / layout.tensor
    dense = dense * (layers / model.layers)
    table = tables / layout.tensor
    routed = routed_layer * np.minimum(layers, model.moe_layers)
    group, expert_group = _shard_groups(cases, spread)
    held, owned = dense + table + routed, (dense + table) / group + routed / expert_group
    precision, stack = _codes(layout.precision), _codes(layout.stack)
    learning = layout.weight_gradients
    each = _gradient_bytes(precision, stack) * learning
    kept = np.where(learning < 1, _SAVED[precision], _WEIGHT[precision])
    stored = np.where(layout.frozen_bytes > 0, layout.frozen_bytes, kept)
    full = stored * (dense + routed) + WIDE_BYTES * table
    layer = (dense + routed) / np.maximum(layers, 1.0)
    alone = np.less_equal(layout.pipeline, 1)
    frozen_shards = np.where(learning < 1, full * (owned / held), 0.0)
    shards = np.where(_FROM_MASTER[stack] > 0, frozen_shards, full * (owned / held))
    gathered = np.where(alone, np.minimum(full, WIDE_BYTES * (GATHERED_LAYERS * layer + table)), full)
    weights = np.where(
        layout.sharding >= ZERO_3, np.maximum(shards, np.minimum(shards + gathered, full)), full
    )
    unpacked = np.where(layout.frozen_bytes > 0, WIDE_BYTES * layer, 0.0)
    scattered = np.minimum(each * owned + WIDE_BYTES * learning * np.maximum(layer, table), each * held)
    gradients = np.where((layout.sharding >= ZERO_2) & alone, scattered, each * held)
    optimizer = OPTIMIZER_BYTES * learning * np.where(layout.sharding >= ZERO_1, owned, held)
    return weights + unpacked, gradients, optimizer


def _gradient_bytes(precision: NDArray[np.intp], stack: NDArray[np.intp]) -> Value:
    is_recipe = (_RECIPES_SUM_SHORT[stack] > 0) & (precision >= QUANTIZED_FROM)
    is_short = (precision == PRECISION_CODES["fp16"]) | is_recipe
    return np.where(is_short, SHORT_GRADIENT_BYTES, GRADIENT_BYTES)


def _shard_groups(cases: Cases, spread: Value) -> tuple[Value, Value]:
    """Chips that share the states of dense parameters, and of routed experts held by `spread` chips.

    Hybrid sharding keeps both inside a node.
    """
    layout = cases.layout
    replicas = layout.data * layout.context
    expert_replicas = np.maximum(replicas * layout.tensor / spread, 1.0)
    is_hybrid = layout.sharding == HSDP
    node = np.clip(np.floor_divide(cases.chips.per_node, layout.tensor), 1, replicas)
    expert_node = np.clip(np.floor_divide(cases.chips.per_node, spread), 1, expert_replicas)
    return np.where(is_hybrid, node, replicas), np.where(is_hybrid, expert_node, expert_replicas)


def _layer_activations(cases: Cases) -> tuple[Value, Value]:
    """Bytes of one token in the mean layer on one chip: all there are, and those kept for the backward pass.

    Selective recomputation in Megatron drops scores that were written to memory; with fused attention, where
    that frees nothing, the modules that are cheap to repeat: norms and the expansion of latents. PyTorch and
    JAX drop every second product's output and what lies between products.
    """
    model, layout = cases.model, cases.layout
    stack = _codes(layout.stack)
    spread = np.where((layout.sequence_parallel > 0) | (_SPREADS_ALL[stack] > 0), layout.tensor, 1.0)
    saved = _SAVED[_codes(layout.precision)]
    entry = WIDE_BYTES * model.hidden
    is_unfused = layout.unfused > 0
    norms = 2 * entry / spread
    inputs = (2 * saved * model.hidden + entry * is_unfused) / spread
    down = WIDE_BYTES + DOWN_SHARE * (saved - WIDE_BYTES)
    inner = WIDE_BYTES * model.mixer_elements + saved * model.routed_hidden
    inner = inner + down * (model.feed_forward_elements + model.routed_elements)
    inner = inner / (model.layers * layout.tensor)
    scores = (
        SCORE_BYTES * layout.unfused * layout.sequence * model.score_heads / (model.layers * layout.tensor)
    )
    expanded = WIDE_BYTES * model.expanded_elements / (model.layers * layout.tensor)
    by_operation = 2 * entry / spread + OPERATION_SHARE * inner
    by_module = norms + np.where(is_unfused, inputs, 0.0) + inner - expanded
    selective = np.where(_FROM_MASTER[stack] > 0, by_operation, by_module)
    everything = norms + inputs + inner + scores
    kept = np.where(layout.recompute == SELECTIVE, selective, everything)
    return everything, np.where(layout.recompute == FULL, entry / spread, kept)


def _fixed_bytes(cases: Cases) -> Value:
    layout = cases.layout
    context = np.where(np.equal(cases.chips.generation, _TPU), TPU_CONTEXT_BYTES, CONTEXT_BYTES)
    sizes = (layout.tensor, layout.pipeline, layout.context, layout.expert, layout.data)
    return context + COLLECTIVE_BYTES * sum(1.0 * np.greater(size, 1) for size in sizes)


def _codes(value: Value) -> NDArray[np.intp]:
    return np.asarray(value).astype(np.intp)
