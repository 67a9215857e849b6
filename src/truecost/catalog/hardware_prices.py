"""What a chip costs: dated prices of renting and buying accelerators, and the price at a date.

The rows are `data/rentals.csv` and `data/purchases.csv`: one price a row, with its date, seller, terms,
source and confidence. A price at a date uses only rows of that date or before, and applies no trend: how
old the rows are is in the note of the fact.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias, cast, get_args

import numpy as np
import yaml

from truecost.catalog.accelerators import accelerator
from truecost.catalog.facts import Confidence, Fact
from truecost.normal import Z95
from truecost.ranges import Range

Term: TypeAlias = Literal["on_demand", "reserved_1y", "reserved_3y", "spot"]
"""On demand, committed for one or three years, or interruptible."""

TERMS: tuple[Term, ...] = get_args(Term)

RENTAL_WINDOWS_MONTHS = (12, 24)
"""How old a rental price may be: the wider window opens when the first holds too few sellers; with no
price in either, each seller's last one counts."""
PURCHASE_WINDOWS_MONTHS = (24, 48)
ENOUGH_SELLERS = 3
"""With fewer, the range is widened to the usual spread between sellers of one chip."""
ENOUGH_PAIRS = 5
"""So many sellers must show both terms before one term is derived from the other by their prices."""

_RENTED_BY_MAKER_ONLY = frozenset({"Google", "Amazon"})


@dataclass(frozen=True, slots=True)
class Quote:
    """One dated price: USD per chip-hour for a rental `terms` (a Term), USD per chip for a purchase.

    The `terms` of a purchase say what is bought: "chip", "board" (eight chips and their switches, no
    server), or "server" (the price of the whole server or rack, per chip).
    """

    date: date
    chip: str
    seller: str
    terms: str
    usd: float
    location: str
    confidence: Confidence
    source: str
    checked: date
    note: str


