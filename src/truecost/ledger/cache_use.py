"""What prompt caches saved, what writing them cost, and what they might have saved more, at most.

Saved is what tokens read from a cache would have cost as input, less what they did; writing is what tokens
written to a cache cost above input. Missed is a bound, since a log says nothing of what a prompt began with:
where a request follows another of its task within five minutes (the shortest life of a vendor's cache), all
that is as long as that one might have been read from a cache. Where vendors bill writes, writing it would
have cost something too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from truecost.ledger.engine import connected
from truecost.ledger.exact import rounded
from truecost.ledger.filters import option_filter
from truecost.ledger.questions import Window, check_by, dimension, parsed, printed, question
from truecost.ledger.reporting import plain, prepare_tables
from truecost.ledger.store import open_store

if TYPE_CHECKING:
    from sqlglot import exp

    from truecost.catalog.catalog import Catalog

AMOUNTS = ("saved_usd", "writing_usd", "missed_usd")
COLUMNS = (
    "cache_read_tokens", "input_tokens", "saved_usd", "writing_usd", "missed_tokens", "missed_usd",
    "tokens_without_task",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CacheUse:
    """Savings of caches by group, the most missed first, and over all of them; of what has a price."""

    store: str
    month: str | None
    by: tuple[str, ...]
    as_known: date
    groups: tuple[Mapping[str, Any], ...]
    total: Mapping[str, Any]
    unpriced_entries: int
    stated_entries: int
    """Rows of usage of APIs that are in no sum: without a price, and with an amount that is stated."""
    where: str | None = None
    catalog: str | None = None
    """The file whose prices went before those that ship."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values with stable keys; amounts as text, to the last digit."""
        return plain(asdict(self))


def cache_use(
    store: str | os.PathLike[str],
    by: Sequence[str] = ("model",),
    *,
    month: str | None = None,
    as_known: date | None = None,
    where: str | None = None,
    catalog: Catalog | None = None,
) -> CacheUse:
    """What caches saved and missed in a store's usage, by any columns.

    Raises NoStore, ValueError for a column, month or filter that is not understood.
    """
    chosen = check_by(by)
    window = Window.of_month(month) if month else Window()
    known = as_known or date.today()
    asked = option_filter("--for", where)
    with connected(store) as connection:
        prepare_tables(connection, open_store(store), window, known, catalog)
        priced = question("priced", window=window, where=asked)
        query = _query(chosen, priced.copy())
        rows = connection.execute(printed(query, "duckdb")).fetchall()
        left_out = connection.execute(printed(_left_out(priced), "duckdb")).fetchall()[0]
    groups = [_typed(chosen, row) for row in rows] if chosen else []
    groups.sort(
        key=lambda row: (-row["missed_usd"], -row["saved_usd"], *(str(row[one] or "") for one in chosen))
    )
    total = {name: sum(row[name] for row in groups) for name in COLUMNS} if chosen else _typed((), rows[0])
    unpriced, stated = map(int, left_out)
    return CacheUse(
        str(store), month, chosen, known, tuple(groups), total, unpriced, stated, where,
        catalog.overlay if catalog else None,
    )  # fmt: skip


def _query(by: Sequence[str], priced: exp.Query) -> exp.Query:
    from sqlglot import exp

    query = cast("exp.Select", parsed("cache_use"))
    chosen = [exp.alias_(dimension(one), one, quoted=True) for one in by]
    query.set("expressions", [*chosen, *query.expressions])
    grouped = query.group_by(*(dimension(one) for one in by)) if by else query
    return grouped.with_("priced", as_=priced)


def _left_out(priced: exp.Query) -> exp.Query:
    """How many rows of APIs have no price, and how many an amount that is stated."""
    from sqlglot import exp

    counts = ("COUNT(CASE WHEN usd IS NULL THEN 1 END)", "COUNT(CASE WHEN is_stated THEN 1 END)")
    return exp.select(*counts).from_(priced.subquery("priced")).where("kind = 'api'")


def _typed(by: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = dict(zip((*by, *COLUMNS), row, strict=True))
    for name in COLUMNS:
        value = Decimal(found[name] or 0)
        found[name] = rounded(value) if name in AMOUNTS else int(value)
    return found
