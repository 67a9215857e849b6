"""All layouts a model can be trained in on a cluster: legal ones only, in grids of bounded size.

A grid is a Layout whose fields broadcast against one another: choices that do not depend on each other have
an axis each, what does (tensor, context, expert and data parallelism, micro-batch) shares the last one. A law
given such a layout works out every part on the choices that part depends on, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from math import prod
from typing import NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from truecost.catalog.architectures import Architecture
from truecost.catalog.layers import Attention, DeltaAttention, FeedForward, Mixer, MixtureOfExperts
from truecost.physics.training_step.cases import (
    HSDP,
    RECOMPUTE_CODES,
    RECOMPUTES,
    SHARDING_CODES,
    SHARDINGS,
    ZERO_3,
    Cases,
    Layout,
)
from truecost.physics.training_step.model_work import model_work
from truecost.physics.training_step.setup import Setup, attention_flops, chips, layout
from truecost.ranges import FloatArray

Fixed: TypeAlias = Mapping[str, int | str | bool]
"""What a spec states of the layout, by the names of FIELDS; the rest is searched."""
FIELDS = (
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "virtual_pipeline_size",
    "context_parallel_size",
    "expert_parallel_size",
    "data_parallel_size",
    "sharding",
    "sequence_parallel",
    "micro_batch_size",
    "recompute",
)
"""The fields of a spec that a search can choose."""
LAYOUTS_AT_ONCE = 16_384
"""Layouts in a grid: arrays of 128 kB each, which stay in a core's cache."""
SINGLE_NODE_STACKS = ("fsdp",)
"""Stacks without pipeline parallelism."""


_Degrees: TypeAlias = tuple[int, int, int, int, int]
_DEGREES = ("tensor", "context", "expert", "data", "micro_batch")
"""The choices that depend on one another: how the chips of a stage are split, and the micro-batch."""


class Split(NamedTuple):
    """How the chips are split, whatever else the layout does."""

    tensor: int
    pipeline: int
    context: int
    expert: int


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Layouts of one number of pipeline stages: five axes.

    The axes are virtual stages, sharding, sequence parallelism, recomputation, and how a stage's chips are
    split together with the micro-batch.
    """

    layout: Layout
    legal: NDArray[np.bool_]
    """Which of the grid's layouts can be run; of its whole shape."""

    @property
    def examined(self) -> int:
        """Layouts that can be run."""
        return int(np.count_nonzero(self.legal))

    def split(self, column: int) -> Split:
        """How the chips are split at an entry of the last axis."""
        one = self.layout
        parts = [
            np.broadcast_to(part, self.legal.shape[-1:])[column]
            for part in (one.tensor, one.pipeline, one.context, one.expert)
        ]
        return Split(*map(int, parts))

    def columns(self, chosen: NDArray[np.bool_]) -> Grid:
        """The grid with some of the entries of its last axis."""
        parts = {name: getattr(self.layout, name)[chosen] for name in _DEGREES}
        return Grid(replace(self.layout, **parts), self.legal[..., chosen])

    def flat(self) -> Layout:
        """The legal layouts one after another: every field an array with one entry a layout."""
        parts = {field.name: getattr(self.layout, field.name) for field in fields(Layout)}
        return Layout(
            **{name: np.broadcast_to(part, self.legal.shape)[self.legal] for name, part in parts.items()}
        )

    def setup(self, index: int, template: Setup) -> Setup:
        """The layout at a flat index of the grid, as a setup."""
        at = np.unravel_index(index, self.legal.shape)
        one = {
            field.name: float(np.broadcast_to(getattr(self.layout, field.name), self.legal.shape)[at])
            for field in fields(Layout)
        }
        return replace(
            template,
            tensor_parallel_size=int(one["tensor"]),
            pipeline_parallel_size=int(one["pipeline"]),
            virtual_pipeline_size=int(one["virtual"]),
            context_parallel_size=int(one["context"]),
            expert_parallel_size=int(one["expert"]),
            sharding=SHARDINGS[int(one["sharding"])],
            sequence_parallel=bool(one["sequence_parallel"]),
            micro_batch_size=int(one["micro_batch"]),
            recompute=RECOMPUTES[int(one["recompute"])],
        )


def enumerate_layouts(
    setup: Setup,
    fixed: Fixed | None = None,
    *,
    layouts_at_once: int = LAYOUTS_AT_ONCE,
    beyond_node: bool = False,
) -> Iterator[Layout]:
    """Every legal layout of a setup's model, cluster and batch, in arrays of bounded length; see `grids`."""
    every = grids(setup, fixed, layouts_at_once=layouts_at_once, beyond_node=beyond_node)
    return (grid.flat() for grid in every)


