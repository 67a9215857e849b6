"""API prices: what a provider charges per token on a day, by kind, service tier, region and prompt length.

A price is a row; variants are its columns, never suffixes of a name. The rows are `data/api_prices.csv.gz`,
the names they go by `data/api_prices_names.csv.gz`, and who says so `data/api_prices_sources.csv`; all three
are written by `scripts/import_api_prices.py`. Rows of one model lie together, so one look-up decompresses
the file and reads a few dozen lines of it.

Before the first day a price is known it is unknown, not unchanged: asking for it is an error.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from functools import cache, lru_cache

from truecost.catalog.api_price_names import (
    GEOGRAPHY,
    HOSTS,
    MAKERS,
    find,
    lines_starting,
    nearest,
    read_table,
    split_provider,
)
from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.names import UnknownName

STANDARD = "standard"
BY_THE_PIECE = frozenset({"request", "search", "image"})
"""Kinds that are no token: a request, a web search, an image."""


class NoOffer(LookupError):  # noqa: N818 - the name says what happened
    """The provider has no known price for what was asked (a tier, a cache lifetime); says what it has."""


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price: for what, under which conditions, when, and who says so.

    `context_above_tokens` is 0 for the base price; otherwise the row prices *every* token of a request whose
    whole input (cached tokens included) is above that many tokens, or at it when `inclusive`. `utc_from` and
    `utc_until` bound a daily window. `usd_per_token` is exact; of kinds `request`, `search` and `image` it is
    USD for one. `reason` is why the price began where that is on record: `change`, `correction`, `promotion`,
    `scheduled`.
    """

    name: str
    provider: str
    model: str
    kind: str
    cache_lifetime: str
    tier: str
    region: str
    context_above_tokens: int
    inclusive: bool
    utc_from: time | None
    utc_until: time | None
    usd_per_token: Decimal
    valid_from: date
    valid_until: date | None
    known_from: date
    source: str
    checked: date
    confidence: Confidence
    reason: str = ""
    end_known: date | None = None
    """From when it was known that it ends, where an update of the list said so."""

    @property
    def condition(self) -> tuple[str, str, str, int]:
        """What distinguishes this price from the model's others: kind, tier, cache lifetime, context tier."""
        return self.kind, self.tier, self.cache_lifetime, self.context_above_tokens

    @property
    def share_of_day(self) -> float:
        """Share of the day in which this price holds (1 without a window).

        Windows are taken on all seven days: where a vendor lifts them at weekends, the mean is a little high.
        """
        if self.utc_from is None or self.utc_until is None:
            return 1.0
        hours = _hours(self.utc_until) - _hours(self.utc_from)
        return (hours if hours > 0 else hours + 24) / 24

    def holds(self, as_of: date, known_at: date | None = None) -> bool:
        """Whether this price was in force on a day; with `known_at`, whether it seemed to be by then."""
        if self.valid_from > as_of or (known_at is not None and self.known_from > known_at):
            return False
        if self.valid_until is None or as_of < self.valid_until:
            return True
        return known_at is not None and self.end_known_from is not None and known_at < self.end_known_from

    @property
    def end_known_from(self) -> date | None:
        """From which day it was known when this price ends: that day, or the day an end to come was read."""
        if self.valid_until is None or self.end_known is not None:
            return self.end_known
        return min(self.valid_until, self.checked)

    @property
    def unit(self) -> str:
        """What one of its kind is: a token, a request, a web search or an image."""
        return self.kind if self.kind in BY_THE_PIECE else "token"


