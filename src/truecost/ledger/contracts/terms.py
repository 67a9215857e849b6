"""A contract over list prices: the table `rates` cut at its days, and what each of its rows comes to.

    terms    for each row of `rates`, by its number `term`: prices contracted, and effective (after the
             discount of a commitment); which volume, capacity and commitment the usage counts for
    steps    for a term with volume tiers: from which amount of the month on, and the prices then

A price is worked out exactly and rounded to 15 places once. What the contract says nothing of is as listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise
from typing import Any, TypeVar

from truecost.ledger.contracts.contract import Agreed, Contract, NegotiatedRate, Scope
from truecost.ledger.engine import Connection
from truecost.ledger.rates import ANY_LENGTH, COLUMNS, MINUTES_PER_DAY, PRICES, fill

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
PLACES = Decimal("1e-15")
NONE = -1
"""The number of no volume, capacity or commitment."""
_TYPE = "DECIMAL(18,15)"
KINDS: tuple[str, ...] = tuple(column.removesuffix("_usd") for column in PRICES)
"""What is billed, as the columns of prices name it."""
CONTRACTED = {kind: f"contracted_{kind}_rate" for kind in KINDS}
EFFECTIVE = {kind: f"effective_{kind}_rate" for kind in KINDS}
_RATES: Mapping[str, str] = dict.fromkeys((*CONTRACTED.values(), *EFFECTIVE.values()), _TYPE)
TERM_COLUMNS: Mapping[str, str] = {
    "term": "BIGINT", "volume": "INTEGER", "capacity": "INTEGER", "commitment": "INTEGER", **_RATES,
}  # fmt: skip
STEP_COLUMNS: Mapping[str, str] = {
    "term": "BIGINT", "step": "INTEGER", "reached_from": "DECIMAL(38,15)", "reached_to": "DECIMAL(38,15)",
    **{f"step_{name}": kind for name, kind in _RATES.items()},
}  # fmt: skip
_WITHOUT_END = Decimal(10) ** 22
_FOLLOWS = {
    "cache_read": "input", "cache_write_5m": "input", "cache_write_1h": "input", "reasoning": "output",
}  # fmt: skip
"""Kinds that are billed as another where a list has no price of their own."""

Prices = dict[str, Decimal | None]
S = TypeVar("S", bound=Scope)


@dataclass(frozen=True, slots=True)
class Used:
    """What was used of one name at one tier: between which days."""

    provider: str
    model: str
    region: str
    tier: str
    batch: bool
    first_day: date
    last_day: date


def rounded(amount: Decimal) -> Decimal:
    """An amount to 15 places, half to even.

    >>> rounded(Decimal("0.0000000000000025"))
    Decimal('2E-15')
    """
    return amount.quantize(PLACES, context=EXACT)


def apply_contract(connection: Connection, contract: Contract) -> tuple[str, ...]:
    """Cut `rates` at the contract's days and make `terms` and `steps`; returns the entries that fit no usage.

    `usage` and `rates` are as `truecost.ledger.reporting.prepare_tables` leaves them. `rates` gets a column
    `term`, and rows without a price where the list has none: a contract may have one.
    """
    listed: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    others: list[dict[str, Any]] = []
    for values in connection.execute("SELECT * FROM rates").fetchall():
        row = dict(zip(COLUMNS, values, strict=True))
        if row["chip_hour_usd"] is not None:
            others.append(row)
        else:
            key = tuple(row[one] for one in ("provider", "model", "region", "service_tier", "batch"))
            listed.setdefault(key, []).append(row)
    used = connection.execute(
        "SELECT provider, model, region, service_tier, batch, CAST(min(ts) AS DATE), CAST(max(ts) AS DATE)"
        " FROM usage WHERE stated_usd IS NULL AND chip_hours IS NULL GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    rates: list[tuple[Any, ...]] = [(*row.values(), None) for row in others]
    terms: list[tuple[Any, ...]] = []
    steps: list[tuple[Any, ...]] = []
    fitting: set[str] = set()
    for one in (Used(*values) for values in used):
        key = (one.provider, one.model, one.region, one.tier, one.batch)
        for row in _cut(one, listed.get(key, ()), contract):
            number = len(terms)
            term = _Term(contract, one, row, fitting)
            rates.append((*row.values(), number))
            terms.append((number, *term.row()))
            steps += ((number, *step) for step in term.steps())
    fill(connection, "rates", {**COLUMNS, "term": "BIGINT"}, rates)
    fill(connection, "terms", TERM_COLUMNS, terms)
    fill(connection, "steps", STEP_COLUMNS, steps)
    return tuple(name for name in _entries(contract) if name not in fitting)


def _entries(contract: Contract) -> Iterator[str]:
    """The entries that fit usage, as a file names them."""
    for section in ("rates", "volume", "capacity", "commitments"):
        yield from (f"{section}.{number}" for number in range(len(getattr(contract, section))))


def _cut(used: Used, listed: Sequence[Mapping[str, Any]], contract: Contract) -> Iterator[dict[str, Any]]:
    """The rows of a name's prices between days and lengths at which the contract changes, gaps filled."""
    begin, stop = used.first_day, used.last_day + timedelta(1)
    scopes = (*contract.rates, *contract.volume, *contract.capacity, *contract.commitments)
    edges = {day for scope in scopes for day in scope.edges}
    edges |= {row[side] for row in listed for side in ("valid_from", "valid_to")}
    days = sorted({begin, stop, *(day for day in edges if begin < day < stop)})
    longer = sorted({rate.above_input_tokens + 1 for rate in contract.rates if rate.above_input_tokens})
    for first, end in pairwise(days):
        here = [row for row in listed if row["valid_from"] <= first and end <= row["valid_to"]]
        for row in here or [_unlisted(used)]:
            low, high = row["input_tokens_from"], row["input_tokens_to"]
            lengths = [low, *(length for length in longer if low < length < high), high]
            for shortest, longest in pairwise(lengths):
                yield {
                    **row, "valid_from": first, "valid_to": end,
                    "input_tokens_from": shortest, "input_tokens_to": longest,
                    "by_length": row["by_length"] or len(lengths) > 2,
                }  # fmt: skip


