"""The load of chips in a replay, by cause: what their power follows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.replay.counted import steps_file
from tests.unit.replay.specs import spec

from truecost.replay import replay
from truecost.replay.power import Causes, ChipLoad, chip_load, full_load


def test_the_load_is_the_parts_of_the_steps_over_the_time_paid() -> None:
    result = replay(spec())
    driven = result.answer.driven
    load = chip_load(result.setup, driven)
    assert load.causes is not None
    shares = {row["part"]: row["share"] for row in result.time_parts}
    assert load.causes.reading == pytest.approx(shares["weights"] + shares["cache"])
    assert load.causes.multiplying == pytest.approx(
        shares["arithmetic"] + shares["prompts"] + shares.get("prompt_attention", 0.0)
    )
    assert load.computing == pytest.approx(sum(load.causes))
    assert load.computing < result.utilization, "launches and exchange are neither"


def test_more_traffic_and_more_prompts_draw_more() -> None:
    def watts(**changes: object) -> float:
        return replay(spec(**changes)).rates["watts_per_chip"]

    arrival = "traffic__synthetic__arrival"
    usual = watts()
    assert watts(**{arrival: {"rate_per_s": 1.0}}) < usual < watts(**{arrival: {"rate_per_s": 12.0}})
    assert usual < watts(traffic__synthetic__input_tokens=4096)


def test_the_power_has_the_interval_of_its_law() -> None:
    rates = replay(spec()).rates
    assert rates["watts_per_chip_p5"] < rates["watts_per_chip"] < rates["watts_per_chip_p95"]


def test_measured_steps_have_no_causes(tmp_path: Path) -> None:
    result = replay(spec(engine={"step_times": steps_file(tmp_path), "max_num_seqs": 1}))
    load = chip_load(result.setup, result.answer.driven)
    assert load.causes is None
    assert load.computing == pytest.approx(result.utilization)
    assert full_load(result.setup) == ChipLoad(1.0, None)


def test_the_same_work_in_less_time_is_no_more_than_all_of_it() -> None:
    load = ChipLoad(0.5, Causes(0.3, 0.2))
    assert load.times(2.0) == ChipLoad(1.0, Causes(0.6, 0.4))
    assert load.times(10.0) == load.times(2.0)
    assert load.times(0.0) == ChipLoad(0.0, Causes(0.0, 0.0))
    assert ChipLoad(0.0, None).times(3.0) == ChipLoad(0.0, None)
