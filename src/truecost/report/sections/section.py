"""What a section of the report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from truecost.report.charts.svg import Figure
from truecost.report.phrases import has, shown

Statement = Mapping[str, Any]
BARS = "The bar ends at the median, the thin line spans 90 % of the draws."
SPANS = "The bar spans 90 % of the draws, the dot is the median."
"""How to read the two kinds of rows."""
RANGE_HEAD = ("5 %", "median", "95 %", "mean")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; the first `words` columns are words, the others numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str
    words: int = 1


@dataclass(frozen=True, slots=True)
class Section:
    """One finding: its sentence as the title, how to read the chart, the chart, more findings, the table."""

    key: str
    title: str
    lede: str
    figure: Figure | None = None
    facts: Sequence[str] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """A section the plan has no numbers for, and why."""

    what: str
    why: str


def range_cells(value: Mapping[str, float] | None, unit: str = "") -> list[str]:
    """A ranged value as four cells; empty ones where there is none."""
    if value is None or not has(value):
        return [""] * len(RANGE_HEAD)
    return [shown(value[point], unit) for point in ("p5", "p50", "p95", "mean")]
