"""Demand over time: users by tier, queries by tier and request class, tasks done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from truecost.lognormal import mean_over_median, mean_share_below_cap, sigma_from_quantiles
from truecost.plan.book import DAYS_PER_MONTH, Book, first_of, given_or
from truecost.plan.schema import Demand, RequestClass, Tier
from truecost.ranges import FloatArray, Value

WORLD_POPULATION = 8.3e9


@dataclass(frozen=True, slots=True)
class TierTraffic:
    """One tier by month: all (months, draws) or broadcast to it."""

    users: FloatArray
    queries: FloatArray
    queries_per_user_per_day: Value
    spread: Value
    price_multiple: FloatArray
    mix: Mapping[str, Value]
    paid_share: Value = 1.0
    """Share of the flat price and the contract that is kept: days without an answer are refunded."""
    contracts_kept: Value = 1.0
    """Share of contracts that a `what_if` of the price leaves."""


@dataclass(frozen=True, slots=True)
class ClassTraffic:
    """One request class by month."""

    queries: FloatArray
    calls_per_query: Value
    success_share: Value
    human_minutes_per_query: Value


@dataclass(frozen=True, slots=True)
class Traffic:
    """All demand of a plan."""

    tiers: Mapping[str, TierTraffic]
    classes: Mapping[str, ClassTraffic]

    @property
    def queries(self) -> FloatArray:
        """Queries of all tiers by month."""
        return np.asarray(sum(t.queries for t in self.tiers.values()), dtype=np.float64)

    @property
    def users(self) -> FloatArray:
        """Active users of all tiers by month."""
        return np.asarray(sum(t.users for t in self.tiers.values()), dtype=np.float64)


def traffic(demand: Demand, book: Book, start: date) -> Traffic:
    """Users, queries and tasks by month.

    Users follow U' = U (1 - churn) + U growth (1 - U / market) + new + conversions in - conversions out;
    queries = users x queries a day x 30.4375 x season x share left by the cap.
    """
    stocks = _user_stocks(demand.tiers, book.months)
    for name, stock in stocks.items():
        if float(np.max(stock)) > WORLD_POPULATION:
            book.warn(
                f"demand.tiers.{name}",
                f"demand.tiers.{name}: more users than people on Earth; give market_users",
            )
    tiers = {
        name: _tier(name, tier, stocks[name], (demand, book, start)) for name, tier in demand.tiers.items()
    }
    classes = {name: _request_class(name, request, tiers, book) for name, request in demand.requests.items()}
    return Traffic(tiers, classes)


def _user_stocks(tiers: Mapping[str, Tier], months: int) -> dict[str, FloatArray]:
    stock: dict[str, Value] = {n: _initial_users(t) for n, t in tiers.items()}
    rows: dict[str, list[Value]] = {n: [] for n in tiers}
    leaving = _leaving(tiers)
    for month in range(months):
        for name, tier in tiers.items():
            if tier.users_by_month is not None:
                stock[name] = tier.users_by_month[month]
            rows[name].append(stock[name])
        stock = {n: _next_users(n, tiers, stock, leaving) for n in tiers}
    return {n: np.stack(np.broadcast_arrays(*map(np.atleast_1d, rows.pop(n)))) for n in tiers}


def _initial_users(tier: Tier) -> Value:
    if tier.users is not None:
        return tier.users
    return tier.users_by_month[0] if tier.users_by_month else 0.0


def _next_users(
    name: str, tiers: Mapping[str, Tier], stock: Mapping[str, Value], leaving: Mapping[str, _Leaving]
) -> Value:
    tier, users = tiers[name], stock[name]
    gained = given_or(tier.new_users_per_month, 0.0)
    if tier.growth_per_month is not None:
        room = 1.0 if tier.market_users is None else np.maximum(1 - users / tier.market_users, 0)
        gained = users * tier.growth_per_month * room + gained
    if tier.converts_from is not None:
        source = tier.converts_from.tier
        gained = gained + stock[source] * tier.converts_from.share_per_month / leaving[source].over
    return np.maximum(users * leaving[name].stay + gained, 0.0)


def moving_on(tiers: Mapping[str, Tier]) -> dict[str, Value]:
    """The share of each tier's users who move to another tier in a month."""
    shares: dict[str, Value] = dict.fromkeys(tiers, 0.0)
    for tier in tiers.values():
        if tier.converts_from is not None:
            source = tier.converts_from.tier
            shares[source] = shares[source] + tier.converts_from.share_per_month
    leaving = _leaving(tiers)
    return {name: share / leaving[name].over for name, share in shares.items()}


