"""A prepared file into the table `arrivals`: the dialect found, the whole file read at once by DuckDB.

The happy path is SQL. Lines that it does not take are looked at one by one: a broken line is told with its
reason, a stream that ended early is made whole by an estimate, a line of another dialect goes to its reader.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import numpy as np

from truecost.ledger.engine import Connection, name, said, text
from truecost.ledger.files import CannotRead, Kind, LineNumbers, Prepared, lines_at
from truecost.ledger.readers import (
    READERS,
    Reader,
    Record,
    dialect_of,
    is_normal,
    is_renaming,
    mapped_reader,
    most_claimed,
    with_map,
)
from truecost.ledger.readers.buckets import is_costs
from truecost.ledger.readers.reader import TEXT
from truecost.ledger.usage import COLUMNS

_SAMPLE = 50
_AT_ONCE = 100_000
_SMALLEST_OBJECT = 16 << 20
LOOSE = (*(column for column in COLUMNS if column not in {"source", "source_file", "line"}), "trace", "span")
"""The columns that a reader may give, as texts; what it does not give is NULL."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How files are to be read: the dialect, columns by name, whether input leaves cached tokens out."""

    until: datetime
    dialect: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict[str, str])
    outside: bool = False


def sql(question: str) -> str:
    """The text of a question."""
    return (files("truecost.ledger") / "sql" / f"{question}.sql").read_text(encoding="utf-8")


def make_tables(connection: Connection) -> None:
    """The tables that an import fills: arrivals, rejects, spans, lines passed over."""
    connection.execute(sql("macros"))
    # a join, which DuckDB makes of a long IN, loses the order of lines, and with it their numbers
    connection.execute("SET disabled_optimizers = 'in_clause'")
    columns = ", ".join(f"{name(one)} {kind}" for one, kind in COLUMNS.items())
    connection.execute(f"CREATE TEMP TABLE arrivals ({columns}, reason VARCHAR, trace VARCHAR, span VARCHAR)")
    connection.execute("CREATE TEMP TABLE rejects (source_file VARCHAR, line BIGINT, reason VARCHAR)")
    connection.execute("CREATE TEMP TABLE spans (trace VARCHAR, span VARCHAR, parent VARCHAR)")
    connection.execute("CREATE TEMP TABLE passed_over (source_file VARCHAR, lines BIGINT)")


def read_file(connection: Connection, prepared: Prepared, asked: Asked, told_as: str) -> list[str]:
    """Every record of a file into `arrivals` or `rejects`; returns the dialects found, the commonest first.

    Raises CannotRead where the file is of no dialect that is known.
    """
    for line, length in prepared.too_long:
        reject(connection, told_as, [(line, f"a line of {length:,} bytes, beyond the limit")])
    if prepared.kind is not Kind.JSONL:
        reader = _of_table(connection, prepared, asked)
        _read_table(connection, prepared, reader, asked, told_as)
        return [reader.name]
    reader = _of_lines(prepared, asked)
    left = _read_lines(connection, prepared, reader, asked, told_as)
    return [reader.name, *_look_at(connection, prepared, (left, reader), asked, told_as)]


def reject(connection: Connection, told_as: str, found: Sequence[tuple[int, str]]) -> None:
    """Keep lines aside with why: where they stand, never what is in them."""
    if found:
        lines, reasons = [line for line, _ in found], [reason for _, reason in found]
        connection.execute("INSERT INTO rejects SELECT ?, unnest(?), unnest(?)", [told_as, lines, reasons])


def _sample(prepared: Prepared) -> list[Record]:
    found = (_parsed(line)[0] for _, line in lines_at(prepared, np.arange(_SAMPLE, dtype=np.int64)))
    return [record for record in found if record is not None]


def _parsed(line: bytes) -> tuple[Record | None, str]:
    """A line as a record, or why it is none, without a word of what is in it."""
    try:
        value = json.loads(line)
    except UnicodeDecodeError as error:
        return None, f"not text in UTF-8 from byte {error.start + 1}"
    except json.JSONDecodeError as error:
        return None, f"not JSON at column {error.colno}: {error.msg}"
    except (RecursionError, ValueError):
        return None, "not JSON that can be read: too deep, or a number too long"
    if not isinstance(value, dict):
        return None, "not a JSON object"
    return cast("Record", value), ""


