"""Small drawings for beside the numbers in large type, all of one size so that what is below lines up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from truecost.report.charts.ledger_coverage import Covered, strip
from truecost.report.charts.svg import number, rectangle

WIDTH, HEIGHT, BAR = 160.0, 22.0, 8.0


def mini_columns(values: Sequence[float]) -> Markup:
    """A bar a value, from the bottom up, the highest in the accent."""
    most = max([*values, 0.0]) or 1.0
    each = WIDTH / len(values)
    return _image(
        rectangle(
            (at * each, HEIGHT * (1 - value / most)),
            (0.8 * each, HEIGHT * value / most),
            "accent" if value == most else "tone3",
        )
        for at, value in enumerate(values)
        if value > 0
    )


def mini_coverage(covered: Sequence[Covered]) -> Markup:
    """How much has a price, as a strip."""
    return _image([_lowered(strip(covered, WIDTH, BAR))])


def mini_share(part: float, style: str) -> Markup:
    """A share of a whole, on the ground of the whole."""
    length = WIDTH * min(max(part, 0.0), 1.0)
    ground, bar = rectangle((0, 0), (WIDTH, BAR), "grid-fill"), rectangle((0, 0), (length, BAR), style)
    return _image([_lowered([ground, bar])])


def _lowered(shapes: Sequence[str]) -> str:
    """Shapes of the height of a bar, down at the bottom."""
    return f'<g transform="translate(0 {number(HEIGHT - BAR)})">{"".join(shapes)}</g>'


def _image(shapes: Iterable[str]) -> Markup:
    size = f'viewBox="0 0 {number(WIDTH)} {number(HEIGHT)}" width="{number(WIDTH)}" height="{number(HEIGHT)}"'
    return Markup(f'<svg class="mini" {size} aria-hidden="true">{"".join(shapes)}</svg>')
