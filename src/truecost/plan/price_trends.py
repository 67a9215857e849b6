"""A fitted trend as the path of a price: `price_path: trend:gpu-hour`.

The fit uses what the catalog's dated tables held on the plan's day, nothing later. What is drawn is the
factor by which the price moves every year of the plan: the growth with its error, and the market's spread
over the plan's years (see `truecost.finance.trends.mean_growth`).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.names import UnknownName
from truecost.catalog.series import LOADERS, Series, series
from truecost.finance.sampled import sampled
from truecost.finance.trends import Forecast, LogLinear, Sample, TooFew, fit, mean_growth
from truecost.ranges import Range

PREFIX = "trend:"
API_TRENDS = ("token-price-flagship", "token-price-small")
CHIP_TRENDS = ("gpu-hour", "price-performance")
"""The trends that a price of each kind can follow. Of price-performance the inverse: the price of the same
work, on chips that are renewed.
"""
PRICE_TRENDS = (*API_TRENDS, *CHIP_TRENDS)
NOT_PRICES = {"training-cost": "is what frontier runs cost, not the price of something a plan buys"}
RISING_IS_CHEAPER = frozenset({"price-performance"})


def known_trend(name: str) -> str:
    """A trend's name with or without its prefix, as the catalog has it. Raises UnknownName with the nearest.

    >>> known_trend("trend:gpu-hour")
    'gpu-hour'
    """
    plain = name.strip().removeprefix(PREFIX).strip()
    if plain in NOT_PRICES:
        raise ValueError(f"{plain} {NOT_PRICES[plain]}")
    if plain not in LOADERS:
        import difflib

        raise UnknownName("trend", plain, difflib.get_close_matches(plain, LOADERS, n=3, cutoff=0.4))
    return plain


@lru_cache(maxsize=64)
def trend_fact(name: str, as_of: date, months: int) -> Fact:
    """The price a year on over the price now, as a plan of so many months draws it: its 90 % interval.

    The unit is x a year; a trend of -30 % a year is 0.7. Raises UnknownName, or LookupError where too little
    was known on that day.
    """
    plain = known_trend(name)
    known = series(plain, as_of)
    sample = sampled(known, as_of)
    years = max(months, 12) / 12
    try:
        found, growth = fit(sample), _growth(sample, years)
    except TooFew as few:
        raise LookupError(f"trend:{plain} cannot be fitted to what was known on {as_of}: {few}") from None
    low, high = sorted(growth.interval_90)
    if plain in RISING_IS_CHEAPER:
        low, high = 1 / high, 1 / low
    return Fact(
        key=f"trend/{plain}",
        value=Range(float(f"{low:.6g}"), float(f"{high:.6g}")),
        unit="x a year",
        source=f"log-linear fit to {known.source}",
        checked=known.last,
        confidence=Confidence.ESTIMATE,
        note=_note(known, found, years),
    )


def _growth(sample: Sample, years: float) -> Forecast:
    """Of several groups the market's move; of one group of many things the line's, with its error alone."""
    if sample.is_panel:
        return mean_growth(sample, years)
    found = fit(sample)
    return Forecast(found.slope, found.slope_error, found.dof)


def _note(known: Series, found: LogLinear, years: float) -> str:
    low, high = (100 * end for end in found.growth_interval_90())
    sellers = f" of {found.clusters} sellers" if found.clusters > 1 else ""
    over = "a year" if years == 1 else f"{years:.3g} years"
    return (
        f"{found.count} values{sellers}, {known.first} to {known.last}: {100 * found.growth_per_year:+.0f} "
        f"% a year ({low:+.0f} to {high:+.0f}), drawn with the spread of {over}; {known.rule}. "
        f"`truecost trends` has its backtest."
    )
