"""Where a number comes from: a tree from a result down to the plan's own numbers and dated facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from truecost.catalog.facts import Fact
from truecost.plan.book import Book, Quantity
from truecost.plan.evaluate import Evaluation
from truecost.plan.schema import Plan
from truecost.ranges import FloatArray, Range, Ranged, Value, summarize
from truecost.spec import Document, nearest_names
from truecost.spec.sampling import leaves

FLOW_UNITS = frozenset({"USD", "queries", "calls", "tokens", "user-months", "tasks"})
"""Quantities that add up over the months; the others are shown as their mean over the months."""
DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Node:
    """One number and what it was computed from."""

    key: str
    value: Ranged
    unit: str
    how: str
    source: str = ""
    confidence: str = ""
    checked: str = ""
    share_of_draws: float = 1.0
    """In how many of the draws it happens at all; the value is over those."""
    children: tuple[Node, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The tree as plain values."""
        return {
            "key": self.key,
            "value": dict(self.value),
            "unit": self.unit,
            "how": self.how,
            "source": self.source,
            "confidence": self.confidence,
            "checked": self.checked,
            "share_of_draws": self.share_of_draws,
            "inputs": [child.to_dict() for child in self.children],
        }

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """Every node with its depth, top down."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def keys(evaluation: Evaluation) -> list[str]:
    """Every key that can be explained, results first."""
    return sorted(evaluation.first.quantities, key=lambda k: (not k.startswith(("unit_costs.", "total")), k))


def explain(key: str, evaluation: Evaluation, document: Document[Plan]) -> Node:
    """The tree of a key; raises KeyError for a key that nothing computes."""
    if key not in evaluation.first.quantities:
        nearest = nearest_names(key, evaluation.first.quantities)
        raise KeyError(f"nothing in this plan is called {key!r}; nearest: {', '.join(nearest) or 'none'}")
    given = {leaf.path: leaf for leaf in leaves(evaluation.plan)}
    found = _Walk(evaluation.first, document, given).node(key, 0)
    values = evaluation.outcomes.get(key)
    if values is None:
        return found
    return replace(found, value=over_draws(values), share_of_draws=float(np.isfinite(values).mean()))


def grounds(key: str, evaluation: Evaluation, document: Document[Plan]) -> tuple[str, ...]:
    """Where a number rests in the end, in the order of its formula: places in the plan, sources of facts."""
    book = evaluation.first
    given = {leaf.path for leaf in leaves(evaluation.plan)}
    seen: set[str] = set()
    found: dict[str, None] = {}
    waiting = [key]
    while waiting:
        name = waiting.pop(0)
        fact = book.facts.get(book.defaults.get(name, name))
        if name in seen:
            continue
        seen.add(name)
        if name in book.quantities:
            waiting = [*book.quantities[name].inputs, *waiting]
        elif name in given:
            found[document.place(name) or "the plan"] = None
        elif fact is not None:
            found[f"{fact.source}, checked {fact.checked}"] = None
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Walk:
    book: Book
    document: Document[Plan]
    given: dict[str, Any]

    def node(self, key: str, depth: int) -> Node:
        quantity = self.book.quantities.get(key)
        if quantity is not None and depth < DEEPEST:
            inputs = [k for k in quantity.inputs if k != key and self.known(k)]
            children = tuple(self.node(k, depth + 1) for k in inputs)
            return Node(key, reduced(quantity), quantity.unit, quantity.formula, children=_by_size(children))
        if key in self.given:
            return self.from_plan(key)
        return self.from_fact(key, self.book.facts[self.book.defaults.get(key, key)])

    def known(self, key: str) -> bool:
        fact = self.book.defaults.get(key, key)
        return key in self.book.quantities or key in self.given or fact in self.book.facts

    def from_plan(self, path: str) -> Node:
        leaf = self.given[path]
        place = self.document.place(path) or "the plan"
        value = self.book.draws.of(path, leaf.value)
        unit = leaf.number.asked_unit if leaf.number else ""
        return Node(path, summarize(value), unit, _as_written(leaf.value), place, "stated in the plan")

    def from_fact(self, key: str, fact: Fact) -> Node:
        value = self.book.draws.of(f"fact:{fact.key}", fact.value)
        how = f"{_as_written(fact.value)}{': ' + fact.note if fact.note else ''}"
        name = key if key == fact.key else f"{key} (not in the plan: {fact.key})"
        return Node(
            name,
            summarize(value),
            fact.unit,
            how,
            fact.source,
            fact.confidence.value,
            fact.checked.isoformat(),
        )


def _as_written(value: float | Range) -> str:
    return f"{value} (90 % interval)" if isinstance(value, Range) else f"{value:g}"


def _by_size(children: tuple[Node, ...]) -> tuple[Node, ...]:
    """Terms of a sum in USD, the biggest first; other inputs in the order of the formula."""
    if len(children) > 3 and all(c.unit == "USD" for c in children):
        return tuple(sorted(children, key=lambda c: -abs(c.value["mean"])))
    return children


def reduced(quantity: Quantity) -> Ranged:
    """A quantity over the plan: flows summed over the months, prices and levels as their mean.

    What never happens in some draws (a break-even, inf) is shown over the draws in which it does.
    """
    value: Value = quantity.value
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 2:
        array = array.sum(axis=0) if quantity.unit in FLOW_UNITS else array.mean(axis=0)
    return over_draws(array)


def over_draws(values: FloatArray) -> Ranged:
    """The range of the draws in which something happens; not a number where it never does."""
    happens = np.isfinite(values)
    return summarize(values[happens]) if happens.any() else summarize(float("nan"))
