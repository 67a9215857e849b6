"""Equipment loses value monotonically, and a straight line charges all of it once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.finance.depreciation import price_after_progress, replacement_rate_per_year, straight_line

prices = st.floats(1.0, 1e9)


@given(prices, st.floats(0.0, 20.0), st.floats(0.001, 5.0), st.floats(0.01, 1.0))
def test_older_is_worth_less(price: float, years: float, longer: float, decline: float) -> None:
    younger, older = (float(price_after_progress(price, y, decline)) for y in (years, years + longer))
    assert 0 < older < younger <= price


@given(prices, st.floats(0.01, 1.0))
def test_one_order_of_magnitude(price: float, decline: float) -> None:
    assert price_after_progress(price, 1 / decline, decline) == pytest.approx(price / 10)


@given(prices, st.floats(0.01, 0.5))
def test_the_replacement_rate_is_the_slope(price: float, decline: float) -> None:
    step = 1e-6
    lost = 1 - float(price_after_progress(price, step, decline)) / price
    assert lost / step == pytest.approx(float(replacement_rate_per_year(decline)), rel=1e-4)


@given(prices, st.floats(0.1, 119.0), st.floats(0.0, 1.0))
def test_a_straight_line_charges_price_less_residual(price: float, life: float, share: float) -> None:
    charges = straight_line(price, life, 120, price * share)
    assert charges.sum() == pytest.approx(price * (1 - share), abs=1e-9 * price)
    assert (np.diff(charges) <= 1e-9 * price).all()


def test_draws_of_the_life_are_each_draw() -> None:
    together = straight_line(900.0, np.array([2.5, 3.0, 36.0]), 12)
    assert together.shape == (12, 3)
    for index, life in enumerate((2.5, 3.0, 36.0)):
        assert together[:, index] == pytest.approx(straight_line(900.0, life, 12))


def test_a_life_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="life"):
        straight_line(900.0, 0.0, 12)
