"""Each change by itself: what it saves, which quantity it moves, what money does not show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.advice_text import best_of_each, moved, named, seconds
from truecost.report.charts.differences import differences
from truecost.report.layout import unglued
from truecost.report.phrases import averaged, plural, share, shown, words
from truecost.report.sections.section import (
    MEAN_HEAD,
    Choice,
    DecisionTable,
    Listing,
    Section,
    Statement,
    Table,
    mean_cells,
    typed,
)

MOST = 10
"""Changes in the open table; the folded one has them all."""
Row = Mapping[str, Any]


def levers(statement: Statement) -> Section | None:
    """The changes ranked by what each saves alone, with mechanism and doubt."""
    found = statement.get("advice")
    if found is None or not (found["levers"] or found["not_applicable"]):
        return None
    helping = [row for row in found["levers"] if _saved(row) > 0]
    drawn = best_of_each(helping)[:MOST]
    still = _by_reason(found["not_applicable"])
    listings = (
        [Listing(f"{plural(_count(found), 'change')} that do nothing here, and why", still)] if still else []
    )
    if not helping:
        return Section(
            "levers", "No change saves anything by itself", "", tables=_tables(found), listings=listings
        )
    return Section(
        "levers",
        f"By itself, “{named(drawn[0])}” saves most: {shown(_saved(drawn[0]), 'USD')} a month",
        "USD saved a month by each change alone, means; the thin line spans 90 % of the draws. Below each: "
        "the quantity that it changes, and what is not known about it.",
        decision=_decision(drawn),
        facts=_facts(found, helping, drawn),
        tables=_tables(found),
        listings=listings,
    )


def _saved(row: Row) -> float:
    return row["saved_usd_per_month"]["mean"]


def _count(found: Mapping[str, Any]) -> int:
    return len(found["not_applicable"])


def _decision(rows: Sequence[Row]) -> DecisionTable:
    bars = differences([row["saved_usd_per_month"] for row in rows], 0)
    made = [
        Choice(
            named(row),
            f"{unglued(moved(row))}. Not known: {row['quality']}.",
            bar,
            averaged(row["saved_usd_per_month"]),
            [
                share(row["share_of_draws_it_saves"]),
                _own_cost(row),
                "; ".join(seconds(row["latency"])) or "–",
            ],
        )
        for row, bar in zip(rows, bars, strict=True)
    ]
    head = ("Change", "Saves, USD a month", "saves in, of draws", "its own cost", "waiting")
    return DecisionTable(head, made, "Each change alone, USD a month, what saves most first")


def _own_cost(row: Row) -> str:
    return shown(row["own_cost_usd_per_month"]["mean"]) if row["own_cost_lines"] else "–"


def _facts(found: Mapping[str, Any], helping: Sequence[Row], drawn: Sequence[Row]) -> list[str]:
    facts: list[str] = []
    if len(helping) > len(drawn):
        left = plural(len(helping) - len(drawn), "more change")
        facts.append(f"{left} that would save less, or stand for one of these: see the table.")
    losing = [named(row) for row in found["levers"] if _saved(row) <= 0]
    if losing:
        verb = "costs more than it saves" if len(losing) == 1 else "cost more than they save"
        more = f", and {len(losing) - 4} more" if len(losing) > 4 else ""
        facts.append(f"{'; '.join(losing[:4])}{more}: {verb}.")
    return facts


def _tables(found: Mapping[str, Any]) -> list[Table]:
    if not found["levers"]:
        return []
    saves = (f"saves, {MEAN_HEAD[0]}", *MEAN_HEAD[1:])
    head = ("Change", "It changes", "Not known", "Assumed", "To repeat it", "Waiting", *saves, "its own cost")
    rows = [
        [
            named(row),
            moved(row),
            row["quality"],
            "; ".join(f"{a['key']} {a['value']} ({a['confidence']})" for a in row["assumed"]),
            typed(row["sets"]),
            row["latency"]["note"],
            *mean_cells(row["saved_usd_per_month"]),
            _own_cost(row),
        ]
        for row in found["levers"]
    ]
    return [Table(head, rows, "Every change alone, USD saved a month", words=6)]


def _by_reason(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """What does nothing, changes with the same reason together."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        reasons.setdefault(row["why"], {}).setdefault(row["label"], []).append(words(row["class"]))
    return [
        ("; ".join(f"{label}: {', '.join(classes)}" for label, classes in labels.items()), why)
        for why, labels in reasons.items()
    ]
