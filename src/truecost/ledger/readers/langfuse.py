"""Observations exported from Langfuse: the table's JSON, JSONL or CSV, and its blob storage export.

Only generations and embeddings are requests; spans, events and tools are passed over, and a generation above
another one sums it and is left out. `usageDetails` has any names one likes: what a name says decides which
tokens it counts. Langfuse means them to exclude each other (`input` leaves `input_cached_tokens` out); where
the `total` says that a name includes others, it does. A count whose name says nothing is named in the tag
`not_counted`, and the row is `estimated`. The cost that Langfuse works out by its own prices is not taken.
"""

from __future__ import annotations

from typing import Any

from truecost.ledger.readers.counts import labels, named
from truecost.ledger.readers.reader import TEXT, Reader, Record, at, estimated_tokens, first, pruned, quoted

KINDS = ("GENERATION", "EMBEDDING")
_OTHERS = ("SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "GUARDRAIL")
_NAMES = {
    "id": ("id",), "trace": ("traceId", "trace_id"), "type": ("type",),
    "parent": ("parentObservationId", "parent_observation_id"), "start": ("startTime", "start_time"),
    "model": ("providedModelName", "provided_model_name", "model"),
    "usage": ("usageDetails", "usage_details", "usage"),
    "level": ("level",), "metadata": ("metadata",), "user": ("userId", "user_id"),
    "session": ("sessionId", "session_id"), "trace_name": ("traceName", "trace_name"),
    "trace_tags": ("traceTags", "trace_tags", "tags"), "name": ("name",), "environment": ("environment",),
    "cut": ("truecost_estimated",),
}  # fmt: skip
"""Columns of the table's export, and of the blob storage export where that writes another."""
FIELDS = {name: TEXT for names in _NAMES.values() for name in names}


def _sql(name: str) -> str:
    """SQL of a column by any of its names, NULL where nothing stands in it."""
    found = [f"nullif({quoted(one)}, '')" for one in _NAMES[name]]
    return f"coalesce({', '.join(found)}, NULL)"


def _claims(record: Record) -> bool:
    """By the names of the columns, so that a header is claimed as well as a record."""
    has = {key for key, names in _NAMES.items() if any(name in record for name in names)}
    told = record.get("type")
    known = not told or str(told) in (*KINDS, *_OTHERS)
    return {"id", "trace", "start", "type"} <= has and known and bool(has & {"usage", "model", "parent"})


def _mend(record: Record) -> Record | None:
    """A generation whose usage was never told, with an estimate of its texts; the texts are gone."""
    if not _claims(record):
        return None
    mended = pruned(record, FIELDS)
    usage: Any = first(record, *_NAMES["usage"])
    if record.get("type") not in KINDS or usage or at(record, "level") == "ERROR":
        return mended
    sent, came = estimated_tokens(at(record, "input")), estimated_tokens(at(record, "output"))
    return {**mended, "usageDetails": {"input": sent, "output": came}, "truecost_estimated": "true"}


_CAME = "output|completion|candidate|response"
_IS = {
    "total": "^total|total$",
    "searches": "search",
    "missed": "cache_?miss",
    "written": "cache.*(creation|write)|(creation|write).*cache|ephemeral",
    "read": "cache",
    "reasoning": "reason|thought|thinking",
    "audio_output": f"audio.*({_CAME})|({_CAME}).*audio",
    "audio_input": "audio",
    "output": _CAME,
    "input": "input|prompt",
}
"""What a name of a count says it counts: the first that it fits. What missed a cache is in the input."""


def _entries() -> str:
    """SQL of the counts of `usageDetails`, as {key, kind, n}; amounts and units are no counts."""
    cases = " ".join(
        f"WHEN regexp_matches(one.key, '{pattern}') THEN '{kind}'" for kind, pattern in _IS.items()
    )
    told = "TRY_CAST(CAST(CASE WHEN json_valid(u) THEN u END AS JSON) AS MAP(VARCHAR, VARCHAR))"
    low = f"list_transform(map_entries({told}), lambda one: {{key: lower(one.key), n: counted(one.value)}})"
    no_count = "one.n IS NULL OR regexp_matches(one.key, 'cost|^unit$')"
    kept = f"list_filter({low}, lambda one: NOT ({no_count}))"
    kind = f"CASE {cases} ELSE 'unknown' END"
    return named(
        _sql("usage"), "u", f"list_transform({kept}, lambda one: {{key: one.key, n: one.n, kind: {kind}}})"
    )


def _sum(kind: str, more: str = "true") -> str:
    """SQL of the sum of the counts of a kind among the entries `e`."""
    found = f"list_filter(e, lambda one: one.kind = '{kind}' AND {more})"
    return f"coalesce(list_sum(list_transform({found}, lambda one: one.n)), 0)"


def _counts() -> str:
    """SQL of the counts by kind, NULL where none is told; `worst` is the least of them if it is negative."""
    split = "len(list_filter(e, lambda one: one.kind = 'written' AND regexp_matches(one.key, '5m|1h'))) > 0"
    five = _sum("written", "contains(one.key, '5m')")
    hour = _sum("written", "contains(one.key, '1h')")
    short = f"CASE WHEN {split} THEN {five} ELSE {_sum('written')} END"
    kinds = ("total", "searches", "read", "reasoning", "audio_output", "audio_input", "output", "input")
    unknown = "list_filter(e, lambda one: one.kind = 'unknown' AND one.n <> 0)"
    known = "list_filter(e, lambda one: one.kind <> 'unknown')"
    worst = f"coalesce(least(list_min(list_transform({known}, lambda one: one.n)), 0), 0)"
    fields = ", ".join(f'"{kind}": {_sum(kind)}' for kind in kinds)
    return named(
        _entries(),
        "e",
        f"CASE WHEN len(e) > 0 THEN {{{fields}, short: {short}, long: {hour}, worst: {worst},"
        f" unknown: list_transform({unknown}, lambda one: one.key)}} END",
    )


_COUNTS = "truecost_counts"
_PARTS = {
    side: f"({' + '.join(f'{_COUNTS}.{part}' for part in parts)})"
    for side, parts in {
        "input": ("read", "short", "long", "audio_input"),
        "output": ("reasoning", "audio_output"),
    }.items()
}


def _count(sql: str) -> str:
    """SQL of one of the counts; a negative one is the result, so that the row is kept aside for it."""
    worst = f"{_COUNTS}.worst"
    return f"CASE WHEN {worst} < 0 THEN CAST({worst} AS VARCHAR) ELSE CAST({sql} AS VARCHAR) END"


def _whole(side: str) -> str:
    """SQL of all tokens of a side: its plain count and its parts, unless the total says it has them."""
    other = "output" if side == "input" else "input"
    plain, parts = f"{_COUNTS}.{side}", _PARTS[side]
    others, its_parts = f"{_COUNTS}.{other}", _PARTS[other]
    total = f"{_COUNTS}.total"
    included = (
        f"{parts} > 0 AND {plain} >= {parts} AND {total} <> {plain} + {parts} + {others} + {its_parts}"
        f" AND {total} IN ({plain} + {others}, {plain} + {others} + {its_parts})"
    )
    return _count(f"CASE WHEN {included} THEN {plain} ELSE {plain} + {parts} END")


_UNKNOWN = f"{_COUNTS}.unknown"


def _meta(*names: str) -> str:
    metadata = _sql("metadata")
    found = ", ".join(f"json_extract_string({metadata}, '$.{one}')" for one in names)
    return f"CASE WHEN json_valid({metadata}) THEN coalesce({found}, NULL) END"


_LISTED = named(
    _sql("trace_tags"), "t", "TRY_CAST(CAST(CASE WHEN json_valid(t) THEN t END AS JSON) AS VARCHAR[])"
)
_TRACE_TAGS = (
    f"list_transform(list_filter({_LISTED}, lambda one: one <> ''), lambda one:"
    " CASE WHEN contains(one, ':') THEN {k: split_part(one, ':', 1), v: trim(one[instr(one, ':') + 1:])}"
    " ELSE {k: one, v: 'true'} END)"
)
_FIRST = "list_position(list_transform(t, lambda x: x.k), one.k) = i"
_ONCE = named(_TRACE_TAGS, "t", f"list_filter(t, lambda one, i: {_FIRST})")
"""SQL: the tags of a trace by name, the first of a name; `team:blue` is the tag team, `nightly` is true."""
_IS_REQUEST = f"upper({_sql('type')}) IN {KINDS}"
_IS_OTHER = f"upper({_sql('type')}) IN {_OTHERS}"
_FAILED = f"upper({_sql('level')}) = 'ERROR'"
_ESTIMATED = f"({_sql('cut')} IS NOT NULL)"

READER = Reader(
    name="langfuse",
    what="observations exported from Langfuse, as JSON, JSONL or CSV; leaf generations alone",
    fields=FIELDS,
    columns={
        "ts": _sql("start"),
        "provider": _meta("provider"),
        "model": _sql("model"),
        "request_id": _sql("id"),
        "parent_id": _sql("parent"),
        "input_tokens": _whole("input"),
        "cache_read_tokens": _count(f"{_COUNTS}.read"),
        "cache_write_5m_tokens": _count(f"{_COUNTS}.short"),
        "cache_write_1h_tokens": _count(f"{_COUNTS}.long"),
        "output_tokens": _whole("output"),
        "reasoning_tokens": _count(f"{_COUNTS}.reasoning"),
        "audio_input_tokens": _count(f"{_COUNTS}.audio_input"),
        "audio_output_tokens": _count(f"{_COUNTS}.audio_output"),
        "searches": _count(f"{_COUNTS}.searches"),
        "service_tier": _meta("service_tier"),
        "status": f"CASE WHEN {_FAILED} THEN 'error' WHEN {_ESTIMATED} THEN 'cut' ELSE 'ok' END",
        "quality": f"CASE WHEN {_ESTIMATED} OR len({_UNKNOWN}) > 0 THEN 'estimated' ELSE 'measured' END",
        "user": f"coalesce({_sql('user')}, {_meta('user', 'user_id', 'userId')})",
        "customer": _meta("customer", "customer_id", "tenant"),
        "feature": f"coalesce({_meta('feature')}, {_sql('trace_name')})",
        "task": f"coalesce({_meta('task')}, {_sql('session')})",
        "tags": f"map_concat(coalesce(map_from_entries({_ONCE}), MAP {{}}), "
        + labels(
            (
                ("observation", _sql("name")),
                ("environment", _sql("environment")),
                ("not_counted", f"nullif(array_to_string({_UNKNOWN}, ' '), '')"),
            )
        )
        + ")",
        "trace": _sql("trace"),
        "span": _sql("id"),
    },
    mine=f"{_IS_REQUEST} AND {_sql('id')} IS NOT NULL AND ({_COUNTS} IS NOT NULL OR {_FAILED})",
    once={_COUNTS: _counts()},
    claims=_claims,
    mend=_mend,
    taken=f"{_sql('trace')} IS NOT NULL AND {_IS_OTHER}",
    table=True,
)
