"""The answer: what it costs all in, what it earns, and the figures that decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import Page, Style, glued
from truecost.report.phrases import has, month, months, negated, plural, ranged, share, shown
from truecost.report.tables import Column, table

Statement = Mapping[str, Any]
UNIT_COSTS = (
    ("usd_per_query", "a query", "USD/query"),
    ("usd_per_mtok", "a million tokens", "USD/Mtok"),
    ("usd_per_active_user_month", "an active user a month", "USD/user-month"),
    ("usd_per_successful_task", "a task done", "USD/task"),
)
TASK = "usd_per_successful_task"
"""Where no class has a task, each query is one, and its cost is not told twice."""


def write(statement: Statement, page: Page) -> None:
    """The name, the verdict in sentences, the key figures."""
    page.title(statement["name"])
    page.text(_terms(statement), Style.FAINT)
    page.blank()
    page.text(all_in(statement), Style.STRONG)
    for sentence in (result(statement), quotable(statement)):
        if sentence:
            page.text(sentence)
    page.blank()
    columns = [Column(""), Column("", wraps=True)]
    page.extend(table(columns, key_figures(statement), page.width))


def _terms(statement: Statement) -> str:
    overlay = statement["catalog_overlay"]
    return (
        f"Prices as of {statement['as_of']}; {plural(statement['horizon_months'], 'month')} from "
        f"{statement['start']}. In brackets: the 90 % interval over {plural(statement['draws'], 'draw')} "
        f"(seed {statement['seed']}); medians in sentences, means (which add up) in USD columns."
        + (f" Catalog overlaid by {overlay}." if overlay else "")
    )


def all_in(statement: Statement) -> str:
    """The first sentence: the all-in cost."""
    span = plural(statement["horizon_months"], "month")
    return f"All in, this costs {ranged(statement['total_usd'], 'USD')} over {glued(span)}."


def result(statement: Statement) -> str:
    """What comes in against it, and what is left; "" for a plan without revenue."""
    revenue, margin = statement["revenue_usd"], statement["margin_usd"]
    if not has(revenue) or not revenue["p95"] > 0:
        return ""
    earns = f"It earns {ranged(revenue, 'USD')}"
    if margin["p95"] < 0:
        return f"{earns} and so loses {ranged(negated(margin), 'USD')}."
    if margin["p5"] >= 0:
        return f"{earns} and so leaves {ranged(margin, 'USD')}."
    likelier = "a loss" if margin["p50"] < 0 else "a gain"
    return f"{earns}, so what is left is {ranged(margin, 'USD')}: {likelier} more often than not."


def quotable(statement: Statement) -> str:
    """How much of it is in the number that people quote."""
    tip = statement["iceberg"]
    part = tip["quotable_share"]
    if not part:
        return ""
    return (
        f"The number that gets quoted, {_the(tip['quotable'])}, is {ranged(tip['quotable_usd'], 'USD')}: "
        f"{share(part)} of the cost."
    )


def _the(name: str) -> str:
    return name if name.startswith(("tokens", "the ")) else f"the {name}"


def key_figures(statement: Statement) -> list[list[str]]:
    """Rows of (what, value) for the figures that the plan has."""
    units = statement["unit_costs"]
    told = [
        cost
        for cost in UNIT_COSTS
        if has(units[cost[0]]) and not (cost[0] == TASK and units[TASK] == units["usd_per_query"])
    ]
    rows = [[f"cost of {noun}", ranged(units[key], unit)] for key, noun, unit in told]
    return rows + _margins(statement) + _months(statement) + _present_values(statement)


def _margins(statement: Statement) -> list[list[str]]:
    units = statement["unit_costs"]
    rows: list[list[str]] = []
    if has(units["marginal_usd_per_query"]):
        rows.append(["one more query costs", ranged(units["marginal_usd_per_query"], "USD/query")])
    more, average = units["marginal_revenue_usd_per_query"], units["revenue_usd_per_query"]
    if has(more) and more["p95"] > 0:
        rows.append(["one more query earns", ranged(more, "USD/query")])
    elif has(average) and average["p95"] > 0:
        told = f"nothing: prices are flat (on average {shown(average['p50'], 'USD/query')})"
        rows.append(["one more query earns", told])
    for key, noun in (
        ("gross_margin_share", "gross margin"),
        ("inference_share", "inference, share of all cost"),
    ):
        if has(statement[key]) and any(statement[key].values()):
            rows.append([noun, ranged(statement[key], "share")])
    return rows


def _months(statement: Statement) -> list[list[str]]:
    never = f"not within {glued(plural(statement['horizon_months'], 'month'))}"
    rows: list[list[str]] = []
    for key, noun in (("crossover_month", "inference passes training"), ("payback_month", "paid back")):
        if statement[key] is not None:
            rows.append([noun, month(statement[key], never)])
    if statement["runway_months"] is not None:
        rows.append(["runway", months(statement["runway_months"], "lasts to the end")])
    return rows


def _present_values(statement: Statement) -> list[list[str]]:
    named = (("discounted_total_usd", "cost, discounted"), ("net_present_value_usd", "net present value"))
    return [[noun, ranged(statement[key], "USD")] for key, noun in named if has(statement[key])]
