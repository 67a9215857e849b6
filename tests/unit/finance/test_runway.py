"""Runway: more money never lasts shorter, and credits pay only what they cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.finance.runway import cash_balance, credits_used, runway_months

outflows = st.lists(st.floats(-50.0, 100.0), min_size=1, max_size=36)
money = st.floats(0.0, 1000.0)


@given(money, money, money, outflows)
def test_more_money_never_lasts_shorter(cash: float, credit: float, more: float, burn: list[float]) -> None:
    outflow = np.array(burn)
    base = float(runway_months(cash_balance(cash, outflow, credit)))
    assert float(runway_months(cash_balance(cash + more, outflow, credit))) >= base
    assert float(runway_months(cash_balance(cash, outflow, credit + more))) >= base


@given(money, st.lists(st.floats(0.0, 100.0), min_size=1, max_size=36))
def test_credits_pay_what_they_cover_and_no_more(credit: float, eligible: list[float]) -> None:
    used = credits_used(credit, np.array(eligible))
    assert (used >= 0).all()
    assert (used <= np.array(eligible) + 1e-9).all()
    assert used.sum() == pytest.approx(min(credit, sum(eligible)), abs=1e-9)


def test_credits_do_not_pay_salaries() -> None:
    outflow, cloud = np.full(12, 100.0), np.full(12, 40.0)
    balance = cash_balance(300.0, outflow, 1000.0, cloud)
    assert balance[:5].tolist() == [240.0, 180.0, 120.0, 60.0, 0.0]
    assert runway_months(balance) == 5


def test_a_profitable_plan_never_runs_out() -> None:
    assert runway_months(cash_balance(0.0, np.full(12, -1.0))) == np.inf


def test_draws_of_any_argument_widen() -> None:
    cash, credit = np.array([100.0, 300.0]), np.array([0.0, 60.0])
    together = cash_balance(cash, np.full(6, 60.0), credit)
    assert together.shape == (6, 2)
    for draw in range(2):
        assert together[:, draw] == pytest.approx(cash_balance(cash[draw], np.full(6, 60.0), credit[draw]))
    assert cash_balance(cash, np.full((6, 1), 60.0)).shape == (6, 2)
    assert cash_balance(1.0, np.full(6, 60.0), credit, np.full((6, 2), 9.0)).shape == (6, 2)
    assert np.asarray(runway_months(together)).tolist() == [1.0, np.inf]


def test_spending_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="not below 0"):
        credits_used(10.0, np.array([-1.0]))
