"""An update of the API prices for a terminal: what was compared, what is new, what changed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
_ROWS = 30


def update_page(told: Told, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """What `Update.to_dict` gives, as a page."""
    page = Page(width)
    known = f"genai-prices {told['known']}"
    shipped = f"{known}, read on {told['shipped_read']}" if told["known"] == told["shipped"] else known
    if told["installed"] is None:
        page.title("genai-prices is not installed: the prices stay as they are")
        page.item(f"They are of {shipped}. A newer one comes with: pip install --upgrade 'truecost[prices]'")
        return page
    if not told["changes"]:
        page.title(f"genai-prices {told['installed']} says nothing new: the prices stay as they are")
        page.item(f"They are of {shipped}.")
        return page
    page.title(
        f"genai-prices {told['installed']} over {known}: {plural(len(told['models_added']), 'model')} added,"
        f" {plural(len(told['changes']), 'price')} new or changed"
    )
    _models(told, page, everything=everything)
    _changes(told, page, everything=everything)
    if told["models_gone"]:
        page.blank()
        page.item(
            f"Left out by the newer list, and kept: {', '.join(_first(told['models_gone'], everything))}."
        )
    page.blank()
    where = f"Written to {told['written']}" if told["written"] else "Nothing is written (--dry-run)"
    page.text(
        f"{where}; known from {told['on']}, so a bill priced as known before does not change.", Style.FAINT
    )
    return page


def _first(names: list[str], everything: bool) -> list[str]:
    return (
        names if everything or len(names) <= _ROWS else [*names[:_ROWS], f"and {len(names) - _ROWS:,} more"]
    )


def _models(told: Told, page: Page, *, everything: bool) -> None:
    if told["models_added"]:
        page.heading("Models added")
        page.item(", ".join(_first(told["models_added"], everything)))


def _changes(told: Told, page: Page, *, everything: bool) -> None:
    """Changed prices before those that are new."""
    page.heading("Prices, USD a million tokens or for one")
    changes = sorted(told["changes"], key=lambda one: one["before_usd"] is None)
    kept = changes if everything else changes[:_ROWS]
    columns = [
        Column("model", wraps=True), Column("price of", wraps=True), Column("before", right=True),
        Column("now", right=True), Column("valid from"),
    ]  # fmt: skip
    rows = [
        [_model(one), _kind(one), _usd(one, "before_usd"), _usd(one, "after_usd"), one["valid_from"]]
        for one in kept
    ]
    page.extend(table(columns, rows, page.width))
    if len(changes) > len(kept):
        page.text(f"{len(changes) - len(kept):,} more: --all", Style.FAINT, indent=2)


def _model(one: Told) -> str:
    return f"{one['provider']}/{one['model']}" + (f" ({one['region']})" if one["region"] else "")


def _kind(one: Told) -> str:
    parts = [
        one["kind"].replace("_", " "), one["cache_life"],
        "" if one["service_tier"] == "standard" else one["service_tier"],
        f"above {one['context_above_tokens']:,}" if one["context_above_tokens"] else "",
    ]  # fmt: skip
    return " ".join(part for part in parts if part)


def _usd(one: Told, key: str) -> str:
    """USD a million tokens, or for one of what is no token."""
    if one[key] is None:
        return ""
    usd = Decimal(one[key]) * (1_000_000 if one["unit"] == "token" else 1)
    return f"{usd.normalize():f}"
