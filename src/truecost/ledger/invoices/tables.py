"""Rows of a CSV or Parquet file as texts, with where each stands; columns found by their usual names."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from truecost.ledger.invoices.line import InvoiceError

Row = Mapping[str, str]
MOST_BYTES = 1 << 30
_PARQUET, _GZIP = b"PAR1", b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file, and its rows one by one, each with where it stands."""

    file: str
    columns: tuple[str, ...]
    rows: Iterator[tuple[str, Row]]


def first_bytes(path: Path) -> bytes:
    """The first bytes of a file. Raises InvoiceError where there is none, or it is none to read."""
    if path.is_dir():
        raise InvoiceError(f"{path}: this is a directory, not a file")
    if not path.is_file():
        raise InvoiceError(f"{path}: there is no such file")
    if path.stat().st_size > MOST_BYTES:
        raise InvoiceError(f"{path}: over 1 GB; an invoice of this size goes through Parquet or by month")
    with open(path, "rb") as file:
        start = file.read(1 << 16)
    if not start.strip():
        raise InvoiceError(f"{path}: the file is empty")
    if start.startswith(_GZIP):
        raise InvoiceError(f"{path}: this is packed; unpack it first (gunzip)")
    if b"\0" in start and not start.startswith(_PARQUET):
        raise InvoiceError(f"{path}: this is binary; CSV, JSON and Parquet are read")
    return start


def is_parquet(start: bytes) -> bool:
    """Whether a file is Parquet, by its first bytes."""
    return start.startswith(_PARQUET)


@contextmanager
def opened(path: Path) -> Generator[Table]:
    """The table in a CSV (commas, semicolons or tabs) or Parquet file."""
    if is_parquet(first_bytes(path)):
        yield _parquet(path)
        return
    with open(path, encoding="utf-8-sig", newline="") as file:
        try:
            yield _csv(path, file)
        except UnicodeDecodeError as error:
            raise InvoiceError(f"{path}: not text in UTF-8 from byte {error.start + 1}") from None
        except csv.Error as error:
            raise InvoiceError(f"{path}: not a CSV that can be read: {error}") from None


def _csv(path: Path, file: Iterable[str]) -> Table:
    lines = iter(file)
    head = next((line for line in lines if line.strip()), "")
    delimiter = max(",;\t", key=head.count)
    columns = tuple(one.strip() for one in next(csv.reader([head], delimiter=delimiter), list[str]()))
    if len(set(columns)) < len(columns) or not all(columns):
        twice = next((one for one in columns if columns.count(one) > 1), "")
        what = f"two columns are named {twice!r}" if twice else "a column has no name"
        raise InvoiceError(f"{path}: {what}")
    return Table(str(path), columns, _csv_rows(path, columns, csv.reader(lines, delimiter=delimiter)))


def _csv_rows(path: Path, columns: Sequence[str], reader: Iterator[list[str]]) -> Iterator[tuple[str, Row]]:
    for number, cells in enumerate(reader, start=2):
        if not any(one.strip() for one in cells):
            continue
        at = f"{path}:{getattr(reader, 'line_num', number - 1) + 1}"
        if len(cells) > len(columns):
            raise InvoiceError(f"{at}: {len(cells)} cells, and {len(columns)} columns are named")
        yield at, dict(zip(columns, (*cells, *[""] * (len(columns) - len(cells))), strict=True))


def _parquet(path: Path) -> Table:
    from truecost.ledger.engine import connected, located

    with connected(path) as connection:
        found = connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet({located(path)})")
        columns = tuple(str(one[0]) for one in found.description)
        rows = found.fetchall()
    named = (
        (f"{path}: row {number}", {key: one or "" for key, one in zip(columns, row, strict=True)})
        for number, row in enumerate(rows, start=1)
    )
    return Table(str(path), columns, named)


def chosen(table_columns: Sequence[str], names: Mapping[str, Sequence[str]], given: Mapping[str, str],
           file: str) -> dict[str, str]:  # fmt: skip
    """Which column of a file is which field: as told, else by its usual names, whatever their case.

    Raises InvoiceError for a field or a column that there is not, with the nearest.
    """
    for field, column in given.items():
        if field not in names:
            raise InvoiceError(
                f"--map {field}={column}: {_near(field, tuple(names), 'an invoice has no field')}"
            )
        if column not in table_columns:
            raise InvoiceError(
                f"--map {field}={column}: {_near(column, table_columns, f'{file} has no column')}"
            )
    plain = {_plain(one): one for one in reversed(table_columns)}
    found = {
        field: next((plain[one] for one in usual if one in plain), "")
        for field, usual in names.items()
        if field not in given
    }
    return {**{field: column for field, column in found.items() if column}, **given}


def _plain(name: str) -> str:
    return "_".join(name.lower().replace("(", " ").replace(")", " ").replace("-", " ").split())


def _near(word: str, known: Sequence[str], what: str) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    hint = f"the nearest is {near[0]}" if near else f"there are {', '.join(known[:20])}"
    return f"{what} {word!r}; {hint}"
