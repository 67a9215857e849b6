"""Student's t distribution: its cumulative distribution and its quantile, for intervals from few
observations.

Scalars only; the tests compare both with the closed forms of 1, 2 and 4 degrees of freedom and with tables.
"""

from __future__ import annotations

import math
from functools import lru_cache

_STEPS = 300
_TINY = 1e-300
_PRECISE = 1e-15


def student_t_cdf(value: float, dof: float) -> float:
    """Probability that a t variable lies below `value`; `dof` is inf for the normal.

    Formula: 1 - I(dof / (dof + t^2); dof / 2, 1 / 2) / 2 for t > 0, I the regularized incomplete beta
    function.

    >>> student_t_cdf(1.0, 1)
    0.75
    """
    _check(dof)
    if math.isinf(dof):
        return 0.5 * math.erfc(-value / math.sqrt(2))
    if math.isinf(value):
        return 1.0 if value > 0 else 0.0
    tail = 0.5 * regularized_beta(dof / (dof + value * value), dof / 2, 0.5)
    return 1 - tail if value > 0 else tail


@lru_cache(maxsize=4096)
def student_t_quantile(probability: float, dof: float) -> float:
    """The value that a t variable stays below with a probability; by bisection of the distribution.

    Raises ValueError for a probability outside (0, 1) or degrees of freedom that are not above 0.

    >>> round(student_t_quantile(0.95, 10), 6), round(student_t_quantile(0.95, float("inf")), 6)
    (1.812461, 1.644854)
    """
    if not 0 < probability < 1:
        raise ValueError(f"{probability:g} is no probability between 0 and 1")
    _check(dof)
    if probability < 0.5:
        return -student_t_quantile(1 - probability, dof)
    if probability == 0.5:
        return 0.0
    low, high = 0.0, 1.0
    while student_t_cdf(high, dof) < probability:
        low, high = high, high * 2
    while high - low > 1e-12 * max(high, 1.0):
        middle = (low + high) / 2
        low, high = (middle, high) if student_t_cdf(middle, dof) < probability else (low, middle)
    return (low + high) / 2


def regularized_beta(x: float, a: float, b: float) -> float:
    """I(x; a, b), the distribution function of a beta variable, by Lentz's continued fraction (DLMF 8.17.22).

    >>> regularized_beta(0.3, 1, 1), round(regularized_beta(0.5, 2, 3), 12)
    (0.3, 0.6875)
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - regularized_beta(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / a / _continued_fraction(x, a, b)


def _continued_fraction(x: float, a: float, b: float) -> float:
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, _STEPS):
        half, is_odd = divmod(step, 2)
        if is_odd:
            numerator = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            numerator = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        d = 1 / _off_zero(1 + numerator * d)
        c = _off_zero(1 + numerator / c)
        value *= c * d
        if abs(c * d - 1) < _PRECISE:
            break
    return value


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _check(dof: float) -> None:
    if not dof > 0:
        raise ValueError(f"degrees of freedom must be above 0, not {dof:g}")
