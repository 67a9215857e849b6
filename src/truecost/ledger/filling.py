"""The table `cells` of a report: the whole question, asked by the shortest query that answers it.

Files that say nothing of chips and of bills are asked in whole units (`truecost.ledger.whole_units`), others
in decimals; of both, what they say nothing in is folded away (`truecost.ledger.folding`). Spark is asked in
decimals. The sums are the same to the last digit either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truecost.ledger.engine import Connection, parquet
from truecost.ledger.folding import always, folded, known_of, usual_of
from truecost.ledger.questions import Window, printed
from truecost.ledger.rates import ANY_LENGTH, MINUTES_PER_DAY
from truecost.ledger.store import DataFile, Store, empty_in
from truecost.ledger.whole_units import NEEDED, in_whole_units, make_whole_rates

if TYPE_CHECKING:
    from sqlglot import exp

AMOUNTS = (
    "input_usd", "cache_read_usd", "cache_write_usd", "output_usd", "other_usd", "chip_usd",
    "as_stated_usd", "usd", "retried_usd",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summed:
    """The cells of a report and the models that have no price, both as asked of `usage` and `rates`."""

    cells: exp.Query
    unpriced: exp.Query


def fill_cells(connection: Connection, asked: Summed, store: Store, window: Window) -> list[tuple[Any, ...]]:
    """The table `cells` by DuckDB; returns the rows of what has no price."""
    like = printed(asked.cells, "duckdb")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cells AS SELECT * FROM ({like}) LIMIT 0")
    files = store.files(window.since, window.until)
    make_whole_rates(connection)
    parts = list(_parts(files))
    for part in parts:
        _usage_of(connection, store, part)
        _answered(connection, asked.cells, empty_in(part), AMOUNTS, "INSERT INTO cells ")
    if len(parts) > 1:
        _usage_of(connection, store, files)
    if not _has_gaps(connection):
        return []
    return _answered(connection, asked.unpriced, empty_in(files), ()).fetchall()


def _parts(files: Sequence[DataFile]) -> Iterator[list[DataFile]]:
    """Files that can be asked in whole units, and the others."""
    for whole in (True, False):
        if part := [one for one in files if (set(one.empty) >= NEEDED) is whole]:
            yield part


def _usage_of(connection: Connection, store: Store, files: Sequence[DataFile]) -> None:
    source = parquet(store.located(files))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW usage AS SELECT * FROM {source}")


def _answered(
    connection: Connection, query: exp.Query, empty: frozenset[str], amounts: Sequence[str], into: str = ""
) -> Any:
    """A question's answer, in whole units where usage allows it and every amount fits."""
    import duckdb

    shorter = _shorter(connection, query, empty)
    if empty >= NEEDED:
        try:
            return connection.execute(into + printed(in_whole_units(shorter, amounts), "duckdb"))
        except duckdb.OutOfRangeException:
            pass
    return connection.execute(into + printed(shorter, "duckdb"))


def _shorter(connection: Connection, query: exp.Query, empty: frozenset[str]) -> exp.Query:
    """A query without what usage says nothing in, and without what holds for every rate."""
    fees, any_minute, any_length = connection.execute(
        "SELECT count(request_usd),"
        f" coalesce(bool_and(utc_minute_from = 0 AND utc_minute_to = {MINUTES_PER_DAY}), true),"
        f" coalesce(bool_and(input_tokens_from = 0 AND input_tokens_to = {ANY_LENGTH}), true) FROM rates"
    ).fetchall()[0]
    known = {**known_of(empty, has_fees=bool(fees)), **usual_of(empty)}
    met = [
        *(("utc_minute_from", "utc_minute_to") if any_minute else ()),
        *(("input_tokens_from", "input_tokens_to") if any_length else ()),
    ]
    return folded(always(query, met), known)


def fill_by_spark(
    connection: Connection, asked: Summed, store: Store, window: Window, engine: str
) -> list[tuple[Any, ...]]:
    """The same by Spark."""
    from truecost.ledger.spark import into_table, spark_beside

    paths = store.paths(window.since, window.until)
    like = printed(asked.cells, "duckdb")
    if not paths:
        into_table(connection, "cells", [], [], like)
        return []
    shorter = _shorter(connection, asked.cells, store.empty(window.since, window.until))
    with spark_beside(connection, engine, paths) as spark:
        columns, rows = spark.answers(shorter)
        into_table(connection, "cells", columns, rows, like)
        return spark.answers(asked.unpriced)[1] if _has_gaps(connection) else []


def _has_gaps(connection: Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM cells WHERE coverage = 'unpriced'").fetchall()[0][0])
