"""What users and queries a user alone do: to queries, to revenue, to the lines that follow them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from truecost.plan.panel.axes import OWN, QUERIES, USERS, Axis, geometric
from truecost.plan.panel.interpolation import Settings, Table, over
from truecost.plan.panel.probe import TRAFFIC
from truecost.plan.panel.thinning import thinned
from truecost.ranges import FloatArray

SIDES = (1, 16, 5)
"""Knots of users or queries on each side of the plan's own, where a cap or a market bends none, one, both."""
CERTAIN = 1e-9
"""A deviation below this share of the mean is none."""
LEFT = "left"
"""What a cap or a market leaves of the bent traffic: queries over the plan's own, the rest as it is."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """A grid over users and queries a user; `bent` are those that queries are not proportional to."""

    users: FloatArray
    queries: FloatArray
    bent: tuple[str, ...]

    @classmethod
    def of(cls, axes: Mapping[str, Axis], proportional: frozenset[str]) -> Traffic:
        """Three knots where the answer is a straight line, many where it is bent."""
        bent = tuple(key for key in TRAFFIC if key not in proportional)
        users, queries = (geometric(axes[k], SIDES[len(bent)] if k in bent else 1) for k in (USERS, QUERIES))
        return cls(users, queries, bent)

    @property
    def own(self) -> int:
        """Which of the settings is the plan's own."""
        users, queries = (int(np.flatnonzero(each == 1.0)[0]) for each in (self.users, self.queries))
        return users * len(self.queries) + queries

    @property
    def count(self) -> int:
        """How many settings there are."""
        return len(self.users) * len(self.queries)

    def settings(self) -> dict[str, FloatArray]:
        """All settings, one after the other."""
        users, queries = (each.ravel() for each in np.meshgrid(self.users, self.queries, indexing="ij"))
        return {key: np.full(self.count, own) for key, own in OWN.items()} | {USERS: users, QUERIES: queries}

    def table(self, values: FloatArray, kept: Iterable[str] = TRAFFIC) -> Table:
        """Values at all settings, (settings, ...), over the sliders kept; of the other its own setting."""
        grid = values.reshape(len(self.users), len(self.queries), *values.shape[1:])
        return over({USERS: self.users, QUERIES: self.queries}, kept, grid)

    def multiple(self, values: FloatArray | None) -> Table:
        """Means of values (settings, draws) over the plan's own, and widths, see `widths`; 1 without any."""
        means = np.zeros(self.count) if values is None else values.mean(axis=1)
        if values is None or not means[self.own]:
            return Table((), np.ones(2))
        both = np.stack([means / means[self.own], widths(means, values.std(axis=1), self.own)], axis=-1)
        return Table.of(thinned(self.table(both), np.array([2e-4, 1e-2]), np.array([1e-6, 1e-2])).plain())


def widths(means: FloatArray, deviations: FloatArray, own: int) -> FloatArray:
    """Standard deviation over mean, in multiples of that at the plan's own setting; 1 where it has none."""
    relative = deviations / np.where(means > 0, means, 1.0)
    return relative / relative[own] if relative[own] > CERTAIN else np.ones_like(relative)


def with_left(settings: Settings, queries: Table, bent: Iterable[str]) -> dict[str, FloatArray]:
    """Settings with what is left of the bent traffic in each, under `LEFT`."""
    alone = {k: v if k in bent else np.full_like(v, OWN[k]) for k, v in settings.items()}
    own = {key: np.array([value]) for key, value in OWN.items()}
    left = queries.at(alone)[:, 0] / queries.at(own)[:, 0]
    return {**settings, LEFT: np.broadcast_to(left, next(iter(settings.values())).shape)}
