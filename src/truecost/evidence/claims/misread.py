"""Numbers read off the wrong line: the digits of a claim that are another fact of the same thing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from truecost.ranges import Range
from truecost.units import show

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.facts import Fact

CLOSE = 0.005
"""How nearly the digits must agree, as a share."""


def same_digits(one: float, other: float) -> bool:
    """Whether two numbers differ by a power of a thousand alone, as petaflops and terabytes a second do.

    >>> same_digits(3.35e15, 3.35e12), same_digits(3.35e15, 0.989e15)
    (True, False)
    """
    if one <= 0 or other <= 0:
        return False
    power = math.log10(one / other) / 3
    return round(power) != 0 and abs(one / other / 1000 ** round(power) - 1) < CLOSE


def read_off(figures: Iterable[float], unit: str, chip: Accelerator) -> list[str]:
    """The facts of a chip, in another unit, whose digits are those of a figure in a unit that chips have;
    sentences.
    """
    found: list[str] = []
    facts = chip.facts()
    if unit not in {_unit(fact) for fact in facts}:
        return []
    for fact in facts:
        value = _number(fact)
        if _unit(fact) == unit:
            continue
        found += [
            f"{show(figure, unit)} has the digits of its {_attribute(fact)}, {show(value, _unit(fact))}"
            for figure in dict.fromkeys(figures)
            if same_digits(figure, value)
        ]
    return found


def _unit(fact: Fact) -> str:
    """The unit without what is said of it behind a comma."""
    return fact.unit.split(",")[0]


def _attribute(fact: Fact) -> str:
    words = fact.key.split("/", 2)[2].replace("_", " ").replace("/", " ")
    for ending in (" bytes per s", " bits per s", " bytes", " w"):
        words = words.removesuffix(ending)
    return words


def _number(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value
