"""An overlay: a user's own facts (a negotiated price, an own cluster) laid over the catalog's.

    checked: 2026-11-01                     # the day these facts were read; every fact carries a date
    source: contract with Acme Cloud, 2026  # optional; the file's name is always part of the source
    rates:
      electricity: {us: 0.065, our-hall: 0.05}
      pue: {hyperscaler: 1.08}
    rentals:
      h100-sxm: {on_demand: 1.95, reserved_1y: 1.60 .. 1.80}     # USD/chip-hour
    purchases:
      h100-sxm: 24k USD                                          # USD/chip
    accelerators:
      h100-sxm: {tdp_w: 600}
    prices:
      openai/gpt-4.1-mini: {input: 0.30, output: 1.20}           # USD/Mtok
    models:
      our-7b: our-7b/config.json                                 # or its keys, written here

A fact is a number, a range, or a mapping with value and its own source, checked, confidence and note. A
plain number takes the unit given above; another unit can be written with it ("0.3 USD/ktok").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from truecost.catalog.accelerators import COMPUTED_AS, UNITS, Accelerator, accelerator, parse_accelerators
from truecost.catalog.api_price_names import plain_name
from truecost.catalog.api_prices import STANDARD, ApiPrice, PriceRow, prices
from truecost.catalog.architectures import Architecture
from truecost.catalog.config_json import from_config, read_config
from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.hardware_prices import TERMS
from truecost.catalog.names import UnknownName
from truecost.catalog.overlay_file import FactReader, Given, as_mapping
from truecost.catalog.rates import ALWAYS, Rates, Series, load_rates
from truecost.ranges import Range
from truecost.spec import nearest_names

Sold = tuple[str, str]
"""A provider and a model it sells."""

OPEN_GROUPS = ("electricity", "carbon", "water")
"""Groups of rates to which an overlay may add names of its own: places."""

_KINDS = ("input", "output", "cache_read", "cache_write")
_TIERS = ("batch", "flex", "priority")
_TOKENS_PER_MTOK = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class OverlaidPrice(ApiPrice):
    """A price list of which the rows in `own` come from an overlay, and hold their source in words.

    `listed` is the vendor's list that they are laid over; None for a model that only the overlay prices.
    """

    own: tuple[PriceRow, ...] = ()
    listed: ApiPrice | None = None

    @property
    def at_list(self) -> ApiPrice:
        """See ApiPrice.at_list."""
        return self if self.listed is None else self.listed

    def fact(
        self,
        kind: str,
        tier: str = STANDARD,
        *,
        context_above_tokens: int = 0,
        cache_lifetime: str = "5m",
    ) -> Fact:
        """See ApiPrice.fact; a price that the overlay states comes with the overlay's source."""
        for row in self.own:
            if (row.kind, row.tier, row.context_above_tokens) == (kind, tier, context_above_tokens):
                key = f"price/{self.provider}/{self.model}/{kind}" + ("" if tier == STANDARD else f"/{tier}")
                value = float(row.usd_per_token)
                return Fact(key, value, "USD/token", row.source, row.checked, row.confidence)
        listed = ApiPrice(self.provider, self.model, self.as_of, self.rows, self.choice)
        return listed.fact(
            kind, tier, context_above_tokens=context_above_tokens, cache_lifetime=cache_lifetime
        )


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a user's file adds or replaces; `name` is the file's name, and part of every source."""

    name: str
    rates: Rates = field(default_factory=lambda: Rates({}))
    rentals: Mapping[tuple[str, str], Fact] = field(default_factory=dict[tuple[str, str], Fact])
    purchases: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    accelerators: Mapping[str, Accelerator] = field(default_factory=dict[str, Accelerator])
    prices: Mapping[Sold, tuple[PriceRow, ...]] = field(default_factory=dict[Sold, tuple[PriceRow, ...]])
    models: Mapping[str, Architecture] = field(default_factory=dict[str, Architecture])

    def priced(self, listed: ApiPrice) -> ApiPrice:
        """A listed price with this overlay's rows in place of those for the same kind and tier."""
        own = self.prices.get((listed.provider, listed.model), ())
        if not own:
            return listed
        replaced = {(row.kind, row.tier, row.context_above_tokens) for row in own}
        kept = (r for r in listed.rows if (r.kind, r.tier, r.context_above_tokens) not in replaced)
        return OverlaidPrice(
            listed.provider, listed.model, listed.as_of, (*own, *kept), listed.choice, own, listed
        )

    def own_price(self, model: str, as_of: date, provider: str | None = None) -> ApiPrice | None:
        """The price of a model by this overlay alone; None when it has none."""
        wanted = plain_name(model)
        for (seller, name), own in self.prices.items():
            if provider in {None, seller} and wanted == plain_name(name):
                return OverlaidPrice(seller, name, as_of, own, f"priced by {self.name} only", own)
        return None


