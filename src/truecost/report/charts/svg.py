"""Elements of SVG as escaped text, and a figure: the same chart drawn for a wide and for a narrow page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

WIDE = 720
NARROW = 350
"""Widths that a chart is drawn for, in CSS pixels of a page that shows it at full size."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The inside of an SVG image and its height."""

    height: float
    parts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart at both widths; `label` says in a sentence what it shows, for who cannot see it."""

    wide: Markup
    narrow: Markup
    label: str


def figure(draw: Callable[[float], Drawing], label: str) -> Figure:
    """Draw a chart at both widths."""
    return Figure(_image(draw(WIDE), WIDE, "wide"), _image(draw(NARROW), NARROW, "narrow"), label)


def _image(drawing: Drawing, width: int, kind: str) -> Markup:
    height = number(drawing.height)
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'aria-hidden="true">{"".join(drawing.parts)}</svg>'
    )


def is_narrow(width: float) -> bool:
    """Whether a chart of this width is the one for a phone.

    >>> is_narrow(350), is_narrow(720)
    (True, False)
    """
    return width < (WIDE + NARROW) / 2


def number(value: float, decimals: int = 1) -> str:
    """A coordinate, without needless digits.

    >>> number(12.0), number(0.25, 3), number(-0.01)
    ('12', '0.25', '0')
    """
    shown = f"{value:.{decimals}f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def text(x: float, y: float, content: str, style: str = "", anchor: str = "start") -> str:
    """A line of text with its baseline at y; `style` names classes of the style sheet.

    >>> text(0, 10, "a < b", "soft")
    '<text x="0" y="10" class="soft">a &lt; b</text>'
    """
    return f'<text x="{number(x)}" y="{number(y)}"{_classes(style, anchor)}>{escape(content)}</text>'


def amount(x: float, y: float, shown: str, anchor: str = "start") -> str:
    """A number in bold with its interval, in brackets, in a softer type behind it."""
    value, bracket, interval = shown.partition("\N{NO-BREAK SPACE}(")
    spread = f'<tspan class="soft small" dx="5">({escape(interval)}</tspan>' if bracket else ""
    centre = f'<tspan class="number">{escape(value)}</tspan>'
    return f'<text x="{number(x)}" y="{number(y)}"{_classes("", anchor)}>{centre}{spread}</text>'


def _classes(style: str, anchor: str) -> str:
    """The classes of a text: its style, and where it is held unless at its start."""
    names = f"{style} {anchor}".strip() if anchor != "start" else style
    return f' class="{names}"' if names else ""


def line(start: Point, end: Point, style: str) -> str:
    """A straight line."""
    (x1, y1), (x2, y2) = start, end
    ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
    return f'<line {ends} class="{style}"/>'


def rectangle(corner: Point, size: Point, style: str, hint: str = "") -> str:
    """A rectangle from its upper left corner; `hint` is shown when a pointer rests on it."""
    (x, y), (width, height) = corner, size
    place = f'x="{number(x)}" y="{number(y)}"'
    box = f'{place} width="{number(width, 2)}" height="{number(height, 2)}" class="{style}"'
    return f"<rect {box}>{_hint(hint)}</rect>" if hint else f"<rect {box}/>"


def path(
    points: Iterable[Point], style: str, *, closed: bool = False, decimals: int = 1, hint: str = ""
) -> str:
    """A path through points, closed to a shape on demand."""
    steps = " ".join(f"{number(x, decimals)},{number(y, decimals)}" for x, y in points)
    shape = f'd="M{steps}{"Z" if closed else ""}" class="{style}"'
    return f"<path {shape}>{_hint(hint)}</path>" if hint else f"<path {shape}/>"


def trace(points: Sequence[Point]) -> str:
    """The corners of a line for a path: the first as it is, the others as steps, which take fewer letters.

    >>> trace([(0, 10), (12.04, 8.5), (24, 9)])
    '0,10l12-1.5 12,.5'
    """
    places = [(round(x, 1), round(y, 1)) for x, y in points]
    steps = [_pair(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(places)]
    return f"{number(places[0][0])},{number(places[0][1])}l{' '.join(steps)}"


def _pair(x: float, y: float) -> str:
    first, second = (_bare(number(value)) for value in (x, y))
    return f"{first}{second}" if second.startswith("-") else f"{first},{second}"


def _bare(digits: str) -> str:
    return digits.replace("0.", ".", 1) if digits.startswith(("0.", "-0.")) else digits


def staircase(edges: Sequence[float], heights: Sequence[float]) -> str:
    """Steps of a path that stands at the first edge and height: level to each next edge, then up or down.

    >>> staircase([0, 10, 20, 30], [5, 5, 8])
    'H20V8H30'
    """
    steps: list[str] = []
    for index, height in enumerate(heights):
        is_last = index + 1 == len(heights)
        if is_last or number(heights[index + 1]) != number(height):
            steps.append(f"H{number(edges[index + 1])}")
            steps += [] if is_last else [f"V{number(heights[index + 1])}"]
    return "".join(steps)


def inside(corner: Point, opposite: Point, parts: Iterable[str]) -> str:
    """Parts of which only what lies in a rectangle is seen."""
    x, y = number(corner[0]), number(corner[1])
    width, height = number(opposite[0] - corner[0]), number(opposite[1] - corner[1])
    box = f'x="{x}" y="{y}" width="{width}" height="{height}" viewBox="{x} {y} {width} {height}"'
    return f"<svg {box}>{''.join(parts)}</svg>"


def whisker(ends: Point, y: float) -> str:
    """An interval as a thin line with caps, on a halo that sets it off from the bar below it."""
    (low, high), top = ends, number(y - 4)
    steps = f"M{number(low)},{number(y)}H{number(high)}M{number(low)},{top}v8M{number(high)},{top}v8"
    return f'<path d="{steps}" class="halo"/><path d="{steps}" class="whisker"/>'


def dot(centre: Point, radius: float, style: str) -> str:
    """A filled circle."""
    return f'<circle cx="{number(centre[0])}" cy="{number(centre[1])}" r="{number(radius)}" class="{style}"/>'


def _hint(content: str) -> str:
    return f"<title>{escape(content)}</title>"
