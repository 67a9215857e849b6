"""What a query will cost in five years: gains by cause against the growth of the frontier, and the net.

Three answers. An answer as good as today's gets cheaper by every cause. An answer of the frontier's model of
the day does not: models grow, and better architecture and training are spent on quality, not on a lower
bill; counting them there too would count them twice. And what the plan itself says of its generations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from truecost.plan.book import Book
from truecost.plan.demand import Traffic
from truecost.plan.generations import Schedule
from truecost.ranges import FloatArray, Value, summarize

if TYPE_CHECKING:
    from truecost.plan.evaluate import Evaluation

AT = "progress"
YEARS = 5
VIEWS = ("same_quality", "frontier", "plan")
RATES = (
    "hardware", "quantization", "engine", "architecture", "training_algorithms", "training_cost",
    "output_tokens", "software_measured",
)  # fmt: skip
"""Facts of the group `progress`, each so many times less or more a year."""
OVERLAPS = (
    "hardware is at equal precision: fewer bits count in quantization alone",
    "architecture is a part of what is measured as progress in training algorithms: algorithms is the "
    "square root of that (a model that needs half the compute is smaller by its root), less architecture",
    "architecture and algorithms make an equal answer cheaper; at the frontier they are spent on better "
    "answers, and do not lower its bill as well",
    "all software as measured at once holds quantization, engine, architecture and algorithms: it checks "
    "their product and enters no sum",
    "prices of APIs follow these costs and the vendors' margins: a fitted price trend holds all of them",
)
TWICE = (
    "the plan's efficiency_per_year is one figure for all causes: a falling price of chips or APIs "
    "(price_path) beside it must not be among them"
)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the cost of a query moves: its yearly factor, how it is worked out, from what."""

    name: str
    factor: Value
    formula: str
    inputs: tuple[str, ...]


def enter_progress(schedule: Schedule, traffic: Traffic | None, book: Book) -> None:
    """Enter the rates, and each view's causes, yearly factor, multiple after five years and USD a query."""
    rates = {name: _rate(name, book) for name in RATES}
    usd = _usd_per_query(traffic, book)
    gains = [_gain(name, rates) for name in ("hardware", "quantization", "engine")]
    better = [_gain("architecture", rates), _algorithms(rates)]
    _view("same_quality", [*gains, *better], usd, book)
    _view("frontier", [*_growth(rates), *gains], usd, book)
    own = _generations(schedule, book)
    if own:
        _view("plan", own, usd, book)
    software = gains[1:] + better
    book.result(
        f"{AT}.software.product",
        1 / np.prod(np.broadcast_arrays(*(cause.factor for cause in software)), axis=0),
        "x less a year",
        "product of the gains a year but hardware's",
        tuple(
            f"{AT}.rates.{name}" for name in ("quantization", "engine", "architecture", "training_algorithms")
        ),
    )
    book.result(
        f"{AT}.software.measured",
        rates["software_measured"],
        "x less a year",
        "all of it at once, as measured: a check",
        (f"{AT}/software_measured",),
    )


def _rate(name: str, book: Book) -> Value:
    value = book.rate(f"{AT}/{name}")
    if name != "software_measured":
        unit = book.facts[f"{AT}/{name}"].unit
        book.result(f"{AT}.rates.{name}", value, unit, "of the record", (f"{AT}/{name}",))
    return value


def _gain(name: str, rates: Mapping[str, Value]) -> Cause:
    return Cause(name, 1 / rates[name], "1 / its gain a year", (f"{AT}.rates.{name}",))


def _algorithms(rates: Mapping[str, Value]) -> Cause:
    """What better training leaves to gain once architecture is counted; never a loss."""
    left = np.maximum(np.sqrt(rates["training_algorithms"]) / rates["architecture"], 1.0)
    how = "1 / (root of the gain in training compute / gain of architecture, at least 1)"
    return Cause("algorithms", 1 / left, how, (f"{AT}.rates.training_algorithms", f"{AT}.rates.architecture"))


def _growth(rates: Mapping[str, Value]) -> list[Cause]:
    """The frontier's model grows with the root of its training compute, its answers by the record."""
    compute = rates["training_cost"] * rates["hardware"]
    spent = (f"{AT}.rates.training_cost", f"{AT}.rates.hardware")
    how = "root of (growth of training cost x gain of hardware): parameters grow with the root of compute"
    return [
        Cause("size", np.sqrt(compute), how, spent),
        Cause(
            "answers", rates["output_tokens"], "growth of an answer's tokens", (f"{AT}.rates.output_tokens",)
        ),
    ]


