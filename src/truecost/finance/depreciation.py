"""How equipment loses value: with the progress of what replaces it, or in equal parts over its life."""

from __future__ import annotations

import math

import numpy as np

from truecost.ranges import FloatArray, Value


def price_after_progress(price_usd: Value, years: Value, decline_ooms_per_year: Value) -> Value:
    """What equipment is worth after `years` of newer equipment getting better per USD, in USD.

    Formula: price x 10^(-d x years), with d in orders of magnitude a year (0.14 is a loss of 28 % a year).
    Negative years raise the price: equipment used before its public price.
    Source: Cottier et al. 2024, The rising costs of training frontier AI models, arXiv:2405.21015, s. 2.2.

    >>> f"{price_after_progress(1000.0, 1.0, 0.14):.2f}"
    '724.44'
    """
    return price_usd * np.exp(-math.log(10) * np.multiply(decline_ooms_per_year, years))


def replacement_rate_per_year(decline_ooms_per_year: Value) -> Value:
    """The share of its value that equipment loses a year, continuously: d x ln 10.

    Source: as `price_after_progress`; it is the slope of that decline at any moment.

    >>> f"{replacement_rate_per_year(0.14):.4f}"
    '0.3224'
    """
    return decline_ooms_per_year * math.log(10)


def straight_line(price_usd: Value, life_months: Value, months: int, residual_usd: Value = 0.0) -> FloatArray:
    """The charge of each of the first `months` months, in USD; shape (months,) or (months, draws).

    Equal parts of price less residual over the life; a life that ends within a month charges the part of
    the month it lived; nothing after. Over the whole life the charges sum to price less residual.
    `life_months` is above 0.

    >>> straight_line(900.0, 2.5, 4).tolist()
    [360.0, 360.0, 180.0, 0.0]
    """
    if np.any(np.less_equal(life_months, 0)):
        raise ValueError("a life is longer than 0 months")
    loss, life = np.broadcast_arrays(np.subtract(price_usd, residual_usd), life_months)
    begun = np.arange(months, dtype=np.float64).reshape(-1, *(1,) * life.ndim)
    return np.clip(life - begun, 0.0, 1.0) * (loss / life)
