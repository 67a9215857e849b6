"""Small bars around zero for the cells of a table: what is better goes right, what is worse goes left."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from truecost.ranges import Ranged
from truecost.report.charts.scales import Linear
from truecost.report.charts.svg import line, number, rectangle

WIDTH, HEIGHT = 150.0, 18.0
TOWERS = 6.0
"""A value that many times the next one would leave the others no room: it runs off the edge."""


def differences(values: Sequence[Ranged], accented: int | None = None) -> list[Markup]:
    """A bar a value on one scale, from 0 to its mean, its 90 % interval over it."""
    scale = Linear(_domain(values), (2.0, WIDTH - 2))
    return [
        _bar(value, scale, "accent" if index == accented else "tone3") for index, value in enumerate(values)
    ]


def in_view(sizes: Sequence[float]) -> float:
    """The largest size that a scale has to hold: those that tower over the other half are left out.

    >>> in_view([58.0, 0.6, 0.3, 0.1]), in_view([9.0, 8.0, 2.0]), in_view([])
    (0.6, 9.0, 0.0)
    """
    ranked = sorted((size for size in sizes if size > 0), reverse=True)
    for kept in range(len(ranked) // 2, 0, -1):
        if ranked[kept - 1] > TOWERS * ranked[kept]:
            return ranked[kept]
    return ranked[0] if ranked else 0.0


def _domain(values: Sequence[Ranged]) -> tuple[float, float]:
    most = in_view([abs(value["mean"]) for value in values]) or 1.0
    kept = [value for value in values if abs(value["mean"]) <= most]
    low = min(0.0, *(max(v["p5"], -2.2 * most) for v in kept), *(v["mean"] for v in kept))
    high = max(0.0, *(min(v["p95"], 2.2 * most) for v in kept), *(v["mean"] for v in kept))
    room = 0.06 * (high - low)
    off_left = any(v["mean"] < low for v in values)
    off_right = any(v["mean"] > high for v in values)
    return low - room * (3 if off_left else 1), high + room * (3 if off_right else 1)


def _bar(value: Ranged, scale: Linear, style: str) -> Markup:
    least, most = scale.domain
    y = HEIGHT / 2
    zero, end = scale(0.0), scale(min(max(value["mean"], least), most))
    parts = [line((zero, 0), (zero, HEIGHT), "axis")]
    if value["mean"]:
        parts.insert(0, rectangle((min(zero, end), y - 5), (max(abs(end - zero), 0.8), 10), style))
    if value["mean"] < least or value["mean"] > most:
        parts.append(_broken(end, y, 1 if value["mean"] < least else -1))
    low, high = (scale(min(max(value[p], least), most)) for p in ("p5", "p95"))
    if high - low >= 1:
        ends = "".join(
            f"M{number(x)},{number(y - 3.5)}v7"
            for x, v in ((low, value["p5"]), (high, value["p95"]))
            if least <= v <= most
        )
        steps = f"M{number(low)},{number(y)}H{number(high)}{ends}"
        parts.append(f'<path d="{steps}" class="halo"/><path d="{steps}" class="whisker"/>')
    box = f'viewBox="0 0 {number(WIDTH)} {number(HEIGHT)}" width="{number(WIDTH)}" height="{number(HEIGHT)}"'
    return Markup(f'<svg class="mini" {box} aria-hidden="true">{"".join(parts)}</svg>')


def _broken(x: float, y: float, back: int) -> str:
    """Two strokes of paper across a bar that goes on beyond the edge."""
    return "".join(
        f'<path d="M{number(x + back * step)},{number(y - 7)}l{number(-4.0)},14" class="gap"/>'
        for step in (9, 14)
    )
