"""Business: what selling costs, what money there is, and what a later dollar is worth."""

from __future__ import annotations

from pydantic import Field

from truecost.plan.schema.quantities import Growth, Section, Share, Usd, UsdPerItem, UsdPerMonth, UsdPerUserMonth


class OperatingLine(Section):
    """Any other monthly cost."""

    usd_per_month: UsdPerMonth
    growth_per_month: Growth | None = None


class Business(Section):
    """Fees, support, sales, other lines, cash and credits, discounting."""

    payment_fee_share: Share | None = Field(None, description="of revenue")
    payment_fee_usd: UsdPerItem | None = Field(None, description="fixed part of each monthly payment")
    support_usd_per_user_month: UsdPerUserMonth | None = Field(None, description="for each paying user")
    sales_share_of_revenue: Share | None = Field(None, description="commissions and marketing")
    operating: dict[str, OperatingLine] = Field(default_factory=dict[str, OperatingLine])
    cash_usd: Usd | None = Field(None, description="money in the bank at the start")
    cloud_credits_usd: Usd | None = Field(None, description="pays API and rented chips until used up")
    discount_rate_per_year: Share | None = Field(None, description="0.1 for 10 %")
