"""Predicted against measured, both in equal ratios: a dot a case, and the line where they agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Log
from truecost.report.charts.svg import Drawing, inside, is_narrow, line, number, path, rectangle, text
from truecost.report.charts.timeline import Plot, value_axis

WITHIN = 1.25
"""The band about the line: predictions within this factor of the measurement."""
STYLES = ("accent", "tone1", "tone3", "tone5", "tone2")
FEW = 100
"""Points of all kinds below which dots are drawn large."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """The cases of one kind as (measured, predicted)."""

    name: str
    points: Sequence[tuple[float, float]]


def scatter(clouds: Sequence[Cloud], name: Callable[[float], str], width: float) -> Drawing:
    """The clouds on one plane, the largest below the others, their names with counts above it."""
    values = [value for cloud in clouds for pair in cloud.points for value in pair]
    domain = min(values) / 1.1, max(values) * 1.1
    ticks = [(tick, name(tick)) for tick in Log(domain, (0, 1)).ticks(5 if is_narrow(width) else 7)]
    names, top = _names(clouds, width)
    area = _area(width, [label for _, label in ticks], top + 26)
    up, across = Log(domain, (area.bottom, area.top)), Log(domain, (area.left, area.right))
    parts = [*names, text(0, top + 12, "predicted", "soft small"), *value_axis(area, up, ticks)]
    parts += _below(area, across, ticks)
    drawn = [_band(domain, across, up), path([(across(v), up(v)) for v in domain], "planned")]
    styled = list(zip(clouds, STYLES, strict=False))
    for cloud, style in sorted(styled, key=lambda one: -len(one[0].points)):
        drawn.append(_dots(cloud, (across, up), style, large=len(values) < 2 * FEW))
    parts.append(inside((area.left, area.top), (area.right, area.bottom), drawn))
    return Drawing(area.bottom + 38, parts)


def _area(width: float, axis: Sequence[str], top: float) -> Plot:
    left = max(text_width(label, 12) for label in axis) + 8
    right = min(width - 14, left + 480)
    return Plot(width, left, right, top, top + (right - left) * (1.0 if is_narrow(width) else 0.8), ())


def _names(clouds: Sequence[Cloud], width: float) -> tuple[list[str], float]:
    """The kinds side by side above the plot, and how far down they reach."""
    parts: list[str] = []
    x, y = 0.0, 4.0
    for cloud, style in zip(clouds, STYLES, strict=False):
        said = f"{cloud.name}, {len(cloud.points):,}"
        taken = text_width(said, 12.5) + 30
        if x and x + taken > width:
            x, y = 0.0, y + 19
        parts += [rectangle((x, y), (9, 9), style), text(x + 14, y + 9, said, "label")]
        x += taken
    return parts, y + 22


def _below(area: Plot, across: Log, ticks: Sequence[tuple[float, str]]) -> list[str]:
    parts = [line((area.left, area.bottom), (area.right, area.bottom), "axis")]
    edge = 0.0
    for value, label in ticks:
        half = text_width(label, 12) / 2
        if across(value) - half < edge or across(value) + half > area.width:
            continue
        edge = across(value) + half + 8
        parts.append(line((across(value), area.bottom), (across(value), area.bottom + 4), "axis"))
        parts.append(text(across(value), area.bottom + 18, label, "soft small", "middle"))
    parts.append(text(area.right, area.bottom + 34, "measured", "soft small", "end"))
    return parts


def _band(domain: tuple[float, float], across: Log, up: Log) -> str:
    """Predictions within `WITHIN` of the measurement; the corners run off the plot and are cut there."""
    low, high = domain
    wide = Log((low / WITHIN, high * WITHIN), (0, 1))
    span = up.span[1] - up.span[0]
    share = wide(low)
    step = span * share / (1 - 2 * share)
    corners = [(low, step), (high, step), (high, -step), (low, -step)]
    return path([(across(value), up(value) + shift) for value, shift in corners], "accent band", closed=True)


def _dots(cloud: Cloud, scales: tuple[Log, Log], style: str, *, large: bool) -> str:
    """All dots of a kind as one path of points: round caps of no length, which take few letters."""
    across, up = scales
    places = sorted({(round(across(one), 1), round(up(other), 1)) for one, other in cloud.points})
    steps = "".join(f"M{number(x)},{number(y)}h0" for x, y in places)
    return f'<path d="{steps}" class="cloud {style}-cloud{" large" if large else ""}"/>'
