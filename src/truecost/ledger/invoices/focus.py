"""A cloud bill in FOCUS, the FinOps Open Cost and Usage Specification, as CSV or Parquet.

What is invoiced is `BilledCost`; usage that a commitment covers is billed 0 and has an `EffectiveCost`, its
purchase the other way round: the difference is a cause of its own. What is left unused of a commitment is no
usage. Where the bill tells services, lines of
others than "AI and Machine Learning" are left out and counted. Columns as in 1.0 to 1.3:
https://focus.finops.org/focus-specification/v1-3/.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
from truecost.ledger.invoices.tables import Row, Table

NAME = "focus"
AI = "AI and Machine Learning"
_NEEDED = {"BilledCost", "ChargeCategory"}
_CATEGORIES = {
    "usage": Category.USAGE, "purchase": Category.PURCHASE, "tax": Category.TAX, "credit": Category.CREDIT,
    "adjustment": Category.ADJUSTMENT,
}  # fmt: skip
_MODEL_COLUMNS = ("x_Model", "SkuId", "ResourceName", "ResourceId")
_KIND_COLUMNS = ("x_TokenKind", "SkuMeter", "SkuPriceId", "ChargeDescription")


def claims_columns(columns: Sequence[str]) -> bool:
    """Whether a table is a bill in FOCUS."""
    return set(columns) >= _NEEDED


def of_table(table: Table) -> Invoice:
    """The invoice in a bill: its lines of models, taxes, credits and purchases."""
    lines: list[InvoiceLine] = []
    left_out, amount_left = 0, Decimal(0)
    for at, row in table.rows:
        line = _line(at, row)
        service = row.get("ServiceCategory", "").strip()
        if service and service != AI:
            left_out += 1
            amount_left = EXACT.add(amount_left, line.billed)
        else:
            lines.append(line)
    return Invoice(table.file, NAME, tuple(lines), left_out=left_out, left_out_amount=amount_left)


def _line(at: str, row: Row) -> InvoiceLine:
    said = row["ChargeCategory"].strip()
    if said.lower() not in _CATEGORIES:
        raise InvoiceError(
            f"{at}: ChargeCategory: {said[:40]!r}; FOCUS has Usage, Purchase, Tax, Credit, Adjustment"
        )
    category = _CATEGORIES[said.lower()]
    if row.get("CommitmentDiscountStatus", "").strip().lower() == "unused":
        category = Category.PURCHASE
    description = row.get("ChargeDescription", "").strip()
    billed = amount(row["BilledCost"] or "0", at, "BilledCost")
    effective = row.get("EffectiveCost", "").strip()
    meter = _meter(row) if category is Category.USAGE else Meter()
    if category is Category.USAGE and not meter.kind and not meter.model:
        category = category_of(description)
    covered = category in (Category.USAGE, Category.PURCHASE) and effective
    cost = amount(effective, at, "EffectiveCost") if covered else billed
    return InvoiceLine(
        at, *_days(at, row), _provider(row), meter, _tokens(at, row, meter), cost, billed,
        (row.get("BillingCurrency") or "USD").strip().upper(), category,
        description or row.get("SkuId", "") or said,
    )  # fmt: skip


def _days(at: str, row: Row) -> tuple[date | None, date | None]:
    start, end = row.get("ChargePeriodStart", "").strip(), row.get("ChargePeriodEnd", "").strip()
    if not start:
        return None, None
    since, until = day_of(_iso(start), at, "ChargePeriodStart")
    if end:
        until = max(until, day_of(_iso(end), at, "ChargePeriodEnd")[0])
    return since, until


def _iso(text: str) -> str:
    """A moment whose zone is written short, as DuckDB writes one.

    >>> _iso("2026-10-01 00:00:00+00")
    '2026-10-01 00:00:00+00:00'
    """
    return re.sub(r"([+-]\d{2})$", r"\1:00", text) if ":" in text else text


def _provider(row: Row) -> str:
    """The provider that a SKU names (`openai/gpt-4.1-mini`); who sells the line is no provider of models."""
    sku = row.get("SkuId", "").strip()
    return sku.split("/", 1)[0].lower() if "/" in sku else ""


def _meter(row: Row) -> Meter:
    """Model, kind of token and tier, from the first column that tells each."""
    told = metered(row.get("ChargeDescription", "").strip())
    tier = row.get("x_ServiceTier", "").strip().lower()
    sku = row.get("SkuId", "").strip()
    named = next((row[one].strip() for one in _MODEL_COLUMNS if row.get(one, "").strip()), "")
    price = row.get("SkuPriceId", "").lower()
    batch = told.batch or ("batch" in re.split(r"[^a-z]+", f"{price} {tier}") or None)
    model = (
        named.rpartition("/")[2] if named and (named != sku or "/" in sku or not told.model) else told.model
    )
    return Meter(model, _kind(row), told.tier or (None if tier in ("", "batch") else tier), batch)


def _kind(row: Row) -> str:
    for column in _KIND_COLUMNS:
        given = row.get(column, "").strip()
        plain = given.lower().replace(" ", "_")
        found = plain if plain in (*TOKENS, OTHER) else kind_of(given.rpartition("/")[2])
        if found:
            return found
    return ""


def _tokens(at: str, row: Row, meter: Meter) -> Decimal | None:
    """Tokens of a line: what was consumed, else what was priced."""
    if meter.kind not in TOKENS:
        return None
    for quantity, unit in (("ConsumedQuantity", "ConsumedUnit"), ("PricingQuantity", "PricingUnit")):
        given, scale = row.get(quantity, "").strip(), tokens_in(row.get(unit, ""), at)
        if given and scale is not None:
            return EXACT.multiply(amount(given, at, quantity), scale)
    return None
