"""Anthropic's costs: the buckets of /v1/organizations/cost_report as JSON, and the CSV of its console.

In the report `amount` is a text in the currency's lowest unit: "123.45" in USD is 1.2345 dollars. The CSV's
`cost_usd` is in dollars. Neither tells how many tokens a line is: it follows from the list price.
Source: https://platform.claude.com/docs/en/api/admin/cost_report, seen 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from truecost.ledger.exact import EXACT
from truecost.ledger.invoices.line import (
    Invoice,
    InvoiceError,
    InvoiceLine,
    Meter,
    amount,
    category_of,
    day_of,
    kind_of,
    metered,
)
from truecost.ledger.invoices.tables import Table

NAME = "anthropic-costs"
_CENT = Decimal("0.01")
Found = Mapping[str, Any]


def claims_columns(columns: Sequence[str]) -> bool:
    """Whether a table is the console's export of costs."""
    return {"usage_date_utc", "cost_usd"} <= set(columns)


def claims_buckets(buckets: Sequence[Any]) -> bool:
    """Whether a document's `data` are buckets of a cost report."""
    return any(isinstance(one, Mapping) and "starting_at" in cast("Found", one) for one in buckets)


def of_buckets(file: str, buckets: Sequence[Any]) -> Invoice:
    """The invoice in buckets of a cost report; amounts are in cents."""
    lines: list[InvoiceLine] = []
    spans: list[tuple[date, date]] = []
    for index, bucket in enumerate(buckets):
        at = f"{file}: data[{index}]"
        since, until = day_of(str(bucket.get("starting_at") or ""), at, "starting_at")
        if bucket.get("ending_at"):
            until = max(until, day_of(str(bucket["ending_at"]), at, "ending_at")[0])
        spans.append((since, until))
        for place, result in enumerate(bucket.get("results") or []):
            where = f"{at}.results[{place}]"
            if result.get("amount") is None:
                raise InvoiceError(f"{where}: amount: there is none")
            usd = EXACT.multiply(amount(str(result["amount"]), where, "amount"), _CENT)
            lines.append(_line(where, (since, until), (usd, str(result.get("currency") or "USD")), result))
    span = (min(one for one, _ in spans), max(one for _, one in spans)) if spans else None
    return Invoice(file, NAME, tuple(lines), "anthropic", span)


def of_table(table: Table) -> Invoice:
    """The invoice in the console's CSV; amounts are in dollars."""
    lines: list[InvoiceLine] = []
    for at, row in table.rows:
        days = day_of(row["usage_date_utc"], at, "usage_date_utc")
        usd = amount(row["cost_usd"], at, "cost_usd")
        tier = str(row.get("usage_type") or "")
        told = {**row, "service_tier": tier if tier in ("standard", "batch", "priority") else None}
        lines.append(_line(at, days, (usd, "USD"), told))
    return Invoice(table.file, NAME, tuple(lines), "anthropic")


def _line(at: str, days: tuple[date, date], money: tuple[Decimal, str], told: Found) -> InvoiceLine:
    description = str(told.get("description") or "")
    said = metered(description) if description else Meter()
    tier = told.get("service_tier")
    kind = kind_of(str(told.get("token_type") or told.get("cost_type") or "")) or said.kind
    meter = Meter(
        model=str(told.get("model") or said.model),
        kind=kind,
        tier=None if tier is None else "standard" if tier == "batch" else str(tier),
        batch=None if tier is None else tier == "batch",
    )
    usd, currency = money
    category = category_of("" if kind else description)
    shown = description or f"{meter.model} {told.get('token_type') or told.get('cost_type') or ''}".strip()
    return InvoiceLine(at, *days, "anthropic", meter, None, usd, usd, currency.upper(), category, shown)
