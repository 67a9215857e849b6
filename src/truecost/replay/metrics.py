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
COUNTS = ("preemptions", *STATES)
LATENCY_NAMES = tuple(f"{name}_{stat}_s" for name in LATENCIES for stat in STATISTICS)
THROUGHPUTS = ("output_tokens_per_s", "total_tokens_per_s", "output_tokens_per_s_per_chip", "requests_per_s")
USES = ("makespan_s", "utilization", "kv_peak_fraction")
MONEY = (
    "chip_hours", "energy_kwh", "cost_usd", "usd_per_million_output_tokens", "usd_per_million_tokens",
    "usd_per_request",
)  # fmt: skip
OUTPUTS = (
    *LATENCY_NAMES, *THROUGHPUTS, *USES, "preemptions", "prefix_hit_fraction", *STATES, "goodput_fraction",
    *MONEY,
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
    hit_tokens: NDArray[np.int64]
    replica: NDArray[np.int64]
    gaps: Mapping[str, float]
    """Statistics of the gaps between tokens, by STATISTICS."""
    busy_s: float
    makespan_s: float
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


def seen(ran: Ran, overhead_s: float, own: tuple[Ran, float] | None = None) -> Seen:
    """What the requests of a run saw. `overhead_s` is the engine's own time before a first token is out.

    `own` is (a run, a factor): the time from admission to the first token is taken from that run, and it
    and the overhead are multiplied by the factor; for the ends of intervals, where the time of prompts is
    known less well than that of steps.
    """
    prompts = ran.first_token_s - ran.admitted_s
    before = overhead_s
    if own is not None:
        other, factor = own
        prompts, before = (other.first_token_s - other.admitted_s) * factor, overhead_s * factor
    queue = ran.admitted_s - ran.arrival_s
    ttft = queue + prompts + before
    writing = ran.finished_s - ran.first_token_s
    further = ran.output_tokens - 1
    tpot = np.where(further > 0, writing / np.maximum(further, 1), np.nan)
    return Seen(np.where(ran.answered, ttft, np.nan), tpot, ttft + writing, queue)


def statistics(values: FloatArray) -> dict[str, float]:
    """Mean and percentiles of what is known; NaN for nothing."""
    known = values[np.isfinite(values)]
    if not len(known):
        return dict.fromkeys(STATISTICS, float("nan"))
    points = np.quantile(known, tuple(QUANTILES.values()))
    return {"mean": float(known.mean())} | dict(zip(QUANTILES, points.tolist(), strict=True))


def measured(
    ran: Ran, times: Seen, fleet: tuple[int, int, int], limits: Mapping[str, float]
) -> dict[str, float]:
    """The outputs of a run but its money. `fleet` is (replicas, chips of one, its cache blocks).

    `limits` is the SLO: the share of all requests that keep it is the goodput; NaN without one.
    """
    replicas, chips, blocks = fleet
    found = {
        f"{name}_{stat}_s": value
        for name in LATENCIES
        for stat, value in (ran.gaps if name == "itl" else statistics(getattr(times, name))).items()
    }
    span = ran.makespan_s or float("nan")
    answered = ran.answered
    written, read = float(ran.output_tokens[answered].sum()), float(ran.input_tokens[answered].sum())
    found |= {
        "output_tokens_per_s": written / span,
        "total_tokens_per_s": (written + read) / span,
        "output_tokens_per_s_per_chip": written / span / (replicas * chips),
        "requests_per_s": float(answered.sum()) / span,
        "makespan_s": ran.makespan_s,
        "utilization": ran.busy_s / (span * replicas),
        "kv_peak_fraction": ran.kv_peak_blocks / blocks,
        "preemptions": float(ran.preemptions.sum()),
        "prefix_hit_fraction": float(ran.hit_tokens[answered].sum()) / read if read else float("nan"),
        "goodput_fraction": goodput(times, limits),
        "chip_hours": ran.makespan_s / 3600 * replicas * chips,
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