def _generations(schedule: Schedule, book: Book) -> list[Cause]:
    """What the plan says of its own generations, spread evenly over the time between them."""
    at = "programme.generations"
    causes: list[Cause] = []
    if schedule.every is not None and f"{at}.serving_growth" not in book.left_out:
        grown = schedule.serving_growth ** (12 / np.asarray(schedule.every, dtype=np.float64))
        how = "serving growth ^ (12 / months between generations)"
        causes.append(Cause("larger_models", grown, how, (f"{at}.serving_growth", f"{at}.every_months")))
    if schedule.every is not None and f"{at}.efficiency_per_year" not in book.left_out:
        gained = (f"{at}.efficiency_per_year",)
        causes.append(Cause("efficiency", 1 - schedule.efficiency_per_year, "1 - efficiency a year", gained))
    return causes


def _usd_per_query(traffic: Traffic | None, book: Book) -> FloatArray | None:
    """What a query costs to serve in the first month; None where nobody asks or nothing is charged."""
    if traffic is None:
        return None
    shape = (book.months, book.draws.count)
    queries = np.broadcast_to(traffic.queries, shape)[0]
    spent = book.total("Inference")[0]
    if not np.all((queries > 0) & (spent > 0)):
        return None
    book.result(
        f"{AT}.usd_per_query_now",
        spent / queries,
        "USD/query",
        "serving / queries, in the first month (the inputs are over the plan)",
        ("inference_usd", "volumes.queries"),
    )
    return spent / queries


def _view(view: str, causes: list[Cause], usd: FloatArray | None, book: Book) -> None:
    """Enter what each cause does in five years, the yearly net of all, and where it leads."""
    yearly: Value = 1.0
    inputs: tuple[str, ...] = ()
    for cause in causes:
        inputs = (*inputs, *(key for key in cause.inputs if key not in inputs))
        alone = np.asarray(cause.factor, dtype=np.float64) ** YEARS
        how = f"factor a year ^ {YEARS}; factor a year: {cause.formula}"
        book.result(f"{AT}.{view}.causes.{cause.name}", alone, "x", how, cause.inputs)
        yearly = yearly * cause.factor
    reached = np.asarray(yearly, dtype=np.float64) ** YEARS
    per_year, multiple = f"{AT}.{view}.factor_per_year", f"{AT}.{view}.multiple_in_five_years"
    book.result(per_year, yearly, "x a year", "product of the factors of its causes", inputs)
    book.result(multiple, reached, "x of today's cost", f"factor a year ^ {YEARS}", (per_year,))
    if usd is not None:
        behind = (f"{AT}.usd_per_query_now", multiple)
        book.result(
            f"{AT}.{view}.usd_per_query_in_five_years",
            usd * reached,
            "USD/query",
            "cost now x multiple",
            behind,
        )


def progress(evaluation: Evaluation) -> dict[str, Any] | None:
    """The part of the statement; None for a plan that has neither users nor a model programme."""
    found = evaluation.outcomes
    if f"{AT}.same_quality.factor_per_year" not in found:
        return None
    told: dict[str, Any] = {"usd_per_query_now": None}
    for key, values in found.items():
        room, _, path = key.partition(".")
        if room == AT:
            *branches, leaf = path.split(".")
            place = told
            for branch in branches:
                place = place.setdefault(branch, {})
            place[leaf] = summarize(values)
    for view in VIEWS:
        if view in told:
            told[view]["path"] = _path(found[f"{AT}.{view}.factor_per_year"])
    own = evaluation.plan.programme.generations if evaluation.plan.programme is not None else None
    stated = own is not None and own.efficiency_per_year is not None
    return {**told, "plan": told.get("plan"), "overlaps": [*OVERLAPS, *((TWICE,) if stated else ())]}


def _path(yearly: FloatArray) -> dict[str, list[float]]:
    """The multiple of today's cost at the end of each year: growth is even, so its quantiles are powers."""
    low, median, high = np.quantile(yearly, (0.05, 0.5, 0.95))
    years = np.arange(YEARS + 1, dtype=np.float64)
    return {
        "years": years.tolist(),
        "median": (median**years).tolist(),
        "low": (low**years).tolist(),
        "high": (high**years).tolist(),
    }
