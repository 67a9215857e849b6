"""What to change: from the plan as written to the plan with the best changes together, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.advice_text import named
from truecost.report.charts.svg import figure
from truecost.report.charts.waterfall import Step, waterfall
from truecost.report.phrases import ALMOST_ALL, averaged, plural, share, shown
from truecost.report.sections.section import (
    MEAN_HEAD,
    Absent,
    Listing,
    Section,
    Statement,
    Table,
    mean_cells,
    typed,
)

TYPED = "How to try them together: what to add to the command"
MOST = 8
"""Steps drawn one by one; what is left is one step more."""
Found = Mapping[str, Any]


def advice(statement: Statement) -> Section | Absent | None:
    """The best combination of levers, each step worth what it adds beside those before it."""
    found = statement.get("advice")
    if found is None:
        return None
    together = found["combination"]
    if not together["steps"]:
        tried = len(found["levers"]) + len(found["not_applicable"])
        return Absent(
            "What to change", "no change tried saves on average" if tried else "there is nothing to change"
        )
    steps = _steps(found)
    return Section(
        "advice",
        _title(found),
        "USD a month, means over the plan: how far each change takes the cost down beside those above it, "
        "the thin line spans 90 % of the draws. How strong a change is, is assumed until it is measured; "
        "what it does to the quality of answers is not in these numbers.",
        figure(lambda width: waterfall(steps, width), "; ".join(f"{s.label}: {s.shown}" for s in steps)),
        facts=_facts(together),
        tables=[_table(found)],
        listings=[Listing(TYPED, [("All of them", typed(together["sets"]))], is_code=True)],
    )


def _title(found: Found) -> str:
    together, cost = found["combination"], found["cost_usd_per_month"]["mean"]
    saved = together["saved_usd_per_month"]["mean"]
    of_cost = f", {share(saved / cost)} of what the plan costs" if cost > 0 else ""
    steps = len(together["steps"])
    if steps == 1:
        return f"One change saves {shown(saved, 'USD')} a month{of_cost}"
    return f"{steps} changes together save {shown(saved, 'USD')} a month{of_cost}"


def _steps(found: Found) -> list[Step]:
    together, cost = found["combination"], found["cost_usd_per_month"]["mean"]
    saved = together["saved_usd_per_month"]["mean"]
    every = together["steps"]
    kept = every if len(every) <= MOST + 1 else every[:MOST]
    steps = [Step("The plan as written", 0.0, shown(cost, "USD"), is_sum=True)]
    for step in kept:
        gained = step["gained_usd_per_month"]
        steps.append(Step(named(step), -gained["mean"], shown(-gained["mean"]), interval=_negative(gained)))
    if len(every) > len(kept):
        rest = saved - sum(step["gained_usd_per_month"]["mean"] for step in kept)
        steps.append(Step(plural(len(every) - len(kept), "smaller step"), -rest, shown(-rest)))
    spread = _negative(together["saved_usd_per_month"])
    return [
        *steps,
        Step("With all of them", -saved, shown(cost - saved, "USD"), is_sum=True, interval=spread),
    ]


def _negative(value: Mapping[str, float]) -> tuple[float, float] | None:
    return (-value["p95"], -value["p5"]) if value["p5"] < value["p95"] else None


def _facts(together: Mapping[str, Any]) -> list[str]:
    """The saving with its range, and why it is less than the sum of the parts."""
    saved, apart = together["saved_usd_per_month"], together["sum_of_single_usd_per_month"]
    often = together["share_of_draws_it_saves"]
    doubt = "" if often >= ALMOST_ALL else f"; in {share(1 - often)} of the draws they save nothing"
    facts = [f"Together they save {averaged(saved, 'USD')} a month{doubt}."]
    if len(together["steps"]) > 1 and apart > 1.01 * saved["mean"]:
        facts.append(
            f"Counted one by one they would add up to {shown(apart, 'USD')}: they work on the same calls."
        )
    return facts


def _table(found: Found) -> Table:
    cost = found["cost_usd_per_month"]
    rows = [["The plan as written costs", *mean_cells(cost), ""]]
    for step in found["combination"]["steps"]:
        alone = step["alone_usd_per_month"]
        rows.append([named(step), *mean_cells(step["gained_usd_per_month"]), shown(alone)])
    saved = found["combination"]["saved_usd_per_month"]
    rows.append(
        ["All together save", *mean_cells(saved), shown(found["combination"]["sum_of_single_usd_per_month"])]
    )
    head = (
        "Step",
        *(f"saves here, {point}" if point == "mean" else point for point in MEAN_HEAD),
        "saves alone",
    )
    return Table(head, rows, "The best combination step by step, USD a month")
