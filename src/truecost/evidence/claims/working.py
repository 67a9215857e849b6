"""How a calculation is written and run: declared inputs, steps noted as they are taken, results by way of
counting.

A calculation is a function over a `Working`. It takes its inputs by name, computes with the laws, and notes
each
step; the same function then answers for draws, for the ends of stated figures and for one input varied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from truecost.ranges import Range, Value

if TYPE_CHECKING:
    from datetime import date

    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.architectures import Architecture
    from truecost.catalog.catalog import Catalog
    from truecost.catalog.facts import Fact


@dataclass(frozen=True, slots=True)
class Needed:
    """One input a calculation takes: what it is, its unit, and the source taken where a claim names none."""

    label: str
    unit: str
    default: Mapping[str, Any] | float | str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a calculation: what it gives, the formula in words, the value, the inputs it took."""

    what: str
    formula: str
    value: Value
    unit: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a curve."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A result against something that varies, as data: to be drawn, and to be read from the JSON."""

    title: str
    x: str
    x_unit: str
    y: str
    y_unit: str
    at: tuple[float, ...]
    lines: tuple[Line, ...]
    is_log: bool = True
    marks: tuple[tuple[str, float], ...] = ()
    """Values of y worth a line across the curve, by name."""


class MissingFact(LookupError):  # noqa: N818 - it is an answer, not a fault
    """What a calculation would need and does not find."""


@dataclass(slots=True)
class Working:
    """One run of a calculation: inputs in, steps and results out."""

    values: Mapping[str, Value]
    texts: Mapping[str, Any]
    catalog: Catalog
    as_of: date
    formula: Mapping[str, str] = field(default_factory=dict[str, str])
    draws_curves: bool = False
    steps: list[Step] = field(default_factory=list[Step])
    ways: dict[str, Value] = field(default_factory=dict[str, Value])
    curves: list[Curve] = field(default_factory=list[Curve])
    cited: dict[str, Fact] = field(default_factory=dict[str, "Fact"])
    """Facts read beside the inputs, by what they are."""
    _used: list[str] = field(default_factory=list[str])

    def __getitem__(self, name: str) -> Value:
        """An input, noted as used by the next step."""
        if name not in self._used:
            self._used.append(name)
        return self.values[name]

    def word(self, name: str) -> str:
        """A name the claim gives: of a model, a chip, a precision."""
        return str(self.texts[name])

    def words(self, name: str) -> list[str]:
        """A list of names."""
        given = self.texts[name]
        return (
            [str(each) for each in cast("list[object]", given)] if isinstance(given, list) else [str(given)]
        )

    def chip(self, name: str = "chip") -> Accelerator:
        """The accelerator that a text names."""
        return self.catalog.accelerator(self.word(name))

    def model(self, name: str = "model") -> Architecture:
        """The architecture that a text names."""
        return self.catalog.model(self.word(name))

    def fact(self, label: str, fact: Fact) -> float:
        """A fact that the calculation looks up itself, noted; of a range its median."""
        self.cited[label] = fact
        return fact.value.median if isinstance(fact.value, Range) else float(fact.value)

    def step(self, what: str, formula: str, value: Value, unit: str) -> Value:
        """Note a step and hand its value on."""
        self.steps.append(Step(what, formula, value, unit, tuple(self._used)))
        self._used.clear()
        return value

    def way(self, name: str, value: Value) -> None:
        """Note one way of counting the result; a calculation without ways has one result."""
        self.ways[name] = value

    def curve(self, make: Callable[[], Curve]) -> None:
        """Draw a curve, where curves are asked for."""
        if self.draws_curves:
            self.curves.append(make())


Run: TypeAlias = Callable[[Working], Value]


@dataclass(frozen=True, slots=True)
class Calculation:
    """A way of recomputing a figure, by name."""

    name: str
    title: str
    unit: str
    inputs: Mapping[str, Needed]
    texts: Mapping[str, Any]
    run: Run
    has_methods: bool = False
    """Whether its ways count the same thing by different methods; else they are several things."""


_CALCULATIONS: dict[str, Calculation] = {}


def calculation_of(
    name: str,
    title: str,
    unit: str,
    inputs: Mapping[str, Needed],
    texts: Mapping[str, Any] | None = None,
    *,
    has_methods: bool = False,
) -> Callable[[Run], Run]:
    """Enter a function as the calculation `name`; `texts` are the names it takes, with their defaults."""

    def enter(run: Run) -> Run:
        _CALCULATIONS[name] = Calculation(name, title, unit, inputs, texts or {}, run, has_methods)
        return run

    return enter


def known() -> Mapping[str, Calculation]:
    """The calculations entered so far."""
    return _CALCULATIONS


def mid(value: Value) -> float:
    """The median of draws, or the number itself: for choices that a draw cannot make (a layout, a count)."""
    return float(np.median(value))


def spaced(low: float, high: float, count: int = 41) -> tuple[float, ...]:
    """Values in equal ratios from low to high.

    >>> spaced(1, 100, 3)
    (1.0, 10.0, 100.0)
    """
    return tuple(float(f"{value:.6g}") for value in np.geomspace(low, high, count))


def floats(values: Value) -> tuple[float, ...]:
    """An array as plain numbers."""
    return tuple(float(value) for value in np.atleast_1d(np.asarray(values, dtype=np.float64)))


def names(given: Sequence[str]) -> str:
    """Names in a sentence."""
    return ", ".join(given)
