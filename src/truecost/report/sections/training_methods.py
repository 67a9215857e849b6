"""One training run, counted every way that the catalog allows."""

from __future__ import annotations

from collections.abc import Mapping

from truecost.report.charts.rows import Row, bars
from truecost.report.charts.svg import figure
from truecost.report.phrases import METHODS, averaged, has, shown
from truecost.report.sections.section import BARS, MEAN_HEAD, Absent, Section, Statement, Table, mean_cells

PARTIAL = {"acquisition", "owned-energy"}
"""Ways of counting that answer another question than what the run costs."""


def training_methods(statement: Statement) -> Section | Absent:
    """USD of the first final run by method, that of the plan marked."""
    costs = {m: v for m, v in statement["training_compute_by_method_usd"].items() if has(v)}
    if not costs:
        return Absent("Training compute by method", "the plan trains no model")
    used = statement["training_compute_used"]
    rows = [_row(method, cost, method == used) for method, cost in costs.items()]
    return Section(
        "training-methods",
        _title(costs, used),
        "USD of the first final run; in the accent colour the way that the plan pays for it. The whole "
        f"cluster and energy alone answer other questions than what the run costs. {BARS}",
        figure(lambda width: bars(rows, width), "; ".join(f"{row.label}: {row.shown}" for row in rows)),
        tables=[
            Table(
                ("Method", "Key", "Used", *MEAN_HEAD),
                [[_name(m), m, "yes" if m == used else "", *mean_cells(v, "USD")] for m, v in costs.items()],
                "Compute of the first final run, USD",
                words=3,
            )
        ],
    )


def _title(costs: Mapping[str, Mapping[str, float]], used: str | None) -> str:
    """From the least to the most of the ways that count the run itself, and what the plan pays."""
    counted = {m: v["mean"] for m, v in costs.items() if m not in PARTIAL} or {
        m: v["mean"] for m, v in costs.items()
    }
    low, high = shown(min(counted.values()), "USD"), shown(max(counted.values()), "USD")
    if low == high:
        return f"The run's compute: {low}"
    paid = f"; the plan pays {shown(counted[used], 'USD')}" if used in counted else ""
    return f"One run costs {low} to {high}, counted {len(counted)} ways{paid}"


def _name(method: str) -> str:
    return METHODS.get(method, (method, ""))[0]


def _row(method: str, cost: Mapping[str, float], used: bool) -> Row:
    name, detail = f"{_name(method)}{', used' if used else ''}", METHODS.get(method, (method, ""))[1]
    return Row(name, cost["p5"], cost["mean"], cost["p95"], averaged(cost, "USD"), detail, used)
