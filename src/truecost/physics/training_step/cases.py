"""What a training step is asked about: a chip, a layout over the cluster, a batch, the software that runs it.

Every field is a number or an array with one entry a case, so one law answers for one run, a sweep over many
models and chips, and a search over a hundred thousand layouts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from truecost.physics.training_step.model_work import ModelWork
from truecost.ranges import Value

STACKS = ("megatron", "megatron-deepspeed", "fsdp", "torchtitan", "maxtext", "nanotron")
"""The software that runs the step: what it fuses, overlaps and launches differs."""
LEGACY_STACK = "megatron-unfused"
"""Megatron before fused attention (2021-2022): taken where `megatron` runs with unfused attention."""
STACK_CODES = {name: code for code, name in enumerate((*STACKS, LEGACY_STACK))}
PRECISIONS = ("fp16", "bf16", "fp8", "mxfp8", "mxfp4", "nvfp4")
PRECISION_CODES = {name: code for code, name in enumerate(PRECISIONS)}
QUANTIZED_FROM, FOUR_BITS_FROM = PRECISION_CODES["fp8"], PRECISION_CODES["mxfp4"]
MULTIPLIED_IN = {"fp16": "fp16", "bf16": "bf16", "fp8": "fp8", "mxfp8": "fp8", "mxfp4": "fp4", "nvfp4": "fp4"}
"""The matrix units of a chip that multiply a precision."""
SHARDINGS = ("zero-0", "zero-1", "zero-2", "zero-3", "hsdp")
SHARDING_CODES = {name: code for code, name in enumerate(SHARDINGS)}
ZERO_1, ZERO_2, ZERO_3, HSDP = 1, 2, 3, 4
RECOMPUTES = ("none", "selective", "full")
RECOMPUTE_CODES = {name: code for code, name in enumerate(RECOMPUTES)}
SELECTIVE, FULL = 1, 2
GENERATIONS = ("ampere", "hopper", "blackwell", "blackwell-ultra", "tpu", "cdna", "other")
GENERATION_CODES = {name: code for code, name in enumerate(GENERATIONS)}


@dataclass(frozen=True, slots=True, eq=False)
class Chips:
    """What the datasheet says of the chips, and how they are joined."""

    peak_flops: Value
    """Dense, at the precision layers are multiplied in; FLOP/s."""
    wide_peak_flops: Value
    """Dense, at 16 bits: attention and the head; FLOP/s."""
    memory_bytes: Value
    memory_bytes_per_s: Value
    link_bytes_per_s: Value
    """To the chips of the same node, one direction."""
    network_bytes_per_s: Value
    """To other nodes, one direction, a chip's share."""
    per_node: Value
    """Chips joined by the fast link."""
    power_w: Value
    """The power the chip may draw."""
    rated_power_w: Value
    generation: Value
    """Index into GENERATIONS."""
    chip: Value
    """Place of the chip in the shipped catalog; -1 for one of a user's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How a step is spread over the chips, and what a chip keeps."""

    tensor: Value
    pipeline: Value
    virtual: Value
    """Chunks of layers a pipeline stage holds; 1 is not interleaved."""
    context: Value
    expert: Value
    data: Value
    sharding: Value
    """Index into SHARDINGS."""
    sequence_parallel: Value
    global_batch: Value
    """Sequences."""
    micro_batch: Value
    """Sequences a group of chips works on at once."""
    sequence: Value
    """Tokens of a sequence."""
    recompute: Value
    """Index into RECOMPUTES."""
    unfused: Value
    """1 where attention writes its scores to memory."""
    precision: Value
    """Index into PRECISIONS."""
    stack: Value
    """Index into STACK_CODES."""
    weight_gradients: Value = 1.0
    """Share of the parameters that learn; below 1 the others are frozen and small adapters learn beside
    them."""
    adapter_elements: Value = 0.0
    """Numbers of a token that go into and come out of the matrices that have an adapter, over all layers."""
    frozen_bytes: Value = 0.0
    """Bytes of a frozen weight that is stored in fewer bits than it is multiplied in; 0 where it is not."""

    @property
    def chips(self) -> Value:
        """Chips the layout takes."""
        return self.tensor * self.pipeline * self.context * self.data

    @property
    def micro_batches(self) -> Value:
        """Micro-batches a pipeline works off in one step."""
        return self.global_batch / (self.data * self.micro_batch)


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Training steps to be answered for."""

    model: ModelWork
    attention_flops: Value
    """Forward FLOP of attention (or state updates) for one token, over all layers, causal."""
    chips: Chips
    layout: Layout

    def where(self, chosen: NDArray[np.bool_] | slice) -> Cases:
        """The chosen cases, in a stack of cases that are all arrays."""
        return Cases(
            _chosen(self.model, chosen),
            np.asarray(self.attention_flops)[chosen],
            _chosen(self.chips, chosen),
            _chosen(self.layout, chosen),
        )


_Part = TypeVar("_Part", ModelWork, Chips, Layout)


def _chosen(part: _Part, chosen: NDArray[np.bool_] | slice) -> _Part:
    values = {field.name: np.asarray(getattr(part, field.name))[chosen] for field in fields(part)}
    return replace(part, **values)
