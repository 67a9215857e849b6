"""OpenAI chat completions, and the many servers that answer alike: prompt_tokens include cached ones.

A line is a response, `{"request": ..., "response": ...}`, or a line of a batch's output. A response without
`usage` is a stream that ended early: its tokens are estimated from its text, four bytes each.
"""

from __future__ import annotations

from typing import Any

from truecost.ledger.readers.reader import (
    FAILED,
    TEXT,
    TIME,
    WRAPPED,
    Reader,
    Record,
    Response,
    at,
    first,
)


def _is_one(body: Any) -> bool:
    told = str(at(body, "object") or "")
    return at(body, "usage.prompt_tokens") is not None or told.startswith(
        ("chat.completion", "text_completion")
    )


def _failed_one(record: Record) -> bool:
    return first(record, "request.messages", "request.prompt") is not None


_RESPONSE = Response(
    places=("response.body.", "response.", ""),
    fields={
        **dict.fromkeys(("id", "object", "model", "created", "service_tier", "provider"), TEXT),
        "usage.prompt_tokens": TEXT,
        "usage.completion_tokens": TEXT,
        "usage.prompt_tokens_details.cached_tokens": TEXT,
        "usage.prompt_tokens_details.cache_write_tokens": TEXT,
        "usage.prompt_tokens_details.cache_creation_tokens": TEXT,
        "usage.prompt_tokens_details.audio_tokens": TEXT,
        "usage.completion_tokens_details.reasoning_tokens": TEXT,
        "usage.completion_tokens_details.audio_tokens": TEXT,
    },
    is_one=_is_one,
    tokens=("usage.prompt_tokens", "usage.completion_tokens"),
    sent=("request.messages", "request.prompt"),
    came="choices",
    failed_one=_failed_one,
)
_INPUT, _OUTPUT = "usage.prompt_tokens_details", "usage.completion_tokens_details"
_WRITTEN = ", ".join(
    _RESPONSE.sql(f"{_INPUT}.{one}") for one in ("cache_write_tokens", "cache_creation_tokens")
)

READER = Reader(
    name="openai-chat",
    what="chat completions of OpenAI and servers like it: responses, {request, response}, batch outputs",
    fields=_RESPONSE.all_fields(),
    columns={
        **WRAPPED,
        "ts": f"coalesce({_RESPONSE.sql('created')}, {TIME})",
        "provider": f"coalesce({_RESPONSE.sql('provider')}, 'openai')",
        "model": f"coalesce({_RESPONSE.sql('model')}, request.model)",
        "request_id": f"coalesce({_RESPONSE.sql('id')}, request_id)",
        "input_tokens": _RESPONSE.sql("usage.prompt_tokens"),
        "cache_read_tokens": _RESPONSE.sql(f"{_INPUT}.cached_tokens"),
        "cache_write_5m_tokens": f"coalesce({_WRITTEN})",
        "output_tokens": _RESPONSE.sql("usage.completion_tokens"),
        "reasoning_tokens": _RESPONSE.sql(f"{_OUTPUT}.reasoning_tokens"),
        "audio_input_tokens": _RESPONSE.sql(f"{_INPUT}.audio_tokens"),
        "audio_output_tokens": _RESPONSE.sql(f"{_OUTPUT}.audio_tokens"),
        "service_tier": _RESPONSE.sql("service_tier"),
    },
    mine=f"{_RESPONSE.sql('usage.prompt_tokens')} IS NOT NULL OR {FAILED}",
    claims=_RESPONSE.claims,
    mend=_RESPONSE.mend,
)
