"""Which APIs answer in place of a fleet: models, who sells them, how their tokenizers count, what can wait.

Stated in a spec's `api:`, or the fleet's own model from everyone who runs it; from the dated price book. What
a field would not change is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from truecost.catalog.api_price_names import HOSTS, MAKERS, find, plain_name, split_provider, without_date
from truecost.catalog.names import UnknownName
from truecost.pricing.api import BATCH
from truecost.replay.assumptions import Assumed
from truecost.replay.points import Points, points
from truecost.replay.schema import Api as ApiSection
from truecost.replay.schema import ReplaySpec
from truecost.replay.traffic import Load
from truecost.spec import Problems

if TYPE_CHECKING:
    from truecost.catalog.api_prices import ApiPrice
    from truecost.catalog.architectures import Architecture
    from truecost.catalog.catalog import Catalog

VARIANTS = ("", "-instruct", "-it", "-chat")
"""What vendors write behind the name of a model that answers."""
_SAME = frozenset({"instruct", "it", "chat", "turbo", "fp8", "instant", "versatile", "maas", "latest"})
CLAUDE = "claude"
ONE = Points(1.0)


@dataclass(frozen=True, slots=True)
class Api:
    """A model by API: everyone whose price counts, the tokens it counts for one of the trace, its terms."""

    name: str
    offers: tuple[ApiPrice, ...]
    ratio: Points = ONE
    batch_share: float = 0.0
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """What APIs are looked up for: a spec, its model and traffic, the catalog and the day."""

    spec: ReplaySpec
    architecture: Architecture
    load: Load
    catalog: Catalog
    as_of: date


def apis_of(asking: Asking, assumed: Assumed, problems: Problems) -> list[Api]:
    """The APIs of a spec, each with its sellers; what is impossible or has no effect goes to `problems`."""
    stated = asking.spec.api or ApiSection()
    found = _named(stated, asking, assumed, problems)
    if problems:
        return []
    every = [offer for _, offers in found for offer in offers]
    _check_terms(stated, every, asking.load, problems)
    if problems:
        return []
    share = stated.batch_share or 0.0
    if stated.batch_share is None:
        assumed.take("api.batch_share", 0.0, "every request is answered at once", "share")
    cached = _caches(stated, every, asking.load, assumed)
    return [
        Api(name, _with_batch(offers, share), _ratio(name, stated, asking, assumed), share, cached)
        for name, offers in found
    ]


def _named(
    stated: ApiSection, asking: Asking, assumed: Assumed, problems: Problems
) -> list[tuple[str, tuple[ApiPrice, ...]]]:
    """The models by name, each with those who sell it."""
    own = asking.architecture.name
    if stated.model is None:
        offers = _same_model(own, stated.provider, asking)
        if not offers:
            by = f" from {stated.provider}" if stated.provider else ""
            problems.add(
                "api" if stated.provider is None else "api.provider",
                f"the price book has no API price of {own}{by} on {asking.as_of}; name a model that would do "
                "instead, such as api: {model: gpt-4.1-mini}",
                nearest=[offer.provider for offer in _same_model(own, None, asking)][:3],
            )
        said = f"the fleet's own model, from {_sellers(offers)}"
        assumed.take("api.model", own, said, source="; ".join(_sources(offers)))
        return [(own, offers)]
    names = (stated.model,) if isinstance(stated.model, str) else stated.model
    if not names:
        problems.add("api.model", "an empty list names no model; leave it out for the fleet's own")
    for at, name in enumerate(names):
        if name in names[:at]:
            problems.add("api.model", f"{name} is named twice")
    return [(name, _stated(name, stated.provider, asking, problems)) for name in names]


def _stated(name: str, provider: str | None, asking: Asking, problems: Problems) -> tuple[ApiPrice, ...]:
    """Who sells a model that is named: one provider, its maker, or all who run it where none made it."""
    try:
        first = asking.catalog.prices(name, asking.as_of, provider)
    except LookupError as missing:
        problems.add("api.provider" if provider else "api.model", str(missing.args[0]))
        return ()
    except ValueError as unknown:
        near = unknown.nearest if isinstance(unknown, UnknownName) else ()
        said = str(unknown).split(";", maxsplit=1)[0]
        if isinstance(unknown, UnknownName) and unknown.name == name:
            said, near = (
                f"{provider} has no price of {name} on record",
                [one for _, one, _ in find(name, None)],
            )
        problems.add("api.provider" if provider else "api.model", said, nearest=near[:3])
        return ()
    alone = provider is not None or split_provider(name, None)[1] is not None or first.provider in MAKERS
    offers = (first,) if alone else _runners((name,), asking)
    return _complete(offers) or (first,)


def _same_model(name: str, provider: str | None, asking: Asking) -> tuple[ApiPrice, ...]:
    """Everyone who runs a model of this name, or the one provider of it that is asked for.

    A price that a user's catalog alone has stands where the price book has none.
    """
    names = [f"{name}{variant}" for variant in VARIANTS]
    found = _complete(_runners(names, asking)) if provider is None else ()
    if found:
        return found
    for one in names:
        try:
            return _complete((asking.catalog.prices(one, asking.as_of, provider),))
        except (LookupError, ValueError):
            continue
    return ()


def _runners(names: Sequence[str], asking: Asking) -> tuple[ApiPrice, ...]:
    """One price from each provider that runs the model itself; resellers pass on another's."""
    found: dict[str, ApiPrice] = {}
    for name in names:
        for _, provider, model in find(name, None):
            runs_it = provider in HOSTS or (provider in MAKERS and "/" not in model)
            if not runs_it or provider in found:
                continue
            try:
                found[provider] = asking.catalog.prices(name, asking.as_of, provider)
            except (LookupError, ValueError):
                continue
    return tuple(found.values())


