"""Odd days: most of those put in are found, next to none of the others; each is judged by its past."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.finance.daily_costs import MAKERS

from truecost.finance.daily_outliers import LEAST_CYCLES, judged, named

DAYS, SEEDS = 120, 5


def found(costs: np.ndarray) -> set[int]:
    """The places that stand out."""
    days = judged(costs)
    return set(days.places[named(days.chance)].tolist())


def test_what_is_put_in_is_found_and_little_else() -> None:
    recall: dict[float, list[bool]] = {0.25: [], 2.0: [], 3.0: []}
    alarms = looked_at = 0
    for name in ("flat", "weekly", "trend", "zero_weekends", "random_walk"):
        for seed in range(SEEDS):
            rng = np.random.default_rng([seed, 9])
            costs = MAKERS[name](rng, DAYS)
            alarms += len(found(costs))
            looked_at += len(judged(costs).places)
            day = int(rng.choice(np.flatnonzero(costs[60:]))) + 60
            for factor, hits in recall.items():
                odd = costs.copy()
                odd[day] *= factor
                hits.append(day in found(odd))
    rate = 100 * alarms / looked_at
    shares = {factor: float(np.mean(hits)) for factor, hits in recall.items()}
    print(f"false alarms per 100 normal days: {rate:.2f}; recall by factor: {shares}")
    assert rate <= 0.5
    assert shares[3.0] >= 0.9
    assert shares[0.25] >= 0.9
    assert shares[2.0] >= 0.5


def test_a_day_is_judged_by_those_before_it_alone() -> None:
    costs = MAKERS["weekly"](np.random.default_rng(4), 90)
    other = costs.copy()
    other[70:] *= 5
    mine, others = judged(costs), judged(other)
    before = mine.places < 70
    assert mine.expected[before] == pytest.approx(others.expected[before])
    assert mine.chance[before] == pytest.approx(others.chance[before])


def test_an_odd_day_does_not_hide_the_next() -> None:
    costs = MAKERS["weekly"](np.random.default_rng(6), 100)
    costs[[80, 81, 90]] *= 4
    assert {80, 81, 90} <= found(costs)


def test_a_new_level_is_odd_for_a_while_and_then_usual() -> None:
    costs = MAKERS["flat"](np.random.default_rng(8), 120)
    costs[80:] *= 3
    odd = found(costs)
    assert {80, 81} <= odd
    assert not {day for day in odd if day >= 95}


def test_a_weekend_that_is_not_nothing_stands_out() -> None:
    costs = MAKERS["zero_weekends"](np.random.default_rng(3), 120)
    quiet = int(np.flatnonzero(costs == 0)[-1])
    costs[quiet] = 100
    assert quiet in found(costs)


def test_four_weeks_come_before_the_first_judged_day() -> None:
    assert judged([0.0] * 9 + [5.0] * 60).places[0] == 9 + LEAST_CYCLES * 7
    for costs in ([], [0.0] * 90, [1.0] * 28):
        assert not len(judged(costs).places)


def test_hours_have_a_season_of_their_own() -> None:
    day = np.r_[np.full(8, 1.0), np.full(12, 10.0), np.full(4, 3.0)]
    costs = np.tile(day, 15) * np.exp(np.random.default_rng(1).normal(0, 0.1, 15 * 24))
    costs[300] *= 5
    days = judged(costs, 24)
    assert days.places[named(days.chance)].tolist() == [300]


def test_the_more_is_looked_at_the_odder_it_must_be() -> None:
    # of 10 the smallest is held against 0.1 / 10, of 1,000 against 0.1 / 1,000
    assert named(np.array([0.005] + [0.5] * 9)).sum() == 1
    assert named(np.array([0.005] + [0.5] * 999)).sum() == 0
    assert not named(np.array([])).size


def test_usage_now_and_then_has_no_rhythm_to_be_odd_by() -> None:
    rng = np.random.default_rng(2)
    for share in (0.05, 0.3):
        costs = np.where(rng.random(300) < share, rng.lognormal(0, 1, 300), 0.0)
        assert not found(costs), "most days cost nothing"
