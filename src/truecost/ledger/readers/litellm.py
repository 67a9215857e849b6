"""LiteLLM spend logs: rows of its table, as JSONL or CSV; prompt_tokens include cached ones for every vendor.

A hit in LiteLLM's own cache reached no vendor: it is kept with no tokens and the tag `local_cache_hit`.
"""

from __future__ import annotations

from truecost.ledger.readers.reader import TEXT, Reader, Record

_USAGE = "metadata, '$.usage_object."
_MORE = "metadata, '$.additional_usage_values."


def _inside(*paths: str) -> str:
    """SQL of the first of several paths into the column `metadata`, which is JSON or JSON in a string."""
    found = ", ".join(f"json_extract_string({path})" for path in paths)
    return f"CASE WHEN json_valid(metadata) THEN coalesce({found}) END"


_HIT = "lower(cache_hit) = 'true'"
_SENT = f"NOT coalesce({_HIT}, false)"


def _sent(sql: str) -> str:
    return f"CASE WHEN {_SENT} THEN {sql} END"


def _claims(record: Record) -> bool:
    return {"spend", "request_id", "model"} <= set(record) and bool(
        {"startTime", "custom_llm_provider"} & set(record)
    )


READER = Reader(
    name="litellm-spend",
    what="spend logs of a LiteLLM proxy, as JSONL or CSV; its own cache hits cost nothing",
    fields={
        **dict.fromkeys(("request_id", "startTime", "model", "custom_llm_provider", "api_base"), TEXT),
        **dict.fromkeys(("prompt_tokens", "completion_tokens", "spend", "status", "call_type"), TEXT),
        **dict.fromkeys(("user", "end_user", "team_id", "cache_hit", "metadata", "request_tags"), TEXT),
        **dict.fromkeys(("model_group", "session_id"), TEXT),
    },
    columns={
        "ts": '"startTime"',
        "provider": "CASE WHEN coalesce(custom_llm_provider, '') <> '' THEN custom_llm_provider"
        " WHEN contains(model, '/') THEN split_part(model, '/', 1) END",
        "model": "model",
        "request_id": "request_id",
        "input_tokens": _sent("prompt_tokens"),
        "cache_read_tokens": _sent(
            _inside(
                _USAGE + "prompt_tokens_details.cached_tokens'",
                _USAGE + "cache_read_input_tokens'",
                _MORE + "cache_read_input_tokens'",
            )
        ),
        "cache_write_5m_tokens": _sent(
            _inside(
                _USAGE + "cache_creation.ephemeral_5m_input_tokens'",
                _USAGE + "cache_creation_input_tokens'",
                _MORE + "cache_creation_input_tokens'",
            )
        ),
        "cache_write_1h_tokens": _sent(_inside(_USAGE + "cache_creation.ephemeral_1h_input_tokens'")),
        "output_tokens": _sent("completion_tokens"),
        "reasoning_tokens": _sent(_inside(_USAGE + "completion_tokens_details.reasoning_tokens'")),
        "service_tier": _inside(_USAGE + "service_tier'"),
        "batch": "contains(coalesce(call_type, ''), 'batch')",
        "status": "CASE WHEN lower(coalesce(status, '')) IN ('', 'success') THEN 'ok' ELSE 'error' END",
        "user": "nullif(\"user\", '')",
        "customer": "coalesce(nullif(end_user, ''), nullif(team_id, ''))",
        "task": "nullif(session_id, '')",
        "tags": "map_from_entries(list_filter(["
        f"{{k: 'local_cache_hit', v: CASE WHEN {_HIT} THEN 'true' END}},"
        " {k: 'model_group', v: nullif(model_group, '')}, {k: 'team', v: nullif(team_id, '')},"
        " {k: 'request_tags', v: nullif(nullif(request_tags, '[]'), '')}], lambda one: one.v IS NOT NULL))",
    },
    mine='request_id IS NOT NULL AND model IS NOT NULL AND (spend IS NOT NULL OR "startTime" IS NOT NULL)',
    claims=_claims,
    table=True,
)
