"""A result as data: JSON without NaN, cost lines as CSV, cost lines by month as FOCUS rows."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from truecost.lines import CostLine
from truecost.report.focus import FOCUS_COLUMNS, focus_row

Statement = Mapping[str, Any]
POINTS = ("mean", "p5", "p50", "p95")
LINE_COLUMNS = (
    "component", "label", "group", "payee", "basis", "source", "quantity", "unit", "unit_price_usd",
    *(f"cost_usd_{point}" for point in POINTS), *(f"cash_usd_{point}" for point in POINTS),
)  # fmt: skip
"""Columns of the CSV over the horizon; one a month follows, `2026-12_usd`, with the mean amortized cost."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
"""A plain decimal number, which exact amounts are told as: never a formula, also below 0."""


def finite(value: Any) -> Any:
    """The value with None for NaN and the infinities, which JSON does not have.

    >>> finite({"a": [1.0, float("nan")], "b": float("inf")})
    {'a': [1.0, None], 'b': None}
    """
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(each) for key, each in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in cast("list[Any]", value)]
    return value


def json_text(value: Any, *, ascii_only: bool = False) -> str:
    """A value as indented JSON, a line end behind it."""
    return json.dumps(finite(value), indent=2, allow_nan=False, ensure_ascii=ascii_only) + "\n"


def lines_csv(statement: Statement) -> str:
    """One row a component over the horizon, the dearest first, with its mean amortized cost by month."""
    months = list(statement["series"]["months"])
    by_month: dict[str, dict[str, float]] = {}
    for line in statement["monthly"]:
        by_month.setdefault(line["component"], {})[line["period"]] = line["cost_usd"]["mean"]
    rows = [
        [*_over_horizon(line), *(by_month.get(line["component"], {}).get(month, 0.0) for month in months)]
        for line in statement["lines"]
    ]
    return _csv([*LINE_COLUMNS, *(f"{month}_usd" for month in months)], rows)


def _over_horizon(line: Mapping[str, Any]) -> list[Any]:
    plain = [line[key] for key in LINE_COLUMNS[:9]]
    return [*plain, *(line["cost_usd"][p] for p in POINTS), *(line["cash_usd"][p] for p in POINTS)]


def focus_csv(lines: Iterable[CostLine], account: str) -> str:
    """Monthly cost lines as FOCUS rows; see `truecost.report.focus`."""
    rows = (focus_row(line, account) for line in lines)
    return _csv(FOCUS_COLUMNS, ([row[column] for column in FOCUS_COLUMNS] for row in rows))


def table_csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table as CSV that a spreadsheet takes as data, whatever a name in it begins with.

    >>> table_csv(["user", "usd"], [["=1+1", "-0.02"]])
    "user,usd\\n'=1+1,-0.02\\n"
    """
    return _csv([_cell(column) for column in columns], rows)


def _csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """A cell that a spreadsheet takes as data: a text that would be a formula gets a quote before it."""
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return "" if value is None else value
