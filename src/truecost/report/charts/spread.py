"""How a latency is spread over requests: a cumulative curve a kind, time in equal ratios, limits as lines.

The scale upwards is that of normal quantiles: the rarest hundredth has as much room as the middle, and what
is spread like a lognormal is a straight line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from truecost.normal import normal_quantile
from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Linear, Log
from truecost.report.charts.svg import Drawing, Point, dot, inside, is_narrow, line, rectangle, text, trace
from truecost.report.charts.timeline import Plot

LEAST, MOST = 0.01, 0.999
"""Shares between which the curve is drawn."""
TICKS = (0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
GAP, LEVEL, HEADING = 26.0, 16.0, 15.0
NEAR = 2.0
"""Pixels within which two points of a curve are one."""
Name = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Limit:
    """What a percentile may not exceed, its name, and whether it is kept; `at` is the percentile's share."""

    value: float
    name: str
    at: float | None
    is_met: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """Values at shares of the requests, with their interval where there is one, and marked percentiles."""

    name: str
    shares: Sequence[float]
    values: Sequence[float]
    low: Sequence[float] | None
    high: Sequence[float] | None
    marks: Sequence[tuple[float, float, str]]
    """Share, value, and both in words."""
    limits: Sequence[Limit] = ()


def spreads(kinds: Sequence[Spread], name: Name, width: float) -> Drawing:
    """A panel a kind, one below the other, each on its own scale of time; `name` writes its values."""
    parts: list[str] = []
    top = 0.0
    for kind in kinds:
        drawn, top = _panel(kind, name, width, top)
        parts += drawn
        top += GAP
    return Drawing(top - GAP + 4, parts)


def _panel(kind: Spread, name: Name, width: float, top: float) -> tuple[list[str], float]:
    heading, top = _heading(kind, width, top)
    left = text_width("99.9 %", 12) + 8
    scale = Log(_domain(kind), (left, width - 14))
    placed, levels = _levels(kind.limits, scale, width)
    begin = top + LEVEL * levels + 14
    area = Plot(width, left, width - 14, begin, begin + (128 if is_narrow(width) else 150), ())
    up = Linear((_height(LEAST), _height(MOST)), (area.bottom, area.top))
    parts = [*heading, *_shares(area, up), *_below(area, scale, name)]
    parts += _within(kind, area, scale)
    parts.append(inside((area.left, area.top - 6), (area.right + 6, area.bottom), _curve(kind, scale, up)))
    for limit, level in placed:
        parts += _limit(limit, area, (scale, up), top + LEVEL * (level + 1) + 4)
    return parts, area.bottom + 22


def _heading(kind: Spread, width: float, top: float) -> tuple[list[str], float]:
    """The name with the percentiles beside it, or below where there is no room."""
    said = " · ".join(words for _, _, words in kind.marks)
    baseline = top + 13
    parts = [text(0, baseline, kind.name, "strong")]
    if text_width(kind.name) + 24 + text_width(said, 12) > width:
        baseline += HEADING + 2
        parts.append(text(0, baseline, said, "soft small"))
    else:
        parts.append(text(width, baseline, said, "soft small", "end"))
    return parts, baseline


def _height(share: float) -> float:
    return float(normal_quantile(np.array(share)))


def _domain(kind: Spread) -> tuple[float, float]:
    """From the least that is drawn to the most, limits included, and a little beyond."""
    drawn = [at for at, share in enumerate(kind.shares) if LEAST <= share <= MOST]
    curves = [kind.values, *(end for end in (kind.low, kind.high) if end is not None)]
    reach = [curve[at] for curve in curves for at in drawn if curve[at] > 0]
    reach += [limit.value for limit in kind.limits]
    low, high = min(reach, default=1.0), max(reach, default=1.0)
    room = 1.04 if high / low > 1.5 else 1.25
    return low / room, high * room


def _shares(area: Plot, up: Linear) -> list[str]:
    parts: list[str] = []
    for share in TICKS:
        y = up(_height(share))
        parts.append(line((area.left, y), (area.right, y), "grid"))
        parts.append(text(area.left - 6, y + 4, f"{share * 100:g} %", "soft small", "end"))
    return parts