def read_overlay(path: str | Path) -> Overlay:
    """The overlay in a file. Raises SpecError with every problem: file:line, field, what is allowed."""
    read = FactReader.of(path)
    file = read.file
    overlay = Overlay(
        name=read.path.name,
        rates=Rates(dict(_rates(read, file.rates))),
        rentals=dict(_rentals(read, file.rentals)),
        purchases=dict(_purchases(read, file.purchases)),
        accelerators=dict(_accelerators(read, file.accelerators)),
        prices=dict(_prices(read, file.prices)),
        models=dict(_models(read, file.models)),
    )
    read.finish()
    return overlay


def _rates(read: FactReader, groups: Mapping[str, Given]) -> Iterator[tuple[str, Series]]:
    for group, names in groups.items():
        for name, body in names.items():
            at = f"rates.{group}.{name}"
            known = _known_rate(read, at, f"{group}/{name}")
            if known is not None:
                yield known.key, tuple(_dated(read, at, known, body))


def _known_rate(read: FactReader, at: str, key: str) -> Fact | None:
    """The rate that an entry replaces; for a new place, one of its group under the new key."""
    try:
        return load_rates().fact(key)
    except UnknownName as error:
        group = key.partition("/")[0]
        if group in OPEN_GROUPS:
            return replace(load_rates().group(group)[0], key=key)
        read.problems.add(at, f"the catalog has no rate {key!r}", nearest=error.nearest)
        return None


def _dated(read: FactReader, at: str, known: Fact, body: object) -> Iterator[tuple[date, Fact]]:
    if "values" in as_mapping(body):
        entries = read.mapping(f"{at}.values", as_mapping(body)["values"])
        for start in sorted(entries):
            below = f"{at}.values.{start}"
            day, fact = read.day(below, start), read.fact(below, known.key, entries[start], known.unit)
            if day is not None and fact is not None:
                yield day, fact
    elif fact := read.fact(at, known.key, body, known.unit):
        yield ALWAYS, fact


def _rentals(read: FactReader, chips: Mapping[str, Given]) -> Iterator[tuple[tuple[str, str], Fact]]:
    for name, terms in chips.items():
        at = f"rentals.{name}"
        key = _chip_key(read, at, name)
        for term in read.known(at, terms, TERMS, "rental term"):
            fact = read.fact(f"{at}.{term}", f"rental/{key}/{term}", terms[term], "USD/chip-hour")
            if key is not None and fact is not None:
                yield (key, term), fact


def _purchases(read: FactReader, chips: Given) -> Iterator[tuple[str, Fact]]:
    for name, entry in chips.items():
        key = _chip_key(read, f"purchases.{name}", name)
        fact = read.fact(f"purchases.{name}", f"purchase/{key}", entry, "USD/chip")
        if key is not None and fact is not None:
            yield key, fact


def _chip_key(read: FactReader, at: str, name: str) -> str | None:
    """The key of a chip that the catalog or this file has."""
    try:
        return accelerator(name).key
    except UnknownName as error:
        own = read.file.accelerators
        if name in own:
            return name
        near = [*nearest_names(name, own), *error.nearest]
        read.problems.add(at, f"the catalog has no accelerator {name!r}", nearest=near)
        return None


def _accelerators(read: FactReader, chips: Mapping[str, Given]) -> Iterator[tuple[str, Accelerator]]:
    for name, entry in chips.items():
        try:
            chip = accelerator(name)
        except UnknownName as error:
            if new := _new_chip(read, name, entry, error.nearest):
                yield name, new
        else:
            yield chip.key, _changed_chip(read, f"accelerators.{name}", chip, entry)


def _changed_chip(read: FactReader, at: str, chip: Accelerator, entry: Given) -> Accelerator:
    changes: dict[str, Any] = {}
    for attribute in read.known(at, entry, tuple(UNITS), "attribute of a chip"):
        below, key = f"{at}.{attribute}", f"accelerator/{chip.key}/{attribute}"
        if attribute == "peak_flops":
            changes[attribute] = {**chip.peak_flops, **_peaks(read, below, key, entry[attribute])}
        else:
            changes[attribute] = read.fact(below, key, entry[attribute], UNITS[attribute])
    return replace(chip, **changes)