@dataclass(frozen=True, slots=True)
class _Leaving:
    """The share of a tier that stays for another month, and what the shares that leave are divided by."""

    stay: Value
    over: Value


def _leaving(tiers: Mapping[str, Tier]) -> dict[str, _Leaving]:
    """What leaves each tier in a month, to nowhere or to another tier: no more than all of it."""
    shares: dict[str, Value] = {n: given_or(t.churn_per_month, 0.0) for n, t in tiers.items()}
    for tier in tiers.values():
        if tier.converts_from is not None:
            source = tier.converts_from.tier
            shares[source] = shares[source] + tier.converts_from.share_per_month
    overs = {name: np.maximum(share, 1.0) for name, share in shares.items()}
    return {name: _Leaving(1 - share / overs[name], overs[name]) for name, share in shares.items()}


def _tier(name: str, tier: Tier, stock: FloatArray, context: tuple[Demand, Book, date]) -> TierTraffic:
    demand, book, start = context
    path = f"demand.tiers.{name}"
    price, users, staying = _response(path, tier, stock, book)
    spread, per_day = _use(path, tier, book)
    more = book.move("queries_per_user")
    per_day, later = per_day * first_of(more), more / first_of(more)
    season = _season(tier, book.months, start)
    kept = 1.0
    if tier.cap_queries_per_user_per_day is not None:
        asked = np.maximum(per_day * later * season, 1e-12)
        kept = mean_share_below_cap(tier.cap_queries_per_user_per_day / asked, spread)
    book.quantity(
        f"users.{name}",
        users,
        "users",
        "users x (1 - churn) + users x growth x room left + new + conversions in - out, month by month",
        _given(path, tier),
    )
    queries = users * per_day * later * DAYS_PER_MONTH * season * kept
    book.quantity(
        f"queries.{name}",
        queries,
        "queries",
        "users x queries a user a day x 30.4375 days x season x share left by the cap",
        (
            f"users.{name}",
            f"{path}.queries_per_user_per_day",
            *(
                [f"{path}.cap_queries_per_user_per_day", "usage/lognormal_sigma"]
                if np.ndim(kept) or kept != 1.0
                else []
            ),
        ),
    )
    mix = class_mix(tier, demand)
    return TierTraffic(users, queries, per_day, spread, price, mix, contracts_kept=staying)


def _response(path: str, tier: Tier, stock: FloatArray, book: Book) -> tuple[FloatArray, FloatArray, Value]:
    """The price asked over the first price by month, the users who are there at it, and the share who stay.

    The share is of those who answer a `what_if` of the price: contracts are kept in the same share.
    """
    price = price_multiple(tier, book.months)
    users = stock * book.move("users")
    staying: Value = 1.0
    asked = book.moves.get("asked_price")
    if asked is not None and tier.kind != "free":
        price = price * asked
        response = book.number(f"{path}.elasticity", tier.elasticity, "demand/price_elasticity")
        staying = asked ** np.minimum(response, 0.0)
        users = users * price ** np.minimum(response, 0.0)
    elif tier.elasticity is not None and tier.price_changes:
        users = users * price**tier.elasticity
    if tier.market_users is not None and (asked is not None or tier.price_changes or "users" in book.moves):
        users = np.minimum(users, tier.market_users)
    return price, users, staying


