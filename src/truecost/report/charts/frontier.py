"""Days against money: a line for each kind of chip through numbers of chips, limits across, the best marked.

Kinds differ by the shape of their points as well as by tone; points that no other beats in both are filled,
the others are hollow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from markupsafe import escape

from truecost.report.charts.lettering import shorten, text_width
from truecost.report.charts.scales import Linear, Log
from truecost.report.charts.svg import Drawing, Point, inside, is_narrow, line, number, path, rectangle, text
from truecost.report.charts.timeline import Plot, value_axis

TONES = ("tone1", "tone3", "tone2", "tone4")
CIRCLE, SQUARE, TRIANGLE, DIAMOND, DROP = "circle", "square", "triangle", "diamond", "drop"
SHAPES = (CIRCLE, SQUARE, TRIANGLE, DIAMOND, DROP)
LEADING = 18.0
FEW = 6
"""Places that no line joins are each named where they are no more."""
BOLD = 1.1
"""Width of bold text over that of others."""
MOST_OVER_CHEAPEST, ROOM_OVER_BUDGET = 2.2, 1.3
"""Where the scale ends at most: what costs more is named at the top."""
NARROW_RANGE = 3.0
"""Where the dearest is less than so many times the cheapest, equal steps are equal amounts."""
PICKED, SPOKEN_OF, REST = 0, 1, 4
"""What a label is worth, the least worth first to go."""
Name = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Place:
    """The run on some number of chips; `best` where no other is both faster and cheaper.

    `picked` is what the page is about: its label stands before all others.
    """

    days: float
    usd: float
    label: str
    hint: str
    best: bool = False
    picked: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of chip, its places from the fewest chips to the most; `accent` for the one spoken of.

    Places that are not one run on more and more chips are not `joined` by a line.
    """

    name: str
    places: Sequence[Place]
    accent: bool = False
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Limit:
    """A deadline in days or a budget in USD, and its name."""

    value: float
    name: str


@dataclass(frozen=True, slots=True)
class Axes:
    """What is measured across and up, how values are written, and how far up the scale goes at most.

    `most` is in times the cheapest.
    """

    across: str
    up: str
    days: Name
    usd: Name
    most: float = MOST_OVER_CHEAPEST


@dataclass(frozen=True, slots=True)
class _Scales:
    x: Log
    y: Log | Linear

    def at(self, place: Place) -> Point:
        return self.x(place.days), self.y(place.usd)


def days_against_usd(
    kinds: Sequence[Kind],
    axes: Axes,
    width: float,
    deadline: Limit | None = None,
    budget: Limit | None = None,
) -> Drawing:
    """Lines through the places, in equal ratios of days; numbers of chips are written where there is room."""
    styled = list(_styled(kinds))
    key, top = _key(styled, width) if len(kinds) > 1 else ([], 0.0)
    usd = [place.usd for kind in kinds for place in kind.places] + ([budget.value] if budget else [])
    days = [place.days for kind in kinds for place in kind.places] + ([deadline.value] if deadline else [])
    low, high = _domain(usd, budget, axes.most)
    scale_of = Log if high / low > NARROW_RANGE else Linear
    ticks = [(tick, axes.usd(tick)) for tick in scale_of((low, high), (0, 1)).ticks(6)]
    left = max((text_width(name, 12) for _, name in ticks), default=20.0) + 8
    begin = top + 18 + (LEADING if deadline else 0) + 12
    area = Plot(width, left, width - 6, begin, begin + (250 if is_narrow(width) else 310), ())
    reach = (min(days) / 1.12, max(days) * 1.12)
    scales = _Scales(Log(reach, (area.left, area.right)), scale_of((low, high), (area.bottom, area.top)))
    parts = [*key, text(0, top + 12, axes.up, "soft small"), *_within(scales, area, deadline, budget)]
    parts += value_axis(area, scales.y, ticks)
    parts += _below(area, scales.x, axes)
    taken: list[_Box] = []
    parts += _limits(scales, area, deadline, budget, taken)
    parts.append(inside((area.left, area.top - 8), (area.right + 6, area.bottom), _lines(styled, scales)))
    parts += _over_the_top(kinds, scales, axes, (width, top + 12))
    parts += _labels(styled, scales, area, taken)
    return Drawing(area.bottom + 40, parts)


def _domain(usd: Sequence[float], budget: Limit | None, times: float) -> Point:
    """From the cheapest to the dearest; what would squash the others runs off the top."""
    low = min(usd)
    most = max(times * low, ROOM_OVER_BUDGET * budget.value if budget else 0.0)
    high = max(one for one in usd if one <= most)
    if high / low > NARROW_RANGE:
        return low / 1.15, high * 1.15
    room = 0.09 * (high - low) or 0.1 * high
    return max(low - 2 * room, low / 2), high + room


