"""A waterfall: how one amount becomes another, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import shorten, text_width
from truecost.report.charts.scales import Linear
from truecost.report.charts.svg import Drawing, is_narrow, line, rectangle, text, whisker

BAR = 16.0


@dataclass(frozen=True, slots=True)
class Step:
    """An amount that is added (negative: taken away), or a sum to stop at."""

    label: str
    amount: float
    shown: str
    is_sum: bool = False
    interval: tuple[float, float] | None = None
    """The ends of the amount's 90 % interval, where it has one."""


def waterfall(steps: Sequence[Step], width: float) -> Drawing:
    """Sums as bars from 0 in the accent; what lies between them hangs where the last bar ended."""
    narrow = is_narrow(width)
    row = 50.0 if narrow else 36.0
    left = 4.0 if narrow else max(text_width(s.label) for s in steps) + 16
    right = width - 4 if narrow else width - max(text_width(s.shown) for s in steps) - 18
    ends = _ends(steps)
    reach = [value for pair in ends for value in pair]
    reach += [pair[0] + end for step, pair in zip(steps, ends, strict=True) for end in step.interval or ()]
    scale = Linear((min(0.0, *reach), max(0.0, *reach)), (left, right))
    parts = [] if narrow else [line((scale(0.0), 2), (scale(0.0), row * len(steps)), "axis")]
    for index, (step, (begin, end)) in enumerate(zip(steps, ends, strict=True)):
        top = index * row
        y = top + (row - 12 if narrow else row / 2)
        low, high = sorted((scale(begin), scale(end)))
        style = "accent" if step.is_sum else "tone3"
        parts.append(rectangle((low, y - BAR / 2), (max(high - low, 1.0), BAR), style))
        if index + 1 < len(steps) and not narrow:
            parts.append(line((scale(end), y + BAR / 2), (scale(end), y + row - BAR / 2), "leader"))
        parts += _interval([scale(begin + end) for end in step.interval], y) if step.interval else []
        baseline = top + 18 if narrow else y + 4.5
        room = (width if narrow else left) - 12 - (text_width(step.shown) if narrow else 0)
        parts.append(text(0, baseline, shorten(step.label, room)))
        parts.append(text(width, baseline, step.shown, "number", "end"))
    return Drawing(row * len(steps) + 6, parts)


def _interval(ends: Sequence[float], y: float) -> list[str]:
    """A line across an interval, with a cap at each end; nothing where it is too short to see."""
    low, high = min(ends), max(ends)
    if high - low < 2:
        return []
    return [whisker((low, high), y)]


def _ends(steps: Sequence[Step]) -> list[tuple[float, float]]:
    """Where each bar begins and ends."""
    ends: list[tuple[float, float]] = []
    reached = 0.0
    for step in steps:
        begin, reached = (0.0, step.amount) if step.is_sum else (reached, reached + step.amount)
        ends.append((begin, reached))
    return ends
