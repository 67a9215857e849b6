"""Answers kept and given again, and prompts whose beginning the vendor or the engine keeps."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.advise.assignments import assignment
from truecost.advise.levers.lever import (
    NO_TOKENS,
    UNKNOWN_API_LATENCY,
    Case,
    Lever,
    Outcome,
    already,
    lowest,
    middle,
)

RESPONSES = "Cache whole responses"
PREFIXES = "Cache the beginning of prompts"


def response_cache(case: Case) -> Iterator[Outcome]:
    """A share of the calls is answered from what was answered before."""
    if case.levers.response_cache is not None:
        yield case.why_not("response_cache", RESPONSES, already(case.levers.response_cache.hit_rate))
        return
    hits, lookup = case.rate("response_cache_hit_rate"), case.rate("response_cache_usd_per_lookup")
    lever = {"hit_rate": hits.value, "usd_per_lookup": lookup.value}
    yield Lever(
        f"response_cache.{case.name}",
        RESPONSES,
        case.name,
        (assignment(f"{case.path}.levers.response_cache", lever),),
        quality="whether the answer to a like question is right for this one; false hits, stale answers",
        latency="a hit answers at once; looking up adds some milliseconds to every call, not counted",
        assumed=(hits, lookup),
    )


def prefix_cache(case: Case) -> Iterator[Outcome]:
    """Input that was read a moment before is billed, or computed, for less."""
    family = "prefix_cache"
    if case.used == "quoted":
        yield case.why_not(family, PREFIXES, NO_TOKENS)
        return
    share, writes = case.rate("prefix_cache_share"), case.rate("prefix_cache_write_share")
    stated = case.request.cacheable_share
    if stated is not None and middle(stated) >= lowest(share.value):
        yield case.why_not(family, PREFIXES, already(stated))
        return
    at = f"demand.requests.{case.name}"
    sets = [assignment(f"{at}.cacheable_share", share.value)]
    assumed = [share]
    api = case.serving.api
    if case.used == "api" and api is not None:
        price = case.catalog.prices(api.model, case.as_of, api.provider)
        if not price.has("cache_read"):
            yield case.why_not(family, PREFIXES, f"no price of cached input is on record for {api.model}")
            return
        if price.has("cache_write") and case.request.cache_write_share is None:
            sets.append(assignment(f"{at}.cache_write_share", writes.value))
            assumed.append(writes)
    yield Lever(
        f"{family}.{case.name}",
        PREFIXES,
        case.name,
        tuple(sets),
        quality="the answers stay the same; whether prompts begin alike and follow each other closely enough",
        latency=UNKNOWN_API_LATENCY
        if case.used == "api"
        else "less input is computed before the first token",
        assumed=tuple(assumed),
        idle="next to nothing is paid for input tokens here",
    )
