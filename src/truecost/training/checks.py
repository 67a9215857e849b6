"""What a training spec must make sense of beyond its fields; each check names the nearest that would do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.layers import MixtureOfExperts
from truecost.physics.training_step.cases import MULTIPLIED_IN
from truecost.physics.training_step.setup import Setup, chips
from truecost.ranges import Range
from truecost.spec import Problems
from truecost.training.search_space import chunks_of_stage, divides_heads, divisors, fills

SERVING = {
    "Inferentia": "it is built to serve models, not to train them",
    "LPU": "it is built to serve models, not to train them",
    "RDU": "no training run on it is on record, and its maker rents it to serve models",
}
"""Kinds of chip that nobody trains large models on."""
SLOW_LINK_BYTES_PER_S = 128e9
"""PCIe 5.0 x16, both directions: what joins cards that have no link of their own."""
BLOCK_SCALED = frozenset({"mxfp8", "mxfp4", "nvfp4"})
"""Formats with a scale for each block of numbers: chips with 4-bit units multiply them."""
LAYOUT = "parallelism"
NODES_UP_TO = 72
"""Chips of the largest nodes offered instead of one that does not divide."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a layout and its batch, none left open."""

    tensor: int
    pipeline: int
    virtual: int
    context: int
    expert: int
    data: int

    @property
    def chips(self) -> int:
        """Chips the layout takes."""
        return self.tensor * self.pipeline * self.context * self.data


def check_precision(precision: str, chip: Accelerator, problems: Problems) -> None:
    """A chip multiplies in a precision only with units for it: nothing is emulated in a training run."""
    needed = MULTIPLIED_IN[precision]
    has = [name for name in MULTIPLIED_IN if multiplies(chip, name)]
    if not multiplies(chip, precision):
        units = "block-scaled " + needed if precision in BLOCK_SCALED else needed
        problems.add("precision", f"{chip.key} has no {units} units", allowed=has, nearest=has[-1:])


def multiplies(chip: Accelerator, precision: str) -> bool:
    """Whether a chip has units for a precision."""
    if precision == "nvfp4" and chip.vendor != "NVIDIA":
        return False
    is_scaled = precision not in BLOCK_SCALED or "fp4" in chip.peak_flops
    return is_scaled and MULTIPLIED_IN[precision] in chip.peak_flops


def serves_only(chip: Accelerator) -> str:
    """Why nobody trains on a chip; empty for one that trains."""
    return SERVING.get(chip.kind, "")


def slow_link(chip: Accelerator) -> str:
    """What to know of cards without a fast link of their own; empty for chips that have one."""
    link = chip.scale_up_bytes_per_s
    rate = 0.0 if link is None else link.value.median if isinstance(link.value, Range) else link.value
    if chip.kind != "GPU" or rate > SLOW_LINK_BYTES_PER_S:
        return ""
    network = "" if chip.scale_out_bits_per_s else ", and no usual network between servers is on record"
    return (
        f"{chip.key} has no fast link between cards: they talk over PCIe{network}; no step on such cards was "
        "measured"
    )


def check_layout(sizes: Sizes, count: int, architecture: Architecture, problems: Problems) -> None:
    """The sizes multiply to the cluster and divide what they cut."""
    _check_product(sizes, count, problems)
    _check_tensor(sizes.tensor, architecture, problems)
    _check_pipeline(sizes, architecture, problems)
    _check_expert(sizes, architecture, problems)


