"""Published claims as one self-contained page: every statement, what we get, the verdict and the way to it.

`render` is pure: the plain values of `truecost claims --json` in, the text of the page out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from truecost.report.charts.claimed import Recomputed, strip
from truecost.report.charts.curves import Axis, Line, Mark, curves
from truecost.report.charts.rows import Row as Bar
from truecost.report.charts.rows import bars
from truecost.report.charts.svg import Figure, figure
from truecost.report.claims_phrases import (
    KINDS,
    MEANINGS,
    bare,
    claimed,
    condition,
    interval,
    ours,
    read_so,
    step_value,
    tied,
    titled,
    verdict,
)
from truecost.report.html import environment
from truecost.report.sections.section import Table

Row = Mapping[str, Any]
MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class Drawn:
    """One curve: its finding, the figure, the table behind it."""

    title: str
    figure: Figure
    table: Table


@dataclass(frozen=True, slots=True)
class Said:
    """One claim as the page shows it."""

    id: str
    statement: str
    verdict: str
    short: str
    read: str
    facts: Sequence[tuple[str, str]]
    strip: Markup | None
    notes: Sequence[str]
    conditions: Sequence[str]
    steps: Sequence[tuple[str, str, str]]
    inputs: Sequence[tuple[str, str, str]]
    curves: Sequence[Drawn]
    against: Sequence[str]


@dataclass(frozen=True, slots=True)
class Group:
    """The claims of one kind of verdict."""

    key: str
    heading: str
    meaning: str
    claims: Sequence[Said]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two claims that cannot both be true."""

    what: str
    sides: Sequence[tuple[str, str]]
    reconciled: str


def render(report: Row) -> str:
    """The page of a report of claims (`claims().to_dict()`)."""
    sources: dict[str, int] = {}
    groups = [
        Group(kind.replace(" ", "-"), heading, MEANINGS[kind], [_said(claim, sources) for claim in found])
        for kind, heading in KINDS.items()
        if (found := [claim for claim in report["claims"] if claim["verdict"]["kind"] == kind])
    ]
    return (
        environment()
        .get_template("claims.html.j2")
        .render(
            total=len(report["claims"]),
            headline=headline(report["counts"]),
            overview=_overview(report["counts"]),
            groups=groups,
            pairs=[_pair(conflict) for conflict in report["conflicts"]],
            sources=list(sources),
            rule=report["rule"],
            overlay=report["catalog_overlay"],
            draws=report["draws"],
            version=report["truecost"]["version"],
        )
    )


def headline(counts: Mapping[str, int]) -> str:
    """What became of the claims, in a sentence.

    >>> headline({"holds": 2, "holds if": 1, "off": 1, "contradicts": 0, "cannot be checked": 1})
    'Of 5 published figures on the cost of AI, 2 hold, 1 under a condition, 1 does not; 1 cannot be checked'
    """
    wrong = counts["off"] + counts["contradicts"]
    denied = f"{wrong} {'does' if wrong == 1 else 'do'} not"
    said = f"{counts['holds']} hold, {counts['holds if']} under a condition, {denied}"
    rest = f"; {counts['cannot be checked']} cannot be checked" if counts["cannot be checked"] else ""
    return f"Of {sum(counts.values())} published figures on the cost of AI, {said}{rest}"


def _overview(counts: Mapping[str, int]) -> Figure:
    rows = [
        Bar(heading, count, count, count, str(count), accent=kind in ("off", "contradicts"))
        for kind, heading in KINDS.items()
        for count in [counts[kind]]
    ]
    return figure(lambda width: bars(rows, width), f"{headline(counts)}.")


def _said(claim: Row, sources: dict[str, int]) -> Said:
    given = claim["verdict"]
    said = ("It says", claimed(claim))
    if claim["reading"]:
        said = ("Read as", f"{claimed(claim)} ({read_so(claim)})")
    facts = [said, ("We get", ours(claim))]
    facts += [("Published", claim["published"]), ("Facts as of", claim["as_of"])]
    if claim["note"]:
        facts.append(("Note", claim["note"]))
    return Said(
        id=claim["id"],
        statement=tied(claim["statement"]),
        verdict=verdict(claim),
        short=ours(claim) if claim["result"] else "",
        read=f"read as {claimed(claim)}" if claim["reading"] else "",
        facts=facts,
        strip=_strip(claim),
        notes=[f"{tied(note[:1].upper() + note[1:])}." for note in given["notes"]],
        conditions=[condition(one) for one in given["conditions"][:5]],
        steps=[(step["what"], step["formula"], step_value(step, claim)) for step in claim["steps"]],
        inputs=[_input(row, sources) for row in claim["inputs"]],
        curves=[_drawn(curve) for curve in claim["curves"]],
        against=claim["conflicts_with"],
    )


def _input(row: Row, sources: dict[str, int]) -> tuple[str, str, str]:
    """Its name, its value, and where it is from: a word, or the number of a source listed at the end."""
    value = row["needs"] or interval(row["low"], row["high"], row["unit"])
    if row["kind"] != "fact":
        return row["label"], value, row["source"]
    number = sources.setdefault(row["source"], len(sources) + 1)
    return row["label"], value, f"[{number}] {row['confidence']}"


def _strip(claim: Row) -> Markup | None:
    if claim["figures"] or claim["result"] is None or claim["result_unit"] == "year":
        return None
    reading = claim["reading"]
    low, high = (reading["low"], reading["high"]) if reading else (claim["low"], claim["high"])
    ways = claim["ways"].values() or [claim["result"]]
    found = [Recomputed(way["p5"], way["p50"], way["p95"]) for way in ways]
    if claim["result_ends"] and not claim["ways"]:
        found = [Recomputed(claim["result_ends"][0], claim["result"]["p50"], claim["result_ends"][1])]
    return strip(low, high, found)


def _drawn(curve: Row) -> Drawn:
    axes = (
        Axis(
            titled(curve["x"], curve["x_unit"]),
            lambda v: bare(v, curve["x_unit"]),
            curve["is_log"] and curve["x_unit"] != "year",
        ),
        Axis(titled(curve["y"], curve["y_unit"]), lambda v: bare(v, curve["y_unit"]), curve["is_log"]),
    )
    lines = [Line(line["name"], line["values"]) for line in curve["lines"]]
    marks = [Mark(mark["name"], mark["value"]) for mark in curve["marks"]]
    drawn = figure(lambda width: curves(curve["at"], lines, axes, marks, width), curve["title"])
    return Drawn(curve["title"], drawn, _table(curve))


def _table(curve: Row) -> Table:
    count = len(curve["at"])
    chosen = (
        range(count)
        if count <= MOST_ROWS
        else sorted({round(i * (count - 1) / (MOST_ROWS - 1)) for i in range(MOST_ROWS)})
    )
    head = [titled(curve["x"], curve["x_unit"]), *(line["name"] for line in curve["lines"])]
    rows = [
        [bare(curve["at"][i], curve["x_unit"])]
        + [
            "never" if line["values"][i] is None else bare(line["values"][i], curve["y_unit"])
            for line in curve["lines"]
        ]
        for i in chosen
    ]
    return Table(head, rows, f"{titled(curve['y'], curve['y_unit'])}: {curve['title']}")


def _pair(conflict: Row) -> Pair:
    sides = [(side["id"], interval(side["low"], side["high"], side["unit"])) for side in conflict["claims"]]
    what = conflict["what"]
    return Pair(f"{what[:1].upper()}{what[1:]}", sides, tied(conflict["reconciled"]["text"]))
