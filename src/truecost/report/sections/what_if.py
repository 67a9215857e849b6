"""The same plan with prices, users, use, cache or chips moved: five sliders over what the engine computed.

The page says what the panel of the plan says (`truecost.plan.panel`), anchored at the statement's own
numbers. Without a script, and on paper, it shows the plan's own values and a table of one move at a time.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from truecost.plan.panel.estimate import Estimate, estimate, setting
from truecost.report.charts.timeline import horizon
from truecost.report.phrases import Ranged, around_mean, has, plural, share, shown
from truecost.report.sections.section import Absent, Section, Statement, Table, mean_cells

NAMES = {
    "price": "API prices",
    "users": "Users",
    "queries": "Queries a user",
    "cache": "Cached input",
    "utilization": "Utilization of chips",
}
TABLE = {
    "price": (0.5, 2.0, 3.0, 5.0),
    "users": (0.5, 2.0, 5.0, 10.0),
    "queries": (0.5, 2.0, 5.0),
    "cache": (-1.0, 0.5, 1.0),
    "utilization": (0.5, 0.8, 1.5),
}
"""One move at a time: what the table shows of each slider, as far as it goes."""
FROM_STDIN = {"stdin": "-", "": "SPEC"}
"""What stands for a plan that is no file."""
TWICE = ("price", "users", "queries")
STEPPED = 0.01
"""Largest error from which on the page says where it comes from."""
NOTHING_MOVES = "neither API prices, users, queries, cached input nor the utilization of chips change it"


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a setting comes to; `query` is None where nothing is asked, `margin` where nothing is earned."""

    cost: Ranged
    margin: Ranged | None
    query: Ranged | None


