"""People on the payroll, infrastructure, legal, and a price on carbon."""

from __future__ import annotations

from truecost.lines import Basis, Payee
from truecost.plan.book import Book
from truecost.plan.schema.programme import Programme, Team

GROUP = "Staff and operations"


def staff(spec: Programme, book: Book) -> None:
    """Enter the lines of staff and running costs; names what is left out."""
    trades = ("research", "engineering", "operations", "legal")
    teams = {t: getattr(spec.staff, t) for t in trades} if spec.staff else dict.fromkeys(trades)
    for trade, team in teams.items():
        if team is None:
            book.leave_out(
                f"programme.staff.{trade}",
                f"no {trade} staff is paid (but those a fleet of chips needs)"
                if trade == "operations"
                else f"no {trade} staff is paid",
            )
        else:
            _team(trade, team, book)
    for path, label, yearly in (
        ("infrastructure_usd_per_month", "Engineering and infrastructure", False),
        ("legal_usd_per_year", "Legal and compliance", True),
    ):
        amount = getattr(spec, path)
        if amount is None:
            book.leave_out(f"programme.{path}", f"{label.lower()} outside the payroll is not paid")
            continue
        component = path.split("_usd")[0]
        book.line(
            f"operations.{component}",
            label,
            GROUP,
            Payee.OTHER,
            amount / 12 if yearly else amount,
            formula="stated cost by month",
            inputs=(f"programme.{path}",),
            basis=Basis.ASSUMPTION,
        )


def _team(trade: str, spec: Team, book: Book) -> None:
    path = f"programme.staff.{trade}"
    salary = spec.usd_per_year
    inputs: tuple[str, ...] = (f"{path}.people", f"{path}.usd_per_year")
    if salary is None and trade == "research":
        base, equity = book.rate("staff/researcher_base"), book.rate("staff/researcher_equity")
        salary = book.quantity(
            f"{path}.usd_per_year",
            (base + equity) * book.rate("staff/overhead_multiplier"),
            "USD/year",
            "(base salary + equity) x employer's overhead",
            ("staff/researcher_base", "staff/researcher_equity", "staff/overhead_multiplier"),
        )
    loaded = {"engineering": "engineer", "operations": "ops", "legal": "legal"}
    if salary is None:
        salary = book.number(f"{path}.usd_per_year", None, f"staff/{loaded[trade]}_loaded")
    grown = 1.0 if spec.growth_per_month is None else (1 + spec.growth_per_month) ** book.month_index
    book.line(
        f"staff.{trade}",
        f"Staff: {trade}",
        GROUP,
        Payee.STAFF,
        spec.people * grown * salary / 12,
        formula="people x loaded cost a year / 12",
        inputs=inputs,
        quantity=spec.people * grown * (book.month_index * 0 + 1),
        unit="person-months",
    )