def _unlisted(used: Used) -> dict[str, Any]:
    """A row without any price."""
    known = {
        "provider": used.provider, "model": used.model, "region": used.region, "service_tier": used.tier,
        "batch": used.batch, "input_tokens_from": 0, "input_tokens_to": ANY_LENGTH,
        "utc_minute_from": 0, "utc_minute_to": MINUTES_PER_DAY, "by_length": False, "is_estimate": False,
        "search_is_estimate": False,
    }  # fmt: skip
    return {column: known.get(column) for column in COLUMNS}


class _Term:
    """What a contract says of one row of prices."""

    def __init__(self, contract: Contract, used: Used, row: Mapping[str, Any], fitting: set[str]) -> None:
        priced_as = str(row["priced_as"] or "").partition(" (")[0]
        provider, _, model = priced_as.partition("/")
        self.names = (used.provider or provider,), (used.model, *((model, priced_as) if model else ()))
        self.day: date = row["valid_from"]
        self.used, self.fitting = used, fitting
        self.shortest: int = row["input_tokens_from"]
        listed: Prices = {kind: row[f"{kind}_usd"] for kind in KINDS}
        self.negotiated = self._negotiated(contract.rates, listed)
        self.volume, tiers = self._first(contract.volume, "volume")
        self.tiers = tiers.tiers if tiers else ()
        self.capacity, _ = (NONE, None) if used.batch else self._first(contract.capacity, "capacity")
        self.commitment, commitment = self._first(contract.commitments, "commitments")
        self.left = 1 - commitment.discount if commitment else Decimal(1)

    def row(self) -> tuple[Any, ...]:
        """The columns of `terms` behind its number."""
        return self.volume, self.capacity, self.commitment, *self._both(self.negotiated)

    def steps(self) -> Iterator[tuple[Any, ...]]:
        """The columns of `steps` behind the number: each tier, from which amount to which."""
        starts = [tier.starts_at for tier in self.tiers]
        ends = [*starts[1:], _WITHOUT_END]
        for number, (tier, start, end) in enumerate(zip(self.tiers, starts, ends, strict=False)):
            yield number, start, end, *self._both(_agreed(tier, self.negotiated, KINDS))

    def _both(self, prices: Prices) -> tuple[str | None, ...]:
        """Prices contracted and effective, as text; each rounded once from what is exact."""
        effective = {
            kind: None if usd is None else EXACT.multiply(usd, self.left) for kind, usd in prices.items()
        }
        return tuple(
            None if usd is None else format(rounded(usd), "f")
            for usd in (*prices.values(), *effective.values())
        )

    def _first(self, entries: Sequence[S], section: str) -> tuple[int, S | None]:
        """The number of the first entry that this usage counts for, and the entry."""
        for number, entry in enumerate(entries):
            if entry.fits(*self.names) and entry.holds(self.day):
                self.fitting.add(f"{section}.{number}")
                return number, entry
        return NONE, None

    def _negotiated(self, rates: Sequence[NegotiatedRate], listed: Prices) -> Prices:
        """Of each kind the price by the first entry that says anything of it."""
        found = dict(listed)
        left = set(KINDS)
        for number, rate in enumerate(rates):
            sold = (
                rate.fits(*self.names) and rate.holds(self.day) and rate.sold(self.used.tier, self.used.batch)
            )
            if not sold or (rate.above_input_tokens and self.shortest <= rate.above_input_tokens):
                continue
            self.fitting.add(f"rates.{number}")
            priced = _agreed(rate, listed, [kind for kind in KINDS if rate.changes(kind)])
            changed = {kind for kind in left if priced[kind] != listed[kind] or rate.changes(kind)}
            found.update({kind: priced[kind] for kind in changed})
            left -= changed
        return found


def net_prices(contract: Contract, used: Used, listed: Prices, priced_as: str) -> Prices:
    """What a contract bills for one of each kind on the first day of `used`, without tiers by volume.

    `listed` are list prices of the offer `priced_as` (provider/model), of short requests.
    """
    prices = {f"{kind}_usd": listed.get(kind) for kind in KINDS}
    row = {**_unlisted(used), **prices, "priced_as": priced_as, "valid_from": used.first_day}
    term = _Term(contract, used, row, set())
    return {
        kind: None if usd is None else rounded(EXACT.multiply(usd, term.left))
        for kind, usd in term.negotiated.items()
    }


def _agreed(agreed: Agreed, before: Prices, kinds: Sequence[str]) -> Prices:
    """Prices after a discount, or with those that are stated; what is billed as another kind follows it."""
    found = dict(before)
    if agreed.discount is not None:
        share = 1 - agreed.discount
        found.update({k: EXACT.multiply(usd, share) for k in kinds if (usd := before[k]) is not None})
        return found
    stated = {kind: usd for kind in kinds if (usd := agreed.usd(kind)) is not None}
    for kind, other in _FOLLOWS.items():
        if kind not in stated and other in stated and before[kind] == before[other]:
            found[kind] = stated[other]
    return {**found, **stated}
