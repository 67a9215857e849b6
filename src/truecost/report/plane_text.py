"""Points on a plane of characters, the axis across in equal ratios: days of a run against what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from truecost.report.charts.scales import Linear, Log
from truecost.report.layout import Line, Span, Style

ROWS, WIDEST = 12, 66
ACROSS, DOWN = "-", ":"
"""What a limit is drawn with: one of what is measured up, one of what is measured across."""
EQUAL_RATIOS_FROM = 3.0
"""Where the highest point is so many times the lowest, equal steps up are equal ratios."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A point and the character it is drawn with; of two in one place the last is seen."""

    across: float
    up: float
    mark: str


@dataclass(frozen=True, slots=True)
class Axis:
    """What is measured, how it is written, and a limit on it."""

    name: str
    shown: Callable[[float], str]
    limit: float | None = None


def plane(dots: Sequence[Dot], across: Axis, up: Axis, width: int) -> list[Line]:
    """The lines of the plane, its corners labelled; every value is above 0.

    >>> dots = [Dot(10, 90, "o"), Dot(40, 60, "*"), Dot(100, 50, "*")]
    >>> days, usd = Axis("days", "{:g}".format, 60), Axis("USD", "{:g}".format)
    >>> for line in plane(dots, days, usd, 30):
    ...     print("".join(span.text for span in line).rstrip())
      USD
      90 |o                 :
         |                  :
         |                  :
         |                  :
         |                  :
         |                  :
         |                  :
         |                  :
         |              *   :
         |                  :
         |                  :
      50 |                  :    *
         +------------------------
          10                   100
                              days
    """
    reach_across = _reach([dot.across for dot in dots], across.limit)
    reach_up = _reach([dot.up for dot in dots], up.limit)
    low, high = (up.shown(end) for end in reach_up)
    margin = max(len(low), len(high))
    columns = max(12, min(WIDEST, width - margin - 4))
    scale_up = Log if reach_up[1] > EQUAL_RATIOS_FROM * reach_up[0] else Linear
    x, y = Log(reach_across, (0, columns - 1)), scale_up(reach_up, (ROWS - 1, 0))
    grid = _grid(dots, (x, y), (across.limit, up.limit), columns)
    lines: list[Line] = [(Span(f"  {up.name}", Style.FAINT),)]
    for row, drawn in enumerate(grid):
        label = high if row == 0 else low if row == ROWS - 1 else ""
        lines.append((Span(f"  {label:>{margin}} |", Style.FAINT), Span(drawn, Style.BAR)))
    ends = [across.shown(end) for end in reach_across]
    left = " " * (margin + 3)
    lines.append((Span(f"{left}+{'-' * columns}", Style.FAINT),))
    lines.append((Span(f"{left} {ends[0]}{ends[1]:>{columns - len(ends[0])}}", Style.FAINT),))
    lines.append((Span(f"{left} {across.name:>{columns}}", Style.FAINT),))
    return lines


def _reach(values: Sequence[float], limit: float | None) -> tuple[float, float]:
    known = [*values, *([limit] if limit is not None else [])]
    low, high = min(known), max(known)
    return (low, high) if high > low else (low, 1.1 * low)


def _grid(
    dots: Sequence[Dot],
    scales: tuple[Log, Log | Linear],
    limits: tuple[float | None, float | None],
    columns: int,
) -> list[str]:
    """The characters, the top row first; limits under the points."""
    (x, y), (most_across, most_up) = scales, limits
    grid = [[" "] * columns for _ in range(ROWS)]
    if most_up is not None:
        grid[round(y(most_up))] = [ACROSS] * columns
    if most_across is not None:
        for row in grid:
            row[round(x(most_across))] = DOWN
    for dot in dots:
        grid[round(y(dot.up))][round(x(dot.across))] = dot.mark
    return ["".join(row) for row in grid]
