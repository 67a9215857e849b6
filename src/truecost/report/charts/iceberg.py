"""The iceberg: the number that gets quoted above the waterline, all that is paid besides below it.

Every area is its amount: the same number of square units a dollar above and below. The part under water is
one outline, cut by level lines where its area from the surface down reaches each running total.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import apart, text_width, wrap
from truecost.report.charts.outline import (
    BODY,
    BODY_FACETS,
    TIP,
    TIP_FACET,
    edges_at,
    outline_area,
    polygon_area,
    slices,
)
from truecost.report.charts.svg import Drawing, Point, amount, is_narrow, line, number, path, rectangle, text

LINE = 16.0
CAPTION = 24.0
AMOUNT = "amount"
"""The style of a line that is a number with its interval."""


@dataclass(frozen=True, slots=True)
class Part:
    """One amount: its mean in USD (the area), its name, that mean with the interval in words."""

    name: str
    usd: float
    shown: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Sizes that follow from the width of the page; area is what the whole amount covers."""

    narrow: bool
    width: float
    middle: float
    column: float
    area: float
    aspect: float


def iceberg(tip: Part, layers: Sequence[Part], width: float) -> Drawing:
    """Draw the tip and what lies below, every area in proportion to its USD."""
    layout = _layout(width)
    hidden = sum(layer.usd for layer in layers)
    area_per_usd = layout.area / (tip.usd + hidden)
    body = _body_size(hidden * area_per_usd, layout)
    peak = _tip_size(tip.usd * area_per_usd, body[0] * (BODY[0][2] - BODY[0][1]))
    water = 22 + max(peak[1], LINE * len(_lines(tip, layout, "strong accented")))
    labelled = _labels(layers, (body, water), layout)
    bottom = water + max(body[1] + 22, labelled[1])
    parts = [rectangle((0, water), (width, bottom - water), "sea")]
    parts += _layers(layers, body, water, layout)
    parts += _tip(tip, peak, water, layout)
    parts.append(line((0, water), (width, water), "waterline"))
    parts += labelled[0]
    return Drawing(bottom, parts)


def _layout(width: float) -> _Layout:
    if is_narrow(width):
        return _Layout(True, width, 78, 172, 30_000, 1.95)
    return _Layout(False, width, 232, 470, 104_000, 0.82)


def _body_size(area: float, layout: _Layout) -> tuple[float, float]:
    """Width and height of the part under water."""
    if area <= 0:
        return 0.0, 0.0
    width = math.sqrt(area / (outline_area(BODY, 1.0) * layout.aspect))
    return width, layout.aspect * width


def _tip_size(area: float, water_width: float) -> tuple[float, float]:
    """Width and height of the tip: as wide as the ice where it is neither flat nor steep then."""
    if area <= 0:
        return 0.0, 0.0
    filled = polygon_area(TIP)
    flattest, steepest = math.sqrt(area / (filled * 0.85)), math.sqrt(area / (filled * 1.3))
    width = min(max(water_width, steepest), flattest)
    return width, area / (filled * width)


def _layers(layers: Sequence[Part], body: Point, water: float, layout: _Layout) -> list[str]:
    width, height = body
    if not width:
        return []
    left = layout.middle - width / 2

    def place(point: Point) -> Point:
        return left + point[0] * width, water + point[1] * height

    parts: list[str] = []
    for layer, (top, bottom) in zip(layers, slices([layer.usd for layer in layers]), strict=True):
        corners = [c for c in BODY if top < c[0] < bottom]
        right_side = [
            (edges_at(BODY, top)[1], top),
            *((c[2], c[0]) for c in corners),
            (edges_at(BODY, bottom)[1], bottom),
        ]
        left_side = [
            (edges_at(BODY, top)[0], top),
            *((c[1], c[0]) for c in corners),
            (edges_at(BODY, bottom)[0], bottom),
        ]
        shape = path([place(p) for p in [*right_side, *reversed(left_side)]], "ice", closed=True, decimals=3,
                     hint=f"{layer.name}: {layer.shown}")  # fmt: skip
        shade = f' style="--depth:{(top + bottom) / 2 * 100:.0f}%"'
        parts.append(shape.replace(' class="ice"', f' class="ice"{shade}'))
    return parts + [path([place(p) for p in facet], "facet", closed=True) for facet in BODY_FACETS]


def _tip(tip: Part, size: Point, water: float, layout: _Layout) -> list[str]:
    width, height = size
    if not width:
        return []
    left = layout.middle - width / 2

    def place(point: Point) -> Point:
        return left + point[0] * width, water - point[1] * height

    hint = f"{tip.name}: {tip.shown}"
    lines = _lines(tip, layout, "strong accented")
    right = layout.middle + width * 0.5
    leader = line((right + 4, water - 5), (layout.column - 8, water - 5), "leader")
    return [
        path([place(p) for p in TIP], "accent tip", closed=True, decimals=3, hint=hint),
        path([place(p) for p in TIP_FACET], "facet", closed=True),
        *([leader] if right + 12 < layout.column else []),
        *_written(lines, layout.column, water + 6 - LINE * len(lines)),
    ]


def _lines(part: Part, layout: _Layout, style: str) -> list[tuple[str, str]]:
    """A label's lines with their styles: name, amount with its interval beside or below it, note."""
    room = layout.width - layout.column
    lines = [(name, style) for name in wrap(part.name, room)]
    value, bracket, interval = part.shown.partition("\N{NO-BREAK SPACE}(")
    if bracket and text_width(value, 13.5) + 5 + text_width(interval, 12) > room:
        lines += [(value, AMOUNT), (f"({interval}", "soft small")]
    else:
        lines.append((part.shown, AMOUNT))
    return lines + ([(part.note, "soft small")] if part.note else [])


def _written(lines: Sequence[tuple[str, str]], x: float, top: float) -> list[str]:
    """Lines of a label, the first with its baseline at `top`."""
    return [
        amount(x, top + LINE * i, content) if style == AMOUNT else text(x, top + LINE * i, content, style)
        for i, (content, style) in enumerate(lines)
    ]


def _labels(layers: Sequence[Part], berg: tuple[Point, float], layout: _Layout) -> tuple[list[str], float]:
    """The names beside the ice, kept apart, and how far below the water they reach."""
    (width, height), water = berg
    captions = [text(layout.column, water + 18, "and what is paid besides", "soft small")]
    if not layers:
        said = ["Nothing below the waterline", "is priced in this plan:", "see what is left out."]
        return [
            *captions,
            *(text(layout.column, water + 44 + LINE * i, s) for i, s in enumerate(said)),
        ], 110.0
    cuts = slices([layer.usd for layer in layers])
    labels = [_lines(layer, layout, "label") for layer in layers]
    heights = [LINE * len(lines) + 9 for lines in labels]
    wanted = [water + (top + bottom) / 2 * height for top, bottom in cuts]
    needed = CAPTION + sum(heights) + 14
    reach = max(height + 22, needed)
    centres = apart(wanted, heights, (water + CAPTION, water + reach - 8))
    parts: list[str] = []
    for lines, centre, (top, bottom), tall in zip(labels, centres, cuts, heights, strict=True):
        middle = (top + bottom) / 2
        edge = layout.middle - width / 2 + edges_at(BODY, middle)[1] * width
        elbow = layout.column - 16
        parts.append(
            f'<path d="M{number(edge + 1)},{number(water + middle * height)}L{number(max(elbow, edge + 2))},'
            f'{number(centre)}H{number(layout.column - 5)}" class="leader"/>'
        )
        parts += _written(lines, layout.column, centre - tall / 2 + 16)
    return captions + parts, reach
