"""A month of a load, and the same load at another rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.unit.replay.ways.loads import with_prefixes

from truecost.replay.traffic import Load
from truecost.replay.ways.volume import (
    LEAST_SPAN_S,
    MOST_REQUESTS,
    SECONDS_PER_MONTH,
    at_rate,
    volume_of,
)


def _load(arrival_s: list[float]) -> Load:
    size = len(arrival_s)
    return Load("test", np.array(arrival_s), np.full(size, 90), np.full(size, 10))


def test_a_month_is_the_load_again_and_again_with_the_mean_gap_between_rounds() -> None:
    volume = volume_of(_load([0.0, 1.0, 2.0, 3.0]))
    assert volume.period_s == 4.0
    assert volume.requests_per_s == 1.0
    assert volume.requests_per_month == pytest.approx(730.5 * 3600)
    assert volume.tokens_per_month == pytest.approx(100 * 730.5 * 3600)


def test_a_load_without_a_clock_has_no_month() -> None:
    with pytest.raises(ValueError, match="does not come by a clock"):
        volume_of(_load([0.0, 0.0]))


@given(st.floats(0.01, 500), st.lists(st.floats(0.001, 100), min_size=2, max_size=30))
def test_at_any_rate_the_same_requests_come_in_the_same_order(times: float, gaps: list[float]) -> None:
    volume = volume_of(_load([0.0, *np.cumsum(gaps).tolist()]))
    other = at_rate(volume, times)
    assert_allclose(other.requests_per_s, volume.requests_per_s * times)
    assert_allclose(other.requests_per_month, volume.requests_per_month * times)
    size = len(volume.load)
    assert len(other.load) % size == 0
    assert_allclose(other.load.arrival_s[:size], volume.load.arrival_s / times)
    assert np.all(np.diff(other.load.arrival_s) >= 0)
    assert other.period_s >= min(LEAST_SPAN_S, volume.period_s) * 0.999 or len(other.load) * 2 > MOST_REQUESTS
    assert other.load.arrival_s[-1] < other.period_s <= SECONDS_PER_MONTH * 1e3


def test_each_round_has_prefixes_and_sessions_of_its_own() -> None:
    load = with_prefixes([[0, 1], [0, 2]], [20, 15])
    volume = volume_of(load)
    twice = at_rate(volume, 2.0).load
    assert len(twice) == 4
    assert twice.prefix_blocks is not None
    assert twice.prefix_blocks.of(1).tolist() == [0, 2]
    assert twice.prefix_blocks.of(3).tolist() == [3, 5]
    assert twice.prefix_blocks.width == 6
