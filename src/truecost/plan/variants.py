"""The same plan changed: what it then costs and earns, on the same draws, many times over.

A variant is a list of `--set` assignments, so that whoever reads a comparison can repeat it by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from truecost.catalog.catalog import Catalog
from truecost.catalog.named import names_from
from truecost.plan.book import Book
from truecost.plan.checks import check
from truecost.plan.evaluate import SCOUT_DRAWS, evaluate_window, has_decisions
from truecost.plan.schema import Plan
from truecost.plan.serving import ClassServing
from truecost.ranges import Draws, FloatArray, TiledDraws, Value
from truecost.spec import Document, changed

COMPARED_DRAWS = 1024
"""Draws of a comparison: its differences share them, so that far fewer are needed than for a total."""


KEPT = 12
"""Variants kept to be asked for again; each holds every line by month and draw."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A plan with some assignments made, evaluated for comparison: USD by month and draw."""

    sets: tuple[str, ...]
    plan: Plan
    book: Book = field(repr=False)
    served: Mapping[str, ClassServing] = field(repr=False)
    cost: FloatArray = field(repr=False)
    cash: FloatArray = field(repr=False)
    revenue: FloatArray = field(repr=False)

    @property
    def cost_usd(self) -> FloatArray:
        """All cost over the plan, one number a draw."""
        return self.cost.sum(axis=0)

    @property
    def margin_usd(self) -> FloatArray:
        """Revenue less all cost over the plan, one number a draw."""
        return (self.revenue - self.cost).sum(axis=0)

    def outcome(self, key: str) -> FloatArray | None:
        """One number a draw of something the plan comes to; None where it does not have it."""
        return self.book.outcomes.get(key)


class Variants:
    """Evaluates variants of one plan on the same draws; the plan itself and the last few are kept."""

    def __init__(
        self,
        document: Document[Plan],
        catalog: Catalog,
        *,
        draws: int = COMPARED_DRAWS,
        seed: int = 1,
        scout: int = SCOUT_DRAWS,
    ) -> None:
        self.document = document
        self.catalog = catalog
        self.draws = draws
        self.seed = seed
        self.scout = scout
        self._found: dict[tuple[str, ...], Variant] = {}

    @property
    def plan(self) -> Plan:
        """The plan as written, checked."""
        return self.of().plan

    def of(self, sets: Sequence[str] = ()) -> Variant:
        """The plan with these assignments made, evaluated. Raises SpecError where it is no legal plan."""
        key = tuple(sets)
        found = self._found.pop(key, None) or self._evaluated(key)
        self._found[key] = found
        while len(self._found) > KEPT:
            del self._found[next(k for k in self._found if k)]
        return found

    def document_of(self, sets: Sequence[str]) -> Document[Plan]:
        """The plan's document with these assignments made. Raises SpecError with every problem."""
        if not sets:
            return self.document
        with names_from(self.catalog):
            return changed(self.document, sets)

    def grid(self, sets: Sequence[str], points: Mapping[str, FloatArray], *, draws: int) -> Variant:
        """A variant at every point of a grid at once, its decisions kept.

        `points` are factors of a `what_if` by name, one a case, all of one length G; the arrays of the
        result have G x draws in their last axis, case after case.
        """
        cases = len(next(iter(points.values())))
        repeated: dict[str, Value] = {name: np.repeat(v, draws) for name, v in points.items()}
        tiled = TiledDraws(self.seed, 0, cases * draws, cases=cases)
        return self._window(self.of(sets), tiled, repeated)

    def held(self, sets: Sequence[str], held: Mapping[str, FloatArray]) -> Variant:
        """A variant with inputs held at given points of their range: one case a number, see TiledDraws."""
        cases = len(next(iter(held.values())))
        return self._window(self.of(sets), TiledDraws(self.seed, 0, cases, cases=cases, held=held), {})

    def _evaluated(self, sets: tuple[str, ...]) -> Variant:
        plan, _ = check(self.document_of(sets), self.catalog, date.today())
        assert plan.start is not None
        decisions: dict[str, float] = {}
        if has_decisions(plan):
            scout = Draws(self.seed, 0, self.scout)
            evaluate_window(plan, self.catalog, scout, plan.start, decisions, compared=True)
        blank = _variant(
            sets, plan, Book(1, Draws(0, 0, 1), plan.start, self.catalog, decisions=decisions), {}
        )
        return self._window(blank, Draws(self.seed, 0, self.draws), {})

    def _window(self, base: Variant, draws: Draws, points: Mapping[str, Value]) -> Variant:
        plan = base.plan
        assert plan.start is not None
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            book, served, series, _ = evaluate_window(
                plan, self.catalog, draws, plan.start, base.book.decisions, points=points, compared=True
            )
        return _variant(base.sets, plan, book, served, series)


def _variant(
    sets: tuple[str, ...],
    plan: Plan,
    book: Book,
    served: Mapping[str, ClassServing],
    series: Mapping[str, FloatArray] | None = None,
) -> Variant:
    shape = (book.months, book.draws.count)
    cost, cash, revenue = (
        np.broadcast_to((series or {}).get(name, np.zeros(1)), shape) for name in ("total", "cash", "revenue")
    )
    return Variant(sets, plan, book, served, cost, cash, revenue)
