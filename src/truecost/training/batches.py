"""Which batches suit a cluster: every data-parallel copy works on as many sequences.

A layout that is left to a search takes what divides heads, layers and the sequence from the chips; what is
left over is data parallelism, and must divide the batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from truecost.catalog.architectures import Architecture
from truecost.physics.training_step.setup import Setup, chips
from truecost.training.search_space import SINGLE_NODE_STACKS, divides_heads, divisors, fills

CLOSE = 1.25
"""A batch this near to the one wanted is as good: loss depends little on it there."""
FARTHEST = 4
"""Times the stated number of chips, or a part of it: no others are offered."""


def copies(setup: Setup) -> list[int]:
    """Numbers of data-parallel copies that a cluster has a layout for, smallest first.

    Tensor parallelism stays inside a node.
    """
    node = int(float(chips(setup).per_node))
    has_stages = setup.stack not in SINGLE_NODE_STACKS
    return [
        data
        for data in divisors(setup.count)
        if _splits(setup.architecture, setup.count // data, node, setup.sequence_length, has_stages)
    ]


@cache
def _splits(architecture: Architecture, group: int, node: int, sequence: int, has_stages: bool) -> bool:
    """Whether a group of chips can hold one copy, by tensor, context and pipeline parallelism."""
    for tensor in divisors(group):
        if tensor > node or not divides_heads(architecture, tensor):
            continue
        for context in divisors(group // tensor):
            stages = group // tensor // context
            is_cut = context == 1 or sequence % (2 * context) == 0
            if is_cut and (stages == 1 or (has_stages and fills(architecture, stages))):
                return True
    return False


def suited(setup: Setup, wanted: int) -> int:
    """The batch near a wanted one that suits the chips: the freest that is close, else the closest.

    A multiple of the chips leaves every layout legal; of a part of them, those with as many copies or fewer.
    """
    found: list[int] = []
    for data in reversed(copies(setup)):
        unit = data * setup.micro_batch_size
        batch = max(1, round(wanted / unit)) * unit
        if _apart(batch, wanted) <= CLOSE:
            return batch
        found.append(batch)
    return min(found, key=lambda batch: _apart(batch, wanted), default=wanted)


def near_batches(setup: Setup) -> list[int]:
    """The batches nearest to a stated one, below and above, that the chips have a layout for."""
    wanted = setup.global_batch_size
    found: list[tuple[int, int]] = []
    for data in reversed(copies(setup)):
        unit = data * setup.micro_batch_size
        below, above = wanted // unit * unit, -(-wanted // unit) * unit
        if below and max(_apart(below, wanted), _apart(above, wanted)) <= CLOSE:
            return sorted({below, above})
        found.append((below, above))
    ends = {max((low for low, _ in found), default=0), min((high for _, high in found), default=0)}
    return sorted(ends - {0})


def near_counts(setup: Setup) -> list[int]:
    """The numbers of chips nearest to a stated one, below and above, that have a layout for its batch."""
    return [one for one in (_next(setup, _down(setup)), _next(setup, _up(setup))) if one]


def _down(setup: Setup) -> Iterator[int]:
    step = _server(setup)
    return iter(range((setup.count - 1) // step * step, setup.count // FARTHEST, -step))


def _up(setup: Setup) -> Iterator[int]:
    step = _server(setup)
    return iter(range((setup.count // step + 1) * step, setup.count * FARTHEST + 1, step))


def _server(setup: Setup) -> int:
    """Numbers of chips come in whole servers, where the stated one does."""
    server = setup.accelerator.chips_per_server
    return server if setup.count >= server else 1


def _next(setup: Setup, counts: Iterator[int]) -> int:
    """The first of some numbers of chips that divides the batch among its copies; 0 where none does."""
    for count in counts:
        able = copies(replace(setup, count=count))
        if any(setup.global_batch_size % (data * setup.micro_batch_size) == 0 for data in able):
            return count
    return 0


def _apart(one: int, other: int) -> float:
    return max(one / other, other / one)
