"""Months of crossing: counted from 1, inf for never, one answer a draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.finance.crossing import crossover_month, first_month, payback_month

series = st.lists(st.floats(-100.0, 100.0), min_size=1, max_size=24)


@given(series)
def test_payback_is_the_start_of_the_tail_above_water(values: list[float]) -> None:
    month = float(payback_month(np.array(values)))
    after = [m for m in range(1, len(values) + 1) if all(v >= 0 for v in values[m - 1 :])]
    assert month == (min(after) if after else np.inf)


@given(series)
def test_crossover_is_the_first_month_above(values: list[float]) -> None:
    month = float(crossover_month(np.array(values), np.zeros(len(values))))
    above = [m for m, v in enumerate(values, 1) if v > 0]
    assert month == (above[0] if above else np.inf)


def test_each_draw_has_its_own_month() -> None:
    cumulative = np.array([[-5.0, -5.0, 1.0], [-1.0, -3.0, 1.0], [2.0, -1.0, 1.0]])
    assert np.asarray(payback_month(cumulative)).tolist() == [3.0, np.inf, 1.0]
    training = np.array([[4.0], [4.0], [4.0]])
    inference = np.array([[1.0, 5.0], [3.0, 6.0], [4.0, 7.0]])
    assert np.asarray(crossover_month(inference, training)).tolist() == [np.inf, 1.0]


def test_revenue_before_the_spending_is_no_payback() -> None:
    assert payback_month(np.array([10.0, -90.0, -40.0, 5.0])) == 4


def test_a_single_series_gives_a_float() -> None:
    assert isinstance(first_month(np.array([False, True])), float)
    assert first_month(np.array([False, False])) == pytest.approx(np.inf)
