"""Tables of text that fit a width: one column wraps, bars go first where there is no room, then it stacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from truecost.report.layout import Line, Span, Style, clean, padded, unglued, width_of, wrapped

GAP = 2
LEAST_WRAPPED = 14
"""Columns that the wrapping column needs before others give way."""


@dataclass(frozen=True, slots=True)
class Column:
    """How the cells of a column stand: numbers right, words left; `wraps` for one that gives way.

    A title may have several lines.
    """

    title: str
    right: bool = False
    wraps: bool = False
    optional: bool = False
    style: Style = Style.PLAIN


Row = Sequence[str]


NO_RULES: Mapping[int, Sequence[Line]] = {}


def table(
    columns: Sequence[Column],
    rows: Sequence[Row],
    width: int,
    *,
    indent: int = 2,
    rules: Mapping[int, Sequence[Line]] = NO_RULES,
) -> list[Line]:
    """The lines of a table, its head first, no wider than `width`; `rules` are lines to put before a row.

    A column that has nothing in it is left out; optional ones give way from the right where the rest does
    not fit; where even that does not fit, each row becomes a block of "title: cell".

    >>> for line in table([Column("part"), Column("USD", right=True)], [["chips", "12"], ["staff", "7"]], 40):
    ...     print("".join(span.text for span in line).rstrip())
      part   USD
      chips   12
      staff    7
    """
    cells = [[clean(cell) for cell in row] for row in rows]
    kept = [i for i in range(len(columns)) if any(row[i] for row in cells)]
    while kept:
        chosen = [columns[i] for i in kept]
        chosen_cells = [[row[i] for i in kept] for row in cells]
        widths = _widths(chosen, chosen_cells, width - indent)
        if widths is not None:
            return _aligned(chosen, chosen_cells, (widths, indent), rules)
        spare = next((i for i in reversed(kept) if columns[i].optional), None)
        if spare is None:
            return _stacked(chosen, chosen_cells, (width, indent), rules)
        kept.remove(spare)
    return []


def _widths(columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[int] | None:
    """The width of each column, or None where they do not fit side by side; the widest gives way first."""
    natural = [
        max([*map(width_of, column.title.split("\n")), *(width_of(row[i]) for row in rows)])
        for i, column in enumerate(columns)
    ]
    least = [min(LEAST_WRAPPED, n) if c.wraps else n for n, c in zip(natural, columns, strict=True)]
    room = width - GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    while sum(natural) > room:
        spare = [n - m for n, m in zip(natural, least, strict=True)]
        natural[max((i for i, s in enumerate(spare) if s), key=lambda i: natural[i])] -= 1
    return natural


def _aligned(
    columns: Sequence[Column],
    rows: Sequence[Row],
    placed: tuple[Sequence[int], int],
    rules: Mapping[int, Sequence[Line]],
) -> list[Line]:
    lines: list[Line] = []
    if any(column.title for column in columns):
        heads = [c.title.split("\n") for c in columns]
        tallest = max(map(len, heads))
        for level in zip(*([""] * (tallest - len(head)) + head for head in heads), strict=True):
            lines += _physical(level, columns, placed, Style.FAINT)
    for number, row in enumerate(rows):
        lines += rules.get(number, ())
        lines += _physical(row, columns, placed)
    return lines


def _physical(
    cells: Row, columns: Sequence[Column], placed: tuple[Sequence[int], int], style: Style | None = None
) -> list[Line]:
    """The lines that one row takes: as many as its longest cell has."""
    widths, indent = placed
    parts = [
        wrapped(cell, widths[i], 2 if columns[i].wraps else 0)
        if width_of(cell) > widths[i]
        else [unglued(cell)]
        for i, cell in enumerate(cells)
    ]
    lines: list[Line] = []
    for number in range(max(len(part) for part in parts)):
        spans = [Span(" " * indent)]
        for i, column in enumerate(columns):
            text = parts[i][number] if number < len(parts[i]) else ""
            gap = " " * GAP if i < len(columns) - 1 else ""
            spans.append(Span(padded(text, widths[i], right=column.right) + gap, style or column.style))
        lines.append(tuple(spans))
    return lines


def _stacked(
    columns: Sequence[Column],
    rows: Sequence[Row],
    placed: tuple[int, int],
    rules: Mapping[int, Sequence[Line]],
) -> list[Line]:
    width, indent = placed
    lines: list[Line] = []
    for number, row in enumerate(rows):
        lines += rules.get(number, ())
        for i, (column, cell) in enumerate(zip(columns, row, strict=True)):
            if not cell or column.style is Style.BAR:
                continue
            title = column.title.replace("\n", " ")
            text = f"{title}: {cell}" if i and title else cell
            inset = indent + (2 if i else 0)
            lines += [(Span(" " * inset + line, column.style),) for line in wrapped(text, width - inset, 2)]
    return lines
