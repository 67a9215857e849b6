"""The smallest change that makes a run fit into memory, checked with the memory law before it is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from truecost.physics.training_step.cases import RECOMPUTES, SHARDINGS
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.memory import memory_parts, usable_bytes
from truecost.physics.training_step.setup import Setup, stack_setups
from truecost.physics.training_step.step import step_parts
from truecost.spec import Problems
from truecost.training.checks import Sizes, check_layout
from truecost.training.search import search
from truecost.training.search_space import divisors

MOST_CHIPS = 64
"""Times the cluster: beyond, no number of chips is offered."""


@dataclass(frozen=True, slots=True)
class Change:
    """Fields to change, and what the run then takes."""

    sets: tuple[str, ...]
    """As `--set` takes them."""
    words: str
    memory_bytes_per_chip: float
    step_time_s: float

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "set": list(self.sets),
            "words": self.words,
            "memory_bytes_per_chip": self.memory_bytes_per_chip,
            "step_time_s": self.step_time_s,
        }


@dataclass(frozen=True, slots=True)
class _Try:
    """One change and the setup it makes."""

    setup: Setup
    sets: tuple[str, ...]
    words: str


def smallest_change(setup: Setup, constants: StepConstants) -> Change | None:
    """The least change of a setup that does not fit: one field where that is enough.

    In the order in which they cost least: a smaller micro-batch, recomputation, activations split along the
    sequence, sharding, tensor parallelism inside the node, pipeline stages; then any other layout of the same
    chips; then more chips. None where nothing helps.
    """
    return _first_that_fits(list(_single(setup)), constants) or _other_layout(setup, constants)


def _single(setup: Setup) -> Iterator[_Try]:
    """Changes of one field, the gentler first; data parallelism follows."""
    for size in reversed(divisors(setup.micro_batch_size)[:-1]):
        yield _changed(setup, "batch.micro_batch_size", "micro_batch_size", size)
    for mode in RECOMPUTES[RECOMPUTES.index(setup.recompute) + 1 :]:
        yield _changed(setup, "recompute", "recompute", mode)
    if setup.tensor_parallel_size > 1 and not setup.sequence_parallel:
        yield _changed(setup, "parallelism.sequence_parallel", "sequence_parallel", True)
    whole = (
        SHARDINGS.index("zero-3") + 1 if setup.pipeline_parallel_size == 1 else SHARDINGS.index("zero-1") + 1
    )
    for sharding in SHARDINGS[min(SHARDINGS.index(setup.sharding), whole) + 1 : whole]:
        yield _changed(setup, "parallelism.sharding", "sharding", sharding)
    for name in ("tensor_parallel_size", "pipeline_parallel_size"):
        now = getattr(setup, name)
        inside = setup.per_node or setup.accelerator.scale_up_chips
        most = min(inside, setup.count) if name.startswith("tensor") else setup.count
        for factor in divisors(setup.data_parallel_size)[1:]:
            if now * factor <= most:
                yield _changed(setup, f"parallelism.{name}", name, now * factor)


def _changed(setup: Setup, path: str, name: str, value: object) -> _Try:
    changed = replace(setup, **{name: value})
    sets = [f"{path}={str(value).lower()}"]
    if changed.data_parallel_size != setup.data_parallel_size:
        sets.append(f"parallelism.data_parallel_size={changed.data_parallel_size}")
    shown = path.rpartition(".")[2].replace("_", " ").removesuffix(" size")
    return _Try(
        changed, tuple(sets), f"{shown} {str(value).lower()} instead of {str(getattr(setup, name)).lower()}"
    )


def _is_legal(setup: Setup) -> bool:
    problems = Problems()
    sizes = Sizes(
        setup.tensor_parallel_size, setup.pipeline_parallel_size, setup.virtual_pipeline_size,
        setup.context_parallel_size, setup.expert_parallel_size, setup.data_parallel_size,
    )  # fmt: skip
    check_layout(sizes, setup.count, setup.architecture, problems)
    return not problems and setup.global_batch_size % (setup.data_parallel_size * setup.micro_batch_size) == 0


def _first_that_fits(tries: Sequence[_Try], constants: StepConstants) -> Change | None:
    legal = [one for one in tries if _is_legal(one.setup)]
    if not legal:
        return None
    cases = stack_setups([one.setup for one in legal])
    memory = np.asarray(memory_parts(cases).total)
    fits = memory <= usable_bytes(cases.chips)
    if not fits.any():
        return None
    chosen = int(fits.argmax())
    seconds = np.asarray(step_parts(cases, constants).total)
    one = legal[chosen]
    return Change(one.sets, one.words, float(memory[chosen]), float(seconds[chosen]))


def _other_layout(setup: Setup, constants: StepConstants) -> Change | None:
    """The fastest layout of the same chips that fits, or of the fewest times as many."""
    times = 1
    while times <= MOST_CHIPS:
        wider = replace(setup, count=setup.count * times)
        found = search(wider, constants, table_rows=1).best
        if found is not None:
            return Change(
                tuple(_sets(setup, found.setup)),
                _other_words(setup, found.setup),
                found.memory_bytes_per_chip,
                found.step_time_s,
            )
        times *= 2
    return None


_SIZES = ("tensor", "pipeline", "context", "expert", "data")
_PATHS = {
    "count": "cluster.count",
    **{f"{name}_parallel_size": f"parallelism.{name}_parallel_size" for name in _SIZES},
    **{name: f"parallelism.{name}" for name in ("virtual_pipeline_size", "sharding", "sequence_parallel")},
    "micro_batch_size": "batch.micro_batch_size",
    "recompute": "recompute",
}


def _sets(before: Setup, after: Setup) -> Iterator[str]:
    for name, path in _PATHS.items():
        if getattr(before, name) != getattr(after, name):
            yield f"{path}={str(getattr(after, name)).lower()}"


def _other_words(before: Setup, after: Setup) -> str:
    from truecost.training.settle import layout_words

    chips = f"{after.count:,} chips" if after.count != before.count else "another layout of the same chips"
    return (
        f"{chips}: {layout_words(after)}, micro-batch {after.micro_batch_size}, recompute {after.recompute}"
    )
