"""Bars of text: solid to the 5 % point of a range, lighter to its 95 % point."""

from __future__ import annotations

import math

from truecost.units import Interval

SOLID, LIGHT = "█", "▒"


def bar(ranged: Interval, most: float, width: int) -> str:
    """A range drawn in `width` columns that stand for `most`; never longer than that.

    What is above 0 shows at least one column.

    >>> bar({"p5": 2.0, "p50": 3.0, "p95": 4.0}, 8.0, 16)
    '████▒▒▒▒'
    >>> bar({"p5": 1e-9, "p50": 1e-9, "p95": 1e-9}, 8.0, 16), bar({"p5": 0, "p50": 0, "p95": 0}, 8.0, 16)
    ('▒', '')
    """
    solid, whole = (columns(ranged[point], most, width) for point in ("p5", "p95"))
    if ranged["p95"] > 0 and whole == 0 and width > 0:
        whole = 1
    return SOLID * solid + LIGHT * (whole - solid)


def columns(value: float, most: float, width: int) -> int:
    """How many of `width` columns a value fills where `most` fills all: rounded, from 0 to `width`."""
    if math.isnan(value) or not value > 0 or not most > 0:
        return 0
    if value >= most or math.isinf(value):
        return max(width, 0)
    return max(0, min(width, round(value / most * width)))
