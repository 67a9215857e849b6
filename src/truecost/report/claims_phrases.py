"""Claims in words: a figure, an interval, a verdict, a condition; for the terminal and the page."""

from __future__ import annotations

import math
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
    "off": "No input inside its admissible range brings our figure to the claim.",
    "holds if": "True only under the condition named; otherwise it is off.",
    "holds": "The median of what we get lies in the claimed interval.",
    "cannot be checked": "A fact is missing that nobody publishes; what it would have to be is named.",
}


def figure(value: float | None, unit: str) -> str:
    """A number with its unit on one line.

    >>> figure(0.4, "fraction"), figure(2027, "year")
    ('40\\xa0%', '2027')
    """
    return "open" if value is None else glued(shown(value, unit))


def interval(low: float | None, high: float | None, unit: str) -> str:
    """A claimed interval: one number, both ends, or "at least" and "at most"."""
    if low is None and high is None:
        return "no figure"
    if high is None:
        return f"at least {figure(low, unit)}"
    if low is None:
        return f"at most {figure(high, unit)}"
    return glued(span(low, high, unit))


def claimed(claim: Row) -> str:
    """What a claim says, as figures; of words that had to be read as a figure, the reading."""
    if claim["figures"]:
        return ", ".join(f"{name} {figure(value, claim['unit'])}" for name, value in claim["figures"].items())
    reading = claim["reading"]
    if reading:
        return interval(reading["low"], reading["high"], reading["unit"])
    return interval(claim["low"], claim["high"], claim["unit"])


def ours(claim: Row) -> str:
    """What we get: the median with its 90 % interval, by each way of counting where there are several."""
    unit = claim["result_unit"]
    if claim["ways"]:
        return "; ".join(f"{name} {_ranged(value, unit)}" for name, value in claim["ways"].items())
    if claim["result"] is None:
        return "nothing: an input is missing"
    if claim["result_ends"]:
        least, most = claim["result_ends"]
        return interval(least, most, unit)
    return _ranged(claim["result"], unit)


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
    instead = (
        "" if given["instead_of"] is None else f" instead of {figure(given['instead_of'], given['unit'])}"
    )
    counted = f", counted as {given['way']}" if given["way"] else ""
    return f"{given['label']} = {interval(given['low'], given['high'], given['unit'])}{instead}{counted}"


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
