"""OpenAI-style JSONL: responses with their usage, batch outputs, or batch inputs.

A line with `usage` (its own, or that of `response.body`) is a request that was answered: `prompt_tokens` and
`completion_tokens`, or `input_tokens` and `output_tokens`, at `created`, `created_at` or `timestamp` (seconds
since 1970, or a date). A line of a batch input (`custom_id`, `body`) is one to come: its prompt is estimated
from the text, its answer taken as long as `max_tokens` allows. Lines of errors are left out and counted.
Logs stand in the order in which answers ended, so they are sorted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from truecost.replay.traces.dialects.document import (
    ESTIMATED,
    DocumentDialect,
    Gathered,
    mapping,
    number,
    text_in,
    tokens_of,
)
from truecost.replay.traces.rows import Rows
from truecost.replay.traces.source import JSONL, Source

NAME = "openai"
TIMES = ("created", "created_at", "timestamp")
LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
PROMPTS = ("messages", "prompt", "input", "instructions")
_OBJECTS = ("usage", "response", "body", "custom_id")
TIME, GIVEN, ANSWER = "created", "prompt_tokens", "completion_tokens"


def _matches(source: Source, names: list[str]) -> float:
    if source.container != JSONL:
        return 0.0
    return 0.95 if any(name in names for name in _OBJECTS) else 0.0


def _reads(source: Source) -> Rows:
    found = Gathered()
    asked = failed = 0
    for line, entry in source.json_lines():
        response = mapping(entry.get("response"))
        body = mapping(response.get("body")) or mapping(entry.get("body")) or response or entry
        usage = mapping(entry.get("usage") or body.get("usage"))
        if not usage and _failed(entry, response):
            failed += 1
            continue
        if usage:
            given = _first(usage, ("prompt_tokens", "input_tokens"))
            answer = _first(usage, ("completion_tokens", "output_tokens"))
        else:
            asked += 1
            given = tokens_of("".join(text_in(body.get(name)) for name in PROMPTS))
            answer = _first(body, LIMITS)
        found.add(given, answer, time=_time(entry, body), origin=line)
    return _rows(source, found, asked, failed)


def _rows(source: Source, found: Gathered, asked: int, failed: int) -> Rows:
    notes: list[str] = []
    if failed:
        notes.append(f"{failed:,} failed requests left out")
    if asked:
        notes += [f"{asked:,} requests not yet answered: {ESTIMATED}, answers as long as max_tokens allows"]
    columns = (TIME, "the prompt" if asked else GIVEN, "max_tokens" if asked else ANSWER)

    def written(row: int, column: str) -> tuple[str, str]:
        values = {columns[0]: found.time, columns[1]: found.given}.get(column, found.answer)
        value = values[row]
        return source.place(found.origin[row]), "" if math.isnan(value) else f"{value:.15g}"

    return Rows(
        source, NAME, columns, found.times(),
        np.array(found.given, dtype=np.float64), np.array(found.answer, dtype=np.float64), written,
        shuffled=True, from_zero=False, since_1970_s=0.0, notes=notes,
    )  # fmt: skip


def _failed(entry: Mapping[str, Any], response: Mapping[str, Any]) -> bool:
    status = response.get("status_code")
    return entry.get("error") is not None or (status is not None and status != 200)


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> float:
    return next((number(values[name]) for name in names if values.get(name) is not None), math.nan)


def _time(entry: Mapping[str, Any], body: Mapping[str, Any]) -> float:
    for place in (body, entry):
        for name in TIMES:
            if (value := place.get(name)) is not None:
                return _seconds(value)
    return math.nan


def _seconds(value: Any) -> float:
    """A time since 1970 in seconds; NaN for what is none. A date without a zone is UTC."""
    if not isinstance(value, str):
        return number(value)
    try:
        when = datetime.fromisoformat(value)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan


OPENAI = DocumentDialect(
    NAME, "OpenAI-style JSONL: usage, batch outputs, batch inputs", _matches, _reads, (JSONL,), JSONL
)
