"""Rates of return: what is known by hand, what defines them, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.finance.returns import internal_rate_of_return, paid_out
from truecost.ranges import FloatArray


def worth(amounts: FloatArray, yearly: float) -> float:
    """Present value at a yearly rate, a month after the other."""
    return float(sum(a * (1 + yearly) ** (-m / 12) for m, a in enumerate(amounts)))


@pytest.mark.parametrize("yearly", [-0.5, -0.05, 0.0, 0.2, 1.0, 5.0])
def test_a_known_rate_is_found(yearly: float) -> None:
    back = [100 * (1 + yearly) ** (m / 12) / 24 for m in range(1, 25)]
    assert internal_rate_of_return(np.array([-100.0, *back]))[0] == pytest.approx(yearly, abs=1e-9)


@given(
    st.lists(st.floats(1, 100), min_size=1, max_size=12), st.lists(st.floats(1, 100), min_size=1, max_size=24)
)
def test_at_the_rate_found_nothing_is_gained(put_in: list[float], back: list[float]) -> None:
    amounts = np.array([-a for a in put_in] + back)
    rate = internal_rate_of_return(amounts)[0]
    if np.isfinite(rate) and rate > -0.99:
        assert worth(amounts, rate * (1 - 1e-6) - 1e-9) > 0 > worth(amounts, rate * (1 + 1e-6) + 1e-9) or (
            abs(worth(amounts, rate)) < 1e-6 * sum(put_in)
        )


def test_of_two_rates_the_one_at_which_worth_falls_is_meant() -> None:
    found = internal_rate_of_return(np.array([-100.0, 230.0, -132.0]))[0]
    assert found == pytest.approx(1.2**12 - 1)


@pytest.mark.parametrize("amounts", [[-100.0, -1.0], [0.0, 0.0], [100.0, 100.0]])
def test_there_is_none_where_nothing_comes_back_or_nothing_is_put_in(amounts: list[float]) -> None:
    assert np.isinf(internal_rate_of_return(np.array(amounts))).all()


def test_draws_do_not_mix() -> None:
    amounts = np.array([[-100.0, -100.0, 0.0], [0.0, 0.0, 0.0], [121.0, 0.0, 5.0]])
    found = internal_rate_of_return(amounts)
    assert found[0] == pytest.approx(1.21**6 - 1)
    assert np.isinf(found[1:]).all()


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=24))
def test_what_is_paid_out_is_never_missed(steps: list[float]) -> None:
    balance = np.cumsum(steps)
    out = paid_out(balance)
    assert (out >= 0).all()
    assert (balance - np.cumsum(out) >= np.minimum(balance, 0) - 1e-9).all()
    assert out.sum() == pytest.approx(max(balance[-1], 0.0))
