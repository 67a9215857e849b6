"""The glossary for a terminal: every term with a figure, or one term with what is behind its figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.grounds import value_of
from truecost.report.layout import DEFAULT_WIDTH, Page, Style, glued
from truecost.report.phrases import plural
from truecost.report.tables import Column, table

Entry = Mapping[str, Any]
MORE = "Each figure is worked out from the catalog now. One term: truecost glossary TERM, such as KV-cache."


def listing(entries: Sequence[Entry], width: int = DEFAULT_WIDTH) -> Page:
    """Every term with its figure and what it is of, by area."""
    page = Page(width)
    page.title(plural(len(entries), "term"))
    page.text(MORE, Style.FAINT)
    first = max((len(entry["term"]) for entry in entries), default=0)
    for area in dict.fromkeys(entry["area"] for entry in entries):
        page.heading(area)
        rows = [
            [entry["term"].ljust(first), _brief(entry["example"]), _of(entry)]
            for entry in entries
            if entry["area"] == area
        ]
        page.extend(table([Column(""), Column(""), Column("", wraps=True, style=Style.FAINT)], rows, width))
    return page


def entry(found: Entry, width: int = DEFAULT_WIDTH) -> Page:
    """One term: what it means, its formula, a figure with the calculation and its sources, where to go on."""
    page = Page(width)
    page.title(found["term"] + (f" ({', '.join(found['aliases'])})" if found["aliases"] else ""))
    page.text(found["definition"])
    page.blank()
    page.item(f"formula: {found['formula']}")
    page.item(f"unit: {found['unit']}")
    _example(found, page)
    page.blank()
    page.item(f"in use: {found['command']}")
    page.item(f"see also: {', '.join(found['see_also'])}")
    return page


def _example(found: Entry, page: Page) -> None:
    example = found["example"]
    if example is None:
        page.item(f"no figure today: {found['missing']}", Style.WARNING)
        return
    page.heading("For example, worked out from the catalog now")
    page.item(f"{figure_of(example)}: {example['subject']}", Style.STRONG)
    page.text(f"= {example['calculation']}", indent=4, hanging=2)
    page.text(f"by {example['law']}", Style.FAINT, indent=4)
    if example["given"]:
        page.text(f"set for the example: {', '.join(example['given'])}", Style.FAINT, indent=4, hanging=2)
    for fact in example["facts"]:
        grounds = glued(f"[{fact['confidence']}, checked {fact['checked']}]")
        page.item(f"{fact['key']} = {value_of(fact)}  {grounds}", indent=4)
        page.text(fact["source"], Style.FAINT, indent=6)


def figure_of(example: Entry) -> str:
    """The figure with its unit; a ratio as a multiple.

    >>> figure_of({"value": 2.3144, "unit": "ratio"}).replace(chr(160), " ")
    '2.31 x'
    >>> figure_of({"value": "0.35 .. 0.87", "unit": "share of users"}).replace(chr(160), " ")
    '35 .. 87 % of users'
    """
    unit = example["unit"]
    if unit.split()[0] != "ratio":
        return value_of(example)
    plain = value_of({"value": example["value"], "unit": ""})
    return glued(f"{plain} x {unit.removeprefix('ratio')}".strip())


def _brief(example: Entry | None) -> str:
    """The figure with its unit cut to the part before "of" and "a": what it is of stands beside it."""
    if example is None:
        return "–"
    unit = example["unit"]
    for cut in (" of ", " a "):
        unit = unit.partition(cut)[0]
    return figure_of({**example, "unit": unit})


def _of(found: Entry) -> str:
    return found["missing"] if found["example"] is None else found["example"]["subject"]
