"""What the requests of a load cost by API: request by request, over sellers, with the tokenizers' range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from truecost.catalog.api_prices import ApiPrice
from truecost.pricing.api import Usage, api_cost_lines, billing_notes
from truecost.ranges import FloatArray, Value
from truecost.replay.points import Points
from truecost.replay.traffic import Load
from truecost.replay.ways.apis import Api
from truecost.replay.ways.prefixes import Integers, Mask, ideal_cache

ENDS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class ApiCost:
    """USD of a load: the seller in the middle with its parts, and what each seller would ask."""

    usd: Points
    parts: Mapping[str, Points]
    by_seller: tuple[tuple[ApiPrice, float], ...]
    seller: ApiPrice
    notes: tuple[str, ...]


def api_usd(api: Api, load: Load, asked: Mask | None = None) -> ApiCost:
    """What an API asks for the requests of a load, or for those `asked` of it.

    The middle is the seller of median price (the cheaper of the two in the middle). The interval spans the
    sellers (5 % to 95 % of their prices) and the tokens counted for one of the trace, as independent
    factors. Raises NoOffer where no seller prices what is used.
    """
    usage = usage_of(api, load, api.ratio.middle, asked)
    middles = [kinds(offer, usage, api) for offer in api.offers]
    totals = np.array([sum(one.values()) for one in middles])
    order = np.argsort(totals, kind="stable")
    at = int(order[(len(order) - 1) // 2])
    middle = float(totals[at])
    low, high = (float(end) for end in np.quantile(totals, ENDS))
    sellers = Points(1.0) if len(order) == 1 or middle == 0 else Points(1.0, low / middle, high / middle)
    counted = _counted(api, load, asked, (at, middle))
    spread = sellers * counted
    return ApiCost(
        usd=spread * middle,
        parts={kind: spread * usd for kind, usd in middles[at].items()},
        by_seller=tuple((api.offers[int(i)], float(totals[int(i)])) for i in order),
        seller=api.offers[at],
        notes=billing_notes(api.offers[at], usage),
    )


def _counted(api: Api, load: Load, asked: Mask | None, seller: tuple[int, float]) -> Points:
    """What the range of counted tokens does to the price of one seller: 1 with its ends."""
    at, middle = seller
    if api.ratio.p5 is None or api.ratio.p95 is None or middle == 0:
        return Points(1.0)
    offer = api.offers[at]
    low, high = (
        sum(kinds(offer, usage_of(api, load, end, asked), api).values()) / middle
        for end in (api.ratio.p5, api.ratio.p95)
    )
    return Points(1.0, low, high)


def usage_of(api: Api, load: Load, ratio: float, asked: Mask | None = None) -> Usage:
    """The requests as the vendor counts them: tokens of the trace x ratio, cached ones among them."""

    def counted(tokens: Integers) -> FloatArray:
        return np.asarray((tokens if asked is None else tokens[asked]) * ratio, dtype=np.float64)

    read: Value = 0.0
    written: Value = 0.0
    if api.cached:
        cached = ideal_cache(load, asked)
        read, written = counted(cached.read_tokens), counted(cached.write_tokens)
    return Usage(
        input_tokens=counted(load.input_tokens),
        output_tokens=counted(load.output_tokens),
        cache_read_tokens=read,
        cache_write_tokens=written,
    )


def kinds(offer: ApiPrice, usage: Usage, api: Api) -> dict[str, float]:
    """USD by kind of token: a share of the requests as a batch, the rest at once."""
    found: dict[str, float] = {}
    for batch, share in ((False, 1 - api.batch_share), (True, api.batch_share)):
        if share:
            for line in api_cost_lines(offer, usage, batch=batch):
                each = np.broadcast_to(np.asarray(line.usd), np.shape(usage.input_tokens))
                found[line.kind] = found.get(line.kind, 0.0) + share * float(np.sum(each))
    return found


def usd_of_seller(api: Api, offer: ApiPrice, load: Load, asked: Mask | None = None) -> float:
    """The middle alone, of one seller: quick, for a search."""
    return sum(kinds(offer, usage_of(api, load, api.ratio.middle, asked), api).values())
