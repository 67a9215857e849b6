"""How likely: a hundred dots, as many of them coloured as draws in a hundred."""

from __future__ import annotations

from markupsafe import Markup

from truecost.report.charts.svg import number

ROW = 20
PITCH = 7.0
DOTS = 100


def chance(share: float) -> Markup:
    """A hundred dots in rows of twenty; what happens at all has one, what may not happen leaves one.

    >>> chance(0.93).count("M"), chance(0.0).count("M"), chance(1.0).count("M")
    (6, 5, 5)
    """
    filled = min(max(round(share * DOTS), 1 if share > 0 else 0), DOTS if share >= 1 else DOTS - 1)
    width, height = PITCH * ROW, PITCH * DOTS / ROW
    parts = [
        f'<path d="{steps}" class="dots {style}"/>'
        for steps, style in ((_steps(0, filled), "accented-stroke"), (_steps(filled, DOTS), "tone6-stroke"))
        if steps
    ]
    box = f'viewBox="0 0 {number(width)} {number(height)}" width="{number(width)}" height="{number(height)}"'
    return Markup(f'<svg class="mini" {box} aria-hidden="true">{"".join(parts)}</svg>')


def _steps(first: int, last: int) -> str:
    """A path of dashes without length, each a dot: one stretch a row."""
    steps = ""
    for row in range(DOTS // ROW):
        begin, end = max(first, row * ROW) - row * ROW, min(last, (row + 1) * ROW) - row * ROW
        if begin < end:
            x, y = PITCH * (begin + 0.5), PITCH * (row + 0.5)
            steps += f"M{number(x)},{number(y)}h{number(PITCH * (end - begin - 1) + 0.1)}"
    return steps
