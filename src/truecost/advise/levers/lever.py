"""What a lever is: assignments a user can repeat by hand, what they assume, and what stays unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from truecost.catalog.catalog import Catalog
from truecost.catalog.facts import Fact
from truecost.plan.schema import Levers, Plan, RequestClass, SelfHosted, Serving
from truecost.ranges import Range

OWN_CHIPS = ("self_hosted", "hybrid")
THEIR_CHIPS = {
    "api": "the model runs on the vendor's chips, not yours",
    "quoted": "a quoted price does not depend on how the model is run",
}
"""Why what changes a model on own chips does nothing for an option."""
NO_TOKENS = "a quoted price does not depend on tokens"
UNKNOWN_API_LATENCY = "not known: the catalog has no measured latency of an API"


@dataclass(frozen=True, slots=True)
class Lever:
    """One change of a plan. `key` is "family.class", `sets` what repeats it after `--set`."""

    key: str
    label: str
    class_name: str
    sets: tuple[str, ...]
    quality: str
    """What money does not show: what has to be tested before it can be relied on."""
    latency: str
    """How waiting changes, where the law of serving does not compute it."""
    assumed: tuple[Fact, ...] = ()
    """The rates that say how strong it is."""
    group: str = ""
    """Of levers with the same group one at most can be in a combination; "" for its key alone."""
    apart: str = ""
    """Why it is never part of the combination; "" where it may be."""
    idle: str = "it changes nothing that this plan pays for"
    """Why it does nothing, should it turn out so."""

    @property
    def family(self) -> str:
        """What kind of lever it is, such as "route"."""
        return self.key.partition(".")[0]

    @property
    def exclusive(self) -> str:
        """The group of which a combination takes one."""
        return self.group or self.key


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A lever that this plan cannot pull, or that would do nothing, and why."""

    key: str
    label: str
    class_name: str
    why: str

    @property
    def family(self) -> str:
        """What kind of lever it is, such as "route"."""
        return self.key.partition(".")[0]


Outcome: TypeAlias = Lever | WhyNot


@dataclass(frozen=True, slots=True)
class Case:
    """One request class of a plan as a lever sees it: the class, and the option that answers it."""

    plan: Plan
    catalog: Catalog
    name: str
    used: str

    @property
    def serving(self) -> Serving:
        """How the class is served."""
        return self.plan.serving[self.name]

    @property
    def request(self) -> RequestClass:
        """What a call of the class looks like."""
        assert self.plan.demand is not None
        return self.plan.demand.requests[self.name]

    @property
    def levers(self) -> Levers:
        """The levers the plan already pulls."""
        return self.serving.levers or Levers()

    @property
    def host(self) -> SelfHosted | None:
        """The own chips in use, or None."""
        return self.serving.self_hosted if self.used in OWN_CHIPS else None

    @property
    def path(self) -> str:
        """Where the class is served in the plan."""
        return f"serving.{self.name}"

    @property
    def as_of(self) -> date:
        """The day whose prices count."""
        return dated(self.plan)

    def rate(self, key: str) -> Fact:
        """A rate of the catalog at the plan's date."""
        return self.catalog.rate(f"levers/{key}", self.as_of)

    def why_not(self, family: str, label: str, why: str) -> WhyNot:
        """A lever that this class cannot pull."""
        return WhyNot(f"{family}.{self.name}", label, self.name, why)


Build: TypeAlias = Callable[[Case], Iterable[Outcome]]
"""The levers of one family for one class: pure, of the plan and the catalog alone."""


def dated(plan: Plan) -> date:
    """The day of a checked plan."""
    assert plan.as_of is not None
    return plan.as_of


def already(value: object = None) -> str:
    """Why a lever that the plan has is not pulled again.

    >>> already(0.3)
    'already in the plan (0.3)'
    """
    return "already in the plan" if value is None else f"already in the plan ({value})"


def middle(value: object) -> float:
    """The number, or the median of the range.

    >>> middle(3)
    3.0
    """
    return value.median if isinstance(value, Range) else float(value)  # pyright: ignore[reportArgumentType]


def highest(value: object) -> float:
    """The number, or the high end of the range."""
    return value.high if isinstance(value, Range) else float(value)  # pyright: ignore[reportArgumentType]


def lowest(value: object) -> float:
    """The number, or the low end of the range."""
    return value.low if isinstance(value, Range) else float(value)  # pyright: ignore[reportArgumentType]
