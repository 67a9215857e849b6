"""OpenAI responses (`"object": "response"`): input_tokens include cached ones, output_tokens reasoning.

A response that never got its `usage` (in progress, cancelled) is a stream that ended early.
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
    **dict.fromkeys(("id", "object", "model", "created_at", "service_tier"), TEXT),
    "usage.input_tokens": TEXT,
    "usage.output_tokens": TEXT,
    "usage.input_tokens_details.cached_tokens": TEXT,
    "usage.output_tokens_details.reasoning_tokens": TEXT,
}
FIELDS = {**under(_PLACES, _FIELDS), **WRAPPER}


def _place(record: Record) -> str | None:
    """Where the response stands in a record."""
    return next((place for place in _PLACES if at(record, f"{place}object") == "response"), None)


def _claims(record: Record) -> bool:
    return _place(record) is not None or (failed(record) and first(record, "request.input") is not None)


def _mend(record: Record) -> Record | None:
    place = _place(record)
    if place is None or at(record, f"{place}usage.input_tokens") is not None:
        return None
    mended = pruned(record, FIELDS)
    sent = first(record, "request.input", f"{place}input", f"{place}instructions")
    put(mended, f"{place}usage.input_tokens", estimated_tokens(sent))
    put(mended, f"{place}usage.output_tokens", estimated_tokens(at(record, f"{place}output")))
    return {**mended, "truecost_estimated": True}


READER = Reader(
    name="openai-responses",
    what="responses of OpenAI: response objects, {request, response}, batch outputs",
    fields=FIELDS,
    columns={
        **WRAPPED,
        "ts": f"coalesce({either(_PLACES, 'created_at')}, {TIME})",
        "provider": "coalesce(provider, 'openai')",
        "model": f"coalesce({either(_PLACES, 'model')}, request.model)",
        "request_id": f"coalesce({either(_PLACES, 'id')}, request_id)",
        "input_tokens": either(_PLACES, "usage.input_tokens"),
        "cache_read_tokens": either(_PLACES, "usage.input_tokens_details.cached_tokens"),
        "output_tokens": either(_PLACES, "usage.output_tokens"),
        "reasoning_tokens": either(_PLACES, "usage.output_tokens_details.reasoning_tokens"),
        "service_tier": either(_PLACES, "service_tier"),
    },
    mine=f"({either(_PLACES, 'object')} = 'response' AND {either(_PLACES, 'usage.input_tokens')} IS NOT NULL)"
    f" OR {FAILED}",
    claims=_claims,
    mend=_mend,
)
