"""The final run, what surrounds it (experiments, failed runs, restarts), and its cost by method."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from truecost.finance.cluster import Rental, run_cost_by_method
from truecost.lines import Basis
from truecost.physics.training import run_days
from truecost.plan.book import DAYS_PER_MONTH, Book, given_or
from truecost.plan.generations import Schedule
from truecost.plan.programme.cluster import Work, buy_cluster, what_is_left
from truecost.plan.programme.compute import (
    ChipRate,
    chip_rate,
    chips_of_run,
    final_run_chip_hours,
    own_hardware,
)
from truecost.plan.programme.lost_time import lost_by_law
from truecost.plan.schema.programme import Programme, TrainingRun
from truecost.plan.what_if import MODEL_SIZE
from truecost.ranges import Value

FINAL_RUN = "Final training run"
LATER_RUNS = "Final runs of later generations"
EXPERIMENTS = "Experiments and failed runs"
RUN_LEAD_MONTHS = 3.0
EXPERIMENT_LEAD_MONTHS = 12.0
PATH = "programme.training"
COMPUTE_LINES = ("training.final_run", "training.later_runs", "training.experiments", "training.restarts")


@dataclass(frozen=True, slots=True)
class _Run:
    """What the lines of compute share: the plan's run, what its first costs, and how it is paid."""

    spec: TrainingRun
    hours: Value
    chips: Value | None
    cost: Value
    rate: ChipRate

    def cash(self, cost: Value) -> Value | None:
        """What of a cost is paid as it is used: the energy where the chips are bought; None for all of it."""
        if self.rate.own is None or self.chips is None:
            return None
        return cost * self.rate.own.energy_share

    @property
    def lead_months(self) -> Value:
        """Months before release over which a run is paid."""
        return given_or(self.spec.lead_months, RUN_LEAD_MONTHS)


def training_run(spec: Programme, schedule: Schedule, book: Book) -> tuple[Value, ChipRate] | None:
    """Enter the lines of compute; returns chip-hours of the first final run and the price of one."""
    if spec.training is None:
        book.leave_out(PATH, "no training run is priced: the model is taken as given")
        return None
    hours = final_run_chip_hours(spec.training, PATH, book) * book.move(MODEL_SIZE)
    chips = chips_of_run(spec.training, hours, PATH, book)
    rate = chip_rate(spec.training, PATH, book)
    cost = book.quantity(
        "programme.final_run_usd",
        hours * rate.usd_per_chip_hour,
        "USD",
        "chip-hours x USD a chip-hour",
        ("programme.final_run_chip_hours", *rate.inputs),
    )
    run = _Run(spec.training, hours, chips, cost, rate)
    _final_runs(run, schedule, book)
    lost = _restarts(run, schedule, book)
    multiplier, lead = _experiments(spec, run, schedule, book)
    _cluster(run, hours * (multiplier + lost), lead, schedule, book)
    return hours, rate


def _final_runs(run: _Run, schedule: Schedule, book: Book) -> None:
    every = schedule.spending(book.months, run.lead_months, schedule.training_growth)
    later = schedule.spending(book.months, run.lead_months, schedule.training_growth, first=1)
    for component, group, paid in (
        ("training.final_run", FINAL_RUN, every - later),
        ("training.later_runs", LATER_RUNS, later),
    ):
        if component == "training.later_runs" and schedule.every is None:
            continue
        book.line(
            component,
            group,
            group,
            run.rate.payee,
            run.cost * paid,
            cash=run.cash(run.cost * paid),
            formula="cost of the first run x training growth ^ generation, over the months before release",
            inputs=("programme.final_run_usd", "programme.generations.training_growth"),
            basis=Basis.LAW,
            quantity=run.hours * paid,
            unit="chip-hours",
        )


