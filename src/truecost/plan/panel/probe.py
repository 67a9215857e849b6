"""What each cost line answers to, found by asking the engine at the ends of every slider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from truecost.plan.panel.axes import PRICE, QUERIES, USERS, Axis
from truecost.plan.panel.sampling import Sampled, sample, settings_of
from truecost.plan.variants import Variants
from truecost.ranges import FloatArray

DRAWS = 16
SAME = 1e-9
"""Of a line's largest value: what differs by less has not moved."""
STRAIGHT = 1e-6
"""Of the same: what is further from a straight line is curved."""
TRAFFIC = (USERS, QUERIES)


@dataclass(frozen=True, slots=True)
class Response:
    """What moves a line. `price_share` of it is proportional to API prices.

    `is_straight` where users and queries alone move it: a + b users + c queries + d users x queries.
    """

    moved_by: frozenset[str]
    price_share: float
    is_straight: bool


@dataclass(frozen=True, slots=True)
class Responses:
    """Of every line and the revenue; the sliders that move anything; what the load is proportional to."""

    lines: Mapping[str, Response]
    revenue: Response
    moving: frozenset[str]
    proportional: frozenset[str]
    """Which of users and queries a user no cap and no market bends."""


@dataclass(frozen=True, slots=True)
class _Probe:
    """Settings asked for: the plan's own, each slider at its ends, the same with the most traffic."""

    ends: Mapping[str, tuple[float, float]]

    @property
    def corners(self) -> tuple[dict[str, float], dict[str, float]]:
        """The least and the most traffic."""
        least, most = ({key: self.ends[key][side] for key in TRAFFIC} for side in (0, 1))
        return least, most

    @property
    def asked(self) -> list[dict[str, float]]:
        """Every setting, as what it changes."""
        ends = [{key: end} for key, both in self.ends.items() for end in both]
        busy = [{**self.corners[1], **end} for end in ends if not end.keys() & set(TRAFFIC)]
        return [{}, *ends, *self.corners, *busy]

    def at(self, values: FloatArray, change: Mapping[str, float]) -> FloatArray:
        """The values at one of the settings, (draws,)."""
        return values[self.asked.index(dict(change))]


def responses(variants: Variants, axes: Mapping[str, Axis]) -> Responses:
    """One evaluation of a few settings and draws."""
    probe = _Probe({key: (axis.low, axis.high) for key, axis in axes.items()})
    sampled = sample(variants, settings_of(probe.asked), DRAWS)
    lines = {name: _response(values, probe) for name, values in sampled.lines.items()}
    revenue = _response(sampled.revenue, probe)
    moving = revenue.moved_by.union(*(r.moved_by for r in lines.values()))
    if any(r.price_share for r in lines.values()):
        moving |= {PRICE}
    even = frozenset(key for key in TRAFFIC if _is_even(key, sampled, probe))
    return Responses(lines, revenue, moving, even)


def _response(values: FloatArray, probe: _Probe) -> Response:
    moved_by = frozenset(key for key in probe.ends if _moves(key, values, probe))
    price_share = _price_share(values, probe) if PRICE in moved_by else 0.0
    straight = moved_by <= set(TRAFFIC) and _is_straight(values, probe)
    return Response(moved_by - {PRICE}, price_share, straight)


def _moves(key: str, values: FloatArray, probe: _Probe) -> bool:
    enough = SAME * float(np.abs(values).max(initial=0.0))
    besides: list[dict[str, float]] = [{}] if key in TRAFFIC else [{}, probe.corners[1]]
    return any(
        np.abs(probe.at(values, {**beside, key: end}) - probe.at(values, beside)).max() > enough
        for beside in besides
        for end in probe.ends[key]
    )


def _price_share(values: FloatArray, probe: _Probe) -> float:
    """Where the line is larger: in the plan as it is, or with the most traffic."""
    beside = max(({}, probe.corners[1]), key=lambda change: float(probe.at(values, change).mean()))
    dearest = probe.ends[PRICE][1]
    before, after = (float(probe.at(values, c).mean()) for c in (beside, {**beside, PRICE: dearest}))
    return round((after / before - 1) / (dearest - 1), 6) if before else 0.0


def _is_straight(values: FloatArray, probe: _Probe) -> bool:
    """Each alone is a straight line, and what both add together is the same multiple in two corners."""
    if not all(_is_line(key, values, probe) for key in TRAFFIC):
        return False
    own = probe.at(values, {})
    joint: list[FloatArray] = []
    for corner in probe.corners:
        apart = sum(probe.at(values, {key: corner[key]}) - own for key in TRAFFIC)
        joint.append((probe.at(values, corner) - own - apart) / np.prod([corner[key] - 1 for key in TRAFFIC]))
    return bool(np.abs(joint[0] - joint[1]).max() <= _curved(values))


def _is_line(key: str, values: FloatArray, probe: _Probe) -> bool:
    own, (low, high) = probe.at(values, {}), probe.ends[key]
    slope = (probe.at(values, {key: high}) - own) / (high - 1)
    return bool(np.abs(own + slope * (low - 1) - probe.at(values, {key: low})).max() <= _curved(values))


def _curved(values: FloatArray) -> float:
    return STRAIGHT * float(np.abs(values).max(initial=0.0))


def _is_even(key: str, sampled: Sampled, probe: _Probe) -> bool:
    """Whether queries are proportional to a slider, and revenue a straight line of it."""
    if sampled.queries is None:
        return True
    queries, enough = sampled.queries, SAME * float(sampled.queries.max(initial=0.0))
    own = probe.at(queries, {})
    is_proportional = all(
        np.abs(probe.at(queries, {key: e}) - own * e).max() <= enough for e in probe.ends[key]
    )
    return is_proportional and _is_line(key, sampled.revenue, probe)