def _given(path: str, tier: Tier) -> list[str]:
    fields = (
        "users",
        "growth_per_month",
        "new_users_per_month",
        "churn_per_month",
        "market_users",
        "elasticity",
    )
    given = [f"{path}.{f}" for f in fields if getattr(tier, f) is not None]
    return given + ([f"{path}.converts_from.share_per_month"] if tier.converts_from else [])


def price_multiple(tier: Tier, months: int) -> FloatArray:
    """Price of a tier over its first price, by month: (months, 1) or (months, draws)."""
    rows: list[Value] = []
    for month in range(months):
        multiple: Value = 1.0
        for change in tier.price_changes:
            if change.month <= month:
                multiple = multiple * change.multiple
        rows.append(multiple)
    return np.stack(np.broadcast_arrays(*[np.atleast_1d(v) for v in rows]))


def _use(path: str, tier: Tier, book: Book) -> tuple[Value, Value]:
    """Spread of use over users (sigma of a lognormal) and mean queries a user a day."""
    tail = tier.heavy_tail
    if tail is None:
        spread = book.rate("usage/lognormal_sigma")
    else:
        upper, probability = (tail.p90, 0.9) if tail.p90 is not None else (tail.p99, 0.99)
        assert upper is not None
        spread = sigma_from_quantiles(tail.p50, upper, probability)
    if tier.queries_per_user_per_day is not None:
        return spread, tier.queries_per_user_per_day
    if tail is None:
        return spread, 0.0
    mean = tail.p50 * mean_over_median(spread)
    return spread, book.quantity(
        f"{path}.queries_per_user_per_day",
        mean,
        "queries",
        "p50 x exp(sigma^2 / 2), sigma = ln(p90 / p50) / 1.2816 or ln(p99 / p50) / 2.3263",
        tuple(f"{path}.heavy_tail.{point}" for point in ("p50", "p90", "p99")),
    )


def _season(tier: Tier, months: int, start: date) -> Value:
    if tier.seasonality is None:
        return 1.0
    rows = [np.atleast_1d(tier.seasonality[(start.month - 1 + m) % 12]) for m in range(months)]
    return np.stack(np.broadcast_arrays(*rows))


def class_mix(tier: Tier, demand: Demand) -> dict[str, Value]:
    """Share of a tier's queries that fall in each request class; sums to 1."""
    weights: dict[str, Value] = {}
    for name, request in demand.requests.items():
        if tier.requests is not None:
            weights[name] = tier.requests.get(name, 0.0)
        else:
            weights[name] = request.share if request.share is not None else 1.0
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def _request_class(
    name: str, request: RequestClass, tiers: Mapping[str, TierTraffic], book: Book
) -> ClassTraffic:
    queries = np.asarray(sum(t.queries * t.mix[name] for t in tiers.values()), dtype=np.float64)
    calls, success, minutes = task_effort(request)
    book.quantity(
        f"calls_per_query.{name}",
        calls,
        "calls",
        "calls in an attempt x expected attempts; 1 where the class has no task",
        [f"demand.requests.{name}.task.{f}" for f in ("calls", "success_rate") if request.task],
    )
    return ClassTraffic(queries, calls, success, minutes)


def task_effort(request: RequestClass) -> tuple[Value, Value, Value]:
    """Model calls a query, share of queries that succeed, and human minutes a query.

    With success rate p and R retries: attempts = (1 - (1-p)^(R+1)) / p, failed = (1-p)^(R+1); a person
    takes a share of the failed ones and succeeds.
    """
    task = request.task
    if task is None:
        return 1.0, 1.0, 0.0
    p = np.maximum(task.success_rate, 1e-12)
    failed = (1 - p) ** (task.retry_limit + 1)
    attempts = (1 - failed) / p
    fallback = task.human_fallback
    if fallback is None:
        return task.calls * attempts, 1 - failed, 0.0
    return (
        task.calls * attempts,
        1 - failed * (1 - fallback.share),
        failed * fallback.share * fallback.minutes,
    )
