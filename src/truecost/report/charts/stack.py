"""A stack of layers by month: what each month's money goes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

from truecost.report.charts.scales import Linear, round_values, rounded_up, worth_showing
from truecost.report.charts.svg import Drawing, line, number, staircase, text
from truecost.report.charts.timeline import (
    Label,
    Plot,
    axis_names,
    end_labels,
    lowest,
    month_axis,
    month_name,
    plot,
    value_axis,
)
from truecost.units import show

FEW_MONTHS = 6
"""In a plan this short every month counts: none is cut off."""
THICK = 5.0
"""A layer thinner than this at the right edge is named without a line that leads to it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One group: its amount in each month, never negative, and the style it is filled with."""

    name: str
    detail: str
    values: Sequence[float]
    style: str


@dataclass(frozen=True, slots=True)
class Interval:
    """The 90 % interval of each month's total."""

    low: Sequence[float]
    high: Sequence[float]


def stack(layers: Sequence[Layer], total: Interval, months: Sequence[str], width: float) -> Drawing:
    """Layers from the bottom up, the first lowest; the interval of their total as two dotted lines.

    A month that towers over all others is cut off at the top and its amount written there.
    """
    sums = [sum(values) for values in zip(*(layer.values for layer in layers), strict=True)]
    top, cut = ceiling(sums, total.high)
    top = top if cut else rounded_up(top, 5)
    ticks = axis_names(round_values(0, top, 5), show)
    notes = _off_the_top(months, sums, cut, total.high, top)
    area = plot(width, months, [name for _, name in ticks], top=34.0 if notes else 14.0)
    scale = Linear((0, top), (area.bottom, area.top))
    parts = value_axis(area, scale, ticks)
    labels: list[Label] = []
    shapes: list[str] = []
    floor = [0.0] * len(months)
    for layer in layers:
        upper = [a + b for a, b in zip(floor, layer.values, strict=True)]
        shapes.append(_layer(layer, [scale(min(value, top)) for value in upper], area))
        middle = min((floor[-1] + upper[-1]) / 2, top)
        is_thick = scale(min(floor[-1], top)) - scale(min(upper[-1], top)) >= THICK
        labels.append(Label(layer.name, layer.detail, scale(middle), layer.style, is_thick))
        floor = upper
    parts += reversed(shapes)
    parts += [_levels(ends, area, scale, top) for ends in (total.low, total.high)]
    parts += [line((area.x(m), area.top), (area.x(m + 1), area.top), "cut") for m in cut]
    parts += [text(area.left, area.top - 10, notes, "small")] if notes else []
    parts += month_axis(area)
    bottom = lowest(area, labels)
    parts += end_labels(area, list(reversed(labels)), (area.top - 8, bottom - 6))
    return Drawing(bottom, parts)


def ceiling(sums: Sequence[float], highs: Sequence[float]) -> tuple[float, list[int]]:
    """The top of the scale and the months that rise above it.

    Two months at most are cut off (a first month that books what came before, a purchase), and only when
    one is over 2.5 times all others.

    >>> ceiling([100.0] + [10.0] * 11, [110.0] + [11.0] * 11)
    (13.0, [0])
    >>> ceiling([10.0, 20.0], [12.0, 24.0])
    (24.0, [])
    """
    spared = 1 if len(sums) <= 24 else 2
    ranked = sorted(sums, reverse=True)
    rest = ranked[spared] if len(sums) > FEW_MONTHS else 0.0
    if rest > 0 and ranked[0] > 2.5 * rest:
        top = 1.3 * rest
        return top, [m for m, amount in enumerate(sums) if amount > top]
    return max(worth_showing(sums, highs, most=2.0, kept=1.6), 1e-9), []


def _layer(layer: Layer, heights: Sequence[float], area: Plot) -> str:
    """The layer and all below it, down to the axis: those are drawn over it after."""
    edges = [area.x(month) for month in range(len(heights) + 1)]
    begin = f"M{number(area.left)},{number(area.bottom)}V{number(heights[0])}"
    outline = f"{begin}{staircase(edges, heights)}V{number(area.bottom)}Z"
    return f'<path d="{outline}" class="layer {layer.style}"><title>{escape(layer.name)}</title></path>'


def _levels(values: Sequence[float], area: Plot, scale: Linear, top: float) -> str:
    """A level stroke across each month, none where the value runs off the top."""
    strokes = "".join(
        f"M{number(area.x(month))},{number(scale(value))}H{number(area.x(month + 1))}"
        for month, value in enumerate(values)
        if value <= top
    )
    return f'<path d="{strokes}" class="interval"/>' if strokes else ""


def _off_the_top(
    months: Sequence[str], sums: Sequence[float], cut: Sequence[int], highs: Sequence[float], top: float
) -> str:
    """What the scale leaves out, in words: the tallest month cut off, or how far the intervals reach."""
    if cut:
        highest = max(cut, key=lambda m: sums[m])
        others = f" (and {len(cut) - 1} more)" if len(cut) > 1 else ""
        return f"▲ {month_name(months[highest])}: {show(sums[highest], 'USD')}{others}"
    return f"▲ dotted, up to {show(max(highs), 'USD')}" if max(highs) > top else ""
