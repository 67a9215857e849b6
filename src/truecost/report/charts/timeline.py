"""The frame that charts over months share: the plot, its months below, its scale at the left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import apart, text_width, wrap
from truecost.report.charts.scales import Linear, Log, month_marks
from truecost.report.charts.svg import is_narrow, line, number, rectangle, text
from truecost.report.layout import glued
from truecost.report.phrases import plural

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LABEL_LINE = 15.0


@dataclass(frozen=True, slots=True)
class Plot:
    """The rectangle that is drawn in, months from left to right (month m from m to m + 1)."""

    width: float
    left: float
    right: float
    top: float
    bottom: float
    months: Sequence[str]

    def x(self, month: float) -> float:
        """The place of a time, in months from the start of the plan."""
        return self.left + (self.right - self.left) * month / len(self.months)


@dataclass(frozen=True, slots=True)
class Label:
    """A name at the right end of a line that ends at `y`; `style` of its swatch; `leads` draws a leader."""

    name: str
    detail: str
    y: float
    style: str
    leads: bool = True


def plot(width: float, months: Sequence[str], axis: Sequence[str], top: float = 14.0) -> Plot:
    """The plot of a page's width, with room at the left for the longest label of its axis."""
    narrow = is_narrow(width)
    left = max(text_width(label, 12) for label in axis) + 8 if axis else 8.0
    right = width - (112 if narrow else 178)
    return Plot(width, left, right, top, top + (230 if narrow else 300), months)


def month_name(month: str) -> str:
    """A month as a reader calls it.

    >>> month_name("2027-08")
    'Aug 2027'
    """
    year, _, number_of_month = month.partition("-")
    return f"{MONTHS[int(number_of_month) - 1]} {year}"


def day_name(day: str) -> str:
    """A date as a reader calls it, on one line.

    >>> day_name("2026-11-22").replace(chr(160), " ")
    '22 Nov 2026'
    """
    return glued(f"{int(day[8:10])} {month_name(day[:7])}")


def month_axis(area: Plot) -> list[str]:
    """The line below the plot and the names of some months; a year stands where it begins."""
    parts = [line((area.left, area.bottom), (area.right, area.bottom), "axis")]
    room = max(2, int((area.right - area.left) / 62))
    year = ""
    for index in month_marks(len(area.months), room):
        x = area.x(index)
        name = month_name(area.months[index])
        parts.append(line((x, area.bottom), (x, area.bottom + 4), "axis"))
        parts.append(text(x, area.bottom + 18, name[:3], "soft small"))
        if name[-4:] != year:
            year = name[-4:]
            parts.append(text(x, area.bottom + 33, year, "soft small"))
    return parts


def value_axis(area: Plot, scale: Linear | Log, ticks: Sequence[tuple[float, str]]) -> list[str]:
    """Lines across the plot at some values, their names at the left."""
    parts: list[str] = []
    for value, name in ticks:
        y = scale(value)
        parts.append(line((area.left, y), (area.right, y), "axis" if value == 0 else "grid"))
        parts.append(text(area.left - 6, y + 4, name, "soft small", "end"))
    return parts


def end_labels(area: Plot, labels: Sequence[Label], bounds: tuple[float, float]) -> list[str]:
    """Names beside the right edge, kept apart, each with a swatch and a leader to where its line ends."""
    names = _wrapped(area, labels)
    heights = [LABEL_LINE * (len(n) + bool(label.detail)) + 5 for n, label in zip(names, labels, strict=True)]
    centres = apart([label.y for label in labels], heights, bounds)
    parts: list[str] = []
    for label, lines, height, centre in zip(labels, names, heights, centres, strict=True):
        swatch = centre - height / 2 + 4
        elbow = f"M{number(area.right + 1)},{number(label.y)}L{number(area.right + 9)},{number(swatch + 5)}"
        parts += [f'<path d="{elbow}" class="leader"/>'] if label.leads else []
        parts.append(rectangle((area.right + 11, swatch), (9, 9), label.style))
        first = centre - height / 2 + 13
        styled = [(name, "label") for name in lines] + (
            [(label.detail, "soft small")] if label.detail else []
        )
        parts += [
            text(area.right + 25, first + LABEL_LINE * i, name, style)
            for i, (name, style) in enumerate(styled)
        ]
    return parts


def _wrapped(area: Plot, labels: Sequence[Label]) -> list[list[str]]:
    return [wrap(label.name, area.width - area.right - 25, 12.5, most=3) for label in labels]


def lowest(area: Plot, labels: Sequence[Label]) -> float:
    """How far down the labels at the right reach when each keeps its place: the drawing's height follows."""
    wrapped = zip(labels, _wrapped(area, labels), strict=True)
    needed = sum(LABEL_LINE * (len(lines) + bool(a.detail)) + 5 for a, lines in wrapped)
    return max(area.bottom + 40, area.top - 8 + needed + 6)


def axis_names(ticks: Sequence[float], show: Callable[[float], str]) -> list[tuple[float, str]]:
    """Values with their names."""
    return [(tick, show(tick)) for tick in ticks]


def when(month: float, months: Sequence[str]) -> str:
    """A month by its number in the plan and its date.

    >>> when(3.0, ["2026-12", "2027-01", "2027-02"])
    'month 3, Feb 2027'
    """
    index = min(max(round(month), 1), len(months))
    return f"month {index}, {month_name(months[index - 1])}"


def horizon(months: int) -> str:
    """The length of a plan in words.

    >>> horizon(36), horizon(1)
    ('36 months', '1 month')
    """
    return plural(months, "month")