def cases_of(setup: Setup, layouts: Layout) -> Cases:
    """Layouts of one model on one cluster as cases of the law: numbers but for the layout."""
    return Cases(model_work(setup.architecture), attention_flops(setup), chips(setup), layouts)


def grids(
    setup: Setup,
    fixed: Fixed | None = None,
    *,
    layouts_at_once: int = LAYOUTS_AT_ONCE,
    beyond_node: bool = False,
) -> Iterator[Grid]:
    """The legal layouts of a setup's model, cluster and batch, as grids of at most about `layouts_at_once`.

    Fields in `fixed` keep the value they have there. Tensor parallelism stays inside a node, as in nearly all
    runs, unless it is fixed or `beyond_node` is set: few measured steps say what it costs over a network.
    Raises ValueError for a field that is no part of a layout.
    """
    stated: Fixed = fixed or {}
    unknown = [name for name in stated if name not in FIELDS]
    if unknown:
        raise ValueError(f"{unknown[0]} is not a field of a layout: one of {', '.join(FIELDS)}")
    for stages in _stages(setup, stated):
        tensors = _tensors(setup, stated, stages, beyond_node)
        for has_tensor in (False, True):
            axes = _axes(setup, stated, stages, has_tensor)
            degrees = _degrees(setup, stated, stages, tensors[has_tensor])
            choices = prod(len(axis) for axis in axes)
            if not choices:
                continue
            at_once = max(1, layouts_at_once // choices)
            while part := list(islice(degrees, at_once)):
                grid = _grid(setup, stages, axes, part)
                yield replace(grid, legal=_legal(setup, grid.layout, stated))


class _Axes(NamedTuple):
    virtual: Sequence[int]
    sharding: Sequence[int]
    sequence_parallel: Sequence[bool]
    recompute: Sequence[int]


def _axes(setup: Setup, stated: Fixed, stages: int, has_tensor: bool) -> _Axes:
    virtual = chunks_of_stage(setup.architecture, stages)
    whole = range(len(SHARDINGS)) if stages == 1 else range(ZERO_3)
    if "sharding" in stated and "pipeline_parallel_size" in stated:
        whole = range(len(SHARDINGS))
    shardings = [SHARDINGS[code] for code in whole]
    return _Axes(
        [one for one in virtual if _is(stated, "virtual_pipeline_size", one)],
        [SHARDING_CODES[one] for one in shardings if _is(stated, "sharding", one)],
        [bool(stated["sequence_parallel"])]
        if "sequence_parallel" in stated
        else [False, True][: 1 + has_tensor],
        [RECOMPUTE_CODES[one] for one in RECOMPUTES if _is(stated, "recompute", one)],
    )


def _stages(setup: Setup, stated: Fixed) -> Iterable[int]:
    """Numbers of pipeline stages that divide the chips and the layers."""
    for stages in divisors(setup.count):
        is_known = stages == 1 or setup.stack not in SINGLE_NODE_STACKS
        is_filled = fills(setup.architecture, stages)
        if is_filled and is_known and _is(stated, "pipeline_parallel_size", stages):
            yield stages


def fills(architecture: Architecture, chunks: int) -> bool:
    """Whether a pipeline of so many chunks of layers is balanced: all of them hold as many.

    The embedding and the head may count as a layer each, and so may layers of multi-token prediction, as
    Megatron splits them: Llama 3 405B has 126 layers and these two on 16 stages, DeepSeek-V3 61 and three.

    >>> from truecost.catalog.models import model
    >>> [fills(model("llama-3.1-405b"), chunks) for chunks in (14, 16, 20)]
    [True, True, False]
    """
    layers = architecture.num_hidden_layers
    ahead = max((_whole(architecture.config.get(key)) for key in AHEAD_KEYS), default=0)
    return any((layers + more) % chunks == 0 and chunks <= layers + more for more in {0, 2, 2 + ahead})


def chunks_of_stage(architecture: Architecture, stages: int) -> list[int]:
    """In how many chunks a stage may hold its layers."""
    if stages == 1:
        return [1]
    most = -(-architecture.num_hidden_layers // stages)
    return [chunks for chunks in range(1, most + 1) if chunks == 1 or fills(architecture, stages * chunks)]


AHEAD_KEYS = ("num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers")
"""Of a config.json: layers that predict further tokens."""


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _tensors(setup: Setup, stated: Fixed, stages: int, beyond_node: bool) -> tuple[list[int], list[int]]:
    """Sizes of tensor parallelism: 1, and those above it."""
    name, node = "tensor_parallel_size", float(chips(setup).per_node)
    most = setup.count if beyond_node or name in stated else node
    sizes = [
        size
        for size in divisors(setup.count // stages)
        if size <= most and _is(stated, name, size) and divides_heads(setup.architecture, size)
    ]
    return [size for size in sizes if size == 1], [size for size in sizes if size > 1]


def _degrees(setup: Setup, stated: Fixed, stages: int, tensors: Sequence[int]) -> Iterator[_Degrees]:
    rest = setup.count // stages
    for tensor in tensors:
        for context in divisors(rest // tensor):
            data = rest // tensor // context
            if (
                (context == 1 or setup.sequence_length % (2 * context) == 0)
                and setup.global_batch_size % data == 0
                and _is(stated, "context_parallel_size", context)
                and _is(stated, "data_parallel_size", data)
            ):
                yield from _batched(setup, stated, (tensor, context, data))


def _batched(setup: Setup, stated: Fixed, split: tuple[int, int, int]) -> Iterator[_Degrees]:
    """A split of the chips (tensor, context, data) with every legal expert parallelism and micro-batch."""
    tensor, context, data = split
    micro_batches = list(_micro_batches(setup.global_batch_size // data, stated))
    for expert in _expert_sizes(setup.architecture, tensor * context * data):
        if _is(stated, "expert_parallel_size", expert):
            for micro_batch in micro_batches:
                yield tensor, context, expert, data, micro_batch


def _micro_batches(local: int, stated: Fixed) -> Iterator[int]:
    if "micro_batch_size" in stated:
        stated_size = cast(int, stated["micro_batch_size"])
        sizes: Iterable[int] = [stated_size] if local % stated_size == 0 else []
    else:
        sizes = (1 << power for power in range(local.bit_length()))
    return (size for size in sizes if local % size == 0)


def _expert_sizes(architecture: Architecture, inside: int) -> list[int]:
    kinds = [layer.experts for _, layer in architecture.feed_forwards if isinstance(layer, MixtureOfExperts)]
    if not kinds:
        return [1]
    return [
        one for one in divisors(min(kinds)) if inside % one == 0 and all(kind % one == 0 for kind in kinds)
    ]


def divides_heads(architecture: Architecture, tensor: int) -> bool:
    """Whether tensor parallelism of a size cuts heads and feed-forwards of every layer evenly.

    Fewer key-value heads than chips are copied, if the chips divide by them.
    """
    wide = [layer for _, layer in architecture.feed_forwards if isinstance(layer, FeedForward)]
    return all(_divides_mixer(mixer, tensor) for _, mixer in architecture.mixers) and all(
        layer.intermediate_size % tensor == 0 for layer in wide
    )


def _divides_mixer(mixer: Mixer, tensor: int) -> bool:
    if isinstance(mixer, DeltaAttention):
        return mixer.value_heads % tensor == 0
    if isinstance(mixer, Attention):
        shared = mixer.key_value_heads
        return mixer.heads % tensor == 0 and (shared % tensor == 0 or tensor % shared == 0)
    return mixer.heads % tensor == 0


def _grid(setup: Setup, stages: int, axes: _Axes, degrees: Sequence[_Degrees]) -> Grid:
    columns: FloatArray = np.array(degrees, dtype=np.float64).T.copy()
    virtual, sharding, sequence_parallel, recompute = np.ix_(
        *(np.array(axis, dtype=np.float64) for axis in axes)
    )
    layouts = replace(
        layout(setup),
        pipeline=float(stages),
        virtual=virtual[..., None],
        sharding=sharding[..., None],
        sequence_parallel=sequence_parallel[..., None],
        recompute=recompute[..., None],
        **dict(zip(_DEGREES, columns, strict=True)),
    )
    return Grid(layouts, np.ones((*(len(axis) for axis in axes), len(degrees)), dtype=np.bool_))


def _legal(setup: Setup, layouts: Layout, stated: Fixed) -> NDArray[np.bool_]:
    """Interleaving needs a micro-batch for every stage; sharding that would change nothing is left out."""
    works = (layouts.virtual == 1) | (layouts.micro_batches >= layouts.pipeline)
    if "sharding" not in stated:
        copies = layouts.data * layouts.context
        works = works & ((layouts.sharding == 0) | (copies > 1))
        on_node = np.floor_divide(chips(setup).per_node, layouts.tensor * layouts.context)
        works = works & ((layouts.sharding != HSDP) | ((on_node > 1) & (on_node < layouts.data)))
    parts = (layouts.virtual, layouts.sharding, layouts.sequence_parallel, layouts.recompute, layouts.tensor)
    return np.broadcast_to(works, np.broadcast_shapes(*(np.shape(part) for part in parts)))


def _is(stated: Fixed, name: str, value: int | str) -> bool:
    return name not in stated or stated[name] == value


def divisors(number: int) -> list[int]:
    """The divisors of a whole number, smallest first.

    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    small = [one for one in range(1, int(number**0.5) + 1) if number % one == 0]
    return small + [number // one for one in reversed(small) if one * one != number]
