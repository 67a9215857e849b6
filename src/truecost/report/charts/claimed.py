"""A claimed interval above what was recomputed, on one scale of equal ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from truecost.report.charts.scales import Log
from truecost.report.charts.svg import dot, line, number, rectangle

WIDTH, HEIGHT = 300.0, 34.0
REACH = 1.6


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One recomputed figure: its 90 % interval around its median."""

    low: float
    middle: float
    high: float


def strip(low: float | None, high: float | None, found: Sequence[Recomputed]) -> Markup | None:
    """The claim's interval as a grey bar (open ends run to the edge), each recomputed one as a line with
    its dot.

    None where a figure is not above 0, which a scale of ratios cannot show.
    """
    ends = [end for end in (low, high) if end is not None]
    values = [*ends, *(v for each in found for v in (each.low, each.middle, each.high))]
    if not values or not all(0 < value < float("inf") for value in values):
        return None
    scale = Log((min(values) / REACH, max(values) * REACH), (0.0, WIDTH))
    begin = scale(low) if low is not None else 0.0
    end = scale(high) if high is not None else WIDTH
    parts = [line((0, HEIGHT - 1), (WIDTH, HEIGHT - 1), "grid")]
    parts.append(rectangle((min(begin, WIDTH - 3), 3), (max(end - begin, 3.0), 9), "tone4"))
    for index, each in enumerate(found[:3]):
        y = 19.0 + 5 * index
        parts.append(
            rectangle(
                (scale(each.low), y - 1.5), (max(scale(each.high) - scale(each.low), 1.0), 3), "accent faded"
            )
        )
        parts.append(dot((scale(each.middle), y), 3.2, "accent"))
    box = f'viewBox="0 0 {number(WIDTH)} {number(HEIGHT)}" width="{number(WIDTH)}" height="{number(HEIGHT)}"'
    return Markup(f'<svg class="mini" {box} aria-hidden="true" focusable="false">{"".join(parts)}</svg>')
