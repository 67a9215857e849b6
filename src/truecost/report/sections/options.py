"""The decision table: every way to meet the same demand, on the same draws, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.charts.differences import differences
from truecost.report.phrases import averaged, plural, share, shown
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
from truecost.report.sections.verdict import AS_WRITTEN

Row = Mapping[str, Any]
TYPED = "How to try each: what to add to the command"
SAME_MODELS = "the models of the plan"
"""What `models` of an option says when it keeps to them."""


def options(statement: Statement) -> Section | None:
    """What each option saves against the plan as written, what it costs by when, what it commits to."""
    rows: Sequence[Row] = statement.get("options", {}).get("table", ())
    applying = [row for row in rows if row["applies"]]
    if len(applying) < 2:
        return None
    refused = [(row["label"], row["why"]) for row in rows if not row["applies"]]
    return Section(
        "options",
        _title(applying),
        f"Each way on the same {applying[0]['draws']:,} draws (the first of the plan's), USD, means; the bar "
        "is what it saves (right of the line) or costs more (left) over the plan, the thin line its 90 % "
        "interval. What it saves is margin: revenue less all cost. Cash needed is the deepest that cash paid "
        "runs ahead of revenue.",
        decision=_decision(applying),
        facts=_facts(applying),
        tables=[_table(applying)],
        listings=[
            *([Listing("No option here", refused, is_open=True)] if refused else []),
            Listing(TYPED, [_typed(row) for row in applying if row["set"]], is_code=True),
        ],
    )


def _title(rows: Sequence[Row]) -> str:
    """How many of the other ways save anything, on average."""
    others = [row for row in rows if row["option"] != AS_WRITTEN]
    better = [row for row in others if row["saving_usd"]["mean"] > 0]
    if rows[0]["option"] == AS_WRITTEN:
        if len(others) == 1:
            return f"The other way to do the same, “{others[0]['label']}”, leaves less"
        return f"None of the {len(others)} other ways to do the same clearly beats the plan as written"
    if len(others) == 1:
        return f"The other way to do the same, “{others[0]['label']}”, saves money"
    if len(better) == len(others):
        return f"Each of the {len(others)} other ways to do the same saves money"
    verb = "saves" if len(better) == 1 else "save"
    return f"{len(better)} of the {len(others)} other ways to do the same {verb} money"


def _facts(rows: Sequence[Row]) -> list[str]:
    """What the dearest way would cost, where it is out of all proportion."""
    worst = min(rows, key=lambda row: row["saving_usd"]["mean"])
    lost = -worst["saving_usd"]["mean"]
    plan = next(row for row in rows if row["option"] == AS_WRITTEN)
    if lost <= 2 * plan["total_usd"]["mean"]:
        return []
    return [f"“{worst['label']}” would cost {shown(lost, 'USD')} more than the plan as written."]


def _decision(rows: Sequence[Row]) -> DecisionTable:
    months = list(rows[0]["cost_usd_by_month"])
    best = 0 if rows[0]["option"] != AS_WRITTEN else None
    bars = differences([row["saving_usd"] for row in rows], best)
    made = [
        Choice(
            row["label"],
            _about(row),
            bar,
            "" if row["option"] == AS_WRITTEN else averaged(row["saving_usd"]),
            [
                share(row["wins_share_of_draws"]),
                *(shown(row["cost_usd_by_month"][month]["mean"]) for month in months),
                shown(row["cash_needed_usd"]["mean"]),
                "–" if row["option"] == AS_WRITTEN else f"{row['months_to_get_there']:.0f}",
            ],
            row is rows[0],
        )
        for row, bar in zip(rows, bars, strict=True)
    ]
    costs = [f"cost by month {month}" for month in months]
    head = ("Option", "Saves, USD", "best in, of draws", *costs, "cash needed", "months to get there")
    return DecisionTable(head, made, "Every way to meet the same demand, USD, the best first")


def _about(row: Row) -> str:
    """What it asks for beside the money; "" for the plan as written."""
    if row["option"] == AS_WRITTEN:
        return ""
    models = "" if row["models"] == SAME_MODELS else f"answered by {row['models']}; "
    return f"{models}commits to {row['commits_to']}"


def _typed(row: Row) -> tuple[str, str]:
    return row["label"], typed(row["set"])


def _table(rows: Sequence[Row]) -> Table:
    months = list(rows[0]["cost_usd_by_month"])
    head = ["Option"]
    for name in ("saves", "margin", *(f"cost by month {month}" for month in months), "cash needed"):
        head += [f"{name}, {MEAN_HEAD[0]}", *MEAN_HEAD[1:]]
    cells = [
        [
            row["label"],
            *mean_cells(row["saving_usd"]),
            *mean_cells(row["margin_usd"]),
            *(cell for month in months for cell in mean_cells(row["cost_usd_by_month"][month])),
            *mean_cells(row["cash_needed_usd"]),
        ]
        for row in rows
    ]
    return Table(head, cells, f"{plural(len(rows), 'way')} to meet the same demand, USD, with 90 % intervals")
