"""The book of one evaluation: every line, every named quantity, every fact used, what was left out.

Laws write into it and read nothing back but values, so that each number in the result can be walked
back to the plan, a fact or a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, cast

import numpy as np

from truecost.catalog.facts import Fact
from truecost.lines import NOTHING_NAMED, Basis, Offer, Payee
from truecost.ranges import Draws, FloatArray, Range, Value

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.plan.schema import Plan

HOURS_PER_MONTH = 730.5
DAYS_PER_MONTH = 30.4375
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
ENGINEERING_FACTOR = "law/engineering_factor/"
"""Facts by regime: the spread of what runs take over the law of a run."""
DRAWN_TOGETHER = ("rental/", ENGINEERING_FACTOR)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A computed value that can explain itself: formula in words, the keys it was computed from."""

    key: str
    value: Value
    unit: str
    formula: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A component's money by month, (months, draws) or anything that broadcasts to it."""

    component: str
    label: str
    group: str
    payee: Payee
    amortized: FloatArray
    cash: FloatArray
    basis: Basis
    source: str
    quantity: Value | None
    unit: str
    offer: Offer = NOTHING_NAMED
    listed: FloatArray | None = None
    """At list price, where that is not what is paid."""


@dataclass(slots=True)
class Book:
    """What one window of draws computed."""

    months: int
    draws: Draws
    as_of: date
    catalog: Catalog
    region: str = "us"
    lines: dict[str, Line] = field(default_factory=dict[str, Line])
    quantities: dict[str, Quantity] = field(default_factory=dict[str, Quantity])
    outcomes: dict[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    by_month: dict[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    """Sums over the draws by month, shape (months,), of outcomes whose means by month are told."""
    facts: dict[str, Fact] = field(default_factory=dict[str, Fact])
    view_facts: set[str] = field(default_factory=set[str])
    """Facts that only the deeper views take: no total rests on them."""
    defaults: dict[str, str] = field(default_factory=dict[str, str])
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    warnings: dict[str, str] = field(default_factory=dict[str, str])
    decisions: dict[str, float] = field(default_factory=dict[str, float])
    moves: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """Factors of the `what_if`, by the name of the quantity; see `truecost.plan.what_if`."""
    written: Plan | None = None
    """The plan with its ranges, for what is worked out once for all draws."""
    compared: bool = False
    """Whether only totals are asked for, to be compared: no option beside the one used, no tiers, no
    break-evens, no views."""

    @property
    def month_index(self) -> FloatArray:
        """Months 0, 1, ... as a column, shape (months, 1)."""
        return np.arange(self.months, dtype=np.float64)[:, None]

    def median(self, path: str, drawn: Value) -> float:
        """The median of what the plan states at a path; of the draws where it is not known as written."""
        stated: object = self.written
        for name in path.split("."):
            is_named = isinstance(stated, Mapping)
            stated = (
                cast("Mapping[str, object]", stated).get(name) if is_named else getattr(stated, name, None)
            )
        return stated.median if isinstance(stated, Range) else float(np.median(drawn))

    def move(self, name: str) -> Value:
        """The factor of a quantity in the `what_if`; 1 where nothing changes it."""
        return self.moves.get(name, 1.0)

    def fact(self, fact: Fact) -> Value:
        """The value of a fact (its draws when it is a range), entered as an assumption."""
        self.facts[fact.key] = fact
        return self.draws.of(f"fact:{draw_key(fact.key)}", fact.value)

    def rate(self, key: str) -> Value:
        """The value of a rate of the catalog at the plan's date."""
        return self.fact(self.catalog.rate(key, self.as_of))

    def rate_fact(self, key: str) -> Fact:
        """A rate entered as an assumption without drawing it: for what is decided once, such as a life."""
        fact = self.catalog.rate(key, self.as_of)
        self.facts[fact.key] = fact
        return fact

    def number(self, path: str, given: Value | None, rate: str) -> Value:
        """What the plan says at `path`, or the catalog's rate where it is silent."""
        if given is not None:
            return given
        return self.default(path, self.catalog.rate(rate, self.as_of))

    def default(self, path: str, fact: Fact) -> Value:
        """A fact that stands in for what the plan does not say at `path`."""
        self.defaults[path] = fact.key
        return self.fact(fact)

    def quantity(self, key: str, value: Value, unit: str, formula: str, inputs: Sequence[str] = ()) -> Value:
        """Enter a computed value under a name that `explain` can find; returns it unchanged."""
        self.quantities[key] = Quantity(key, value, unit, formula, tuple(inputs))
        return value

    def line(
        self,
        component: str,
        label: str,
        group: str,
        payee: Payee,
        amortized: Value,
        *,
        formula: str,
        inputs: Sequence[str],
        cash: Value | None = None,
        basis: Basis = Basis.LAW,
        source: str = "",
        quantity: Value | None = None,
        unit: str = "",
    ) -> None:
        """Enter a cost by month in USD; `cash` only where it differs from the amortized view."""
        if component in self.lines:
            raise ValueError(f"two cost lines are called {component!r}")
        shaped = np.broadcast_to(amortized, (self.months, self.draws.count))
        paid = shaped if cash is None else np.broadcast_to(cash, shaped.shape)
        self.lines[component] = Line(
            component, label, group, payee, shaped, paid, basis, source, quantity, unit
        )
        self.quantity(f"lines.{component}", shaped, "USD", formula, inputs)

    def sold(self, component: str, offer: Offer, listed: Value | None = None) -> None:
        """Say of a line what a bill calls it and, where a discount was negotiated, its cost at list price."""
        line = self.lines[component]
        at_list = None if listed is None else np.broadcast_to(listed, line.amortized.shape)
        self.lines[component] = replace(line, offer=offer, listed=at_list)

    def outcome(self, key: str, value: Value) -> None:
        """Enter one number a draw, kept over all windows: shape (draws,)."""
        self.outcomes[key] = np.broadcast_to(np.asarray(value, dtype=np.float64), (self.draws.count,))

    def result(self, key: str, value: Value, unit: str, formula: str, inputs: Sequence[str] = ()) -> None:
        """Enter an outcome, one number a draw, that can explain itself."""
        self.outcome(key, value)
        self.quantity(key, value, unit, formula, inputs)

    def flow(self, key: str, value: FloatArray, unit: str, formula: str, inputs: Sequence[str] = ()) -> None:
        """Enter an outcome by its months, (months, draws): one number a draw, and its means by month."""
        self.result(key, value.sum(axis=0), unit, formula, inputs)
        self.by_month[key] = value.sum(axis=1)

    def total(self, *groups: str, cash: bool = False) -> FloatArray:
        """Sum of the lines of some groups (all when none is named), shape (months, draws)."""
        result = np.zeros((self.months, self.draws.count))
        for line in self.lines.values():
            if not groups or line.group in groups:
                result += line.cash if cash else line.amortized
        return result

    def aside(self) -> Book:
        """This book for a computation that is only compared: its quantities are not kept for `explain`."""
        return replace(self, quantities={}, lines={}, outcomes={})

    def decide(self, key: str, choose: Callable[[], float]) -> float:
        """A choice made once, on the scout's draws, and kept for every window."""
        if key not in self.decisions:
            self.decisions[key] = choose()
        return self.decisions[key]

    def leave_out(self, part: str, consequence: str) -> None:
        """Name a part the plan does not have, and what that means for the result."""
        self.left_out[part] = consequence

    def warn(self, path: str, message: str) -> None:
        """Something legal but unusual."""
        self.warnings[path] = message


def draw_key(fact_key: str) -> str:
    """The key a fact is drawn by: the terms of one chip's rent move together, a commitment below on demand.

    So do the engineering factors of a plan's runs: the same people run them.

    >>> draw_key("rental/h100-sxm/spot"), draw_key("pue/other")
    ('rental/h100-sxm', 'pue/other')
    """
    return fact_key.rsplit("/", 1)[0] if fact_key.startswith(DRAWN_TOGETHER) else fact_key


def over_months(value: Value, months: int) -> FloatArray:
    """The sum over the months of the plan of a monthly value, shape (draws,) or (1,)."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim < 2:
        return np.atleast_1d(array * months)
    return array.sum(axis=0) if array.shape[0] == months else array.sum(axis=0) * (months / array.shape[0])


def first_of(by_month: Value) -> Value:
    """The first month of a monthly value; a value without months as it is."""
    return by_month if np.ndim(by_month) < 2 else np.asarray(by_month)[0]


def given_or(value: Value | None, default: Value) -> Value:
    """The value where the plan gives one, else the default (arrays have no truth value)."""
    return default if value is None else value
