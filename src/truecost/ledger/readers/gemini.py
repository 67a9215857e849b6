"""Gemini's generateContent, of the Gemini API and of Vertex: promptTokenCount includes cached tokens.

Thoughts are counted beside the candidates, and what tools put in beside the prompt: the whole output and the
whole input are the sums. Audio that is read from a cache is priced as a cache read, and images that a model
makes are counted as images, for their tokens cost another price than text. Fields are named as the API does,
or with underscores as the Python client dumps them. A stream may be logged as the list of its chunks.
"""

from __future__ import annotations

from typing import Any, cast

from truecost.ledger.readers.counts import of_kind, summed
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
    pruned,
    put,
    under,
)

_PLACES = ("response.", "full_response.", "")
_DETAILS = 'STRUCT("modality" VARCHAR, "tokenCount" VARCHAR, "token_count" VARCHAR)[]'
_CANDIDATES = (
    'STRUCT("finishReason" VARCHAR, "finish_reason" VARCHAR,'
    ' "content" STRUCT("parts" STRUCT("inlineData" STRUCT("mimeType" VARCHAR),'
    ' "inline_data" STRUCT("mime_type" VARCHAR))[]),'
    ' "groundingMetadata" STRUCT("webSearchQueries" VARCHAR[]),'
    ' "grounding_metadata" STRUCT("web_search_queries" VARCHAR[]))[]'
)
_COUNTS = (
    "promptTokenCount", "candidatesTokenCount", "responseTokenCount", "cachedContentTokenCount",
    "thoughtsTokenCount", "toolUsePromptTokenCount", "serviceTier", "trafficType",
)  # fmt: skip
_LISTS = (
    "promptTokensDetails", "candidatesTokensDetails", "responseTokensDetails", "cacheTokensDetails",
    "toolUsePromptTokensDetails",
)  # fmt: skip


def _snake(name: str) -> str:
    """A name as the Python client writes it.

    >>> _snake("usageMetadata.promptTokenCount")
    'usage_metadata.prompt_token_count'
    """
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)


def _both(names: tuple[str, ...], kind: str) -> dict[str, str]:
    return dict.fromkeys((one for name in names for one in (name, _snake(name))), kind)


_FIELDS = {
    **_both(tuple(f"usageMetadata.{one}" for one in _COUNTS), TEXT),
    **_both(tuple(f"usageMetadata.{one}" for one in _LISTS), _DETAILS),
    **_both(("modelVersion", "responseId", "createTime"), TEXT),
    "candidates": _CANDIDATES,
}
FIELDS = {
    **under(_PLACES, _FIELDS),
    **dict.fromkeys(("model", "key", "processed_time", "logging_time"), TEXT),
    **WRAPPER,
}


def _sql(name: str) -> str:
    """SQL of a field of the response, wherever it stands and however it is written."""
    return f"coalesce({either(_PLACES, name)}, {either(_PLACES, _snake(name))})"


def _usage(name: str) -> str:
    return _sql(f"usageMetadata.{name}")


def _of(details: str, kind: str) -> str:
    return of_kind(_usage(details), kind, 'coalesce(one."tokenCount", one."token_count")')


def _place(record: Record) -> str | None:
    """Where the response stands in a record: at one of the places, told by its usage or its candidates."""
    for place in _PLACES:
        body = _whole(at(record, place[:-1])) if place else record
        usage = _either(body, "usageMetadata", "usage_metadata")
        named = _either(body, "modelVersion", "model_version")
        if isinstance(usage, dict) or (named is not None and isinstance(at(body, "candidates"), list)):
            return place
    return None


def _either(given: Any, *paths: str) -> Any:
    """The first of several paths at which something stands, whatever it is looked for in."""
    return next((found for path in paths if (found := at(given, path)) is not None), None)


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []  # pyright: ignore[reportUnknownVariableType]


def _claims(record: Record) -> bool:
    return _place(record) is not None or (failed(record) and at(record, "request.contents") is not None)


def _whole(body: Any) -> Any:
    """A response; of the chunks of a stream, one with the last usage told and all the candidates."""
    if not isinstance(body, list):
        return body
    made: dict[str, Any] = {}
    candidates: list[Any] = []
    for chunk in _listed(body):
        if isinstance(chunk, dict):
            made.update(cast("dict[str, Any]", chunk))
            candidates += _listed(at(chunk, "candidates"))
    return {**made, "candidates": candidates} if made else None


def _mend(record: Record) -> Record | None:
    """The record without its texts, a stream's chunks made one; estimated where usage was never told."""
    place = _place(record)
    if place is None:
        return None
    body = _whole(at(record, place[:-1])) if place else record
    whole: dict[str, Any] = {**record, place[:-1]: body} if place else dict(record)
    mended = pruned(whole, {path: kind for path, kind in FIELDS.items() if path != f"{place}candidates"})
    candidates = at(body, "candidates")
    if isinstance(candidates, list):
        put(mended, f"{place}candidates", [_without_text(one) for one in _listed(candidates)])
    told = _either(body, "usageMetadata.promptTokenCount", "usage_metadata.prompt_token_count")
    if told is not None or not candidates:
        return mended
    put(mended, f"{place}usageMetadata.promptTokenCount", estimated_tokens(at(record, "request.contents")))
    put(mended, f"{place}usageMetadata.candidatesTokenCount", estimated_tokens(_texts(candidates)))
    return {**mended, "truecost_estimated": True}


def _texts(candidates: Any) -> list[Any]:
    parts = [_listed(at(one, "content.parts")) for one in _listed(candidates)]
    return [at(part, "text") for some in parts for part in some]


