"""A query in five years: every cause in a waterfall of ratios, and the three paths of its cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from truecost.lines import add_months
from truecost.ranges import Ranged
from truecost.report.charts.factors import Factor, factors
from truecost.report.charts.lines import Series, multiples
from truecost.report.charts.svg import figure
from truecost.report.phrases import shown
from truecost.report.progress_text import CAUSES, NET, VIEWS, checked, in_money, times
from truecost.report.sections.section import (
    MEDIAN_HEAD,
    Absent,
    Listing,
    Section,
    Statement,
    Table,
    median_cells,
)

MONTHS = 60
LINES = {
    "same_quality": ("As good as today", "tone3"),
    "frontier": ("The frontier", "tone1"),
    "plan": ("This plan", "accent"),
}
RATES = {
    **CAUSES,
    "training_algorithms": "training compute for equal performance",
    "training_cost": "training cost of the frontier",
    "output_tokens": "tokens of an answer",
}
ABSENT = Absent("A query in five years", "the plan has neither users nor a model programme")


def progress(statement: Statement) -> Section | Absent:
    """Gains by cause against the growth of the frontier's models."""
    told = statement.get("progress")
    if told is None:
        return ABSENT
    title = _title(told["frontier"][NET]["p50"])
    drawn = [
        *(_factor(cause, value) for cause, value in told["frontier"]["causes"].items()),
        Factor("net, after five years", *_points(told["frontier"][NET]), times(told["frontier"][NET]), True),
    ]
    return Section(
        "progress",
        title,
        "What moves the cost of a query to the frontier's model of the day in five years, each bar from "
        "where the one before ends, on a scale where equal lengths are equal ratios; bars are medians, lines "
        "hold 90 % of the draws. Better architecture and training go into better answers, not a lower bill.",
        figure(lambda width: factors(drawn, width), title),
        facts=[checked(told)],
        listings=[Listing("What overlaps, and where it counts", _numbered(told["overlaps"]))],
        tables=[_causes(told), _rates(told)],
    )


def progress_path(statement: Statement) -> Section | Absent | None:
    """The net by month over five years: as good as today, the frontier, the plan."""
    told = statement.get("progress")
    if told is None:
        return None
    views = [view for view in LINES if told[view] is not None]
    begin = date.fromisoformat(f"{statement['start']}-01")
    months = [add_months(begin, month).strftime("%Y-%m") for month in range(MONTHS)]
    series = [
        Series(
            LINES[view][0],
            f"{shown(told[view][NET]['p50'])} ×",
            _by_month(told[view]["factor_per_year"]),
            LINES[view][1],
        )
        for view in views
    ]
    falls = shown(1 / told["same_quality"][NET]["p50"])
    title = f"The same answer gets {falls} times cheaper in five years, the frontier's does not"
    if told["frontier"][NET]["p50"] < 0.8:
        title = f"The same answer gets {falls} times cheaper in five years"
    return Section(
        "progress-path",
        title,
        "Cost of a query over today's, at rates that stay as they are, on a scale where equal steps are "
        "equal ratios; bands hold 90 % of the draws.",
        figure(lambda width: multiples(series, months, width), title),
        facts=[money for view in views if (money := in_money(told, view))],
        tables=[_years(told, views)],
    )


def _title(net: float) -> str:
    if net > 1.25:
        return (
            f"Running to stand still: at the frontier a query costs {shown(net)} times as much in five years"
        )
    if net < 0.8:
        return (
            f"Gains outrun the models: at the frontier a query costs {shown(net)} times as much in five years"
        )
    return "Running to stand still: at the frontier a query costs as much in five years"


def _numbered(sentences: Sequence[str]) -> list[tuple[str, str]]:
    return [(str(number), f"{sentence}.") for number, sentence in enumerate(sentences, 1)]


def _factor(cause: str, value: Mapping[str, float]) -> Factor:
    return Factor(CAUSES[cause], *_points(value), times(value))


def _points(value: Mapping[str, float]) -> tuple[float, float, float]:
    return value["p5"], value["p50"], value["p95"]


def _by_month(yearly: Mapping[str, float]) -> list[Ranged]:
    """Quantiles of even growth: the powers of those of a year."""
    return [
        {
            "p5": yearly["p5"] ** ((month + 1) / 12),
            "p50": yearly["p50"] ** ((month + 1) / 12),
            "p95": yearly["p95"] ** ((month + 1) / 12),
            "mean": yearly["p50"] ** ((month + 1) / 12),
        }
        for month in range(MONTHS)
    ]


def _causes(told: Mapping[str, Any]) -> Table:
    rows = [
        [f"{name}: {what}", *median_cells(value)]
        for view, name in VIEWS.items()
        if told[view] is not None
        for what, value in (
            *((CAUSES[cause], value) for cause, value in told[view]["causes"].items()),
            ("net", told[view][NET]),
        )
    ]
    return Table(("Multiple after five years", *MEDIAN_HEAD), rows, "Every cause and the net, by view")


def _rates(told: Mapping[str, Any]) -> Table:
    rows = [[RATES.get(str(key), str(key)), *median_cells(value)] for key, value in told["rates"].items()]
    return Table(("Times less or more a year", *MEDIAN_HEAD), rows, "The dated rates behind them")


def _years(told: Mapping[str, Any], views: list[str]) -> Table:
    head = ["Year", *(cell for view in views for cell in (f"{LINES[view][0]}, median", "5 %", "95 %"))]
    rows = [
        [
            f"{year:.0f}",
            *(shown(told[view]["path"][end][n]) for view in views for end in ("median", "low", "high")),
        ]
        for n, year in enumerate(told["frontier"]["path"]["years"])
    ]
    return Table(head, rows, "Cost of a query over today's, at the end of each year")
