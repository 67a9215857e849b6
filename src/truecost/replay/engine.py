"""The serving simulator: requests through continuous batching, step by step, on one replica or many.

It answers when each request is admitted, gets its first token and its last, and how full the replicas are. It
knows nothing of chips: how long a step takes is given as a table. The scheduler's rules are in `engine_step`.
What it leaves out: time between steps other than the table's, disaggregated prefill, priorities, swapping to
host memory; generated tokens never enter the prefix cache.

>>> import numpy as np
>>> requests = Requests(np.array([0.0]), np.array([100]), np.array([5]))
>>> outcome = simulate(requests, fixed_steps(0.060, 0.025), Limits(64, 2048, 6000))
>>> float(outcome.first_token_s[0]), round(float(outcome.finished_s[0]), 9)
(0.06, 0.16)
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from truecost.replay import engine_compile, engine_state
from truecost.replay.engine_outcome import Gaps, Outcome, State, Timeline, Totals
from truecost.replay.engine_requests import (
    ClosedLoop,
    Limits,
    Replicas,
    Requests,
    Routing,
    Speculative,
    StepTable,
    fixed_steps,
    requests_of,
)

if TYPE_CHECKING:
    from truecost.replay.engine_state import Store

__all__ = [
    "ClosedLoop",
    "Limits",
    "Outcome",
    "Replicas",
    "Requests",
    "Routing",
    "Speculative",
    "State",
    "StepTable",
    "compile_engine",
    "fixed_steps",
    "is_compiled",
    "requests_of",
    "simulate",
    "simulate_fleet",
]

HOUR_S = 3600.0
ROUTES = {
    Routing.ROUND_ROBIN: engine_state.ROUND_ROBIN,
    Routing.LEAST_LOADED: engine_state.LEAST_LOADED,
    Routing.PREFIX_AWARE: engine_state.PREFIX_AWARE,
    Routing.SESSION: engine_state.SESSION,
}


def simulate(
    requests: Requests, steps: StepTable, limits: Limits, *, horizon_s: float = math.inf, seed: int = 0
) -> Outcome:
    """Requests on one replica, until all are done or to a horizon; `seed` is for drawn acceptance.

    Raises ValueError for what contradicts itself or would have no effect.
    """
    return simulate_fleet(requests, steps, limits, Replicas(), horizon_s=horizon_s, seed=seed)


def simulate_fleet(
    requests: Requests,
    steps: StepTable,
    limits: Limits,
    replicas: Replicas,
    *,
    horizon_s: float = math.inf,
    seed: int = 0,
) -> Outcome:
    """Requests over equal replicas, routed as they arrive. As `simulate` otherwise."""
    from truecost.replay.engine_kernel import run

    _check(requests, limits, replicas)
    seats = max(1, min(limits.max_num_seqs, len(requests)))
    blocks = requests.prefix_blocks if limits.enable_prefix_caching else None
    engine = _engine(requests, steps, limits, replicas)
    _set(engine, {"horizon_s": horizon_s, "seed": seed, "turn": replicas.count - 1})
    _set(engine, _changes(replicas))
    store = _store(requests, steps, limits, replicas, seats)
    fleet = _replicas(limits, replicas, seats, blocks.width if blocks else 0)
    run(engine, store, fleet)
    return _outcome(engine, store, fleet)


def is_compiled() -> bool:
    """Whether the next simulation runs at once; otherwise its machine code is made first, some seconds."""
    from truecost.replay.engine_kernel import run

    return bool(getattr(run, "signatures", ())) or engine_compile.kept()


def compile_engine() -> Path | None:
    """Make the machine code now, or load it; where it is kept, None if that can be nowhere."""
    one = np.ones(1, dtype=np.int64)
    simulate(Requests(np.zeros(1), one, one), fixed_steps(1.0, 1.0), Limits(1, 1, 1))
    return engine_compile.cache_directory()


def _check(requests: Requests, limits: Limits, replicas: Replicas) -> None:
    blocks = requests.prefix_blocks
    if limits.enable_prefix_caching and blocks is None:
        raise ValueError("enable_prefix_caching: the requests have no prefix blocks, so it would do nothing")
    if limits.enable_prefix_caching and blocks is not None and blocks.block_tokens % limits.block_size:
        raise ValueError(
            f"block_size: {limits.block_size}; must divide the trace's prefix blocks of"
            f" {blocks.block_tokens} tokens"
        )
    if limits.enable_prefix_caching and blocks is not None and replicas.count * blocks.width >= 2**31:
        raise ValueError(
            f"replicas: {replicas.count}, each with a cache of up to {blocks.width:,} prefix blocks: too many"
        )
    if replicas.routing is Routing.PREFIX_AWARE and not limits.enable_prefix_caching:
        raise ValueError("routing: prefix_aware needs enable_prefix_caching")
    if replicas.routing is Routing.SESSION and requests.session_ids is None:
        raise ValueError("routing: session, but the requests have no session ids")


def _set(record: Any, values: dict[str, float]) -> None:
    """Fields of a record array, by name."""
    for name, value in values.items():
        record[name] = value


def _engine(requests: Requests, steps: StepTable, limits: Limits, replicas: Replicas) -> Any:
    """The record of rules and sums."""
    drafts, blocks, load = limits.speculative, requests.prefix_blocks, requests.load
    closed = load if isinstance(load, ClosedLoop) else None
    engine = np.zeros(1, dtype=engine_state.ENGINE)
    rules: dict[str, float] = {
        "max_num_seqs": limits.max_num_seqs,
        "max_num_batched_tokens": limits.max_num_batched_tokens,
        "block_size": limits.block_size,
        "kv_blocks": limits.kv_blocks,
        "max_tokens": limits.longest_context,
        "chunked": limits.enable_chunked_prefill,
        "prompts_first": limits.prompts_first,
        "caching": limits.enable_prefix_caching,
        "block_tokens": blocks.block_tokens if blocks is not None else limits.block_size,
        "draft_tokens": drafts.draft_tokens if drafts else 0,
        "acceptance": drafts.acceptance if drafts else 0.0,
        "drawn": drafts.drawn if drafts else False,
        "pace": drafts.tokens_per_step if drafts else 1.0,
        "deviation": drafts.deviation if drafts else 0.0,
        "closed": closed is not None,
        "think_s": closed.think_s if closed else 0.0,
        "routing": ROUTES[replicas.routing],
        "most_outstanding": replicas.most_outstanding or 0,
        "prefill_points": len(steps.prefill_tokens),
        "decode_points": len(steps.decode_sequences),
        "context_points": len(steps.context_tokens),
        "seconds_per_pair": steps.seconds_per_attended_pair,
        "issued": min(closed.concurrency, len(requests)) if closed else len(requests),
        "period_s": _first_period(requests),
    }
    _set(engine, rules)
    return engine


def _changes(replicas: Replicas) -> dict[str, float]:
    """How the fleet changes; at no time for a fixed one."""
    scaler, lost = replicas.autoscaler, replicas.interruptions
    rules = {"event_s": math.inf, "look_s": math.inf, "turned_s": -1.0, "most": float(replicas.count)}
    if scaler:
        rules |= {
            "least": scaler.min_replicas,
            "up_at": scaler.scale_up_at,
            "down_at": scaler.scale_down_at,
            "interval_s": scaler.interval_s,
            "up_delay_s": scaler.upscale_delay_s,
            "down_delay_s": scaler.downscale_delay_s,
            "start_s": scaler.start_s,
            "event_s": scaler.interval_s,
            "look_s": scaler.interval_s,
        }
    if lost and len(lost.at_s):
        rules |= {"replace_s": lost.replace_s, "event_s": min(rules["event_s"], float(lost.at_s[0]))}
    return rules


def _requests(requests: Requests) -> Any:
    """A record for each request, as nothing has happened yet."""
    records = np.zeros(len(requests), dtype=engine_state.REQUEST)
    if requests.load == "open":
        records["arrival_s"] = requests.arrival_s
    records["input_tokens"] = requests.input_tokens
    records["output_tokens"] = requests.output_tokens
    for name in ("first_admit_s", "first_token_s", "finished_s"):
        records[name] = np.nan
    records["replica"] = -1
    return records


def _replicas(limits: Limits, replicas: Replicas, seats: int, units: int) -> Any:
    """A record for each replica, idle, its slots in one free list."""
    records = np.zeros(replicas.count, dtype=engine_state.REPLICA)
    for link in ("first_waiting", "last_waiting", "oldest", "newest", "prefilling", "completing", "stalest"):
        records[link] = -1
    records["freshest"] = -1
    records["buckets"] = -1
    records["free_blocks"] = limits.kv_blocks
    records["stalled_s"] = -1.0
    order = np.arange(replicas.count)
    records["first_class"] = order * limits.block_size
    records["first_unit"] = order * units
    records["free_slot"] = order * seats
    records["ready_s"] = replicas.ready_s if len(replicas.ready_s) else 0.0
    records["drain_s"] = replicas.drain_s if len(replicas.drain_s) else math.inf
    if replicas.autoscaler:
        records["ready_s"][replicas.autoscaler.initial :] = math.inf
        records["since_s"][replicas.autoscaler.initial :] = -1.0
    return records


def _store(requests: Requests, steps: StepTable, limits: Limits, replicas: Replicas, seats: int) -> Store:
    """The arrays of all replicas."""
    count, lost = replicas.count, replicas.interruptions
    slots = np.zeros(count * seats, dtype=engine_state.SLOT)
    slots["newer"] = np.arange(1, count * seats + 1)
    slots["newer"][seats - 1 :: seats] = -1
    blocks = requests.prefix_blocks if limits.enable_prefix_caching else None
    units = np.zeros(count * (blocks.width if blocks else 0), dtype=engine_state.UNIT)
    units["users"] = -1
    chains = np.empty(0, dtype=np.int64)
    if blocks:
        chains = np.concatenate([blocks.offsets + len(blocks.offsets), blocks.ids]).astype(np.int64)
    axes = (steps.prefill_tokens, steps.decode_sequences, steps.context_tokens)
    table = np.concatenate([*axes, steps.seconds.ravel()]).astype(np.float64)
    classes = np.zeros(count * limits.block_size, dtype=np.int32)
    sessions = np.empty(0, dtype=np.int64)
    if requests.session_ids is not None:
        sessions = np.array(requests.session_ids, dtype=np.int64)
    homes = np.full(int(sessions.max(initial=-1)) + 1, -1, dtype=np.int32)
    arrays: tuple[Any, ...] = (
        *(_requests(requests), slots, units, classes, chains, sessions, homes, table),
        np.array(lost.at_s if lost else (), dtype=np.float64),
        np.array(lost.replica if lost else (), dtype=np.int32),
        np.zeros(len(requests) if lost else 0, dtype=np.int32),
    )
    return engine_state.Store(*arrays)


def _first_period(requests: Requests) -> float:
    """Seconds of a period of the timeline: half of them for the arrivals, but no less than a second each.

    With arrivals over time, an hour times a power of 2: whole periods make an hour.
    """
    span = float(requests.arrival_s[-1]) if len(requests) and requests.load == "open" else 0.0
    least = max(1.0, 2 * span / engine_state.PERIODS)
    return least if span == 0 else HOUR_S * 2.0 ** math.ceil(math.log2(least / HOUR_S))


def _outcome(engine: Any, store: Store, replicas: Any) -> Outcome:
    requests: Any = store.requests
    interrupted: Any = store.interrupted if len(store.interrupted) else np.zeros(len(requests), np.int32)
    unfinished = requests["state"] == State.UNFINISHED
    requests["finished_s"][unfinished] = np.nan
    horizon_s, end_s, width_s = (float(engine[name][0]) for name in ("horizon_s", "end_s", "period_s"))
    makespan_s = horizon_s if bool(np.any(unfinished)) else end_s
    used = min(engine_state.PERIODS, max(1, math.ceil(makespan_s / width_s)))
    periods = engine["periods"][0, :used].T.copy()
    totals = Totals(
        makespan_s=makespan_s,
        steps=int(engine["steps"][0]),
        prefill_only_s=float(engine["prefill_s"][0]),
        decode_only_s=float(engine["decode_s"][0]),
        mixed_s=float(engine["mixed_s"][0]),
        prefill_tokens=int(engine["prefill_tokens"][0]),
        discarded_tokens=int(engine["discarded_tokens"][0]),
        busy_s=replicas["busy_s"].copy(),
        kv_peak_blocks=replicas["peak_blocks"].copy(),
        requests=replicas["requests"].copy(),
        up_s=replicas["up_s"].copy(),
        interruptions=int(engine["interruptions"][0]),
    )
    return Outcome(
        arrival_s=requests["arrival_s"],
        first_admit_s=requests["first_admit_s"],
        first_token_s=requests["first_token_s"],
        finished_s=requests["finished_s"],
        state=requests["state"],
        generated_tokens=requests["generated"],
        hit_tokens=requests["hit_tokens"],
        preempted=requests["preempted"] - interrupted,
        interrupted=interrupted,
        replica=requests["replica"],
        gaps=Gaps(engine["gaps"][0].copy(), float(engine["gap_s"][0]), float(engine["longest_gap_s"][0])),
        timeline=Timeline(width_s, *periods),
        totals=totals,
    )
