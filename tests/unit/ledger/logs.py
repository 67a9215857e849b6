"""Logs made for tests: one record a dialect, and what a store holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from truecost.ledger import import_usage
from truecost.ledger.engine import connected
from truecost.ledger.importing import ImportResult
from truecost.ledger.store import open_store

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CREATED = int(datetime(2026, 10, 5, 12, tzinfo=UTC).timestamp())
EXAMPLES = Path(__file__).parent.parent.parent.parent / "examples" / "usage"


def chat(
    number: int = 0, *, prompt: int = 1000, cached: int = 0, output: Any = 100, **more: Any
) -> dict[str, Any]:
    """A chat completion in its wrapper; `more` stands beside the response."""
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    response = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": CREATED + number,
        "model": "gpt-4.1-mini-2025-04-14",
        "choices": [{"message": {"content": "SECRET ANSWER"}}],
        "usage": usage,
    }
    request = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "SECRET PROMPT"}]}
    return {"request": request, "response": response, **more}


def message(number: int = 0, *, usage: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An Anthropic message beside its time."""
    found = usage or {"input_tokens": 100, "output_tokens": 50}
    body = {
        "id": f"msg_{number}",
        "type": "message",
        "model": "claude-sonnet-4-5-20250929",
        "stop_reason": "end_turn",
        "usage": found,
        **more,
    }
    return {"timestamp": "2026-10-05T12:00:00Z", "response": body}


def span(trace: str, number: str, parent: str = "", /, **attributes: Any) -> dict[str, Any]:
    """A span whose attributes are named with __ for a dot."""
    listed = [
        {
            "key": key.replace("__", "."),
            "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value},
        }
        for key, value in attributes.items()
    ]
    return {
        "traceId": trace, "spanId": number, "parentSpanId": parent,
        "startTimeUnixNano": str(CREATED * 10**9), "attributes": listed,
    }  # fmt: skip


def export(*spans: Mapping[str, Any]) -> dict[str, Any]:
    """A line of an OTLP file."""
    return {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"spans": list(spans)}]}]}


def write(path: Path, records: Iterable[Any]) -> Path:
    """JSON lines; texts and bytes are written as they are."""
    lines = [
        one if isinstance(one, bytes) else one.encode() if isinstance(one, str) else json.dumps(one).encode()
        for one in records
    ]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def take(tmp_path: Path, *records: Any, name: str = "log.jsonl", **how: Any) -> ImportResult:
    """Import records as one file into the store `usage` of a folder."""
    return import_usage([write(tmp_path / name, records)], tmp_path / "usage", now=NOW, **how)


def rows(store: Path) -> list[dict[str, Any]]:
    """What a store holds, by request."""
    paths = open_store(store).paths()
    if not paths:
        return []
    with connected() as connection:
        found = connection.execute(
            "SELECT * FROM read_parquet(?, hive_partitioning = false) ORDER BY provider, request_id, line",
            [paths],
        )
        names = [one[0] for one in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def one(tmp_path: Path, record: Any, **how: Any) -> dict[str, Any]:
    """The row that a single record becomes."""
    result = take(tmp_path, record, **how)
    assert result.rows == 1, result
    return rows(tmp_path / "usage")[0]
