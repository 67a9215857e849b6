"""List prices of APIs: as they are, over each other, and through time."""

from __future__ import annotations

import numpy as np

from truecost.evidence.claims.working import Needed, Working, calculation_of
from truecost.ranges import Value

BOTH = ("input", "output")


def listed(name: str, label: str, default: str, day: str = "") -> dict[str, Needed]:
    """Input and output price of the model that the text `default` names."""
    when = {"day": day} if day else {}
    return {
        f"{name}_{kind}": Needed(f"{label}, {kind}", "USD/Mtok", {"price": default, "kind": kind, **when})
        for kind in BOTH
    }


TOKENS = {
    "input_tokens": Needed(
        "input tokens of a request", "tokens", {"rate": "usage/conversation_input_tokens"}
    ),
    "output_tokens": Needed(
        "output tokens of a request", "tokens", {"rate": "usage/conversation_output_tokens"}
    ),
}


def _mixed_ratio(at: Working, sides: tuple[str, str], formula: str) -> Value:
    """One list over another for the same request; the ratio of each kind of token as steps before it."""
    for kind in BOTH:
        at.step(kind, formula, at[f"{sides[0]}_{kind}"] / at[f"{sides[1]}_{kind}"], "ratio")
    costs = [
        at["input_tokens"] * at[f"{side}_input"] + at["output_tokens"] * at[f"{side}_output"]
        for side in sides
    ]
    return at.step("the same request", f"input and output together, {formula}", costs[0] / costs[1], "ratio")


@calculation_of(
    "list_price",
    "List price of a model",
    "USD/Mtok",
    listed("usd", "list price", "$listed"),
    {"listed": "gpt-4-turbo"},
)
def list_price(at: Working) -> Value:
    """Input and output price on the day."""
    for kind in BOTH:
        at.way(kind, at.step(kind, "list price on the day", at[f"usd_{kind}"], "USD/Mtok"))
    return at.ways["input"]


@calculation_of(
    "price_ratio",
    "List price of one model over another's",
    "ratio",
    {**listed("dear", "dearer model", "$dear"), **listed("cheap", "cheaper model", "$cheap"), **TOKENS},
    {"dear": "gpt-4", "cheap": "gpt-3.5-turbo"},
)
def price_ratio(at: Working) -> Value:
    """One over the other, by kind of token."""
    return _mixed_ratio(at, ("dear", "cheap"), "dearer / cheaper")


@calculation_of(
    "price_fallen",
    "Share by which the price of a level of quality fell",
    "share",
    {
        "before": Needed("price at the beginning", "USD/Mtok", {"rate": "claims/gpt3_usd_per_mtok_2020"}),
        "after_input": Needed("price at the end, input", "USD/Mtok", {"price": "$after", "kind": "input"}),
        "after_output": Needed("price at the end, output", "USD/Mtok", {"price": "$after", "kind": "output"}),
        "output_share": Needed(
            "output's share of the tokens",
            "share",
            {"assumed": "0.1 .. 0.5", "why": "conversations to long answers"},
        ),
    },
    {"after": "gpt-3.5-turbo"},
)
def price_fallen(at: Working) -> Value:
    """1 - price at the end / at the beginning."""
    share = at["output_share"]
    after = at["after_input"] * (1 - share) + at["after_output"] * share
    after = at.step("price at the end", "input and output mixed", after, "USD/Mtok")
    at.step("how many times cheaper", "beginning / end", at["before"] / after, "ratio")
    return at.step("fallen", "1 - end / beginning", 1 - after / at["before"], "share")


@calculation_of(
    "price_factor",
    "How many times cheaper a level of quality became",
    "ratio",
    {**listed("before", "at the beginning", "$before"), **listed("after", "at the end", "$after"), **TOKENS},
    {"before": "gpt-4", "after": "gpt-4.1"},
)
def price_factor(at: Working) -> Value:
    """Price at the beginning over price at the end, by kind of token."""
    return _mixed_ratio(at, ("before", "after"), "beginning / end")


