"""A plan against what was used, for a terminal: line by line, with what neither side has of the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import around_mean, loose, plural, shown
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
_ROWS = 8
_SMALL = 0.005
"""A cause below this share of what was planned is not worth a clause."""


def actual_page(name: str, told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """The comparison (`Against.to_dict`) of the plan of this name as a page no wider than `width`."""
    page = Page(width)
    months = [one["month"] for one in told["months"]]
    page.title(f"{name}: plan against actual, {_span(months)}")
    _headline(told, page)
    for one in told["months"]:
        _days(one, page)
    if told["lines"]:
        page.heading("Line by line, USD")
        _lines(told, page, by_month=len(months) > 1)
        _causes(told, page)
    _others(told, page, everything=everything)
    page.blank()
    page.text(
        "Planned: mean and 90 % interval. Actual: prices of the day of use, as known on"
        f" {told['as_known']}. Nothing is scaled.",
        Style.FAINT,
    )
    return page


def _span(months: Sequence[str]) -> str:
    return months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"


def _usd(amount: str) -> str:
    return shown(float(Decimal(amount)), "USD")


def _headline(told: Told, page: Page) -> None:
    """What was used against what was planned for it, in a sentence."""
    total = told["total"]
    if not told["lines"]:
        page.item("None of this usage is of a line of the plan.", Style.WARNING)
        return
    least = "at least " if total["unpriced_entries"] else ""
    planned = total["planned_usd"]
    page.text(
        loose(
            f"On lines of the plan {least}{_usd(total['actual_usd'])} was used, where"
            f" {shown(planned['mean'], 'USD')} ({around_mean(planned, 'USD') or 'no range'}) was planned:"
            f" {_said(total)}."
        ),
        Style.STRONG,
    )


def _said(compared: Told) -> str:
    """The verdict in words; a month that is not over says so."""
    words = {"inside": "inside the interval", "above": "above the interval", "below": "below the interval"}
    so_far = "" if compared["whole_months"] else ", so far"
    unsure = ", without what has no price" if compared["unpriced_entries"] else ""
    return words[compared["verdict"]] + so_far + unsure


def _days(one: Told, page: Page) -> None:
    if one["days"] == one["days_in_month"]:
        quiet = one["days"] - one["days_with_usage"]
        page.item(
            f"{one['month']}: the whole month"
            + (f", {quiet} of its days without usage" if quiet else "")
            + "."
        )
        return
    page.item(
        f"{one['month']}: usage of {one['days']} of {one['days_in_month']} days"
        f" ({one['first_day']} to {one['last_day']}), against the plan's whole month.",
        Style.WARNING,
    )


def _lines(told: Told, page: Page, *, by_month: bool) -> None:
    columns = [
        Column("line", wraps=True), Column("month"), Column("planned", right=True),
        Column("90 %", right=True), Column("actual", right=True), Column("difference", right=True),
        Column("in the\ninterval"),
    ]  # fmt: skip
    rows: list[list[str]] = []
    for line in told["lines"]:
        if not by_month:
            rows.append(_row(line["name"], "", line["total"]))
            continue
        rows += [
            _row(line["name"] if not index else "", one["month"], one)
            for index, one in enumerate(line["months"])
        ]
        rows.append(_row("", "all", line["total"]))
    if len(told["lines"]) > 1:
        rows.append(_row("all of these", "all" if by_month else "", told["total"]))
    page.extend(table(columns, rows, page.width))


def _row(name: str, month: str, compared: Told) -> list[str]:
    planned = compared["planned_usd"]
    least = "≥ " if compared["unpriced_entries"] else ""
    verdict = {"inside": "yes", "above": "no, above", "below": "no, below"}[compared["verdict"]]
    if not compared["whole_months"]:
        verdict += ", so far"
    return [
        name,
        month,
        shown(planned["mean"]),
        around_mean(planned),
        least + shown(float(Decimal(compared["actual_usd"]))),
        shown(compared["difference_usd"]),
        verdict,
    ]


def _causes(told: Told, page: Page) -> None:
    """Of each line: how much more or less was used, and at which price."""
    causes = [(line["name"], _cause(line["total"])) for line in told["lines"]]
    if any(cause for _, cause in causes):
        page.heading("What the difference is of")
    for name, cause in causes:
        if cause:
            page.item(f"{name}: {cause}.")
    for line in told["lines"]:
        if line["pooled_because"]:
            page.item(f"{line['name']}: compared as one, for {line['pooled_because']}.", Style.FAINT)


def _cause(total: Told) -> str:
    bought, used = total["planned_quantity"], total["actual_quantity"]
    volume, price = total["difference_by_volume_usd"], total["difference_by_price_usd"]
    if volume is None or price is None:
        return ""
    unit = total["quantity_unit"]
    each = total["planned_usd"]["mean"] / bought
    clauses = [
        f"{shown(used, unit)} for {shown(bought, unit)} planned ({_signed(volume)} USD)",
        f"{shown((total['planned_usd']['mean'] + total['difference_usd']) / used if used else 0.0)} USD a"
        f" {_one(unit)} for {shown(each)} planned ({_signed(price)} USD)",
    ]
    small = _SMALL * abs(total["planned_usd"]["mean"])
    kept = [
        clause for clause, usd in zip(clauses, (volume, price), strict=True) if abs(usd) > small or not small
    ]
    return "; ".join(kept) or "as planned"


def _one(unit: str) -> str:
    return "chip-hour" if unit == "chip-hours" else unit


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{shown(value)}"


def _others(told: Told, page: Page, *, everything: bool) -> None:
    """What one side has and the other has not."""
    if told["usage_without_line"]:
        page.heading("Used, in no line of the plan")
        columns = [Column("what", wraps=True), Column("for", wraps=True), Column("USD", right=True)]
        page.extend(table(columns, [_unplanned(one) for one in told["usage_without_line"]], page.width))
    if told["lines_without_usage"]:
        page.heading("Planned, and not used")
        _planned(told["lines_without_usage"], "name", page, everything=True)
    if told["not_in_a_ledger"]:
        page.heading("Planned, and in no log of usage")
        _planned(told["not_in_a_ledger"], "label", page, everything=everything)
    if told["usage_outside_the_plan"]:
        page.heading("Used in months that the plan has not")
        for one in told["usage_outside_the_plan"]:
            page.item(f"{one['month']}: {_usd(one['usd'])}.")


def _unplanned(one: Told) -> list[str]:
    """Usage without a line; what has no price is unknown, or at least what has one."""
    unpriced = one["unpriced_entries"]
    usd = shown(float(Decimal(one["usd"])))
    if unpriced:
        usd = "unknown" if unpriced == one["entries"] else f"≥ {usd}"
    return [one["name"], one["class"] or "(none)", usd]


def _planned(rows: Sequence[Told], name: str, page: Page, *, everything: bool) -> None:
    kept = rows if everything else rows[:_ROWS]
    columns = [Column("line", wraps=True), Column("planned, USD", right=True), Column("90 %", right=True)]
    cells = [[one[name], shown(one["planned_usd"]["mean"]), around_mean(one["planned_usd"])] for one in kept]
    page.extend(table(columns, cells, page.width))
    if len(rows) > len(kept):
        rest = sum(one["planned_usd"]["mean"] for one in rows[len(kept) :])
        page.text(
            f"and {plural(len(rows) - len(kept), 'more line')} of {shown(rest, 'USD')} in all: --assumptions",
            Style.FAINT,
            indent=2,
        )
