"""The verdict and the decision table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import Page, Style, glued
from truecost.report.phrases import around_mean, averaged, loose, plural, share, shown
from truecost.report.tables import Column, table

Verdict = Mapping[str, Any]
Row = Mapping[str, Any]


def verdict(found: Verdict, page: Page) -> None:
    """What to do, in one sentence, then what has to be known about it."""
    page.text(loose(found["sentence"]), Style.STRONG)
    for sentence in conditions(found):
        page.text(loose(sentence))
    page.blank()


def conditions(found: Verdict) -> list[str]:
    """What the sentence does not say: other models, a commitment, the time it takes."""
    kept = found["with_the_models_of_the_plan"]
    said: list[str] = []
    if kept is not None:
        if kept["option"] == "as_written":
            said.append(
                "Test those answers first: with the plan's own models nothing beats the plan as written."
            )
        else:
            said.append("Test those answers first.")
            saved = averaged(kept["saving_usd"], "USD")
            said.append(f"With the models of the plan, {kept['label']} is best and saves {saved}.")
    if found["months_to_get_there"] >= 1:
        said.append(
            f"Time to get there: {_months(found['months_to_get_there'])}; commits to {found['commits_to']}."
        )
    return [" ".join(said)] if said else []


def _months(count: float) -> str:
    return glued(f"about {plural(round(count), 'month')}")


def options(rows: Sequence[Row], page: Page, *, everything: bool = False) -> None:
    """Every option: what it costs by when, what it saves, in how many draws it wins, the cash it needs."""
    applying = [row for row in rows if row["applies"]]
    if len(applying) < 2:
        return
    page.heading(f"Every way to do the same, USD, on the first {applying[0]['draws']:,} draws")
    months = list(applying[0]["cost_usd_by_month"])
    columns = [
        Column("option", wraps=True),
        *(Column(f"by month\n{m}", right=True, optional=m != months[-1]) for m in months),
        Column("saves", right=True),
        Column("90 %\ninterval", right=True, optional=True),
        Column("best\nin", right=True),
        Column("cash\nneeded", right=True),
        Column("months\naway", right=True),
    ]
    page.extend(table(columns, [_cells(row, months) for row in applying], page.width))
    if everything:
        for row in applying:
            page.item(f"{row['label']}: answered by {row['models']}; commits to {row['commits_to']}.")
        for row in rows:
            if not row["applies"]:
                page.item(f"{row['label']}: no option here; {row['why']}.")


def _cells(row: Row, months: Sequence[str]) -> list[str]:
    is_plan = row["option"] == "as_written"
    return [
        row["label"],
        *(shown(row["cost_usd_by_month"][m]["mean"]) for m in months),
        "" if is_plan else shown(row["saving_usd"]["mean"]),
        "" if is_plan else around_mean(row["saving_usd"]),
        share(row["wins_share_of_draws"]),
        shown(row["cash_needed_usd"]["mean"]),
        "" if is_plan else f"{row['months_to_get_there']:.0f}",
    ]


def fine_tune_or_retrieve(found: Mapping[str, Any] | None, page: Page) -> None:
    """The same knowledge in the weights or in the prompt."""
    if found is None:
        return
    page.heading("Fine-tune or retrieve: the same knowledge, USD over the plan")
    columns = [
        Column("way", wraps=True), Column("input tokens\na call", right=True), Column("a query", right=True),
        Column("training,\nrefresh", right=True), Column("finding\npassages", right=True),
        Column("in all", right=True),
    ]  # fmt: skip
    rows = [
        [
            way["label"],
            shown(way["input_tokens_per_call"]["mean"]),
            shown(way["usd_per_query"]["mean"]),
            shown(way["training_and_refresh_usd"]["mean"]),
            shown(way["retrieval_usd"]["mean"]),
            shown(way["total_usd"]["mean"]),
        ]
        for way in found["ways"]
    ]
    page.extend(table(columns, rows, page.width))
    page.text(loose(crossing(found["crossing"])))


def crossing(found: Mapping[str, Any] | None) -> str:
    """The volume at which one overtakes the other; "" where there is nothing to compare."""
    if found is None:
        return ""
    leader, other = ("Fine-tuning", "retrieval") if found["fine_tune_leads"] else ("Retrieval", "fine-tuning")
    if found["queries_per_month"] is None:
        return f"{leader} costs less than {other} over an API at every volume tried."
    volume = glued(f"{shown(found['queries_per_month'])} queries a month")
    return f"{leader} costs less from {volume} up ({shown(found['users_factor'])} x the plan's users)."
