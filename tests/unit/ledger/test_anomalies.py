"""Anomalies: the odd day is named with what explains it, by dimension and by effect; a usual one is not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.days import FIRST, KNOWN, TOKENS_A_USD, row, stored, weeks

from truecost.ledger.over_time.anomalies import Anomaly, cost_anomalies
from truecost.ledger.over_time.daily import Asked

DAYS, ODD = 44, 38
ASKED = Asked(as_known=KNOWN)


def usage(times: float = 1.0, **odd: Any) -> list[dict[str, Any]]:
    """Six weeks of two features, each of two customers; on one day the agents of acme are odd."""
    rows = [
        one
        for feature, usd in (("chat", 10), ("agent", 5))
        for customer in ("acme", "brook")
        for one in weeks(DAYS, usd, feature=feature, customer=customer, requests=100)
    ]
    for one in rows:
        day = one["ts"][:10]
        if (one["feature"], one["customer"], day) == ("agent", "acme", str(FIRST + timedelta(ODD))):
            one.update(requests=round(100 * times), input_tokens=round(one["input_tokens"] * times))
            one.update(odd)
    return rows


def only(store: Path, asked: Asked = ASKED) -> Anomaly:
    found = cost_anomalies(store, asked).anomalies
    assert [one.at for one in found] == [FIRST + timedelta(ODD)]
    return found[0]


@pytest.fixture(scope="module")
def eightfold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On the odd day, eight times the requests."""
    return stored(tmp_path_factory.mktemp("eightfold"), usage(8))


def test_more_requests_of_one_feature_and_customer(eightfold: Path) -> None:
    one = only(eightfold)
    assert one.explained is not None
    first = one.explained.values[0]
    assert (first.dimension, first.value) == ("feature", "agent")
    assert first.excess_usd / float(one.excess_usd) == pytest.approx(1, abs=0.05)
    assert first.usual_share == pytest.approx(1 / 3, abs=0.01)
    assert (one.explained.within[0].dimension, one.explained.within[0].value) == ("customer", "acme")
    effect = one.explained.effects[0]
    assert effect.factor == "requests"
    assert effect.after / effect.before == pytest.approx(8, rel=0.1)
    assert effect.usd == pytest.approx(float(one.excess_usd), rel=0.1)
    # everything runs on one model, which explains nothing
    assert {part.dimension for part in one.explained.values} == {"feature", "customer"}


def test_longer_inputs_and_a_dearer_model_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    longer = only(stored(tmp_path, usage(1, input_tokens=40 * TOKENS_A_USD)))
    # gpt-4.1 costs 2 USD a million tokens, five times as much
    dearer = only(stored(tmp_path / "a", usage(2, model="gpt-4.1")))
    assert longer.explained is not None
    assert dearer.explained is not None
    assert longer.explained.effects[0].factor == "input_tokens_per_request"
    assert ("model", "gpt-4.1") in {(part.dimension, part.value) for part in dearer.explained.values}


def test_a_cache_that_no_longer_hits(tmp_path: Path) -> None:
    rows = usage(2)
    for one in rows:
        odd = one["ts"][:10] == str(FIRST + timedelta(ODD))
        one.update(cache_read_tokens=0 if odd else int(one["input_tokens"] * 0.95))
    one = only(stored(tmp_path, rows))
    assert one.explained is not None
    share = next(effect for effect in one.explained.effects if effect.factor == "cache_read_share")
    assert (share.before, share.after) == (pytest.approx(0.95, abs=0.001), 0)
    assert one.explained.effects[0] == share


def test_usage_without_an_odd_day_has_none(tmp_path: Path) -> None:
    found = cost_anomalies(stored(tmp_path, usage()), ASKED)
    assert (found.anomalies, found.judged_steps) == ((), DAYS - 28)


def test_each_group_is_judged_by_itself_and_windows_narrow(eightfold: Path) -> None:
    store = eightfold
    by = Asked(("customer", "feature"), as_known=KNOWN)
    one = only(store, by)
    assert dict(one.label) == {"customer": "acme", "feature": "agent"}
    assert not cost_anomalies(store, by, since=FIRST + timedelta(ODD + 1)).anomalies
    assert cost_anomalies(store, by, since=FIRST + timedelta(ODD)).anomalies
    assert not cost_anomalies(store, by, month="2026-07").judged_steps
    before = Asked(("customer", "feature"), on=FIRST + timedelta(ODD - 1), as_known=KNOWN)
    assert not cost_anomalies(store, before).anomalies


def test_a_tag_may_be_what_explains(tmp_path: Path) -> None:
    rows = [*weeks(DAYS, 10, tags={"team": "web"}), *weeks(DAYS, 3, tags={"team": "search"})]
    rows.append(row(ODD, 30, tags={"team": "search"}))
    mapping = {"tag:team": "tags.team"}
    from tests.unit.ledger.logs import take

    take(tmp_path, *rows, mapping=mapping)
    one = only(tmp_path / "usage")
    assert one.explained is not None
    assert (one.explained.values[0].dimension, one.explained.values[0].value) == ("tag:team", "search")


def test_an_hour_may_be_odd_where_the_day_is_not(tmp_path: Path) -> None:
    rows = []
    for hour in range(9 * 24):
        usd = (1 + (hour % 24 >= 8) * 9) * (1 + 0.05 * ((hour * 37) % 11 - 5) / 5)
        at = f"{FIRST + timedelta(hour // 24)}T{hour % 24:02d}:30:00Z"
        rows.append(row(0, usd * (8 if hour == 7 * 24 + 3 else 1), ts=at, feature="chat"))
    store = stored(tmp_path, rows)
    found = cost_anomalies(store, Asked(as_known=KNOWN, hours=True))
    assert [str(one.at) for one in found.anomalies] == ["2026-07-13 03:00:00"]
    with pytest.raises(ValueError, match="told by the day"):
        cost_anomalies(_by_day(tmp_path), Asked(as_known=KNOWN, hours=True))


def _by_day(tmp_path: Path) -> Path:
    folder = tmp_path / "by-day"
    folder.mkdir()
    return stored(folder, [{**one, "ts": one["ts"][:10]} for one in weeks(9)])


def test_what_is_told_is_plain(eightfold: Path) -> None:
    told = cost_anomalies(eightfold, ASKED).to_dict()
    one = told["anomalies"][0]
    assert one["at"] == str(date(2026, 7, 6) + timedelta(ODD))
    shares = sum(effect["share_of_excess"] for effect in one["effects"])
    within = one["within"][0]["share_of_excess"]
    assert shares == pytest.approx(within, abs=0.02), "the effects are those within what explains the most"
    assert isinstance(one["excess_usd"], str)
