"""What the statement rests on: warnings, what is left out, assumptions and sources, the weakest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import Page, Style, glued
from truecost.report.phrases import of_a_share, plural
from truecost.units import show

Statement = Mapping[str, Any]
Assumption = Mapping[str, Any]
STATED = "stated"
SHOWN = 5
"""Facts shown when not all are asked for."""


def warnings(statement: Statement, page: Page) -> None:
    """What is legal but unusual."""
    if statement["warnings"]:
        page.heading("Warnings")
    for warning in statement["warnings"]:
        page.item(warning, Style.WARNING)


def left_out(statement: Statement, page: Page) -> None:
    """Parts the plan does not have, so that no total looks complete that is not."""
    found = statement["left_out"]
    if found:
        page.heading("Left out of this result")
    for part in found:
        page.item(f"{part['part']}: {part['consequence']}")


def assumptions(statement: Statement, page: Page, *, everything: bool) -> None:
    """Facts with value, source and date, the weakest first; numbers of the plan itself counted."""
    found = statement["assumptions"]
    facts = [a for a in found if a["confidence"] != STATED]
    stated = [a for a in found if a["confidence"] == STATED]
    if not found:
        return
    page.heading("Rests on, weakest first")
    page.text(_counts(facts, stated), indent=2)
    kept = facts if everything or len(facts) <= SHOWN + 1 else facts[:SHOWN]
    for fact in kept:
        _fact(fact, page, with_note=everything)
    for number in stated if everything else ():
        page.item(f"{number['key']} = {value_of(number)}  [{number['source']}]")
    if len(kept) < len(facts) or (stated and not everything):
        page.text(_not_shown(len(facts) - len(kept), 0 if everything else len(stated)), Style.FAINT, indent=2)


def _counts(facts: Sequence[Assumption], stated: Sequence[Assumption]) -> str:
    kinds: dict[str, int] = {}
    for fact in facts:
        kinds[fact["confidence"]] = kinds.get(fact["confidence"], 0) + 1
    parts = ", ".join(glued(f"{count} {kind}") for kind, count in kinds.items())
    of_plan = f"{plural(len(stated), 'number')} stated in the plan"
    ranges = sum(1 for number in stated if ".." in str(number["value"]))
    of_plan += f" ({ranges} as a range)" if ranges else ""
    return f"{plural(len(facts), 'fact')} of the catalog ({parts}) and {of_plan}." if facts else f"{of_plan}."


def _not_shown(facts: int, stated: int) -> str:
    parts = [plural(facts, "more fact")] if facts else []
    parts += [plural(stated, "number") + " of the plan"] if stated else []
    return f"Not shown: {' and '.join(parts)}; --assumptions or --json lists them all."


def _fact(fact: Assumption, page: Page, *, with_note: bool) -> None:
    stands_in = f" for {fact['stands_in_for']}" if fact["stands_in_for"] else ""
    page.item(f"{fact['confidence']}: {fact['key']} = {value_of(fact)}{stands_in}")
    page.text(f"{fact['source']}, checked {fact['checked']}", Style.FAINT, indent=4)
    if fact["note"] and with_note:
        page.text(fact["note"], Style.FAINT, indent=4)


def value_of(assumption: Assumption) -> str:
    """The value of a fact or an assumption with its unit; a range as a plan writes it.

    >>> value_of({"value": "0.4 .. 0.6", "unit": "share"}).replace(chr(160), " ")
    '40 .. 60 %'
    >>> value_of({"value": 4e-7, "unit": "USD/token"}).replace(chr(160), " ")
    '0.4 USD/Mtok'
    >>> value_of({"value": "0.07 .. 0.15", "unit": "share per year"}).replace(chr(160), " ")
    '7 .. 15 % per year'
    >>> value_of({"value": "104e3 .. 202e3", "unit": "USD/year"}).replace(chr(160), " ")
    '104 k .. 202 k USD/year'
    """
    value, unit, scale = assumption["value"], assumption["unit"], 1.0
    if unit.startswith("USD/token"):
        unit, scale = unit.replace("USD/token", "USD/Mtok"), 1e6
    unit, of_what = of_a_share(unit)
    try:
        numbers = [float(end) * scale for end in str(value).split("..")]
    except ValueError:
        return glued(f"{value} {unit}".strip())
    ends = [show(float(f"{number:.6g}"), unit) for number in numbers]
    shared = _unit_of(ends[-1])
    text = " .. ".join([*(end.removesuffix(shared) for end in ends[:-1]), ends[-1]])
    return glued(f"{text} {of_what}" if of_what else text)


def _unit_of(text: str) -> str:
    """What follows the number and its k, M, B or T: "104 k USD/year" ends in " USD/year"."""
    number, *rest = text.split(" ")
    scale = f" {rest.pop(0)}" if rest and rest[0] in {"k", "M", "B", "T"} else ""
    return text[len(number) + len(scale) :]
