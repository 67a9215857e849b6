"""Tables without the knots that a straight line between their neighbours makes superfluous."""

from __future__ import annotations

import numpy as np

from truecost.plan.panel.interpolation import Table, TableAxis
from truecost.ranges import FloatArray


def thinned(table: Table, share: FloatArray, least: FloatArray) -> Table:
    """The table with those knots alone between which a line passes all others within the tolerance.

    The tolerance is a share of the value and at least `least`, both for each value of a knot. The knots of
    the plan's own setting stay.
    """
    for place, axis in enumerate(table.axes):
        values = np.moveaxis(table.values, place, 0)
        kept = _kept(axis, values, share, least)
        axes = list(table.axes)
        axes[place] = TableAxis(axis.of, axis.knots[kept])
        table = Table(tuple(axes), np.moveaxis(values[kept], 0, place))
    return table


def _kept(axis: TableAxis, values: FloatArray, share: FloatArray, least: FloatArray) -> list[int]:
    own = 0.0 if "cache" in axis.of else 1.0
    stays = {0, len(axis.knots) - 1, int(np.argmin(np.abs(axis.knots - own)))}
    kept = [0]
    for end in range(1, len(axis.knots)):
        if end in stays:
            kept.append(end)
            continue
        between = slice(kept[-1] + 1, end + 1)
        off = np.abs(_line(axis.knots, values, kept[-1], end + 1) - values[between])
        if not np.all(off <= share * np.abs(values[between]) + least):
            kept.append(end)
    return kept


def _line(knots: FloatArray, values: FloatArray, first: int, last: int) -> FloatArray:
    """The knots between two others on the straight line from one to the other."""
    way = (knots[first + 1 : last] - knots[first]) / (knots[last] - knots[first])
    return values[first] + way.reshape(-1, *(1,) * (values.ndim - 1)) * (values[last] - values[first])
