"""A term with its figure: the registry of examples, and what they come to on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from truecost.catalog.catalog import Catalog
from truecost.catalog.facts import Fact
from truecost.catalog.glossary import Term, load_glossary
from truecost.catalog.listing import fact_row
from truecost.evidence.glossary import compute, models, money, people, prices, serving, training
from truecost.evidence.glossary.example import Example, Facts, Figure
from truecost.ranges import Range

EXAMPLES: Mapping[str, Figure] = {
    figure.__name__: figure
    for area in (compute, models, training, serving, prices, money, people)
    for figure in area.FIGURES
}
"""Every example by the name that `glossary.yaml` gives it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A term and its example; without one, `missing` says what the catalog does not have on the day."""

    term: Term
    example: Example | None
    missing: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The term with its figure and sources, for programs."""
        term = self.term
        return {
            "term": term.term,
            "area": term.area,
            "aliases": list(term.aliases),
            "definition": term.definition,
            "formula": term.formula,
            "unit": term.unit,
            "example": _example(self.example),
            "missing": self.missing or None,
            "command": term.command,
            "see_also": list(term.see_also),
        }


def explained(name: str, catalog: Catalog, as_of: date) -> Explained:
    """A term or an alias with its figure on a day. Raises UnknownName with the nearest terms.

    >>> from truecost.catalog import load
    >>> found = explained("kv-cache", load(), date(2026, 11, 22))
    >>> found.example.value, found.example.unit
    (327680.0, 'bytes/token')
    """
    return _worked(load_glossary().term(name), Facts(catalog, as_of))


def explained_all(catalog: Catalog, as_of: date) -> list[Explained]:
    """Every term with its figure, in the order of the glossary."""
    facts = Facts(catalog, as_of)
    return [_worked(term, facts) for term in load_glossary().terms.values()]


def _worked(term: Term, facts: Facts) -> Explained:
    try:
        return Explained(term, EXAMPLES[term.example](facts))
    except LookupError as error:
        if term.example not in EXAMPLES:
            raise
        return Explained(term, None, str(error))


def _example(example: Example | None) -> dict[str, Any] | None:
    if example is None:
        return None
    value = example.value
    return {
        "subject": example.subject,
        "value": str(value) if isinstance(value, Range) else value,
        "unit": example.unit,
        "calculation": example.calculation,
        "law": example.law,
        "given": list(example.given),
        "facts": [fact_row(fact) for fact in _once(example.facts)],
    }


def _once(facts: tuple[Fact, ...]) -> list[Fact]:
    return list({fact.key: fact for fact in facts}.values())
