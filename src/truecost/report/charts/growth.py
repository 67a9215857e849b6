"""Values through time on a logarithmic scale, the trend fitted to them, and what it predicts with its
interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from truecost.ranges import Ranged
from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Linear, Log, round_step
from truecost.report.charts.svg import Drawing, dot, inside, is_narrow, line, path, text
from truecost.report.charts.timeline import Label, Plot, end_labels, lowest, value_axis

Named = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One value that was seen: its time in years, and what a pointer reads on it."""

    year: float
    value: float
    hint: str


@dataclass(frozen=True, slots=True)
class Predicted:
    """A value ahead with its interval, and what a random walk says (None beyond what it was tested on)."""

    year: float
    value: Ranged
    walk: Ranged | None


Line = Sequence[tuple[float, float]]
"""Times and values of the fitted line up to where the prediction begins."""


def growth(
    seen: Sequence[Seen], trend: tuple[Line, Sequence[Predicted]], name: Named, width: float
) -> Drawing:
    """Dots for what was seen, the trend's median in its 90 % band, the random walk's median dashed."""
    fitted, ahead = trend
    values = [s.value for s in seen] + [p.value[end] for p in ahead for end in ("p5", "p95")]
    domain = min(values) / 1.15, max(values) * 1.15
    ticks = [(tick, name(tick)) for tick in Log(domain, (0, 1)).ticks(5 if is_narrow(width) else 7)]
    area = _area(width, [label for _, label in ticks], [name(ahead[-1].value["p50"]), "random walk"])
    scale = Log(domain, (area.bottom, area.top))
    along = Linear((min(s.year for s in seen), max(p.year for p in ahead)), (area.left, area.right - 4))
    parts = [*value_axis(area, scale, ticks), *_years(area, along)]
    if fitted:
        parts.append(path([(along(year), scale(value)) for year, value in fitted], "accent stroke thin"))
    parts += _band(ahead, along, scale, area)
    parts += [_dot(each, along(each.year), scale(each.value)) for each in seen]
    labels = _labels(ahead, scale, name)
    bottom = lowest(area, labels)
    return Drawing(bottom, [*parts, *end_labels(area, labels, (area.top - 8, bottom - 6))])


def _area(width: float, axis: Sequence[str], names: Sequence[str]) -> Plot:
    narrow = is_narrow(width)
    left = max(text_width(label, 12) for label in axis) + 8
    right = width - max(text_width(label, 12.5) for label in names) - 30
    return Plot(width, left, right, 14.0, 14.0 + (240 if narrow else 310), ())


def _years(area: Plot, along: Linear) -> list[str]:
    """The line below the plot and the years on it."""
    parts = [line((area.left, area.bottom), (area.right, area.bottom), "axis")]
    low, high = along.domain
    step = max(1, round(round_step(high - low, max(2, int((area.right - area.left) / 52)))))
    for year in range(int(low) + 1, int(high) + 1):
        if year % step == 0:
            x = along(year)
            parts.append(line((x, area.bottom), (x, area.bottom + 4), "axis"))
            parts.append(text(x, area.bottom + 18, str(year), "soft small", "middle"))
    return parts


def _band(ahead: Sequence[Predicted], along: Linear, scale: Log, area: Plot) -> list[str]:
    top = [(along(p.year), scale(p.value["p95"])) for p in ahead]
    low = [(along(p.year), scale(p.value["p5"])) for p in ahead]
    middle = [(along(p.year), scale(p.value["p50"])) for p in ahead]
    walk = [(along(p.year), scale(p.walk["p50"])) for p in ahead if p.walk is not None]
    drawn = [path([*top, *reversed(low)], "accent band", closed=True)]
    if len(walk) > 1:
        drawn.append(path(walk, "planned"))
    drawn.append(path(middle, "accent stroke"))
    return [inside((area.left, area.top), (area.right, area.bottom), drawn)]


def _dot(each: Seen, x: float, y: float) -> str:
    return dot((x, y), 3.2, "tone2").replace("/>", f"><title>{_escaped(each.hint)}</title></circle>")


def _escaped(hint: str) -> str:
    from markupsafe import escape

    return str(escape(hint))


def _labels(ahead: Sequence[Predicted], scale: Log, name: Named) -> list[Label]:
    last = ahead[-1]
    found = [Label("the trend", name(last.value["p50"]), scale(last.value["p50"]), "accent")]
    walks = [p.walk for p in ahead if p.walk is not None]
    if len(walks) > 1:
        found.append(
            Label("random walk", name(walks[-1]["p50"]), scale(walks[-1]["p50"]), "tone3", leads=False)
        )
    return found
