"""The five sliders: how far each goes, where it stops, what it moves in the plan's own units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from truecost.lines import Payee
from truecost.plan.book import DAYS_PER_MONTH, Book, first_of
from truecost.plan.schema import Plan, SelfHosted, Serving
from truecost.plan.variants import Variant
from truecost.ranges import FloatArray, Range, Value

PRICE, USERS, QUERIES, CACHE, UTILIZATION = KEYS = ("price", "users", "queries", "cache", "utilization")
FACTORS = {
    PRICE: "api_price",
    USERS: "users",
    QUERIES: "queries_per_user",
    CACHE: "cached_share_added",
    UTILIZATION: "utilization",
}
"""The field of a `what_if` that each slider is."""
OWN = {PRICE: 1.0, USERS: 1.0, QUERIES: 1.0, CACHE: 0.0, UTILIZATION: 1.0}
"""Where each stands in the plan as it is."""
ENDS = {
    PRICE: (0.2, 5.0), USERS: (0.1, 10.0), QUERIES: (0.2, 5.0), CACHE: (-1.0, 1.0), UTILIZATION: (0.3, 1.5),
}  # fmt: skip
STILL = {
    PRICE: "nothing that this plan uses is paid for at an API price",
    USERS: "no cost and no revenue of this plan depends on users",
    QUERIES: "no cost and no revenue of this plan depends on queries",
    CACHE: "nothing that this plan uses costs less for cached input",
    UTILIZATION: "the plan pays for no chips by what they do in an hour",
}
"""Why a slider that moves nothing is shown all the same, and cannot be moved."""
DECADE = (1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9)
"""The stops of a factor in every power of ten."""
FINE = (0.75, 0.85, 0.95, 1.05, 1.15)
"""Further stops of the utilization, whose ends lie close."""
CACHE_STOPS = 41


@dataclass(frozen=True, slots=True)
class Axis:
    """One slider: its range and stops; `natural` is what its own setting is in the plan's units."""

    key: str
    low: float
    high: float
    stops: tuple[float, ...]
    natural: float | None = None
    unit: str = ""
    is_still: bool = False

    @property
    def own(self) -> float:
        """Where it stands in the plan as it is."""
        return OWN[self.key]

    def plain(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "key": self.key,
            "factor": FACTORS[self.key],
            "own": self.own,
            "low": self.low,
            "high": self.high,
            "stops": list(self.stops),
            "natural": self.natural,
            "unit": self.unit,
            "still": STILL[self.key] if self.is_still else "",
        }


def axes_of(plan: Plan, variant: Variant) -> dict[str, Axis]:
    """The sliders of a plan before it is known which of them move anything."""
    found: dict[str, Axis] = {}
    for key in KEYS:
        low, high = ENDS[key]
        if key == UTILIZATION:
            high = _highest(aimed(plan, variant.book), high)
        stops = _shares(low, high) if key == CACHE else tuple(_factors(key, low, high))
        found[key] = Axis(key, low, high, stops, *_natural(key, plan, variant))
    return found


def _shares(low: float, high: float) -> tuple[float, ...]:
    return tuple(round(float(v), 3) for v in np.linspace(low, high, CACHE_STOPS))


def _factors(key: str, low: float, high: float) -> Iterator[float]:
    """Round numbers from end to end, both ends and 1 among them."""
    every = {round(m * 10.0**e, 4) for e in (-2, -1, 0, 1) for m in DECADE}
    every |= set(FINE) if key == UTILIZATION else set()
    yield from sorted({low, high} | {stop for stop in every if low < stop < high})


def _highest(aimed_at: Iterable[Value | Range], most: float) -> float:
    """The factor at which the most used chips would be busy all the time, to two decimals below it."""
    ends = [each.high if isinstance(each, Range) else float(np.max(each)) for each in aimed_at]
    full = min((1 / end for end in ends if end > 0), default=most)
    return max(1.0, min(most, np.floor(full * 100) / 100))


def aimed(plan: Plan, book: Book) -> list[Value | Range]:
    """The utilizations that the slider multiplies: of fleets at their peak, else of the training run."""
    rate = book.catalog.rate
    fleets = _fleets(plan)
    if fleets:
        standard = rate("serving/target_utilization_at_peak", book.as_of).value
        return [standard if f.utilization_at_peak is None else f.utilization_at_peak for f in fleets]
    training = plan.programme.training if plan.programme is not None else None
    if training is None:
        return []
    by_law = book.quantities.get("programme.training.by_law.utilization")
    if by_law is not None:
        return [by_law.value]
    stated = training.utilization
    return [rate("utilization/whole_run", book.as_of).value if stated is None else stated]


def _fleets(plan: Plan) -> list[SelfHosted]:
    return [s.self_hosted for s in plan.serving.values() if s.self_hosted is not None and _runs_chips(s)]


def _runs_chips(serving: Serving) -> bool:
    student = serving.levers is not None and serving.levers.distillation is not None
    return student or bool({"self_hosted", "hybrid"} & set(serving.options[:1]))


def _natural(key: str, plan: Plan, variant: Variant) -> tuple[float | None, str]:
    """What a slider is at its own setting, and the unit."""
    if key == PRICE:
        return _usd_per_mtok(variant.book), "USD/Mtok"
    if key == USERS:
        return _first_month(variant.book, "users"), "users"
    if key == QUERIES:
        users, queries = (_first_month(variant.book, name) for name in ("users", "queries"))
        return (queries / users / DAYS_PER_MONTH if users and queries else None), "queries a day"
    if key == CACHE:
        return _cached(variant), "share"
    shares = [
        each.median if isinstance(each, Range) else float(np.mean(each)) for each in aimed(plan, variant.book)
    ]
    unit = "share at the peak" if _fleets(plan) else "share of peak arithmetic"
    return (float(np.mean(shares)) if shares else None), unit


def _first_month(book: Book, what: str) -> float | None:
    """Users or queries of all tiers in the first month, on average over the draws."""
    tiers = [q.value for key, q in book.quantities.items() if key.startswith(f"{what}.")]
    return sum(float(np.mean(first_of(value))) for value in tiers) if tiers else None


def _usd_per_mtok(book: Book) -> float | None:
    """What a million tokens over the API cost in the first month, all calls together."""
    bills = [
        line
        for line in book.lines.values()
        if line.payee is Payee.MODEL_VENDOR and line.unit == "Mtok" and line.group == "Inference"
    ]
    tokens = sum(_first(line.quantity, book) for line in bills if line.quantity is not None)
    return sum(_first(line.amortized, book) for line in bills) / tokens if tokens > 0 else None


def _first(value: Value, book: Book) -> float:
    return float(
        np.broadcast_to(np.asarray(value, dtype=np.float64), (book.months, book.draws.count))[0].mean()
    )


def _cached(variant: Variant) -> float | None:
    """Share of input tokens that is cached, over all calls of the plan."""
    works = [served.work for served in variant.served.values()]
    calls: list[FloatArray] = [np.asarray(work.calls) for work in works]
    total = sum(float(np.mean(each)) for each in calls)
    if not total:
        return None
    shares = [float(np.mean(each * work.cache_read_share)) for each, work in zip(calls, works, strict=True)]
    return sum(shares) / total


def geometric(axis: Axis, side: int) -> FloatArray:
    """Knots from end to end at equal ratios, so many on each side of the plan's own."""
    share = np.arange(1, side + 1) / side
    return np.concatenate([axis.low ** share[::-1], [1.0], axis.high**share])
