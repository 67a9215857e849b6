"""What a section of the report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from truecost.report.charts.svg import Figure
from truecost.report.phrases import has, shown

Statement = Mapping[str, Any]
BARS = "The bar ends at the mean, the thin line spans 90 % of the draws."
SPANS = "The bar spans 90 % of the draws, the dot is the median."
"""How to read the two kinds of rows."""
MEAN_HEAD = ("mean", "5 %", "95 %")
MEDIAN_HEAD = ("median", "5 %", "95 %")
"""The cells of what adds up, and of months, multiples and break-evens."""


PAPER_ROWS, PAPER_COLUMNS, PAPER_WORDS = 34, 13, 5


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; the first `words` columns are words, the others numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str
    words: int = 1

    @property
    def fits_paper(self) -> bool:
        """Whether it can be read on a printed page; one that cannot stays folded there."""
        return len(self.rows) <= PAPER_ROWS and len(self.head) <= PAPER_COLUMNS and self.words <= PAPER_WORDS


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of the decision table: its name, what it asks for, the drawn saving, then one cell a column."""

    label: str
    about: str
    bar: Markup
    saved: str
    cells: Sequence[str]
    is_best: bool = False


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A table that is no chart's shadow but what is read: always open, stacked on a narrow page."""

    head: Sequence[str]
    rows: Sequence[Choice]
    caption: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Names with what is to be said of each, folded under a summary, or open; `is_code` where it is typed."""

    summary: str
    rows: Sequence[tuple[str, str]]
    is_open: bool = False
    is_code: bool = False


def typed(sets: Sequence[str]) -> str:
    """Assignments as they are typed after the command.

    >>> typed(["a=1", "b={c: 2}"])
    "--set 'a=1' --set 'b={c: 2}'"
    """
    return " ".join(f"--set '{text}'" for text in sets)


@dataclass(frozen=True, slots=True)
class Section:
    """One finding: its sentence as the title, how to read the chart, the chart, more findings, the table."""

    key: str
    title: str
    lede: str
    figure: Figure | None = None
    facts: Sequence[str] = ()
    tables: Sequence[Table] = ()
    decision: DecisionTable | None = None
    listings: Sequence[Listing] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """A section the plan has no numbers for, and why."""

    what: str
    why: str


def mean_cells(value: Mapping[str, float] | None, unit: str = "") -> list[str]:
    """The cells of `MEAN_HEAD`; empty ones where there is no value."""
    return _cells(value, unit, "mean")


def median_cells(value: Mapping[str, float] | None, unit: str = "") -> list[str]:
    """The cells of `MEDIAN_HEAD`; empty ones where there is no value."""
    return _cells(value, unit, "p50")


def _cells(value: Mapping[str, float] | None, unit: str, centre: str) -> list[str]:
    if value is None or not has(value):
        return [""] * len(MEAN_HEAD)
    return [shown(value[point], unit) for point in (centre, "p5", "p95")]


MONTHLY_FOR = 60
"""Months for which a table has a row each; after that it has one a year."""


def table_months(count: int) -> list[int]:
    """The months, by index, that a table by month has rows for: all of five years, then each year's last.

    >>> table_months(3), table_months(85)[-4:]
    ([0, 1, 2], [59, 71, 83, 84])
    """
    yearly = list(range(MONTHLY_FOR + 11, count, 12))
    last = [count - 1] if count > MONTHLY_FOR and count - 1 not in yearly else []
    return [*range(min(count, MONTHLY_FOR)), *yearly, *last]


def table_caption(caption: str, count: int) -> str:
    """What such a table shows, with a word on the rows it has."""
    return (
        f"{caption}; after {MONTHLY_FOR} months a row for each year's last"
        if count > MONTHLY_FOR
        else caption
    )
