"""How a price moves over a plan: a trend, and shocks that stay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from truecost.ranges import FloatArray, Value


def price_multiples(
    months: int, trend_per_year: Value, shocks: Sequence[tuple[int, Value]] = ()
) -> FloatArray:
    """The price in each month over the price in month 0, shape (months, draws); draws is 1 for plain numbers.

    Formula: (1 + trend_per_year)^(m / 12) x the product of all shocks at or before month m. A trend of -0.5
    halves the price every year; a shock `(6, 3.0)` triples it from month 6 on.

    Raises ValueError for a trend of -1 or less, a negative multiple, or a shock outside the plan's months.

    >>> price_multiples(25, -0.5, [(24, 2.0)])[[0, 12, 24], 0].tolist()
    [1.0, 0.5, 0.5]
    """
    if months < 0:
        raise ValueError("months must be 0 or more")
    if not np.all(np.greater(trend_per_year, -1)):
        raise ValueError("trend_per_year must be above -1: a price cannot fall by 100 % a year")
    month = np.arange(months, dtype=np.float64)[:, np.newaxis]
    multiples = np.power(1 + np.atleast_1d(trend_per_year)[np.newaxis, :], month / 12)
    for start, multiple in shocks:
        if not 0 <= start < months:
            raise ValueError(f"a shock in month {start} is outside the plan's months 0 to {months - 1}")
        if not np.all(np.greater_equal(multiple, 0)):
            raise ValueError("the multiple of a shock must be 0 or more")
        multiples = multiples * np.where(month >= start, np.atleast_1d(multiple)[np.newaxis, :], 1.0)
    return multiples
