"""A search and a comparison of chips as plain values, for `--json` and every page."""

from __future__ import annotations

from typing import Any

from truecost.training.clusters import Cluster, Comparison
from truecost.training.explore import Explored
from truecost.training.frontier import Basis, Point
from truecost.training.result import layout_told
from truecost.training.search import Found


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
        "basis": fewer.basis,
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
    """The run on some number of one chip."""
    return {
        "accelerator": point.accelerator,
        "count": point.count,
        "days": point.days,
        "chip_hours": point.chip_hours,
        "energy_kwh": point.energy_kwh,
        "cost_usd": point.usd(basis),
        "rent_usd": point.rent_usd,
        "own_usd": point.own_usd,
        **found_told(point.found),
    }


def comparison_told(comparison: Comparison) -> dict[str, Any]:
    """Chips side by side under a deadline and a budget."""
    goal, best = comparison.goal, comparison.best
    return {
        "deadline_days": goal.deadline_days,
        "budget_usd": goal.budget_usd,
        "basis": goal.basis,
        "best": best.accelerator if best else None,
        "reason": comparison.reason,
        "clusters": [_cluster_told(cluster, goal.basis) for cluster in comparison.clusters],
        "frontier": [point_told(point, goal.basis) for point in comparison.undominated],
    }


def _cluster_told(cluster: Cluster, basis: Basis) -> dict[str, Any]:
    return {
        "accelerator": cluster.accelerator,
        "meets_deadline": cluster.meets_deadline,
        "meets_budget": cluster.meets_budget,
        "reason": cluster.reason,
        "why_not_owned": cluster.why_not_owned,
        "pick": point_told(cluster.pick, basis) if cluster.pick else None,
        "points": [point_told(point, basis) for point in cluster.points],
    }
