"""The cost line: the one row that a plan, a bill and a FOCUS export have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True, slots=True)
class CostLine:
    """One component over one period: USD as a range, what was bought, from whom, and why we think so.

    `cost_usd` is the amortized view, `cash_usd` what is paid in the period. `quantity` x `unit_price_usd`
    is the mean of `cost_usd` where a quantity is known.
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

    def to_dict(self) -> dict[str, Any]:
        """The line as plain values, units in the names."""
        return {
            "component": self.component,
            "label": self.label,
            "group": self.group,
            "payee": self.payee.value,
            "period": self.period,
            "cost_usd": dict(self.cost_usd),
            "cash_usd": dict(self.cash_usd),
            "quantity": self.quantity,
            "unit": self.unit,
            "unit_price_usd": self.unit_price_usd,
            "basis": self.basis.value,
            "source": self.source,
        }


FOCUS_COLUMNS = (
    "BillingAccountId",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "ChargeDescription",
    "ServiceCategory",
    "ServiceName",
    "ServiceProviderName",
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "PricingQuantity",
    "PricingUnit",
    "x_Group",
    "x_Component",
    "x_Basis",
    "x_EffectiveCostP5",
    "x_EffectiveCostP95",
)
"""Columns of the FinOps Open Cost and Usage Specification that a plan can fill, and our own (`x_`)."""


def focus_row(line: CostLine, account: str) -> Mapping[str, str | float]:
    """A cost line as a FOCUS row: billed is the cash of the period, effective the amortized cost."""
    start, end = period_bounds(line.period)
    return {
        "BillingAccountId": account,
        "BillingCurrency": "USD",
        "BillingPeriodStart": start,
        "BillingPeriodEnd": end,
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "ChargeCategory": "Usage" if line.group == "Inference" else "Purchase",
        "ChargeDescription": line.label,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": line.group,
        "ServiceProviderName": line.payee.value,
        "BilledCost": line.cash_usd["mean"],
        "EffectiveCost": line.cost_usd["mean"],
        "ListCost": line.cost_usd["mean"],
        "ContractedCost": line.cost_usd["mean"],
        "PricingQuantity": "" if line.quantity is None else line.quantity,
        "PricingUnit": line.unit,
        "x_Group": line.group,
        "x_Component": line.component,
        "x_Basis": line.basis.value,
        "x_EffectiveCostP5": line.cost_usd["p5"],
        "x_EffectiveCostP95": line.cost_usd["p95"],
    }


def period_bounds(period: str) -> tuple[str, str]:
    """First instant of a month `YYYY-MM` and of the month after it, ISO 8601 in UTC.

    >>> period_bounds("2026-12")
    ('2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z')
    """
    first = date.fromisoformat(f"{period}-01")
    following = add_months(first, 1)
    return f"{first.isoformat()}T00:00:00Z", f"{following.isoformat()}T00:00:00Z"


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
