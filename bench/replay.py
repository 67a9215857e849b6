"""How fast traffic is replayed: requests a second on one core, linearity, a search over fleets, a long week.

Prints each figure beside its bar; run with `python bench/replay.py`, and `--week` for the 40 million requests
too (minutes, gigabytes). Step times are the law's for the example's fleet (llama-3.1-70b on four H100), as
tabulated; making the table is not timed, nor is the compiling of the simulator, which is printed apart.
`--peers` runs other simulators on the same traffic, in environments of their own (replay_peers.py).
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from replay_peers import CONSTANT, LAW, STEP_S, beside

from truecost.catalog.catalog import load as load_catalog
from truecost.replay.drive import limits_of_engine, requests_of_load, table_of
from truecost.replay.engine import (
    Limits,
    Replicas,
    Requests,
    StepTable,
    compile_engine,
    is_compiled,
    simulate,
    simulate_fleet,
)
from truecost.replay.fleets import compared, read_fleets
from truecost.replay.metrics import limits_of
from truecost.replay.run import prepared
from truecost.replay.schema import ReplaySpec
from truecost.spec import load

EXAMPLE = Path(__file__).parent.parent / "examples" / "chat-on-h100.yaml"
RATE_BAR, CACHED_BAR, MOONCAKE_BAR_S = 500_000, 100_000, 0.2
SEARCH_CHIPS = (
    *("h100-sxm", "h200", "b200", "b300", "mi300x", "mi325x", "mi355x", "l40s", "a100-sxm-80", "h20"),
)
SEARCH_COUNTS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72, 80, 96)
SEARCH_CORES, SEARCH_BAR_S = 2, 20
WEEK_REQUESTS, WEEK_REPLICAS, WEEK_BAR_S, WEEK_BAR_GB = 40_000_000, 100, 180, 6.0
PUBLISHED = {"AISimulate": 4_900, "Vidur": 600}
"""Requests a second of other simulators on the same traffic as stated to us; not measured in this run."""


def seconds(work: Callable[[], object], runs: int = 9) -> float:
    """The best of a few runs."""
    best = float("inf")
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def row(name: str, value: str, bar: str, met: bool) -> None:
    """One figure beside its bar."""
    print(f"{name:<58} {value:>16}   bar {bar:<12} {'met' if met else 'MISSED'}")


def case(*sets: str) -> tuple[Requests, StepTable, Limits]:
    """The example with some values set otherwise, as the engine takes it."""
    document = load(EXAMPLE, ReplaySpec, sets=list(sets))
    setup = prepared(document, load_catalog())[0]
    limits = limits_of_engine(setup)
    return requests_of_load(setup), table_of(setup.steps, limits), limits


def drawn_like(asked: Requests, count: int, rate_per_s: float) -> Requests:
    """Requests at random times with lengths drawn from others (not `trace synth`, which keeps more)."""
    random = np.random.default_rng(3)
    pick = random.integers(0, len(asked), count)
    arrival_s = np.cumsum(random.exponential(1 / rate_per_s, count))
    return Requests(arrival_s, asked.input_tokens[pick], asked.output_tokens[pick])


def one_replica(*, stated: bool) -> None:
    """Azure's conversations, then ten times as many; Mooncake's with the prefix cache.

    `stated` prints what is said of others too.
    """
    asked, table, limits = case()
    took = seconds(lambda: simulate(asked, table, limits))
    steps = simulate(asked, table, limits).totals.steps
    rate = len(asked) / took
    row(
        f"Azure conversations, {len(asked):,} requests", f"{rate:,.0f}/s", f"{RATE_BAR:,}/s", rate >= RATE_BAR
    )
    print(f"{'  steps of the engine':<58} {steps / took / 1e6:>14.1f} M/s")
    for name, other in PUBLISHED.items() if stated else ():
        print(f"{f'  over {name} ({other:,}/s as stated, not run here)':<58} {rate / other:>15,.0f}x")
    rate_per_s = len(asked) / float(asked.arrival_s[-1])
    few, many = (drawn_like(asked, count, rate_per_s) for count in (100_000, 1_000_000))
    ratio = seconds(lambda: simulate(many, table, limits), 3) / seconds(
        lambda: simulate(few, table, limits), 5
    )
    row("1,000,000 requests over 100,000 (10 is linear)", f"{ratio:.1f}x", "12x", ratio <= 12)
    cached = ("traffic.trace=mooncake-conversation", "engine.enable_prefix_caching=true")
    asked, table, limits = case(*cached)
    took = seconds(lambda: simulate(asked, table, limits))
    rate = len(asked) / took
    row(
        f"Mooncake with prefix cache, {len(asked):,} requests",
        f"{took:.3f} s",
        "0.2 s",
        took <= MOONCAKE_BAR_S,
    )
    row("  rate", f"{rate:,.0f}/s", f"{CACHED_BAR:,}/s", rate >= CACHED_BAR)


def fleet_search() -> None:
    """Two hundred fleets, every one in its best layout, and the cheapest; on two threads."""
    catalog = load_catalog()
    document = load(EXAMPLE, ReplaySpec)
    names = ",".join(f"{count}x{chip}" for chip in SEARCH_CHIPS for count in SEARCH_COUNTS)
    fleets = read_fleets(names, catalog)
    limits = limits_of(document.value.slo)
    told: dict[str, Any] = {}

    def work() -> None:
        told.update(compared(document, catalog, fleets, limits, workers=SEARCH_CORES))

    begin = time.process_time()
    took = seconds(work, 1)
    row(
        f"{len(fleets)} fleets, {told['requests']:,} requests, {SEARCH_CORES} threads",
        f"{took:.1f} s",
        f"{SEARCH_BAR_S} s",
        took <= SEARCH_BAR_S,
    )
    print(f"{'  processor time of both threads':<58} {time.process_time() - begin:>14.1f} s")
    print(f"{'  layouts simulated':<58} {told['simulations']:>16,}")


def others() -> None:
    """Other simulators on Azure's conversations, beside ours in the same run."""
    asked, table, limits = case()
    axes = (table.prefill_tokens, table.decode_sequences, table.context_tokens)
    constant = StepTable(*axes, np.full_like(table.seconds, STEP_S))
    tables = {LAW: table, CONSTANT: constant}
    ours = {
        kind: len(asked) / seconds(lambda one=one: simulate(asked, one, limits))
        for kind, one in tables.items()
    }
    beside(asked, ours)