def _styled(kinds: Sequence[Kind]) -> Iterator[tuple[Kind, str, str]]:
    """Each kind with its tone and shape."""
    tones = (TONES[n % len(TONES)] for n in count())
    for index, kind in enumerate(kinds):
        yield kind, "accent" if kind.accent else next(tones), SHAPES[index % len(SHAPES)]


def _key(styled: Sequence[tuple[Kind, str, str]], width: float) -> tuple[list[str], float]:
    parts: list[str] = []
    x, y = 0.0, 12.0
    for kind, tone, shape in styled:
        wide = 18 + text_width(kind.name, 12) * (BOLD if kind.accent else 1) + 16
        if x and x + wide - 16 > width:
            x, y = 0.0, y + LEADING
        parts.append(_mark((x + 6, y - 4), shape, tone, filled=True))
        parts.append(text(x + 17, y, kind.name, "small strong" if kind.accent else "small"))
        x += wide
    return parts, y + 14


def _over_the_top(kinds: Sequence[Kind], scales: _Scales, axes: Axes, corner: Point) -> list[str]:
    """Kinds of which something costs more than the scale holds, with the least of what is out of sight."""
    top = scales.y.domain[1]
    over = {kind.name: [place.usd for place in kind.places if place.usd > top] for kind in kinds}
    said = [f"{name} from {axes.usd(min(usd))}" for name, usd in over.items() if usd]
    if not said:
        return []
    right, baseline = corner
    room = right - text_width(axes.up, 12) - 16
    return [text(right, baseline, shorten(f"▲ {', '.join(said)}", room, 12), "small soft", "end")]


def _below(area: Plot, x: Log, axes: Axes) -> list[str]:
    parts = [line((area.left, area.bottom), (area.right, area.bottom), "axis")]
    edge = 0.0
    for tick in x.ticks(5 if is_narrow(area.width) else 8):
        name = axes.days(tick)
        half = text_width(name, 12) / 2
        if x(tick) - half < edge or x(tick) + half > area.width:
            continue
        edge = x(tick) + half + 6
        parts.append(line((x(tick), area.bottom), (x(tick), area.bottom + 4), "axis"))
        parts.append(text(x(tick), area.bottom + 18, name, "soft small", "middle"))
    parts.append(text(area.left, area.bottom + 34, axes.across, "soft small"))
    return parts


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a text or a point lies."""

    left: float
    right: float
    top: float
    bottom: float

    def touches(self, other: _Box) -> bool:
        return (
            min(self.right, other.right) > max(self.left, other.left)
            and min(self.bottom, other.bottom) > max(self.top, other.top)
        )  # fmt: skip


def _within(scales: _Scales, area: Plot, deadline: Limit | None, budget: Limit | None) -> list[str]:
    """A ground under what meets the deadline and the budget."""
    if deadline is None and budget is None:
        return []
    right = scales.x(deadline.value) if deadline else area.right
    top = scales.y(budget.value) if budget else area.top
    return [rectangle((area.left, top), (right - area.left, area.bottom - top), "sea")]


def _limits(
    scales: _Scales, area: Plot, deadline: Limit | None, budget: Limit | None, taken: list[_Box]
) -> list[str]:
    """The deadline as a line down, named above the plot; the budget as a line across, named on it."""
    parts: list[str] = []
    if deadline is not None:
        x, half = scales.x(deadline.value), text_width(deadline.name, 12) / 2
        parts.append(line((x, area.top - 6), (x, area.bottom), "planned"))
        taken.append(_Box(x - 1, x + 1, area.top - 6, area.bottom))
        at = min(max(x, half), area.width - half)
        parts.append(text(at, area.top - 11, deadline.name, "small strong", "middle"))
    if budget is not None:
        y, wide = scales.y(budget.value), text_width(budget.name, 12)
        parts.append(line((area.left, y), (area.right, y), "planned"))
        parts.append(text(area.right - 2, y - 5, budget.name, "small strong", "end"))
        taken += [
            _Box(area.right - 2 - wide, area.right, y - 18, y),
            _Box(area.left, area.right, y - 1, y + 1),
        ]
    return parts


def _lines(styled: Sequence[tuple[Kind, str, str]], scales: _Scales) -> list[str]:
    """Lines first, then points over all of them, those of the accent last."""
    lines: list[str] = []
    marks: list[str] = []
    for kind, tone, shape in sorted(styled, key=lambda one: one[0].accent):
        if len(kind.places) > 1 and kind.joined:
            lines.append(path([scales.at(place) for place in kind.places], f"{tone} stroke thin"))
        marks += [
            _mark(scales.at(place), shape, tone, filled=place.best, hint=place.hint) for place in kind.places
        ]
        marks += [_ring(scales.at(place)) for place in kind.places if place.picked]
    return [*lines, *marks]


def _ring(centre: Point) -> str:
    """Around what is picked."""
    return f'<circle cx="{number(centre[0])}" cy="{number(centre[1])}" r="9.5" class="ring"/>'


def _mark(centre: Point, shape: str, tone: str, *, filled: bool, hint: str = "") -> str:
    """A point of a shape; one that is not filled is a ring of the page's colour in its tone."""
    x, y = centre
    said = f"<title>{escape(hint)}</title>" if hint else ""
    style = f"{tone} point" if filled else f"{tone} point hollow"
    return f'<path d="{_outline(x, y, shape)}" class="{style}">{said}</path>'


