"""A contract: what a customer has agreed with vendors, as a YAML file laid over list prices.

Sections, each optional: `rates` (negotiated prices), `volume` (tiers by what a month uses), `capacity`
(provisioned throughput), `commitments` (a spend promised for a discount), `credits`, `currency`. Where
several entries of a section fit the same usage, the first in the file is taken. Amounts are exact decimals.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from truecost.catalog.api_price_names import PROVIDERS
from truecost.ranges import Range
from truecost.spec import Day, Document, Number, Problems, Section, load, nearest_names, refuse

TOKEN_KINDS = (
    "input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "output", "reasoning",
    "audio_input", "audio_output",
)  # fmt: skip
"""What a negotiated price of USD a million tokens may be of; `cache_write` is of both lives."""
PIECES = ("image", "search", "request")
"""What is billed by the piece."""
KINDS = (*TOKEN_KINDS, *PIECES)


def _exact(number: Number) -> Any:
    """A validator: one number in the unit of `number`, as the decimal that was written."""

    def read(given: object) -> Decimal:
        if isinstance(given, Decimal):  # a default
            return given
        found = number.read(given)
        if isinstance(found, Range):
            raise refuse("a contract states one number, not a range", nearest=[f"{found.median:.4g}"])
        return Decimal(format(found, ".15g"))

    schema = {"type": ["number", "string"], "description": number.describe()}
    return BeforeValidator(read), WithJsonSchema(schema)


_PER_MTOK, _PER_MTOK_SCHEMA = _exact(Number(unit="USD/Mtok", most=1e6))
_USD, _USD_SCHEMA = _exact(Number(unit="USD", most=1e12, above_zero=True))
_EACH, _EACH_SCHEMA = _exact(Number(unit="USD", most=900))
_HOURLY, _HOURLY_SCHEMA = _exact(Number(unit="USD/hour", most=1e9, above_zero=True))
_SHARE, _SHARE_SCHEMA = _exact(Number("share"))
_COUNT, _COUNT_SCHEMA = _exact(Number(unit="", most=1e18))
_RATE, _RATE_SCHEMA = _exact(Number(unit="", most=1e6, above_zero=True))
_CAPACITY, _CAPACITY_SCHEMA = _exact(Number(unit="tokens", most=1e12, whole=True, above_zero=True))

UsdPerMtok: TypeAlias = Annotated[Decimal, _PER_MTOK, _PER_MTOK_SCHEMA]
Usd: TypeAlias = Annotated[Decimal, _USD, _USD_SCHEMA]
UsdEach: TypeAlias = Annotated[Decimal, _EACH, _EACH_SCHEMA]
UsdPerHour: TypeAlias = Annotated[Decimal, _HOURLY, _HOURLY_SCHEMA]
Share: TypeAlias = Annotated[Decimal, _SHARE, _SHARE_SCHEMA]
Amount: TypeAlias = Annotated[Decimal, _COUNT, _COUNT_SCHEMA]
Rate: TypeAlias = Annotated[Decimal, _RATE, _RATE_SCHEMA]
Tokens: TypeAlias = Annotated[Decimal, _CAPACITY, _CAPACITY_SCHEMA]


def _days_in_order(valid_from: date | None, valid_until: date | None) -> None:
    if valid_from and valid_until and valid_until <= valid_from:
        raise refuse(f"valid_until {valid_until} is not after valid_from {valid_from}", at="valid_until")


def canonical(provider: str) -> str:
    """A provider's name as price lists have it.

    >>> canonical("Bedrock")
    'aws'
    """
    return PROVIDERS.get(provider.lower(), provider.lower())


class Scope(Section):
    """Which usage an entry is of: a provider, models by a pattern, and from when until when."""

    provider: str = ""
    """the vendor as logs or price lists name it; any without"""
    model: str = "*"
    """a name or a pattern (gpt-4.1*), of the model as the log or as the price list names it"""
    valid_from: Day | None = None
    """the first day"""
    valid_until: Day | None = None
    """the day on which it is over"""

    @model_validator(mode="after")
    def _check_days(self) -> Scope:
        _days_in_order(self.valid_from, self.valid_until)
        return self

    def fits(self, providers: Iterable[str], models: Iterable[str]) -> bool:
        """Whether usage that goes by these names is meant; capital letters do not matter.

        >>> Scope(provider="openai", model="gpt-4.1*").fits(["OpenAI"], ["gpt-4.1-mini-2025-04-14"])
        True
        """
        wanted = self.model.lower()
        by_provider = not self.provider or canonical(self.provider) in map(canonical, providers)
        return by_provider and any(fnmatchcase(one.lower(), wanted) for one in models)

    def holds(self, day: date) -> bool:
        """Whether a day is within it."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day < self.valid_until
        )

    @property
    def edges(self) -> tuple[date, ...]:
        """The days on which it begins and is over."""
        return tuple(day for day in (self.valid_from, self.valid_until) if day is not None)


