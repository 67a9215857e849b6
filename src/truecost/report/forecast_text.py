"""A forecast for a terminal: the month's end with its range, the record behind it, the groups."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from truecost.report.asked_text import by_which_prices, of_which
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural, ranged, share, shown
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
NONE = "(none)"
_FEW_STARTS = 5
_METHODS = 3


def forecast_page(told: Told, width: int = DEFAULT_WIDTH) -> Page:
    """What a month will have cost (`CostForecast.to_dict`), as a page."""
    page = Page(width)
    total = told["total"]
    page.title(f"{told['store']}, {told['month']}: {_headline(told)}")
    of_which(told, page)
    _spent(told, page)
    if total["forecast_usd"] is not None and told["days_left"]:
        _record(total, told["days_left"], page)
    _groups(told, page)
    usage_notes(told, page)
    if total["methods"]:
        page.heading("How")
        methods = ", ".join(
            f"{one['method']} ({share(one['weight'])})" for one in total["methods"][:_METHODS]
        )
        page.item(
            "Shares of the weekdays × a recent level, as it is or with half of its growth, pooled with last"
            f" week again by how well each did before. The weightiest: {methods}."
        )
    by_which_prices(told, page)
    return page


def _headline(told: Told) -> str:
    total, least = told["total"], at_least(told)
    if not told["days_left"]:
        return f"{least}{usd(total['spent_usd'])}; the month is over"
    if total["forecast_usd"] is None:
        return f"no forecast: {total['declined']}"
    return f"{least}{usd_range(total['forecast_usd'])} by its end"


def _spent(told: Told, page: Page) -> None:
    total = told["total"]
    page.item(
        f"Spent by the end of {told['on']}: {at_least(told)}{usd(total['spent_usd'])} in"
        f" {plural(told['days_spent'], 'day')}; {plural(told['days_left'], 'day')} to go,"
        f" lately {usd(total['usd_per_day'])} a day."
    )


def _record(total: Told, left: int, page: Page) -> None:
    """How far off the same question was, asked before: with the figures of last week again."""
    past = total["past"]
    if past is None:
        page.item(
            f"Past error: none yet: no earlier day has {plural(left, 'day')} behind it to compare.",
            Style.WARNING,
        )
    else:
        page.item(
            f"Past error: asked on {plural(past['starts'], 'earlier day')}, with {past['horizon_days']} to"
            f" go, it was {share(past['mean_absolute_error_share'])} off the sum of {past['days']} days"
            " on average"
            f" (last week again: {share(past['last_week_again_error_share'])})."
        )
        if past["range_90_held_share"] is not None:
            page.item(f"The 90 % range held {share(past['range_90_held_share'])} of {past['ranges']} times.")
        if past["independent_starts"] < _FEW_STARTS:
            page.item(
                f"Those overlap: they are worth about {past['independent_starts']:.0f} independent ones.",
                Style.FAINT,
            )
    if total["error_days"] < left:
        page.item(
            f"There are errors of the past for up to {plural(total['error_days'], 'day')}; beyond that the"
            " range is widened as of a random walk.",
            Style.WARNING,
        )


def usage_notes(told: Told, page: Page) -> None:
    """What the days behind a forecast leave open."""
    if told["unpriced_requests"]:
        page.item(
            f"{plural(told['unpriced_requests'], 'request')} of {told['requests']:,} have no price and are in"
            " no amount: truecost ledger report names them.",
            Style.WARNING,
        )
    if told["unfinished_day"]:
        page.item(f"{told['unfinished_day']} is not over and left out; --on takes it as whole.")
    if told["empty_days"]:
        page.item(f"{plural(told['empty_days'], 'day')} without any usage count as 0 USD.")


def _groups(told: Told, page: Page) -> None:
    if not told["groups"]:
        return
    page.heading(f"By {', '.join(told['by'])}, each by itself")
    columns = [
        *(Column(one, wraps=True) for one in told["by"]),
        Column("spent\nUSD", right=True), Column("at the end\nUSD", right=True),
        Column("90 % range", right=True), Column("past\nerror", right=True),
        Column("last week\nagain", right=True, optional=True),
    ]  # fmt: skip
    page.extend(table(columns, [_group(one) for one in told["groups"]], page.width))
    if told["other_groups"]:
        page.text(f"and {plural(told['other_groups'], 'group')} of less", Style.FAINT, indent=2)
    for one in told["groups"]:
        if one["declined"]:
            page.item(f"{', '.join(map(label, one['label'].values()))}: {one['declined']}.", Style.FAINT)


def _group(one: Told) -> list[str]:
    found, past = one["forecast_usd"], one["past"]
    return [
        *(label(value) for value in one["label"].values()),
        number(one["spent_usd"]),
        number(found["p50"]) if found else "unknown",
        f"{number(found['p5'])} – {number(found['p95'])}" if found else "",
        share(past["mean_absolute_error_share"]) if past else "",
        share(past["last_week_again_error_share"]) if past else "",
    ]


def at_least(told: Told) -> str:
    """What stands before an amount that not everything has a price in."""
    return "at least " if told["unpriced_requests"] else ""


def usd(amount: str) -> str:
    """An amount of JSON with its unit."""
    return shown(float(Decimal(amount)), "USD")


def number(amount: str) -> str:
    """An amount of JSON without its unit."""
    return shown(float(Decimal(amount)))


def usd_range(points: Mapping[str, str]) -> str:
    """A forecast with its 90 % range."""
    values = {name: float(Decimal(one)) for name, one in points.items()}
    return ranged({"mean": values["p50"], **values}, "USD")


def label(value: Any) -> str:
    """What a group is called."""
    if value is None or value == "":
        return NONE
    return glued(("yes" if value else "no") if isinstance(value, bool) else str(value))


def table_rows(told: Told) -> tuple[list[str], list[list[Any]]]:
    """The forecast as a table: the whole, whose columns to group by are empty, then the groups."""
    header = [
        "month", "on", *told["by"], "spent_usd", "usd_per_day", "forecast_usd_p5", "forecast_usd_p50",
        "forecast_usd_p95", "past_error_share", "last_week_again_error_share", "range_90_held_share",
        "declined",
    ]  # fmt: skip
    whole = {"label": dict.fromkeys(told["by"]), **told["total"]}
    return header, [[told["month"], told["on"], *_cells(one)] for one in (whole, *told["groups"])]


def _cells(one: Told) -> list[Any]:
    nothing: Told = {}
    found: Told = one["forecast_usd"] or nothing
    past: Told = one["past"] or nothing
    return [
        *one["label"].values(), one["spent_usd"], one["usd_per_day"],
        *(found.get(point) for point in ("p5", "p50", "p95")),
        past.get("mean_absolute_error_share"), past.get("last_week_again_error_share"),
        past.get("range_90_held_share"), one["declined"],
    ]  # fmt: skip
