"""The daily forecast: its range holds what it says on costs of many kinds; it knows nothing of the future."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.finance.daily_costs import MAKERS

from truecost.finance.daily_forecast import LEAST_CYCLES, TooShort, outlook
from truecost.finance.daily_season import NAIVE, Window, phase_shares
from truecost.ranges import FloatArray

DAYS, SEEDS, HORIZONS, FROM_DAY = 150, 8, (3, 7, 14, 21, 28), 45


def scores(name: str) -> FloatArray:
    """Coverage, mean error, naive mean error by horizon, over every start from day 45 on and many seeds."""
    found: list[list[tuple[float, float, float]]] = []
    for seed in range(SEEDS):
        record = outlook(MAKERS[name](np.random.default_rng([seed, 7]), DAYS), max(HORIZONS)).record
        row: list[tuple[float, float, float]] = []
        for at in (one - 1 for one in HORIZONS):
            here = (record.known >= FROM_DAY) & np.isfinite(record.actual[:, at])
            came = record.actual[here, at]
            inside = (came >= record.low[here, at]) & (came <= record.high[here, at])
            off = [np.abs(one[here, at] / came - 1).mean() for one in (record.centre, record.naive)]
            row.append((float(inside.mean()), float(off[0]), float(off[1])))
        found.append(row)
    return np.mean(found, axis=0)


def test_the_range_holds_nine_of_ten_and_last_week_again_is_beaten() -> None:
    table = {name: scores(name) for name in MAKERS}
    for name, by_horizon in table.items():
        coverage, off, naive = by_horizon.mean(axis=0)
        print(f"{name:14} coverage {coverage:.1%}, off {off:.1%}, last week again {naive:.1%}")
        assert 0.82 <= coverage <= 0.97, name
        assert off <= naive * 1.02, name
    overall = np.mean([one.mean(axis=0) for one in table.values()], axis=0)
    assert 0.88 <= overall[0] <= 0.96
    assert overall[1] <= 0.9 * overall[2], "pooled, it is a tenth better than last week again"


def test_a_past_forecast_knows_nothing_of_what_came() -> None:
    costs = MAKERS["trend"](np.random.default_rng(3), 120)
    whole = outlook(costs, 14).record
    for known in (21, 40, 90):
        then = outlook(costs[:known], 14)
        at = int(np.flatnonzero(whole.known == known)[0])
        longest = then.record.longest
        assert then.centre[:longest] == pytest.approx(whole.centre[at, :longest])
        assert then.quantile(0.95, 1) == pytest.approx(whole.high[at, 0], rel=0.01)
        other = costs.copy()
        other[known:] *= 10
        assert outlook(other, 14).record.centre[at] == pytest.approx(whole.centre[at])


def test_the_score_is_worked_by_hand() -> None:
    # 100 a day until day 27, 200 on day 28: from every start the next day is forecast as 100
    record = outlook([100.0] * 27 + [200.0], 1).record
    score = record.score(1, 13)
    assert score is not None
    assert score.starts == 14, "starts after 14 to 27 days"
    assert score.mape == pytest.approx(100 / 1500 / 14), "off by 100 of 13 x 100 + 200, once"
    assert score.naive_mape == pytest.approx(score.mape)
    alone = record.score(1)
    assert alone is not None
    assert alone.mape == pytest.approx(100 / 200 / 14)
    assert record.score(1, 28) is None, "no start has so many days before it"


def test_weekends_of_nothing_stay_nothing() -> None:
    found = outlook([10.0, 10, 10, 10, 10, 0, 0] * 8, 7)
    assert np.diff(found.centre, prepend=0) == pytest.approx([10, 10, 10, 10, 10, 0, 0], abs=1e-6)


def test_growth_is_seen() -> None:
    costs = 100 * np.exp(0.01 * np.arange(120))
    ahead = float(outlook(costs, 28).centre[-1])
    came = float((100 * np.exp(0.01 * np.arange(120, 148))).sum())
    last_week_again = float(costs[-7:].sum() * 4)
    assert last_week_again < 0.97 * ahead < came, "some of it goes on, not all"


def test_one_odd_day_does_not_set_the_level() -> None:
    costs = np.tile([100.0, 120, 120, 110, 100, 40, 40], 12)
    costs[-5] *= 8
    assert 630 < float(outlook(costs, 7).centre[-1]) < 1.4 * 630, "last week again says 2 x 630"


def test_the_range_widens_with_less_history_and_beyond_its_own_errors() -> None:
    costs = MAKERS["weekly"](np.random.default_rng(1), 140)

    def width(days: int, steps: int) -> float:
        found = outlook(costs[-days:], 28)
        return found.quantile(0.95, steps) / found.quantile(0.05, steps)

    assert width(25, 28) > 1.3 * width(140, 28)
    short = outlook(costs[-25:], 28)
    assert short.measured_steps < 28
    assert width(25, 28) > width(25, short.measured_steps)


def test_too_little_history_is_refused_with_its_length() -> None:
    least = LEAST_CYCLES * 7
    with pytest.raises(TooShort, match=f"{least - 1} days of cost; a forecast takes {least}"):
        outlook([0.0] * 40 + [5.0] * (least - 1), 3)
    assert outlook([0.0] * 40 + [5.0] * least, 3).quantile(0.5, 3) == pytest.approx(15)
    with pytest.raises(TooShort, match="0 days"):
        outlook([0.0] * 90, 3)


def test_chance_and_quantile_are_one_law() -> None:
    found = outlook(MAKERS["spiky"](np.random.default_rng(5), 100), 20)
    for share in (0.05, 0.5, 0.9, 0.95):
        assert found.chance_above(found.quantile(share, 20), 20) == pytest.approx(1 - share, abs=1e-6)
    assert found.chance_above(-1, 20) == 1
    limit = found.quantile(0.5, 12)
    assert found.first_above(limit, 0.5) in (12, 13)
    assert found.first_above(1e9, 0.5) is None


def test_equal_weeks_are_equal_shares_and_noise_is_not_taken_for_a_season() -> None:
    plain = Window.before(np.full(56, 3.0), 7, np.array([56]))
    assert phase_shares(plain)[0] == pytest.approx(np.full(7, 1 / 7))
    rng = np.random.default_rng(0)
    strayed = [
        np.abs(phase_shares(Window.before(rng.lognormal(0, 0.3, 56), 7, np.array([56])))[0] - 1 / 7).max()
        for _ in range(20)
    ]
    assert np.mean(strayed) < 0.03


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=70), st.integers(1, 40))
def test_whatever_the_days_cost_the_range_is_in_order(costs: list[float], steps: int) -> None:
    try:
        found = outlook(costs, steps)
    except TooShort:
        return
    low, middle, high = (found.quantile(share, steps) for share in (0.05, 0.5, 0.95))
    assert 0 <= low <= middle <= high < np.inf
    assert 0 <= found.chance_above(middle, steps) <= 1
    assert found.methods
    assert sum(weight for _, weight in found.methods) == pytest.approx(1)
    assert NAIVE in dict(found.methods)


def test_the_unit_of_money_is_of_no_account() -> None:
    costs = MAKERS["launch"](np.random.default_rng(2), 90)
    usd, cents = outlook(costs, 10), outlook(costs * 100, 10)
    assert cents.centre == pytest.approx(usd.centre * 100, rel=1e-6)
    assert cents.scale == pytest.approx(usd.scale, rel=1e-6)


def test_a_history_that_long_ago_ended_is_none() -> None:
    with pytest.raises(TooShort, match="0 days of cost"):
        outlook([10.0] * 60 + [0.0] * 400, 7)
    assert len(outlook([10.0] * 60 + [0.0] * 300, 7).centre) == 7
