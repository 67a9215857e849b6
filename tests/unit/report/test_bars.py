"""Bars never leave their space, and say which is larger."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from truecost.report.bars import LIGHT, SOLID, bar, columns

amounts = st.floats(-1e15, 1e15) | st.sampled_from([0.0, math.inf, math.nan, 5e-324])
widths = st.integers(0, 60)


@given(st.tuples(amounts, amounts, amounts), amounts, widths)
def test_a_bar_never_exceeds_its_width(points: tuple[float, float, float], most: float, width: int) -> None:
    drawn = bar({"p5": points[0], "p50": points[1], "p95": points[2]}, most, width)
    assert len(drawn) <= width
    assert set(drawn) <= {SOLID, LIGHT}


@given(st.floats(0, 1e12), st.floats(0, 1e12), st.floats(1e-6, 1e12), widths)
def test_the_larger_value_has_no_shorter_bar(one: float, other: float, most: float, width: int) -> None:
    low, high = sorted((one, other))
    assert columns(low, most, width) <= columns(high, most, width)


@given(st.floats(1e-9, 1e12), st.integers(1, 60))
def test_what_is_above_zero_shows(value: float, width: int) -> None:
    assert bar({"p5": value, "p50": value, "p95": value}, 1e15, width)


def test_the_range_is_drawn() -> None:
    assert bar({"p5": 25, "p50": 50, "p95": 100}, 100, 20) == SOLID * 5 + LIGHT * 15
