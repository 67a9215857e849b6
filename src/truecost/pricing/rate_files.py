"""Rate rows as a file or as a table of DuckDB: for a join in any engine that reads Parquet or CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from truecost.pricing.rate_rows import COLUMN_TYPES, RateRow

SUFFIXES = (".parquet", ".csv")
_NULL = "\\N"


def suffix_of(path: str) -> str:
    """How a file of rates is written, by the end of its name. Raises ValueError for another end."""
    found = Path(path).suffix.lower()
    if found not in SUFFIXES:
        raise ValueError(f"{path}: rates are written to a file that ends in {' or '.join(SUFFIXES)}")
    return found


def write_rates(path: str, rows: Iterable[RateRow], suffix: str | None = None) -> int:
    """Write rate rows as Parquet or CSV and return how many; `suffix` where the path has another.

    In CSV an open end is an empty cell. Raises OSError where the file cannot be written.
    """
    if (suffix or suffix_of(path)) == ".csv":
        return _write_csv(Path(path), rows, null="")
    import duckdb

    connection: Any = duckdb.connect()  # pyright: ignore[reportUnknownMemberType]
    try:
        connection.execute("SET enable_progress_bar = false")
        count = load_rates(connection, rows)
        target = path.replace("'", "''")
        connection.execute(f"COPY rates TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.Error as error:
        raise OSError(f"{path}: {error}") from None
    finally:
        connection.close()
    return count


def load_rates(connection: Any, rows: Iterable[RateRow], table: str = "rates") -> int:
    """Make a table of rate rows in a DuckDB connection, `usd_per_token` DECIMAL(18,15); returns how many."""
    types = ", ".join(f"{name} {kind}" for name, kind in COLUMN_TYPES.items())
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rates.csv"
        count = _write_csv(file, rows, null=_NULL)
        connection.execute(f'CREATE TABLE "{table}" ({types})')
        source = str(file).replace("'", "''")
        options = f"HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '{_NULL}'"
        connection.execute(f"COPY \"{table}\" FROM '{source}' ({options})")
    return count


def _write_csv(path: Path, rows: Iterable[RateRow], null: str) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(RateRow._fields)
        for row in rows:
            writer.writerow([_cell(value, null) for value in row])
            count += 1
    return count


def _cell(value: object, null: str) -> object:
    if value is None:
        return null
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value
