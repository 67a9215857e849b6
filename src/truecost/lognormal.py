"""The lognormal law of heavy tails: users, prompt lengths and hourly load are all drawn from it.

Quantities are relative to the mean, so one spread (sigma, the standard deviation of the logarithm)
describes a tail whatever its scale.
"""

from __future__ import annotations

import math

import numpy as np

from truecost.normal import normal_cdf, normal_quantile
from truecost.ranges import Value

PEAK_HOUR_QUANTILE = 0.995
"""The load a fleet must carry: exceeded in 0.5 % of the hours, about 3.6 hours a month."""


def sigma_from_quantiles(p50: Value, upper: Value, probability: float) -> Value:
    """Spread of the lognormal with median `p50` whose quantile at `probability` is `upper`.

    >>> round(float(sigma_from_quantiles(10.0, 36.02, 0.9)), 2)
    1.0
    """
    return np.log(np.divide(upper, p50)) / float(normal_quantile(probability))


def mean_over_median(sigma: Value) -> Value:
    """E[X] / median = exp(sigma^2 / 2).

    >>> round(float(mean_over_median(1.0)), 3)
    1.649
    """
    return np.exp(np.square(sigma) / 2)


def share_above(threshold_over_mean: Value, sigma: Value) -> Value:
    """Share of the cases that lie above a threshold, given as a multiple of the mean.

    >>> round(float(share_above(1.0, 1.0)), 4)
    0.3085
    """
    return 1 - normal_cdf(_standardised(threshold_over_mean, sigma))


def mean_share_below_cap(cap_over_mean: Value, sigma: Value) -> Value:
    """E[min(X, cap)] / E[X]: the share of the volume left when every case is capped.

    Formula: Phi(z - sigma) + cap x (1 - Phi(z)), z = (ln cap + sigma^2 / 2) / sigma.

    >>> [round(float(mean_share_below_cap(c, 1.0)), 3) for c in (0.5, 1.0, 10.0)]
    [0.405, 0.617, 0.99]
    """
    z = _standardised(cap_over_mean, sigma)
    share = normal_cdf(z - sigma) + cap_over_mean * (1 - normal_cdf(z))
    return np.minimum(share, 1.0)  # rounding carries it above


def sigma_from_peak(peak_over_mean: Value) -> Value:
    """Spread of hourly load whose peak hour (the 0.995 quantile) is a given multiple of the mean.

    Solves exp(z sigma - sigma^2 / 2) = peak for the smaller root; peaks above exp(z^2 / 2) = 27.6 have none.

    >>> round(float(sigma_from_peak(2.0)), 4)
    0.2848
    """
    z = float(normal_quantile(PEAK_HOUR_QUANTILE))
    return z - np.sqrt(z * z - 2 * np.log(np.maximum(peak_over_mean, 1.0)))


def _standardised(multiple_of_mean: Value, sigma: Value) -> Value:
    tiny = np.maximum(sigma, 1e-9)
    with np.errstate(divide="ignore"):
        return (np.log(np.maximum(multiple_of_mean, math.ulp(0.0))) + np.square(tiny) / 2) / tiny
