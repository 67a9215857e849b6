"""Safety: red-teaming, evaluations that grow with capability, the cost of holding a model back."""

from __future__ import annotations

from truecost.lines import Basis, Payee
from truecost.plan.book import Book, given_or
from truecost.plan.generations import Schedule
from truecost.plan.programme.compute import ChipRate
from truecost.plan.schema.programme import Evaluations, RedTeam, Safety
from truecost.ranges import Value

GROUP = "Safety"
LEAD_MONTHS = 3.0
PATH = "programme.safety"


def safety(spec: Safety | None, schedule: Schedule, rate: ChipRate | None, book: Book) -> None:
    """Enter the lines of safety; names what is left out."""
    if spec is None:
        book.leave_out(PATH, "no red-teaming, evaluation or delay is paid for")
        return
    if spec.red_team is None:
        book.leave_out(f"{PATH}.red_team", "no red-teaming is paid for")
    else:
        _red_team(spec.red_team, schedule, rate, book)
    if spec.evaluations is None:
        book.leave_out(f"{PATH}.evaluations", "no evaluation of releases is paid for")
    else:
        _evaluations(spec.evaluations, schedule, book)
    if spec.delay is None:
        book.leave_out(f"{PATH}.delay", "holding a model back costs nothing in this result")
        return
    paid = schedule.spending(book.months, 1.0, 1.0)
    book.line(
        "safety.delay",
        "Delay for safety",
        GROUP,
        Payee.OTHER,
        spec.delay.months * spec.delay.usd_per_month * paid,
        formula="months held back x USD a month, each generation",
        inputs=(f"{PATH}.delay.months", f"{PATH}.delay.usd_per_month"),
        basis=Basis.ASSUMPTION,
    )


def _red_team(spec: RedTeam, schedule: Schedule, rate: ChipRate | None, book: Book) -> None:
    path = f"{PATH}.red_team"
    paid = schedule.spending(book.months, LEAD_MONTHS, 1.0)
    wage = book.number(f"{path}.usd_per_hour", spec.usd_per_hour, "safety/red_team_usd_per_hour")
    book.line(
        "safety.red_team",
        "Red-teaming: people",
        GROUP,
        Payee.STAFF,
        spec.hours * wage * paid,
        formula="hours x USD an hour, each generation",
        inputs=(f"{path}.hours", f"{path}.usd_per_hour"),
        quantity=spec.hours * paid,
        unit="hours",
    )
    if spec.compute is not None and rate is None:
        book.leave_out(f"{path}.compute", "red-teaming compute has no price: the plan has no training run")
    if spec.compute is not None and rate is not None:
        book.line(
            "safety.red_team_compute",
            "Red-teaming: compute",
            GROUP,
            rate.payee,
            spec.compute * rate.usd_per_chip_hour * paid,
            formula="chip-hours x USD a chip-hour, each generation",
            inputs=(f"{path}.compute", *rate.inputs),
            quantity=spec.compute * paid,
            unit="chip-hours",
        )
    if spec.bounty_usd is not None:
        book.line(
            "safety.bounty",
            "Safety bounties",
            GROUP,
            Payee.OTHER,
            spec.bounty_usd * paid,
            formula="stated cost, each generation",
            inputs=(f"{path}.bounty_usd",),
            basis=Basis.ASSUMPTION,
        )


def _evaluations(spec: Evaluations, schedule: Schedule, book: Book) -> None:
    path = f"{PATH}.evaluations"
    cost: Value = book.number(
        f"{path}.usd_per_release", spec.usd_per_release, "safety/evaluation_usd_per_release"
    )
    paid = schedule.spending(book.months, LEAD_MONTHS, given_or(spec.growth_per_generation, 1.0))
    book.line(
        "safety.evaluations",
        "Evaluation of releases",
        GROUP,
        Payee.OTHER,
        cost * paid,
        formula="USD a release x growth ^ generation",
        inputs=(f"{path}.usd_per_release", f"{path}.growth_per_generation"),
    )
