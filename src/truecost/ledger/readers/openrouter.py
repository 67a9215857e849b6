"""OpenRouter: the rows of its activity export (CSV), its activity by day, and the record of one generation.

What was billed is `cost_total`, `total_cost` or `usage`: it is the amount, and no price is looked up. Tokens
are those of the model's own tokenizer (`native_tokens_*`) where they are told; `tokens_*` of a generation are
counted by another, for comparison, and such a row says so in the tag `tokens`. With a key of one's own the
vendor bills the model elsewhere, and the amount is OpenRouter's fee: the tag `byok`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from truecost.ledger.readers.counts import labels, summed
from truecost.ledger.readers.reader import TEXT, Reader, Record, at, either, under

_PLACES = ("", "data.")
_FIELDS: dict[str, str] = dict.fromkeys(
    (
        "id", "generation_id", "created_at", "date", "model", "model_permaslug", "variant", "provider_name",
        "endpoint_id", "cost_total", "total_cost", "usage", "byok_usage_inference", "is_byok", "requests",
        "tokens_prompt", "tokens_completion", "tokens_reasoning", "tokens_cached",
        "prompt_tokens", "completion_tokens", "reasoning_tokens",
        "native_tokens_prompt", "native_tokens_completion", "native_tokens_reasoning", "native_tokens_cached",
        "cancelled", "finish_reason", "finish_reason_normalized", "native_finish_reason",
        "app_name", "api_key_name", "user", "external_user", "session_id", "service_tier",
    ),
    TEXT,
)  # fmt: skip
_MARKS = (
    {"generation_id", "cost_total"},
    {"model_permaslug", "requests", "usage"},
    {"id", "native_tokens_prompt", "provider_name"},
    {"id", "tokens_prompt", "total_cost", "provider_name"},
)
"""Columns that tell an activity export, activity by day, and a generation."""


def _claims(record: Record) -> bool:
    bodies: tuple[Any, ...] = (record, at(record, "data"))
    named = [set(cast("Mapping[str, Any]", body)) for body in bodies if isinstance(body, Mapping)]
    return any(marks <= names for marks in _MARKS for names in named)


def _sql(*names: str) -> str:
    """SQL of the first of several fields that holds something."""
    found = [f"nullif({either(_PLACES, one)}, '')" for one in names]
    return f"coalesce({', '.join(found)}, NULL)"


_NATIVE = f"{_sql('native_tokens_prompt')} IS NOT NULL"
_OF_GENERATION = f"{_sql('generation_id')} IS NULL AND {_sql('requests')} IS NULL"


def _counted(native: str, plain: str, by_day: str) -> str:
    """SQL of a count: the model's own tokenizer's, all of a row by the same one."""
    return f"CASE WHEN {_NATIVE} THEN {_sql(native)} ELSE {_sql(plain, by_day)} END"


_INPUT = _counted("native_tokens_prompt", "tokens_prompt", "prompt_tokens")
_CACHED = f"CASE WHEN {_NATIVE} THEN {_sql('native_tokens_cached')} ELSE {_sql('tokens_cached')} END"
_OUTPUT = _counted("native_tokens_completion", "tokens_completion", "completion_tokens")
_REASONING = _counted("native_tokens_reasoning", "tokens_reasoning", "reasoning_tokens")
_WHOLE_OUTPUT = (
    f"CASE WHEN counted({_REASONING}) > greatest(coalesce(counted({_OUTPUT}), 0), 0)"
    f" THEN {summed([_OUTPUT, _REASONING])} ELSE {_OUTPUT} END"
)
"""SQL: the output with its reasoning. Reasoning above the output is counted beside it, by a few providers."""
_MODEL = _sql("model_permaslug", "model")
_VARIANT = f"nullif({_sql('variant')}, 'standard')"
_ID = (
    f"coalesce({_sql('generation_id', 'id')}, CASE WHEN {_sql('requests')} IS NOT NULL"
    f" THEN concat_ws(' ', 'activity', {_sql('date')}, {_MODEL},"
    f" {_VARIANT}, {_sql('provider_name')}, {_sql('endpoint_id')}) END)"
)
_BILLED = _sql("cost_total", "total_cost", "usage")
_END = f"lower({_sql('finish_reason_normalized', 'finish_reason')})"
_BYOK = f"(yes({_sql('is_byok')}) OR coalesce(TRY_CAST({_sql('byok_usage_inference')} AS DOUBLE), 0) > 0)"

READER = Reader(
    name="openrouter",
    what="OpenRouter's activity export as CSV, its activity by day, the record of a generation",
    fields=under(_PLACES, _FIELDS),
    columns={
        "ts": _sql("created_at", "date"),
        "provider": "'openrouter'",
        "model": f"CASE WHEN {_VARIANT} IS NULL OR contains({_MODEL}, ':') THEN {_MODEL}"
        f" ELSE concat({_MODEL}, ':', {_VARIANT}) END",
        "request_id": _ID,
        "requests": _sql("requests"),
        "input_tokens": _INPUT,
        "cache_read_tokens": _CACHED,
        "output_tokens": _WHOLE_OUTPUT,
        "reasoning_tokens": _REASONING,
        "stated_usd": _BILLED,
        "service_tier": _sql("service_tier"),
        "status": f"CASE WHEN {_END} = 'error' THEN 'error'"
        f" WHEN yes({_sql('cancelled')}) THEN 'cut' ELSE 'ok' END",
        "user": _sql("external_user", "user"),
        "feature": _sql("app_name"),
        "task": _sql("session_id"),
        "tags": labels(
            (
                ("served_by", _sql("provider_name")),
                ("key_name", _sql("api_key_name")),
                ("byok", f"CASE WHEN {_BYOK} THEN 'true' END"),
                ("tokens", f"CASE WHEN NOT {_NATIVE} AND {_OF_GENERATION} THEN 'not of the model' END"),
            )
        ),
    },
    mine=f"{_MODEL} IS NOT NULL AND {_BILLED} IS NOT NULL AND {_ID} IS NOT NULL",
    claims=_claims,
    table=True,
)
