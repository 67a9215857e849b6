"""Cost against latency: the fleets that none beats on both, and what one step cheaper would break."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from truecost.replay.fleet_trials import Choice, Impossible, Row, Trials

NEARLY = 0.01
"""A fleet has to be better by this share to be on the frontier beside a cheaper one."""
HOPELESS = 10.0
"""Times the SLO, from which on a fleet is cheap because it does not serve: it is no part of the frontier."""
KEPT = (
    *("fleet", "accelerator", "chips", "tensor_parallel_size", "replicas", "weights", "basis", "term"),
    *("cost_usd", "usd_per_hour", "usd_per_month", "ttft_p99_s", "tpot_p99_s", "worst_over", "meets_slo"),
)
"""What the frontier holds of a fleet."""


def frontier(rows: Iterable[Mapping[str, Any]], limits: Mapping[str, float]) -> list[Row]:
    """The fleets with none at most as dear that is as good, from the cheapest on.

    Good is a small `worst_over`: the tightest limit of the SLO; without one, of the two latencies each user
    sees (first token and further tokens, p99) either. Fleets without a price are left out, and those ten
    times over their SLO.
    """
    axes = ("worst_over",) if limits else ("ttft_p99_s", "tpot_p99_s")
    known = [row for row in rows if row["possible"] and row["usd_per_hour"] is not None]
    if limits:
        known = [row for row in known if row["worst_over"] <= HOPELESS]
    best = dict.fromkeys(axes, math.inf)
    found: list[Row] = []
    for row in sorted(known, key=lambda row: (row["usd_per_hour"], *(_of(row, axis) for axis in axes))):
        better = [axis for axis in axes if _of(row, axis) < best[axis] * (1 - NEARLY)]
        if better:
            found.append({name: row[name] for name in KEPT})
            best |= {axis: min(best[axis], _of(row, axis)) for axis in axes}
    return found


def _of(row: Mapping[str, Any], axis: str) -> float:
    value = row[axis]
    return math.inf if value is None else float(value)


def cheaper_by_itself(trials: Trials, best: Choice) -> Row | None:
    """The same chips, one replica fewer; of a single replica half as many chips. None below one chip."""
    if best.replicas > 1:
        less, step = best._replace(replicas=best.replicas - 1), "one_replica_fewer"
    elif best.width > 1:
        less, step = best._replace(width=best.width // 2), "half_the_width"
    else:
        return None
    try:
        return {"step": step} | trials.row(less)
    except Impossible as refused:
        return {"step": step, "fleet": less.name, "possible": False, "reason": str(refused)}


def cheaper_than(rows: Iterable[Row], best: Row) -> list[Row]:
    """The fleets that cost less an hour than the best and do not keep the SLO, the dearest first."""
    if best["usd_per_hour"] is None:
        return []
    cheaper = [
        row
        for row in rows
        if row["possible"]
        and not row["meets_slo"]
        and row["usd_per_hour"] is not None
        and row["usd_per_hour"] < best["usd_per_hour"]
    ]
    return sorted(cheaper, key=lambda row: (-row["usd_per_hour"], row["worst_over"]))


def broken(step: Row, best: Row) -> Row:
    """A cheaper fleet: what it saves and which limits of the SLO it breaks, by how much."""
    if not step["possible"]:
        return {name: step[name] for name in ("step", "fleet", "possible", "reason")} | {"breaks": []}
    saves = None
    if best["usd_per_hour"] is not None and step["usd_per_hour"] is not None:
        saves = best["usd_per_hour"] - step["usd_per_hour"]
    return {
        "step": step["step"],
        "possible": True,
        "reason": "",
        **{name: step[name] for name in KEPT},
        "saves_usd_per_hour": saves,
        "saves_share": None if saves is None else saves / best["usd_per_hour"],
        "breaks": [
            {name: one[name] for name in ("limit", "limit_s", "value_s", "over", "unanswered")}
            for one in step["slo"]
            if not one["met"]
        ],
    }
