"""Session files of Codex CLI ("rollouts"): events of token counts tell requests, earlier lines their model.

An event has the session's total so far and the usage of the last request. The same event is often written
again: where the total did not move, nothing was used. Input includes cached tokens, output includes
reasoning. Where the last usage is missing it is the total less the total before, or the total itself where
that began anew. A session that goes on from another begins with a copy of it: a request is known by the
session it was made in and the total it brought that to.
"""

from __future__ import annotations

from truecost.ledger.readers.reader import TEXT, Reader, Record, at

_TYPES = ("session_meta", "turn_context", "event_msg", "response_item", "compacted")
_COUNTS = ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens",
           "reasoning_output_tokens")  # fmt: skip


def _claims(record: Record) -> bool:
    return record.get("type") in _TYPES and at(record, "payload") is not None and "sessionId" not in record


def _used(count: str) -> str:
    """SQL of one count of a request: as told, else what the total grew by."""
    total, before = f"CAST(counted(total.{count}) AS HUGEINT)", f"CAST(counted(before.{count}) AS HUGEINT)"
    grown = f"{total} - CASE WHEN anew THEN 0 ELSE coalesce({before}, 0) END"
    return f"CASE WHEN of_last THEN last.{count} ELSE CAST({grown} AS VARCHAR) END AS {count}"


def _told(total: str, last: str) -> str:
    """SQL: something that an event tells, or NULL."""
    of_total = [f"{total}.{one}" for one in ("input_tokens", "output_tokens", "total_tokens")]
    return f"coalesce({', '.join([*of_total, f'{last}.input_tokens', f'{last}.output_tokens'])})"


_TOLD = _told("payload.info.total_token_usage", "payload.info.last_token_usage")
RELATION = f"""
WITH known AS (
    SELECT
        line, "timestamp" AS ts, "type" = 'event_msg' AND payload.type = 'token_count' AS counts,
        payload.info.total_token_usage AS total,
        payload.info.last_token_usage AS last,
        first_value(thread IGNORE NULLS) OVER before_it AS session,
        last_value(thread IGNORE NULLS) OVER before_it AS thread,
        last_value(model IGNORE NULLS) OVER before_it AS model,
        last_value(provider IGNORE NULLS) OVER before_it AS provider,
        last_value(folder IGNORE NULLS) OVER before_it AS folder
    FROM (
        SELECT
            *,
            CASE WHEN "type" = 'session_meta' THEN coalesce(payload.id, payload.session_id) END AS thread,
            CASE WHEN "type" = 'turn_context' THEN payload.model END AS model,
            CASE WHEN "type" = 'session_meta' THEN payload.model_provider END AS provider,
            CASE WHEN "type" IN ('session_meta', 'turn_context') THEN payload.cwd END AS folder
        FROM lines
    )
    WINDOW before_it AS (ORDER BY line ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
events AS (
    SELECT
        *,
        lag(total) OVER (PARTITION BY thread ORDER BY line) AS before,
        coalesce(last.input_tokens, last.output_tokens) IS NOT NULL AS of_last,
        coalesce(total.input_tokens, total.output_tokens, total.total_tokens) IS NOT NULL AS of_total
    FROM known
    WHERE counts AND {_told("total", "last")} IS NOT NULL
),
moved AS (
    SELECT
        *,
        coalesce(counted(total.input_tokens) < counted(before.input_tokens)
            OR counted(total.output_tokens) < counted(before.output_tokens), false) AS anew
    FROM events
    WHERE NOT of_total OR total.input_tokens IS DISTINCT FROM before.input_tokens
        OR total.output_tokens IS DISTINCT FROM before.output_tokens
        OR total.total_tokens IS DISTINCT FROM before.total_tokens
),
used AS (
    SELECT
        line, ts, session, model, provider, folder,
        CASE WHEN of_total THEN concat_ws(':', thread, coalesce(total.input_tokens, ''),
            coalesce(total.output_tokens, ''), coalesce(total.total_tokens, '')) END AS request,
        thread,
        {", ".join(_used(one) for one in _COUNTS)}
    FROM moved
)
SELECT * FROM used WHERE coalesce(input_tokens, '0') <> '0' OR coalesce(output_tokens, '0') <> '0'
"""
"""SQL: the requests of a session, each with the model that was told before it."""

_PROJECT = r"""nullif(regexp_extract(folder, '([^/\\]+)[/\\]*$', 1), '')"""

READER = Reader(
    name="codex",
    what="session files of Codex CLI; an event of token counts that did not move is no request",
    fields={
        **dict.fromkeys(("timestamp", "type", "payload.type", "payload.id", "payload.session_id"), TEXT),
        **dict.fromkeys(("payload.cwd", "payload.model", "payload.model_provider"), TEXT),
        **{
            f"payload.info.{usage}.{one}": TEXT
            for usage in ("total_token_usage", "last_token_usage")
            for one in (*_COUNTS, "total_tokens")
        },
    },
    columns={
        "ts": "ts",
        "provider": "lower(coalesce(provider, 'openai'))",
        "model": "model",
        "request_id": "CASE WHEN thread IS NOT NULL THEN request END",
        "input_tokens": "input_tokens",
        "cache_read_tokens": "cached_input_tokens",
        "cache_write_5m_tokens": "cache_write_input_tokens",
        "output_tokens": "output_tokens",
        "reasoning_tokens": "reasoning_output_tokens",
        "task": "session",
        "tags": f"CASE WHEN {_PROJECT} IS NOT NULL THEN MAP {{'project': {_PROJECT}}} END",
    },
    mine="true",
    claims=_claims,
    lines="SELECT *",
    hangs_together=True,
    relation=RELATION,
    taken=f"regexp_full_match(\"type\", '{'|'.join(_TYPES)}') AND payload IS NOT NULL"
    " AND NOT (\"type\" = 'event_msg' AND payload.type = 'token_count' AND payload.info IS NOT NULL"
    f" AND {_TOLD} IS NULL)",
)
