"""The backtest sees nothing it scores, and tells a growth from a walk."""

from __future__ import annotations

import numpy as np
import pytest

from truecost.finance.backtest import (
    Ahead,
    backtest,
    market_backtest,
    random_walk,
    random_walk_with_drift,
    trend,
)
from truecost.finance.trends import Forecast, Sample, TooFew

HORIZONS = {"1 year": (0.875, 1.125), "2 years": (1.875, 2.125)}


def panel(slope: float, spread: float, groups: int = 10, quarters: int = 32, seed: int = 3) -> Sample:
    source = np.random.default_rng(seed)
    logs = np.cumsum(slope / 4 + spread / 2 * source.standard_normal((groups, quarters)), axis=1)
    years = np.tile(2018 + np.arange(quarters) / 4, groups)
    numbers = np.repeat(np.arange(groups), quarters)
    order = years.argsort(kind="stable")
    return Sample(years[order], logs.ravel()[order], numbers[order], numbers[order])


def line(slope: float, seed: int = 1) -> Sample:
    source = np.random.default_rng(seed)
    years = np.sort(2012 + source.uniform(0, 12, 80))
    one = np.zeros(80, dtype=np.int64)
    return Sample(years, slope * (years - 2012) + 0.3 * source.standard_normal(80), one, one)


def errors(sample: Sample, name: str, horizon: str = "1 year") -> float:
    origins = [float(year) for year in np.unique(sample.years)[8:-4]]
    found = [t for t in backtest(sample, origins, HORIZONS) if t.forecaster == name and t.horizon == horizon]
    return float(np.mean([abs(t.log_error) for t in found]))


def test_no_forecaster_sees_what_comes_after_its_origin() -> None:
    seen: list[tuple[float, float]] = []

    def spy(sample: Sample, origin: float) -> Ahead:
        seen.append((float(sample.years.max()), origin))
        return lambda _, year: Forecast(0.0, 1.0, 5.0)

    sample = panel(-0.3, 0.1)
    trials = backtest(sample, [2020.0, 2022.0], HORIZONS, {"spy": spy})
    assert seen
    assert all(latest <= origin for latest, origin in seen)
    assert all(trial.year > trial.origin for trial in trials)


@pytest.mark.parametrize("make", [panel, lambda slope, _: line(slope)])
def test_what_comes_later_does_not_change_a_prediction(make: object) -> None:
    sample = make(-0.3, 0.1)  # type: ignore[operator]
    cut = float(sample.years[-1]) - 3
    wild = Sample(
        sample.years,
        np.where(sample.years > cut, sample.logs + 5, sample.logs),
        sample.groups,
        sample.clusters,
    )
    horizons = {"ahead": (0.0, 2.0)}
    before, after = (backtest(s, [cut], horizons) for s in (sample, wild))
    assert before
    assert [t.predicted_log for t in before] == [t.predicted_log for t in after]
    assert [t.actual_log + 5 for t in before] == pytest.approx([t.actual_log for t in after])


def test_the_trend_beats_the_walk_where_there_is_growth() -> None:
    grows = panel(-0.5, 0.05)
    assert errors(grows, "trend") < 0.5 * errors(grows, "random_walk")
    steep = line(0.6)
    origins = [2018.0, 2019.0, 2020.0, 2021.0, 2022.0]
    found = backtest(steep, origins, {"ahead": (1.0, 2.0)})
    by = {
        n: np.mean([abs(t.log_error) for t in found if t.forecaster == n]) for n in ("trend", "random_walk")
    }
    assert by["trend"] < 0.5 * by["random_walk"]


def test_the_trend_does_not_beat_the_walk_where_there_is_none() -> None:
    walks = [panel(0.0, 0.3, seed=seed) for seed in range(8)]
    ratios = [errors(walk, "trend") / errors(walk, "random_walk") for walk in walks]
    assert np.mean(ratios) > 0.97


def test_drift_is_the_mean_of_past_changes() -> None:
    steady = panel(-0.4, 1e-9)
    said = random_walk_with_drift(steady, 2025.75)(0, 2026.75)
    assert said is not None
    assert said.centre == pytest.approx(float(steady.logs[-1]) - 0.4, abs=1e-6)


def test_intervals_of_walks_hold_what_they_say() -> None:
    walk = panel(-0.2, 0.3, groups=30, quarters=48)
    origins = [float(year) for year in np.unique(walk.years)[16:-8]]
    for name in ("trend", "random_walk_with_drift"):
        inside = [t.is_inside for t in backtest(walk, origins, HORIZONS) if t.forecaster == name]
        assert np.mean(inside) == pytest.approx(0.9, abs=0.06)


def test_all_are_scored_on_the_same_values() -> None:
    found = backtest(line(0.4), [2016.0, 2018.0, 2020.0], {"ahead": (0.0, 1.0)})
    by = {n: sorted(t.year for t in found if t.forecaster == n) for n in {t.forecaster for t in found}}
    assert len(by) == 3
    assert len({tuple(years) for years in by.values()}) == 1


def test_a_group_never_seen_is_not_predicted() -> None:
    sample = panel(-0.3, 0.1)
    for fitter in (trend, random_walk, random_walk_with_drift):
        assert fitter(sample, 2025.75)(999, 2026.0) is None


def test_an_origin_with_too_little_is_left_out() -> None:
    assert backtest(line(0.4), [2012.1], {"ahead": (0.0, 1.0)}) == []
    with pytest.raises(TooFew):
        random_walk(line(0.4).until(2012.05), 2012.05)


def test_the_market_is_the_mean_of_sellers() -> None:
    sample = panel(-0.5, 0.05)
    found = market_backtest(sample, [2022.0, 2023.0], HORIZONS)
    assert {t.forecaster for t in found} == {"trend", "random_walk"}
    own = next(
        t for t in found if t.forecaster == "random_walk" and t.origin == 2022.0 and t.horizon == "1 year"
    )
    first, last = (sample.logs[np.isclose(sample.years, year)] for year in (2022.0, 2023.0))
    assert own.actual_log == pytest.approx(float((last - first).mean()))