def _naming(names: Sequence[str], what: str) -> BeforeValidator:
    """A validator of a mapping's keys or of a list: names that are known."""

    def check(given: object) -> object:
        listed = cast("Iterable[object]", given if isinstance(given, dict | list | tuple) else ())
        for name in listed:
            if isinstance(name, str) and name not in names:
                raise refuse(f"{name!r} is no {what}", allowed=names, nearest=nearest_names(name, names))
        return cast("object", given)

    return BeforeValidator(check)


Prices: TypeAlias = Annotated[dict[str, UsdPerMtok], _naming(TOKEN_KINDS, "kind of token")]
Pieces: TypeAlias = Annotated[dict[str, UsdEach], _naming(PIECES, "kind that is billed by the piece")]
Kinds: TypeAlias = Annotated[tuple[str, ...], _naming(KINDS, "kind that is billed")]


class Agreed(Section):
    """A price that stands in place of list prices: USD a million tokens by kind, or a share off them."""

    usd_per_mtok: Prices = Field(default_factory=dict[str, Decimal], examples=[{"input": 1.6}])
    """kind: USD a million tokens (input, cache_read, cache_write, output, reasoning, ...)"""
    usd_each: Pieces = Field(default_factory=dict[str, Decimal])
    """image, search, request: USD for one"""
    discount: Share | None = None
    """the share that is taken off"""

    @model_validator(mode="after")
    def _check_agreed(self) -> Agreed:
        if self.states_prices and self.discount is not None:
            raise refuse("a price or a discount, not both", at="discount")
        return self

    @property
    def states_prices(self) -> bool:
        """Whether it states prices rather than a discount."""
        return bool(self.usd_per_mtok or self.usd_each)

    def usd(self, kind: str) -> Decimal | None:
        """USD for one of a kind, where it states that; a life of a cache write takes cache_write's."""
        general = "cache_write" if kind.startswith("cache_write") else kind
        per_mtok = self.usd_per_mtok.get(kind, self.usd_per_mtok.get(general))
        if per_mtok is not None:
            return per_mtok.scaleb(-6)
        return self.usd_each.get(kind)


class NegotiatedRate(Scope, Agreed):
    """A negotiated price of some models: in USD, or as a share off the list."""

    kinds: Kinds = ()
    """the kinds that a discount is of; all without"""
    tier: str | None = None
    """the service tier; without, a price is of the standard tier and a discount of all"""
    batch: bool | None = None
    """whether of batches; without, a price is not and a discount is of both"""
    above_input_tokens: int = Field(default=0, ge=0, le=10**12)
    """only requests with a longer input, cached tokens included"""

    @model_validator(mode="after")
    def _check_rate(self) -> NegotiatedRate:
        if not self.states_prices and self.discount is None:
            raise refuse("an entry states usd_per_mtok, usd_each or discount", at="discount")
        if self.kinds and self.states_prices:
            raise refuse("kinds are those of a discount; prices name theirs", at="kinds")
        return self

    def sold(self, tier: str, batch: bool) -> bool:
        """Whether it is of a service tier, as a batch or not."""
        wanted_tier = self.tier if self.tier is not None else ("standard" if self.states_prices else tier)
        wanted_batch = self.batch if self.batch is not None else (False if self.states_prices else batch)
        return (tier, batch) == (wanted_tier, wanted_batch)

    def changes(self, kind: str) -> bool:
        """Whether it says anything of a kind."""
        if self.states_prices:
            return self.usd(kind) is not None
        general = "cache_write" if kind.startswith("cache_write") else kind
        return not self.kinds or kind in self.kinds or general in self.kinds


