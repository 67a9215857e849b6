"""The dearest runs through time: what they cost, how fast that grows, when it passes an amount."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from truecost.evidence.claims.working import Curve, Line, MissingFact, Needed, Working, calculation_of, floats
from truecost.ranges import Value

DAYS_PER_YEAR = 365.25
NAMES = {"cloud": "rented for three years", "amortized": "wear and energy of own chips"}
GROWTH = Needed(
    "growth of the dearest run's cost", "x a year", {"rate": "generations/training_cost_growth_per_year"}
)


class Record(NamedTuple):
    """A recorded run: its model, when it was published as a year, what it cost."""

    model: str
    year: float
    usd: float


def year_of(day: date) -> float:
    """A day as a year with a fraction.

    >>> year_of(date(2024, 1, 1))
    2024.0
    """
    return day.year + (day - date(day.year, 1, 1)).days / DAYS_PER_YEAR


def dearest(by: date, method: str) -> Record:
    """The dearest run published by a day, in the published costs of one method."""
    from truecost.evidence.epoch_tables import published, runs

    found = [
        Record(model, year_of(runs()[model].published), costs[method])
        for model, costs in published().items()
        if method in costs and model in runs() and runs()[model].published <= by
    ]
    if not found:
        raise MissingFact(f"a published training cost before {by}")
    return max(found, key=lambda record: record.usd)


def _by_method(at: Working) -> dict[str, Record]:
    return {method: dearest(at.as_of, method) for method in NAMES}


@calculation_of(
    "frontier_cost",
    "The dearest run so many years on",
    "USD",
    {"growth": GROWTH, "years_ahead": Needed("years ahead", "years")},
)
def frontier_cost(at: Working) -> Value:
    """The dearest recorded run x growth ^ (years since it, and ahead)."""
    growth, ahead = at["growth"], at["years_ahead"]
    result: Value = 0.0
    for method, record in _by_method(at).items():
        at.step(f"{record.model}, {NAMES[method]}", "the dearest published run", record.usd, "USD")
        years = year_of(at.as_of) - record.year + ahead
        value = at.step(
            NAMES[method], "its cost × growth ^ years", record.usd * np.power(growth, years), "USD"
        )
        at.way(NAMES[method], value)
        result = value if method == "cloud" else result
    return result


@calculation_of(
    "frontier_year",
    "The year in which the dearest run passes an amount",
    "year",
    {"growth": GROWTH, "amount": Needed("the amount", "USD")},
)
def frontier_year(at: Working) -> Value:
    """Year of the dearest recorded run + ln(amount / its cost) / ln(growth)."""
    growth, amount = at["growth"], at["amount"]
    result: Value = 0.0
    for method, record in _by_method(at).items():
        at.step(f"{record.model}, {NAMES[method]}", "the dearest published run", record.usd, "USD")
        year = record.year + np.log(np.divide(amount, record.usd)) / np.log(growth)
        at.way(
            NAMES[method], at.step(NAMES[method], "its year + ln(amount / cost) / ln(growth)", year, "year")
        )
        result = year if method == "cloud" else result
    at.curve(lambda: _curve(at))
    return result


def _curve(at: Working) -> Curve:
    years = np.linspace(2020.0, 2030.0, 41)
    growth = float(np.median(at.values["growth"]))
    lines = [
        Line(NAMES[method], floats(record.usd * growth ** (years - record.year)))
        for method, record in _by_method(at).items()
    ]
    amount = float(np.median(at.values["amount"]))
    return Curve(
        "The dearest run by year, at the median growth",
        "year",
        "year",
        "cost of the dearest run",
        "USD",
        floats(years),
        tuple(lines),
        marks=(("the amount", amount),),
    )


@calculation_of(
    "frontier_growth",
    "The dearest run over an earlier one",
    "ratio",
    {
        "cloud_before": Needed(
            "the earlier run, rented", "USD", {"recorded": "GPT-3 175B (davinci)", "has": "cloud_usd"}
        ),
        "amortized_before": Needed(
            "the earlier run, wear and energy",
            "USD",
            {"recorded": "GPT-3 175B (davinci)", "has": "amortized_usd"},
        ),
    },
)
def frontier_growth(at: Working) -> Value:
    """The dearest recorded run over the earlier one, by method."""
    ratios: list[Value] = []
    for method, record in _by_method(at).items():
        at.step(f"{record.model}, {NAMES[method]}", "the dearest published run", record.usd, "USD")
        ratio = at.step(NAMES[method], "over the earlier run", record.usd / at[f"{method}_before"], "ratio")
        at.way(NAMES[method], ratio)
        ratios.append(ratio)
    return ratios[0]


@calculation_of(
    "release_gap",
    "Time between successive releases of one class",
    "months",
    {},
    {"lines": ["gpt", "claude", "gemini"]},
)
def release_gap(at: Working) -> Value:
    """Median gap, and its spread, over the dated releases of each line in the catalog, up to the day."""
    gaps: list[float] = []
    for line in at.words("lines"):
        years = sorted(
            float(fact.value.median if not isinstance(fact.value, float | int) else fact.value)
            for fact in at.catalog.all_rates.group("releases")
            if fact.key.startswith(f"releases/{line}-")
        )
        known = [year for year in years if year <= year_of(at.as_of)]
        gaps += [12 * (after - before) for before, after in pairwise(known)]
        at.step(f"releases of {line}", "dated releases up to the day", float(len(known)), "releases")
    if not gaps:
        raise MissingFact("two dated releases of one line")
    points = np.quantile(np.array(gaps), np.linspace(0.0, 1.0, 1024))
    return at.step("months between releases", "every gap, as often as it occurs", points, "months")
