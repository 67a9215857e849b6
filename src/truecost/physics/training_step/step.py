"""How long a training step takes, and where its time goes.

One micro-batch passes forward and backward through the layers a chip holds; a pipeline works off all of them,
fills and drains once; then gradients are summed and the weights updated. Every part is a time from shapes and
rates; what overlaps depends on the software. Sources: Narayanan et al. (arXiv:2104.04473) for pipelines,
Korthikanti et al. (arXiv:2205.05198) for sequence parallelism and recomputation, Rajbhandari et al.
(arXiv:1910.02054) for sharding, Dao (arXiv:2307.08691) for fused attention.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from truecost.physics.training_step.cases import (
    FULL,
    HSDP,
    QUANTIZED_FROM,
    SELECTIVE,
    STACK_CODES,
    ZERO_1,
    ZERO_3,
    Cases,
)
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.links import exchange_seconds, group_rate, ring_seconds
from truecost.physics.training_step.matrices import BYTES_16, product_seconds, soft_maximum
from truecost.ranges import Value

BACKWARD = 2.0
"""A product takes two backward: towards its inputs and towards its weights."""
FORWARD_AND_INPUTS = 2.0
"""What a product with frozen weights takes: forward, and backward towards its inputs."""
ADAPTER_PASSES = 4.0
"""Reads and writes of each number that an adapter of low rank takes in or adds to (arXiv:2106.09685): its
products are too thin to be bound by arithmetic. Forward it reads its input and adds to the output (3),
backward it reads the output's gradient twice, reads the input again and adds to its gradient (5)."""
DEQUANTIZED = 2.0
"""Passes that unpack frozen weights stored in fewer bits: forward and backward (arXiv:2305.14314)."""
FUSED_BACKWARD = 2.5
"""Fused attention computes its scores again: five products against two (arXiv:2307.08691)."""
FORWARD_SHARE = 1 / 3
"""Of traffic and communication that is counted for both directions at once."""
HIDDEN_PASSES = 20.0
"""Hidden-sized reads and writes of a layer, both directions: two norms, two residual additions."""
MIXER_PASSES = 4.0
FEED_FORWARD_PASSES = 2.5
"""Reads and writes of each number that passes between two products, both directions."""
GRADIENT_BYTES = 4.0
HEAD_LAUNCH_LAYERS = 2.0
"""Kernels of embedding, head and loss, in layers' worth of launching."""
TENSOR_GROUP = 8.0
"""The tensor-parallel group `tensor_launch_s` is stated for: the more ranks must meet, the later the last."""


@dataclass(frozen=True, slots=True, eq=False)
class StepParts:
    """Seconds of one step, by what they go into; they add up to `total`."""

    matrices: Value
    experts: Value
    attention: Value
    elementwise: Value
    conversion: Value
    recompute: Value
    head: Value
    tensor_exchange: Value
    context_exchange: Value
    expert_exchange: Value
    sharded_exchange: Value
    launch: Value
    bubble: Value
    imbalance: Value
    pipeline_exchange: Value
    data_exchange: Value
    optimizer: Value
    other: Value

    @property
    def total(self) -> Value:
        """The step, in seconds."""
        return sum((getattr(self, field.name) for field in fields(self)), 0.0)


