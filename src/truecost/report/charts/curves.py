"""A result against what varies: a line a case on scales of equal ratios or differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Linear, Log
from truecost.report.charts.svg import Drawing, Point, inside, is_narrow, line, text, trace
from truecost.report.charts.timeline import Label, Plot, end_labels, lowest, value_axis

TONES = ("accent", "tone1", "tone3", "tone2", "tone4", "tone5")
MARK_HEIGHT = 17.0
Name = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One case: its values at each place, None where there is none."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Axis:
    """How an axis is named and its values written; `is_log` for equal ratios."""

    title: str
    name: Name
    is_log: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A value worth a line across the plot, and its name."""

    name: str
    value: float


def curves(
    at: Sequence[float], lines: Sequence[Line], axes: tuple[Axis, Axis], marks: Sequence[Mark], width: float
) -> Drawing:
    """Lines over what varies; marks as dashed lines across; the ends named at the right."""
    across, up = axes
    reach = [v for one in lines for v in one.values if v is not None] + [mark.value for mark in marks]
    low, high = _domain(reach, is_log=up.is_log)
    scale_of = Log if up.is_log else Linear
    ticks = [(tick, up.name(tick)) for tick in scale_of((low, high), (0, 1)).ticks(6)]
    left = max((text_width(name, 12) for _, name in ticks), default=20.0) + 8
    area = Plot(
        width,
        left,
        width - (118 if is_narrow(width) else 190),
        26.0,
        26.0 + (220 if is_narrow(width) else 280),
        (),
    )
    y = scale_of((low, high), (area.bottom, area.top))
    x = (Log if across.is_log else Linear)((at[0], at[-1]), (area.left, area.right))
    drawn = [
        _line(
            [(x(a), y(v)) for a, v in zip(at, one.values, strict=True) if v is not None],
            f"{tone} stroke thin",
        )
        for one, tone in _toned(lines)
    ]
    parts = [text(0, 12, up.title, "soft small"), *value_axis(area, y, ticks), *_below(area, x, across)]
    parts += _marks(marks, y, area)
    parts.append(inside((area.left, area.top - 2), (area.right, area.bottom + 2), drawn))
    labels = _labels(lines, y, area)
    bottom = max(lowest(area, labels), area.bottom + 40)
    return Drawing(bottom, [*parts, *end_labels(area, labels, (area.top - 8, bottom - 6))])


def _toned(lines: Sequence[Line]) -> list[tuple[Line, str]]:
    return [(one, TONES[index % len(TONES)]) for index, one in enumerate(lines)]


def _domain(reach: Sequence[float], *, is_log: bool) -> Point:
    if not is_log:
        return min(0.0, *reach), max(reach) * 1.05 or 1.0
    positive = [value for value in reach if value > 0] or [1.0]
    return min(positive) / 1.15, max(positive) * 1.15


def _labels(lines: Sequence[Line], y: Log | Linear, area: Plot) -> list[Label]:
    made: list[Label] = []
    for one, tone in _toned(lines):
        known = [value for value in one.values if value is not None]
        if known:
            made.append(
                Label(
                    one.name,
                    "",
                    min(max(y(known[-1]), area.top), area.bottom),
                    tone,
                    one.values[-1] is not None,
                )
            )
    return made


def _line(points: Sequence[Point], style: str) -> str:
    return f'<path d="M{trace(points)}" class="{style}"/>' if len(points) > 1 else ""


def _marks(marks: Sequence[Mark], y: Log | Linear, area: Plot) -> list[str]:
    """Lines across the plot, each named above it; a name that would touch the last one stands beside it."""
    parts: list[str] = []
    last, x = -MARK_HEIGHT, area.left + 4
    for mark in sorted(marks, key=lambda mark: y(mark.value)):
        place = y(mark.value)
        x = x if place - last < MARK_HEIGHT else area.left + 4
        parts.append(line((area.left, place), (area.right, place), "planned"))
        parts.append(text(x, place - 4, mark.name, "small"))
        last, x = place, x + text_width(mark.name, 12) + 10
    return parts


def _below(area: Plot, x: Log | Linear, axis: Axis) -> list[str]:
    parts = [line((area.left, area.bottom), (area.right, area.bottom), "axis")]
    edge = 0.0
    for tick in x.ticks(4 if is_narrow(area.width) else 6):
        name = axis.name(tick)
        half = text_width(name, 12) / 2
        if x(tick) - half < edge or x(tick) + half > area.right + 40:
            continue
        edge = x(tick) + half + 6
        parts.append(line((x(tick), area.bottom), (x(tick), area.bottom + 4), "axis"))
        parts.append(text(x(tick), area.bottom + 18, name, "soft small", "middle"))
    parts.append(text(area.left, area.bottom + 34, axis.title, "soft small"))
    return parts
