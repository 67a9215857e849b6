"""The last guard of a plan: a cost is a number in every draw, or the plan is refused with the reason."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from truecost.plan.book import Book
from truecost.plan.evaluate import Evaluation
from truecost.plan.schema import Plan
from truecost.ranges import Value
from truecost.spec import Document, Problems

GUARDED = ("total_usd", "cash_total_usd", "revenue_usd")
"""The outcomes that every other figure is made of."""


def check_finite(evaluation: Evaluation, document: Document[Plan]) -> None:
    """Raises SpecError naming the lines that are no finite number, and the plan's numbers behind them."""
    broken = dict(_broken(evaluation))
    causes: dict[tuple[str, ...], list[str]] = {}
    for key, what in broken.items():
        behind = (path for path in _inputs(_cause(key, evaluation.first), evaluation.first))
        causes.setdefault(tuple(path for path in behind if path in document.given), []).append(what)
    explained = {behind: what for behind, what in causes.items() if behind} or causes
    problems = Problems()
    for behind, what in explained.items():
        problems.add(
            behind[0] if behind else "",
            f"{' and '.join(what)} {'have' if len(what) > 1 else 'has'} no finite value in some draws",
            allowed=[f"less extreme values of {', '.join(behind)}"] if behind else (),
        )
    problems.raise_if_any(document)


def _broken(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """The key and the name of every line, or without one of every outcome, that is not a number."""
    lines = {
        f"lines.{name}": f"'{line.line.label}'"
        for name, line in evaluation.lines.items()
        if not (_is_finite(line.cost_usd) and _is_finite(line.cash_usd))
    }
    yield from lines.items()
    for key in GUARDED if not lines else ():
        if not _is_finite(evaluation.outcomes.get(key, 0.0)):
            yield key, key


def _is_finite(value: Value) -> bool:
    return bool(np.all(np.isfinite(value)))


def _cause(key: str, book: Book) -> str:
    """The quantity furthest down that is not finite itself, though what it is computed from is."""
    seen: set[str] = set()
    following: str | None = key
    while following is not None:
        key = following
        seen.add(key)
        inputs = book.quantities[key].inputs if key in book.quantities else ()
        further = (k for k in inputs if k in book.quantities and k not in seen)
        following = next((k for k in further if not _is_finite(book.quantities[k].value)), None)
    return key


def _inputs(key: str, book: Book) -> list[str]:
    """What a quantity is computed from in the end, each once, in the order of the formulas."""
    found: dict[str, None] = {}
    waiting, seen = [key], {key}
    while waiting:
        current = waiting.pop(0)
        quantity = book.quantities.get(current)
        if quantity is None or current != key:
            found[current] = None
        inputs = [k for k in quantity.inputs if k not in seen] if quantity is not None else []
        seen.update(inputs)
        waiting += inputs
    return list(found)
