"""DuckDB as the ledger uses it: no network, UTC, spill beside the store, quoting in one place."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from os import PathLike

Connection: TypeAlias = Any
"""A DuckDB connection; DuckDB ships no complete types."""


@contextmanager
def connected(spill: str | PathLike[str] | None = None) -> Generator[Connection]:
    """A connection in memory that spills to a folder, closed at the end."""
    import duckdb

    config: dict[str, Any] = {"autoinstall_known_extensions": False}
    if spill is not None:
        config["temp_directory"] = str(spill)
    connection: Connection = duckdb.connect(config=config)  # pyright: ignore[reportUnknownMemberType]
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


def text(value: str) -> str:
    """A string as an SQL literal.

    >>> text("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """A string as an SQL identifier.

    >>> name('a "b"')
    '"a ""b""\"'
    """
    return '"' + value.replace('"', '""') + '"'
