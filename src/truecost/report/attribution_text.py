"""Attribution for a terminal: shared cost shared out, the cost of a unit, what caches saved and missed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from truecost.report.asked_text import by_which_prices, of_which
from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share, shown
from truecost.report.tables import Column, table
from truecost.report.usage_text import NONE, label

Told = Mapping[str, Any]
_ROWS = 25


def allocation_page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """A shared cost by who used it (`Allocation.to_dict`), as a page."""
    page = Page(width)
    shared = told["shared"]
    least = "at least " if told["shared_unpriced_entries"] else ""
    page.title(f"{_span(told)}: {least}{_usd(told['shared_usd'])} shared out by {_basis(shared['basis'])}")
    page.item(f"Shared: {plural(told['shared_entries'], 'line')} of usage with {shared['cost']}.")
    if told["shared_unpriced_entries"]:
        page.item(
            f"{plural(told['shared_unpriced_entries'], 'line')} of them without a price: not in the amount.",
            Style.WARNING,
        )
    if told["used_share"] is not None:
        page.item(_capacity(told), Style.WARNING if Decimal(told["used_share"]) > 1 else Style.PLAIN)
    if Decimal(told["unallocated_usd"]):
        page.item(
            f"Not shared out: {_usd(told['unallocated_usd'])}; nobody it is for has any"
            f" {_basis(shared['basis'])}.",
            Style.WARNING,
        )
    page.heading(f"By {', '.join(told['by'])}, USD" if told["by"] else "All of it, USD")
    columns = [
        *(Column(one, wraps=True) for one in told["by"]), Column(_basis(shared["basis"]), right=True),
        Column("direct", right=True), Column("allocated", right=True), Column("in all", right=True),
    ]  # fmt: skip
    kept = told["shares"] if everything else told["shares"][:_ROWS]
    rows = [
        [
            *(label(one[name]) for name in told["by"]), shown(float(one["basis"])),
            "unknown" if one["unpriced_entries"] and not Decimal(one["direct_usd"])
            else shown(float(one["direct_usd"])),
            shown(float(one["allocated_usd"])), shown(float(one["usd"])),
        ]
        for one in kept
    ]  # fmt: skip
    if Decimal(told["idle_usd"]):
        blanks = [""] * (len(told["by"]) - 1)
        rows.append(
            ["(idle)", *blanks, "", "", shown(float(told["idle_usd"])), shown(float(told["idle_usd"]))]
        )
    page.extend(table(columns, rows, width))
    _rest(len(told["shares"]) - len(kept), page)
    page.blank()
    page.text(
        "Direct: what these rows cost of themselves. Allocated: their part of the shared cost; an allocation,"
        " no measurement.",
        Style.FAINT,
    )
    by_which_prices(told, page)
    return page


def allocation_rows(told: Told) -> tuple[list[str], list[list[Any]]]:
    """The shares as a table, then what was idle and what nobody had a basis for: they sum to the whole."""
    amounts = ("direct_usd", "allocated_usd", "usd", "basis", "unpriced_entries")
    rows = [[*(one[name] for name in told["by"]), *(one[key] for key in amounts)] for one in told["shares"]]
    for words, key in (("(idle)", "idle_usd"), ("(not shared out)", "unallocated_usd")):
        if Decimal(told[key]):
            label_cells = [words, *[""] * (len(told["by"]) - 1)][: len(told["by"])]
            rows.append([*label_cells, "", told[key], told[key], "", ""])
    return [*told["by"], *amounts], rows


def _capacity(told: Told) -> str:
    used, shared = Decimal(told["used_share"]), told["shared"]
    stated = f"{shown(float(shared['capacity']))} {_basis(shared['basis'])} an hour of a chip"
    hours = f"{shown(float(told['chip_hours']), 'chip-hours')}"
    if used > 1:
        return (
            f"Used: {share(float(used))} of the stated {stated} in {hours}: the capacity is stated too low."
        )
    return f"Used: {share(float(used))} of {stated} in {hours}; idle: {_usd(told['idle_usd'])}."


def units_page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """The cost of a unit (`UnitCosts.to_dict`), as a page."""
    page = Page(width)
    total, per = told["total"], told["per"].removeprefix("tag:")
    if not total["units"]:
        page.title(f"{_span(told)}: no request names a {per}")
        of_which(told, page)
        return page
    least = "at least " if total["unpriced_units"] else ""
    page.title(f"{_span(told)}: {least}{_usd(total['usd_per_unit'])} a {per}, {total['units']:,} of them")
    of_which(told, page)
    page.item(
        f"Half of them cost {_usd(total['median_usd'])} or less, one in ten {_usd(total['p90_usd'])} or more,"
        f" the dearest {_usd(total['most_usd'])}; {shown(float(total['requests_per_unit']))} requests each."
    )
    if told["outcome"]:
        page.item(_outcome(told))
    if total["unpriced_units"]:
        page.item(
            f"{total['unpriced_units']:,} of them have usage without a price: they cost at least this.",
            Style.WARNING,
        )
    if total["no_unit_entries"]:
        page.item(
            f"In no {per}: {plural(total['no_unit_entries'], 'line')} of usage, {_usd(total['no_unit_usd'])}."
        )
    if told["by"]:
        page.heading(f"By {', '.join(told['by'])}, USD")
        _units(told, page, everything=everything)
    by_which_prices(told, page)
    return page


def _outcome(told: Told) -> str:
    total, per = told["total"], told["per"].removeprefix("tag:")
    if not total["reached_units"]:
        return f"No {per} came to {told['outcome']}."
    part = share(total["reached_units"] / total["units"])
    return (
        f"{total['reached_units']:,} ({part}) came to {told['outcome']}: {_usd(total['usd_per_outcome'])} an"
        " outcome, those that did not come to it included."
    )


def _units(told: Told, page: Page, *, everything: bool) -> None:
    per = told["per"].removeprefix("tag:")
    with_outcome = bool(told["outcome"])
    columns = [
        *(Column(one, wraps=True) for one in told["by"]), Column("units", right=True),
        Column("in all", right=True), Column(f"a {per}", right=True), Column("median", right=True),
        Column("P90", right=True, optional=True),
        *([Column("an\noutcome", right=True)] if with_outcome else []),
    ]  # fmt: skip
    kept = told["groups"] if everything else told["groups"][:_ROWS]
    rows = [
        [
            *(label(one[name]) for name in told["by"]), f"{one['units']:,}", shown(float(one["usd"])),
            _or_none(one["usd_per_unit"]), _or_none(one["median_usd"]), _or_none(one["p90_usd"]),
            *([_or_none(one["usd_per_outcome"])] if with_outcome else []),
        ]
        for one in kept
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))
    _rest(len(told["groups"]) - len(kept), page)


def cache_page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What caches saved and missed (`CacheUse.to_dict`), as a page."""
    page = Page(width)
    total = told["total"]
    net = Decimal(total["saved_usd"]) - Decimal(total["writing_usd"])
    missed, read, whole = total["missed_usd"], total["cache_read_tokens"], total["input_tokens"]
    page.title(f"{_span(told)}: caches saved {_usd(str(net))}, and missed {_usd(missed)} at most")
    of_which(told, page)
    page.item(
        f"{share(read / whole)} of {shown(float(whole))} input tokens were read from a cache:"
        f" {_usd(total['saved_usd'])} less than as input;"
        f" writing them cost {_usd(total['writing_usd'])} more than as input."
        if whole
        else "No input tokens with a price."
    )
    page.item(
        "Missed, at most: requests that follow another of their task within 5 min, had they begun with all"
        " of it; where a vendor bills writes to the cache, these come off it."
    )
    if total["tokens_without_task"]:
        page.item(
            f"{shown(float(total['tokens_without_task']))} uncached tokens name no task: what they missed is"
            " not known.",
            Style.WARNING,
        )
    if lacking := told["unpriced_entries"]:
        page.item(f"{plural(lacking, 'line')} of usage without a price: in none of this.", Style.WARNING)
    if stated := told["stated_entries"]:
        page.item(f"{plural(stated, 'line')} of usage with an amount that is stated: in none of this.")
    if told["by"]:
        page.heading(f"By {', '.join(told['by'])}, USD")
        columns = [
            *(Column(one, wraps=True) for one in told["by"]), Column("cached", right=True),
            Column("saved", right=True), Column("writing", right=True),
            Column("missed,\nat most", right=True),
        ]  # fmt: skip
        kept = told["groups"] if everything else told["groups"][:_ROWS]
        rows = [
            [
                *(label(one[name]) for name in told["by"]),
                share(one["cache_read_tokens"] / one["input_tokens"]) if one["input_tokens"] else "",
                *(_amount(one[key]) for key in ("saved_usd", "writing_usd", "missed_usd")),
            ]
            for one in kept
        ]
        page.extend(table(columns, rows, width))
        _rest(len(told["groups"]) - len(kept), page)
    by_which_prices(told, page)
    return page


def _rest(count: int, page: Page) -> None:
    if count:
        page.text(f"and {plural(count, 'more group')}: --all, --csv FILE", Style.FAINT, indent=2)


def _or_none(amount: str | None) -> str:
    return NONE if amount is None else shown(float(amount))


def _amount(amount: str) -> str:
    return shown(float(amount)) if Decimal(amount) else ""


def _basis(name: str) -> str:
    return {"usd": "USD", "equal": "even shares"}.get(name, name.replace("_", " "))


def _span(told: Told) -> str:
    return f"{told['store']}, {told['month']}" if told["month"] else told["store"]


def _usd(amount: str) -> str:
    return shown(float(Decimal(amount)), "USD")
