"""A turning point: how far a factor may move from where the plan stands before the answer is another."""

from __future__ import annotations

from markupsafe import Markup

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Log
from truecost.report.charts.svg import dot, line, number, rectangle, text

WIDTH, HEIGHT = 150.0, 34.0
REACH = 10.0


def turning(factor: float) -> Markup:
    """A scale of factors, equal steps for equal ratios, 1 in the middle; beyond the turning point shaded."""
    reach = max(REACH, factor, 1 / factor)
    scale = Log((1 / reach, reach), (0.0, WIDTH))
    place, y = scale(factor), 8.0
    begin, end = (place, WIDTH) if factor > 1 else (0.0, place)
    name = "as planned"
    half = text_width(name, 12) / 2
    parts = [
        rectangle((0, y - 0.5), (WIDTH, 1), "grid-fill"),
        rectangle((begin, y - 5), (end - begin, 10), "accent faded"),
        line((place, y - 8), (place, y + 8), "turn"),
        dot((scale(1.0), y), 4, "ink"),
        text(min(max(scale(1.0), half), WIDTH - half), HEIGHT - 4, name, "soft small", "middle"),
    ]
    box = f'viewBox="0 0 {number(WIDTH)} {number(HEIGHT)}" width="{number(WIDTH)}" height="{number(HEIGHT)}"'
    return Markup(f'<svg class="mini" {box} aria-hidden="true">{"".join(parts)}</svg>')
