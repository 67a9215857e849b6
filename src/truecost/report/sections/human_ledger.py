"""The human ledger: whose hours the model is made of, what they bring home, and a living wage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.rows import Mark, Row, spans
from truecost.report.charts.svg import figure
from truecost.report.ledger_text import country_name, sentences, task_name
from truecost.report.phrases import averaged, share, shown
from truecost.report.sections.section import (
    MEAN_HEAD,
    Absent,
    Section,
    Statement,
    Table,
    mean_cells,
)

HOME = "take_home_usd_per_hour"
LIVING = "living_wage_usd_per_hour"


def human_ledger(statement: Statement) -> Section | Absent:
    """Take-home an hour by task on a scale of equal ratios, living wages marked."""
    ledger = statement["human_ledger"]
    if ledger is None:
        return Absent("The human ledger", "the plan pays for no annotation, comparisons or red-teaming")
    paid = {name: task for name, task in ledger["tasks"].items() if HOME in task and task[HOME]["p50"] > 0}
    if not paid:
        return Absent("The human ledger", "what an hour of its labellers brings home is unknown or nothing")
    rows = [_row(name, task) for name, task in paid.items()]
    wages = {task["country"]: task[LIVING]["mean"] for task in paid.values() if LIVING in task}
    marks = [Mark(value, f"living wage, {country_name(country)}") for country, value in wages.items()]
    label = "; ".join(f"{row.label}: {row.shown}" for row in rows)
    return Section(
        "human_ledger",
        _title(ledger, paid),
        "What an hour of the work brings home, USD, on a scale where equal steps are equal ratios. "
        "The bar spans 90 % of the draws, the dot is the mean.",
        figure(lambda width: spans(rows, width, shown, marks), label),
        facts=list(sentences(statement)),
        tables=[_table(ledger)],
    )


def _row(name: str, task: Mapping[str, Any]) -> Row:
    home = task[HOME]
    where = country_name(task["country"]) if task["country"] else "country not stated"
    firm = (
        f", the firm keeps {share(task['intermediary_share']['mean'])}"
        if "intermediary_share" in task
        else ""
    )
    below = LIVING in task and home["mean"] < task[LIVING]["mean"]
    return Row(
        task_name(name), home["p5"], home["mean"], home["p95"], averaged(home, "USD"), f"{where}{firm}", below
    )


def _title(ledger: Mapping[str, Any], paid: Mapping[str, Any]) -> str:
    kept = 1 - ledger["take_home_usd"]["mean"] / ledger["buyer_usd"]["mean"]
    said = f"Of what is paid for people's judgement, firms between keep {share(kept)}"
    below = [n for n, t in paid.items() if LIVING in t and t[HOME]["mean"] < t[LIVING]["mean"]]
    if not any(LIVING in task for task in paid.values()):
        return said
    if not below:
        return f"{said}; in the mean a living wage is reached where a country is stated"
    return f"{said}; {task_name(below[0])} stays below a living wage"


def _table(ledger: Mapping[str, Any]) -> Table:
    figures = (
        ("hours", "hours", "hours"), ("paid an hour", "buyer_usd_per_hour", "USD"),
        ("kept by the firm", "intermediary_share", "share"), ("taken home an hour", HOME, "USD"),
        ("living wage an hour", LIVING, "USD"), ("hours with harmful content", "harmful_hours", "hours"),
        ("a living wage would add", "to_living_wage_usd", "USD"),
    )  # fmt: skip
    rows = [
        [task_name(name), said, *mean_cells(task[key], unit)]
        for name, task in ledger["tasks"].items()
        for said, key, unit in figures
        if key in task
    ]
    return Table(("Task", "Figure", *MEAN_HEAD), rows, "The human ledger over the plan", words=2)
