"""The normal distribution over arrays: its cumulative distribution and its quantile.

NumPy has neither, and SciPy is not a dependency. Both are closed approximations from the literature,
vectorised; the tests compare them with `statistics.NormalDist`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z90 = 1.2815515655446004
"""Standard normal quantile at 0.90."""
Z95 = 1.6448536269514722
"""Standard normal quantile at 0.95: half the width of a 90 % interval, in standard deviations."""

_CENTRAL_NUMERATOR = (
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
)  # fmt: skip
_CENTRAL_DENOMINATOR = (
    5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
    5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0,
)  # fmt: skip
_NEAR_NUMERATOR = (
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
)  # fmt: skip
_NEAR_DENOMINATOR = (
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
    0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0,
)  # fmt: skip
_FAR_NUMERATOR = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
    0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699,
    6.6579046435011037772,
)  # fmt: skip
_FAR_DENOMINATOR = (
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
    7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0,
)  # fmt: skip

_ERF_NUMERATOR = (
    1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
    3.20937758913846947e3,
)  # fmt: skip
_ERF_DENOMINATOR = (
    1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3,
)  # fmt: skip
_ERFC_NUMERATOR = (
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
    2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
    1.23033935479799725e3,
)  # fmt: skip
_ERFC_DENOMINATOR = (
    1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
)  # fmt: skip
_ERFC_FAR_NUMERATOR = (
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
    1.60837851487422766e-2, 6.58749161529837803e-4,
)  # fmt: skip
_ERFC_FAR_DENOMINATOR = (
    1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2,
    2.33520497626869185e-3,
)  # fmt: skip


def normal_quantile(probability: ArrayLike) -> NDArray[np.float64]:
    """Standard normal quantile, relative error below 1e-15 (Wichura 1988, algorithm AS 241).

    >>> float(normal_quantile(0.95).round(9))
    1.644853627
    """
    p = np.asarray(probability, dtype=np.float64)
    q = p - 0.5
    r = 0.180625 - q * q
    quantile = np.array(q * np.polyval(_CENTRAL_NUMERATOR, r) / np.polyval(_CENTRAL_DENOMINATOR, r))
    tail = np.abs(q) > 0.425
    if tail.any():
        quantile[tail] = np.copysign(_tail_quantile(np.minimum(p, 1 - p)[tail]), q[tail])
    return quantile


def _tail_quantile(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """The size of the quantile of a tail probability below 0.075; infinite at 0."""
    with np.errstate(divide="ignore"):
        s = np.sqrt(-np.log(probability))
    finite = np.minimum(s, 30.0)
    near = np.polyval(_NEAR_NUMERATOR, finite - 1.6) / np.polyval(_NEAR_DENOMINATOR, finite - 1.6)
    if s.max() <= 5:
        return near
    far = np.polyval(_FAR_NUMERATOR, finite - 5) / np.polyval(_FAR_DENOMINATOR, finite - 5)
    return np.where(np.isinf(s), np.inf, np.where(s <= 5, near, far))


def normal_cdf(z: ArrayLike) -> NDArray[np.float64]:
    """Standard normal cumulative distribution, relative error below 1e-13 down to z = -37.

    erfc(-z / sqrt 2) / 2 by the rational approximations of Cody (1969), Mathematics of Computation 23.

    >>> [round(float(v), 6) for v in normal_cdf([-1.644853627, 0.0, 1.0])]
    [0.05, 0.5, 0.841345]
    """
    x = np.asarray(z, dtype=np.float64)
    size = np.minimum(np.abs(x), 38.0) / math.sqrt(2)
    near = np.minimum(size, 4.0)
    upper = np.polyval(_ERFC_NUMERATOR, near) / np.polyval(_ERFC_DENOMINATOR, near)
    middle = size < 0.46875
    far = size > 4.0
    if far.any():
        distant = np.maximum(size, 4.0)
        w = 1 / (distant * distant)
        tail = w * np.polyval(_ERFC_FAR_NUMERATOR, w) / np.polyval(_ERFC_FAR_DENOMINATOR, w)
        upper = np.where(far, (1 / math.sqrt(math.pi) - tail) / distant, upper)
    upper = 0.5 * np.exp(-size * size) * upper
    if middle.any():
        square = np.minimum(size, 0.5) ** 2
        erf = size * np.polyval(_ERF_NUMERATOR, square) / np.polyval(_ERF_DENOMINATOR, square)
        upper = np.where(middle, 0.5 - 0.5 * erf, upper)
    return np.where(x > 0, 1 - upper, upper)
