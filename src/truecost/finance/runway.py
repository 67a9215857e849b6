"""How long the money lasts: cash, investment as it arrives, and credits that pay only for what they cover."""

from __future__ import annotations

import numpy as np

from truecost.finance.crossing import first_month
from truecost.ranges import FloatArray, Value


def credits_used(credits_usd: Value, eligible_usd: FloatArray) -> FloatArray:
    """Credits spent in each month, in USD: eligible spending until the credits are gone.

    `eligible_usd` is (months,) or (months, draws), none below 0; the result has that shape, widened to
    the draws of the credits.

    >>> credits_used(150.0, np.array([100.0, 100.0, 100.0])).tolist()
    [100.0, 50.0, 0.0]
    """
    if np.any(eligible_usd < 0):
        raise ValueError("spending that credits cover is not below 0")
    if np.ndim(credits_usd) >= eligible_usd.ndim:
        eligible_usd = eligible_usd[:, np.newaxis]
    used = np.minimum(np.cumsum(eligible_usd, axis=0), credits_usd)
    return np.diff(used, axis=0, prepend=0.0)


def cash_balance(
    cash_usd: Value,
    net_outflow_usd: FloatArray,
    credits_usd: Value = 0.0,
    eligible_usd: FloatArray | None = None,
) -> FloatArray:
    """Cash at the end of each month, in USD: opening cash less net outflow, credits paying what they cover.

    `net_outflow_usd` is spending less revenue and investment of the month, so it is negative in a month
    that brings money in. `eligible_usd` is the part of spending that credits may pay; without it they
    cover all net outflow above 0.

    >>> cash_balance(100.0, np.array([60.0, 60.0, 60.0]), credits_usd=40.0).tolist()
    [80.0, 20.0, -40.0]
    """
    covered = credits_used(
        credits_usd, np.maximum(net_outflow_usd, 0.0) if eligible_usd is None else eligible_usd
    )
    outflow = net_outflow_usd if covered.ndim == net_outflow_usd.ndim else net_outflow_usd[:, np.newaxis]
    paid = np.cumsum(outflow - covered, axis=0)
    if np.ndim(cash_usd) >= paid.ndim:
        paid = paid[:, np.newaxis]
    return cash_usd - paid


def runway_months(balance_usd: FloatArray) -> Value:
    """Whole months the money lasts: those before the first that ends below 0; inf if none does.

    >>> float(runway_months(np.array([80.0, 20.0, -40.0])))
    2.0
    """
    return first_month(balance_usd < 0) - 1
