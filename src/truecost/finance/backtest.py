"""Would it have worked? A trend set against random walks, each fitted only to what was known at an origin.

From every origin each forecaster sees the observations at or before it and predicts those after it, horizon
by horizon. Nothing that is scored is ever fitted to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from truecost.finance.trends import Forecast, Sample, TooFew, ahead, changes, common_spread, fit, own_spread
from truecost.ranges import FloatArray

Ahead: TypeAlias = Callable[[int, float], "Forecast | None"]
"""What a fitted forecaster says of a group at a time; None for a group it has not seen."""
Forecaster: TypeAlias = Callable[[Sample, float], Ahead]
"""Fits a sample known at an origin. Raises TooFew."""

LEVEL_YEARS = 1.0
"""Where every observation is another thing, "the last value" is the mean log of so many years."""
FEWEST_IN_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """One prediction and what came: logs of actual and predicted, and whether the 90 % interval held it."""

    forecaster: str
    horizon: str
    origin: float
    year: float
    group: int
    actual_log: float
    predicted_log: float
    is_inside: bool

    @property
    def log_error(self) -> float:
        """ln(actual / predicted)."""
        return self.actual_log - self.predicted_log


def trend(sample: Sample, origin: float) -> Ahead:
    """The log-linear fit: of one group its line; of several, each group's last value moved on by it."""
    found = fit(sample)
    if not sample.is_panel:
        return lambda _, year: found.predict(year)
    return _from_last(sample, found.slope, found.slope_error, found.dof)


def random_walk(sample: Sample, origin: float) -> Ahead:
    """No change: the last value of a group; of one group of many things, their mean over the last year."""
    if sample.is_panel:
        return _from_last(sample, 0.0, 0.0, fit(sample).dof)
    return _from_level(sample, 0.0)


def random_walk_with_drift(sample: Sample, origin: float) -> Ahead:
    """The last value moved on by the mean of past changes: last less first, over the time between."""
    if not sample.is_panel:
        return _from_level(sample, _drift_of_levels(sample))
    steps = changes(sample, 0.0)
    years = float(steps.gone.sum())
    if not years > 0:
        raise TooFew("no price was asked again")
    slope = float(steps.moved.sum()) / years
    error = own_spread(sample, slope) / years**0.5
    return _from_last(sample, slope, error, fit(sample).dof)


FORECASTERS: Mapping[str, Forecaster] = {
    "trend": trend,
    "random_walk": random_walk,
    "random_walk_with_drift": random_walk_with_drift,
}
"""What is compared, by name."""


def _from_last(sample: Sample, slope: float, error: float, dof: float) -> Ahead:
    spread = own_spread(sample, slope)
    last = {int(group): at for at, group in enumerate(sample.groups)}

    def say(group: int, year: float) -> Forecast | None:
        if group not in last:
            return None
        at = last[group]
        years = year - float(sample.years[at])
        centre, scale = ahead(float(sample.logs[at]), years, slope, error, spread)
        return Forecast(centre, scale, dof)

    return say


def _level(sample: Sample, year: float) -> tuple[float, float]:
    """Mean time and mean log of the last year before a time; of the last few where it has fewer."""
    known = sample.until(year)
    recent = known.part(known.years > year - LEVEL_YEARS)
    if len(recent) < FEWEST_IN_LEVEL:
        recent = known.part(np.arange(len(known)) >= len(known) - FEWEST_IN_LEVEL)
    return float(recent.years.mean()), float(recent.logs.mean())


def _drift_of_levels(sample: Sample) -> float:
    first_year, first = _level(sample, float(sample.years[0]) + LEVEL_YEARS)
    last_year, last = _level(sample, float(sample.years[-1]))
    if last_year - first_year < LEVEL_YEARS / 2:
        raise TooFew("too short a time for a drift")
    return (last - first) / (last_year - first_year)


def _from_level(sample: Sample, slope: float) -> Ahead:
    """From the last level, with the error that the same rule made within the sample at that distance."""
    if len(sample) < FEWEST_IN_LEVEL:
        raise TooFew(f"{len(sample)} observations")
    level_year, level = _level(sample, float(sample.years[-1]))
    last = float(sample.years[-1])

    def say(_: int, year: float) -> Forecast | None:
        off = _errors_at(sample, year - last, slope)
        if len(off) < FEWEST_IN_LEVEL:
            return None
        scale = float(np.sqrt(off @ off / len(off)))
        return Forecast(level + slope * (year - level_year), scale, float(len(off)))

    return say


