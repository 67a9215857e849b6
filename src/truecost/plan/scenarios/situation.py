"""What a shipped scenario sees: the plan as it is when the scenario begins, evaluated where needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from truecost.lines import Payee
from truecost.plan.schema import Plan, Serving
from truecost.plan.variants import Variant, Variants
from truecost.spec import Document

LATE = 12
"""Months until something dated happens, in a plan of three times that or longer; else after a third of it."""


class DoesNotApply(Exception):  # noqa: N818 - it is no error of anybody's
    """The scenario changes nothing that this plan has; says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a scenario does to a plan: in a sentence, as assignments, and what about it nobody knows."""

    description: str
    sets: tuple[str, ...]
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """A plan with some assignments made, that a scenario comes on top of."""

    variants: Variants
    sets: tuple[str, ...] = ()

    @property
    def document(self) -> Document[Plan]:
        """The plan as a document."""
        return self.variants.document_of(self.sets)

    @property
    def plan(self) -> Plan:
        """The plan, checked and dated."""
        return self.variant.plan

    @property
    def variant(self) -> Variant:
        """The plan, evaluated."""
        return self.variants.of(self.sets)

    def value(self, key: str) -> object:
        """A rate of the catalog at the plan's date, a number or a range."""
        return self.variants.catalog.rate(key, self.plan.as_of).value

    def month(self) -> int:
        """The month in which something happens that has no date of its own."""
        return min(LATE, max(1, self.plan.horizon_months // 3))

    def api_bill(self) -> dict[str, float]:
        """Mean USD over the plan that serving pays to each seller of models, the largest first."""
        bill: dict[str, float] = {}
        for line in self.variant.book.lines.values():
            if line.payee is Payee.MODEL_VENDOR and line.group == "Inference":
                paid = float(line.amortized.sum(axis=0).mean())
                bill[line.offer.vendor] = bill.get(line.offer.vendor, 0.0) + paid
        paid_to = sorted(bill.items(), key=lambda entry: -entry[1])
        return {vendor: usd for vendor, usd in paid_to if usd > 0}

    def must_pay_an_api(self) -> dict[str, float]:
        """The API bill; DoesNotApply where there is none."""
        bill = self.api_bill()
        if not bill:
            raise DoesNotApply(
                "this plan pays no API bill: nothing it serves is charged at the price of an API"
            )
        return bill

    def seller(self, given: Any) -> str:
        """Who sells the model of an API or a route."""
        plan = self.plan
        assert plan.as_of is not None
        return self.variants.catalog.prices(given.model, plan.as_of, given.provider).provider

    def api_classes(self) -> dict[str, Serving]:
        """The classes whose calls go to an API, alone or above own chips."""
        return {
            name: given
            for name, given in self.plan.serving.items()
            if given.api is not None and given.options[0] in {"api", "hybrid"}
        }
