"""How fast a plan is evaluated: rates, ratios against the same plan draw by draw, memory, linearity.

Prints each figure beside its bar; run with `make bench`. The largest example is `consumer-assistant`.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from truecost.catalog.catalog import load as load_catalog
from truecost.plan.checks import check
from truecost.plan.evaluate import evaluate, evaluate_window
from truecost.plan.schema import Plan
from truecost.ranges import Draws
from truecost.spec import load

EXAMPLES = Path(__file__).parent.parent / "examples"
LARGEST = EXAMPLES / "consumer-assistant.yaml"


def seconds(work: Callable[[], object], runs: int = 3) -> float:
    """The best of a few runs."""
    best = float("inf")
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def checked(months: int) -> Plan:
    """The largest example over a number of months."""
    document = load(LARGEST, Plan, sets=[f"horizon_months={months}"])
    return check(document, load_catalog(), date(2026, 11, 1))[0]


def draw_by_draw(plan: Plan, draws: int) -> float:
    """Seconds a draw when each draw goes through the laws alone."""
    catalog = load_catalog()
    assert plan.start is not None
    start = plan.start

    def work() -> None:
        for index in range(draws):
            evaluate_window(plan, catalog, Draws(1, index, 1), start, {})

    return seconds(work, runs=1) / draws


def row(name: str, value: str, bar: str, met: bool) -> None:
    """One figure beside its bar."""
    print(f"{name:<52} {value:>12}   bar {bar:<10} {'met' if met else 'MISSED'}")


def main() -> None:
    """Print every figure."""
    catalog = load_catalog()
    plan = checked(60)
    evaluate(plan, catalog, draws=512, seed=1)
    ten = seconds(lambda: evaluate(plan, catalog, draws=10_000, seed=1))
    row("10,000 draws x 60 months", f"{ten:.2f} s", "1 s", ten <= 1)
    print(f"{'rate':<52} {10_000 * 60 / ten / 1e6:>8.2f} M draw-months/s")
    hundred = seconds(lambda: evaluate(plan, catalog, draws=100_000, seed=1), runs=1)
    row("100,000 draws x 60 months", f"{hundred:.2f} s", "8 s", hundred <= 8)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    row("peak memory of all of the above", f"{peak:.2f} GB", "1 GB", peak <= 1)
    alone = draw_by_draw(plan, 60)
    ratio = alone / (ten / 10_000)
    row("against the same plan draw by draw", f"{ratio:.0f}x", "100x", ratio >= 100)
    longer = seconds(lambda: evaluate(checked(120), catalog, draws=10_000, seed=1))
    row("120 months over 60 months (2 is linear)", f"{longer / ten:.2f}x", "2.4x", longer / ten <= 2.4)
    row("100,000 draws over 10,000 (10 is linear)", f"{hundred / ten:.1f}x", "12x", hundred / ten <= 12)
    command = [sys.executable, "-m", "truecost", "plan", str(LARGEST)]
    terminal = seconds(lambda: subprocess.run(command, check=True, capture_output=True))
    row("truecost plan to the terminal", f"{terminal:.2f} s", "3 s", terminal <= 3)
    helping = [sys.executable, "-m", "truecost", "--help"]
    start = seconds(lambda: subprocess.run(helping, check=True, capture_output=True), runs=5)
    row("truecost --help", f"{start * 1000:.0f} ms", "150 ms", start <= 0.15)


if __name__ == "__main__":
    main()
