"""Quantities are read in the unit asked for, exactly; shown without powers of ten at ordinary sizes."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.units import (
    UnitError,
    convert,
    parse,
    parse_unit,
    read,
    show,
    show_range,
    show_share,
    spellings,
)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("80 GB", "bytes", 80e9),
        ("80GB", "bytes", 80e9),
        ("80 GiB", "bytes", 80 * 2**30),
        ("3.35 TB/s", "bytes/s", 3.35e12),
        ("900 Gb/s", "bytes/s", 112.5e9),
        ("400 Gbps", "bits/s", 400e9),
        ("700 W", "W", 700),
        ("1.2 kW", "W", 1200),
        ("2.5 USD", "USD/month", 2.5),
        ("$20", "USD/month", 20),
        ("$20/month", "USD/month", 20),
        ("240 USD/year", "USD/month", 20),
        ("4M USD/day", "USD/year", 1.46e9),
        ("5 cents", "USD/query", 0.05),
        ("7 %", "share", 0.07),
        ("3 %", "share/month", 0.03),
        ("12 %/year", "share/month", 0.01),
        ("5 min", "s", 300),
        ("60 ms", "s", 0.06),
        ("2 weeks", "days", 14),
        ("1.5 years", "months", 18),
        ("1.2k", "users", 1200),
        ("3.5M", "tokens", 3.5e6),
        ("10B", "tokens", 10e9),
        ("15.6T tokens", "tokens", 15.6e12),
        ("2 million users", "users", 2e6),
        ("15 M/day", "queries/day", 15e6),
        ("15.6e12", "tokens", 15.6e12),
        ("1_000_000", "users", 1e6),
        (".5", "", 0.5),
        ("-3", "", -3),
        ("\N{MINUS SIGN}3 %", "share", -0.03),
        ("0.3 USD/1M tokens", "USD/Mtok", 0.3),
        ("$2 per million tokens", "USD/token", 2e-6),
        ("2 USD/GPU-hour", "USD/chip-hour", 2),
        ("2788k H800-hours", "H800-hours", 2.788e6),
        ("989 TFLOPS", "FLOP/s", 989e12),
        ("3.8e25 FLOPs", "FLOP", 3.8e25),
        ("0.4 kg/kWh", "kgCO2e/kWh", 0.4),
        ("12 Kwh", "kWh", 12),
        ("1 B", "bytes", 1),
        ("1 B", "USD", 1e9),
        ("3 people", "person", 3),
    ],
)
def test_reads(text: str, unit: str, expected: float) -> None:
    assert parse(text, unit) == expected


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("80 GB", "W", "'GB' is not a unit of W"),
        ("3.35 TB", "bytes/s", "'TB' is not a unit of bytes/s"),
        ("20 EUR", "USD/month", "another currency"),
        ("300 W", "", "not a unit of a plain number"),
        ("1,000", "users", "no commas"),
        ("0,5", "share", "no commas"),
        ("5 m", "s", "'m' is not a unit of s"),
        ("5 M", "months", "'M' is not a unit of months"),
        ("five", "users", "'five' is not a number"),
        ("", "users", "an empty text is not a number"),
        ("1e999", "users", "too large"),
        ("3 users!", "users", "not a unit"),
        ("5 %", "USD", "'%' is not a unit of USD"),
        ("5 x y z / w", "share", "not a unit of share"),
        ("1" * 200, "users", "200 characters"),
        ("٣", "users", "not a number"),
    ],
)
def test_refuses(text: str, unit: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        parse(text, unit)


def test_refusal_names_the_spellings_allowed() -> None:
    with pytest.raises(UnitError) as caught:
        parse("5 GHz", "W")
    assert caught.value.allowed == spellings("W") == ("W", "kW", "MW", "GW", "TW", "PW", "EW")


@settings(deadline=None)
@given(st.decimals(-(10**6), 10**6, places=3), st.sampled_from(["%", "cents", "ms", "GB", "kWh", "k users"]))
def test_reading_is_correctly_rounded(number: object, words: str) -> None:
    factors = {"%": "e-2", "cents": "e-2", "ms": "e-3", "GB": "e9", "kWh": "e0", "k users": "e3"}
    units = {"%": "share", "cents": "USD", "ms": "s", "GB": "bytes", "kWh": "kWh", "k users": "users"}
    assert parse(f"{number} {words}", units[words]) == float(f"{number}{factors[words]}")


@settings(deadline=None)
@given(st.text(max_size=120), st.sampled_from(["", "USD/month", "bytes", "share", "tokens", "s"]))
def test_any_text_is_a_finite_number_or_refused(text: str, unit: str) -> None:
    with suppress(UnitError):
        assert math.isfinite(parse(text, unit))


@settings(deadline=None)
@given(st.from_regex(r"\A[-+$]?[0-9._]{1,8}(e[-+]?[0-9]{1,9})? ?[kMBT%$]?[ /a-zA-Z1-9-]{0,12}\Z"))
def test_almost_quantities_are_finite_or_refused(text: str) -> None:
    with suppress(UnitError):
        assert math.isfinite(convert(read(text), "USD/Mtok"))


def test_a_year_is_twelve_months_is_365_days() -> None:
    assert parse_unit("year").size == 12 * parse_unit("month").size == 365 * parse_unit("day").size


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1.46e9, "USD", "1.46 B USD"),
        (4e6, "USD", "4.00 M USD"),
        (20, "USD/month", "20 USD/month"),
        (19.5, "USD", "19.5 USD"),
        (1234.5, "USD", "1,230 USD"),
        (9_999.6, "USD", "10.0 k USD"),
        (999_950, "USD", "1.00 M USD"),
        (0.0213, "USD/query", "0.0213 USD/query"),
        (0.05, "USD", "0.05 USD"),
        (2.1e-6, "USD/token", "0.0000021 USD/token"),
        (3.14e-12, "USD", "3.14e-12 USD"),
        (1e18, "USD", "1.00e18 USD"),
        (0, "USD", "0 USD"),
        (-0.0, "USD", "0 USD"),
        (-4.2e6, "USD", "-4.20 M USD"),
        (math.nan, "USD", "unknown"),
        (math.inf, "months", "unlimited"),
        (2000, "users", "2,000 users"),
        (1, "months", "1 month"),
        (1, "chip-hours", "1 chip-hour"),
        (80e9, "bytes", "80 GB"),
        (3.35e12, "bytes/s", "3.35 TB/s"),
        (400e9, "bits/s", "400 Gbit/s"),
        (700, "W", "700 W"),
        (500_000, "kWh", "500 MWh"),
        (12_300, "kgCO2e", "12.3 tCO2e"),
        (989e12, "FLOP/s", "989 TFLOP/s"),
        (2.15e25, "FLOP", "2.15e25 FLOP"),
        (0.06, "s", "60 ms"),
        (90, "s", "90 s"),
        (7_200, "s", "2 h"),
        (1e6, "s", "11.6 days"),
        (0.17, "share", "17 %"),
        (0.003, "share/month", "0.3 %/month"),
        (2.5, "", "2.5"),
    ],
)
def test_shows(value: float, unit: str, expected: str) -> None:
    assert show(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.995, "99.5 %"),
        (-0.17, "-17 %"),
        (-0.0, "0 %"),
        (12.5, "1,250 %"),
        (math.nan, "unknown"),
    ],
)
def test_shows_shares(value: float, expected: str) -> None:
    assert show_share(value) == expected


@pytest.mark.parametrize(
    ("low", "middle", "high", "unit", "expected"),
    [
        (0.86e9, 1.19e9, 1.63e9, "USD", "1.19 B USD (860 M – 1.63 B)"),
        (72e3, 163e3, 384e3, "", "163 k (72.0 k – 384 k)"),
        (7.1e3, 88.6e3, 367.3e3, "USD", "88.6 k USD (7.10 k – 367 k)"),
        (346, 5000, 12.7e3, "USD", "5,000 USD (0.346 k – 12.7 k)"),
        (0, 12e3, 63e3, "USD", "12.0 k USD (0 – 63.0 k)"),
        (900, 9_990, 9_994, "USD", "9,990 USD (900 – 9,994)"),
        (900, 9_990, 9_996, "USD", "9,990 USD (0.900 k – 10.0 k)"),
        (39.81, 72.6, 118.04, "USD", "72.6 USD (39.8 – 118)"),
        (0.0086, 0.0213, 0.05, "USD/query", "0.0213 USD/query (0.0086 – 0.05)"),
        (0.00861, 0.0213, 0.10738, "USD/query", "0.0213 USD/query (0.00861 – 0.107)"),
        (12.3, 14, 18.9, "months", "14 months (12.3 – 18.9)"),
        (-2e6, 1e6, 3e6, "USD", "1.00 M USD (-2.00 M to 3.00 M)"),
        (-18.32, -6.35, -1.86, "share", "-635 % (-1,832 to -186)"),
        (-0.001, 0.2, 0.4, "share", "20 % (-0.1 to 40)"),
        (1.2e4, 1.19e9, 16.3e9, "USD", "1.19 B USD (12.0 k – 16.3 B)"),
        (1e14, 2e15, 3e16, "USD", "2,000 T USD (100 T – 3.00e16)"),
        (70e9, 80e9, 95e9, "bytes", "80 GB (70 – 95)"),
        (0, 80e9, 95e9, "bytes", "80 GB (0 – 95)"),
        (9e8, 80e9, 1.2e12, "bytes/s", "80 GB/s (900 MB/s – 1.2 TB/s)"),
        (0.05, 0.2, 3, "s", "200 ms (50 ms – 3 s)"),
        (1.9e25, 2.15e25, 2.4e25, "FLOP", "2.15e25 FLOP (1.90e25 – 2.40e25)"),
        (0.1, 0.2, 0.4, "share", "20 % (10 – 40)"),
        (5, 5, 5, "USD", "5 USD"),
        (math.nan, math.nan, math.nan, "USD", "unknown"),
    ],
)
def test_shows_ranges(low: float, middle: float, high: float, unit: str, expected: str) -> None:
    assert show_range({"p5": low, "p50": middle, "p95": high}, unit) == expected


@settings(deadline=None)
@given(st.lists(st.floats(1e-3, 9e15), min_size=3, max_size=3), st.sampled_from(["USD", "users", "tokens"]))
def test_each_end_alone_is_the_number_it_stands_for(points: list[float], unit: str) -> None:
    """Whoever reads one end without the rest of the line still reads it right."""
    low, middle, high = sorted(points)
    told = show_range({"p5": low, "p50": middle, "p95": high}, unit)
    if "(" not in told:
        return
    first, last = told.partition(" (")[2].removesuffix(")").split(" – ")
    for end, value in ((first, low), (last, high)):
        assert parse(end.replace(",", ""), unit) == pytest.approx(value, rel=0.0051)
    assert len({end[-1].isdigit() for end in (first, last)}) == 1


@settings(deadline=None)
@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(["USD", "s", "bytes", "share", "FLOP", ""]),
)
def test_anything_can_be_shown(value: float, unit: str) -> None:
    assert show(value, unit)
    assert show_range({"p5": value, "p50": value / 2, "p95": value * 2}, unit)


@settings(deadline=None)
@given(st.floats(1e-6, 1e15), st.sampled_from(["USD", "tokens", "W", "bytes", "kWh"]))
def test_what_is_shown_reads_back_within_rounding_and_without_powers_of_ten(value: float, unit: str) -> None:
    shown = show(value, unit)
    assert "e" not in shown.replace(unit, "").replace("bytes", "").replace("byte", "").replace("token", "")
    assert parse(shown.replace(",", ""), unit) == pytest.approx(value, rel=0.0051)
