"""What the days before say of the days ahead: a season, levels, a growth that fades; several candidates.

Every candidate is the share of each phase in a cycle, times a level, times a growth; one is plainly the last
cycle again. `truecost.finance.daily_forecast` pools them. Arrays are by start: a row for each moment at which
so many steps were known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from truecost.ranges import FloatArray

IntArray: TypeAlias = NDArray[np.int64]

CYCLES = 8
"""Cycles that the season is taken from, the newer the more."""
HALF_LIVES = (2 / 7, 5 / 7, 2.0)
"""Of the levels, in cycles: how fast what was before is forgotten."""
GROWTHS = (0.0, 0.5)
"""How much of the growth of the last four cycles goes on."""
NAIVE = "last week again"
FADING_CYCLES = 4
FLOOR = 0.05
LEVEL_CYCLES = 2
QUIET = 0.1
"""Of an equal share of a cycle: a phase of less usually costs nothing."""
MOST_TIMES = 3.0
"""A step counts for the level with no more than so many times what was to be expected."""


def count_up(number: int) -> IntArray:
    """0, 1, ... below a number."""
    return np.arange(number, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Window:
    """The cycles before each start: `costs[start, j]` is j steps before the newest, 0 where none is known."""

    costs: FloatArray
    known: NDArray[np.bool_]
    season: int

    @classmethod
    def before(cls, series: FloatArray, season: int, starts: IntArray) -> Window:
        """The CYCLES cycles before each start."""
        depth = CYCLES * season
        at = starts[:, None] - 1 - count_up(depth)[None, :]
        return cls(np.where(at >= 0, series[np.maximum(at, 0)], 0.0), at >= 0, season)

    @property
    def cycles(self) -> FloatArray:
        """By start, cycle (the newest first) and phase (the next step's is 0)."""
        return self.costs.reshape(len(self.costs), CYCLES, self.season)[:, :, ::-1]

    @property
    def counted(self) -> NDArray[np.bool_]:
        """By start and cycle: whether it is known as a whole and cost anything."""
        whole = np.all(self.known.reshape(len(self.known), CYCLES, self.season), axis=2)
        return np.logical_and(whole, self.cycles.sum(axis=2) > 0)

    def by_phase(self, shares: FloatArray) -> FloatArray:
        """The share of each step of the window, 0 where it is not known."""
        return shares[:, (-1 - count_up(self.costs.shape[1])) % self.season] * self.known


def phase_shares(window: Window) -> FloatArray:
    """What share of a cycle falls on each of the next steps, by start; equal shares where little is known.

    Weighted means of the shares in past cycles, drawn to equal ones by how much of their difference is noise
    (James and Stein).
    """
    season, counted = window.season, window.counted
    totals = window.cycles.sum(axis=2)
    share = np.where(counted[:, :, None], window.cycles / np.where(counted, totals, 1.0)[:, :, None], 0.0)
    weight = counted * 0.9 ** count_up(CYCLES)
    whole = np.maximum(weight.sum(axis=1), 1e-12)
    mean = (share * weight[:, :, None]).sum(axis=1) / whole[:, None]
    spread = (((share - mean[:, None]) ** 2) * weight[:, :, None]).sum(axis=(1, 2)) / whole
    independent = whole**2 / np.maximum((weight**2).sum(axis=1), 1e-12)
    noise = spread / np.maximum(independent - 1, 0.5)
    between = ((mean - 1 / season) ** 2).sum(axis=1)
    kept = np.clip(1 - noise * (season - 3) / (season - 1) / np.maximum(between, 1e-12), 0.0, 1.0)
    cycles = counted.sum(axis=1)
    kept = np.where(cycles >= 2, kept, np.where(cycles == 1, 0.5, 0.0))
    return 1 / season + kept[:, None] * (mean - 1 / season)


def recent_growth(window: Window) -> FloatArray:
    """Growth of the log a step, by start: the slope through the last four cycles; half of it where fewer are
    known; at most a doubling a cycle."""
    recent = window.counted[:, :FADING_CYCLES].astype(np.float64)
    totals = window.cycles.sum(axis=2)[:, :FADING_CYCLES]
    logs = np.log(np.where(recent > 0, np.maximum(totals, 1e-300), 1.0))
    when = np.broadcast_to(-np.arange(FADING_CYCLES, dtype=np.float64), recent.shape)
    count = np.maximum(recent.sum(axis=1), 1e-9)
    away = when - ((when * recent).sum(axis=1) / count)[:, None]
    off = logs - ((logs * recent).sum(axis=1) / count)[:, None]
    spread = (away**2 * recent).sum(axis=1)
    slope = (away * off * recent).sum(axis=1) / np.maximum(spread, 1e-9)
    slope = np.clip(slope, -math.log(2), math.log(2)) * np.where(count >= FADING_CYCLES, 1.0, 0.5)
    return np.where(count >= 2, slope, 0.0) / window.season


def usual(
    series: FloatArray, season: int, starts: IntArray
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """What each start leads to expect by medians, the level a step, whether its phase usually costs anything.

    The median level of the last two cycles times the median share of the phase in eight: neither moves for
    one odd step among them.
    """
    window = Window.before(series, season, starts)
    cycles = np.where(window.counted[:, :, None], window.cycles, np.nan)
    totals = np.where(window.counted, window.cycles.sum(axis=2), 1.0)
    shares = _median(cycles / totals[:, :, None], axis=1)
    shares = shares / np.maximum(shares.sum(axis=1), 1e-12)[:, None]
    recent = LEVEL_CYCLES * season
    of_step = window.by_phase(shares)[:, :recent]
    loud = of_step > QUIET / season
    ratio = np.where(loud, window.costs[:, :recent] / np.where(loud, of_step, 1.0), np.nan)
    level = _median(ratio, axis=1)
    return level * shares[:, 0], level / season, shares[:, 0] > QUIET / season


def _median(values: FloatArray, axis: int) -> FloatArray:
    """The median of what is a number, 0 where nothing is."""
    ordered = np.sort(values, axis=axis)
    count = np.isfinite(values).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0), axis=axis)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[axis] - 1), axis=axis)
    found = np.where(count > 0, (low + np.where(np.isfinite(high), high, low)) / 2, 0.0)
    return np.squeeze(found, axis=axis)


