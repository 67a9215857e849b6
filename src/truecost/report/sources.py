"""Assumptions and sources as a reader sees them: the value with its unit, the source with its links."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from truecost.report.grounds import unit_of
from truecost.report.phrases import plural, shown
from truecost.units import between

_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:)\]]")
_BREAKS = re.compile(r"([/._])")
TOKENS_A_MILLION = 1e6
KINDS = {
    "estimate": ("estimate", "Somebody's guess, named as such: what to measure or to ask for first."),
    "quoted": ("quoted figure", "What somebody says, without a way to check it."),
    "published": ("published figure", "From a price list, a datasheet or a paper."),
    "measured": ("measured figure", "From a measurement whose table is public."),
    "stated": ("number of the plan itself", "As the plan states it, and where."),
}
"""What each confidence is called and means, the weakest first; a plan's own numbers at the end."""
WEAK = {"estimate", "quoted"}
"""What nobody should overlook: these are not folded away."""


@dataclass(frozen=True, slots=True)
class Source:
    """One number that the result rests on."""

    key: Markup
    value: str
    source: Markup
    checked: str
    stands_in_for: Markup
    note: Markup


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers of one confidence."""

    title: str
    meaning: str
    is_weak: bool
    rows: Sequence[Source]


def sources(assumptions: Sequence[Mapping[str, Any]]) -> list[Group]:
    """The numbers by confidence, the weakest first, then those that the plan states."""
    found = list(dict.fromkeys(a["confidence"] for a in assumptions))
    groups: list[Group] = []
    for kind in sorted(found, key=lambda k: list(KINDS).index(k) if k in KINDS else len(KINDS)):
        rows = [_source(a) for a in assumptions if a["confidence"] == kind]
        name, meaning = KINDS.get(kind, (kind, ""))
        title = plural(len(rows), name, name.replace("number of", "numbers of") if " of " in name else "")
        groups.append(Group(title, meaning, kind in WEAK, rows))
    return groups


def _source(assumption: Mapping[str, Any]) -> Source:
    return Source(
        key=breakable(assumption["key"]),
        value=value_with_unit(assumption["value"], assumption["unit"]),
        source=linked(assumption["source"]),
        checked=assumption["checked"],
        stands_in_for=breakable(assumption["stands_in_for"]),
        note=linked(assumption["note"]),
    )


def value_with_unit(value: float | str, unit: str) -> str:
    """A number, or the two ends of a range, with its unit; a token's price as that of a million.

    >>> value_with_unit("0.2 .. 0.4", "share"), value_with_unit("1.14 .. 10", "x")
    ('20 – 40\\xa0%', '1.14 – 10\\xa0x')
    >>> value_with_unit("16e3 .. 40e3", "USD")
    '16.0\\xa0k – 40.0\\xa0k\\xa0USD'
    >>> value_with_unit("eu", ""), value_with_unit(2e-6, "USD/token")
    ('eu', '2\\xa0USD/Mtok')
    """
    low, dots, high = str(value).partition(" .. ")
    try:
        ends = [float(end) for end in ((low, high) if dots else (low,))]
    except ValueError:
        return str(value)
    if unit == "USD/token":
        ends, unit = [end * TOKENS_A_MILLION for end in ends], "USD/Mtok"
    last, first = shown(ends[-1], unit), shown(ends[0], unit)
    if not dots:
        return first
    return between(first.removesuffix(unit_of(last)), last)


def breakable(key: str) -> Markup:
    """A dotted key that a narrow column may break between its parts."""
    return Markup("").join(
        escape(part) + Markup("<wbr>") if part in "/._" else escape(part)
        for part in _BREAKS.split(key)
        if part
    )


def linked(text: str) -> Markup:
    """The text with its web addresses as links, shown without their scheme; everything else in it escaped.

    >>> print(linked("a < b, https://example.org/x."))
    a &lt; b, <a href="https://example.org/x" rel="noreferrer">example.org/x</a>.
    """
    result, end = Markup(""), 0
    for match in _LINK.finditer(text):
        address = match.group()
        result += escape(text[end : match.start()])
        anchor = Markup('<a href="{}" rel="noreferrer">{}</a>')
        result += anchor.format(address, address.partition("://")[2].rstrip("/"))
        end = match.end()
    return result + escape(text[end:])