class VolumeTier(Agreed):
    """What holds from an amount of a month on: other prices, or a share off the negotiated ones."""

    starts_at: Amount
    """tokens, or USD, of the month"""

    @model_validator(mode="after")
    def _check_tier(self) -> VolumeTier:
        if not self.states_prices and self.discount is None:
            raise refuse("a tier states usd_per_mtok, usd_each or discount", at="discount")
        return self


class Volume(Scope):
    """Prices by what a calendar month uses of some models.

    `graduated`: a request has the price of the tier that the month has reached before it, in the order of
    time. `all`: every request of the month has the price of the tier that the month reaches.
    """

    measure: Literal["tokens", "usd"]
    """what is counted: input and output tokens, or USD at negotiated prices without these tiers"""
    rule: Literal["graduated", "all"]
    """what a tier is the price of"""
    tiers: tuple[VolumeTier, ...] = Field(min_length=1)
    """the tiers, from the lowest on"""

    @model_validator(mode="after")
    def _check_tiers(self) -> Volume:
        starts = [tier.starts_at for tier in self.tiers]
        for number, (before, after) in enumerate(pairwise(starts), 1):
            if after <= before:
                raise refuse(f"{after:f} is not above the tier before", at=f"tiers.{number}.starts_at")
        return self


class Capacity(Scope):
    """Throughput that is paid for by the hour or the month, used or not; use within it has no token price."""

    name: str = ""
    """how the bill calls it"""
    usd_per_hour: UsdPerHour | None = None
    """paid for every hour of the days that it is valid"""
    usd_per_month: Usd | None = None
    """paid for every calendar month, of a part of one by days"""
    tokens_per_minute: Tokens
    """what it can take a minute, input and output together"""
    output_weight: Rate = Decimal(1)
    """how many tokens of the capacity an output token takes"""
    cached_weight: Share = Decimal(1)
    """the same of an input token that is read from a cache"""
    beyond: Literal["on_demand", "covered"] = "on_demand"
    """what a request costs that begins when its minute is full: its tokens, or nothing"""

    @model_validator(mode="after")
    def _check_fee(self) -> Capacity:
        if (self.usd_per_hour is None) == (self.usd_per_month is None):
            raise refuse("capacity is paid by usd_per_hour or by usd_per_month: give one of them")
        return self

    @property
    def called(self) -> str:
        """Its name, or which models it is of."""
        return self.name or f"capacity for {'/'.join(part for part in (self.provider, self.model) if part)}"


class Commitment(Scope):
    """A spend that is promised a month or a year, for a discount; what is missing at its end is billed."""

    name: str = ""
    """how the bill calls it"""
    usd: Usd
    """promised a month or a year, after the discount"""
    per: Literal["month", "year"]
    """calendar months, or years from valid_from on, the first day of a month"""
    discount: Share = Decimal(0)
    """taken off all usage that counts for it"""

    @model_validator(mode="after")
    def _check_year(self) -> Commitment:
        if self.per == "year" and (self.valid_from is None or self.valid_from.day != 1):
            at = "valid_from"
            raise refuse("a year of a commitment begins on the first day of a month: say which", at=at)
        return self

    @property
    def called(self) -> str:
        """Its name, or what it is of."""
        return self.name or f"commitment to {self.provider or 'all vendors'}"


