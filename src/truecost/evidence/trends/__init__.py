"""The four trends as data, each with its answers: training cost, token price, chip-hour, price-performance.

`trend(name, as_of, until)` fits what was known on a day, predicts to the end of a year, and sets the trend
against random walks on values that it was not fitted to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np

from truecost.catalog.hardware_prices import rental
from truecost.catalog.names import UnknownName
from truecost.catalog.series import price_performance, rental_prices, successions, token_prices
from truecost.evidence.training_costs import METHODS, training_costs
from truecost.evidence.trends.fits import (
    described,
    fitted_line,
    line_forecast,
    market_forecast,
    read,
    spreads,
    with_moves,
)
from truecost.finance.reaching import any_reaches, line_reaches
from truecost.finance.sampled import year_of
from truecost.finance.trends import Forecast, LogLinear, Sample
from truecost.ranges import FloatArray, Range

__all__ = ["TRENDS", "trend"]

REACHED_USD = 1e9
BY_YEAR = 2027
RECENT_YEARS = 2.0
"""How far back the pace of frontier releases is counted, from the last one on record."""
RANKS = (3, 5, 10)
"""Other answers to which runs are of the frontier: how much the rule decides."""
CHIP = "h100-sxm"
YEAR = timedelta(days=365)


def trend(name: str, as_of: date, until: int) -> dict[str, Any]:
    """One trend: its fits (`fits`), each with growth, forecast, backtest and answers.

    Raises UnknownName with the nearest for another name, LookupError where too little was known on the day.
    """
    if name not in TRENDS:
        import difflib

        raise UnknownName("trend", name, difflib.get_close_matches(name, TRENDS, n=3, cutoff=0.4))
    return {
        "trend": name,
        "as_of": as_of.isoformat(),
        "until": until,
        "fits": [_marked(fit, as_of + YEAR) for fit in TRENDS[name](as_of, days_until(as_of, until))],
    }


def _marked(fit: dict[str, Any], a_year_on: date) -> dict[str, Any]:
    """The fit with the row of its forecast marked that is a year on, not at a year's end."""
    day = a_year_on.isoformat()
    return {**fit, "forecast": [{**row, "is_a_year_on": row["on"] == day} for row in fit["forecast"]]}


def days_until(as_of: date, until: int) -> list[date]:
    """A year on, and the ends of the years up to one, in order."""
    ends = [date(year, 12, 31) for year in range(as_of.year, until + 1)]
    return sorted({as_of + YEAR, *(end for end in ends if end > as_of)})


def _training_cost(as_of: date, days: list[date]) -> list[dict[str, Any]]:
    fits: list[dict[str, Any]] = []
    for method in METHODS:
        series = training_costs(method, as_of)
        sample, found = read(series, as_of)
        first = next((each for each in series.observations if each.value >= REACHED_USD), None)
        on_record = {"model": first.label, "on": first.on.isoformat(), "usd": first.value} if first else None
        fits.append(
            {
                **described(series, as_of),
                "method": method,
                "forecast": line_forecast(sample, found, days),
                "line": fitted_line(found, series.first, days[0]),
                "reach": _reach(sample, found) | {"first_on_record": on_record},
                "by_rule": [_by_rule(method, as_of, rank) for rank in RANKS],
            }
        )
    return fits


def _reach(sample: Sample, found: LogLinear) -> dict[str, Any]:
    """When a run costs a billion: the typical one by year, one by its release, any by a date."""
    pace = float(np.count_nonzero(sample.years > sample.years[-1] - RECENT_YEARS) / RECENT_YEARS)
    ahead = _releases(float(sample.years[-1]), pace, BY_YEAR + 1.0)
    any_by = any_reaches(found, REACHED_USD, ahead)
    return {
        "level_usd": REACHED_USD,
        "by_year": BY_YEAR,
        "typical_year": {f"p{p}": line_reaches(found, REACHED_USD, p / 100) for p in (5, 50, 95)},
        "chance_of_a_run_at_the_end_of_the_year": found.predict(BY_YEAR + 1.0).chance_above(REACHED_USD),
        "chance_of_any_run_by_the_end_of_the_year": float(any_by[-1]),
        "chance_of_any_run_by_its_start": float(any_by[ahead <= BY_YEAR][-1])
        if (ahead <= BY_YEAR).any()
        else None,
        "frontier_runs_per_year": pace,
    }