@dataclass(frozen=True, slots=True)
class HardwarePrices:
    """Rental and purchase prices, and the facts that stand in where prices are missing."""

    rentals: Sequence[Quote]
    purchases: Sequence[Quote]
    rules: Mapping[str, Fact]

    def rental(self, chip: str, as_of: date, term: Term = "on_demand") -> Fact:
        """USD per chip-hour at a date: the median over sellers, with their 90 % range.

        Of each seller the cheapest way to rent the chip at its latest date counts. A term that fewer than
        ENOUGH_SELLERS ask of late is derived from one that more do, by the ratio that sellers of both ask
        (confidence estimate): two sellers' spot prices beside twenty sellers' on-demand prices would set
        cheap sellers against dear ones, not spot against on demand. Raises UnknownName for an unknown
        chip, ValueError for an unknown term, LookupError where there is nothing to go by.
        """
        if term not in TERMS:
            raise ValueError(f"unknown rental term {term!r}; one of {', '.join(TERMS)}")
        key = accelerator(chip).key
        known = [quote for quote in self.rentals if quote.date <= as_of]
        markets = self._rental_markets(key, known, as_of)
        bases = (term, *(other for other in TERMS if other != term))
        for base in sorted(bases, key=lambda base: base not in markets or not markets[base].ample):
            ratio = self._ratio(known, base, term)
            if base in markets and ratio:
                market = (
                    markets[base] if base == term else markets[base].times(ratio, f"the {_words(base)} price")
                )
                aside = f" Asked for itself: {markets[term].note}" if base != term and term in markets else ""
                return market.fact(f"rental/{key}/{term}", "USD/chip-hour", aside)
        raise LookupError(
            f"no rental price of {key} is known at {as_of}: give usd_per_chip_hour, or a later date"
        )

    def _rental_markets(self, key: str, known: Sequence[Quote], as_of: date) -> dict[str, _Market]:
        maker_only = accelerator(key).vendor in _RENTED_BY_MAKER_ONLY
        deviation = None if maker_only else self._number("rental_log_deviation")
        own = [quote for quote in known if quote.chip == key]
        markets = {
            term: _market(
                [quote for quote in own if quote.terms == term], as_of, RENTAL_WINDOWS_MONTHS, deviation
            )
            for term in TERMS
        }
        return {term: market for term, market in markets.items() if market}

    def purchase(self, chip: str, as_of: date) -> Fact:
        """USD per chip at a date, without server and network: the median over sellers, with their 90 % range.

        Prices of boards count as they are; where only whole servers are priced, their price per chip is
        divided by what a server adds (confidence estimate). Raises UnknownName for an unknown chip,
        LookupError where no price is known.
        """
        key = accelerator(chip).key
        known = [quote for quote in self.purchases if quote.chip == key and quote.date <= as_of]
        sold = [quote for quote in known if quote.confidence is not Confidence.ESTIMATE] or known
        bare = [quote for quote in sold if quote.terms != "server"]
        deviation = self._number("purchase_log_deviation")
        market = _market(bare or sold, as_of, PURCHASE_WINDOWS_MONTHS, deviation)
        if market is None:
            raise LookupError(
                f"no purchase price of {key} is known at {as_of}: give usd_per_chip, or a later date"
            )
        if not bare:
            server = _Ratio.of_fact(self.rules["server_price_over_chips"])
            market = market.times(_SAME.over(server), "the price of whole servers")
        return market.fact(f"purchase/{key}", "USD/chip")

    def _number(self, rule: str) -> float:
        return cast("float", self.rules[rule].value)

    def _ratio(self, known: Sequence[Quote], base: str, term: str) -> _Ratio | None:
        """What a chip costs on `term` over its price on `base`; None where no seller shows it."""
        above, below = (self._over_on_demand(known, which) for which in (term, base))
        return above.over(below) if above and below else None

    def _over_on_demand(self, known: Sequence[Quote], term: str) -> _Ratio | None:
        if term == "on_demand":
            return _SAME
        pairs = _price_ratios(known, term)
        if len(pairs) >= ENOUGH_PAIRS:
            words = f"{_words(term)} over on-demand price of {len(pairs)} pairs of seller and chip"
            return _Ratio(*_centre_and_half_width(pairs), words)
        rule = self.rules.get(f"{term}_over_on_demand")
        return _Ratio.of_fact(rule) if rule else None


@dataclass(frozen=True, slots=True)
class _Ratio:
    """A lognormal factor: the log of its median, half its 90 % interval in logs, and what it is."""

    log: float
    half_width: float
    words: str = ""
    source: str = ""

    @classmethod
    def of_fact(cls, fact: Fact) -> _Ratio:
        low, high = (fact.value.low, fact.value.high) if isinstance(fact.value, Range) else (fact.value,) * 2
        words = f"{fact.unit}: {low:g} .. {high:g}"
        return cls(math.log(low * high) / 2, math.log(high / low) / 2, words, fact.source)

    def over(self, other: _Ratio) -> _Ratio:
        words, source = (
            "; ".join(part for part in parts if part)
            for parts in ((self.words, other.words), (self.source, other.source))
        )
        return _Ratio(self.log - other.log, math.hypot(self.half_width, other.half_width), words, source)


