"""When a line, and the first value about it, reach a level."""

from __future__ import annotations

import math

import numpy as np
import pytest

from truecost.finance.reaching import any_reaches, line_reaches
from truecost.finance.trends import LogLinear, Sample, fit


def grown(slope: float, scatter: float = 0.2) -> LogLinear:
    source = np.random.default_rng(5)
    years = np.linspace(2015, 2024, 40)
    one = np.zeros(40, dtype=np.int64)
    return fit(Sample(years, slope * (years - 2015) + scatter * source.standard_normal(40), one, one))


def test_the_median_year_is_where_the_line_is_at_the_level() -> None:
    found = grown(0.5)
    at = line_reaches(found, math.e**8, 0.5)
    assert found.line(at).median == pytest.approx(math.e**8, rel=1e-3)
    assert line_reaches(found, math.e**8, 0.05) < at < line_reaches(found, math.e**8, 0.95)


def test_a_falling_line_never_gets_there() -> None:
    assert line_reaches(grown(-0.5), 100.0, 0.5) == math.inf


def test_the_chance_of_any_is_that_of_one_for_one_and_grows_with_more() -> None:
    found = grown(0.5, 0.5)
    level = found.predict(2026.0).quantile(0.7)
    alone = any_reaches(found, level, np.array([2026.0]))[0]
    assert alone == pytest.approx(found.predict(2026.0).chance_above(level), abs=0.02)
    many = any_reaches(found, level, np.full(5, 2026.0))
    assert (np.diff(many) > 0).all()
    assert many[-1] < 1


def test_the_same_seed_gives_the_same_chance() -> None:
    found = grown(0.5)
    years = np.array([2025.0, 2026.0])
    assert any_reaches(found, 100.0, years).tolist() == any_reaches(found, 100.0, years).tolist()
