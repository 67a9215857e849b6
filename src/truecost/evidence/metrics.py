"""How good a prediction is: errors, bias, intervals and their coverage.

Everything works on log ratios, ln(measured / predicted): 0 is exact, 0.1 is a measurement 10.5 % above its
prediction. Groups (a model, a chip) weigh the same whatever number of points each has, where it says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truecost.ranges import FloatArray, Range

Labels = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of predictions as shares of the measured value."""

    count: int
    groups: int
    mean_error: float
    """Mean absolute percentage error."""
    median_error: float
    p90_error: float
    """Nine of ten predictions are off by less."""
    bias: float
    """Median of predicted over measured, less 1: above 0 the law promises too much."""
    macro_error: float
    """Mean over groups of the mean error in each."""


def score(log_ratios: FloatArray, groups: Labels) -> Score:
    """The errors of predictions whose ln(measured / predicted) is given.

    >>> score(np.log(np.array([1.0, 1.25, 0.8])), np.array(["a", "a", "b"])).mean_error.__round__(4)
    0.15
    """
    relative = np.expm1(-log_ratios)
    errors = np.abs(relative)
    return Score(
        count=len(errors),
        groups=int(np.unique(groups).size),
        mean_error=float(errors.mean()),
        median_error=float(np.median(errors)),
        p90_error=float(np.quantile(errors, 0.9)),
        bias=float(np.median(relative)),
        macro_error=float(group_weights(groups) @ errors),
    )


def share_within(log_ratios: FloatArray, factor: float) -> float:
    """Share of the predictions within a factor of the measurement, either way.

    >>> share_within(np.log(np.array([1.0, 1.4, 0.4])), 1.5).__round__(3)
    0.667
    """
    is_within = np.abs(log_ratios) <= np.log(factor)
    return float(is_within.mean())


def group_weights(groups: Labels) -> FloatArray:
    """Weights that add up to 1 and give each group the same."""
    names, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return 1.0 / (counts[place] * len(names))


def weighted_quantile(values: FloatArray, weights: FloatArray, probability: float) -> float:
    """The value below which a share of the weight lies.

    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.ones(3), 0.5)
    2.0
    """
    order = np.argsort(values)
    middle = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(probability * float(weights.sum()), middle, values[order]))


def interval_90(log_ratios: FloatArray, weights: FloatArray) -> Range:
    """The range of measured over predicted between whose ends 90 % of the weight lies."""
    ends = (weighted_quantile(log_ratios, weights, probability) for probability in (0.05, 0.95))
    low, high = (float(np.exp(end)) for end in ends)
    return Range(low, high)


def coverage(log_ratios: FloatArray, interval: Range) -> float:
    """Share of the measurements inside the predicted interval."""
    inside = (log_ratios >= np.log(interval.low)) & (log_ratios <= np.log(interval.high))
    return float(inside.mean())


def widened(interval: Range, factor: float) -> Range:
    """The interval with its logarithmic width multiplied, about the same middle.

    >>> widened(Range(0.5, 2.0), 2.0)
    Range(low=0.25, high=4.0, support=<Support.POSITIVE: 'positive'>)
    """
    middle, half = np.sqrt(interval.low * interval.high), np.sqrt(interval.high / interval.low)
    return Range(float(middle / half**factor), float(middle * half**factor))


def held_out_coverage(log_ratios: FloatArray, groups: Labels, widening: float = 1.0) -> float:
    """Coverage of each group by the interval from the residuals of all others; groups weigh the same.

    The honest one: an interval is judged where none of its own group's residuals went into it.
    """
    shares: list[float] = []
    for group in np.unique(groups):
        own = groups == group
        interval = interval_90(log_ratios[~own], group_weights(groups[~own]))
        shares.append(coverage(log_ratios[own], widened(interval, widening)))
    return float(np.mean(shares))


def large_groups(groups: Labels, least: int) -> NDArray[np.bool_]:
    """Which points belong to a group of at least `least` points."""
    _, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return counts[place] >= least
