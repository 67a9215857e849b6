"""The simulator: against the same scheduler written plainly, by hand, and by what must always hold."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.replay.slow_engine import slow_simulate

from truecost.replay import engine_compile
from truecost.replay.engine import (
    ClosedLoop,
    Limits,
    Outcome,
    Replicas,
    Requests,
    Routing,
    Speculative,
    State,
    StepTable,
    compile_engine,
    fixed_steps,
    is_compiled,
    simulate,
    simulate_fleet,
)
from truecost.replay.engine_outcome import Gaps
from truecost.replay.engine_state import GAPS
from truecost.replay.engine_timing import bin_of
from truecost.replay.traces.trace import Blocks

PREFILL_AXIS, DECODE_AXIS, CONTEXT_AXIS = (
    [0.0, 1.0, 16.0, 64.0],
    [0.0, 1.0, 4.0, 16.0],
    [0.0, 40.0, 200.0, 5000.0],
)


def law(prefill: Any, decoding: Any, context: Any) -> Any:
    """Seconds of a step: straight in each cell of the table below, with kinks at its points."""
    fixed = 0.004 * np.minimum(prefill, 1) + 0.010 * np.minimum(decoding, 1)
    return fixed + 2e-4 * prefill + 3e-4 * decoding + 2e-5 * context + 3e-5 * np.maximum(context - 200, 0)


def table() -> StepTable:
    a, b, c = (np.array(axis) for axis in (PREFILL_AXIS, DECODE_AXIS, CONTEXT_AXIS))
    return StepTable(a, b, c, law(a[:, None, None], b[None, :, None], c[None, None, :]))


def requests(arrivals: list[float], inputs: list[int], outputs: list[int], **more: Any) -> Requests:
    return Requests(np.array(arrivals, dtype=float), np.array(inputs), np.array(outputs), **more)


BETWEEN = (0.0, 0.0031415927, 0.0201341079, 0.1109271847, 2.0318253971)
"""Seconds no sum of step times comes to: whether one arrives at the very end of a step is rounding."""


@st.composite
def traffic(draw: st.DrawFn, most: int = 30) -> Requests:
    count = draw(st.integers(1, most))
    gaps = draw(st.lists(st.sampled_from(BETWEEN), min_size=count, max_size=count))
    lengths = st.lists(st.integers(1, 60), min_size=count, max_size=count)
    return requests(list(np.cumsum(gaps)), draw(lengths), draw(lengths))


@st.composite
def settings_of_engine(draw: st.DrawFn) -> Limits:
    seats = draw(st.integers(1, 12))
    return Limits(
        max_num_seqs=seats,
        max_num_batched_tokens=draw(st.integers(max(2, seats), 80)),
        kv_blocks=draw(st.integers(10, 60)),
        block_size=draw(st.sampled_from([1, 3, 4, 16])),
        enable_chunked_prefill=draw(st.booleans()),
        max_model_len=draw(st.sampled_from([None, 50, 100])),
        prompts_first=draw(st.booleans()),
    )


TIGHT = Limits(4, 8, 10, block_size=4)
"""Blocks for 40 tokens: several sequences soon run out of them."""


def check_states(asked: Requests, limits: Limits, outcome: Outcome) -> None:
    """Every request ends in one state, with the tokens that state says."""
    longest = limits.longest_context
    rejected = asked.input_tokens >= longest
    allowed = np.minimum(asked.output_tokens, longest - asked.input_tokens)
    truncated = ~rejected & (allowed < asked.output_tokens)
    expected = np.where(rejected, State.REJECTED, np.where(truncated, State.TRUNCATED, State.SERVED))
    assert np.array_equal(outcome.state, expected)
    assert np.array_equal(outcome.generated_tokens, np.where(rejected, 0, allowed))
    assert sum(outcome.count(state) for state in State) == len(asked)


def check_times(outcome: Outcome) -> None:
    """Nothing is served before it arrives, and events follow each other."""
    done = np.isfinite(outcome.finished_s)
    assert np.all(outcome.first_admit_s[done] >= outcome.arrival_s[done])
    assert np.all(outcome.first_token_s[done] > outcome.first_admit_s[done])
    assert np.all(outcome.finished_s[done] >= outcome.first_token_s[done])
    assert outcome.totals.busy_s.max() <= outcome.totals.makespan_s + 1e-9


FOUR_LONG = requests([0.0] * 4, [9] * 4, [30] * 4)
GROWING = requests([0.0, 0.1], [1, 1], [59, 40])
FOUR_SHORT = requests([0.0] * 4, [8] * 4, [3] * 4)
ONE_PROMPT_A_STEP = Limits(4, 8, 8, block_size=4, prompts_first=True)


@given(asked=traffic(), limits=settings_of_engine())
@example(asked=FOUR_LONG, limits=TIGHT)
@example(asked=FOUR_LONG, limits=replace(TIGHT, prompts_first=True))
@example(asked=FOUR_SHORT, limits=ONE_PROMPT_A_STEP)
@example(asked=GROWING, limits=replace(TIGHT, kv_blocks=11))
@example(asked=GROWING, limits=replace(TIGHT, kv_blocks=11, prompts_first=True))
@settings(max_examples=400)
def test_it_schedules_as_the_plain_one_does(asked: Requests, limits: Limits) -> None:
    outcome = simulate(asked, table(), limits)
    jobs, slow = slow_simulate(asked, law, limits)
    for name, plain in (
        ("first_admit_s", "first_admit"),
        ("first_token_s", "first_token"),
        ("finished_s", "finished"),
        ("preempted", "preempted"),
    ):
        expected = np.array([getattr(job, plain) for job in jobs])
        np.testing.assert_allclose(getattr(outcome, name), expected, atol=1e-9, err_msg=name)
    assert outcome.totals.kv_peak_blocks[0] == slow.peak <= limits.kv_blocks
    assert outcome.gaps.count == len(slow.gaps)
    assert outcome.gaps.total_s == pytest.approx(sum(slow.gaps))
    assert outcome.gaps.longest_s == pytest.approx(max(slow.gaps, default=0.0))
    check_gaps_are_those_of(outcome.gaps, slow.gaps)
    check_states(asked, limits, outcome)
    check_times(outcome)


def check_gaps_are_those_of(found: Gaps, plain: list[float]) -> None:
    """Each gap is counted once in its bin, or beside it where rounding may put it."""
    reached = np.cumsum(found.counts)
    shorter, longer = (np.cumsum(bins_of(plain, off)) for off in (1 - 1e-7, 1 + 1e-7))
    assert np.all(longer <= reached)
    assert np.all(reached <= shorter)


def bins_of(gaps: list[float], off: float) -> Any:
    bins = [bin_of.py_func(gap * off) for gap in gaps]  # pyright: ignore[reportFunctionMemberAccess]
    return np.bincount(np.array(bins, dtype=np.int64), minlength=GAPS)


def test_the_comparison_sees_preemption() -> None:
    asked = requests([0.0] * 4, [9] * 4, [30] * 4)
    assert simulate(asked, table(), TIGHT).preempted.sum() > 3


@given(asked=traffic(), limits=settings_of_engine(), count=st.integers(1, 4))
def test_tokens_and_requests_are_conserved(asked: Requests, limits: Limits, count: int) -> None:
    outcome = simulate_fleet(asked, table(), limits, Replicas(count))
    check_states(asked, limits, outcome)
    check_times(outcome)
    totals, here = outcome.totals, outcome.replica >= 0
    assert totals.requests.sum() == np.count_nonzero(here)
    assert np.all(totals.kv_peak_blocks <= limits.kv_blocks)
    assert outcome.gaps.count == np.maximum(outcome.generated_tokens - 1, 0).sum()
    computed = asked.input_tokens[here].sum()
    assert totals.prefill_tokens >= computed
    if not outcome.preempted.any():
        assert totals.prefill_tokens == computed
        assert totals.discarded_tokens == 0
    parts = totals.prefill_only_s + totals.decode_only_s + totals.mixed_s
    assert parts == pytest.approx(totals.busy_s.sum())
    timeline = outcome.timeline
    assert timeline.busy_s.sum() == pytest.approx(parts)
    assert timeline.prefill_tokens.sum() == totals.prefill_tokens
    decoded = timeline.decode_tokens.sum()
    assert (
        decoded == outcome.generated_tokens.sum() - here.sum() - outcome.preempted.sum()
        or totals.discarded_tokens
    )


@given(prompt=st.integers(1, 900), output=st.integers(1, 700), budget=st.sampled_from([7, 64, 8192]))
def test_a_single_request_has_a_closed_form(prompt: int, output: int, budget: int) -> None:
    """Chunks of the budget, then a step a token, each reading the tokens before it."""
    outcome = simulate(requests([5.0], [prompt], [output]), table(), Limits(1, budget, 200))
    whole, rest = divmod(prompt, budget)
    first = 5.0 + whole * line(budget) + (line(rest) if rest else 0.0)
    assert outcome.first_token_s[0] == pytest.approx(first, rel=1e-12)
    contexts = prompt + np.arange(output - 1)
    seconds = 0.010 + 3e-4 + 2e-5 * contexts + 3e-5 * np.maximum(contexts - 200, 0)
    assert outcome.finished_s[0] == pytest.approx(first + seconds.sum(), rel=1e-9)
    assert outcome.totals.steps == whole + (rest > 0) + output - 1


def line(prompt: int) -> float:
    """A prompt alone."""
    return 0.004 + 2e-4 * prompt


FOUR_BLOCKS = Limits(2, 64, 4, block_size=4)


def test_preemption_by_hand() -> None:
    """Two sequences, 4 blocks of 4: at 8 tokens each both need a block, the later one goes and comes back.

    Steps of 1 s. Both prompts (7 tokens) end at 1; a token each at 2, when both hold 8 tokens in 4 blocks.
    The step from 2 has no block left: the second is preempted with 2 tokens out. The first emits its 3rd, 4th
    and 5th at 3, 4, 5 in 3 blocks (8 + 3 tokens) and is done. The second's 9 tokens need 3 blocks, so it is
    admitted at 5, has its 3rd token at 6 and its 5th at 8.
    """
    outcome = simulate(requests([0, 0], [7, 7], [5, 5]), fixed_steps(1.0, 1.0), FOUR_BLOCKS)
    assert list(outcome.preempted) == [0, 1]
    assert list(outcome.first_token_s) == [1.0, 1.0]
    assert list(outcome.finished_s) == [5.0, 8.0]
    assert list(outcome.first_admit_s) == [0.0, 0.0]
    assert outcome.totals.prefill_tokens == 7 + 7 + 9
    assert outcome.totals.discarded_tokens == 8
    assert outcome.gaps.longest_s == 4.0


# Prompts before answers (SGLang)


def test_answers_stall_while_prompts_run_by_hand() -> None:
    """Steps of 1 s. The second prompt comes at 2.5, takes two chunks from 3 to 5, and the first answer waits.

    First answer: tokens at 1, 2, 3, then 6, 7. Second: first token at 5, then 6 and 7.
    """
    asked = requests([0.0, 2.5], [4, 20], [5, 3])
    mixed = Limits(4, 10, 100)
    outcome = simulate(asked, fixed_steps(1.0, 1.0), replace(mixed, prompts_first=True))
    assert list(outcome.first_admit_s) == [0.0, 3.0]
    assert list(outcome.first_token_s) == [1.0, 5.0]
    assert list(outcome.finished_s) == [7.0, 7.0]
    assert outcome.gaps.count == 6
    assert outcome.gaps.total_s == 6 + 2
    assert outcome.gaps.longest_s == 3.0
    assert outcome.gaps.quantile(0.8) == pytest.approx(1.0, rel=0.02)
    totals = outcome.totals
    assert (totals.prefill_only_s, totals.decode_only_s, totals.mixed_s) == (3.0, 4.0, 0.0)
    together = simulate(asked, fixed_steps(1.0, 1.0), mixed)
    assert together.gaps.longest_s == together.totals.mixed_s / 2 == 2.0, "two steps of both, 2 s each"


def test_those_preempted_after_a_stall_waited_since_their_own_last_token_by_hand() -> None:
    """Four prompts of two blocks in eight blocks, one a step of 1 s: first tokens at 1, 2, 3, 4.

    The first decode has no block left: the last two go, their last tokens out at 3 and 4. The first two
    answers have tokens at 5 and 6 and end. Nine tokens of the third take the steps from 6 and 7, with the
    first seven of the fourth beside the last of them; so their second tokens come at 8 and 9, and both third
    ones at 10.
    """
    outcome = simulate(FOUR_SHORT, fixed_steps(1.0, 1.0), ONE_PROMPT_A_STEP)
    assert list(outcome.first_token_s) == [1, 2, 3, 4]
    assert list(outcome.preempted) == [0, 0, 1, 1]
    assert list(outcome.finished_s) == [6, 6, 10, 10]
    assert outcome.gaps.total_s == 5 + 4 + 7 + 6
    assert outcome.gaps.longest_s == 5.0


@given(asked=traffic(), limits=settings_of_engine(), count=st.integers(1, 3))
@example(asked=FOUR_SHORT, limits=ONE_PROMPT_A_STEP, count=1)
def test_gaps_add_up_to_the_time_of_writing(asked: Requests, limits: Limits, count: int) -> None:
    """Every second between a request's first and last token lies in one of its gaps, whoever goes first."""
    for first in (False, True):
        outcome = simulate_fleet(asked, table(), replace(limits, prompts_first=first), Replicas(count))
        done = outcome.finished_s >= 0
        written = (outcome.finished_s - outcome.first_token_s)[done].sum()
        assert outcome.gaps.total_s == pytest.approx(written, abs=1e-9)
        assert outcome.gaps.count == np.maximum(outcome.generated_tokens - 1, 0).sum()


