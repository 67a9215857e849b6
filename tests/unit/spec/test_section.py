"""Dates of a spec, and the descriptions an editor shows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from truecost.spec import Day, Month


@pytest.mark.parametrize("written", ["2026-12", "2026-12-01", date(2026, 12, 31), datetime(2026, 12, 31, 5)])
def test_months(written: object) -> None:
    value = TypeAdapter(Month).validate_python(written)
    assert (value, type(value)) == (date(2026, 12, 1), date)


@pytest.mark.parametrize(
    "written", ["2026-11-22", " 2026-11-22 ", date(2026, 11, 22), datetime(2026, 11, 22, 5)]
)
def test_days(written: object) -> None:
    assert TypeAdapter(Day).validate_python(written) == date(2026, 11, 22)


@pytest.mark.parametrize(
    "written", ["2026", 2026, "2026-12-02", "0000-01", "2026-13", "12/2026", None, True, "٢٠٢٦-12"]
)
def test_what_is_no_month(written: object) -> None:
    with pytest.raises(ValidationError, match=r"no date|not a date"):
        TypeAdapter(Month).validate_python(written)


def test_json_schema_describes_fields_by_their_docstrings(plan_schema: type[Any]) -> None:
    schema = plan_schema.model_json_schema()
    assert schema["$defs"]["Tier"]["properties"]["users"]["description"].startswith("How many people")
    assert schema["properties"]["start"]["pattern"]
    assert schema["additionalProperties"] is False
