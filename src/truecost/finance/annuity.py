"""Level payments: what a purchase costs a month, and how each payment splits into wear and interest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from truecost.ranges import FloatArray, Value


class Schedule(NamedTuple):
    """A financed purchase month by month, in USD; each of shape (months,) or (months, draws).

    `depreciation_usd + interest_usd` is the level payment; `depreciation_usd` sums to price less residual.
    """

    depreciation_usd: FloatArray
    interest_usd: FloatArray
    balance_usd: FloatArray
    """What is still owed at the end of each month; the last is the residual value."""


def annuity_factor(monthly_rate: Value, months: Value) -> Value:
    """Present value of 1 USD at the end of each of `months` months.

    Formula: (1 - (1 + r)^-n) / r, and n where r = 0. `monthly_rate` 0.01 is 1 % a month and may be
    negative, down to but not including -1; `months` is positive and need not be whole.
    Source: the textbook annuity, e.g. Brealey, Myers and Allen, Principles of Corporate Finance, ch. 2.

    >>> f"{annuity_factor(0.01, 12):.4f} {annuity_factor(0.0, 12):.1f}"
    '11.2551 12.0'
    """
    rate, length = np.asarray(monthly_rate, dtype=np.float64), np.asarray(months, dtype=np.float64)
    if np.any(rate <= -1):
        raise ValueError("a monthly rate lies above -1 (-100 % a month)")
    if np.any(length <= 0):
        raise ValueError("an annuity runs for more than 0 months")
    free = rate == 0
    return np.where(free, length, -np.expm1(-length * np.log1p(rate)) / np.where(free, 1.0, rate))[()]


def annuity_payment(
    principal_usd: Value, monthly_rate: Value, months: Value, residual_usd: Value = 0.0
) -> Value:
    """The level payment at the end of each month that repays a principal down to a residual value, in USD.

    Formula: (P - R (1 + r)^-n) / factor(r, n); (P - R) / n where r = 0.
    Errors: as `annuity_factor`.

    >>> f"{annuity_payment(1200.0, 0.0, 12):.2f} {annuity_payment(1200.0, 0.01, 12):.2f}"
    '100.00 106.62'
    >>> f"{annuity_payment(1200.0, 0.01, 12, residual_usd=300.0):.2f}"
    '82.96'
    """
    factor = annuity_factor(monthly_rate, months)
    kept = np.exp(-np.multiply(months, np.log1p(monthly_rate)))
    return (principal_usd - residual_usd * kept) / factor


def annuity_schedule(
    principal_usd: Value, monthly_rate: Value, months: int, residual_usd: Value = 0.0
) -> Schedule:
    """How a level payment splits month by month into depreciation (principal repaid) and interest.

    Interest of a month is rate x what was owed at its start; the rest of the payment repays principal,
    so price = residual + sum of depreciation, and the payments' present value is price less the
    residual's. `months` is a whole number of at least 1.

    >>> s = annuity_schedule(1000.0, 0.01, 3)
    >>> [round(float(v), 2) for v in s.depreciation_usd], [round(float(v), 2) for v in s.interest_usd]
    ([330.02, 333.32, 336.66], [10.0, 6.7, 3.37])
    """
    payment = np.asarray(annuity_payment(principal_usd, monthly_rate, months, residual_usd))
    owed = np.broadcast_to(np.asarray(principal_usd, dtype=np.float64), payment.shape)
    interest, balance = np.empty((months, *payment.shape)), np.empty((months, *payment.shape))
    for month in range(months):
        interest[month] = owed * monthly_rate
        balance[month] = owed = _owed(payment, monthly_rate, months - 1 - month, residual_usd)
    return Schedule(payment - interest, interest, balance)


def _owed(payment: FloatArray, monthly_rate: Value, months_left: int, residual_usd: Value) -> FloatArray:
    """What is owed with some payments left: their present value and the residual's.

    Counted from the end, since adding interest month by month from the start lets rounding grow with it.
    """
    kept = np.exp(-months_left * np.log1p(monthly_rate)) * residual_usd
    left = payment * annuity_factor(monthly_rate, months_left) if months_left else 0.0 * payment
    return np.asarray(left + kept, dtype=np.float64)
