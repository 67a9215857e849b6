"""Columns of a file as arrays: CSV, JSONL and Parquet through DuckDB, no object a row.

What is not a number becomes NaN here, and is named with its line afterwards, so a good file is read once and
fast. Where DuckDB stops, the file is read again line by line for the place.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from truecost.replay.traces.block_text import blocks_of_texts
from truecost.replay.traces.source import CSV, JSONL, PARQUET, Source, refuse
from truecost.replay.traces.trace import Floats, Integers

_OFFSET = re.compile(r"[+-]\d\d(:?\d\d)?$|Z$")


class Kind(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    STAMP = "stamp"
    KEY = "key"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True)
class Lists:
    """A list of integers a row: row i has `values[offsets[i]:offsets[i + 1]]`; `bad` marks what is none."""

    offsets: Integers
    values: Integers
    bad: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns as read: numbers (NaN for what is none), times in seconds, keys, lists.

    Dates are seconds from `since_1970_s`; None without dates.
    """

    source: Source
    numbers: Mapping[str, Floats]
    keys: Mapping[str, Integers] = field(default_factory=dict[str, Integers])
    lists: Mapping[str, Lists] = field(default_factory=dict[str, Lists])
    since_1970_s: float | None = None

    def written(self, row: int, column: str) -> tuple[str, str]:
        """Where a row stands, and what it has in a column."""
        return written(self.source, row, column)


def column_names(source: Source) -> list[str]:
    """The columns of a file: the header of a CSV, the keys of the first object, the schema of Parquet."""
    if source.container == PARQUET:
        with _connected(source) as connection:
            told = connection.execute(f"SELECT * FROM read_parquet({_text(source.path)}) LIMIT 0").description
            return [str(column[0]) for column in told]
    if source.container == JSONL:
        return list(next(source.json_lines())[1])
    names = next(csv.reader([source.first]))
    if twice := [name for name in names if names.count(name) > 1]:
        refuse(source.place(source.first_line), "two columns have this name", field=twice[0])
    return names


def read_table(source: Source, columns: Mapping[str, Kind]) -> Table:
    """The columns named, each read as its kind. Raises SpecError at the first line of another shape."""
    with _connected(source) as connection:
        connection.execute(f"CREATE TEMP VIEW given AS SELECT * FROM {_relation(source, columns)}")
        scalars = {name: kind for name, kind in columns.items() if kind is not Kind.BLOCKS}
        found = _scalars(connection, source, scalars)
        listed = [name for name, kind in columns.items() if kind is Kind.BLOCKS]
        lists = {name: _lists(connection, source, name) for name in listed}
    keys = {name: _integers(found.pop(name)) for name, kind in scalars.items() if kind is Kind.KEY}
    dates = [_first_ns(found[name]) / 1e9 for name, kind in scalars.items() if kind is Kind.STAMP]
    numbers = {name: _floats(values) for name, values in found.items()}
    return Table(source, numbers, keys, lists, dates[0] if dates else None)


@contextmanager
def _connected(source: Source) -> Generator[Any]:
    import duckdb

    connection: Any = duckdb.connect(config={"autoinstall_known_extensions": False})  # pyright: ignore[reportUnknownMemberType]
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        yield connection
    except duckdb.Error as error:
        _explain(source, str(error))
    finally:
        connection.close()


def _scalars(connection: Any, source: Source, columns: Mapping[str, Kind]) -> dict[str, Any]:
    parts = [
        f"{_expression(connection, source, name, kind)} AS {_name(name)}" for name, kind in columns.items()
    ]
    return connection.execute(f"SELECT {', '.join(parts)} FROM given").fetchnumpy()


def _expression(connection: Any, source: Source, name: str, kind: Kind) -> str:
    # without trim, DuckDB moves the cast into its CSV reader, where it stops at what is no number
    cell = _name(name) if source.container == PARQUET else f"trim({_name(name)})"
    if kind is Kind.NUMBER:
        return f"TRY_CAST({cell} AS DOUBLE)"
    if kind is Kind.KEY:
        return f"CASE WHEN {cell} IS NULL THEN -1 ELSE CAST(hash(CAST({cell} AS VARCHAR)) >> 1 AS BIGINT) END"
    first = connection.execute(f"SELECT CAST({cell} AS VARCHAR) FROM given LIMIT 1").fetchone()
    if first and first[0] and _OFFSET.search(str(first[0])):
        return f"epoch_us(TRY_CAST({cell} AS TIMESTAMPTZ)) * 1000"
    return f"epoch_ns(TRY_CAST({cell} AS TIMESTAMP_NS))"