@dataclass(frozen=True, slots=True)
class Slider:
    """One slider as the page shows it: `own` is its place among the stops, `said` its own value in words."""

    key: str
    name: str
    last: int
    own: int
    said: str
    ends: tuple[str, str]
    still: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the panel: number, unit, interval."""

    key: str
    what: str
    value: str
    unit: str
    interval: str


@dataclass(frozen=True, slots=True)
class Controls(Section):
    """A section with sliders: what the page shows of them, and what its script computes with."""

    answers: Sequence[Answer] = ()
    sliders: Sequence[Slider] = ()
    command: str = ""
    decided: Sequence[str] = ()
    payload: str = ""


def what_if(statement: Statement) -> Section | Absent | None:
    """The panel; nothing on a page whose statement was made without one."""
    if "what_if" not in statement:
        return None
    panel = statement["what_if"]
    if panel is None or not has(statement["total_usd"]):
        return Absent("What if", NOTHING_MOVES)
    return Controls(
        "what-if",
        title(statement),
        f"Move a slider: the plan with everything else as it is. {precision(panel)}",
        tables=[_table(statement)],
        answers=answers(statement),
        sliders=sliders(panel),
        command=commands(panel)[0],
        decided=panel["decided"],
        payload=json.dumps(payload(statement), separators=(",", ":")),
    )


def amounts(statement: Statement, **changes: float) -> Amounts:
    """What the plan comes to with sliders moved; at its own setting exactly what the statement says."""
    panel = statement["what_if"]
    return _anchored(statement, estimate(panel, setting(**changes)))


def _anchored(statement: Statement, said: Estimate) -> Amounts:
    total, revenue, margin = (statement[key] for key in ("total_usd", "revenue_usd", "margin_usd"))
    query = statement["unit_costs"]["usd_per_query"]
    cost = total["mean"] * float(said.cost[0])
    earned = revenue["mean"] * float(said.revenue[0])
    left = margin["mean"] + (earned - revenue["mean"]) - (cost - total["mean"])
    own_size = total["mean"] + revenue["mean"]
    by_query = query["mean"] * float(said.cost_per_query[0]) if has(query) else 0.0
    return Amounts(
        _range(cost, cost, _ends(total, total["mean"]), said.cost_ends),
        _range(left, cost + earned, _ends(margin, own_size), said.margin_ends)
        if has_revenue(statement)
        else None,
        _range(by_query, by_query, _ends(query, query["mean"]), said.query_ends) if has(query) else None,
    )


def _ends(value: Ranged, size: float) -> tuple[float, float]:
    """The ends less the mean, over a size."""
    return (value["p5"] - value["mean"]) / size, (value["p95"] - value["mean"]) / size


def _range(mean: float, size: float, own: tuple[float, float], moved: Any) -> Ranged:
    low, high = (mean + size * (before + float(more[0])) for before, more in zip(own, moved, strict=True))
    return {"p5": low, "p50": mean, "p95": high, "mean": mean}


def has_revenue(statement: Statement) -> bool:
    """Whether the plan earns anything, so that its margin is worth a figure."""
    return has(statement["revenue_usd"]) and statement["revenue_usd"]["p95"] > 0


def title(statement: Statement) -> str:
    """The finding: which of prices, users and queries, doubled, changes the cost most."""
    panel = statement["what_if"]
    moving = [axis["key"] for axis in panel["axes"] if axis["key"] in TWICE and not axis["still"]]
    if not moving:
        return _busier(statement)
    own = statement["total_usd"]["mean"]
    more = {key: amounts(statement, **{key: 2.0}).cost["mean"] - own for key in moving}
    first, *others = sorted(more, key=lambda key: -abs(more[key]))
    nouns = {"price": "API prices", "users": "users", "queries": "queries a user"}
    said = f"Twice the {nouns[first]} would cost {shown(more[first], 'USD')} more"
    beside = [
        f"twice the {nouns[key]} {shown(more[key], 'USD')}" for key in others if round(more[key] / own, 3)
    ]
    return f"{said}, {' and '.join(beside)}" if beside else said


def _busier(statement: Statement) -> str:
    """For a plan that only chips and caches move."""
    saved = statement["total_usd"]["mean"] - amounts(statement, utilization=1.1).cost["mean"]
    if saved <= 0:
        return "What if"
    return f"A tenth more work from every chip would save {shown(saved, 'USD')}"


def precision(panel: Mapping[str, Any]) -> str:
    """How the answers come about, and how far they were off."""
    error = panel["error"]
    most, usual, ends = (_within(error[key]) for key in ("cost_most", "cost_mean", "ends_mean"))
    steps = " Own chips come in whole replicas: between settings such steps are smoothed."
    return (
        f"Answers are interpolated from {plural(panel['knots'], 'setting')} that the engine computed. At "
        f"{error['settings']} others the mean cost was within {most} of the engine's, on average within "
        f"{usual}; the ends of its range, on average within {ends} of it."
        + (steps if error["cost_most"] > STEPPED else "")
    )


def _within(error: float) -> str:
    """An error as a share, rounded up.

    >>> _within(0.00551).replace(chr(160), " "), _within(2e-7).replace(chr(160), " ")
    ('0.56 %', '0.01 %')
    """
    digits = 4 if error < 0.1 else 2
    return share(max(ceil(error * 10**digits), 1) / 10**digits)


def answers(statement: Statement) -> list[Answer]:
    """The plan's own, as the headline has them."""
    months, own = statement["horizon_months"], amounts(statement)
    found = [_answer("cost", f"all in, over {horizon(months)}", own.cost)]
    if months > 1:
        monthly: Any = {point: value / months for point, value in own.cost.items()}
        found.append(_answer("month", "a month, on average", monthly))
    if own.query is not None:
        found.append(_answer("query", "a query, everything in", own.query))
    if own.margin is not None:
        found.append(_answer("margin", "margin: revenue less all cost", own.margin))
    return found


def _answer(key: str, what: str, value: Ranged) -> Answer:
    digits, _, unit = shown(value["mean"], "USD").partition("\N{NO-BREAK SPACE}")
    return Answer(key, what, digits, unit, around_mean(value, "USD"))


