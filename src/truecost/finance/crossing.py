"""The month in which something happens: a cost passes another, an investment is paid back, or never.

Months are counted from 1; `inf` stands for never within the series.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from truecost.ranges import FloatArray, Value


def first_month(reached: NDArray[np.bool_]) -> Value:
    """The first month in which a condition holds, counted from 1; inf where it never does.

    `reached` is (months,) or (months, draws); the result is a float or of shape (draws,).

    >>> first_month(np.array([[False, False], [True, False]])).tolist()
    [2.0, inf]
    """
    return np.where(reached.any(axis=0), reached.argmax(axis=0) + 1.0, np.inf)[()]


def crossover_month(cumulative_usd: FloatArray, other_cumulative_usd: FloatArray) -> Value:
    """The first month that ends with one cumulative amount above another, counted from 1; inf for never.

    >>> float(crossover_month(np.array([10.0, 30.0]), np.array([20.0, 20.0])))
    2.0
    """
    return first_month(cumulative_usd > other_cumulative_usd)


def payback_month(cumulative_usd: FloatArray) -> Value:
    """The month at whose end an investment is paid back for good, from 1; inf where it is not.

    It is the month after the last one that ends below 0: revenue that comes before the spending it must
    repay is no payback. A series that never ends a month below 0 is paid back in month 1.

    >>> float(payback_month(np.array([-50.0, -10.0, 30.0])))
    3.0
    """
    months = cumulative_usd.shape[0]
    from_end = first_month((cumulative_usd < 0)[::-1])
    last_below = np.where(np.isinf(from_end), 0.0, months + 1 - from_end)
    return np.where(last_below < months, last_below + 1, np.inf)[()]
