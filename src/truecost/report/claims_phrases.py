"""Claims in words: a figure, an interval, a verdict, a condition; for the terminal and the page."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from truecost.evidence.claims.words import ranged, shown, span
from truecost.report.layout import glued

Row = Mapping[str, Any]
KINDS = {
    "contradicts": "Contradicts itself or another claim",
    "off": "Off",
    "holds if": "Holds if …",
    "holds": "Holds",
    "cannot be checked": "Cannot be checked",
}
"""Kinds of verdict as headings, in the order of the page."""
MEANINGS = {
    "contradicts": "What the claim itself states, or another claim, gives a different figure.",
    "off": "Not what we get, whichever way it is counted and whichever single input is varied.",
    "holds if": "True only under the condition named.",
    "holds": "What we get lies in the claimed interval, or within a quarter of its ends.",
    "cannot be checked": "A fact is missing that nobody publishes; what it would have to be is named.",
}


def figure(value: float | None, unit: str) -> str:
    """A number with its unit on one line.

    >>> figure(0.4, "fraction"), figure(2027, "year")
    ('40\\xa0%', '2027')
    """
    return "open" if value is None else glued(shown(value, unit))


_TIED = re.compile(r"(?<=\d) (?=(?:[kMBT%×]|[A-Z]?FLOP|USD)(?:\W|$))|(?<=[\d%kMBT]) (?=– )|(?<= –) (?=\d)")


def tied(sentence: str) -> str:
    """A sentence in which no line breaks between a number and its unit, or inside a range.

    >>> tied("at 40 – 50 %.").split(" ")
    ['at', '40\\xa0–\\xa050\\xa0%.']
    """
    return _TIED.sub("\N{NO-BREAK SPACE}", sentence)


def bare(value: float, unit: str) -> str:
    """A number whose unit stands elsewhere, at the head of a column or an axis; a share or a factor keeps its
    sign.

    >>> bare(0.4, "share"), bare(2.5e9, "tokens/month"), bare(3.0, "x")
    ('40\\xa0%', '2.50\\xa0B', '3\\xa0×')
    """
    return figure(value, unit if unit in ("share", "year") else "×" if unit in ("x", "ratio") else "")


def titled(name: str, unit: str) -> str:
    """What a column or an axis shows, with the unit that its numbers do not carry.

    >>> titled("API price", "USD/Mtok"), titled("load", "share")
    ('API price, USD/Mtok', 'load')
    """
    return name if unit in ("share", "x", "ratio", "", "year") or unit == name else f"{name}, {unit}"


def interval(low: float | None, high: float | None, unit: str) -> str:
    """A claimed interval: one number, both ends, or "at least" and "at most"."""
    if low is None and high is None:
        return "no figure"
    if high is None:
        return f"at least {figure(low, unit)}"
    if low is None:
        return f"{'before' if unit == 'year' else 'at most'} {figure(high, unit)}"
    return glued(span(low, high, unit))


def claimed(claim: Row) -> str:
    """What a claim says, as figures; of words that had to be read as a figure, the reading."""
    if claim["figures"]:
        figures, unit = claim["figures"], claim["unit"]
        return "; ".join(f"{name}: {figure(value, unit)}" for name, value in figures.items())
    reading = claim["reading"]
    if reading:
        return interval(reading["low"], reading["high"], reading["unit"])
    return interval(claim["low"], claim["high"], claim["unit"])


def read_so(claim: Row) -> str:
    """Why words are read as the figure they are tested by."""
    return str(claim["reading"]["why"])


def ours(claim: Row) -> str:
    """What we get: the median with its 90 % interval, by each way of counting where there are several."""
    unit = claim["result_unit"]
    if claim["ways"]:
        return "; ".join(f"{name}: {_ranged(value, unit)}" for name, value in claim["ways"].items())
    if claim["result"] is None:
        return "nothing: an input is missing"
    if claim["result_ends"]:
        least, most = claim["result_ends"]
        return interval(least, most, unit)
    found = _ranged(claim["result"], unit)
    return f"an exponent of {found}" if unit == "exponent" else found


def step_value(step: Row, claim: Row) -> str:
    """What a step gives; the last step is in the claim's unit where it names none."""
    is_last = step is claim["steps"][-1]
    return _ranged(step["value"], step["unit"] or (claim["result_unit"] if is_last else ""))


def _ranged(value: Mapping[str, float], unit: str) -> str:
    return glued(ranged(value["p5"], value["p50"], value["p95"], unit)).replace("\N{NO-BREAK SPACE}(", " (")


def condition(given: Row) -> str:
    """One input's values that make a claim true, and what we take instead.

    >>> made = {"label": "load", "unit": "share", "low": 0.6, "high": 0.6, "instead_of": 0.4, "way": ""}
    >>> condition(made).replace(chr(160), " ")
    'load = 60 % instead of 40 %'
    """
    counted = f", counted as: {given['way']}" if given["way"] else ""
    return f"{given['label']} {_values(given)}{_instead(given)}{counted}"


def _values(given: Row) -> str:
    """The values themselves; one end alone where the other is only how far it was tried."""
    low, high, unit = given["low"], given["high"], given["unit"]
    least, most = given.get("within") or (-math.inf, math.inf)
    ends = math.isclose(low, least, rel_tol=1e-6), math.isclose(high, most, rel_tol=1e-6)
    if low != high and ends == (False, True):
        return f"≥ {figure(low, unit)}"
    if low != high and ends == (True, False):
        return f"≤ {figure(high, unit)}"
    return f"= {interval(low, high, unit)}"


def _instead(given: Row) -> str:
    """ " instead of 40 %": a unit in words stands only at the figure before."""
    taken, unit = given["instead_of"], given["unit"]
    if taken is None:
        return ""
    return f" instead of {figure(taken, unit).removesuffix(unit).rstrip()}"


def off(verdict: Row, unit: str) -> str:
    """How far off and which way: "3x, too low"."""
    factor = verdict["factor"]
    if factor is None or not verdict["direction"]:
        return ""
    if unit == "year":
        return f"{abs(factor):.1f} years, {verdict['direction']}"
    if factor <= 0 or math.isinf(factor):
        return str(verdict["direction"])
    return f"{_times(max(factor, 1 / factor))}, {verdict['direction']}"


def _times(factor: float) -> str:
    rounded = float(f"{factor:.2g}")
    return f"{rounded:,.0f}x" if rounded >= 10 or rounded == round(rounded) else f"{rounded:g}x"


def verdict(claim: Row) -> str:
    """The verdict in a line."""
    given = claim["verdict"]
    kind = given["kind"]
    if kind == "contradicts":
        others = [name for name in given["contradicts"] if name != claim["id"]]
        far = off(given, claim["result_unit"])
        return f"contradicts {', '.join(others) or 'its own figures'}" + (f": {far}" if far else "")
    if kind == "off":
        return f"off by {off(given, claim['result_unit'])}"
    if kind == "holds if":
        return f"holds if {_condition_of(given)}"
    if kind == "cannot be checked":
        needs = f"cannot be checked: needs {'; '.join(given['needs'])}"
        return needs + (f" (true if {condition(given['conditions'][0])})" if given["conditions"] else "")
    return "holds"


def _condition_of(given: Row) -> str:
    if given["conditions"]:
        return condition(given["conditions"][0])
    if any(note.startswith("its ends count differently") for note in given["notes"]):
        return f"each end is counted its own way: {given['ways'][0]} and {given['ways'][1]}"
    return f"it means: {' or '.join(given['ways'])}"
