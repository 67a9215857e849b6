"""Who pays for whom: each tier's revenue, cost and margin, and the use at which a flat price loses money."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from truecost.lognormal import mean_share_below_cap, share_above
from truecost.plan.book import DAYS_PER_MONTH, Book
from truecost.plan.business import fee_per_revenue
from truecost.plan.demand import TierTraffic, Traffic
from truecost.plan.schema import Plan, Tier
from truecost.plan.serving import ClassServing
from truecost.ranges import FloatArray, Value


def tier_serving_cost(
    name: str, traffic: Traffic, served: Mapping[str, ClassServing], book: Book
) -> FloatArray:
    """USD by month of serving one tier: each class's cost in proportion to the tier's queries in it."""
    tier = traffic.tiers[name]
    cost = np.zeros((book.months, book.draws.count))
    for kind, result in served.items():
        share = _ratio(tier.queries * tier.mix[kind], result.work.queries)
        cost = cost + result.cost * share
        fallback = book.lines.get(f"people.{kind}.fallback")
        if fallback is not None:
            cost = cost + fallback.amortized * share
    return cost


def tiers(
    plan: Plan,
    traffic: Traffic,
    served: Mapping[str, ClassServing],
    earned: Mapping[str, FloatArray],
    book: Book,
) -> None:
    """Enter each tier's outcomes, one number a draw: revenue, cost, margin, users, losses."""
    assert plan.demand is not None
    fees = (
        fee_per_revenue(plan.business, book)
        if any(t.kind != "free" for t in plan.demand.tiers.values())
        else None
    )
    losing: Value = 0.0
    everyone: Value = 0.0
    for name, tier in plan.demand.tiers.items():
        terms = fees if fees is not None and tier.kind != "free" else (0.0, 0.0, 0.0)
        serving = tier_serving_cost(name, traffic, served, book).sum(axis=0)
        months, at_loss = _tier(name, tier, traffic.tiers[name], (earned[name], serving, terms), book)
        losing, everyone = losing + months * at_loss, everyone + months
    book.result(
        "share_of_users_served_at_a_loss",
        _ratio(losing, everyone),
        "share",
        "users served at a loss in each tier / users, by user-months",
        [f"tiers.{n}.{f}" for n in plan.demand.tiers for f in ("share_served_at_a_loss", "user_months")],
    )


def _tier(
    name: str,
    tier: Tier,
    own: TierTraffic,
    money: tuple[FloatArray, FloatArray, tuple[Value, Value, Value]],
    book: Book,
) -> tuple[FloatArray, Value]:
    """Enter one tier; returns its user-months and the share of them served at a loss."""
    earned, serving, (share, fixed, support) = money
    months, queries, revenue = _summed(own.users, book), _summed(own.queries, book), earned.sum(axis=0)
    charged = 0.0 if tier.kind == "enterprise" else fixed
    cost = serving + revenue * share + months * (charged + support)
    per_query = _ratio(serving, queries)
    left = _ratio(revenue, months) * (1 - share) - charged - support
    at_loss: Value = 1.0 if tier.kind == "free" else np.where(revenue < cost, 1.0, 0.0)
    if tier.kind in {"subscription", "enterprise"} and np.all(per_query > 0):
        limit = np.maximum(left / (per_query * DAYS_PER_MONTH), 0.0)
        at_loss = share_above(limit / np.maximum(own.queries_per_user_per_day, 1e-12), own.spread)
        if tier.cap_queries_per_user_per_day is not None:
            at_loss = np.where(limit >= tier.cap_queries_per_user_per_day, 0.0, at_loss)
        _limits(name, limit, own, serving, book)
    fees = (f"revenue.{name}", "business.payment_fee_share", "business.payment_fee_usd")
    parts = (f"tiers.{name}.serving_usd", *fees, "business.support_usd_per_user_month")
    usd, margin = "USD", (f"tiers.{name}.revenue_usd", f"tiers.{name}.cost_usd")
    lines = [f"lines.{n}" for n in book.lines if n.startswith(("inference.", "people."))]
    for key, value, unit, formula, inputs in (
        (
            "serving_usd",
            serving,
            usd,
            "serving lines in proportion to the tier's queries in each class",
            lines,
        ),
        ("revenue_usd", revenue, usd, "what the tier pays over the plan", (f"revenue.{name}",)),
        ("cost_usd", cost, usd, "serving + revenue x fees + user-months x (fixed fee + support)", parts),
        ("margin_usd", revenue - cost, usd, "revenue - cost to serve", margin),
        ("user_months", months, "user-months", "active users summed over the months", (f"users.{name}",)),
        ("queries", queries, "queries", "summed over the months", (f"queries.{name}",)),
        ("usd_per_query", per_query, "USD/query", "serving / queries", (f"tiers.{name}.serving_usd",)),
        ("share_served_at_a_loss", at_loss, "share", "share of users above the unprofitable use", margin),
        ("revenue_per_user_month_usd", _ratio(revenue, months), usd, "revenue / user-months", margin[:1]),
        ("cost_per_user_month_usd", _ratio(cost, months), usd, "cost to serve / user-months", margin[1:]),
    ):
        book.result(f"tiers.{name}.{key}", value, unit, formula, inputs)
    return months, at_loss


def _limits(name: str, limit: Value, own: TierTraffic, serving: FloatArray, book: Book) -> None:
    """The use at which a user turns unprofitable, and what a cap or a meter at that use would change."""
    excess = 1 - mean_share_below_cap(limit / np.maximum(own.queries_per_user_per_day, 1e-12), own.spread)
    key = f"tiers.{name}.unprofitable_above_queries_per_day"
    book.result(
        key,
        limit,
        "queries a day",
        "(revenue a user-month x (1 - fees) - fixed fee - support) / (USD a query x 30.4375 days)",
        (
            f"revenue.{name}",
            "business.payment_fee_share",
            "business.payment_fee_usd",
            f"tiers.{name}.usd_per_query",
        ),
    )
    book.result(
        f"tiers.{name}.cap_saves_usd",
        serving * excess,
        "USD",
        "serving x share of use above that limit: a cap there saves it, a meter at cost recovers it",
        (f"tiers.{name}.serving_usd", key),
    )


def _summed(value: Value, book: Book) -> FloatArray:
    return np.broadcast_to(np.asarray(value), (book.months, book.draws.count)).sum(axis=0)


def _ratio(part: Value, whole: Value) -> FloatArray:
    """part / whole, 0 where there is nothing to divide by."""
    top, bottom = np.broadcast_arrays(np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64))
    return np.divide(top, bottom, out=np.zeros(top.shape), where=bottom != 0)
