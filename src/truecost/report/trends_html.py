"""A trend as a self-contained page: the finding, a chart and its table for each fit, the backtest, the
caveats.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from truecost.report.charts.contest import Entry, contest
from truecost.report.charts.growth import Predicted, Seen, growth
from truecost.report.charts.svg import figure
from truecost.report.html import environment
from truecost.report.phrases import shown
from truecost.report.sections.section import Section, Table
from truecost.report.trends_text import score_rows, shown_points
from truecost.report.trends_words import (
    FORECASTERS,
    SCOPES,
    Fit,
    answers,
    caveats,
    fitted_to,
    headline,
    judged,
    title,
    verdict_line,
)
from truecost.units import show
from truecost.version import VERSION

READING = (
    "Dots are what was seen, the line is the trend's median in its 90 % band, the dashed line a random "
    "walk's median. The scale is logarithmic: equal steps are equal ratios."
)
ERRORS = (
    "Mean absolute log error on values the forecaster was never fitted to, from each origin; 0.1 is about "
    "10 % off. Shorter is better."
)
SCORE_HEAD = (
    "ahead",
    "forecaster",
    "predictions (origins)",
    "log error",
    "MAPE",
    "P90",
    "bias",
    "90 % interval held",
)


def render(trend: Mapping[str, Any]) -> str:
    """The page of a trend as `truecost.evidence.trends.trend` gives it."""
    sections = [section for fit in trend["fits"] for section in (_ahead(fit), _tested(fit))]
    return environment().get_template("trends.html.j2").render(
        name=trend["trend"],
        as_of=trend["as_of"],
        title=title(trend),
        sections=sections,
        caveats=caveats(trend["trend"]),
        sources=[(fit["title"], fitted_to(fit), fit["source"]) for fit in trend["fits"]],
        version=VERSION,
    )  # fmt: skip


def _ahead(fit: Fit) -> Section:
    """What was seen and what is predicted."""
    said = [sentence for sentence in answers(fit) if sentence]
    unit = fit["unit"]
    seen = [
        Seen(
            _year(point["on"]),
            point["value"],
            f"{point['label']}, {point['on']}: {shown(point['value'], unit)}",
        )
        for point in shown_points(fit)
    ]
    ahead = [Predicted(_year(row["on"]), row, row["random_walk"]) for row in fit["forecast"]]
    line = [(_year(row["on"]), row["value"]) for row in fit["line"]]
    short = unit.split("/")[0] if unit.startswith("USD") else unit.removesuffix("/USD")
    drawn = figure(
        lambda width: growth(seen, (line, ahead), lambda value: show(value, short), width),
        f"{fit['title']}: {said[0]}",
    )
    return Section(
        _key(fit),
        headline(fit),
        f"In {unit}. {READING}",
        drawn,
        facts=said,
        tables=[_forecasts(fit), *_breakdowns(fit)],
    )


def _key(fit: Fit) -> str:
    return "-".join(part for part in (fit["key"], fit.get("method", "")) if part)


def _year(day: str) -> float:
    on = date.fromisoformat(day)
    return on.year + (on.timetuple().tm_yday - 1) / 365.25


def _forecasts(fit: Fit) -> Table:
    rows = [
        [row["on"], *(shown(row[p], fit["unit"]) for p in ("p50", "p5", "p95")), *_walk(row, fit["unit"])]
        for row in fit["forecast"]
    ]
    head = ("on", "trend, median", "5 %", "95 %", "random walk, median", "5 %", "95 %")
    return Table(head, rows, f"{fit['title']}, {fit['unit']}: predicted")


def _walk(row: Mapping[str, Any], unit: str) -> list[str]:
    walk = row["random_walk"]
    return ["", "", ""] if walk is None else [shown(walk[p], unit) for p in ("p50", "p5", "p95")]


def _breakdowns(fit: Fit) -> list[Table]:
    """The vendors of a tier; of other fits what was seen."""
    if "vendors" in fit:
        rows = [
            [
                each["vendor"],
                f"{each['first']['model']}, {each['since']}",
                shown(each["first"]["usd_per_mtok"], "USD"),
                each["now"]["model"],
                shown(each["now"]["usd_per_mtok"], "USD"),
                "" if each["growth_per_year"] is None else f"{100 * each['growth_per_year']:+.0f} %",
            ]
            for each in fit["vendors"]
        ]
        head = ("vendor", "first on record", "USD/Mtok", "now", "USD/Mtok", "a year")
        return [Table(head, rows, "By vendor, from the first price on record to the one in force")]
    rows = [[p["label"] or p["group"], p["on"], shown(p["value"], fit["unit"])] for p in shown_points(fit)]
    return [Table(("what", "on", fit["unit"]), rows, "What was seen")]


def _tested(fit: Fit) -> Section:
    """How the trend would have done."""
    said = judged(fit)
    scores = [row for row in fit["backtest"]["scores"] if row["scope"] == "each"]
    heats = [
        (horizon, [_entry(row) for row in scores if row["horizon"] == horizon])
        for horizon in dict.fromkeys(row["horizon"] for row in scores)
    ]
    drawn = figure(lambda width: contest(heats, width), said[0]) if heats else None
    tables = [
        Table(SCORE_HEAD, score_rows(rows), f"Backtest on {SCOPES[scope]}", words=2)
        for scope in SCOPES
        if (rows := [row for row in fit["backtest"]["scores"] if row["scope"] == scope])
    ]
    return Section(f"{_key(fit)}-tested", verdict_line(fit), ERRORS, drawn, facts=said, tables=tables)


def _entry(row: Mapping[str, Any]) -> Entry:
    own = row["forecaster"] == "trend"
    return Entry(FORECASTERS[row["forecaster"]], row["mean_log_error"], f"{row['mean_log_error']:.2f}", own)
