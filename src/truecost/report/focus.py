"""Monthly cost lines as rows of FOCUS 1.3, the FinOps Open Cost and Usage Specification.

Columns, allowed values and units follow its dataset Cost and Usage, as given at
https://focus.finops.org/focus-specification/v1-3/. A plan is no bill: what it cannot know stays empty, as
FOCUS asks of absent values, and the row's `x_Gap` says what is missing. docs/result.md lists what FOCUS asks
for and no row has.
"""

from __future__ import annotations

from collections.abc import Mapping

from truecost.focus import CURRENCY, SUBCATEGORIES, ordered, period_bounds, pricing_unit
from truecost.focus import MANDATORY_1_3 as MANDATORY
from truecost.lines import CostLine, Payee

VERSION = "1.3"
VENDOR_COLUMNS = (
    "HostProviderName",
    "InvoiceIssuerName",
    "ProviderName",
    "PublisherName",
    "ServiceProviderName",
)
"""All hold who sells the line: on whose machines a vendor runs, a price list does not say."""
OPTIONAL = ("ServiceSubcategory", "SkuId", "SkuPriceId")
OURS = (
    "x_Group",
    "x_Component",
    "x_Payee",
    "x_Basis",
    "x_EffectiveCostP5",
    "x_EffectiveCostP95",
    "x_Gap",
)
FOCUS_COLUMNS = ordered((*MANDATORY, *OPTIONAL), OURS)
"""Every column written."""

USED = frozenset({Payee.CLOUD, Payee.MODEL_VENDOR, Payee.CHIPS, Payee.POWER})
"""Payees whose lines are metered use; what the others get is bought."""
GAPS = {
    Payee.CLOUD: "the plan names no cloud",
    Payee.CHIPS: "hardware of one's own: the plan names no seller",
    Payee.POWER: "the plan names no utility",
    Payee.STAFF: "staff: no vendor sends a bill",
    Payee.LABELLERS: "the plan names no labelling company",
    Payee.DATA_OWNERS: "the plan names no seller of the data",
    Payee.MODEL_VENDOR: "the plan names no vendor of the model",
    Payee.PAYMENT: "the plan names no payment provider",
    Payee.CAPITAL: "interest on own money: nobody sends a bill",
    Payee.OTHER: "the plan names no vendor",
}
"""Why a line has no vendor, by who is paid."""

Cell = str | float | None


def focus_row(line: CostLine, account: str) -> Mapping[str, Cell]:
    """A monthly cost line as a FOCUS row; means, in USD, and None for what a plan does not know.

    Billed is the cash of the period, effective the amortized cost, contracted the same (no commitment
    discount is told apart), list the cost before any negotiated discount.
    """
    return {**_charge(line, account), **_service(line), **_own(line)}


def _charge(line: CostLine, account: str) -> dict[str, Cell]:
    start, end = period_bounds(line.period)
    return {
        "BillingAccountId": account,
        "BillingAccountName": account,
        "BillingCurrency": CURRENCY,
        "BillingPeriodStart": start,
        "BillingPeriodEnd": end,
        "ChargePeriodStart": start,
        "ChargePeriodEnd": end,
        "ChargeCategory": "Usage" if line.payee in USED else "Purchase",
        "ChargeClass": None,
        "ChargeDescription": line.label,
        "BilledCost": line.cash_usd["mean"],
        "EffectiveCost": line.cost_usd["mean"],
        "ContractedCost": line.cost_usd["mean"],
        "ListCost": line.list_usd,
        "PricingQuantity": line.quantity,
        "PricingUnit": None if line.quantity is None else pricing_unit(line.unit),
    }


def _service(line: CostLine) -> dict[str, Cell]:
    sku = line.offer.sku or None
    return {
        **dict.fromkeys(VENDOR_COLUMNS, line.offer.vendor or None),
        "ServiceCategory": line.category.value,
        "ServiceSubcategory": SUBCATEGORIES[line.category],
        "ServiceName": line.offer.service or line.group,
        "SkuId": None if sku is None else sku.rpartition("/")[0],
        "SkuPriceId": sku,
    }


def _own(line: CostLine) -> dict[str, Cell]:
    return {
        "x_Group": line.group,
        "x_Component": line.component,
        "x_Payee": line.payee.value,
        "x_Basis": line.basis.value,
        "x_EffectiveCostP5": line.cost_usd["p5"],
        "x_EffectiveCostP95": line.cost_usd["p95"],
        "x_Gap": None if line.offer.vendor else GAPS[line.payee],
    }
