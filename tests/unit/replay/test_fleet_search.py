"""The least fleet that keeps an SLO: by hand, against trying every number, and what is refused."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.replay.counted import STEP_S, counted, least_replicas
from tests.unit.replay.specs import spec

from truecost.catalog.catalog import load
from truecost.catalog.hardware_prices import Term
from truecost.replay import replay
from truecost.replay.assumptions import Assumed
from truecost.replay.fleet_search import Space, least, read_space, searched
from truecost.replay.fleet_trials import MOST_REPLICAS, Choice, Trials
from truecost.replay.points import points
from truecost.replay.reading import read
from truecost.replay.traffic import load_of
from truecost.spec import SpecError

TOGETHER = {"ttft_p99_s": STEP_S * 1.001}
TODAY = date(2026, 11, 22)
TERMS: tuple[Term, ...] = ("on_demand", "reserved_3y")
BUSY = {"requests": 300, "input_tokens": 512, "output_tokens": 128, "arrival": {"rate_per_s": 60.0}}


def found(given: dict[str, Any], space: Space, limits: dict[str, float]) -> dict[str, Any]:
    facts = load()
    return searched(read(given, facts), facts, space, limits)


@given(st.integers(1, 200), st.integers(0, 210), st.integers(0, 20))
def test_the_least_is_the_threshold_and_the_number_before_it_was_tried(
    most: int, threshold: int, above: int
) -> None:
    tried: list[int] = []

    def keeps(count: int) -> bool:
        tried.append(count)
        return count >= threshold

    answer = least(keeps, most, above)
    if answer is None:
        assert threshold > most or most <= above
    else:
        assert answer == max(threshold, above + 1)
        assert answer == above + 1 or answer - 1 in tried
    assert len(tried) <= 12
    assert all(above < count <= most for count in tried)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gap_s=st.sampled_from([0.013, 0.02, 0.03, 0.05, 0.07, 0.1, 0.4]))
def test_as_many_replicas_as_requests_come_in_the_time_of_one(tmp_path: Path, gap_s: float) -> None:
    told = found(counted(tmp_path, gap_s), Space(["h100-sxm"]), TOGETHER)
    count = least_replicas(gap_s)
    assert told["best"] == told["best_sure"] == f"{count}xh100-sxm"
    row = told["fleets"][0]
    assert row["usd_per_hour"] == pytest.approx(2.0 * count)
    assert row["ttft_p99_s"] == pytest.approx(STEP_S)
    if count > 1:
        (step,) = told["one_step_cheaper"]
        assert (step["step"], step["replicas"]) == ("one_replica_fewer", count - 1)
        assert step["saves_usd_per_hour"] == pytest.approx(2.0)
        assert [one["limit"] for one in step["breaks"]] == ["ttft_p99_s"]
        assert step["breaks"][0]["value_s"] > TOGETHER["ttft_p99_s"]
    else:
        assert told["one_step_cheaper"] == []


def test_what_nothing_keeps_has_a_closest_and_by_how_much(tmp_path: Path) -> None:
    told = found(counted(tmp_path, 0.05), Space(["h100-sxm"], max_chips=8), {"ttft_p99_s": STEP_S / 2})
    assert told["best"] is None
    assert told["closest"] == "8xh100-sxm"
    assert told["fleets"][0]["worst_over"] == pytest.approx(2.0)
    assert told["one_step_cheaper"] == []


def test_measured_steps_say_nothing_of_other_chips(tmp_path: Path) -> None:
    told = found(counted(tmp_path, 0.05), Space(["h100-sxm", "b200"]), TOGETHER)
    other = next(row for row in told["fleets"] if row["accelerator"] == "b200")
    assert not other["possible"]
    assert "1 x h100-sxm" in other["reason"]


def test_the_fleet_found_is_the_replay_it_names_and_one_fewer_is_not_enough() -> None:
    told = found(spec(traffic={"synthetic": BUSY}), Space(["l40s", "h100-sxm"], 16), {"e2e_p99_s": 3.0})
    rows = [row for row in told["fleets"] if row["possible"] and row["meets_slo"]]
    assert rows
    for row in rows:
        stated = {"usd_per_chip_hour": 2.0 if row["accelerator"] == "h100-sxm" else None}
        fleet = {
            "accelerator": row["accelerator"],
            "tensor_parallel_size": row["tensor_parallel_size"],
            "replicas": row["replicas"],
        }
        alone = replay(spec(traffic={"synthetic": BUSY}, fleet=fleet, price=stated))
        for name in ("ttft_p99_s", "tpot_p99_s", "cost_usd", "cost_usd_p95", "utilization"):
            assert row[name] == getattr(alone, name), name
        assert alone.e2e_p99_s <= 3.0
    best = rows[0]
    for chip in ("l40s", "h100-sxm"):
        for width in (1, 2, 4, 8):
            price = next(row["usd_per_chip_hour"] for row in told["fleets"] if row["accelerator"] == chip)
            most = min(16 // width, int((best["usd_per_hour"] - 1e-6) / (price * width)))
            if most:
                fleet = {"accelerator": chip, "tensor_parallel_size": width, "replicas": most}
                assert replay(spec(traffic={"synthetic": BUSY}, fleet=fleet)).e2e_p99_s > 3.0


def test_the_cheapest_term_counts_and_precisions_that_a_chip_has() -> None:
    space = Space(["h100-sxm", "b200"], 8, ("fp8", "fp4"), TERMS)
    told = found(spec(traffic={"synthetic": BUSY}), space, {"e2e_p99_s": 5.0})
    rows = {row["accelerator"]: row for row in told["fleets"]}
    for chip, row in rows.items():
        middles = {term: points(load().rental(chip, TODAY, term).value).middle for term in TERMS}
        assert row["usd_per_chip_hour"] == pytest.approx(min(middles.values()))
        assert row["term"] == min(middles, key=lambda term: middles[term])
    assert rows["h100-sxm"]["weights"] == "fp8"
    assert {row["weights"] for row in told["frontier"] if row["accelerator"] == "h100-sxm"} <= {"fp8"}


def test_the_surest_keeps_the_slo_at_the_slow_end_too() -> None:
    limits = {"tpot_p99_s": 0.03}
    told = found(spec(traffic={"synthetic": BUSY}), Space(["h100-sxm"], 8), limits)
    surest = told["surest"]
    assert surest is not None
    assert surest["tpot_p99_s_p95"] <= 0.03
    best = told["fleets"][0]
    assert surest["usd_per_hour"] >= best["usd_per_hour"]
    assert (surest["fleet"] == best["fleet"]) >= bool(best["sure"])


def test_more_money_buys_shorter_latencies_on_the_frontier() -> None:
    told = found(spec(traffic={"synthetic": BUSY}), Space(["h100-sxm", "l40s"], 16), {"e2e_p99_s": 2.0})
    rows = told["frontier"]
    assert len(rows) > 1
    assert [row["usd_per_hour"] for row in rows] == sorted(row["usd_per_hour"] for row in rows)
    over = [row["worst_over"] for row in rows]
    assert all(later < earlier for earlier, later in pairwise(over))
    assert any(row["on_frontier"] for row in told["fleets"])


SPOT = {"term": "spot", "interruptions_per_hour": 200.0, "replacement_s": 2.0}


@pytest.mark.parametrize("elastic", [{}, {"price": SPOT}])
def test_a_trial_is_the_replay_of_its_choice(elastic: dict[str, Any]) -> None:
    """Setups are shared between numbers of replicas: nothing in them may depend on it."""
    facts, given = load(), spec(traffic={"synthetic": BUSY}, **elastic)
    document = read(given, facts)
    trials = Trials(document, facts, load_of(document.value, Assumed()), {})
    for replicas in (3, 1, 2):
        row = trials.row(Choice("h100-sxm", 2, replicas))
        alone = replay(given, sets=[f"fleet.replicas={replicas}", "fleet.tensor_parallel_size=2"])
        for name in ("ttft_p99_s", "tpot_p99_s", "cost_usd", "served"):
            assert row[name] == getattr(alone, name)


def test_the_most_replicas_are_those_of_the_schema() -> None:
    read(spec(fleet__replicas=MOST_REPLICAS), load())
    with pytest.raises(SpecError):
        read(spec(fleet__replicas=MOST_REPLICAS + 1), load())


@pytest.mark.parametrize(
    ("chips", "most", "precisions", "terms", "said"),
    [
        ("h1000", None, None, None, "h100"),
        ("h100,h100-sxm", None, None, None, "twice"),
        ("h100", 0, None, None, "from 1 to"),
        ("h100", None, "fp9", None, "did you mean 'fp8'"),
        ("h100", None, None, "reserved_2y", "reserved"),
        ("h100", None, None, "spot,spot", "twice"),
    ],
)
def test_a_search_that_is_not_understood(
    chips: str, most: int | None, precisions: str | None, terms: str | None, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        read_space(chips, most, precisions, terms, load())


def test_all_are_the_chips_of_the_catalog() -> None:
    assert list(read_space("all", None, None, None, load()).chips) == list(load().accelerators())


def test_a_search_without_an_slo_and_terms_of_own_chips_are_refused() -> None:
    with pytest.raises(ValueError, match="--slo"):
        found(spec(), Space(["h100-sxm"]), {})
    with pytest.raises(ValueError, match="own"):
        found(spec(price={"basis": "own"}), Space(["h100-sxm"], terms=("spot",)), {"ttft_p99_s": 1.0})


def test_a_fleet_that_scales_itself_is_refused() -> None:
    given = spec(slo={"ttft_p99_s": 1.0}, fleet__autoscale={"max_replicas": 4, "scale_up_at": 10})
    with pytest.raises(
        SpecError, match=r"fleet\.autoscale.*--search compares fixed fleets: leave the autoscaler out"
    ):
        found(given, Space(("h100-sxm",), 8), {"ttft_p99_s": 1.0})
