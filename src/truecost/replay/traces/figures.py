"""What a trace is like: how much, how fast, how bursty, how long, and what a prefix cache could spare."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truecost.replay.traces.trace import NO_SESSION, Blocks, Floats, Integers, Trace

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86400.0
QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens a request: the mean, quantiles by linear interpolation, the ends, and the sum."""

    mean: float
    min: int
    p5: float
    p25: float
    p50: float
    p75: float
    p90: float
    p95: float
    p99: float
    max: int
    total: int


@dataclass(frozen=True, slots=True)
class TraceInfo:
    """A trace in figures; None where it has no times, sessions or blocks to take them from.

    `peak_to_mean_by_minute` is the fullest whole minute over the mean of whole minutes, `_by_hour` likewise
    (from a day on). `gap_variation` is the coefficient of variation of the gaps between arrivals, and
    `dispersion_per_second`, `_per_minute` the variance over the mean of arrivals in such windows: each is 1
    for a Poisson process. `length_correlation` is Pearson's between input and output tokens,
    `length_rank_correlation` Spearman's. `ideal_block_hit_fraction` is the share of prompt blocks that came
    before: what a prefix cache without limit would spare.
    """

    name: str
    source: str
    dialect: str
    requests: int
    span_s: float | None
    requests_per_s: float | None
    peak_to_mean_by_minute: float | None
    peak_to_mean_by_hour: float | None
    gap_variation: float | None
    dispersion_per_second: float | None
    dispersion_per_minute: float | None
    input_tokens: Lengths
    output_tokens: Lengths
    length_correlation: float | None
    length_rank_correlation: float | None
    block_tokens: int | None
    ideal_block_hit_fraction: float | None
    sessions: int | None
    requests_per_session: float | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The figures by name, for JSON."""
        return asdict(self)


def describe(trace: Trace) -> TraceInfo:
    """The figures of a trace."""
    rate = trace.mean_rate_per_s
    arrivals = trace.arrival_s if rate is not None else None
    blocks = trace.prefix_blocks
    count, share = _sessions(trace.session_ids)
    pearson, spearman = correlations(trace.input_tokens, trace.output_tokens)
    return TraceInfo(
        name=trace.name,
        source=trace.source,
        dialect=trace.dialect,
        requests=len(trace),
        span_s=trace.span_s if trace.timed else None,
        requests_per_s=rate,
        peak_to_mean_by_minute=None if arrivals is None else peak_to_mean(arrivals, MINUTE_S),
        peak_to_mean_by_hour=None if trace.span_s < DAY_S else peak_to_mean(trace.arrival_s, HOUR_S),
        gap_variation=None if arrivals is None else gap_variation(arrivals),
        dispersion_per_second=None if arrivals is None else dispersion(arrivals, 1.0),
        dispersion_per_minute=None if arrivals is None else dispersion(arrivals, MINUTE_S),
        input_tokens=lengths(trace.input_tokens),
        output_tokens=lengths(trace.output_tokens),
        length_correlation=pearson,
        length_rank_correlation=spearman,
        block_tokens=None if blocks is None else blocks.block_tokens,
        ideal_block_hit_fraction=None if blocks is None else ideal_hit_fraction(blocks),
        sessions=count,
        requests_per_session=share,
        notes=trace.notes,
    )


def lengths(tokens: Integers) -> Lengths:
    """The distribution of one of the two lengths."""
    p5, p25, p50, p75, p90, p95, p99 = np.quantile(tokens, QUANTILES).tolist()
    return Lengths(
        float(tokens.mean()), int(tokens.min()), p5, p25, p50, p75, p90, p95, p99, int(tokens.max()),
        int(tokens.sum()),
    )  # fmt: skip


def window_counts(arrival_s: Floats, window_s: float) -> tuple[Integers, int]:
    """Arrivals in every whole window that has some, and how many whole windows there are."""
    whole = int(arrival_s[-1] // window_s)
    index = (arrival_s / window_s).astype(np.int64)
    index = index[: int(np.searchsorted(index, whole))]
    if not len(index):
        return np.zeros(0, dtype=np.int64), whole
    cuts = np.flatnonzero(np.diff(index)) + 1
    return np.diff(np.concatenate([[0], cuts, [len(index)]])).astype(np.int64), whole


def peak_to_mean(arrival_s: Floats, window_s: float) -> float | None:
    """The fullest whole window over the mean of all; None for fewer than two.

    >>> peak_to_mean(np.array([0.0, 10, 20, 70, 120]), 60)
    1.5
    """
    counts, whole = window_counts(arrival_s, window_s)
    return float(counts.max() * whole / counts.sum()) if whole >= 2 and len(counts) else None


def dispersion(arrival_s: Floats, window_s: float) -> float | None:
    """Variance over mean of arrivals in windows: 1 for a Poisson process; None for fewer than two."""
    counts, whole = window_counts(arrival_s, window_s)
    if whole < 2 or not len(counts):
        return None
    mean = counts.sum() / whole
    variance = ((counts - mean) ** 2).sum() + (whole - len(counts)) * mean**2
    return float(variance / (whole - 1) / mean)


def gap_variation(arrival_s: Floats) -> float | None:
    """Standard deviation over mean of the gaps between arrivals: 1 for a Poisson process.

    >>> gap_variation(np.array([0.0, 1, 2, 3]))
    0.0
    """
    gaps = np.diff(arrival_s)
    mean = float(gaps.mean()) if len(gaps) else 0.0
    return float(gaps.std()) / mean if mean > 0 else None


def correlations(first: Integers, second: Integers) -> tuple[float | None, float | None]:
    """Pearson's and Spearman's correlation of two columns; None where one of them does not vary.

    >>> correlations(np.array([1, 2, 30]), np.array([5, 6, 7]))[1]
    1.0
    """
    return _pearson(first, second), _pearson(_ranks(first), _ranks(second))


def _pearson(first: NDArray[Any], second: NDArray[Any]) -> float | None:
    x, y = first - first.mean(), second - second.mean()
    spread = float(np.sqrt(x @ x) * np.sqrt(y @ y))
    return min(1.0, max(-1.0, round(float(x @ y) / spread, 12))) if spread > 0 else None


def _ranks(values: Integers) -> Floats:
    """The mean rank of each value, ties sharing theirs."""
    counts = np.bincount(values)
    return (np.cumsum(counts) - (counts - 1) / 2)[values]


def ideal_hit_fraction(blocks: Blocks) -> float | None:
    """The share of all prompt blocks whose id came before."""
    if not len(blocks.ids):
        return None
    return 1 - int(np.count_nonzero(np.bincount(blocks.ids, minlength=1))) / len(blocks.ids)


def _sessions(ids: Integers | None) -> tuple[int | None, float | None]:
    """How many sessions there are, and requests in each."""
    if ids is None:
        return None, None
    known = ids[ids != NO_SESSION]
    if not len(known):
        return 0, None
    count = int(known.max()) + 1
    return count, len(known) / count
