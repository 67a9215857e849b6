"""The final run, what surrounds it (experiments, failed runs, restarts), and its cost by method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from truecost.finance.cluster import Rental, run_cost_by_method
from truecost.lines import Basis
from truecost.physics.training import run_days
from truecost.plan.book import Book, given_or
from truecost.plan.generations import Schedule
from truecost.plan.programme.compute import ChipRate, chip_rate, final_run_chip_hours, own_hardware
from truecost.plan.schema.programme import Programme, TrainingRun
from truecost.ranges import Value

FINAL_RUN = "Final training run"
LATER_RUNS = "Final runs of later generations"
EXPERIMENTS = "Experiments and failed runs"
RUN_LEAD_MONTHS = 3.0
EXPERIMENT_LEAD_MONTHS = 12.0
PATH = "programme.training"


def training_run(spec: Programme, schedule: Schedule, book: Book) -> tuple[Value, ChipRate] | None:
    """Enter the lines of compute; returns chip-hours of the first final run and the price of one."""
    run = spec.training
    if run is None:
        book.leave_out(PATH, "no training run is priced: the model is taken as given")
        return None
    hours = final_run_chip_hours(run, PATH, book)
    rate = chip_rate(run, PATH, book)
    lead = given_or(run.lead_months, RUN_LEAD_MONTHS)
    cost = book.quantity(
        "programme.final_run_usd",
        hours * rate.usd_per_chip_hour,
        "USD",
        "chip-hours x USD a chip-hour",
        ("programme.final_run_chip_hours", *rate.inputs),
    )
    every = schedule.spending(book.months, lead, schedule.training_growth)
    later = schedule.spending(book.months, lead, schedule.training_growth, first=1)
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
            rate.payee,
            cost * paid,
            formula="cost of the first run x training growth ^ generation, over the months before release",
            inputs=("programme.final_run_usd", "programme.generations.training_growth"),
            basis=Basis.LAW,
            quantity=hours * paid,
            unit="chip-hours",
        )
    if run.pay == "amortized":
        book.leave_out(
            f"{PATH}.cluster",
            "the cluster is not bought in the cash view: see compute by method; nor is it in the runway",
        )
    _restarts(run, cost, rate, schedule, book)
    _experiments(spec, cost, rate, schedule, book)
    if run.chips is not None:
        book.quantity(
            "programme.final_run_days",
            run_days(hours, run.chips),
            "days",
            "chip-hours / chips / 24",
            ("programme.final_run_chip_hours", f"{PATH}.chips"),
        )
    return hours, rate


def _restarts(run: TrainingRun, cost: Value, rate: ChipRate, schedule: Schedule, book: Book) -> None:
    """Work lost to failures, restarts and checkpoints, where the utilization does not already hold it."""
    if run.utilization_covers == "whole_run" or run.chip_hours is not None:
        return
    share = book.rate("training/restart_overhead_share")
    paid = schedule.spending(
        book.months, given_or(run.lead_months, RUN_LEAD_MONTHS), schedule.training_growth
    )
    book.line(
        "training.restarts",
        "Checkpoints and restarts",
        EXPERIMENTS,
        rate.payee,
        cost * share / (1 - share) * paid,
        formula="final run x lost share / (1 - lost share)",
        inputs=("programme.final_run_usd", "training/restart_overhead_share"),
    )


def _experiments(spec: Programme, cost: Value, rate: ChipRate, schedule: Schedule, book: Book) -> None:
    given = spec.experiments.multiplier if spec.experiments else None
    path = "programme.experiments.multiplier"
    multiplier = np.maximum(book.number(path, given, f"experiments/{spec.developer}"), 1.0)
    lead = given_or(spec.experiments.lead_months if spec.experiments else None, EXPERIMENT_LEAD_MONTHS)
    paid = schedule.spending(book.months, lead, schedule.training_growth)
    book.line(
        "training.experiments",
        "Experiments and failed runs",
        EXPERIMENTS,
        rate.payee,
        cost * (multiplier - 1) * paid,
        formula="final run x (all R&D compute over the final run - 1)",
        inputs=("programme.final_run_usd", path),
        basis=Basis.LAW,
    )


def cost_by_method(run: TrainingRun, hours: Value, book: Book) -> dict[str, Value]:
    """The same final run counted every way the catalog allows: each method's USD, missing ones left out."""
    rental = None
    try:
        price = book.catalog.rental(run.chip, book.as_of, "on_demand")
        committed = book.catalog.rental(run.chip, book.as_of, "reserved_3y")
        rental = Rental(
            book.draws.of(f"fact:{committed.key}", committed.value),
            book.draws.of(f"fact:{price.key}", price.value),
        )
    except LookupError:
        book.leave_out(f"{PATH}.method.cloud", f"no dated rent of {run.chip} on record")
    own = energy = None
    try:
        own, energy, _ = own_hardware(run.chip, hours, book)
        own = replace(own, chips=run.chips)
    except LookupError:
        book.leave_out(
            f"{PATH}.method.amortized", f"no dated purchase price or power of {run.chip} on record"
        )
    costs = run_cost_by_method(hours, own, energy, rental)
    if run.usd_per_chip_hour is not None:
        costs["stated-price"] = hours * run.usd_per_chip_hour
    return costs