def sliders(panel: Mapping[str, Any]) -> list[Slider]:
    """All five; those that move nothing say why."""
    found: list[Slider] = []
    for axis in panel["axes"]:
        stops = axis["stops"]
        ends = tuple(_factor(axis, stop) for stop in (stops[0], stops[-1]))
        found.append(
            Slider(
                axis["key"],
                NAMES[axis["key"]],
                len(stops) - 1,
                stops.index(axis["own"]),
                said(axis, axis["own"]),
                (ends[0], ends[1]),
                axis["still"],
            )
        )
    return found


def _factor(axis: Mapping[str, Any], value: float) -> str:
    """A stop by itself: "3 ×"; of the cache the share it leads to."""
    if axis["key"] != "cache" or axis["natural"] is None:
        return f"{shown(value)}\N{NO-BREAK SPACE}×"
    return share(_cached(axis, value))


def _cached(axis: Mapping[str, Any], added: float) -> float:
    """The cached share with so much of the rest added, or so much of it taken away."""
    before = axis["natural"]
    return before + (1 - before) * added if added >= 0 else before * (1 + added)


def said(axis: Mapping[str, Any], value: float) -> str:
    """A setting in the plan's units: "24.5 k in the first month"; "" where there are none.

    >>> said({"key": "users", "natural": 8150.0, "unit": "users"}, 2).replace(chr(160), " ")
    '16.3 k in the first month'
    """
    natural = axis["natural"]
    if natural is None:
        return ""
    if axis["key"] == "cache":
        return share(_cached(axis, value))
    if axis["key"] == "utilization":
        return f"{share(min(natural * value, 1.0))} {axis['unit'].removeprefix('share ')}"
    if axis["key"] == "queries":
        return f"{shown(natural * value)} a day"
    return f"{shown(natural * value, 'USD/Mtok' if axis['key'] == 'price' else '')} in the first month"


def commands(panel: Mapping[str, Any]) -> tuple[str, str, str]:
    """The command for the plan as it is; and what stands before and after a change of the sliders."""
    spec = panel["spec"]
    plan = f"truecost plan {FROM_STDIN.get(spec) or shlex.quote(spec)}"
    before = "".join(f"{json.dumps(change)}, " for change in panel["what_if"])
    after = "".join(f" --set {shlex.quote(each)}" for each in panel["decided"])
    return plan, f"{plan} --set 'what_if=[{before}", f"]'{after}"


def _table(statement: Statement) -> Table:
    """One slider at a time."""
    rows = [_row("As planned", amounts(statement))]
    for axis, value in _moves(statement["what_if"]):
        name = f"{NAMES[axis['key']]}: {_factor(axis, value)}"
        rows.append(_row(name, amounts(statement, **{axis["key"]: value})))
    head = ("One move at a time", "All in, mean", "5 %", "95 %", "Margin, mean", "A query, mean")
    return Table(head, rows, "What if: one slider moved at a time, USD over the plan")


def _moves(panel: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], float]]:
    for axis in panel["axes"]:
        if axis["still"]:
            continue
        inside = {min(max(value, axis["low"]), axis["high"]) for value in TABLE[axis["key"]]}
        yield from ((axis, value) for value in sorted(inside) if value != axis["own"])


def _row(name: str, value: Amounts) -> Sequence[str]:
    margin, query = (shown(each["mean"], "USD") if each else "" for each in (value.margin, value.query))
    return [name, *mean_cells(value.cost, "USD"), margin, query]


def payload(statement: Statement) -> dict[str, Any]:
    """What the script of the page computes with: the panel and the numbers it starts from."""
    panel = statement["what_if"]
    keys = ("axes", "bent", "parts", "revenue", "revenue_share", "revenue_draws", "queries", "query_draws")
    query = statement["unit_costs"]["usd_per_query"]
    points = ("p5", "mean", "p95")
    plan, before, after = commands(panel)
    return {key: panel[key] for key in keys} | {
        "total": {p: statement["total_usd"][p] for p in points},
        "margin": {p: statement["margin_usd"][p] for p in points} if has_revenue(statement) else None,
        "earned": statement["revenue_usd"]["mean"],
        "query": {p: query[p] for p in points} if has(query) else None,
        "months": statement["horizon_months"],
        "command": [plan, before, after],
    }
