"""Points on a plane of characters, both axes in equal ratios: what was predicted against measurements."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from truecost.report.layout import Line, Span, Style

MARKS = ".:o#"
"""How many points lie under a character: one, two, up to five, more."""
DIAGONAL = "/"
KEY = "Points under a character: . one, : two, o up to five, # more. On the line / both are equal."
ROWS_PER_COLUMN = 0.42
"""A character is about twice as tall as wide, so that the line stands at half a right angle."""
WIDEST, TALLEST = 60, 24


def scatter(
    points: Sequence[tuple[float, float]], name: Callable[[float], str], axes: tuple[str, str], width: int
) -> list[Line]:
    """The lines of the plane for (measured, predicted) pairs above 0; `axes` names both, across first.

    >>> for line in scatter([(1, 1), (1, 1), (10, 10), (100, 20)], "{:g}".format, ("seen", "said"), 24):
    ...     print("".join(span.text for span in line).rstrip())
      said
      100 |               //
          |            ///
          |          //    .
          |       /./
          |     //
          |  ///
        1 |:/
          +-----------------
           1             100
                        seen
    """
    low = min(min(pair) for pair in points)
    high = max(max(pair) for pair in points)
    labels = name(low), name(high)
    margin = max(map(len, labels)) + 1
    columns = max(10, min(WIDEST, width - margin - 3))
    rows = max(5, min(TALLEST, round(columns * ROWS_PER_COLUMN)))
    grid = _grid(points, (low, high), (columns, rows))
    lines: list[Line] = [(Span(" " * 2 + axes[1], Style.FAINT),)]
    for row in range(rows):
        label = labels[1] if row == 0 else labels[0] if row == rows - 1 else ""
        lines.append((Span(f"  {label:>{margin - 1}} |", Style.FAINT), Span(grid[row], Style.BAR)))
    base = " " * (margin + 1)
    lines.append((Span(f"{base} +{'-' * columns}", Style.FAINT),))
    lines.append((Span(f"{base}  {labels[0]}{labels[1]:>{columns - len(labels[0])}}", Style.FAINT),))
    lines.append((Span(f"{base}  {axes[0]:>{columns}}", Style.FAINT),))
    return lines


def _grid(
    points: Sequence[tuple[float, float]], ends: tuple[float, float], size: tuple[int, int]
) -> list[str]:
    """The characters of the plane, the top row first."""
    (low, high), (columns, rows) = ends, size
    length = math.log(high / low) or 1.0

    def place(value: float, most: int) -> int:
        return min(most - 1, int(math.log(value / low) / length * most))

    counts = Counter((place(across, columns), place(up, rows)) for across, up in points)
    diagonal = {(column, int((column + 0.5) / columns * rows)) for column in range(columns)}
    return [
        "".join(_mark(counts[column, row], (column, row) in diagonal) for column in range(columns))
        for row in reversed(range(rows))
    ]


def _mark(count: int, on_the_diagonal: bool) -> str:
    if not count:
        return DIAGONAL if on_the_diagonal else " "
    return MARKS[0 if count == 1 else 1 if count == 2 else 2 if count <= 5 else 3]
