"""The prices and the users at which the plan would earn just what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.rows import Mark, Row, spans
from truecost.report.charts.svg import figure
from truecost.report.phrases import has, ranged, share, shown
from truecost.report.sections.section import (
    MEDIAN_HEAD,
    SPANS,
    Absent,
    Section,
    Statement,
    Table,
    median_cells,
)
from truecost.report.sections.shock import times

NONE_BELOW = 1e-6
"""Fewer users than this is none: what rounding leaves of a zero."""
RARE = 0.005
"""Draws fewer than this are not worth a sentence."""


def zero_margin(statement: Statement) -> Section | Absent:
    """Multiples of the plan's own prices and users, on one scale; the amounts in the table."""
    multiple = statement["break_even"]["price_multiple_for_zero_margin"]
    if not has(multiple) or not multiple["p50"] > 0:
        return Absent("Prices and users at zero margin", "the plan earns nothing")
    planned = {row["tier"]: row for row in statement["tiers"]}
    rows = [
        Row(
            "All prices together",
            multiple["p5"],
            multiple["p50"],
            multiple["p95"],
            times(multiple),
            accent=True,
        )
    ]
    tiers = statement["break_even"]["tiers"]
    for tier in tiers:
        rows += _tier_rows(tier, planned[tier["tier"]], statement["horizon_months"])
    return Section(
        "zero-margin",
        _title(multiple),
        "Multiples of what the plan has (1 ×) at which the margin over the plan is zero, each changed alone, "
        f"nobody leaving because of it. {SPANS}",
        figure(lambda width: spans(rows, width, times, [Mark(1.0, "as planned")]), _said(rows)),
        facts=[fact for tier in tiers for fact in _facts(tier, planned[tier["tier"]], statement)],
        tables=[_table(multiple, tiers)],
    )


def _said(rows: list[Row]) -> str:
    return "; ".join(f"{row.label}: {row.shown}" for row in rows)


def _title(multiple: Mapping[str, float]) -> str:
    median = shown(multiple["p50"])
    if multiple["p50"] > 1:
        return f"To break even, prices would have to be {median} times as high"
    return f"It would still break even at {median} times its prices"


def _tier_rows(tier: Mapping[str, Any], plan: Mapping[str, Any], months: int) -> list[Row]:
    """Price and users of one tier over those it has; users only where a number of them would do."""
    rows: list[Row] = []
    price, paid = tier["usd_per_user_month_for_zero_margin"], plan["revenue_per_user_month_usd"]["mean"]
    users, planned = tier["users_for_zero_margin"], plan["user_months"]["mean"] / months
    if has(price) and paid > 0 and price["p50"] > 0:
        rows.append(_row(f"Price of “{tier['tier']}”", price, paid, "USD/user-month"))
    if has(users) and planned > 0 and users["p50"] > NONE_BELOW * planned:
        rows.append(_row(f"Users of “{tier['tier']}”", users, planned, "users"))
    return rows


def _row(label: str, needed: Mapping[str, float], planned: float, unit: str) -> Row:
    low, middle, high = (needed[point] / planned for point in ("p5", "p50", "p95"))
    return Row(label, low, middle, high, ranged(needed, unit), f"planned {shown(planned, unit)}")


def _facts(tier: Mapping[str, Any], plan: Mapping[str, Any], statement: Statement) -> list[str]:
    users, name = tier["users_for_zero_margin"], f"“{tier['tier']}”"
    if users is None:
        return [f"{name} pays by contract: what it pays does not change with its users."]
    happens = users["share_of_draws"]
    planned = plan["user_months"]["mean"] / statement["horizon_months"]
    if not happens:
        return [f"No number of users of {name} brings the margin to zero."]
    facts: list[str] = []
    if users["p50"] <= NONE_BELOW * planned:
        facts.append(f"Any number of users of {name} breaks even, all else as planned.")
    if happens < 1 - RARE:
        facts.append(f"In {share(1 - happens)} of the draws no number of users of {name} would do.")
    return facts


def _table(multiple: Mapping[str, float], tiers: list[Mapping[str, Any]]) -> Table:
    rows = [["All prices, multiple of the plan's", *median_cells(multiple)]]
    for tier in tiers:
        if tier["users_for_zero_margin"] is None:
            continue
        rows.append(
            [
                f"Price of “{tier['tier']}”, USD/user-month",
                *median_cells(tier["usd_per_user_month_for_zero_margin"]),
            ]
        )
        rows.append(
            [f"Users of “{tier['tier']}”, mean over the plan", *median_cells(tier["users_for_zero_margin"])]
        )
    return Table(
        ("At zero margin", *MEDIAN_HEAD), rows, "Prices and users at which the plan earns what it costs"
    )
