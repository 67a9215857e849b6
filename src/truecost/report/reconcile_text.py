"""A reconciliation for a terminal: the drift first, then what explains it, each with what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from truecost.report.asked_text import by_which_prices, of_which
from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share, shown
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
_ITEMS = 4
WORDS = {
    "unpriced": "usage without a price",
    "tier": "another tier",
    "cache": "cached tokens",
    "late": "late usage",
    "discount": "a discount",
    "currency": "the exchange rate",
    "price": "another price",
    "missing": "usage that no log has",
    "unbilled": "usage not billed",
    "credit": "credits",
    "tax": "taxes",
    "fee": "fees",
    "purchase": "purchases",
    "adjustment": "adjustments",
    "rounding": "rounding",
}
"""Each cause in a few words."""
TO_DO = {
    "unpriced": "Look up what the vendor asks for these models: the ledger has them in no amount.",
    "tier": "Log the tier that served a request (service_tier of the response, batch), not the one asked for;"
    " where the logs are right, ask the vendor.",
    "cache": "Compare the cached tokens of the logs with the vendor's usage page: a proxy may drop them, and"
    " a prompt whose beginning changes is not cached.",
    "price": "Hold the billed price against your contract and the vendor's list.",
    "missing": "Find who calls the vendor past the logs: the vendor's usage page by key and project says.",
    "unbilled": "Look for requests logged twice, failed ones, hits of an own cache; then ask the vendor.",
    "credit": "No usage: book it beside the ledger.",
    "tax": "No usage: book it beside the ledger.",
    "fee": "No usage: book it beside the ledger.",
    "purchase": "Spread it over the usage that it covers.",
    "adjustment": "It belongs to an earlier invoice: compare that one again.",
}
"""What to do about each cause; those that depend on what was found are put together below."""
_COLUMNS = (
    "cause", "model", "kind", "usd", "tokens", "before", "after", "list_usd_per_mtok", "billed_usd_per_mtok",
)  # fmt: skip
_KINDS = {
    "input": "plain input", "cache_read": "cache reads", "cache_write_5m": "cache writes (5 min)",
    "cache_write_1h": "cache writes (1 h)", "output": "output", "other": "audio, images, searches, fees",
}  # fmt: skip


def reconcile_page(told: Told, width: int = DEFAULT_WIDTH) -> Page:
    """The reconciliation (`Reconciliation.to_dict`), as a page."""
    page = Page(width)
    page.title(
        f"Invoice {_usd(told['invoice_usd'])}, ledger {_usd(told['ledger_usd'])}, drift"
        f" {_signed(told['drift_usd'])}{_of_invoice(told)}"
    )
    _verdict(told, page)
    of_which(told, page)
    page.item(
        f"{told['invoice']} ({told['format']}) against {told['store']}, {told['first_day']} to"
        f" {told['last_day']}, {', '.join(told['providers']) or 'all providers'}."
    )
    if told["contract"]:
        _agreed(told, page)
    _notes(told, page)
    if told["causes"] or Decimal(told["residual_usd"]):
        page.heading("Explained by")
        _causes(told, page)
    for cause in told["causes"]:
        if cause["name"] == "rounding":
            continue
        page.heading(f"{_upper(WORDS[cause['name']])}: {_signed(cause['usd'])}")
        page.item(_what_to_do(cause["name"], told))
        _items(cause["items"], page, told)
    if told["residual_items"]:
        page.heading(f"Not explained: {_signed(told['residual_usd'])}")
        page.item("The invoice tells no kinds of token here, so amounts alone are compared.")
        _items(told["residual_items"], page, told)
    by_which_prices(told, page)
    return page


def _agreed(told: Told, page: Page) -> None:
    """By which contract the ledger's side is, and what of it is no use."""
    lines = told["contract_lines"]
    beside = ", ".join(f"{one['kind']} {one['name']} {_usd(one['usd'])}" for one in lines)
    held = f"; in the ledger beside use: {beside}" if beside else ""
    page.item(f"The ledger is at what the contract {told['contract']} bills{held}.")


