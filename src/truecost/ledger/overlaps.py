"""What may count twice: two logs of one provider and day, of which one is a sum of what the other tells.

A usage export, a cluster's hours or a cloud bill in one store with the logs of the same requests or chips
would be added to them. Nothing tells which row is in which sum, so this is a warning by day, and nothing is
left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from typing import Any

from truecost.ledger.engine import Connection, parquet
from truecost.ledger.readers import Reader
from truecost.ledger.store import Store


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two sources that both tell of a provider on the same days; one and the same where days come again."""

    kind: str
    """`api`, or `chips` for the hours of a fleet and of training alike."""
    provider: str
    one: str
    another: str
    days: int
    first_day: str
    last_day: str


def overlaps(connection: Connection, store: Store, readers: Mapping[str, Reader]) -> tuple[Overlap, ...]:
    """The sums among what is about to be added (`arrivals`) or in the store that other logs tell of too."""
    summing = [name for name, reader in readers.items() if reader.sums]
    if not _any_sum(connection, store, summing):
        return ()
    first, last = connection.execute("SELECT min(ts), max(ts) FROM arrivals WHERE fate IS NULL").fetchall()[0]
    paths = store.paths(first.date(), last.date() + timedelta(1)) if first else []
    before = f"UNION ALL SELECT kind, provider, ts, source, false FROM {parquet(paths)}" if paths else ""
    connection.execute("CREATE OR REPLACE TEMP TABLE summing AS SELECT unnest(?) AS source", [summing])
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE told AS"
        " SELECT CASE WHEN kind = 'api' THEN 'api' ELSE 'chips' END AS kind,"
        " provider, CAST(ts AS DATE) AS day, source, is_new FROM"
        " (SELECT kind, provider, ts, source, true AS is_new FROM arrivals WHERE fate IS NULL"
        f" {before}) WHERE kind <> 'other' GROUP BY ALL"
    )
    found: list[Any] = connection.execute(
        (files("truecost.ledger") / "sql" / "overlaps.sql").read_text(encoding="utf-8")
    ).fetchall()
    return tuple(Overlap(*row) for row in found)


def _any_sum(connection: Connection, store: Store, summing: list[str]) -> bool:
    if any(set(one.dialects) & set(summing) for one in store.manifest.imported):
        return True
    new = "SELECT count(*) FROM arrivals WHERE fate IS NULL AND list_contains(?, source)"
    return bool(connection.execute(new, [summing]).fetchall()[0][0])
