"""The prices of the models in a store, as the table `rates` that usage is joined with.

Built of the rows of `truecost.pricing.rate_rows`, which a single call looks up too. Those are one a kind of
token; here the kinds stand side by side, cut where the price of any of them changes: by the input tokens of a
request, the minute of the UTC day, the day of use. So a request meets at most one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise, product
from typing import TYPE_CHECKING, Any

from truecost.catalog.names import UnknownName
from truecost.ledger.chip_rates import chip_rents
from truecost.ledger.engine import Connection, name
from truecost.pricing.book import Book, Cell, book, book_of
from truecost.pricing.rate_rows import RateRow

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

ANY_LENGTH = 1_000_000_000_000
MINUTES_PER_DAY = 1440
PRICES: Mapping[str, tuple[str, str]] = {
    "input_usd": ("input", ""),
    "cache_read_usd": ("cache_read", ""),
    "cache_write_5m_usd": ("cache_write", "5m"),
    "cache_write_1h_usd": ("cache_write", "1h"),
    "output_usd": ("output", ""),
    "reasoning_usd": ("reasoning", ""),
    "audio_input_usd": ("audio_input", ""),
    "audio_output_usd": ("audio_output", ""),
    "image_usd": ("image", ""),
    "search_usd": ("search", ""),
    "request_usd": ("request", ""),
}
"""Columns of USD for one of a kind of token, and the life of a cache write; NULL where no price is known."""
COLUMNS: Mapping[str, str] = {
    "provider": "VARCHAR", "model": "VARCHAR", "region": "VARCHAR", "service_tier": "VARCHAR",
    "batch": "BOOLEAN",
    "input_tokens_from": "BIGINT", "input_tokens_to": "BIGINT",
    "utc_minute_from": "INTEGER", "utc_minute_to": "INTEGER", "valid_from": "DATE", "valid_to": "DATE",
    **dict.fromkeys(PRICES, "DECIMAL(18,15)"),
    "chip_hour_usd": "DECIMAL(18,15)", "by_length": "BOOLEAN",
    "search_is_estimate": "BOOLEAN", "priced_as": "VARCHAR", "is_estimate": "BOOLEAN",
    "rules": "VARCHAR", "sources": "VARCHAR",
}  # fmt: skip
"""Name and type of every column; provider, model and region are as the logs have them, `to` is excluded."""


@dataclass(frozen=True, slots=True)
class Named:
    """A model, or a chip of which hours were used, as logs name it; the first and last day of its use."""

    provider: str
    model: str
    region: str
    first_day: date
    last_day: date
    is_chip: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a model has no price at all, and names that are near."""

    why: str
    nearest: tuple[str, ...] = ()


def make_rates(
    connection: Connection, models: Iterable[Named], as_known: date, catalog: Catalog | None = None
) -> dict[tuple[str, str, str], Unknown]:
    """The table `rates` for these models by what was known on a day; returns those without one, and why.

    The prices of an overlay of `catalog` go before those that ship.
    """
    rows: list[tuple[Any, ...]] = []
    unknown: dict[tuple[str, str, str], Unknown] = {}
    for named in models:
        key = (named.provider, named.model, named.region)
        try:
            priced = _chip_rates if named.is_chip else _rates_of
            found = priced(named, as_known, catalog)
            rows += (key + row for row in found)
        except UnknownName as error:
            unknown[key] = Unknown(f"unknown {error.kind} {error.name!r}", tuple(error.nearest))
        except LookupError as error:
            unknown[key] = Unknown(str(error))
    fill(connection, "rates", COLUMNS, rows)
    return unknown


def fill(
    connection: Connection, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
) -> None:
    """A temporary table of columns and their types, with rows of values as they are or as text."""
    typed = ", ".join(f"{name(one)} {kind}" for one, kind in columns.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name(table)} ({typed})")
    if rows:
        lists = [[None if one is None else str(one) for one in column] for column in zip(*rows, strict=True)]
        chosen = ", ".join(f"CAST(unnest(?) AS {kind})" for kind in columns.values())
        connection.execute(f"INSERT INTO {name(table)} SELECT {chosen}", lists)


