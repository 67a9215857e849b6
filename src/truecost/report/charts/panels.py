"""Several quantities over the same time, a panel each: filled steps, one upon another, limits across."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import escape

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Linear, round_values
from truecost.report.charts.svg import (
    Drawing,
    inside,
    is_narrow,
    line,
    number,
    rectangle,
    staircase,
    text,
)
from truecost.report.charts.timeline import Plot, value_axis

HEIGHT, GAP = 74.0, 20.0
SWATCH = 10.0
SPANS = ((1.0, "s", 180.0), (60.0, "min", 3 * 3600.0), (3600.0, "h", 3 * 86_400.0), (86_400.0, "days", 0.0))
"""Units of time: seconds of one, its name, up to how many seconds it is taken."""
Name = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Layer:
    """A quantity in each stretch of time, None where there is none; `style` is what it is filled with."""

    name: str
    values: Sequence[float | None]
    style: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A value that the panel's quantity may not exceed, and its name."""

    value: float
    name: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What is shown over time: layers one upon another, or (`is_level`) strokes where each value stands.

    `top` is the end of its scale where that is known before, such as 1 for a share.
    """

    name: str
    said: str
    layers: Sequence[Layer]
    write: Name
    top: float | None = None
    limit: Limit | None = None
    is_level: bool = False


def panels(drawn: Sequence[Panel], edges_s: Sequence[float], width: float) -> Drawing:
    """The panels one below the other over one axis of time; `edges_s` is a time more than stretches."""
    scales = [_scale(panel) for panel in drawn]
    names = [panel.write(tick) for panel, top in zip(drawn, scales, strict=True) for tick in _ticks(top)]
    left = max(text_width(name, 12) for name in names) + 8
    across = Linear((edges_s[0], edges_s[-1] or 1.0), (left, width - 10))
    places = [across(edge) for edge in edges_s]
    parts: list[str] = []
    top = 0.0
    for panel, most in zip(drawn, scales, strict=True):
        heading, begin = _heading(panel, width, top)
        area = Plot(width, left, width - 10, begin + 12, begin + 12 + HEIGHT, ())
        parts += [*heading, *_panel(panel, most, places, area)]
        top = area.bottom + GAP
    bottom = top - GAP
    return Drawing(bottom + 38, [*parts, *_times(edges_s, across, (bottom, width))])


def _scale(panel: Panel) -> float:
    """The top of a panel's scale: the highest stack or stroke, and the limit."""
    if panel.top is not None:
        return panel.top
    stacks = zip(*(layer.values for layer in panel.layers), strict=True)
    known = [[value for value in stack if value is not None] for stack in stacks]
    highs = [max(one) if panel.is_level else sum(one) for one in known if one]
    most = max([*highs, panel.limit.value if panel.limit else 0.0], default=0.0)
    return 1.06 * most or 1.0


def _ticks(most: float) -> list[float]:
    return round_values(0.0, most, 3)


def _heading(panel: Panel, width: float, top: float) -> tuple[list[str], float]:
    """The name, what is to be said of it, and a swatch a layer where there are several."""
    baseline = top + 13
    parts = [text(0, baseline, panel.name, "small strong")]
    x = text_width(panel.name, 12.5) + 14
    for layer in panel.layers if len(panel.layers) > 1 else ():
        wide = SWATCH + 5 + text_width(layer.name, 12) + 14
        if x + wide > width:
            x, baseline = 0.0, baseline + 16
        parts.append(rectangle((x, baseline - 9), (SWATCH, SWATCH), layer.style))
        parts.append(text(x + SWATCH + 5, baseline, layer.name, "small"))
        x += wide
    if panel.said:
        if x + text_width(panel.said, 12) > width:
            baseline += 16
            parts.append(text(0, baseline, panel.said, "soft small"))
        else:
            parts.append(text(width, baseline, panel.said, "soft small", "end"))
    return parts, baseline


def _panel(panel: Panel, most: float, places: Sequence[float], area: Plot) -> list[str]:
    up = Linear((0.0, most), (area.bottom, area.top))
    parts = value_axis(area, up, [(tick, panel.write(tick)) for tick in _ticks(most)])
    shapes: list[str] = []
    floor = [0.0] * (len(places) - 1)
    for layer in panel.layers:
        if panel.is_level:
            shapes.append(_strokes(layer, places, up))
            continue
        floor = [base + (value or 0.0) for base, value in zip(floor, layer.values, strict=True)]
        heights = [up(min(value, most)) for value in floor]
        begin = f"M{number(places[0])},{number(area.bottom)}V{number(heights[0])}"
        outline = f"{begin}{staircase(places, heights)}V{number(area.bottom)}Z"
        shapes.append(f'<path d="{outline}" class="{layer.style}"><title>{escape(layer.name)}</title></path>')
    parts.append(inside((area.left, area.top - 2), (area.right, area.bottom), reversed(shapes)))
    if panel.limit is not None:
        y = up(panel.limit.value)
        baseline = y + 14 if y - area.top < 14 else y - 4
        parts.append(line((area.left, y), (area.right, y), "planned"))
        parts.append(text(area.right - 2, baseline, panel.limit.name, "small strong over", "end"))
    return parts


def _strokes(layer: Layer, places: Sequence[float], up: Linear) -> str:
    """Level strokes, joined where the next stretch has a value too."""
    steps, before = "", False
    for index, value in enumerate(layer.values):
        if value is None:
            before = False
            continue
        y = number(up(value))
        begin = f"V{y}" if before else f"M{number(places[index])},{y}"
        steps += f"{begin}H{number(places[index + 1])}"
        before = True
    return f'<path d="{steps}" class="{layer.style} stroke thin"/>' if steps else ""


def _times(edges_s: Sequence[float], across: Linear, below: tuple[float, float]) -> list[str]:
    """Times below the last panel, in the unit that suits their length."""
    bottom, width = below
    length = edges_s[-1]
    seconds, unit, _ = next(one for one in SPANS if length <= one[2] or not one[2])
    parts: list[str] = []
    edge = 0.0
    for value in round_values(0.0, length / seconds, 5 if is_narrow(width) else 9):
        x, name = across(value * seconds), f"{value:g}"
        half = text_width(name, 12) / 2
        if x - half < edge or x + half > width:
            continue
        edge = x + half + 8
        parts.append(line((x, bottom), (x, bottom + 4), "axis"))
        parts.append(text(x, bottom + 17, name, "soft small", "middle"))
    parts.append(text(across.span[0], bottom + 33, f"{unit} from the first arrival", "soft small"))
    return parts
