"""A search and a comparison of chips as plain values, for `--json` and every page."""

from __future__ import annotations

from typing import Any

from truecost.training.checks import slow_link
from truecost.training.clusters import Cluster, Comparison, Goal
from truecost.training.explore import Explored
from truecost.training.frontier import Basis, Point
from truecost.training.result import layout_told
from truecost.training.search import Found
from truecost.training.setups import Described


def search_told(explored: Explored) -> dict[str, Any]:
    """The layouts that fit, the fastest first; the stated one beside them; days against USD over chips."""
    found, fewer = explored.search, explored.frontier
    stated = explored.stated
    return {
        "examined": found.examined,
        "fit": found.fit,
        "binds": found.binds,
        "usable_memory_bytes_per_chip": found.usable_bytes_per_chip,
        "layouts": [found_told(one) for one in found.table],
        "stated": found_told(stated) if stated else None,
        "stated_slower_by": explored.stated_slower_by,
        "basis": explored.paid or fewer.basis,
        "frontier": [
            point_told(point, fewer.basis) | {"undominated": point in fewer.undominated}
            for point in fewer.points
        ],
        "chips_without_layout": list(fewer.without_layout),
    }


def found_told(one: Found) -> dict[str, Any]:
    """One layout, its step and memory."""
    return {
        "step_time_s": one.step_time_s,
        "memory_bytes_per_chip": one.memory_bytes_per_chip,
        "layout": layout_told(one.setup),
    }


def point_told(point: Point, basis: Basis) -> dict[str, Any]:
    """The run on some number of one chip; `_p5` and `_p95` are the ends of 90 % intervals."""
    cost = point.usd_spread(basis)
    return {
        "accelerator": point.accelerator,
        "count": point.count,
        "days": point.days,
        "days_p5": float(point.days_spread.p5),
        "days_p95": float(point.days_spread.p95),
        "chip_hours": point.chip_hours,
        "energy_kwh": point.energy_kwh,
        "cost_usd": point.usd(basis),
        "cost_usd_p5": None if cost is None else float(cost.p5),
        "cost_usd_p95": None if cost is None else float(cost.p95),
        "rent_usd": point.rent_usd,
        "own_usd": point.own_usd,
        **found_told(point.found),
    }


def comparison_told(comparison: Comparison, one: Described | None = None) -> dict[str, Any]:
    """Chips side by side under a deadline and a budget; `one` is the case they were compared for."""
    goal, best = comparison.goal, comparison.best
    return {
        "deadline_days": goal.deadline_days,
        "budget_usd": goal.budget_usd,
        "basis": one.spec.price.basis if one else goal.basis,
        "not_held": dict(one.fixed) if one else {},
        "best": best.accelerator if best else None,
        "reason": comparison.reason,
        "clusters": [_cluster_told(cluster, goal) for cluster in comparison.clusters],
        "frontier": [point_told(point, goal.basis) for point in comparison.undominated],
    }


def _cluster_told(cluster: Cluster, goal: Goal) -> dict[str, Any]:
    basis, pick = goal.basis, cluster.pick
    return {
        "accelerator": cluster.accelerator,
        "meets_deadline": cluster.meets_deadline,
        "meets_budget": cluster.meets_budget,
        "chance_of_deadline": goal.chance_of_deadline(pick) if pick else None,
        "chance_of_budget": goal.chance_of_budget(pick) if pick else None,
        "verdict": goal.verdict(pick) if pick else "",
        "warning": slow_link(pick.found.setup.accelerator) if pick and pick.count > 1 else "",
        "reason": cluster.reason,
        "why_not_owned": cluster.why_not_owned,
        "pick": point_told(pick, basis) if pick else None,
        "points": [point_told(point, basis) for point in cluster.points],
    }
