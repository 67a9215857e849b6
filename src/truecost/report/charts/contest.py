"""Errors of several forecasters at each horizon, as bars side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width
from truecost.report.charts.svg import Drawing, rectangle, text

BAR, GAP, BETWEEN = 15.0, 4.0, 20.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One forecaster's error; `is_own` for the one that is judged."""

    name: str
    error: float
    said: str
    is_own: bool = False


def contest(heats: Sequence[tuple[str, Sequence[Entry]]], width: float) -> Drawing:
    """A group of bars a horizon, the error written behind each; lengths are to one scale."""
    most = max((entry.error for _, entries in heats for entry in entries), default=1.0) or 1.0
    left = max(text_width(entry.name, 12.5) for _, entries in heats for entry in entries) + 10
    room = width - left - max(text_width(entry.said, 13) for _, entries in heats for entry in entries) - 12
    parts: list[str] = []
    y = 0.0
    for horizon, entries in heats:
        parts.append(text(0, y + 13, horizon, "strong"))
        y += BETWEEN
        for entry in entries:
            style = "accent" if entry.is_own else "tone5"
            length = max(1.0, room * entry.error / most)
            parts.append(text(left - 8, y + 12, entry.name, "label", "end"))
            parts.append(rectangle((left, y), (length, BAR), style))
            parts.append(text(left + length + 7, y + 12, entry.said, "number" if entry.is_own else "soft"))
            y += BAR + GAP
        y += GAP * 2
    return Drawing(y, parts)
