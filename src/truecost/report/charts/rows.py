"""Rows of ranges: one quantity a row, drawn from its 5 % to its 95 % point, its number beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from truecost.report.charts.lettering import text_width, wrap
from truecost.report.charts.scales import Linear, Log, worth_showing
from truecost.report.charts.svg import Drawing, amount, dot, is_narrow, line, number, rectangle, text

BAR = 14.0
LEADING = 16.0
LABEL_SHARE = 0.36
VALUE_SHARE = 0.42


@dataclass(frozen=True, slots=True)
class Row:
    """A ranged quantity with its name and its number in words; `accent` marks what the title speaks of.

    `now` is where the plan stands today on the same scale, marked where it is given.
    """

    label: str
    low: float
    middle: float
    high: float
    shown: str
    detail: str = ""
    accent: bool = False
    now: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A value worth a line across all rows, and its name."""

    value: float
    name: str


def bars(rows: Sequence[Row], width: float) -> Drawing:
    """Bars from 0 to the middle (a mean), the 90 % interval drawn over each; values below 0 go to the left.

    An interval many times longer than every bar runs off the scale, its end an arrow.
    """
    lows, middles, highs = ([getattr(r, end) for r in rows] for end in ("low", "middle", "high"))
    below = worth_showing([-v for v in middles], [-v for v in lows])
    domain = (-max(0.0, below), max(0.0, worth_showing(middles, highs)))
    places, left, right, height = _places(rows, width, 2.0)
    scale = Linear(domain, (left, right))
    parts: list[str] = []
    for row, place in zip(rows, places, strict=True):
        if domain[0] < 0:
            parts.append(line((scale(0), place.y - BAR), (scale(0), place.y + BAR), "axis"))
        parts += [*place.names, *_bar(row, scale, place.y)]
    return Drawing(height + 4, parts)


def spans(
    rows: Sequence[Row], width: float, name: Callable[[float], str], marks: Sequence[Mark] = ()
) -> Drawing:
    """Intervals on a logarithmic scale, the median a dot: for quantities whose ratio matters.

    The scale holds every median and mark and goes thirtyfold beyond them at most: an end further out runs off
    the edge. `name` writes the values below the scale.
    """
    places, left, right, height = _places(rows, width, 24.0 if marks else 4.0)
    scale = Log(_domain(rows, marks), (left, right))
    parts = _mark_names(marks, scale, width)
    parts += _tick_names(scale.ticks(4 if is_narrow(width) else 5), scale, name, (width, height))
    parts.append(line((left, height), (right, height), "axis"))
    for row, place in zip(rows, places, strict=True):
        reach = (place.y - 11, place.y + 11) if is_narrow(width) else (18.0, height)
        parts += [line((scale(m.value), reach[0]), (scale(m.value), reach[1]), "axis") for m in marks]
        parts += [*place.names, *_span(row, scale, place.y)]
    return Drawing(height + 24, parts)


def dots(
    rows: Sequence[Row], width: float, name: Callable[[float], str], marks: Sequence[Mark] = ()
) -> Drawing:
    """Intervals on a scale of equal differences, the middle a dot: for amounts that may be below 0.

    An interval many times longer than the others runs off the edge.
    """
    places, left, right, height = _places(rows, width, 24.0 if marks else 4.0)
    scale = Linear(_reach(rows, marks), (left, right))
    parts = _mark_names(marks, scale, width)
    parts += _tick_names(scale.ticks(3 if is_narrow(width) else 5), scale, name, (width, height))
    parts.append(line((left, height), (right, height), "axis"))
    for row, place in zip(rows, places, strict=True):
        reach = (place.y - 11, place.y + 11) if is_narrow(width) else (18.0, height)
        parts += [line((scale(m.value), reach[0]), (scale(m.value), reach[1]), "axis") for m in marks]
        parts += [*place.names, *_span(row, scale, place.y)]
    return Drawing(height + 24, parts)


def _tick_names(
    ticks: Sequence[float], scale: Log | Linear, name: Callable[[float], str], area: tuple[float, float]
) -> list[str]:
    """Marks below a chart of a width and a height, without one whose name would touch the one before."""
    width, height = area
    parts: list[str] = []
    edge = 0.0
    for tick in ticks:
        half = text_width(name(tick), 12) / 2
        if scale(tick) - half >= edge and scale(tick) + half <= width:
            parts.append(line((scale(tick), height), (scale(tick), height + 4), "axis"))
            parts.append(text(scale(tick), height + 18, name(tick), "soft small", "middle"))
            edge = scale(tick) + half + 6
    return parts


def _reach(rows: Sequence[Row], marks: Sequence[Mark]) -> tuple[float, float]:
    centres = [row.middle for row in rows] + [mark.value for mark in marks]
    width = (max(centres) - min(centres)) or max(abs(centre) for centre in centres) or 1.0
    low = max(min(centres + [row.low for row in rows]), min(centres) - 1.2 * width)
    high = min(max(centres + [row.high for row in rows]), max(centres) + 1.2 * width)
    room = 0.03 * ((high - low) or 1.0)
    return low - room, high + room


