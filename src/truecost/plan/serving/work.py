"""The work one request class asks for, and the charges an option answers it with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from truecost.lines import NOTHING_NAMED, Basis, Offer, Payee
from truecost.plan.book import Book
from truecost.plan.schema.serving import Precision
from truecost.ranges import FloatArray, Value


@dataclass(frozen=True, slots=True)
class Work:
    """What reaches the model: calls by month and the tokens of one call, levers applied."""

    name: str
    queries: FloatArray
    calls: FloatArray
    input_tokens: Value
    output_tokens: Value
    calls_per_query: Value = 1.0
    cache_read_share: Value = 0.0
    cache_write_share: Value = 0.0
    input_sigma: Value = 0.0
    batch: bool = False
    regions: Mapping[str, Value] = field(default_factory=dict[str, Value])
    own_model_growth: Value = 1.0
    tokens_elsewhere: Value = 0.0
    handed_over: Value = 0.0
    precision: Precision | None = None
    pruned_share: float = 0.0
    max_batch: int | None = None
    acceptance_length: Value = 1.0
    draft_tokens: float = 0.0
    draft_overhead: Value = 0.0

    @property
    def tokens_per_call(self) -> Value:
        """Input and output tokens of one call."""
        return self.input_tokens + self.output_tokens

    @property
    def tokens(self) -> FloatArray:
        """Input and output tokens of the main model by month."""
        return np.asarray(self.calls * (self.input_tokens + self.output_tokens), dtype=np.float64)

    @property
    def all_tokens(self) -> FloatArray:
        """Tokens of every model that answers the class by month: routed calls and students included."""
        return np.asarray(self.tokens + self.tokens_elsewhere, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Charge:
    """One cost by month before it is entered in the book."""

    part: str
    label: str
    payee: Payee
    amortized: Value
    formula: str
    inputs: Sequence[str]
    cash: Value | None = None
    basis: Basis = Basis.LAW
    source: str = ""
    quantity: Value | None = None
    unit: str = ""
    variable_share: Value = 1.0
    """How much of it grows with one more call; 0 for what is paid whatever the traffic."""
    offer: Offer = NOTHING_NAMED
    listed: Value | None = None
    """The same at list price, where a discount was negotiated."""


@dataclass(frozen=True, slots=True)
class Served:
    """One option for one class: its charges, and figures worth showing beside them."""

    option: str
    title: str
    charges: tuple[Charge, ...]
    details: dict[str, Value] = field(default_factory=dict[str, Value])

    def cost(self) -> Value:
        """Amortized USD by month."""
        return sum((c.amortized for c in self.charges), start=0.0)

    def marginal_cost(self) -> Value:
        """The part of it by month that grows with the traffic."""
        return sum((c.amortized * c.variable_share for c in self.charges), start=0.0)


def enter(served: Served, work: Work, book: Book) -> None:
    """Enter the charges of the option that is used as cost lines."""
    for charge in served.charges:
        component = f"inference.{work.name}.{charge.part}"
        book.line(
            component,
            f"{charge.label}: {work.name}",
            "Inference",
            charge.payee,
            charge.amortized,
            cash=charge.cash,
            formula=charge.formula,
            inputs=charge.inputs,
            basis=charge.basis,
            source=charge.source,
            quantity=charge.quantity,
            unit=charge.unit,
        )
        book.sold(component, charge.offer, charge.listed)
