"""What changed in the catalog between two days: prices, rentals, purchases and rates, by their own dates.

Only what is dated can be compared. A price whose first known day is the day its list was read has no date of
its own, and neither has a rate that is no series: both are counted, never called a change. Like is compared
with like: one record of an API price with itself, one seller's rent of a chip at a place with that seller's.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Literal, TypeAlias

from truecost.catalog.api_price_names import MAKERS, read_table
from truecost.catalog.catalog import Catalog
from truecost.catalog.facts import Fact
from truecost.catalog.hardware_prices import Quote, load_hardware_prices
from truecost.catalog.rates import ALWAYS
from truecost.ranges import Range

Kind: TypeAlias = Literal["changed", "added", "ended", "to_come"]
NOTICED = 1e-3
"""A price that moves by less than a thousandth is the same price, written or rounded otherwise."""
_SECOND_SOURCE = "litellm"
_TOKENS = ("input", "output", "cache_read", "cache_write", "reasoning", "audio_input", "audio_output")


@dataclass(frozen=True, slots=True)
class Move:
    """One fact on two days: None where it was not there; `by` says who sells or says it."""

    what: str
    by: str
    before: float | None
    after: float | None
    unit: str
    on: date | None
    """The day the later value is known from; of one that ended, the day it did."""
    source: str

    @property
    def size(self) -> float:
        """How far it moved, up or down: the log of the larger value over the smaller; inf from or to 0."""
        if self.before is None or self.after is None or self.before == self.after:
            return 0.0
        low, high = sorted((self.before, self.after))
        return math.log(high / low) if low > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Moves:
    """The changes of one section, the biggest first; `undated` counts what cannot be compared."""

    changed: tuple[Move, ...] = ()
    added: tuple[Move, ...] = ()
    ended: tuple[Move, ...] = ()
    to_come: tuple[Move, ...] = ()
    undated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Pulse:
    """What changed between two days, section by section."""

    since: date
    as_of: date
    read_on: date
    """The last day on which anything in the catalog was read."""
    prices: Moves
    rentals: Moves
    purchases: Moves
    rates: Moves


def pulse(catalog: Catalog, since: date, as_of: date) -> Pulse:
    """What changed in the shipped catalog after `since`, up to `as_of`. Raises ValueError if not in order."""
    if since >= as_of:
        raise ValueError(f"nothing lies between {since} and {as_of}: --since is a day before {as_of}")
    hardware = load_hardware_prices()
    return Pulse(
        since,
        as_of,
        max(fact.checked for fact in catalog.all_rates.latest()),
        price_moves(since, as_of),
        quote_moves(hardware.rentals, since, as_of, "USD/chip-hour"),
        quote_moves(hardware.purchases, since, as_of, "USD/chip"),
        rate_moves(catalog, since, as_of),
    )


@dataclass(slots=True)
class _Record:
    """One price of one offer through time, by one source: (from, until, USD, share of day, source) a row."""

    rows: list[tuple[str, str, float, float, str]] = field(
        default_factory=list[tuple[str, str, float, float, str]]
    )
    read_on: str = ""

    def at(self, day: str) -> float | None:
        """USD a token on a day: the mean over its hours where it changes through the day."""
        holding = [row for row in self.rows if row[0] <= day and (not row[1] or day < row[1])]
        if not holding:
            return None
        windows = sum(share for *_, share, _ in holding if share < 1)
        whole = next((usd for _, _, usd, share, _ in holding if share == 1), 0.0)
        return sum(usd * share for _, _, usd, share, _ in holding if share < 1) + whole * max(
            1 - windows, 0.0
        )

    def began(self, day: str) -> str:
        """The first day of the value in force on a day."""
        return max(row[0] for row in self.rows if row[0] <= day)

    def ended(self, day: str) -> str:
        """The last day on which a value of it ended, up to a day."""
        return max((row[1] for row in self.rows if row[1] and row[1] <= day), default="")


Offer: TypeAlias = tuple[str, str, str]
"""Provider, model, region."""
Condition: TypeAlias = tuple[str, str, str, str]
"""Kind of token, cache lifetime, service tier, tokens above which it holds."""


def price_moves(since: date, as_of: date) -> Moves:
    """API prices: each offer's telling change, offers that came and went, and what is announced for later.

    Of two sources of one price the first that has it on both days is taken, and only with itself.
    """
    first, last = since.isoformat(), as_of.isoformat()
    changed: list[Move] = []
    added: list[Move] = []
    ended: list[Move] = []
    later: list[Move] = []
    undated = unchanged = 0
    for offer, records in _records().items():
        moves = list(_changes(offer, records, first, last))
        later += _to_come(offer, records, last)
        then, now = (_on_record(records, day) for day in (first, last))
        if moves:
            changed.append(max(moves, key=_telling)[1])
        elif then and now:
            unchanged += 1
        elif now and (began := _first_dated(now, last)):
            added.append(_whole(offer, now, last, date.fromisoformat(began)))
        elif now:
            undated += 1
        elif then and (gone := max(record.ended(last) for record in then.values())) > first:
            ended.append(_whole(offer, then, first, date.fromisoformat(gone), over=True))
    ranked = (tuple(sorted(each, key=_makers_first)) for each in (changed, added, ended, later))
    return Moves(*ranked, undated=undated, unchanged=unchanged)


def _records() -> dict[Offer, dict[tuple[Condition, bool], _Record]]:
    """Every price by offer, condition and whether it is the second source that says it."""
    found: dict[Offer, dict[tuple[Condition, bool], _Record]] = {}
    for cells in csv.reader(read_table("api_prices.csv.gz").splitlines()[1:]):
        _, provider, model, kind, lifetime, tier, region, above, _, start, end, usd = cells[:12]
        valid_from, valid_until, _, source, checked, *_ = cells[12:]
        offer = found.setdefault((provider, model, region), {})
        at = (kind, lifetime, tier, above), source.startswith(_SECOND_SOURCE)
        record = offer.setdefault(at, _Record())
        record.rows.append((valid_from, valid_until, float(usd), _share_of_day(start, end), source))
        record.read_on = max(record.read_on, checked)
    return found


@cache
def _titles() -> dict[str, str]:
    """What stands behind the name of a price's source."""
    rows = csv.DictReader(read_table("api_prices_sources.csv").splitlines())
    return {row["id"]: ", ".join(part for part in (row["title"], row["url"]) if part) for row in rows}


