"""What a spec leaves open inside its layout, settled for all cases at once: the fastest choice that fits.

Micro-batch and recomputation trade memory for time. Every combination a case allows is put to the law in one
stack; of those that fit the fastest is taken (of equals, the one that recomputes least), and where none fits
the one that takes the least memory. A layout left out as a whole is searched for, case by case.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from truecost.physics.training_step.cases import RECOMPUTE_CODES, RECOMPUTES
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.memory import memory_parts, usable_bytes
from truecost.physics.training_step.setup import Setup, stack_setups
from truecost.physics.training_step.step import step_parts
from truecost.training.batches import near_batches, near_counts
from truecost.training.search import SearchResult, search

if TYPE_CHECKING:
    from truecost.training.setups import Described

MICRO_BATCHES = (1, 2, 4, 8)
"""Tried where the spec states none; larger ones are rare in pre-training."""
ROWS_AT_ONCE = 20_000


def settled(cases: Sequence[Described], constants: StepConstants) -> list[Described]:
    """The cases with nothing left open; what was chosen is among their assumptions."""
    known: dict[Hashable, SearchResult] = {}
    found = [_searched(one, constants, known) if one.searched else one for one in cases]
    open_ones = [i for i, one in enumerate(found) if one.is_open]
    for start in range(0, len(open_ones), ROWS_AT_ONCE // 12):
        part = open_ones[start : start + ROWS_AT_ONCE // 12]
        for i, setup in zip(part, _fastest([found[i] for i in part], constants), strict=True):
            found[i] = _chosen(found[i], setup)
    return found


def _searched(one: Described, constants: StepConstants, known: dict[Hashable, SearchResult]) -> Described:
    """The case in the fastest layout that fits, of all legal ones; of none, in the one that takes least."""
    key = _same_search(one)
    if key not in known:
        known[key] = search(one.setup, constants, one.fixed, table_rows=1)
    result = known[key]
    best = result.best or result.smallest
    if best is None:
        return replace(one, refused=f"{result.binds}{_would_do(one)}")
    how = f"the fastest of {result.examined:,} legal layouts, of which {result.fit:,} fit"
    if result.best is None:
        how = f"none of {result.examined:,} legal layouts fits: the one that takes least memory"
    setup = best.setup
    one.assumed.take("parallelism", layout_words(setup), how)
    if "micro_batch_size" not in one.fixed:
        one.assumed.take("batch.micro_batch_size", setup.micro_batch_size, how, "sequences")
    if "recompute" not in one.fixed:
        one.assumed.take("recompute", setup.recompute, how)
    return replace(one, setup=setup)


def _would_do(one: Described) -> str:
    """The nearest batch or number of chips that has a legal layout, where the batch is why none is."""
    batches = near_batches(one.setup) if one.spec.rlhf is None else []
    batches = [size for size in batches if size != one.setup.global_batch_size]
    offers = [("batch.global_batch_size", batches), ("cluster.count", near_counts(one.setup))]
    said = [f"{path} {' or '.join(f'{size:,}' for size in sizes)}" for path, sizes in offers if sizes]
    return f"; {', or '.join(said)} would do" if said else ""


def _same_search(one: Described) -> Hashable:
    """What a search depends on: cases that differ in prices or tokens alone share one."""
    parts = {part.name: getattr(one.setup, part.name) for part in fields(Setup)}
    return (*{**parts, "accelerator": one.setup.accelerator.key}.values(), *sorted(one.fixed.items()))


def layout_words(setup: Setup) -> str:
    """A layout in a line.

    Sizes of 1 are left out.
    """
    sizes = {
        "tensor": setup.tensor_parallel_size,
        "pipeline": setup.pipeline_parallel_size,
        "virtual": setup.virtual_pipeline_size,
        "context": setup.context_parallel_size,
        "expert": setup.expert_parallel_size,
        "data": setup.data_parallel_size,
    }
    shown = [f"{name} {size}" for name, size in sizes.items() if size > 1]
    return ", ".join([*shown, setup.sharding])


def options(one: Described) -> list[Setup]:
    """Every way to close what a case leaves open, least recomputation first."""
    setup = one.setup
    local = setup.global_batch_size // setup.data_parallel_size
    micros = [size for size in MICRO_BATCHES if local % size == 0] if one.opens_micro_batch else []
    modes = RECOMPUTES if one.opens_recompute else (setup.recompute,)
    return [
        replace(setup, micro_batch_size=micro, recompute=mode)
        for mode in modes
        for micro in micros or [setup.micro_batch_size]
    ]


def _fastest(cases: Sequence[Described], constants: StepConstants) -> list[Setup]:
    """For each case the fastest of its options that fits."""
    choices = [options(one) for one in cases]
    index: NDArray[Any] = np.repeat(np.arange(len(cases)), [len(each) for each in choices])
    flat = [setup for each in choices for setup in each]
    base = stack_setups([one.setup for one in cases]).where(index)
    layout = replace(
        base.layout,
        micro_batch=np.array([setup.micro_batch_size for setup in flat], np.float64),
        recompute=np.array([RECOMPUTE_CODES[setup.recompute] for setup in flat], np.float64),
    )
    stack = replace(base, layout=layout)
    memory = np.asarray(memory_parts(stack).total)
    seconds = np.asarray(step_parts(stack, constants).total)
    score = np.where(memory <= usable_bytes(stack.chips), seconds, 1e30 + memory)
    starts = np.concatenate([[0], np.cumsum([len(each) for each in choices])])
    return [each[int(score[starts[i] : starts[i + 1]].argmin())] for i, each in enumerate(choices)]


def _chosen(one: Described, setup: Setup) -> Described:
    """The case closed, its choices among the assumptions."""
    if one.opens_micro_batch:
        one.assumed.take(
            "batch.micro_batch_size", setup.micro_batch_size, "the fastest that fits", "sequences"
        )
    if one.opens_recompute:
        one.assumed.take("recompute", setup.recompute, "the least that fits")
    return replace(one, setup=setup)
