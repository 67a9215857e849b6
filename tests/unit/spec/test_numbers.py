"""Numbers: every way to write one, what is refused, and the JSON Schema an editor sees."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticCustomError

from truecost.ranges import Range, Support, Value
from truecost.spec import Number

SHARE = Number("share")
BYTES = Number("positive", "bytes")
USD = Number("positive", "USD/month")
MONTHLY, YEARLY = Number("real", "share a month"), Number("real", "share a year")


@pytest.mark.parametrize(
    ("number", "written", "expected"),
    [
        (USD, 3, 3.0),
        (USD, np.float64(2.5), 2.5),
        (USD, "2.5 USD", 2.5),
        (USD, "400..1600", Range(400, 1600)),
        (USD, "$400 .. 1600", Range(400, 1600)),
        (USD, "1k .. 2k USD", Range(1000, 2000)),
        (USD, "0 .. 5", Range(0, 5)),
        (USD, {"low": "1 USD", "high": 2}, Range(1, 2)),
        (USD, Range(1, 2), Range(1, 2)),
        (BYTES, "40 .. 80 GB", Range(40e9, 80e9)),
        (BYTES, "500 MB .. 2 GB", Range(500e6, 2e9)),
        (SHARE, "3 %", 0.03),
        (SHARE, "40 .. 60 %", Range(0.4, 0.6, Support.SHARE)),
        (SHARE, "40 % .. 60 %", Range(0.4, 0.6, Support.SHARE)),
        (SHARE, Range(0.1, 0.2), Range(0.1, 0.2, Support.SHARE)),
        (MONTHLY, "5 %", 0.05),
        (MONTHLY, "5 % a month", 0.05),
        (MONTHLY, "2 % .. 5 %", Range(0.02, 0.05, Support.REAL)),
        (MONTHLY, "-2 .. 5 % a month", Range(-0.02, 0.05, Support.REAL)),
        (YEARLY, "0.3", 0.3),
        (YEARLY, "30 % a year", 0.3),
        (Number("real"), "-5 .. -3", Range(-5, -3, Support.REAL)),
        (Number("real"), -2, -2.0),
        (Number(whole=True), "2 .. 8", Range(2, 8)),
    ],
)
def test_reads(number: Number, written: object, expected: float | Range) -> None:
    assert number.read(written) == expected


def test_quantiles_are_kept_for_whole_numbers_too() -> None:
    interval = Number(whole=True, least=2).read({"p50": 4, "p90": 9})
    assert isinstance(interval, Range)
    assert interval.quantile(np.array([0.5, 0.9])).tolist() == pytest.approx([4, 9])


@pytest.mark.parametrize(
    ("number", "written", "message"),
    [
        (USD, True, "true is not a number"),
        (USD, None, "nothing is written here"),
        (USD, [1], "a list is not a number"),
        (USD, float("nan"), "nan is not a finite number"),
        (USD, float("inf"), "inf is not a finite number"),
        (USD, 10**400, "too large"),
        (USD, 1e40, "not a finite number below 1e36"),
        (USD, 1e-40, "too close to 0"),
        (USD, "1 .. 2 .. 3", "is not a range"),
        (USD, "..5", "is not a range"),
        (USD, "5 to 10", "write a range as 'low .. high'"),
        (USD, {"p50": "1 .. 2", "p90": 3}, "a quantile is one number"),
        (USD, {"p50": 3, "p90": 1}, "must not lie below"),
        (USD, {"p50": 1e-30, "p90": 1e30}, r"a spread of 1e-30 to 1e\+30 is too close to 0"),
        (USD, {"p50": 3}, "written as one value, a range or its quantiles"),
        (Number(above_zero=True), "0 .. 4", "is not above 0"),
        (Number(most=3), "1 .. 4", "'1 .. 4' is above 3"),
        (Number(least=1), 0.5, "0.5 is below 1"),
        (Number(whole=True), "1 .. 2.5", "is not a whole number"),
        (SHARE, "50 % .. 101 %", "is above 1"),
        (YEARLY, "5 % a month", "'% a month' is not a unit of share"),
        (MONTHLY, "3 kg", "'kg' is not a unit of share"),
    ],
)
def test_refuses(number: Number, written: object, message: str) -> None:
    with pytest.raises(PydanticCustomError, match=message):
        number.read(written)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (SHARE, "a share from 0 to 1, such as 0.4 or 40 %"),
        (Number("share", most=0.7), "a number from 0 to 0.7 in share"),
        (USD, "a number of at least 0 in USD/month"),
        (Number("real", "share/month"), "a number in share/month"),
        (Number("real", most=5), "a number of at most 5"),
        (
            Number(above_zero=True, most=120, whole=True, unit="months"),
            "a whole number above 0 and up to 120 in months",
        ),
        (Number(least=1, most=10), "a number from 1 to 10"),
    ],
)
def test_describes_what_is_allowed(number: Number, expected: str) -> None:
    assert number.describe() == expected


WHOLE_FORM = st.sampled_from([USD, SHARE, BYTES, Number("real", "s"), Number(whole=True)])


@settings(deadline=None)
@given(
    WHOLE_FORM,
    st.text(max_size=40) | st.from_regex(r"\A[0-9.]{1,4} ?(\.\.|-|to) ?[0-9.]{1,4} ?[%a-zA-Z/]{0,5}\Z"),
)
def test_any_text_is_a_number_or_refused(number: Number, text: str) -> None:
    with suppress(PydanticCustomError):
        value = number.read(text)
        assert isinstance(value, Range) or np.isfinite(value)


@settings(deadline=None)
@given(st.floats(1e-30, 1e30), st.floats(1e-30, 1e30))
def test_a_range_reads_back_as_it_is_serialised(a: float, b: float) -> None:
    low, high = sorted((a, b))
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[Value, USD])
    interval = Range(low, high)
    assert adapter.validate_python(json.loads(adapter.dump_json(interval))) == interval


@settings(deadline=None)
@given(st.floats(1e-36, 1e36), st.floats(1e-36, 1e36))
def test_whatever_range_is_accepted_can_be_drawn(a: float, b: float) -> None:
    interval = USD.read({"low": min(a, b), "high": max(a, b)})
    assert isinstance(interval, Range)
    assert np.isfinite(interval.quantile(np.array([2.0**-53, 0.5, 1 - 2.0**-53]))).all()


def test_draws_are_kept_inside_the_bounds_and_rounded_where_whole() -> None:
    assert Number(least=1).within(np.array([0.2, 3.4])).tolist() == [1.0, 3.4]
    assert Number(whole=True, above_zero=True, most=5.5).within(np.array([0.2, 3.4, 9.0])).tolist() == [
        1,
        3,
        5,
    ]


def test_arrays_are_serialised_as_lists() -> None:
    class Holder(BaseModel):
        value: Annotated[Value, USD]

    assert Holder.model_construct(value=np.array([1.0, 2.0])).model_dump_json() == '{"value":[1.0,2.0]}'


def test_json_schema_offers_number_text_and_quantiles() -> None:
    schema = TypeAdapter(Annotated[Value, Number("share", above_zero=True)]).json_schema()
    number, text, quantiles, interval = schema["oneOf"]
    assert (
        schema["description"] == number["description"] == "a share above 0 and up to 1, such as 0.4 or 40 %"
    )
    assert (number["type"], number["exclusiveMinimum"], number["maximum"]) == ("number", 0.0, 1.0)
    assert text["type"] == "string"
    assert [quantiles["required"], interval["required"]] == [["p50", "p90"], ["low", "high"]]
