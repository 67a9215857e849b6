"""Shapes of a replay: quantiles at shares, and a timeline that conserves what it sums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.replay.specs import spec

from truecost.replay import replay
from truecost.replay.curves import MOST_BINS, SHARES, bin_edges_s, distributions, timeline
from truecost.replay.engine_outcome import Gaps, Timeline
from truecost.replay.metrics import STATES, Ran, Seen

NO_GAPS = Gaps(np.zeros(0, dtype=np.int64), 0.0, 0.0)
SERVED, REJECTED = STATES.index("served"), STATES.index("rejected")


def seen(*ttft: float) -> Seen:
    known = np.array(ttft)
    return Seen(known, np.full(len(known), np.nan), 10 * known, np.zeros(len(known)))


def ran(arrival: list[float], admitted: list[float], finished: list[float], end_s: float) -> Ran:
    count = len(arrival)
    whole, finish = np.ones(count, dtype=np.int64), np.array(finished)
    return Ran(
        arrival_s=np.array(arrival), input_tokens=whole, output_tokens=whole, admitted_s=np.array(admitted),
        first_token_s=finish, finished_s=finish,
        state=np.where(np.isfinite(finish), SERVED, REJECTED).astype(np.int8), preemptions=0 * whole,
        interrupted=0 * whole, hit_tokens=0 * whole, replica=0 * whole, gaps={}, busy_s=0.0, makespan_s=end_s,
        paid_s=end_s, interruptions=0, steps=1, kv_peak_blocks=1,
    )  # fmt: skip


def flat(periods: int, width_s: float, up: float = 1.0, busy_s: list[float] | None = None) -> Timeline:
    """One of everything in each period, and so many replicas up."""
    one = np.ones(periods)
    busy = one if busy_s is None else np.array(busy_s)
    return Timeline(width_s, busy, one, one, one, one, one, up * width_s * one)


def test_quantiles_stand_at_their_shares_and_interpolate() -> None:
    told = distributions([seen(*range(1, 102))], [NO_GAPS])
    at = dict(zip(told["shares"], told["ttft_s"], strict=True))
    assert (at[0.01], at[0.5], at[0.9], at[1.0]) == (2.0, 51.0, 91.0, 101.0)
    assert told["e2e_s"][-1] == 1010.0
    assert told["tpot_s"] is None
    assert told["itl_s"] is None
    assert told["ttft_s_p5"] is None


def test_ends_are_the_least_and_the_most_of_all_runs_at_each_share() -> None:
    told = distributions([seen(2.0, 2.0), seen(1.0, 3.0), seen(4.0, 5.0)], [NO_GAPS] * 3)
    assert (told["ttft_s_p5"][0], told["ttft_s_p5"][-1]) == (pytest.approx(1.002), 2.0)
    assert told["ttft_s_p95"][-1] == 5.0
    assert len(told["ttft_s_p95"]) == len(SHARES)


def test_requests_present_are_counted_for_as_long_as_they_are() -> None:
    run = ran([0.0, 0.0, 3.0], [0.0, 1.0, np.nan], [2.0, 4.0, np.nan], 4.0)
    told = timeline(flat(2, 2.0), run, seen(1.0, 3.0, np.nan), 10)
    assert bin_edges_s(told) == [0.0, 2.0, 4.0]
    assert told["arrivals_per_s"] == [1.0, 0.5]
    assert told["requests_running"] == [pytest.approx((2 + 1) / 2), pytest.approx(1.0)]
    assert told["requests_waiting"] == [pytest.approx(0.5), 0.0]
    assert told["ttft_p99_s"] == [pytest.approx(2.98), None]
    assert told["kv_fraction"] == [pytest.approx(1 / 20)] * 2


def test_a_last_stretch_that_is_cut_short_counts_by_its_own_length() -> None:
    told = timeline(flat(2, 2.0), ran([0.0, 2.5], [0.0, 2.5], [3.0, 3.0], 3.0), seen(1.0, 1.0), 1)
    assert bin_edges_s(told) == [0.0, 2.0, 3.0]
    assert told["arrivals_per_s"] == [0.5, 1.0]
    assert told["prompt_tokens_per_s"] == [0.5, 1.0]


def test_busy_time_that_a_stretch_has_no_room_for_goes_on_in_the_next() -> None:
    run = ran([0.0], [0.0], [6.0], 6.0)
    told = timeline(flat(3, 2.0, busy_s=[5.0, 0.0, 0.5]), run, seen(1.0), 1)
    assert told["busy_fraction"] == [1.0, 1.0, 0.75]
    two = timeline(flat(3, 2.0, 2.0, [5.0, 0.0, 0.5]), run, seen(1.0), 1)
    assert two["busy_fraction"] == [1.0, 0.25, 0.125]
    assert two["replicas_up"] == [2.0, 2.0, 2.0]


def test_no_replica_is_no_share_of_anything() -> None:
    told = timeline(flat(2, 2.0, 0.0, [0.0, 0.0]), ran([0.0], [0.0], [4.0], 4.0), seen(1.0), 1)
    assert told["busy_fraction"] == told["kv_fraction"] == [0.0, 0.0]


def test_many_periods_become_few_stretches() -> None:
    told = timeline(flat(1023, 1.0), ran([0.0], [0.0], [1023.0], 1023.0), seen(1.0), 1)
    assert len(told["busy_fraction"]) <= MOST_BINS
    assert told["width_s"] == 6.0
    assert bin_edges_s(told)[-1] == 1023.0


times = st.tuples(*[st.floats(0, 50, allow_subnormal=False)] * 3).map(sorted)


@given(st.lists(times, min_size=1, max_size=20), st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_every_second_of_a_request_is_in_one_stretch(requests: list[Any], periods: int) -> None:
    came, admitted, left = (list(column) for column in zip(*requests, strict=True))
    end_s = max(left)
    used = max(1, min(periods, int(np.ceil(end_s / 0.25))))
    width_s = max(0.25, end_s / used)
    run = ran(came, admitted, left, end_s)
    told = timeline(flat(used, width_s), run, seen(*[1.0] * len(came)), 1)
    lasts = np.diff(bin_edges_s(told))
    for name, begin, end in (("running", admitted, left), ("waiting", came, admitted)):
        counted = float(np.dot(told[f"requests_{name}"], lasts))
        assert counted == pytest.approx(sum(end) - sum(begin), rel=1e-4, abs=1e-3)


def told_of(**changes: Any) -> dict[str, Any]:
    return replay(spec(**changes)).to_dict()


def test_a_result_has_its_shapes_and_they_agree_with_its_numbers() -> None:
    told = told_of()
    spread, line = told["distributions"], told["timeline"]
    lasts = np.diff(bin_edges_s(line))
    for name in ("ttft", "tpot", "itl", "e2e", "queue"):
        for stat, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
            at = spread["shares"].index(share)
            for end in ("", "_p5", "_p95"):
                drawn, said = spread[f"{name}_s{end}"][at], told[f"{name}_{stat}_s{end}"]
                assert drawn == pytest.approx(said, rel=1e-4, abs=1e-9)
            assert spread[f"{name}_s_p5"][at] <= spread[f"{name}_s"][at] <= spread[f"{name}_s_p95"][at]
    assert line["end_s"] == told["makespan_s"]
    assert np.dot(line["arrivals_per_s"], lasts) == pytest.approx(200, rel=1e-4)
    assert np.dot(line["busy_fraction"], lasts) == pytest.approx(
        told["utilization"] * told["makespan_s"], rel=1e-4
    )
    assert max(line["busy_fraction"]) <= 1 + 1e-9
    assert max(line["kv_fraction"]) <= told["kv_peak_fraction"] + 1e-9


def test_replicas_that_come_and_go_add_up_to_what_is_paid() -> None:
    autoscale = {"max_replicas": 3, "scale_up_at": 2, "start_s": 5, "downscale_delay_s": 20}
    told = told_of(fleet={"accelerator": "h100-sxm", "autoscale": autoscale})
    line = told["timeline"]
    hours = float(np.dot(line["replicas_up"], np.diff(bin_edges_s(line)))) / 3600
    assert hours == pytest.approx(told["replica_hours"], rel=1e-3)
    assert max(line["replicas_up"]) <= 3 * (1 + 1e-5)
    assert max(line["replicas_up"]) > min(line["replicas_up"])


def test_a_concurrency_is_never_exceeded() -> None:
    arrival = {"concurrency": 8}
    synthetic = {"requests": 100, "input_tokens": 200, "output_tokens": 50, "arrival": arrival}
    line = told_of(traffic={"synthetic": synthetic})["timeline"]
    present = np.add(line["requests_running"], line["requests_waiting"])
    assert max(present) <= 8 * (1 + 1e-5)
    assert max(present) > 7


def test_the_rejected_wait_for_nothing() -> None:
    told = told_of(engine__max_model_len=256)
    assert set(told["timeline"]["requests_waiting"]) == {0.0}
    assert told["distributions"]["ttft_s"] is None


def test_shapes_are_left_out_on_demand_and_read_by_name() -> None:
    result = replay(spec())
    assert {"distributions", "timeline"} & result.to_dict(shapes=False).keys() == set()
    assert result.timeline == result.to_dict()["timeline"]


def test_measured_steps_have_no_band(tmp_path: Path) -> None:
    steps = tmp_path / "steps.csv"
    rows = [f"{p},{d},{d * 500},{0.01 + p * 1e-5 + d * 1e-4}" for p in (0, 256, 512) for d in (1, 8, 32)]
    steps.write_text("prefill_tokens,decode_sequences,context_tokens,seconds\n" + "\n".join(rows) + "\n")
    spread = told_of(engine__step_times=str(steps))["distributions"]
    assert spread["ttft_s_p95"] is None
    assert len(spread["ttft_s"]) == len(SHARES)
