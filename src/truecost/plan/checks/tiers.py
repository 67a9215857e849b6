"""Tiers of users: where they come from, what they use, how they pay."""

from __future__ import annotations

import math

from truecost.lognormal import mean_over_median, sigma_from_quantiles
from truecost.plan.checks.findings import SHARE_TOLERANCE, Checking, high, low, middle
from truecost.plan.schema import Demand, Tier

WIDEST_SIGMA = 5.0
"""Spread of a lognormal beyond which its mean says nothing: 268,000 times its median."""
FAR_MEAN = 2.0
PRICES = {
    "subscription": ("price_usd_per_month",),
    "usage": ("usd_per_query", "usd_per_mtok"),
    "enterprise": ("contract_usd_per_year", "price_usd_per_month"),
    "free": (),
}
"""The prices that each kind of tier may be given by."""
BYTES_PER_TIER_MONTH = 150e3
"""Memory that a month of a tier takes at the standard number of draws, measured on plans of 3,000 tiers."""
MUCH_MEMORY_BYTES = 2e9
GROWTHS = ("growth_per_month", "churn_per_month", "new_users_per_month", "market_users", "converts_from")


def check_tiers(demand: Demand, checking: Checking) -> None:
    """Tiers have users, a use, a price that fits their kind, and conversions that lead somewhere."""
    for name, tier in demand.tiers.items():
        path = f"demand.tiers.{name}"
        _users(tier, path, checking)
        if tier.queries_per_user_per_day is None and tier.heavy_tail is None:
            checking.add(path, "needs queries_per_user_per_day, or heavy_tail with p50 and p90 or p99")
        _tail(tier, path, checking)
        _price_fits(tier, path, checking)
        if tier.requests is not None:
            for other in set(tier.requests) - set(demand.requests):
                checking.add(f"{path}.requests.{other}", "no such request class", list(demand.requests))
            checking.sums_to_one(tier.requests, f"{path}.requests")
        _conversion(name, demand, checking)
    _conversions_leave_users(demand, checking)
    _number(demand, checking)


def _number(demand: Demand, checking: Checking) -> None:
    """Time and memory grow with the tiers: so many are mostly customers written one by one."""
    number, months = len(demand.tiers), checking.plan.horizon_months
    takes = number * months * BYTES_PER_TIER_MONTH
    if takes > MUCH_MEMORY_BYTES:
        checking.warn(
            "demand.tiers",
            f"has {number:,} tiers, which over {months} months take some {takes / 1e9:.0f} GB of memory; "
            "sum up tiers that pay and ask alike, or evaluate fewer draws",
        )


def _users(tier: Tier, path: str, checking: Checking) -> None:
    series = tier.users_by_month
    if (tier.users is None) == (series is None) and (tier.users is not None or tier.converts_from is None):
        checking.add(path, "needs exactly one of users and users_by_month")
    if series is None:
        return
    horizon = checking.plan.horizon_months
    if len(series) < horizon:
        checking.add(f"{path}.users_by_month", f"has {len(series)} months, the horizon has {horizon}")
    for other in GROWTHS:
        if getattr(tier, other) is not None:
            checking.add(f"{path}.{other}", "users_by_month is the whole series: leave one of them out")


def spread_between(p50: object, upper: object, probability: float) -> float:
    """The widest spread (sigma of a lognormal) that two points, perhaps ranges, can have."""
    return float(sigma_from_quantiles(low(p50), high(upper), probability))


def _tail(tier: Tier, path: str, checking: Checking) -> None:
    tail = tier.heavy_tail
    if tail is None:
        return
    if (tail.p90 is None) == (tail.p99 is None):
        checking.add(f"{path}.heavy_tail", "needs exactly one of p90 and p99 beside p50")
        return
    field, upper, probability = ("p90", tail.p90, 0.9) if tail.p90 is not None else ("p99", tail.p99, 0.99)
    if low(tail.p50) <= 0 or low(upper) <= high(tail.p50):
        checking.add(f"{path}.heavy_tail", "p50 must lie above 0 and the upper point above p50")
        return
    if spread_between(tail.p50, upper, probability) > WIDEST_SIGMA:
        checking.add(
            f"{path}.heavy_tail.{field}",
            f"is {high(upper) / low(tail.p50):,.0f} times p50: too wide",
        )
        return
    sigma = float(sigma_from_quantiles(middle(tail.p50), middle(upper), probability))
    _mean_fits(tier, path, sigma, checking)


def _mean_fits(tier: Tier, path: str, sigma: float, checking: Checking) -> None:
    tail, mean = tier.heavy_tail, tier.queries_per_user_per_day
    if tail is None or mean is None:
        return
    own = middle(tail.p50) * float(mean_over_median(sigma))
    if low(tail.p50) > high(mean):
        checking.add(
            f"{path}.heavy_tail.p50",
            f"is above queries_per_user_per_day, {high(mean):g}: the mean of a heavy tail lies above its "
            f"median (here it is {own:.3g}); leave queries_per_user_per_day out, or lower the tail",
        )
    elif not 1 / FAR_MEAN <= middle(mean) / own <= FAR_MEAN:
        checking.warn(
            f"{path}.queries_per_user_per_day",
            f"is far from the mean of heavy_tail, {own:.3g} a day; the stated mean is used",
        )


def _price_fits(tier: Tier, path: str, checking: Checking) -> None:
    every = dict.fromkeys(price for prices in PRICES.values() for price in prices)
    given = [p for p in every if getattr(tier, p) is not None]
    wanted = PRICES[tier.kind]
    if wanted and not set(given) & set(wanted):
        checking.add(path, f"a {tier.kind} tier needs {' or '.join(wanted)}")
    if tier.kind == "free":
        for price in given:
            checking.add(
                f"{path}.{price}", "a free tier has no price; use kind subscription, usage or enterprise"
            )


def _conversion(name: str, demand: Demand, checking: Checking) -> None:
    seen = {name: None}
    last, current = name, demand.tiers[name].converts_from
    while current is not None:
        path = f"demand.tiers.{last}.converts_from.tier"
        if current.tier not in demand.tiers:
            checking.add(path, "no such tier", list(demand.tiers))
            return
        if current.tier in seen:
            checking.add(path, f"circular: {' <- '.join([*seen, current.tier])}")
            return
        seen[current.tier] = None
        last, current = current.tier, demand.tiers[current.tier].converts_from


def _conversions_leave_users(demand: Demand, checking: Checking) -> None:
    """The tiers that take users from one tier take no more than there are."""
    taking: dict[str, dict[str, float]] = {}
    for name, tier in demand.tiers.items():
        if tier.converts_from is not None:
            shares = taking.setdefault(tier.converts_from.tier, {})
            shares[name] = high(tier.converts_from.share_per_month)
    for source, shares in taking.items():
        if source in demand.tiers and math.fsum(shares.values()) > 1 + SHARE_TOLERANCE:
            checking.add(
                f"demand.tiers.{next(iter(shares))}.converts_from.share_per_month",
                f"{' and '.join(shares)} together take {math.fsum(shares.values()):g} of {source}'s users",
                ["shares that sum to at most 1"],
            )
