"""Rent terms, spot with interruptions, autoscaling and the hours of a replay, from the spec to the page."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.unit.replay.specs import SMALL, spec

from truecost.catalog.catalog import load
from truecost.ranges import Range
from truecost.replay import ReplayResult, replay
from truecost.replay.elastic import check_fixed
from truecost.replay.hours import width_of
from truecost.replay.points import points
from truecost.replay.reading import read
from truecost.replay.sweep import sweep
from truecost.replay.traces import read_trace
from truecost.report.replay_hours_text import sparkline
from truecost.report.replay_text import page
from truecost.spec import SpecError

DAY = date(2026, 11, 22)
SCALE = {"min_replicas": 1, "max_replicas": 3, "scale_up_at": 8, "start_s": 20, "downscale_delay_s": 30}
STEPS = "prefill_tokens,decode_sequences,context_tokens,seconds"


@pytest.fixture
def steps(tmp_path: Path) -> str:
    """Measured steps: 50 ms with a prompt, 30 ms more with answers, whatever their number."""
    rows = [
        f"{p},{d},{c},{0.05 * (p > 0) + 0.03 * (d > 0)}"
        for p in (0, 8, 900)
        for d in (0, 1, 60)
        for c in (0, 500)
        if (p or d) and (d or not c)
    ]
    path = tmp_path / "steps.csv"
    path.write_text("\n".join([STEPS, *rows]), encoding="utf-8")
    return str(path)


def rush(requests: int = 600, rate: float = 10.0) -> dict[str, Any]:
    return {"synthetic": {"requests": requests, "input_tokens": 300, "output_tokens": 60,
                          "arrival": {"rate_per_s": rate}}}  # fmt: skip


def ran(steps: str, **changes: Any) -> ReplayResult:
    return replay(spec(engine={"step_times": steps}, **changes))


# Rent


@pytest.mark.parametrize("term", ["on_demand", "reserved_1y", "reserved_3y", "spot"])
def test_a_term_is_rented_at_its_dated_record(term: str, steps: str) -> None:
    price: dict[str, Any] = {"term": term}
    if term == "spot":
        price["interruptions_per_hour"] = 0
    found = ran(steps, price=price)
    rent = points(load().rental("h100-sxm", DAY, term).value)  # type: ignore[arg-type]
    assert found.rates["usd_per_chip_hour"] == pytest.approx(rent.middle)
    assert found.rates["term"] == term
    assert found.cost_usd == pytest.approx(rent.middle * found.chip_hours)


def test_on_demand_is_the_cloud_and_spot_is_cheaper(steps: str) -> None:
    each = {
        name: ran(steps, price=price).rates["usd_per_chip_hour"]
        for name, price in (
            ("cloud", {"basis": "cloud"}), ("on demand", {"term": "on_demand"}), ("spot", {"term": "spot"}),
        )
    }  # fmt: skip
    assert each["cloud"] == each["on demand"] > each["spot"]


def test_a_fleet_that_scales_is_rented_on_demand_unless_said(steps: str) -> None:
    assert ran(steps, fleet__autoscale=SCALE, price={}).rates["term"] == "on_demand"
    own = ran(steps, fleet__autoscale=SCALE, price={"basis": "own"})
    assert any("someone else's" in warning for warning in own.warnings)


# Spot


def test_without_interruptions_spot_costs_its_rate_times_the_chip_hours(steps: str) -> None:
    price = {"term": "spot", "interruptions_per_hour": 0, "usd_per_chip_hour": 1.25}
    found, fixed = ran(steps, price=price), ran(steps)
    assert found.cost_usd == pytest.approx(1.25 * found.chip_hours)
    assert found.interruptions == found.interrupted == 0
    for name in ("ttft_p99_s", "tpot_p99_s", "makespan_s", "chip_hours", "utilization"):
        assert getattr(found, name) == getattr(fixed, name)


@given(rate=st.floats(1, 300), replicas=st.integers(1, 4), wait=st.integers(0, 11))
@settings(max_examples=25)
def test_whatever_is_taken_away_every_request_is_answered_whole(
    rate: float, replicas: int, wait: int
) -> None:
    price = {
        "term": "spot", "interruptions_per_hour": rate, "usd_per_chip_hour": 1.0, "replacement_s": wait,
    }  # fmt: skip
    found = replay(spec(traffic=rush(), fleet__replicas=replicas, price=price))
    rows = found.requests()
    assert found.served == 600
    assert rows["output_tokens"].sum() == 600 * 60
    assert (rows["queue_s"] >= 0).all()
    assert rows["interrupted"].sum() == found.interrupted
    assert found.chip_hours == pytest.approx(replicas * found.makespan_s / 3600), "replacements are paid"
    assert found.cost_usd == pytest.approx(found.chip_hours)
    assert found.interruptions > 0 or found.interrupted == 0


def test_interruptions_are_seen_in_the_tail(steps: str) -> None:
    price = {"term": "spot", "usd_per_chip_hour": 1.0, "interruptions_per_hour": 200, "replacement_s": 12}
    often, never = (
        ran(steps, traffic=rush(), fleet__replicas=2, price=price | {"interruptions_per_hour": rate})
        for rate in (200, 0)
    )
    assert often.interruptions > 2
    assert often.interrupted > 0
    assert often.e2e_p99_s > never.e2e_p99_s + 1
    text = page(often.to_dict()).plain()
    assert f"{often.interruptions} interruptions of a replica" in text


def test_the_same_interruptions_at_every_end_of_the_step_times() -> None:
    price = {"term": "spot", "interruptions_per_hour": 60, "usd_per_chip_hour": 1.0, "replacement_s": 5}
    one, again = (replay(spec(traffic=rush(), fleet__replicas=2, price=price)) for _ in range(2))
    assert one.ttft_p99_s == again.ttft_p99_s
    assert one.ttft_p99_s_p5 <= one.ttft_p99_s <= one.ttft_p99_s_p95


def test_the_records_rate_is_of_each_server_of_a_replica() -> None:
    value = load().rate("serving/spot_interruptions_per_hour", DAY).value
    assert isinstance(value, Range)
    wide = {"accelerator": "h100-sxm", "tensor_parallel_size": 16}
    for fleet, servers in (({"accelerator": "h100-sxm"}, 1), (wide, 2)):
        made = spec(model="llama-3.1-70b", precision={"weights": "fp8"}, fleet=fleet, price={"term": "spot"})
        found = replay(made)
        assert found.setup.elastic.interruptions_per_hour == pytest.approx(servers * value.median)
        assert found.setup.elastic.replace_s > 60


# Autoscaling


def test_a_start_takes_the_time_of_the_weights_and_the_rest(steps: str) -> None:
    found = ran(steps, fleet__autoscale={"max_replicas": 2, "scale_up_at": 50})
    rows = {row["field"]: row for row in found.assumptions}
    rate, rest = (
        points(load().rate(f"serving/{key}", DAY).value).middle
        for key in ("weight_load_bytes_per_s", "engine_start_s")
    )
    assert_allclose(rows["fleet.autoscale.start_s"]["value"], 16.06e9 / rate + rest, rtol=0.01)
    assert rows["fleet.autoscale.scale_down_at"]["value"] == 25
    assert all(rows[f"fleet.autoscale.start_s ({part})"]["source"] for part in ("weights", "rest"))


def test_as_many_at_least_as_at_most_is_the_fixed_fleet(steps: str) -> None:
    scaled = ran(steps, traffic=rush(), fleet__autoscale=SCALE | {"min_replicas": 3})
    fixed = ran(steps, traffic=rush(), fleet__replicas=3)
    left, right = scaled.to_dict(), fixed.to_dict()
    for name in ("fleet", "name", "assumptions"):
        del left[name], right[name]
    assert left == right


def test_a_fleet_that_scales_pays_for_less_and_makes_some_wait(steps: str) -> None:
    found = ran(steps, traffic=rush(), fleet__autoscale=SCALE)
    most, least = (ran(steps, traffic=rush(), fleet__replicas=count) for count in (3, 1))
    assert found.replica_hours < most.replica_hours
    assert found.replica_hours > found.makespan_s / 3600
    assert found.chip_hours == pytest.approx(found.replica_hours)
    assert found.cost_usd == pytest.approx(2.0 * found.chip_hours)
    assert most.e2e_p99_s <= found.e2e_p99_s <= least.e2e_p99_s
    assert found.served == 600
    assert sum(part["seconds"] for part in found.time_parts) == pytest.approx(3600 * found.replica_hours)
    assert_allclose(sum(part["share"] for part in found.time_parts), 1.0)


def test_spot_and_autoscaling_go_together(steps: str) -> None:
    price = {"term": "spot", "interruptions_per_hour": 120, "usd_per_chip_hour": 1.0, "replacement_s": 6}
    found = ran(steps, traffic=rush(), fleet__autoscale=SCALE, price=price)
    assert found.served == 600
    assert found.makespan_s / 3600 <= found.replica_hours <= 3 * found.makespan_s / 3600
    assert max(row["replicas"] for row in found.hours) <= 3
    assert found.requests()["output_tokens"].sum() == 600 * 60


def test_a_sweep_over_the_most_replicas(tmp_path: Path, steps: str) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(
        "fleet.autoscale.max_replicas,price.term\n1,\n3,\n2,reserved_2y\n1,spot\n", encoding="utf-8"
    )
    base = spec(engine={"step_times": steps}, traffic=rush(), fleet__autoscale=SCALE, price={})
    columns = sweep(cases, base).columns
    assert columns["replica_hours"][1] > columns["replica_hours"][0]
    assert columns["chip_hours"][0] == pytest.approx(columns["makespan_s"][0] / 3600)
    assert columns["interrupted"][:2] == [0, 0]
    assert "reserved_3y" in columns["error"][2]
    assert columns["cost_usd"][3] < columns["cost_usd"][0]


# Hours


def test_the_hours_add_up(steps: str) -> None:
    """Ten hours: a busy half, a quiet half; hours of the clock from the first arrival."""
    found = ran(
        steps,
        traffic=rush(9000, 0.25) | {"starts_at": "2026-11-22 15:30"},
        fleet__autoscale=SCALE | {"scale_up_at": 2},
    )
    rows, told = found.hours, found.to_dict()
    assert len(rows) == int(np.ceil(told["makespan_s"] / 3600))
    assert sum(row["cost_usd"] for row in rows) == pytest.approx(told["cost_usd"])
    assert sum(row["requests"] for row in rows) == 9000
    assert sum(row["output_tokens"] for row in rows) == 9000 * 60
    assert sum(row["seconds"] for row in rows) == pytest.approx(told["makespan_s"])
    up_s = sum(row["replicas"] * row["seconds"] for row in rows)
    assert up_s == pytest.approx(3600 * told["replica_hours"])
    busy_s = sum(row["replicas"] * row["seconds"] * row["utilization"] for row in rows)
    assert busy_s / up_s == pytest.approx(told["utilization"], rel=1e-6)
    assert rows[0]["starts_at"] == "2026-11-22 15:30:00"
    assert [row["part"] for row in rows] == ["day"] * 4 + ["night"] * (len(rows) - 4)
    day, night = told["day_and_night"]
    assert day["hours"] == 4
    assert day["requests"] + night["requests"] == 9000
    assert day["cost_usd"] + night["cost_usd"] == pytest.approx(told["cost_usd"])
    text = page(told).plain()
    assert "Load by hour: 2026-11-22 15:30:00" in text
    assert "By night: " in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_energy_of_own_chips_follows_the_load(steps: str) -> None:
    """A rush and then silence, on one replica: the hours cost the same rent, and less energy."""
    found = ran(steps, traffic=rush(5000, 0.5), price={"basis": "own"})
    rows = found.hours
    assert sum(row["cost_usd"] for row in rows) == pytest.approx(found.cost_usd)
    whole = [row for row in rows if row["seconds"] == 3600]
    by_load = sorted(whole, key=lambda row: row["utilization"])
    assert by_load[0]["cost_usd"] < by_load[-1]["cost_usd"]


def test_hours_without_a_price_have_no_cost(steps: str) -> None:
    found = ran(steps, fleet__accelerator="p100-sxm", price={}, model="gpt-2", precision={})
    assert all(row["cost_usd"] is None for row in found.hours)


def test_short_runs_are_told_in_minutes() -> None:
    assert [width_of(span, 1.8) for span in (1.0, 1440, 1441, 7200, 7201)] == [60, 60, 300, 300, 3600]
    assert width_of(5e6, 14_400.0) == 14_400.0


def test_without_a_date_there_is_no_day_and_no_block_for_a_short_fixed_run() -> None:
    told = replay(SMALL).to_dict()
    assert told["day_and_night"] == []
    assert {row["part"] for row in told["hours"]} == {None}
    assert "Load by" not in page(told).plain()


def test_a_trace_with_dates_begins_by_the_clock(tmp_path: Path, steps: str) -> None:
    path = tmp_path / "azure.csv"
    lines = [f"2023-11-16 {19 + n // 60:02d}:{n % 60:02d}:05.1234567,100,20" for n in range(0, 180, 10)]
    path.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *lines]), encoding="utf-8")
    assert read_trace(str(path)).starts_at == datetime(2023, 11, 16, 19, 0, 5, 123457)
    found = ran(steps, traffic={"trace": str(path)})
    assert [row["part"] for row in found.hours] == ["day", "night", "night"]
    assert found.traffic["starts_at"].startswith("2023-11-16 19:00:05")
    stated = ran(steps, traffic={"trace": str(path), "starts_at": "2026-01-01 00:00"})
    assert {row["part"] for row in stated.hours} == {"night"}


def test_a_line_of_bars() -> None:
    assert sparkline([0, 1, 2, 4], 10) == "▁▃▅█"
    assert len(sparkline(list(range(168)), 48)) == 42
    assert sparkline([0.0], 9) == "▁"


def test_numbers_explain_themselves(steps: str) -> None:
    found = ran(steps, fleet__autoscale=SCALE)
    assert [child.key for child in found.explain("chip_hours").children] == ["replica_hours"]


# What is refused


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fleet__autoscale": SCALE | {"min_replicas": 4}}, "min_replicas: 4: more than max_replicas, 3"),
        ({"fleet__autoscale": SCALE | {"start_s": -1}}, "fleet.autoscale.start_s"),
        ({"fleet__autoscale": SCALE | {"scale_down_at": 9}}, "more than scale_up_at, 8"),
        ({"fleet__autoscale": SCALE | {"scale_up_at": 0}}, "fleet.autoscale.scale_up_at"),
        ({"fleet__autoscale": {"max_replicas": 3}}, "fleet.autoscale.scale_up_at"),
        ({"fleet__autoscale": SCALE, "fleet__replicas": 5}, "fleet.replicas: 5: at the begin it is not from"),
        ({"price": {"basis": "own", "term": "spot"}}, "basis own has no term"),
        ({"price": {"basis": "cloud", "term": "spot"}}, "basis cloud has no term"),
        ({"price": {"term": "spot", "interruptions_per_hour": -1}}, "price.interruptions_per_hour"),
        ({"price": {"interruptions_per_hour": 1}}, "belongs to term spot"),
        ({"price": {"basis": "own", "interruptions_per_hour": 1}}, "belongs to term spot"),
        ({"price": {"replacement_s": 60}}, "belongs to term spot"),
        ({"price": {"term": "spot", "interruptions_per_hour": 60, "replacement_s": 60}}, "before it has"),
        ({"price": {"term": "on_demand", "usd_per_chip_hour": 2}}, "has no term"),
        ({"price": {"term": "spott"}}, "spot"),
        ({"traffic__starts_at": "tomorrow"}, "a day and a time such as"),
    ],
)  # fmt: skip
def test_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        replay(spec(**changes))
    assert said in str(refused.value)
    assert len(refused.value.problems) == 1


def test_what_compares_numbers_of_replicas_takes_none_that_change() -> None:
    document = read(spec(fleet__autoscale=SCALE), load())
    with pytest.raises(SpecError, match="--fleets compares fixed fleets"):
        check_fixed(document, "--fleets")
    check_fixed(read(spec(), load()), "--fleets")
