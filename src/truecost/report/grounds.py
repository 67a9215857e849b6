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
VIEWS = frozenset({"flows", "human_ledger", "footprint"})
"""Views of the same cost: what they lack is said where they are shown."""
SHOWN = 3
SOURCES = "With their sources: --assumptions."
"""Facts shown when not all are asked for, and what is said when none is left."""


def warnings(statement: Statement, page: Page) -> None:
    """What is legal but unusual."""
    if statement["warnings"]:
        page.heading("Warnings")
    for warning in statement["warnings"]:
        page.item(warning, Style.WARNING)


def left_out(statement: Statement, page: Page, *, everything: bool) -> None:
    """Parts the plan does not have, so that no total looks complete that is not: a line an area, or each
    with what it means."""
    found = statement["left_out"]
    shown = [part for part in found if part["part"].partition(".")[0] not in VIEWS]
    if not (found if everything else shown):
        return
    page.heading("Left out of this result" + ("" if everything else " (what each means: --assumptions)"))
    for part in found if everything else ():
        page.item(f"{part['part']}: {part['consequence']}")
    for line in () if everything else by_area([part["part"] for part in shown]):
        page.item(line)


def by_area(parts: Sequence[str]) -> list[str]:
    """Dotted parts in a line for each area, those of one section in brackets behind it.

    >>> by_area(["programme.data.licences", "programme.data.synthetic", "programme.rlhf", "demand", "taxes"])
    ['programme: data (licences, synthetic), rlhf', 'altogether: demand, taxes']
    """
    areas: dict[str, dict[str, list[str]]] = {}
    for part in parts:
        area, _, below = part.partition(".")
        section, _, rest = below.partition(".")
        areas.setdefault(area if below else "altogether", {}).setdefault(section or area, []).append(rest)
    ordered = sorted(areas.items(), key=lambda item: item[0] == "altogether")
    return [
        f"{area}: {', '.join(_section(name, rest) for name, rest in sections.items())}"
        for area, sections in ordered
    ]


def _section(name: str, parts: Sequence[str]) -> str:
    named = [part for part in parts if part]
    return f"{name} ({', '.join(named)})" if named else name


def assumptions(statement: Statement, page: Page, *, everything: bool) -> None:
    """Facts with value, source and date, the weakest first; numbers of the plan itself counted."""
    found = statement["assumptions"]
    facts = [a for a in found if a["confidence"] != STATED]
    stated = [a for a in found if a["confidence"] == STATED]
    if not found:
        return
    page.heading("Rests on, weakest first")
    kept = facts if everything or len(facts) <= SHOWN + 1 else facts[:SHOWN]
    if everything:
        page.text(_counts(facts, stated), indent=2)
    for fact in kept:
        _fact(fact, page, everything=everything)
    for number in stated if everything else ():
        page.item(f"{number['key']} = {value_of(number)}  [{number['source']}]")
    if not everything:
        page.item(_not_shown(len(facts) - len(kept), len(stated)), Style.FAINT)


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
    return f"{', '.join([*parts, 'and every source'])}: --assumptions." if parts else SOURCES


def _fact(fact: Assumption, page: Page, *, everything: bool) -> None:
    """A fact; where it comes from, what it stands in for and its note on demand."""
    said = f"{fact['confidence']}: {fact['key']} = {value_of(fact)}"
    if not everything:
        page.item(said)
        return
    page.item(f"{said} for {fact['stands_in_for']}" if fact["stands_in_for"] else said)
    page.text(f"{fact['source']}, checked {fact['checked']}", Style.FAINT, indent=4)
    if fact["note"]:
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
    shared = unit_of(ends[-1])
    text = " .. ".join([*(end.removesuffix(shared) for end in ends[:-1]), ends[-1]])
    return glued(f"{text} {of_what}" if of_what else text)


def unit_of(text: str) -> str:
    """What follows the number and its k, M, B or T.

    >>> unit_of("104 k USD/year"), unit_of("80 GB"), unit_of("12.0 k")
    (' USD/year', ' GB', '')
    """
    number, *rest = text.split()
    scale = f" {rest.pop(0)}" if rest and rest[0] in {"k", "M", "B", "T"} else ""
    return text[len(number) + len(scale) :]