@calculation_of(
    "price_factor_ahead",
    "How many times cheaper equal quality gets",
    "ratio",
    {
        "trend": Needed(
            "trend of the price of equal quality", "share a year", {"rate": "market/api_price_trend_per_year"}
        ),
        "years": Needed("years", "years"),
    },
)
def price_factor_ahead(at: Working) -> Value:
    """(1 + trend) ^ -years."""
    return at.step("cheaper by", "(1 + trend) ^ -years", np.power(1 + at["trend"], -at["years"]), "ratio")


@calculation_of(
    "caching_saving",
    "What a cache takes off an API's bill",
    "share",
    {
        "hit_rate": Needed(
            "answers found in a response cache", "share of calls", {"rate": "claims/repetitive_hit_rate"}
        ),
        "prefix_share": Needed(
            "input found in a prefix cache", "share of input", {"rate": "levers/prefix_cache_share"}
        ),
        "input_tokens": Needed("input tokens", "tokens", {"rate": "usage/conversation_input_tokens"}),
        "output_tokens": Needed("output tokens", "tokens", {"rate": "usage/conversation_output_tokens"}),
        **listed("usd", "list price", "$listed"),
        "usd_cache_read": Needed(
            "list price of a cached token", "USD/Mtok", {"price": "$listed", "kind": "cache_read"}
        ),
    },
    {"listed": "gpt-4.1"},
)
def caching_saving(at: Working) -> Value:
    """Hits of a response cache; beside them cached input x (price - price of a cached token) / the bill."""
    hits = at.step("response cache", "answers found x the whole call", at["hit_rate"], "share")
    bill = at["input_tokens"] * at["usd_input"] + at["output_tokens"] * at["usd_output"]
    spared = at["input_tokens"] * at["prefix_share"] * (at["usd_input"] - at["usd_cache_read"])
    at.way("response cache", hits)
    at.way(
        "prefix cache",
        at.step("prefix cache", "cached input × what it costs less / the bill", spared / bill, "share"),
    )
    return hits


@calculation_of(
    "price_shock_tolerance",
    "The multiple of an API's price that a subscription survives",
    "ratio",
    {
        "usd_per_month": Needed(
            "subscription", "USD/month", {"assumed": 20, "why": "the usual subscription of an assistant"}
        ),
        "queries_per_day": Needed(
            "queries of a user", "queries/day", {"assumed": "5 .. 20", "why": "a product used daily"}
        ),
        "input_tokens": Needed("input tokens", "tokens", {"rate": "usage/conversation_input_tokens"}),
        "output_tokens": Needed("output tokens", "tokens", {"rate": "usage/conversation_output_tokens"}),
        **listed("usd", "list price", "$listed"),
        "fee_share": Needed("payment fee", "share", {"rate": "business/payment_fee_share"}),
        "fee_fixed": Needed("payment fee, fixed", "USD", {"rate": "business/payment_fee_fixed"}),
        "support": Needed("support", "USD/user-month", {"rate": "business/support_usd_per_user_month"}),
    },
    {"listed": "gpt-4.1"},
)
def price_shock_tolerance(at: Working) -> Value:
    """(Revenue - fees - support) / the API's bill, a user and month."""
    usd = (at["input_tokens"] * at["usd_input"] + at["output_tokens"] * at["usd_output"]) / 1e6
    bill = at.step(
        "the API's bill",
        "queries × tokens × price × 365/12 days",
        at["queries_per_day"] * 365 / 12 * usd,
        "USD/month",
    )
    price = at["usd_per_month"]
    left = price * (1 - at["fee_share"]) - at["fee_fixed"] - at["support"]
    left = at.step("left for the API", "price - fees - support", left, "USD/month")
    return at.step("survives a multiple of", "left / the bill", left / bill, "ratio")
