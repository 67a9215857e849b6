"""Margins for a terminal: what customers left, the worst first, and what keeps them from being whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from truecost.report.asked_text import by_which_prices, of_which
from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share, shown
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
_ROWS = 25
_NAMED = 8


def margin_page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """The margins (`MarginReport.to_dict`), as a page: the total, who loses money, who makes the cost."""
    page = Page(width)
    total, customers = told["total"], told["customers"]
    what = _kind(told)
    page.title(
        f"{told['store']}, {told['month'] or 'all days'}: {_most(total)}{_usd(total['margin_usd'])} of margin"
        f"{_share(total['margin_share'], ' of revenue')}, from {plural(len(customers), what)}"
    )
    page.item(f"Revenue {_usd(total['revenue_usd'])}, cost {_least(total)}{_usd(total['cost_usd'])}.")
    of_which(told, page)
    _gaps(told, page)
    if customers:
        page.heading(f"By {told['by']}, the worst first")
        _table(customers if everything else customers[:_ROWS], page, what)
        if len(customers) > _ROWS and not everything:
            page.text(
                f"and {plural(len(customers) - _ROWS, 'more', 'more')}: --all, --csv FILE",
                Style.FAINT,
                indent=2,
            )
    if told["plans"]:
        page.heading("By plan")
        _table(told["plans"], page, "plan")
    _pareto(told, page)
    by_which_prices(told, page, "Cost by the prices of the day of use")
    return page


def table_rows(told: Told) -> tuple[list[str], list[list[Any]]]:
    """The customers as a table, one row each, then what has none; they sum to the total."""
    header = list(told["total"])
    nobody = [told["unattributed"]] if told["unattributed"]["has_cost"] else []
    return header, [[one[key] for key in header] for one in (*told["customers"], *nobody)]


def _kind(told: Told) -> str:
    return "customer" if told["by"] == "customer" else told["by"].removeprefix("tag:")


def _gaps(told: Told, page: Page) -> None:
    """What keeps the margins from being whole."""
    what, customers, nobody = _kind(told), told["customers"], told["unattributed"]
    losing = [one for one in customers if Decimal(one["margin_usd"]) < 0]
    if losing:
        page.item(f"Cost more than they pay: {_named([one['name'] for one in losing])}.", Style.WARNING)
    if nobody["has_cost"]:
        page.item(
            f"Cost of no {what}: {_least(nobody)}{_usd(nobody['cost_usd'])}"
            f"{_share(nobody['cost_share'], ' of all')}; it is in the total, and in no one's margin.",
            Style.WARNING,
        )
    if told["contract"]:
        idle = _usd(told["beside_use_usd"])
        page.item(
            f"Effective costs under the contract {told['contract']}; idle capacity and shortfalls, {idle},"
            f" are of no {what}."
        )
    if told["total"]["unpriced_entries"]:
        lines = plural(told["total"]["unpriced_entries"], "line")
        page.item(
            f"{lines} of usage without a price: margins with a ≤ are at most that (truecost ledger report"
            f" {told['store']} names the models).",
            Style.WARNING,
        )
    for words, names in (
        (
            "Cost and no revenue",
            [one["name"] for one in customers if one["has_cost"] and not one["has_revenue"]],
        ),
        (
            "Revenue and no cost",
            [one["name"] for one in customers if one["has_revenue"] and not one["has_cost"]],
        ),
    ):
        if names:
            page.item(f"{words}: {_named(names)}.")
    for paid, used in told["same_but_for_case"]:
        page.item(f"The same one? Revenue is of {paid!r}, usage of {used!r}.", Style.WARNING)
    if told["left_out_rows"]:
        page.item(f"{plural(told['left_out_rows'], 'row')} of revenue of other months left out.")
    _days(told, page)


def _days(told: Told, page: Page) -> None:
    """Where revenue and usage are not of the same days."""
    used, paid = told["usage_days"], told["revenue_days"]
    if paid[0] is None:
        page.item("The revenue has no days: all of it is taken for these.")
    elif told["month"] is None and used[0] and (used[0][:7], used[1][:7]) != (paid[0][:7], paid[1][:7]):
        page.item(
            f"Usage is of {used[0]} to {used[1]}, revenue of {paid[0]} to {paid[1]}: --month compares one.",
            Style.WARNING,
        )


def _table(rows: Sequence[Told], page: Page, what: str) -> None:
    plan = any(one["plan"] for one in rows) and what != "plan"
    columns = [
        Column(what, wraps=True), Column("plan", wraps=True, optional=True),
        Column("revenue\nUSD", right=True), Column("cost\nUSD", right=True),
        Column("margin\nUSD", right=True), Column("of\nrevenue", right=True),
        Column("of all\ncost", right=True, optional=True),
    ]  # fmt: skip
    cells = [
        [
            one["name"] or "(none)", one["plan"] if plan else "",
            _number(one["revenue_usd"]) if one["has_revenue"] else "none",
            f"{'≥ ' if one['is_at_most'] else ''}{_number(one['cost_usd'])}" if one["has_cost"] else "none",
            f"{'≤ ' if one['is_at_most'] else ''}{_number(one['margin_usd'])}",
            _share(one["margin_share"]), _share(one["cost_share"]),
        ]
        for one in rows
    ]  # fmt: skip
    page.extend(table(columns, cells, page.width))


def _pareto(told: Told, page: Page) -> None:
    """Who makes most of the cost."""
    names, customers = told["most_of_cost"], [one for one in told["customers"] if one["has_cost"]]
    if not names:
        return
    what = _kind(told)
    of_all = share(len(names) / len(customers))
    page.heading("Who makes the cost")
    page.item(
        f"{plural(len(names), what)} of {len(customers):,} ({of_all}) "
        f"{'makes' if len(names) == 1 else 'make'} 80 % of the cost: {_named(names)}."
    )


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _most(one: Told) -> str:
    return "at most " if one["is_at_most"] else ""


def _least(one: Told) -> str:
    return "at least " if one["is_at_most"] else ""


def _usd(amount: str) -> str:
    return shown(float(Decimal(amount)), "USD")


def _number(amount: str) -> str:
    return shown(float(Decimal(amount)))


def _share(value: str | None, behind: str = "") -> str:
    if value is None:
        return ""
    told = share(float(Decimal(value)))
    return f" ({told}{behind})" if behind else told
