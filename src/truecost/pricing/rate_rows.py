"""Every price as flat rows: what a columnar join looks up, and a single call too.

The catalog's rows say what a vendor lists. What is billed also follows rules (`truecost.pricing.rates`): a
tier without a cache price keeps the standard one, reasoning is output, a second price list fills in what the
first leaves out. Here both are expanded once: a row holds one price of one kind of token under one set of
conditions, between two days in which it was valid, as it was known between two others.

A token is looked up by equality in provider, model, region, token_kind, cache_life, service_tier and batch,
and by range (from included, to excluded, an empty `to` without end) in input_tokens of the request, the
minute of the UTC day, the day of use, and the day of knowledge. At most one row answers; none means that no
price is known, never that it is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from truecost.catalog.api_prices import (
    STANDARD,
    ApiPrice,
    NoOffer,
    PriceRow,
    offers,
    price_list,
    source_title,
)
from truecost.pricing.rates import KINDS, Rate, billed

if TYPE_CHECKING:
    from truecost.catalog.overlay import Overlay

BATCH = "batch"
LIVES = ("5m", "1h")
"""Lives of a cache write that are asked of every vendor; others come from its list."""
DAY_MINUTES = 24 * 60


class RateRow(NamedTuple):
    """One price of one kind of token, under which conditions and when; the fields are the exported columns.

    `usd_per_token` is USD for one of `unit` (token, request, search or image), exact. `input_tokens_from`
    and `_to` are what `context_above_tokens` and `context_inclusive` come to; the price holds for the whole
    request, and its cached tokens count. `rule` says why it is billed so where the vendor lists no price for
    exactly this. `reason` is why the price began, where that is on record.
    """

    provider: str
    model: str
    region: str
    token_kind: str
    cache_life: str
    service_tier: str
    batch: bool
    context_above_tokens: int
    context_inclusive: bool
    context_whole_request: bool
    context_counts_cached: bool
    input_tokens_from: int
    input_tokens_to: int | None
    utc_minute_from: int
    utc_minute_to: int
    valid_from: date
    valid_to: date | None
    known_from: date
    known_to: date | None
    usd_per_token: Decimal
    unit: str
    rule: str
    reason: str
    source: str
    checked: date
    confidence: str


COLUMN_TYPES: Mapping[str, str] = {
    "provider": "VARCHAR", "model": "VARCHAR", "region": "VARCHAR", "token_kind": "VARCHAR",
    "cache_life": "VARCHAR", "service_tier": "VARCHAR", "batch": "BOOLEAN",
    "context_above_tokens": "BIGINT", "context_inclusive": "BOOLEAN", "context_whole_request": "BOOLEAN",
    "context_counts_cached": "BOOLEAN", "input_tokens_from": "BIGINT", "input_tokens_to": "BIGINT",
    "utc_minute_from": "INTEGER", "utc_minute_to": "INTEGER", "valid_from": "DATE", "valid_to": "DATE",
    "known_from": "DATE", "known_to": "DATE", "usd_per_token": "DECIMAL(18,15)", "unit": "VARCHAR",
    "rule": "VARCHAR", "reason": "VARCHAR", "source": "VARCHAR", "checked": "DATE", "confidence": "VARCHAR",
}  # fmt: skip
"""The SQL type of every column, in order."""

Offer: TypeAlias = tuple[str, str, str]
"""Provider, model, region."""
Span: TypeAlias = tuple[date, "date | None"]
_ALWAYS: Span = (date.min, None)


def all_rate_rows(laid_over: Overlay | None = None) -> Iterator[RateRow]:
    """Every rate row of the catalog, a user's overlay laid over it where one is given."""
    listed = offers()
    for offer, rows in listed.items():
        yield from _expanded(offer, rows, laid_over)
    sold = {offer[:2] for offer in listed}
    for provider, model in laid_over.prices if laid_over else ():
        if (provider, model) not in sold:
            yield from offer_rate_rows((provider, model, ""), (), laid_over)


@lru_cache(maxsize=4096)
def _shipped_rows(offer: Offer, rows: tuple[PriceRow, ...]) -> tuple[RateRow, ...]:
    return tuple(_expanded(offer, rows, None))


def offer_rate_rows(
    offer: Offer, rows: Iterable[PriceRow], laid_over: Overlay | None = None
) -> tuple[RateRow, ...]:
    """The rate rows of one provider's model in one region, from the catalog's rows of any that hold it."""
    mine = tuple(row for row in rows if (row.provider, row.model, row.region) == offer)
    if laid_over is None:
        return _shipped_rows(offer, mine)
    if mine:
        return tuple(_expanded(offer, mine, laid_over))
    own = laid_over.own_price(offer[1], date.max, offer[0])
    return tuple(row for row in _priced(own, offer)) if own is not None else ()


