"""DuckDB as the ledger uses it: no network, UTC, spill beside the store, quoting in one place."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from tempfile import gettempdir
from typing import Any, TypeAlias
from uuid import uuid4

Connection: TypeAlias = Any
"""A DuckDB connection; DuckDB ships no complete types."""
MEMORY_BYTES = 4 << 30
"""What tables and sums may take before they go to the disk; the process takes some more."""
_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


@contextmanager
def connected(
    about: str | PathLike[str] = "usage", spill: str | PathLike[str] | None = None
) -> Generator[Connection]:
    """A connection that takes MEMORY_BYTES at most and spills to a folder, closed at the end.

    Without a folder it spills to one in the system's place for temporary files, removed at the end. Raises
    OSError, beginning with what it is about, for a broken file, a full disk, too little memory, and
    KeyboardInterrupt for Ctrl-C within a query, which DuckDB reports as an error of its own.
    """
    import duckdb

    beside = Path(gettempdir()) / f"truecost-{uuid4().hex}"
    config: dict[str, Any] = {"autoinstall_known_extensions": False, "temp_directory": str(spill or beside)}
    connection: Connection = duckdb.connect(config=config)  # pyright: ignore[reportUnknownMemberType]
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        _limit_memory(connection)
        yield connection
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.Error as error:
        outside = (duckdb.IOException, duckdb.InvalidInputException, duckdb.OutOfMemoryException)
        if isinstance(error, outside) or type(error) is duckdb.Error:
            raise OSError(f"{about}: {said(error)}") from error
        raise
    except RuntimeError as error:
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        raise
    finally:
        connection.close()
        shutil.rmtree(beside, ignore_errors=True)


def _limit_memory(connection: Connection) -> None:
    """Take less memory than DuckDB would, which is most of the machine's."""
    told = connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
    number, unit = told.split()
    if float(number) * _UNITS[unit] > MEMORY_BYTES:
        connection.execute(f"SET memory_limit = '{MEMORY_BYTES} B'")


def said(error: Exception) -> str:
    """The first line of an error of DuckDB; those behind it quote the file or the query.

    >>> said(ValueError("CSV Error on Line: 3\\nOriginal Line: a,b"))
    'CSV Error on Line: 3'
    >>> said(ValueError('IO Error: Async write failed: {"exception_message":"No space left on device"}'))
    'No space left on device'
    """
    told = str(error).split("\n", 1)[0]
    within = re.search(r'"exception_message":("(?:[^"\\]|\\.)*")', told)
    return str(json.loads(within[1])) if within else told


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
