"""OpenTelemetry spans of GenAI calls, as OTLP JSON: the current attribute names, older ones, other dialects.

The dialects are those of OpenInference (`llm.token_count.*`), OpenLLMetry (`llm.usage.*`, and labels under
`traceloop.association.properties.`), pydantic-ai and logfire (`gen_ai.usage.details.*`). The convention says
that input tokens include cached ones. Some instrumentations pass on what a vendor tells, which leaves them
out: those that are known to (instrumentations.csv), and any span whose counts add up in no other way. The
same goes for reasoning and output.

A span whose usage sums that of spans below it (an agent, a chain, `gen_ai.aggregated_usage.*`) is no request
of its own: only leaves are kept, whatever stands between. The tokens of prompts and answers are read; the
prompts and answers, which some spans carry as attributes, are not.
"""

from __future__ import annotations

from collections.abc import Sequence

from truecost.ledger.engine import text
from truecost.ledger.readers.otel_names import (
    INPUT,
    KNOWN,
    LABELS,
    NAMES,
    OUTPUT,
    PROVIDERS,
    SUM_TAG,
    SUMS,
    instrumentations,
)
from truecost.ledger.readers.reader import Reader, Record, at, quoted

_ATTRIBUTES = (
    'STRUCT("key" VARCHAR, "value" STRUCT("stringValue" VARCHAR, "intValue" VARCHAR, "doubleValue" VARCHAR,'
    ' "boolValue" VARCHAR))[]'
)
_SPANS = (
    'STRUCT("scope" STRUCT("name" VARCHAR), "spans" STRUCT("traceId" VARCHAR, "spanId" VARCHAR,'
    ' "parentSpanId" VARCHAR, "startTimeUnixNano" VARCHAR,'
    f' "status" STRUCT("code" VARCHAR), "attributes" {_ATTRIBUTES})[])[]'
)


def _kept(attributes: str) -> str:
    """SQL of a list of the known attributes alone, as {k, v}."""
    kinds = ("stringValue", "intValue", "doubleValue", "boolValue")
    value = f"coalesce({', '.join(quoted(f'a.value.{kind}') for kind in kinds)})"
    names = ", ".join(text(one) for one in sorted(NAMES))
    return (
        f'list_transform(list_filter({attributes}, lambda a: a."key" IN ({names})'
        f' OR starts_with(a."key", {text(LABELS)})),'
        f' lambda a: {{k: a."key", v: {value}}})'
    )


def _attribute(column: str) -> str:
    """SQL of the first attribute by one of the names of a column."""
    of_span = ", ".join(f"attribute(span.known, '{one}')" for one in KNOWN[column])
    about = ", ".join(f"attribute(about, '{one}')" for one in KNOWN[column])
    return (
        f"coalesce({of_span}, {about})"
        if column in {"service", "region", "user", "customer"}
        else f"coalesce({of_span})"
    )


def _claims(record: Record) -> bool:
    return isinstance(at(record, "resourceSpans"), list)


LINES = f"""
SELECT list_transform("resourceSpans", lambda r: {{
    about: {_kept("r.resource.attributes")},
    spans: flatten(list_transform(coalesce(r."scopeSpans", r."instrumentationLibrarySpans"),
        lambda s: list_transform(s.spans, lambda p: {{
            trace: p."traceId", id: p."spanId", parent: nullif(p."parentSpanId", ''),
            start: p."startTimeUnixNano", scope: s.scope."name",
            code: p."status"."code", known: {_kept("p.attributes")} }}))) }}) AS resources
"""
"""What is read of a line: the spans, each with the known attributes alone."""
_COUNTS = (
    "input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cache_write_5m_tokens",
    "reasoning_tokens",
)  # fmt: skip


def _any(names: Sequence[str]) -> str:
    return f"coalesce({', '.join(f'attribute(span.known, {text(one)})' for one in names)})"


def _leaves_cache_out() -> str:
    """SQL: whether a span's instrumentation and model are among those known to leave cached tokens out."""
    found = [
        f"(span.scope = {text(one['scope'])} AND contains(lower(model), {text(one['model'])}))"
        for one in instrumentations()
        if one["input_includes_cache"] == "no"
    ]
    return f"coalesce({' OR '.join(found)}, false)"


