"""Amounts that are legal but so large that they may be a slip."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.plan.checks.findings import Checking, high, low

DEAR_QUERY_USD = 1.0
DEAR_SUBSCRIPTION_USD = 1000.0
FAST_GROWTH_PER_MONTH = 0.5
LONG_GROWTH_MONTHS = 24
LARGEST_GROWTH = 1e6
"""Of the last generation over the first; beyond it a growth rate is more likely a slip than a plan."""


def check_amounts(checking: Checking) -> None:
    """Prices that may have been written in cents, growth that no market holds."""
    for path, price in _query_prices(checking):
        if price is not None and high(price) > DEAR_QUERY_USD:
            checking.warn(path, "is above 1 USD a query: is it in cents?")
    for name, tier in checking.plan.demand.tiers.items() if checking.plan.demand else ():
        price = tier.price_usd_per_month
        if price is not None and high(price) > DEAR_SUBSCRIPTION_USD:
            checking.warn(
                f"demand.tiers.{name}.price_usd_per_month", "is above 1,000 USD a month: is it in cents?"
            )
    _generations(checking)
    if checking.plan.horizon_months <= LONG_GROWTH_MONTHS:
        return
    for path, growth in _growths(checking):
        if growth is not None and high(growth) > FAST_GROWTH_PER_MONTH:
            times = (1 + high(growth)) ** (checking.plan.horizon_months - 1)
            checking.warn(
                path,
                f"is above {FAST_GROWTH_PER_MONTH:g} a month for {checking.plan.horizon_months} months: "
                f"{times:.1e} times the start; is it a year's growth?",
            )


def _generations(checking: Checking) -> None:
    """Generations so many and so much dearer that the last is out of all proportion to the first."""
    programme = checking.plan.programme
    made = programme.generations if programme else None
    if made is None or made.every_months is None:
        return
    number = (checking.plan.horizon_months - 1) // low(made.every_months)
    for field in ("training_growth", "serving_growth"):
        growth = getattr(made, field)
        if growth is not None and high(growth) ** number > LARGEST_GROWTH:
            checking.warn(
                f"programme.generations.{field}",
                f"makes the last of {number + 1:.0f} generations {high(growth) ** number:.0e} x the first",
            )


def _query_prices(checking: Checking) -> Iterator[tuple[str, object]]:
    for name, serving in checking.plan.serving.items():
        if serving.quoted is not None:
            yield f"serving.{name}.quoted.usd_per_query", serving.quoted.usd_per_query
    for name, tier in checking.plan.demand.tiers.items() if checking.plan.demand else ():
        yield f"demand.tiers.{name}.usd_per_query", tier.usd_per_query


def _growths(checking: Checking) -> Iterator[tuple[str, object]]:
    plan = checking.plan
    for name, tier in plan.demand.tiers.items() if plan.demand else ():
        if tier.market_users is None:
            yield f"demand.tiers.{name}.growth_per_month", tier.growth_per_month
    for name, line in plan.business.operating.items() if plan.business else ():
        yield f"business.operating.{name}.growth_per_month", line.growth_per_month
    staff = plan.programme.staff if plan.programme else None
    for trade in ("research", "engineering", "operations", "legal") if staff else ():
        team = getattr(staff, trade)
        if team is not None:
            yield f"programme.staff.{trade}.growth_per_month", team.growth_per_month
