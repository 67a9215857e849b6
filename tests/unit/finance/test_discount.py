"""Discounting: consistent with annuities, and with itself over floats and draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from truecost.finance.annuity import annuity_factor
from truecost.finance.discount import discount_factors, monthly_rate, net_present_value, present_value

rates = st.floats(-0.2, 1.0)
amounts = st.floats(-1e6, 1e6)


@given(rates)
def test_twelve_months_compound_to_a_year(yearly: float) -> None:
    assert (1 + float(monthly_rate(yearly))) ** 12 == pytest.approx(1 + yearly)


@given(rates, st.integers(1, 120))
def test_a_level_series_is_an_annuity(yearly: float, months: int) -> None:
    expected = annuity_factor(monthly_rate(yearly), months)
    assert present_value(np.ones(months), yearly) == pytest.approx(expected, rel=1e-9)
    assert net_present_value(np.ones(months), yearly, 3.0) == pytest.approx(expected - 3.0, rel=1e-9)


@given(st.floats(0.0, 1.0), st.floats(0.001, 0.5), st.integers(1, 60))
def test_a_higher_rate_is_worth_less(yearly: float, more: float, months: int) -> None:
    series = np.ones(months)
    assert float(present_value(series, yearly + more)) < float(present_value(series, yearly))


@given(npst.arrays(float, (6, 3), elements=amounts), rates)
def test_draws_of_the_series_are_each_draw(series: np.ndarray, yearly: float) -> None:
    together = present_value(series, yearly)
    assert np.shape(together) == (3,)
    for draw in range(3):
        assert together[draw] == pytest.approx(present_value(series[:, draw], yearly))


def test_draws_of_the_rate_widen_a_single_series() -> None:
    yearly = np.array([0.0, 0.1, 0.2])
    assert discount_factors(yearly, 24).shape == (24, 3)
    alone = [float(present_value(np.ones(24), rate)) for rate in yearly]
    assert present_value(np.ones(24), yearly) == pytest.approx(alone)
    assert present_value(np.ones((24, 3)), yearly) == pytest.approx(alone)
    assert present_value(np.ones((24, 1)), yearly) == pytest.approx(alone)


def test_a_rate_of_minus_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="yearly rate"):
        monthly_rate(-1.0)