@given(asked=traffic(), blocks=st.integers(16, 24), seats=st.integers(1, 12), budget=st.integers(12, 80))
def test_little_memory_delays_and_never_stops_prompts_first(
    asked: Requests, blocks: int, seats: int, budget: int
) -> None:
    """Sequences thrown out for want of blocks come back once one has ended: each is thrown out seldom."""
    limits = Limits(seats, budget, blocks, block_size=4, prompts_first=True)
    outcome = simulate(asked, table(), limits)
    check_states(asked, limits, outcome)
    check_times(outcome)
    assert outcome.totals.kv_peak_blocks[0] <= blocks
    assert outcome.preempted.max() <= 2 * len(asked)
    assert outcome.totals.mixed_s == 0.0


def test_decodes_go_first_then_the_prompt_partly_done() -> None:
    """A budget of 10: the second prompt gets what the first sequence's decodes leave."""
    asked = requests([0, 0], [4, 20], [9, 2])
    outcome = simulate(asked, fixed_steps(1.0, 0.0), Limits(4, 10, 100))
    assert list(outcome.first_token_s) == [1.0, 3.0]  # chunks of 6, 9, 5


def test_without_chunks_a_prompt_waits_for_room() -> None:
    asked = requests([0, 0], [6, 6], [2, 2])
    limits = Limits(4, 10, 100, enable_chunked_prefill=False)
    outcome = simulate(asked, fixed_steps(1.0, 0.0), limits)
    assert list(outcome.first_admit_s) == [0.0, 1.0]
    long = simulate(requests([0, 0], [10, 8], [1, 9]), fixed_steps(1.0, 0.0), limits)
    assert list(long.state) == [State.REJECTED, State.TRUNCATED]