def _of_lines(prepared: Prepared, asked: Asked) -> Reader:
    """The reader of a file of JSON lines: the one asked for, else found by what its first lines hold."""
    sample = _sample(prepared)
    if asked.dialect is not None:
        return with_map(READERS[asked.dialect], asked.mapping)
    found = most_claimed(sample)
    if found:
        return with_map(READERS[found], asked.mapping)
    names = dict.fromkeys(itertools.chain.from_iterable(sample))
    told = {*names, *asked.mapping}
    if "model" in told and {"input_tokens", "output_tokens", "stated_usd", "chip_hours"} & told:
        return mapped_reader(asked.mapping, names, table=False, outside=asked.outside)
    if any(is_costs(record) for record in sample):
        raise CannotRead(
            f"{prepared.source}: these are costs, not usage: truecost ledger reconcile holds them"
            " against a store"
        )
    shown = ", ".join(list(names)[:12]) or "no JSON object"
    raise CannotRead(
        f"{prepared.source}: no dialect is known by its first lines (fields: {shown}); name the columns, such"
        " as --map ts=time,model=deployment,input_tokens=prompt_tokens,output_tokens=completion_tokens"
    )


def _read_lines(
    connection: Connection, prepared: Prepared, reader: Reader, asked: Asked, told_as: str
) -> LineNumbers:
    """Read a file of JSON lines; returns the records, counted from 0, that the reader did not take."""
    size = max(prepared.longest_bytes + 1024, _SMALLEST_OBJECT)
    given = (
        f"read_json({text(str(prepared.path))}, format = 'newline_delimited', ignore_errors = true,"
        f" records = true, compression = 'none', maximum_object_size = {size},"
        f" columns = {struct(reader.fields)})"
    )
    if reader.relation:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE lines_read AS {reader.lines}, ({reader.taken}) AS taken"
            f" FROM {given}"
        )
        connection.execute("CREATE OR REPLACE TEMP VIEW lines AS SELECT rowid AS line, * FROM lines_read")
        _make_raw(connection, reader, f"({reader.relation})", "line AS record")
        left = connection.execute(
            "SELECT line FROM lines WHERE taken IS NOT TRUE ORDER BY line"
        ).fetchnumpy()["line"]
        told = "(SELECT count(DISTINCT record) FROM raw WHERE mine)"
        without = f"(SELECT count(*) FROM lines WHERE taken) - {told}"
    else:
        _make_raw(connection, reader, given, f"({reader.taken or 'false'}) AS taken")
        left = connection.execute(
            "SELECT rowid AS l FROM raw WHERE mine IS NOT TRUE AND taken IS NOT TRUE ORDER BY l"
        ).fetchnumpy()["l"]
        without = "(SELECT count(*) FROM raw WHERE taken AND mine IS NOT TRUE)"
    connection.execute(f"INSERT INTO passed_over SELECT ?, {without}", [told_as])
    _note_spans(connection, reader)
    _arrive(connection, prepared.lines, reader, asked, told_as)
    return np.asarray(left, dtype=np.int64)


def _make_raw(connection: Connection, reader: Reader, relation: str, record: str) -> None:
    cast_to = {"tags": "MAP(VARCHAR, VARCHAR)"}
    parts = [
        f"CAST({reader.columns.get(column, 'NULL')} AS {cast_to.get(column, 'VARCHAR')}) AS {name(column)}"
        for column in LOOSE
    ]
    chosen = ", ".join([*([record] if record else []), f"({reader.mine}) AS mine", *parts])
    if reader.once:
        made = ", ".join(f"{one} AS {name(column)}" for column, one in reader.once.items())
        relation = f"(SELECT *, {made} FROM {relation})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {chosen} FROM {relation}")


def _note_spans(connection: Connection, reader: Reader) -> None:
    """What lies below what in `raw`, requests and others alike."""
    if "span" in reader.columns:
        connection.execute("INSERT INTO spans SELECT trace, span, parent_id FROM raw WHERE span IS NOT NULL")


