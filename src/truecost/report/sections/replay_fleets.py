"""Sections of a comparison of fleets: the fleets, cost against latency, what one step cheaper would break."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.charts.frontier import Axes, Kind, Limit, Place, days_against_usd
from truecost.report.charts.svg import figure
from truecost.report.phrases import plural, share, shown
from truecost.report.replay_fleets_text import STEPS
from truecost.report.sections.replay_run import named
from truecost.report.sections.section import Choice, DecisionTable, Listing, Section, Table
from truecost.report.sections.training_choices import mini_bar, unbroken

Told = Mapping[str, Any]
MOST = 12
"""Fleets in the open table; the folded one has them all."""
KEEPING_FIRST = "those that keep the SLO, the cheapest first, then the others, the closest first"
FAR = 10.0
"""Times the SLO, from which on a fleet does not serve: it is not drawn."""


def fleets(told: Told) -> Section:
    """The fleets that can run it, those that keep the SLO first, and why the others cannot."""
    possible = [row for row in told["fleets"] if row["possible"]]
    keeping = [row for row in possible if row["meets_slo"]]
    open_rows = possible[:MOST]
    most = max((row["usd_per_month"] or 0.0 for row in open_rows), default=0.0) or 1.0
    rows = [_row(row, most, best=row["fleet"] == told["best"]) for row in open_rows]
    refused = [(row["fleet"], row["reason"]) for row in told["fleets"] if not row["possible"]]
    keep, run = ("keeps", "runs") if len(keeping) == 1 else ("keep", "run")
    what = f"{keep} the SLO" if told["slo"] else f"{run} it"
    limits = ", ".join(f"{named(name)} ≤ {shown(value, 's')}" for name, value in told["slo"].items())
    first = f" The first {MOST} are shown; the table has all." if len(possible) > MOST else ""
    return Section(
        "fleets",
        f"{len(keeping):,} of {plural(len(told['fleets']), 'fleet')} {what}",
        f"{f'{limits}. ' if limits else ''}Each fleet in its best layout: "
        f"{KEEPING_FIRST if limits else 'the cheapest first'}; the bar is USD a month.{first}",
        decision=DecisionTable(
            ("Fleet", "A month", "TTFT p99", "TPOT p99", "in steps", "a million output tokens", "SLO"),
            rows,
            "Fleets, each in its best layout",
        )
        if rows
        else None,
        tables=[_all(possible)] if len(possible) > MOST else [],
        listings=[Listing("Fleets that cannot run it", refused)] if refused else [],
    )


def _row(row: Told, most: float, *, best: bool) -> Choice:
    month = row["usd_per_month"]
    return Choice(
        unbroken(row["fleet"]),
        _layout(row),
        mini_bar((month or 0.0) / most, best=best),
        "unknown" if month is None else shown(month, "USD"),
        [
            shown(row["ttft_p99_s"], "s"),
            shown(row["tpot_p99_s"], "s"),
            share(row["utilization"]),
            shown(row["usd_per_million_output_tokens"], "USD") or "unknown",
            kept(row),
        ],
        best,
    )


def _layout(row: Told) -> str:
    """How many chips a replica has, and what is told apart by: precision and term."""
    said = f"{plural(row['replicas'], 'replica')} of {row['tensor_parallel_size']}"
    more = [str(row[name]).replace("_", " ") for name in ("weights", "term") if row.get(name)]
    return ", ".join([said, *more])


def kept(row: Told) -> str:
    """Whether a fleet keeps the SLO, how surely, and by how much it does not."""
    if not row["slo"]:
        return "none"
    if not row["meets_slo"]:
        over = row["worst_over"]
        far = over is None or not math.isfinite(over) or over > FAR
        return f"over {FAR:g} times" if far else f"{shown(over)} times the limit"
    return {True: "met, surely", False: "met, in the middle", None: "met"}[row.get("sure")]


def _all(possible: Sequence[Told]) -> Table:
    rows = [
        [
            row["fleet"],
            _layout(row),
            shown(row["usd_per_month"], "USD") or "unknown",
            shown(row["ttft_p99_s"], "s"),
            shown(row["tpot_p99_s"], "s"),
            share(row["utilization"]),
            kept(row),
        ]
        for row in possible
    ]
    head = ("fleet", "layout", "a month", "TTFT p99", "TPOT p99", "in steps", "SLO")
    return Table(head, rows, "Every fleet that can run it", words=2)


def frontier(told: Told) -> Section | None:
    """Cost against latency; None where fewer than two fleets have a price and serve."""
    axis = "worst_over" if told["slo"] else "ttft_p99_s"
    drawn = [row for row in told["fleets"] if row["possible"] and _is_drawn(row, axis)]
    best_of = [row for row in told["frontier"] if _is_drawn(row, axis)]
    if len(drawn) < 2 or not best_of:
        return None
    names = {_key(row) for row in best_of}
    others = [row for row in drawn if _key(row) not in names]
    sorts = [("none is both cheaper and faster", best_of, True), *_others(others, has_slo=bool(told["slo"]))]
    kinds = [
        Kind(name, [_place(row, axis, told, best=accent) for row in rows], accent, joined=accent)
        for name, rows, accent in sorts
        if rows
    ]
    axes = _axes(axis)
    limit = Limit(1.0, "the SLO") if told["slo"] else None
    left_out = sum(1 for row in told["fleets"] if row["possible"]) - len(drawn)
    unseen = f" Not drawn: {plural(left_out, 'fleet')} without a price or over ten times the SLO."
    title = _frontier_title(best_of, axis, "fleet that is drawn" if left_out else "fleet")
    return Section(
        "frontier",
        title,
        f"{'Right of the line a limit is missed; the' if limit else 'The'} ring is the pick. Equal steps to "
        f"the right are equal ratios.{unseen if left_out else ''}",
        figure(lambda width: days_against_usd(kinds, axes, width, limit), f"{title}."),
        tables=[_frontier_table(told["frontier"])],
    )


def _is_drawn(row: Told, axis: str) -> bool:
    value = row[axis]
    if row["usd_per_month"] is None or value is None or not value > 0 or not math.isfinite(value):
        return False
    return axis != "worst_over" or value <= FAR


def _key(row: Told) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("fleet", "tensor_parallel_size", "replicas", "weights", "term"))


def _others(rows: Sequence[Told], *, has_slo: bool) -> list[tuple[str, list[Told], bool]]:
    if not has_slo:
        return [("other fleets", list(rows), False)]
    return [
        ("others that keep the SLO", [row for row in rows if row["meets_slo"]], False),
        ("others that miss it", [row for row in rows if not row["meets_slo"]], False),
    ]


def _place(row: Told, axis: str, told: Told, *, best: bool) -> Place:
    latency = f"{shown(row[axis])} times the SLO" if axis == "worst_over" else shown(row[axis], "s")
    hint = f"{row['fleet']}, {_layout(row)}: {shown(row['usd_per_month'], 'USD')} a month, {latency}"
    picked = best and row["fleet"] == told["best"]
    return Place(row[axis], row["usd_per_month"], unbroken(row["fleet"]), hint, best, picked)


def _axes(axis: str) -> Axes:
    said = "the worst latency over its limit" if axis == "worst_over" else "first token, p99"
    unit = "" if axis == "worst_over" else "s"
    return Axes(said, "USD a month", lambda value: shown(value, unit), shown, most=math.inf)


def _frontier_title(best_of: Sequence[Told], axis: str, fleet: str) -> str:
    cheapest = min(best_of, key=lambda row: row["usd_per_month"])
    fastest = min(best_of, key=lambda row: row[axis])
    if cheapest is fastest:
        return f"{unbroken(cheapest['fleet'])} is both the cheapest and the fastest"
    times = fastest["usd_per_month"] / cheapest["usd_per_month"]
    faster = cheapest[axis] / fastest[axis]
    return (
        f"From the cheapest {fleet} to the fastest, {shown(faster)} times as fast costs {shown(times)} "
        "times as much"
    )


def _frontier_table(rows: Sequence[Told]) -> Table:
    cells = [
        [
            row["fleet"],
            _layout(row),
            shown(row["usd_per_month"], "USD") or "unknown",
            shown(row["ttft_p99_s"], "s"),
            shown(row["tpot_p99_s"], "s"),
            shown(row["worst_over"]) if row["worst_over"] is not None else "",
        ]
        for row in rows
    ]
    head = ("fleet", "layout", "a month", "TTFT p99", "TPOT p99", "worst over its limit")
    return Table(head, cells, "Fleets that none beats in both, the cheapest first", words=2)


def cheaper(told: Told) -> Section | None:
    """What one step cheaper would save and break; None where there is none."""
    steps = told["one_step_cheaper"]
    if not steps:
        return None
    possible = [step for step in steps if step["possible"]]
    most = max((step["saves_usd_per_hour"] or 0.0 for step in possible), default=0.0) or 1.0
    rows = [_step(step, most) for step in steps]
    broken = sorted({name for step in possible for name in _breaks(step)})
    if broken:
        title = f"One step cheaper breaks {' and '.join(broken)}"
    elif possible:
        title = "One step cheaper would keep the SLO too"
    else:
        title = "Nothing is one step cheaper and holds the model"
    return Section(
        "one-step-cheaper",
        title,
        f"From {unbroken(told['best'] or '')}, the pick: what is a step cheaper, what it saves, and which "
        "limits it then misses.",
        decision=DecisionTable(
            ("A step", "Saves", "of the pick", "breaks"), rows, "What one step cheaper saves and breaks"
        ),
    )


def _breaks(step: Told) -> list[str]:
    return [named(one["limit"]) for one in step["breaks"]]


def _step(step: Told, most: float) -> Choice:
    said = STEPS[step["step"]]
    if not step["possible"]:
        return Choice(said, unbroken(step["fleet"]), mini_bar(0.0, best=False), "", ["", step["reason"]])
    saves = step["saves_usd_per_hour"]
    broken = [
        f"{named(one['limit'])} {shown(one['value_s'], 's')}, limit {shown(one['limit_s'], 's')}"
        for one in step["breaks"]
    ]
    return Choice(
        said,
        f"{unbroken(step['fleet'])}, {_layout(step)}",
        mini_bar((saves or 0.0) / most, best=False),
        "unknown" if saves is None else f"{shown(saves, 'USD')} an hour",
        [share(step["saves_share"]), "; ".join(broken) or "nothing"],
    )