def test_long_attention_is_counted_pair_by_pair() -> None:
    """A prompt of 100 tokens has 5,050 pairs, in one chunk or many."""
    steps = replace(fixed_steps(0.0, 0.0), seconds_per_attended_pair=1.0)
    for budget in (100, 7, 33):
        outcome = simulate(requests([0], [100], [1]), steps, Limits(1, budget, 100))
        assert outcome.finished_s[0] == pytest.approx(5050)


# Loads, horizon


def test_a_closed_loop_keeps_its_clients_busy() -> None:
    asked = requests([0, 1, 2, 3], [1] * 4, [3] * 4, load=ClosedLoop(2, think_s=0.5))
    outcome = simulate(asked, fixed_steps(1.0, 1.0), Limits(8, 64, 100))
    assert list(outcome.arrival_s) == [0.0, 0.0, 3.5, 3.5]
    assert list(outcome.finished_s) == [3.0, 3.0, 6.5, 6.5]


@given(asked=traffic(), clients=st.integers(1, 6), replicas=st.integers(1, 3))
def test_no_more_run_than_there_are_clients(asked: Requests, clients: int, replicas: int) -> None:
    limits = Limits(12, 64, 200)
    closed = replace(asked, load=ClosedLoop(clients))
    outcome = simulate_fleet(closed, table(), limits, Replicas(replicas))
    moments = np.concatenate([outcome.arrival_s, outcome.finished_s])
    change = np.concatenate([np.ones(len(asked)), -np.ones(len(asked))])
    order = np.lexsort((change, moments))
    assert np.cumsum(change[order]).max() <= clients
    assert outcome.count(State.SERVED) == len(asked)


