"""Which way is cheapest at which volume."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from truecost.report.charts.svg import figure
from truecost.report.charts.volumes import Mark, Way, volumes
from truecost.report.phrases import shown
from truecost.report.sections.section import Section, Statement, Table

EVERY = 2
"""Of the volumes drawn, one in so many has a row in the table."""
Curve = Mapping[str, Any]


def decision_curve(statement: Statement) -> Section | None:
    """USD a month against queries a month, a line an option, the crossings and the plan's volume marked."""
    curve = statement.get("options", {}).get("curve")
    if curve is None or len(curve["options"]) < 2:
        return None
    at = curve["queries_per_month"]
    ways = [
        Way(o["label"], o["usd_per_month"], o["usd_per_month_p5"], o["usd_per_month_p95"])
        for o in curve["options"]
    ]
    marks = [Mark(curve["plan_queries_per_month"], f"plan: {shown(curve['plan_queries_per_month'])}", False)]
    marks += [
        Mark(crossing["queries_per_month"], shown(crossing["queries_per_month"]), True)
        for crossing in curve["crossings"]
    ]
    title = _title(curve)
    return Section(
        "decision-curve",
        title,
        "USD a month by queries a month, at a tenth to ten times the plan's users, both on scales where "
        "equal steps are equal ratios. In the accent colour the cheapest way at each volume; bands hold 90 % "
        "of the draws. Layouts and splits are kept as they are at the plan's volume.",
        figure(lambda width: volumes(ways, at, marks, width), title),
        facts=_further(curve),
        tables=[_table(curve)],
    )


def _names(curve: Curve) -> dict[str, str]:
    return {option["option"]: f"“{option['label']}”" for option in curve["options"]}


def _nearest(curve: Curve) -> Mapping[str, Any] | None:
    return min(curve["crossings"], key=lambda c: abs(math.log(c["users_factor"])), default=None)


def _title(curve: Curve) -> str:
    """Of the crossing nearest to the plan's volume; of the way that leads everywhere where there is none."""
    nearest, names = _nearest(curve), _names(curve)
    planned = f"the plan has {shown(curve['plan_queries_per_month'])}"
    if nearest is None:
        cheapest = min(curve["options"], key=lambda o: o["usd_per_month"][len(o["usd_per_month"]) // 2])
        return f"{names[cheapest['option']]} is best at any volume from a tenth to ten times the plan's"
    volume = shown(nearest["queries_per_month"])
    if nearest["users_factor"] >= 1:
        return f"Above {volume} queries a month {names[nearest['to_option']]} is best; {planned}"
    return f"Below {volume} queries a month {names[nearest['from_option']]} is best; {planned}"


def _further(curve: Curve) -> list[str]:
    """The other crossings, in order of volume."""
    nearest, names = _nearest(curve), _names(curve)
    return [
        f"At {shown(crossing['queries_per_month'])} queries a month {names[crossing['to_option']]} takes "
        f"over from {names[crossing['from_option']]}."
        for crossing in curve["crossings"]
        if crossing is not nearest
    ]


def _table(curve: Curve) -> Table:
    head = ["Queries a month"]
    for option in curve["options"]:
        head += [f"{option['label']}, mean", "5 %", "95 %"]
    points = ("usd_per_month", "usd_per_month_p5", "usd_per_month_p95")
    rows = [
        [shown(volume), *(shown(option[point][index]) for option in curve["options"] for point in points)]
        for index, volume in enumerate(curve["queries_per_month"])
        if index % EVERY == 0
    ]
    return Table(head, rows, "USD a month of each option by volume")
