"""Lines over months with their 90 % bands, and the month in which something happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from truecost.ranges import Ranged
from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Linear, Log, rounded_up, worth_showing
from truecost.report.charts.svg import Drawing, inside, line, number, rectangle, staircase, text
from truecost.report.charts.svg import trace as corners
from truecost.report.charts.timeline import (
    Label,
    Plot,
    axis_names,
    end_labels,
    lowest,
    month_axis,
    plot,
    value_axis,
)
from truecost.units import show

Trace = tuple[str, str]
"""The corners of a line as a path writes them, forth and back."""


@dataclass(frozen=True, slots=True)
class Series:
    """A quantity at the end of each month, with its interval; `style` colours line, band and label."""

    name: str
    detail: str
    values: Sequence[Ranged]
    style: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens in a month (from 1; its 5 %, 50 % and 95 % points), and what to call it."""

    low: float
    middle: float
    high: float
    name: str


def cumulative(series: Sequence[Series], event: Event | None, months: Sequence[str], width: float) -> Drawing:
    """Means of amounts that add up, from 0 at the start; the event as a line with its interval behind it.

    A band that would squash the lines runs off the top, and the chart says how far it goes.
    """
    middles, lows, highs = ([r[end] for s in series for r in s.values] for end in ("mean", "p5", "p95"))
    low, high = min(0.0, *lows), rounded_up(worth_showing(middles, highs))
    over = max(highs) if max(highs) > high else None
    ticks = axis_names(Linear((low, high), (0, 1)).ticks(), show)
    area = plot(width, months, [name for _, name in ticks], top=34.0 if event or over else 14.0)
    scale = Linear((low, high), (area.bottom, area.top))
    parts = value_axis(area, scale, ticks)
    if over:
        parts.append(text(area.right - 5, area.top + 15, f"▲ to {show(over, 'USD')}", "small", "end"))
    parts += _event(event, area) if event else []
    edges = [area.x(month) for month in range(len(months) + 1)]

    def trace(one: Series, end: str) -> Trace:
        heights = [scale(0.0), *(scale(_point(r, end)) for r in one.values)]
        points = list(zip(edges, heights, strict=True))
        return corners(points), corners(points[::-1])

    return _finish(series, (area, scale), parts, trace, "mean")


def multiples(series: Sequence[Series], months: Sequence[str], width: float) -> Drawing:
    """Medians of multiples of today on a logarithmic scale, level across each month: twice as much is one
    step up, half as much one step down."""
    reach = [ranged[end] for s in series for ranged in s.values for end in ("p5", "p95") if ranged[end] > 0]
    low, high = min(0.8, *reach) / 1.05, max(1.25, *reach) * 1.05
    ticks = [(tick, f"{show(tick)} ×") for tick in Log((low, high), (0, 1)).ticks(6)]
    area = plot(width, months, [name for _, name in ticks])
    scale = Log((low, high), (area.bottom, area.top))
    parts = value_axis(area, scale, ticks)
    parts.append(line((area.left, scale(1.0)), (area.right, scale(1.0)), "axis"))
    edges = [area.x(month) for month in range(len(months) + 1)]

    def trace(one: Series, end: str) -> Trace:
        heights = [scale(_point(r, end)) for r in one.values]
        forth = f"{number(edges[0])},{number(heights[0])}{staircase(edges, heights)}"
        back = f"{number(edges[-1])},{number(heights[-1])}{staircase(edges[::-1], heights[::-1])}"
        return forth, back

    return _finish(series, (area, scale), parts, trace, "p50")


def _finish(
    series: Sequence[Series],
    frame: tuple[Plot, Linear | Log],
    parts: list[str],
    trace: Callable[[Series, str], Trace],
    centre: Literal["p50", "mean"],
) -> Drawing:
    """Bands, lines through the centres and their names at the right."""
    area, scale = frame
    bands = [
        f'<path d="M{trace(one, "p95")[0]}L{trace(one, "p5")[1]}Z" class="{one.style} band"/>'
        for one in series
        if any(r["p5"] < r["p95"] for r in one.values)
    ]
    parts.append(inside((area.left, area.top), (area.right, area.bottom), bands))
    parts += [f'<path d="M{trace(one, centre)[0]}" class="{one.style} stroke"/>' for one in series]
    parts += month_axis(area)
    labels = [Label(s.name, s.detail, scale(s.values[-1][centre]), s.style) for s in series]
    bottom = lowest(area, labels)
    return Drawing(bottom, [*parts, *end_labels(area, labels, (area.top - 8, bottom - 6))])


def _point(ranged: Ranged, end: str) -> float:
    return {"p5": ranged["p5"], "p50": ranged["p50"], "p95": ranged["p95"], "mean": ranged["mean"]}[end]


def _event(event: Event, area: Plot) -> list[str]:
    """The band holds the interval's months, the line the end of the median month."""
    begin, end, middle = area.x(event.low - 1), area.x(event.high), area.x(event.middle)
    half = text_width(event.name, 12) / 2
    x = min(max(middle, area.left + half), area.width - half)
    return [
        rectangle((begin, area.top), (end - begin, area.bottom - area.top), "event"),
        line((middle, area.top - 6), (middle, area.bottom), "moment"),
        text(x, area.top - 12, event.name, "small strong", "middle"),
    ]