def test_a_rejected_request_does_not_stop_its_client() -> None:
    asked = requests([0] * 3, [500, 500, 1], [1] * 3, load=ClosedLoop(1))
    outcome = simulate(asked, fixed_steps(1.0, 1.0), Limits(8, 64, 100, max_model_len=10))
    assert list(outcome.state) == [State.REJECTED, State.REJECTED, State.SERVED]


def test_all_at_once_arrives_at_zero() -> None:
    asked = requests([3, 9], [5, 5], [2, 2], load="all_at_once")
    outcome = simulate(asked, fixed_steps(1.0, 1.0), Limits(8, 64, 100))
    assert list(outcome.finished_s) == [2.0, 2.0]


@given(asked=traffic(), limits=settings_of_engine(), horizon=st.floats(0, 3))
def test_a_horizon_only_cuts_off(asked: Requests, limits: Limits, horizon: float) -> None:
    whole = simulate(asked, table(), limits)
    part = simulate(asked, table(), limits, horizon_s=horizon)
    by_then = whole.finished_s <= horizon
    assert np.array_equal(np.isfinite(part.finished_s), by_then)
    assert np.array_equal(part.finished_s[by_then], whole.finished_s[by_then])
    left = ~by_then & ((whole.state != State.REJECTED) | (asked.arrival_s > horizon))
    assert np.all(part.state[left] == State.UNFINISHED)
    assert np.all(part.generated_tokens <= whole.generated_tokens)
    assert np.all((part.generated_tokens > 0) == (part.first_token_s <= horizon))
    assert part.totals.busy_s[0] <= horizon
    assert part.gaps.count == np.maximum(part.generated_tokens - 1, 0).sum()


