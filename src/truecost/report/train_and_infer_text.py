"""Training against inference in words: one row an aspect, both sides beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import Page
from truecost.report.phrases import averaged, loose
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
WATTS_PER_MW = 1e6
UNMOVED = "nothing that can be moved"
UNTOLD = "not told"
"""What the plan does not have or nobody says."""


def of_a_plan(statement: Told, page: Page) -> None:
    """The rows of `training_against_inference`, aspect by aspect."""
    told = statement.get("training_against_inference")
    if told is None:
        return
    page.heading("Training against inference")
    rows: list[list[str]] = []
    last = ""
    for row in told["rows"]:
        aspect = "" if row["aspect"] == last else row["aspect"]
        last = row["aspect"]
        rows.append(
            [
                aspect,
                row["what"],
                *(loose(cell(row[side], row["unit"])) for side in ("training", "inference")),
            ]
        )
    columns = [
        Column(""),
        Column("", wraps=True),
        Column("training", wraps=True),
        Column("inference", wraps=True),
    ]
    page.extend(table(columns, rows, page.width))


def cell(value: Mapping[str, float] | str | None, unit: str) -> str:
    """A value of a row: a mean with its interval, a name, or that it is not told."""
    if value is None:
        return UNTOLD
    if isinstance(value, str):
        return value
    if unit == "elasticity":
        return averaged({point: round(each, 2) for point, each in value.items()})
    if unit == "MW":
        return averaged({point: each * WATTS_PER_MW for point, each in value.items()}, "W")
    return averaged(value, "" if unit == "months" else unit.replace("chip-months", ""))


def finding(told: Told) -> str:
    """The one sentence: how each side is spent, and what it answers to."""
    rows = {(row["aspect"], row["what"]): row for row in told["rows"]}
    lumps = rows["timing", "dearest month over the mean month"]
    best = rows["optimised by", "what its cost answers to most"]
    one, other = (lumps[side]["mean"] for side in ("training", "inference"))
    shape = "comes in lumps" if one > 1.25 * other else "is as even as inference"
    if other > 1.25 * one:
        shape = "is more even than inference"
    return f"Training {shape}; {_answers(best)}"


def _answers(best: Told) -> str:
    training, inference = best["training"], best["inference"]
    if training == inference:
        return f"both answer to {training}" if training != UNMOVED else "no lever tried moves either"
    if UNMOVED in (training, inference):
        side, other = ("it", f"inference answers to {inference}")
        if inference == UNMOVED:
            side, other = ("inference", f"it answers to {training}")
        return f"no lever tried moves {side}, {other}"
    return f"it answers to {training}, inference to {inference}"