def _errors_at(sample: Sample, distance: float, slope: float) -> FloatArray:
    """How far observations lay from the level known `distance` years before them, moved on by the slope."""
    off: list[float] = []
    for year, log in zip(sample.years, sample.logs, strict=True):
        before = float(year) - max(distance, 1e-6)
        if np.count_nonzero(sample.years <= before) >= FEWEST_IN_LEVEL:
            level_year, level = _level(sample, before)
            off.append(float(log) - level - slope * (float(year) - level_year))
    return np.asarray(off, dtype=np.float64)


def backtest(
    sample: Sample,
    origins: Sequence[float],
    horizons: Mapping[str, tuple[float, float]],
    forecasters: Mapping[str, Forecaster] = FORECASTERS,
) -> list[Trial]:
    """Every prediction from every origin, of observations that lie `low` to `high` years after it.

    An origin at which any forecaster has too little to go by is left out for all, and a target that any
    cannot predict too, so that all are scored on the same ones.
    """
    trials: list[Trial] = []
    for origin in origins:
        known = sample.until(origin)
        try:
            fitted = {name: fitter(known, origin) for name, fitter in forecasters.items()}
        except TooFew:
            continue
        for horizon, (low, high) in horizons.items():
            targets = sample.part((sample.years > origin + low) & (sample.years <= origin + high))
            for at in range(len(targets)):
                trials += _tried(fitted, targets, at, (origin, horizon))
    return trials


def _tried(fitted: Mapping[str, Ahead], targets: Sample, at: int, of: tuple[float, str]) -> list[Trial]:
    origin, horizon = of
    group, year, actual = int(targets.groups[at]), float(targets.years[at]), float(targets.logs[at])
    said = {name: say(group, year) for name, say in fitted.items()}
    if any(forecast is None for forecast in said.values()):
        return []
    return [
        Trial(name, horizon, origin, year, group, actual, f.centre, _inside(actual, f))
        for name, f in said.items()
        if f is not None
    ]


MARKET = -1
"""The group of a prediction about the market as a whole."""


def market_backtest(
    sample: Sample, origins: Sequence[float], horizons: Mapping[str, tuple[float, float]]
) -> list[Trial]:
    """The same for the mean move of all clusters together, one an origin and horizon, of a panel."""
    trials: list[Trial] = []
    for origin in origins:
        known = sample.until(origin)
        try:
            found = fit(known)
            said = {
                "trend": (found.slope, found.slope_error, common_spread(known, found.slope)),
                "random_walk": (0.0, 0.0, common_spread(known, 0.0)),
            }
        except TooFew:
            continue
        for horizon, (low, high) in horizons.items():
            targets = sample.part((sample.years > origin + low) & (sample.years <= origin + high))
            years, moved = _market_move(known, targets)
            if years > 0:
                forecasts = {
                    name: Forecast(*ahead(0.0, years, *parts), found.dof) for name, parts in said.items()
                }
                trials += [
                    Trial(name, horizon, origin, origin + years, MARKET, moved, f.centre, _inside(moved, f))
                    for name, f in forecasts.items()
                ]
    return trials


def _market_move(known: Sample, targets: Sample) -> tuple[float, float]:
    """Mean years and mean change of the log since the last known value, over clusters; 0 years for none."""
    last = {int(group): at for at, group in enumerate(known.groups)}
    moves: dict[int, list[tuple[float, float]]] = {}
    for at, group in enumerate(targets.groups):
        if int(group) in last:
            before = last[int(group)]
            years = float(targets.years[at] - known.years[before])
            moved = float(targets.logs[at] - known.logs[before])
            moves.setdefault(int(targets.clusters[at]), []).append((years, moved))
    if len(moves) < FEWEST_IN_LEVEL:
        return 0.0, 0.0
    means = np.array([np.mean(pairs, axis=0) for pairs in moves.values()])
    return float(means[:, 0].mean()), float(means[:, 1].mean())


def _inside(actual: float, forecast: Forecast) -> bool:
    low, high = forecast.interval_90
    return bool(np.log(low) <= actual <= np.log(high)) if low > 0 and np.isfinite(high) else True