def _expanded(offer: Offer, rows: Sequence[PriceRow], laid_over: Overlay | None) -> Iterator[RateRow]:
    """The rows of an offer for every span of days of use and of knowledge, joined where nothing differs."""
    ends = {row.valid_until for row in rows if row.valid_until}
    used = _spans({row.valid_from for row in rows} | ends)
    known = _spans({row.known_from for row in rows} | {row.end_known_from for row in rows} - {None})
    seen: dict[tuple[int, ...], tuple[RateRow, ...]] = {}
    found: dict[tuple[RateRow, Span], list[Span]] = {}
    for knowledge in known:
        by_row: dict[RateRow, list[Span]] = {}
        for use in used:
            price = price_list(rows, use[0], knowledge[0])
            if price is None:
                continue
            key = tuple(sorted(map(id, price.rows)))
            if key not in seen:
                seen[key] = tuple(_priced(laid_over.priced(price) if laid_over else price, offer))
            for row in seen[key]:
                _extend(by_row.setdefault(row, []), use)
        for row, spans in by_row.items():
            for use in spans:
                _extend(found.setdefault((row, use), []), knowledge)
    for (row, use), spans in found.items():
        for span in spans:
            yield row._replace(valid_from=use[0], valid_to=use[1], known_from=span[0], known_to=span[1])


def _spans(days: Iterable[date | None]) -> list[Span]:
    """The spans between neighbouring days, the last without an end."""
    ordered = sorted(day for day in set(days) if day is not None)
    return list(zip(ordered, [*ordered[1:], None], strict=True))


def _extend(spans: list[Span], more: Span) -> None:
    """Lengthen the last of some spans by one that begins where it ends, or add it."""
    if spans and spans[-1][1] == more[0]:
        spans[-1] = (spans[-1][0], more[1])
    else:
        spans.append(more)


def _priced(price: ApiPrice, offer: Offer) -> Iterator[RateRow]:
    """The rate rows of a price list, for all days; what a tier does not sell has none."""
    for tier in price.tiers:
        for kind in KINDS:
            for life in _lives(price) if kind == "cache_write" else ("",):
                try:
                    found = billed(price, kind, tier, cache_lifetime=life or "5m")
                except NoOffer:
                    continue
                if found is not None:
                    yield from _flat(found, offer, tier, life)


def _lives(price: ApiPrice) -> list[str]:
    sold = {row.cache_lifetime for row in price.rows if row.kind == "cache_write" and row.cache_lifetime}
    return sorted({*LIVES, *sold})


def _flat(found: Rate, offer: Offer, tier: str, life: str) -> Iterator[RateRow]:
    """One row for each context tier and window of the day."""
    begins = [0, *(step.above_tokens + (not step.inclusive) for step in found.steps)]
    above = [(0, False, found.rows), *((s.above_tokens, s.inclusive, s.rows) for s in found.steps)]
    for begin, end, (threshold, inclusive, rows) in zip(begins, [*begins[1:], None], above, strict=True):
        for minute_from, minute_to, row in _windows(rows):
            yield RateRow(
                *offer, found.kind, life, STANDARD if tier == BATCH else tier, tier == BATCH,
                threshold, inclusive, True, True, begin, end, minute_from, minute_to,
                *_ALWAYS, *_ALWAYS, row.usd_per_token, row.unit, found.note, row.reason,
                source_title(row.source), row.checked, row.confidence.value,
            )  # fmt: skip


def _windows(rows: Sequence[PriceRow]) -> list[tuple[int, int, PriceRow]]:
    """The minutes of the UTC day and the row that holds in them; a window goes before a whole-day price."""
    taken: list[tuple[int, int, PriceRow]] = []
    for row in rows:
        if row.utc_from is not None and row.utc_until is not None:
            first, last = (clock.hour * 60 + clock.minute for clock in (row.utc_from, row.utc_until))
            parts = ((first, last),) if first < last else ((first, DAY_MINUTES), (0, last))
            taken += [(*part, row) for part in parts if part[0] < part[1]]
    taken.sort(key=lambda window: window[:2])
    whole = next((row for row in rows if row.utc_from is None), None)
    if whole is None:
        return taken
    edges = [0, *(edge for window in taken for edge in window[:2]), DAY_MINUTES]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return sorted([*taken, *((a, b, whole) for a, b in gaps if a < b)], key=lambda window: window[:2])
