"""Fine-tune or retrieve: the same knowledge in the weights or in the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.parts import Whole, stacked
from truecost.report.charts.svg import figure
from truecost.report.decision_text import crossing
from truecost.report.phrases import averaged, loose, shown
from truecost.report.sections.section import MEAN_HEAD, Section, Statement, Table, mean_cells

PARTS = ("training and refresh", "finding passages", "the rest: answering, people, all else")
CLOSE = 0.03
"""Of the whole: what differs by less is nearly the same."""
Way = Mapping[str, Any]


def knowledge(statement: Statement) -> Section | None:
    """What each way to give a model its knowledge costs over the plan, and how long its prompts are."""
    found = statement.get("options", {}).get("fine_tune_or_retrieve")
    if found is None:
        return None
    ways = found["ways"]
    wholes = [_whole(way) for way in ways]
    said = crossing(found["crossing"])
    return Section(
        "fine-tune-or-retrieve",
        _title(ways),
        "Everything the plan costs when its models get their knowledge in this way, USD, means; the thin "
        "line spans 90 % of the draws of the whole.",
        figure(
            lambda width: stacked(wholes, PARTS, width), "; ".join(f"{w.label}: {w.shown}" for w in wholes)
        ),
        facts=[loose(said)] if said else [],
        tables=[_table(ways)],
    )


def _title(ways: list[Way]) -> str:
    best, second = ways[0], ways[1]
    less = second["total_usd"]["mean"] - best["total_usd"]["mean"]
    if less < CLOSE * best["total_usd"]["mean"]:
        either = f"To {_lower(best['label'])} or to {_lower(second['label'])}"
        return f"{either}: nearly the same, {shown(less, 'USD')} apart"
    return f"{best['label']}: {shown(less, 'USD')} cheaper than to {_lower(second['label'])}"


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:].replace(",", "")


def _whole(way: Way) -> Whole:
    training, finding = (way[key]["mean"] for key in ("training_and_refresh_usd", "retrieval_usd"))
    total = way["total_usd"]
    return Whole(
        way["label"],
        f"{shown(way['input_tokens_per_call']['mean'], 'tokens')} a call",
        (training, finding, max(total["mean"] - training - finding, 0.0)),
        total["p5"],
        total["p95"],
        averaged(total, "USD"),
    )


def _table(ways: list[Way]) -> Table:
    columns = {
        "total_usd": "In all",
        "training_and_refresh_usd": "Training and refresh",
        "retrieval_usd": "Finding passages",
        "usd_per_query": "A query",
        "input_tokens_per_call": "Input tokens a call",
    }
    head = ["Way"]
    for name in columns.values():
        head += [f"{name}, {MEAN_HEAD[0]}", *MEAN_HEAD[1:]]
    rows = [[way["label"], *(cell for key in columns for cell in mean_cells(way[key]))] for way in ways]
    return Table(head, rows, "Fine-tuning against retrieval for the same demand, USD over the plan")
