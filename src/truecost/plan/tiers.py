"""Who pays for whom: each tier's revenue, cost and margin, and the use at which a flat price loses money."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from truecost.lognormal import mean_share_below_cap, share_above
from truecost.plan.book import DAYS_PER_MONTH, Book
from truecost.plan.business import fee_per_revenue
from truecost.plan.demand import Traffic
from truecost.plan.schema import Plan
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
        own = traffic.tiers[name]
        serving = tier_serving_cost(name, traffic, served, book).sum(axis=0)
        user_months = _summed(own.users, book)
        queries = _summed(own.queries, book)
        revenue = earned[name].sum(axis=0)
        paying = tier.kind != "free"
        share, fixed, support = fees if fees is not None and paying else (0.0, 0.0, 0.0)
        charged = 0.0 if tier.kind == "enterprise" else fixed
        cost = serving + revenue * share + user_months * (charged + support)
        per_query = _ratio(serving, queries)
        left = _ratio(revenue, user_months) * (1 - share) - charged - support
        limit = np.maximum(_ratio(left, per_query * DAYS_PER_MONTH), 0.0)
        at_loss = _share_at_loss(tier.kind, limit, own.queries_per_user_per_day, own.spread, revenue - cost)
        if tier.cap_queries_per_user_per_day is not None and tier.kind not in {"free", "usage"}:
            at_loss = np.where(limit >= tier.cap_queries_per_user_per_day, 0.0, at_loss)
        losing, everyone = losing + user_months * at_loss, everyone + user_months
        for key, value in {
            "revenue_usd": revenue,
            "cost_usd": cost,
            "margin_usd": revenue - cost,
            "serving_usd": serving,
            "user_months": user_months,
            "queries": queries,
            "usd_per_query": per_query,
            "share_served_at_a_loss": at_loss,
            "revenue_per_user_month_usd": _ratio(revenue, user_months),
            "cost_per_user_month_usd": _ratio(cost, user_months),
        }.items():
            book.outcome(f"tiers.{name}.{key}", value)
        if tier.kind in {"subscription", "enterprise"}:
            _limits(name, limit, (own.queries_per_user_per_day, own.spread), (serving, queries), book)
    book.outcome("share_of_users_served_at_a_loss", _ratio(losing, everyone))


def _limits(
    name: str, limit: Value, use: tuple[Value, Value], served: tuple[Value, Value], book: Book
) -> None:
    """The use at which a user turns unprofitable, and what a cap or a meter at that use would change."""
    per_day, spread = use
    serving, _ = served
    excess = 1 - mean_share_below_cap(limit / np.maximum(per_day, 1e-12), spread)
    book.outcome(f"tiers.{name}.unprofitable_above_queries_per_day", limit)
    book.outcome(f"tiers.{name}.cap_saves_usd", serving * excess)
    book.quantity(
        f"tiers.{name}.unprofitable_above_queries_per_day",
        limit,
        "queries a day",
        "(revenue a user-month x (1 - fees) - fixed fee - support) / (USD a query x 30.4375 days)",
        (f"revenue.{name}", "business.payment_fee_share", "business.payment_fee_usd"),
    )


def _share_at_loss(kind: str, limit: Value, mean: Value, spread: Value, margin: Value) -> Value:
    if kind == "free":
        return 1.0
    if kind == "usage":
        return np.where(np.asarray(margin) < 0, 1.0, 0.0)
    return share_above(limit / np.maximum(mean, 1e-12), spread)


def _summed(value: Value, book: Book) -> FloatArray:
    return np.broadcast_to(np.asarray(value), (book.months, book.draws.count)).sum(axis=0)


def _ratio(part: Value, whole: Value) -> FloatArray:
    """part / whole, 0 where there is nothing to divide by."""
    top, bottom = np.broadcast_arrays(np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64))
    return np.divide(top, bottom, out=np.zeros(top.shape), where=bottom != 0)
