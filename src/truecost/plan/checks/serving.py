"""Serving: each class has an option that can be priced, on models and chips that exist and fit."""

from __future__ import annotations

from truecost.catalog.api_prices import ApiPrice
from truecost.plan.checks.findings import Checking, high
from truecost.plan.checks.levers import check_levers
from truecost.plan.checks.price_paths import check_price_path
from truecost.plan.checks.self_hosted import check_self_hosted
from truecost.plan.schema import Api, RequestClass, Serving
from truecost.plan.schema.serving import OtherModel, Route
from truecost.plan.serving.fallback import fallback
from truecost.pricing.api import Usage, expected_cost

OLD_PRICE_DAYS = 366


def check_serving(checking: Checking) -> None:
    """Each class has an option that can be priced, on a model and chips that exist and fit."""
    plan = checking.plan
    classes = plan.demand.requests if plan.demand else {}
    for name, serving in plan.serving.items():
        path = f"serving.{name}"
        if name not in classes:
            checking.add(path, "no such request class under demand.requests", list(classes))
            continue
        request = classes[name]
        _options(serving, path, checking)
        if serving.api is not None:
            check_api(serving.api, request, f"{path}.api", checking)
            check_others(serving.api, request, f"{path}.api", checking)
            check_price_path(serving.api, f"{path}.api", checking)
        if serving.self_hosted is not None:
            check_self_hosted(serving.self_hosted, request, f"{path}.self_hosted", checking)
            check_price_path(serving.self_hosted, f"{path}.self_hosted", checking)
        levers = serving.levers
        if levers is not None:
            check_levers(serving, request, path, checking)
            if levers.route is not None:
                route = Api.model_construct(
                    model=levers.route.model, provider=levers.route.provider, service_tier=None
                )
                check_api(route, request, f"{path}.levers.route", checking)
                if levers.route.switch is not None:
                    at = f"{path}.levers.route.switch"
                    _check_other(levers.route.switch, levers.route, request, at, checking)


def _options(serving: Serving, path: str, checking: Checking) -> None:
    given = serving.options
    if not given:
        checking.add(path, "needs an option", ("api", "self_hosted", "hybrid", "quoted"))
    if serving.use is not None and serving.use not in given:
        checking.add(f"{path}.use", f"names an option that is not given: {serving.use}", given)
    if len(given) > 1 and serving.use is None:
        checking.add(path, f"gives {len(given)} options: say which is charged with use", given)
    if serving.hybrid is not None and (serving.api is None or serving.self_hosted is None):
        checking.add(f"{path}.hybrid", "needs both api and self_hosted beside it")


def check_others(spec: Api, request: RequestClass, path: str, checking: Checking) -> None:
    """The models that stand by or take over have a price, and are not the one they stand in for."""
    for part, other in (("switch", spec.switch), ("standby", spec.standby)):
        if other is not None:
            _check_other(other, spec, request, f"{path}.{part}", checking)


def _check_other(
    other: OtherModel, main: Api | Route, request: RequestClass, path: str, checking: Checking
) -> None:
    if other.model is None and other.provider is None:
        checking.knows(path, lambda: fallback(main, request, checking.as_of, checking.catalog))
        return
    model = other.model or main.model
    terms = Api.model_construct(model=model, provider=other.provider, service_tier=None)
    check_api(terms, request, path, checking)
    try:
        offers = [
            checking.catalog.prices(name, checking.as_of, provider)
            for name, provider in ((model, other.provider), (main.model, main.provider))
        ]
    except (LookupError, ValueError):
        return
    if (offers[0].provider, offers[0].model) == (offers[1].provider, offers[1].model):
        checking.warn(path, f"has no effect: it is {model} from {offers[0].provider}, which serves already")


def check_api(spec: Api, request: RequestClass, path: str, checking: Checking) -> None:
    """The model has a price on record on the plan's day, at the tier asked for; an old one is pointed out."""
    found: list[ApiPrice] = []
    as_of = checking.as_of
    if not checking.knows(
        f"{path}.model", lambda: found.append(checking.catalog.prices(spec.model, as_of, spec.provider))
    ):
        return
    price = found[0]
    if spec.service_tier is not None and spec.service_tier not in price.tiers:
        checking.add(
            f"{path}.service_tier",
            f"{spec.model} from {price.provider} has no {spec.service_tier} price on record",
            price.tiers,
        )
        return
    waits = request.latency == "batch" and price.has("input", tier="batch")
    tier = spec.service_tier or ("batch" if waits else "standard")
    usage = Usage(float(high(request.input_tokens) > 0), float(high(request.output_tokens) > 0))
    if not checking.knows(f"{path}.model", lambda: expected_cost(price, usage, 0.0, tier=tier)):
        return
    checked = max(row.checked for row in price.rows)
    if checking.today >= as_of and (as_of - checked).days > OLD_PRICE_DAYS:
        checking.warn(
            f"{path}.model", f"its newest price on record was last checked on {checked}, before {as_of}"
        )
