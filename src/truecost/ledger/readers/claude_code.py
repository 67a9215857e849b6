"""Session files of Claude Code: a line an event; the lines of one streamed message repeat its usage.

A message counts once, by its own id: the line with a `stop_reason` tells its last usage, else the one with
the most output. Where no line has one, only the beginning of the stream was written down: its output is an
estimate. Lines of the user, of tools and of the program tell of no request and are passed over; so are
answers that the program made up itself (`<synthetic>`). Of the folder worked in, its last name alone is kept,
as the tag `project`.
"""

from __future__ import annotations

import re

from truecost.ledger.readers.anthropic import USAGE, usage_columns
from truecost.ledger.readers.reader import TEXT, Reader, Record, quoted

_TYPE = "[a-z][a-z_-]*"
_BARE = ("summary", "file-history-snapshot")
"""Types of lines that name no session."""


def _claims(record: Record) -> bool:
    told = record.get("type")
    if not isinstance(told, str) or not re.fullmatch(_TYPE, told):
        return False
    return told in _BARE or (record.get("sessionId") is not None and record.get("payload") is None)


_ASKED = "\"type\" = 'assistant' AND coalesce(message.model, '') <> '<synthetic>'"
_TOLD = "coalesce(message.usage.input_tokens, message.usage.output_tokens)"
RELATION = f"""
WITH answers AS (
    SELECT *, count(DISTINCT "requestId") OVER (PARTITION BY message.id) AS requests_of_id
    FROM lines
    WHERE {_ASKED} AND {_TOLD} IS NOT NULL
),
named AS (
    SELECT *, CASE WHEN requests_of_id > 1 THEN concat(message.id, ':', "requestId")
                   ELSE coalesce(message.id, "requestId", uuid) END AS request
    FROM answers
)
SELECT * FROM named
QUALIFY row_number() OVER (
    PARTITION BY coalesce(request, concat('line:', line))
    ORDER BY message.stop_reason IS NULL, TRY_CAST(message.usage.output_tokens AS BIGINT) DESC NULLS LAST,
        line DESC
) = 1
"""
"""SQL: of the lines of a message the one that tells its last usage."""

_PROJECT = r"""nullif(regexp_extract(cwd, '([^/\\]+)[/\\]*$', 1), '')"""

READER = Reader(
    name="claude-code",
    what="session files of Claude Code; the lines of one streamed message are one request",
    fields={
        **dict.fromkeys(("type", "sessionId", "requestId", "uuid", "timestamp", "cwd"), TEXT),
        **dict.fromkeys(
            ("isSidechain", "agentId", "message.id", "message.model", "message.stop_reason"), TEXT
        ),
        **{f"message.{path}": kind for path, kind in USAGE.items()},
    },
    columns={
        **usage_columns(lambda path: quoted(f"message.{path}")),
        "ts": '"timestamp"',
        "provider": "CASE WHEN starts_with(message.id, 'msg_bdrk_') THEN 'aws'"
        " WHEN starts_with(message.id, 'msg_vrtx_') THEN 'vertex' ELSE 'anthropic' END",
        "model": "message.model",
        "request_id": "request",
        "quality": "CASE WHEN message.stop_reason IS NULL THEN 'estimated' ELSE 'measured' END",
        "task": '"sessionId"',
        "tags": f"map_from_entries(list_filter([{{k: 'project', v: {_PROJECT}}},"
        " {k: 'sidechain', v: CASE WHEN yes(\"isSidechain\") THEN 'true' END},"
        " {k: 'agent', v: \"agentId\"}], lambda one: one.v IS NOT NULL))",
    },
    mine="true",
    claims=_claims,
    outside=True,
    lines="SELECT *",
    hangs_together=True,
    relation=RELATION,
    taken=f'regexp_full_match("type", \'{_TYPE}\') AND ("sessionId" IS NOT NULL OR "type" IN {_BARE})'
    f" AND NOT ({_ASKED} AND {_TOLD} IS NULL)",
)