# Prefix cache


def prompts(chains: list[list[int]], block_tokens: int, tail: int = 0) -> dict[str, Any]:
    """Requests of whole blocks (and a last one of `tail` tokens), one every second."""
    ids = np.array([unit for chain in chains for unit in chain])
    offsets = np.concatenate([[0], np.cumsum([len(chain) for chain in chains])])
    blocks = Blocks(offsets, ids, block_tokens, int(ids.max()) + 1)
    inputs = [(len(chain) - (tail > 0)) * block_tokens + tail for chain in chains]
    return {"inputs": inputs, "prefix_blocks": blocks, "arrivals": list(np.arange(len(chains)) * 1000.0)}


CACHED = Limits(8, 4096, 1000, block_size=4, enable_prefix_caching=True)


def test_a_prefix_seen_before_is_not_computed_again() -> None:
    asked = requests(outputs=[2] * 3, **prompts([[0, 1, 2], [0, 1, 3], [0, 1, 2]], 8))
    outcome = simulate(asked, table(), CACHED)
    assert list(outcome.hit_tokens) == [0, 16, 20]  # the last token is always computed, so a block less
    assert outcome.totals.prefill_tokens == 24 + 8 + 4


def test_the_tail_of_a_prompt_counts_as_far_as_it_fills_blocks() -> None:
    asked = requests(outputs=[2] * 3, **prompts([[0, 1], [0, 1], [0, 2]], 16, tail=7))
    assert list(simulate(asked, table(), CACHED).hit_tokens) == [0, 20, 16]


def test_what_was_used_longest_ago_is_evicted_deepest_first() -> None:
    """8 blocks of 4: three prompts of 3 units cannot all stay; the first loses its end, not its beginning."""
    asked = requests(outputs=[1] * 3, **prompts([[0, 1, 2], [3, 4, 5, 6], [0, 1, 2]], 8))
    outcome = simulate(asked, table(), replace(CACHED, kv_blocks=12))
    assert list(outcome.hit_tokens) == [0, 0, 16]


