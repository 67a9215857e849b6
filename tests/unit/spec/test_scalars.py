"""Plain scalars mean what YAML 1.2 says."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.spec.scalars import scalar


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("nULL", "nULL"),
        ("true", True), ("FALSE", False), ("yes", "yes"), ("on", "on"), ("NO", "NO"), ("y", "y"),
        ("12", 12), ("-12", -12), ("+12", 12), ("007", 7), ("0o17", 15), ("0x1F", 31), ("0b1", "0b1"),
        ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("15.6e12", 15.6e12), ("1e6", 1e6), ("1E-3", 1e-3),
        ("-.5e+2", -50.0),
        (".inf", math.inf), ("-.INF", -math.inf), ("1_000", "1_000"), ("1:30", "1:30"),
        ("2026-12", "2026-12"), ("2026-11-22", "2026-11-22"), ("400..1600", "400..1600"), ("80 GB", "80 GB"),
        ("٣", "٣"), (".", "."), ("e5", "e5"), ("-", "-"), ("nan", "nan"),
    ],
)  # fmt: skip
def test_means(text: str, expected: object) -> None:
    value = scalar(text)
    assert value == expected
    assert type(value) is type(expected)


def test_not_a_number() -> None:
    value = scalar(".nan")
    assert isinstance(value, float)
    assert math.isnan(value)


@settings(deadline=None)
@given(st.integers(-(10**50), 10**50) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back(number: float) -> None:
    assert scalar(repr(number)) == number


@settings(deadline=None)
@given(st.text())
def test_any_text_has_a_meaning(text: str) -> None:
    assert isinstance(scalar(text), str | int | float | bool | None)


def test_a_million_digits_are_no_trouble() -> None:
    assert scalar("9" * 1_000_000) == math.inf