def _arrive(
    connection: Connection, lines: LineNumbers | None, reader: Reader, asked: Asked, told_as: str
) -> None:
    """The records of `raw` into `arrivals`, with the numbers of their lines."""
    record = "record" if reader.relation else "rowid"
    if lines is None:
        view = f"SELECT *, {record} + 1 AS line FROM raw"
    else:
        connection.register("given_lines", {"line": lines})
        connection.execute("CREATE OR REPLACE TEMP TABLE line_map AS SELECT line AS at_line FROM given_lines")
        connection.unregister("given_lines")
        view = (
            f"SELECT raw.*, line_map.at_line AS line FROM raw JOIN line_map ON line_map.rowid = raw.{record}"
        )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW records AS {view}")
    stem = Path(told_as).name.removesuffix(".gz")
    given = {
        "source": reader.name,
        "file": told_as,
        "stem": stem,
        "outside": reader.outside,
        "until": asked.until,
    }
    connection.execute(sql("arrivals"), given)


def _look_at(
    connection: Connection, prepared: Prepared, taken: tuple[LineNumbers, Reader], asked: Asked, told_as: str
) -> list[str]:
    """Lines that the reader did not take, one by one; returns the other dialects found among them."""
    left, reader = taken
    others: dict[str, None] = {}
    for some in _batched(lines_at(prepared, left), _AT_ONCE):
        rejected: list[tuple[int, str]] = []
        apart: dict[str, list[tuple[int, Record]]] = {}
        for number, line in some:
            record, why = _parsed(line)
            found, why = _placed(record, reader) if record is not None else (None, why)
            if found is None:
                rejected.append((number, why))
            else:
                apart.setdefault(found[0], []).append((number, found[1]))
        reject(connection, told_as, rejected)
        for dialect, records in apart.items():
            if dialect != reader.name:
                others[dialect] = None
            own = reader if dialect == reader.name else with_map(READERS[dialect], asked.mapping)
            _read_apart(connection, prepared, (own, records), asked, told_as)
    return list(others)


def _placed(record: Record, reader: Reader) -> tuple[tuple[str, Record] | None, str]:
    """The dialect of a record that was not taken and what to read of it, or why it is left aside.

    DuckDB takes no line with half a surrogate or a byte-order mark in it, in whichever text: such a record
    is read again without them, unless what it tells hangs on the lines before it.
    """
    if reader.name in READERS and READERS[reader.name].claims(record):
        dialect = reader.name
    else:
        dialect = dialect_of(record) or ""
    if not dialect:
        return None, f"no record of {reader.name}, nor of another dialect"
    mended = READERS[dialect].mend(record)
    if mended is not None:
        return (dialect, mended), ""
    if dialect == reader.name and reader.hangs_together:
        return None, f"a record of {reader.name} whose fields have another shape"
    return (dialect, record), ""


def _read_apart(
    connection: Connection,
    prepared: Prepared,
    given: tuple[Reader, Sequence[tuple[int, Record]]],
    asked: Asked,
    told_as: str,
) -> None:
    """Records of a dialect, from among a file's lines, by way of a file of their own without their texts."""
    from truecost.ledger.readers.reader import pruned

    reader, records = given
    fields = reader.fields
    path = prepared.path.parent / "apart.jsonl" if prepared.path != prepared.source else None
    path = (
        path
        or Path(connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0])
        / "apart.jsonl"
    )
    told = (json.dumps(pruned(record, fields), ensure_ascii=False) for _, record in records)
    lines = [one.encode("utf-8", "replace") for one in told]
    path.write_bytes(b"\n".join(lines) + b"\n")
    numbers = np.array([number for number, _ in records], dtype=np.int64)
    longest = max(map(len, lines))
    one = replace(prepared, path=path, lines=numbers, longest_bytes=longest)
    left = _read_lines(connection, one, reader, asked, told_as)
    path.unlink()
    why = f"a record of {reader.name} whose fields have another shape"
    reject(connection, told_as, [(int(numbers[index]), why) for index in left])


def _batched(given: Iterator[tuple[int, bytes]], size: int) -> Iterator[list[tuple[int, bytes]]]:
    while some := list(itertools.islice(given, size)):
        yield some


