"""One training run, counted every way that the catalog allows."""

from __future__ import annotations

from collections.abc import Mapping

from truecost.report.charts.rows import Row, bars
from truecost.report.charts.svg import figure
from truecost.report.phrases import METHODS, has, ranged, shown
from truecost.report.sections.section import BARS, RANGE_HEAD, Absent, Section, Statement, Table, range_cells

PARTIAL = {"acquisition", "owned-energy"}
"""Ways of counting that answer another question than what the run costs."""


def training_methods(statement: Statement) -> Section | Absent:
    """USD of the first final run by method."""
    costs = {m: v for m, v in statement["training_compute_by_method_usd"].items() if has(v)}
    if not costs:
        return Absent("Training compute by method", "the plan trains no model")
    rows = [_row(method, cost) for method, cost in costs.items()]
    medians = [v["p50"] for m, v in costs.items() if m not in PARTIAL] or [v["p50"] for v in costs.values()]
    low, high = shown(min(medians), "USD"), shown(max(medians), "USD")
    title = (
        f"One run, counted {len(costs)} ways: {low} to {high}" if low != high else f"The run's compute: {low}"
    )
    return Section(
        "training-methods",
        title,
        f"USD of the first final run; in the accent colour the ways that count the run itself. {BARS}",
        figure(lambda width: bars(rows, width), "; ".join(f"{row.label}: {row.shown}" for row in rows)),
        tables=[
            Table(
                ("Method", "Key", *RANGE_HEAD),
                [[METHODS.get(m, (m, ""))[0], m, *range_cells(v, "USD")] for m, v in costs.items()],
                "Compute of the first final run, USD",
                words=2,
            )
        ],
    )


def _row(method: str, cost: Mapping[str, float]) -> Row:
    name, detail = METHODS.get(method, (method, ""))
    ends = (cost["p5"], cost["p50"], cost["p95"])
    return Row(name, *ends, ranged(cost, "USD"), detail, method not in PARTIAL)
