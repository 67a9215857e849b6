"""The dialects of usage logs, one file each, and which of them a record is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from truecost.ledger.readers import (
    anthropic,
    anthropic_usage,
    bedrock,
    claude_code,
    codex,
    focus_bill,
    gemini,
    langfuse,
    litellm,
    openai_chat,
    openai_responses,
    openai_usage,
    opencost,
    openrouter,
    otel,
    training_runs,
)
from truecost.ledger.readers.mapped import check_map, is_normal, is_renaming, with_map
from truecost.ledger.readers.mapped import reader as mapped_reader
from truecost.ledger.readers.reader import Reader, Record

READERS: Mapping[str, Reader] = {
    one.READER.name: one.READER
    for one in (
        openai_responses,
        openai_chat,
        anthropic,
        litellm,
        otel,
        claude_code,
        codex,
        gemini,
        bedrock,
        langfuse,
        openrouter,
        openai_usage,
        anthropic_usage,
        focus_bill,
        opencost,
        training_runs,
    )
}
"""The readers in the order in which they are asked."""

__all__ = [
    "READERS",
    "Reader",
    "Record",
    "check_map",
    "dialect_of",
    "is_normal",
    "is_renaming",
    "mapped_reader",
    "most_claimed",
    "with_map",
]


def dialect_of(record: Record) -> str | None:
    """The dialect of one record; None for a record of none."""
    return next((name for name, reader in READERS.items() if reader.claims(record)), None)


def most_claimed(records: Sequence[Record]) -> str | None:
    """The dialect of most of some records; None where none is of any."""
    claimed = [name for record in records if (name := dialect_of(record))]
    return max(dict.fromkeys(claimed), key=claimed.count) if claimed else None
