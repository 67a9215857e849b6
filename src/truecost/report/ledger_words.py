"""Words that the sections of a usage report's page share: amounts, what was used, names of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from truecost.report.charts.timeline import day_name
from truecost.report.layout import clean
from truecost.report.phrases import plural, shown
from truecost.report.usage_text import NONE, label

Told = Mapping[str, Any]
LONGEST = 90
"""Letters of a label that are shown."""


def number_of(amount: str) -> float:
    """An amount as a float, to be drawn or rounded.

    >>> number_of("0.500000000000000")
    0.5
    """
    return float(Decimal(amount))


def usd(amount: str) -> str:
    """An amount in words."""
    return shown(number_of(amount), "USD")


def whole_usd(told: Told) -> float:
    """USD of all that has a price."""
    return number_of(told["total"]["usd"])


def clipped(words: str, most: int = LONGEST) -> str:
    """A label of a log without control characters, its end left out where it is long.

    >>> clipped("a" * 9, 5)
    'aaaa…'
    """
    tidy = clean(words)
    return tidy if len(tidy) <= most else f"{tidy[: most - 1]}…"


def lines(told: Told, count: int) -> str:
    """A count of rows of usage, called requests where each is one."""
    if told["total"]["entries"] == told["total"]["requests"]:
        return plural(count, "request")
    return plural(count, "line", "lines")


def used(row: Told) -> str:
    """What a row used: requests, hours of chips; lines of a bill alone are neither."""
    hours = number_of(row["chip_hours"])
    said = [plural(row["requests"], "request")] if row["requests"] or not row["entries"] else []
    said += [shown(hours, "chip-hours")] if hours else []
    return " and ".join(said) or plural(row["entries"], "line")


def days_of(told: Told) -> str:
    """The days of a report."""
    first, last = told["first_day"], told["last_day"]
    if first is None:
        return f"{told['month']}, without usage" if told["month"] else "without usage"
    return day_name(first) if first == last else f"{day_name(first)} to {day_name(last)}"


def group_name(one: Told, by: Sequence[str], most: int = LONGEST) -> str:
    """The values that a group is of, in a sentence; a column without a value is said to be missing."""
    values = [(column, label(one[column])) for column in by]
    return clipped(", ".join(f"no {column}" if said == NONE else said for column, said in values), most)


def listed(words: Sequence[str]) -> str:
    """Words with commas, the last with "and".

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
