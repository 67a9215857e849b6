"""Shared cost, cost a unit, savings of caches: each worked by hand; sums kept to the last digit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ledger.logs import EXAMPLES, NOW, take

from truecost.ledger import import_usage, usage_report
from truecost.ledger.allocation import Shared, allocated, split
from truecost.ledger.cache_use import cache_use
from truecost.ledger.unit_costs import Units, unit_costs

KNOWN = date(2026, 11, 22)


def call(**told: Any) -> dict[str, Any]:
    """A request of gpt-4.1-mini: 0.40 USD a million input tokens, 0.10 cached, 1.60 output."""
    return {
        "ts": "2026-10-20T12:00:00Z", "model": "gpt-4.1-mini", "provider": "openai",
        "input_tokens": 0, "output_tokens": 0, **told,
    }  # fmt: skip


def hosted(feature: str, tokens: int) -> dict[str, Any]:
    """A request of a model of one's own, which no list prices."""
    return call(model="house-7b", provider="house", feature=feature, output_tokens=tokens)


FLEET: dict[str, Any] = call(
    model="h100-sxm", provider="aws", kind="fleet", chip_hours="10", stated_usd="30", input_tokens=0
)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A fleet of 10 chip-hours for 30 USD, two features on it, one on an API."""
    take(tmp_path, FLEET, hosted("chat", 3_000_000), hosted("search", 1_000_000),
         call(feature="mail", output_tokens=1_000_000))  # fmt: skip
    return tmp_path / "usage"


def told(store: Path, shared: Shared) -> dict[str, tuple[Decimal, Decimal]]:
    """Direct and allocated USD by feature."""
    found = allocated(store, shared, ("feature",), as_known=KNOWN)
    return {one.group["feature"]: (one.direct_usd, one.allocated_usd) for one in found.shares}


def test_a_fleet_by_its_tokens(fleet: Path) -> None:
    shared = Shared("kind = fleet", "model = house-7b", "output_tokens")
    assert told(fleet, shared) == {
        "chat": (Decimal(0), Decimal("22.5")),
        "search": (Decimal(0), Decimal("7.5")),
    }


def test_what_is_not_used_of_a_stated_capacity_is_idle(fleet: Path) -> None:
    shared = Shared("kind = fleet", "model = house-7b", "output_tokens", Decimal(500_000))
    found = allocated(fleet, shared, as_known=KNOWN)
    assert (found.used_share, found.idle_usd, found.unallocated_usd) == (Decimal("0.8"), Decimal(6), 0)
    assert told(fleet, shared)["chat"] == (Decimal(0), Decimal(18))
    low = allocated(fleet, Shared("kind = fleet", "model = house-7b", "tokens", Decimal(1)), as_known=KNOWN)
    assert (low.used_share, low.idle_usd) == (Decimal(400_000), 0)


def test_to_all_others_by_what_they_cost(fleet: Path) -> None:
    assert told(fleet, Shared("kind = fleet", basis="usd")) == {
        "mail": (Decimal("1.6"), Decimal(30)),
        "chat": (Decimal(0), Decimal(0)),
        "search": (Decimal(0), Decimal(0)),
    }
    assert {one[1] for one in told(fleet, Shared("kind = fleet", basis="equal")).values()} == {Decimal(10)}


def test_a_cost_that_nobody_used_stays_visible(fleet: Path) -> None:
    found = allocated(fleet, Shared("kind = fleet", "feature = nobody"), as_known=KNOWN)
    assert (found.unallocated_usd, found.shares) == (Decimal(30), ())


@pytest.mark.parametrize(("shared", "message"), [
    (Shared("kind = fleet", basis="token"), "no basis 'token'; the nearest is tokens"),
    (Shared("kind = fleet", "kind = fleet"), "1 rows are both of the cost"),
    (Shared("kind = api", "kind = fleet", capacity=Decimal(1)), "the shared rows have none"),
    (Shared("kind = fleet", basis="usd", capacity=Decimal(1)), "not of usd"),
    (Shared("kin = fleet"), "no column 'kin'"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused(fleet: Path, shared: Shared, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        allocated(fleet, shared, as_known=KNOWN)


@given(
    whole=st.decimals(min_value=0, max_value=10**9, places=15),
    basis=st.lists(st.decimals(min_value=0, max_value=10**12, places=0), max_size=30),
)
def test_parts_sum_to_the_whole_and_keep_the_order(whole: Decimal, basis: list[Decimal]) -> None:
    parts = split(whole, basis)
    if not sum(basis):
        assert parts == []
        return
    assert sum(parts) == whole
    apart = Decimal(len(parts)) * Decimal("1e-15")
    exact = [whole * one / sum(basis) for one in basis]
    assert all(abs(one - other) <= apart for one, other in zip(parts, exact, strict=True))


def test_groups_and_the_shared_cost_are_the_reports_total(tmp_path: Path) -> None:
    import_usage(sorted(EXAMPLES.glob("openai*.jsonl")), tmp_path / "usage", now=NOW)
    total = usage_report(tmp_path / "usage", (), as_known=KNOWN).total_usd
    found = allocated(tmp_path / "usage", Shared("feature = search"), ("user", "day"), as_known=KNOWN)
    assert found.shared_usd > 0
    assert sum(one.total_usd for one in found.shares) == total


def test_the_cost_of_a_task_and_of_an_outcome(tmp_path: Path) -> None:
    rows = [
        call(task="a", output_tokens=1_000_000), call(task="a", output_tokens=500_000, quality="estimated"),
        call(task="b", output_tokens=1_000_000), call(task="c", output_tokens=250_000),
        call(output_tokens=125_000), {**hosted("x", 5), "task": "c"},
    ]  # fmt: skip
    take(tmp_path, *rows)
    found = unit_costs(tmp_path / "usage", Units(outcome="quality = estimated"), as_known=KNOWN).total
    # a: 2.40, b: 1.60, c: 0.40 and a request without a price; in no task: 0.20
    assert (found["units"], found["usd"], found["no_unit_usd"]) == (3, Decimal("4.4"), Decimal("0.2"))
    assert (found["median_usd"], found["p90_usd"], found["most_usd"]) == (
        Decimal("1.6"), Decimal("2.4"), Decimal("2.4"),
    )  # fmt: skip
    assert found["usd_per_unit"] == Decimal("1.466666666666667")
    assert (found["reached_units"], found["usd_per_outcome"]) == (1, Decimal("4.4"))
    assert found["unpriced_units"] == 1
    assert found["requests_per_unit"] == Decimal("1.666666666666667")


def test_units_of_any_column_by_group_and_none(tmp_path: Path) -> None:
    take(
        tmp_path, call(user="u", feature="f", output_tokens=10), call(user="u", feature="g", output_tokens=30)
    )
    found = unit_costs(tmp_path / "usage", Units("user"), ("feature",), as_known=KNOWN)
    assert [(one["feature"], one["units"]) for one in found.groups] == [("g", 1), ("f", 1)]
    assert (found.total["units"], found.total["usd_per_outcome"]) == (1, None)
    none = unit_costs(tmp_path / "usage", Units("task"), as_known=KNOWN).total
    assert (none["units"], none["usd_per_unit"], none["no_unit_entries"]) == (0, None, 2)
    part = unit_costs(tmp_path / "usage", Units("user", where="feature = f"), as_known=KNOWN).total
    assert part["usd"] == Decimal("0.000016")


def test_what_caches_saved_and_missed(tmp_path: Path) -> None:
    take(
        tmp_path,
        call(task="t", input_tokens=10_000, ts="2026-10-20T12:00:00Z"),
        # 4 min later: the 10,000 before might have been read; 2,000 were
        call(task="t", input_tokens=12_000, cache_read_tokens=2_000, ts="2026-10-20T12:04:00Z"),
        # 6 min later: gone
        call(task="t", input_tokens=15_000, ts="2026-10-20T12:10:01Z"),
        # another task, and none
        call(task="v", input_tokens=15_000, ts="2026-10-20T12:10:02Z"),
        call(input_tokens=15_000, ts="2026-10-20T12:10:03Z"),
    )  # fmt: skip
    found = cache_use(tmp_path / "usage", as_known=KNOWN).total
    assert found["saved_usd"] == 2_000 * Decimal("3e-7")
    assert (found["missed_tokens"], found["missed_usd"]) == (8_000, 8_000 * Decimal("3e-7"))
    assert (found["writing_usd"], found["tokens_without_task"]) == (0, 15_000)


def test_writing_to_a_cache_costs(tmp_path: Path) -> None:
    # claude-sonnet-4-5: input 3 USD a million, writes of 5 min 3.75, of 1 h 6
    take(tmp_path, call(model="claude-sonnet-4-5", provider="anthropic", input_tokens=3_000,
                        cache_write_5m_tokens=1_000, cache_write_1h_tokens=1_000))  # fmt: skip
    found = cache_use(tmp_path / "usage", (), as_known=KNOWN).total
    assert found["writing_usd"] == 1_000 * Decimal("0.75e-6") + 1_000 * Decimal("3e-6")