RECORDS = f"""
WITH spans AS (
    SELECT line, one.about AS about, unnest(one.spans) AS span
    FROM (SELECT line, unnest(resources) AS one FROM lines)
),
told AS (
    SELECT
        *, {_any((*INPUT, *OUTPUT))} IS NOT NULL AS used, {_any(SUMS)} IS NOT NULL AS summed,
        {", ".join(f"{_attribute(column)} AS {quoted(column)}" for column in KNOWN)}
    FROM spans
),
numbers AS (
    SELECT
        *, {", ".join(f"CAST(counted({one}) AS HUGEINT) AS n_{one}" for one in _COUNTS)},
        coalesce(n_cache_read_tokens, 0) + coalesce(n_cache_write_5m_tokens, 0) AS cached,
        coalesce(n_reasoning_tokens, 0) AS reasoned,
        n_total_tokens - coalesce(n_input_tokens, 0) - coalesce(n_output_tokens, 0) AS beyond
    FROM told
)
SELECT
    *,
    coalesce(cached > 0 AND n_input_tokens >= 0
        AND (cached > n_input_tokens OR {_leaves_cache_out()}
            OR beyond IN (cached, cached + reasoned)), false)
        AS leaves_cache_out,
    coalesce(reasoned > 0 AND n_output_tokens >= 0
        AND (reasoned > n_output_tokens OR beyond = cached + reasoned
            OR (beyond = reasoned AND reasoned <> cached)), false) AS leaves_reasoning_out
FROM numbers
"""
"""SQL: the spans, with what is told of each, and whether that leaves out what input or output is to include:
it does where that is known of the instrumentation, where the part is more than the whole, and where the total
is over input and output by just the parts."""
_PROVIDER = "lower(provider)"
_CALLED = ", ".join(f"{text(name)}: {text(ours)}" for name, ours in PROVIDERS.items())

_LABELS = f"list_filter(span.known, lambda one: starts_with(one.k, {text(LABELS)}) AND one.v IS NOT NULL)"
_OWN_LABELS = (
    f"map_from_entries(list_transform(list_filter({_LABELS}, lambda one, i:"
    f" list_position(list_transform({_LABELS}, lambda other: other.k), one.k) = i),"
    f" lambda one: {{k: substr(one.k, {len(LABELS) + 1}), v: one.v}}))"
)
"""SQL of the labels that a user of OpenLLMetry gave, by their own names, each once."""
_TAGS = {
    "service": "service",
    "agent": "agent",
    "operation": "lower(operation)",
    SUM_TAG: "CASE WHEN NOT used THEN 'true' END",
}
_PLAIN = (
    "cache_read_tokens", "cache_write_5m_tokens", "reasoning_tokens", "audio_input_tokens",
    "audio_output_tokens", "service_tier", "region", "user", "customer", "feature", "task",
)  # fmt: skip

READER = Reader(
    name="otel-genai",
    what="OpenTelemetry GenAI spans as OTLP JSON or protobuf, an export a line; leaf spans alone",
    fields={
        "resourceSpans": f'STRUCT("resource" STRUCT("attributes" {_ATTRIBUTES}),'
        f' "scopeSpans" {_SPANS}, "instrumentationLibrarySpans" {_SPANS})[]'
    },
    columns={
        "ts": "span.start",
        "provider": f"coalesce(MAP {{{_CALLED}}}[{_PROVIDER}], {_PROVIDER})",
        "model": "model",
        "request_id": "coalesce(response_id, span.id)",
        "parent_id": "span.parent",
        "input_tokens": "CASE WHEN NOT used THEN sum_input"
        " WHEN leaves_cache_out THEN CAST(n_input_tokens + cached AS VARCHAR) ELSE input_tokens END",
        "output_tokens": "CASE WHEN NOT used THEN sum_output"
        " WHEN leaves_reasoning_out THEN CAST(n_output_tokens + reasoned AS VARCHAR) ELSE output_tokens END",
        **{column: quoted(column) for column in _PLAIN},
        "status": "CASE WHEN span.code IN ('2', 'STATUS_CODE_ERROR') OR error IS NOT NULL"
        " THEN 'error' ELSE 'ok' END",
        "tags": f"map_concat(coalesce({_OWN_LABELS}, MAP {{}}), map_from_entries(list_filter(["
        + ", ".join(f"{{k: '{one}', v: {sql}}}" for one, sql in _TAGS.items())
        + "], lambda one: one.v IS NOT NULL)))",
        "trace": "span.trace",
        "span": "span.id",
    },
    mine="used OR summed",
    claims=_claims,
    lines=LINES,
    relation=RECORDS,
    taken='"resourceSpans" IS NOT NULL',
)
