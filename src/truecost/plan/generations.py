"""Generations of a model: when each is paid for, how much dearer it is, and what progress takes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from truecost.plan.book import Book, given_or
from truecost.plan.schema.programme import Generations
from truecost.ranges import FloatArray, Value

MOST_GENERATIONS = 400


@dataclass(frozen=True, slots=True)
class Schedule:
    """Generations of one plan; the first is released at `first`, then one every `every` months."""

    first: float
    every: Value | None
    training_growth: Value
    serving_growth: Value
    efficiency_per_year: Value

    def spending(self, months: int, lead_months: Value, growth: Value, first: int = 0) -> FloatArray:
        """One-off costs by month, in units of the first generation's cost: (months, 1) or (months, draws).

        From generation `first` on.

        Each generation is paid evenly over the `lead_months` before its release; what falls before the
        plan starts is booked in its first month. Generation k costs growth^k.
        """
        result = np.zeros((months, 1))
        for each in self.by_generation(months, lead_months, growth, first):
            result = result + each
        return result

    def by_generation(
        self, months: int, lead_months: Value, growth: Value, first: int = 0
    ) -> Iterator[FloatArray]:
        """What `spending` sums: each generation's one-off costs by month, from generation `first` on."""
        index = np.arange(months, dtype=np.float64)[:, None]
        for generation in range(first, 1 if self.every is None else MOST_GENERATIONS):
            release = self.first + (0.0 if self.every is None else generation * self.every)
            begin = release - np.maximum(lead_months, 1e-6)
            if generation and float(np.min(begin)) >= months:
                return
            overlap = np.minimum(index + 1, release) - np.maximum(index, begin)
            weight = np.clip(overlap, 0, None) / np.maximum(lead_months, 1e-6)
            before = np.clip(np.minimum(release, 0) - begin, 0, None) / np.maximum(lead_months, 1e-6)
            yield (weight + (index == 0) * before) * growth**generation

    def number(self, months: int) -> FloatArray:
        """Which generation serves in each month, 0 the first."""
        index = np.arange(months, dtype=np.float64)[:, None]
        if self.every is None:
            return np.zeros((months, 1))
        return np.maximum(np.floor((index - self.first) / self.every), 0)

    def serving_multiple(self, months: int) -> FloatArray:
        """Cost of serving a query over the first generation's at the start: growth^k x (1 - gain)^(years)."""
        index = np.arange(months, dtype=np.float64)[:, None]
        return self.serving_growth ** self.number(months) * (1 - self.efficiency_per_year) ** (index / 12)


def schedule(spec: Generations | None, book: Book) -> Schedule:
    """The schedule of a plan; one generation, ready at the start, where the plan has none."""
    if spec is None:
        return Schedule(0.0, None, 1.0, 1.0, 0.0)
    at = "programme.generations"
    made = Schedule(
        float(spec.first_release_month),
        spec.every_months,
        given_or(spec.training_growth, 1.0),
        given_or(spec.serving_growth, 1.0),
        given_or(spec.efficiency_per_year, 0.0),
    )
    for name, consequence in (
        ("training_growth", "each generation costs as much to train as the first"),
        ("serving_growth", "each generation costs as much to serve as the first, before efficiency"),
        ("efficiency_per_year", "serving gets no more efficient over the plan"),
    ):
        if getattr(spec, name) is None:
            book.leave_out(f"{at}.{name}", consequence)
    book.quantity(
        "generations.serving_cost_multiple",
        made.serving_multiple(book.months),
        "x",
        "serving growth ^ generation x (1 - efficiency a year) ^ (months / 12)",
        (f"{at}.serving_growth", f"{at}.efficiency_per_year", f"{at}.every_months"),
    )
    return made


def treadmill(made: Schedule, months: int) -> dict[str, FloatArray]:
    """Both sides of the treadmill and the net, by month, relative to the first generation at the start."""
    index = np.arange(months, dtype=np.float64)[:, None]
    number = made.number(months)
    return {
        "training_cost_multiple": made.training_growth**number,
        "serving_growth_multiple": made.serving_growth**number,
        "efficiency_multiple": (1 - made.efficiency_per_year) ** (index / 12) * np.ones_like(number),
        "net_serving_multiple": made.serving_multiple(months),
    }