def _peaks(read: FactReader, at: str, key: str, given: object) -> dict[str, Fact]:
    peaks = read.mapping(at, given)
    found = {
        precision: read.fact(f"{at}.{precision}", f"{key}/{precision}", peaks[precision], "FLOP/s")
        for precision in read.known(at, peaks, tuple(COMPUTED_AS), "precision")
    }
    return {precision: fact for precision, fact in found.items() if fact is not None}


def _new_chip(read: FactReader, name: str, entry: Given, nearest: list[str]) -> Accelerator | None:
    """A chip of the user's own, with every part that the catalog needs of one."""
    at = f"accelerators.{name}"
    parts = {
        part: _plain_number(read, f"{at}.{part}", value, UNITS[part]) if part in UNITS else value
        for part, value in entry.items()
    }
    file = read.file
    origin = {"source": read.sourced(), "checked": str(file.checked), "confidence": file.confidence}
    if read.problems:
        return None
    try:
        return parse_accelerators({"defaults": origin, "chips": {name: parts}})[name]
    except ValueError as error:
        what = "a chip that the catalog does not have is written with all its parts"
        read.problems.add(at, f"{error}; {what}", nearest=nearest)
        return None


def _plain_number(read: FactReader, at: str, value: object, unit: str) -> object:
    """A number in its unit, or a mapping of such (peak_flops)."""
    if entries := as_mapping(value):
        return {name: _plain_number(read, f"{at}.{name}", entry, unit) for name, entry in entries.items()}
    fact = read.fact(at, at, value, unit)
    return fact.value if fact is not None else None


def _prices(read: FactReader, models: Mapping[str, Given]) -> Iterator[tuple[Sold, tuple[PriceRow, ...]]]:
    for name, entry in models.items():
        sold = _seller(read, f"prices.{name}", name)
        if sold is not None:
            yield sold, tuple(_price_rows(read, f"prices.{name}", sold, entry))


def _seller(read: FactReader, at: str, name: str) -> Sold | None:
    """Provider and model of a name: of a listed one, or of a new one written "provider/model"."""
    try:
        listed = prices(name, read.file.checked)
    except LookupError:
        pass
    except UnknownName as error:
        if "/" not in name:
            message = f"nobody lists a model {name!r}; a new one is written 'provider/model'"
            read.problems.add(at, message, nearest=error.nearest)
            return None
    else:
        return listed.provider, listed.model
    provider, _, model = name.rpartition("/")
    return provider, model


def _price_rows(read: FactReader, at: str, sold: Sold, entry: Given) -> Iterator[PriceRow]:
    for name in read.known(at, entry, (*_KINDS, *_TIERS), "token kind or service tier"):
        if name in _KINDS:
            yield from _price_row(read, f"{at}.{name}", sold, (name, STANDARD), entry[name])
            continue
        below = f"{at}.{name}"
        kinds = read.mapping(below, entry[name])
        for kind in read.known(below, kinds, _KINDS, "token kind"):
            yield from _price_row(read, f"{below}.{kind}", sold, (kind, name), kinds[kind])


def _price_row(
    read: FactReader, at: str, sold: Sold, condition: tuple[str, str], given: object
) -> Iterator[PriceRow]:
    fact = read.fact(at, at, given, "USD/Mtok")
    if fact is not None and isinstance(fact.value, Range):
        read.problems.add(at, "a price here is one number; a plan's price path takes a range")
    elif fact is not None:
        (provider, model), (kind, tier) = sold, condition
        usd_per_token = Decimal(repr(fact.value)) / _TOKENS_PER_MTOK
        yield PriceRow(
            plain_name(model), provider, model, kind, "", tier, "", 0, False, None, None, usd_per_token,
            date.min, None, date.min, fact.source, fact.checked, fact.confidence,
        )  # fmt: skip


def _models(
    read: FactReader, models: Mapping[str, str | dict[str, Any]]
) -> Iterator[tuple[str, Architecture]]:
    for name, given in models.items():
        try:
            config = read_config(read.path.parent / given) if isinstance(given, str) else given
            yield name, from_config(config, name, read.sourced(), Confidence.QUOTED)
        except ValueError as error:
            read.problems.add(f"models.{name}", str(error))
