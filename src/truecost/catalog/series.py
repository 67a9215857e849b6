"""Prices through time as series: what vendors ask for a tier of models, what chips rent for, what they do a
dollar.

Each is made from the dated tables of the catalog as they were known on a day: no row of a later day counts. A
`tier` is a vendor's own line of models (`data/price_tiers.csv`): no measure of quality is in these tables, so
a tier's price is not the price of a given quality, which falls faster.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import TypeAlias

from truecost.catalog.accelerators import Accelerator, load_accelerators
from truecost.catalog.api_price_names import read_table
from truecost.catalog.api_prices import NoOffer, prices
from truecost.catalog.facts import Confidence
from truecost.catalog.hardware_prices import Quote, load_hardware_prices
from truecost.catalog.names import UnknownName
from truecost.ranges import Range

BLEND = (3, 1)
"""Input and output tokens of the blended price: three in for one out, the mix that price comparisons use."""
STANDARD_TIER = "standard"
EVERYWHERE = ("", "global")
NEW_CHIP = timedelta(days=731)
"""A chip's price counts as that of its generation for two years from its release."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One dated value: of a `group` (a seller's offer, a vendor's tier), within a `cluster` that moves
    together.
    """

    on: date
    group: str
    cluster: str
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Series:
    """A quantity through time.

    `holds` says that a value is in force until the next one (a price list), so that it may be read on any day
    between; otherwise each observation stands for its own day only.
    """

    key: str
    title: str
    unit: str
    observations: tuple[Observation, ...]
    holds: bool
    source: str
    rule: str

    @property
    def first(self) -> date:
        """The day of the first observation."""
        return min(each.on for each in self.observations)

    @property
    def last(self) -> date:
        """The day of the last observation."""
        return max(each.on for each in self.observations)

    def until(self, day: date) -> Series:
        """What of it was known on a day."""
        return replace(self, observations=tuple(o for o in self.observations if o.on <= day))

    def groups(self) -> dict[str, list[Observation]]:
        """The observations of each group, oldest first."""
        found: dict[str, list[Observation]] = defaultdict(list)
        for each in sorted(self.observations, key=lambda o: o.on):
            found[each.group].append(each)
        return dict(found)


@dataclass(frozen=True, slots=True)
class Succession:
    """A vendor's line of models, each the successor of the one before it."""

    tier: str
    provider: str
    models: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class _Listed:
    """A model's price on a list: from when, to when (None: still, or not known to end)."""

    model: str
    start: date
    end: date | None

    def holds(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@cache
def successions(tier: str) -> tuple[Succession, ...]:
    """The lines of models of a tier, one a vendor.

    >>> [line.provider for line in successions("flagship")][:2]
    ['openai', 'anthropic']
    """
    text = (files("truecost.catalog") / "data" / "price_tiers.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return tuple(
        Succession(tier, row["provider"], tuple(row["models"].split()), row["note"])
        for row in rows
        if row["tier"] == tier
    )


@cache
def token_prices(tier: str, as_of: date) -> Series:
    """USD a million tokens (3 of input, 1 of output) that each vendor asked for its tier, to a day.

    On a day the newest model of the line with a price in force counts, at the standard tier. The days are
    those on which the price tables first hold a price; where no launch day is known, that is later than the
    launch.
    """
    listed = _listed(tier, as_of)
    found: list[Observation] = []
    for line in successions(tier):
        found += _steps(line, listed.get(line.provider, []), as_of)
    return Series(
        key=f"token-price-{tier}",
        title=f"API price of the vendors' {tier} tier",
        unit="USD/Mtok",
        observations=tuple(found),
        holds=True,
        source="API prices of the catalog (genai-prices, the LiteLLM price table and its history, price "
        "pages); tiers: price_tiers.csv",
        rule="each vendor's newest model of the tier, by the vendor's own names; standard price, 3 input "
        "tokens to 1 output; by tier, not by quality",
    )


def _listed(tier: str, as_of: date) -> dict[str, list[_Listed]]:
    """By vendor, when each model of its line had a standard input price, as known on a day."""
    wanted = {line.provider: frozenset(line.models) for line in successions(tier)}
    found: dict[str, list[_Listed]] = defaultdict(list)
    for cells in csv.reader(read_table("api_prices.csv.gz").splitlines()[1:]):
        _, provider, model, kind, _, service, region, above, *_ = cells
        if model not in wanted.get(provider, ()) or (kind, service, above) != ("input", STANDARD_TIER, "0"):
            continue
        start, end, known = cells[12:15]
        if region in EVERYWHERE and max(start, known) <= as_of.isoformat():
            ends = date.fromisoformat(end) if end else None
            found[provider].append(_Listed(model, date.fromisoformat(start), ends))
    return found


def _steps(line: Succession, listed: Iterable[_Listed], as_of: date) -> Iterator[Observation]:
    """The changes of a vendor's price for its tier, and what is in force on the last day."""
    rows = list(listed)
    days = sorted({row.start for row in rows} | {row.end for row in rows if row.end and row.end <= as_of})
    last: Observation | None = None
    for day in days:
        live = [model for model in line.models if any(row.model == model and row.holds(day) for row in rows)]
        usd = _blended(live[-1], day, line.provider) if live else None
        if usd is not None and not (last and math.isclose(usd, last.value, rel_tol=1e-9)):
            last = Observation(day, line.provider, line.provider, usd, live[-1])
            yield last
    if last and last.on < as_of:
        yield replace(last, on=as_of)


def _blended(model: str, day: date, provider: str) -> float | None:
    """USD a million tokens on a day; None where a side of the price is missing."""
    try:
        price = prices(model, day, provider)
        parts = [float(_number(price.fact(kind).value)) for kind in ("input", "output")]
    except (NoOffer, LookupError):
        return None
    return 1e6 * sum(share * part for share, part in zip(BLEND, parts, strict=True)) / sum(BLEND)


def _number(value: float | Range) -> float:
    return value.median if isinstance(value, Range) else value


@cache
def rental_prices(as_of: date) -> Series:
    """USD a chip-hour on demand, to a day: each offer (seller, chip, place, size) asked again is one group.

    Estimates are left out. Averages over marketplaces are in, as offers of their own.
    """
    text = (files("truecost.catalog") / "data" / "rentals.csv").read_text(encoding="utf-8")
    asked: dict[tuple[str, str, date], list[float]] = defaultdict(list)
    for row in csv.DictReader(text.splitlines()):
        on = date.fromisoformat(row["date"])
        if row["term"] == "on_demand" and row["confidence"] != Confidence.ESTIMATE and on <= as_of:
            parts = (row["vendor"], row["chip"], row["location"], row["chips"])
            offer = " / ".join(part for part in parts if part)
            asked[row["vendor"], offer, on].append(float(row["usd_per_chip_hour"]))
    found = (Observation(on, offer, seller, min(usd), offer) for (seller, offer, on), usd in asked.items())
    return Series(
        key="gpu-hour",
        title="Rent of a chip for an hour, on demand",
        unit="USD/chip-hour",
        observations=tuple(sorted(found, key=lambda each: (each.on, each.group))),
        holds=False,
        source="rentals of the catalog (Epoch AI's price records, archived price lists, SkyPilot's "
        "catalog, price pages)",
        rule="the same seller, chip, place and size asked again; every chip, on demand, without estimates",
    )


@cache
def price_performance(as_of: date) -> Series:
    """Dense 16-bit FLOP/s a USD of data-centre chips, to a day: the first price of each within two years of
    release.

    A server's price is divided by what a server adds. Chips that only their maker rents out, workstation
    cards and prices that are estimates are left out.
    """
    adds = _number(load_hardware_prices().rules["server_price_over_chips"].value)
    by_chip: dict[str, list[Quote]] = defaultdict(list)
    for quote in load_hardware_prices().purchases:
        if quote.date <= as_of:
            by_chip[quote.chip].append(quote)
    chips = load_accelerators()
    found = [
        _first_price(chips[key], quotes, adds) for key, quotes in by_chip.items() if _is_sold(chips[key])
    ]
    return Series(
        key="price-performance",
        title="FLOP/s a USD of data-centre chips",
        unit="FLOP/s/USD",
        observations=tuple(sorted((o for o in found if o), key=lambda each: each.on)),
        holds=False,
        source="purchases and accelerators of the catalog (Epoch AI's price records and hardware data, "
        "price lists)",
        rule="dense 16-bit FLOP/s over the chip's first price within two years of its release, server "
        "share taken off",
    )


def _is_sold(chip: Accelerator) -> bool:
    return chip.vendor not in {"Google", "Amazon"} and not chip.key.startswith("rtx")


def _first_price(chip: Accelerator, quotes: Iterable[Quote], server_adds: float) -> Observation | None:
    """A chip's FLOP/s a USD on the first day with a price, if that is soon after its release."""
    priced = sorted((q for q in quotes if q.confidence is not Confidence.ESTIMATE), key=lambda q: q.date)
    if not priced or chip.release is None or priced[0].date - chip.release > NEW_CHIP:
        return None
    same_day = [
        q.usd / (server_adds if q.terms == "server" else 1) for q in priced if q.date == priced[0].date
    ]
    usd = math.exp(sum(map(math.log, same_day)) / len(same_day))
    try:
        peak = chip.dense_peak("bf16")
    except ValueError:
        return None
    return Observation(priced[0].date, "", chip.key, peak / usd, chip.name)


LOADERS: Mapping[str, Callable[[date], Series]] = {
    "token-price-flagship": lambda as_of: token_prices("flagship", as_of),
    "token-price-small": lambda as_of: token_prices("small", as_of),
    "gpu-hour": rental_prices,
    "price-performance": price_performance,
}
"""The series that a price can follow, by name."""

Loader: TypeAlias = Callable[[date], Series]


def series(name: str, as_of: date) -> Series:
    """A series by its name, as known on a day. Raises UnknownName with the nearest."""
    if name not in LOADERS:
        import difflib

        raise UnknownName("trend", name, difflib.get_close_matches(name, LOADERS, n=3, cutoff=0.4))
    return LOADERS[name](as_of)
