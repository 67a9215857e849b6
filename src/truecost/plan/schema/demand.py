"""Demand: who uses the product, how much, for which requests, and what counts as a task done."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from truecost.catalog.named import CarbonRegionName
from truecost.plan.schema.names import PlainName
from truecost.plan.schema.quantities import (
    AtLeastOne,
    Elasticity,
    Growth,
    MarketUsers,
    Minutes,
    Multiple,
    PriceMultiple,
    Queries,
    QueriesAllowed,
    Section,
    Share,
    TokensPerCall,
    UsdPerHour,
    UsdPerItem,
    UsdPerMtok,
    UsdPerQuery,
    UsdPerUserMonth,
    UsdPerYear,
    Users,
)


class HeavyTail(Section):
    """Use across users, lognormal: the median user and the user at the 90 % or 99 % point."""

    p50: Queries = Field(description="queries a day of the median active user")
    p90: Queries | None = Field(default=None, description="queries a day that 10 % of the users exceed")
    p99: Queries | None = Field(default=None, description="queries a day that 1 % of the users exceed")


class PriceChange(Section):
    """A change of the price asked from users, from a month on."""

    month: int = Field(ge=0, le=119, description="month of the plan, 0 is the first")
    multiple: PriceMultiple = Field(description="new price over the price at the start")


class Conversion(Section):
    """Users who move here from another tier each month."""

    tier: str = Field(description="the tier they leave")
    share_per_month: Share = Field(description="share of that tier's users who move in a month")


class Tier(Section):
    """A group of users who pay in the same way."""

    kind: Literal["free", "subscription", "usage", "enterprise"] = Field(
        description="how it pays: nothing, a flat price, by use, or a contract"
    )
    users: Users | None = Field(default=None, description="active users at the start")
    users_by_month: tuple[Users, ...] | None = Field(
        default=None, description="own series, one number a month"
    )
    product: str = Field(default="product", description="label under which tiers are summed")
    queries_per_user_per_day: Queries | None = Field(
        default=None, description="mean over active users, every calendar day"
    )
    heavy_tail: HeavyTail | None = Field(default=None, description="how use is spread over the users")
    growth_per_month: Growth | None = Field(default=None, description="new users as a share of present users")
    new_users_per_month: Users | None = Field(default=None, description="new users, a fixed number a month")
    churn_per_month: Share | None = Field(default=None, description="share of users who leave in a month")
    market_users: MarketUsers | None = Field(
        default=None, description="ceiling: growth fades as users approach it"
    )
    converts_from: Conversion | None = Field(default=None, description="users gained from another tier")
    seasonality: tuple[Multiple, ...] | None = Field(
        default=None,
        min_length=12,
        max_length=12,
        description="use by calendar month, January first, relative to 1",
    )
    requests: dict[str, Share] | None = Field(default=None, description="mix of request classes; sums to 1")
    price_usd_per_month: UsdPerUserMonth | None = Field(default=None, description="subscription price a user")
    usd_per_query: UsdPerQuery | None = Field(default=None, description="price of a query, for usage tiers")
    usd_per_mtok: UsdPerMtok | None = Field(
        default=None, description="price of a million tokens, for usage tiers"
    )
    contract_usd_per_year: UsdPerYear | None = Field(
        default=None, description="contracts, all together, a year"
    )
    cap_queries_per_user_per_day: QueriesAllowed | None = Field(
        default=None, description="use above it is refused"
    )
    price_changes: tuple[PriceChange, ...] = Field(default=(), description="dated changes of the price")
    elasticity: Elasticity | None = Field(
        default=None, description="change of users (in log) per change of price"
    )
    acquisition_usd_per_user: UsdPerItem | None = Field(
        default=None, description="free tier: what winning a user who moves on to another tier is worth"
    )
    data_usd_per_user_month: UsdPerUserMonth | None = Field(
        default=None, description="free tier: what a month of a user's data is worth to the maker"
    )


class HumanFallback(Section):
    """A person who takes over when the system gives up."""

    share: Share = Field(description="share of failed tasks handed to a person")
    minutes: Minutes = Field(description="a person's time on one of them")
    usd_per_hour: UsdPerHour | None = Field(default=None, description="loaded wage of that person")


class Task(Section):
    """What users want done: model calls, retries, and a person when it fails."""

    calls: AtLeastOne = Field(description="model calls in one attempt")
    success_rate: Share = Field(description="share of attempts that succeed")
    retry_limit: int = Field(default=0, ge=0, le=100, description="attempts after the first")
    human_fallback: HumanFallback | None = None


class LengthSpread(Section):
    """How input length is spread over requests, for prices that rise with context."""

    p50: TokensPerCall
    p99: TokensPerCall


class RequestClass(Section):
    """Requests that look alike: their tokens and how long they can wait."""

    input_tokens: TokensPerCall = Field(description="mean input tokens of a call")
    output_tokens: TokensPerCall = Field(description="mean output tokens of a call")
    input_length: LengthSpread | None = Field(default=None, description="spread of input length over calls")
    share: Share | None = Field(default=None, description="share of all queries; equal shares by default")
    cacheable_share: Share | None = Field(
        default=None, description="share of input already in the prefix cache"
    )
    cache_write_share: Share | None = Field(default=None, description="share of input written to the cache")
    latency: Literal["interactive", "batch"] = Field(
        default="interactive", description="batch: an answer within 24 hours will do"
    )
    regions: dict[CarbonRegionName, Share] | None = Field(
        default=None, description="where it is served; sums to 1"
    )
    task: Task | None = None


class Demand(Section):
    """Tiers of users and classes of requests."""

    tiers: dict[PlainName, Tier] = Field(
        min_length=1,
        description="tiers by name",
        examples=[
            {
                "pro": {
                    "kind": "subscription",
                    "users": 2000,
                    "price_usd_per_month": 20,
                    "queries_per_user_per_day": 15,
                }
            }
        ],
    )
    requests: dict[PlainName, RequestClass] = Field(
        min_length=1,
        description="request classes by name",
        examples=[{"chat": {"input_tokens": 1000, "output_tokens": 300}}],
    )
