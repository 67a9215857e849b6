"""Budgets for a terminal: the worst first, each with what is spent, how fast, and when it breaks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from truecost.report.asked_text import by_which_prices
from truecost.report.forecast_text import number, usd, usd_range
from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
STATUS = {
    "broken": "broken",
    "breaking": "will break",
    "at_risk": "at risk",
    "kept": "kept",
    "unknown": "no forecast",
}
"""How a budget stands, in words."""
_SMALLEST = 0.001


def budget_page(told: Told, width: int = DEFAULT_WIDTH) -> Page:
    """How budgets stand (`BudgetReport.to_dict`), as a page."""
    page = Page(width)
    budgets = told["budgets"]
    counts = {word: sum(one["status"] == key for one in budgets) for key, word in STATUS.items()}
    verdict = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    page.title(f"{told['store']}, {plural(len(budgets), 'budget')} at the end of {told['on']}: {verdict}")
    columns = [
        Column("budget", wraps=True), Column("owner", wraps=True, optional=True), Column("stands"),
        Column("USD", right=True), Column("spent", right=True), Column("at the end", right=True),
        Column("chance\nto break", right=True),
    ]  # fmt: skip
    page.blank()
    page.extend(table(columns, [_row(one) for one in budgets], page.width))
    for one in budgets:
        _budget(one, page)
        if one["first_day"] < told["first_day"]:
            page.item(f"The store begins on {told['first_day']}: what was spent before is not in it.")
    page.blank()
    _notes(told, page)
    by_which_prices(told, page)
    return page


def _row(one: Told) -> list[str]:
    spent = float(Decimal(one["spent_usd"]) / Decimal(one["usd"]))
    end = one["forecast_usd"]
    return [
        one["name"], one["owner"], STATUS[one["status"]], number(one["usd"]), share(spent),
        share(float(Decimal(end["p50"]) / Decimal(one["usd"]))) if end else "unknown",
        _likely(one["chance"]) if one["chance"] is not None else "unknown",
    ]  # fmt: skip


def _budget(one: Told, page: Page) -> None:
    matching = ", ".join(f"{column}={' or '.join(values)}" for column, values in one["match"].items())
    page.heading(f"{one['name']}: {usd(one['usd'])} a {one['period']} for {matching or 'all usage'}")
    least = "at least " if one["unpriced_requests"] else ""
    page.item(
        f"Spent since {one['first_day']}: {least}{usd(one['spent_usd'])},"
        f" lately {usd(one['usd_per_day'])} a day{_allowed(one)}."
    )
    if one["unmatched"]:
        page.item(f"Nothing matches: {one['unmatched']}.", Style.WARNING)
    if one["broke_on"]:
        page.item(f"It broke on {one['broke_on']}.", Style.WARNING)
    if one["days_left"]:
        page.item(_end(one), Style.PLAIN if one["status"] == "kept" else Style.WARNING)
    if one["unpriced_requests"]:
        page.item(
            f"{plural(one['unpriced_requests'], 'request')} of {one['requests']:,} have no price and are in"
            " no amount: it may stand worse than this.",
            Style.WARNING,
        )


def _allowed(one: Told) -> str:
    if not one["days_left"]:
        return "; the period is over"
    left = plural(one["days_left"], "day")
    if one["broke_on"]:
        return f"; {left} to go"
    return f"; {usd(one['usd_per_day_left'])} a day would keep it for the {left} to go"


def _end(one: Told) -> str:
    """The end of the period and the day it breaks."""
    if one["forecast_usd"] is None:
        return f"No forecast: {one['declined']}."
    said = f"By {one['last_day']}: {usd_range(one['forecast_usd'])}{_past(one)}"
    if one["broke_on"]:
        return f"{said}."
    said += f"; {_likely(one['chance'])} chance to break"
    days = one["breaks_on"]
    if not days or days["p5"] is None:
        return f"{said}."
    late = days["p95"] or "not before the end"
    if days["p50"] is None:
        return f"{said}, on {days['p5']} at the earliest (5 % chance by then)."
    return f"{said}, likely on {days['p50']} (90 %: {days['p5']} – {late})."


def _past(one: Told) -> str:
    past = one["past"]
    if past is None:
        return " (no past error to go by)"
    off = share(past["mean_absolute_error_share"])
    return f"; such forecasts of {plural(past['horizon_days'], 'day')} were {off} off"


def _likely(chance: float) -> str:
    """A chance, no finer than it can be known."""
    if 0 < chance < _SMALLEST:
        return "under 0.1 %"
    return "over 99.9 %" if 1 > chance > 1 - _SMALLEST else share(chance)


def _notes(told: Told, page: Page) -> None:
    if told["unfinished_day"]:
        page.item(f"{told['unfinished_day']} is not over and left out; --on takes it as whole.")
    if told["empty_days"]:
        page.item(f"{plural(told['empty_days'], 'day')} without any usage count as 0 USD.")


def table_rows(told: Told) -> tuple[list[str], list[list[Any]]]:
    """The budgets as a table, one row each."""
    header = [
        "name", "owner", "period", "first_day", "last_day", "status", "usd", "spent_usd", "usd_per_day",
        "usd_per_day_left", "forecast_usd_p5", "forecast_usd_p50", "forecast_usd_p95", "chance", "broke_on",
        "breaks_on_p5", "breaks_on_p50", "breaks_on_p95", "unpriced_requests",
    ]  # fmt: skip
    return header, [_cells(one) for one in told["budgets"]]


def _cells(one: Told) -> list[Any]:
    nothing: Told = {}
    end: Told = one["forecast_usd"] or nothing
    days: Told = one["breaks_on"] or nothing
    plain = ("name", "owner", "period", "first_day", "last_day", "status", "usd", "spent_usd", "usd_per_day")
    points = ("p5", "p50", "p95")
    return [
        *(one[key] for key in plain), one["usd_per_day_left"], *(end.get(point) for point in points),
        one["chance"], one["broke_on"], *(days.get(point) for point in points), one["unpriced_requests"],
    ]  # fmt: skip