def _complete(offers: Sequence[ApiPrice]) -> tuple[ApiPrice, ...]:
    """Offers that price both what is read and what is written, and give neither away."""
    return tuple(
        offer
        for offer in offers
        if offer.has("input")
        and offer.has("output")
        and all(float(row.usd_per_token) > 0 for row in offer.rows if row.kind == "output")
    )


def _with_batch(offers: tuple[ApiPrice, ...], share: float) -> tuple[ApiPrice, ...]:
    return tuple(offer for offer in offers if not share or _batches(offer))


def _batches(offer: ApiPrice) -> bool:
    return offer.has("input", BATCH) and offer.has("output", BATCH)


def _check_terms(stated: ApiSection, offers: Sequence[ApiPrice], load: Load, problems: Problems) -> None:
    """Terms that none of the sellers has, or that this traffic gives nothing to work on."""
    sold = f"{offers[0].provider}/{offers[0].model}" if len(offers) == 1 else "the price book"
    if stated.batch_share and not any(map(_batches, offers)):
        problems.add("api.batch_share", f"{sold} has no batch price of this model", nearest=["0"])
    if stated.cached_input != "trace":
        return
    if load.prefix_blocks is None:
        said = f"{load.name} says nothing of shared prefixes: there is no cached input to price"
        problems.add("api.cached_input", said, nearest=["none"])
    elif not any(offer.has("cache_read") for offer in offers):
        said = f"{sold} has no price of cached input of this model: it would be billed as plain input"
        problems.add("api.cached_input", said, nearest=["none"])


def _caches(stated: ApiSection, offers: Sequence[ApiPrice], load: Load, assumed: Assumed) -> bool:
    """Whether cached input is priced."""
    if stated.cached_input is not None:
        return stated.cached_input == "trace"
    if load.prefix_blocks is None:
        assumed.take("api.cached_input", "none", f"{load.name} says nothing of shared prefixes")
        return False
    if not any(offer.has("cache_read") for offer in offers):
        assumed.take("api.cached_input", "none", "no seller has a price of cached input")
        return False
    said = "prefixes met before in the trace, as by a cache that never forgets: the most a vendor's saves"
    assumed.take("api.cached_input", "trace", said)
    return True


def _ratio(name: str, stated: ApiSection, asking: Asking, assumed: Assumed) -> Points:
    """Tokens that the API counts for each of the trace."""
    if stated.tokenizer_ratio is not None:
        return points(stated.tokenizer_ratio)
    own = asking.architecture.name
    if is_same_model(name, own):
        return points(assumed.take("api.tokenizer_ratio", 1.0, f"{name}: the fleet's own model", "x"))
    key = "tokenizers/ratio_anthropic" if CLAUDE in name.lower() else "tokenizers/ratio_other_vendor"
    fact = asking.catalog.rate(key)
    return assumed.fact("api.tokenizer_ratio", fact, f"{name} counts otherwise than {own}")


def is_same_model(api: str, own: str) -> bool:
    """Whether a vendor's id means a model of the catalog.

    >>> is_same_model("meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo", "llama-3.1-70b")
    True
    >>> is_same_model("llama-3.1-70b", "llama-3.1-8b"), is_same_model("gpt-4.1-mini", "llama-3.1-8b")
    (False, False)
    """
    theirs, ours = without_date(plain_name(api)), plain_name(own)
    if not theirs.startswith(ours):
        return False
    rest = theirs[len(ours) :]
    return not rest or (rest[0] == "-" and set(rest[1:].split("-")) <= _SAME)


def _sellers(offers: Sequence[ApiPrice]) -> str:
    return ", ".join(offer.provider for offer in offers)


def _sources(offers: Sequence[ApiPrice]) -> list[str]:
    return list(dict.fromkeys(offer.fact("input").source for offer in offers))
