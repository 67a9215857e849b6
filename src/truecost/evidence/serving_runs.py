"""Measured serving points through the simulator: what it says of each, by the law of `physics.roofline`.

A point is a closed loop: so many requests at once, ten times as many in all (fewer where that is thousands),
the first ones together. Where everything is queued at the start, `OFFLINE_REQUESTS` wait. Step times are the
law's, tabulated for all points at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import NamedTuple

import numpy as np

from truecost.evidence.measurements import OFFLINE_BATCH, Stack
from truecost.physics.calibration import ENGINES, OF_ENGINE, ServingConstants, serving_constants
from truecost.physics.roofline import ChipRates, Work, cache_parts, free_bytes_per_chip, mixed_step_parts
from truecost.ranges import FloatArray
from truecost.replay.engine import ClosedLoop, Limits, Requests, StepTable, simulate

ROUNDS = 10
"""Requests of a benchmark over those at once."""
ENOUGH = 1500
"""Requests from which on fewer rounds do: three are kept."""
OFFLINE_REQUESTS = 3000
BLOCK = 16
PROMPTS = np.array([0.0, 1, 64, 256, 1024, 2048, 4096, 8192, 16384, 32768])
ANSWERS = np.array([0.0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048])
CONTEXT = np.array([0.0, 1e6])
SEED = 7


class Simulated(NamedTuple):
    """What the simulator says of each point, in seconds; NaN where a point was not asked for."""

    ttft_s: FloatArray
    """Mean over requests."""
    tpot_s: FloatArray
    """Mean over requests of a request's mean time per further token."""
    replica_seconds: FloatArray
    """Per request: the makespan over the requests."""


def constants_of(values: Mapping[str, float], points: Stack) -> ServingConstants:
    """Constants with each point's engine's own, from values by the names of the calibration file."""
    named: dict[str, float | FloatArray] = dict(values)
    for name in OF_ENGINE:
        own = [values[f"{name}.{engine}"] for engine in ENGINES]
        named[f"{name}.{ENGINES[0]}"] = np.select(
            [points.engines == engine for engine in ENGINES], own, own[0]
        )
    return serving_constants(named, ENGINES[0])


def simulated(points: Stack, constants: ServingConstants) -> Simulated:
    """Run every point; about a millisecond each."""
    tables, pairs = _tables(points, constants)
    blocks = _blocks(points, constants)
    first = np.broadcast_to(np.asarray(constants.first_token_s), len(points))
    found = np.full((len(points), 3), np.nan)
    for place, case in enumerate(_cases(points)):
        axis = PROMPTS * case.ranks
        table = StepTable(axis, ANSWERS, CONTEXT, tables[place], float(pairs[place]))
        ttft, tpot, seconds = _run(case, table, int(blocks[place]))
        found[place] = ttft + first[place] + constants.delivery_s(tpot), tpot, seconds
    return Simulated(*found.T)


class _Case(NamedTuple):
    """A point as the engine takes it."""

    ranks: int
    together: float
    prompt: float
    answer: float
    shortest: float
    step_tokens: int
    prompts_first: bool


def _cases(points: Stack) -> list[_Case]:
    columns = (
        points.work.data_parallel, points.concurrency, points.work.prefill_tokens, points.work.output_tokens,
        points.shortest, points.steps, points.engines == "sglang",
    )  # fmt: skip
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    return [_Case(int(r), c, p, a, s, int(steps), bool(apart)) for r, c, p, a, s, steps, apart in rows]


def _run(case: _Case, table: StepTable, blocks: int) -> tuple[float, float, float]:
    is_closed = bool(np.isfinite(case.together))
    count = _requests_of(case.together)
    prompts, answers = (
        _lengths(mean, case.shortest, count, which) for which, mean in enumerate((case.prompt, case.answer))
    )
    most = int(OFFLINE_BATCH) * case.ranks
    seats = round(case.together) if is_closed else most
    limits = Limits(
        max_num_seqs=min(seats, most),
        max_num_batched_tokens=max(case.step_tokens * case.ranks, seats),
        kv_blocks=max(blocks, int(prompts.max() + answers.max()) // BLOCK + 2),
        block_size=BLOCK,
        prompts_first=case.prompts_first,
    )
    load = ClosedLoop(seats) if is_closed else "open"
    ran = simulate(Requests(np.zeros(count), prompts, answers, load=load), table, limits)
    ttft = ran.first_token_s - ran.arrival_s
    tpot = (ran.finished_s - ran.first_token_s) / np.maximum(ran.generated_tokens - 1, 1)
    return float(np.nanmean(ttft)), float(np.nanmean(tpot)), ran.totals.makespan_s / count


def _requests_of(together: float) -> int:
    if not np.isfinite(together):
        return OFFLINE_REQUESTS
    at_once = round(together)
    return max(2 * ROUNDS, min(ROUNDS * at_once, max(3 * at_once, ENOUGH)))


@cache
def _lengths(
    mean: float, shortest: float, count: int, which: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Lengths with a mean, drawn evenly from a share of the longest to the longest; at least 2 tokens."""
    longest = 2 * mean / (1 + shortest)
    drawn = np.random.default_rng((SEED, which)).uniform(shortest, 1.0, count) * longest
    return np.maximum(np.round(drawn), 2).astype(np.int64)


def _tables(points: Stack, constants: ServingConstants) -> tuple[FloatArray, FloatArray]:
    """Seconds of steps, points x prompts x answers x context; and seconds of a pair of prompt tokens."""
    work = Work(*(_wide(getattr(points.work, part.name)) for part in fields(Work)))
    chip = ChipRates(*(_wide(getattr(points.chip, part.name)) for part in fields(ChipRates)))
    wide = replace(constants, **{name: _wide(getattr(constants, name)) for name in OF_ENGINE})
    answers = ANSWERS[None, None, :, None]
    halfway = _wide(points.work.prefill_tokens + points.work.output_tokens / 2)
    held = CONTEXT[None, None, None, :] / np.maximum(answers, 1.0) / halfway
    step = replace(
        work,
        prefill_tokens=PROMPTS[None, :, None, None] * work.data_parallel,
        prefill_attention_flops=0.0 * work.layers,
        cache_read_bytes=work.cache_read_bytes * held,
        decode_attention_flops=work.decode_attention_flops * held,
    )
    seconds = np.ascontiguousarray(mixed_step_parts(step, chip, answers, wide).total)
    pairs = points.work.prefill_tokens * (points.work.prefill_tokens + 1) / 2
    rate = points.work.chips * points.chip.attention_flops_per_s * constants.attention_efficiency
    return seconds, np.asarray(points.work.prefill_attention_flops / pairs / rate)


def _wide(values: FloatArray | float) -> FloatArray:
    return np.asarray(values, dtype=np.float64).reshape(-1, 1, 1, 1)


def _blocks(points: Stack, constants: ServingConstants) -> FloatArray:
    """Blocks of the cache of each replica."""
    work, chip = points.work, points.chip
    free = np.maximum(free_bytes_per_chip(work, chip, constants), 0.0)
    halfway = work.prefill_tokens + work.output_tokens / 2
    return np.asarray(free * cache_parts(work) / (work.cache_bytes / halfway) / BLOCK)
