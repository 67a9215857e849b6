"""The result as data: what goes in comes out, sums hold in every format, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import pytest

import truecost
from truecost.report.exports import finite, focus_csv, json_text, lines_csv
from truecost.report.focus import FOCUS_COLUMNS


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_json_holds_the_whole_statement_and_no_nan(statement: dict[str, Any]) -> None:
    text = json_text({**statement, "broken": [math.nan, {"x": -math.inf}]})
    read = json.loads(text, parse_constant=pytest.fail)
    assert read["broken"] == [None, {"x": None}]
    assert read["lines"] == json.loads(json.dumps(statement["lines"]))
    assert list(read)[:-1] == list(statement)


def test_json_can_do_without_anything_but_ascii() -> None:
    assert json_text({"name": "é计"}, ascii_only=True).isascii()
    assert json.loads(json_text({"name": "é计"}, ascii_only=True)) == {"name": "é计"}


def test_finite_leaves_the_rest_alone() -> None:
    assert finite({1: ("a", None, True, 3)}) == {"1": ["a", None, True, 3]}


def test_csv_has_a_row_a_line_and_adds_up_in_every_direction(statement: dict[str, Any]) -> None:
    rows = rows_of(lines_csv(statement))
    months = [f"{month}_usd" for month in statement["series"]["months"]]
    assert [row["component"] for row in rows] == [line["component"] for line in statement["lines"]]
    assert sum(float(row["cost_usd_mean"]) for row in rows) == pytest.approx(statement["total_usd"]["mean"])
    assert sum(float(row["cash_usd_mean"]) for row in rows) == pytest.approx(
        statement["cash_total_usd"]["mean"]
    )
    for row in rows:
        assert sum(float(row[month]) for month in months) == pytest.approx(float(row["cost_usd_mean"]))


def test_focus_has_a_row_a_line_and_month_and_adds_up() -> None:
    result = truecost.plan(
        {"name": "=HYPERLINK()", "as_of": "2026-11-01", "horizon_months": 3,
         "business": {"operating": {"rent": {"usd_per_month": 1000}, "tea": {"usd_per_month": "5 .. 9"}}}},
        draws=100,
    )  # fmt: skip
    rows = rows_of(focus_csv(result.monthly, result.statement()["name"]))
    assert list(rows[0]) == list(FOCUS_COLUMNS)
    assert len(rows) == 6
    assert sum(float(row["EffectiveCost"]) for row in rows) == pytest.approx(result.total_usd["mean"])
    assert {row["BillingCurrency"] for row in rows} == {"USD"}
    assert rows[0]["ChargePeriodStart"] == "2026-12-01T00:00:00Z"
    assert rows[0]["BillingAccountId"] == "'=HYPERLINK()"


def test_names_with_commas_and_quotes_survive(statement: dict[str, Any]) -> None:
    line = {**statement["lines"][0], "label": 'a, "b"\nc'}
    read = rows_of(lines_csv({**statement, "lines": [line]}))
    assert read[0]["label"] == 'a, "b"\nc'
