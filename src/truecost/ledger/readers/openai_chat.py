"""OpenAI chat completions, and the many servers that answer alike: prompt_tokens include cached ones.

A line is a response, `{"request": ..., "response": ...}`, or a line of a batch's output. A response without
`usage` is a stream that ended early: its tokens are estimated from its text, four bytes each.
"""

from __future__ import annotations

from truecost.ledger.readers.reader import (
    FAILED,
    TEXT,
    TIME,
    WRAPPED,
    WRAPPER,
    Reader,
    Record,
    at,
    either,
    estimated_tokens,
    failed,
    first,
    pruned,
    put,
    under,
)

_PLACES = ("response.body.", "response.", "")
_FIELDS = {
    **dict.fromkeys(("id", "object", "model", "created", "service_tier", "provider"), TEXT),
    "usage.prompt_tokens": TEXT,
    "usage.completion_tokens": TEXT,
    "usage.prompt_tokens_details.cached_tokens": TEXT,
    "usage.prompt_tokens_details.cache_write_tokens": TEXT,
    "usage.prompt_tokens_details.cache_creation_tokens": TEXT,
    "usage.prompt_tokens_details.audio_tokens": TEXT,
    "usage.completion_tokens_details.reasoning_tokens": TEXT,
    "usage.completion_tokens_details.audio_tokens": TEXT,
}
FIELDS = {**under(_PLACES, _FIELDS), **WRAPPER}
_INPUT, _OUTPUT = "usage.prompt_tokens_details", "usage.completion_tokens_details"
_WRITTEN = ", ".join(
    either(_PLACES, f"{_INPUT}.{one}") for one in ("cache_write_tokens", "cache_creation_tokens")
)


def _place(record: Record) -> str | None:
    """Where the response stands in a record."""
    for place in _PLACES:
        body = at(record, place[:-1]) if place else record
        told = str(at(body, "object") or "")
        if at(body, "usage.prompt_tokens") is not None or told.startswith(
            ("chat.completion", "text_completion")
        ):
            return place
    return None


def _claims(record: Record) -> bool:
    if _place(record) is not None:
        return True
    return failed(record) and first(record, "request.messages", "request.prompt") is not None


def _mend(record: Record) -> Record | None:
    place = _place(record)
    if place is None or at(record, f"{place}usage.prompt_tokens") is not None:
        return None
    mended = pruned(record, FIELDS)
    sent, came = first(record, "request.messages", "request.prompt"), at(record, f"{place}choices")
    put(mended, f"{place}usage.prompt_tokens", estimated_tokens(sent))
    put(mended, f"{place}usage.completion_tokens", estimated_tokens(came))
    return {**mended, "truecost_estimated": True}


READER = Reader(
    name="openai-chat",
    what="chat completions of OpenAI and servers like it: responses, {request, response}, batch outputs",
    fields=FIELDS,
    columns={
        **WRAPPED,
        "ts": f"coalesce({either(_PLACES, 'created')}, {TIME})",
        "provider": f"coalesce({either(_PLACES, 'provider')}, 'openai')",
        "model": f"coalesce({either(_PLACES, 'model')}, request.model)",
        "request_id": f"coalesce({either(_PLACES, 'id')}, request_id)",
        "input_tokens": either(_PLACES, "usage.prompt_tokens"),
        "cache_read_tokens": either(_PLACES, f"{_INPUT}.cached_tokens"),
        "cache_write_5m_tokens": f"coalesce({_WRITTEN})",
        "output_tokens": either(_PLACES, "usage.completion_tokens"),
        "reasoning_tokens": either(_PLACES, f"{_OUTPUT}.reasoning_tokens"),
        "audio_input_tokens": either(_PLACES, f"{_INPUT}.audio_tokens"),
        "audio_output_tokens": either(_PLACES, f"{_OUTPUT}.audio_tokens"),
        "service_tier": either(_PLACES, "service_tier"),
    },
    mine=f"{either(_PLACES, 'usage.prompt_tokens')} IS NOT NULL OR {FAILED}",
    claims=_claims,
    mend=_mend,
)
