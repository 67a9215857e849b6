"""What the same usage would have cost under another model, provider, tier, batch or cache policy.

The same rows are priced twice by the same rules: as they were, and as they would be. Where the tokens are the
same the difference is exact. Where they are not known (another tokenizer, what a longer-lived cache would
spare) both ends are priced and the answer is low .. high. A row without a price on either side is in neither
sum, so the difference compares like with like; it is named.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from truecost.ledger.engine import Connection, connected
from truecost.ledger.exact import EXACT, rounded
from truecost.ledger.filters import option_filter
from truecost.ledger.questions import Window, check_by, printed, question
from truecost.ledger.rates import Named, Unknown, make_rates
from truecost.ledger.reporting import plain, prepare_tables
from truecost.ledger.store import open_store
from truecost.ledger.whatifs.moves import (
    LIVES,
    Change,
    Move,
    Prices,
    bounds,
    check_target,
    make_moves,
    move_of,
    targets,
)
from truecost.ledger.whatifs.query import KINDS, compared, key, models_of, sessions_of
from truecost.ledger.whatifs.told import cannot_know, left_out_why

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

SIDES = {"before": "was", "after_low": "low", "after_high": "high"}
_TIMED = ("spared_tokens", "lapsed_tokens", "untimed_entries")
COUNTS = ("entries", "requests", "changed_entries", "estimated_entries", "stated_entries")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that are compared on neither side: which, how many, what they cost before, and why."""

    fate: str
    provider: str
    model: str
    service_tier: str
    batch: bool
    to_provider: str
    to_model: str
    to_service_tier: str
    to_batch: bool
    entries: int
    requests: int
    before_usd: Decimal
    why: str
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """A model of the logs that goes elsewhere: as what it is priced, and how tokens are counted there."""

    provider: str
    model: str
    to_provider: str
    to_model: str
    priced_as: str
    entries: int
    tokens_for_one_low: Decimal
    tokens_for_one_high: Decimal
    why: str
    source: str
    longest_input_tokens: int | None
    longest_input_source: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Amounts before and after, by kind of token; groups, the largest saving first; what is left out.

    `before`, `after_low` and `after_high` are of the compared rows alone. Low and high are equal where the
    answer is exact.
    """

    store: str
    month: str | None
    by: tuple[str, ...]
    where: str | None
    session: str | None
    as_known: date
    first_day: date | None
    last_day: date | None
    change: Mapping[str, Any]
    selected: Mapping[str, int]
    compared: Mapping[str, int]
    before: Mapping[str, Decimal]
    after_low: Mapping[str, Decimal]
    after_high: Mapping[str, Decimal]
    groups: tuple[Mapping[str, Any], ...]
    left_out: tuple[LeftOut, ...]
    moves: tuple[Moved, ...]
    cache_bounds: Mapping[str, int]
    cannot_know: tuple[str, ...]
    catalog: str | None = None
    """The file whose prices went before those that ship."""

    @property
    def is_exact(self) -> bool:
        """Whether both ends are the same."""
        return self.after_low == self.after_high

    @property
    def saving_usd(self) -> tuple[Decimal, Decimal]:
        """USD saved, the least and the most; below 0 where the alternative costs more."""
        return self.before["usd"] - self.after_high["usd"], self.before["usd"] - self.after_low["usd"]

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit, shares as numbers."""
        low, high = self.saving_usd
        shares = {"low": share_of(low, self.before["usd"]), "high": share_of(high, self.before["usd"])}
        told: dict[str, Any] = plain(asdict(self))
        return {
            **told, "is_exact": self.is_exact, "saving_usd": plain({"low": low, "high": high}),
            "saving_share": shares,
        }  # fmt: skip


def share_of(part: Decimal, whole: Decimal) -> float | None:
    """A part as a share of a whole; None of nothing.

    >>> share_of(Decimal("0.5"), Decimal(2)), share_of(Decimal(1), Decimal(0))
    (0.25, None)
    """
    return float(part) / float(whole) if whole else None


