"""The month's end: exact what is spent, a range for the rest, its past error; what is not known is said."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.ledger.days import FIRST, KNOWN, row, stored, weeks

from truecost.ledger.over_time.daily import NoUsage, is_over
from truecost.ledger.over_time.forecast import cost_forecast


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven weeks of two features, 2026-07-06 to 2026-09-20."""
    parts = (weeks(77, 10, feature="chat"), weeks(77, 4, feature="agent"))
    return stored(tmp_path_factory.mktemp("forecast"), *parts)


def test_spent_is_exact_and_the_end_is_spent_and_the_days_to_come(store: Path) -> None:
    found = cost_forecast(store, ["feature"], as_known=KNOWN)
    assert (found.month, found.on, found.days_spent, found.days_left) == (
        "2026-09",
        date(2026, 9, 20),
        20,
        10,
    )
    spent = sum(
        Decimal(one["input_tokens"]) * Decimal("4e-7")
        for one in weeks(77, 10) + weeks(77, 4) if one["ts"] >= "2026-09-01"
    )  # fmt: skip
    assert found.total.spent_usd == spent
    assert sum(one.end.spent_usd for one in found.groups) == spent
    assert found.total.usd is not None
    low, middle, high = (found.total.usd[point] for point in ("p5", "p50", "p95"))
    # the days to come: Mon .. Wed of the week after next, 14 USD x (6.2 + 3.2)
    assert float(middle - spent) == pytest.approx(14 * 9.4, rel=0.03)
    assert spent < low < middle < high < spent * 2
    assert [one.label["feature"] for one in found.groups] == ["chat", "agent"]


def test_the_past_error_is_told_beside_that_of_last_week_again(store: Path) -> None:
    score = cost_forecast(store, as_known=KNOWN).total.score
    assert score is not None
    assert 20 <= score.starts <= 77
    assert 0 < score.mape < 0.03
    assert score.naive_mape < 0.05
    assert score.coverage is not None


def test_a_day_on_which_it_is_asked_hides_what_came_after(store: Path, tmp_path: Path) -> None:
    on = FIRST + timedelta(59)
    then = cost_forecast(store, on=on, as_known=KNOWN).to_dict()
    cut = stored(tmp_path, weeks(60, 10, feature="chat"), weeks(60, 4, feature="agent"))
    only = cost_forecast(cut, on=on, as_known=KNOWN).to_dict()
    assert {**then, "store": ""} == {**only, "store": ""}


def test_a_month_that_is_over_is_its_sum_and_a_later_one_is_refused(store: Path) -> None:
    over = cost_forecast(store, month="2026-08", as_known=KNOWN)
    assert over.days_left == 0
    assert over.total.usd == dict.fromkeys(("p5", "p50", "p95"), over.total.spent_usd)
    assert cost_forecast(store, on=date(2026, 8, 31), as_known=KNOWN).month == "2026-09"
    with pytest.raises(ValueError, match="usage ends on 2026-09-20, and what is forecast is the month"):
        cost_forecast(store, month="2026-10", as_known=KNOWN)
    with pytest.raises(ValueError, match="usage begins on 2026-07-06"):
        cost_forecast(store, month="2026-06", as_known=KNOWN)


def test_too_little_history_declines_with_the_reason(store: Path) -> None:
    found = cost_forecast(store, on=FIRST + timedelta(19), as_known=KNOWN)
    assert found.total.usd is None
    assert found.total.declined == "20 days of cost; a forecast takes 21"
    assert found.total.spent_usd > 0


def test_what_has_no_price_is_counted_and_in_no_amount(tmp_path: Path) -> None:
    rows = [*weeks(24), *weeks(24, 1, model="house-model")]
    found = cost_forecast(stored(tmp_path, rows), ["model"], as_known=KNOWN)
    assert (found.requests, found.unpriced_requests) == (48, 24)
    priced, unpriced = found.groups
    assert found.total.usd == priced.end.usd
    assert (unpriced.label["model"], unpriced.end.usd) == ("house-model", None)
    assert unpriced.end.declined == "0 days of cost; a forecast takes 21"


def test_days_without_usage_cost_nothing_and_are_counted(tmp_path: Path) -> None:
    rows = [one for at, one in enumerate(weeks(28)) if at % 7 < 5]
    found = cost_forecast(stored(tmp_path, rows), as_known=KNOWN)
    assert (found.on, found.empty_days) == (FIRST + timedelta(25), 6)
    assert found.total.usd is not None


def test_a_day_that_is_not_over_is_left_out(tmp_path: Path) -> None:
    rows = [*weeks(24), row(24, 3, ts=f"{FIRST + timedelta(24)}T09:00:00Z")]
    store = stored(tmp_path, rows)
    found = cost_forecast(store, as_known=KNOWN)
    assert (found.on, found.unfinished_day) == (FIRST + timedelta(23), FIRST + timedelta(24))
    assert cost_forecast(store, on=FIRST + timedelta(24), as_known=KNOWN).unfinished_day is None


def test_when_a_day_is_over() -> None:
    def closing(*hours: int) -> dict[date, datetime]:
        first = datetime.combine(FIRST, datetime.min.time())
        ends = [first + timedelta(days=at, hours=hour) for at, hour in enumerate(hours)]
        return {end.date(): end for end in ends}

    later = FIRST + timedelta(99)
    week = (23, 22, 23, 23, 21, 23, 23)
    assert is_over(closing(*week, 20), FIRST + timedelta(7), later)
    assert not is_over(closing(*week, 19), FIRST + timedelta(7), later)
    assert not is_over(closing(*week, 23), FIRST + timedelta(7), FIRST + timedelta(7)), "today"
    assert is_over(closing(23, 3), FIRST + timedelta(1), later), "too few days to tell"


def test_no_usage_is_said(store: Path) -> None:
    with pytest.raises(NoUsage, match="there is no usage up to 2026-07-01"):
        cost_forecast(store, on=date(2026, 7, 1))
    with pytest.raises(ValueError, match="costs are by day already"):
        cost_forecast(store, ["month"])
    with pytest.raises(ValueError, match="the nearest is feature"):
        cost_forecast(store, ["featur"])
