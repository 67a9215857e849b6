"""A tornado: where each input alone takes an outcome, on both sides of where all at their medians do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width, wrap
from truecost.report.charts.scales import Linear
from truecost.report.charts.svg import Drawing, is_narrow, line, rectangle, text

BAR = 15.0
LEADING = 15.0
LABEL_SHARE = 0.34


@dataclass(frozen=True, slots=True)
class Swing:
    """An input: its name, the outcome at its low and high point, and those points in words."""

    label: str
    detail: str
    at_low: float
    at_high: float
    low: str
    high: str
    shown: str
    accent: bool = False


def tornado(swings: Sequence[Swing], middle: float, name: str, width: float) -> Drawing:
    """Bars from the middle: full where the input is high, faded where it is low, its points at the ends."""
    narrow = is_narrow(width)
    left, right = (2.0, width - 2) if narrow else _columns(swings, width)
    room = max(text_width(words, 12) for s in swings for words in (s.low, s.high)) + 8
    reach = [middle, *(end for s in swings for end in (s.at_low, s.at_high))]
    scale = Linear((min(reach), max(reach)), (left + room, right - room))
    top = 24.0
    rows: list[str] = []
    for swing in swings:
        names, y, height = _above(swing, width, top) if narrow else _beside(swing, width, left, top)
        rows += [*names, *_bars(swing, middle, scale, y)]
        if narrow:
            rows.append(line((scale(middle), y - BAR / 2 - 2), (scale(middle), y + BAR / 2 + 2), "axis"))
        top += height
    half = text_width(name, 12) / 2
    x = min(max(scale(middle), half), width - half)
    head = [text(x, 12, name, "small strong", "middle")]
    axis = [] if narrow else [line((scale(middle), 18), (scale(middle), top), "axis")]
    return Drawing(top + 4, [*head, *rows, *axis])


def _columns(swings: Sequence[Swing], width: float) -> tuple[float, float]:
    names = max(max(text_width(s.label), text_width(s.detail, 12)) for s in swings)
    values = max(text_width(s.shown) for s in swings)
    return min(names, width * LABEL_SHARE) + 12, width - values - 14


def _beside(swing: Swing, width: float, left: float, top: float) -> tuple[list[str], float, float]:
    styled = [("", name) for name in wrap(swing.label, left - 10)]
    styled += [("soft small", name) for name in wrap(swing.detail, left - 10, 12)]
    height = max(30.0, LEADING * len(styled) + 10)
    y = top + height / 2
    first = y + 4.5 - LEADING / 2 * (len(styled) - 1)
    names = [text(0, first + LEADING * n, words, style) for n, (style, words) in enumerate(styled)]
    return [*names, text(width, y + 4.5, swing.shown, "number", "end")], y, height


def _above(swing: Swing, width: float, top: float) -> tuple[list[str], float, float]:
    beside = width - text_width(swing.shown) - 10
    is_short = text_width(swing.label) <= beside
    lines = [swing.label] if is_short else wrap(swing.label, width)
    names = [text(0, top + LEADING * (n + 1), words) for n, words in enumerate(lines)]
    y = top + LEADING * (len(lines) + (0 if is_short and not swing.detail else 1))
    names.append(text(0, y, wrap(swing.detail, beside, 12, most=1)[0], "soft small") if swing.detail else "")
    names.append(text(width, top + LEADING if is_short else y, swing.shown, "number", "end"))
    y += 8 + BAR / 2
    return names, y, y + BAR / 2 + 10 - top


def _bars(swing: Swing, middle: float, scale: Linear, y: float) -> list[str]:
    style = "accent" if swing.accent else "tone2"
    ends = sorted(((swing.at_low, swing.low, f"{style} faded"), (swing.at_high, swing.high, style)))
    parts: list[str] = []
    for value, _, tone in sorted(ends, key=lambda end: -abs(end[0] - middle)):
        begin, end = sorted((scale(middle), scale(value)))
        parts.append(rectangle((begin, y - BAR / 2), (max(end - begin, 0.6), BAR), tone))
    left, right = min(scale(ends[0][0]), scale(middle)), max(scale(ends[1][0]), scale(middle))
    parts.append(text(left - 5, y + 4.5, ends[0][1], "soft small", "end"))
    parts.append(text(right + 5, y + 4.5, ends[1][1], "soft small"))
    return parts
