"""The frozen result of a plan: what `truecost.plan(...)` returns and every face draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from truecost.catalog.catalog import Catalog
from truecost.catalog.named import names_from
from truecost.lines import CostLine
from truecost.plan import explain as explaining
from truecost.plan.checks import check
from truecost.plan.evaluate import Evaluation, evaluate
from truecost.plan.finite import check_finite
from truecost.plan.schema import Plan
from truecost.plan.statement import cost_lines, monthly_lines, statement
from truecost.ranges import Ranged
from truecost.spec import Document, SpecError, load, load_text
from truecost.spec.errors import in_order
from truecost.units import show_range

if TYPE_CHECKING:
    from truecost.advise.answer import Answer

DEFAULT_DRAWS = 4096
DEFAULT_SEED = 1
ANSWER_PARTS = frozenset(
    {"verdict", "options", "scenarios", "advice", "sensitivity", "training_against_inference"}
)


@dataclass(frozen=True)
class Result:
    """A plan, evaluated. All amounts are USD over the horizon; ranges are 90 % intervals."""

    document: Document[Plan] = field(repr=False)
    evaluation: Evaluation = field(repr=False)
    warnings: tuple[str, ...] = ()

    @cached_property
    def _statement(self) -> dict[str, Any]:
        return statement(self.evaluation, self.document, self.warnings)

    @property
    def total_usd(self) -> Ranged:
        """All-in cost over the horizon, amortized view."""
        return self.statement()["total_usd"]

    @cached_property
    def lines(self) -> tuple[CostLine, ...]:
        """One cost line a component over the horizon, the dearest first."""
        return cost_lines(self.evaluation, self.document)

    @cached_property
    def monthly(self) -> tuple[CostLine, ...]:
        """One cost line a component and month."""
        return monthly_lines(self.evaluation, self.document)

    @property
    def unit_costs(self) -> Mapping[str, Ranged]:
        """USD a query, a million tokens, an active user-month, a successful task."""
        return self.statement()["unit_costs"]

    def explain(self, key: str) -> explaining.Node:
        """Where a number comes from, down to facts and the plan's own lines.

        `key` is the path of the number in `to_dict()`, a row of a list by its name: `total_usd`,
        `tiers.pro.margin_usd`, `lines.training.final_run`; or of what is behind it, as the tree names it.
        Raises KeyError, naming the nearest, for one that nothing computes; `explainable` lists them.
        """
        return self._explanations.explain(key)

    @property
    def explainable(self) -> list[str]:
        """The keys that `explain` knows: those of the result in its order, then what is behind them."""
        return self._explanations.keys()

    @cached_property
    def _explanations(self) -> explaining.Explanations:
        return explaining.explanations(self.evaluation, self.document, self._statement)

    def statement(self) -> dict[str, Any]:
        """The statement alone as plain values, a copy of its own: what the plan comes to as written."""
        return deepcopy(self._statement)

    @cached_property
    def answer(self) -> Answer:
        """What to do: verdict, options, scenarios, advice, sensitivity, each computed when asked for."""
        from truecost.advise.answer import Answer

        done = self.evaluation
        return Answer(self.document, done.first.catalog, draws=done.draws, seed=done.seed)

    def to_dict(self) -> dict[str, Any]:
        """Statement and answer as plain values, what --json prints; docs/result.md documents the keys.

        The answer evaluates the plan many times over, which takes seconds; `statement` does without.
        """
        return self.statement() | deepcopy(self.answer.to_dict())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in ANSWER_PARTS:
            return deepcopy(getattr(self.answer, name))
        try:
            return deepcopy(self._statement[name])
        except KeyError:
            raise AttributeError(f"a plan's result has no {name!r}") from None

    def _repr_html_(self) -> str:
        from truecost.report.notebook import notebook_html

        return notebook_html(self.statement())

    def __repr__(self) -> str:
        total = show_range(self.total_usd, "USD")
        return (
            f"<plan {self.evaluation.plan.name!r}: {total} over {self.evaluation.plan.horizon_months} months>"
        )


def plan(
    source: str | Path | Mapping[str, Any],
    *,
    sets: tuple[str, ...] | list[str] = (),
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    catalog: Catalog | str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """What a plan really costs: a YAML file or a mapping in, a frozen result out.

    `sets` are "dotted.path=value" overrides; `catalog` a file of facts that replace the shipped ones.
    Raises SpecError with every problem of the plan at once.
    """
    facts = catalog_of(catalog)
    return evaluate_document(read(source, facts, sets), facts, draws=draws, seed=seed, progress=progress)


def catalog_of(given: Catalog | str | Path | None) -> Catalog:
    """A catalog as it is, or the shipped one with the overlay in a file."""
    from truecost.catalog.catalog import load as load_catalog

    return given if isinstance(given, Catalog) else load_catalog(given)


def read(
    source: str | Path | Mapping[str, Any], catalog: Catalog, sets: Sequence[str] = ()
) -> Document[Plan]:
    """A plan with its places, its names looked up in a catalog; raises SpecError with every problem."""
    with names_from(catalog):
        return load(source, Plan, sets=sets)


def read_text(text: str, name: str, catalog: Catalog, sets: Sequence[str] = ()) -> Document[Plan]:
    """As `read`, from the text of a file; `name` is what its places are called."""
    with names_from(catalog):
        return load_text(text, name, Plan, sets=sets)


def _checked(document: Document[Plan], catalog: Catalog) -> tuple[Plan, tuple[str, ...]]:
    """The plan with its dates, and warnings; raises SpecError for it and its scenarios."""
    from truecost.plan.checks.scenarios import scenario_problems

    wrong = list(scenario_problems(document, catalog)) if document.value.scenarios else []
    try:
        checked = check(document, catalog, date.today())
    except SpecError as error:
        raise SpecError(in_order([*error.problems, *wrong])) from None
    if wrong:
        raise SpecError(in_order(wrong))
    return checked


def evaluate_document(
    document: Document[Plan],
    catalog: Catalog,
    *,
    draws: int = DEFAULT_DRAWS,
    seed: int = DEFAULT_SEED,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """The result of a plan that is already read, with the catalog it was read with.

    Raises SpecError with every problem of the plan, and where a cost comes out infinite or undefined.
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, not {draws}")
    checked, warnings = _checked(document, catalog)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        evaluation = evaluate(checked, catalog, draws=draws, seed=seed, progress=progress)
    check_finite(evaluation, document)
    return Result(document, evaluation, warnings)
