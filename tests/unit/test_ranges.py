"""Ranges mean what they say (5 % below, 5 % above), and draws depend on seed, path and index alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.ranges import Draws, Range, Support, summarize

ENDS = np.array([0.05, 0.95])
POSITIVE = st.floats(1e-30, 1e30)
SHARES = st.floats(1e-6, 1 - 1e-6)


@settings(deadline=None)
@given(POSITIVE, POSITIVE)
def test_positive_range_is_its_own_90_percent_interval(a: float, b: float) -> None:
    low, high = sorted((a, b))
    np.testing.assert_allclose(Range(low, high).quantile(ENDS), [low, high], rtol=1e-9)


@settings(deadline=None)
@given(SHARES, SHARES)
def test_share_range_is_its_own_90_percent_interval(a: float, b: float) -> None:
    low, high = sorted((a, b))
    np.testing.assert_allclose(Range(low, high, Support.SHARE).quantile(ENDS), [low, high], rtol=1e-6)


@settings(deadline=None)
@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_real_range_is_its_own_90_percent_interval(a: float, b: float) -> None:
    low, high = sorted((a, b))
    np.testing.assert_allclose(
        Range(low, high, Support.REAL).quantile(ENDS), [low, high], rtol=1e-9, atol=1e-3
    )


def test_medians_are_those_of_lognormal_logit_normal_and_normal() -> None:
    assert Range(1, 100).median == pytest.approx(10)
    assert Range(0.2, 0.8, Support.SHARE).median == pytest.approx(0.5)
    assert Range(-3, 5, Support.REAL).median == pytest.approx(1)


@pytest.mark.parametrize(
    "interval",
    [Range(0, 10), Range(0, 0.3, Support.SHARE), Range(0.7, 1, Support.SHARE), Range(0, 1, Support.SHARE)],
)
def test_ends_outside_the_shape_make_a_normal_truncated_at_the_support(interval: Range) -> None:
    drawn = interval.quantile(np.linspace(1e-9, 1 - 1e-9, 20_001))
    assert drawn.min() >= 0
    assert drawn.max() <= (1 if interval.support is Support.SHARE else np.inf)
    assert (np.diff(drawn) >= 0).all()
    inside = np.mean((drawn >= interval.low) & (drawn <= interval.high))
    assert 0.9 <= inside <= 1


@settings(deadline=None)
@given(POSITIVE, st.floats(1, 1e6))
def test_quantiles_give_the_range_that_has_them(p50: float, ratio: float) -> None:
    interval = Range.from_quantiles(p50, p50 * ratio)
    np.testing.assert_allclose(interval.quantile(np.array([0.5, 0.9])), [p50, p50 * ratio], rtol=1e-9)


def test_equal_quantiles_are_a_point() -> None:
    assert Range.from_quantiles(123456.0, 123456.0) == Range(123456.0, 123456.0)
    assert Range.from_quantiles(0.0, 0.0) == Range(0.0, 0.0)


def test_narrow_quantiles_of_a_real_quantity_keep_their_width() -> None:
    interval = Range.from_quantiles(1e6, 1e6 + 1, Support.REAL)
    assert interval.high - interval.low == pytest.approx(2 * 1.6448536 / 1.2815516, rel=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "support", "message"),
    [
        (2, 1, Support.POSITIVE, "runs from low to high"),
        (-1, 1, Support.POSITIVE, "-1 is below 0"),
        (0.5, 1.5, Support.SHARE, "1.5 is above 1"),
        (float("nan"), 1, Support.REAL, "finite"),
        (0, float("inf"), Support.POSITIVE, "finite"),
    ],
)
def test_impossible_ranges_are_refused(low: float, high: float, support: Support, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Range(low, high, support)


def test_quantiles_outside_the_support_are_refused() -> None:
    with pytest.raises(ValueError, match="must not lie below"):
        Range.from_quantiles(2, 1)
    with pytest.raises(ValueError, match="not inside the support"):
        Range.from_quantiles(0.5, 1, Support.SHARE)


def test_degenerate_range_draws_its_value() -> None:
    assert Range(7, 7).quantile(np.array([0.1, 0.9])).tolist() == [7, 7]
    assert Range(0, 0).quantile(np.array([0.1, 0.9])).tolist() == [0, 0]


@settings(deadline=None)
@given(st.integers(0, 2**31), st.text(max_size=20), st.integers(0, 1000), st.integers(1, 50))
def test_any_chunk_equals_its_part_of_the_whole(seed: int, path: str, start: int, count: int) -> None:
    path = path.encode("utf-8", "replace").decode()
    whole = Draws(seed, 0, start + count).uniform(path)
    assert (Draws(seed, start, count).uniform(path) == whole[start:]).all()


def test_draws_follow_their_range_and_differ_by_seed_and_path() -> None:
    draws = Draws(7, 0, 40_000)
    values = draws.of("serving.utilization", Range(0.2, 0.5, Support.SHARE))
    np.testing.assert_allclose(np.quantile(values, [0.05, 0.95]), [0.2, 0.5], rtol=0.02)
    here, other_path, other_seed = draws.uniform("a"), draws.uniform("b"), Draws(8, 0, 40_000).uniform("a")
    for other in (other_path, other_seed):
        assert abs(np.corrcoef(here, other)[0, 1]) < 0.02


def test_a_number_is_not_drawn() -> None:
    assert Draws(1, 0, 10).of("a", 3.5) == 3.5


def test_summary_of_a_number_and_of_draws() -> None:
    assert summarize(2.0) == {"p5": 2.0, "p50": 2.0, "p95": 2.0, "mean": 2.0}
    assert summarize(np.arange(101.0)) == {"p5": 5.0, "p50": 50.0, "p95": 95.0, "mean": 50.0}
