"""A trace as a file in our own schema: Parquet, CSV (also .csv.gz) or JSONL, by DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from truecost.replay.traces.block_text import text_of_blocks
from truecost.replay.traces.dialects.own import ARRIVAL, BLOCK_TOKENS, BLOCKS, INPUT, OUTPUT, SESSION
from truecost.replay.traces.source import refuse
from truecost.replay.traces.trace import NO_SESSION, Blocks, Trace

SUFFIXES = (".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz")
_CHUNK = 200_000
_OPTIONS = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER",
    ".csv.gz": "FORMAT csv, HEADER, COMPRESSION gzip",
    ".jsonl": "FORMAT json",
    ".jsonl.gz": "FORMAT json, COMPRESSION gzip",
}


def suffix_of(path: str) -> str:
    """How a trace is written to this file. Raises SpecError for a name that does not say."""
    found = [suffix for suffix in SUFFIXES if path.endswith(suffix)]
    if not found:
        stem = path.removesuffix(Path(path).suffix) if Path(path).suffix else path
        refuse(
            path, "how to write it is told by its end", allowed=", ".join(SUFFIXES), nearest=f"{stem}.parquet"
        )
    return found[-1]


def write_trace(trace: Trace, path: str, suffix: str | None = None) -> None:
    """Write a trace in our own schema; `read_trace` gives it back. `suffix` where the path has another."""
    import duckdb

    suffix = suffix or suffix_of(path)
    connection: Any = duckdb.connect()  # pyright: ignore[reportUnknownMemberType]
    try:
        connection.execute("SET enable_progress_bar = false")
        target = "'" + path.replace("'", "''") + "'"
        _register(connection, trace, 0, len(trace))
        listed = trace.prefix_blocks is not None
        if listed:
            _gather(connection, trace, as_text=suffix.startswith(".csv"))
        connection.execute(
            f"COPY (SELECT * FROM {'made' if listed else 'requests'}) TO {target} ({_OPTIONS[suffix]})"
        )
    except duckdb.Error as error:
        raise OSError(f"{path}: {error}") from None
    finally:
        connection.close()


def _register(connection: Any, trace: Trace, first: int, last: int) -> None:
    """Requests from one to another as the table `requests`."""
    part = slice(first, last)
    columns: dict[str, Any] = {ARRIVAL: trace.arrival_s[part]} if trace.timed else {}
    columns |= {INPUT: trace.input_tokens[part], OUTPUT: trace.output_tokens[part]}
    if trace.session_ids is not None:
        sessions: Any = np
        ids = trace.session_ids[part]
        columns[SESSION] = sessions.ma.array(ids, mask=ids == NO_SESSION)
    if trace.prefix_blocks is not None:
        columns[BLOCK_TOKENS] = np.full(last - first, trace.prefix_blocks.block_tokens, dtype=np.int64)
    connection.register("requests", columns)


def _gather(connection: Any, trace: Trace, *, as_text: bool) -> None:
    """The table `made`: requests with their blocks, as lists, or as text where a cell holds no list."""
    blocks = trace.prefix_blocks
    assert blocks is not None
    kind = "VARCHAR" if as_text else "BIGINT[]"
    connection.execute(
        f"CREATE TEMP TABLE made AS SELECT *, CAST(NULL AS {kind}) AS {BLOCKS} FROM requests LIMIT 0"
    )
    for first in range(0, len(trace), _CHUNK):
        last = min(first + _CHUNK, len(trace))
        _register(connection, trace, first, last)
        if as_text:
            texts = np.array([text_of_blocks(blocks.of(i)) for i in range(first, last)], dtype=object)
            connection.register("texts", {"cell": texts})
            connection.execute("INSERT INTO made SELECT r.*, t.cell FROM requests r POSITIONAL JOIN texts t")
        else:
            _insert_lists(connection, blocks, first, last)


def _insert_lists(connection: Any, blocks: Blocks, first: int, last: int) -> None:
    begin, end = int(blocks.offsets[first]), int(blocks.offsets[last])
    owner = np.repeat(np.arange(last - first), blocks.counts[first:last])
    connection.register(
        "flat", {"owner": owner, "place": np.arange(end - begin), "block": blocks.ids[begin:end]}
    )
    connection.execute(
        "INSERT INTO made SELECT r.* EXCLUDE (row), coalesce(l.blocks, []) "
        "FROM (SELECT *, row_number() OVER () - 1 AS row FROM requests) r LEFT JOIN "
        "(SELECT owner, list(block ORDER BY place) AS blocks FROM flat GROUP BY owner) l ON l.owner = r.row "
        "ORDER BY r.row"
    )
