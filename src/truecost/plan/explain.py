"""Where a number comes from: a tree from a result down to the plan's own numbers and dated facts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from truecost.catalog.facts import Fact
from truecost.plan.book import Book, Quantity, draw_key
from truecost.plan.evaluate import Evaluation
from truecost.plan.formulas import formulas
from truecost.plan.paths import Figure, figures, full_key, ranged_of, share_of_draws
from truecost.plan.schema import Plan
from truecost.ranges import FloatArray, Range, Ranged, summarize
from truecost.spec import Document, Leaf, leaves, nearest_names

FLOW_UNITS = frozenset({"USD", "queries", "calls", "tokens", "user-months", "tasks"})
"""Quantities that add up over the months; the others are shown as their mean over the months."""
DEEPEST = 12
NEAREST = 4


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
        """The tree as plain values; null for what never happens."""
        return {
            "key": self.key,
            "value": {point: value if math.isfinite(value) else None for point, value in self.points()},
            "unit": self.unit,
            "how": self.how,
            "source": self.source,
            "confidence": self.confidence,
            "checked": self.checked,
            "share_of_draws": self.share_of_draws,
            "inputs": [child.to_dict() for child in self.children],
        }

    def points(self) -> tuple[tuple[str, float], ...]:
        """The three points and the mean by name."""
        value = self.value
        return ("p5", value["p5"]), ("p50", value["p50"]), ("p95", value["p95"]), ("mean", value["mean"])

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """Every node with its depth, top down."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


@dataclass(frozen=True, slots=True)
class Explanations:
    """The numbers of one result: what the statement says each is, the formula behind it, what is given."""

    book: Book
    document: Document[Plan]
    figures: Mapping[str, Figure]
    quantities: Mapping[str, Quantity]
    given: Mapping[str, Leaf]
    made: dict[tuple[str, int], Node] = field(default_factory=dict[tuple[str, int], Node])
    """Nodes by key and depth: much of a tree hangs from many branches."""

    def keys(self) -> list[str]:
        """Every key that is computed: those of the statement as it has them, then what is behind them."""
        told = [key for key in self.figures if key in self.quantities or key in self.given]
        return [*told, *sorted(self.quantities.keys() - self.figures.keys())]

    def explain(self, path: str) -> Node:
        """The tree of a key; raises KeyError, with the nearest, for one that nothing computes."""
        key = full_key(path, self.quantities)
        if not self._is_known(key):
            raise KeyError(self._unknown(path))
        found = self._node(key, 0)
        return found if key == path else replace(found, key=path)

    def _unknown(self, path: str) -> str:
        known, last = self.keys(), path.rpartition(".")[2]
        by_part = [key for key in known if last and key.endswith(f".{last}")]
        near = list(dict.fromkeys([*nearest_names(path, known, most=NEAREST - 1), *by_part]))[:NEAREST]
        hint = f"; nearest: {', '.join(near)}" if near else ""
        return f"nothing in this plan is called '{path}'{hint}"

    def _is_known(self, key: str) -> bool:
        return key in self.quantities or key in self.given or self._fact(key) is not None

    def _fact(self, key: str) -> Fact | None:
        return self.book.facts.get(self.book.defaults.get(key, key))

    def _node(self, key: str, depth: int) -> Node:
        if (key, depth) not in self.made:
            self.made[key, depth] = self._made(key, depth)
        return self.made[key, depth]

    def _made(self, key: str, depth: int) -> Node:
        """A number of the statement, or as an input one of the plan that goes by the same name."""
        quantity, fact = self.quantities.get(key), self._fact(key)
        if quantity is not None and depth < DEEPEST and not (depth and key in self.given):
            inputs = [k for k in quantity.inputs if (k != key or k in self.given) and self._is_known(k)]
            children = _by_size(tuple(self._node(k, depth + 1) for k in inputs))
            return replace(self._computed(quantity), children=children)
        if key in self.given:
            return self._from_plan(key)
        if fact is not None:
            return self._from_fact(key, fact)
        assert quantity is not None
        return self._computed(quantity)

    def _computed(self, quantity: Quantity) -> Node:
        """A number with its formula; its value as the statement has it, else from the first draws."""
        key, unit, figure = quantity.key, quantity.unit, self.figures.get(quantity.key)
        if figure is None:
            return Node(key, reduced(quantity), unit, quantity.formula)
        return Node(key, ranged_of(figure), unit, quantity.formula, share_of_draws=share_of_draws(figure))

    def _from_plan(self, path: str) -> Node:
        leaf = self.given[path]
        place = self.document.place(path) or "the plan"
        value = self.book.draws.of(path, leaf.value)
        value = leaf.number.within(np.asarray(value)) if leaf.number else value
        unit = leaf.number.asked_unit if leaf.number else ""
        return Node(path, summarize(value), unit, _as_written(leaf.value), place, "stated in the plan")

    def _from_fact(self, key: str, fact: Fact) -> Node:
        value = self.book.draws.of(f"fact:{draw_key(fact.key)}", fact.value)
        how = f"{_as_written(fact.value)}{': ' + fact.note if fact.note else ''}"
        name = key if key == fact.key else f"{key} (not in the plan: {fact.key})"
        confidence, checked = fact.confidence.value, fact.checked.isoformat()
        return Node(name, summarize(value), fact.unit, how, fact.source, confidence, checked)


def explanations(
    evaluation: Evaluation, document: Document[Plan], statement: Mapping[str, Any]
) -> Explanations:
    """What can be explained of a result, under the paths that its statement has."""
    told = figures(statement)
    given = {leaf.path: leaf for leaf in leaves(evaluation.plan)}
    quantities = {**formulas(evaluation, told), **evaluation.first.quantities}
    return Explanations(evaluation.first, document, told, quantities, given)


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
    array = np.asarray(quantity.value, dtype=np.float64)
    if array.ndim == 2:
        array = array.sum(axis=0) if quantity.unit in FLOW_UNITS else array.mean(axis=0)
    return over_draws(array)


def over_draws(values: FloatArray) -> Ranged:
    """The range of the draws in which something happens; not a number where it never does."""
    happens = np.isfinite(values)
    return summarize(values[happens]) if happens.any() else summarize(float("nan"))
