"""Where requests would go under an alternative: a row for each model that the logs name.

A move says to which provider, model and tier, how many tokens are counted there for each here, what becomes
of caches, and how long a request may be. The table `moves` that usage is joined with is made of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from truecost.catalog.api_price_names import plain_name, split_provider
from truecost.catalog.context_windows import context_window
from truecost.catalog.names import UnknownName
from truecost.catalog.tokenizers import EQUAL, TokenRatio, family, token_ratio, vendor
from truecost.ledger.engine import Connection, name
from truecost.ledger.rates import Named
from truecost.pricing.book import Book, Cell, book, book_of
from truecost.pricing.call import known_tiers
from truecost.pricing.rate_rows import BATCH
from truecost.ranges import Range

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

LIVES = ("5m", "1h")
KEPT, OFF, SHARE = "kept", "off", "share"
_PLACES = Decimal("1e-6")
COLUMNS = {
    "from_provider": "VARCHAR", "from_model": "VARCHAR", "from_region": "VARCHAR",
    "to_provider": "VARCHAR", "to_model": "VARCHAR", "to_region": "VARCHAR",
    "to_tier": "VARCHAR", "to_batch": "BOOLEAN", "ratio_low": "DECIMAL(9,6)", "ratio_high": "DECIMAL(9,6)",
    "cache": "VARCHAR", "read_share": "DECIMAL(9,6)", "write_life": "VARCHAR", "rest_written": "BOOLEAN",
    "same_work": "BOOLEAN", "same_media": "BOOLEAN", "is_moved": "BOOLEAN", "longest_input": "BIGINT",
}  # fmt: skip
"""Name and type of every column of `moves`."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed, None for what stays: model, provider, tier, batch, and what caches do.

    `cache_ttl` is the life of what is written ("5m", "1h"); `cache_hit_share` the share of the input that is
    read from a cache; `tokenizer_ratio` stands in for the catalog's between two tokenizers.
    Raises ValueError for what cannot be.
    """

    model: str | None = None
    provider: str | None = None
    tier: str | None = None
    batch: bool | None = None
    cache_ttl: str | None = None
    cache_off: bool = False
    cache_hit_share: Decimal | None = None
    tokenizer_ratio: Range | None = None

    def __post_init__(self) -> None:
        if self.is_nothing:
            raise ValueError(
                "nothing is changed: name a --model, --provider, --tier, --batch, --cache-ttl, --cache-off"
                " or --cache-hit-rate"
            )
        if self.tier == BATCH:
            raise ValueError(f"--tier {BATCH}: write --batch")
        if self.batch and self.tier is not None:
            raise ValueError("--batch and --tier: a request is sent as a batch or at a tier, not both")
        if self.cache_off and (self.cache_ttl or self.cache_hit_share is not None):
            other = "--cache-ttl" if self.cache_ttl else "--cache-hit-rate"
            raise ValueError(f"--cache-off and {other}: without a cache nothing is kept or read")
        if self.cache_ttl not in {None, *LIVES}:
            raise ValueError(f"--cache-ttl {self.cache_ttl}: caches live 5m or 1h")
        share = self.cache_hit_share
        if share is not None and not 0 <= share <= 1:
            raise ValueError(f"--cache-hit-rate {share}: a share of the input, from 0 to 1 (or 0% to 100%)")
        self._check_ratio()

    def _check_ratio(self) -> None:
        ratio = self.tokenizer_ratio
        if ratio is None:
            return
        if self.model is None:
            raise ValueError("--tokenizer-ratio goes with --model: the same model counts the same tokens")
        if not 0.01 <= ratio.low <= ratio.high <= 100:
            raise ValueError(f"--tokenizer-ratio {ratio}: between 0.01 and 100 tokens for each of the log's")

    @property
    def is_nothing(self) -> bool:
        """Whether all stays as it is."""
        asked = (self.model, self.provider, self.tier, self.batch, self.cache_ttl, self.cache_hit_share)
        return not self.cache_off and all(one is None for one in asked)

    @property
    def cache(self) -> str:
        """What caches do, as the column `cache` says it."""
        if self.cache_off:
            return OFF
        return SHARE if self.cache_hit_share is not None else self.cache_ttl or KEPT


@dataclass(frozen=True, slots=True)
class Move:
    """A model of the logs and where it goes; `cell` is what is sold there, None where nothing is known."""

    own: Named
    provider: str
    model: str
    region: str
    ratio: TokenRatio
    rest_written: bool
    same_work: bool
    same_media: bool
    longest_input: int | None
    window_source: str
    cell: Cell | None

    @property
    def is_moved(self) -> bool:
        """Whether it goes to another model or provider."""
        named = (self.own.provider, self.own.model, self.own.region)
        return (self.provider, self.model, self.region) != named

    @property
    def is_range(self) -> bool:
        """Whether its tokens are known as a range alone."""
        low, high = bounds(self.ratio.range)
        return self.rest_written or low != high

    @property
    def key(self) -> tuple[str, str, str]:
        """The name of the model in the logs."""
        return self.own.provider, self.own.model, self.own.region


@dataclass(frozen=True, slots=True)
class Prices:
    """What models cost by what was known on a day, an overlay of `catalog` before what ships."""

    as_known: date
    catalog: Catalog | None = None
    cells: dict[tuple[str, str, str, date], Cell | None] = field(
        default_factory=dict[tuple[str, str, str, date], "Cell | None"]
    )

    def book(self, model: str, provider: str, region: str = "") -> Book:
        """The book of a name; "" for no provider. Raises UnknownName with the nearest names."""
        if self.catalog is None:
            return book(model, provider or None, region)
        return book_of(self.catalog, model, provider or None, region)

    def cell(self, model: str, provider: str, region: str, on: date) -> Cell | None:
        """What a name is on a day; None where no price of it is known then."""
        key = (model, provider, region, on)
        if key not in self.cells:
            try:
                self.cells[key] = self.book(*key[:3]).cell(on, self.as_known) if model else None
            except (UnknownName, LookupError):
                self.cells[key] = None
        return self.cells[key]

    def ratio(self, model: str, other: str) -> TokenRatio:
        """Tokens of a model for each of another's."""
        return token_ratio(model, other, None if self.catalog is None else self.catalog.rate)