def _check_product(sizes: Sizes, count: int, problems: Problems) -> None:
    if sizes.chips == count:
        return
    group = sizes.tensor * sizes.pipeline * sizes.context
    shown = f"tensor {sizes.tensor} x pipeline {sizes.pipeline} x context {sizes.context}"
    if count % group:
        near = _multiples(group, count)
        problems.add(
            "cluster.count", f"{shown} = {group:,} chips do not divide the cluster of {count:,}", nearest=near
        )
        return
    problems.add(
        f"{LAYOUT}.data_parallel_size",
        f"{shown} x data {sizes.data} = {sizes.chips:,} chips, not the cluster's {count:,}",
        nearest=[str(count // group)],
    )


def _check_tensor(tensor: int, architecture: Architecture, problems: Problems) -> None:
    if divides_heads(architecture, tensor):
        return
    heads, shared = architecture.num_attention_heads, architecture.num_key_value_heads
    legal = [one for one in divisors(max(heads, 1)) if divides_heads(architecture, one)]
    problems.add(
        f"{LAYOUT}.tensor_parallel_size",
        f"{tensor} does not divide the {heads} attention heads ({shared} for keys and values) and the "
        f"feed-forward width {architecture.intermediate_size:,} of {architecture.name}",
        nearest=nearest_numbers(tensor, legal),
    )


def _check_pipeline(sizes: Sizes, architecture: Architecture, problems: Problems) -> None:
    """All stages, and all their chunks, hold as many layers; embedding and head may count as layers."""
    layers = architecture.num_hidden_layers
    if not fills(architecture, sizes.pipeline):
        legal = [stages for stages in range(1, layers + 1) if fills(architecture, stages)]
        problems.add(
            f"{LAYOUT}.pipeline_parallel_size",
            f"{sizes.pipeline} stages do not divide the {layers} layers of {architecture.name}, with or "
            "without embedding and head",
            nearest=nearest_numbers(sizes.pipeline, legal),
        )
        return
    if sizes.virtual == 1:
        return
    path = f"{LAYOUT}.virtual_pipeline_size"
    if sizes.pipeline == 1:
        problems.add(path, "chunks of layers need a pipeline of more than one stage", nearest=["1"])
        return
    legal = chunks_of_stage(architecture, sizes.pipeline)
    if sizes.virtual not in legal:
        problems.add(
            path,
            f"{sizes.virtual} chunks a stage on {sizes.pipeline} stages do not divide the {layers} layers of "
            f"{architecture.name}",
            nearest=nearest_numbers(sizes.virtual, legal),
        )


def _check_expert(sizes: Sizes, architecture: Architecture, problems: Problems) -> None:
    if sizes.expert == 1:
        return
    path = f"{LAYOUT}.expert_parallel_size"
    kinds = [layer.experts for _, layer in architecture.feed_forwards if isinstance(layer, MixtureOfExperts)]
    if not kinds:
        problems.add(path, f"{architecture.name} has no experts", nearest=["1"])
        return
    inside = sizes.tensor * sizes.context * sizes.data
    legal = [
        one for one in divisors(min(kinds)) if inside % one == 0 and all(kind % one == 0 for kind in kinds)
    ]
    if sizes.expert not in legal:
        problems.add(
            path,
            f"{sizes.expert} does not divide the {kinds[0]} experts, or the {inside:,} chips of tensor x "
            "context x data that they live on",
            nearest=nearest_numbers(sizes.expert, legal),
        )


def check_nodes(setup: Setup, per_node: int | None, problems: Problems) -> None:
    """Stated nodes divide the cluster, else a warning; tensor groups lie in one node, or on whole ones."""
    count, tensor = setup.count, setup.tensor_parallel_size
    node = min(int(float(chips(setup).per_node)), count)
    if per_node is not None and count > per_node and count % per_node:
        problems.warn(
            "cluster.per_node",
            f"{count:,} chips are not whole nodes of {per_node}",
            nearest=nearest_numbers(per_node, [one for one in divisors(count) if one <= NODES_UP_TO]),
        )
    if tensor > 1 and node % tensor and tensor % node:
        said = f"tensor {tensor} does not divide nodes of {node} chips: some groups lie across two"
        legal = [one for one in divisors(node) if divides_heads(setup.architecture, one)]
        problems.add(f"{LAYOUT}.tensor_parallel_size", said, nearest=nearest_numbers(tensor, legal))
    elif tensor > node:
        said = f"groups of {tensor} lie across nodes of {node} chips: their exchange goes over the network"
        problems.warn(f"{LAYOUT}.tensor_parallel_size", said)


def check_power_cap(setup: Setup, waiting_share: float, problems: Problems) -> None:
    """A cap lies between what a waiting chip draws and the chip's rating."""
    cap, rated = setup.power_cap_w, float(chips(setup).rated_power_w)
    if cap is None or waiting_share * rated <= cap <= rated:
        return
    name = setup.accelerator.key
    said = (
        f"{cap:,.0f} W is above the {rated:,.0f} W {name} is rated at"
        if cap > rated
        else f"{name} draws {waiting_share * rated:,.0f} W while it waits: no cap of {cap:,.0f} W holds"
    )
    problems.add("power_cap_w", said, allowed=[f"{math.ceil(waiting_share * rated)} to {rated:.0f} W"])


def check_batch(batch: int, micro: int | None, data: int, problems: Problems) -> None:
    """Every data-parallel copy works on the same whole number of micro-batches."""
    unit = data * (micro or 1)
    if batch % unit:
        of_micro = f" x micro_batch_size {micro}" if micro else ""
        problems.add(
            "batch.global_batch_size",
            f"{batch:,} sequences do not divide into data_parallel_size {data}{of_micro}",
            nearest=_multiples(unit, batch),
        )


def check_sequence(sequence: int, context: int, problems: Problems) -> None:
    """Context parallelism gives each chip an early and a late piece of the sequence, all of one length."""
    if context > 1 and sequence % (2 * context):
        problems.add(
            f"{LAYOUT}.context_parallel_size",
            f"sequence_length {sequence:,} does not divide into 2 x {context} pieces",
            nearest=nearest_numbers(
                context, [one for one in range(1, 2 * context) if sequence % (2 * one) == 0] or [1]
            ),
        )


def nearest_numbers(wanted: int, legal: Iterable[int], most: int = 2) -> list[str]:
    """The legal numbers closest to the one wanted, by ratio.

    >>> nearest_numbers(7, [1, 2, 4, 8, 16])
    ['8', '4']
    """
    return [str(one) for one in sorted(legal, key=lambda one: max(one / wanted, wanted / one))[:most]]


def _multiples(unit: int, near: int) -> list[str]:
    """The multiples of a unit on both sides of a number.

    >>> _multiples(128, 2000)
    ['1920', '2048']
    """
    below = near // unit * unit
    return [str(one) for one in (below, below + unit) if one]


def stated_chips(*sizes: int | None) -> int:
    """Chips that the stated sizes take together."""
    return prod(size for size in sizes if size)