def _mark_names(marks: Sequence[Mark], scale: Log | Linear, width: float) -> list[str]:
    """The names above their lines, from left to right, without one that would touch the one before."""
    parts: list[str] = []
    edge = 0.0
    for mark in sorted(marks, key=lambda m: m.value):
        half = text_width(mark.name, 12) / 2
        x = min(max(scale(mark.value), half), width - half)
        if x - half >= edge:
            parts.append(text(x, 12, mark.name, "soft small", "middle"))
            edge = x + half + 4
    return parts


def _domain(rows: Sequence[Row], marks: Sequence[Mark]) -> tuple[float, float]:
    reach = [v for r in rows for v in (r.low, r.high) if v > 0]
    centres = [r.middle for r in rows] + [r.now for r in rows if r.now is not None] + [m.value for m in marks]
    centres = [v for v in centres if v > 0] or reach or [1.0]
    low = max(min([*centres, *reach]), min(centres) / 30) / 1.6
    return low, min(max([*centres, *reach]), max(centres) * 30) * 1.6


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row's bar is centred, and its text."""

    y: float
    names: Sequence[str]


def _places(rows: Sequence[Row], width: float, top: float) -> tuple[list[_Place], float, float, float]:
    """The rows' places, the left and right end of their bars, and how far down the rows reach."""
    narrow = is_narrow(width)
    left, right = (4.0, width - 4) if narrow else _columns(rows, width)
    places: list[_Place] = []
    for row in rows:
        place, height = _above(row, width, top) if narrow else _beside(row, width, left, top)
        places.append(place)
        top += height
    return places, left, right, top


def _columns(rows: Sequence[Row], width: float) -> tuple[float, float]:
    names = max(max(text_width(row.label), text_width(row.detail, 12)) for row in rows)
    values = max(text_width(row.shown) for row in rows)
    return min(names, width * LABEL_SHARE) + 16, width - min(values, width * VALUE_SHARE) - 18


def _beside(row: Row, width: float, left: float, top: float) -> tuple[_Place, float]:
    """The names left of the bar, the number right of it."""
    styled = [("", name) for name in wrap(row.label, left - 14)]
    styled += [("soft small", name) for name in wrap(row.detail, left - 14, 12, most=3)]
    height = max(34.0, LEADING * len(styled) + 10)
    y = top + height / 2
    first = y + 4.5 - LEADING / 2 * (len(styled) - 1)
    names = [text(0, first + LEADING * i, name, style) for i, (style, name) in enumerate(styled)]
    return _Place(y, [*names, amount(width, y + 4.5, row.shown, "end")]), height


def _above(row: Row, width: float, top: float) -> tuple[_Place, float]:
    """The names and the number above the bar, side by side where they fit."""
    y = top + LEADING
    names: list[str] = []
    if text_width(row.label) + text_width(row.shown) + 8 <= width:
        names.append(text(0, y, row.label))
        names.append(amount(width, y, row.shown, "end"))
    else:
        lines = wrap(row.label, width)
        names += [text(0, y + LEADING * i, name) for i, name in enumerate(lines)]
        y += LEADING * len(lines)
        names.append(amount(0, y, row.shown))
    for name in wrap(row.detail, width, 12):
        y += LEADING
        names.append(text(0, y, name, "soft small"))
    room = 8.0 if row.now is None else 16.0
    return _Place(y + room + BAR / 2, names), y + room + BAR + 8 - top


def _tone(row: Row) -> str:
    return "accent" if row.accent else "tone3"


def _bar(row: Row, scale: Linear, y: float) -> list[str]:
    begin, end = sorted((scale(0.0), scale(row.middle)))
    bar = rectangle((begin, y - BAR / 2), (max(end - begin, 0.8), BAR), _tone(row))
    least, most = scale.domain
    low, high = scale(max(row.low, least)), scale(min(row.high, most))
    if high - low < 0.5:
        return [bar]
    steps = f"M{number(low)},{number(y)}H{number(high)}"
    steps += _end(low, y, 1 if row.low < least else 0) + _end(high, y, -1 if row.high > most else 0)
    return [bar, f'<path d="{steps}" class="halo"/><path d="{steps}" class="whisker"/>']


def _end(x: float, y: float, back: int) -> str:
    """A cap across the end of an interval, or (`back` 1 or -1, the way back) an arrow where it goes on."""
    if not back:
        return f"M{number(x)},{number(y - 4)}v8"
    behind = number(x + 5 * back)
    return f"M{behind},{number(y - 4)}L{number(x)},{number(y)}L{behind},{number(y + 4)}"


def _span(row: Row, scale: Log | Linear, y: float) -> list[str]:
    low, high = (scale(min(max(end, scale.domain[0]), scale.domain[1])) for end in (row.low, row.high))
    track = line((scale.span[0], y), (scale.span[1], y), "grid")
    bar = rectangle((low, y - 4), (max(high - low, 1), 8), f"{_tone(row)} faded")
    parts = [track, bar, dot((scale(row.middle), y), 5.5, _tone(row))]
    if row.now is not None:
        x = number(scale(row.now))
        parts.append(f'<path d="M{x},{number(y - 6)}l-5,-9h10Z" class="ink"/>')
    return parts
