"""Published claims for a terminal: the verdict first, grouped by kind; one claim step by step; the
conflicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.claims_phrases import (
    KINDS,
    MEANINGS,
    bare,
    claimed,
    condition,
    figure,
    interval,
    ours,
    read_so,
    step_value,
    tied,
    titled,
    verdict,
)
from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural
from truecost.report.tables import Column, table

Row = Mapping[str, Any]
MORE = "More: truecost claims ID; --conflicts, --json, --html FILE; --file FILE adds your own."


def listing(report: Row, width: int = DEFAULT_WIDTH) -> Page:
    """Every claim under the heading of its kind of verdict, with counts."""
    made = Page(width)
    claims = report["claims"]
    made.title(f"{plural(len(claims), 'published claim')}, recomputed")
    counts = [f"{report['counts'][kind]} {kind}" for kind in KINDS if report["counts"][kind]]
    made.text("; ".join(counts) + ".")
    for kind, heading in KINDS.items():
        found = [claim for claim in claims if claim["verdict"]["kind"] == kind]
        if found:
            made.heading(f"{heading} ({len(found)})")
            made.text(MEANINGS[kind], Style.FAINT)
        for claim in found:
            _in_short(claim, made)
    made.heading("The rule")
    made.text(report["rule"])
    made.blank()
    made.text(MORE, Style.FAINT)
    return made


def _statement(claim: Row) -> str:
    """What it says, no per cent on a line of its own."""
    return tied(claim["statement"])


def _in_short(claim: Row, page: Page) -> None:
    page.blank()
    page.item(f"{claim['id']}: {verdict(claim)}", Style.STRONG)
    page.text(_statement(claim), indent=4)
    if claim["reading"]:
        page.text(f"Read as {claimed(claim)} ({read_so(claim)}).", Style.FAINT, indent=4)
    page.text(f"We get {ours(claim)}.", Style.FAINT, indent=4)
    for note in claim["verdict"]["notes"]:
        page.text(f"{tied(note[:1].upper() + note[1:])}.", Style.FAINT, indent=4)


def detail(claim: Row, conflicts: Sequence[Row], width: int = DEFAULT_WIDTH) -> Page:
    """One claim: what it says, the verdict, the calculation step by step, the inputs, what conflicts with
    it.
    """
    made = Page(width)
    made.title(f"{claim['id']}: {verdict(claim)}")
    made.text(_statement(claim))
    made.blank()
    made.item(f"published: {claim['published']}")
    if claim["reading"]:
        made.item(f"read as: {claimed(claim)} ({read_so(claim)})")
    else:
        made.item(f"it says: {claimed(claim)}")
    made.item(f"we get: {ours(claim)}")
    made.item(f"as of: {claim['as_of']}")
    share = claim["verdict"]["share_of_draws_inside"]
    if share is not None and claim["result_ends"] is None:
        made.item(
            f"inside: {figure(share, 'share')} of the draws lie in the claim, its ends loosened by 1.25"
        )
    if claim["note"]:
        made.item(f"note: {claim['note']}")
    _conditions(claim, made)
    _steps(claim, made)
    _inputs(claim, made)
    _curves(claim, made)
    if conflicts:
        write_conflicts(conflicts, made)
    return made


def _conditions(claim: Row, page: Page) -> None:
    given = claim["verdict"]
    for note in given["notes"]:
        page.item(f"{tied(note[:1].upper() + note[1:])}.", Style.WARNING)
    if given["kind"] == "cannot be checked":
        return
    if given["conditions"]:
        page.heading("What would make it true")
        for one in given["conditions"][:5]:
            page.item(f"{condition(one)}{_tried(one, given['kind'])}")


def _tried(one: Row, kind: str) -> str:
    """Where an input was varied; of a figure that the claim states itself that says nothing."""
    least, most = one["within"]
    return "" if kind == "contradicts" else f" (tried: {interval(least, most, one['unit'])})"


def _steps(claim: Row, page: Page) -> None:
    if not claim["steps"]:
        return
    page.heading(claim["calculation_title"])
    for number, step in enumerate(claim["steps"], start=1):
        page.item(f"{number}. {step['what']} = {step_value(step, claim)}")
        page.text(step["formula"], Style.FAINT, indent=7)


def _inputs(claim: Row, page: Page) -> None:
    if not claim["inputs"]:
        return
    page.heading("From")
    before = ""
    for row in claim["inputs"]:
        value = row["needs"] or interval(row["low"], row["high"], row["unit"])
        sure = f" [{row['confidence']}]" if row["confidence"] else ""
        page.item(f"{row['label']}: {value}{sure}")
        is_again = row["source"] == before and row["kind"] == "fact"
        page.text("the same source" if is_again else row["source"], Style.FAINT, indent=6, hanging=2)
        before = row["source"]


def _curves(claim: Row, page: Page) -> None:
    for curve in claim["curves"]:
        page.heading(curve["title"])
        at = _chosen(len(curve["at"]))
        columns = [Column(_head(titled(curve["x"], curve["x_unit"])), right=True)] + [
            Column(_head(line["name"]), right=True) for line in curve["lines"]
        ]
        rows = [
            [bare(curve["at"][i], curve["x_unit"])]
            + [_value(line["values"][i], curve["y_unit"]) for line in curve["lines"]]
            for i in at
        ]
        page.text(titled(curve["y"], curve["y_unit"]), Style.FAINT)
        page.extend(table(columns, rows, page.width))


def _head(title: str) -> str:
    """The title of a column in lines, broken before its unit or its setting."""
    return title.replace(", ", ",\n").replace(" at ", "\nat ")


def _value(value: float | None, unit: str) -> str:
    return "never" if value is None else bare(value, unit)


def _chosen(count: int, most: int = 9) -> list[int]:
    """A few points of a curve, its ends among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def conflicts_page(report: Row, width: int = DEFAULT_WIDTH) -> Page:
    """Every pair of claims that cannot both be true."""
    made = Page(width)
    found = report["conflicts"]
    if not found and len(report["claims"]) == 1:
        made.title(f"{report['claims'][0]['id']} contradicts no other claim")
        return made
    made.title(f"{plural(len(found), 'pair')} of claims that cannot both be true as they stand")
    made.text(
        "Two intervals of one quantity conflict where they share less than half of what they span together; "
        "a number where it lies outside the other, both loosened; figures that a relation ties together "
        "where it would take something unusual.",
        Style.FAINT,
    )
    write_conflicts(found, made, heading="")
    return made


def write_conflicts(found: Sequence[Row], page: Page, heading: str = "Conflicts with") -> None:
    """Pairs under what they speak of, each with what reconciles it."""
    if heading:
        page.heading(heading)
    what = ""
    for conflict in found:
        if conflict["what"] != what:
            what = conflict["what"]
            page.heading(what[:1].upper() + what[1:])
        sides = " against ".join(
            f"{side['id']} {interval(side['low'], side['high'], side['unit'])}" for side in conflict["claims"]
        )
        page.item(sides, Style.STRONG)
        page.text(f"{tied(conflict['reconciled']['text'])}.", indent=4, hanging=2)
