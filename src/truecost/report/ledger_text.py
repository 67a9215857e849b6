"""The human ledger, for a terminal: whose hours a model is made of, and what they bring home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from truecost.report.layout import Page
from truecost.report.phrases import averaged, loose, share, shown
from truecost.report.tables import Column, table

Statement = Mapping[str, Any]
UNKNOWN = "unknown"
"""A figure an hour of a task whose hours nobody states."""


def write(statement: Statement, page: Page) -> None:
    """Nothing where no judgement is paid for."""
    ledger = statement["human_ledger"]
    if ledger is None:
        return
    page.heading("The human ledger, USD an hour, means")
    rows = [_row(name, task) for name, task in ledger["tasks"].items()]
    columns = [
        Column("task", wraps=True), Column("hours", right=True), Column("paid", right=True),
        Column("firm", right=True), Column("take-home", right=True), Column("living", right=True),
        Column("where"),
    ]  # fmt: skip
    page.extend(table(columns, rows, page.width))
    for sentence in sentences(statement):
        page.item(loose(sentence))


def task_name(key: str) -> str:
    """A task as a reader calls it.

    >>> task_name("annotation.labels"), task_name("rlhf")
    ('Annotation, labels', 'RLHF comparisons')
    """
    known = {"rlhf": "RLHF comparisons", "red_team": "Red-teaming"}
    return known.get(key) or f"Annotation, {key.removeprefix('annotation.').replace('_', ' ')}"


def country_name(key: str) -> str:
    """A country by the key of its living wage.

    >>> country_name("kenya"), country_name("us")
    ('Kenya', 'the US')
    """
    return "the US" if key == "us" else key.replace("_", " ").title()


def _row(name: str, task: Mapping[str, Any]) -> list[str]:
    def mean(key: str) -> str:
        return shown(task[key]["mean"]) if key in task else ""

    def timed(key: str) -> str:
        return mean(key) or UNKNOWN

    firm = share(task["intermediary_share"]["mean"]) if "intermediary_share" in task else "none"
    return [
        task_name(name),
        timed("hours"),
        timed("buyer_usd_per_hour"),
        firm,
        timed("take_home_usd_per_hour"),
        mean("living_wage_usd_per_hour"),
        country_name(task["country"]) if task["country"] else "not stated",
    ]


def sentences(statement: Statement) -> Iterator[str]:
    """The sums, exposure, and what a living wage would add."""
    ledger = statement["human_ledger"]
    paid, home = (averaged(ledger[key], "USD") for key in ("buyer_usd", "take_home_usd"))
    yield f"People's judgement is bought for {paid}; {home} of it is taken home."
    if ledger["hours"] is not None:
        timed = all("hours" in task for task in ledger["tasks"].values())
        yield f"It takes {averaged(ledger['hours'], 'hours')}{'' if timed else ', where the time is known'}."
    exposed = ledger["harmful_hours"]
    if exposed is None:
        yield "How many of these hours meet harmful content is not stated."
    else:
        yield f"{averaged(exposed, 'hours')} of them, as stated, meet harmful content."
    added = ledger["to_living_wage_usd"]
    if added is None:
        yield "Where people work is not stated: take-home is not set against a living wage."
        return
    part = averaged(ledger["to_living_wage_share_of_plan"], "share")
    yield f"A living wage where it is not reached would add {averaged(added, 'USD')}, {part} of the plan."
