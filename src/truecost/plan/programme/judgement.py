"""People's judgement: annotation, preferences for RLHF, fine-tunes that follow the world."""

from __future__ import annotations

import numpy as np

from truecost.lines import Basis, Payee
from truecost.plan.book import Book, given_or
from truecost.plan.generations import Schedule
from truecost.plan.programme.compute import ChipRate, chip_rate, fine_tune_chip_hours
from truecost.plan.schema.programme import Annotation, FineTune, Programme, Rlhf
from truecost.ranges import Value

GROUP = "Human judgement"
FINE_TUNES = "Fine-tunes and refresh"
LEAD_MONTHS = 4.0


def judgement(
    spec: Programme, schedule: Schedule, compute: tuple[Value, ChipRate] | None, book: Book
) -> None:
    """Enter annotation, RLHF and fine-tunes; names what is left out."""
    if not spec.annotation:
        book.leave_out("programme.annotation", "no labelled data is paid for")
    for name, task in spec.annotation.items():
        _annotation(name, task, schedule, book)
    if spec.rlhf is None:
        book.leave_out("programme.rlhf", "no learning from people's preferences is paid for")
    else:
        _rlhf(spec.rlhf, compute, schedule, book)
    if not spec.fine_tunes:
        book.leave_out("programme.fine_tunes", "no fine-tune follows the world or the product")
    for name, tune in spec.fine_tunes.items():
        _fine_tune(name, tune, book)


def _annotation(name: str, spec: Annotation, schedule: Schedule, book: Book) -> None:
    path = f"programme.annotation.{name}"
    if spec.items is not None:
        price = book.number(f"{path}.usd_per_item", spec.usd_per_item, "annotation/usd_per_preference")
        bought, inputs = spec.items * price, (f"{path}.items", f"{path}.usd_per_item")
        quantity, unit = spec.items, "items"
    else:
        wage = book.number(f"{path}.usd_per_hour", spec.usd_per_hour, "annotation/usd_per_hour_buyer")
        quantity, unit = given_or(spec.hours, 0.0), "hours"
        bought, inputs = quantity * wage, (f"{path}.hours", f"{path}.usd_per_hour")
    overhead = book.number(f"{path}.quality_overhead", spec.quality_overhead, "annotation/quality_overhead")
    overhead = np.maximum(overhead, 1.0)
    between = book.number(
        f"{path}.intermediary_share", spec.intermediary_share, "annotation/intermediary_share"
    )
    paid = schedule.spending(book.months, LEAD_MONTHS, 1.0)
    cost = bought * overhead * paid
    for part, label, payee, share in (
        ("labellers", "labellers", Payee.LABELLERS, 1 - between),
        ("intermediary", "intermediary", Payee.OTHER, between),
    ):
        book.line(
            f"annotation.{name}.{part}",
            f"Annotation, {name}: {label}",
            GROUP,
            payee,
            cost * share,
            formula="items x price (or hours x wage) x quality overhead x this party's share, a generation",
            inputs=(*inputs, f"{path}.quality_overhead", f"{path}.intermediary_share"),
            quantity=quantity * overhead * share * paid,
            unit=unit,
        )


def _rlhf(spec: Rlhf, compute: tuple[Value, ChipRate] | None, schedule: Schedule, book: Book) -> None:
    path = "programme.rlhf"
    price = book.number(
        f"{path}.usd_per_preference", spec.usd_per_preference, "annotation/usd_per_preference"
    )
    each_month = spec.cycles_per_year / 12
    book.line(
        "rlhf.preferences",
        "RLHF preferences",
        GROUP,
        Payee.LABELLERS,
        spec.preferences * price * each_month,
        formula="comparisons a cycle x USD each x cycles a year / 12",
        inputs=(f"{path}.preferences", f"{path}.usd_per_preference", f"{path}.cycles_per_year"),
        quantity=spec.preferences * each_month * np.ones((book.months, 1)),
        unit="comparisons",
    )
    if compute is None or spec.compute_share is None:
        book.leave_out(f"{path}.compute_share", "the compute of RLHF cycles is not priced")
        return
    hours, rate = compute
    grown = schedule.training_growth ** schedule.number(book.months)
    book.line(
        "rlhf.compute",
        "RLHF compute",
        GROUP,
        rate.payee,
        hours * rate.usd_per_chip_hour * spec.compute_share * each_month * grown,
        formula="final run x compute share of a cycle x cycles a year / 12 x training growth ^ generation",
        inputs=("programme.final_run_usd", f"{path}.compute_share", f"{path}.cycles_per_year"),
    )


def _fine_tune(name: str, spec: FineTune, book: Book) -> None:
    path = f"programme.fine_tunes.{name}"
    month = np.arange(book.months)[:, None]
    due = month == spec.first_month
    if spec.every_months is not None:
        due = (month >= spec.first_month) & ((month - spec.first_month) % spec.every_months == 0)
    attempts = given_or(spec.attempts, 1.0)
    if spec.attempts is None:
        book.leave_out(f"{path}.attempts", "every run is taken to ship: no failed attempts")
    hours = fine_tune_chip_hours(spec, path, book)
    rate = chip_rate(spec, path, book)
    book.line(
        f"fine_tune.{name}.compute",
        f"Fine-tune, {name}: compute",
        FINE_TUNES,
        rate.payee,
        due * hours * attempts * rate.usd_per_chip_hour,
        formula="chip-hours x runs for one that ships x USD a chip-hour, each time it is due",
        inputs=(f"{path}.chip_hours", f"{path}.attempts", *rate.inputs),
        quantity=due * hours * attempts,
        unit="chip-hours",
    )
    if spec.data_usd is None:
        book.leave_out(f"{path}.data_usd", "the data of this fine-tune is not paid for")
        return
    book.line(
        f"fine_tune.{name}.data",
        f"Fine-tune, {name}: data",
        FINE_TUNES,
        Payee.LABELLERS,
        due * spec.data_usd,
        formula="stated cost each time it is due",
        inputs=(f"{path}.data_usd",),
        basis=Basis.ASSUMPTION,
    )
