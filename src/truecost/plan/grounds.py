"""What a number rests on in the end: places in the plan and sources of facts."""

from __future__ import annotations

from truecost.plan.evaluate import Evaluation
from truecost.plan.schema import Plan
from truecost.spec import Document
from truecost.spec.sampling import leaves


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
