"""What a daily cost adds up to over the days ahead, with a range that its own past errors give.

The candidates of `truecost.finance.daily_season` are pooled by how well each did from earlier starts over as
many days. The range is not the model's but the record's: the spread of its past errors over as many days,
wider where few of them are independent. Nothing that judges a forecast was known to it.

Costs are USD a day, 0 or more, from the oldest to the newest; `season` is the steps of a cycle (7 days).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from truecost.finance.daily_season import Candidates, IntArray, candidates, count_up, floor_of
from truecost.finance.student_t import student_t_cdf, student_t_quantile
from truecost.ranges import FloatArray

WEEK = 7
LEAST_CYCLES = 3
"""With less history nothing is forecast: there is no error of the past to go by."""
MOST_STEPS = 400
"""History that counts."""
_MEMORY_CYCLES = 8
_POWER = 4
_OVERLAP = 0.6
_FEWEST_INDEPENDENT, _ENOUGH_INDEPENDENT = 1.5, 3.0
_WIDEST = 3.0
_DOFS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60, 200)


class TooShort(ValueError):  # noqa: N818 - the name says what is the matter
    """Too little history to go by; says how much there is and how much it takes."""


@dataclass(frozen=True, slots=True)
class Score:
    """How far off past forecasts were: mean absolute error as a share, and how often the 90 % range held.

    `starts` overlap; `independent` is about as many as do not. Coverage is None where no start had a range.
    """

    starts: int
    independent: float
    mape: float
    naive_mape: float
    coverage: float | None
    ranges: int


@dataclass(frozen=True, slots=True)
class Record:
    """The forecasts that would have been made at each start, of the sum over 1, 2, ... steps, and what came.

    Rows are starts, by how many steps were known; columns are horizons; NaN for what has not come. `sums` are
    those of the first 0, 1, ... steps.
    """

    known: IntArray
    centre: FloatArray
    low: FloatArray
    high: FloatArray
    naive: FloatArray
    actual: FloatArray
    sums: FloatArray

    @property
    def longest(self) -> int:
        """The most steps that were forecast."""
        return self.centre.shape[1]

    def score(self, steps: int, spent_steps: int = 0) -> Score | None:
        """Errors of the sum of the last `spent_steps` known ones and the next `steps`; None for no start.

        Formula: mean of abs(forecast - actual) / (spent + actual) over starts whose days all came and cost.
        """
        at = min(steps, self.longest) - 1
        back = self.known - spent_steps
        spent = np.where(back >= 0, self.sums[self.known] - self.sums[np.maximum(back, 0)], np.nan)
        total = spent + self.actual[:, at]
        here = np.isfinite(total) & (total > 0)
        if not here.any():
            return None
        actual, whole = self.actual[here, at], total[here]
        ranged = np.isfinite(self.low[here, at])
        inside = ranged & (actual >= self.low[here, at]) & (actual <= self.high[here, at])
        starts, ranges = int(here.sum()), int(ranged.sum())
        return Score(
            starts,
            starts / (1 + _OVERLAP * at),
            float(np.mean(np.abs(self.centre[here, at] - actual) / whole)),
            float(np.mean(np.abs(self.naive[here, at] - actual) / whole)),
            float(inside.sum() / ranges) if ranges else None,
            ranges,
        )


@dataclass(frozen=True, slots=True)
class Outlook:
    """The sum over the next 1, 2, ... steps: log(sum + floor) is centre + scale x t, of Student's t.

    `measured_steps` is the longest horizon that has errors of its own; beyond it they grow with the root of
    the steps. `methods` says what was pooled for the longest, the weightiest first.
    """

    centre: FloatArray
    floor: FloatArray
    scale: FloatArray
    dof: FloatArray
    measured_steps: int
    methods: tuple[tuple[str, float], ...]
    record: Record

    def quantile(self, probability: float, steps: int) -> float:
        """The sum over the next `steps` that stays below with a probability."""
        at = steps - 1
        t = student_t_quantile(probability, float(self.dof[at]))
        grown = (self.centre[at] + self.floor[at]) * math.exp(float(self.scale[at]) * t)
        return max(0.0, float(grown - self.floor[at]))

    def chance_above(self, value: float, steps: int) -> float:
        """Probability that the sum over the next `steps` comes out above a value."""
        at = steps - 1
        if value < 0:
            return 1.0
        middle, other = float(self.centre[at] + self.floor[at]), value + float(self.floor[at])
        if middle <= 0 or self.scale[at] <= 0:
            return float(self.centre[at] > value)
        return 1 - student_t_cdf(math.log(other / middle) / float(self.scale[at]), float(self.dof[at]))

    def first_above(self, value: float, probability: float) -> int | None:
        """The first step by which the sum is above a value with at least a probability; None for none."""
        chances = (self.chance_above(value, step) for step in range(1, len(self.centre) + 1))
        return next((at + 1 for at, chance in enumerate(chances) if chance >= probability), None)


def outlook(costs: Sequence[float] | FloatArray, steps: int, season: int = WEEK) -> Outlook:
    """The sums over the next 1 to `steps` steps, with their range and the record behind it.

    History begins with the first step that cost anything. Raises TooShort with less than LEAST_CYCLES of it.

    >>> weeks = [100, 120, 120, 110, 100, 40, 40] * 8
    >>> found = outlook(weeks, 7)
    >>> round(float(found.centre[-1])), round(found.quantile(0.95, 7))
    (630, 630)
    """
    series = trimmed(costs)
    least = LEAST_CYCLES * season
    if len(series) < least:
        raise TooShort(f"{len(series)} days of cost; a forecast takes {least}")
    measured = min(steps, max(season, len(series) // 3))
    starts = 2 * season + count_up(len(series) + 1 - 2 * season)
    past = candidates(series, season, starts, measured)
    blend = _Blend(series, season, past, starts)
    scale, dof, longest = _extended(blend.scale[-1], blend.independent[-1], steps)
    ahead = candidates(series, season, starts[-1:], steps)
    weights = blend.weights[:, np.minimum(count_up(steps), measured - 1)]
    floor = floor_of(series, season, starts[-1:], steps)
    centre = _pooled(ahead.sums, weights[:, None, :], floor)[0]
    ranked = sorted(zip(past.names, blend.weights[:, -1], strict=True), key=lambda pair: -pair[1])
    methods = tuple((name, float(weight)) for name, weight in ranked)
    return Outlook(centre, floor[0], scale, dof, longest, methods, blend.record(past))


def trimmed(costs: Sequence[float] | FloatArray) -> FloatArray:
    """The newest MOST_STEPS costs, since the first of them that is not 0; none where all are."""
    series = np.asarray(costs, dtype=np.float64)[-MOST_STEPS:]
    used = np.flatnonzero(series > 0)
    return series[used[0] :] if len(used) else series[:0]


def _pooled(sums: FloatArray, weights: FloatArray, floor: FloatArray) -> FloatArray:
    """The weighted geometric mean of the methods, by start and horizon; sums never fall with the horizon."""
    logs = (weights * np.log(sums + floor)).sum(axis=0)
    return np.maximum.accumulate(np.maximum(np.exp(logs) - floor, 0.0), axis=1)


class _Blend:
    """The pooled forecast at every start, by the errors known then, and the spread of its own errors."""

    def __init__(self, series: FloatArray, season: int, past: Candidates, starts: IntArray) -> None:
        steps = past.sums.shape[2]
        until = np.concatenate([[0.0], np.cumsum(series)])
        end = starts[:, None] + (count_up(steps) + 1)[None, :]
        self.starts, self.sums = starts, until
        came = until[np.minimum(end, len(series))] - until[starts][:, None]
        self.actual = np.where(end <= len(series), came, np.nan)
        self.floor = floor_of(series, season, starts, steps)
        self.decay = 0.5 ** (1 / (_MEMORY_CYCLES * season))
        log_actual = np.log(self.actual + self.floor)
        errors = np.clip(log_actual - np.log(past.sums + self.floor), -_WIDEST, _WIDEST)
        self._run(np.abs(errors), past, log_actual)

    def _run(self, errors: FloatArray, past: Candidates, log_actual: FloatArray) -> None:
        """From start to start: what ended is learnt from, then the next is forecast."""
        methods, starts, steps = errors.shape
        horizon = count_up(steps)
        missed, own = np.zeros((methods, steps)), np.zeros(steps)
        count, squared_count = np.zeros(steps), np.zeros(steps)
        self.centre, off = np.empty((starts, steps)), np.empty((starts, steps))
        self.scale, self.independent = np.zeros((starts, steps)), np.zeros((starts, steps))
        for start in range(starts):
            ended = horizon[: min(start, steps)]
            made = start - 1 - ended
            missed, own, count = missed * self.decay, own * self.decay, count * self.decay
            squared_count = squared_count * self.decay**2
            missed[:, ended] += errors[:, made, ended]
            own[ended] += off[made, ended] ** 2
            count[ended] += 1
            squared_count[ended] += 1
            weights = ((missed + 0.02) / (count + 1) + 0.01) ** -float(_POWER)
            self.weights = weights / weights.sum(axis=0)
            here = slice(start, start + 1)
            centre = _pooled(past.sums[:, here], self.weights[:, None], self.floor[here])[0]
            self.centre[start] = centre
            off[start] = np.clip(log_actual[start] - np.log(centre + self.floor[start]), -_WIDEST, _WIDEST)
            self.scale[start] = np.sqrt(own / np.maximum(count, 1e-9))
            free = count**2 / np.maximum(squared_count, 1e-9) / (1 + _OVERLAP * horizon)
            self.independent[start] = np.where(count > 4, np.maximum(free, _ENOUGH_INDEPENDENT), free)

    def record(self, past: Candidates) -> Record:
        """Centre and range of every start."""
        wide = [_extended(s, i, s.shape[0]) for s, i in zip(self.scale, self.independent, strict=True)]
        half = np.stack([scale * np.interp(dof, _DOFS, _t95()) for scale, dof, _ in wide])
        middle = self.centre + self.floor
        low = np.maximum(middle * np.exp(-half) - self.floor, 0.0)
        high = middle * np.exp(half) - self.floor
        return Record(self.starts, self.centre, low, high, past.sums[0], self.actual, self.sums)


def _extended(scale: FloatArray, independent: FloatArray, steps: int) -> tuple[FloatArray, FloatArray, int]:
    """Scale and degrees of freedom for so many steps, and the longest horizon with errors of its own.

    A scale from few independent errors is itself uncertain: x sqrt(1 + 1 / count). Beyond the longest horizon
    it grows as that of a random walk. NaN where there is none at all.
    """
    usable = np.flatnonzero(independent >= _FEWEST_INDEPENDENT)
    if not len(usable):
        return np.full(steps, np.nan), np.full(steps, 1.0), 0
    longest = int(usable[-1]) + 1
    at = np.minimum(count_up(steps), longest - 1)
    beyond = np.sqrt(np.maximum((count_up(steps) + 1) / longest, 1.0))
    count = np.maximum(independent[at], 1.0)
    return scale[at] * np.sqrt(1 + 1 / count) * beyond, count, longest


@lru_cache
def _t95() -> FloatArray:
    """The 95 % points of Student's t for _DOFS, to interpolate between."""
    return np.array([student_t_quantile(0.95, dof) for dof in _DOFS])
