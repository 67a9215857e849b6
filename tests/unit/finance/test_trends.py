"""The fit finds a known growth, and its intervals hold what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from truecost.finance.student_t import student_t_quantile
from truecost.finance.trends import (
    Forecast,
    Sample,
    TooFew,
    ahead,
    changes,
    common_spread,
    fit,
    mean_growth,
    own_spread,
)


def line(count: int = 30, slope: float = 0.4, scatter: float = 0.3, seed: int = 1) -> Sample:
    """Points about one line."""
    source = np.random.default_rng(seed)
    years = 2015 + np.sort(source.uniform(0, 8, count))
    logs = 2 + slope * (years - 2015) + scatter * source.standard_normal(count)
    return Sample(years, logs, np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64))


def panel(
    groups: int = 12, quarters: int = 16, slope: float = -0.3, spread: float = 0.2, seed: int = 1
) -> Sample:
    """Prices of sellers, each a random walk with the same drift."""
    source = np.random.default_rng(seed)
    steps = slope / 4 + spread / 2 * source.standard_normal((groups, quarters))
    logs = source.normal(0, 1, (groups, 1)) + np.cumsum(steps, axis=1)
    years = 2020 + np.arange(quarters) / 4
    order = np.tile(years, groups).argsort(kind="stable")
    numbers = np.repeat(np.arange(groups), quarters)[order]
    return Sample(np.tile(years, groups)[order], logs.ravel()[order], numbers, numbers)


def test_a_known_growth_is_recovered_exactly_without_scatter() -> None:
    found = fit(line(scatter=0.0))
    assert found.slope == pytest.approx(0.4)
    assert found.growth_per_year == pytest.approx(math.expm1(0.4))
    assert found.predict(2030.0).centre == pytest.approx(2 + 0.4 * 15)


def test_levels_of_sellers_do_not_matter_to_their_growth() -> None:
    sample = panel(spread=1e-9)
    assert fit(sample).slope == pytest.approx(-0.3, abs=1e-6)


def test_errors_are_those_of_the_textbook() -> None:
    """Five points by hand: slope 0.9, S_tt 10, residual sum of squares 1.9 ... and one more point far off."""
    years = np.array([0.0, 1, 2, 3, 4, 5])
    logs = np.array([1.0, 2, 2, 4, 4, 7])
    one = np.zeros(6, dtype=np.int64)
    found = fit(Sample(years, logs, one, one))
    slope, intercept = np.polyfit(years, logs, 1)
    left = logs - slope * years - intercept
    s = math.sqrt(left @ left / 4)
    assert found.slope == pytest.approx(slope)
    assert found.slope_error == pytest.approx(s / math.sqrt(17.5))
    assert found.predict(7.0).scale == pytest.approx(s * math.sqrt(1 + 1 / 6 + (7 - 2.5) ** 2 / 17.5))
    assert found.line(7.0).scale == pytest.approx(s * math.sqrt(1 / 6 + (7 - 2.5) ** 2 / 17.5))
    assert found.dof == 4


def test_the_interval_of_the_growth_holds_it_in_nine_of_ten() -> None:
    inside = 0
    for seed in range(400):
        low, high = fit(line(12, seed=seed)).growth_interval_90()
        inside += low <= math.expm1(0.4) <= high
    assert inside / 400 == pytest.approx(0.9, abs=0.04)


def test_the_prediction_interval_holds_a_new_value_in_nine_of_ten() -> None:
    inside = 0
    for seed in range(400):
        low, high = fit(line(12, seed=seed)).predict(2026.0).interval_90
        new = 2 + 0.4 * 11 + 0.3 * np.random.default_rng(10_000 + seed).standard_normal()
        inside += math.log(low) <= new <= math.log(high)
    assert inside / 400 == pytest.approx(0.9, abs=0.04)


def test_the_error_of_clusters_holds_the_growth_in_nine_of_ten() -> None:
    """Walks make neighbouring errors alike: an error from single residuals would hold far less."""
    inside, naive = 0, 0
    for seed in range(300):
        sample = panel(seed=seed)
        found = fit(sample)
        low, high = found.growth_interval_90()
        inside += low <= math.expm1(-0.3) <= high
        half = student_t_quantile(0.95, len(sample) - 13) * found.residual / math.sqrt(found.spread)
        naive += abs(found.slope + 0.3) <= half
    assert inside / 300 == pytest.approx(0.9, abs=0.05)
    assert naive / 300 < 0.75


def test_the_forecast_of_a_seller_holds_its_price_a_year_on_in_nine_of_ten() -> None:
    inside, count = 0, 0
    for seed in range(60):
        whole = panel(quarters=20, seed=seed)
        known = whole.until(2020 + 15 / 4)
        found = fit(known)
        centre_of = dict(zip(known.groups.tolist(), known.logs.tolist(), strict=True))
        spread = own_spread(known, found.slope)
        for at in np.flatnonzero(np.isclose(whole.years, 2020 + 19 / 4)):
            centre, scale = ahead(
                centre_of[int(whole.groups[at])], 1.0, found.slope, found.slope_error, spread
            )
            low, high = Forecast(centre, scale, found.dof).interval_90
            inside += math.log(low) <= whole.logs[at] <= math.log(high)
            count += 1
    assert inside / count == pytest.approx(0.9, abs=0.05)


def test_the_spread_of_a_walk_is_recovered() -> None:
    assert own_spread(panel(200, spread=0.2), -0.3) == pytest.approx(0.2, rel=0.05)


def test_what_sellers_do_alone_averages_out() -> None:
    sample = panel(100, spread=0.2)
    assert common_spread(sample, -0.3) < 0.2 * own_spread(sample, -0.3) * 5
    assert common_spread(sample, -0.3) == pytest.approx(0.2 / math.sqrt(100), rel=0.6)


def test_what_all_sellers_do_stays() -> None:
    together = panel(1, 40, spread=0.2)
    count = len(together)
    groups = np.repeat(np.arange(5), count)
    order = np.tile(together.years, 5).argsort(kind="stable")
    whole = Sample(
        np.tile(together.years, 5)[order], np.tile(together.logs, 5)[order], groups[order], groups[order]
    )
    assert common_spread(whole, -0.3) == pytest.approx(own_spread(whole, -0.3))


def test_changes_are_read_from_one_price_to_the_first_that_is_late_enough() -> None:
    years = np.array([0.0, 0.3, 1.0, 1.3, 0.5])
    found = changes(
        Sample(years, np.arange(5.0), np.array([0, 0, 0, 0, 1]), np.zeros(5, dtype=np.int64)), 1.0
    )
    assert found.gone.tolist() == [1.0, 1.0]
    assert found.moved.tolist() == [2.0, 2.0]


def test_a_longer_plan_draws_a_steadier_growth() -> None:
    one, four = (mean_growth(panel(), years) for years in (1.0, 4.0))
    assert one.centre == four.centre
    assert four.scale < one.scale


def test_at_the_end_of_the_plan_the_path_has_the_interval_of_the_forecast() -> None:
    sample, years = panel(), 3.0
    found = fit(sample)
    _, scale = ahead(0.0, years, found.slope, found.slope_error, common_spread(sample, found.slope))
    assert mean_growth(sample, years).scale * years == pytest.approx(scale)


def test_too_few_values_or_sellers_are_not_fitted() -> None:
    with pytest.raises(TooFew, match="a trend takes 6"):
        fit(line(5))
    with pytest.raises(TooFew, match="3 sellers"):
        fit(panel(2))


def test_the_chance_above_a_value_is_one_less_its_quantile() -> None:
    forecast = fit(line()).predict(2025.0)
    assert forecast.chance_above(forecast.quantile(0.3)) == pytest.approx(0.7)
