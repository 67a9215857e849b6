"""DuckDB as the ledger uses it: no network, UTC, spill beside the store, quoting in one place."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from os import PathLike
from typing import Any, TypeAlias

Connection: TypeAlias = Any
"""A DuckDB connection; DuckDB ships no complete types."""


@contextmanager
def connected(
    about: str | PathLike[str] = "usage", spill: str | PathLike[str] | None = None
) -> Generator[Connection]:
    """A connection in memory that spills to a folder, closed at the end.

    Raises OSError, beginning with what it is about, for a broken file, a full disk, too little memory.
    """
    import duckdb

    config: dict[str, Any] = {"autoinstall_known_extensions": False}
    if spill is not None:
        config["temp_directory"] = str(spill)
    connection: Connection = duckdb.connect(config=config)  # pyright: ignore[reportUnknownMemberType]
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        yield connection
    except duckdb.Error as error:
        outside = (duckdb.IOException, duckdb.InvalidInputException, duckdb.OutOfMemoryException)
        if isinstance(error, outside) or type(error) is duckdb.Error:
            raise OSError(f"{about}: {said(error)}") from error
        raise
    finally:
        connection.close()


def said(error: Exception) -> str:
    """The first line of an error of DuckDB; those behind it quote the file or the query.

    >>> said(ValueError("CSV Error on Line: 3\\nOriginal Line: a,b"))
    'CSV Error on Line: 3'
    """
    return str(error).split("\n", 1)[0]


def text(value: str) -> str:
    """A string as an SQL literal.

    >>> text("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def located(path: str | PathLike[str]) -> str:
    """A path as an SQL literal that names this file alone, whatever signs of a pattern are in it.

    >>> located("usage*/[1].parquet")
    "'usage[*]/[[]1].parquet'"
    """
    return text(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def parquet(paths: Iterable[str | PathLike[str]]) -> str:
    """SQL of the rows of Parquet files."""
    return f"read_parquet([{', '.join(map(located, paths))}], hive_partitioning = false)"


def name(value: str) -> str:
    """A string as an SQL identifier.

    >>> name('a "b"')
    '"a ""b""\"'
    """
    return '"' + value.replace('"', '""') + '"'