def _by_rule(method: str, as_of: date, rank: int) -> dict[str, Any]:
    """The same for the `rank` largest runs at release."""
    sample, found = read(training_costs(method, as_of, rank), as_of)
    reach = _reach(sample, found)
    return {
        "largest": rank,
        "values": found.count,
        "growth_per_year": found.growth_per_year,
        "typical_year": reach["typical_year"]["p50"],
        "chance_of_any_run_by_the_end_of_the_year": reach["chance_of_any_run_by_the_end_of_the_year"],
    }


def _releases(last: float, pace: float, end: float) -> FloatArray:
    """The times of releases to come at a pace, to an end; the end itself where there are none."""
    found = np.arange(last + 1 / pace, end + 1e-9, 1 / pace) if pace > 0 else np.empty(0)
    return found if len(found) else np.array([end])


def _token_price(as_of: date, days: list[date]) -> list[dict[str, Any]]:
    fits: list[dict[str, Any]] = []
    for tier in ("flagship", "small"):
        series = token_prices(tier, as_of)
        sample, found = read(series, as_of)
        today = [group[-1] for group in series.groups().values()]
        level = float(np.exp(np.mean([np.log(each.value) for each in today])))
        fits.append(
            {
                **described(series, as_of),
                **with_moves(series),
                "tier": tier,
                "level": level,
                "line": _from_today(as_of, level, found, days[0]),
                "spread": spreads(sample, found),
                "forecast": market_forecast(sample, found, level, as_of, days),
                "vendors": [_vendor(series.groups()[name]) for name in sorted(series.groups())],
                "lines": {line.provider: line.note for line in successions(tier)},
            }
        )
    return fits


def _vendor(observations: list[Any]) -> dict[str, Any]:
    first, last = observations[0], observations[-1]
    years = year_of(last.on) - year_of(first.on)
    return {
        "vendor": first.group,
        "since": first.on.isoformat(),
        "first": {"model": first.label, "usd_per_mtok": first.value},
        "now": {"model": last.label, "usd_per_mtok": last.value},
        "growth_per_year": float((last.value / first.value) ** (1 / years) - 1) if years > 0.5 else None,
    }


def _gpu_hour(as_of: date, days: list[date]) -> list[dict[str, Any]]:
    series = rental_prices(as_of)
    sample, found = read(series, as_of)
    asked = rental(CHIP, as_of)
    today = asked.value if isinstance(asked.value, Range) else Range(asked.value, asked.value)
    level = today.median
    return [
        {
            **described(series, as_of),
            **with_moves(series),
            "chip": CHIP,
            "level": level,
            "line": _from_today(as_of, level, found, days[0]),
            "today": {"p5": today.low, "p50": level, "p95": today.high, "note": asked.note},
            "spread": spreads(sample, found),
            "forecast": market_forecast(sample, found, level, as_of, days),
            "in_12_months_any_seller": _any_seller(today, sample, found),
        }
    ]


def _from_today(as_of: date, level: float, found: LogLinear, first: date) -> list[dict[str, Any]]:
    """The ends of the line from today's level to the first day that is predicted."""
    moved = level * float(np.exp(found.slope * (year_of(first) - year_of(as_of))))
    return [{"on": as_of.isoformat(), "value": level}, {"on": first.isoformat(), "value": moved}]


def _any_seller(today: Range, sample: Sample, found: LogLinear) -> dict[str, float]:
    """What some seller asks in a year: the spread of sellers today and the move of the market, together."""
    sellers = np.log(today.high / today.low) / 2
    (year,) = market_forecast(sample, found, 1.0, date(2025, 1, 1), [date(2026, 1, 1)])
    half = float(np.hypot(sellers, np.log(year["p95"] / year["p5"]) / 2))
    middle = today.median * year["p50"]
    return {"p5": middle * float(np.exp(-half)), "p50": middle, "p95": middle * float(np.exp(half))}


def _price_performance(as_of: date, days: list[date]) -> list[dict[str, Any]]:
    series = price_performance(as_of)
    sample, found = read(series, as_of)
    log_growth = Forecast(found.slope, found.slope_error, found.dof)
    low, high = (float(np.log(end)) for end in log_growth.interval_90)
    return [
        {
            **described(series, as_of),
            "forecast": line_forecast(sample, found, days),
            "line": fitted_line(found, series.first, days[0]),
            "doubling_years": {
                "p5": float(np.log(2)) / high if high > 0 else None,
                "p50": float(np.log(2)) / found.slope if found.slope > 0 else None,
                "p95": float(np.log(2)) / low if low > 0 else None,
            },
        }
    ]


TRENDS: Mapping[str, Callable[[date, list[date]], list[dict[str, Any]]]] = {
    "training-cost": _training_cost,
    "token-price": _token_price,
    "gpu-hour": _gpu_hour,
    "price-performance": _price_performance,
}
"""The trends by name."""
