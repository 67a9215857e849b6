"""What a plan does not know exactly: its own ranges and the facts with one, each by the path of its draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from truecost.catalog.facts import Fact
from truecost.plan.book import draw_key
from truecost.plan.schema import Plan
from truecost.plan.variants import Variant
from truecost.ranges import FloatArray, Range, Support
from truecost.spec import Document, Leaf, leaves

ENDS = (0.05, 0.95)
"""The points of its range between which an input is moved."""
CONTAINERS = frozenset(
    {"demand", "tiers", "requests", "serving", "api", "programme", "annotation", "business", "fine_tunes"}
)
"""Parts of a path that say where something stands, not what it is."""
SPELLED = {"usd": "USD", "mtok": "Mtok", "btoken": "Btoken", "flops": "FLOP", "kwh": "kWh", "rlhf": "RLHF"}


@dataclass(frozen=True, slots=True)
class UncertainInput:
    """One input that is drawn: `path` is what its uniform draws depend on, `low` and `high` its 5 % and 95 %.

    `key` is the plan's dotted path or the key of the fact. Terms of one chip's rent share their draws: they
    are one input under the key they share, with the ends of the term that is used first. `place` is where
    the plan states it, `source` where the fact is from and `stands_in_for` the paths of the plan that the
    fact fills in.
    """

    path: str
    key: str
    label: str
    unit: str
    low: float
    high: float
    place: str = ""
    source: str = ""
    stands_in_for: tuple[str, ...] = ()


def uncertain_inputs(variants: Iterable[Variant], document: Document[Plan]) -> list[UncertainInput]:
    """The inputs with a range of some variants of a plan, each once: what is stated, then the facts used."""
    stated: dict[str, UncertainInput] = {}
    facts: dict[str, Fact] = {}
    defaults: dict[str, str] = {}
    for variant in variants:
        for leaf in leaves(variant.plan):
            if leaf.path not in stated and isinstance(leaf.value, Range) and leaf.value.low < leaf.value.high:
                stated[leaf.path] = _stated(leaf, leaf.value, document)
        facts = {**variant.book.facts, **facts}
        defaults = {**variant.book.defaults, **defaults}
    return _told_apart([*stated.values(), *_drawn_facts(facts.values(), defaults)])


def _stated(leaf: Leaf, value: Range, document: Document[Plan]) -> UncertainInput:
    low, high = _ends(value) if leaf.number is None else leaf.number.within(_ends(value))
    unit = leaf.number.asked_unit if leaf.number else ""
    place = document.place(leaf.path) or "the plan"
    return UncertainInput(leaf.path, leaf.path, label_of(leaf.path), unit, float(low), float(high), place)


def _drawn_facts(facts: Iterable[Fact], defaults: Mapping[str, str]) -> list[UncertainInput]:
    """Facts with a range, one for each path that is drawn."""
    found: dict[str, UncertainInput] = {}
    for fact in facts:
        if not isinstance(fact.value, Range) or fact.value.low == fact.value.high:
            continue
        shared = draw_key(fact.key)
        filled = tuple(path for path, key in defaults.items() if key == fact.key)
        if shared in found:
            known = found[shared]
            found[shared] = replace(known, key=shared, stands_in_for=(*known.stands_in_for, *filled))
            continue
        low, high = (float(end) for end in _ends(fact.value))
        found[shared] = UncertainInput(
            f"fact:{shared}", fact.key, label_of_fact(fact.key), fact.unit, low, high, "", fact.source, filled
        )
    return list(found.values())


def _ends(value: Range) -> FloatArray:
    """The 5 % and 95 % points of a range: its ends as written, unless it is cut off at a bound."""
    bounded = value.support is not Support.REAL
    if bounded and (value.low <= 0 or (value.support is Support.SHARE and value.high >= 1)):
        return value.quantile(np.array(ENDS))
    return np.array([value.low, value.high])


def _told_apart(inputs: list[UncertainInput]) -> list[UncertainInput]:
    """The same inputs, those whose label another one has called by their key."""
    count = Counter(each.label for each in inputs)
    return [each if count[each.label] == 1 else replace(each, label=each.key) for each in inputs]


def label_of(path: str) -> str:
    """A dotted path of a plan as a reader calls it.

    >>> label_of("demand.tiers.plus.growth_per_month"), label_of("programme.annotation.tests.usd_per_item")
    ('plus, growth per month', 'tests, USD per item')
    """
    parts = path.split(".")
    kept = [part for part in parts[:-1] if part not in CONTAINERS]
    return ", ".join(_words(part) for part in (*kept, parts[-1]))


def label_of_fact(key: str) -> str:
    """The key of a fact as a reader calls it.

    >>> label_of_fact("utilization/whole_run"), label_of_fact("rental/h100-sxm/on_demand")
    ('utilization, whole run', 'rental, h100-sxm, on demand')
    """
    return ", ".join(_words(part) for part in key.split("/"))


def _words(name: str) -> str:
    return " ".join(SPELLED.get(word, word) for word in name.split("_"))
