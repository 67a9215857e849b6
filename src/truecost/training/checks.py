"""What a training spec must make sense of beyond its fields; each check names the nearest that would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.layers import MixtureOfExperts
from truecost.physics.training_step.cases import MULTIPLIED_IN
from truecost.spec import Problems
from truecost.training.search_space import chunks_of_stage, divides_heads, divisors, fills

BLOCK_SCALED = frozenset({"mxfp8", "mxfp4", "nvfp4"})
"""Formats with a scale for each block of numbers: chips with 4-bit units multiply them."""
LAYOUT = "parallelism"


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
