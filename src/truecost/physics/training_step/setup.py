"""One training step in the words of a user, and many of them as the arrays the law works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import TypeVar

import numpy as np

from truecost.catalog.accelerators import Accelerator, load_accelerators
from truecost.catalog.architectures import Architecture
from truecost.catalog.facts import Fact
from truecost.physics.flops import mean_forward_flops_per_token
from truecost.physics.training_step.cases import (
    GENERATION_CODES,
    LEGACY_STACK,
    MULTIPLIED_IN,
    PRECISION_CODES,
    RECOMPUTE_CODES,
    SHARDING_CODES,
    STACK_CODES,
    Cases,
    Chips,
    Layout,
)
from truecost.physics.training_step.constants import REFERENCE_W_PER_FLOPS
from truecost.physics.training_step.model_work import model_work, stacked
from truecost.ranges import Range

DIRECTIONS = 2.0
"""Datasheets add up both directions of the fast link."""
BITS = 8.0


@dataclass(frozen=True, slots=True)
class Setup:
    """A model on a cluster, a layout and a batch: everything a step depends on.

    Rates left at None are the accelerator's own. `inter_node_bytes_per_s` is per chip and direction,
    `per_node` the chips joined by the fast link.
    """

    architecture: Architecture
    accelerator: Accelerator
    count: int
    global_batch_size: int
    micro_batch_size: int
    sequence_length: int
    per_node: int | None = None
    inter_node_bytes_per_s: float | None = None
    precision: str = "bf16"
    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = 1
    virtual_pipeline_size: int = 1
    context_parallel_size: int = 1
    expert_parallel_size: int = 1
    sharding: str = "zero-1"
    sequence_parallel: bool = False
    recompute: str = "none"
    attention: str = "flash"
    stack: str = "megatron"
    power_cap_w: float | None = None
    weight_gradients: float = 1.0
    """Share of the parameters that learn (`training_step.adapters`)."""
    adapter_elements: float = 0.0
    frozen_bytes: float = 0.0

    @property
    def data_parallel_size(self) -> int:
        """Copies of the model (or of its shards) that work on different sequences."""
        return self.count // (
            self.tensor_parallel_size * self.pipeline_parallel_size * self.context_parallel_size
        )


def stack_setups(setups: Sequence[Setup]) -> Cases:
    """The setups as one stack of cases."""
    return Cases(
        model=stacked([model_work(setup.architecture) for setup in setups]),
        attention_flops=np.array([attention_flops(setup) for setup in setups]),
        chips=_columns(Chips, [chips(setup) for setup in setups]),
        layout=_columns(Layout, [layout(setup) for setup in setups]),
    )


def attention_flops(setup: Setup) -> float:
    """Forward FLOP of one token in attention (or state updates), all layers, averaged over the sequence."""
    forward = mean_forward_flops_per_token(setup.architecture, setup.sequence_length)
    return float(forward) - 2.0 * setup.architecture.active_parameters


def chips(setup: Setup) -> Chips:
    """What the datasheet says of the chips of a setup. ValueError where it lacks the precision."""
    chip = setup.accelerator
    wide = chip.dense_peak("fp16" if setup.precision == "fp16" else "bf16")
    rated = _value(chip.tdp_w, REFERENCE_W_PER_FLOPS * wide)
    link = _value(chip.scale_up_bytes_per_s, 0.0) / DIRECTIONS
    network = setup.inter_node_bytes_per_s or _value(chip.scale_out_bits_per_s, 0.0) / BITS
    return Chips(
        peak_flops=chip.dense_peak(MULTIPLIED_IN[setup.precision]),
        wide_peak_flops=wide,
        memory_bytes=_value(chip.memory_bytes, 0.0),
        memory_bytes_per_s=_value(chip.memory_bandwidth_bytes_per_s, 0.0),
        link_bytes_per_s=link or network or PCIE_BYTES_PER_S,
        network_bytes_per_s=network or UNKNOWN_NETWORK_BYTES_PER_S,
        per_node=float(setup.per_node or chip.scale_up_chips),
        power_w=min(setup.power_cap_w or rated, rated),
        rated_power_w=rated,
        generation=float(GENERATION_CODES.get(chip.generation, GENERATION_CODES["other"])),
        chip=chip_place(chip.key),
    )


def chip_place(key: str) -> float:
    """Place of a chip in the shipped catalog, by its key; -1 for one of a user's own."""
    return float(_places().get(key, -1))


@cache
def _places() -> dict[str, int]:
    return {key: place for place, key in enumerate(load_accelerators())}


PCIE_BYTES_PER_S = 32e9
"""PCIe 4.0 x16 in one direction: chips without a link of their own."""
UNKNOWN_NETWORK_BYTES_PER_S = 25e9
"""200 Gbit/s a chip, where no network is known; the spec names it as an assumption."""


def layout(setup: Setup) -> Layout:
    """The layout of a setup, as numbers."""
    is_legacy = setup.stack == "megatron" and setup.attention == "unfused"
    return Layout(
        tensor=float(setup.tensor_parallel_size),
        pipeline=float(setup.pipeline_parallel_size),
        virtual=float(setup.virtual_pipeline_size),
        context=float(setup.context_parallel_size),
        expert=float(setup.expert_parallel_size),
        data=float(setup.data_parallel_size),
        sharding=float(SHARDING_CODES[setup.sharding]),
        sequence_parallel=float(setup.sequence_parallel),
        global_batch=float(setup.global_batch_size),
        micro_batch=float(setup.micro_batch_size),
        sequence=float(setup.sequence_length),
        recompute=float(RECOMPUTE_CODES[setup.recompute]),
        unfused=float(setup.attention == "unfused"),
        precision=float(PRECISION_CODES[setup.precision]),
        stack=float(STACK_CODES[LEGACY_STACK if is_legacy else setup.stack]),
        weight_gradients=setup.weight_gradients,
        adapter_elements=setup.adapter_elements,
        frozen_bytes=setup.frozen_bytes,
    )


_Columns = TypeVar("_Columns", Chips, Layout)


def _columns(kind: type[_Columns], rows: Sequence[_Columns]) -> _Columns:
    values = {field.name: np.array([getattr(row, field.name) for row in rows]) for field in fields(kind)}
    return kind(**values)


def _value(fact: Fact | None, missing: float) -> float:
    if fact is None:
        return missing
    return fact.value.median if isinstance(fact.value, Range) else fact.value
