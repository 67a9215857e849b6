"""The same plan under other circumstances, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.charts.rows import Mark, Row, dots
from truecost.report.charts.svg import figure
from truecost.report.phrases import averaged, has, months, negated, share, shown
from truecost.report.sections.section import (
    MEAN_HEAD,
    Absent,
    Listing,
    Section,
    Statement,
    Table,
    mean_cells,
)

Scenario = Mapping[str, Any]
PLAN = "plan"
MIXTURE = "mixture"


def scenarios(statement: Statement) -> Section | Absent | None:
    """What is left under each scenario (without revenue: what it costs), with the verdict it would bring."""
    rows: Sequence[Scenario] = statement.get("scenarios", ())
    if not rows:
        return None
    applying = [row for row in rows if row["applies"]]
    refused = [(row["name"], row["why_not"]) for row in rows if not row["applies"]]
    if len(applying) < 2:
        whys = list(dict.fromkeys(why for _, why in refused))
        return Absent(
            "Scenarios", whys[0] if len(whys) == 1 else "none that ships changes anything in this plan"
        )
    key = "margin_usd" if _earns(statement) else "total_usd"
    applying = [_with_verdict(row, statement) for row in applying]
    drawn = [_row(row, key) for row in applying]
    marks = [Mark(0.0, "break-even")] if key == "margin_usd" and _spans_zero(applying) else []
    noun = "What is left: revenue less all cost" if key == "margin_usd" else "What it costs"
    return Section(
        "scenarios",
        _title(applying, key),
        f"{noun}, USD over the plan. The bar spans 90 % of the draws, the dot is the mean.",
        figure(
            lambda width: dots(drawn, width, shown, marks), "; ".join(f"{r.label}: {r.shown}" for r in drawn)
        ),
        facts=_facts(applying),
        tables=[_table(applying)],
        listings=[
            Listing(
                "What each scenario is", [(_name(row), _about(row)) for row in applying if row["description"]]
            ),
            *([Listing("Scenarios that change nothing here", refused)] if refused else []),
        ],
    )


def _earns(statement: Statement) -> bool:
    revenue = statement["revenue_usd"]
    return has(revenue) and revenue["p95"] > 0


def _with_verdict(row: Scenario, statement: Statement) -> Scenario:
    """The plan as written with the verdict of the page; the mixture has none."""
    found = statement.get("verdict")
    if row["kind"] != PLAN or row["verdict"] or found is None or found["second"] is None:
        return row
    return {**row, "verdict": {"option": found["option"], "label": found["label"]}}


def _spans_zero(rows: Sequence[Scenario]) -> bool:
    ends = [row["margin_usd"][point] for row in rows for point in ("p5", "p95")]
    return min(ends) < 0 < max(ends)


def _name(row: Scenario) -> str:
    if row["kind"] != "scenario":
        return {PLAN: "As written", MIXTURE: "All of them, weighted"}[row["kind"]]
    name = row["name"].replace("consolidation-", "consolidation: ").replace("-passed-on", ", passed on")
    name = name.replace("-", " ").replace("_", " ")
    return name[:1].upper() + name[1:]


def _row(row: Scenario, key: str) -> Row:
    value = row[key]
    parts = (
        [f"{share(row['probability'])} likely"]
        if row["probability"] is not None and row["kind"] != MIXTURE
        else []
    )
    if row["verdict"]:
        parts.append(f"best: {row['verdict']['label']}")
    return Row(
        _name(row),
        value["p5"],
        value["mean"],
        value["p95"],
        averaged(value, "USD"),
        "; ".join(parts),
        row["kind"] == PLAN,
    )


def _title(rows: Sequence[Scenario], key: str) -> str:
    """The worst of them against the plan; that the verdict stands, or under how many it does not."""
    plan, others = rows[0], [row for row in rows[1:] if row["kind"] == "scenario"]
    is_margin = key == "margin_usd"
    worst = min(others, key=lambda row: row["margin_usd"]["mean"] if is_margin else -row["total_usd"]["mean"])
    change = worst["margin_change_usd"]["mean"]
    other_verdicts = [
        r
        for r in others
        if r["verdict"] and plan["verdict"] and r["verdict"]["option"] != plan["verdict"]["option"]
    ]
    verdict = ""
    if plan["verdict"] and any(row["verdict"] for row in others):
        number = len(other_verdicts)
        verdict = (
            f"; {number} of {len(others)} scenarios change the verdict"
            if number
            else "; none changes the verdict"
        )
        if number == 1:
            verdict = f"; 1 of {len(others)} scenarios changes the verdict"
    if change >= 0:
        return f"No scenario costs more than the plan as written{verdict}"
    return f"“{_name(worst)}” would cost {shown(-change, 'USD')}{verdict}"


def _facts(rows: Sequence[Scenario]) -> list[str]:
    """Where another way would be the best, and the mixture."""
    plan = rows[0]
    under: dict[str, list[str]] = {}
    for row in rows[1:]:
        if row["verdict"] and plan["verdict"] and row["verdict"]["option"] != plan["verdict"]["option"]:
            under.setdefault(row["verdict"]["label"], []).append(_name(row))
    facts = [f"“{label}” would be the best way under: {'; '.join(names)}." for label, names in under.items()]
    mixture = next((row for row in rows if row["kind"] == MIXTURE), None)
    if mixture is not None:
        margin = mixture["margin_usd"]
        left = (
            f"loses {averaged(negated(margin), 'USD')}"
            if margin["mean"] < 0
            else f"leaves {averaged(margin, 'USD')}"
        )
        facts.append(f"Weighted by how likely they are said to be, the plan {left}.")
    return facts


def _about(row: Scenario) -> str:
    unknown = "; ".join(row["unknown"])
    return f"{row['description']} Not known: {unknown}." if unknown else row["description"]


def _table(rows: Sequence[Scenario]) -> Table:
    head = ["Scenario", "Name", "Best way"]
    for name in ("Cost", "Revenue", "Left", "Change against the plan"):
        head += [f"{name}, {MEAN_HEAD[0]}", *MEAN_HEAD[1:]]
    head += ["Gross margin", "Runway"]
    cells = [
        [
            _name(row),
            row["name"],
            row["verdict"]["label"] if row["verdict"] else "",
            *(
                c
                for k in ("total_usd", "revenue_usd", "margin_usd", "margin_change_usd")
                for c in mean_cells(row[k])
            ),
            averaged(row["gross_margin_share"], "share") if has(row["gross_margin_share"]) else "",
            "" if row["runway_months"] is None else months(row["runway_months"], "lasts to the end"),
        ]
        for row in rows
    ]
    return Table(head, cells, "The plan under each scenario, USD over the plan", words=3)