@dataclass(frozen=True, slots=True)
class ApiPrice:
    """All prices of one model at one provider, in one region, on one day."""

    provider: str
    model: str
    as_of: date
    rows: tuple[PriceRow, ...]
    choice: str = ""
    """Why this provider and region, when the name alone did not say."""

    @property
    def at_list(self) -> ApiPrice:
        """The vendor's own list: this one, or the one that a negotiated price was laid over."""
        return self

    def has(self, kind: str, tier: str = STANDARD, *, cache_lifetime: str = "5m") -> bool:
        """Whether a price of this kind is known for a tier (and, for cache writes, a lifetime)."""
        return bool(self.rows_for(kind, tier, cache_lifetime=cache_lifetime))

    @property
    def tiers(self) -> tuple[str, ...]:
        """The service tiers with a price, e.g. ('batch', 'priority', 'standard')."""
        return tuple(sorted({row.tier for row in self.rows}))

    def context_tiers(self, tier: str = STANDARD) -> tuple[tuple[int, bool], ...]:
        """Prompt lengths (tokens) at which the price of the whole request changes, and whether inclusive."""
        found = {(row.context_above_tokens, row.inclusive) for row in self.rows if row.tier == tier}
        return tuple(sorted(pair for pair in found if pair[0]))

    def fact(
        self,
        kind: str,
        tier: str = STANDARD,
        *,
        context_above_tokens: int = 0,
        cache_lifetime: str = "5m",
    ) -> Fact:
        """The price of one kind of token in USD/token, with its source and date.

        A price that changes through the day is given as its mean over 24 hours of even use. Raises NoOffer
        when the provider has no such price; what to bill instead is a rule of `truecost.pricing`.
        """
        rows = self.rows_for(
            kind, tier, context_above_tokens=context_above_tokens, cache_lifetime=cache_lifetime
        )
        if not rows:
            asked = kind if tier == STANDARD else f"{kind} at tier {tier!r}"
            raise NoOffer(
                f"{self.provider}/{self.model} has no known price for {asked} on {self.as_of}; "
                f"tiers with a price: {', '.join(self.tiers)}"
            )
        whole_day = [row for row in rows if row.utc_from is None]
        windows = [row for row in rows if row.utc_from is not None]
        shown = (whole_day or windows)[0]
        value = sum(float(row.usd_per_token) * row.share_of_day for row in windows)
        if whole_day:
            value += float(shown.usd_per_token) * (1 - sum(row.share_of_day for row in windows))
        return Fact(
            key=f"price/{self.provider}/{self.model}/{kind}" + ("" if tier == STANDARD else f"/{tier}"),
            value=value,
            unit=f"USD/{shown.unit}",
            source=source_title(shown.source),
            checked=shown.checked,
            confidence=shown.confidence,
            note=_note(shown, windows),
        )

    def rows_for(
        self,
        kind: str,
        tier: str = STANDARD,
        *,
        context_above_tokens: int = 0,
        cache_lifetime: str = "5m",
    ) -> list[PriceRow]:
        """The rows behind a price: one, or one for each window of the day; none where none is known."""
        found = [
            row
            for row in self.rows
            if row.kind == kind and row.tier == tier and row.context_above_tokens == context_above_tokens
        ]
        if kind != "cache_write":
            return found
        accepted = ("5m", "") if cache_lifetime == "5m" else (cache_lifetime,)
        return [row for row in found if row.cache_lifetime in accepted]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two sources that state different prices for the same thing on the same day (USD/token by source)."""

    provider: str
    model: str
    region: str
    kind: str
    usd_per_token: Mapping[str, float]
    ratio: float


def prices(
    model: str,
    as_of: date,
    provider: str | None = None,
    *,
    region: str = "",
    known_at: date | None = None,
) -> ApiPrice:
    """What `model` costs on a day.

    `model` may be the vendor's id, with its date ("gpt-4.1-mini-2025-04-14"), a provider's path
    ("openai/gpt-4.1"), a Bedrock id, inference profile or ARN. Without `provider`, the model's maker is
    taken; without a maker, the provider of median price; `choice` says which and why. With `known_at`, only
    prices that were public by that day count, so a past bill can be re-priced as known then.

    Raises UnknownName (with the nearest names) for a model nobody lists, and LookupError when it is listed
    but no price is known for that day.

    >>> price = prices("openai/gpt-4.1-mini", date(2026, 11, 22))
    >>> price.provider, price.fact("input").value
    ('openai', 4e-07)
    """
    named = named_rows(model, provider)
    rows, region = named.rows, region or named.region
    valid = [row for row in rows if row.holds(as_of, known_at)]
    if not valid:
        first = min(row.valid_from for row in rows)
        by_then = f" by what was known on {known_at}" if known_at else ""
        raise LookupError(f"no API price of {model!r} is known on {as_of}{by_then}; the first is of {first}")
    if known_at is not None:
        valid = _as_known(valid)
    offers = _by_offer(valid, as_of)
    return _choose(offers, region, named.by_provider)


@dataclass(frozen=True, slots=True)
class NamedRows:
    """Every price on record under a name, the region in the name, and whether the name says the provider."""

    rows: tuple[PriceRow, ...]
    region: str
    by_provider: bool


def named_rows(model: str, provider: str | None = None) -> NamedRows:
    """All prices of all days of a model, by whichever provider it may be. Raises UnknownName as `prices`."""
    wanted, named = split_provider(model, provider)
    geography = GEOGRAPHY.match(wanted) if named == "aws" else None
    found = find(wanted, named)
    if not found and provider is None:
        found, named = find(model, None), None
    if not found:
        raise UnknownName("model with an API price", model, nearest(wanted, named))
    rows = (row for key in found for row in _rows_named(key[0]) if (row.provider, row.model) == key[1:])
    return NamedRows(tuple(rows), geography[1] if geography else "", named is not None)


def price_list(rows: Iterable[PriceRow], as_of: date, known_at: date | None = None) -> ApiPrice | None:
    """What rows of one provider, model and region come to on a day; None where no price is known then."""
    valid = [row for row in rows if row.holds(as_of, known_at)]
    offers = _by_offer(valid if known_at is None else _as_known(valid), as_of)
    return offers[0] if offers else None


def offers() -> dict[tuple[str, str, str], list[PriceRow]]:
    """Every price of every day by provider, model and region."""
    found: dict[tuple[str, str, str], list[PriceRow]] = {}
    for row in _all_rows():
        found.setdefault((row.provider, row.model, row.region), []).append(row)
    return found


def listing(as_of: date, provider: str | None = None) -> list[ApiPrice]:
    """Every model, provider and region with a price on a day, in name order."""
    rows = (row for row in _all_rows() if row.holds(as_of) and provider in {None, row.provider})
    return _by_offer(rows, as_of)


def disagreements(as_of: date, tolerance: float = 0.005) -> list[Disagreement]:
    """Where two sources state standard prices that differ by more than `tolerance`, largest ratio first.

    Of a price with peak hours a source may state any one; it is compared with the nearest of the other's.
    """
    stated: dict[tuple[str, str, str, str], dict[str, list[float]]] = {}
    for row in _all_rows():
        compared = row.kind in {"input", "output", "cache_read"} and row.tier == STANDARD
        if compared and not row.context_above_tokens and row.holds(as_of):
            key = (row.provider, row.model, row.region, row.kind)
            stated.setdefault(key, {}).setdefault(row.source, []).append(float(row.usd_per_token))
    found: list[Disagreement] = []
    for (provider, model, region, kind), by_source in stated.items():
        if len(by_source) == 1:
            continue
        ours, theirs = min(itertools.product(*list(by_source.values())[:2]), key=_ratio)
        if _ratio((ours, theirs)) > 1 + tolerance:
            named = dict(zip(map(source_title, by_source), (ours, theirs), strict=False))
            found.append(Disagreement(provider, model, region, kind, named, _ratio((ours, theirs))))
    return sorted(found, key=lambda item: (-item.ratio, item.provider, item.model, item.kind))


def _ratio(values: Iterable[float]) -> float:
    low, *_, high = sorted(values)
    return high / low if low else (1.0 if high == 0 else float("inf"))


def _by_offer(rows: Iterable[PriceRow], as_of: date) -> list[ApiPrice]:
    grouped: dict[tuple[str, str, str], list[PriceRow]] = {}
    for row in rows:
        grouped.setdefault((row.provider, row.model, row.region), []).append(row)
    return [
        ApiPrice(provider, model, as_of, _one_price_list(found))
        for (provider, model, _), found in grouped.items()
    ]


def _one_price_list(rows: list[PriceRow]) -> tuple[PriceRow, ...]:
    """One price per condition. The first source wins (rows come in order of rank).

    The second fills in a tier or kind that the first lacks only where both agree on the standard price: then
    they speak of the same price list.
    """
    ranked: dict[bool, list[PriceRow]] = {True: [], False: []}
    for row in rows:
        ranked[_second(row)].append(row)
    first, second = ranked[False], ranked[True]
    if not any(row.kind == "input" and row.tier == STANDARD for row in first):
        return tuple(second or first)
    if _standard(first) != _standard(second):
        return tuple(first)
    have = {row.condition for row in first}
    thresholds = {row.context_above_tokens for row in first}
    whole = {
        tier
        for tier in {row.tier for row in second}
        if {row.context_above_tokens for row in second if row.tier == tier} == thresholds
    }
    return (*first, *(row for row in second if row.condition not in have and row.tier in whole))


def _standard(rows: Iterable[PriceRow]) -> dict[str, Decimal]:
    return {
        row.kind: row.usd_per_token
        for row in rows
        if row.kind in {"input", "output"} and row.tier == STANDARD and not row.context_above_tokens
    }


def _second(row: PriceRow) -> bool:
    """Whether a row is of the list that comes second in rank."""
    return row.source.startswith("litellm")


def _as_known(rows: list[PriceRow]) -> list[PriceRow]:
    """Of rows that overlap because a later change was not known yet, the latest start of each condition."""

    def place(row: PriceRow) -> tuple[object, ...]:
        return row.provider, row.model, row.region, _second(row), row.condition

    latest: dict[tuple[object, ...], date] = {}
    for row in rows:
        latest[place(row)] = max(latest.get(place(row), date.min), row.valid_from)
    return [row for row in rows if latest[place(row)] == row.valid_from]


def _choose(offers: list[ApiPrice], region: str, provider_named: bool) -> ApiPrice:
    """One offer of several: the maker's, else the host of median price; then the region asked for."""
    chosen, why = _choose_provider(offers)
    if provider_named:
        why = ""
    newest = sorted(offers, key=_newest)
    regions = {offer.rows[0].region: offer for offer in newest if offer.provider == chosen}
    order = ("", "global", "regional", "us") if region in {"", "global"} else ("regional", "", "global", "us")
    taken = region if region in regions else next((name for name in order if name in regions), min(regions))
    if taken != region:
        where = f"price of region {taken!r}" if taken else f"no price of region {region!r}, the list price"
        why = f"{why}; {where}" if why else where
    return replace(regions[taken], choice=why)


