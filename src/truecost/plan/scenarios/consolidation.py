"""Consolidation: the seller that most of the API bill goes to doubles its price, or goes; and what it would
have cost to have a second one ready.
"""

from __future__ import annotations

from typing import Any

from truecost.catalog.api_prices import ApiPrice
from truecost.plan.scenarios.assignments import assignment
from truecost.plan.scenarios.situation import Change, DoesNotApply, Situation
from truecost.plan.schema import RequestClass
from truecost.plan.schema.serving import Api, Route
from truecost.plan.serving.fallback import fallback

QUALITY = "whether the other model answers as well, and how users take to it"


def largest(before: Situation) -> str:
    """The seller with the largest share of the API bill."""
    return next(iter(before.must_pay_an_api()))


def price_doubles(before: Situation) -> Change:
    """The largest seller's price doubles in a month, and the plan stays with it."""
    seller, month = largest(before), before.month()
    sets: list[str] = []
    for name, serving in before.api_classes().items():
        if serving.api is not None and before.seller(serving.api) == seller:
            path = before.document.value.serving[name].api
            own = path.price_path if path is not None else None
            doubled = [*(own.shocks if own is not None else ()), {"month": month, "multiple": 2}]
            at = f"serving.{name}.api.price_path"
            if own is not None and own.trend is not None:
                sets.append(assignment(at, {"trend": own.trend, "shocks": doubled}))
            else:
                sets.append(assignment(f"{at}.shocks", doubled))
    if not sets:
        raise DoesNotApply(f"the largest API bill, {seller}'s, is that of a route alone")
    return Change(
        f"{seller} doubles its price in month {month + 1}, and the plan stays with it.", tuple(sets)
    )


def provider_gone(before: Situation) -> Change:
    """The largest seller goes in a month: outage, migration, and the price of whoever takes over."""
    seller, month = largest(before), before.month()
    sets, taken_over = _switches(before, seller, {"month": month})
    return Change(
        f"{seller} is gone from month {month + 1}; its calls go to {_listed(taken_over)}, after days without "
        "an answer (refunded) and a migration.",
        tuple(sets),
        QUALITY,
    )


def diversified(before: Situation) -> Change:
    """The same with a second seller ready, which answers a share of the calls all along; no day is lost."""
    seller, month = largest(before), before.month()
    calm = {"month": month, "migration_usd": 0, "outage_days": 0}
    sets, taken_over = _switches(before, seller, calm)
    standbys: list[str] = []
    for name, serving in before.api_classes().items():
        if serving.api is not None and before.seller(serving.api) == seller:
            other = _other(before, serving.api, name)
            standby = {"share": before.value("migration/standby_share"), **_name(other)}
            standbys.append(assignment(f"serving.{name}.api.standby", _once(standby, not standbys)))
    return Change(
        f"{seller} is gone from month {month + 1}; ready since the start, with a share of the calls and the "
        f"migration paid then: {_listed(taken_over)}. No day is lost.",
        (*standbys, *sets),
        QUALITY,
    )


def _switches(before: Situation, seller: str, terms: dict[str, Any]) -> tuple[list[str], list[str]]:
    """A switch for every API and route that the seller answers, and what takes over.

    The product moves once: the migration is on the first class, the others move with it.
    """
    sets: list[str] = []
    taken_over: list[str] = []
    for name, serving in before.api_classes().items():
        route = serving.levers.route if serving.levers else None
        for given, path in ((serving.api, f"serving.{name}.api"), (route, f"serving.{name}.levers.route")):
            if given is None or before.seller(given) != seller:
                continue
            other = _other(before, given, name)
            whole = _once(terms, not sets) if isinstance(given, Api) else {"month": terms["month"]}
            sets.append(assignment(f"{path}.switch", {**whole, **_name(other)}))
            taken_over.append(f"{other.model} from {other.provider}")
    if not sets:
        raise DoesNotApply(f"no class in use calls {seller} itself")
    return sets, taken_over


def _once(terms: dict[str, Any], first: bool) -> dict[str, Any]:
    return terms if first else {**terms, "migration_usd": 0}


def _other(before: Situation, given: Api | Route, name: str) -> ApiPrice:
    plan = before.plan
    assert plan.demand is not None
    assert plan.as_of is not None
    request: RequestClass = plan.demand.requests[name]
    try:
        return fallback(given, request, plan.as_of, before.variants.catalog)
    except LookupError as nobody:
        raise DoesNotApply(str(nobody)) from None


def _name(other: ApiPrice) -> dict[str, str]:
    return {"model": other.model, "provider": other.provider}


def _listed(names: list[str]) -> str:
    return " and ".join(dict.fromkeys(names))
