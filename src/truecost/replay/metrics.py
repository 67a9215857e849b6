"""From what happened to every request to what users see: latencies, throughput, use, the share within an SLO.

Definitions are those of vLLM's benchmark: TTFT from arrival to the first token, TPOT the time after it over
the further tokens (requests of one token have none), ITL between any two tokens, E2E from arrival to the last
token; queue is the wait before the first step that works on a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from truecost.ranges import FloatArray

if TYPE_CHECKING:
    from truecost.replay.schema import Slo

LATENCIES = ("ttft", "tpot", "itl", "e2e", "queue")
STATISTICS = ("mean", "p50", "p90", "p99")
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
STATES = ("served", "rejected", "truncated", "unfinished")
COUNTS = ("preemptions", "interruptions", "interrupted", *STATES)
LATENCY_NAMES = tuple(f"{name}_{stat}_s" for name in LATENCIES for stat in STATISTICS)
THROUGHPUTS = ("output_tokens_per_s", "total_tokens_per_s", "output_tokens_per_s_per_chip", "requests_per_s")
USES = ("makespan_s", "utilization", "kv_peak_fraction")
MONEY = (
    "replica_hours", "chip_hours", "energy_kwh", "cost_usd", "usd_per_million_output_tokens",
    "usd_per_million_tokens", "usd_per_request",
)  # fmt: skip
OUTPUTS = (
    *LATENCY_NAMES, *THROUGHPUTS, *USES, "preemptions", "interruptions", "interrupted", "prefix_hit_fraction",
    *STATES, "goodput_fraction", *MONEY,
)  # fmt: skip
"""The numbers of a result, in order: also the columns of a sweep."""
RANGED = (*LATENCY_NAMES, *THROUGHPUTS, *USES, "goodput_fraction", *MONEY)
"""Those that the interval of step times reaches."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A simulated run: one entry a request, and totals over all replicas."""

    arrival_s: FloatArray
    input_tokens: NDArray[np.int64]
    output_tokens: NDArray[np.int64]
    """Written: less than asked for where an answer was cut."""
    admitted_s: FloatArray
    first_token_s: FloatArray
    finished_s: FloatArray
    """Times are NaN where it never came to that."""
    state: NDArray[np.int8]
    """An index into STATES."""
    preemptions: NDArray[np.int64]
    interrupted: NDArray[np.int64]
    """How often it ran on a replica that was taken away."""
    hit_tokens: NDArray[np.int64]
    replica: NDArray[np.int64]
    gaps: Mapping[str, float]
    """Statistics of the gaps between tokens, by STATISTICS."""
    busy_s: float
    makespan_s: float
    paid_s: float
    """Seconds that replicas were up, together: from the begin of their start until they were drained."""
    interruptions: int
    """Replicas taken away."""
    steps: int
    kv_peak_blocks: int
    """Of the fullest replica."""

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Requests with an answer, whole or cut."""
        return np.isfinite(self.finished_s)

    def count(self, state: str) -> int:
        """Requests that ended in a state."""
        return int(np.sum(self.state == STATES.index(state)))


@dataclass(frozen=True, slots=True)
class Seen:
    """Latencies of every request in seconds, NaN where it was not answered."""

    ttft: FloatArray
    tpot: FloatArray
    e2e: FloatArray
    queue: FloatArray


def _pace(ran: Ran) -> FloatArray:
    """Seconds of each request's further tokens, on average; NaN without any."""
    further = ran.output_tokens - 1
    writing = ran.finished_s - ran.first_token_s
    return np.where(further > 0, writing / np.maximum(further, 1), np.nan)


@dataclass(frozen=True, slots=True)
class Overhead:
    """What comes to the engine's steps before a token is out; nothing for measured steps."""

    first_token_s: float = 0.0
    """Once a request: engine and HTTP."""
    delivery_steps: float = 0.0
    """Between the end of a token's step and its delivery: steps of the request's own pace."""
    correction: float = 1.0
    """Of the time from admission to the first token, by measurements of the same setup nearby."""
    steps_correction: float = 1.0
    """Of the steps in a run by the same, which that time is free of."""
    fill_s: tuple[float, float] = (0.0, 0.0)
    """Of a prompt's token, and of a pair of them, to pass the stages of a pipeline."""