def _outline(x: float, y: float, shape: str) -> str:
    if shape == CIRCLE:
        return f"M{number(x - 4.6)},{number(y)}a4.6,4.6 0 1 0 9.2,0a4.6,4.6 0 1 0 -9.2,0Z"
    corners = {
        SQUARE: ((-4.2, -4.2), (4.2, -4.2), (4.2, 4.2), (-4.2, 4.2)),
        TRIANGLE: ((0, -5.4), (5.2, 4), (-5.2, 4)),
        DIAMOND: ((0, -6), (6, 0), (0, 6), (-6, 0)),
        DROP: ((-5.2, -4), (5.2, -4), (0, 5.4)),
    }[shape]
    return "M" + "L".join(f"{number(x + right)},{number(y + down)}" for right, down in corners) + "Z"


def _labels(
    styled: Sequence[tuple[Kind, str, str]], scales: _Scales, area: Plot, taken: list[_Box]
) -> list[str]:
    """Numbers of chips beside their points where nothing is in the way, the worthiest first."""
    for kind, _, _ in styled:
        points = [scales.at(place) for place in kind.places]
        taken += [_Box(x - 5, x + 5, y - 5, y + 5) for x, y in points]
        joined = pairwise(points) if kind.joined else ()
        taken += [_Box(x - 1, x + 1, y - 1, y + 1) for one, other in joined for x, y in _on(one, other)]
    top = scales.y.domain[1]
    wanted = [one for kind, _, _ in styled for one in _ranked(kind) if one[1].usd <= top]
    parts: list[str] = []
    for rank, place in sorted(wanted, key=lambda one: one[0]):
        if rank >= REST and len(styled) > 1:
            break
        found = _free(place, scales.at(place), area, taken)
        if found is None and rank == PICKED:
            parts += _over(place, scales.at(place), area, taken)
        if found is not None:
            x, baseline, box = found
            taken.append(box)
            parts.append(
                text(x, baseline, place.label, "small strong" if rank <= SPOKEN_OF else "small soft")
            )
    return parts


def _over(place: Place, centre: Point, area: Plot, taken: list[_Box]) -> list[str]:
    """The label of what is picked where nothing is free: below all that is near, over whatever lies there."""
    x, y = centre
    wide = text_width(place.label, 12)
    left = min(max(x - wide / 2, area.left + 4), area.width - wide)
    baseline = min(y + 36, area.bottom - 5)
    taken.append(_Box(left - 2, left + wide + 2, baseline - 12, baseline + 3))
    taken.append(_Box(x - 2, x + 2, y + 10, baseline - 11))
    return [
        line((x, y + 10), (x, baseline - 11), "leader"),
        text(left, baseline, place.label, "small strong over"),
    ]


def _ranked(kind: Kind) -> Iterator[tuple[int, Place]]:
    """Places with what their label is worth: the pick, the best of the accent, of others, ends, rest."""
    few = range(len(kind.places)) if len(kind.places) <= FEW else ()
    ends = {0, len(kind.places) - 1} if kind.joined else set(few)
    for index, place in enumerate(kind.places):
        if place.picked:
            yield PICKED, place
        elif place.best:
            yield SPOKEN_OF if kind.accent else SPOKEN_OF + 1, place
        else:
            yield REST - 1 if index in ends else REST, place


def _on(one: Point, other: Point) -> Iterator[Point]:
    """Points along a line, close enough that no text slips between them."""
    steps = max(1, int(max(abs(other[0] - one[0]), abs(other[1] - one[1])) / 4))
    for step in range(1, steps):
        share = step / steps
        yield one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])


def _free(place: Place, centre: Point, area: Plot, taken: Sequence[_Box]) -> tuple[float, float, _Box] | None:
    """Where a label begins, its baseline and box: above, below, right or left of its point; None if taken."""
    x, y = centre
    wide = text_width(place.label, 12)
    for left, baseline in (
        (x - wide / 2, y - 12), (x - wide / 2, y + 19), (x + 9, y + 4), (x - wide - 9, y + 4),
        (x + 6, y - 8), (x + 6, y + 16), (x - wide - 6, y - 8), (x - wide - 6, y + 16),
    ):  # fmt: skip
        box = _Box(left - 2, left + wide + 2, baseline - 11, baseline + 3)
        if box.left < area.left + 2 or box.right > area.width or box.bottom > area.bottom:
            continue
        if box.top >= area.top - 6 and not any(box.touches(other) for other in taken):
            return left, baseline, box
    return None
