"""Columns of days, weeks or months, one layer a group: what was paid for when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import escape

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Linear, round_values, rounded_up
from truecost.report.charts.stack import Layer, ceiling
from truecost.report.charts.svg import Drawing, line, number, text
from truecost.report.charts.timeline import (
    Label,
    Plot,
    axis_names,
    end_labels,
    lowest,
    plot,
    value_axis,
)
from truecost.units import show

THICK = 5.0
"""A layer thinner than this at the right edge is named without a line that leads to it."""
EVERY = (1, 2, 3, 4, 7, 14, 28, 56, 112)


@dataclass(frozen=True, slots=True)
class Step:
    """A column: its name below the plot, the year it lies in, and its name in a sentence."""

    name: str
    year: str
    said: str


def columns(layers: Sequence[Layer], steps: Sequence[Step], unit: str, width: float) -> Drawing:
    """Columns from 0, the first layer lowest; one that towers over all others is cut off, its sum written."""
    sums = [sum(values) for values in zip(*(layer.values for layer in layers), strict=True)]
    top, cut = ceiling(sums, sums)
    top = top if cut else rounded_up(top, 5)
    ticks = axis_names(round_values(0, top, 5), show)
    area = plot(width, [step.name for step in steps], [name for _, name in ticks], top=48.0 if cut else 30.0)
    scale = Linear((0, top), (area.bottom, area.top))
    parts = [text(0, 12, unit, "soft small"), *value_axis(area, scale, ticks)]
    floor = [0.0] * len(steps)
    labels: list[Label] = []
    for layer in layers:
        upper = [low + value for low, value in zip(floor, layer.values, strict=True)]
        places = [
            (scale(min(low, top)), scale(min(high, top))) for low, high in zip(floor, upper, strict=True)
        ]
        parts.append(_layer(layer, places, area))
        begin, end = places[-1]
        labels.append(Label(layer.name, layer.detail, (begin + end) / 2, layer.style, begin - end >= THICK))
        floor = upper
    if cut:
        highest = max(cut, key=lambda at: sums[at])
        others = f" (and {len(cut) - 1} more)" if len(cut) > 1 else ""
        said = f"▲ {steps[highest].said}: {show(sums[highest], 'USD')}{others}"
        parts += [text(0, 30, said, "small strong")]
        parts += [line((area.x(at), area.top), (area.x(at + 1), area.top), "cut") for at in cut]
    parts += _names(area, steps)
    bottom = lowest(area, labels)
    return Drawing(bottom, [*parts, *end_labels(area, list(reversed(labels)), (area.top - 8, bottom - 6))])


def _layer(layer: Layer, places: Sequence[tuple[float, float]], area: Plot) -> str:
    """All boxes of a group as one shape."""
    whole = (area.right - area.left) / len(places)
    gap = min(0.2 * whole, 3.0)
    wide = number(whole - gap, 2)
    boxes = "".join(
        f"M{number(area.x(at) + gap / 2, 2)},{number(end)}h{wide}V{number(begin)}h-{wide}Z"
        for at, (begin, end) in enumerate(places)
        if begin - end >= 0.05
    )
    return f'<path d="{boxes}" class="{layer.style}"><title>{escape(layer.name)}</title></path>'


def _names(area: Plot, steps: Sequence[Step]) -> Iterator[str]:
    """The line below the plot, the names of some columns, a year where it begins."""
    yield line((area.left, area.bottom), (area.right, area.bottom), "axis")
    whole = (area.right - area.left) / len(steps)
    wide = max(text_width(step.name, 12) for step in steps) + 12
    every = next((one for one in EVERY if one * whole >= wide), EVERY[-1])
    year = ""
    for at in range(0, len(steps), every):
        x, step = area.x(at + 0.5), steps[at]
        if at and x + wide / 2 > area.right + 14:
            break
        yield line((x, area.bottom), (x, area.bottom + 4), "axis")
        yield text(x, area.bottom + 18, step.name, "soft small", "middle")
        if step.year != year:
            year = step.year
            yield text(x, area.bottom + 33, year, "soft small", "middle")
