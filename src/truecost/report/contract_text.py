"""Usage under a contract for a terminal: what it really cost, what is billed, how the two hang together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share, shown
from truecost.report.tables import Column, table
from truecost.report.usage_text import NONE

Told = Mapping[str, Any]
_ROWS = 25
_KINDS = {
    "usage": "use", "capacity": "capacity", "idle": "idle capacity", "shortfall": "shortfall",
    "credit": "credit",
}  # fmt: skip


def contract_page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What usage cost under a contract (`ContractReport.to_dict`), as a page."""
    page = Page(width)
    total, gaps = told["total"], told["total"]["unpriced_entries"]
    least = "at least " if gaps else ""
    both = f" ({_money(total['billed_in_currency'], told['currency'])})" if told["currency"] else ""
    page.title(f"{_span(told)}: {least}{_money(total['billed_usd'])}{both} billed")
    _amounts(told, page)
    _gaps(told, page)
    if told["by"] and told["groups"]:
        page.heading(f"By {', '.join(told['by'])}")
        _groups(told, page, everything=everything)
    _lines("Effective, but nobody's use", told["beside_use"], told, page)
    _lines("The bill", told["bill"], told, page)
    _states(told, page)
    _small_print(told, page)
    return page


def _span(told: Told) -> str:
    months = told["months"]
    span = f"{months[0]} to {months[-1]}" if len(months) > 1 else "".join(months)
    return ", ".join(part for part in (told["store"], span, told["contract"]) if part)


def _number(amount: str | None) -> float:
    return float(Decimal(amount or "0"))


def _money(amount: str, unit: str = "USD") -> str:
    return f"{shown(_number(amount))} {unit}"


def _amounts(told: Told, page: Page) -> None:
    """From list to bill: each step and what it takes off or adds."""
    total = told["total"]
    steps = [
        ("use at list", total["list_usd"]),
        ("use as contracted", total["contracted_usd"]),
        ("use, effective", total["used_usd"]),
        ("+ idle capacity and shortfalls", total["beside_use_usd"]),
        ("= effective cost", total["effective_usd"]),
        ("- credits", total["credits_usd"]),
        ("= billed", total["billed_usd"]),
    ]
    shown_steps = [(name, usd) for name, usd in steps if Decimal(usd) or not name.startswith(("+", "-"))]
    page.extend(
        table(
            [Column(""), Column("USD", right=True)],
            [[name, _cell(usd)] for name, usd in shown_steps],
            page.width,
        )
    )


def _cell(usd: str | None) -> str:
    return "" if usd is None else shown(_number(usd))


def _gaps(told: Told, page: Page) -> None:
    """What is in no amount, first of all."""
    total = told["total"]
    page.blank()
    priced = total["entries"] - total["unpriced_entries"]
    page.item(f"Priced: {priced:,} of {plural(total['entries'], 'line')} of usage.")
    if total["covered_requests"]:
        page.item(
            f"Covered by capacity: {plural(total['covered_requests'], 'request')}, not billed by the token."
        )
    beyond = total["unlisted_entries"] - total["unpriced_entries"]
    if beyond:
        page.item(f"Without a list price, so only below the first line: {plural(beyond, 'line')} of usage.")
    for one in told["unpriced"]:
        name = "/".join(part for part in (one["provider"], one["model"] or NONE) if part)
        page.item(
            f"Unpriced, in no amount: {name}, {plural(one['entries'], 'line')} of usage.", Style.WARNING
        )
    for entry in told["unused"]:
        page.item(f"{entry} of the contract fits no usage of these months.", Style.WARNING)


def _groups(told: Told, page: Page, *, everything: bool) -> None:
    groups: Sequence[Told] = told["groups"]
    kept = groups if everything else groups[:_ROWS]
    columns = [
        *(Column(one, wraps=True) for one in told["by"]),
        Column("requests", right=True), Column("list\nUSD", right=True),
        Column("contracted\nUSD", right=True, optional=True),
        Column("effective\nUSD", right=True), *_currency_column(told, "effective\n"),
        Column("no price\nknown", right=True),
    ]  # fmt: skip
    rows = [_group(one, told) for one in kept]
    page.extend(table(columns, rows, page.width))
    if len(groups) > len(kept):
        page.text(f"{len(groups) - len(kept):,} more: --all", Style.FAINT, indent=2)


