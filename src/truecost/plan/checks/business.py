"""Business: fees that leave something of the revenue, credits that count somewhere."""

from __future__ import annotations

from truecost.plan.checks.findings import Checking, high


def check_business(checking: Checking) -> None:
    """Fees and sales leave a part of revenue; credits without cash are pointed out."""
    terms = checking.plan.business
    if terms is None:
        return
    fee = terms.payment_fee_share
    if fee is None:
        fee = checking.catalog.rate("business/payment_fee_share", checking.as_of).value
    sales = terms.sales_share_of_revenue
    if sales is not None and high(fee) + high(sales) >= 1:
        checking.add(
            "business.sales_share_of_revenue",
            f"with payment_fee_share, {high(fee):g}, it takes the whole revenue",
            allowed=[f"below {1 - high(fee):g}"],
        )
    if terms.cloud_credits_usd is not None and terms.cash_usd is None:
        checking.warn(
            "business.cloud_credits_usd", "has no effect without cash_usd: it only counts in the runway"
        )
