"""The book of a name: which rate rows price it, by day of use and day of knowledge.

A name means a provider, a model and a region on a day (`truecost.catalog.api_prices.prices`); between two
days on which anything changes it means the same, so each such span is looked up once and kept.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from truecost.catalog.api_prices import NamedRows, PriceRow, named_rows, prices
from truecost.catalog.names import UnknownName
from truecost.pricing.rate_rows import Offer, RateRow, offer_rate_rows

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.catalog.overlay import Overlay

Sold: TypeAlias = tuple[str, bool]
"""A service tier, and whether as a batch."""
Billed: TypeAlias = tuple[str, str]
"""A kind of token, and the life of a cache write."""
Rates: TypeAlias = dict[Sold, dict[Billed, tuple[RateRow, ...]]]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a name means in one span of days: the offer, why that one, and its rates by tier and kind."""

    offer: Offer
    choice: str
    rates: Rates
    rows: tuple[RateRow, ...]
    """The offer's rows of all days, as known then."""
    every: tuple[RateRow, ...]
    """The same as known at any time."""
    listed: tuple[PriceRow, ...]
    """The offer's rows in the price lists, of all days."""


@dataclass(frozen=True, slots=True)
class Book:
    """The spans of days between which the prices of a name change, and what is known of each span."""

    model: str
    provider: str | None
    region: str
    named: NamedRows
    used: tuple[date, ...]
    known: tuple[date, ...]
    laid_over: Overlay | None = None
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict[tuple[int, int], Cell])

    def cell(self, on: date, as_known: date | None = None) -> Cell:
        """The rates of a day, by all that is known or by what was known on another day.

        Raises LookupError when no price of that day is known.
        """
        at = bisect_right(self.used, on), -1 if as_known is None else bisect_right(self.known, as_known)
        found = self.cells.get(at)
        if found is None:
            found = self.cells[at] = self._looked_up(on, as_known)
        return found

    def _looked_up(self, on: date, as_known: date | None) -> Cell:
        offer, choice = self._offer(on, as_known)
        every = offer_rate_rows(offer, self.named.rows, self.laid_over)
        rows = tuple(row for row in every if _known(row, as_known))
        rates: Rates = {}
        for row in rows:
            if row.valid_from <= on and (row.valid_to is None or on < row.valid_to):
                kinds = rates.setdefault((row.service_tier, row.batch), {})
                at = row.token_kind, row.cache_life
                kinds[at] = (*kinds.get(at, ()), row)
        listed = tuple(row for row in self.named.rows if (row.provider, row.model, row.region) == offer)
        return Cell(offer, choice, rates, rows, every, listed)

    def _offer(self, on: date, as_known: date | None) -> tuple[Offer, str]:
        try:
            price = prices(self.model, on, self.provider, region=self.region, known_at=as_known)
        except (LookupError, UnknownName):
            own = self.laid_over.own_price(self.model, on, self.provider) if self.laid_over else None
            if own is None:
                raise
            price = own
        return (price.provider, price.model, price.rows[0].region), price.choice


def _known(row: RateRow, as_known: date | None) -> bool:
    if as_known is None:
        return row.known_to is None
    return row.known_from <= as_known and (row.known_to is None or as_known < row.known_to)


@lru_cache(maxsize=4096)
def book(model: str, provider: str | None = None, region: str = "") -> Book:
    """The book of a name by the catalog that ships. Raises UnknownName with the nearest names."""
    return _written(model, provider, region, None)


def book_of(catalog: Catalog, model: str, provider: str | None = None, region: str = "") -> Book:
    """The same by a catalog with an overlay, whose prices go before those that ship."""
    if catalog.laid_over is None:
        return book(model, provider, region)
    return _written(model, provider, region, catalog.laid_over)


def _written(model: str, provider: str | None, region: str, laid_over: Overlay | None) -> Book:
    try:
        named = named_rows(model, provider)
    except UnknownName:
        if laid_over is None or laid_over.own_price(model, date.max, provider) is None:
            raise
        named = NamedRows((), "", provider is not None)
    used = {day for row in named.rows for day in (row.valid_from, row.valid_until) if day}
    known = {day for row in named.rows for day in (row.known_from, row.end_known_from) if day}
    return Book(model, provider, region, named, tuple(sorted(used)), tuple(sorted(known)), laid_over)