def _restarts(run: _Run, schedule: Schedule, book: Book) -> Value:
    """Enter work lost to failures, restarts and checkpoints where the utilization does not already hold it.

    That of the record is of whole runs, and that of the law has its losses: only a stated one can lack them.
    Returns it over the chip-hours of the run. The share is the record's: see `programme.lost_time`.
    """
    is_stated = run.spec.utilization is not None and run.spec.chip_hours is None
    if run.spec.utilization_covers == "whole_run" or not is_stated:
        return 0.0
    share = book.rate("training/restart_overhead_share")
    if run.chips is not None:
        lost_by_law(run.spec, run.chips, book)
    lost = share / (1 - share)
    cost = run.cost * lost * schedule.spending(book.months, run.lead_months, schedule.training_growth)
    book.line(
        "training.restarts",
        "Checkpoints and restarts",
        EXPERIMENTS,
        run.rate.payee,
        cost,
        cash=run.cash(cost),
        formula="final run x lost share / (1 - lost share)",
        inputs=("programme.final_run_usd", "training/restart_overhead_share"),
    )
    return lost


def _experiments(spec: Programme, run: _Run, schedule: Schedule, book: Book) -> tuple[Value, Value]:
    """Enter experiments and failed runs; returns all compute over the final run's, and its months."""
    given = spec.experiments.multiplier if spec.experiments else None
    path = "programme.experiments.multiplier"
    multiplier = np.maximum(book.number(path, given, f"experiments/{spec.developer}"), 1.0)
    lead = given_or(spec.experiments.lead_months if spec.experiments else None, EXPERIMENT_LEAD_MONTHS)
    cost = run.cost * (multiplier - 1) * schedule.spending(book.months, lead, schedule.training_growth)
    book.line(
        "training.experiments",
        "Experiments and failed runs",
        EXPERIMENTS,
        run.rate.payee,
        cost,
        cash=run.cash(cost),
        formula="final run x (all R&D compute over the final run - 1)",
        inputs=("programme.final_run_usd", path),
        basis=Basis.LAW,
    )
    return multiplier, lead


def _cluster(run: _Run, chip_hours: Value, lead: Value, schedule: Schedule, book: Book) -> None:
    """In the cash view buy the chips that all compute of a generation needs; say so where it cannot."""
    if run.spec.pay != "amortized":
        return
    at = f"{PATH}.cluster"
    if run.rate.own is None:
        book.leave_out(at, "the cluster is not bought in the cash view: usd_per_chip_hour is stated")
        return
    if run.chips is None:
        book.leave_out(
            at,
            "the cluster is not bought in the cash view, nor in the runway: its size is unknown. State chips "
            "or days of the run",
        )
        return
    book.leave_out(
        at,
        "in the cash view it is bought for final runs, experiments and restarts; what RLHF, red-teaming and "
        "fine-tunes compute pays for its chips as it wears them",
    )
    months = np.maximum(run.lead_months, run_days(run.hours, run.chips) / DAYS_PER_MONTH)
    span = np.maximum(np.maximum(months, lead), 1.0)
    work = Work(run.chips, run.hours, months, chip_hours, span)
    buy_cluster(work, run.rate.own, FINAL_RUN, schedule, book)
    what_is_left(COMPUTE_LINES, book)


def cost_by_method(run: TrainingRun, hours: Value, book: Book) -> dict[str, Value]:
    """The same final run counted every way the catalog allows: each method's USD, missing ones left out."""
    rental = None
    try:
        price = book.catalog.rental(run.chip, book.as_of, "on_demand")
        committed = book.catalog.rental(run.chip, book.as_of, "reserved_3y")
        rental = Rental(book.fact(committed), book.fact(price))
    except LookupError:
        book.leave_out(f"{PATH}.method.cloud", f"no dated rent of {run.chip} on record")
    own = energy = None
    try:
        own, energy, _ = own_hardware(run.chip, hours, book)
        own = replace(own, chips=chips_of_run(run, hours, PATH, book))
    except LookupError:
        book.leave_out(
            f"{PATH}.method.amortized", f"no dated purchase price or power of {run.chip} on record"
        )
    costs = run_cost_by_method(hours, own, energy, rental)
    if run.usd_per_chip_hour is not None:
        costs["stated-price"] = hours * run.usd_per_chip_hour
    return costs
