"""How fast layouts are searched: configurations a second, the largest space, memory; the published layout.

Prints each figure beside its bar; run with `python bench/training.py`. A configuration is a legal layout that
went through the memory law and the step law, whether it fits or not; the spaces timed hold tensor
parallelism beyond a node as well.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np

from truecost.catalog.accelerators import accelerator
from truecost.catalog.models import model
from truecost.physics.training_step.memory import memory_parts
from truecost.physics.training_step.setup import Setup, stack_setups
from truecost.physics.training_step.step import step_parts
from truecost.training.calibrated import training_calibration
from truecost.training.search import SearchResult, search
from truecost.training.search_space import cases_of, grids

RATE_BAR = 200_000.0
CALCULON_RATE = 550.0
"""Configurations a second of Calculon (github.com/calculon-ai/calculon); not measured in this run."""
SECONDS_BAR = 2.0
MEMORY_BAR_GB = 1.0
NEAR_BAR = 0.05
H100 = accelerator("h100-sxm")
LLAMA = Setup(model("llama-3.1-405b"), H100, 16_384, 2048, 1, 8192, per_node=8, inter_node_bytes_per_s=50e9)
SPACES = {
    "llama-3.1-405b, 16,384 H100": LLAMA,
    "llama-3.1-70b, 2,048 H100": Setup(model("llama-3.1-70b"), H100, 2048, 1024, 1, 8192),
    "deepseek-v3, 2,048 H100": Setup(model("deepseek-v3"), H100, 2048, 15_360, 1, 4096),
    "llama-3.1-405b, 1,152 GB200": Setup(model("llama-3.1-405b"), accelerator("gb200"), 1152, 1152, 1, 8192),
}
PUBLISHED = {
    "tensor_parallel_size": 8,
    "pipeline_parallel_size": 16,
    "context_parallel_size": 1,
    "data_parallel_size": 128,
    "sequence_parallel": True,
    "micro_batch_size": 1,
}
"""Llama 3 405B at 8,192 tokens: arXiv:2407.21783, table 4; how far it was interleaved is not stated."""
CONSTANTS = training_calibration().step


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """The best of a few runs."""
    best = float("inf")
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def row(name: str, value: str, bar: str, is_met: bool) -> None:
    """One figure beside its bar."""
    print(f"{name:<56} {value:>14}   bar {bar:<12} {'met' if is_met else 'MISSED'}")


def one_by_one(setup: Setup, layouts: int = 300) -> float:
    """Layouts a second when each goes through the laws alone."""
    grid = next(iter(grids(setup, beyond_node=True)))
    setups = [grid.setup(int(index), setup) for index in np.flatnonzero(grid.legal)[:layouts]]

    def work() -> None:
        for one in setups:
            case = stack_setups([one])
            memory_parts(case)
            step_parts(case, CONSTANTS)

    return len(setups) / seconds(work, runs=1)


def in_a_row(setup: Setup) -> float:
    """Layouts a second when the same laws get every field of every layout as a long array."""
    parts = [grid.flat() for grid in grids(setup, beyond_node=True)]

    def work() -> None:
        for part in parts:
            cases = cases_of(setup, part)
            memory_parts(cases)
            step_parts(cases, CONSTANTS)

    return sum(np.size(part.tensor) for part in parts) / seconds(work, runs=2)


def rates() -> None:
    """Configurations a second over a few spaces, beside the bar and slower ways of asking the same laws."""
    for name, setup in SPACES.items():
        found = search(setup, CONSTANTS, beyond_node=True)
        took = seconds(lambda setup=setup: search(setup, CONSTANTS, beyond_node=True))
        rate = found.examined / took
        row(f"{name}: {found.examined:,} layouts", f"{rate:,.0f} /s", f"{RATE_BAR:,.0f} /s", rate >= RATE_BAR)
        if setup is LLAMA:
            row("  the whole space", f"{took:.2f} s", f"{SECONDS_BAR:g} s", took <= SECONDS_BAR)
    print(f"{'  as long arrays, no part shared between layouts':<56} {in_a_row(LLAMA):>12,.0f} /s")
    print(f"{'  one by one':<56} {one_by_one(LLAMA):>12,.0f} /s")
    print(f"{'  Calculon, for comparison (not measured here)':<56} {CALCULON_RATE:>12,.0f} /s")


def published(best: SearchResult) -> None:
    """The published layout against the best found, for every number of virtual stages."""
    assert best.best is not None
    for virtual in (1, 2, 4, 8):
        found = search(LLAMA, CONSTANTS, {**PUBLISHED, "virtual_pipeline_size": virtual}).best
        if found is None:
            print(f"  published, {virtual} virtual stages: does not fit")
            continue
        slower = found.step_time_s / best.best.step_time_s - 1
        row(
            f"  published, {virtual} virtual, {found.setup.sharding}, recompute {found.setup.recompute}",
            f"{slower:+.1%}",
            f"{NEAR_BAR:.0%} of best",
            slower <= NEAR_BAR,
        )


def main() -> None:
    """Print every figure."""
    rates()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    row("peak memory of all of the above", f"{peak:.2f} GB", f"{MEMORY_BAR_GB:g} GB", peak <= MEMORY_BAR_GB)
    print("fastest layouts found for llama-3.1-405b on 16,384 H100, and the published one beside them")
    best = search(LLAMA, CONSTANTS)
    for found in best.table[:5]:
        gib = found.memory_bytes_per_chip / 2**30
        print(f"  {found.step_time_s:.3f} s  {gib:5.1f} GiB  {words(found.setup)}")
    published(best)


def words(setup: Setup) -> str:
    """A layout in a line."""
    return (
        f"tensor {setup.tensor_parallel_size} pipeline {setup.pipeline_parallel_size} x "
        f"{setup.virtual_pipeline_size} context {setup.context_parallel_size} "
        f"data {setup.data_parallel_size} micro-batch {setup.micro_batch_size} {setup.sharding} "
        f"recompute {setup.recompute}"
    )


if __name__ == "__main__":
    main()
