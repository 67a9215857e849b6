"""What an example is: a figure, the calculation behind it, the law and the facts it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.catalog import Catalog
from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.hardware_prices import Term
from truecost.evidence.glossary.records import read_on
from truecost.physics.calibration import load_calibration
from truecost.physics.serving import ServingPoint, ServingSetup, serving_point
from truecost.ranges import Range, Value

HOURS_PER_MONTH = 730.5
HOURS_PER_YEAR = 8766.0


@dataclass(frozen=True, slots=True)
class Example:
    """A figure worked out now: of what, the calculation in words, the function that made it, its facts.

    `given` are figures that the example sets itself, so that nobody takes them for facts.
    """

    subject: str
    calculation: str
    value: float | Range
    unit: str
    law: str
    facts: tuple[Fact, ...] = ()
    given: tuple[str, ...] = ()


Figure = Callable[["Facts"], Example]


@dataclass(frozen=True, slots=True)
class Facts:
    """The catalog on a day, with the look-ups that examples share."""

    catalog: Catalog
    as_of: date

    def rate(self, key: str) -> Fact:
        """A rate as it stood on the day."""
        return self.catalog.rate(key, self.as_of)

    def rent(self, chip: str, term: Term = "on_demand") -> Fact:
        """USD a chip-hour on the day."""
        return self.catalog.rental(chip, self.as_of, term)

    def price(self, model: str, kind: str, tier: str = "standard") -> Fact:
        """USD a token on the day."""
        return self.catalog.prices(model, self.as_of).fact(kind, tier)

    def chip(self, name: str) -> Accelerator:
        """A chip."""
        return self.catalog.accelerator(name)

    def model(self, name: str) -> Architecture:
        """A model."""
        return self.catalog.model(name)


def shape(architecture: Architecture) -> Fact:
    """Where the sizes of a model come from, as a fact: its parameters."""
    return Fact(
        f"model/{architecture.name}",
        float(architecture.total_parameters),
        "parameters",
        architecture.source,
        read_on(),
        Confidence(architecture.confidence),
    )


def served(facts: Facts, chips: int, max_batch: float = 256) -> tuple[ServingPoint, tuple[Fact, ...]]:
    """Llama 3.1 70B at 8 bits on H100s answering the mean conversation on record, and the facts behind it."""
    architecture, chip = facts.model("llama-3.1-70b"), facts.chip("h100-sxm")
    asked = facts.rate("usage/conversation_input_tokens_azure_2023")
    answered = facts.rate("usage/conversation_output_tokens_azure_2023")
    setup = ServingSetup(
        middle(asked), middle(answered), tensor_parallel_size=chips, precision="fp8", max_batch=max_batch
    )
    point = serving_point(architecture, chip, setup, load_calibration().serving)
    rates = (chip.dense_peak_fact("fp8"), chip.memory_bandwidth_bytes_per_s, chip.memory_bytes)
    return point, (asked, answered, *rates, shape(architecture))


def middle(fact: Fact) -> float:
    """The value of a fact, of a range its median."""
    return fact.value.median if isinstance(fact.value, Range) else fact.value


def over(fact: Fact, law: Callable[[float], Value]) -> float | Range:
    """What a law gives over the range of a fact that it rises or falls with throughout."""
    if not isinstance(fact.value, Range):
        return number(law(fact.value))
    low, high = sorted(number(law(end)) for end in (fact.value.low, fact.value.high))
    return Range(low, high, fact.value.support if 0 <= low <= high <= 1 else Range(0, 0).support)


def number(value: Value) -> float:
    """One number as a plain float."""
    return float(value)
