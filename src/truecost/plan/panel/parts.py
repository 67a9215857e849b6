"""Parts of the cost: lines that answer to the same sliders, added up, at every setting of the tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from truecost.plan.panel.coding import coded
from truecost.plan.panel.interpolation import Table
from truecost.plan.panel.load import Grid, Key
from truecost.plan.panel.probe import Responses
from truecost.plan.panel.sampling import Sampled
from truecost.plan.panel.thinning import thinned
from truecost.plan.panel.traffic import CERTAIN, Traffic, widths
from truecost.ranges import FloatArray

SURE_FROM = 0.01
"""Share of the cost from which on a part of it is scaled to its mean over all draws."""
TOLERANCE, LEAST = np.array([2e-4, 1e-2]), np.array([2e-5, 1e-2])
"""Of mean and width: what a table may be off where a knot is left out; the least, in shares of the cost."""


@dataclass(frozen=True, slots=True)
class Part:
    """Lines added up: means in shares of the plan's own cost, and how far the draws spread around them.

    `table` has two values at every knot: the mean, and the standard deviation over the mean, in multiples
    of that at the plan's own setting. `own` are the draws in the plan as it is.
    """

    key: Key
    lines: tuple[str, ...]
    table: Table
    own: FloatArray

    def plain(self) -> dict[str, Any]:
        """As plain values; without draws where they are all the same."""
        is_certain = float(np.ptp(self.own)) <= CERTAIN * float(self.own.mean())
        return {
            **self.table.plain(),
            "per": dict(self.key.per),
            "price_share": self.key.price_share,
            "draws": None if is_certain else coded(self.own),
        }


def parts_of(
    responses: Responses, traffic: tuple[Traffic, Sampled], load: tuple[Grid, Sampled], full: Sampled
) -> list[Part]:
    """The cost in parts; `full` is the plan's own setting and the busiest of the load, on all draws."""
    groups: dict[Key, list[str]] = {}
    for name, response in responses.lines.items():
        groups.setdefault(Key.of(response, traffic[0].bent), []).append(name)
    cost = float(full.cost[0].mean())
    made: list[Part] = []
    for key, names in groups.items():
        known = added(full, names)
        if key.of_traffic_alone:
            grid, drawn = traffic[0], added(traffic[1], names)
            table = grid.table(_values(drawn, [grid.own], known[:1], cost), key.free)
        else:
            grid, drawn = load[0], added(load[1], names)
            table = grid.table(key, _values(drawn, [grid.own, grid.busiest], known, cost))
        made.append(Part(key, tuple(names), thinned(table, TOLERANCE, LEAST), known[0] / cost))
    return made


def _values(drawn: FloatArray, known_at: list[int], known: FloatArray, cost: float) -> FloatArray:
    """Mean and width at every setting, (settings, 2); the first of the known ones is the plan's own."""
    means, deviations = on_all_draws(drawn, drawn[known_at], known, least=SURE_FROM * cost)
    return np.stack([means / cost, widths(means, deviations, known_at[0])], axis=-1)


def on_all_draws(
    drawn: FloatArray, few: FloatArray, full: FloatArray, *, least: float
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation over all draws of what was drawn a few times, (settings, draws).

    Control variates: some settings are known on all draws, `full`, and `few` are the same on the few. With
    the slopes b of the values on them, the mean is mean(values) + b (mean(full) - mean(few)), and the
    variance is var(values) + b (cov(full) - cov(few)) b. Of a setting that is below `least` on average, or
    the same in all draws, nothing is learnt.
    """
    kept = (few.mean(axis=1) >= least) & (few.std(axis=1) > CERTAIN * few.mean(axis=1))
    means, variances = drawn.mean(axis=1), drawn.var(axis=1)
    if not kept.any():
        return means, np.sqrt(variances)
    scale = few[kept].mean(axis=1, keepdims=True)
    near, all_of = few[kept] / scale, full[kept] / scale
    before, after = (np.atleast_2d(np.cov(each, bias=True)) for each in (near, all_of))
    together = (drawn - means[:, None]) @ (near - near.mean(axis=1, keepdims=True)).T / near.shape[1]
    slopes = together @ np.linalg.pinv(before, rcond=1e-9, hermitian=True)
    moved = means + slopes @ (all_of.mean(axis=1) - near.mean(axis=1))
    varied = variances + np.einsum("si,ij,sj->s", slopes, after - before, slopes)
    return np.maximum(moved, 0.0), np.sqrt(np.maximum(varied, 0.0))


def added(sampled: Sampled, names: Iterable[str]) -> FloatArray:
    """Lines added up, (settings, draws)."""
    return np.asarray(sum((sampled.lines[name] for name in names), start=np.zeros_like(sampled.revenue)))
