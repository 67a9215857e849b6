"""The outline of an iceberg, and what of it lies above a depth: areas, cuts and edges, exact.

An outline is a column of corners, straight between them; widths between two corners are linear in the
depth, so areas are quadratic and a depth for an area is the root of a quadratic.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from truecost.report.charts.svg import Point

Corner = tuple[float, float, float]
"""Depth, left edge and right edge of an outline, each a share of its height and width."""

BODY: tuple[Corner, ...] = (
    (0.0, 0.10, 0.88), (0.07, 0.02, 0.95), (0.20, 0.0, 1.0), (0.36, 0.06, 0.965), (0.52, 0.095, 0.90),
    (0.66, 0.20, 0.83), (0.80, 0.275, 0.70), (0.91, 0.40, 0.625), (1.0, 0.47, 0.52),
)  # fmt: skip
BODY_FACETS: tuple[tuple[Point, ...], ...] = (
    (
        (0.62, 0.0),
        (0.88, 0.0),
        (0.95, 0.07),
        (1.0, 0.20),
        (0.965, 0.36),
        (0.90, 0.52),
        (0.83, 0.66),
        (0.66, 0.40),
    ),
    ((0.66, 0.40), (0.83, 0.66), (0.70, 0.80), (0.625, 0.91), (0.52, 1.0), (0.50, 0.72)),
)
TIP: tuple[Point, ...] = (
    (0.0, 0.0), (0.13, 0.33), (0.25, 0.46), (0.36, 0.82), (0.46, 1.0), (0.55, 0.83), (0.66, 0.69),
    (0.76, 0.38), (0.90, 0.20), (1.0, 0.0),
)  # fmt: skip
TIP_FACET: tuple[Point, ...] = (
    (0.46, 1.0), (0.55, 0.83), (0.66, 0.69), (0.76, 0.38), (0.90, 0.20), (1.0, 0.0), (0.60, 0.0),
    (0.53, 0.45),
)  # fmt: skip


def polygon_area(points: Sequence[Point]) -> float:
    """The area of a polygon (the shoelace formula).

    >>> polygon_area([(0, 0), (2, 0), (2, 3), (0, 3)])
    6.0
    """
    following = [*points[1:], points[0]]
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, following, strict=True))) / 2


def outline_area(outline: Sequence[Corner], depth: float) -> float:
    """Area of an outline from the surface to a depth, both as shares of its box.

    >>> outline_area(((0.0, 0.0, 1.0), (1.0, 0.0, 1.0)), 0.25)
    0.25
    """
    area = 0.0
    for (top, left, right), (bottom, lower_left, lower_right) in itertools.pairwise(outline):
        if depth <= top:
            break
        share = min((depth - top) / (bottom - top), 1.0)
        width, lower = right - left, lower_right - lower_left
        area += (width + (width + share * (lower - width))) / 2 * share * (bottom - top)
    return area


def depth_of(outline: Sequence[Corner], area: float) -> float:
    """The depth down to which an outline holds an area: the root of a quadratic between two corners.

    >>> round(depth_of(((0.0, 0.0, 1.0), (1.0, 0.5, 0.5)), 0.375), 9)
    0.5
    """
    for (top, left, right), (bottom, lower_left, lower_right) in itertools.pairwise(outline):
        held = outline_area(outline, bottom)
        if held < area and bottom < outline[-1][0]:
            continue
        left_over = max(area - outline_area(outline, top), 0.0)
        width, height = right - left, bottom - top
        slope = (lower_right - lower_left - width) / height
        root = math.sqrt(max(width * width + 2 * slope * left_over, 0.0))
        return min(top + 2 * left_over / (width + root), bottom)
    return outline[-1][0]


def edges_at(outline: Sequence[Corner], depth: float) -> Point:
    """Left and right edge at a depth."""
    for (top, left, right), (bottom, lower_left, lower_right) in itertools.pairwise(outline):
        if depth <= bottom:
            share = (depth - top) / (bottom - top)
            return left + share * (lower_left - left), right + share * (lower_right - right)
    return outline[-1][1], outline[-1][2]


def slices(amounts: Sequence[float]) -> list[tuple[float, float]]:
    """From and to which depth of the body each amount reaches, the first at the surface."""
    whole, total = outline_area(BODY, 1.0), sum(amounts)
    reached = 0.0
    depths = [0.0]
    for share in amounts:
        reached += share
        depths.append(depth_of(BODY, whole * reached / total) if total else 0.0)
    return list(itertools.pairwise(depths))