def _share_of_day(start: str, end: str) -> float:
    if not start or not end:
        return 1.0
    hours = [int(clock[:2]) + int(clock[3:5]) / 60 for clock in (start, end)]
    return ((hours[1] - hours[0]) % 24 or 24) / 24


Records: TypeAlias = Mapping[tuple[Condition, bool], _Record]


def _on_record(records: Records, day: str) -> dict[Condition, _Record]:
    """The prices in force on a day, of each condition the first source's."""
    found: dict[Condition, _Record] = {}
    for (condition, _), record in sorted(records.items(), key=lambda item: item[0][1]):
        if condition not in found and record.at(day) is not None:
            found[condition] = record
    return found


def _telling(told: tuple[Condition, Move]) -> tuple[bool, float]:
    """What of an offer's changes is told: the price of input or output before others, the larger first."""
    (kind, _, tier, above), move = told
    return kind in _TOKENS[:2] and tier == "standard" and above == "0", move.size


def _changes(offer: Offer, records: Records, first: str, last: str) -> Iterator[tuple[Condition, Move]]:
    told: set[Condition] = set()
    for (condition, _), record in sorted(records.items(), key=lambda item: item[0][1]):
        before, after = record.at(first), record.at(last)
        if before is None or after is None or condition in told:
            continue
        told.add(condition)
        move = _move(offer, condition, record, (before, after, record.began(last)))
        if move.size > NOTICED:
            yield condition, move


def _to_come(offer: Offer, records: Records, last: str) -> list[Move]:
    """The next announced change of each price, the telling one of the offer."""
    found: list[tuple[Condition, Move]] = []
    for (condition, _), record in records.items():
        coming = sorted(row[0] for row in record.rows if row[0] > last)
        before = record.at(last)
        if coming and before is not None and (after := record.at(coming[0])) is not None:
            move = _move(offer, condition, record, (before, after, coming[0]))
            found += [(condition, move)] if move.size > NOTICED else []
    return [max(found, key=_telling)[1]] if found else []


def _move(
    offer: Offer, condition: Condition, record: _Record, told: tuple[float | None, float | None, str]
) -> Move:
    provider, model, region = offer
    before, after, on = told
    is_token = condition[0] in _TOKENS
    scale = 1e6 if is_token else 1.0
    return Move(
        f"{provider}/{model}" + (f", {region}" if region else "") + f": {_words(condition)}",
        provider,
        None if before is None else float(f"{before * scale:.10g}"),
        None if after is None else float(f"{after * scale:.10g}"),
        "USD/Mtok" if is_token else f"USD/{condition[0]}",
        date.fromisoformat(on),
        _titles().get(record.rows[-1][-1], record.rows[-1][-1]),
    )


