"""Who answers: the same model at another provider, the batch price, another option that the plan names."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.advise.levers.lever import UNKNOWN_API_LATENCY, Case, Lever, Outcome, already, middle
from truecost.advise.levers.smaller_models import usd_per_call
from truecost.catalog.api_price_names import HOSTS, MAKERS, find
from truecost.catalog.api_prices import STANDARD, ApiPrice
from truecost.plan.schema import Api

PROVIDER = "Buy the same model elsewhere"
BATCH = "Let answers wait (batch price)"
NIGHT = "Let answers wait (fill the night)"
HYBRID = "Own base load, API above it"
WAITING = "users wait for these answers, and they would come within 24 hours"
CHEAPER_BY = 0.02
"""A provider counts as cheaper from this share on."""


def other_provider(case: Case) -> Iterator[Outcome]:
    """The provider on record that sells a call of this class for least."""
    api = case.serving.api
    if api is None or case.used not in {"api", "hybrid"}:
        yield case.why_not("provider", PROVIDER, "no API answers this class")
        return
    if api.provisioned is not None:
        yield case.why_not("provider", PROVIDER, "capacity is bought from the present provider")
        return
    present = case.catalog.prices(api.model, case.as_of, api.provider)
    tier = api.service_tier or STANDARD
    now = usd_per_call(present, case.request, tier) * (1 - middle(api.discount or 0.0))
    prices = _elsewhere(case, api, present, tier)
    best = min(prices, key=lambda name: (prices[name], name), default=None)
    if best is None or prices[best] > now * (1 - CHEAPER_BY):
        who = f"no other provider on record sells {api.model}" + (" for less" if prices else "")
        yield case.why_not("provider", PROVIDER, who)
        return
    at = f"{case.path}.api"
    lost = (f"{at}.discount=null",) if api.discount is not None else ()
    yield Lever(
        f"provider.{case.name}",
        f"{PROVIDER} ({best})",
        case.name,
        (f"{at}.provider={best}", *lost),
        quality="the same weights by name; precision, limits and uptime differ from host to host",
        latency=UNKNOWN_API_LATENCY,
    )


def _elsewhere(case: Case, api: Api, present: ApiPrice, tier: str) -> dict[str, float]:
    """USD a call at every other provider that runs models itself."""
    found: dict[str, float] = {}
    for provider in {entry[1] for entry in find(api.model, None)} - {present.provider}:
        if provider not in HOSTS and provider not in MAKERS:
            continue
        try:
            price = case.catalog.prices(api.model, case.as_of, provider)
            found[provider] = usd_per_call(price, case.request, tier)
        except (LookupError, ValueError):
            continue
    return found


def batch_price(case: Case) -> Iterator[Outcome]:
    """Answers within 24 hours: at the batch price of an API, or in the quiet hours of own chips."""
    family, label = "batch", NIGHT if case.used == "self_hosted" else BATCH
    api = case.serving.api
    if case.used == "quoted":
        yield case.why_not(family, BATCH, "a quoted price does not depend on when the answer comes")
        return
    waits = case.request.latency == "batch"
    if case.used != "self_hosted":
        assert api is not None
        sold = case.catalog.prices(api.model, case.as_of, api.provider).has("input", tier="batch")
        if case.used == "api" and not sold:
            yield case.why_not(family, label, f"no batch price of {api.model} is on record")
            return
    tier = f"{case.path}.api.service_tier"
    stated = api is not None and api.service_tier not in {None, "batch"} and case.used != "self_hosted"
    sets = (() if waits else (f"demand.requests.{case.name}.latency=batch",)) + (
        (f"{tier}=null",) if stated else ()
    )
    if not sets:
        yield case.why_not(family, label, already("latency: batch"))
        return
    yield Lever(
        f"{family}.{case.name}",
        label,
        case.name,
        sets,
        quality="whether anyone still wants the answer a day later",
        latency="up to 24 hours instead of seconds",
        apart="" if waits else WAITING,
        idle="the fleet is as small at its peak as at its mean",
    )


def other_option(case: Case) -> Iterator[Outcome]:
    """Every other option that the plan names for the class, and the hybrid of two of them."""
    serving = case.serving
    for option in ("api", "self_hosted"):
        if option == case.used or getattr(serving, option) is None:
            continue
        model = serving.api.model if option == "api" and serving.api else _hosted(case)
        words = f"Call the API ({model})" if option == "api" else f"Serve on own chips ({model})"
        yield Lever(
            f"option.{case.name}.{option}",
            words,
            case.name,
            (f"{case.path}.use={option}",),
            quality=f"whether {model} answers as well",
            latency=UNKNOWN_API_LATENCY if option == "api" else "computed from the law of serving",
            group=f"option.{case.name}",
        )
    yield _hybrid(case)


def _hybrid(case: Case) -> Outcome:
    serving = case.serving
    if case.used == "hybrid":
        return case.why_not("hybrid", HYBRID, already())
    if serving.self_hosted is None or serving.api is None:
        missing = "own chips" if serving.self_hosted is None else "API"
        why = f"the class names no {missing} to split with; `truecost plan` compares stand-ins"
        return case.why_not("hybrid", HYBRID, why)
    section = () if serving.hybrid is not None else (f"{case.path}.hybrid={{}}",)
    return Lever(
        f"hybrid.{case.name}",
        HYBRID,
        case.name,
        (*section, f"{case.path}.use=hybrid"),
        quality=f"whether {serving.api.model} and {_hosted(case)} answer alike",
        latency="computed for own chips; of the API it is not known",
        group=f"option.{case.name}",
        idle="the cheapest split is what the plan does already",
    )


def _hosted(case: Case) -> str:
    host = case.serving.self_hosted
    return host.model if host is not None and isinstance(host.model, str) else "the model of its own"