def seen(ran: Ran, overhead: Overhead, own: tuple[Ran, float] | None = None) -> Seen:
    """What the requests of a run saw: the engine's steps, and what comes to them before a token is out.

    `own` is (a run, a factor): the time from admission to the first token is taken from that run, and it
    and the overhead are multiplied by the factor; for the ends of intervals, where the time of prompts is
    known less well than that of steps.
    """
    tpot = _pace(ran)
    prompts, pace, factor = ran.first_token_s - ran.admitted_s, tpot, overhead.correction
    if own is not None:
        prompts, pace = own[0].first_token_s - own[0].admitted_s, _pace(own[0])
        factor = factor * own[1]
    known = pace[np.isfinite(pace)]
    pace = np.where(np.isfinite(pace), pace, np.median(known) if len(known) else 0.0)
    queue = ran.admitted_s - ran.arrival_s
    computed = (ran.input_tokens - ran.hit_tokens).astype(np.float64)
    token_s, pair_s = overhead.fill_s
    passing = computed * token_s + computed * (computed + 1) / 2 * pair_s
    of_steps = (prompts + passing + overhead.delivery_steps * pace) / overhead.steps_correction
    ttft = queue + (of_steps + overhead.first_token_s) * factor
    writing = ran.finished_s - ran.first_token_s
    return Seen(np.where(ran.answered, ttft, np.nan), tpot, ttft + writing, queue)


def statistics(values: FloatArray) -> dict[str, float]:
    """Mean and percentiles of what is known; NaN for nothing."""
    known = values[np.isfinite(values)]
    if not len(known):
        return dict.fromkeys(STATISTICS, float("nan"))
    points = np.quantile(known, tuple(QUANTILES.values()))
    return {"mean": float(known.mean())} | dict(zip(QUANTILES, points.tolist(), strict=True))


def measured(ran: Ran, times: Seen, fleet: tuple[int, int], limits: Mapping[str, float]) -> dict[str, float]:
    """The outputs of a run but its money. `fleet` is (chips of a replica, its cache blocks).

    `limits` is the SLO: the share of all requests that keep it is the goodput; NaN without one.
    """
    chips, blocks = fleet
    found = {
        f"{name}_{stat}_s": value
        for name in LATENCIES
        for stat, value in (ran.gaps if name == "itl" else statistics(getattr(times, name))).items()
    }
    span, paid = ran.makespan_s or float("nan"), ran.paid_s or float("nan")
    answered = ran.answered
    written, read = float(ran.output_tokens[answered].sum()), float(ran.input_tokens[answered].sum())
    found |= {
        "output_tokens_per_s": written / span,
        "total_tokens_per_s": (written + read) / span,
        "output_tokens_per_s_per_chip": written / (paid * chips),
        "requests_per_s": float(answered.sum()) / span,
        "makespan_s": ran.makespan_s,
        "utilization": ran.busy_s / paid,
        "kv_peak_fraction": ran.kv_peak_blocks / blocks,
        "preemptions": float(ran.preemptions.sum()),
        "interruptions": float(ran.interruptions),
        "interrupted": float(ran.interrupted.sum()),
        "prefix_hit_fraction": float(ran.hit_tokens[answered].sum()) / read if read else float("nan"),
        "goodput_fraction": goodput(times, limits),
        "replica_hours": ran.paid_s / 3600,
        "chip_hours": ran.paid_s / 3600 * chips,
    }
    return found | {state: float(ran.count(state)) for state in STATES}


def goodput(times: Seen, limits: Mapping[str, float]) -> float:
    """Share of all requests that keep every limit of an SLO, whichever statistic it is of.

    A limit on the gaps between tokens holds for a request where its TPOT keeps it: single gaps are not kept.
    """
    if not limits:
        return float("nan")
    good = np.isfinite(times.ttft)
    for name, limit in limits.items():
        values = getattr(times, {"itl": "tpot"}.get(name.split("_")[0], name.split("_")[0]))
        good &= np.isnan(values) | (values <= limit)
    return float(good.mean()) if len(good) else float("nan")


def limits_of(slo: Slo) -> dict[str, float]:
    """The limits an SLO states, by output name, in seconds."""
    return {name: value for name, value in slo.model_dump().items() if value is not None}
