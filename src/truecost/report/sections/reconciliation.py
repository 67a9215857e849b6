"""From what it costs to what is paid: the amortized and the cash view reconciled."""

from __future__ import annotations

from truecost.report.charts.svg import figure
from truecost.report.charts.waterfall import Step, waterfall
from truecost.report.phrases import shown
from truecost.report.sections.section import MEAN_HEAD, Absent, Section, Statement, Table, mean_cells

NAMES = {
    "amortized_usd": "Cost, amortized",
    "closing_book_value_usd": "Paid for, still on the books",
    "interest_on_own_money_usd": "Interest on own money, not paid out",
    "cash_usd": "Cash paid",
}


def reconciliation(statement: Statement) -> Section | Absent:
    """Cash = amortized + closing book value - interest on own money, in means, which add up."""
    parts = statement["reconciliation"]
    amounts = {key: parts[key]["mean"] for key in NAMES}
    rows = [[name, *mean_cells(parts[key], "USD")] for key, name in NAMES.items()]
    table = Table(("Amount", *MEAN_HEAD), rows, "The two views reconciled, USD over the plan")
    book, interest = amounts["closing_book_value_usd"], amounts["interest_on_own_money_usd"]
    whole = abs(amounts["amortized_usd"]) or 1.0
    if max(abs(book), abs(interest)) < 1e-9 * whole:
        return Absent(
            "Cash against cost",
            "nothing is bought ahead of its use, so cash paid and amortized cost are equal",
        )
    steps = [
        Step(
            NAMES["amortized_usd"],
            amounts["amortized_usd"],
            shown(amounts["amortized_usd"], "USD"),
            is_sum=True,
        ),
        Step(NAMES["closing_book_value_usd"], book, shown(book, "USD")),
        Step(NAMES["interest_on_own_money_usd"], -interest, shown(-interest, "USD")),
        Step(NAMES["cash_usd"], amounts["cash_usd"], shown(amounts["cash_usd"], "USD"), is_sum=True),
    ]
    more = amounts["cash_usd"] - amounts["amortized_usd"]
    title = (
        f"{shown(abs(more), 'USD')} {'more' if more > 0 else 'less'} is paid in cash than the plan costs"
        if abs(more) > 1e-9 * whole
        else "Cash and cost come to the same"
    )
    return Section(
        "reconciliation",
        title,
        "USD over the plan, means, which add up. What is bought may outlive the plan; interest on own money "
        "is a cost that nobody is paid.",
        figure(lambda width: waterfall(steps, width), "; ".join(f"{s.label}: {s.shown}" for s in steps)),
        tables=[table],
    )
