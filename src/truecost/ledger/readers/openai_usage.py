"""OpenAI's organization usage: pages of /v1/organization/usage/completions, and the CSV of its dashboard.

A row is what a bucket of time saw under one grouping, so it stands for many requests
(`num_model_requests`). Input includes cached, written, audio and image tokens; cached audio counts as
cached. Group by model, project, user, batch and service_tier: what is not grouped by is not told. The key's
id tells rows apart and is not kept.
Source: https://platform.openai.com/docs/api-reference/usage/completions, seen 2026-11-22.
"""

from __future__ import annotations

from truecost.ledger.readers import buckets
from truecost.ledger.readers.counts import labels, summed
from truecost.ledger.readers.reader import TEXT, Reader, Record

_TIMES = ("start_time", "end_time")
_COUNTS = (
    "input_tokens", "input_cached_tokens", "input_cache_write_tokens", "input_audio_tokens",
    "input_cached_audio_tokens", "output_tokens", "output_audio_tokens", "num_model_requests",
)  # fmt: skip
_GROUPS = ("project_id", "user_id", "api_key_id", "model", "batch", "service_tier", "api_source")
_RESULTS: dict[str, str] = dict.fromkeys((*_COUNTS, *_GROUPS), TEXT)


def _claims(record: Record) -> bool:
    return buckets.claims(record, "start_time", ("num_model_requests",))


def _told(name: str) -> str:
    return f"nullif({name}, '')"


_NOTHING = " AND ".join(f"coalesce(TRY_CAST({one} AS DOUBLE), 0) = 0" for one in _COUNTS)

READER = Reader(
    name="openai-usage",
    what="organization usage of OpenAI, JSON pages or the dashboard's CSV; a row stands for many requests",
    fields=buckets.fields(_TIMES, _RESULTS),
    columns={
        "ts": _told("start_time"),
        "provider": "'openai'",
        "model": _told("model"),
        "request_id": buckets.identity("usage", (*_TIMES, *_GROUPS)),
        "input_tokens": _told("input_tokens"),
        "cache_read_tokens": _told("input_cached_tokens"),
        "cache_write_5m_tokens": _told("input_cache_write_tokens"),
        "output_tokens": _told("output_tokens"),
        "audio_input_tokens": summed([_told("input_audio_tokens")], [_told("input_cached_audio_tokens")]),
        "audio_output_tokens": _told("output_audio_tokens"),
        "requests": _told("num_model_requests"),
        "service_tier": _told("service_tier"),
        "batch": _told("batch"),
        "user": _told("user_id"),
        "tags": labels((("project", _told("project_id")),)),
    },
    mine=f"start_time IS NOT NULL AND NOT (coalesce(model, '') = '' AND {_NOTHING})",
    claims=_claims,
    lines="SELECT *",
    relation=buckets.relation(_TIMES, _RESULTS),
    taken=buckets.taken("start_time"),
    table=True,
    sums=True,
)
