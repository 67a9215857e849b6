"""FOCUS, the FinOps Open Cost and Usage Specification: its columns and words, as far as our rows need them.

A plan's monthly lines are written as rows of 1.3 (`truecost.report.focus`), the ledger's usage as rows of 1.2
(`truecost.ledger.focus.rows`), the version that bills and tools read today. What both share stands here.
Source: https://focus.finops.org/focus-specification/v1-2/ and v1-3/, dataset Cost and Usage, read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from truecost.lines import Category, add_months

CURRENCY = "USD"
MANDATORY_1_2 = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
)
"""Columns that 1.2 requires of every dataset."""
MANDATORY_1_3 = (*MANDATORY_1_2, "HostProviderName", "ServiceProviderName")
"""Columns that 1.3 requires; ProviderName and PublisherName are deprecated there, not gone."""

SUBCATEGORIES = {
    Category.AI: "Generative AI",
    Category.COMPUTE: "Virtual Machines",
    Category.DATABASES: "Caching",
    Category.OTHER: "Other (Other)",
}
_UNITS = {"Mtok": "1000000 Tokens", "Btok": "1000000000 Tokens", "kWh": "kWh"}


def ordered(of_focus: Iterable[str], ours: Iterable[str]) -> tuple[str, ...]:
    """The columns of a file: those of FOCUS in alphabetical order, then our own, which begin with `x_`.

    >>> ordered(["ListCost", "BilledCost"], ["x_Basis"])
    ('BilledCost', 'ListCost', 'x_Basis')
    """
    return (*sorted(of_focus), *ours)


def pricing_unit(unit: str) -> str:
    """A unit of ours in the form FOCUS asks for: capitalised, plural, a quantity before it.

    >>> pricing_unit("Mtok"), pricing_unit("chip-hours")
    ('1000000 Tokens', 'Chip-Hours')
    """
    return _UNITS.get(unit) or "-".join(part.capitalize() for part in unit.split("-"))


def period_bounds(period: str) -> tuple[str, str]:
    """First instant of a month `YYYY-MM` and of the month after it, ISO 8601 in UTC.

    >>> period_bounds("2026-12")
    ('2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z')
    """
    first = date.fromisoformat(f"{period}-01")
    following = add_months(first, 1)
    return f"{first.isoformat()}T00:00:00Z", f"{following.isoformat()}T00:00:00Z"
