"""One price, exact and explained: what a request, or many alike, costs on a day, as known now or then.

Amounts are decimals, multiplied and added only, so a price equals the sum of its lines and the same look-up
in a table to the last digit. What has no known price is a named gap, and then there is no total.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Unpack

from truecost.catalog.api_prices import STANDARD, offers
from truecost.pricing.book import Book, Cell, book, book_of
from truecost.pricing.rate_rows import BATCH, Offer, RateRow

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.explained import Node

MOST = 10**18 - 1
"""The largest count: token counts are decimals of 18 digits."""
_EXACT = Context(prec=100)
_multiply, _add = _EXACT.multiply, _EXACT.add
_NOTHING = Decimal(0)


class Counts(TypedDict, total=False):
    """What one request used. `input_tokens` is the whole input, `output_tokens` the whole output.

    Cached, written and audio tokens are parts of the input, reasoning and audio tokens parts of the output.
    `images` are images billed by the piece, `searches` web searches that the vendor made. `requests` is how
    many such requests there are.
    """

    input_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    audio_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    audio_output_tokens: int
    images: int
    searches: int
    requests: int


_ZERO: dict[str, int] = {
    **dict.fromkeys(sorted(Counts.__annotations__), 0),
    "requests": 1,
}
_PARTS = {
    "input_tokens": (
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "audio_input_tokens",
    ),
    "output_tokens": ("reasoning_tokens", "audio_output_tokens"),
}


class PriceLine(NamedTuple):
    """One kind: how many of it in all requests, USD for one, the amount, and the rate row it was found in."""

    kind: str
    cache_life: str
    tokens: int
    usd_per_token: Decimal
    usd: Decimal
    rate: RateRow


class Gap(NamedTuple):
    """A kind that was used and has no known price, and what is known instead."""

    kind: str
    cache_life: str
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class Price:
    """What requests cost: `total_usd`, its lines, and what could not be priced.

    `total_usd` is None when anything is unpriced; `priced_usd` is the sum of the lines.
    """

    asked: str
    on: date
    at: time | None
    as_known: date | None
    tier: str
    batch: bool
    requests: int
    input_tokens: int
    """Of one request: what decides a long-context price."""
    lines: tuple[PriceLine, ...]
    gaps: tuple[Gap, ...]
    priced_usd: Decimal
    cell: Cell = field(repr=False, compare=False)

    @property
    def total_usd(self) -> Decimal | None:
        """USD of all requests, exact; None while a kind that was used has no known price."""
        return None if self.gaps else self.priced_usd

    @property
    def offer(self) -> Offer:
        """The provider, model and region whose prices these are."""
        return self.cell.offer

    def explain(self) -> Node:
        """The total as a tree: its lines, and of each the price with its source and dates."""
        from truecost.pricing.price_told import tree

        return tree(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values; exact amounts as texts of decimal digits, days in ISO form."""
        from truecost.pricing.price_told import told

        return told(self)

    def __str__(self) -> str:
        """The amount in one line."""
        provider, model, _ = self.offer
        amount = "no total" if self.total_usd is None else f"{self.total_usd.normalize():f} USD"
        lacking = "".join(f"; {gap.why}" for gap in self.gaps)
        return f"{provider}/{model} on {self.on}: {amount}{lacking}"


def price(
    model: str,
    *,
    on: date | None = None,
    at: time | None = None,
    as_known: date | None = None,
    provider: str | None = None,
    region: str = "",
    tier: str = STANDARD,
    batch: bool = False,
    catalog: Catalog | None = None,
    **counts: Unpack[Counts],
) -> Price:
    """What requests to a model cost on a day (default: today), kind by kind.

    `at` is the UTC time of day, needed only where the price changes through the day. `as_known` prices them
    as they would have been on that day, by what was known then. Without `provider`, the model's maker.

    Raises UnknownName with the nearest names, LookupError when no price of that day is known, ValueError for
    counts that cannot be or a time that is missing. A kind without a price is a gap of the result.

    >>> from datetime import date
    >>> one = price("gpt-4.1", input_tokens=1_000_000, cache_read_tokens=200_000, output_tokens=50_000,
    ...             on=date(2026, 3, 1))
    >>> [(line.kind, str(line.usd)) for line in one.lines]
    [('input', '1.600000'), ('cache_read', '0.1000000'), ('output', '0.400000')]
    >>> one.total_usd == Decimal("2.1")
    True
    """
    used = counts_of(counts)
    if batch and tier not in {STANDARD, BATCH}:
        raise ValueError(f"a request is sent as a batch or at tier {tier!r}, not both")
    if tier == BATCH:
        tier, batch = STANDARD, True
    day = on or date.today()
    pages: Book = (
        book(model, provider, region) if catalog is None else book_of(catalog, model, provider, region)
    )
    cell = pages.cell(day, as_known)
    rates = cell.rates.get((tier, batch), {})
    length, requests = used["input_tokens"], used["requests"]
    lines: list[PriceLine] = []
    gaps: list[Gap] = []
    total = _NOTHING
    for kind, life, count in _billed(used, takes_fee=("request", "") in rates):
        rows = rates.get((kind, life))
        if rows is None:
            gaps.append(Gap(kind, life, count * requests, _lack(cell, day, (kind, life), (tier, batch))))
            continue
        row = rows[0] if len(rows) == 1 else _holding(rows, length, at)
        usd = _multiply(row.usd_per_token, Decimal(count * requests))
        total = _add(total, usd)
        lines.append(PriceLine(kind, life, count * requests, row.usd_per_token, usd, row))
    return Price(
        model, day, at, as_known, tier, batch, requests, length, tuple(lines), tuple(gaps), total, cell
    )