def _words(condition: Condition) -> str:
    kind, lifetime, tier, above = condition
    parts = [kind.replace("_", " "), lifetime, "" if tier == "standard" else tier]
    return " ".join(part for part in parts if part) + (
        f" above {int(above):,} tokens" if above != "0" else ""
    )


def _first_dated(now: Mapping[Condition, _Record], last: str) -> str:
    """The first day of an offer, "" where nothing is known of it before its list was read."""
    days = [record.began(last) for record in now.values() if record.began(last) < record.read_on]
    return min(days, default="")


def _whole(
    offer: Offer, records: Mapping[Condition, _Record], day: str, on: date, *, over: bool = False
) -> Move:
    """An offer that came or went, told by its input price (or the first that it has)."""
    condition = min(records, key=lambda each: (each[2] != "standard", each[3] != "0", _order(each[0])))
    price = records[condition].at(day)
    before, after = (price, None) if over else (None, price)
    return _move(offer, condition, records[condition], (before, after, on.isoformat()))


def _biggest_first(move: Move) -> tuple[float, str]:
    return -move.size, move.what


def _order(kind: str) -> int:
    return _TOKENS.index(kind) if kind in _TOKENS else len(_TOKENS)


def _makers_first(move: Move) -> tuple[bool, float, str]:
    return move.by not in MAKERS, -move.size, move.what


def quote_moves(quotes: Sequence[Quote], since: date, as_of: date, unit: str) -> Moves:
    """Rentals or purchases: what a seller asked for the same again, and sellers new to a chip.

    Of several prices on one day the cheapest counts. A page without a date stands under the day it was read:
    such rows are counted as undated.
    """
    dated = [quote for quote in quotes if quote.date <= as_of and quote.date != quote.checked]
    undated = sum(since < quote.date <= as_of and quote.date == quote.checked for quote in quotes)
    offers: dict[tuple[str, str, str, str], list[Quote]] = {}
    for quote in dated:
        offers.setdefault((quote.chip, quote.terms, quote.seller, quote.location), []).append(quote)
    changed: list[Move] = []
    added: list[Move] = []
    unchanged = 0
    for offer, asked in offers.items():
        newest = _cheapest_of_last_day(asked, as_of)
        before = _cheapest_of_last_day(asked, since)
        if newest is None or newest.date <= since:
            continue
        move = _quoted(offer, before, newest, unit)
        if before is None:
            added.append(move)
        elif move.size > NOTICED:
            changed.append(move)
        else:
            unchanged += 1
    ranked = (tuple(sorted(moves, key=_biggest_first)) for moves in (changed, added))
    return Moves(*ranked, undated=undated, unchanged=unchanged)


def _cheapest_of_last_day(quotes: Iterable[Quote], day: date) -> Quote | None:
    known = [quote for quote in quotes if quote.date <= day]
    return min(known, key=lambda quote: (-quote.date.toordinal(), quote.usd), default=None)


def _quoted(offer: tuple[str, str, str, str], before: Quote | None, after: Quote, unit: str) -> Move:
    chip, terms, seller, location = offer
    where = f", {location}" if location else ""
    what = f"{chip} {terms.replace('_', ' ')}: {seller}{where}"
    usd = None if before is None else before.usd
    return Move(what, seller, usd, after.usd, unit, after.date, after.source)


def rate_moves(catalog: Catalog, since: date, as_of: date) -> Moves:
    """Rates that are dated series: those with a value from a day in between. The others are undated."""
    changed: list[Move] = []
    undated = unchanged = 0
    for key, series in catalog.all_rates.series.items():
        if len(series) == 1 and series[0][0] in {ALWAYS, date.min}:
            undated += 1
            continue
        started = [start for start, _ in series if since < start <= as_of]
        if not started:
            unchanged += 1
            continue
        earlier = [fact for start, fact in series if start <= since]
        after = catalog.rate(key, as_of)
        before = _middle(earlier[-1]) if earlier else None
        changed.append(Move(key, key, before, _middle(after), after.unit, started[-1], after.source))
    kept = tuple(sorted(changed, key=_biggest_first))
    return Moves(
        tuple(move for move in kept if move.before is not None),
        tuple(move for move in kept if move.before is None),
        undated=undated,
        unchanged=unchanged,
    )


def _middle(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value