def whatif(
    store: str | os.PathLike[str],
    change: Change,
    by: Sequence[str] = ("model",),
    *,
    where: str | None = None,
    month: str | None = None,
    as_known: date | None = None,
    session: str = "task",
    catalog: Catalog | None = None,
) -> WhatIf:
    """What the usage in a store would have cost under a change.

    `where` is a filter (`truecost.ledger.filters`), `month` takes the days of one month, `as_known` prices
    both sides by what was known on a day (today). `session` is the column whose rows share caches; it counts
    where `change.cache_ttl` does. The prices of an overlay of `catalog` go before those shipped. Raises
    NoStore, FilterError, UnknownName, ValueError.
    """
    chosen, condition = check_by(by), option_filter("--for", where)
    check_by([session])
    window, prices = Window.of_month(month) if month else Window(), Prices(as_known or date.today(), catalog)
    check_target(change, prices)
    found = open_store(store)
    timed = change.cache in LIVES
    with connected(store) as connection:
        unknown = prepare_tables(connection, found, window, prices.as_known, catalog)
        now = question("priced", window=window, where=condition)
        moves = [move_of(own, change, reads, prices) for own, reads in models_of(connection, now)]
        make_moves(connection, moves, change)
        after_unknown = _add_rates(connection, moves, prices)
        is_range = timed or any(one.is_range for one in moves)
        query = compared(chosen, now, sessions_of(session, is_timed=timed), is_range=is_range)
        connection.execute(f"CREATE TEMP TABLE cells AS {printed(query, 'duckdb')}")
        total, groups = _sums(connection, ()), _sums(connection, chosen) if chosen else []
        left_out = _left_out(connection, unknown, after_unknown, {one.key: one for one in moves})
        moved = _moved(connection, moves)
    whole = total[0]
    counted = {one: int(whole[one]) for one in COUNTS}
    sides = {side: {kind: whole[f"{short}_{kind}"] for kind in KINDS} for side, short in SIDES.items()}
    return WhatIf(
        str(store), month, chosen, where, session if timed else None, prices.as_known,
        whole["first_day"], whole["last_day"], _asked(change),
        {"entries": int(whole["all_entries"]), "requests": int(whole["all_requests"])}, counted,
        sides["before"], sides["after_low"], sides["after_high"],
        tuple(_group(row, chosen) for row in groups), tuple(left_out), tuple(moved),
        {one: int(whole[one]) for one in _TIMED} if timed else {},
        cannot_know(change, moves, session, is_exact=sides["after_low"] == sides["after_high"]),
        catalog.overlay if catalog else None,
    )  # fmt: skip


def _asked(change: Change) -> dict[str, Any]:
    told = asdict(change)
    ratio = change.tokenizer_ratio
    told["tokenizer_ratio"] = None if ratio is None else str(ratio)
    return told