def _lists(connection: Any, source: Source, name: str) -> Lists:
    if source.container == CSV:
        texts = connection.execute(f"SELECT {_name(name)} FROM given").fetchnumpy()[name]
        return Lists(*blocks_of_texts([None if one is np.ma.masked else one for one in texts]))
    connection.execute(
        f"CREATE TEMP TABLE lists AS SELECT TRY_CAST({_name(name)} AS BIGINT[]) AS l FROM given"
    )
    counts = connection.execute("SELECT len(l) AS n FROM lists").fetchnumpy()["n"]
    values = connection.execute("SELECT unnest(l) AS v FROM lists").fetchnumpy()["v"]
    connection.execute("DROP TABLE lists")
    bad = np.ma.getmaskarray(counts).copy()
    offsets = np.concatenate([[0], np.cumsum(np.ma.filled(counts, 0), dtype=np.int64)])
    holes = np.flatnonzero(np.ma.getmaskarray(values))
    bad[np.searchsorted(offsets, holes, side="right") - 1] = True
    return Lists(offsets, np.ma.filled(values, 0).astype(np.int64), bad)


def _first_ns(values: Any) -> int:
    """The first stamp there is; 0 without any."""
    known = ~np.ma.getmaskarray(values)
    return int(values[known][0]) if known.any() else 0


def _floats(values: Any) -> Floats:
    """Numbers, NaN where there is none; stamps in nanoseconds become seconds from the first."""
    if not np.issubdtype(values.dtype, np.integer):
        return np.asarray(np.ma.filled(values, np.nan), dtype=np.float64)
    known = ~np.ma.getmaskarray(values)
    seconds = (np.ma.getdata(values) - _first_ns(values)) / 1e9
    return np.where(known, seconds, np.nan)


def _integers(values: Any) -> Integers:
    return np.asarray(np.ma.filled(values, -1), dtype=np.int64)


def _relation(source: Source, columns: Mapping[str, Kind]) -> str:
    """The table function that reads a file, each column as text but the lists of JSON."""
    path = _text(source.path)
    if source.container == PARQUET:
        return f"read_parquet({path})"
    packed = f"compression = '{'gzip' if source.zipped else 'none'}'"
    if source.container == JSONL:
        types = {name: "JSON" if kind is Kind.BLOCKS else "VARCHAR" for name, kind in columns.items()}
        return f"read_json({path}, format = 'newline_delimited', {packed}, columns = {_struct(types)})"
    types = dict.fromkeys(column_names(source), "VARCHAR")
    dialect = "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"'"
    return (
        f"read_csv({path}, {dialect}, skip = {source.first_line - 1}, {packed}, columns = {_struct(types)})"
    )


def _struct(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{_text(name)}: '{kind}'" for name, kind in types.items()) + "}"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def written(source: Source, row: int, column: str) -> tuple[str, str]:
    """The place of a row counted from 0, and what stands there in a column."""
    if source.container == PARQUET:
        with _connected(source) as connection:
            told = connection.execute(
                f"SELECT CAST({_name(column)} AS VARCHAR) FROM read_parquet({_text(source.path)}) "
                f"LIMIT 1 OFFSET {row}"
            ).fetchone()
        return f"{source.path}: row {row + 1:,}", str(told[0]) if told and told[0] is not None else ""
    if source.container == JSONL:
        number, value = next(itertools.islice(source.json_lines(), row, None))
        cell = value.get(column, "")
        return source.place(number), "null" if cell is None else str(cell)
    header, rows = _csv_rows(source)
    number, cells = next(itertools.islice(rows, row, None))
    return source.place(number), cells[header.index(column)]


def _csv_rows(source: Source) -> tuple[list[str], Generator[tuple[int, list[str]]]]:
    def rows() -> Generator[tuple[int, list[str]]]:
        lines = source.lines()
        next(lines)
        for number, line in lines:
            yield number, next(csv.reader([line], strict=True))

    return next(csv.reader([source.first])), rows()


def _explain(source: Source, message: str) -> None:
    """Says where a file has another shape than its first line promised."""
    if source.container == CSV:
        _check_csv(source)
    elif source.container == JSONL:
        for _ in source.json_lines():
            pass
    refuse(source.path, f"DuckDB cannot read this file: {_one_line(message)}")


def _check_csv(source: Source) -> None:
    header, rows = _csv_rows(source)
    number = source.first_line
    try:
        for number, cells in rows:
            if len(cells) != len(header):
                _refuse_width(source, number, cells, header)
    except csv.Error as error:
        refuse(source.place(number + 1), f"this line is not CSV: {error}; is it cut off?")


def _refuse_width(source: Source, number: int, cells: Sequence[str], header: Sequence[str]) -> None:
    cut = "; is the line cut off?" if len(cells) < len(header) else ""
    column = header[len(cells)] if len(cells) < len(header) else ""
    refuse(
        source.place(number),
        f"{len(cells)} cells for {len(header)} columns{cut}",
        field=column,
        value=",".join(cells),
        allowed=",".join(header),
    )


def _one_line(message: str) -> str:
    return " ".join(message.partition("\nLINE ")[0].split())[:200]
