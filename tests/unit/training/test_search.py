"""The search: the answer of every layout put to the law one by one, legal layouts alone, bounded memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import fields, replace
from math import ceil
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from truecost.catalog.accelerators import accelerator
from truecost.catalog.models import model
from truecost.physics.training_step.cases import Cases, Layout
from truecost.physics.training_step.memory import memory_parts, usable_bytes
from truecost.physics.training_step.priors import prior_constants
from truecost.physics.training_step.setup import Setup, chips, layout, stack_setups
from truecost.physics.training_step.step import step_parts
from truecost.ranges import FloatArray
from truecost.training.search import NoLayout, best_layout, search
from truecost.training.search_space import (
    FIELDS,
    Grid,
    cases_of,
    divides_heads,
    divisors,
    enumerate_layouts,
    grids,
)

CONSTANTS = prior_constants()
H100 = accelerator("h100-sxm")
DENSE = Setup(model("llama-3.1-8b"), H100, 16, 24, 1, 4096, per_node=8)
EXPERTS = Setup(model("mixtral-8x7b"), H100, 12, 24, 1, 4096, per_node=8)
LLAMA = Setup(model("llama-3.1-405b"), H100, 16_384, 2048, 1, 8192, per_node=8, inter_node_bytes_per_s=50e9)


def every_setup(setup: Setup) -> Iterator[Setup]:
    """All combinations of all values, kept where legal; written from the rules, not from the search."""
    sizes = range(1, setup.count + 1)
    shardings = ("zero-0", "zero-1", "zero-2", "zero-3", "hsdp")
    for tensor, pipeline, context, expert in itertools.product(sizes, sizes, sizes, sizes):
        if setup.count % (tensor * pipeline * context):
            continue
        data = setup.count // (tensor * pipeline * context)
        split = replace(
            setup,
            tensor_parallel_size=tensor,
            pipeline_parallel_size=pipeline,
            context_parallel_size=context,
            expert_parallel_size=expert,
        )
        if setup.global_batch_size % data or not splits_model(split):
            continue
        local = setup.global_batch_size // data
        for virtual, micro, sharding, sequence, recompute in itertools.product(
            chunks(setup, pipeline),
            (1, 2, 4, 8, 16, 32),
            shardings,
            (False, True),
            ("none", "selective", "full"),
        ):
            one = replace(
                split,
                virtual_pipeline_size=virtual,
                micro_batch_size=micro,
                sharding=sharding,
                sequence_parallel=sequence,
                recompute=recompute,
            )
            if local % micro == 0 and is_run(one, local // micro):
                yield one


def chunks(setup: Setup, stages: int) -> list[int]:
    """Chunks a stage: as many layers in each chunk of each stage, a layer at least; see `counted_layers`."""
    layers = setup.architecture.num_hidden_layers
    return [
        one
        for one in range(1, ceil(layers / stages) + 1)
        if one == 1 or any(whole % (stages * one) == 0 for whole in counted_layers(setup))
    ]


def counted_layers(setup: Setup) -> set[int]:
    """What stages may divide: the layers, or those with embedding and head. No model here predicts ahead."""
    layers = setup.architecture.num_hidden_layers
    assert not [key for key in setup.architecture.config if "nextn" in key or "mtp" in key]
    return {layers, layers + 2}


def splits_model(setup: Setup) -> bool:
    """Heads, layers, sequence and experts are cut evenly."""
    sizes, tensor = setup.architecture, setup.tensor_parallel_size
    shared = sizes.num_key_value_heads
    inside = tensor * setup.context_parallel_size * setup.data_parallel_size
    stages, expert = setup.pipeline_parallel_size, setup.expert_parallel_size
    return (
        sizes.num_attention_heads % tensor == 0
        and (shared % tensor == 0 or tensor % shared == 0)
        and any(layers % stages == 0 for layers in counted_layers(setup))
        and (
            setup.context_parallel_size == 1 or setup.sequence_length % (2 * setup.context_parallel_size) == 0
        )
        and max(sizes.num_experts, 1) % expert == 0
        and inside % expert == 0
    )


def is_run(setup: Setup, micro_batches: int) -> bool:
    """The choices that hang together."""
    stages, copies = setup.pipeline_parallel_size, setup.data_parallel_size * setup.context_parallel_size
    on_node = 8 // (setup.tensor_parallel_size * setup.context_parallel_size)
    if setup.virtual_pipeline_size > 1 and (stages == 1 or micro_batches < stages):
        return False
    if setup.sequence_parallel and setup.tensor_parallel_size == 1:
        return False
    if setup.sharding != "zero-0" and copies == 1:
        return False
    if setup.sharding == "hsdp" and not 1 < on_node < setup.data_parallel_size:
        return False
    return stages == 1 or setup.sharding not in ("zero-3", "hsdp")


def one_by_one(setups: list[Setup]) -> tuple[FloatArray, FloatArray]:
    """Seconds and bytes of setups that were each written out."""
    cases = stack_setups(setups)
    return np.asarray(step_parts(cases, CONSTANTS).total), np.asarray(memory_parts(cases).total)


class BruteForce(NamedTuple):
    """Every legal layout of a setup, with its seconds and bytes."""

    setup: Setup
    setups: list[Setup]
    seconds: FloatArray
    memory: FloatArray

    @property
    def fits(self) -> NDArray[np.bool_]:
        """Which of them fit."""
        return np.asarray(self.memory <= usable_bytes(chips(self.setup)))


@pytest.fixture(scope="module", params=[DENSE, EXPERTS], ids=["dense", "experts"])
def brute(request: pytest.FixtureRequest) -> BruteForce:
    """All layouts of a small space, one by one."""
    setups = list(every_setup(request.param))
    return BruteForce(request.param, setups, *one_by_one(setups))


def test_the_search_finds_what_brute_force_finds(brute: BruteForce) -> None:
    setup, setups, seconds, memory = brute
    fits = brute.fits
    found = search(setup, CONSTANTS, beyond_node=True)
    assert (found.examined, found.fit) == (len(setups), int(fits.sum()))
    assert found.best is not None
    assert found.smallest is not None
    assert found.fastest_unlimited is not None
    assert found.best.step_time_s == pytest.approx(seconds[fits].min(), rel=1e-12)
    assert found.fastest_unlimited.step_time_s == pytest.approx(seconds.min(), rel=1e-12)
    assert found.smallest.memory_bytes_per_chip == pytest.approx(memory.min(), rel=1e-12)
    assert found.best.setup in setups
    again_seconds, again_memory = one_by_one([found.best.setup])
    assert found.best.step_time_s == pytest.approx(again_seconds[0], rel=1e-12)
    assert found.best.memory_bytes_per_chip == pytest.approx(again_memory[0], rel=1e-12)


def test_the_table_holds_the_best_of_every_split(brute: BruteForce) -> None:
    best: dict[tuple[int, ...], float] = {}
    for one, time, fits in zip(brute.setups, brute.seconds, brute.fits, strict=True):
        if fits:
            best[split(one)] = min(best.get(split(one), np.inf), time)
    table = search(brute.setup, CONSTANTS, table_rows=7, beyond_node=True).table
    assert [row.step_time_s for row in table] == pytest.approx(sorted(best.values())[:7], rel=1e-12)
    assert len({split(row.setup) for row in table}) == 7


def split(setup: Setup) -> tuple[int, ...]:
    """How the chips are split."""
    return (
        setup.tensor_parallel_size,
        setup.pipeline_parallel_size,
        setup.context_parallel_size,
        setup.expert_parallel_size,
    )


def test_tensor_parallelism_stays_inside_a_node(brute: BruteForce) -> None:
    inside = [one.tensor_parallel_size <= 8 for one in brute.setups]
    found = search(brute.setup, CONSTANTS)
    assert found.examined == sum(inside)
    assert found.best is not None
    assert found.best.step_time_s == pytest.approx(brute.seconds[brute.fits & inside].min(), rel=1e-12)
    stated = search(replace(DENSE, global_batch_size=16), CONSTANTS, {"tensor_parallel_size": 16})
    assert {row.setup.tensor_parallel_size for row in stated.table} == {16}


@pytest.mark.parametrize("rows", [64, 1000])
def test_grids_are_bounded_and_hold_the_same_layouts_whatever_their_size(rows: int) -> None:
    parts = list(enumerate_layouts(EXPERTS, layouts_at_once=rows))
    assert max(np.size(part.tensor) for part in parts) <= max(rows, 5 * 2 * 3 * 6)
    assert as_rows(parts) == as_rows(list(enumerate_layouts(EXPERTS)))


def as_rows(parts: list[Layout]) -> set[tuple[float, ...]]:
    """Every layout once; fails where one stands twice."""
    columns = [np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Layout)]
    rows = [tuple(row) for row in np.stack(columns, axis=1).tolist()]
    assert len(set(rows)) == len(rows)
    return set(rows)


def test_every_layout_takes_all_chips_and_the_whole_batch() -> None:
    for part in enumerate_layouts(LLAMA):
        assert np.all(part.chips == LLAMA.count)
        assert np.all(part.micro_batches == np.round(part.micro_batches))


def test_the_law_gives_a_grid_what_it_gives_its_layouts_one_after_another() -> None:
    for grid in grids(EXPERTS, layouts_at_once=3000):
        flat = grid.flat()
        assert flat_seconds(grid, cases_of(EXPERTS, grid.layout)) == pytest.approx(
            np.asarray(step_parts(cases_of(EXPERTS, flat), CONSTANTS).total), rel=1e-12
        )


def flat_seconds(grid: Grid, cases: Cases) -> FloatArray:
    """The law on a grid, its legal layouts one after another."""
    return np.broadcast_to(step_parts(cases, CONSTANTS).total, grid.legal.shape)[grid.legal]


def test_a_grid_names_its_layouts() -> None:
    grid = next(iter(grids(DENSE, {"tensor_parallel_size": 4, "pipeline_parallel_size": 2})))
    flat, indices = grid.flat(), np.flatnonzero(grid.legal)
    for row in (0, len(indices) // 2, len(indices) - 1):
        one = layout(grid.setup(int(indices[row]), DENSE))
        for field in fields(Layout):
            assert getattr(one, field.name) == getattr(flat, field.name)[row]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tensor_parallel_size", 4),
        ("pipeline_parallel_size", 2),
        ("virtual_pipeline_size", 2),
        ("context_parallel_size", 2),
        ("data_parallel_size", 2),
        ("sharding", "zero-3"),
        ("sequence_parallel", True),
        ("micro_batch_size", 3),
        ("recompute", "full"),
    ],
)
def test_what_a_spec_states_stays(name: str, value: int | str | bool) -> None:
    found = search(DENSE, CONSTANTS, {name: value})
    assert found.best is not None
    assert all(getattr(row.setup, name) == value for row in found.table)
    free = search(DENSE, CONSTANTS).best
    assert free is not None
    if name != "micro_batch_size":
        assert free.step_time_s <= found.best.step_time_s * (1 + 1e-12)


def test_a_wholly_stated_layout_is_the_only_one() -> None:
    one = replace(DENSE, tensor_parallel_size=2, recompute="full", sharding="zero-3")
    stated = {name: getattr(one, name) for name in FIELDS}
    assert search(DENSE, CONSTANTS, stated).examined == 1
    assert best_layout(DENSE, CONSTANTS, stated) == one


def test_a_field_that_is_no_part_of_a_layout_is_named() -> None:
    with pytest.raises(ValueError, match="stack is not a field of a layout"):
        search(DENSE, CONSTANTS, {"stack": "fsdp"})


def test_only_layouts_that_fit_give_the_same_answer() -> None:
    found, quick = search(EXPERTS, CONSTANTS), search(EXPERTS, CONSTANTS, only_fitting=True)
    assert quick.table == found.table
    assert (quick.examined, quick.fit, quick.smallest) == (found.examined, found.fit, found.smallest)


def test_what_binds_is_said() -> None:
    memory = search(replace(LLAMA, count=16), CONSTANTS)
    assert (memory.best, memory.fit) == (None, 0)
    assert "memory: the layout that takes least needs" in memory.binds
    with pytest.raises(NoLayout, match="memory"):
        best_layout(replace(LLAMA, count=16), CONSTANTS)
    nothing = search(DENSE, CONSTANTS, {"tensor_parallel_size": 5})
    assert (nothing.examined, nothing.best) == (0, None)
    assert nothing.binds.startswith("no layout is legal")
    with pytest.raises(NoLayout, match="no layout is legal"):
        best_layout(DENSE, CONSTANTS, {"tensor_parallel_size": 5})
    assert search(LLAMA, CONSTANTS, {"recompute": "none"}).binds.partition(":")[0] in ("memory", "time")


def test_what_memory_costs_is_said_in_per_cent() -> None:
    found = search(LLAMA, CONSTANTS, {"recompute": "none"})
    assert found.best is not None
    slow = replace(found.best, step_time_s=2.0)
    bound = replace(found, table=(slow,), fastest_unlimited=replace(slow, step_time_s=1.96))
    assert bound.binds.endswith("GiB a chip the step would be 2 % shorter")


def test_more_memory_is_never_slower() -> None:
    h200 = best_time(replace(DENSE, accelerator=accelerator("h200"), inter_node_bytes_per_s=50e9))
    assert h200 <= best_time(replace(DENSE, inter_node_bytes_per_s=50e9))


def best_time(setup: Setup) -> float:
    """Seconds of the fastest layout."""
    found = search(setup, CONSTANTS).best
    assert found is not None
    return found.step_time_s


def test_stacks_without_pipelines_get_none() -> None:
    for part in enumerate_layouts(replace(DENSE, stack="fsdp")):
        assert np.all(np.asarray(part.pipeline) == 1)


def test_tensor_parallelism_divides_heads_or_copies_them() -> None:
    eight = model("llama-3.1-8b")  # 32 heads, 8 key-value heads
    assert [size for size in range(1, 65) if divides_heads(eight, size)] == [1, 2, 4, 8, 16, 32]
    latent = model("deepseek-v3")  # 128 heads that share one latent
    assert all(divides_heads(latent, size) for size in (1, 16, 128))


def test_divisors() -> None:
    for number in range(1, 200):
        assert divisors(number) == [one for one in range(1, number + 1) if number % one == 0]


def test_llama_3_405b_as_published_is_near_the_best_found() -> None:
    """arXiv:2407.21783, table 4: tensor 8, pipeline 16, data 128 at 8,192 tokens; interleaved (3.3.2)."""
    published: dict[str, int | str | bool] = {
        "tensor_parallel_size": 8,
        "pipeline_parallel_size": 16,
        "context_parallel_size": 1,
        "data_parallel_size": 128,
        "sequence_parallel": True,
        "micro_batch_size": 1,
    }
    best, stated = search(LLAMA, CONSTANTS), search(LLAMA, CONSTANTS, published)
    assert best.best is not None
    assert stated.best is not None
    assert stated.best.setup.virtual_pipeline_size > 1
    assert stated.best.step_time_s <= 1.05 * best.best.step_time_s
    assert search(LLAMA, CONSTANTS, beyond_node=True).examined > 150_000 > best.examined > 50_000
