"""Growth by a constant share a year, fitted in logs, and what it predicts with which interval.

A `Sample` is dated values of one or several groups. Of several (sellers, vendors) each has a level of its own
and all share the growth; what they have in common makes their errors alike, so the error of the growth is
taken from the scatter between clusters of groups, not between observations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truecost.finance.student_t import student_t_cdf, student_t_quantile
from truecost.ranges import FloatArray

IntArray = NDArray[np.int64]
LEAST_OBSERVATIONS = 6
LEAST_CLUSTERS = 3
"""With fewer nothing is fitted: an error of growth from two sellers would say nothing."""
YEARLY_LAG = 1.0
SHORT_LAG = 0.25
ENOUGH_CHANGES = 5
QUARTER = 0.25
A_WEEK = 0.02


class TooFew(ValueError):  # noqa: N818 - the name says what happened
    """Too few observations to fit a growth to; says how many there are and how many it takes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Dated values: times in years, natural logs, and the group and cluster of each by number; by time."""

    years: FloatArray
    logs: FloatArray
    groups: IntArray
    clusters: IntArray

    def __len__(self) -> int:
        return len(self.years)

    def part(self, kept: NDArray[np.bool_]) -> Sample:
        """The observations of a mask."""
        return Sample(self.years[kept], self.logs[kept], self.groups[kept], self.clusters[kept])

    def until(self, year: float) -> Sample:
        """What lies at or before a time."""
        return self.part(self.years <= year)

    @property
    def is_panel(self) -> bool:
        """Whether there are several groups, each followed through time."""
        return len(self) > 0 and int(self.groups.min()) != int(self.groups.max())


@dataclass(frozen=True, slots=True)
class Forecast:
    """A value ahead: its log is `centre + scale x t`, t of Student's distribution with `dof`."""

    centre: float
    scale: float
    dof: float

    @property
    def median(self) -> float:
        """The value half of the probability lies below."""
        return float(np.exp(self.centre))

    def quantile(self, probability: float) -> float:
        """The value below which a share of the probability lies."""
        return float(np.exp(self.centre + self.scale * student_t_quantile(probability, self.dof)))

    @property
    def interval_90(self) -> tuple[float, float]:
        """The 5 % and the 95 % point."""
        return self.quantile(0.05), self.quantile(0.95)

    def chance_above(self, value: float) -> float:
        """Probability that the value comes out above a given one.

        >>> Forecast(0.0, 0.5, 5.0).chance_above(1.0)
        0.5
        """
        return 1 - student_t_cdf((float(np.log(value)) - self.centre) / self.scale, self.dof)


@dataclass(frozen=True, slots=True)
class LogLinear:
    """log(value) = level of the group + slope x years, by least squares.

    `slope_error` is the standard error with `dof` degrees of freedom: the classical one for a single group,
    that of clusters for several. `residual` is the scatter about the line, `centre_year` and `centre_log` the
    means of a single group, `spread` the sum of squared distances from it.
    """

    slope: float
    slope_error: float
    dof: float
    residual: float
    centre_year: float
    centre_log: float
    spread: float
    count: int
    clusters: int

    @property
    def growth_per_year(self) -> float:
        """Growth a year as a share; -0.3 falls by 30 %."""
        return float(np.expm1(self.slope))

    def growth_interval_90(self) -> tuple[float, float]:
        """The 90 % interval of the growth: how well the slope is known, not how a single year comes out."""
        half = student_t_quantile(0.95, self.dof) * self.slope_error
        return float(np.expm1(self.slope - half)), float(np.expm1(self.slope + half))

    def line(self, year: float) -> Forecast:
        """The line itself at a time (single group): the error of the fit alone."""
        away = (year - self.centre_year) ** 2 / self.spread
        scale = self.residual * float(np.sqrt(1 / self.count + away))
        return Forecast(self.centre_log + self.slope * (year - self.centre_year), scale, self.dof)

    def predict(self, year: float) -> Forecast:
        """One new observation at a time (single group): error of the fit and scatter about the line.

        Formula: scale^2 = s^2 (1 + 1 / n + (t - mean t)^2 / S_tt), with n - 2 degrees of freedom.
        """
        mean = self.line(year)
        return Forecast(mean.centre, float(np.hypot(mean.scale, self.residual)), self.dof)


def fit(sample: Sample) -> LogLinear:
    """The common growth of a sample. Raises TooFew.

    >>> years = np.arange(8.0)
    >>> one = np.zeros(8, dtype=np.int64)
    >>> round(fit(Sample(years, 0.5 * years + (years % 2) * 0.01, one, one)).slope, 2)
    0.5
    """
    return _fit_panel(sample) if sample.is_panel else _fit_line(sample)


def _fit_line(sample: Sample) -> LogLinear:
    count = len(sample)
    if count < LEAST_OBSERVATIONS or np.ptp(sample.years) == 0:
        raise TooFew(f"{count} observations; a trend takes {LEAST_OBSERVATIONS} on different days")
    centre_year, centre_log = float(sample.years.mean()), float(sample.logs.mean())
    away, logs = sample.years - centre_year, sample.logs - centre_log
    spread = float(away @ away)
    slope = float(away @ logs) / spread
    left = logs - slope * away
    residual = float(np.sqrt(left @ left / (count - 2)))
    error = residual / spread**0.5
    return LogLinear(slope, error, count - 2, residual, centre_year, centre_log, spread, count, 1)