def _add_rates(
    connection: Connection, moves: Sequence[Move], prices: Prices
) -> dict[tuple[str, str, str], Unknown]:
    """The prices of what requests move to, added to `rates`; returns the models without any, and why.

    A model that is in the logs too is priced over the days of both.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE own_rates AS SELECT * FROM rates")
    own = {one.key: one.own for one in moves}
    named = [_over_both(one, own.get((one.provider, one.model, one.region))) for one in targets(moves)]
    unknown = make_rates(connection, named, prices.as_known, prices.catalog)
    connection.execute(
        "INSERT INTO rates SELECT * FROM own_rates WHERE (provider, model, region) NOT IN"
        " (SELECT (provider, model, region) FROM rates)"
    )
    return unknown


def _over_both(one: Named, own: Named | None) -> Named:
    if own is None:
        return one
    days = min(one.first_day, own.first_day), max(one.last_day, own.last_day)
    return Named(one.provider, one.model, one.region, *days)


def _sums(connection: Connection, by: Sequence[str]) -> list[dict[str, Any]]:
    """The sums of each group, or of all."""
    amounts = [f"{short}_{kind}" for short in SIDES.values() for kind in KINDS]
    counts = (*COUNTS, *_TIMED)
    keys = [key(place) for place in range(len(by))]
    sums = [
        *(f"coalesce(sum({one}), 0)" for one in amounts),
        *(f"coalesce(sum(CASE WHEN fate = 'compared' THEN {one} ELSE 0 END), 0)" for one in counts),
        "coalesce(sum(entries), 0)", "coalesce(sum(requests), 0)", "min(first_day)", "max(last_day)",
    ]  # fmt: skip
    grouping = f" GROUP BY {', '.join(keys)}" if keys else ""
    rows = connection.execute(f"SELECT {', '.join([*keys, *sums])} FROM cells{grouping}").fetchall()
    names = (*keys, *amounts, *counts, "all_entries", "all_requests", "first_day", "last_day")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for row in found:
        row.update({one: rounded(row[one]) for one in amounts})
    return sorted(
        found,
        key=lambda row: (
            not row["entries"],
            -(row["was_usd"] - row["high_usd"]),
            -row["was_usd"],
            *(str(row[key] or "") for key in keys),
        ),
    )


def _group(row: Mapping[str, Any], by: Sequence[str]) -> dict[str, Any]:
    before, low, high = (row[f"{short}_usd"] for short in SIDES.values())
    return {
        **{name: row[key(place)] for place, name in enumerate(by)},
        "entries": int(row["entries"]), "requests": int(row["requests"]),
        "left_out_entries": int(row["all_entries"]) - int(row["entries"]),
        "before_usd": before, "after_low_usd": low, "after_high_usd": high,
        "saving_low_usd": before - high, "saving_high_usd": before - low,
    }  # fmt: skip


def _left_out(
    connection: Connection,
    unknown: Mapping[tuple[str, str, str], Unknown],
    after: Mapping[tuple[str, str, str], Unknown],
    moves: Mapping[tuple[str, str, str], Move],
) -> list[LeftOut]:
    """The rows of neither side, the dearest first."""
    rows = connection.execute(
        "SELECT fate, own_provider, own_model, own_region, own_service_tier, own_batch, provider, model,"
        " region, service_tier, batch, max(priced_as), sum(entries), sum(requests), sum(left_out_usd)"
        " FROM cells WHERE fate <> 'compared' GROUP BY ALL"
        " ORDER BY 15 DESC, 13 DESC, 1, 2, 3, 4, 5, 6"
    ).fetchall()
    found: dict[tuple[Any, ...], LeftOut] = {}
    for one in (_one_left_out(row, unknown, after, moves) for row in rows):
        key = (one.fate, one.provider, one.model, one.service_tier, one.batch, one.to_model, one.why)
        found[key] = _with(found[key], one) if key in found else one
    return sorted(found.values(), key=lambda one: (-one.before_usd, -one.entries))


def _with(one: LeftOut, more: LeftOut) -> LeftOut:
    """The same rows of another region added."""
    return replace(
        one, entries=one.entries + more.entries, requests=one.requests + more.requests,
        before_usd=EXACT.add(one.before_usd, more.before_usd),
    )  # fmt: skip


def _one_left_out(
    row: tuple[Any, ...],
    unknown: Mapping[tuple[str, str, str], Unknown],
    after: Mapping[tuple[str, str, str], Unknown],
    moves: Mapping[tuple[str, str, str], Move],
) -> LeftOut:
    (fate, provider, model, region, tier, batch, to_provider, to_model, to_region, to_tier, to_batch,
     priced_as, entries, requests, usd) = row  # fmt: skip
    move = moves[provider, model, region]
    known = (
        unknown.get(move.key) if fate == "unpriced_before" else after.get((to_provider, to_model, to_region))
    )
    if known is not None and fate == "unpriced_after" and move.model == move.own.model:
        known = Unknown(f"{to_provider} sells no {to_model} on record")
    if known is None:
        sold = (tier, batch) if fate == "unpriced_before" else (to_tier, to_batch)
        known = Unknown(left_out_why(fate, move, sold, priced_as))
    return LeftOut(
        fate, provider, model, tier, batch, to_provider, to_model, to_tier, to_batch,
        int(entries), int(requests), rounded(usd), known.why, known.nearest,
    )  # fmt: skip


def _moved(connection: Connection, moves: Sequence[Move]) -> list[Moved]:
    rows = connection.execute(
        "SELECT own_provider, own_model, own_region, max(priced_as), sum(entries) FROM cells"
        " WHERE fate = 'compared' GROUP BY ALL ORDER BY 5 DESC, 1, 2, 3"
    ).fetchall()
    by_key = {one.key: one for one in moves if one.is_moved}
    found: dict[tuple[str, ...], Moved] = {}
    for provider, model, region, priced_as, entries in rows:
        move = by_key.get((provider, model, region))
        if move is None:
            continue
        key = (provider, model, move.provider, move.model, priced_as or "")
        before = found[key].entries if key in found else 0
        fact = move.ratio.fact
        source = f"{fact.source} (checked {fact.checked}, {fact.confidence})" if fact else ""
        found[key] = Moved(
            *key, before + int(entries), *bounds(move.ratio.range), move.ratio.why, source,
            move.longest_input, move.window_source,
        )  # fmt: skip
    return sorted(found.values(), key=lambda one: -one.entries)
