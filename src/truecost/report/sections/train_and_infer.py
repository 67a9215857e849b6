"""Training against inference: of what each is made; all else that tells them apart is in the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.rows import Row, bars
from truecost.report.charts.svg import figure
from truecost.report.phrases import averaged
from truecost.report.sections.section import BARS, Absent, Section, Statement, Table
from truecost.report.train_and_infer_text import cell, finding

SHARE_OF = "share of "
LEAST = 0.005
SIDES = ("training", "inference")


def train_and_infer(statement: Statement) -> Section | Absent | None:
    """The cost structure of both sides, and the table of aspects; nothing where no answer was computed."""
    if "training_against_inference" not in statement:
        return None
    told = statement["training_against_inference"]
    if told is None:
        return Absent("Training against inference", "the plan does not have both")
    title = finding(told)
    drawn = list(_shares(told))
    return Section(
        "training-against-inference",
        title,
        "The share of each kind of payee in the cost of training (all that makes the model) and of inference "
        f"(all that answers with it). {BARS} Elasticities are in the table: per cent of cost a per cent of "
        "what moves it, the plan evaluated again with a tenth more and less.",
        figure(lambda width: bars(drawn, width), title),
        tables=[_table(told)],
    )


def _shares(told: Mapping[str, Any]) -> list[Row]:
    """A bar for every kind of payee that matters on either side."""
    rows: list[Row] = []
    for side in SIDES:
        for row in told["rows"]:
            value = row[side]
            if not row["what"].startswith(SHARE_OF) or value is None or value["mean"] < LEAST:
                continue
            kind = row["what"].removeprefix(SHARE_OF)
            shown = averaged(value, "share")
            accent = side == "inference"
            rows.append(Row(f"{side}: {kind}", value["p5"], value["mean"], value["p95"], shown, "", accent))
    return rows


def _table(told: Mapping[str, Any]) -> Table:
    rows = [
        [row["aspect"], row["what"], *(cell(row[side], row["unit"]) for side in SIDES)]
        for row in told["rows"]
    ]
    caption = "Training against inference: means with their 90 % interval"
    return Table(("Aspect", "Measure", "Training", "Inference"), rows, caption, words=2)
