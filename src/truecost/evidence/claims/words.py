"""Figures of claims in words: one number, both ends with the unit once."""

from __future__ import annotations

import math

from truecost.units import between, show, show_range

_UNITS = {"ratio": "×", "x": "×", "fraction": "share", "exponent": "", "share of capacity": "share"}


def shown(value: float, unit: str) -> str:
    """A number with its unit; a calendar year without separators.

    >>> shown(0.4, "fraction"), shown(14.14, "ratio"), shown(2027.0, "year"), shown(float("inf"), "months")
    ('40 %', '14.1 ×', '2027', 'never')
    """
    if unit == "year" and math.isfinite(value):
        return str(math.floor(value))
    if math.isinf(value):
        return "never" if value > 0 else "-unlimited"
    return show(value, _unit(unit))


def span(low: float, high: float, unit: str) -> str:
    """Both ends with the unit once; one number where they are the same.

    >>> span(45e6, 60e6, "USD"), span(0.1, 0.15, "fraction"), span(3.0, 3.0, "x"), span(20e3, 40e3, "tokens")
    ('45.0 M – 60.0 M USD', '10 – 15 %', '3 ×', '20.0 k – 40.0 k tokens')
    """
    if math.isinf(low) or math.isinf(high):
        return f"more than {shown(low, unit)}" if math.isfinite(low) else f"less than {shown(high, unit)}"
    if math.isclose(low, high, rel_tol=0.004):
        return shown((low + high) / 2, unit)
    ends = _ends(low, high, unit)
    return ends if ends else f"{shown(low, unit)} to {shown(high, unit)}"


def ranged(low: float, middle: float, high: float, unit: str) -> str:
    """The median with its 90 % interval.

    >>> ranged(0.86e9, 1.19e9, 1.63e9, "USD"), ranged(2.0, 3.0, float("inf"), "months")
    ('1.19 B USD (860 M – 1.63 B)', '3 months (2 to never)')
    """
    if unit == "year":
        if not all(math.isfinite(end) for end in (low, middle, high)):
            return _with_infinite_ends(low, middle, high, unit)
        first, here, last = (shown(end, unit) for end in (low, middle, high))
        return here if first == last else f"{here} ({first} – {last})"
    if not all(math.isfinite(end) for end in (low, middle, high)):
        return _with_infinite_ends(low, middle, high, unit)
    return show_range({"p5": low, "p50": middle, "p95": high}, _unit(unit))


def _with_infinite_ends(low: float, middle: float, high: float, unit: str) -> str:
    if low == high:
        return shown(middle, unit)
    first = _ends(low, middle, unit).partition(" – ")[0] if math.isfinite(middle) else ""
    return f"{shown(middle, unit)} ({first or shown(low, unit)} to {shown(high, unit)})"


def _ends(low: float, high: float, unit: str) -> str:
    """ "45.0 M – 60.0 M USD", from how a range is shown; "" where the unit cannot be told from the number."""
    if unit == "year":
        return between(shown(low, unit), shown(high, unit))
    text = show_range({"p5": low, "p50": high, "p95": high}, _unit(unit))
    head, bracket, rest = text.partition(" (")
    ends = rest.removesuffix(")")
    last = ends.rpartition(" – ")[2]
    if not bracket or " – " not in ends or not head.startswith(last):
        return ""
    return f"{ends}{head.removeprefix(last)}"


def _unit(unit: str) -> str:
    return "share" if unit.startswith("share ") else _UNITS.get(unit, unit)
