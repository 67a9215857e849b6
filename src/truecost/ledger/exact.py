"""Exact money: USD as decimals of 15 places, rounded half-even, once, where something is divided."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Where amounts are added, multiplied and divided: more digits than any of them has."""
PLACES = Decimal("1e-15")
"""The last digit of an amount, USD."""


def rounded(value: Any) -> Decimal:
    """A number as an amount of 15 places.

    >>> rounded("0.1234567890123455"), rounded(2)
    (Decimal('0.123456789012346'), Decimal('2.000000000000000'))
    """
    return Decimal(value).quantize(PLACES, context=EXACT)


def quotient(part: Decimal, whole: Decimal | int) -> Decimal | None:
    """A part over a whole, to 15 places; None of nothing.

    >>> quotient(Decimal(1), 3), quotient(Decimal(1), 0)
    (Decimal('0.333333333333333'), None)
    """
    return rounded(EXACT.divide(part, Decimal(whole))) if whole else None


NOTHING = rounded(0)
"""No USD."""
