"""Recorded runs, replayed: the record is sound, the replay is the product's, the errors are what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from truecost.catalog.catalog import load
from truecost.evidence.request_runs import (
    JUDGED,
    RequestRun,
    RunScore,
    replayed,
    request_run_scores,
    request_runs,
    spec_of,
)
from truecost.replay.metrics import Seen
from truecost.replay.points import Points
from truecost.replay.reading import read
from truecost.replay.run import prepared

RUNS = ("rtx-4090-llama-3.1-8b", "rtx-pro-6000-llama-3.1-8b")


@pytest.fixture(scope="module")
def scores() -> dict[str, RunScore]:
    return {one.run.name: one for one in request_run_scores()}


@pytest.mark.parametrize("run", request_runs(), ids=lambda run: run.name)
def test_a_record_is_sound(run: RequestRun) -> None:
    load, seen = run.load, run.seen
    assert len(load) == 300
    assert load.arrival_s[0] == 0
    assert (np.diff(load.arrival_s) >= 0).all()
    assert (seen.queue <= seen.ttft).all()
    written = seen.ttft + (load.output_tokens - 1) * seen.tpot
    assert seen.e2e == pytest.approx(written, rel=0.01)


def test_both_runs_are_of_the_same_requests() -> None:
    """So that what differs is the chip and the limit on sequences."""
    one, other = request_runs()
    assert (one.name, other.name) == RUNS
    assert sorted(one.load.input_tokens.tolist()) == sorted(other.load.input_tokens.tolist())
    assert (one.max_num_seqs, other.max_num_seqs) == (256, 128)


def test_measured_statistics_are_those_of_the_record(scores: dict[str, RunScore]) -> None:
    for name in RUNS:
        found = {(one.latency, one.statistic): one for one in scores[name].latencies}
        assert list(found) == [*JUDGED, ("queue", "mean")]
        seen = scores[name].run.seen
        assert found["ttft", "mean"].measured_s == pytest.approx(float(np.mean(seen.ttft)))
        assert found["tpot", "p99"].measured_s == pytest.approx(float(np.quantile(seen.tpot, 0.99)))


def test_the_errors_are_of_the_middle_and_the_interval_holds_it(scores: dict[str, RunScore]) -> None:
    for score in scores.values():
        for one in score.latencies:
            low, high = one.predicted.p5, one.predicted.p95
            assert low is not None
            assert high is not None
            assert low < one.predicted.middle < high
            assert one.error == pytest.approx(one.predicted.middle / one.measured_s - 1)


def test_the_intervals_hold_most_of_what_was_measured(scores: dict[str, RunScore]) -> None:
    inside = [one.is_inside for score in scores.values() for one in score.latencies]
    assert np.mean(inside) >= 0.85


def test_a_measurement_outside_the_interval_is_outside(scores: dict[str, RunScore]) -> None:
    one = scores[RUNS[0]].latencies[0]
    assert not replace(one, predicted=Points(1.0, 0.9, 1.1), measured_s=2.0).is_inside
    assert replace(one, predicted=Points(1.0, 0.9, 1.1), measured_s=1.05).is_inside
    assert not replace(one, predicted=Points(1.0), measured_s=1.0).is_inside


def test_the_small_chips_cache_is_as_large_as_its_record_shows(scores: dict[str, RunScore]) -> None:
    """Once the cache is full nobody is admitted for seconds: it held those tokens and no further prompt."""
    score = scores[RUNS[0]]
    run = score.run
    admitted = np.sort(run.load.arrival_s + run.seen.queue)
    last = int(np.argmax(np.diff(admitted) > 2.0))
    held = _held(run, float(admitted[last]))
    longest = int(run.load.input_tokens.max())
    print(f"full with {held:,} tokens; we count {score.cache_tokens:,}")
    assert 0.95 * held < score.cache_tokens < held + longest


def _held(run: RequestRun, at_s: float) -> int:
    """KV tokens of the requests that run at a moment, before any was preempted."""
    begun = run.load.arrival_s + run.seen.queue <= at_s
    first, done = run.load.arrival_s + run.seen.ttft, run.load.arrival_s + run.seen.e2e
    share = np.clip((at_s - first) / (done - first), 0.0, 1.0)
    return int(np.sum((run.load.input_tokens + share * run.load.output_tokens)[begun & (done > at_s)]))


def test_on_half_the_memory_bandwidth_it_is_slower(scores: dict[str, RunScore]) -> None:
    """A run laid on another chip is predicted for that chip: the score is no copy of the record."""
    run = scores[RUNS[1]].run
    slower = replayed(replace(run, chip="l40s"))
    there, here = (
        {(one.latency, one.statistic): one for one in score.latencies} for score in (slower, scores[RUNS[1]])
    )
    assert there["tpot", "mean"].predicted.middle > 1.3 * here["tpot", "mean"].predicted.middle
    assert there["tpot", "mean"].measured_s == here["tpot", "mean"].measured_s


@pytest.mark.parametrize("run", request_runs(), ids=lambda run: run.name)
def test_no_measured_run_corrects_the_replay(run: RequestRun) -> None:
    """They are scored as never seen: neither fitted on, nor near to anything that was."""
    catalog = load()
    document = read(spec_of(run), catalog)
    setup, _ = prepared(document, catalog, run.load)
    assert setup.near.runs == 0
    assert setup.load is run.load


def test_a_shorter_record_is_replayed_whole(scores: dict[str, RunScore]) -> None:
    run = scores[RUNS[1]].run
    load = replace(
        run.load,
        arrival_s=run.load.arrival_s[:20],
        input_tokens=run.load.input_tokens[:20],
        output_tokens=run.load.output_tokens[:20],
    )
    seen = Seen(*(values[:20] for values in (run.seen.ttft, run.seen.tpot, run.seen.e2e, run.seen.queue)))
    found = replayed(replace(run, load=load, seen=seen))
    assert found.makespan_predicted_s < scores[RUNS[1]].makespan_predicted_s
    assert found.preemptions == 0