def calmed(series: FloatArray, season: int) -> FloatArray:
    """The costs with each odd high step cut to MOST_TIMES what those before it led to expect.

    >>> calmed(np.array([10.0] * 20 + [100.0, 10.0]), 7)[-2:].tolist()
    [30.0, 10.0]
    """
    first = LEVEL_CYCLES * season
    if len(series) <= first:
        return series
    expected, level, _ = usual(series, season, first + count_up(len(series) - first))
    most = MOST_TIMES * np.maximum(expected, level)
    return np.concatenate([series[:first], np.minimum(series[first:], np.where(most > 0, most, np.inf))])


@dataclass(frozen=True, slots=True)
class Candidates:
    """Sums over the next steps by method, start and horizon; the first is last week again."""

    names: tuple[str, ...]
    sums: FloatArray


def candidates(series: FloatArray, season: int, starts: IntArray, steps: int) -> Candidates:
    window = Window.before(calmed(series, season), season, starts)
    shares, growth = phase_shares(window), recent_growth(window)
    ahead, ages = count_up(steps), count_up(window.costs.shape[1])
    share_of = window.by_phase(shares)
    fading = np.cumsum(0.5 ** ((count_up(steps) + 1) / (FADING_CYCLES * season)))
    last = Window.before(series, season, starts)
    names, paths = [NAIVE], [last.costs[:, :season][:, ::-1][:, ahead % season]]
    for half_life in HALF_LIVES:
        weight = 0.5 ** (ages / (half_life * season))
        held = np.maximum((share_of * weight).sum(axis=1), 1e-12)
        level = (window.costs * weight).sum(axis=1) / held
        age = (share_of * weight * ages).sum(axis=1) / held
        for going_on in GROWTHS:
            grown = np.exp(going_on * growth[:, None] * (fading[None, :] + age[:, None]))
            paths.append(level[:, None] * shares[:, ahead % season] * grown)
            names.append(_named(half_life * season, going_on))
    return Candidates(tuple(names), np.cumsum(np.stack(paths), axis=2))


def _named(half_life: float, going_on: float) -> str:
    growth = " and half its growth" if going_on else ""
    return f"level of {half_life:.0f} days{growth}"


def floor_of(series: FloatArray, season: int, starts: IntArray, steps: int) -> FloatArray:
    """What is added inside logs, so that a step without cost has one: a share of the mean of the window."""
    window = Window.before(series, season, starts)
    mean = window.costs.sum(axis=1) / np.maximum(window.known.sum(axis=1), 1)
    least = 1e-6 * float(series.max())
    return FLOOR * np.maximum(mean, least)[:, None] * (count_up(steps) + 1)[None, :]
