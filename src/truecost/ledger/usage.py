"""The normal form of a usage row: what every log becomes at the door, and the columns of the store.

`input_tokens` includes cached tokens (read and written), `output_tokens` includes reasoning. `service_tier`
is the tier served, not the one asked for. `quality` is `estimated` for a stream that ended before its usage
was told. Prompts, completions and keys have no column.

`requests` is how many requests a row stands for: 1, more for a row of an aggregated export, 0 for chip hours
and lines of a bill. `searches` are web searches that the vendor bills by the search. `kind` is one of KINDS;
`chip_hours` are those of a fleet or a training run, whose `model` is the chip and whose `service_tier` the
term of its rent. `stated_usd` is what a bill states: it is the amount then, and no price is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping

COLUMNS: Mapping[str, str] = {
    "ts": "TIMESTAMP",
    "provider": "VARCHAR",
    "model": "VARCHAR",
    "request_id": "VARCHAR",
    "parent_id": "VARCHAR",
    "input_tokens": "BIGINT",
    "cache_read_tokens": "BIGINT",
    "cache_write_5m_tokens": "BIGINT",
    "cache_write_1h_tokens": "BIGINT",
    "output_tokens": "BIGINT",
    "reasoning_tokens": "BIGINT",
    "audio_input_tokens": "BIGINT",
    "audio_output_tokens": "BIGINT",
    "image_units": "BIGINT",
    "requests": "BIGINT",
    "searches": "BIGINT",
    "chip_hours": "DECIMAL(18,9)",
    "stated_usd": "DECIMAL(38,15)",
    "kind": "VARCHAR",
    "service_tier": "VARCHAR",
    "batch": "BOOLEAN",
    "region": "VARCHAR",
    "status": "VARCHAR",
    "quality": "VARCHAR",
    "user": "VARCHAR",
    "customer": "VARCHAR",
    "feature": "VARCHAR",
    "task": "VARCHAR",
    "tags": "MAP(VARCHAR, VARCHAR)",
    "source": "VARCHAR",
    "source_file": "VARCHAR",
    "line": "BIGINT",
}
"""Name and DuckDB type of every column, in the order of the Parquet files; `ts` is in UTC."""

KINDS = ("api", "fleet", "training", "other")
"""What a row is of: calls of an API, chips that serve, chips that train, anything else that a bill states."""

RARE: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "reasoning_tokens",
            "audio_input_tokens", "audio_output_tokens", "image_units", "searches",
        ),
        "0",
    ),
    "requests": "1", "chip_hours": "NULL", "stated_usd": "NULL",
}  # fmt: skip
"""Columns that many logs say nothing in, and the value that says so; files that do are read without them."""
USUAL: Mapping[str, str] = {
    "service_tier": "'standard'", "batch": "FALSE", "region": "''", "quality": "'measured'",
}  # fmt: skip
"""Columns that say the same in every row of many logs, and what."""
ATTEMPTS = "attempts"
"""Stands beside RARE and USUAL for tags that tell of another attempt."""
SILENT = (*RARE, *USUAL, ATTEMPTS)
"""What a file of the store may say nothing in, beside what is usual."""

PROVENANCE = ("source", "source_file", "line")
"""Where a row came from: what may differ between two tellings of one request."""

DIMENSIONS = (
    "kind", "provider", "model", "service_tier", "batch", "region", "status", "quality",
    "user", "customer", "feature", "task", "source",
)  # fmt: skip
"""Columns that a report may group by, besides `day` and `tag:NAME`."""