def step_parts(cases: Cases, constants: StepConstants) -> StepParts:
    """Where the time of a training step goes, for every case."""
    micro = _micro_batch(cases, constants)
    layout = cases.layout
    stages, batches = layout.pipeline, layout.micro_batches
    layers = micro.launched / cases.model.layers
    mean = (micro.launched + micro.head) / stages
    longest = _longest_stage(cases, layers, micro.head)
    sends = _pipeline_sends(cases, constants)
    share = batches / stages
    data, optimizer = _after_backward(cases, constants, mean)
    return StepParts(
        matrices=share * micro.matrices,
        experts=share * micro.experts,
        attention=share * micro.attention,
        elementwise=share * micro.elementwise,
        conversion=share * micro.conversion,
        recompute=share * micro.recompute,
        head=share * micro.head,
        tensor_exchange=share * micro.tensor_exchange,
        context_exchange=share * micro.context_exchange,
        expert_exchange=share * micro.expert_exchange,
        sharded_exchange=share * micro.sharded_exchange,
        launch=share * (micro.launched - micro.busy),
        bubble=(stages - 1) / layout.virtual * mean,
        pipeline_exchange=np.where(stages > 1, (batches + stages) * sends, 0.0),
        imbalance=batches * constants.head_imbalance * np.maximum(longest - mean, 0.0),
        data_exchange=data,
        optimizer=optimizer,
        other=constants.step_s + 0.0 * mean,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _MicroBatch:
    """Seconds of one micro-batch over all layers of the model, forward and backward."""

    matrices: Value
    experts: Value
    attention: Value
    elementwise: Value
    conversion: Value
    recompute: Value
    tensor_exchange: Value
    context_exchange: Value
    expert_exchange: Value
    sharded_exchange: Value
    gaps: Value
    """Starts and ends of kernels, in which the chip does nothing however large they are."""
    forward: Value
    """What of all this the forward pass takes."""
    launch_forward: Value
    launch_backward: Value
    """What the host takes to launch the kernels of either pass."""
    head: Value

    @property
    def busy(self) -> Value:
        """What the chip is busy with in the layers."""
        return (
            self.matrices + self.experts + self.attention + self.elementwise + self.conversion
            + self.recompute + self.tensor_exchange + self.context_exchange + self.expert_exchange
            + self.sharded_exchange
        )  # fmt: skip

    @property
    def launched(self) -> Value:
        """The same where the host cannot launch kernels as fast as the chip works them off."""
        backward = soft_maximum(self.busy - self.forward, self.launch_backward)
        return soft_maximum(self.forward, self.launch_forward) + backward + self.gaps


def _micro_batch(cases: Cases, constants: StepConstants) -> _MicroBatch:
    model, layout, chips = cases.model, cases.layout, cases.chips
    tokens = layout.micro_batch * layout.sequence / layout.context
    memory = chips.memory_bytes_per_s * constants.memory_efficiency
    products = product_seconds(cases, constants)
    attention, attention_backward = _attention(cases, constants, tokens)
    elementwise = _element_bytes(cases, constants, tokens) / memory
    quantized = np.greater_equal(layout.precision, QUANTIZED_FROM)
    learning = layout.weight_gradients
    passes = FORWARD_AND_INPUTS + learning
    cast = constants.cast_bytes * (1 + learning) / 2 * products.cast_elements / memory
    conversion = np.where(quantized, cast, 0.0) + _unpacking(cases, memory)
    accumulated = constants.accumulation_bytes * _held_parameters(cases) * layout.pipeline / memory * learning
    exchange = _tensor_exchange(cases, constants, tokens)
    again = _recompute(
        cases,
        constants,
        products.layers + products.experts + FORWARD_SHARE * (elementwise + exchange),
        attention,
    )
    compute = accumulated + passes * (products.layers + products.experts) + elementwise
    compute = compute + attention + attention_backward
    launch = _launch_floor(cases, constants)
    logits = constants.logit_bytes * tokens * model.vocabulary / layout.tensor / memory
    return _MicroBatch(
        matrices=passes * products.layers + accumulated,
        experts=passes * products.experts + _expert_gaps(cases, constants),
        attention=attention + attention_backward,
        elementwise=elementwise,
        conversion=conversion,
        recompute=again,
        tensor_exchange=exchange,
        context_exchange=_context_exchange(cases, constants, tokens, attention + attention_backward),
        expert_exchange=_expert_exchange(cases, constants, tokens),
        sharded_exchange=_sharded_exchange(cases, constants, compute + again),
        forward=products.layers + products.experts + attention + FORWARD_SHARE * elementwise + exchange / 2,
        gaps=constants.launch_gap_share * launch,
        launch_forward=constants.launch_forward_share * launch,
        launch_backward=(1 - constants.launch_forward_share) * launch
        + np.where(layout.recompute == FULL, constants.launch_forward_share * launch, 0.0),
        head=soft_maximum(
            passes * products.head + logits,
            HEAD_LAUNCH_LAYERS * constants.by_stack(constants.launch_s, cases),
        ),
    )


def _attention(cases: Cases, constants: StepConstants, tokens: Value) -> tuple[Value, Value]:
    """Forward and backward seconds of scores and weighted values."""
    model, layout, chips = cases.model, cases.layout, cases.chips
    chunk = np.where(layout.context > 1, layout.sequence / (2 * layout.context), layout.sequence)
    reached = constants.flash_efficiency(cases) * chunk / (chunk + constants.attention_chunk_tokens)
    flops = cases.attention_flops * tokens / layout.tensor
    fused = flops / (chips.wide_peak_flops * reached)
    scores = model.score_heads * layout.sequence * tokens / layout.tensor
    traffic = constants.unfused_bytes * scores / (chips.memory_bytes_per_s * constants.memory_efficiency)
    products = 2 * flops / (chips.wide_peak_flops * constants.wide_matrix_efficiency(cases))
    forward = np.where(layout.unfused > 0, products + FORWARD_SHARE * traffic, fused)
    backward = np.where(
        layout.unfused > 0, BACKWARD * products + (1 - FORWARD_SHARE) * traffic, FUSED_BACKWARD * fused
    )
    return forward, backward


def _element_bytes(cases: Cases, constants: StepConstants, tokens: Value) -> Value:
    """Bytes read and written between the products of all layers, both directions."""
    model, layout = cases.model, cases.layout
    spread = np.where(layout.sequence_parallel > 0, layout.tensor, 1.0)
    whole = HIDDEN_PASSES * model.hidden * model.layers / spread
    split = MIXER_PASSES * model.mixer_elements + FEED_FORWARD_PASSES * (
        model.feed_forward_elements + model.routed_elements
    )
    passes = constants.by_stack(constants.element_passes, cases)
    routing = constants.routing_bytes * model.routed_hidden / layout.tensor
    adapters = BYTES_16 * ADAPTER_PASSES * layout.adapter_elements / layout.tensor
    return tokens * (BYTES_16 * passes * (whole + split / layout.tensor) + routing + adapters)


def _unpacking(cases: Cases, memory: Value) -> Value:
    """Seconds of widening frozen weights to 16 bits, for each pass over them."""
    layout = cases.layout
    passes = DEQUANTIZED + np.where(layout.recompute == FULL, 1.0, 0.0)
    moved = (layout.frozen_bytes + BYTES_16) * _held_parameters(cases) * layout.pipeline
    return np.where(layout.frozen_bytes > 0, passes * moved / memory, 0.0)


def _recompute(cases: Cases, constants: StepConstants, layers: Value, attention: Value) -> Value:
    """Seconds of forward work done again in the backward pass."""
    layout = cases.layout
    by_layer = np.isin(layout.stack, _BY_OPERATION)
    selective = np.where(by_layer, constants.selective_share * (layers + attention), attention)
    return np.where(
        layout.recompute == FULL, layers + attention, np.where(layout.recompute == SELECTIVE, selective, 0.0)
    )


_BY_OPERATION = [STACK_CODES[name] for name in ("fsdp", "torchtitan", "maxtext")]
"""Stacks whose selective recomputation drops some products as well; Megatron's drops the attention core."""


def _tensor_exchange(cases: Cases, constants: StepConstants, tokens: Value) -> Value:
    """Exposed seconds of tensor parallelism: two all-reduces forward and two backward in a layer."""
    model, layout = cases.model, cases.layout
    rate = group_rate(cases, constants, layout.tensor, 1.0)
    size = BYTES_16 * tokens * model.hidden
    blocks = 2 * model.layers - np.where(layout.expert > 1, model.moe_layers, 0.0)
    exposed = (
        constants.by_stack(constants.tensor_exposed, cases) * 2 * ring_seconds(size, layout.tensor, rate)
    )
    each = exposed + constants.by_stack(constants.tensor_latency_s, cases)
    return np.where(layout.tensor > 1, 2 * blocks * each, 0.0)


def _context_exchange(cases: Cases, constants: StepConstants, tokens: Value, attention: Value) -> Value:
    """Exposed seconds of passing keys and values around a ring: once forward, twice backward."""
    model, layout = cases.model, cases.layout
    rate = group_rate(cases, constants, layout.context, layout.tensor)
    size = BYTES_16 * tokens * model.key_value_elements / layout.tensor
    hops = layout.context - 1
    passing = 3 * hops * (size / rate + model.layers * constants.collective_latency_s)
    exposed = constants.context_exposed * passing + np.maximum(
        (1 - constants.context_exposed) * passing - attention, 0.0
    )
    return np.where(layout.context > 1, exposed, 0.0)


def _expert_exchange(cases: Cases, constants: StepConstants, tokens: Value) -> Value:
    """Exposed seconds of sending tokens to their experts and back, both directions."""
    model, layout = cases.model, cases.layout
    size = BYTES_16 * tokens * model.routed_hidden / layout.tensor
    sending = 4 * exchange_seconds(cases, constants, size, layout.expert)
    return np.where(layout.expert > 1, constants.expert_exposed * sending, 0.0)


def _sharded_exchange(cases: Cases, constants: StepConstants, compute: Value) -> Value:
    """Exposed seconds of gathering sharded weights twice and scattering gradients once a micro-batch.

    Frozen weights have no gradients to scatter, and travel in the bits they are stored in.
    """
    layout = cases.layout
    inside = layout.tensor * layout.context
    group = np.where(layout.sharding == HSDP, _node_share(cases), layout.data)
    stored = np.where(layout.frozen_bytes > 0, layout.frozen_bytes, BYTES_16)
    size = stored * _held_parameters(cases) * layout.pipeline
    rate = group_rate(cases, constants, group, inside)
    passing = (FORWARD_AND_INPUTS + layout.weight_gradients) * (
        ring_seconds(size, group, rate) + cases.model.layers * constants.collective_latency_s
    )
    share = constants.by_stack(constants.sharded_exposed, cases)
    exposed = share * passing + np.maximum((1 - share) * passing - compute, 0.0)
    return np.where((layout.sharding >= ZERO_3) & (group > 1), exposed, 0.0)


def _node_share(cases: Cases) -> Value:
    """Data-parallel ranks of one node: the group hybrid sharding keeps a copy of the weights in."""
    layout = cases.layout
    return np.clip(np.floor_divide(cases.chips.per_node, layout.tensor * layout.context), 1, layout.data)


def _launch_floor(cases: Cases, constants: StepConstants) -> Value:
    """Seconds the host takes to launch the kernels of one micro-batch, all layers."""
    model, layout = cases.model, cases.layout
    meeting = np.where(layout.tensor > 1, (layout.tensor / TENSOR_GROUP) ** 2, 0.0)
    layer = constants.by_stack(constants.launch_s, cases) + constants.tensor_launch_s * meeting
    return model.layers * layer


def _expert_gaps(cases: Cases, constants: StepConstants) -> Value:
    """Seconds the chip idles between the products of one expert and the next."""
    model = cases.model
    local = np.maximum(1.0, model.experts.max(axis=-1) / cases.layout.expert)
    return model.moe_layers * constants.expert_launch_s * local


def _longest_stage(cases: Cases, layer: Value, head: Value) -> Value:
    """Seconds of the pipeline stage that takes longest for one micro-batch.

    Layers that divide evenly leave the head on top of the last stage's share; where they do not, the last
    stage is the one that holds fewer.
    """
    stages, layers = cases.layout.pipeline, cases.model.layers
    most = np.ceil(layers / stages)
    final = np.maximum(layers - most * (stages - 1), 0.0) * layer + head
    return np.maximum(most * layer, final)


def _pipeline_sends(cases: Cases, constants: StepConstants) -> Value:
    """Seconds a micro-batch's activations and gradients take from a stage to the next."""
    model, layout = cases.model, cases.layout
    inside = layout.tensor * layout.context * layout.data
    rate = group_rate(cases, constants, layout.pipeline, inside)
    tokens = layout.micro_batch * layout.sequence / layout.context
    split = np.where(layout.sequence_parallel > 0, layout.tensor, 1.0)
    return 2 * layout.virtual * BYTES_16 * tokens * model.hidden / split / rate


def _held_parameters(cases: Cases) -> Value:
    """Parameters a chip computes with, averaged over pipeline stages."""
    model, layout = cases.model, cases.layout
    dense = (model.parameters - model.routed_parameters) / layout.tensor
    return (dense + model.routed_parameters / np.maximum(layout.expert, layout.tensor)) / layout.pipeline


def _after_backward(cases: Cases, constants: StepConstants, micro_batch: Value) -> tuple[Value, Value]:
    """Exposed seconds of summing gradients over the data-parallel group, and of the optimizer."""
    layout, chips = cases.layout, cases.chips
    held = _held_parameters(cases) * layout.weight_gradients
    group = layout.data * layout.context
    inside = np.where(layout.sharding == HSDP, layout.tensor * _node_share(cases), layout.tensor)
    group = np.where(layout.sharding == HSDP, np.maximum(group / _node_share(cases), 1.0), group)
    size = np.where(layout.sharding == HSDP, held / _node_share(cases), held)
    rate = group_rate(cases, constants, group, inside)
    passing = ring_seconds((GRADIENT_BYTES + BYTES_16) * size, group, rate)
    exposed = constants.data_exposed * passing + np.maximum(
        (1 - constants.data_exposed) * passing - micro_batch, 0.0
    )
    exposed = np.where((layout.sharding == ZERO_3) | (group <= 1), 0.0, exposed)
    owned = np.where(layout.sharding >= ZERO_1, held / (layout.data * layout.context), held)
    memory = chips.memory_bytes_per_s * constants.memory_efficiency
    return exposed, constants.optimizer_bytes * owned / memory
