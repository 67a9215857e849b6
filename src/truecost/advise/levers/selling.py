"""What use costs whom: caps on it, and prices that follow it."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.advise.assignments import assignment
from truecost.advise.levers.lever import Lever, Outcome, WhyNot, dated, middle
from truecost.catalog.catalog import Catalog
from truecost.lognormal import mean_over_median, sigma_from_quantiles
from truecost.plan.book import DAYS_PER_MONTH
from truecost.plan.schema import Plan, Tier
from truecost.ranges import Range

CAP = "Cap use"
METER = "Meter use"
NO_CHANGE = "the same answers as before"


def usage_cap(plan: Plan, catalog: Catalog, name: str) -> Iterator[Outcome]:
    """Queries above a multiple of mean use are refused, in tiers whose price does not follow use."""
    tier, key = _tier(plan, name), f"usage_cap.{name}"
    if tier.cap_queries_per_user_per_day is not None:
        yield WhyNot(key, CAP, name, f"already in the plan ({tier.cap_queries_per_user_per_day} a day)")
    elif tier.kind == "enterprise":
        yield WhyNot(key, CAP, name, "what may be used is in the contract")
    elif tier.kind == "usage":
        yield WhyNot(key, CAP, name, "each query is paid for: a cap would refuse revenue")
    else:
        multiple = catalog.rate("levers/cap_over_mean_use", dated(plan))
        limit = float(f"{middle(multiple.value) * mean_use(tier):.3g}")
        yield Lever(
            key,
            f"{CAP} (at {limit:g} queries a day)",
            name,
            (assignment(f"demand.tiers.{name}.cap_queries_per_user_per_day", limit),),
            quality="users who leave or pay more because of the cap are not counted",
            latency="no effect",
            assumed=(multiple, catalog.rate("usage/lognormal_sigma", dated(plan))),
        )


def metered_price(plan: Plan, catalog: Catalog, name: str) -> Iterator[Outcome]:
    """Each query costs its user something beside the flat price."""
    tier, key = _tier(plan, name), f"metered_price.{name}"
    if tier.usd_per_query is not None or tier.usd_per_mtok is not None:
        yield WhyNot(key, METER, name, "already in the plan: use is paid for")
    elif tier.kind == "free":
        yield WhyNot(key, METER, name, "a free tier has no price")
    elif tier.kind == "enterprise":
        yield WhyNot(key, METER, name, "the price is in the contract")
    elif mean_use(tier) <= 0:
        yield WhyNot(key, METER, name, "nobody asks anything")
    else:
        share = catalog.rate("levers/metered_share_of_price", dated(plan))
        a_month = middle(tier.price_usd_per_month) / (mean_use(tier) * DAYS_PER_MONTH)
        yield Lever(
            key,
            METER,
            name,
            (assignment(f"demand.tiers.{name}.usd_per_query", _scaled(share.value, a_month)),),
            quality="users who leave or ask less because of the price",
            latency="no effect",
            assumed=(share,),
            apart="users who leave or ask less because of the price are not counted",
        )


def mean_use(tier: Tier) -> float:
    """Queries a day of the mean user, at the middle of ranges."""
    if tier.queries_per_user_per_day is not None:
        return middle(tier.queries_per_user_per_day)
    tail = tier.heavy_tail
    if tail is None:
        return 0.0
    upper, at = (tail.p90, 0.9) if tail.p90 is not None else (tail.p99, 0.99)
    sigma = sigma_from_quantiles(middle(tail.p50), middle(upper), at)
    return middle(tail.p50) * float(mean_over_median(sigma))


def _scaled(value: float | Range, factor: float) -> object:
    if isinstance(value, Range):
        return f"{value.low * factor:.4g} .. {value.high * factor:.4g}"
    return float(f"{value * factor:.4g}")


def _tier(plan: Plan, name: str) -> Tier:
    assert plan.demand is not None
    return plan.demand.tiers[name]