def struct(fields: Mapping[str, str]) -> str:
    """Fields by dotted path as DuckDB's nested columns.

    >>> print(struct({"id": "VARCHAR", "usage.n": "BIGINT"}))
    {'id': 'VARCHAR', 'usage': 'STRUCT("n" BIGINT)'}
    """
    return "{" + ", ".join(f"{text(one)}: {text(_type(inner))}" for one, inner in _tree(fields).items()) + "}"


def _tree(fields: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, kind in fields.items():
        *parents, last = path.split(".")
        at: dict[str, Any] = tree
        for parent in parents:
            at = at.setdefault(parent, {})
        at[last] = kind
    return tree


def _type(inner: Any) -> str:
    if isinstance(inner, str):
        return inner
    found = cast("dict[str, Any]", inner)
    return "STRUCT(" + ", ".join(f"{name(one)} {_type(each)}" for one, each in found.items()) + ")"


def _of_table(connection: Connection, prepared: Prepared, asked: Asked) -> Reader:
    """The reader of a CSV or Parquet file, by its columns."""
    names = table_names(connection, prepared)
    if asked.dialect is not None and asked.dialect in READERS and not READERS[asked.dialect].table:
        raise CannotRead(
            f"{prepared.source}: {asked.dialect} is written as JSONL, and this is {prepared.kind}"
        )
    of_header = dict.fromkeys(names, "")
    for reader in READERS.values():
        if asked.dialect == reader.name or (not asked.dialect and reader.table and reader.claims(of_header)):
            flat = replace(reader, lines="", relation="")
            return _of_header(prepared, with_map(flat, asked.mapping), asked, names)
    for column, told in asked.mapping.items():
        if not told.startswith("=") and told not in names and not is_renaming(column):
            _refuse_column(prepared, f"--map {column}={told}", told, names)
    reader = mapped_reader(asked.mapping, names, table=True, outside=asked.outside)
    missing = [one for one in ("ts", "model") if one not in reader.columns]
    if missing or (
        not is_normal({*reader.columns, "ts", "model"})
        and not {"input_tokens", "output_tokens"} & set(reader.columns)
    ):
        wanted = missing or ["input_tokens", "output_tokens"]
        example = ",".join(f"{one}=COLUMN" for one in wanted)
        raise CannotRead(
            f"{prepared.source}: no column is {' or '.join(wanted)}; name it with --map {example}"
            f" (columns: {', '.join(names[:20])})"
        )
    return reader


def _of_header(prepared: Prepared, reader: Reader, asked: Asked, names: Sequence[str]) -> Reader:
    """A dialect's reader for a table with these columns; a mapping must name some of them."""
    for column, told in asked.mapping.items():
        if not told.startswith("=") and told.partition(".")[0] not in names and not is_renaming(column):
            _refuse_column(prepared, f"--map {column}={told}", told, names)
    return reader


def _refuse_column(prepared: Prepared, asked: str, told: str, names: Sequence[str]) -> None:
    import difflib

    near = difflib.get_close_matches(told, names, n=1)
    hint = f"; the nearest is {near[0]}" if near else f" (columns: {', '.join(names[:20])})"
    raise CannotRead(f"{prepared.source}: {asked}: there is no column {told!r}{hint}")


def table_names(connection: Connection, prepared: Prepared) -> list[str]:
    """The columns of a CSV or Parquet file. Raises CannotRead where it has no header, or a name twice."""
    import csv

    import duckdb

    if prepared.kind is Kind.PARQUET:
        try:
            told = connection.execute(f"DESCRIBE SELECT * FROM {_parquet(prepared)}").fetchall()
        except duckdb.Error as error:
            raise CannotRead(
                f"{prepared.source}: this Parquet file is broken: {str(error).splitlines()[0]}"
            ) from None
        return [str(column[0]) for column in told]
    with open(prepared.path, encoding="utf-8-sig", errors="replace", newline="") as file:
        header = next(line for line in file if line.strip())
    try:
        found = next(csv.reader([header]))
    except csv.Error as error:
        raise CannotRead(f"{prepared.source}: its first line is no header of a CSV: {error}") from None
    times = Counter(one.lower() for one in found)
    if twice := [one for one in found if times[one.lower()] > 1 or not one]:
        what = f"two columns are named {twice[0]!r}" if twice[0] else "a column has no name"
        raise CannotRead(f"{prepared.source}: {what}")
    if len(found) == 1 and (other := next((one for one in ";\t|" if one in header), "")):
        raise CannotRead(f"{prepared.source}: its columns are parted by {other!r}; write them with commas")
    return found


def _parquet(prepared: Prepared) -> str:
    return f"read_parquet({text(str(prepared.path))}, hive_partitioning = false)"


def _read_table(
    connection: Connection, prepared: Prepared, reader: Reader, asked: Asked, told_as: str
) -> None:
    import duckdb

    names = table_names(connection, prepared)
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    given = _parquet(prepared) if prepared.kind is Kind.PARQUET else _csv(prepared, names)
    columns = ", ".join(_of_columns(reader, names))
    try:
        _make_raw(
            connection, reader, f"(SELECT {columns} FROM {given})", f"({reader.taken or 'false'}) AS taken"
        )
    except duckdb.Error as error:
        raise CannotRead(f"{prepared.source}: {said(error)[:200]}") from None
    lines = None if prepared.kind is Kind.PARQUET else _lines_of_csv(connection, prepared, told_as)
    _arrive(connection, lines, reader, asked, told_as)
    _note_spans(connection, reader)
    connection.execute(
        "INSERT INTO passed_over SELECT ?, count(*) FROM raw WHERE taken AND mine IS NOT TRUE", [told_as]
    )
    left = connection.execute(
        "SELECT line FROM records WHERE mine IS NOT TRUE AND taken IS NOT TRUE ORDER BY line"
    ).fetchall()
    reject(
        connection, told_as, [(int(line), f"a row without any column of {reader.name}") for (line,) in left]
    )


def _of_columns(reader: Reader, names: Sequence[str]) -> list[str]:
    """SQL of a reader's fields, of a table: as text, or NULL where it has no such column."""
    known = {one.lower() for one in names}
    there = [
        one
        for one, kind in reader.fields.items()
        if one.lower() in known and (not reader.table or kind == TEXT)
    ]
    lacking = _tree({one: kind for one, kind in reader.fields.items() if one not in there})
    return [
        *(f"CAST({name(one)} AS VARCHAR) AS {name(one)}" for one in there),
        *(f"CAST(NULL AS {_type(inner)}) AS {name(one)}" for one, inner in lacking.items()),
    ]


def _csv(prepared: Prepared, names: Sequence[str]) -> str:
    types = "{" + ", ".join(f"{text(one)}: 'VARCHAR'" for one in names) + "}"
    skipped = int(prepared.lines[0]) - 1 if prepared.lines is not None else 0
    return (
        f"read_csv({text(str(prepared.path))}, auto_detect = false, header = true, delim = ',', quote = '\"',"
        f" escape = '\"', columns = {types}, store_rejects = true, compression = 'none', skip = {skipped},"
        f" max_line_size = {max(prepared.longest_bytes * 2 + 1024, 2 << 20)})"
    )


def _lines_of_csv(connection: Connection, prepared: Prepared, told_as: str) -> LineNumbers | None:
    """The lines of the records of a CSV, without those that DuckDB rejected, which are told."""
    found = connection.execute(
        "SELECT line, any_value(lower(replace(CAST(error_type AS VARCHAR), '_', ' '))) AS why"
        " FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    count = connection.execute("SELECT count(*) FROM raw").fetchall()[0][0]
    reject(connection, told_as, [(int(line), f"not a row of this CSV: {why}") for line, why in found])
    if not found and prepared.lines is None:
        return np.arange(2, count + 2, dtype=np.int64)
    broken = {int(line) for line, _ in found}
    given = prepared.lines
    numbers = given[1:] if given is not None else np.arange(2, count + len(broken) + 2, dtype=np.int64)
    kept = numbers[~np.isin(numbers, np.array(sorted(broken), dtype=np.int64))]
    more = np.arange(1, max(0, count - len(kept)) + 1, dtype=np.int64) + (kept[-1] if len(kept) else 1)
    return np.concatenate([kept, more])[:count]
