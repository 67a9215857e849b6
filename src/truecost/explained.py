"""Where a number of a result comes from: a tree from the answer down to the spec and the facts.

Works on results told as plain values, with `_p5` and `_p95` beside a number that has an interval and a list
of `assumptions` (field, reason, source).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from truecost.spec import nearest_names


@dataclass(frozen=True, slots=True)
class Node:
    """One number and what it was computed from; `low` and `high` are the ends of its 90 % interval."""

    key: str
    value: object
    unit: str
    how: str
    low: float | None = None
    high: float | None = None
    source: str = ""
    children: tuple[Node, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The tree as plain values."""
        return {
            "key": self.key,
            "value": self.value,
            "p5": self.low,
            "p95": self.high,
            "unit": self.unit,
            "how": self.how,
            "source": self.source,
            "inputs": [child.to_dict() for child in self.children],
        }


class Formula(NamedTuple):
    """How a number is computed: its unit, the formula in words, the keys it takes."""

    unit: str
    how: str
    inputs: tuple[str, ...] = ()


class Explaining(NamedTuple):
    """What a question knows of its numbers."""

    formulas: Mapping[str, Formula]
    stated: Mapping[str, str]
    """The field of the spec behind a number."""
    sums: Mapping[str, str] = {}
    """The unit of each mapping of parts, which explains itself as their sum."""


def explained(told: Mapping[str, Any], key: str, known: Explaining) -> Node:
    """The tree of a number of a result. KeyError names the nearest."""
    if key in known.sums:
        return _parts(told, key, known.sums[key])
    if key not in known.formulas:
        near = nearest_names(key, known.formulas)
        raise KeyError(f"nothing computes {key!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))
    formula = known.formulas[key]
    low, high = (_value(told, f"{key}{end}") for end in ("_p5", "_p95"))
    source = next((row for row in told["assumptions"] if row["field"] == known.stated.get(key)), None)
    return Node(
        key,
        _value(told, key),
        formula.unit,
        formula.how if source is None else source["reason"],
        low,
        high,
        source["source"] if source else "",
        tuple(explained(told, each, known) for each in formula.inputs),
    )


def _parts(told: Mapping[str, Any], key: str, unit: str) -> Node:
    parts = cast("Mapping[str, float]", _value(told, key))
    children = tuple(Node(name, value, unit, "by the law") for name, value in parts.items() if value)
    return Node(key, sum(parts.values()), unit, "their sum", children=children)


def _value(told: Mapping[str, Any], key: str) -> Any:
    found: Any = told
    for part in key.split("."):
        found = cast("Mapping[str, Any]", found).get(part) if isinstance(found, Mapping) else None
    return found
