"""Which smaller model stands for one in use, by rule from the catalog: never by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from itertools import takewhile

from truecost.advise.levers.lever import Case, middle
from truecost.catalog.api_price_names import plain_name
from truecost.catalog.api_prices import STANDARD, ApiPrice, NoOffer, listing
from truecost.catalog.architectures import Architecture
from truecost.lines import add_months
from truecost.plan.schema import RequestClass
from truecost.pricing.api import Usage, expected_cost

OTHER_WORK = frozenset(
    {
        "audio",
        "codex",
        "embed",
        "embedding",
        "ft",
        "guard",
        "image",
        "live",
        "moderation",
        "ocr",
        "realtime",
        "rerank",
        "research",
        "robotics",
        "search",
        "transcribe",
        "tts",
        "vision",
    }
)
"""Words in a model's name that say it is made for something else than answering a text with a text."""


def cheaper_api_model(case: Case, model: str, provider: str | None) -> str | None:
    """The cheapest model of the same family at the same provider, by what a call of this class costs.

    It costs at most `levers/route_share_of_price` of the present one, and its price came into force within
    `levers/model_age_months` of the plan's day, so that names left in a price list are passed over. A family
    is what a name begins with before its first digit or dash: "gpt", "claude", "o". None where there is none.
    """
    present = case.catalog.prices(model, case.as_of, provider)
    most = middle(case.rate("route_share_of_price").value) * usd_per_call(present, case.request)
    since = add_months(case.as_of, -round(middle(case.rate("model_age_months").value)))
    found: dict[str, float] = {}
    for offer in _offers(case.as_of, present.provider):
        if family(offer.model) != family(present.model) or _is_for_other_work(offer.model):
            continue
        if min(row.valid_from for row in offer.rows) < since:
            continue
        try:
            found[offer.model] = usd_per_call(offer, case.request)
        except NoOffer:
            continue
    affordable = {name: usd for name, usd in found.items() if usd <= most}
    return min(affordable, key=lambda name: (affordable[name], name)) if affordable else None


def usd_per_call(price: ApiPrice, request: RequestClass, tier: str = STANDARD) -> float:
    """List price of a call of middling length. Raises NoOffer where a price is missing."""
    tokens = middle(request.input_tokens)
    cached = middle(request.cacheable_share or 0.0) * tokens
    usage = Usage(tokens, middle(request.output_tokens), cache_read_tokens=cached)
    return float(expected_cost(price, usage, 0.0, tier=tier))


def family(model: str) -> str:
    """The letters a model's name begins with.

    >>> family("gpt-4.1-mini"), family("o3"), family("anthropic.claude-opus-4-5")
    ('gpt', 'o', 'claude')
    """
    found = re.match(r"[a-z]+", plain_name(model))
    return found[0] if found else plain_name(model)


def student_of(case: Case, teacher: Architecture) -> Architecture | None:
    """The open model that stands for a student: of the teacher's family, nearest to it in name, the largest
    with at most `levers/distillation_share_of_size` of its parameters. None where the catalog has none.
    """
    most = middle(case.rate("distillation_share_of_size").value)
    kin = [name for name in case.catalog.models() if family(name) == family(teacher.name)]
    small = [
        arch
        for arch in map(case.catalog.model, kin)
        if arch.total_parameters <= most * teacher.total_parameters
        and arch.active_parameters <= most * teacher.active_parameters
    ]
    return max(small, key=lambda a: (_likeness(a.name, teacher.name), a.total_parameters), default=None)


def _likeness(name: str, other: str) -> int:
    """How many characters two names begin alike with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(name, other, strict=False)))


def _is_for_other_work(model: str) -> bool:
    return bool(OTHER_WORK & set(re.split(r"[^a-z]+", model.lower())))


@lru_cache(maxsize=8)
def _offers(as_of: date, provider: str) -> Iterable[ApiPrice]:
    return tuple(listing(as_of, provider))
