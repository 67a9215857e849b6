"""A fleet that changes while it serves: by hand, and by what must always hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.replay.test_engine import (
    CACHED,
    check_states,
    check_times,
    requests,
    settings_of_engine,
    shared_prompts,
    table,
    traffic,
)

from truecost.replay.autoscale import Autoscaler
from truecost.replay.engine import (
    ClosedLoop,
    Limits,
    Outcome,
    Replicas,
    Requests,
    Routing,
    State,
    fixed_steps,
    simulate_fleet,
)
from truecost.replay.spot import Interruptions, drawn_interruptions

ROOMY = Limits(8, 64, 200)
STEADY = Autoscaler(1, 1.0, 1.0, start_s=0.0, downscale_delay_s=0.0)


def lost(*moments: tuple[float, int], replace_s: float = 5.0) -> Interruptions:
    at_s, which = zip(*moments, strict=True) if moments else ((), ())
    return Interruptions(np.array(at_s, dtype=float), np.array(which, dtype=np.int64), replace_s)


@st.composite
def autoscalers(draw: st.DrawFn) -> Autoscaler:
    up_at = draw(st.sampled_from([0.5, 1.0, 3.0]))
    return Autoscaler(
        min_replicas=draw(st.integers(1, 2)),
        scale_up_at=up_at,
        scale_down_at=up_at * draw(st.sampled_from([0.3, 1.0])),
        start_s=draw(st.sampled_from([0.0, 0.013, 1.7])),
        interval_s=draw(st.sampled_from([0.0171, 0.31])),
        upscale_delay_s=draw(st.sampled_from([0.0, 0.2])),
        downscale_delay_s=draw(st.sampled_from([0.0, 0.5])),
    )


@st.composite
def losses(draw: st.DrawFn, most: int = 8) -> Interruptions:
    gaps = draw(st.lists(st.sampled_from([0.0, 0.00713, 0.0913, 0.7177]), max_size=most))
    which = draw(st.lists(st.integers(0, 1), min_size=len(gaps), max_size=len(gaps)))
    replace_s = draw(st.sampled_from([0.0, 0.0411, 1.3]))
    return Interruptions(np.cumsum(np.array(gaps)), np.array(which, dtype=np.int64), replace_s)


# By hand


def test_replicas_start_when_there_is_more_to_do_and_go_when_there_is_less() -> None:
    """Steps of 1 s, 8 tokens a request, so 8 s each; a look every 10 s, 5 s to start.

    At 0 four requests come to the only replica. At 10 they are done: nothing happens. Four more at 12; at 20
    all four still run (their last token comes at 20, the fleet changes first), so three replicas start; at 25
    they are up. At 30 nothing runs: three are drained and gone.
    """
    asked = requests([0.0] * 4 + [12.0] * 4 + [27.0, 60.0], [1] * 10, [8] * 8 + [2, 2])
    scaler = replace(STEADY, start_s=5.0, interval_s=10.0)
    outcome = simulate_fleet(asked, fixed_steps(1.0, 1.0), ROOMY, Replicas(4, autoscaler=scaler))
    assert list(outcome.replica[:8]) == [0] * 8
    assert outcome.replica[8] != 0, "the least loaded, in turn"
    assert outcome.finished_s[8] == 29.0
    assert sorted(outcome.totals.up_s) == [10.0, 10.0, 10.0, 62.0]
    assert outcome.totals.paid_s == 92.0
    assert outcome.totals.utilization == pytest.approx((8 + 8 + 2 + 2) / 92)


def test_a_replica_that_drains_takes_nothing_finishes_its_own_and_is_paid_until_then() -> None:
    """Two replicas, a request of 30 s on each. At 10 one is wanted for both: the last drains, until 30."""
    asked = requests([0.0, 0.0, 11.0], [1, 1, 1], [30, 30, 5])
    scaler = Autoscaler(1, 4.0, 4.0, 0.0, interval_s=10.0, downscale_delay_s=0.0, initial_replicas=2)
    outcome = simulate_fleet(asked, fixed_steps(1.0, 1.0), ROOMY, Replicas(2, autoscaler=scaler))
    assert list(outcome.replica) == [0, 1, 0]
    assert list(outcome.finished_s[:2]) == [31.0, 30.0]  # the later prompt's step delays the first request
    assert list(outcome.totals.up_s) == [31.0, 30.0]


def test_what_waits_for_a_start_is_served_then() -> None:
    asked = requests([0.0, 1.0, 1.0], [1, 1, 1], [100, 2, 2])
    scaler = replace(STEADY, start_s=3.0, interval_s=2.0)
    outcome = simulate_fleet(asked, fixed_steps(1.0, 0.0), Limits(1, 64, 200), Replicas(2, autoscaler=scaler))
    assert list(outcome.replica) == [0, 0, 0], "routed before there was another"


def test_a_delay_outlasts_a_moments_load() -> None:
    """Load comes and goes between looks at 10 and 20: with 15 s of patience nothing starts."""
    asked = requests([5.0] * 4 + [45.0], [1] * 5, [10] * 4 + [2])
    quick, patient = (
        simulate_fleet(
            asked,
            fixed_steps(1.0, 1.0),
            ROOMY,
            Replicas(4, autoscaler=replace(STEADY, interval_s=10.0, upscale_delay_s=delay)),
        ).totals.up_s
        for delay in (0.0, 15.0)
    )
    assert sorted(quick) == [10.0, 10.0, 10.0, 47.0]
    assert sorted(patient) == [0.0, 0.0, 0.0, 47.0]


def test_the_most_wanted_while_patience_lasts_is_kept() -> None:
    """Four up, then one request, two, one: with 25 s of patience two replicas stay, the most of that time."""
    asked = requests([1.0, 15.0, 15.0, 100.0], [1] * 4, [2, 8, 8, 2])
    scaler = replace(STEADY, interval_s=10.0, downscale_delay_s=25.0, initial_replicas=4)
    outcome = simulate_fleet(asked, fixed_steps(1.0, 1.0), ROOMY, Replicas(4, autoscaler=scaler))
    assert sorted(outcome.totals.up_s) == [40.0, 40.0, 80.0, 102.0]  # wished from 10 on, and again from 50 on


def test_an_interruption_by_hand() -> None:
    """Steps of 1 s. At 3.5 the replica has written 3 of 6 tokens, its step until 4 is lost.

    It is back at 8.5: the prompt of 4 and the 3 tokens are computed in one step, which brings the 4th at
    9.5; the 6th comes at 11.5.
    """
    outcome = simulate_fleet(
        requests([0.0], [4], [6]), fixed_steps(1.0, 1.0), ROOMY, Replicas(interruptions=lost((3.5, 0)))
    )
    assert outcome.first_token_s[0] == 1.0
    assert outcome.finished_s[0] == 11.5
    assert list(outcome.interrupted) == [1]
    assert list(outcome.preempted) == [0]
    assert outcome.totals.prefill_tokens == 4 + 7
    assert outcome.totals.interruptions == 1
    assert outcome.totals.busy_s[0] == 6.0
    assert outcome.totals.up_s[0] == 11.5
    assert outcome.gaps.count == 5
    assert outcome.gaps.longest_s == 6.5


def test_the_others_take_what_was_running_and_what_waited() -> None:
    asked = requests([0.0, 0.0, 0.0, 0.0], [4] * 4, [6] * 4)
    outcome = simulate_fleet(
        asked, fixed_steps(1.0, 1.0), Limits(1, 64, 200), Replicas(2, interruptions=lost((2.5, 0)))
    )
    assert list(outcome.replica) == [1, 1, 1, 1]
    assert list(outcome.interrupted) == [1, 0, 0, 0], "what only waited lost nothing"
    assert list(outcome.finished_s) == [16.0, 6.0, 22.0, 12.0]
    assert list(outcome.totals.requests) == [0, 4]


def test_a_cache_is_gone_with_its_replica() -> None:
    from tests.unit.replay.test_engine import prompts

    made = prompts([[0, 1, 2], [0, 1, 2], [0, 1, 2]], 8)
    asked = requests(outputs=[2] * 3, **made)
    outcome = simulate_fleet(asked, table(), CACHED, Replicas(interruptions=lost((1500.0, 0))))
    assert list(outcome.hit_tokens) == [0, 20, 0]


# What always holds


def ran(asked: Requests, limits: Limits, fleet: Replicas, **more: Any) -> Outcome:
    outcome = simulate_fleet(asked, table(), limits, fleet, **more)
    totals = outcome.totals
    assert np.all(totals.up_s >= totals.busy_s - 1e-9), "paid hours hold the busy ones"
    assert np.all(totals.kv_peak_blocks <= limits.kv_blocks)
    assert outcome.timeline.up_s.sum() == pytest.approx(totals.paid_s, abs=1e-9)
    assert outcome.timeline.busy_s.sum() == pytest.approx(totals.busy_s.sum())
    parts = totals.prefill_only_s + totals.decode_only_s + totals.mixed_s
    assert parts == pytest.approx(totals.busy_s.sum())
    assert outcome.gaps.count == np.maximum(outcome.generated_tokens - 1, 0).sum()
    if not more:
        writing = outcome.finished_s - outcome.first_token_s
        assert outcome.gaps.total_s == pytest.approx(np.nansum(writing), abs=1e-9)
    return outcome


@given(
    asked=traffic(),
    limits=settings_of_engine(),
    scaler=autoscalers(),
    gone=losses(),
    way=st.tuples(st.sampled_from([Routing.ROUND_ROBIN, Routing.LEAST_LOADED]), st.booleans()),
)
@settings(max_examples=300)
def test_requests_and_tokens_are_conserved(
    asked: Requests, limits: Limits, scaler: Autoscaler, gone: Interruptions, way: tuple[Routing, bool]
) -> None:
    routing, apart = way
    limits = replace(limits, prompts_first=apart)
    outcome = ran(asked, limits, Replicas(3, routing, autoscaler=scaler, interruptions=gone))
    check_states(asked, limits, outcome)
    check_times(outcome)
    here = outcome.replica >= 0
    assert outcome.totals.requests.sum() == here.sum()
    assert outcome.totals.prefill_tokens >= asked.input_tokens[here].sum()
    assert outcome.totals.paid_s <= 3 * outcome.totals.makespan_s + 1e-9
    assert outcome.totals.paid_s >= scaler.min_replicas * outcome.totals.makespan_s - 1e-9
    assert outcome.totals.interruptions <= len(gone.at_s)


@given(asked=traffic(), limits=settings_of_engine(), scaler=autoscalers(), count=st.integers(2, 3))
def test_as_many_at_least_as_at_most_is_the_fixed_fleet(
    asked: Requests, limits: Limits, scaler: Autoscaler, count: int
) -> None:
    scaler = replace(scaler, min_replicas=count)
    fixed = ran(asked, limits, Replicas(count))
    scaled = ran(asked, limits, Replicas(count, autoscaler=scaler, interruptions=lost()))
    for name in ("first_admit_s", "first_token_s", "finished_s", "replica", "generated_tokens", "state"):
        np.testing.assert_array_equal(getattr(fixed, name), getattr(scaled, name))
    assert np.array_equal(fixed.totals.up_s, scaled.totals.up_s)
    assert np.all(fixed.totals.up_s == fixed.totals.makespan_s)
    assert np.array_equal(fixed.totals.busy_s, scaled.totals.busy_s)


@given(asked=traffic(), scaler=autoscalers(), most=st.integers(2, 4))
def test_never_more_than_the_most_nor_fewer_than_the_fewest(
    asked: Requests, scaler: Autoscaler, most: int
) -> None:
    asked = replace(asked, arrival_s=asked.arrival_s * 40)
    timeline = ran(asked, ROOMY, Replicas(most, autoscaler=scaler)).timeline
    up = timeline.up_s / timeline.width_s
    assert np.all(up <= most + 1e-9)
    assert np.all(up[:-1] >= scaler.min_replicas - 1e-9)


@given(asked=shared_prompts(), scaler=autoscalers(), gone=losses(), blocks=st.integers(18, 80))
@settings(max_examples=60)
def test_with_prefixes_too(asked: Requests, scaler: Autoscaler, gone: Interruptions, blocks: int) -> None:
    limits = replace(CACHED, kv_blocks=blocks, max_num_seqs=5, max_num_batched_tokens=20)
    fleet = Replicas(2, Routing.PREFIX_AWARE, autoscaler=replace(scaler, min_replicas=1), interruptions=gone)
    outcome = ran(asked, limits, fleet)
    check_states(asked, limits, outcome)
    assert np.all(outcome.hit_tokens < asked.input_tokens)


@given(asked=traffic(), gone=losses(), clients=st.integers(1, 5), scaler=autoscalers())
def test_clients_get_every_answer(
    asked: Requests, gone: Interruptions, clients: int, scaler: Autoscaler
) -> None:
    closed = replace(asked, load=ClosedLoop(clients))
    outcome = ran(closed, ROOMY, Replicas(2, autoscaler=scaler, interruptions=gone))
    assert outcome.count(State.SERVED) == len(asked)


@given(asked=traffic(), gone=losses(), scaler=autoscalers(), horizon=st.floats(0.01, 3))
def test_a_horizon_only_cuts_off(
    asked: Requests, gone: Interruptions, scaler: Autoscaler, horizon: float
) -> None:
    fleet = Replicas(2, autoscaler=scaler, interruptions=gone)
    whole, part = ran(asked, ROOMY, fleet), ran(asked, ROOMY, fleet, horizon_s=horizon)
    by_then = whole.finished_s <= horizon
    assert np.array_equal(np.isfinite(part.finished_s), by_then)
    assert np.array_equal(part.finished_s[by_then], whole.finished_s[by_then])
    assert part.totals.paid_s <= whole.totals.paid_s + 1e-9


def test_more_replicas_come_at_the_peak_than_before_it() -> None:
    """A rise and a fall, with steps of a fixed time: the load is followed, and less is paid than the most."""
    random = np.random.default_rng(1)
    at = np.sort(np.concatenate([random.uniform(0, 7200, 400), random.normal(3600, 400, 3000)]))
    asked = requests(list(np.clip(at, 0, 7200)), [50] * len(at), [100] * len(at))
    scaler = Autoscaler(1, 6.0, 4.0, 60.0, downscale_delay_s=300.0)
    outcome = simulate_fleet(asked, fixed_steps(0.05, 0.05), ROOMY, Replicas(8, autoscaler=scaler))
    timeline = outcome.timeline
    up = timeline.up_s / timeline.width_s
    middle = int(3700 / timeline.width_s)
    assert up[middle] > 3
    assert up[10] <= 2
    assert up[int(6900 / timeline.width_s)] < up[middle] / 2
    assert outcome.totals.paid_s < 0.6 * 8 * outcome.totals.makespan_s
    assert outcome.count(State.SERVED) == len(asked)


# Interruptions at random


def test_drawn_interruptions_come_at_their_rate_and_do_not_depend_on_how_far_they_are_drawn() -> None:
    near, far = (drawn_interruptions(2.0, 5, hours * 3600.0, 60.0, seed=4) for hours in (100, 1000))
    assert np.array_equal(far.at_s[: len(near.at_s)], near.at_s)
    assert np.array_equal(far.replica[: len(near.at_s)], near.replica)
    assert len(far.at_s) == pytest.approx(2 * 5 * 1000, rel=0.05)
    assert np.bincount(far.replica).min() > 1800
    other = drawn_interruptions(2.0, 5, 3600.0, 60.0, seed=5)
    assert not np.array_equal(other.at_s[:2], near.at_s[:2])


@pytest.mark.parametrize(
    ("words", "make"),
    [
        ("min_replicas", lambda: replace(STEADY, min_replicas=0)),
        ("scale_down_at", lambda: replace(STEADY, scale_down_at=2.0)),
        ("interval_s", lambda: replace(STEADY, interval_s=0.0)),
        ("start_s", lambda: replace(STEADY, start_s=-1.0)),
        ("rising", lambda: Replicas(1, autoscaler=replace(STEADY, min_replicas=2))),
        ("rising", lambda: Replicas(3, autoscaler=replace(STEADY, initial_replicas=4))),
        ("decide when", lambda: Replicas(1, autoscaler=STEADY, ready_s=np.zeros(1))),
        ("there are 1", lambda: Replicas(1, interruptions=lost((1.0, 1)))),
        ("order of time", lambda: lost((2.0, 0), (1.0, 0))),
        ("as many", lambda: Interruptions(np.zeros(1), np.zeros(0, dtype=np.int64), 0.0)),
        ("from 0", lambda: lost((-1.0, 0))),
        ("replace_s", lambda: lost(replace_s=-1.0)),
    ],
)
def test_bad_input_is_named(words: str, make: Any) -> None:
    with pytest.raises(ValueError, match=words):
        make()