def _below(area: Plot, scale: Log, name: Name) -> list[str]:
    """Values below the plot; round ones in equal steps where equal ratios have too few."""
    most = 4 if is_narrow(area.width) else 8
    ticks = scale.ticks(most)
    if len(ticks) < 3:
        ticks = Linear(scale.domain, scale.span).ticks(most)
    parts: list[str] = []
    edge = area.left - 20
    for tick in ticks:
        x, half = scale(tick), text_width(name(tick), 12) / 2
        if tick <= 0 or x - half < edge or x + half > area.width:
            continue
        edge = x + half + 8
        parts.append(line((x, area.bottom), (x, area.bottom + 4), "axis"))
        parts.append(text(x, area.bottom + 17, name(tick), "soft small", "middle"))
    parts.append(line((area.left, area.bottom), (area.right, area.bottom), "axis"))
    return parts


def _within(kind: Spread, area: Plot, scale: Log) -> list[str]:
    """A ground under what keeps the narrowest limit."""
    if not kind.limits:
        return []
    right = scale(min(limit.value for limit in kind.limits))
    return [rectangle((area.left, area.top), (right - area.left, area.bottom - area.top), "sea")]


def _curve(kind: Spread, scale: Log, up: Linear) -> list[str]:
    heights = [up(_height(min(max(share, LEAST / 9), 1 - 1e-6))) for share in kind.shares]
    parts: list[str] = []
    if kind.low is not None and kind.high is not None:
        forth, back = (_thinned([(scale(v), y) for v, y in zip(end, heights, strict=True)])
                       for end in (kind.low, kind.high))  # fmt: skip
        parts.append(f'<path d="M{trace([*forth, *reversed(back)])}Z" class="accent band"/>')
    middle = _thinned([(scale(v), y) for v, y in zip(kind.values, heights, strict=True)])
    parts.append(f'<path d="M{trace(middle)}" class="accent stroke"/>')
    for share, value, _ in kind.marks:
        parts.append(dot((scale(value), up(_height(share))), 3.6, "ink"))
    return parts


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Points without those too near to the last one kept."""
    kept = [points[0]]
    for point in points[1:-1]:
        if max(abs(point[0] - kept[-1][0]), abs(point[1] - kept[-1][1])) >= NEAR:
            kept.append(point)
    return [*kept, points[-1]]


def _levels(limits: Sequence[Limit], scale: Log, width: float) -> tuple[list[tuple[Limit, int]], int]:
    """Limits from left to right, each in the first row above the plot in which its name touches no other."""
    ends: list[float] = []
    placed: list[tuple[Limit, int]] = []
    for limit in sorted(limits, key=lambda one: one.value):
        begin, end = _placed(limit, scale, width)
        level = next((n for n, taken in enumerate(ends) if taken + 8 <= begin), len(ends))
        ends[level : level + 1] = [end]
        placed.append((limit, level))
    return placed, len(ends)


def _placed(limit: Limit, scale: Log, width: float) -> tuple[float, float]:
    """Where the name of a limit begins and ends: about its line, on the page."""
    half = text_width(limit.name, 12) / 2
    centre = min(max(scale(limit.value), half), width - half)
    return centre - half, centre + half


def _limit(limit: Limit, area: Plot, scales: tuple[Log, Linear], baseline: float) -> list[str]:
    """A line down from its name, and a ring where the curve must be left of it."""
    across, up = scales
    x = across(limit.value)
    begin, end = _placed(limit, across, area.width)
    parts = [
        line((x, baseline + 4), (x, area.bottom), "planned" if limit.is_met else "accented-stroke"),
        text((begin + end) / 2, baseline, limit.name, "small strong", "middle"),
    ]
    if limit.at is not None:
        centre = (x, up(_height(limit.at)))
        parts.append(f'<circle cx="{centre[0]:.1f}" cy="{centre[1]:.1f}" r="5" class="ring"/>')
    return parts
