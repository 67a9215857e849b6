"""What an export of usage as FOCUS rows came to, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from truecost.report.asked_text import by_which_prices, of_which
from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, shown

Told = Mapping[str, Any]


def export_page(told: Told, width: int = DEFAULT_WIDTH) -> Page:
    """Rows, their sum and what is in none of them (`FocusExport.to_dict` with its `file`), as a page."""
    page = Page(width)
    billed = shown(float(Decimal(told["billed_usd"])), "USD")
    page.title(f"{plural(told['rows'], 'row')} of FOCUS {told['focus_version']} in {told['file']}: {billed}")
    of_which(told, page)
    if agreed := told["contract"]:
        _agreed(agreed, page)
    if told["rows"]:
        each = "request" if told["by_request"] else "day"
        span = told["month"] or f"{told['first_day']} to {told['last_day']}"
        page.item(f"{span}; a row for each {each}, seller, model, kind of token, price and labels.")
        page.item(f"Billing account: {told['account']} (--account names another).")
    else:
        page.item("No usage with a price in these days.", Style.WARNING)
    if told["unpriced_entries"]:
        page.item(f"Without a price, in no row: {plural(told['unpriced_entries'], 'line')}.", Style.WARNING)
    by_which_prices(told, page)
    return page


def _agreed(agreed: Told, page: Page) -> None:
    """What the rows under a contract sum to."""
    effective = shown(float(Decimal(agreed["effective_usd"])), "USD")
    page.item(f"Under the contract {agreed['name']}: EffectiveCost {effective} without credits.")
    if code := agreed["currency"]:
        billed = shown(float(Decimal(agreed["billed_in_currency"])), code)
        page.item(f"Amounts are in {code}: BilledCost {billed}; PricingCurrency columns are in USD.")
