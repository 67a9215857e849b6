"""Anthropic messages: input_tokens leave cached ones out, so the whole input is the sum of the three.

A message has no time of its own: it stands beside it (`{"timestamp": ..., "response": ...}`) or is given by
`--map ts=...`. Without a `stop_reason` the stream ended early, and what it had counted is an estimate.
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

_PLACES = ("response.body.", "response.", "result.message.", "")
_FIELDS = {
    **dict.fromkeys(("id", "type", "model", "stop_reason"), TEXT),
    "usage.input_tokens": TEXT,
    "usage.output_tokens": TEXT,
    "usage.cache_read_input_tokens": TEXT,
    "usage.cache_creation_input_tokens": TEXT,
    "usage.cache_creation.ephemeral_5m_input_tokens": TEXT,
    "usage.cache_creation.ephemeral_1h_input_tokens": TEXT,
    "usage.service_tier": TEXT,
    "usage.inference_geo": TEXT,
}
FIELDS = {**under(_PLACES, _FIELDS), **WRAPPER}
_LONG = either(_PLACES, "usage.cache_creation.ephemeral_1h_input_tokens")
_SHORT = either(_PLACES, "usage.cache_creation.ephemeral_5m_input_tokens")
_CUT = f"(coalesce(truecost_estimated, false) OR {either(_PLACES, 'stop_reason')} IS NULL)"


def _place(record: Record) -> str | None:
    """Where the message stands in a record."""
    return next((place for place in _PLACES if at(record, f"{place}type") == "message"), None)


def _claims(record: Record) -> bool:
    if _place(record) is not None:
        return True
    named = str(first(record, "request.model", "provider") or "")
    return failed(record) and ("claude" in named or "anthropic" in named)


def _mend(record: Record) -> Record | None:
    place = _place(record)
    if place is None or at(record, f"{place}usage.input_tokens") is not None:
        return None
    mended = pruned(record, FIELDS)
    put(mended, f"{place}usage.input_tokens", estimated_tokens(at(record, "request.messages")))
    put(mended, f"{place}usage.output_tokens", estimated_tokens(at(record, f"{place}content")))
    return {**mended, "truecost_estimated": True}


def _region() -> str:
    told = either(_PLACES, "usage.inference_geo")
    return f"coalesce(region, CASE WHEN {told} <> 'not_available' THEN {told} END)"


READER = Reader(
    name="anthropic-messages",
    what="messages of Anthropic: message objects beside their time, {request, response}, batch results",
    fields=FIELDS,
    columns={
        **WRAPPED,
        "ts": TIME,
        "provider": "coalesce(provider, 'anthropic')",
        "model": f"coalesce({either(_PLACES, 'model')}, request.model)",
        "request_id": f"coalesce({either(_PLACES, 'id')}, request_id)",
        "input_tokens": either(_PLACES, "usage.input_tokens"),
        "cache_read_tokens": either(_PLACES, "usage.cache_read_input_tokens"),
        "cache_write_5m_tokens": f"coalesce({_SHORT},"
        f" CASE WHEN {_LONG} IS NULL THEN {either(_PLACES, 'usage.cache_creation_input_tokens')} END)",
        "cache_write_1h_tokens": _LONG,
        "output_tokens": either(_PLACES, "usage.output_tokens"),
        "service_tier": either(_PLACES, "usage.service_tier"),
        "region": _region(),
        "status": f"CASE WHEN {FAILED} THEN 'error' WHEN {_CUT} THEN 'cut' ELSE 'ok' END",
        "quality": f"CASE WHEN {_CUT} AND NOT {FAILED} THEN 'estimated' ELSE 'measured' END",
    },
    mine=f"({either(_PLACES, 'type')} = 'message' AND {either(_PLACES, 'usage.input_tokens')} IS NOT NULL)"
    f" OR {FAILED}",
    claims=_claims,
    mend=_mend,
    outside=True,
)
