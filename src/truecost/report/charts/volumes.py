"""Cost by volume on logarithmic scales: a line a way, the cheapest at each volume in the accent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Log
from truecost.report.charts.svg import Drawing, Point, dot, inside, is_narrow, line, text, trace
from truecost.report.charts.timeline import Label, Plot, end_labels, lowest, value_axis
from truecost.units import show

TONES = ("tone1", "tone2", "tone3", "tone4")
LEVEL = 15.0
"""Height of a row of marks above the plot."""


@dataclass(frozen=True, slots=True)
class Way:
    """USD a month at each volume: mean, and the ends of its 90 % interval."""

    name: str
    usd: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A volume worth a line, and its name; `is_crossing` where the cheapest way changes."""

    volume: float
    name: str
    is_crossing: bool


def volumes(
    ways: Sequence[Way],
    at: Sequence[float],
    marks: Sequence[Mark],
    width: float,
    volume: str = "queries a month",
) -> Drawing:
    """Lines with their bands over volumes, marks above, names at the right; `volume` says of what."""
    placed = _levels(marks, at, width)
    cheapest = [min(usd) for usd in zip(*(way.usd for way in ways), strict=True)]
    low, high = _reach(ways, cheapest)
    ticks = [(tick, show(tick)) for tick in Log((low, high), (0, 1)).ticks(6)]
    left = max(text_width(name, 12) for _, name in ticks) + 8
    top = 10.0 + LEVEL * (1 + max((level for _, level in placed), default=0))
    area = Plot(width, left, _right(width), top, top + (240 if is_narrow(width) else 320), ())
    x, y = Log((at[0], at[-1]), (area.left, area.right)), Log((low, high), (area.bottom, area.top))
    parts = [*value_axis(area, y, ticks), *_volume_axis(area, x, volume)]
    bands = [_band(way, [x(v) for v in at], y, tone) for way, tone in _toned(ways)]
    lines = [
        _line([(x(v), y(u)) for v, u in zip(at, way.usd, strict=True)], f"{tone} stroke thin")
        for way, tone in _toned(ways)
    ]
    lines.append(_line([(x(v), y(u)) for v, u in zip(at, cheapest, strict=True)], "accent stroke"))
    parts.append(inside((area.left, area.top), (area.right, area.bottom), [*bands, *lines]))
    for mark, level in placed:
        place = (x(mark.volume), _height(mark.volume, at, [y(usd) for usd in cheapest]))
        parts += _mark(mark, 10 + LEVEL * level, place, area)
    labels = [
        Label(way.name, show(way.usd[-1]), y(min(max(way.usd[-1], low), high)), tone)
        for way, tone in _toned(ways)
    ]
    bottom = lowest(area, labels)
    return Drawing(bottom, [*parts, *end_labels(area, labels, (area.top - 8, bottom - 6))])


def _height(volume: float, at: Sequence[float], heights: Sequence[float]) -> float:
    """Where a line through these heights stands at a volume between those it is known at."""
    after = next((n for n, known in enumerate(at) if known >= volume and n), len(at) - 1)
    share = math.log(volume / at[after - 1]) / math.log(at[after] / at[after - 1])
    return heights[after - 1] + min(max(share, 0.0), 1.0) * (heights[after] - heights[after - 1])


def _right(width: float) -> float:
    return width - (118 if is_narrow(width) else 190)


def _toned(ways: Sequence[Way]) -> list[tuple[Way, str]]:
    return [(way, TONES[index % len(TONES)]) for index, way in enumerate(ways)]


def _reach(ways: Sequence[Way], cheapest: Sequence[float]) -> tuple[float, float]:
    """The scale: every line and band, but not below a tenth of the cheapest mean."""
    low = max(min(min(way.low) for way in ways), min(cheapest) / 10)
    high = max(max(*way.high, *way.usd) for way in ways)
    return low / 1.1, high * 1.1


def _volume_axis(area: Plot, x: Log, volume: str) -> list[str]:
    parts = [line((area.left, area.bottom), (area.right, area.bottom), "axis")]
    edge = 0.0
    for tick in x.ticks(4 if is_narrow(area.width) else 6):
        name = show(tick)
        half = text_width(name, 12) / 2
        if x(tick) - half < edge:
            continue
        edge = x(tick) + half + 6
        parts.append(line((x(tick), area.bottom), (x(tick), area.bottom + 4), "axis"))
        parts.append(text(x(tick), area.bottom + 18, name, "soft small", "middle"))
    parts.append(text(area.left, area.bottom + 34, volume, "soft small"))
    return parts


def _band(way: Way, places: Sequence[float], y: Log, tone: str) -> str:
    """The interval at each volume; nothing where it has no width."""
    if all(low >= high for low, high in zip(way.low, way.high, strict=True)):
        return ""
    forth = [(x, y(usd)) for x, usd in zip(places, way.high, strict=True)]
    back = [(x, y(usd)) for x, usd in zip(places, way.low, strict=True)]
    return f'<path d="M{trace([*forth, *reversed(back)])}Z" class="{tone} band faint"/>'


def _line(points: Sequence[Point], style: str) -> str:
    return f'<path d="M{trace(points)}" class="{style}"/>'


def _levels(marks: Sequence[Mark], at: Sequence[float], width: float) -> list[tuple[Mark, int]]:
    """The marks from left to right, each in the first row above the plot in which its name touches none."""
    x = Log((at[0], at[-1]), (60.0, _right(width)))
    ends: list[float] = []
    placed: list[tuple[Mark, int]] = []
    for mark in sorted(marks, key=lambda m: m.volume):
        half = text_width(mark.name, 12) / 2 + 4
        begin = min(max(x(mark.volume), half), width - half) - half
        level = next((n for n, end in enumerate(ends) if end <= begin), len(ends))
        ends[level : level + 1] = [begin + 2 * half]
        placed.append((mark, level))
    return placed


def _mark(mark: Mark, baseline: float, place: Point, area: Plot) -> list[str]:
    half = text_width(mark.name, 12) / 2
    x = min(max(place[0], half), area.width - half)
    foot = place[1] if mark.is_crossing else area.bottom
    parts = [
        line((place[0], baseline + 4), (place[0], foot), "moment" if mark.is_crossing else "planned"),
        text(x, baseline, mark.name, "small strong" if mark.is_crossing else "small soft", "middle"),
    ]
    return [*parts, dot(place, 4.5, "ink" if mark.is_crossing else "tone2")]
