"""How factors lead from today's cost to another: a waterfall on a scale of equal ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Log
from truecost.report.charts.svg import Drawing, is_narrow, line, rectangle, text, whisker
from truecost.units import show

BAR = 16.0
BOLD = 1.2
"""How much wider bold figures are than plain ones, on the generous side."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor with its 90 % interval, in words; `is_net` for what all before come to."""

    label: str
    low: float
    middle: float
    high: float
    shown: str
    is_net: bool = False


def factors(rows: Sequence[Factor], width: float) -> Drawing:
    """Each factor as a bar that begins where the last ended, its interval with it; the net from 1."""
    narrow = is_narrow(width)
    tight = narrow and any(text_width(r.label) + BOLD * text_width(r.shown) + 12 > width for r in rows)
    row = (66.0 if tight else 50.0) if narrow else 34.0
    left = 4.0 if narrow else max(text_width(r.label) for r in rows) + 16
    right = width - 4 if narrow else width - max(text_width(r.shown) for r in rows) - 18
    begins = _begins(rows)
    reach = [value for r, at in zip(rows, begins, strict=True) for value in (at * r.low, at * r.high)]
    scale = Log((min(0.9, *reach), max(1.1, *reach)), (left, right))
    bottom = row * len(rows)
    parts: list[str] = [] if narrow else [line((scale(1.0), 0), (scale(1.0), bottom), "axis")]
    for index, (each, begin) in enumerate(zip(rows, begins, strict=True)):
        y = index * row + (row - 12 if narrow else row / 2)
        low, high = sorted((scale(begin), scale(begin * each.middle)))
        if narrow:
            parts.append(line((scale(1.0), y - BAR), (scale(1.0), y + BAR), "axis"))
        style = "accent" if each.is_net else "tone3"
        parts.append(rectangle((low, y - BAR / 2), (max(high - low, 1.0), BAR), style))
        ends = sorted((scale(begin * each.low), scale(begin * each.high)))
        if ends[1] - ends[0] >= 2:
            parts.append(whisker((ends[0], ends[1]), y))
        baseline = index * row + 18 if narrow else y + 4.5
        parts.append(text(0, baseline, each.label, "strong" if each.is_net else ""))
        if tight:
            parts.append(text(0, baseline + 16, each.shown, "number"))
        else:
            parts.append(text(width, baseline, each.shown, "number", "end"))
    parts.append(line((left, bottom), (right, bottom), "axis"))
    edge = 0.0
    for tick in scale.ticks(4 if narrow else 6):
        name = f"{show(tick)} ×"
        half = text_width(name, 12) / 2
        place = min(max(scale(tick), half), width - half)
        if place - half > edge:
            edge = place + half + 6
            parts.append(text(place, bottom + 18, name, "soft small", "middle"))
    return Drawing(bottom + 26, parts)


def _begins(rows: Sequence[Factor]) -> list[float]:
    """Where each bar begins: at what those before come to, the net at 1."""
    begins: list[float] = []
    reached = 1.0
    for row in rows:
        begins.append(1.0 if row.is_net else reached)
        reached *= row.middle
    return begins
