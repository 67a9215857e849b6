"""A setup through the engine: its step times as a table, its limits as the engine's, its outcome as a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from truecost.ranges import FloatArray
from truecost.replay.elastic import simulated
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
    simulate_fleet,
)
from truecost.replay.engine_outcome import Gaps, Timeline
from truecost.replay.metrics import QUANTILES, STATES, Ran
from truecost.replay.provider import StepTimes
from truecost.replay.setups import Setup

_STATES = np.array([STATES.index(state.name.lower()) for state in sorted(State)], dtype=np.int8)
ROUNDS = 4
"""Of finding how many steps of each kind there were."""
WAITING = frozenset({"latency", "exchange"})
"""Parts of a step in which chips wait: for the host, and for each other."""


@dataclass(frozen=True, slots=True)
class Driven:
    """A run, where the replicas' time went, how many requests ran at once at the fullest time, and shapes."""

    ran: Ran
    parts_s: Mapping[str, float]
    replicas: int
    most_running: float
    gaps: Gaps
    timeline: Timeline

    @property
    def computing_share(self) -> float:
        """Share of the paid time in which chips compute or read, and do not wait for others."""
        working = sum(seconds for name, seconds in self.parts_s.items() if name not in WAITING)
        total = self.ran.paid_s
        return working / total if total else 0.0


def drive(
    setup: Setup, factor: float = 1.0, most_outstanding: int | None = None, *, causes: bool = True
) -> Driven:
    """Run a setup with its step times multiplied by a factor; without `causes`, `parts_s` is empty.

    A request that finds `most_outstanding` requests on every replica it may go to is turned away (rejected).
    """
    limits = limits_of_engine(setup)
    table = table_of(setup.steps, limits, factor)
    fleet = setup.spec.fleet
    replicas = Replicas(setup.replicas, Routing(fleet.routing), most_outstanding=most_outstanding)
    requests = requests_of_load(setup)
    span_s = float(setup.load.arrival_s[-1])
    outcome = simulated(
        setup.elastic, replicas, span_s, lambda fleet: simulate_fleet(requests, table, limits, fleet)
    )
    running = outcome.timeline.running_s / np.maximum(outcome.timeline.busy_s, 1e-12)
    return Driven(
        ran=_ran(setup, outcome),
        parts_s=_parts(setup, outcome, table, limits) if causes else {},
        replicas=setup.replicas,
        most_running=float(running.max(initial=0.0)),
        gaps=outcome.gaps,
        timeline=outcome.timeline,
    )


def limits_of_engine(setup: Setup) -> Limits:
    """The limits of a replica: those of a rank times its ranks."""
    engine, ranks = setup.spec.engine, setup.layout.data_parallel_size
    drafts = engine.speculative
    return Limits(
        max_num_seqs=engine.max_num_seqs * ranks,
        max_num_batched_tokens=engine.max_num_batched_tokens * ranks,
        kv_blocks=setup.blocks,
        block_size=engine.block_size,
        enable_chunked_prefill=engine.enable_chunked_prefill,
        enable_prefix_caching=engine.enable_prefix_caching,
        prompts_first=engine.backend == "sglang",
        max_model_len=setup.max_model_len,
        speculative=Speculative(drafts.draft_tokens, drafts.acceptance) if drafts.draft_tokens else None,
    )


def table_of(steps: StepTimes, limits: Limits, factor: float = 1.0) -> StepTable:
    """Step times at the provider's own points, up to what the limits allow."""
    ends = (limits.max_num_batched_tokens, limits.max_num_seqs, limits.kv_blocks * limits.block_size)
    prefill, decode, context = (_rising(axis) for axis in steps.points(ends))
    seconds = steps.seconds(prefill[:, None, None], decode[None, :, None], context[None, None, :])
    pair = steps.seconds_per_pair * factor
    return StepTable(prefill, decode, context, np.ascontiguousarray(seconds * factor), pair)


def _rising(axis: FloatArray) -> FloatArray:
    """An axis of two points at least."""
    return axis if len(axis) > 1 else np.array([axis[0], axis[0] + 1])


def requests_of_load(setup: Setup) -> Requests:
    """The traffic as the engine takes it."""
    load = setup.load
    return Requests(
        load.arrival_s,
        load.input_tokens,
        load.output_tokens,
        load.prefix_blocks if setup.spec.engine.enable_prefix_caching else None,
        load.session_ids if setup.spec.fleet.routing == "session" else None,
        "open" if load.concurrency is None else ClosedLoop(load.concurrency, load.think_s),
    )


