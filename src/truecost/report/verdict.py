"""The answer: what it costs all in, what it earns, and the figures that decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.crossing_text import passes
from truecost.report.layout import Page, Style, glued
from truecost.report.phrases import (
    STATISTICS,
    averaged,
    has,
    loose,
    month,
    months,
    negated,
    plural,
    share,
    shown,
)
from truecost.report.tables import Column, table

Statement = Mapping[str, Any]
UNIT_COSTS = (
    ("usd_per_query", "a query"),
    ("usd_per_mtok", "a million tokens"),
    ("usd_per_active_user_month", "an active user a month"),
    ("usd_per_successful_task", "a task done"),
)
TASK = "usd_per_successful_task"
"""Where no class has a task, each query is one, and its cost is not told twice."""


def title(statement: Statement, page: Page) -> None:
    """The name, and the terms under which every number holds."""
    page.title(statement["name"])
    page.text(_terms(statement), Style.FAINT)
    page.blank()


def write(statement: Statement, page: Page, *, everything: bool) -> None:
    """The verdict in sentences, the key figures."""
    page.text(all_in(statement), Style.STRONG)
    for sentence in (result(statement), quotable(statement)):
        if sentence:
            page.text(loose(sentence))
    columns = [Column(""), Column("", wraps=True)]
    page.extend(table(columns, key_figures(statement, everything=everything), page.width))


def _terms(statement: Statement) -> str:
    overlay = statement["catalog_overlay"]
    return (
        f"Prices as of {statement['as_of']}; {plural(statement['horizon_months'], 'month')} from "
        f"{statement['start']}; {plural(statement['draws'], 'draw')} (seed {statement['seed']}). {STATISTICS}"
        + (f" Catalog overlaid by {overlay}." if overlay else "")
    )


def all_in(statement: Statement) -> str:
    """The first sentence: the all-in cost."""
    span = plural(statement["horizon_months"], "month")
    return f"All in, this costs {averaged(statement['total_usd'], 'USD')} over {glued(span)}."


def result(statement: Statement) -> str:
    """What comes in against it, and what is left; "" for a plan without revenue."""
    revenue, margin = statement["revenue_usd"], statement["margin_usd"]
    if not has(revenue) or not revenue["p95"] > 0:
        return ""
    earns = f"It earns {averaged(revenue, 'USD')}"
    if margin["p95"] < 0:
        return f"{earns} and so loses {averaged(negated(margin), 'USD')}."
    if margin["p5"] >= 0:
        return f"{earns} and so leaves {averaged(margin, 'USD')}."
    likelier = "a loss" if margin["p50"] < 0 else "a gain"
    return f"{earns}, so what is left is {averaged(margin, 'USD')}: {likelier} more often than not."


def quotable(statement: Statement) -> str:
    """How much of it is in the number that people quote."""
    tip = statement["iceberg"]
    part = tip["quotable_share"]
    if not part:
        return ""
    return (
        f"The number that gets quoted, {_the(tip['quotable'])}, is {averaged(tip['quotable_usd'], 'USD')}: "
        f"{share(part)} of the cost."
    )


def _the(name: str) -> str:
    return name if name.startswith(("tokens", "the ")) else f"the {name}"


def key_figures(statement: Statement, *, everything: bool) -> list[list[str]]:
    """Rows of (what, value) for the figures that the plan has; those that follow from others on demand."""
    units = statement["unit_costs"]
    told = [
        cost
        for cost in UNIT_COSTS
        if has(units[cost[0]]) and not (cost[0] == TASK and units[TASK] == units["usd_per_query"])
    ]
    kept = told if everything else told[:1]
    rows = [[f"{noun} {_costs(noun)}", averaged(units[key], "USD")] for key, noun in kept]
    if rows and has(earned := units["revenue_usd_per_query"]) and earned["p95"] > 0:
        rows[0][1] += f", earns {shown(earned['mean'])}"
    rows += _margins(statement)
    if everything and (part := inference_share(statement)):
        rows.append(["inference, share of all cost", averaged(part, "share")])
    return rows + _months(statement) + _present_values(statement, everything=everything)


def _costs(noun: str) -> str:
    return "cost" if noun.endswith("tokens") else "costs"


def _margins(statement: Statement) -> list[list[str]]:
    units = statement["unit_costs"]
    rows: list[list[str]] = []
    more, average = units["marginal_revenue_usd_per_query"], units["revenue_usd_per_query"]
    if has(units["marginal_usd_per_query"]):
        flat = not (has(more) and more["p95"] > 0) and has(average) and average["p95"] > 0
        costs = averaged(units["marginal_usd_per_query"], "USD")
        rows.append(["one more query costs", f"{costs}, earns nothing" if flat else costs])
    if has(more) and more["p95"] > 0:
        rows.append(["one more query earns", averaged(more, "USD")])
    if has(statement["gross_margin_share"]):
        rows.append(["gross margin", averaged(statement["gross_margin_share"], "share")])
    return rows


def inference_share(statement: Statement) -> dict[str, float] | None:
    """Serving's share of all cost as the lines have it: mean over mean, beside the interval of the draws."""
    total, part = statement["total_usd"]["mean"], statement["inference_share"]
    if not total or not has(part) or not part["p95"] > 0:
        return None
    served = sum(line["cost_usd"]["mean"] for line in statement["lines"] if line["group"] == "Inference")
    return {**part, "mean": served / total}


def _months(statement: Statement) -> list[list[str]]:
    never = f"not within {glued(plural(statement['horizon_months'], 'month'))}"
    rows: list[list[str]] = []
    if statement["crossover_month"] is not None:
        rows.append(["inference passes training", passes(statement)])
    if statement["payback_month"] is not None:
        rows.append(["paid back", month(statement["payback_month"], never)])
    if statement["runway_months"] is not None:
        rows.append(["runway", months(statement["runway_months"], "lasts to the end")])
    return rows


def _present_values(statement: Statement, *, everything: bool) -> list[list[str]]:
    named = [("net_present_value_usd", "net present value")]
    if everything:
        named.insert(0, ("discounted_total_usd", "cost, discounted"))
    return [[noun, averaged(statement[key], "USD")] for key, noun in named if has(statement[key])]
