"""One quantity against another on logarithmic scales: a line with its band, and values worth a mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Log
from truecost.report.charts.svg import Drawing, dot, inside, is_narrow, line, text, trace
from truecost.report.charts.timeline import Plot, value_axis
from truecost.units import show

LEVEL = 16.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A quantity at each of some values: its median, and the ends of its 90 % interval."""

    at: Sequence[float]
    middle: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A value worth a line from the top to the curve, and its name; `is_plan` for where the plan stands."""

    value: float
    name: str
    is_plan: bool = False


def curve(drawn: Curve, marks: Sequence[Mark], names: tuple[str, str], width: float) -> Drawing:
    """The curve; `names` say what is measured upwards and what to the right."""
    upwards, rightwards = names
    reach = (min(drawn.low) / 1.15, max(drawn.high) * 1.15)
    ticks = [(tick, show(tick)) for tick in Log(reach, (0, 1)).ticks(6)]
    left = max(text_width(name, 12) for _, name in ticks) + 8
    top = 28.0 + LEVEL * len(marks)
    area = Plot(width, left, width - 8, top, top + (220 if is_narrow(width) else 280), ())
    x, y = Log((drawn.at[0], drawn.at[-1]), (area.left, area.right)), Log(reach, (area.bottom, area.top))
    places = [x(value) for value in drawn.at]
    forth = list(zip(places, map(y, drawn.high), strict=True))
    back = list(zip(places, map(y, drawn.low), strict=True))
    middle = list(zip(places, map(y, drawn.middle), strict=True))
    band = [f'<path d="M{trace([*forth, *reversed(back)])}Z" class="accent band"/>']
    shape = [f'<path d="M{trace(middle)}" class="accent stroke"/>']
    parts = [text(0, 12, upwards, "soft small"), *value_axis(area, y, ticks), *_below(area, x, rightwards)]
    parts.append(inside((area.left, area.top), (area.right, area.bottom), [*band, *shape]))
    for level, mark in enumerate(sorted(marks, key=lambda m: m.value)):
        parts += _mark(mark, (x, y), drawn, (area, 31.0 + LEVEL * level))
    return Drawing(area.bottom + 40, parts)


def _below(area: Plot, x: Log, name: str) -> list[str]:
    parts = [line((area.left, area.bottom), (area.right, area.bottom), "axis")]
    for tick in x.ticks(4 if is_narrow(area.width) else 6):
        parts.append(line((x(tick), area.bottom), (x(tick), area.bottom + 4), "axis"))
        half = text_width(show(tick), 12) / 2
        place = min(max(x(tick), area.left + half), area.right - half)
        parts.append(text(place, area.bottom + 18, show(tick), "soft small", "middle"))
    parts.append(text(area.left, area.bottom + 34, name, "soft small"))
    return parts


def _mark(mark: Mark, scales: tuple[Log, Log], drawn: Curve, placed: tuple[Plot, float]) -> list[str]:
    (x, y), (area, baseline) = scales, placed
    place = x(mark.value)
    height = _height(place, [x(value) for value in drawn.at], [y(value) for value in drawn.middle])
    half = text_width(mark.name, 12) / 2
    at = min(max(place, half), area.width - half)
    return [
        line((place, baseline + 4), (place, height), "moment" if mark.is_plan else "planned"),
        text(at, baseline, mark.name, "small strong" if mark.is_plan else "small soft", "middle"),
        dot((place, height), 4.5, "ink" if mark.is_plan else "tone2"),
    ]


def _height(place: float, places: Sequence[float], heights: Sequence[float]) -> float:
    """Where the line stands at a place."""
    after = next((n for n, known in enumerate(places) if known >= place and n), len(places) - 1)
    share = (place - places[after - 1]) / (places[after] - places[after - 1])
    return heights[after - 1] + min(max(share, 0.0), 1.0) * (heights[after] - heights[after - 1])
