"""The settings that the engine is asked at beyond traffic alone, over as few knots as the plan needs.

What a fleet or an API costs depends on the load, which is users x queries a user, less what a cap or a
market keeps away; and a fleet's on the load over the utilization: so that product is one axis and not three.
API prices are no axis at all: a share of a line is proportional to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from truecost.plan.panel.axes import CACHE, KEYS, OWN, QUERIES, USERS, UTILIZATION, Axis, geometric
from truecost.plan.panel.interpolation import Table, TableAxis, over, product_of
from truecost.plan.panel.probe import TRAFFIC, Response, Responses
from truecost.plan.panel.traffic import LEFT, with_left
from truecost.ranges import FloatArray

CACHE_KNOTS = (-1.0, -0.5, 0.0, 0.5, 1.0)
FREE_SIDES = (0, 1, 2)
"""Knots of bent traffic on each side of the plan's own, where neither, one or both are bent."""


@dataclass(frozen=True, slots=True)
class Key:
    """What lines must have in common to be added up.

    `free` are the sliders that are axes of their own, `of_load` the product that is one more, and `per` the
    product that the values of the table are divided by.
    """

    of_traffic_alone: bool
    free: frozenset[str]
    of_load: tuple[tuple[str, int], ...]
    per: tuple[tuple[str, int], ...]
    price_share: float

    @classmethod
    def of(cls, response: Response, bent: tuple[str, ...]) -> Key:
        """The key of a line.

        The API's part beside own chips grows with the load and is divided by it. So is what both a cap and
        a market bend, unless it is a fleet's.
        """
        is_of_traffic = response.moved_by <= set(TRAFFIC) and not response.price_share
        if response.is_straight or (bent and is_of_traffic):
            return cls(True, response.moved_by, (), (), 0.0)
        merged = [(k, 1) for k in TRAFFIC if k in response.moved_by and k not in bent]
        is_left = bool(bent) and response.moved_by >= set(bent)
        if merged and is_left:
            merged.append((LEFT, 1))
        is_fleet = UTILIZATION in response.moved_by
        is_per_load = is_fleet and response.price_share > 0
        per = merged if is_per_load else [(LEFT, 1)] if is_left and not merged and not is_fleet else []
        load = [*merged, (UTILIZATION, -1)] if is_fleet else merged
        free = response.moved_by - {name for name, _ in load}
        return cls(False, free, tuple(load), tuple(per), response.price_share)


@dataclass(frozen=True, slots=True)
class Grid:
    """Settings for what is more than traffic: free users x free queries x load x cached share."""

    free: Mapping[str, FloatArray]
    load: Mapping[str, FloatArray]
    """Users, queries and utilization that move together along the one axis of the load."""
    cache: FloatArray
    queries: Table
    bent: tuple[str, ...]

    @classmethod
    def of(cls, axes: Mapping[str, Axis], responses: Responses, queries: Table, side: int) -> Grid:
        """The knots of every axis, so many on each side of the plan's own load."""
        bent = tuple(key for key in TRAFFIC if key not in responses.proportional)
        free = {k: geometric(axes[k], FREE_SIDES[len(bent)]) if k in bent else np.ones(1) for k in TRAFFIC}
        curved = [r for r in responses.lines.values() if not Key.of(r, bent).of_traffic_alone]
        moved = frozenset[str]().union(*(r.moved_by for r in curved))
        merged = [key for key in (USERS, QUERIES, UTILIZATION) if key in moved and key not in bent]
        load = {key: geometric(axes[key], side)[:: -1 if key == UTILIZATION else 1] for key in merged}
        cache = np.array(CACHE_KNOTS) if CACHE in moved else np.zeros(1)
        return cls(free, load, cache, queries, bent)._reaching()

    def _reaching(self) -> Grid:
        """The same with a load that reaches as far as with the most and the least that is left."""
        left, carrier = self.left, self.carrier
        if carrier is None or not self.bent:
            return self
        rising = self.load[carrier]
        ends = (rising[0] * left.min(), rising[-1] * left.max())
        wider = geometric(Axis(carrier, *ends, ()), len(rising) // 2)
        return replace(self, load={**self.load, carrier: wider})

    @property
    def carrier(self) -> str | None:
        """Which of users and queries is in the load and makes up for what is left of the other."""
        return next((key for key in TRAFFIC if key in self.load), None)

    @property
    def left(self) -> FloatArray:
        """What is left of the bent traffic at its knots, (free users, free queries)."""
        users, queries = np.meshgrid(self.free[USERS], self.free[QUERIES], indexing="ij")
        free = {key: np.full(users.size, own) for key, own in OWN.items()}
        free |= {USERS: users.ravel(), QUERIES: queries.ravel()}
        return with_left(free, self.queries, self.bent)[LEFT].reshape(users.shape)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Knots of free users, free queries, load and cached share."""
        load = max((len(values) for values in self.load.values()), default=1)
        return len(self.free[USERS]), len(self.free[QUERIES]), load, len(self.cache)

    @property
    def count(self) -> int:
        """How many settings there are."""
        return int(np.prod(self.shape))

    @property
    def own(self) -> int:
        """Which of the settings is the plan's own."""
        return int(np.ravel_multi_index([size // 2 for size in self.shape], self.shape))

    @property
    def busiest(self) -> int:
        """Which of them has the most load, the rest as in the plan."""
        users, queries, load, cache = self.shape
        return int(np.ravel_multi_index((users // 2, queries // 2, load - 1, cache // 2), self.shape))

    def settings(self) -> dict[str, FloatArray]:
        """All settings, one after the other: the same loads with all that is left of the bent traffic."""
        u, q, t, c = (index.ravel() for index in np.indices(self.shape))
        found = {key: self.load[key][t] if key in self.load else np.full(len(t), OWN[key]) for key in KEYS}
        if self.carrier is not None:
            found[self.carrier] = found[self.carrier] / self.left[u, q]
        found[USERS] = found[USERS] * self.free[USERS][u]
        found[QUERIES] = found[QUERIES] * self.free[QUERIES][q]
        found[CACHE] = self.cache[c]
        return found

    def table(self, key: Key, values: FloatArray) -> Table:
        """Means and widths of lines with a key at all settings, (settings, 2), over the axes they need."""
        per = product_of(dict(key.per), with_left(self.settings(), self.queries, self.bent))
        grid = (values / np.stack([per, np.ones_like(per)], axis=-1)).reshape(*self.shape, 2)
        every = {**self.free, "load": np.zeros(0), CACHE: self.cache}
        table = over(every, [*key.free, *(["load"] if key.of_load else [])], grid)
        if not key.of_load:
            return table
        place = next(i for i, axis in enumerate(table.axes) if "load" in axis.of)
        along = product_of(dict(key.of_load), {LEFT: np.ones(self.shape[2]), **self.load})
        knots, first = np.unique(along, return_index=True)
        axes = list(table.axes)
        axes[place] = TableAxis(dict(key.of_load), knots)
        return Table(tuple(axes), np.take(table.values, first, axis=place))
