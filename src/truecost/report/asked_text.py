"""What every page of the ledger says of the question: of which usage it is, and by which prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import Page, Style

Told = Mapping[str, Any]


def of_which(told: Told, page: Page) -> None:
    """The filter that the usage was taken by, where there was one."""
    if told.get("where"):
        page.item(f"Of usage with: {told['where']}")


def by_which_prices(told: Told, page: Page, what: str = "Prices of the day of use") -> None:
    """The last line: whose prices, and as known when."""
    over = f", {told['catalog']} over them" if told.get("catalog") else ""
    page.blank()
    page.text(f"{what}, as known on {told['as_known']}; list prices in USD{over}.", Style.FAINT)
