"""One trend as data: the fit, what it predicts, how it would have done, beside a random walk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from truecost.catalog.series import Series
from truecost.evidence.trends.moves import moves
from truecost.evidence.trends.scores import scores, verdicts
from truecost.finance.backtest import backtest, market_backtest, random_walk
from truecost.finance.sampled import cluster_names, sampled, year_of
from truecost.finance.trends import Forecast, LogLinear, Sample, TooFew, ahead, common_spread, fit, own_spread

PANEL_HORIZONS = {
    "3 months": (0.125, 0.375),
    "6 months": (0.375, 0.625),
    "12 months": (0.875, 1.125),
    "24 months": (1.75, 2.25),
}
LINE_HORIZONS = {"up to 1 year": (0.0, 1.0), "1 to 2 years": (1.0, 2.0), "2 to 3 years": (2.0, 3.0)}
"""How far ahead is predicted, in years from and to."""
TESTED_YEARS = 3.0
PANEL_STEP, LINE_STEP, MOST_ORIGINS = 0.25, 0.5, 40
EACH, MARKET = "each", "market"
"""What a score is of: each single value, or the mean move of all sellers together."""


def read(series: Series, as_of: date) -> tuple[Sample, LogLinear]:
    """What was known on a day and the fit to it. Raises LookupError where that is too little."""
    sample = sampled(series, as_of)
    try:
        return sample, fit(sample)
    except TooFew as few:
        raise LookupError(f"{series.key} cannot be fitted to what was known on {as_of}: {few}") from None


def described(series: Series, as_of: date) -> dict[str, Any]:
    """Keys that every fit has: what was fitted, its growth, its backtest, its points. Raises LookupError."""
    sample, found = read(series, as_of)
    low, high = found.growth_interval_90()
    return {
        "key": series.key,
        "title": series.title,
        "unit": series.unit,
        "rule": series.rule,
        "source": series.source,
        "first": series.first.isoformat(),
        "last": series.last.isoformat(),
        "values": found.count,
        "sellers": found.clusters if sample.is_panel else None,
        "growth_per_year": {"p5": low, "p50": found.growth_per_year, "p95": high},
        "scatter_log": found.residual,
        "backtest": tested(sample),
        "leave_one_out": left_out(series, sample, as_of) if sample.is_panel else None,
        "points": [
            {"on": each.on.isoformat(), "group": each.group, "label": each.label, "value": each.value}
            for each in series.observations
        ],
    }


def tested(sample: Sample) -> dict[str, Any]:
    """Scores and verdicts of a rolling-origin backtest."""
    panel = sample.is_panel
    horizons = PANEL_HORIZONS if panel else LINE_HORIZONS
    origins = _origins(sample, PANEL_STEP if panel else LINE_STEP)
    rows = scores(backtest(sample, origins, horizons), horizons, EACH)
    if panel:
        rows += scores(market_backtest(sample, origins, horizons), horizons, MARKET)
    return {"scores": rows, "verdicts": verdicts(rows)}


def _origins(sample: Sample, step: float) -> list[float]:
    last = float(sample.years[-1])
    return [last - step * back for back in range(MOST_ORIGINS, 0, -1) if last - step * back > sample.years[0]]


def left_out(series: Series, sample: Sample, as_of: date) -> list[dict[str, Any]]:
    """The growth without each seller, the most telling first: how much one of them decides."""
    found: list[dict[str, Any]] = []
    for number, name in enumerate(cluster_names(series, as_of)):
        try:
            without = fit(sample.part(sample.clusters != number)).growth_per_year
        except TooFew:
            continue
        found.append({"without": name, "growth_per_year": without})
    whole = fit(sample).growth_per_year
    return sorted(found, key=lambda row: -abs(row["growth_per_year"] - whole))


def market_forecast(
    sample: Sample, found: LogLinear, level: float, as_of: date, days: list[date]
) -> list[dict[str, Any]]:
    """The market's level moved on by the growth, and by nothing, on each day: medians with 90 % intervals."""
    spreads = common_spread(sample, found.slope), common_spread(sample, 0.0)
    rows: list[dict[str, Any]] = []
    for day in days:
        years = year_of(day) - year_of(as_of)
        start = float(np.log(level))
        trend = Forecast(*ahead(start, years, found.slope, found.slope_error, spreads[0]), found.dof)
        walk = Forecast(*ahead(start, years, 0.0, 0.0, spreads[1]), found.dof)
        rows.append({"on": day.isoformat(), **points(trend), "random_walk": points(walk)})
    return rows


def line_forecast(sample: Sample, found: LogLinear, days: list[date]) -> list[dict[str, Any]]:
    """One observation on each day (`p5` to `p95`), the line itself (`typical`), and the random walk's word as
    far ahead as it is tested."""
    walk = random_walk(sample, float(sample.years[-1]))
    rows: list[dict[str, Any]] = []
    for day in days:
        year = year_of(day)
        flat = walk(0, year) if year <= sample.years[-1] + TESTED_YEARS else None
        rows.append(
            {
                "on": day.isoformat(),
                **points(found.predict(year)),
                "typical": points(found.line(year)),
                "random_walk": points(flat) if flat is not None else None,
            }
        )
    return rows


def fitted_line(found: LogLinear, first: date, last: date) -> list[dict[str, Any]]:
    """The ends of the line of one group, between two days."""
    return [{"on": day.isoformat(), "value": found.line(year_of(day)).median} for day in (first, last)]


def points(forecast: Forecast) -> dict[str, float]:
    """The 5 %, 50 % and 95 % points."""
    low, high = forecast.interval_90
    return {"p5": low, "p50": forecast.median, "p95": high}


def spreads(sample: Sample, found: LogLinear) -> Mapping[str, float]:
    """How far a year's change strays from the growth, of one seller and of all together (in logs)."""
    return {"own_log": own_spread(sample, found.slope), "market_log": common_spread(sample, found.slope)}


def with_moves(series: Series) -> dict[str, Any]:
    """The part of a fit that says how often prices rise and by how much."""
    return {"moves": moves(series)}