def check_target(change: Change, prices: Prices) -> None:
    """Raises UnknownName, with the nearest names, where nobody sells what one would move to."""
    tiers = [one for one in known_tiers() if one != BATCH]
    if change.tier is not None and prices.catalog is None and change.tier not in tiers:
        raise UnknownName("service tier", change.tier, difflib.get_close_matches(change.tier, tiers))
    if change.provider is not None:
        split_provider("", change.provider)
    if change.model is not None:
        prices.book(change.model, change.provider or "")


def move_of(own: Named, change: Change, reads_cache: bool, prices: Prices) -> Move:
    """Where one model of the logs goes."""
    here = prices.cell(own.model, own.provider, own.region, own.last_day)
    provider, model, region = _target(own, change, prices)
    there = prices.cell(model, provider, region, own.last_day)
    same = here is not None and there is not None and here.offer == there.offer
    stays = change.model is None and change.provider is None
    if stays or same or (provider, model) == (own.provider, own.model):
        written = change.cache == SHARE and _writes_cost_more(here, change)
        return Move(own, own.provider, own.model, own.region, _SAME, written, True, True, None, "", here)
    names = (_sold_as(there, model), _sold_as(here, own.model))
    ratio = prices.ratio(*names)
    one_tokenizer = family(names[0]) != "" and family(names[0]) == family(names[1])
    if change.tokenizer_ratio is not None and not one_tokenizer:
        ratio = TokenRatio(change.tokenizer_ratio, "as stated")
    unseen = reads_cache and not _writes_cost_more(here, change)
    limit, source = _longest(there)
    return Move(
        own, provider, model, region, ratio,
        (change.cache == SHARE or unseen) and _writes_cost_more(there, change),
        here is None or there is None or _writes_text(here) == _writes_text(there),
        bool(vendor(names[0])) and vendor(names[0]) == vendor(names[1]), limit, source, there,
    )  # fmt: skip


