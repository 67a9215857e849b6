"""Bars made of parts: what a few totals are made of, the small parts first, so that they can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width, wrap
from truecost.report.charts.scales import Linear
from truecost.report.charts.svg import Drawing, amount, is_narrow, rectangle, text, whisker

BAR = 18.0
LEADING = 16.0
KEY = 22.0
STYLES = ("accent", "tone2", "tone5")


@dataclass(frozen=True, slots=True)
class Whole:
    """A total with its interval, and its parts in the order of the names that all wholes share."""

    label: str
    detail: str
    parts: Sequence[float]
    low: float
    high: float
    shown: str


def stacked(wholes: Sequence[Whole], names: Sequence[str], width: float) -> Drawing:
    """A bar a whole from 0, its parts side by side, the 90 % interval of the whole over its end."""
    narrow = is_narrow(width)
    keys, top = _key(names, width)
    left = 2.0 if narrow else max(max(text_width(w.label), text_width(w.detail, 12)) for w in wholes) + 16
    right = width - 2 if narrow else width - max(text_width(w.shown) for w in wholes) - 14
    most = max(max(sum(w.parts), w.high) for w in wholes) or 1.0
    scale = Linear((0.0, most), (left, right))
    parts = list(keys)
    for whole in wholes:
        names_of, y, height = _placed(whole, left, width, top)
        parts += [*names_of, *_bar(whole, names, scale, y)]
        top += height
    return Drawing(top + 2, parts)


def _key(names: Sequence[str], width: float) -> tuple[list[str], float]:
    """Swatches with names above the bars, in as many lines as they need; and where the bars begin."""
    parts: list[str] = []
    x, y = 0.0, 12.0
    for name, style in zip(names, STYLES, strict=False):
        wide = 16 + text_width(name, 12) + 14
        if x and x + wide > width:
            x, y = 0.0, y + LEADING
        parts.append(rectangle((x, y - 9), (10, 10), style))
        parts.append(text(x + 15, y, name, "small"))
        x += wide
    return parts, y + KEY - 12


def _placed(whole: Whole, left: float, width: float, top: float) -> tuple[list[str], float, float]:
    """The names and the total, where the bar is centred, how much room the row takes."""
    if not is_narrow(width):
        y = top + 24
        return (
            [
                text(0, y - 3, whole.label),
                text(0, y + 13, whole.detail, "soft small"),
                amount(width, y + 4.5, whole.shown, "end"),
            ],
            y,
            48.0,
        )
    lines = [*wrap(whole.label, width)]
    parts = [text(0, top + LEADING * (n + 1), name) for n, name in enumerate(lines)]
    y = top + LEADING * (len(lines) + 1)
    parts.append(amount(0, y, whole.shown))
    parts.append(text(0, y + LEADING, whole.detail, "soft small"))
    y += LEADING + 8 + BAR / 2
    return parts, y, y + BAR / 2 + 12 - top


def _bar(whole: Whole, names: Sequence[str], scale: Linear, y: float) -> list[str]:
    parts: list[str] = []
    reached = 0.0
    for name, part, style in zip(names, whole.parts, STYLES, strict=False):
        begin, end = scale(reached), scale(reached + part)
        if part > 0:
            parts.append(
                rectangle((begin, y - BAR / 2), (max(end - begin, 0.8), BAR), style, f"{whole.label}: {name}")
            )
        reached += part
    low, high = scale(whole.low), scale(whole.high)
    if high - low < 0.5:
        return parts
    return [*parts, whisker((low, high), y)]