def _without_text(candidate: Any) -> dict[str, Any]:
    """Of a candidate why it ended, which searches it made, counted, and what is inlined, not what it says."""
    searched = ("groundingMetadata.webSearchQueries", "grounding_metadata.web_search_queries")
    queries = _listed(_either(candidate, *searched))
    parts = _listed(at(candidate, "content.parts"))
    kinds = [_either(part, "inlineData.mimeType", "inline_data.mime_type") for part in parts]
    return {
        "finishReason": _either(candidate, "finishReason", "finish_reason"),
        "groundingMetadata": {"webSearchQueries": ["-"] * len(queries)},
        "content": {"parts": [{"inlineData": {"mimeType": one}} for one in kinds if isinstance(one, str)]},
    }


_CANDIDATE = either(_PLACES, "candidates")
_SEARCHED = 'one."groundingMetadata"."webSearchQueries", one."grounding_metadata"."web_search_queries"'
_QUERIES = f"coalesce(len(flatten(list_transform({_CANDIDATE}, lambda one: coalesce({_SEARCHED}, [])))), 0)"
_MODEL = rf"regexp_replace(coalesce({_sql('modelVersion')}, request.model, model), '^.*/', '')"
_BY_PROMPT = f"regexp_matches({_MODEL}, '^gemini-[12]([.-]|$)')"
_SEARCHES = f"CASE WHEN {_BY_PROMPT} THEN least({_QUERIES}, 1) ELSE {_QUERIES} END"
"""SQL: to Gemini 2.5 and before a prompt that was grounded is billed, however many searches it took."""
_PARTS = f"flatten(list_transform({_CANDIDATE}, lambda one: coalesce(one.content.parts, [])))"
_INLINED = 'coalesce(part."inlineData"."mimeType", part."inline_data"."mime_type")'
_PICTURES = f"coalesce(len(list_filter({_PARTS}, lambda part: starts_with({_INLINED}, 'image/'))), 0)"
_PICTURE_TOKENS = summed([_of("candidatesTokensDetails", "IMAGE"), _of("responseTokensDetails", "IMAGE")])
_WHY = 'coalesce(one."finishReason", one."finish_reason")'
_ENDED = f"coalesce(len(list_filter({_CANDIDATE}, lambda one: {_WHY} IS NOT NULL)), 0) > 0"
_CUT = f"(coalesce(truecost_estimated, false) OR (coalesce(len({_CANDIDATE}), 0) > 0 AND NOT {_ENDED}))"
_TRAFFIC = f"upper({_usage('trafficType')})"
_TIER = (
    f"CASE {_TRAFFIC} WHEN 'ON_DEMAND' THEN 'standard' WHEN 'ON_DEMAND_PRIORITY' THEN 'priority'"
    " WHEN 'ON_DEMAND_FLEX' THEN 'flex' WHEN 'TRAFFIC_TYPE_UNSPECIFIED' THEN 'standard'"
    f" ELSE lower({_TRAFFIC}) END"
)
_OF_VERTEX = (
    f"{_TRAFFIC} IS NOT NULL OR {_sql('createTime')} IS NOT NULL OR processed_time IS NOT NULL"
    " OR logging_time IS NOT NULL"
)

READER = Reader(
    name="gemini",
    what="generateContent of the Gemini API and Vertex: responses, {request, response}, batch outputs",
    fields=FIELDS,
    columns={
        **WRAPPED,
        "ts": f"coalesce({_sql('createTime')}, {TIME}, processed_time, logging_time)",
        "provider": f"coalesce(provider, CASE WHEN {_OF_VERTEX} THEN 'vertex' ELSE 'google' END)",
        "model": _MODEL,
        "request_id": f'coalesce({_sql("responseId")}, request_id, "key")',
        "input_tokens": summed([_usage("promptTokenCount"), _usage("toolUsePromptTokenCount")]),
        "cache_read_tokens": _usage("cachedContentTokenCount"),
        "output_tokens": summed(
            [
                f"coalesce({_usage('candidatesTokenCount')}, {_usage('responseTokenCount')})",
                _usage("thoughtsTokenCount"),
            ],
            less=[_PICTURE_TOKENS],
        ),
        "reasoning_tokens": _usage("thoughtsTokenCount"),
        "audio_input_tokens": summed(
            [_of("promptTokensDetails", "AUDIO"), _of("toolUsePromptTokensDetails", "AUDIO")],
            less=[_of("cacheTokensDetails", "AUDIO")],
        ),
        "audio_output_tokens": summed(
            [_of("candidatesTokensDetails", "AUDIO"), _of("responseTokensDetails", "AUDIO")]
        ),
        "image_units": f"CASE WHEN {_PICTURE_TOKENS} <> '0' THEN greatest({_PICTURES}, 1) END",
        "searches": _SEARCHES,
        "service_tier": f"coalesce({_usage('serviceTier')}, {_TIER})",
        "batch": 'coalesce(batch, custom_id IS NOT NULL OR processed_time IS NOT NULL OR "key" IS NOT NULL)',
        "status": f"CASE WHEN {FAILED} THEN 'error' WHEN {_CUT} THEN 'cut' ELSE 'ok' END",
        "quality": f"CASE WHEN {_CUT} AND NOT {FAILED} THEN 'estimated' ELSE 'measured' END",
    },
    mine=f"coalesce({_usage('promptTokenCount')}, {_usage('candidatesTokenCount')},"
    f" {_usage('responseTokenCount')}) IS NOT NULL OR {FAILED}",
    claims=_claims,
    mend=_mend,
)
