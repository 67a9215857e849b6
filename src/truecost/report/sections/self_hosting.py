"""The volume from which chips of one's own cost no more than the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.rows import Row, spans
from truecost.report.charts.svg import figure
from truecost.report.hosting_text import by_stake, over_the_plan, standing
from truecost.report.phrases import averaged, has, ranged, share, shown, words
from truecost.report.sections.section import MEDIAN_HEAD, Absent, Section, Statement, Table, median_cells

UNIT = "tokens"
OVER_THE_PLAN = {
    "api_usd": "API over the plan",
    "own_chips_usd": "Own chips over the plan",
    "saved_usd": "Own chips save",
}
Case = Mapping[str, Any]


def self_hosting(statement: Statement) -> Section | Absent:
    """One row a class that has an API price; the triangle is the plan's own volume in its first month."""
    cases = [case for case in by_stake(statement["break_even"]["self_hosting"]) if _volume(case) is not None]
    if not cases:
        return Absent("Self-hosting volume", "no class has an API price to compare own chips with")
    rows = [_row(case, index == 0) for index, case in enumerate(cases) if has(_volume(case))]
    label = "; ".join(f"{row.label}: {row.shown}" for row in rows)
    return Section(
        "self-hosting",
        _title(cases[0]),
        "Tokens a month, input and output, at the API's list price and today's price of chips. The bar spans "
        "90 % of the draws that have such a volume, the dot is their median, the triangle the plan's first "
        "month. What own chips save counts every month, with the plan's growth and price paths.",
        figure(lambda width: spans(rows, width, shown), label) if rows else None,
        facts=_facts(cases),
        tables=[_table(cases)],
    )


def _volume(case: Case) -> Mapping[str, float] | None:
    return case["self_host_tokens_per_month"]


def _row(case: Case, accent: bool) -> Row:
    volume = case["self_host_tokens_per_month"]
    detail = f"plan: {shown(case['tokens_now'], UNIT)}/month"
    if volume["share_of_draws"] < 1:
        detail += f"; exists in {share(volume['share_of_draws'])} of the draws"
    ends = (volume["p5"], volume["p50"], volume["p95"])
    return Row(case["class"], *ends, ranged(volume, UNIT), detail, accent, case["tokens_now"])


def _title(case: Case) -> str:
    """Of the class with the most at stake: whether own chips pay, at which volume, what they save."""
    volume = case["self_host_tokens_per_month"]
    if not has(volume) or volume["share_of_draws"] < 0.5:
        doubt = f" in {share(1 - volume['share_of_draws'])} of the draws" if volume["share_of_draws"] else ""
        return f"Own chips do not beat the API at any volume{doubt}{over_the_plan(case)}"
    return (
        f"Own chips {standing(case)} for “{case['class']}”: {shown(case['tokens_now'], UNIT)} a month, "
        f"{shown(volume['p50'])} needed{over_the_plan(case)}"
    )


def _facts(cases: list[Case]) -> list[str]:
    """What stands behind the volumes: the own chips of each class, and where there is no such volume."""
    facts: list[str] = []
    for what in dict.fromkeys(_chips(case) for case in cases):
        names = " and ".join(case["class"] for case in cases if _chips(case) == what)
        if any(case["stand_in"] for case in cases if _chips(case) == what):
            facts.append(
                f"For {names} the plan names no model of its own to host: {what}, stands in. Whether its "
                "answers are good enough is not known."
            )
        else:
            facts.append(f"For {names} this is against {what}, as the plan has it.")
    facts += [_saving(case) for case in cases[1:] if has(case["saved_usd"])]
    for case in cases:
        missing = 1 - case["self_host_tokens_per_month"]["share_of_draws"]
        if missing > 0:
            facts.append(
                f"In {share(missing)} of the draws own chips for {case['class']} do not pay at any volume."
            )
    return facts


def _saving(case: Case) -> str:
    return f"Own chips {standing(case)} for {case['class']}{over_the_plan(case)}."


def _chips(case: Case) -> str:
    return f"{case['model']} on {case['chip']}, {words(case['purchase'])}"


def _table(cases: list[Case]) -> Table:
    rows = [
        [
            case["class"],
            f"{_chips(case)}{' (stand-in)' if case['stand_in'] else ''}",
            *median_cells(case["self_host_tokens_per_month"], UNIT),
            share(case["self_host_tokens_per_month"]["share_of_draws"]),
            shown(case["tokens_now"], UNIT),
            *(averaged(case[key], "USD") if has(case[key]) else "" for key in OVER_THE_PLAN),
        ]
        for case in cases
    ]
    head = (
        "Class",
        "Own chips",
        *MEDIAN_HEAD,
        "Draws in which it exists",
        "First month of the plan",
        *OVER_THE_PLAN.values(),
    )
    return Table(head, rows, "Tokens a month from which own chips cost no more than the API", words=2)
