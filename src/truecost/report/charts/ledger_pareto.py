"""How few make most of the cost: the groups from the dearest on against their share of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from truecost.report.charts.lettering import text_width
from truecost.report.charts.scales import Linear
from truecost.report.charts.svg import Drawing, dot, is_narrow, line, number, text, trace
from truecost.report.charts.timeline import Plot, value_axis

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
MOST_POINTS = 120
"""Of the curve: beyond, only some of the groups are corners of it."""


def pareto_curve(amounts: Sequence[float], said: str, reached: int, width: float) -> Drawing:
    """The curve of amounts, the dearest first, none negative; the place after `reached` groups is named.

    The dashed line is where it would run if all cost the same.
    """
    whole = sum(amounts)
    shares = [0.0, *(one / whole for one in accumulate(amounts))]
    narrow = is_narrow(width)
    area = Plot(width, 46.0, width - 12, 30.0, 30.0 + (190 if narrow else 230), ())
    across, up = Linear((0, len(amounts)), (area.left, area.right)), Linear((0, 1), (area.bottom, area.top))
    corners = [(across(at), up(shares[at])) for at in _some(len(amounts), reached)]
    x, y = across(reached), up(shares[reached])
    curve = trace(corners)
    parts = [
        text(0, 12, "share of the cost", "soft small"),
        *value_axis(area, up, [(share, f"{share:.0%}".replace("%", " %")) for share in SHARES]),
        line((area.left, area.bottom), (area.right, area.top), "planned"),
        f'<path d="M{curve}V{number(area.bottom)}H{number(area.left)}Z" class="accent band"/>',
        f'<path d="M{curve}" class="accent stroke"/>',
        line((x, y), (x, area.bottom), "leader"),
        dot((x, y), 4.5, "accent"),
        *_below(area, across, len(amounts)),
    ]
    if x + 10 + text_width(said, 12.5) <= area.right:
        name = text(x + 10, y + 22, said, "small strong over")
    else:
        name = text(x - 8, area.bottom - 14, said, "small strong over", "end")
    return Drawing(area.bottom + 50, [*parts, name])


def _some(count: int, reached: int) -> list[int]:
    """Which groups are corners: all, or the first, the one that is named, the last and some between."""
    if count <= MOST_POINTS:
        return list(range(count + 1))
    few = {round(count * (at / MOST_POINTS) ** 2) for at in range(MOST_POINTS + 1)}
    return sorted(few | {reached})


def _below(area: Plot, across: Linear, count: int) -> list[str]:
    parts: list[str] = []
    for tick in across.ticks(4 if is_narrow(area.width) else 8):
        x, name = across(tick), f"{tick:,.0f}"
        if tick == round(tick) and x + text_width(name, 12) / 2 <= area.width:
            parts.append(line((x, area.bottom), (x, area.bottom + 4), "axis"))
            parts.append(text(x, area.bottom + 18, name, "soft small", "middle"))
    return [
        *parts,
        text(area.left, area.bottom + 36, f"{count:,} groups, the dearest first", "soft small"),
    ]
