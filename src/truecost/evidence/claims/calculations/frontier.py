"""Frontier runs through time: what the next one costs, when the first passes an amount, how they have grown.

The trend is that of `truecost trends training-cost` (`truecost.evidence.trends`): a line in logs through the
runs that were among the largest at their release, with their scatter about it. The dearest of the releases to
come lies well above the line, so both questions are put to all of them together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from truecost.evidence.claims.sources import median_of, recorded
from truecost.evidence.claims.working import Curve, Line, MissingFact, Needed, Working, calculation_of, mid
from truecost.finance.reaching import any_reaches
from truecost.finance.sampled import year_of
from truecost.finance.trends import LogLinear
from truecost.ranges import FloatArray, Value

if TYPE_CHECKING:
    from truecost.catalog.facts import Fact

NAMES = {"cloud": "rented for three years", "amortized": "wear and energy of own chips"}
POINTS = 1024
"""Points of a distribution, in equal steps of probability."""
LEVELS = np.geomspace(1e6, 1e13, 71)
FARTHEST_YEARS = 30.0
CHECKED = date(2026, 11, 22)


class Record(NamedTuple):
    """A recorded run: its model, when it was published as a year, what it cost."""

    model: str
    year: float
    usd: float


def records(by: date, method: str) -> list[Record]:
    """The runs published by a day, with what they cost by one method."""
    from truecost.evidence.epoch_tables import published, runs

    found = [
        Record(model, year_of(runs()[model].published), costs[method])
        for model, costs in published().items()
        if method in costs and model in runs() and runs()[model].published <= by
    ]
    if not found:
        raise MissingFact(f"a published training cost before {by}")
    return found


def dearest(by: date, method: str) -> Record:
    """The dearest run published by a day."""
    return max(records(by, method), key=lambda record: record.usd)


@dataclass(frozen=True)
class Frontier:
    """The trend of what frontier runs cost, known on a day: its line, the last release, releases a year."""

    line: LogLinear
    last: float
    pace: float

    def releases(self, until: float) -> FloatArray:
        """The times of the releases to come, at the pace of the last two years; one at least."""
        times = np.arange(self.last + 1 / self.pace, until + 1e-9, 1 / self.pace)
        return times if len(times) else np.array([until])

    def dearest_until(self, until: float) -> FloatArray:
        """Points of the distribution of the dearest release to come, USD."""
        times = self.releases(until)
        chance = np.array([1 - float(any_reaches(self.line, usd, times)[-1]) for usd in LEVELS])
        logs = np.interp(_probabilities(), chance, np.log(LEVELS))
        return np.exp(np.asarray(logs, dtype=np.float64))

    def first_above(self, usd: float) -> FloatArray:
        """Points of the distribution of the year in which a release first costs as much; inf for never."""
        times = self.releases(self.last + FARTHEST_YEARS)
        chance = any_reaches(self.line, usd, times)
        probabilities = _probabilities()
        first: FloatArray = np.interp(probabilities, chance, times)
        return np.where(probabilities > chance[-1], math.inf, first)


def _probabilities() -> FloatArray:
    return (np.arange(POINTS) + 0.5) / POINTS


@lru_cache(maxsize=8)
def frontier(method: str, as_of: date) -> Frontier:
    """The trend by one method, from what was known on a day. Raises LookupError where that is too little."""
    from truecost.evidence.training_costs import training_costs
    from truecost.evidence.trends import RECENT_YEARS
    from truecost.evidence.trends.fits import read

    sample, line = read(training_costs(method, as_of), as_of)
    last = float(sample.years[-1])
    pace = float(np.count_nonzero(sample.years > last - RECENT_YEARS)) / RECENT_YEARS
    return Frontier(line, last, pace)


def _of_trend(at: Working, method: str) -> Frontier:
    """The trend, with its growth and pace noted."""
    found, name = frontier(method, at.as_of), NAMES[method]
    at.fact(f"runs that the trend goes through, {name}", _counted(found, method, at.as_of))
    at.step(
        f"growth, {name}",
        "line in logs through Epoch AI's costs of runs among the five largest at their release",
        1 + found.line.growth_per_year,
        "x a year",
    )
    at.step(f"such releases, {name}", "of the last two years on record", found.pace, "releases/year")
    return found


def _counted(found: Frontier, method: str, as_of: date) -> Fact:
    """How many runs a trend goes through, with where they are from."""
    from truecost.catalog.facts import Confidence, Fact
    from truecost.evidence.training_costs import training_costs

    series = training_costs(method, as_of)
    count = float(found.line.count)
    return Fact(
        f"trend/training-cost/{method}",
        count,
        "runs",
        series.source,
        CHECKED,
        Confidence.ESTIMATE,
        series.rule,
    )


@calculation_of(
    "frontier_cost",
    "The dearest frontier run of the years ahead",
    "USD",
    {"years_ahead": Needed("years ahead", "years")},
)
def frontier_cost(at: Working) -> Value:
    """The dearest of the releases to come by then: the line of the trend, and the scatter about it."""
    until = year_of(at.as_of) + mid(at["years_ahead"])
    for method, name in NAMES.items():
        record = dearest(at.as_of, method)
        usd = at.fact(f"{record.model}, {name}", recorded(record.model, f"{method}_usd"))
        at.step(f"dearest on record, {name}", record.model, usd, "USD")
        to_come = _of_trend(at, method).dearest_until(until)
        at.way(name, at.step(name, "the dearest of the releases to come, by the trend", to_come, "USD"))
    at.curve(lambda: _curve(at, ()))
    return next(iter(at.ways.values()))


@calculation_of(
    "frontier_year",
    "The year in which a training run first costs an amount",
    "year",
    {"amount": Needed("the amount", "USD")},
)
def frontier_year(at: Working) -> Value:
    """The first on record; else the first of the releases to come, by the trend and the scatter about it."""
    amount = mid(at["amount"])
    for method, name in NAMES.items():
        above = [record for record in records(at.as_of, method) if record.usd >= amount]
        if above:
            first = min(above, key=lambda record: record.year)
            said = f"on record: {first.model}"
            usd = at.fact(f"{first.model}, {name}", recorded(first.model, f"{method}_usd"))
            at.step(f"cost of {first.model}, {name}", "as published", usd, "USD")
            year: Value = first.year
        else:
            year, said = _of_trend(at, method).first_above(amount), "the first of the releases to come"
        at.way(name, at.step(name, said, year, "year"))
    at.curve(lambda: _curve(at, (("the amount", amount),)))
    return next(iter(at.ways.values()))


def _curve(at: Working, marks: tuple[tuple[str, float], ...]) -> Curve:
    years = np.linspace(2016.0, 2030.0, 15)
    lines = [
        Line(name, tuple(frontier(method, at.as_of).line.line(float(year)).median for year in years))
        for method, name in NAMES.items()
    ]
    return Curve(
        "What a frontier run typically costs, by the trend",
        "year",
        "year",
        "cost of a run",
        "USD",
        tuple(float(year) for year in years),
        tuple(lines),
        marks=marks,
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
    for method, name in NAMES.items():
        record = dearest(at.as_of, method)
        usd = at.fact(f"{record.model}, {name}", recorded(record.model, f"{method}_usd"))
        at.step(f"{record.model}, {name}", "the dearest published run", usd, "USD")
        ratio = at.step(name, "over the earlier run", usd / at[f"{method}_before"], "ratio")
        at.way(name, ratio)
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
    now = year_of(at.as_of)
    for line in at.words("lines"):
        announced = {
            fact.key.partition("/")[2]: fact
            for fact in sorted(at.catalog.all_rates.group("releases"), key=lambda fact: median_of(fact.value))
            if fact.key.startswith(f"releases/{line}-") and median_of(fact.value) <= now
        }
        known = [at.fact(f"{model} announced", fact) for model, fact in announced.items()]
        gaps += [12 * (after - before) for before, after in pairwise(known)]
        at.step(f"releases of {line}", "dated releases up to the day", float(len(known)), "releases")
    if not gaps:
        raise MissingFact("two dated releases of one line")
    points = np.quantile(np.array(gaps), np.linspace(0.0, 1.0, 1024))
    return at.step("months between releases", "every gap, as often as it occurs", points, "months")