def _fit_panel(sample: Sample) -> LogLinear:
    """Growth within groups, with the error of clusters (Liang and Zeger 1986), clusters - 1 degrees of
    freedom.
    """
    away = sample.years - _mean_by(sample.years, sample.groups)
    logs = sample.logs - _mean_by(sample.logs, sample.groups)
    spread = float(away @ away)
    moved = np.unique(sample.clusters[away != 0])
    count, clusters = int((away != 0).sum()), len(moved)
    if count < LEAST_OBSERVATIONS or clusters < LEAST_CLUSTERS:
        raise TooFew(
            f"{count} values and {clusters} sellers with more than one; a trend takes {LEAST_OBSERVATIONS} "
            f"values and {LEAST_CLUSTERS} sellers"
        )
    slope = float(away @ logs) / spread
    left = logs - slope * away
    scores = np.bincount(sample.clusters, weights=away * left)
    error = float(np.sqrt(scores @ scores * clusters / (clusters - 1))) / spread
    residual = float(np.sqrt(left @ left / count))
    centre_year, centre_log = float(sample.years.mean()), float(sample.logs.mean())
    return LogLinear(slope, error, clusters - 1, residual, centre_year, centre_log, spread, count, clusters)


def _mean_by(values: FloatArray, groups: IntArray) -> FloatArray:
    counts = np.maximum(np.bincount(groups), 1)
    return (np.bincount(groups, weights=values) / counts)[groups]


@dataclass(frozen=True, slots=True)
class Changes:
    """Moves of groups: years gone by, change of the log, when it ended, and whose it is."""

    gone: FloatArray
    moved: FloatArray
    ended: FloatArray
    clusters: IntArray

    def off(self, slope: float) -> FloatArray:
        """How far each strays from the growth, over the root of its years: of a random walk all alike."""
        return (self.moved - slope * self.gone) / np.sqrt(self.gone)


def changes(sample: Sample, lag: float) -> Changes:
    """How each group moved over at least `lag` years (a week less will do).

    From each observation to the group's first one that is so much later; nothing is read between days.
    """
    parts: list[tuple[FloatArray, FloatArray, FloatArray, IntArray]] = []
    for group in np.unique(sample.groups):
        own = sample.part(sample.groups == group)
        later = np.searchsorted(own.years, own.years + max(lag - A_WEEK, 1e-6))
        has = np.flatnonzero(later < len(own))
        to = later[has]
        gone, moved = own.years[to] - own.years[has], own.logs[to] - own.logs[has]
        parts.append((gone, moved, own.years[to], own.clusters[has]))
    if not parts:
        return Changes(np.empty(0), np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))
    gone, moved, ended, clusters = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Changes(gone, moved, ended, clusters)


def enough_changes(sample: Sample) -> Changes:
    """Changes over a year; over a quarter where there are fewer than ENOUGH_CHANGES. Raises TooFew."""
    for lag in (YEARLY_LAG, SHORT_LAG):
        found = changes(sample, lag)
        if len(found.gone) >= ENOUGH_CHANGES:
            return found
    raise TooFew(f"fewer than {ENOUGH_CHANGES} prices were asked again after a quarter of a year")


def own_spread(sample: Sample, slope: float) -> float:
    """How far a year's change of one group's value strays from the growth: a standard deviation in logs.

    Formula: root mean square of (change - slope x years) / sqrt(years), as of a random walk. Raises TooFew.
    """
    off = enough_changes(sample).off(slope)
    return float(np.sqrt(off @ off / len(off)))


def common_spread(sample: Sample, slope: float) -> float:
    """The same of the market: of the mean over clusters of the changes that end in the same quarter.

    What one seller does alone averages out, what all do stays; a quarter counts by its sellers. Raises
    TooFew.
    """
    found = enough_changes(sample)
    off, quarters = found.off(slope), np.floor(found.ended / QUARTER).astype(np.int64)
    squares, weights = 0.0, 0
    for quarter in np.unique(quarters):
        here = quarters == quarter
        by_cluster = [off[here & (found.clusters == c)].mean() for c in np.unique(found.clusters[here])]
        squares += len(by_cluster) * float(np.mean(by_cluster)) ** 2
        weights += len(by_cluster)
    return float(np.sqrt(squares / weights))


def ahead(last_log: float, years: float, slope: float, error: float, spread: float) -> tuple[float, float]:
    """Centre and scale of the log of a value `years` after its last one: growth, its error, and the way's
    spread.

    >>> ahead(0.0, 4.0, 0.1, 0.0, 0.5)
    (0.4, 1.0)
    """
    return last_log + slope * years, float(np.hypot(error * years, spread * years**0.5))


def mean_growth(sample: Sample, years: float) -> Forecast:
    """The factor a year by which the market moves over so many years: the growth with its error, and the
    market's spread averaged over them. Raises TooFew.

    Formula: scale^2 = error^2 + spread^2 / years. At the end of the years a path that moves by this factor
    every year has the interval of the forecast; before it, a narrower one.
    """
    found = fit(sample)
    _, scale = ahead(0.0, years, found.slope, found.slope_error, common_spread(sample, found.slope))
    return Forecast(found.slope, scale / years, found.dof)
