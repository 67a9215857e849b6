"""The cost line: the one row that a plan, a bill and a FOCUS export have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from truecost.ranges import Ranged


class Basis(StrEnum):
    """What a cost line rests on."""

    FACT = "fact"
    LAW = "law"
    ASSUMPTION = "assumption"
    MEASURED = "measured"


class Payee(StrEnum):
    """Who receives the money."""

    CHIPS = "chips"
    CLOUD = "cloud"
    POWER = "power"
    STAFF = "staff"
    LABELLERS = "labellers"
    DATA_OWNERS = "data owners"
    MODEL_VENDOR = "model vendor"
    PAYMENT = "payment"
    CAPITAL = "capital"
    OTHER = "other"


class Category(StrEnum):
    """What kind of service a line is, in the words of FOCUS (its column ServiceCategory)."""

    AI = "AI and Machine Learning"
    COMPUTE = "Compute"
    DATABASES = "Databases"
    OTHER = "Other"


CATEGORIES = {
    Payee.MODEL_VENDOR: Category.AI,
    Payee.CLOUD: Category.COMPUTE,
    Payee.CHIPS: Category.COMPUTE,
}
"""The category of what a payee sells, where the line does not say; people, power and money are "Other"."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a bill would call the thing bought; empty where neither plan nor catalog names it.

    `sku` names the price on the vendor's list: provider/model/tier, as the catalog lists it.
    """

    vendor: str = ""
    service: str = ""
    sku: str = ""
    category: Category | None = None


NOTHING_NAMED = Offer()


@dataclass(frozen=True, slots=True)
class CostLine:
    """One component over one period: USD as a range, what was bought, from whom, and why we think so.

    `cost_usd` is the amortized view, `cash_usd` what is paid in the period, `list_usd` the mean cost before
    any negotiated discount. `quantity` x `unit_price_usd` is the mean of `cost_usd` where a quantity is
    known.
    """

    component: str
    label: str
    group: str
    payee: Payee
    cost_usd: Ranged
    cash_usd: Ranged
    basis: Basis
    source: str
    period: str = ""
    quantity: float | None = None
    unit: str = ""
    unit_price_usd: float | None = None
    offer: Offer = NOTHING_NAMED
    list_usd: float = 0.0

    @property
    def category(self) -> Category:
        """What kind of service it is: what the offer says, else what its payee sells."""
        return self.offer.category or CATEGORIES.get(self.payee, Category.OTHER)

    def to_dict(self) -> dict[str, Any]:
        """The line as plain values, units in the names."""
        return {
            "component": self.component,
            "label": self.label,
            "group": self.group,
            "payee": self.payee.value,
            "vendor": self.offer.vendor,
            "service": self.offer.service,
            "sku": self.offer.sku,
            "period": self.period,
            "cost_usd": dict(self.cost_usd),
            "cash_usd": dict(self.cash_usd),
            "list_usd": self.list_usd,
            "quantity": self.quantity,
            "unit": self.unit,
            "unit_price_usd": self.unit_price_usd,
            "basis": self.basis.value,
            "source": self.source,
        }


def add_months(first: date, months: int) -> date:
    """The first day of the month `months` later.

    >>> add_months(date(2026, 11, 1), 3)
    datetime.date(2027, 2, 1)
    """
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def sum_by(lines: Iterable[CostLine], attribute: str) -> dict[str, float]:
    """Mean cost in USD by an attribute of the lines (`group`, `payee`, `component`), largest first."""
    totals: dict[str, float] = {}
    for line in lines:
        name = str(getattr(line, attribute))
        totals[name] = totals.get(name, 0.0) + line.cost_usd["mean"]
    return dict(sorted(totals.items(), key=lambda item: -item[1]))
