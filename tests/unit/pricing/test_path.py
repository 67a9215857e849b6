"""Price paths and provisioned throughput."""

from __future__ import annotations

import numpy as np
import pytest

from truecost.pricing import price_multiples, provisioned_cost


def test_without_a_trend_or_shocks_the_price_stays() -> None:
    assert price_multiples(4, 0.0).tolist() == [[1.0]] * 4


def test_a_trend_is_a_rate_per_year() -> None:
    path = price_multiples(13, -0.3)
    assert path[12, 0] == pytest.approx(0.7)
    assert path[6, 0] == pytest.approx(0.7**0.5)


def test_shocks_stay_and_multiply() -> None:
    path = price_multiples(6, 0.0, [(2, 3.0), (4, 0.5)])[:, 0]
    assert path.tolist() == [1.0, 1.0, 3.0, 3.0, 1.5, 1.5]


def test_draws_are_columns() -> None:
    path = price_multiples(13, np.array([-0.5, 0.0, 1.0]), [(12, np.array([1.0, 2.0, 1.0]))])
    assert path.shape == (13, 3)
    assert path[12].tolist() == pytest.approx([0.5, 2.0, 2.0])


def test_drawn_shocks_widen_a_plain_trend() -> None:
    assert price_multiples(3, 0.0, [(1, np.array([1.0, 5.0]))]).tolist() == [[1, 1], [1, 5], [1, 5]]


@pytest.mark.parametrize(
    ("months", "trend", "shocks", "said"),
    [
        (-1, 0.0, [], "months must be"),
        (12, -1.0, [], "cannot fall by 100 %"),
        (12, 0.0, [(12, 2.0)], "outside the plan's months 0 to 11"),
        (12, 0.0, [(3, -2.0)], "multiple of a shock"),
    ],
)
def test_a_path_that_cannot_be_is_refused(
    months: int, trend: float, shocks: list[tuple[int, float]], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        price_multiples(months, trend, shocks)


def test_provisioned_capacity_costs_its_hours() -> None:
    assert provisioned_cost(np.array([1.0, 2.0]), 10.0, 730.0).tolist() == [7_300.0, 14_600.0]
    with pytest.raises(ValueError, match="hours must be"):
        provisioned_cost(1.0, 1.0, -1.0)