def _ran(setup: Setup, outcome: Outcome) -> Ran:
    totals, gaps = outcome.totals, outcome.gaps
    return Ran(
        arrival_s=outcome.arrival_s,
        input_tokens=setup.load.input_tokens,
        output_tokens=outcome.generated_tokens.astype(np.int64),
        admitted_s=outcome.first_admit_s,
        first_token_s=outcome.first_token_s,
        finished_s=outcome.finished_s,
        state=_STATES[outcome.state],
        preemptions=outcome.preempted.astype(np.int64),
        interrupted=outcome.interrupted.astype(np.int64),
        hit_tokens=outcome.hit_tokens.astype(np.int64),
        replica=outcome.replica.astype(np.int64),
        gaps={"mean": gaps.mean_s, **{name: gaps.quantile(share) for name, share in QUANTILES.items()}},
        busy_s=float(totals.busy_s.sum()),
        makespan_s=totals.makespan_s,
        paid_s=totals.paid_s,
        interruptions=totals.interruptions,
        steps=totals.steps,
        kv_peak_blocks=int(totals.kv_peak_blocks.max(initial=0)),
    )


def _parts(setup: Setup, outcome: Outcome, table: StepTable, limits: Limits) -> dict[str, float]:
    """Seconds of all steps by cause: those of the mean step of each of three kinds, as often as it ran.

    The kinds are steps of prompts, of answers, and of both; the engine says what time each took. The law is
    close to a straight line within a kind, so that its mean step stands for it; what that misses is shared
    out in proportion, and the parts add up to the time in steps.
    """
    totals = outcome.totals
    if not totals.steps:
        return {}
    means = _mean_steps(setup, outcome, table, limits)
    prompts, answers = np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])
    spent = (totals.prefill_only_s, totals.decode_only_s, totals.mixed_s)
    kinds = setup.steps.parts(means.prefill * prompts, means.decode * answers, means.context * answers)
    found: dict[str, float] = {}
    for kind, seconds in enumerate(spent):
        parts = {name: float(values[kind]) for name, values in kinds.items()}
        if prompts[kind]:
            parts["prompt_attention"] = parts.get("prompt_attention", 0.0) + means.attention_s
        whole = sum(parts.values())
        for name, part in parts.items():
            found[name] = found.get(name, 0.0) + (part / whole * seconds if whole else 0.0)
    return {name: seconds for name, seconds in found.items() if seconds > 0}


class _Means(NamedTuple):
    """The mean step: tokens of prompts in steps that have any, answers and their context likewise."""

    prefill: float
    decode: float
    context: float
    attention_s: float


def _mean_steps(setup: Setup, outcome: Outcome, table: StepTable, limits: Limits) -> _Means:
    """How much work a step holds: how many steps of each kind there were follows from the totals."""
    totals, load = outcome.totals, setup.load
    pace = limits.speculative.tokens_per_step if limits.speculative else 1.0
    decode = float(outcome.timeline.decode_tokens.sum()) / pace
    written = outcome.generated_tokens.astype(np.float64)
    held = float(np.sum((load.input_tokens + written / 2) * written) / max(written.sum(), 1.0))
    computed = (load.input_tokens - outcome.hit_tokens)[outcome.first_admit_s >= 0].astype(np.float64)
    attention = float(np.sum(computed * (computed + 1) / 2)) * table.seconds_per_attended_pair
    with_answers, with_prompts = float(totals.steps), totals.steps / 2
    for _ in range(ROUNDS):
        batch, chunk = decode / with_answers, totals.prefill_tokens / with_prompts
        answer, prompt = _step_of_each(setup.steps, (batch, batch * held), chunk)
        prompt += attention / with_prompts
        only_answers = totals.decode_only_s / answer if answer else 0.0
        only_prompts = totals.prefill_only_s / prompt if prompt else 0.0
        with_answers = max(totals.steps - only_prompts, 1.0)
        with_prompts = max(totals.steps - only_answers, 1.0)
    return _Means(
        totals.prefill_tokens / with_prompts,
        decode / with_answers,
        decode / with_answers * held,
        attention / with_prompts,
    )


def _step_of_each(steps: StepTimes, answers: tuple[float, float], chunk: float) -> tuple[float, float]:
    """Seconds of a step of answers alone (so many, of a context) and of a step of prompt tokens alone."""
    batch, context = answers
    seconds = steps.seconds(np.array([0.0, chunk]), np.array([batch, 0.0]), np.array([context, 0.0]))
    return float(seconds[0]), float(seconds[1])
