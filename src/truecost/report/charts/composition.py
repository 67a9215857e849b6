"""What one total is made of: a strip of all its parts, what it may not exceed, then a bar a part.

Parts of one group share a tone. The strip holds the groups one after the other, the bars stand by size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import shorten, text_width, wrap
from truecost.report.charts.scales import Linear
from truecost.report.charts.svg import Drawing, is_narrow, line, rectangle, text

STRIP, BAR = 24.0, 13.0
LEADING = 16.0
TONES = ("tone1", "tone3", "tone5", "tone2")
"""Of the groups, in their order; the largest has the accent."""
SWATCH = 10.0


@dataclass(frozen=True, slots=True)
class Part:
    """An amount with its name, in words, and its share of the total in words."""

    name: str
    amount: float
    shown: str
    share: str


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of one kind and what they come to, in words."""

    name: str
    shown: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Limit:
    """What the total may not exceed, and its name."""

    value: float
    name: str


def composition(groups: Sequence[Group], width: float, limit: Limit | None = None) -> Drawing:
    """The strip from 0 to the total (or the limit, where that is more), its key above, the bars below."""
    kept = _toned([group for group in groups if group.parts])
    parts, top = _key(kept, width)
    if limit is not None:
        top += LEADING
    strip, top = _strip(kept, width, top, limit)
    toned = [(part, tone) for group, tone in kept for part in group.parts]
    ordered = sorted(toned, key=lambda pair: -pair[0].amount)
    rows, bottom = (_above if is_narrow(width) else _beside)(ordered, width, top + 20)
    return Drawing(bottom, [*parts, *strip, *rows])


def _toned(groups: Sequence[Group]) -> list[tuple[Group, str]]:
    largest = max(groups, key=lambda group: sum(part.amount for part in group.parts))
    tones = iter(TONES)
    return [(group, "accent" if group is largest else next(tones)) for group in groups]


def _key(kept: Sequence[tuple[Group, str]], width: float) -> tuple[list[str], float]:
    """Swatches, names and sums, in as many lines as they need; and where the key ends."""
    parts: list[str] = []
    x, y = 0.0, 12.0
    for group, tone in kept:
        wide = SWATCH + 5 + text_width(group.name, 12) + 6 + text_width(group.shown, 12) + 18
        if x and x + wide - 18 > width:
            x, y = 0.0, y + LEADING + 2
        parts.append(rectangle((x, y - 9), (SWATCH, SWATCH), tone))
        parts.append(text(x + SWATCH + 5, y, group.name, "small"))
        parts.append(text(x + SWATCH + 11 + text_width(group.name, 12), y, group.shown, "small strong"))
        x += wide
    return parts, y + 12


def _strip(
    kept: Sequence[tuple[Group, str]], width: float, top: float, limit: Limit | None
) -> tuple[list[str], float]:
    total = sum(part.amount for group, _ in kept for part in group.parts)
    scale = Linear((0.0, max(total, limit.value if limit else 0.0)), (0.0, width))
    parts: list[str] = []
    reached = 0.0
    for group, tone in kept:
        for part in sorted(group.parts, key=lambda part: -part.amount):
            begin, end = scale(reached), scale(reached + part.amount)
            gap = 1.0 if end - begin > 4 else 0.0
            hint = f"{part.name}: {part.shown}"
            parts.append(rectangle((begin, top), (max(end - begin - gap, 0.5), STRIP), tone, hint))
            reached += part.amount
    if limit is not None:
        parts += _limit(limit, scale, width, top)
    return parts, top + STRIP


def _limit(limit: Limit, scale: Linear, width: float, top: float) -> list[str]:
    """A line across the strip, named above it on the side that has room."""
    x = min(scale(limit.value), width - 0.8)
    left = x > width / 2
    return [
        line((x, top - 5), (x, top + STRIP + 5), "moment"),
        text(x, top - 9, limit.name, "small strong", "end" if left else "start"),
    ]


def _beside(ordered: Sequence[tuple[Part, str]], width: float, top: float) -> tuple[list[str], float]:
    """Names left of the bars, amounts and shares right of them."""
    left = min(max(text_width(part.name) for part, _ in ordered), width * 0.4) + 14
    shares = max(text_width(part.share, 12) for part, _ in ordered)
    amounts = max(text_width(part.shown) for part, _ in ordered)
    right = width - shares - amounts - 34
    most = max(part.amount for part, _ in ordered) or 1.0
    parts: list[str] = []
    for index, (part, tone) in enumerate(ordered):
        y = top + 26 * index + 13
        parts.append(text(0, y + 4.5, shorten(part.name, left - 10)))
        length = max(1.0, (right - left) * part.amount / most)
        parts.append(rectangle((left, y - BAR / 2), (length, BAR), tone))
        parts.append(text(width - shares - 16, y + 4.5, part.shown, "number", "end"))
        parts.append(text(width, y + 4.5, part.share, "soft small", "end"))
    return parts, top + 26 * len(ordered) + 4


def _above(ordered: Sequence[tuple[Part, str]], width: float, top: float) -> tuple[list[str], float]:
    """Names, amounts and shares above the bars."""
    most = max(part.amount for part, _ in ordered) or 1.0
    shares = max(text_width(part.share, 12) for part, _ in ordered)
    parts: list[str] = []
    y = top
    for part, tone in ordered:
        room = width - shares - text_width(part.shown) - 28
        for name in wrap(part.name, room):
            y += LEADING
            parts.append(text(0, y, name))
        parts.append(text(width - shares - 12, y, part.shown, "number", "end"))
        parts.append(text(width, y, part.share, "soft small", "end"))
        parts.append(rectangle((0, y + 6), (max(1.0, width * part.amount / most), 9), tone))
        y += 24
    return parts, y + 4
