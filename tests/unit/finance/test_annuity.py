"""Level payments: their parts add up, and floats, arrays and mixes of them agree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.finance.annuity import annuity_factor, annuity_payment, annuity_schedule

prices = st.floats(1.0, 1e9)
rates = st.one_of(st.just(0.0), st.floats(1e-9, 0.2), st.floats(-0.05, -1e-9))
lives = st.integers(1, 120)
shares = st.floats(0.0, 1.0)


@given(prices, rates, lives, shares)
def test_payments_repay_principal_and_interest(price: float, rate: float, months: int, share: float) -> None:
    residual = price * share
    schedule = annuity_schedule(price, rate, months, residual)
    payment = annuity_payment(price, rate, months, residual)
    assert schedule.depreciation_usd + schedule.interest_usd == pytest.approx(np.full(months, payment))
    assert schedule.depreciation_usd.sum() == pytest.approx(price - residual, abs=1e-7 * price)
    assert schedule.balance_usd[-1] == pytest.approx(residual, abs=1e-7 * price)


@given(prices, rates, lives)
def test_present_value_of_payments_is_the_principal(price: float, rate: float, months: int) -> None:
    payment = annuity_payment(price, rate, months)
    discounted = sum(payment / (1 + rate) ** k for k in range(1, months + 1))
    assert discounted == pytest.approx(price, rel=1e-6)


@given(lives)
def test_zero_rate_is_the_limit_of_small_rates(months: int) -> None:
    assert annuity_factor(0.0, months) == months
    assert annuity_factor(1e-10, months) == pytest.approx(months, rel=1e-6)


@given(prices, st.lists(rates, min_size=1, max_size=5), lives, shares)
def test_an_array_of_draws_is_each_draw(price: float, drawn: list[float], months: int, share: float) -> None:
    together = annuity_schedule(price, np.array(drawn), months, price * share)
    for index, rate in enumerate(drawn):
        alone = annuity_schedule(price, rate, months, price * share)
        for of_all, of_one in zip(together, alone, strict=True):
            assert of_all.shape == (months, len(drawn))
            assert of_all[:, index] == pytest.approx(of_one, rel=1e-12)


def test_a_float_gives_a_float_and_draws_of_any_argument_broadcast() -> None:
    assert isinstance(annuity_payment(1000.0, 0.01, 12), float)
    assert np.shape(annuity_payment(np.array([1e3, 2e3]), 0.01, 12)) == (2,)
    assert np.shape(annuity_payment(1e3, 0.01, 12, np.array([0.0, 5e2]))) == (2,)
    assert np.shape(annuity_payment(1e3, 0.01, np.array([12.0, 24.0, 36.5]))) == (3,)


@pytest.mark.parametrize(
    ("rate", "months", "why"), [(-1.0, 12, "rate"), (0.01, 0, "months"), (0.01, -3, "months")]
)
def test_nonsense_is_refused(rate: float, months: int, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        annuity_factor(rate, months)
