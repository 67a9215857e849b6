"""What users see, from what happened to each request."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from truecost.replay.metrics import STATES, Overhead, Ran, goodput, measured, seen, statistics
from truecost.replay.slo import judged, read_slo

NAN = float("nan")


def ran(**changes: object) -> Ran:
    """Three answered requests (the last of one token) and one that was rejected."""
    given: dict[str, object] = {
        "arrival_s": np.array([0.0, 1.0, 2.0, 3.0]),
        "input_tokens": np.array([100, 200, 300, 9000]),
        "output_tokens": np.array([11, 21, 1, 0]),
        "admitted_s": np.array([0.0, 1.5, 2.0, NAN]),
        "first_token_s": np.array([0.5, 2.0, 3.0, NAN]),
        "finished_s": np.array([1.5, 6.0, 3.0, NAN]),
        "state": np.array([0, 0, 0, STATES.index("rejected")], np.int8),
        "preemptions": np.array([0, 2, 0, 0]),
        "interrupted": np.array([0, 0, 1, 0]),
        "hit_tokens": np.array([0, 60, 0, 0]),
        "replica": np.array([0, 0, 1, -1]),
        "gaps": {"mean": 0.1, "p50": 0.1, "p90": 0.2, "p99": 0.3},
        "busy_s": 6.0,
        "makespan_s": 6.0,
        "paid_s": 12.0,
        "interruptions": 1,
        "steps": 40,
        "kv_peak_blocks": 25,
    }
    return Ran(**(given | changes))  # type: ignore[arg-type]


def test_latencies_by_their_definitions() -> None:
    times = seen(ran(), Overhead(first_token_s=0.1))
    assert_allclose(times.ttft, [0.6, 1.1, 1.1, NAN])
    assert_allclose(times.tpot, [0.1, 0.2, NAN, NAN])
    assert_allclose(times.e2e, [1.6, 5.1, 1.1, NAN])
    assert_allclose(times.queue, [0.0, 0.5, 0.0, NAN])


def test_first_and_last_tokens_are_delivered_steps_of_their_own_pace_later() -> None:
    """Half a step: 0.05 s of the first, 0.1 s of the second; an answer of one token by the median, 0.15 s."""
    plain, late = (seen(ran(), Overhead(0.1, steps)) for steps in (0.0, 0.5))
    assert_allclose(late.ttft - plain.ttft, [0.05, 0.1, 0.075, NAN])
    assert_allclose(late.e2e - plain.e2e, [0.05, 0.1, 0.075, NAN])
    assert_allclose(late.tpot, plain.tpot)
    assert_allclose(late.queue, plain.queue)


def test_answers_of_one_token_alone_have_no_pace_to_be_late_by() -> None:
    ones = {"output_tokens": np.array([1, 1, 1, 0]), "finished_s": np.array([0.5, 2.0, 3.0, NAN])}
    times = seen(ran(**ones), Overhead(0.1, 2.0))
    assert_allclose(times.ttft, [0.6, 1.1, 1.1, NAN])
    assert_allclose(times.e2e, times.ttft)
    assert np.isnan(times.tpot).all()


def test_without_overhead_the_engines_own_times_are_seen() -> None:
    run = ran()
    times = seen(run, Overhead())
    assert_allclose(times.ttft, run.first_token_s - run.arrival_s)
    assert_allclose(times.e2e, run.finished_s - run.arrival_s)


def test_the_end_of_an_interval_takes_prompts_of_another_run_times_a_factor() -> None:
    """And their delivery at that run's pace; how long a token takes after the first stays this run's."""
    other = ran(admitted_s=np.array([0.3, 1.0, 2.0, NAN]), finished_s=np.array([2.5, 10.0, 3.0, NAN]))
    times = seen(ran(), Overhead(0.1), own=(other, 3.0))
    assert_allclose(times.ttft, [0.0 + 3 * 0.2 + 0.3, 0.5 + 3 * 1.0 + 0.3, 0.0 + 3 * 1.0 + 0.3, NAN])
    late = seen(ran(), Overhead(0.1, 0.5), own=(other, 3.0))
    assert_allclose(late.ttft - times.ttft, [3 * 0.5 * 0.2, 3 * 0.5 * 0.4, 3 * 0.5 * 0.3, NAN])
    assert_allclose(late.tpot, [0.1, 0.2, NAN, NAN])
    assert_allclose(late.e2e - late.ttft, [1.0, 4.0, 0.0, NAN])


def test_a_correction_is_of_the_time_from_admission_and_not_of_the_queue() -> None:
    """Measured nearby: first tokens twice as late; the steps, corrected by 1.25, are free of that here."""
    times = seen(ran(), Overhead(0.1, correction=2.0, steps_correction=1.25))
    assert_allclose(times.ttft, [2 * (0.4 + 0.1), 0.5 + 2 * (0.4 + 0.1), 2 * (0.8 + 0.1), NAN])
    assert_allclose(times.e2e - times.ttft, [1.0, 4.0, 0.0, NAN])


def test_throughput_and_use_over_the_fleet() -> None:
    run = ran()
    found = measured(run, seen(run, Overhead(0.1)), (4, 100), {})
    assert found["output_tokens_per_s"] == 33 / 6
    assert found["output_tokens_per_s_per_chip"] == 33 / 6 / 8
    assert found["total_tokens_per_s"] == 633 / 6
    assert found["utilization"] == 0.5
    assert found["kv_peak_fraction"] == 0.25
    assert found["prefix_hit_fraction"] == 0.1
    assert found["replica_hours"] == pytest.approx(6 / 3600 * 2)
    assert found["chip_hours"] == pytest.approx(6 / 3600 * 8)
    assert (found["interruptions"], found["interrupted"]) == (1, 1)
    assert (found["served"], found["rejected"], found["preemptions"]) == (3, 1, 2)
    assert np.isnan(found["goodput_fraction"])


def test_goodput_counts_requests_that_keep_every_limit() -> None:
    times = seen(ran(), Overhead(0.1))
    assert goodput(times, {"ttft_p99_s": 1.0}) == 0.25
    assert goodput(times, {"ttft_p99_s": 2.0}) == 0.75, "a rejected request keeps nothing"
    assert goodput(times, {"ttft_p99_s": 2.0, "tpot_p50_s": 0.15}) == 0.5, "one token has no TPOT to break"


def test_nothing_has_no_statistics() -> None:
    assert all(np.isnan(value) for value in statistics(np.array([NAN])).values())


def test_an_slo_as_a_user_writes_it() -> None:
    assert read_slo("ttft p99 < 1 s, TPOT p99 <= 50 ms") == {"ttft_p99_s": 1.0, "tpot_p99_s": 0.05}
    assert read_slo("e2e_p50_s < 1 min") == {"e2e_p50_s": 60.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ttft p99", "is not a limit"),
        ("ttfb p99 < 1 s", "did you mean 'ttft p99'"),
        ("ttft p95 < 1 s", "of ttft, tpot"),
        ("ttft p99 < 1 kg", "ttft p99 < 1 kg"),
        ("ttft p99 < 0", "not above 0"),
        ("ttft p99 < 1 s, ttft p99 < 2 s", "twice"),
    ],
)
def test_an_slo_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_slo(text)


TOLD = {
    "served": 100, "rejected": 0, "truncated": 0, "unfinished": 0,
    "ttft_p99_s": 0.8, "ttft_p99_s_p5": 0.4, "ttft_p99_s_p95": 2.0,
    "tpot_p99_s": 0.06, "tpot_p99_s_p95": None,
}  # fmt: skip


def test_a_limit_is_met_by_the_middle_and_sure_by_the_whole_interval() -> None:
    first, second, third = (
        judged(TOLD, limits)[0] for limits in ({"ttft_p99_s": 1.0}, {"ttft_p99_s": 3.0}, {"tpot_p99_s": 0.05})
    )
    assert (first["met"], first["confidence"]) == (True, "middle")
    assert (second["met"], second["confidence"]) == (True, "whole interval")
    assert (third["met"], third["confidence"], round(third["over"], 6)) == (False, "none", 1.2)


def test_a_latency_that_no_answer_has_is_not_missed() -> None:
    told: dict[str, Any] = {"served": 9, "truncated": 1, "rejected": 0, "unfinished": 0, "tpot_p99_s": None}
    (row,) = judged(told, {"tpot_p99_s": 0.05})
    assert (row["met"], row["over"], row["confidence"]) == (True, 0.0, "whole interval")
    (row,) = judged(told | {"rejected": 1}, {"tpot_p99_s": 0.05})
    assert not row["met"]
    (row,) = judged(told | {"served": 0, "truncated": 0, "rejected": 10}, {"tpot_p99_s": 0.05})
    assert (row["met"], row["over"]) == (False, None)


def test_turning_requests_away_does_not_keep_an_slo() -> None:
    told = TOLD | {"served": 98, "rejected": 2}
    assert not judged(told, {"ttft_p99_s": 3.0})[0]["met"]
    assert judged(told | {"ttft_p90_s": 0.1}, {"ttft_p90_s": 3.0})[0]["met"]
