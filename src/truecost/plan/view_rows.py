"""Footprint and human ledger as the statement tells them: ranges over all draws, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.plan.evaluate import Evaluation
from truecost.plan.flow_rows import event_of
from truecost.plan.footprint import INFERENCE, PASSING, ROOM, TRAINING
from truecost.plan.human_ledger import ROOM as LEDGER
from truecost.plan.human_ledger import TASKS
from truecost.plan.human_ledger import tasks as tasks_of
from truecost.ranges import Ranged, summarize

FIGURES = (
    "final_run_kwh",
    "final_run_tco2e",
    "training_kwh",
    "training_tco2e",
    "inference_kwh",
    "inference_tco2e",
    "kwh",
    "tco2e",
    "water_litres",
    "peak_mw",
    "homes",
    "cars_for_a_year",
)
SUMS = (
    "hours",
    "buyer_usd",
    "take_home_usd",
    "harmful_hours",
    "to_living_wage_usd",
    "to_living_wage_share_of_plan",
)


def footprint_rows(evaluation: Evaluation) -> dict[str, Any]:
    """The key `footprint` of the statement; see docs/result.md."""
    outcomes = evaluation.outcomes
    passing = outcomes.get(PASSING)
    quantities = evaluation.first.quantities
    return {
        **{name: _told(evaluation, f"{ROOM}.{name}") for name in FIGURES},
        "inference_passes_training_month": None if passing is None else event_of(passing),
        "classes": {
            name: {"kwh": summarize(outcomes[key]), "basis": quantities[key].formula}
            for name in evaluation.served
            if (key := f"{ROOM}.classes.{name}.kwh") in outcomes
        },
        "hour_matched": _under(evaluation, f"{ROOM}.hour_matched.") or None,
        "on_other_grids_tco2e": _under(evaluation, f"{ROOM}.on_other_grids_tco2e."),
        "by_month": {
            name.removeprefix(f"{ROOM}."): evaluation.by_month[name].tolist()
            for name in (TRAINING, INFERENCE)
            if name in evaluation.by_month
        },
    }


def human_ledger_rows(evaluation: Evaluation) -> dict[str, Any] | None:
    """The key `human_ledger` of the statement; None for a plan that pays for no judgement."""
    found: dict[str, Any] = {}
    for task in tasks_of(evaluation.plan):
        figures: Mapping[str, Ranged] = _under(evaluation, f"{TASKS}.{task.name}.")
        found[task.name] = {"country": task.spec.country, **figures}
    if not found:
        return None
    return {"tasks": found, **{name: _told(evaluation, f"{LEDGER}.{name}") for name in SUMS}}


def _told(evaluation: Evaluation, key: str) -> Ranged | None:
    values = evaluation.outcomes.get(key)
    return None if values is None else summarize(values)


def _under(evaluation: Evaluation, prefix: str) -> dict[str, Ranged]:
    return {
        key.removeprefix(prefix): summarize(values)
        for key, values in evaluation.outcomes.items()
        if key.startswith(prefix)
    }
