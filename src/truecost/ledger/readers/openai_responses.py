"""OpenAI responses (`"object": "response"`): input_tokens include cached ones, output_tokens reasoning.

A response that never got its `usage` (in progress, cancelled) is a stream that ended early.
"""

from __future__ import annotations

from typing import Any

from truecost.ledger.readers.reader import (
    FAILED,
    ITEMS,
    TEXT,
    TIME,
    WRAPPED,
    Reader,
    Record,
    Response,
    at,
)


def _is_one(body: Any) -> bool:
    return at(body, "object") == "response"


def _failed_one(record: Record) -> bool:
    return at(record, "request.input") is not None


_RESPONSE = Response(
    places=("response.body.", "response.", ""),
    fields={
        **dict.fromkeys(("id", "object", "model", "created_at", "service_tier"), TEXT),
        "usage.input_tokens": TEXT,
        "usage.output_tokens": TEXT,
        "usage.input_tokens_details.cached_tokens": TEXT,
        "usage.output_tokens_details.reasoning_tokens": TEXT,
        "output": ITEMS,
    },
    is_one=_is_one,
    tokens=("usage.input_tokens", "usage.output_tokens"),
    sent=("request.input",),
    own_sent=("input", "instructions"),
    came="output",
    failed_one=_failed_one,
)
_ITEM = '[{"type": "VARCHAR", "action": {"type": "VARCHAR"}}]'
_SEARCHES = (
    f"len(list_filter(json_transform({_RESPONSE.sql('output')}, '{_ITEM}'), lambda one:"
    """ one."type" = 'web_search_call' AND coalesce(one."action"."type", 'search') = 'search'))"""
)
"""SQL: the searches among the calls; a page opened, or looked through, is not billed."""

READER = Reader(
    name="openai-responses",
    what="responses of OpenAI: response objects, {request, response}, batch outputs",
    fields=_RESPONSE.all_fields(),
    columns={
        **WRAPPED,
        "ts": f"coalesce({_RESPONSE.sql('created_at')}, {TIME})",
        "provider": "coalesce(provider, 'openai')",
        "model": f"coalesce({_RESPONSE.sql('model')}, request.model)",
        "request_id": f"coalesce({_RESPONSE.sql('id')}, request_id)",
        "input_tokens": _RESPONSE.sql("usage.input_tokens"),
        "cache_read_tokens": _RESPONSE.sql("usage.input_tokens_details.cached_tokens"),
        "output_tokens": _RESPONSE.sql("usage.output_tokens"),
        "reasoning_tokens": _RESPONSE.sql("usage.output_tokens_details.reasoning_tokens"),
        "searches": _SEARCHES,
        "service_tier": _RESPONSE.sql("service_tier"),
    },
    mine=f"({_RESPONSE.sql('object')} = 'response' AND {_RESPONSE.sql('usage.input_tokens')} IS NOT NULL)"
    f" OR {FAILED}",
    claims=_RESPONSE.claims,
    mend=_RESPONSE.mend,
)