def _newest(offer: ApiPrice) -> date:
    """From when an offer's newest price is, but for fees of searches: those are dated when they were read."""
    return max((row.valid_from for row in offer.rows if row.kind != "search"), default=date.min)


def _choose_provider(offers: list[ApiPrice]) -> tuple[str, str]:
    providers = {offer.provider for offer in offers}
    if len(providers) == 1:
        return offers[0].provider, f"{offers[0].provider} is the only provider listed"
    maker = next((name for name in MAKERS if name in providers), None)
    if maker:
        return maker, f"{maker} made the model; other providers of it: {len(providers) - 1}"
    running = [offer for offer in offers if offer.provider in HOSTS] or offers
    ordered = sorted(running, key=lambda offer: (_level(offer), offer.provider))
    median = ordered[(len(ordered) - 1) // 2].provider
    return median, f"{median} has the median price of {len({offer.provider for offer in running})} hosts"


def _level(offer: ApiPrice) -> float:
    return sum(float(value) for value in _standard(offer.rows).values())


def _hours(clock: time) -> float:
    return clock.hour + clock.minute / 60


def _note(row: PriceRow, windows: list[PriceRow]) -> str:
    parts = [f"holds from {row.valid_from}" + (f" until {row.valid_until}" if row.valid_until else "")]
    if windows:
        parts.append("mean over the day of a price with peak hours")
    return "; ".join(parts)


@cache
def _sources() -> dict[str, str]:
    rows = csv.DictReader(read_table("api_prices_sources.csv").splitlines())
    return {row["id"]: f"{row['title']}{', ' if row['url'] else ''}{row['url']}" for row in rows}


def source_title(identifier: str) -> str:
    """The title and address of a source; the source of an overlay's price is in words already."""
    return _sources().get(identifier, identifier)


@lru_cache(maxsize=256)
def _rows_named(name: str) -> tuple[PriceRow, ...]:
    return tuple(_row(cells) for cells in csv.reader(lines_starting(read_table("api_prices.csv.gz"), name)))


def _all_rows() -> Iterator[PriceRow]:
    return (_row(cells) for cells in csv.reader(read_table("api_prices.csv.gz").splitlines()[1:]))


def _row(cells: list[str]) -> PriceRow:
    (name, provider, model, kind, lifetime, tier, region, above, rule, utc_from, utc_until, usd,
     valid_from, valid_until, known_from, source, checked, confidence, reason,
     *end_known) = cells  # fmt: skip
    return PriceRow(
        name, provider, model, kind, lifetime, tier, region,
        int(above), rule == "whole_request_inclusive",
        time.fromisoformat(utc_from) if utc_from else None,
        time.fromisoformat(utc_until) if utc_until else None,
        Decimal(usd),
        date.fromisoformat(valid_from),
        date.fromisoformat(valid_until) if valid_until else None,
        date.fromisoformat(known_from),
        source,
        date.fromisoformat(checked),
        Confidence(confidence),
        reason,
        date.fromisoformat(end_known[0]) if end_known and end_known[0] else None,
    )  # fmt: skip