_SAME = TokenRatio(EQUAL, "the same model")


def _target(own: Named, change: Change, prices: Prices) -> tuple[str, str, str]:
    """Provider, model and region: the own provider where it has a price, else the model's maker."""
    if change.model is None and change.provider is None:
        return own.provider, own.model, own.region
    model = change.model or own.model
    if change.provider is not None:
        return change.provider, model, ""
    if plain_name(model) == plain_name(own.model):
        return own.provider, own.model, own.region
    if own.provider and prices.cell(model, own.provider, own.region, own.last_day) is not None:
        return own.provider, model, own.region
    return "", model, ""


def _writes_text(cell: Cell) -> bool:
    """Whether a model answers in tokens, which embeddings do not."""
    return any(("output", "") in rates for rates in cell.rates.values())


def _sold_as(cell: Cell | None, model: str) -> str:
    return cell.offer[1] if cell else model


def _writes_cost_more(cell: Cell | None, change: Change) -> bool:
    """Whether tokens written to a cache are dearer than plain ones."""
    life = change.cache_ttl or LIVES[0]
    for rates in cell.rates.values() if cell else ():
        written, plain = rates.get(("cache_write", life)), rates.get(("input", ""))
        if written and plain and written[0].usd_per_token > plain[0].usd_per_token:
            return True
    return False


def _longest(cell: Cell | None) -> tuple[int | None, str]:
    """The longest input on record, unless the vendor has a price for longer ones; and who says so."""
    if cell is None:
        return None, ""
    fact = context_window(cell.offer[0], cell.offer[1])
    if fact is None or isinstance(fact.value, Range):
        return None, ""
    if any(row.context_above_tokens >= fact.value for row in cell.rows):
        return None, ""
    return int(fact.value), f"{fact.source}, checked {fact.checked}"


def bounds(ratio: Range) -> tuple[Decimal, Decimal]:
    """The ends of a ratio to six places, rounded away from its middle.

    >>> bounds(Range(1 / 1.85, 1 / 1.15))
    (Decimal('0.540540'), Decimal('0.869566'))
    """
    low, high = (Decimal(repr(float(end))) for end in (ratio.low, ratio.high))
    return low.quantize(_PLACES, ROUND_FLOOR), high.quantize(_PLACES, ROUND_CEILING)


def make_moves(connection: Connection, moves: Sequence[Move], change: Change) -> None:
    """The table `moves`."""
    columns = ", ".join(f"{name(one)} {kind}" for one, kind in COLUMNS.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE moves ({columns})")
    marks = ", ".join(f"CAST(? AS {kind})" for kind in COLUMNS.values())
    for move in moves:
        low, high = bounds(move.ratio.range)
        connection.execute(f"INSERT INTO moves VALUES ({marks})", [
            *move.key, move.provider, move.model, move.region, change.tier, change.batch, low, high,
            change.cache, change.cache_hit_share or Decimal(0), change.cache_ttl or LIVES[0],
            move.rest_written, move.same_work, move.same_media, move.is_moved, move.longest_input,
        ])  # fmt: skip


def targets(moves: Iterable[Move]) -> list[Named]:
    """The models that requests go to, each once, over all days of what goes there."""
    found: dict[tuple[str, str, str], Named] = {}
    for move in moves:
        if not move.is_moved:
            continue
        key = (move.provider, move.model, move.region)
        before = found.get(key, move.own)
        days = min(before.first_day, move.own.first_day), max(before.last_day, move.own.last_day)
        found[key] = Named(*key, *days)
    return list(found.values())