_SAME = _Ratio(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Market:
    """What sellers ask for one chip on one term, in logs; `ample` where enough of them do so of late."""

    log: float
    half_width: float
    quotes: tuple[Quote, ...]
    note: str
    ample: bool
    ratio: _Ratio | None = None

    def times(self, ratio: _Ratio, price: str) -> _Market:
        note = f"Derived from {price}, times {math.exp(ratio.log):.3g} ({ratio.words}). {self.note}"
        half_width = math.hypot(self.half_width, ratio.half_width)
        return replace(self, log=self.log + ratio.log, half_width=half_width, note=note, ratio=ratio)

    def fact(self, key: str, unit: str, aside: str = "") -> Fact:
        low, high = (float(f"{math.exp(self.log + sign * self.half_width):.4g}") for sign in (-1, 1))
        order = list(Confidence)
        ranked = sorted((quote.confidence for quote in self.quotes), key=order.index)
        return Fact(
            key=key,
            value=low if low == high else Range(low, high),
            unit=unit,
            source=self._sources(),
            checked=min(quote.checked for quote in self.quotes),
            confidence=Confidence.ESTIMATE if self.ratio else ranked[len(ranked) // 2],
            note=self.note + aside,
        )

    def _sources(self) -> str:
        newest = max(self.quotes, key=lambda quote: quote.date)
        others = len({quote.source for quote in self.quotes}) - 1
        parts = [newest.source, f"further price lists: {others}" if others else ""]
        return "; ".join(part for part in (*parts, self.ratio.source if self.ratio else "") if part)


def _market(
    quotes: Sequence[Quote], as_of: date, windows: Sequence[int], seller_deviation: float | None
) -> _Market | None:
    """The market in the narrowest window with enough sellers; without a deviation, of the only seller."""
    if not quotes:
        return None
    if seller_deviation is None:
        return _only_seller(quotes, as_of)
    asked = _latest_by_seller(quotes, as_of, windows)
    centre, half_width = _centre_and_half_width([quote.usd for quote in asked])
    note = f"{_spoken_spread(asked, math.exp(centre))} {_ages(asked, as_of)}"
    if len(asked) < ENOUGH_SELLERS:
        half_width = max(half_width, Z95 * seller_deviation)
        note += " Too few sellers: widened to the usual spread between sellers of one chip."
    recent = sum(as_of - quote.date <= _months(min(windows)) for quote in asked)
    return _Market(centre, half_width, asked, note, ample=recent >= ENOUGH_SELLERS)


def _only_seller(quotes: Sequence[Quote], as_of: date) -> _Market:
    newest = max(quote.date for quote in quotes)
    latest = tuple(quote for quote in quotes if quote.date == newest)
    low, high = (math.log(pick(quote.usd for quote in latest)) for pick in (min, max))
    span = "; the range is over regions and sizes" if high > low else ""
    note = f"Rented by its maker only{span}. {_ages(latest, as_of)}"
    return _Market((low + high) / 2, (high - low) / 2, latest, note, ample=True)


def _latest_by_seller(quotes: Sequence[Quote], as_of: date, windows: Sequence[int]) -> tuple[Quote, ...]:
    best: dict[str, Quote] = {}
    for quote in sorted(quotes, key=lambda quote: (quote.date, -quote.usd)):
        best[quote.seller] = quote
    everyone = tuple(best.values())
    within: tuple[Quote, ...] = ()
    for months in windows:
        within = tuple(quote for quote in everyone if as_of - quote.date <= _months(months))
        if len(within) >= ENOUGH_SELLERS:
            break
    return within or everyone


def _months(number: int) -> timedelta:
    return timedelta(days=number * 365.25 / 12)


def _centre_and_half_width(values: Sequence[float]) -> tuple[float, float]:
    """The log of the median, and half the distance of the logs of the 5 % and 95 % points."""
    logs = np.log(np.asarray(values, dtype=np.float64))
    low, centre, high = (float(point) for point in np.quantile(logs, (0.05, 0.5, 0.95)))
    return centre, (high - low) / 2


def _price_ratios(known: Sequence[Quote], term: str) -> list[float]:
    """One ratio a seller and chip: cheapest `term` over cheapest on demand, when it last showed both."""
    cheapest: dict[tuple[str, str, date, str], float] = {}
    for quote in known:
        at = (quote.seller, quote.chip, quote.date, quote.terms)
        cheapest[at] = min(quote.usd, cheapest.get(at, math.inf))
    ratios: dict[tuple[str, str], float] = {}
    for (seller, chip, day, terms), usd in sorted(cheapest.items(), key=lambda item: item[0][2]):
        if terms == term and (on_demand := cheapest.get((seller, chip, day, "on_demand"))):
            ratios[seller, chip] = usd / on_demand
    return list(ratios.values())


def _spoken_spread(asked: Sequence[Quote], middle: float) -> str:
    cheapest, dearest = (pick(asked, key=lambda quote: quote.usd) for pick in (min, max))
    if len(asked) == 1:
        return f"One seller: {_usd(cheapest.usd)} ({cheapest.seller})."
    ends = f"{_usd(cheapest.usd)} ({cheapest.seller}) to {_usd(dearest.usd)} ({dearest.seller})"
    return f"Median {_usd(middle)} of {len(asked)} sellers, {ends}."


def _usd(amount: float) -> str:
    return f"{amount:,.0f} USD" if amount >= 1000 else f"{amount:.2f} USD"


def _ages(asked: Sequence[Quote], as_of: date) -> str:
    """When the prices were asked; says so where the newest or the oldest is more than a year old."""
    oldest, newest = (pick(quote.date for quote in asked) for pick in (min, max))
    text = f"Price of {newest}." if oldest == newest else f"Prices of {oldest} to {newest}."
    year = timedelta(days=366)
    if as_of - newest > year:
        return f"{text} Even the newest is {(as_of - newest).days / 365.25:.1f} years older than {as_of}."
    if as_of - oldest > year:
        return f"{text} The oldest is {(as_of - oldest).days / 365.25:.1f} years older than {as_of}."
    return text


def _words(term: str) -> str:
    return {"on_demand": "on-demand", "reserved_1y": "one-year", "reserved_3y": "three-year"}.get(term, term)


@cache
def load_hardware_prices() -> HardwarePrices:
    """Every hardware price the package ships."""
    rentals = _quotes("rentals.csv", lambda row: (row["vendor"], row["term"], row["usd_per_chip_hour"]))
    purchases = _quotes("purchases.csv", lambda row: (row["seller"], row["form"], row["usd_per_chip"]))
    return HardwarePrices(rentals, purchases, {**_rules("rentals.yaml"), **_rules("purchases.yaml")})


def _quotes(name: str, parts: Callable[[Mapping[str, str]], tuple[str, str, str]]) -> tuple[Quote, ...]:
    text = (files("truecost.catalog") / "data" / name).read_text(encoding="utf-8")
    return tuple(_quote(row, *parts(row)) for row in csv.DictReader(text.splitlines()))


def _quote(row: Mapping[str, str], seller: str, terms: str, usd: str) -> Quote:
    return Quote(
        date=date.fromisoformat(row["date"]),
        chip=row["chip"],
        seller=seller,
        terms=terms,
        usd=float(usd),
        location=row.get("location", ""),
        confidence=Confidence(row["confidence"]),
        source=row["source"],
        checked=date.fromisoformat(row["checked"]),
        note=row["note"],
    )


def _rules(name: str) -> dict[str, Fact]:
    text = (files("truecost.catalog") / "data" / name).read_text(encoding="utf-8")
    entries = cast("Mapping[str, Mapping[str, str]]", yaml.load(text, Loader=yaml.CBaseLoader))
    return {key: _rule(key, entry) for key, entry in entries.items()}


def _rule(key: str, entry: Mapping[str, str]) -> Fact:
    ends = [float(end) for end in entry["value"].split("..")]
    value = Range(ends[0], ends[1]) if len(ends) == 2 else ends[0]
    checked, confidence = date.fromisoformat(entry["checked"]), Confidence(entry["confidence"])
    return Fact(key, value, entry["unit"], entry["source"], checked, confidence, entry.get("note", ""))


@cache
def rental(chip: str, as_of: date, term: Term = "on_demand") -> Fact:
    """`HardwarePrices.rental` of the prices the package ships.

    >>> rental("tpu-v5e", date(2025, 3, 31)).value
    Range(low=1.2, high=1.56, support=<Support.POSITIVE: 'positive'>)
    """
    return load_hardware_prices().rental(chip, as_of, term)


@cache
def purchase(chip: str, as_of: date) -> Fact:
    """`HardwarePrices.purchase` of the prices the package ships.

    >>> purchase("p100-sxm", date(2016, 12, 31)).note[:31]
    'One seller: 10,500 USD (nextpla'
    """
    return load_hardware_prices().purchase(chip, as_of)