@st.composite
def shared_prompts(draw: st.DrawFn) -> Requests:
    """Chains from a small tree, so that prefixes meet; arrivals together and apart."""
    count = draw(st.integers(1, 25))
    chains: list[list[int]] = []
    known: dict[tuple[int, ...], int] = {}
    for _ in range(count):
        steps = draw(st.lists(st.integers(0, 1), min_size=1, max_size=5))
        chain = [known.setdefault(tuple(steps[: k + 1]), len(known)) for k in range(len(steps))]
        chains.append(chain)
    made = prompts(chains, 8, tail=draw(st.integers(0, 7)))
    made["inputs"] = [max(1, tokens) for tokens in made["inputs"]]
    gaps = draw(st.lists(st.sampled_from([0.0, 0.01, 5.0]), min_size=count, max_size=count))
    made["arrivals"] = list(np.cumsum(gaps))
    outputs = draw(st.lists(st.integers(1, 30), min_size=count, max_size=count))
    return requests(outputs=outputs, **made)


@given(asked=shared_prompts(), blocks=st.integers(18, 80), routing=st.sampled_from(list(Routing)[:3]))
def test_the_cache_never_holds_more_than_there_is(asked: Requests, blocks: int, routing: Routing) -> None:
    limits = replace(CACHED, kv_blocks=blocks, max_num_seqs=5, max_num_batched_tokens=20)
    outcome = simulate_fleet(asked, table(), limits, Replicas(2, routing))
    check_states(asked, limits, outcome)
    check_times(outcome)
    assert np.all(outcome.totals.kv_peak_blocks <= blocks)
    assert np.all(outcome.hit_tokens < asked.input_tokens)
    computed = (asked.input_tokens - outcome.hit_tokens)[outcome.replica >= 0].sum()
    if not outcome.preempted.any():
        assert outcome.totals.prefill_tokens == computed


def test_caching_never_makes_single_requests_slower() -> None:
    asked = requests(outputs=[3] * 4, **prompts([[0, 1, 2], [0, 1, 3], [4], [0, 1, 3]], 8))
    cached = simulate(asked, table(), CACHED)
    plain = simulate(asked, table(), replace(CACHED, enable_prefix_caching=False))
    assert np.all(cached.first_token_s <= plain.first_token_s)
    assert cached.first_token_s[1] < plain.first_token_s[1]


# Speculative decoding


def many(output: int, count: int = 400, **more: Any) -> Requests:
    return requests([0.0] * count, [1] * count, [output] * count, **more)


@pytest.mark.parametrize("output", [2, 40, 3000])
def test_drawn_acceptance_has_the_expected_pace(output: int) -> None:
    drafts = Speculative(3, 0.7)
    assert drafts.tokens_per_step == pytest.approx(1 + 0.7 + 0.49 + 0.343)
    limits = Limits(400, 4096, 100_000, speculative=drafts)
    steps = fixed_steps(1.0, 1.0)
    expected = simulate(many(output), steps, limits)
    drawn = simulate(many(output), steps, replace(limits, speculative=replace(drafts, drawn=True)))
    assert np.unique(expected.finished_s).size == 1
    assert expected.finished_s[0] - 1 == pytest.approx((output - 1) / drafts.tokens_per_step, abs=1)
    accepted = np.random.default_rng(5).choice([1, 2, 3, 4], (2000, output - 1), p=drafts.chances)
    steps_taken = 1 + np.argmax(np.cumsum(accepted, axis=1) >= output - 1, axis=1)
    assert drawn.finished_s.mean() - 1 == pytest.approx(steps_taken.mean(), rel=0.015)
    assert drawn.finished_s.std() == pytest.approx(steps_taken.std(), rel=0.12)
    assert np.all(drawn.generated_tokens == output)


def test_drawn_acceptance_is_of_the_seed() -> None:
    limits = Limits(400, 4096, 100_000, speculative=Speculative(3, 0.7, drawn=True))
    one, same, other = (simulate(many(40), table(), limits, seed=seed).finished_s for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("acceptance", "steps"), [(0.0, 30), (1.0, 10)])
def test_certain_acceptance(acceptance: float, steps: int) -> None:
    for drawn in (False, True):
        limits = Limits(400, 4096, 100_000, speculative=Speculative(2, acceptance, drawn))
        outcome = simulate(many(31), fixed_steps(1.0, 1.0), limits)
        assert np.all(outcome.finished_s == 1 + steps)


