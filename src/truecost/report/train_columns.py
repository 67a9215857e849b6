"""A sweep as a file: its cells as they were written, its answer behind them, as CSV or Parquet."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Columns = Mapping[str, Sequence[Any]]
FLAGS = ("fits",)
"""Columns of true and false, held as numbers."""


def table_of(
    header: Sequence[str], rows: Sequence[Sequence[str]], answer: Mapping[str, Any]
) -> dict[str, Sequence[Any]]:
    """All columns in order: those asked with, then the answer."""
    width = len(header)
    cells = [[*row, *[""] * (width - len(row))][:width] for row in rows]
    asked: dict[str, Sequence[Any]] = {name: [row[i] for row in cells] for i, name in enumerate(header)}
    return {**asked, **{name: _flags(values) if name in FLAGS else values for name, values in answer.items()}}


def _flags(values: Sequence[float]) -> list[Any]:
    return [None if math.isnan(value) else bool(value) for value in values]


def csv_text(columns: Columns) -> str:
    """The columns as CSV; what is not known is an empty cell.

    >>> csv_text({"a": ["x", "y"], "b": [1.5, float("nan")]})
    'a,b\\nx,1.5\\ny,\\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(list(_cells(values)) for values in columns.values()), strict=True))
    return text.getvalue()


def _cells(values: Sequence[Any]) -> Iterator[Any]:
    if isinstance(values, np.ndarray):
        return ("" if math.isnan(one) else repr(one) for one in values.tolist())
    return map(_cell, values)


def _cell(one: Any) -> Any:
    if isinstance(one, bool):
        return str(one).lower()
    return "" if one is None or (isinstance(one, float) and math.isnan(one)) else one


def write_parquet(columns: Columns, path: str | Path) -> None:
    """The columns as Parquet, with DuckDB; columns of cells that are all numbers hold numbers.

    Raises ValueError where DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise ValueError(f"{path}: Parquet needs DuckDB (pip install duckdb); .csv needs nothing") from None
    typed = {name: _typed(values) for name, values in columns.items()}
    connection: Any = duckdb.connect()  # pyright: ignore[reportUnknownMemberType]
    try:
        connection.register("answer", typed)
        escaped = str(path).replace("'", "''")
        connection.execute(f"COPY answer TO '{escaped}' (FORMAT parquet)")
    finally:
        connection.close()


def _typed(values: Sequence[Any]) -> Any:
    """Numbers where every cell is one or empty, else text."""
    if isinstance(values, np.ndarray):
        return _masked(values, ~np.isfinite(values))
    if any(isinstance(one, bool) for one in values):
        return _masked([bool(one) for one in values], [one is None for one in values])
    try:
        numbers = np.array([float(one) if one != "" else math.nan for one in values])
    except (TypeError, ValueError):
        return np.array([one or None for one in values], dtype=object)
    known = np.isfinite(numbers)
    if known.all() and all(str(one).lstrip("+-").isdecimal() for one in values):
        return numbers.astype(np.int64)
    return (
        _masked(numbers, ~known) if known.any() else np.array([one or None for one in values], dtype=object)
    )


def _masked(values: Any, mask: Any) -> Any:
    numpy: Any = np
    return numpy.ma.array(values, mask=mask)
