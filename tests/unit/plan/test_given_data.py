"""Estimates from given draws against models whose answer is known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.normal import normal_cdf, normal_quantile
from truecost.plan import given_data
from truecost.ranges import Draws, FloatArray

DRAWS = 1024
SEEDS = range(1, 9)


def scores(seed: int, names: str, draws: int = DRAWS) -> tuple[FloatArray, FloatArray]:
    """Uniform draws of some inputs and their normal scores, (inputs, draws)."""
    uniforms = np.array([Draws(seed, 0, draws).uniform(name) for name in names])
    return uniforms, normal_quantile(uniforms)


def shares(uniforms: FloatArray, outcome: FloatArray) -> FloatArray:
    ordered = outcome[given_data.order_of(uniforms)]
    return given_data.variance_shares(ordered, given_data.residuals(ordered))


def narrowing(uniforms: FloatArray, outcome: FloatArray) -> FloatArray:
    orders = [given_data.order_of(uniforms), given_data.noise_orders(uniforms.shape[-1])]
    widths = given_data.widths_left(given_data.residuals(outcome[np.concatenate(orders)]))
    return 1 - widths[: len(uniforms)] / widths[len(uniforms) :].mean()


def density(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def below(x: float) -> float:
    return float(normal_cdf([x])[0])


class TestVarianceShares:
    def test_linear_model(self) -> None:
        weights = np.array([3.0, 2.0, 1.0, 0.0])
        found = []
        for seed in SEEDS:
            uniforms, z = scores(seed, "abcd")
            found.append(shares(uniforms, weights @ z))
        expected = weights**2 / (weights**2).sum()
        assert np.mean(found, axis=0) == pytest.approx(expected, abs=0.015)
        assert np.array(found) == pytest.approx(np.tile(expected, (len(SEEDS), 1)), abs=0.06)

    def test_lognormal_product(self) -> None:
        """Of a product of lognormals: (exp(s_i^2) - 1) / (exp(sum s^2) - 1), less than 1 together."""
        sigma = np.array([0.6, 0.3])
        found = []
        for seed in SEEDS:
            uniforms, z = scores(seed, "ab", 4096)
            found.append(shares(uniforms, np.exp(sigma @ z)))
        expected = (np.exp(sigma**2) - 1) / (np.exp((sigma**2).sum()) - 1)
        assert np.mean(found, axis=0) == pytest.approx(expected, abs=0.02)

    def test_step_is_seen(self) -> None:
        """A whole replica more from the median on is nearly all of the variance: a line would miss that."""
        uniforms, _ = scores(1, "ab")
        found = shares(uniforms, np.where(uniforms[0] > 0.5, 2.0, 1.0))
        assert found[0] > 0.9
        assert abs(found[1]) < 0.03

    def test_hump_is_seen_where_the_rank_correlation_is_blind(self) -> None:
        uniforms, z = scores(2, "ab")
        outcome = z[0] ** 2
        assert shares(uniforms, outcome)[0] > 0.95
        assert abs(given_data.rank_correlations(uniforms, outcome)[0]) < 0.1

    def test_noise_is_about_nothing(self) -> None:
        _, z = scores(3, "y")
        uniforms = np.array([Draws(3, 0, DRAWS).uniform(f"noise {n}") for n in range(200)])
        found = shares(uniforms, z[0])
        assert abs(found.mean()) < 0.002
        assert np.abs(found).max() < 0.03

    def test_constant_has_none(self) -> None:
        uniforms, _ = scores(1, "ab")
        assert shares(uniforms, np.full(DRAWS, 3.0)).tolist() == [0.0, 0.0]

    @given(st.integers(1, 10_000), st.floats(-1e9, 1e9), st.floats(1e-6, 1e6), st.booleans())
    @settings(max_examples=25, deadline=None)
    def test_unit_and_zero_of_the_outcome_do_not_matter(
        self, seed: int, offset: float, scale: float, is_negative: bool
    ) -> None:
        uniforms, z = scores(seed, "abc", 256)
        outcome = z[0] + 0.5 * z[1]
        moved = (-scale if is_negative else scale) * outcome + offset * scale
        assert shares(uniforms, moved) == pytest.approx(shares(uniforms, outcome), abs=1e-4)


class TestNarrowing:
    def test_linear_model(self) -> None:
        """Of a sum of normals the width left is that of the others: 1 - sqrt(1 - share)."""
        weights = np.array([2.0, 1.0, 1.0, 0.0])
        found = []
        for seed in SEEDS:
            uniforms, z = scores(seed, "abcd")
            found.append(narrowing(uniforms, weights @ z))
        expected = 1 - np.sqrt(1 - weights**2 / (weights**2).sum())
        assert np.mean(found, axis=0) == pytest.approx(expected, abs=0.02)

    def test_width_that_grows_with_the_input(self) -> None:
        """y = x (1 + z / 4), x lognormal: known x leaves a width of mean(x) 2 z95 / 4."""
        uniforms, z = scores(5, "ab", 8192)
        x = np.exp(0.5 * z[0])
        outcome = x * (1 + z[1] / 4)
        unknown = np.subtract(*np.quantile(outcome, (0.95, 0.05)))
        expected = 1 - math.exp(0.125) * 2 * 1.6448536 / 4 / unknown
        assert narrowing(uniforms, outcome)[0] == pytest.approx(expected, abs=0.03)

    def test_noise_is_about_nothing(self) -> None:
        _, z = scores(3, "y")
        uniforms = np.array([Draws(3, 0, DRAWS).uniform(f"noise {n}") for n in range(100)])
        found = narrowing(uniforms, np.exp(z[0]))
        assert abs(found.mean()) < 0.01
        assert np.abs(found).max() < 0.1


class TestRankCorrelations:
    def test_monotone_is_one(self) -> None:
        uniforms, z = scores(1, "ab")
        found = given_data.rank_correlations(uniforms, np.exp(3 * z[0]))
        assert found[0] == pytest.approx(1.0)
        assert given_data.rank_correlations(uniforms, -z[0])[0] == pytest.approx(-1.0)

    def test_bivariate_normal(self) -> None:
        """Of two normals with correlation r: 6 / pi asin(r / 2)."""
        uniforms, z = scores(4, "ab", 16384)
        outcome = 0.6 * z[0] + 0.8 * z[1]
        expected = [6 / math.pi * math.asin(r / 2) for r in (0.6, 0.8)]
        assert given_data.rank_correlations(uniforms, outcome) == pytest.approx(expected, abs=0.015)

    def test_equal_outcomes_share_their_rank(self) -> None:
        uniforms = np.array([[0.1, 0.2, 0.3, 0.4]])
        found = given_data.rank_correlations(uniforms, np.array([1.0, 1.0, 2.0, 2.0]))
        assert found[0] == pytest.approx(2 / math.sqrt(5))

    def test_constant_is_zero(self) -> None:
        uniforms, _ = scores(1, "ab")
        assert given_data.rank_correlations(uniforms, np.ones(DRAWS)).tolist() == [0.0, 0.0]


class TestValueOfKnowing:
    @pytest.mark.parametrize(
        ("offset", "slope", "rest"), [(-0.5, 1.0, 1.0), (-0.5, 1.0, 3.0), (-0.2, 0.3, 2.0), (-2.0, 1.0, 1.0)]
    )
    def test_two_options(self, offset: float, slope: float, rest: float) -> None:
        """Keep 0, or take offset + slope z + noise: a Phi(a / b) + b phi(a / b) - max(a, 0)."""
        found = []
        for seed in range(1, 41):
            uniforms, z = scores(seed, "ab")
            margins = np.array([np.zeros(DRAWS), offset + slope * z[0] + rest * z[1]])
            found.append(given_data.values_of_knowing(margins, given_data.order_of(uniforms))[0])
        ratio = offset / slope
        expected = offset * below(ratio) + slope * density(ratio) - max(offset, 0.0)
        error = np.std(found) / math.sqrt(len(found))
        assert np.mean(found) == pytest.approx(expected, abs=3 * error + 0.03 * expected)

    def test_which_of_two_equal_options(self) -> None:
        """b z against -b z: always the right one is worth E|b z| = b sqrt(2 / pi)."""
        uniforms, z = scores(7, "ab")
        margins = np.array([2 * z[0] + z[1], -2 * z[0] + z[1], np.full(DRAWS, -9.0)])
        found = given_data.values_of_knowing(margins, given_data.order_of(uniforms))
        assert found[0] == pytest.approx(2 * math.sqrt(2 / math.pi), abs=0.1)
        assert found[1] < 0.05

    def test_what_moves_all_options_alike_is_worth_nothing(self) -> None:
        uniforms, z = scores(8, "ab")
        margins = np.array([10 * z[0], 10 * z[0] - 1.0])
        assert given_data.values_of_knowing(margins, given_data.order_of(uniforms)).tolist() == [0.0, 0.0]

    @given(st.integers(1, 10_000), st.integers(129, 400))
    @settings(max_examples=20, deadline=None)
    def test_odd_numbers_of_draws(self, seed: int, draws: int) -> None:
        uniforms, z = scores(seed, "ab", draws)
        margins = np.array([np.zeros(draws), z[0]])
        found = given_data.values_of_knowing(margins, given_data.order_of(uniforms))
        assert np.isfinite(found).all()
        assert found[0] == pytest.approx(given_data.value_of_perfect_information(margins), abs=0.15)


def test_told_apart_keeps_what_chance_rarely_gives() -> None:
    noise = np.linspace(-1.0, 1.0, 101)
    found = given_data.told_apart(np.array([2.0, 0.95, 0.85, 0.0, -3.0]), noise)
    assert found.tolist() == [2.0, 0.95, 0.0, 0.0, 0.0]
    assert given_data.told_apart(np.array([2.0, 0.95]), noise, level=1.0).tolist() == [2.0, 0.0]


def test_terms_of_the_fit_are_orthonormal() -> None:
    for bins in (0, given_data.BINS):
        terms = given_data.fitted_terms(200, bins)
        assert terms.T @ terms == pytest.approx(np.eye(terms.shape[1]), abs=1e-9)
        assert terms.shape[1] == 1 + given_data.DEGREE + max(bins - 1, 0)
