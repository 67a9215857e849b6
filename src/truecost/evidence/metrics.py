"""How good a prediction is: errors, bias, intervals and their coverage.

Everything works on log ratios, ln(measured / predicted): 0 is exact, 0.1 is a measurement 10.5 % above its
prediction. Groups (a model, a chip) weigh the same whatever number of points each has, where it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truecost.finance.student_t import regularized_beta
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
    """Median of predicted over measured, less 1: above 0 the prediction is too high."""
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


def correlated_weights(setups: Labels, correlation: float) -> FloatArray:
    """Weight of each point where those of one setup err together: n of them count for n / (1 + c (n - 1)).

    >>> correlated_weights(np.array(["a", "b", "b"]), 0.25).tolist()
    [1.0, 0.8, 0.8]
    """
    _, place, counts = np.unique(setups, return_inverse=True, return_counts=True)
    return 1 / (1 + correlation * (counts[place] - 1))


def jackknife_log_spread(left_out: Sequence[float]) -> float:
    """Spread of a fitted constant's logarithm, from its values with one group at a time left out.

    Formula: sqrt((n - 1) / n x sum (ln value - mean)^2) (Quenouille 1956, Tukey 1958).

    >>> jackknife_log_spread([1.0, 1.0, 1.0])
    0.0
    """
    return float(np.sqrt((len(left_out) - 1) * np.var(np.log(left_out))))


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
    return _covered(_intervals_of_the_others(log_ratios, groups), widening)


def least_widening(ways: Sequence[tuple[FloatArray, Labels]], aimed: float, most: float) -> float:
    """The least factor on the interval's width at which groups left out are covered to a share on average.

    Over all `ways` of leaving out, each residuals and groups. In steps of 0.05, from 1 to `most`.
    """
    others = [_intervals_of_the_others(ratios, groups) for ratios, groups in ways]
    widening = 1.0
    while widening < most and float(np.mean([_covered(each, widening) for each in others])) < aimed:
        widening += 0.05
    return widening


def _intervals_of_the_others(log_ratios: FloatArray, groups: Labels) -> list[tuple[FloatArray, Range]]:
    """The residuals of each group with the interval that all other groups give; none for a single group."""
    found: list[tuple[FloatArray, Range]] = []
    for group in np.unique(groups):
        own = groups == group
        if not own.all():
            found.append((log_ratios[own], interval_90(log_ratios[~own], group_weights(groups[~own]))))
    return found


def _covered(others: list[tuple[FloatArray, Range]], widening: float) -> float:
    return float(np.mean([coverage(ratios, widened(interval, widening)) for ratios, interval in others]))


def binomial_interval_90(inside: int, count: int) -> tuple[float, float]:
    """The 90 % interval (Clopper and Pearson) of the share that `inside` of `count` trials speak for.

    >>> [round(end, 3) for end in binomial_interval_90(9, 10)]
    [0.606, 0.995]
    >>> binomial_interval_90(0, 4)[0], binomial_interval_90(4, 4)[1]
    (0.0, 1.0)
    """
    low = 0.0 if inside == 0 else _beta_quantile(0.05, inside, count - inside + 1)
    high = 1.0 if inside == count else _beta_quantile(0.95, inside + 1, count - inside)
    return low, high


def _beta_quantile(probability: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        is_below = regularized_beta(middle, a, b) < probability
        low, high = (middle, high) if is_below else (low, middle)
    return (low + high) / 2


def less_best_constant(logs: FloatArray) -> FloatArray:
    """Residuals of the one constant with the least mean error, known only in hindsight.

    `logs` are ln(what was measured) up to a sign and a constant, so that one value would predict all:
    ln(value reached) where time is its inverse.

    >>> less_best_constant(np.log(np.array([0.3, 0.4, 0.4]))).round(2).tolist()
    [0.29, 0.0, 0.0]
    """
    errors = [float(np.abs(np.expm1(logs - constant)).mean()) for constant in logs]
    return float(logs[int(np.argmin(errors))]) - logs


def large_groups(groups: Labels, least: int) -> NDArray[np.bool_]:
    """Which points belong to a group of at least `least` points."""
    _, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return counts[place] >= least
