"""Anthropic's usage report: pages of /v1/organizations/usage_report/messages, and the CSV of its Console.

The report tells tokens and no number of requests. What decides the price is told all the same: the bucket
of the context window that a request fell in. So a row counts as the fewest requests that may have used as
much within its window (200,000 or 1,000,000 tokens each): their average is then in the window, and the
price of a long context is paid where, and only where, the report says so. The number of requests is a lower
bound and the row `estimated`. Input leaves cached tokens out; they are put in. Names of keys are not kept.
Source: https://docs.claude.com/en/api/admin-api/usage-cost/get-messages-usage-report, seen 2026-11-22.
"""

from __future__ import annotations

from truecost.ledger.readers import buckets
from truecost.ledger.readers.counts import labels
from truecost.ledger.readers.reader import TEXT, Reader, Record

SHORT_TOKENS, LONG_TOKENS = 200_000, 1_000_000
"""The ends of the two context windows that the report tells apart."""
_TIMES = ("starting_at", "ending_at")
_RESULTS = {
    **dict.fromkeys(("uncached_input_tokens", "cache_read_input_tokens", "output_tokens"), TEXT),
    "cache_creation": 'STRUCT("ephemeral_5m_input_tokens" VARCHAR, "ephemeral_1h_input_tokens" VARCHAR)',
    "server_tool_use": 'STRUCT("web_search_requests" VARCHAR)',
    **dict.fromkeys(("model", "service_tier", "context_window", "workspace_id", "account_id", "speed"), TEXT),
    **dict.fromkeys(("api_key_id", "service_account_id", "inference_geo"), TEXT),
    **dict.fromkeys(("usage_date_utc", "model_version", "api_key", "workspace", "usage_type"), TEXT),
    **dict.fromkeys(("usage_input_tokens_no_cache", "usage_input_tokens_cache_read"), TEXT),
    **dict.fromkeys(("usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h"), TEXT),
    **dict.fromkeys(("usage_output_tokens", "web_search_count"), TEXT),
}


def _told(*names: str) -> str:
    """SQL of the first of several fields that says something."""
    return f"coalesce({', '.join(f'nullif({one}, {chr(39) * 2})' for one in names)})"


_START = _told("starting_at", "usage_date_utc")
_TIER = _told("service_tier", "usage_type")
_PLAIN = _told("uncached_input_tokens", "usage_input_tokens_no_cache")
_READ = _told("cache_read_input_tokens", "usage_input_tokens_cache_read")
_WRITE_5M = _told("cache_creation.ephemeral_5m_input_tokens", "usage_input_tokens_cache_write_5m")
_WRITE_1H = _told("cache_creation.ephemeral_1h_input_tokens", "usage_input_tokens_cache_write_1h")
_OUTPUT = _told("output_tokens", "usage_output_tokens")
_SEARCHES = _told("server_tool_use.web_search_requests", "web_search_count")
_COUNTS = (_PLAIN, _READ, _WRITE_5M, _WRITE_1H, _OUTPUT, _SEARCHES)
_GROUPS = (
    _told("model", "model_version"), _TIER, _told("context_window"),
    _told("workspace_id", "workspace"), _told("api_key_id", "api_key"), _told("account_id"),
    _told("service_account_id"), _told("inference_geo"), _told("speed"),
)  # fmt: skip
_WHOLE = " + ".join(
    f"coalesce(TRY_CAST({one} AS HUGEINT), 0)" for one in (_PLAIN, _READ, _WRITE_5M, _WRITE_1H)
)
_WINDOW = (
    "CASE WHEN regexp_matches(lower(coalesce(context_window, '')), '^(200k-1m|> ?200k)')"
    f" THEN {LONG_TOKENS} ELSE {SHORT_TOKENS} END"
)
_FEWEST = f"greatest(1, TRY(({_WHOLE}) + {_WINDOW} - 1) // {_WINDOW})"


def _claims(record: Record) -> bool:
    console = {"usage_date_utc", "model_version", "usage_output_tokens"} <= set(record)
    return console or buckets.claims(record, "starting_at", ("uncached_input_tokens",))


READER = Reader(
    name="anthropic-usage",
    what="usage report of Anthropic, JSON pages or the Console's CSV; tokens by context window, no requests",
    fields=buckets.fields(_TIMES, _RESULTS),
    columns={
        "ts": _START,
        "provider": "'anthropic'",
        "model": _told("model", "model_version"),
        "request_id": buckets.identity("usage", (_START, "ending_at", *_GROUPS)),
        "input_tokens": _PLAIN,
        "cache_read_tokens": _READ,
        "cache_write_5m_tokens": _WRITE_5M,
        "cache_write_1h_tokens": _WRITE_1H,
        "output_tokens": _OUTPUT,
        "searches": _SEARCHES,
        "requests": _FEWEST,
        "quality": "'estimated'",
        "service_tier": f"CASE WHEN lower(speed) = 'fast' THEN 'fast' ELSE {_TIER} END",
        "region": "CASE WHEN inference_geo <> 'not_available' THEN nullif(inference_geo, '') END",
        "user": _told("account_id"),
        "tags": labels((("workspace", _told("workspace_id", "workspace")),)),
    },
    mine=" OR ".join(f"coalesce(TRY_CAST({one} AS DOUBLE), CASE WHEN {one} IS NULL THEN 0 ELSE 1 END) <> 0"
                     for one in _COUNTS),
    claims=_claims,
    outside=True,
    lines="SELECT *",
    relation=buckets.relation(_TIMES, _RESULTS),
    taken=f"{buckets.taken('starting_at')} OR usage_date_utc IS NOT NULL",
    table=True,
    sums=True,
)  # fmt: skip
