"""The door for a founder: users, queries, a model and a price in; ten lines out. No file, no jargon."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml

from truecost.catalog.catalog import Catalog
from truecost.plan.result import DEFAULT_DRAWS, DEFAULT_SEED, Result, plan

DEFAULT_MONTHS = 12


def quick_spec(
    *,
    users: float,
    queries: float,
    model: str,
    price: float,
    input_tokens: str | float | None = None,
    output_tokens: str | float | None = None,
    growth: float | None = None,
    months: int = DEFAULT_MONTHS,
    as_of: date | None = None,
) -> dict[str, Any]:
    """The plan behind `truecost quick`: one subscription tier on one API.

    `queries` are a user a day, `price` is USD a user a month. Token counts that are not given are the
    catalog's range for conversation; the range widens the answer as it should.
    """
    from truecost.catalog.catalog import load

    catalog = load()
    tier: dict[str, Any] = {
        "kind": "subscription" if price else "free",
        "users": users,
        "queries_per_user_per_day": queries,
    }
    if price:
        tier["price_usd_per_month"] = price
    if growth is not None:
        tier["growth_per_month"] = growth
    tokens = {
        "input_tokens": input_tokens or str(catalog.rate("usage/conversation_input_tokens").value),
        "output_tokens": output_tokens or str(catalog.rate("usage/conversation_output_tokens").value),
    }
    return {
        "name": f"{users:,.0f} users on {model}",
        "as_of": (as_of or date.today()).isoformat(),
        "horizon_months": months,
        "demand": {"tiers": {"users": tier}, "requests": {"chat": tokens}},
        "serving": {"chat": {"api": {"model": model}}},
    }


def quick_yaml(spec: dict[str, Any]) -> str:
    """The plan as a file to go on from."""
    head = "# Written by `truecost quick`. Every number may be `low .. high`: see docs/plan.md.\n"
    return head + yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)


def quick(
    *, draws: int = DEFAULT_DRAWS, seed: int = DEFAULT_SEED, catalog: Catalog | None = None, **inputs: Any
) -> Result:
    """What a product of `users` x `queries` a day on an API `model` costs and earns; see `quick_spec`."""
    return plan(quick_spec(**inputs), draws=draws, seed=seed, catalog=catalog)
