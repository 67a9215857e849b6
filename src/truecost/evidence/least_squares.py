"""Robust least squares with priors: the fit behind every calibrated law.

Positions are logarithms of positive constants. Residuals are standardised, their large ones count linearly
(Huber), and each constant is pulled towards what was known before (its prior).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from truecost.ranges import FloatArray

HUBER = 1.5
_STEP = 1e-4
_ALL = slice(None)


class Fineness(NamedTuple):
    """How slopes are taken and when a fit has settled."""

    step: float
    """Of each entry, to see how residuals change."""
    settled: float
    """Share of the loss below which a further step is not worth taking."""


FINE = Fineness(1e-4, 1e-9)


class Family(NamedTuple):
    """Entries of a position that act on different residuals: which residuals each acts on."""

    rows: Mapping[int, NDArray[np.bool_] | slice]


def robust_least_squares(
    standardised: Callable[[FloatArray], FloatArray],
    weights: FloatArray,
    prior: tuple[FloatArray, FloatArray],
    families: Sequence[Family] | None = None,
    fineness: Fineness = FINE,
) -> FloatArray:
    """The position that residuals and priors agree on best: Gauss-Newton with damping.

    `prior` is the median and the standard deviation of each entry. `families` names entries that no residual
    depends on together, so that one evaluation gives the slopes of all of them; each entry is its own family
    when left out. Residuals that move in small jumps, as those of a simulation do, need a coarser `fineness`.

    >>> found = robust_least_squares(lambda x: (x - 2.0) / 0.1, np.ones(1), (np.zeros(1), np.full(1, 10.0)))
    >>> found.round(3).tolist()
    [2.0]
    """
    centre, spread = prior
    together = families or [Family({place: _ALL}) for place in range(len(centre))]

    def loss(position: FloatArray) -> float:
        size = np.abs(standardised(position))
        robust = np.where(size < HUBER, size**2 / 2, HUBER * size - HUBER**2 / 2)
        return float(weights @ robust + np.sum(((position - centre) / spread) ** 2) / 2)

    position, current, damping = centre.copy(), loss(centre), 1e-2
    for _ in range(30):
        at = standardised(position)
        slope = slopes(standardised, position, at, together, fineness.step)
        curbed = weights * np.minimum(1.0, HUBER / np.maximum(np.abs(at), 1e-12))
        curvature = slope.T @ (curbed[:, None] * slope) + np.diag(spread**-2.0)
        gradient = slope.T @ (curbed * at) + (position - centre) / spread**2
        step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), -gradient)
        tried: FloatArray = np.asarray(position + step, dtype=np.float64)
        if (reached := loss(tried)) < current:
            gained, position, current, damping = current - reached, tried, reached, damping / 5
            if gained < fineness.settled * current:
                break
        else:
            damping *= 10
        if float(np.abs(step).max()) < _STEP:
            break
    return position


def without(
    at: tuple[FloatArray, FloatArray, FloatArray],
    kept: FloatArray,
    prior: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """The position that a fit would have found from a part of its residuals, by its own slopes.

    `at` is (position, residuals there, their slopes), `kept` the weights of residuals, 0 for those left out.
    Exact where residuals are straight lines in the position; else to first order.
    """
    position, value, slope = at
    centre, spread = prior
    moved = np.zeros_like(position)
    for _ in range(12):
        size = value + slope @ moved
        curbed = kept * np.minimum(1.0, HUBER / np.maximum(np.abs(size), 1e-12))
        curvature = slope.T @ (curbed[:, None] * slope) + np.diag(spread**-2.0)
        gradient = slope.T @ (curbed * size) + (position + moved - centre) / spread**2
        moved = moved - np.linalg.solve(curvature, gradient)
    return np.asarray(position + moved)


def slopes(
    function: Callable[[FloatArray], FloatArray],
    position: FloatArray,
    value: FloatArray,
    families: Sequence[Family],
    step: float,
) -> FloatArray:
    """How residuals change with each entry of a position, a row a residual."""
    slope = np.zeros((len(value), len(position)))
    for family in families:
        moved = position.copy()
        moved[list(family.rows)] += step
        change = (function(moved) - value) / step
        for place, rows in family.rows.items():
            slope[rows, place] = change[rows]
    return slope