def counts_of(given: Mapping[str, Any]) -> dict[str, int]:
    """Counts with none left out. Raises ValueError for what is no count, TypeError for an unknown name."""
    used = {**_ZERO, **given}
    if len(used) != len(_ZERO):
        unknown = ", ".join(sorted(set(given) - set(_ZERO)))
        raise TypeError(f"price() has no {unknown}; it counts {', '.join(_ZERO)}")
    for name, count in used.items():
        if type(count) is not int or not 0 <= count <= MOST:
            raise ValueError(f"{name} must be a whole number from 0 to 10^18 - 1, not {count!r}")
    if used["requests"] == 0:
        raise ValueError("requests must be 1 or more")
    for whole, parts in _PARTS.items():
        if sum([used[part] for part in parts]) > used[whole]:
            raise ValueError(
                f"{' + '.join(part for part in parts if used[part])} exceed {whole}, which includes them"
                + (
                    "; add them to it where a log leaves them out (Anthropic, Bedrock)"
                    if "input" in whole
                    else ""
                )
            )
    return used


def _billed(used: Mapping[str, int], *, takes_fee: bool) -> Iterator[tuple[str, str, int]]:
    """Kind, cache life and count of all that one request is billed for, each token once."""
    read, audio = used["cache_read_tokens"], used["audio_input_tokens"]
    short, long = used["cache_write_5m_tokens"], used["cache_write_1h_tokens"]
    reasoning, spoken = used["reasoning_tokens"], used["audio_output_tokens"]
    if plain := used["input_tokens"] - read - short - long - audio:
        yield "input", "", plain
    if read:
        yield "cache_read", "", read
    if short:
        yield "cache_write", "5m", short
    if long:
        yield "cache_write", "1h", long
    if audio:
        yield "audio_input", "", audio
    if plain := used["output_tokens"] - reasoning - spoken:
        yield "output", "", plain
    if reasoning:
        yield "reasoning", "", reasoning
    if spoken:
        yield "audio_output", "", spoken
    if images := used["images"]:
        yield "image", "", images
    if searches := used["searches"]:
        yield "search", "", searches
    if takes_fee:
        yield "request", "", 1


def _holding(rows: tuple[RateRow, ...], input_tokens: int, at: time | None) -> RateRow:
    """The one of several rows that holds for a request of this length at this time."""
    fit = [
        row
        for row in rows
        if row.input_tokens_from <= input_tokens
        and (row.input_tokens_to is None or input_tokens < row.input_tokens_to)
    ]
    if len(fit) > 1 and at is not None:
        minute = at.hour * 60 + at.minute
        fit = [row for row in fit if row.utc_minute_from <= minute < row.utc_minute_to]
    if len(fit) == 1:
        return fit[0]
    if len({row.usd_per_token for row in fit}) == 1:
        return fit[0]
    raise ValueError(
        f"the price of {fit[0].provider}/{fit[0].model} changes through the day: give the time of day (UTC); "
        f"a {fit[0].token_kind} {fit[0].unit} is "
        + ", ".join(f"{row.usd_per_token.normalize():f} USD {hours(row)}" for row in fit)
    )


def hours(row: RateRow) -> str:
    """The part of the UTC day in which a row holds.

    >>> from truecost.catalog.api_prices import named_rows
    >>> peak = book("deepseek-chat").cell(date(2025, 7, 1)).rates["standard", False]["input", ""][1]
    >>> hours(peak)
    'from 00:30 to 16:30'
    """
    first, last = (f"{m // 60:02d}:{m % 60:02d}" for m in (row.utc_minute_from, row.utc_minute_to))
    return f"from {first} to {last}"


def _lack(cell: Cell, day: date, billed: tuple[str, str], sold: tuple[str, bool]) -> str:
    """Which price is not known, and what is. Raises ValueError for a service tier that nobody has."""
    (kind, life), (tier, batch) = billed, sold
    provider, model, _ = cell.offer
    if sold not in cell.rates:
        if tier not in known_tiers():
            raise ValueError(f"no provider has a service tier {tier!r}; there are {', '.join(known_tiers())}")
        offered = ", ".join(sorted(BATCH if as_batch else name for name, as_batch in cell.rates))
        asked = BATCH if batch else f"tier {tier!r}"
        return f"{provider}/{model} has no known price in {asked} on {day}; it has {offered}"
    lives = sorted(each for name, each in cell.rates[sold] if name == kind and each)
    named = f"{kind.replace('_', ' ')}{f' ({life})' if life else ''}"
    sold_in = BATCH if batch else f"tier {tier!r}"
    lacking = f"{provider}/{model} has no known price of {named} in {sold_in} on {day}"
    return f"{lacking}; lives with a price: {', '.join(lives)}" if lives else lacking


@cache
def known_tiers() -> tuple[str, ...]:
    """Every service tier that any provider has a price in."""
    return tuple(sorted({row.tier for rows in offers().values() for row in rows}))
