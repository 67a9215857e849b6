"""Provisioned throughput: capacity bought by the hour, used or not."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

import numpy as np

from truecost.ranges import Value

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_PLACES = Decimal("1e-15")


def provisioned_cost(units: Value, usd_per_unit_hour: Value, hours: Value) -> Value:
    """USD of holding `units` of capacity for `hours`: units x USD/unit-hour x hours, idle hours included.

    >>> provisioned_cost(2.0, 36.0, 730.0)
    52560.0
    """
    for name, value in (("units", units), ("usd_per_unit_hour", usd_per_unit_hour), ("hours", hours)):
        if not np.all(np.greater_equal(value, 0)):
            raise ValueError(f"{name} must be 0 or more")
    return units * usd_per_unit_hour * hours


class Amortized(NamedTuple):
    """A fee split into what was used and what stood idle, and the used part per unit of use.

    `used_usd` + `idle_usd` is the fee to the last digit, use x `usd_per_unit` + `remainder_usd` is
    `used_usd`.
    """

    used_usd: Decimal
    idle_usd: Decimal
    usd_per_unit: Decimal
    remainder_usd: Decimal


def amortized(fee_usd: Decimal, used: Decimal, capacity: Decimal) -> Amortized:
    """A fee over use: used part = fee x min(1, used / capacity), the rest is idle. Of use beyond capacity
    each unit costs less, and nothing is idle.

    Rounded half to even to 15 places, once for the part and once for the unit.

    >>> amortized(Decimal(100), Decimal(30), Decimal(120))[:3]
    (Decimal('25.000000000000000'), Decimal('75.000000000000000'), Decimal('0.833333333333333'))
    >>> amortized(Decimal(100), Decimal(0), Decimal(120)).idle_usd
    Decimal('100.000000000000000')
    """
    if fee_usd < 0 or used < 0 or capacity <= 0:
        raise ValueError("a fee and its use must be 0 or more, a capacity above 0")
    fee = fee_usd.quantize(_PLACES, context=_EXACT)
    part = fee if used >= capacity else _rounded(_EXACT.divide(_EXACT.multiply(fee, used), capacity))
    unit = _rounded(_EXACT.divide(part, used)) if used else Decimal(0)
    remainder = _EXACT.subtract(part, _EXACT.multiply(unit, used))
    return Amortized(part, _EXACT.subtract(fee, part), unit, remainder)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_PLACES, context=_EXACT)
