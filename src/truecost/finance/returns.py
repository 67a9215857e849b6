"""What an investment returns: the rate at which what comes back is worth what was put in."""

from __future__ import annotations

import math

import numpy as np

from truecost.ranges import FloatArray

HIGHEST_MONTHLY = 9.0
LOWEST_MONTHLY = -0.9
TRIED = 41
HALVINGS = 40


def internal_rate_of_return(monthly_usd: FloatArray) -> FloatArray:
    """The yearly rate at which a series of monthly amounts is worth nothing; inf where there is none.

    `monthly_usd` is (months,) or (months, draws), what is put in below 0; the result is one number a draw.
    The worth is taken at monthly rates from -90 % to 900 %. Where the amounts change their sign more than
    once there may be several rates at which it is 0: of those at which it falls from above to below, that
    nearest to 0 is meant. Between two rates tried it is found by halving. There is none where nothing is put
    in, or where all that comes back is less than a tenth of what was put in the month before.

    >>> internal_rate_of_return(np.array([-100.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120.0])).round(6).tolist()
    [0.2]
    >>> internal_rate_of_return(np.array([-100.0, 0.0])).tolist()
    [inf]
    """
    amounts = monthly_usd.reshape(len(monthly_usd), -1)
    rates = _rates()
    worth = _worth(amounts, rates[:, None] * np.ones(amounts.shape[1]))
    falls = (worth[:-1] > 0) & (worth[1:] <= 0)
    distance = np.where(falls, np.abs(np.log1p(rates[:-1]))[:, None], np.inf)
    at = distance.argmin(axis=0)
    low, high = rates[at], rates[at + 1]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = _worth(amounts, middle[None, :])[0] > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(falls.any(axis=0), (1 + (low + high) / 2) ** 12 - 1, np.inf)


def _rates() -> FloatArray:
    """Monthly rates in equal ratios of what 1 USD becomes."""
    return np.expm1(np.linspace(math.log1p(LOWEST_MONTHLY), math.log1p(HIGHEST_MONTHLY), TRIED))


def _worth(amounts: FloatArray, rates: FloatArray) -> FloatArray:
    """Present value of each draw's amounts at each row of rates, up to a factor above 0: (rates, draws)."""
    shrinks = rates >= 0
    factor = np.where(shrinks, 1 / (1 + rates), 1 + rates)
    forward = np.zeros_like(rates)
    backward = np.zeros_like(rates)
    for month in range(len(amounts)):
        backward = backward * factor + amounts[month]
        forward = forward * factor + amounts[-1 - month]
    return np.where(shrinks, forward, backward)


def paid_out(balance_usd: FloatArray) -> FloatArray:
    """What can be paid out in each month and never be missed: the rise of the least balance still to come.

    `balance_usd` is what is there or has been earned at the end of each month, nothing paid out: (months,) or
    (months, draws).

    >>> paid_out(np.array([50.0, 20.0, 80.0])).tolist(), paid_out(np.array([50.0, -20.0])).tolist()
    ([20.0, 0.0, 60.0], [0.0, 0.0])
    """
    least = np.minimum.accumulate(balance_usd[::-1], axis=0)[::-1]
    return np.diff(np.maximum(least, 0.0), axis=0, prepend=0.0)
