"""Student's t against its closed forms and printed tables."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.finance.student_t import regularized_beta, student_t_cdf, student_t_quantile

VALUES = (-4.0, -1.3, -0.2, 0.0, 0.7, 2.5, 9.0)


@pytest.mark.parametrize("t", VALUES)
def test_one_degree_of_freedom_is_cauchy(t: float) -> None:
    assert student_t_cdf(t, 1) == pytest.approx(0.5 + math.atan(t) / math.pi, abs=1e-13)


@pytest.mark.parametrize("t", VALUES)
def test_two_degrees_of_freedom(t: float) -> None:
    assert student_t_cdf(t, 2) == pytest.approx(0.5 + t / (2 * math.sqrt(2 + t * t)), abs=1e-13)


@pytest.mark.parametrize("t", VALUES)
def test_four_degrees_of_freedom(t: float) -> None:
    s = t / math.sqrt(4 + t * t)
    assert student_t_cdf(t, 4) == pytest.approx(0.5 + 0.75 * (s - s**3 / 3), abs=1e-13)


@pytest.mark.parametrize("t", VALUES)
def test_many_degrees_of_freedom_are_normal(t: float) -> None:
    normal = 0.5 * math.erfc(-t / math.sqrt(2))
    assert student_t_cdf(t, math.inf) == pytest.approx(normal, abs=1e-15)
    assert student_t_cdf(t, 1e7) == pytest.approx(normal, abs=1e-6)


@pytest.mark.parametrize(
    ("probability", "dof", "table"),
    [
        (0.95, 1, 6.314),
        (0.95, 2, 2.920),
        (0.95, 5, 2.015),
        (0.975, 9, 2.262),
        (0.99, 30, 2.457),
        (0.995, 120, 2.617),
    ],
)
def test_the_quantile_is_that_of_printed_tables(probability: float, dof: float, table: float) -> None:
    assert student_t_quantile(probability, dof) == pytest.approx(table, abs=6e-4)


@given(st.floats(0.001, 0.999), st.floats(1, 500))
def test_the_quantile_inverts_the_distribution(probability: float, dof: float) -> None:
    assert student_t_cdf(student_t_quantile(probability, dof), dof) == pytest.approx(probability, abs=1e-9)


@given(st.floats(0.01, 0.99), st.floats(0.5, 40), st.floats(0.5, 40))
def test_the_beta_function_is_symmetric(x: float, a: float, b: float) -> None:
    assert regularized_beta(x, a, b) == pytest.approx(1 - regularized_beta(1 - x, b, a), abs=1e-11)


@pytest.mark.parametrize(("probability", "dof"), [(0.0, 3), (1.0, 3), (0.5, 0), (0.9, -1)])
def test_what_is_no_probability_or_freedom_is_refused(probability: float, dof: float) -> None:
    with pytest.raises(ValueError, match=r"probability|degrees"):
        student_t_quantile(probability, dof)
