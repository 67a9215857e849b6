"""Two plans for a terminal: which leaves more, the lines that differ, the inputs behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import around_mean, averaged, loose, negated, share, shown
from truecost.report.tables import Column, table

Comparison = Mapping[str, Any]
SHOWN = 12
SMALL = 0.005
"""A line that differs by less than this share of all differences is counted with the small ones."""


def page(found: Comparison, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """The comparison as a page of text no wider than `width`."""
    made = Page(width)
    first, second = found["first"], found["second"]
    made.title(f"{first['name']} against {second['name']}")
    files = [side["file"] or side["name"] for side in (first, second)]
    made.text(f"A: {files[0]}; B: {files[1]}. Means; in brackets the 90 % interval.", Style.FAINT)
    made.blank()
    made.text(loose(headline(found)), Style.STRONG)
    columns = [Column(""), Column("A, USD", right=True), Column("B, USD", right=True),
               Column("B less A", right=True),
               Column("90 % interval", right=True, optional=True)]  # fmt: skip
    made.extend(table(columns, _totals(found), width))
    _lines(found, made, everything=everything)
    _inputs(found, made, everything=everything)
    return made


def headline(found: Comparison) -> str:
    """Which of the two leaves more, by how much, how surely."""
    change, sure = found["difference"]["margin_usd"], found["difference"]["second_leaves_more_share_of_draws"]
    if not found["inputs_differing"]:
        return "The two plans give the same inputs: nothing differs."
    if change["p5"] == change["p95"] == 0:
        return "What differs between the two changes nothing in what they leave."
    better, worse, size = ("B", "A", change) if change["mean"] > 0 else ("A", "B", negated(change))
    often = sure if better == "B" else 1 - sure
    return (
        f"{better} leaves {averaged(size, 'USD')} more than {worse}, and more in {share(often)} of the draws."
    )


def _totals(found: Comparison) -> list[list[str]]:
    rows: list[list[str]] = []
    for key, noun in (("total_usd", "all in"), ("revenue_usd", "revenue"), ("margin_usd", "margin"),
                      ("usd_per_month", "cost a month")):  # fmt: skip
        one, other = found["first"][key], found["second"][key]
        if not one["mean"] and not other["mean"]:
            continue
        change = found["difference"].get(key)
        rows.append(
            [
                noun,
                shown(one["mean"]),
                shown(other["mean"]),
                shown(other["mean"] - one["mean"]),
                "" if change is None else around_mean(change),
            ]
        )
    return rows


def _lines(found: Comparison, page: Page, *, everything: bool) -> None:
    differing = [row for row in found["lines"] if row["difference_usd"]["mean"]]
    if not differing:
        return
    page.heading("Lines that differ, USD")
    size = sum(abs(row["difference_usd"]["mean"]) for row in differing)
    kept = [r for r in differing if everything or abs(r["difference_usd"]["mean"]) >= SMALL * size]
    kept = kept if everything else kept[:SHOWN]
    rows = [
        [
            row["label"],
            shown(row["first_usd"]["mean"]),
            shown(row["second_usd"]["mean"]),
            shown(row["difference_usd"]["mean"]),
            around_mean(row["difference_usd"]),
        ]
        for row in kept
    ]
    rest = [row for row in differing if row not in kept]
    if rest:
        rows.append(
            [
                f"{len(rest)} smaller",
                *(
                    shown(sum(row[k]["mean"] for row in rest))
                    for k in ("first_usd", "second_usd", "difference_usd")
                ),
                "",
            ]
        )
    columns = [Column("line", wraps=True), Column("A", right=True), Column("B", right=True),
               Column("B less A", right=True),
               Column("90 % interval", right=True, optional=True)]  # fmt: skip
    page.extend(table(columns, rows, page.width))


def _inputs(found: Comparison, page: Page, *, everything: bool) -> None:
    rows = found["inputs"]
    if not rows:
        if found["inputs_differing"]:
            page.text(f"{found['inputs_differing']} inputs differ: too many to be valued one by one.")
        return
    page.heading("Inputs that differ, and what B's value alone does to the margin of A, USD")
    kept = rows if everything else rows[:SHOWN]
    cells = [
        [
            row["path"],
            _said(row["first"]),
            _said(row["second"]),
            "not alone" if row["worth_usd"] is None else shown(row["worth_usd"]["mean"]),
        ]
        for row in kept
    ]
    columns = [
        Column("input", wraps=True),
        Column("A", wraps=True),
        Column("B", wraps=True),
        Column("worth", right=True),
    ]
    page.extend(table(columns, cells, page.width))
    if len(rows) > len(kept):
        page.text(f"{len(rows) - len(kept)} more: --all.", Style.FAINT)
    if len(rows) > 1:
        page.text(f"What they do to each other: {shown(found['together_usd'], 'USD')}.")


def _said(value: object) -> str:
    """A value as a plan writes it; a part of a plan by the names of its fields."""
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return "{" + ", ".join(str(key) for key in value) + "}"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return f"{value:g}" if isinstance(value, float) else str(value)