def week() -> None:
    """Forty million requests in seven days over a hundred replicas, least loaded first."""
    asked, table, limits = case()
    long = drawn_like(asked, WEEK_REQUESTS, WEEK_REQUESTS / (7 * 86_400))
    took = seconds(lambda: simulate_fleet(long, table, limits, Replicas(WEEK_REPLICAS)), 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    row("40 million requests of a week, 100 replicas", f"{took:.0f} s", f"{WEEK_BAR_S} s", took <= WEEK_BAR_S)
    row("  peak memory", f"{peak:.1f} GB", f"{WEEK_BAR_GB:.0f} GB", peak <= WEEK_BAR_GB)


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--week", action="store_true", help="also 40 million requests over 100 replicas")
    parser.add_argument("--peers", action="store_true", help="also other simulators, installed from PyPI")
    chosen = parser.parse_args()
    known = is_compiled()
    begin = time.perf_counter()
    kept = compile_engine()
    how = "loaded" if known else "compiled, once" if kept else "compiled, kept nowhere"
    print(f"{f'simulator {how}':<58} {time.perf_counter() - begin:>14.1f} s")
    one_replica(stated=not chosen.peers)
    fleet_search()
    if chosen.peers:
        others()
    if chosen.week:
        week()


if __name__ == "__main__":
    main()
