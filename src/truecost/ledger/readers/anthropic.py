"""Anthropic messages: input_tokens leave cached ones out, so the whole input is the sum of the three.

A message has no time of its own: it stands beside it (`{"timestamp": ..., "response": ...}`) or is given by
`--map ts=...`. Without a `stop_reason` the stream ended early, and what it had counted is an estimate.
"""

from __future__ import annotations

from collections.abc import Callable
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

USAGE = {
    "usage.input_tokens": TEXT,
    "usage.output_tokens": TEXT,
    "usage.cache_read_input_tokens": TEXT,
    "usage.cache_creation_input_tokens": TEXT,
    "usage.cache_creation.ephemeral_5m_input_tokens": TEXT,
    "usage.cache_creation.ephemeral_1h_input_tokens": TEXT,
    "usage.server_tool_use.web_search_requests": TEXT,
    "usage.service_tier": TEXT,
    "usage.speed": TEXT,
    "usage.inference_geo": TEXT,
}
"""What a message tells of its usage."""


def usage_columns(field: Callable[[str], str]) -> dict[str, str]:
    """SQL of the columns that come of a message's usage, given SQL of a field of it.

    A cache write without a life is one of five minutes, which is the default.
    """
    long = field("usage.cache_creation.ephemeral_1h_input_tokens")
    short = field("usage.cache_creation.ephemeral_5m_input_tokens")
    region = field("usage.inference_geo")
    return {
        "input_tokens": field("usage.input_tokens"),
        "cache_read_tokens": field("usage.cache_read_input_tokens"),
        "cache_write_5m_tokens": f"coalesce({short},"
        f" CASE WHEN {long} IS NULL THEN {field('usage.cache_creation_input_tokens')} END)",
        "cache_write_1h_tokens": long,
        "output_tokens": field("usage.output_tokens"),
        "searches": field("usage.server_tool_use.web_search_requests"),
        "service_tier": f"CASE WHEN {field('usage.speed')} = 'fast' THEN 'fast'"
        f" ELSE {field('usage.service_tier')} END",
        "region": f"CASE WHEN {region} <> 'not_available' THEN {region} END",
    }


def _is_one(body: Any) -> bool:
    return at(body, "type") == "message"


def _failed_one(record: Record) -> bool:
    named = str(first(record, "request.model", "provider") or "")
    return "claude" in named or "anthropic" in named


_RESPONSE = Response(
    places=("response.body.", "response.", "result.message.", ""),
    fields={**dict.fromkeys(("id", "type", "model", "stop_reason"), TEXT), **USAGE},
    is_one=_is_one,
    tokens=("usage.input_tokens", "usage.output_tokens"),
    sent=("request.messages",),
    came="content",
    failed_one=_failed_one,
)
_CUT = f"(coalesce(truecost_estimated, false) OR {_RESPONSE.sql('stop_reason')} IS NULL)"
_USAGE = usage_columns(_RESPONSE.sql)

READER = Reader(
    name="anthropic-messages",
    what="messages of Anthropic: message objects beside their time, {request, response}, batch results",
    fields=_RESPONSE.all_fields(),
    columns={
        **WRAPPED,
        **_USAGE,
        "ts": TIME,
        "provider": "coalesce(provider, 'anthropic')",
        "model": f"coalesce({_RESPONSE.sql('model')}, request.model)",
        "request_id": f"coalesce({_RESPONSE.sql('id')}, request_id)",
        "region": f"coalesce(region, {_USAGE['region']})",
        "status": f"CASE WHEN {FAILED} THEN 'error' WHEN {_CUT} THEN 'cut' ELSE 'ok' END",
        "quality": f"CASE WHEN {_CUT} AND NOT {FAILED} THEN 'estimated' ELSE 'measured' END",
    },
    mine=f"({_RESPONSE.sql('type')} = 'message' AND {_RESPONSE.sql('usage.input_tokens')} IS NOT NULL)"
    f" OR {FAILED}",
    claims=_RESPONSE.claims,
    mend=_RESPONSE.mend,
    outside=True,
)
