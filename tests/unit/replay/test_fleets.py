"""Fleets compared: each in its best layout, the frontier, and what one step cheaper would break."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.unit.replay.counted import STEP_S, counted
from tests.unit.replay.specs import spec

from truecost.catalog.catalog import load
from truecost.replay import replay
from truecost.replay.fleets import compared, read_fleets
from truecost.replay.frontier import frontier
from truecost.replay.reading import read
from truecost.spec import SpecError

BUSY = {"requests": 300, "input_tokens": 512, "output_tokens": 128, "arrival": {"rate_per_s": 60.0}}
FLEETS = "1xh100,2xh100,3xh100,4xh100,8xh100,1xl40s,2xl40s,4xl40s,8xl40s"


def told_of(given: dict[str, Any], fleets: str, limits: dict[str, float]) -> dict[str, Any]:
    facts = load()
    return compared(read(given, facts), facts, read_fleets(fleets, facts), limits)


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return told_of(spec(traffic={"synthetic": BUSY}), FLEETS, {"e2e_p99_s": 2.0})


def test_a_fleet_is_as_many_chips_as_it_says_whatever_the_layout_of_the_spec() -> None:
    split = spec(fleet={"accelerator": "h100-sxm", "pipeline_parallel_size": 2})
    (row,) = told_of(split, "2xh100", {"e2e_p99_s": 9.0})["fleets"]
    assert row["usd_per_hour"] == pytest.approx(2 * row["usd_per_chip_hour"])
    ranks = {"accelerator": "h200", "data_parallel_size": 8}
    given = spec(model="deepseek-v3", fleet=ranks, engine={"step_times": "x.csv"})
    with pytest.raises(SpecError, match=r"x\.csv"):
        told_of(given, "1xh200", {"e2e_p99_s": 9.0})


def test_what_is_wrong_with_any_fleet_is_refused_and_a_fleet_that_is_too_small_is_not() -> None:
    with pytest.raises(SpecError, match=r"fleet\.routing.*has no sessions"):
        told_of(spec(fleet__routing="session"), "1xh100", {})
    (row,) = told_of(spec(model="llama-3.1-70b"), "4xh100", {})["fleets"]
    assert row["possible"]


def alone(row: dict[str, Any], width: int) -> Any:
    fleet = {
        "accelerator": row["accelerator"],
        "tensor_parallel_size": width,
        "replicas": row["chips"] // width,
    }
    return replay(spec(traffic={"synthetic": BUSY}, fleet=fleet))


def test_the_best_layout_is_the_one_with_most_room_of_all(told: dict[str, Any]) -> None:
    """What is left out because of bounds is no loss: every layout is tried here."""
    for row in told["fleets"]:
        widths = [width for width in (1, 2, 4, 8) if row["chips"] % width == 0]
        over = {width: alone(row, width).e2e_p99_s / 2.0 for width in widths}
        assert row["worst_over"] == over[row["tensor_parallel_size"]]
        assert row["worst_over"] <= min(over.values()) * 1.005, row["fleet"]


def test_rows_are_the_replays_they_name(told: dict[str, Any]) -> None:
    row = next(row for row in told["fleets"] if row["fleet"] == told["best"])
    found = alone(row, row["tensor_parallel_size"])
    for name in ("ttft_p99_s", "tpot_p99_s_p95", "e2e_p99_s", "utilization"):
        assert row[name] == getattr(found, name)
    assert row["usd_per_hour"] == pytest.approx(row["chips"] * row["usd_per_chip_hour"])
    assert row["usd_per_month"] == pytest.approx(row["usd_per_hour"] * 730.5)


def test_the_cheapest_that_keeps_it_and_the_cheapest_that_surely_does(told: dict[str, Any]) -> None:
    keeping = [row for row in told["fleets"] if row["possible"] and row["meets_slo"]]
    assert told["best"] == min(keeping, key=lambda row: row["cost_usd"])["fleet"]
    sure = [row for row in keeping if row["sure"]]
    assert told["best_sure"] == (min(sure, key=lambda row: row["cost_usd"])["fleet"] if sure else None)
    assert all(row["e2e_p99_s_p95"] <= 2.0 for row in sure)


def test_nothing_on_the_frontier_is_beaten_and_all_else_is(told: dict[str, Any]) -> None:
    on_it = told["frontier"]
    assert on_it
    for one in on_it:
        for row in told["fleets"]:
            cheaper = row["usd_per_hour"] < one["usd_per_hour"]
            assert not (cheaper and row["worst_over"] <= one["worst_over"])
    for row in told["fleets"]:
        if not row["on_frontier"] and row["worst_over"] <= 10:
            assert any(
                one["usd_per_hour"] <= row["usd_per_hour"] and one["worst_over"] <= row["worst_over"] * 1.011
                for one in on_it
            ), row["fleet"]


def test_one_step_cheaper_is_cheaper_and_breaks_something(told: dict[str, Any]) -> None:
    best = next(row for row in told["fleets"] if row["fleet"] == told["best"])
    for step in told["one_step_cheaper"]:
        assert step["saves_usd_per_hour"] == pytest.approx(best["usd_per_hour"] - step["usd_per_hour"])
        assert step["saves_usd_per_hour"] > 0
        assert step["breaks"][0]["over"] > 1
    nearest = [row for row in told["fleets"] if row["usd_per_hour"] < best["usd_per_hour"]]
    named = [step for step in told["one_step_cheaper"] if step["step"] == "next_fleet"]
    if named:
        assert named[0]["usd_per_hour"] == max(row["usd_per_hour"] for row in nearest)


def test_without_an_slo_the_frontier_is_of_both_latencies_and_nothing_breaks() -> None:
    told = told_of(spec(traffic={"synthetic": BUSY}), "1xh100,2xh100,4xh100", {})
    assert told["one_step_cheaper"] == []
    assert told["best"] is not None
    for earlier, later in pairwise(told["frontier"]):
        assert later["ttft_p99_s"] < earlier["ttft_p99_s"] or later["tpot_p99_s"] < earlier["tpot_p99_s"]


def test_by_hand_two_replicas_are_needed(tmp_path: Path) -> None:
    """100 ms a request, one every 50 ms: one replica falls behind, two answer each at once."""
    told = told_of(counted(tmp_path, 0.05), "1xh100,2xh100,3xh100", {"ttft_p99_s": STEP_S * 1.001})
    by_name = {row["fleet"]: row for row in told["fleets"]}
    assert told["best"] == "2xh100-sxm"
    assert by_name["2xh100-sxm"]["ttft_p99_s"] == pytest.approx(STEP_S)
    # of 200 requests the last but two waits for 197 others: 198 x 100 ms - 197 x 50 ms
    assert by_name["1xh100-sxm"]["ttft_p99_s"] == pytest.approx(197.01 * 0.05 + 0.1, rel=1e-3)
    (step,) = told["one_step_cheaper"]
    assert step["fleet"] == "1xh100-sxm"
    assert step["breaks"][0]["over"] == pytest.approx(step["worst_over"])


def test_where_clients_wait_the_cheapest_run_is_the_best_layout() -> None:
    flood = {"requests": 60, "input_tokens": 256, "output_tokens": 64, "arrival": {"all_at_once": True}}
    told = told_of(spec(traffic={"synthetic": flood}), "4xh100", {"ttft_p99_s": 100.0})
    costs = [
        replay(
            spec(
                traffic={"synthetic": flood},
                fleet={"accelerator": "h100-sxm", "tensor_parallel_size": width, "replicas": 4 // width},
            )
        ).cost_usd
        for width in (1, 2, 4)
    ]
    assert told["fleets"][0]["cost_usd"] == min(costs)


def test_progress_is_told_fleet_by_fleet(tmp_path: Path) -> None:
    facts, seen = load(), list[int]()
    document = read(counted(tmp_path, 0.05), facts)
    compared(document, facts, read_fleets("1xh100,2xh100", facts), {}, at=seen.append)
    assert seen == [1, 2]


def test_fleets_with_no_price_are_on_no_frontier() -> None:
    rows = [
        {"possible": True, "usd_per_hour": None, "worst_over": 0.1},
        {"possible": False, "reason": "too small"},
    ]
    assert frontier(rows, {"ttft_p99_s": 1.0}) == []


def test_a_fleet_that_scales_itself_is_refused() -> None:
    given = spec(slo={"ttft_p99_s": 1.0}, fleet__autoscale={"max_replicas": 4, "scale_up_at": 10})
    with pytest.raises(
        SpecError, match=r"fleet\.autoscale.*--fleets compares fixed fleets: leave the autoscaler out"
    ):
        told_of(given, "2xh100", {})
