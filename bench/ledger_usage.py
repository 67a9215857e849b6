"""Made usage for the ledger's benchmark: a store of many rows, and a log of one of its dialects.

Nothing in it is of a real person. A quarter of a year; 13 models of 7 vendors, some with prices by length or
by day; 1,000 users, 20 features; every fifth request a batch where that is sold, every fiftieth failed;
cached and reasoning tokens in nearly all of them.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from truecost.ledger.engine import connected, located, text
from truecost.ledger.store import DataFile, Manifest, Store, move, open_store
from truecost.ledger.usage import COLUMNS, SILENT

FIRST_DAY, DAYS = "2026-08-01", 90
MODELS = (
    ("openai", "gpt-4.1-mini"), ("openai", "gpt-4.1"), ("openai", "gpt-5-mini"), ("openai", "o3"),
    ("openai", "gpt-4o"), ("openai", "gpt-4o-mini"), ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-4-5"), ("google", "gemini-2.5-pro"), ("google", "gemini-2.5-flash"),
    ("x-ai", "grok-4"), ("deepseek", "deepseek-chat"), ("mistral", "mistral-large-latest"),
)  # fmt: skip
TOLD = frozenset({"cache_read_tokens", "reasoning_tokens", "batch"})
"""What the rows say something in, of the columns that many logs leave out."""
VALUES = {
    "input_tokens": "CAST(hash(i, 1) % 20000 + 100 AS BIGINT)",
    "cache_read_tokens": "CAST(hash(i, 2) % 100 AS BIGINT)",
    "output_tokens": "CAST(hash(i, 3) % 1500 + 50 AS BIGINT)",
    "reasoning_tokens": "CAST(hash(i, 4) % 50 AS BIGINT)",
    "request_id": "concat('r', i)", "requests": "1", "kind": "'api'", "service_tier": "'standard'",
    "batch": "hash(i, 5) % 5 = 0 AND provider IN ('openai', 'anthropic', 'google')",
    "region": "''", "quality": "'measured'",
    "status": "CASE WHEN hash(i, 6) % 50 = 0 THEN 'error' ELSE 'ok' END",
    "user": "concat('u', hash(i, 7) % 1000)", "customer": "concat('c', hash(i, 8) % 50)",
    "feature": "concat('f', hash(i, 9) % 20)", "tags": "MAP {'team': concat('t', hash(i, 10) % 10)}",
    "source": "'truecost'", "source_file": "'made'", "line": "i",
    "chip_hours": "NULL", "stated_usd": "NULL", "parent_id": "NULL", "task": "NULL",
}  # fmt: skip
"""SQL of each column of the row with number i; counts that are not named are 0."""


def make_store(folder: Path, rows: int) -> Store:
    """A store of some rows, as an import would leave it: Parquet by day, and the manifest."""
    folder.mkdir()
    by_day = folder / "made"
    step = DAYS * 86_400_000_000 // rows
    models = ", ".join(f"({at}, {text(one)}, {text(other)})" for at, (one, other) in enumerate(MODELS))
    given = {
        "ts": f"TIMESTAMP {text(FIRST_DAY)} + to_microseconds(i * {step})",
        "provider": "provider", "model": "model", **VALUES,
    }  # fmt: skip
    columns = ", ".join(
        f'CAST({given.get(name, "0")} AS {kind}) AS "{name}"' for name, kind in COLUMNS.items()
    )
    with connected(folder) as connection:
        connection.execute(
            f"COPY (SELECT {columns}, strftime(ts, '%Y-%m-%d') AS day FROM range({rows}) made(i)"
            f" JOIN (VALUES {models}) models(place, provider, model) ON place = hash(i) % {len(MODELS)})"
            f" TO {text(str(by_day))} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day),"
            " WRITE_PARTITION_COLUMNS false)"
        )
        files: list[DataFile] = []
        for at, file in enumerate(sorted(by_day.rglob("*.parquet"))):
            count = connection.execute(f"SELECT num_rows FROM parquet_file_metadata({located(file)})")
            path = f"data/{file.parent.name}/1-{at}.parquet"
            move(file, folder / path)
            day = file.parent.name.removeprefix("day=")
            files.append(DataFile(path, day, count.fetchall()[0][0], tuple(set(SILENT) - TOLD)))
    shutil.rmtree(by_day)
    Store(folder, Manifest()).commit(Manifest(data=tuple(files)))
    return open_store(folder)


def make_log(path: Path, lines: int) -> None:
    """Chat completions beside their requests, a kilobyte each; every 500th twice, every 5,000th broken."""
    start = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
    with open(path, "w", encoding="utf-8") as file:
        for number in range(lines):
            line = json.dumps(_completion(number, start))
            file.write((line[:100] if number % 5_000 == 4_999 else line) + "\n")
            if number % 500 == 499:
                file.write(line + "\n")


def _completion(number: int, start: int) -> dict[str, object]:
    usage = {
        "prompt_tokens": 1000 + number % 500,
        "completion_tokens": 100 + number % 77,
        "prompt_tokens_details": {"cached_tokens": number % 300},
    }
    response = {
        "id": f"chatcmpl-{number}", "object": "chat.completion", "created": start + number * 20 % 2_400_000,
        "model": "gpt-4.1-mini-2025-04-14", "choices": [{"message": {"content": "y" * 300}}], "usage": usage,
    }  # fmt: skip
    return {
        "user": f"u{number % 997}", "feature": f"f{number % 17}", "customer": f"c{number % 53}",
        "request": {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "x" * 250}]},
        "response": response,
    }  # fmt: skip