class Credit(Section):
    """An amount that is taken off bills, the earliest first, until it is used up or over."""

    name: str = ""
    """how the bill calls it"""
    usd: Usd
    """how much there is"""
    provider: str = ""
    """of whose bills; of any without"""
    valid_from: Day
    """the first day; the bill of a month is of its last day"""
    valid_until: Day | None = None
    """the day on which what is left is lost"""

    @model_validator(mode="after")
    def _check_days(self) -> Credit:
        _days_in_order(self.valid_from, self.valid_until)
        return self

    @property
    def called(self) -> str:
        """Its name, or that it is a credit."""
        return self.name or "credit"


def _currency_code(given: str) -> str:
    if len(given) != 3 or not (given.isascii() and given.isalpha() and given.isupper()):
        raise refuse(f"{given!r} is no code of a currency", allowed=["three capital letters, such as EUR"])
    if given == "USD":
        raise refuse("amounts are in USD anyway: leave the section out")
    return given


class Currency(Section):
    """The currency of the bill; a month is converted at the rate of its last day."""

    code: Annotated[str, AfterValidator(_currency_code)] = Field(examples=["EUR"])
    """ISO 4217, such as EUR"""
    rates: dict[Day, Rate] = Field(min_length=1)
    """day: USD for one of it, from that day on"""

    def usd_for_one(self, day: date) -> Decimal:
        """USD for one of the currency on a day. Raises LookupError before the first rate."""
        known = [start for start in self.rates if start <= day]
        if not known:
            raise LookupError(
                f"the contract has no rate of {self.code} on {day}; its first is of {min(self.rates)}"
            )
        return self.rates[max(known)]


class Contract(Section):
    """What is agreed with vendors, over their list prices."""

    name: str = ""
    """what it is called"""
    rates: tuple[NegotiatedRate, ...] = ()
    """negotiated prices"""
    volume: tuple[Volume, ...] = ()
    """tiers by what a month uses"""
    capacity: tuple[Capacity, ...] = ()
    """provisioned throughput"""
    commitments: tuple[Commitment, ...] = ()
    """spend that is promised"""
    credits: tuple[Credit, ...] = ()
    """amounts taken off bills"""
    currency: Currency | None = None
    """in which the bill is told besides USD"""

    @property
    def looks_back(self) -> bool:
        """Whether a month's bill depends on the months before it."""
        return bool(self.credits) or any(one.per == "year" for one in self.commitments)


def contract_of(path: str | os.PathLike[str]) -> Contract:
    """The contract in a YAML file.

    Raises SpecError with every problem: file:line, field, value, what is allowed, the nearest name.
    """
    document = load(os.fspath(path), Contract)
    _check_names(document)
    return document.value


def _check_names(document: Document[Contract]) -> None:
    """Refuse a provider or a service tier that is a slip of a known one: it would price nothing."""
    from truecost.catalog.api_prices import offers

    contract, problems = document.value, Problems()
    listed = offers()
    providers = sorted({provider for provider, _, _ in listed} | set(PROVIDERS))
    tiers = sorted({row.tier for rows in listed.values() for row in rows})
    sections: dict[str, Sequence[Scope | Credit]] = {
        "rates": contract.rates, "volume": contract.volume, "capacity": contract.capacity,
        "commitments": contract.commitments, "credits": contract.credits,
    }  # fmt: skip
    named = [
        (f"{section}.{number}.provider", entry.provider.lower(), providers, "provider")
        for section, entries in sections.items()
        for number, entry in enumerate(entries)
    ]
    named += [
        (f"rates.{n}.tier", one.tier or "", tiers, "service tier") for n, one in enumerate(contract.rates)
    ]
    for at, name, known, what in named:
        near = nearest_names(name, known) if name and name not in known else ()
        if near:
            problems.add(at, f"no price list has a {what} {name!r}", nearest=near)
    problems.raise_if_any(document)
