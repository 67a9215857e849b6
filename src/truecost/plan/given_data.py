"""What an input does to an outcome, estimated from draws that are already there: no law is evaluated again.

Every estimate takes the outcome in the order of an input, (inputs, draws): row by row the same numbers,
sorted by the draws of another input. The mean of the outcome given the input is fitted to that order: its
mean in each of eight equal bins, with a cubic in the input's normal score, which carries the long tail of a
lognormal that bins flatten. Such estimates "from given data" are those of Plischke, Borgonovo and Smith
(2013), doi:10.1016/j.ejor.2012.11.047; the value of knowing an input by regression is that of Strong, Oakley
and Brennan (2014), doi:10.1177/0272989X13505910.

What chance alone gives is measured, not assumed: the same estimates for inputs that nothing depends on
(`noise_orders`); what is not above those counts as 0 (`told_apart`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from truecost.normal import normal_quantile
from truecost.ranges import FloatArray

Order: TypeAlias = NDArray[np.intp]

BINS = 8
DEGREE = 3
WIDE_BINS = 4
"""Bins in which the width of what is left is taken: quantiles need more draws than means."""
NOISE_INPUTS = 64
LEAST_DRAWS = 128
"""Draws below which no share is estimated."""


def order_of(uniforms: FloatArray) -> Order:
    """The draws in the order of each input, (inputs, draws), from its uniform draws of that shape."""
    return np.argsort(uniforms, axis=-1)


@lru_cache(maxsize=4)
def noise_orders(draws: int) -> Order:
    """Orders of inputs that nothing depends on: what an estimate gives for them is chance."""
    return order_of(np.random.Generator(np.random.Philox(0)).random((NOISE_INPUTS, draws)))


def told_apart(estimates: FloatArray, noise: FloatArray, level: float = 0.95) -> FloatArray:
    """Estimates that are above 0 and above a share `level` of those that chance gave; 0 for the others.

    >>> told_apart(np.array([0.3, 0.01, -0.02]), np.array([0.02, -0.01])).tolist()
    [0.3, 0.0, 0.0]
    """
    return np.where(estimates > max(0.0, float(np.quantile(noise, level))), estimates, 0.0)


def rank_correlations(uniforms: FloatArray, outcome: FloatArray) -> FloatArray:
    """Spearman's rank correlation of each input, (inputs, draws), with an outcome, (draws,).

    Equal outcomes share their mean rank, and a constant has none: 0. An input that does nothing comes out at
    about 1 / sqrt(draws) on either side.

    >>> rank_correlations(np.array([[0.1, 0.5, 0.9], [0.9, 0.5, 0.1]]), np.array([1.0, 8.0, 9.0])).tolist()
    [1.0, -1.0]
    """
    ranks = np.argsort(order_of(uniforms), axis=-1) - (uniforms.shape[-1] - 1) / 2
    shared = _mean_ranks(outcome)
    size = np.sqrt((ranks**2).sum(axis=-1) * (shared**2).sum())
    return np.divide(ranks @ shared, size, out=np.zeros(len(ranks)), where=size > 0)


def _mean_ranks(values: FloatArray) -> FloatArray:
    """Ranks around 0, equal values sharing the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    middle = last - (count + 1) / 2
    return middle[place] - (len(values) - 1) / 2


def residuals(ordered: FloatArray) -> FloatArray:
    """The outcome less its mean given the input, (inputs, draws), from the outcome in the order of each."""
    return ordered - _fitted(ordered, fitted_terms(ordered.shape[-1], BINS))


def variance_shares(ordered: FloatArray, left: FloatArray) -> FloatArray:
    """First-order index of each input: the variance of the outcome's mean given the input, over its variance.

    One less the share that is `left` as residuals, that corrected for the terms of the fit (the adjusted
    R squared), so that an input that does nothing comes out around 0, on either side.
    """
    draws = ordered.shape[-1]
    whole = ordered.var(axis=-1)
    unexplained = (left**2).mean(axis=-1) * (draws - 1) / (draws - fitted_terms(draws, BINS).shape[1])
    return 1 - np.divide(unexplained, whole, out=np.ones(len(ordered)), where=whole > 0)


def widths_left(left: FloatArray) -> FloatArray:
    """How wide the 90 % interval of the outcome is on average once the input is known, in its own unit.

    The 5 % to 95 % width of the residuals in each of four bins of the input, averaged over the bins. Compare
    it with that of `noise_orders`, which has the same small bias, not with the width of the outcome itself.
    """
    each = left.shape[-1] // WIDE_BINS
    binned = left[..., : each * WIDE_BINS].reshape(*left.shape[:-1], WIDE_BINS, each)
    low, high = np.quantile(binned, (0.05, 0.95), axis=-1)
    return (high - low).mean(axis=-1)


def values_of_knowing(margins: FloatArray, order: Order) -> FloatArray:
    """Expected value of partial perfect information about each input, in the unit of the margins.

    `margins` is (options, draws), more is better. With x known one takes the option that is best on average
    given x: E[max_o E[margin_o | x]] - max_o E[margin_o], with E[margin_o | x] fitted by a cubic in the
    normal score of x. The mean of two estimates: one that takes the best option by the fit and its value by
    the same fit, which errs high (the luckiest draw wins), and one that takes the option by every other draw
    and its value by the draws between, which errs low (it now and then takes the wrong one).
    """
    best = int(margins.mean(axis=-1).argmax())
    gains = margins - margins[best]
    even = order.shape[-1] // 2 * 2
    ordered = gains[:, order[:, :even]]
    whole = _fitted(ordered, fitted_terms(even, 0))
    high = whole.max(axis=0).mean(axis=-1)
    terms = fitted_terms(even // 2, 0)
    one, other = (_fitted(ordered[..., half::2], terms) for half in (0, 1))
    low = (_taken(one, other) + _taken(other, one)) / 2
    return (high + low) / 2


def _taken(chosen_by: FloatArray, valued_by: FloatArray) -> FloatArray:
    """The mean value of the options that are best by one fit, by another."""
    choice = chosen_by.argmax(axis=0)[np.newaxis]
    return np.take_along_axis(valued_by, choice, axis=0)[0].mean(axis=-1)


def value_of_perfect_information(margins: FloatArray) -> float:
    """What knowing everything before choosing is worth: E[max_o margin_o] - max_o E[margin_o].

    >>> value_of_perfect_information(np.array([[0.0, 0.0], [3.0, -1.0]]))
    0.5
    """
    return float(margins.max(axis=0).mean() - margins.mean(axis=-1).max())


@lru_cache(maxsize=16)
def fitted_terms(draws: int, bins: int) -> FloatArray:
    """Orthonormal terms of the fit, (draws, terms): a cubic in the normal score, and a level for each bin."""
    place = (np.arange(draws) + 0.5) / draws
    score = normal_quantile(place)
    levels = np.floor(place * bins)
    columns = [score**power for power in range(DEGREE + 1)]
    columns += [(levels == level).astype(np.float64) for level in range(1, bins)]
    return np.linalg.qr(np.array(columns).T)[0]


def _fitted(ordered: FloatArray, terms: FloatArray) -> FloatArray:
    return (ordered @ terms) @ terms.T
