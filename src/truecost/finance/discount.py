"""What money at other times is worth today."""

from __future__ import annotations

import numpy as np

from truecost.ranges import FloatArray, Value


def monthly_rate(yearly_rate: Value) -> Value:
    """The monthly rate that compounds to a yearly one: (1 + y)^(1/12) - 1. 0.10 is 10 %.

    >>> f"{monthly_rate(0.10):.6f}"
    '0.007974'
    """
    if np.any(np.less_equal(yearly_rate, -1)):
        raise ValueError("a yearly rate lies above -1 (-100 % a year)")
    return np.expm1(np.log1p(yearly_rate) / 12)


def discount_factors(yearly_rate: Value, months: int) -> FloatArray:
    """What 1 USD at the end of each of the first `months` months is worth today.

    Formula: (1 + y)^(-k/12), k = 1 .. months. Shape (months,), or (months, draws) for an array of rates.

    >>> discount_factors(0.10, 24)[[11, 23]].round(4).tolist()
    [0.9091, 0.8264]
    """
    per_month = np.log1p(np.asarray(monthly_rate(yearly_rate), dtype=np.float64))
    ends = np.arange(1, months + 1, dtype=np.float64).reshape(-1, *(1,) * per_month.ndim)
    return np.exp(-ends * per_month)


def present_value(monthly_usd: FloatArray, yearly_rate: Value) -> Value:
    """Today's value of a series of monthly amounts, each at the end of its month, in USD.

    Formula: sum over months of amount x (1 + y)^(-k/12). The series is (months,) or (months, draws); the
    result has the shape of one month of it, widened to the draws of the rate.

    >>> f"{present_value(np.full(12, 100.0), 0.0):.2f} {present_value(np.full(12, 100.0), 0.10):.2f}"
    '1200.00 1140.05'
    """
    factors = discount_factors(yearly_rate, monthly_usd.shape[0])
    if factors.ndim > monthly_usd.ndim:
        monthly_usd = monthly_usd[:, np.newaxis]
    if factors.ndim < monthly_usd.ndim:
        factors = factors.reshape(-1, *(1,) * (monthly_usd.ndim - 1))
    return np.sum(monthly_usd * factors, axis=0)


def net_present_value(monthly_usd: FloatArray, yearly_rate: Value, upfront_usd: Value = 0.0) -> Value:
    """Present value of monthly net inflows less what is paid today, in USD.

    >>> f"{net_present_value(np.full(12, 100.0), 0.10, upfront_usd=1000.0):.2f}"
    '140.05'
    """
    return present_value(monthly_usd, yearly_rate) - upfront_usd
