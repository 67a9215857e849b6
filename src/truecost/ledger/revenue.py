"""Revenue by customer, from a CSV or Parquet file: who paid, when, how much."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from truecost.ledger.exact import EXACT, rounded
from truecost.ledger.invoices.line import InvoiceError, amount, day_of
from truecost.ledger.invoices.tables import Row, chosen, opened
from truecost.ledger.questions import Window

_FIELDS: Mapping[str, Sequence[str]] = {
    "date": ("date", "month", "day", "period", "paid_at", "invoice_date"),
    "revenue": ("usd", "revenue_usd", "revenue", "amount", "amount_usd", "mrr", "paid"),
    "currency": ("currency",),
    "plan": ("plan", "tier", "subscription"),
}
"""The fields of a file of revenue, and the names that columns with them usually have."""


@dataclass(frozen=True, slots=True)
class Payer:
    """What a customer paid in a period, USD, and the plans that it was for."""

    name: str
    usd: Decimal
    plans: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Revenue:
    """The payers of a period; the days of their rows (None where no row has any), the last excluded."""

    file: str
    payers: Mapping[str, Payer]
    since: date | None
    until: date | None
    left_out_rows: int


def read_revenue(
    path: str | os.PathLike[str],
    by: str,
    *,
    window: Window | None = None,
    mapping: Mapping[str, str] | None = None,
    usd_per: Mapping[str, Decimal] | None = None,
) -> Revenue:
    """The revenue in a file by the column `by`; `window` takes the rows of its days, and those without one.

    Raises InvoiceError for what is not understood, by line and field, and for a currency without its worth.
    """
    worth = {**(usd_per or {}), "USD": Decimal(1)}
    fields = {by: (by.lower(), by.lower().removeprefix("tag:"), "customer", "customer_id", "name"), **_FIELDS}
    payers: dict[str, Payer] = {}
    days: list[tuple[date, date]] = []
    left_out = 0
    with opened(Path(path)) as table:
        columns = chosen(table.columns, fields, mapping or {}, table.file)
        for needed in (by, "revenue"):
            if needed not in columns:
                raise InvoiceError(
                    f"{path}: no column is {needed!r}; name it with --map {needed}=COLUMN (columns:"
                    f" {', '.join(table.columns[:20])})"
                )
        for at, row in table.rows:
            span = _span(at, row, columns)
            if span and window and not _within(span[0], window):
                left_out += 1
                continue
            days += [span] if span else []
            payer = _payer(at, row, (columns, by), worth)
            known = payers.get(payer.name)
            payers[payer.name] = _added(known, payer) if known else payer
    since, until = (min(one for one, _ in days), max(one for _, one in days)) if days else (None, None)
    return Revenue(str(path), payers, since, until, left_out)


def _within(day: date, window: Window) -> bool:
    return (window.since is None or day >= window.since) and (window.until is None or day < window.until)


def _span(at: str, row: Row, columns: Mapping[str, str]) -> tuple[date, date] | None:
    text = row[columns["date"]].strip() if "date" in columns else ""
    return day_of(text, at, columns["date"]) if text else None


def _payer(at: str, row: Row, named: tuple[Mapping[str, str], str], worth: Mapping[str, Decimal]) -> Payer:
    columns, by = named
    name = row[columns[by]].strip()
    if not name:
        raise InvoiceError(f"{at}: {columns[by]}: there is no name")
    told = row[columns["currency"]].strip() if "currency" in columns else ""
    currency = told.upper() or ("EUR" if "€" in row[columns["revenue"]] else "USD")
    if currency not in worth:
        raise InvoiceError(f"{at}: {currency}: say what one is worth: --usd-per {currency}=1.08")
    usd = EXACT.multiply(amount(row[columns["revenue"]], at, columns["revenue"]), worth[currency])
    plan = row[columns["plan"]].strip() if "plan" in columns else ""
    return Payer(name, rounded(usd), (plan,) if plan else ())


def _added(one: Payer, more: Payer) -> Payer:
    plans = tuple(dict.fromkeys((*one.plans, *more.plans)))
    return Payer(one.name, EXACT.add(one.usd, more.usd), plans)