def _rates_of(named: Named, as_known: date, catalog: Catalog | None) -> list[tuple[Any, ...]]:
    """The columns behind provider, model and region, of the days of use.

    A name may mean another offer on another day, so each span between two days on which a price changes is
    looked up as a single call looks it up. Raises LookupError where no day has a price.
    """
    if not named.model:
        raise LookupError("the log names no model")
    provider = named.provider or None
    if catalog is None:
        found = book(named.model, provider, named.region)
    else:
        found = book_of(catalog, named.model, provider, named.region)
    cuts = [day for day in found.used if named.first_day < day <= named.last_day]
    spans = list(pairwise([named.first_day, *cuts, named.last_day + timedelta(1)]))
    rows: list[tuple[Any, ...]] = []
    missing: LookupError | None = None
    for offered, group in groupby(spans, key=lambda span: _cell(found, span[0], as_known)):
        days = list(group)
        if isinstance(offered, LookupError):
            missing = offered
        else:
            rows += side_by_side(offered.rows, (days[0][0], days[-1][1]))
    if not rows and missing is not None:
        raise missing
    return rows


def _chip_rates(named: Named, as_known: date, catalog: Catalog | None) -> Iterator[tuple[Any, ...]]:
    """The columns behind provider, model and region of a chip whose hours were used."""
    nothing = (None,) * len(PRICES)
    days = (named.first_day, named.last_day + timedelta(1))
    for rent in chip_rents(named.model, days, as_known, catalog):
        span = (0, ANY_LENGTH, 0, MINUTES_PER_DAY, rent.valid_from, rent.valid_to)
        about = (rent.priced_as, True, "the middle of what is asked on the market", rent.source)
        yield (rent.term, False, *span, *nothing, format(rent.usd_per_chip_hour, "f"), False, False, *about)


def _cell(found: Book, day: date, as_known: date) -> Cell | LookupError:
    try:
        return found.cell(day, as_known)
    except LookupError as error:
        return error


def side_by_side(rows: Iterable[RateRow], window: tuple[date, date]) -> Iterator[tuple[Any, ...]]:
    """All kinds of token of one tier between two cuts, within the days of a window."""
    begin, stop = window
    known = [row for row in rows if row.valid_from < stop and (row.valid_to is None or begin < row.valid_to)]
    for tier, batch in sorted({(row.service_tier, row.batch) for row in known}):
        mine = [row for row in known if (row.service_tier, row.batch) == (tier, batch)]
        lengths = _cuts([(row.input_tokens_from, row.input_tokens_to or ANY_LENGTH) for row in mine])
        minutes = _cuts([(row.utc_minute_from, row.utc_minute_to) for row in mine])
        days = _cuts([(max(row.valid_from, begin), min(row.valid_to or stop, stop)) for row in mine])
        for (shortest, longest), (minute, until), (first, end) in product(lengths, minutes, days):
            here = [
                row for row in mine
                if row.input_tokens_from <= shortest and longest <= (row.input_tokens_to or ANY_LENGTH)
                and row.utc_minute_from <= minute and until <= row.utc_minute_to
                and row.valid_from <= first and end <= (row.valid_to or stop)
            ]  # fmt: skip
            if here:
                spans = (shortest, longest, minute, until, first, end)
                yield (tier, batch, *spans, *_prices(here, by_length=len(lengths) > 1))


def _cuts(spans: Sequence[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    return list(pairwise(sorted({end for span in spans for end in span})))


def _prices(here: Sequence[RateRow], *, by_length: bool) -> Iterator[Any]:
    """One price a kind, what was priced, whether one is an estimate, the rules and the sources."""
    by_kind: dict[tuple[str, str], RateRow] = {(row.token_kind, row.cache_life): row for row in here}
    for kind in PRICES.values():
        found: Decimal | None = by_kind[kind].usd_per_token if kind in by_kind else None
        yield None if found is None else format(found, "f")
    yield None
    yield by_length
    guessed = {row.token_kind for row in here if row.confidence == "estimate"}
    yield "search" in guessed
    one = here[0]
    yield f"{one.provider}/{one.model}" + (f" ({one.region})" if one.region else "")
    yield bool(guessed - {"search"})
    yield "; ".join(dict.fromkeys(row.rule for row in here if row.rule))
    yield "; ".join(dict.fromkeys(row.source for row in here))
