"""Which days cost what the days before do not lead to expect: each against its own past alone, by medians.

A day is expected to cost the median level of the two cycles before it times the median share of its weekday
in eight; neither moves for one odd day among them. How far it is off, in logs, is set against the spread of
the past (median absolute deviation): a chance by Student's t. Of the days named, about one in ten may be
chance (Benjamini and Hochberg), however many were looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truecost.finance.daily_season import IntArray, count_up, usual
from truecost.finance.student_t import student_t_cdf, student_t_quantile
from truecost.ranges import FloatArray

FALSE_SHARE = 0.1
"""Of the days that are named, the share that may be chance."""
LEAST_CYCLES = 4
"""History before the first day that is judged: three to expect from, one to know the spread by."""
_FIRST_CYCLES = 3
_MEMORY_CYCLES = 8
_MOST_DOF = 30
_FLOOR = 0.05
_LEAST_SPREAD = 0.03
_MOSTLY_USED, _MOSTLY_QUIET = 0.8, 0.9
_DEVIATION = 1.4826
"""The standard deviation of a normal over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The days that could be judged: their place, what was expected with its 90 % range, and the chance.

    `chance` is that of a normal day to be as far off, either way.
    """

    places: IntArray
    expected: FloatArray
    low: FloatArray
    high: FloatArray
    chance: FloatArray

    def part(self, kept: NDArray[np.bool_]) -> Judged:
        """The days of a mask."""
        return Judged(
            self.places[kept], self.expected[kept], self.low[kept], self.high[kept], self.chance[kept]
        )


def judged(costs: Sequence[float] | FloatArray, season: int = 7) -> Judged:
    """Every day that has LEAST_CYCLES of cost before it, judged by the days before it.

    >>> weeks = [100.0, 120, 120, 110, 100, 40, 40] * 6
    >>> weeks[-3] = 400
    >>> found = judged(weeks)
    >>> int(found.places[found.chance < 0.001][0]), round(float(found.expected[-3]))
    (39, 100)
    """
    series = np.asarray(costs, dtype=np.float64)
    used = np.flatnonzero(series > 0)
    begun = int(used[0]) if len(used) else len(series)
    first = begun + _FIRST_CYCLES * season
    starts = first + count_up(max(0, len(series) - first))
    expected, level, loud = usual(series[begun:], season, starts - begun)
    floor = _FLOOR * level + 1e-12
    off = np.log((series[starts] + floor) / (expected + floor))
    middle, spread, dof = _spreads(off, loud, season)
    known = np.flatnonzero((dof > 0) & (level > 0) & _regular(series[starts] > 0, loud, season))
    chance = np.array([_chance((off[at] - middle[at]) / spread[at], float(dof[at])) for at in known])
    half = np.array([student_t_quantile(0.95, float(dof[at])) for at in known]) * spread[known]
    centre = (expected + floor)[known] * np.exp(middle[known])
    low = np.maximum(centre * np.exp(-half) - floor[known], 0.0)
    high = centre * np.exp(half) - floor[known]
    return Judged(starts[known], np.maximum(centre - floor[known], 0.0), low, high, chance)


def named(chances: FloatArray, false_share: float = FALSE_SHARE) -> NDArray[np.bool_]:
    """Which of several chances are too small for chance, by Benjamini and Hochberg's rule.

    >>> named(np.array([0.001, 0.04, 0.5, 0.9])).tolist()
    [True, True, False, False]
    """
    ordered = np.sort(chances)
    below = np.flatnonzero(ordered <= false_share * (count_up(len(chances)) + 1) / max(len(chances), 1))
    return chances <= (ordered[below[-1]] if len(below) else -1.0)


def _spreads(
    off: FloatArray, loud: NDArray[np.bool_], season: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The middle and spread of the errors before each, and its degrees of freedom; 0 for too few."""
    middle, spread, dof = np.zeros(len(off)), np.ones(len(off)), np.zeros(len(off))
    places = np.flatnonzero(loud)
    for at in range(len(off)):
        end = int(np.searchsorted(places, at))
        before = off[places[max(0, end - _MEMORY_CYCLES * season) : end]]
        if at < season or len(before) < season // 2:
            continue
        middle[at] = np.median(before)
        deviation = _DEVIATION * float(np.median(np.abs(before - middle[at])))
        few = 1 + 2 / len(before)
        spread[at] = max(deviation * few, _LEAST_SPREAD) * math.sqrt(1 + 1 / len(before))
        dof[at] = max(3.0, min(len(before) - 1, _MOST_DOF))
    return middle, spread, dof


def _regular(used: NDArray[np.bool_], loud: NDArray[np.bool_], season: int) -> NDArray[np.bool_]:
    """Where there is a rhythm to judge by: what usually costs did so in eight of ten steps of two cycles, and
    a step that usually costs nothing is judged where nine of ten such steps did not."""
    recent = 2 * season
    found = np.zeros(len(used), dtype=np.bool_)
    for at in range(len(used)):
        before = slice(max(0, at - recent), at)
        busy, quiet = used[before][loud[before]], used[before][~loud[before]]
        holds = len(busy) > 0 and busy.mean() >= _MOSTLY_USED
        found[at] = holds and (loud[at] or not len(quiet) or quiet.mean() <= 1 - _MOSTLY_QUIET)
    return found


def _chance(t: float, dof: float) -> float:
    """Probability to be as far off, either way."""
    return 2 * student_t_cdf(-abs(t), dof)
