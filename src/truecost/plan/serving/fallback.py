"""Where the calls of a class go when the plan names no other model: the same one from another seller, else
the model of another maker whose price of this class's call is nearest. Price is all that is compared: whether
the other model answers as well is not known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import cast

from truecost.catalog.api_price_names import HOSTS, MAKERS, find
from truecost.catalog.api_prices import ApiPrice, listing
from truecost.catalog.catalog import Catalog
from truecost.plan.schema import Plan, RequestClass, Serving
from truecost.plan.schema.serving import Api, OtherModel, Route
from truecost.pricing.api import Usage, expected_cost
from truecost.ranges import Range

OWNER = {"vertex": "google", "amazon_nova": "aws", "zhipuai": "zai"}
"""Sellers that are the same company as another: when one goes, both do."""
CURRENT_DAYS = 366
"""A model whose price was last stated longer ago is taken as no longer sold to new customers."""
NOT_FOR_CHAT = re.compile(
    r"image|audio|vision|live|realtime|tts|transcribe|embed|search|research|code|codex|devstral|cyber|omni"
    r"|voxtral|pixtral|agent|guard|moderation|ocr|translate|^ft|-ft"
)
"""Names of models made for something else than answering in text."""


def fallback(given: Api | Route, request: RequestClass, as_of: date, catalog: Catalog) -> ApiPrice:
    """The model, and who sells it, that the calls of a class go to instead.

    Raises LookupError where nobody else sells a model with the prices that a call needs.
    """
    own = catalog.prices(given.model, as_of, given.provider)
    usage = usage_of(request)
    paid = expected_cost(own, usage, 0.0)
    same = _with_prices(_same_model(own, as_of, catalog), usage)
    found = _nearest(same or _with_prices(_other_makers(own, as_of), usage), float(paid))
    if found is None:
        raise LookupError(f"no other seller of {given.model} or of a model like it has a price on {as_of}")
    return found


def usage_of(request: RequestClass) -> Usage:
    """One call of a class in the middle of its ranges."""
    tokens = _middle(request.input_tokens)
    cached = _middle(request.cacheable_share or 0.0)
    return Usage(tokens, _middle(request.output_tokens), cache_read_tokens=tokens * cached)


def _middle(value: object) -> float:
    return value.median if isinstance(value, Range) else float(cast("float", value))


def _same_model(own: ApiPrice, as_of: date, catalog: Catalog) -> list[ApiPrice]:
    """The same model from others who run it themselves: resellers go when the one they resell goes."""
    found: dict[str, ApiPrice] = {}
    for _, provider, model in find(own.model, None):
        runs_it = provider in HOSTS or (provider in MAKERS and "/" not in model)
        if owner(provider) == owner(own.provider) or provider in found or not runs_it:
            continue
        try:
            found[provider] = catalog.prices(own.model, as_of, provider)
        except (LookupError, ValueError):
            continue
    return list(found.values())


def _other_makers(own: ApiPrice, as_of: date) -> list[ApiPrice]:
    """What other makers sell today under their own names, to answer in text."""
    makers = {provider for _, provider, model in find(own.model, None) if "/" not in model} & set(MAKERS)
    gone = {owner(provider) for provider in makers | {own.provider}}
    return [price for price in _sold_by_makers(as_of) if owner(price.provider) not in gone]


@lru_cache(maxsize=8)
def _sold_by_makers(as_of: date) -> tuple[ApiPrice, ...]:
    return tuple(
        price
        for price in listing(as_of)
        if price.provider in MAKERS
        and "/" not in price.model
        and not NOT_FOR_CHAT.search(price.model)
        and max(row.valid_from for row in price.rows) > as_of - timedelta(days=CURRENT_DAYS)
    )


def owner(provider: str) -> str:
    """The company behind a seller.

    >>> owner("vertex"), owner("azure")
    ('google', 'azure')
    """
    return OWNER.get(provider, provider)


def _with_prices(offers: Iterable[ApiPrice], usage: Usage) -> list[tuple[float, ApiPrice]]:
    """Those that price what a call has, with the price of a call."""
    priced: list[tuple[float, ApiPrice]] = []
    for offer in offers:
        if offer.has("input") and offer.has("output"):
            cost = float(expected_cost(offer, usage, 0.0))
            if cost > 0:
                priced.append((cost, offer))
    return priced


def _nearest(priced: Iterable[tuple[float, ApiPrice]], paid: float) -> ApiPrice | None:
    """The one nearest in price, as a ratio; of equals the newest, then by name."""

    def distance(one: tuple[float, ApiPrice]) -> tuple[float, int, str, str]:
        cost, offer = one
        apart = abs(math.log(cost / paid)) if paid > 0 else cost
        newest = max(row.valid_from for row in offer.rows)
        return round(apart, 6), -newest.toordinal(), offer.provider, offer.model

    return min(priced, key=distance, default=(0.0, None))[1]


def with_fallbacks(plan: Plan, catalog: Catalog) -> Plan:
    """The plan with every model that stands by or takes over named; those it states stay as they are."""
    requests = plan.demand.requests if plan.demand else {}
    serving = {
        name: _named(given, requests[name], plan, catalog) if name in requests else given
        for name, given in plan.serving.items()
    }
    if all(serving[name] is given for name, given in plan.serving.items()):
        return plan
    return plan.model_copy(update={"serving": serving})


def _named(given: Serving, request: RequestClass, plan: Plan, catalog: Catalog) -> Serving:
    assert plan.as_of is not None
    changed: dict[str, object] = {}
    if given.api is not None and (given.api.switch or given.api.standby):
        others = {
            part: named(other, given.api, request, plan.as_of, catalog)
            for part, other in (("switch", given.api.switch), ("standby", given.api.standby))
            if other is not None
        }
        changed["api"] = given.api.model_copy(update=others)
    route = given.levers.route if given.levers else None
    if given.levers is not None and route is not None and route.switch is not None:
        moved = route.model_copy(update={"switch": named(route.switch, route, request, plan.as_of, catalog)})
        changed["levers"] = given.levers.model_copy(update={"route": moved})
    return given.model_copy(update=changed) if changed else given


def named(
    other: OtherModel, main: Api | Route, request: RequestClass, as_of: date, catalog: Catalog
) -> OtherModel:
    """The other model named: as stated, the main one where only a seller is stated, else a fallback."""
    if other.model is not None:
        return other
    if other.provider is not None:
        return other.model_copy(update={"model": main.model})
    found = fallback(main, request, as_of, catalog)
    return other.model_copy(update={"model": found.model, "provider": found.provider})
