"""The bill line by line, the dearest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.rows import Row, bars
from truecost.report.charts.svg import figure
from truecost.report.phrases import averaged, plural, share, shown
from truecost.report.sections.section import BARS, MEAN_HEAD, Absent, Section, Statement, Table, mean_cells

MOST = 12
"""Lines drawn; the table has them all."""


def lines(statement: Statement) -> Section | Absent:
    """Means as bars, the 90 % interval over each."""
    every = statement["lines"]
    total = sum(line["cost_usd"]["mean"] for line in every)
    if not total:
        return Absent("The bill line by line", "no line of this plan costs anything")
    drawn = every[:MOST]
    rows = [_row(line, accent=index == 0) for index, line in enumerate(drawn)]
    first = drawn[0]
    said = f"The largest line, “{first['label']}”, is {share(first['cost_usd']['mean'] / total)} of the whole"
    label = "; ".join(f"{row.label}: {row.shown}" for row in rows)
    return Section(
        "lines",
        said if len(every) > 1 else f"“{first['label']}” is the only line",
        f"USD over the plan. {BARS}",
        figure(lambda width: bars(rows, width), label),
        facts=_rest(every[MOST:], total),
        tables=[_table(every)],
    )


def _row(line: Mapping[str, Any], accent: bool) -> Row:
    cost = line["cost_usd"]
    group = line["group"] if line["group"] != line["label"] else ""
    return Row(line["label"], cost["p5"], cost["mean"], cost["p95"], averaged(cost, "USD"), group, accent)


def _rest(others: list[Mapping[str, Any]], total: float) -> list[str]:
    if not others:
        return []
    amount = sum(line["cost_usd"]["mean"] for line in others)
    return [f"{plural(len(others), 'smaller line')} in the table: {shown(amount, 'USD')} together, "
            f"{share(amount / total)} of the whole."]  # fmt: skip


def _table(every: list[Mapping[str, Any]]) -> Table:
    head = ("Line", "Group", "Paid to", "Basis", "Source", *MEAN_HEAD, "Quantity", "Unit price")
    rows = [
        [
            line["label"],
            line["group"],
            line["payee"],
            line["basis"],
            line["source"],
            *mean_cells(line["cost_usd"], "USD"),
            shown(line["quantity"], line["unit"]) if line["quantity"] else "",
            shown(line["unit_price_usd"], f"USD/{_one(line['unit'])}")
            if line["quantity"] and line["unit"]
            else "",
        ]
        for line in every
    ]
    return Table(head, rows, "Every cost line, USD over the plan, amortized view", words=5)


def _one(unit: str) -> str:
    return unit[:-1] if unit.endswith("s") else unit