@given(asked=traffic(), drawn=st.booleans(), blocks=st.integers(25, 60), acceptance=st.floats(0, 1))
def test_drafts_conserve_tokens_and_blocks(
    asked: Requests, drawn: bool, blocks: int, acceptance: float
) -> None:
    limits = Limits(6, 30, blocks, block_size=4, speculative=Speculative(3, acceptance, drawn))
    outcome = simulate(asked, table(), limits)
    check_states(asked, limits, outcome)
    check_times(outcome)
    assert outcome.totals.kv_peak_blocks[0] <= blocks


# Fleets


@given(seed=st.integers(0, 1000))
@settings(max_examples=20)
def test_more_replicas_do_not_raise_the_99th_percentile(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = 2000
    asked = Requests(
        np.cumsum(rng.exponential(0.03, count)), rng.integers(1, 60, count), rng.integers(1, 60, count)
    )
    limits = Limits(8, 64, 100)
    p99 = [np.quantile(first_token_waits(asked, limits, n), 0.99) for n in (1, 2, 4, 8, 16)]
    assert np.all(np.diff(p99) <= 0.02 * np.array(p99[:-1]))
    assert p99[-1] < p99[0] / 2


def first_token_waits(asked: Requests, limits: Limits, count: int) -> Any:
    outcome = simulate_fleet(asked, table(), limits, Replicas(count))
    return outcome.first_token_s - outcome.arrival_s


@given(asked=traffic(60), count=st.integers(2, 5))
def test_a_replica_in_turn_is_a_replica_alone(asked: Requests, count: int) -> None:
    limits = Limits(5, 30, 40, block_size=4)
    fleet = simulate_fleet(asked, table(), limits, Replicas(count, Routing.ROUND_ROBIN))
    for r in range(count):
        mine = slice(r, None, count)
        if len(asked.arrival_s[mine]):
            part = Requests(asked.arrival_s[mine], asked.input_tokens[mine], asked.output_tokens[mine])
            alone = simulate(part, table(), limits)
            np.testing.assert_allclose(fleet.finished_s[mine], alone.finished_s, atol=1e-9)


def test_least_loaded_counts_what_runs_and_waits() -> None:
    asked = requests([0, 0.1, 0.2, 5.5], [1] * 4, [50, 2, 2, 2])
    outcome = simulate_fleet(asked, fixed_steps(1.0, 1.0), Limits(8, 64, 100), Replicas(2))
    assert list(outcome.replica) == [0, 1, 0, 1]


def test_sessions_stay_where_they_began() -> None:
    asked = requests([0, 0.1, 0.2, 0.3], [1] * 4, [9] * 4, session_ids=np.array([0, 1, 0, -1]))
    outcome = simulate_fleet(asked, fixed_steps(1.0, 1.0), Limits(8, 64, 100), Replicas(3, Routing.SESSION))
    assert list(outcome.replica) == [0, 1, 0, 2]


def test_prefix_aware_goes_where_the_prefix_is() -> None:
    asked = requests(outputs=[2] * 4, **prompts([[0, 1], [2, 3], [2, 4], [0, 5]], 8))
    outcome = simulate_fleet(asked, table(), CACHED, Replicas(2, Routing.PREFIX_AWARE))
    assert list(outcome.replica) == [0, 1, 1, 0]
    assert list(outcome.hit_tokens) == [0, 0, 8, 8]


def test_replicas_start_and_drain() -> None:
    replicas = Replicas(2, ready_s=np.array([10.0, 30.0]), drain_s=np.array([20.0, 40.0]))
    asked = requests([0, 15, 25, 35, 50], [1] * 5, [8] * 5)
    outcome = simulate_fleet(asked, fixed_steps(1.0, 1.0), Limits(8, 64, 100), replicas)
    assert list(outcome.replica) == [0, 0, 1, 1, -1]
    assert list(outcome.first_admit_s[:4]) == [10.0, 15.0, 30.0, 35.0]
    assert outcome.finished_s[1] == 24.0  # after it drains, what it has is finished
    assert outcome.state[4] == State.REJECTED


def test_a_long_time_is_folded_into_the_same_periods() -> None:
    asked = requests([0.0] * 3, [1] * 3, [3000] * 3, load=ClosedLoop(1))
    timeline = simulate(asked, fixed_steps(1.0, 1.0), Limits(1, 8, 1000)).timeline
    assert timeline.width_s == 16.0
    assert timeline.busy_s.sum() == 9000
    assert np.all(timeline.busy_s[:-1] <= 17)


@given(st.floats(2e-6, 1e4))
def test_bins_of_gaps_are_narrow(seconds: float) -> None:
    counts = np.zeros(GAPS, dtype=np.int64)
    counts[bin_of.py_func(seconds)] = 1  # pyright: ignore[reportFunctionMemberAccess]
    assert Gaps(counts, seconds, 1e9).quantile(0.5) == pytest.approx(seconds, rel=0.016)


# What is refused


def test_what_contradicts_itself_is_refused() -> None:
    one = requests([0], [1], [1])
    for words, limits, replicas in (
        ("enable_prefix_caching", CACHED, Replicas()),
        ("prefix_aware", Limits(1, 1, 9), Replicas(2, Routing.PREFIX_AWARE)),
        ("session ids", Limits(1, 1, 9), Replicas(2, Routing.SESSION)),
    ):
        with pytest.raises(ValueError, match=words):
            simulate_fleet(one, table(), limits, replicas)
    asked = requests(outputs=[1], **prompts([[0]], 24))
    with pytest.raises(ValueError, match="must divide"):
        simulate(asked, table(), replace(CACHED, block_size=16))


@pytest.mark.parametrize(
    ("words", "make"),
    [
        ("in the order of time", lambda: requests([1, 0], [1, 1], [1, 1])),
        ("finite", lambda: requests([-1], [1], [1])),
        ("input_tokens", lambda: requests([0], [0], [1])),
        ("output_tokens", lambda: requests([0], [1], [2**31])),
        ("as many", lambda: requests([0], [1, 2], [1])),
        ("max_num_batched_tokens", lambda: Limits(8, 7, 1)),
        ("3 tokens", lambda: Limits(8, 16, 9, speculative=Speculative(2, 0.5))),
        ("kv_blocks", lambda: Limits(1, 1, 1, block_size=1)),
        ("max_model_len", lambda: Limits(1, 1, 1, max_model_len=1)),
        ("draft_tokens", lambda: Speculative(0, 0.5)),
        ("acceptance", lambda: Speculative(1, 1.5)),
        ("concurrency", lambda: ClosedLoop(0)),
        ("replicas", lambda: Replicas(0)),
        ("ready_s", lambda: Replicas(2, ready_s=np.zeros(1))),
        ("rising", lambda: replace(table(), decode_sequences=np.zeros(4))),
        ("a table of", lambda: replace(table(), seconds=np.zeros((1, 1, 1)))),
        ("at least 0", lambda: replace(table(), seconds=table().seconds - 9)),
        ("from 0", lambda: replace(table(), prefill_tokens=np.array([1.0, 2, 3, 4]))),
    ],
)
def test_bad_input_is_named(words: str, make: Any) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_no_requests_take_no_time() -> None:
    outcome = simulate(requests([], [], []), table(), Limits(1, 1, 9))
    assert outcome.totals.makespan_s == 0
    assert np.isnan(outcome.gaps.mean_s)


# Compiled code


def test_compiled_code_is_kept_and_found() -> None:
    directory = compile_engine()
    assert is_compiled()
    assert directory == engine_compile.cache_directory()
    assert directory is None or engine_compile.kept()


ANSWER = """
from truecost.replay import engine, engine_compile, engine_kernel

@engine_compile.entry
def run(x):
    return x + 1

engine_kernel.run, engine.simulate = run, lambda *_: run(1)
print(engine.is_compiled(), engine.compile_engine(), engine.is_compiled())
"""
"""A small kernel in the place of the engine's, whose own takes ten seconds to compile."""


def test_without_a_home_it_compiles_in_memory(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.write_text("no directory")
    bare = {"PATH": os.environ["PATH"], "NUMBA_OPT": "0", "HOME": str(closed), "XDG_CACHE_HOME": str(closed)}
    ran = subprocess.run(
        [sys.executable, "-c", ANSWER], env=bare, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert ran.stdout.split() == ["False", "None", "True"]
