"""The cluster a programme trains on when it owns one: how large, when it is bought, what of it is left.

The amortized view charges each run for the wear it causes; the cash view pays for the whole cluster before
its work begins. What lies between the two is an asset that outlives the runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from truecost.finance.cluster import cluster_chips, months_to_wear_out
from truecost.finance.holding import hold
from truecost.lines import Payee
from truecost.plan.book import Book
from truecost.plan.generations import MOST_GENERATIONS, Schedule
from truecost.plan.programme.compute import Owned
from truecost.ranges import FloatArray, Range, Value

LINE = "training.cluster"


@dataclass(frozen=True, slots=True)
class Work:
    """What the first generation computes: its run on some chips in some months, and all of it in more."""

    chips: Value
    run_chip_hours: Value
    run_months: Value
    chip_hours: Value
    months: Value

    def chips_for(self, growth: Value) -> Value:
        """Chips for a generation with `growth` times the compute: as stated, more where it would not fit."""
        for_run = cluster_chips(self.chips, self.run_chip_hours * growth, self.run_months)
        return cluster_chips(for_run, self.chip_hours * growth, self.months)


def buy_cluster(work: Work, owned: Owned, group: str, schedule: Schedule, book: Book) -> None:
    """Enter the purchase of the cluster: its price in cash, nothing in the amortized view."""
    book.quantity(
        "programme.cluster_chips",
        work.chips_for(1.0),
        "chips",
        "for the first generation the chips of the final run, or more where its compute does not fit on them "
        "in the months it is spread over; for those after it the same with chip-hours x training growth",
        ("programme.final_run_chips", "programme.final_run_chip_hours", "programme.experiments.multiplier"),
    )
    life = _life_months(book)
    usd_per_chip = book.quantity(
        "programme.cluster_usd_per_chip",
        owned.cluster.usd_per_chip,
        "USD/chip",
        "chip price x server overhead / (1 - network share of the cluster)",
        owned.price_inputs,
    )
    paid = book.quantity(
        "programme.cluster_usd",
        bought_chips(work, life, schedule, book.months) * usd_per_chip,
        "USD",
        "chips that the work of a generation lacks, bought in the month it begins (before the plan: in its "
        f"first month), x USD a chip; kept for {life} months, the full use that wears off the price",
        ("programme.cluster_chips", "programme.cluster_usd_per_chip", "hardware/replacement_rate_per_year"),
    )
    book.line(
        LINE,
        "Cluster bought to train on (cash)",
        group,
        Payee.CHIPS,
        0.0,
        cash=paid,
        formula="paid in cash when bought; in the amortized view its wear is in the lines of the runs",
        inputs=("programme.cluster_usd",),
    )


def what_is_left(components: Sequence[str], book: Book) -> None:
    """Enter what the cash view paid for the cluster beyond the wear that lines of compute were charged."""
    lines = [book.lines[component] for component in (LINE, *components) if component in book.lines]
    book.result(
        "programme.cluster_left_usd",
        np.asarray(sum((line.cash - line.amortized for line in lines), start=np.zeros((1, 1)))).sum(axis=0),
        "USD",
        "paid for the cluster - wear charged to the runs, experiments and restarts of the plan",
        ("programme.cluster_usd", *(f"lines.{component}" for component in components)),
    )


def bought_chips(work: Work, life_months: int, schedule: Schedule, months: int) -> FloatArray:
    """Chips bought by month, (months, 1) or (months, draws), so that those alive cover each month's work.

    A generation works in the `work.months` before its release. Chips serve whatever comes within
    `life_months` of their purchase. What is bought before the plan starts is paid in its first month.

    >>> work = Work(100.0, 73_050.0, 1.0, 146_100.0, 3.0)
    >>> bought_chips(work, 37, Schedule(6.0, None, 1.0, 1.0, 0.0), 8).ravel().tolist()
    [0.0, 0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 0.0]
    """
    begins, _ = _window(schedule, work.months, 0)
    before = max(0, -int(np.min(begins)))
    index = np.arange(-before, months, dtype=np.float64)[:, None]
    needed = np.zeros((len(index), 1))
    for generation in range(1 if schedule.every is None else MOST_GENERATIONS):
        begins, ends = _window(schedule, work.months, generation)
        if generation and float(np.min(begins)) >= months:
            break
        at_work = (index >= begins) & (index < ends)
        needed = needed + at_work * work.chips_for(schedule.training_growth**generation)
    bought = hold(needed, life_months).bought
    bought[before] += bought[:before].sum(axis=0)
    return bought[before:]


def _life_months(book: Book) -> int:
    """Whole months of full use that the amortized view takes to charge the whole price."""
    rate = book.rate_fact("hardware/replacement_rate_per_year").value
    yearly = rate.median if isinstance(rate, Range) else rate
    return max(1, int(months_to_wear_out(yearly / np.log(10))))


def _window(schedule: Schedule, span: Value, generation: int) -> tuple[Value, Value]:
    """The months in which a generation computes: from, and up to but without; whole months."""
    release = schedule.first + (0.0 if schedule.every is None else generation * schedule.every)
    return np.round(release - np.maximum(span, 1.0)), np.round(release)
