"""A plain CSV or Parquet invoice: columns found by their usual names, or named by --map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from truecost.ledger.exact import EXACT
from truecost.ledger.invoices.line import (
    OTHER,
    TOKENS,
    Category,
    Invoice,
    InvoiceError,
    InvoiceLine,
    Meter,
    amount,
    category_of,
    day_of,
    kind_of,
    metered,
    tokens_in,
)
from truecost.ledger.invoices.tables import Row, Table, chosen

FIELDS: Mapping[str, Sequence[str]] = {
    "date": ("date", "day", "usage_date", "period", "month", "start", "start_date", "period_start", "from"),
    "until": ("until", "end", "end_date", "period_end", "to"),
    "provider": ("provider", "vendor"),
    "model": ("model", "model_name", "model_version"),
    "kind": ("kind", "token_kind", "token_type", "usage_type", "meter"),
    "tier": ("service_tier", "tier"),
    "batch": ("batch",),
    "description": ("description", "line_item", "item", "product", "sku", "service"),
    "quantity": ("quantity", "tokens", "usage", "qty", "units"),
    "unit": ("unit", "quantity_unit"),
    "unit_price": ("unit_price", "price", "rate", "unit_cost"),
    "amount": ("amount", "cost", "total", "amount_usd", "cost_usd", "usd", "amount_eur", "charge"),
    "currency": ("currency", "amount_currency"),
    "category": ("category", "charge_category", "line_type"),
}
"""The fields of an invoice, and the names that columns with them usually have."""
_WORDS = {"true": True, "yes": True, "1": True, "batch": True, "false": False, "no": False, "0": False}
_CURRENCY_IN = {"amount_eur": "EUR", "amount_gbp": "GBP"}


def invoice(table: Table, mapping: Mapping[str, str]) -> Invoice:
    """The invoice in a table. Raises InvoiceError for what is not understood, by line and field."""
    columns = chosen(table.columns, FIELDS, mapping, table.file)
    if "amount" not in columns and not {"quantity", "unit_price"} <= set(columns):
        raise InvoiceError(
            f"{table.file}: no column is the amount; name it with --map amount=COLUMN (columns:"
            f" {', '.join(table.columns[:20])})"
        )
    lines = tuple(_line(at, row, columns) for at, row in table.rows)
    return Invoice(table.file, "plain", lines)


def _line(at: str, row: Row, columns: Mapping[str, str]) -> InvoiceLine:
    def cell(field: str) -> str:
        return row[columns[field]].strip() if field in columns else ""

    meter = _meter(at, cell("model"), cell("kind"), (cell("tier"), cell("batch")), cell("description"))
    quantity = _quantity(at, cell("quantity"), (cell("unit"), columns.get("quantity", "quantity")), meter)
    usd = _amount(at, (cell("amount"), cell("unit_price")), quantity, columns)
    said = cell("category") or ("" if meter.kind else f"{cell('description')} {cell('model')} {cell('kind')}")
    currency = cell("currency") or _CURRENCY_IN.get(columns.get("amount", "").lower(), "")
    currency = currency or ("EUR" if "€" in cell("amount") else "USD")
    since, until = _days(at, cell("date"), cell("until"), columns)
    described = cell("description") or " ".join(one for one in (cell("model"), cell("kind")) if one)
    return InvoiceLine(
        at, since, until, cell("provider").lower(), meter, quantity, usd, usd, currency.upper(),
        category_of(said), described,
    )  # fmt: skip


def _meter(at: str, model: str, kind: str, sold: tuple[str, str], description: str) -> Meter:
    told = metered(description) if description else Meter()
    tier, batch = sold
    if batch and batch.lower() not in _WORDS:
        raise InvoiceError(f"{at}: batch: {batch[:40]!r}; write true or false")
    named = kind.lower().replace("-", "_").replace(" ", "_")
    found = named if named in (*TOKENS, OTHER) else kind_of(kind)
    is_batch = _WORDS[batch.lower()] if batch else (True if tier.lower() == "batch" else told.batch)
    served = told.tier if not tier else "standard" if tier.lower() in ("batch", "default") else tier.lower()
    return Meter(model or told.model, found or told.kind, served, is_batch)


def _quantity(at: str, text: str, unit: tuple[str, str], meter: Meter) -> Decimal | None:
    """Tokens of a line; None where it tells none, or tells something that is not counted by the token."""
    told, column = unit
    if not text or meter.kind not in TOKENS:
        return None
    scale = tokens_in(told, at) if told else Decimal(1)
    if scale is None:
        raise InvoiceError(
            f"{at}: unit: {told[:40]!r} is none of tokens; write tokens, 1K tokens or 1M tokens"
        )
    found = amount(text, at, column)
    if found < 0:
        raise InvoiceError(f"{at}: {column}: {text[:40]!r} is below 0")
    return EXACT.multiply(found, scale)


def _amount(at: str, given: tuple[str, str], quantity: Decimal | None, columns: Mapping[str, str]) -> Decimal:
    text, price = given
    if text:
        return amount(text, at, columns["amount"])
    if price and quantity is not None:
        return EXACT.multiply(amount(price, at, columns["unit_price"]), quantity)
    raise InvoiceError(f"{at}: there is no amount, and no quantity with a unit price")


def _days(at: str, text: str, end: str, columns: Mapping[str, str]) -> tuple[date | None, date | None]:
    if not text:
        return None, None
    since, until = day_of(text, at, columns["date"])
    if end:
        last, after = day_of(end, at, columns["until"])
        until = after if last >= until else until
        if last < since:
            raise InvoiceError(f"{at}: {columns['until']}: {end!r} is before {text!r}")
    return since, until


__all__ = ["FIELDS", "Category", "invoice"]
