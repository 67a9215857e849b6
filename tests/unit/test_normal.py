"""The normal distribution against Python's own `statistics.NormalDist` and known tail values."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.normal import Z90, Z95, normal_cdf, normal_quantile

STANDARD = NormalDist()


@settings(deadline=None)
@given(st.floats(1e-300, 1 - 1e-16))
def test_quantile_agrees_with_the_standard_library(probability: float) -> None:
    assert float(normal_quantile(probability)) == pytest.approx(
        STANDARD.inv_cdf(probability), rel=1e-12, abs=1e-15
    )


@settings(deadline=None)
@given(st.floats(-8, 8))
def test_cdf_agrees_with_the_standard_library(z: float) -> None:
    assert float(normal_cdf(z)) == pytest.approx(STANDARD.cdf(z), abs=1e-12)


@settings(deadline=None)
@given(st.floats(-6, 6))
def test_quantile_undoes_cdf(z: float) -> None:
    assert float(normal_quantile(normal_cdf(z))) == pytest.approx(z, abs=1e-5)


def test_cdf_far_tail_keeps_its_relative_size() -> None:
    # P(Z < -10) = 7.619853024160527e-24
    assert float(normal_cdf(-10.0)) == pytest.approx(7.619853024160527e-24, rel=1e-6)


def test_constants_are_the_quantiles_they_name() -> None:
    assert float(normal_quantile(0.90)) == pytest.approx(Z90, rel=1e-15)
    assert float(normal_quantile(0.95)) == pytest.approx(Z95, rel=1e-15)


def test_ends_are_infinite_and_warn_nothing() -> None:
    assert normal_quantile([0.0, 1.0]).tolist() == [-np.inf, np.inf]
    assert normal_cdf([-np.inf, np.inf]).tolist() == pytest.approx([0.0, 1.0], abs=1e-300)


def test_shapes_are_kept() -> None:
    grid = np.linspace(0.001, 0.999, 60).reshape(3, 4, 5)
    assert normal_quantile(grid).shape == normal_cdf(grid).shape == (3, 4, 5)


def test_symmetric() -> None:
    p = np.linspace(1e-6, 0.5, 1001)
    np.testing.assert_allclose(normal_quantile(p), -normal_quantile(1 - p), rtol=1e-9, atol=1e-12)