def table_rows(told: Told) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Every part of every cause, then what is left, a row each; their amounts sum to the drift."""
    rows = [
        [cause["name"], *(one[key] for key in _COLUMNS[1:])]
        for cause in told["causes"]
        for one in cause["items"]
    ]
    left = ["unexplained", "", "", told["residual_usd"], *[""] * (len(_COLUMNS) - 4)]
    return _COLUMNS, [*rows, left]


def _verdict(told: Told, page: Page) -> None:
    limit = share(float(Decimal(told["tolerance"])))
    if told["within"]:
        page.item(f"Within the tolerance of {limit} of the invoice.")
    else:
        page.item(f"Over the tolerance of {limit} of the invoice.", Style.WARNING)


def _of_invoice(told: Told) -> str:
    value = told["drift_share"]
    return "" if value is None else f" ({share(float(Decimal(value)))} of the invoice)"


def _notes(told: Told, page: Page) -> None:
    """What to know of how the two were compared."""
    if told["incomplete"]:
        page.item("The file is a page of several, and another one follows: fetch all.", Style.WARNING)
    if told["left_out_lines"]:
        page.item(
            f"Left out: {plural(told['left_out_lines'], 'line')} of other months or services,"
            f" {_usd(told['left_out_usd'])}."
        )
    if not told["counts_told"]:
        page.item(
            "The invoice tells no counts of tokens: they are taken from its amounts at list prices, so a"
            " changed price shows as usage that is missing or not billed."
        )
    if told["unpriced_models"]:
        page.item(f"Logged, without a price: {', '.join(told['unpriced_models'])}.", Style.WARNING)
    for currency, worth in told["usd_per"].items():
        page.item(f"1 {currency} taken for {Decimal(worth):f} USD.")


def _causes(told: Told, page: Page) -> None:
    drift = Decimal(told["drift_usd"])
    parts = [(WORDS[one["name"]], one["usd"], one["meaning"]) for one in told["causes"]]
    if Decimal(told["residual_usd"]):
        parts.append(("not explained", told["residual_usd"], "what no cause above accounts for"))
    rows = [
        [name, _plus(usd), share(float(Decimal(usd) / drift)) if drift else "", meaning]
        for name, usd, meaning in parts
    ]
    columns = [
        Column("cause"), Column("USD", right=True), Column("of drift", right=True),
        Column("that is", wraps=True),
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))


def _items(items: Sequence[Told], page: Page, told: Told) -> None:
    for one in items[:_ITEMS]:
        page.item(_item(one, told), indent=4)
    rest = items[_ITEMS:]
    if rest:
        usd = sum((Decimal(one["usd"]) for one in rest), Decimal(0))
        page.item(f"and {len(rest):,} more, {_signed(str(usd))}: --csv FILE", Style.FAINT, indent=4)


def _item(one: Told, told: Told) -> str:
    """What a part is about, in a line."""
    factor = Decimal(told["factor"])
    what = ", ".join(part for part in (one["model"], _KINDS.get(one["kind"], one["kind"])) if part)
    words = [f"{what or 'the whole'}: {_signed(one['usd'])}"]
    if one["before"]:
        words.append(f"{_kind(one['before'])} → {_kind(one['after'])}")
    if one["tokens"] is not None:
        words.append(f"{shown(float(Decimal(one['tokens'])))} tokens")
    if one["list_usd_per_mtok"] is not None and one["billed_usd_per_mtok"] is not None:
        billed, listed = (Decimal(one[f"{key}_usd_per_mtok"]) for key in ("billed", "list"))
        after = "" if factor == 1 else f", {shown(float(listed * factor))} after the discount"
        words.append(
            f"{shown(float(billed))} USD/Mtok where the {_prices(told)} has {shown(float(listed))}{after}"
        )
    return ", ".join(words)


def _prices(told: Told) -> str:
    """Whose prices the ledger's are."""
    return "contract" if told["contract"] else "list"


def _kind(word: str) -> str:
    return _KINDS.get(word, word)


def _what_to_do(name: str, told: Told) -> str:
    factor = Decimal(told["factor"])
    if name == "discount":
        if factor == 1:
            return "A line of the invoice says so: lay it over the list prices as your contract."
        if told["contract"]:
            return f"Nearly all lines are at {shown(float(factor))} of the contract's prices: ask the vendor."
        return (
            f"Nearly all lines are at {shown(float(factor))} of the list price. If a contract says so, take"
            f" {share(float(1 - factor))} off the ledger's prices; if not, ask the vendor."
        )
    if told["contract"] and name in ("purchase", "credit"):
        return "Hold the lines against the contract: truecost ledger report --contract has its bill."
    if name == "currency":
        currency, worth = next(iter(told["usd_per"].items()))
        implied = shown(float(Decimal(worth) / factor))
        return (
            f"Lines would equal the list at {implied} USD for 1 {currency}: is that the invoice's own rate?"
        )
    if name == "late":
        hours = told["hours_from_utc"]
        if hours:
            return (
                f"The invoice's days seem to begin {_hours(hours)} UTC's: ask for it by UTC days, or know"
                " that this much moves at each end."
            )
        return "Compare the invoices of the months before and after: it should be missing, or be, there."
    return TO_DO[name]


def _hours(hours: Sequence[float]) -> str:
    low, high = sorted(abs(one) for one in hours)
    much = f"{low:g} h" if low == high else f"{low:g} to {high:g} h"
    return f"{much} {'after' if hours[0] > 0 else 'before'}"


def _usd(amount: str) -> str:
    return shown(float(Decimal(amount)), "USD")


def _signed(amount: str) -> str:
    return ("+" if Decimal(amount) > 0 else "") + _usd(amount)


def _plus(amount: str) -> str:
    return ("+" if Decimal(amount) > 0 else "") + shown(float(Decimal(amount)))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