def _currency_column(told: Told, title: str = "") -> list[Column]:
    return [Column(f"{title}{told['currency']}", right=True, optional=True)] if told["currency"] else []


def _group(one: Told, told: Told) -> list[str]:
    local = [_cell(one.get("effective_in_currency"))] if told["currency"] else []
    gap = one["unpriced_entries"]
    none = gap == one["entries"]
    amounts = [_cell(one[key]) for key in ("list_usd", "contracted_usd", "effective_usd")]
    return [
        *(_label(one[key]) for key in told["by"]), f"{one['requests']:,}",
        *(["unknown"] * 3 if none else amounts), *([""] if none and local else local),
        f"{gap:,}" if gap else "",
    ]  # fmt: skip


def _label(value: Any) -> str:
    if value is None or value == "":
        return NONE
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _lines(head: str, lines: Sequence[Told], told: Told, page: Page) -> None:
    """Lines of months, with the vendor; nothing for none."""
    kept = [line for line in lines if Decimal(line["usd"])]
    if not kept:
        return
    page.heading(head)
    months = [Column("month")] if len(told["months"]) > 1 else []
    columns = [
        *months, Column("vendor", wraps=True), Column("what", wraps=True), Column("USD", right=True),
        *_currency_column(told),
    ]  # fmt: skip
    rows = [
        [
            *([line["month"]] if months else []), line["payee"] or NONE, _what(line), _cell(line["usd"]),
            *([_cell(line["in_currency"])] if told["currency"] else []),
        ]
        for line in kept
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))


def _what(line: Told) -> str:
    kind = _KINDS[line["kind"]]
    return kind if line["kind"] == "usage" else f"{kind}: {line['name']}"


def _states(told: Told, page: Page) -> None:
    """How full capacity was, how far commitments are, what is left of credits."""
    said = [_capacity(one) for one in told["capacities"]]
    said += [_commitment(one) for one in told["commitments"]]
    said += [_credit(one) for one in told["credits"]]
    if said:
        page.heading("Capacity, commitments, credits")
    for line in said:
        page.item(line)


def _capacity(one: Told) -> str:
    return (
        f"{one['name']}, {one['month']}: {share(one['used_share'])} used, {_money(one['idle_usd'])} of"
        f" {_money(one['fee_usd'])} idle."
    )


def _commitment(one: Told) -> str:
    spent = f"{_money(one['spent_usd'])} of {_money(one['promised_usd'])} spent"
    span = f"{one['name']}, {one['begins']} until {one['ends']}"
    if one["shortfall_usd"] is None:
        return f"{span}: {spent} so far."
    missing = Decimal(one["shortfall_usd"])
    return f"{span}: {spent}; " + (f"{_money(one['shortfall_usd'])} missing." if missing else "kept.")


def _credit(one: Told) -> str:
    until = f" until {one['valid_until']}" if one["valid_until"] else ""
    before = f", {_money(one['used_before_usd'])} before" if Decimal(one["used_before_usd"]) else ""
    return (
        f"{one['name']}: {_money(one['used_usd'])} used here{before}; {_money(one['left_usd'])} left{until}."
    )


def _small_print(told: Told, page: Page) -> None:
    page.blank()
    catalog = f" with {told['catalog']} over them" if told["catalog"] else ""
    page.text(
        f"List prices{catalog} of the day of use, as known on {told['as_known']}. Fees and commitments are of"
        " whole months; credits are of the bill, never of what use cost.",
        Style.FAINT,
    )
    if told["open_months"]:
        page.text(
            f"Not over yet: {', '.join(told['open_months'])}. Idle capacity and shortfalls there are as if"
            " nothing more were used.",
            Style.FAINT,
        )
    if told["currency"]:
        rates = dict.fromkeys(f"{Decimal(rate).normalize():f}" for rate in told["usd_for_one"].values())
        page.text(
            f"One {told['currency']} is {', '.join(rates)} USD: the rate of a month's last day.", Style.FAINT
        )
