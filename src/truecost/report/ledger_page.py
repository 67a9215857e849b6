"""A usage report as a self-contained page: what it cost, its coverage first, and what stands behind it.

`render` is pure: what `--json` prints goes in, with what stands behind it, the text of the page comes out.
Charts follow the reader's light or dark setting and the page's width; every chart has its table. Labels of
the logs are escaped wherever they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.ledger_minis import mini_columns, mini_coverage, mini_share
from truecost.report.charts.timeline import day_name
from truecost.report.finding import KeyFigure
from truecost.report.ledger_words import (
    clipped,
    days_of,
    group_name,
    lines,
    listed,
    number_of,
    usd,
    used,
    whole_usd,
)
from truecost.report.phrases import share, shown
from truecost.report.run_page import Opening, run_page
from truecost.report.sections.ledger_coverage import coverage, coverage_title, covered
from truecost.report.sections.ledger_days import by_day, costs_over_time
from truecost.report.sections.ledger_grounds import logs, prices
from truecost.report.sections.ledger_groups import groups
from truecost.report.sections.ledger_kinds import failures, kinds

Told = Mapping[str, Any]
METHOD = (
    "Every token meets at most one price, that of the day of use; what has no price is in no amount, and "
    "never counts as 0. Amounts are summed exactly and shown with three digits."
)


def render(told: Told, behind: Told) -> str:
    """The page of a report (`usage_report(...).to_dict()`, `behind_report(...).to_dict()` of the same)."""
    found = [
        coverage(told),
        by_day(told, behind["days"]),
        groups(told),
        kinds(told),
        failures(told),
        prices(told, behind),
        logs(told, behind),
    ]
    return run_page(opening(told, behind), [one for one in found if one is not None])


def opening(told: Told, behind: Told) -> Opening:
    """What the page opens with."""
    grouped = f", by {listed(told['by'])}" if told["by"] else ""
    where = f", of {clipped(behind['where'], 200)}" if behind["where"] else ""
    return Opening(
        name=told["store"],
        terms=f"{days_of(told)}{grouped}{where}, prices as known on {day_name(told['as_known'])}",
        headline=headline(told),
        standfirst=standfirst(told),
        figures=_figures(told, behind["days"]),
        warnings=_warnings(told),
        method=METHOD,
    )


def headline(told: Told) -> str:
    """What it cost, in a sentence."""
    total = told["total"]
    if not total["entries"]:
        return "No usage in these days"
    gaps = told["by_coverage"]["unpriced"]["entries"]
    if gaps == total["entries"]:
        return f"{used(total)[:1].upper()}{used(total)[1:]}, and no price is known for any of it"
    at_least = "At least " if gaps else ""
    return f"{at_least}{usd(total['usd'])} for {used(total)}"


def standfirst(told: Told) -> str:
    """That all has a price; "" where it has not, which the warning says."""
    gaps = told["by_coverage"]["unpriced"]["entries"]
    return f"{coverage_title(told)}." if told["total"]["entries"] and not gaps else ""


def _warnings(told: Told) -> list[str]:
    gaps = told["by_coverage"]["unpriced"]["entries"]
    if not gaps or gaps == told["total"]["entries"]:
        return []
    has = "has" if gaps == 1 else "have"
    return [f"{lines(told, gaps)} {has} no price and are in no amount: the total is more than is shown."]


def _figures(told: Told, days: Told | None) -> list[KeyFigure]:
    """The total, how much has a price, the dearest group's share, the usual day; none of nothing."""
    whole = whole_usd(told)
    if days is None or not whole > 0:
        return []
    over = costs_over_time(days)
    daily = [sum(map(number_of, one)) for one in zip(*(each["usd"] for each in _series(days)), strict=True)]
    parts = covered(told)
    figures = [
        _figure(usd(told["total"]["usd"]), f"for {used(told['total'])}", mini_columns(over.sums)),
        _figure(parts[0].share, f"of {lines(told, told['total']['entries'])} have a known price",
                mini_coverage(parts)),
    ]  # fmt: skip
    if told["by"] and told["groups"]:
        first = told["groups"][0]
        part = number_of(first["usd"]) / whole
        name = group_name(first, told["by"], 40)
        figures.append(_figure(share(part), f"of the cost: {name}", mini_share(part, "accent")))
    usual, most = sum(daily) / len(daily), max(daily)
    if len(daily) > 1:
        bar = mini_share(usual / most, "tone3")
        figures.append(
            _figure(shown(usual, "USD"), f"a day, on average; the dearest {shown(most, 'USD')}", bar)
        )
    return figures


def _series(days: Told) -> list[Told]:
    return [*days["groups"], *([days["rest"]] if days["rest"] else [])]


def _figure(value: str, what: str, drawing: Any) -> KeyFigure:
    digits, _, unit = value.partition("\N{NO-BREAK SPACE}")
    return KeyFigure(digits, unit, "", what, drawing=drawing)
