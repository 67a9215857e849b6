"""Scenarios that a user wrote, in the plan or in a file: where each stands, and what it assigns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from truecost.catalog.catalog import Catalog
from truecost.catalog.named import names_from
from truecost.plan.scenarios.assignments import assignment, once, what_if_too
from truecost.plan.schema import Plan
from truecost.plan.schema.scenarios import Scenario, ScenarioFile
from truecost.spec import Document, Problem, SpecError, load

Written = Document[Plan] | Document[ScenarioFile]


@dataclass(frozen=True, slots=True)
class Own:
    """One scenario of the user's, with the document that holds it."""

    name: str
    scenario: Scenario
    document: Written

    @property
    def path(self) -> str:
        """Its dotted path in the document."""
        return f"scenarios.{self.name}"

    def problem(self, below: str, message: str, **more: Sequence[str]) -> Problem:
        """A problem at a part of it ("set.region"), with its place and what was written there."""
        at = f"{self.path}.{below}" if below else self.path
        parts = {key: tuple(names) for key, names in more.items()}
        return Problem(self.document.place(at), at, self.document.written(at), message, **parts)


def read_file(path: str | Path, catalog: Catalog) -> Document[ScenarioFile]:
    """A file with a section `scenarios:`. Raises SpecError with every problem."""
    with names_from(catalog):
        return load(path, ScenarioFile)


def defined(documents: Iterable[Written]) -> Iterator[Own]:
    """Every scenario of the documents, in the order they are written."""
    for document in documents:
        for name, scenario in document.value.scenarios.items():
            yield Own(name, scenario, document)


def own_sets(plan: Plan, scenario: Scenario) -> tuple[str, ...]:
    """What it assigns itself, to a plan with all that it includes already in it."""
    changes = (what_if_too(plan, scenario.what_if),) if scenario.what_if else ()
    return (*changes, *(assignment(path, value) for path, value in scenario.set.items()))


def added(sets: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    """Assignments and further ones, in order."""
    return once((*sets, *more))


def in_its_terms(error: SpecError, own: Own) -> SpecError:
    """What is wrong with the plan that a scenario makes, said at the place where the scenario says it."""
    return SpecError(_in_its_terms(problem, own) for problem in error.problems)


def _in_its_terms(problem: Problem, own: Own) -> Problem:
    for path in own.scenario.set:
        wrong, given = f"{problem.field}.", f"{path}."
        if problem.field and (wrong.startswith(given) or given.startswith(wrong)):
            rest = "" if path == problem.field else f"{problem.field}: "
            return own.problem(
                f"set.{path}", rest + problem.message, allowed=problem.allowed, nearest=problem.nearest
            )
    message = f"makes a plan that is none: {problem.field}: {problem.message}"
    return own.problem("", message, allowed=problem.allowed, nearest=problem.nearest)
