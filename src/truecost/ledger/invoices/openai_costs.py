"""OpenAI's costs: the buckets of /v1/organization/costs as JSON, and the CSV that its dashboard exports.

`amount.value` is in whole units of the currency (0.06 is six cents). A `line_item` is text such as
"gpt-4.1-mini-2025-04-14, cached input" or "priority | gpt-5, output"; without grouping by it there is none,
and only the total can be compared. `quantity` is there for lines of tokens, and may be null.
Source: https://platform.openai.com/docs/api-reference/usage/costs, seen 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from truecost.ledger.invoices.line import (
    TOKENS,
    Invoice,
    InvoiceError,
    InvoiceLine,
    Meter,
    amount,
    category_of,
    day_of,
    metered,
)
from truecost.ledger.invoices.tables import Table

NAME = "openai-costs"
_NEEDED = {"start_time", "amount_value"}
Found = Mapping[str, Any]


def claims_columns(columns: Sequence[str]) -> bool:
    """Whether a table is the dashboard's export."""
    return set(columns) >= _NEEDED


def claims_buckets(buckets: Sequence[Any]) -> bool:
    """Whether a document's `data` are buckets of costs."""
    return any(
        isinstance(result, Mapping) and isinstance(cast("Found", result).get("amount"), Mapping)
        for bucket in buckets
        if isinstance(bucket, Mapping)
        for result in cast("list[Any]", cast("Found", bucket).get("results") or [])
    )


def of_buckets(file: str, buckets: Sequence[Any]) -> Invoice:
    """The invoice in buckets of costs."""
    lines: list[InvoiceLine] = []
    spans: list[tuple[date, date]] = []
    for index, bucket in enumerate(buckets):
        at = f"{file}: data[{index}]"
        span = _span(at, bucket.get("start_time"), bucket.get("end_time"))
        spans.append(span)
        for place, result in enumerate(bucket.get("results") or []):
            where = f"{at}.results[{place}]"
            told: Any = result.get("amount")
            money: Found = cast("Found", told) if isinstance(told, Mapping) else {}
            value = money.get("value")
            if value is None:
                raise InvoiceError(f"{where}: amount.value: there is none")
            usd = amount(str(value), where, "amount.value")
            lines.append(_line(where, span, (usd, str(money.get("currency") or "usd")), result))
    return Invoice(file, NAME, tuple(lines), "openai", _whole(spans))


def of_table(table: Table) -> Invoice:
    """The invoice in the CSV export; days without costs are rows without an amount."""
    lines: list[InvoiceLine] = []
    spans: list[tuple[date, date]] = []
    for at, row in table.rows:
        span = _span(at, row["start_time"], row.get("end_time"))
        spans.append(span)
        if row["amount_value"].strip():
            usd = amount(row["amount_value"], at, "amount_value")
            lines.append(_line(at, span, (usd, row.get("amount_currency") or "usd"), row))
    return Invoice(table.file, NAME, tuple(lines), "openai", _whole(spans))


def _line(at: str, span: tuple[date, date], money: tuple[Decimal, str], told: Found) -> InvoiceLine:
    item = str(told.get("line_item") or "").strip()
    meter = metered(item) if item else Meter()
    given = told.get("quantity")
    counted = given not in (None, "") and meter.kind in TOKENS
    quantity = amount(str(given), at, "quantity") if counted else None
    usd, currency = money
    category = category_of("" if meter.kind else item)
    return InvoiceLine(at, *span, "openai", meter, quantity, usd, usd, currency.upper(), category, item)


def _span(at: str, start: Any, end: Any) -> tuple[date, date]:
    if start in (None, ""):
        raise InvoiceError(f"{at}: start_time: there is none")
    since, until = day_of(str(start), at, "start_time")
    if end not in (None, ""):
        until = max(until, day_of(str(end), at, "end_time")[0])
    return since, until


def _whole(spans: Sequence[tuple[date, date]]) -> tuple[date, date] | None:
    return (min(one for one, _ in spans), max(one for _, one in spans)) if spans else None
