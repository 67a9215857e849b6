"""How much of what was used has a price: a strip of all of it, and a row for each part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Linear
from truecost.report.charts.svg import Drawing, is_narrow, rectangle, text

STRIP, ROW = 24.0, 26.0
LEAST_SEEN = 3.0
"""However few have no price, so much of the strip says so."""
STYLES = {"priced": "tone3", "estimated": "tone5", "unpriced": "accent"}


@dataclass(frozen=True, slots=True)
class Covered:
    """One of STYLES: how many lines, in words, as a share in words, and what they come to."""

    name: str
    entries: int
    counted: str
    share: str
    usd: str


def coverage_strip(covered: Sequence[Covered], width: float) -> Drawing:
    """The strip with its parts in the order of STYLES, then their rows."""
    parts = list(strip(covered, width, STRIP))
    usd = max(text_width(one.usd) for one in covered)
    shares = max(text_width(one.share) for one in covered)
    gap = 16.0 if is_narrow(width) else 40.0
    right = width if is_narrow(width) else min(width, 460.0)
    for at, one in enumerate(covered):
        y = STRIP + 26 + ROW * at
        style = "accented" if one.name == "unpriced" and one.entries else ""
        parts += [
            rectangle((0, y - 9), (10, 10), STYLES[one.name]),
            text(17, y, one.name, f"strong {style}".strip()),
            text(right - usd - shares - 2 * gap, y, one.counted, "", "end"),
            text(right - usd - gap, y, one.share, "soft", "end"),
            text(right, y, one.usd, "number", "end"),
        ]
    return Drawing(STRIP + 26 + ROW * (len(covered) - 1) + 8, parts)


def strip(covered: Sequence[Covered], width: float, height: float) -> list[str]:
    """The parts side by side, each as long as its share of the lines, none too short to be seen."""
    found = [one for one in covered if one.entries]
    total = sum(one.entries for one in found)
    wide = [max(width * one.entries / total, LEAST_SEEN) for one in found]
    scale = Linear((0, sum(wide)), (0, width))
    parts: list[str] = []
    reached = 0.0
    for one, length in zip(found, wide, strict=True):
        begin, end = scale(reached), scale(reached + length)
        gap = 1.0 if one is not found[-1] else 0.0
        hint = f"{one.name}: {one.counted}"
        parts.append(rectangle((begin, 0), (end - begin - gap, height), STYLES[one.name], hint))
        reached += length
    return parts
