"""Two plans, line by line: what differs between them, and what each difference is worth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from truecost.plan.schema import Plan
from truecost.plan.variants import Variant, Variants
from truecost.ranges import FloatArray, summarize
from truecost.spec import Document, SpecError
from truecost.spec.nodes import Node

UNCOMPARED = frozenset({"name", "scenarios"})
"""Fields that change no number of the plan."""
MOST_INPUTS = 40
"""Differing inputs that are evaluated one by one; beyond it only the lines are compared."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One input that the two plans give differently; None where one does not give it."""

    path: str
    before: object
    after: object

    @property
    def set(self) -> str:
        """The assignment that makes the first plan agree with the second in this input."""
        return f"{self.path}={_flow(self.after)}"


def differences(first: Document[Plan], second: Document[Plan]) -> list[Difference]:
    """The inputs in which two plans differ, in the order of the first; a list is one input."""
    return [d for d in _differences(first.source.root, second.source.root, "") if d.path not in UNCOMPARED]


def _differences(before: Node | None, after: Node | None, path: str) -> Iterator[Difference]:
    if before is not None and after is not None and before.kind == after.kind == "mapping":
        for key in dict.fromkeys([*before.children, *after.children]):
            below = f"{path}.{key}" if path else key
            yield from _differences(before.children.get(key), after.children.get(key), below)
        return
    one, other = (None if node is None else node.plain() for node in (before, after))
    if one != other:
        yield Difference(path, one, other)


def _flow(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def compare(first: Variants, second: Variants) -> dict[str, Any]:
    """Both plans on the same draws: totals, lines, and what each differing input is worth alone.

    `worth_usd` is the change of the first plan's margin when that input alone is set as in the second; None
    where it cannot be set alone. The rest, what inputs do to each other, is `together_usd`.
    """
    one, other = first.of(), second.of()
    inputs = [_input(d, first, one) for d in _evaluated(differences(first.document, second.document))]
    alone = sum(row["worth_usd"]["mean"] for row in inputs if row["worth_usd"] is not None)
    change = other.margin_usd - one.margin_usd
    return {
        "first": _totals(one, first.document.name),
        "second": _totals(other, second.document.name),
        "difference": {
            "total_usd": summarize(other.cost_usd - one.cost_usd),
            "margin_usd": summarize(change),
            "usd_per_month": summarize(_monthly(other) - _monthly(one)),
            "second_leaves_more_share_of_draws": float((change > 0).mean()),
        },
        "lines": _lines(one, other),
        "inputs": sorted(inputs, key=_size, reverse=True),
        "inputs_differing": len(differences(first.document, second.document)),
        "together_usd": float(change.mean()) - alone,
    }


def _evaluated(found: list[Difference]) -> list[Difference]:
    return found if len(found) <= MOST_INPUTS else []


def _size(row: dict[str, Any]) -> float:
    return -1.0 if row["worth_usd"] is None else abs(row["worth_usd"]["mean"])


def _monthly(variant: Variant) -> FloatArray:
    return variant.cost_usd / variant.plan.horizon_months


def _totals(variant: Variant, file: str) -> dict[str, Any]:
    return {
        "file": file,
        "name": variant.plan.name,
        "horizon_months": variant.plan.horizon_months,
        "total_usd": summarize(variant.cost_usd),
        "revenue_usd": summarize(variant.revenue.sum(axis=0)),
        "margin_usd": summarize(variant.margin_usd),
        "usd_per_month": summarize(_monthly(variant)),
    }


def _input(difference: Difference, variants: Variants, base: Variant) -> dict[str, Any]:
    try:
        worth = summarize(variants.of((difference.set,)).margin_usd - base.margin_usd)
    except SpecError:
        worth = None
    return {
        "path": difference.path,
        "first": difference.before,
        "second": difference.after,
        "place": variants.document.place(difference.path),
        "worth_usd": worth,
        "set": difference.set,
    }


def _lines(one: Variant, other: Variant) -> list[dict[str, Any]]:
    """Every component of either plan, the biggest difference first."""
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys([*one.book.lines, *other.book.lines]):
        before, after = (_cost(variant, name) for variant in (one, other))
        labels = [variant.book.lines[name].label for variant in (one, other) if name in variant.book.lines]
        line = other.book.lines.get(name) or one.book.lines[name]
        rows.append(
            {
                "component": name,
                "label": " / ".join(dict.fromkeys(labels)),
                "group": line.group,
                "first_usd": summarize(before),
                "second_usd": summarize(after),
                "difference_usd": summarize(after - before),
            }
        )
    return sorted(rows, key=lambda row: -abs(row["difference_usd"]["mean"]))


def _cost(variant: Variant, name: str) -> FloatArray:
    line = variant.book.lines.get(name)
    return np.zeros(variant.book.draws.count) if line is None else line.amortized.sum(axis=0)
