"""Business: what selling costs, what money there is, and what a later dollar is worth."""

from __future__ import annotations

from pydantic import Field

from truecost.plan.schema.names import PlainName
from truecost.plan.schema.quantities import (
    Growth,
    Section,
    Share,
    SharePart,
    Usd,
    UsdPerItem,
    UsdPerMonth,
    UsdPerUserMonth,
)


class OperatingLine(Section):
    """Any other monthly cost."""

    usd_per_month: UsdPerMonth
    growth_per_month: Growth | None = None


class Investment(Section):
    """Money that comes in from outside."""

    month: int = Field(ge=0, le=119, description="month of the plan, 0 is the first")
    usd: Usd


class Business(Section):
    """Fees, support, sales, other lines, cash and credits, discounting."""

    payment_fee_share: SharePart | None = Field(default=None, description="of revenue")
    payment_fee_usd: UsdPerItem | None = Field(default=None, description="fixed part of each monthly payment")
    support_usd_per_user_month: UsdPerUserMonth | None = Field(
        default=None, description="for each paying user"
    )
    sales_share_of_revenue: SharePart | None = Field(default=None, description="commissions and marketing")
    operating: dict[PlainName, OperatingLine] = Field(default_factory=dict[str, OperatingLine])
    cash_usd: Usd | None = Field(default=None, description="money in the bank at the start")
    investment: tuple[Investment, ...] = Field(default=(), description="rounds by month")
    cloud_credits_usd: Usd | None = Field(default=None, description="pays API and rented chips until used up")
    discount_rate_per_year: Share | None = Field(default=None, description="0.1 for 10 %")
