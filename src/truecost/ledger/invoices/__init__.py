"""Invoices: the formats that vendors and clouds bill in, one file each, and which of them a file is in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from truecost.ledger.invoices import anthropic_costs, focus, openai_costs, plain
from truecost.ledger.invoices.line import Category, Invoice, InvoiceError, InvoiceLine, Meter
from truecost.ledger.invoices.tables import first_bytes, is_parquet, opened

FORMATS: Mapping[str, str] = {
    "openai-costs": "OpenAI's costs: JSON of /v1/organization/costs, CSV of the dashboard",
    "anthropic-costs": "Anthropic's cost report: JSON of /v1/organizations/cost_report, CSV of the console",
    "focus": "a cloud bill in FOCUS, CSV or Parquet",
    "plain": "CSV or Parquet with columns of the usual names, or named by --map",
}
"""The formats that are read, and what each is."""

__all__ = ["FORMATS", "Category", "Invoice", "InvoiceError", "InvoiceLine", "Meter", "read_invoice"]


def read_invoice(path: str | os.PathLike[str], mapping: Mapping[str, str] | None = None) -> Invoice:
    """The invoice in a file, whatever its format; `mapping` names columns of a plain one.

    Raises InvoiceError where it is not understood: which file, line and field, and what is allowed.
    """
    place = Path(path)
    start = first_bytes(place)
    if not is_parquet(start) and start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        found = _of_document(place, mapping or {})
    else:
        found = _of_table(place, mapping or {})
    if not found.lines:
        raise InvoiceError(f"{path}: this invoice has no line")
    return found


def _of_table(place: Path, mapping: Mapping[str, str]) -> Invoice:
    with opened(place) as table:
        if not mapping:
            for format_ in (openai_costs, anthropic_costs, focus):
                if format_.claims_columns(table.columns):
                    return format_.of_table(table)
        return plain.invoice(table, mapping)


def _of_document(place: Path, mapping: Mapping[str, str]) -> Invoice:
    """A JSON document: pages of buckets, one or several."""
    if mapping:
        raise InvoiceError(f"{place}: --map names columns of CSV and Parquet; this is JSON")
    try:
        with open(place, encoding="utf-8-sig") as file:
            told: Any = json.load(file, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise InvoiceError(f"{place}: this is no JSON document: {str(error)[:120]}") from None
    pages = cast("list[Any]", told if isinstance(told, list) else [told])
    buckets = [one for page in pages for one in _data(place, page)]
    for format_ in (anthropic_costs, openai_costs):
        if format_.claims_buckets(buckets):
            found = format_.of_buckets(str(place), buckets)
            return replace(found, incomplete=bool(pages[-1].get("has_more")))
    raise InvoiceError(
        f"{place}: neither OpenAI's costs (data[].results[].amount) nor Anthropic's cost report"
        " (data[].starting_at)"
    )


def _data(place: Path, page: Any) -> list[dict[str, Any]]:
    """The buckets of a page."""
    found: Any = cast("Mapping[str, Any]", page).get("data") if isinstance(page, Mapping) else None
    if not isinstance(found, list):
        raise InvoiceError(f'{place}: no page of costs: there is no list "data" in it')
    kept: list[dict[str, Any]] = []
    for index, one in enumerate(cast("list[Any]", found)):
        results: Any = cast("dict[str, Any]", one).get("results") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(results or [], list):
            raise InvoiceError(f"{place}: data[{index}]: no bucket with results")
        for position, result in enumerate(cast("list[Any]", results or [])):
            if not isinstance(result, dict):
                raise InvoiceError(f"{place}: data[{index}].results[{position}]: no object")
        kept.append(cast("dict[str, Any]", one))
    return kept
