"""How far API prices may rise before the product stops paying."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.rows import Mark, Row, spans
from truecost.report.charts.svg import figure
from truecost.report.phrases import ranged, share, shown
from truecost.report.sections.section import (
    MEDIAN_HEAD,
    SPANS,
    Absent,
    Section,
    Statement,
    Table,
    median_cells,
)

TESTED = (1, 3, 5)


def shock(statement: Statement) -> Section | Absent:
    """The multiple of the plan's API prices at which serving, fees and support take all revenue."""
    tolerance = statement["break_even"]["shock_tolerance"]
    if tolerance is None:
        return Absent("API price shock", "no API is paid for, or nothing is earned that could pay it")
    multiple = tolerance["multiple"]
    row = Row(
        "API prices",
        multiple["p5"],
        multiple["p50"],
        multiple["p95"],
        times(multiple),
        "stops paying at",
        True,
    )
    marks = [Mark(m, "as planned" if m == 1 else f"{m} ×") for m in TESTED]
    title = _title(tolerance)
    return Section(
        "shock",
        title,
        "The multiple of the plan's API prices, in every month, at which serving, fees and support take all "
        f"revenue of the plan, nothing else changed; every line of the plan is in the table. {SPANS}",
        figure(lambda width: spans([row], width, times, marks), f"{title}. {times(multiple)}"),
        facts=[_survival(tolerance)],
        tables=[_table(tolerance)],
    )


def times(multiple: float | Mapping[str, float]) -> str:
    """A multiple, or a range of one: "2.8 × (1.9 – 4.0)"."""
    return (ranged(multiple, "x") if isinstance(multiple, Mapping) else shown(multiple, "x")).replace(
        "x", "×"
    )


def _survives(tolerance: Mapping[str, Any], multiple: int) -> float:
    return tolerance[f"survives_{multiple}x_share_of_draws"]


def _title(tolerance: Mapping[str, Any]) -> str:
    if _survives(tolerance, 1) < 0.5:
        return (
            f"It does not pay at the plan's API prices in {share(1 - _survives(tolerance, 1))} of the draws"
        )
    if _survives(tolerance, 5) > 0.95:
        return "It still pays when API prices rise five times over"
    median = shown(tolerance["multiple"]["p50"])
    return f"It stops paying when API prices are {median} times the plan's"


def _survival(tolerance: Mapping[str, Any]) -> str:
    planned, three, five = (share(_survives(tolerance, m)) for m in TESTED)
    return (
        f"Serving, fees and support are covered at the plan's API prices in {planned} of the draws, at three "
        f"times in {three}, at five in {five}."
    )


def _table(tolerance: Mapping[str, Any]) -> Table:
    rows: list[list[str]] = []
    for what, multiple, prefix in (
        ("Serving, fees and support", "multiple", ""),
        ("Every line of the plan", "all_in_multiple", "all_in_"),
    ):
        rows.append([f"{what}: covered up to", *median_cells(tolerance[multiple])])
        for m in TESTED:
            survived = share(tolerance[f"{prefix}survives_{m}x_share_of_draws"])
            rows.append([f"{what}: draws in which covered at {m} ×", survived, "", ""])
    return Table(("Quantity", *MEDIAN_HEAD), rows, "API price shock, multiples of the plan's API prices")
