"""The inference wall: the best size of the model by what it serves, and where serving passes training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.sizes import Curve, Mark, curve
from truecost.report.charts.svg import figure
from truecost.report.phrases import has, shown
from truecost.report.sections.section import (
    Absent,
    Section,
    Statement,
    Table,
    mean_cells,
    median_cells,
)
from truecost.report.wall_text import NAMES, SIZED, findings, standing

ROWS = (
    ("FLOPs of the final run", "training_flops", "FLOP"),
    ("Parameters of the plan's model", "parameters", ""),
    ("Its training tokens", "training_tokens", ""),
    ("Tokens it serves", "served_tokens", ""),
    ("A million of them", "usd_per_mtok", "USD"),
    ("A FLOP of serving over one of training, in money", "serving_price", "x"),
    ("Tokens from which serving costs more than the run", "tokens_at_training_budget", ""),
    ("The same, the model sized for them", SIZED, ""),
)
BEST = (
    ("Best size over the life: parameters", "parameters", ""),
    ("Its training tokens", "training_tokens", ""),
    ("Its training", "training_usd", "USD"),
    ("Its serving", "serving_usd", "USD"),
    ("Saved", "saving_usd", "USD"),
)
LEVER = (
    ("active parameters", "parameters", ""),
    ("training tokens", "training_tokens", ""),
    ("saved", "saving_usd", "USD"),
    ("the wall at, tokens", SIZED, ""),
)
HEAD = ("Quantity", "middle", "5 %", "95 %")
MIDDLES = "in the middle USD are means, all else medians"


def inference_wall(statement: Statement) -> Section | Absent | None:
    """The curve of best sizes, with the plan and the wall on it."""
    wall = statement.get("inference_wall")
    if wall is None:
        return Absent("The inference wall", "the plan trains no model")
    told = wall["curve"]
    drawn = Curve(
        *(told[key] for key in ("served_tokens", "parameters", "parameters_low", "parameters_high"))
    )
    title = _title(wall)
    names = ("parameters of the cheapest model at the same loss", "tokens served over its life")
    return Section(
        "inference-wall",
        title,
        "The size that costs least to train and serve, all at the loss of the plan's model, by the tokens it "
        "serves: the more, the smaller and the longer trained. The line is the median, the band holds 90 % "
        "of the draws. Beyond 16B parameters, the largest the law was fitted on, it is an extrapolation.",
        figure(lambda width: curve(drawn, _marks(wall), names, width), title),
        facts=[*findings(wall), *standing(wall)],
        tables=[_table(wall), _levers(wall)] if wall["levers"] else [_table(wall)],
    )


def _title(wall: dict[str, Any]) -> str:
    best = wall["lifetime_optimal"]
    if best is None:
        return (
            f"Sized for it, the model costs more to serve than to train from {_tokens(wall[SIZED])} tokens on"
        )
    ratio = best["parameters"]["p50"] / wall["parameters"]["p50"]
    if 0.95 < ratio < 1.05:
        return "The model has about the size that costs least to train and serve"
    if ratio > 1:
        return f"For what it serves, a model {shown(ratio)} times as large would cost less at the same loss"
    smaller = shown(ratio, "share")
    return f"For what it serves, a model with {smaller} of the parameters would cost less at the same loss"


def _tokens(value: Mapping[str, Any]) -> str:
    return shown(value["p50"])


def _marks(wall: dict[str, Any]) -> list[Mark]:
    """The wall, and what the plan serves, where they lie on the curve."""
    served, told = wall["served_tokens"], wall["curve"]["served_tokens"]
    marks = [Mark(wall[SIZED]["p50"], "serving costs what training does")]
    if has(served):
        marks.append(Mark(served["p50"], f"this plan: {_tokens(served)}", is_plan=True))
    return [mark for mark in marks if told[0] <= mark.value <= told[-1]]


def _table(wall: dict[str, Any]) -> Table:
    rows = [[name, *_cells(wall[key], unit)] for name, key, unit in ROWS if wall[key] is not None]
    if wall["lifetime_optimal"] is not None:
        rows += [[name, *_cells(wall["lifetime_optimal"][key], unit)] for name, key, unit in BEST]
    return Table(HEAD, rows, f"The plan's model and the best one; {MIDDLES}")


def _cells(value: dict[str, float], unit: str) -> list[str]:
    """Amounts by their mean, as everywhere; sizes, tokens and multiples by their median."""
    return mean_cells(value, unit) if unit == "USD" else median_cells(value, unit)


def _levers(wall: dict[str, Any]) -> Table:
    rows = [
        [f"{NAMES[name].capitalize()}: {what}", *_cells(found[key], unit)]
        for name, found in wall["levers"].items()
        for what, key, unit in LEVER
        if found[key] is not None
    ]
    return Table(HEAD, rows, f"What moves the size and the wall, each alone; {MIDDLES}")
