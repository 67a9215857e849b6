"""OpenTelemetry spans of GenAI calls, as OTLP JSON: current attribute names and older ones.

Input tokens include cached ones, as the convention says. A span whose usage sums that of spans below it (an
agent, a chain) is no request of its own: only leaves are kept, whatever stands between. The tokens of prompts
and answers are read; the prompts and answers, which some spans carry as attributes, are not.
"""

from __future__ import annotations

from truecost.ledger.engine import text
from truecost.ledger.readers.reader import Reader, Record, at, quoted

_ATTRIBUTES = (
    'STRUCT("key" VARCHAR, "value" STRUCT("stringValue" VARCHAR, "intValue" VARCHAR, "doubleValue" VARCHAR,'
    ' "boolValue" VARCHAR))[]'
)
_SPANS = (
    'STRUCT("traceId" VARCHAR, "spanId" VARCHAR, "parentSpanId" VARCHAR, "startTimeUnixNano" VARCHAR,'
    f' "status" STRUCT("code" VARCHAR), "attributes" {_ATTRIBUTES})[]'
)
INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens")
OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens")
PROVIDERS = {
    "gcp.gemini": "google", "gcp.gen_ai": "google", "gcp.vertex_ai": "vertex", "vertex_ai": "vertex",
    "aws.bedrock": "aws", "azure.ai.openai": "azure", "az.ai.openai": "azure", "azure.ai.inference": "azure",
    "az.ai.inference": "azure", "x_ai": "x-ai", "mistral_ai": "mistral", "gemini": "google",
    "ibm.watsonx.ai": "watsonx",
}  # fmt: skip
"""Well-known values of gen_ai.provider.name and gen_ai.system, as the catalog calls them."""
KNOWN = {
    "model": ("gen_ai.response.model", "gen_ai.request.model", "llm.response.model", "llm.request.model"),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.vendor"),
    "response_id": ("gen_ai.response.id",),
    "input_tokens": INPUT,
    "output_tokens": OUTPUT,
    "cache_read_tokens": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens",
    ),
    "cache_write_5m_tokens": (
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
    ),
    "reasoning_tokens": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
    ),
    "service_tier": (
        "openai.response.service_tier", "gen_ai.openai.response.service_tier", "aws.bedrock.service_tier",
    ),
    "region": ("cloud.region",),
    "error": ("error.type",),
    "user": ("user.id", "enduser.id"),
    "customer": ("customer", "customer.id", "tenant.id"),
    "feature": ("feature", "gen_ai.prompt.name"),
    "task": ("task", "gen_ai.conversation.id", "session.id"),
    "service": ("service.name",),
    "agent": ("gen_ai.agent.name",),
    "operation": ("gen_ai.operation.name", "llm.request.type"),
}  # fmt: skip
"""What is taken from the attributes of a span, else of its resource: the names, the current one first."""


def _wanted() -> str:
    return ", ".join(f"'{one}'" for names in KNOWN.values() for one in names)


def _kept(attributes: str) -> str:
    """SQL of a list of the known attributes alone, as {k, v}."""
    kinds = ("stringValue", "intValue", "doubleValue", "boolValue")
    value = f"coalesce({', '.join(quoted(f'a.value.{kind}') for kind in kinds)})"
    return (
        f'list_transform(list_filter({attributes}, lambda a: a."key" IN ({_wanted()})),'
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


def _spans(record: Record) -> bool:
    return isinstance(at(record, "resourceSpans"), list)


LINES = f"""
SELECT list_transform("resourceSpans", lambda r: {{
    about: {_kept("r.resource.attributes")},
    spans: list_transform(flatten(list_transform(coalesce(r."scopeSpans", r."instrumentationLibrarySpans"),
        lambda s: s.spans)), lambda p: {{
        trace: p."traceId", id: p."spanId", parent: nullif(p."parentSpanId", ''),
        start: p."startTimeUnixNano",
        code: p."status"."code", known: {_kept("p.attributes")} }}) }}) AS resources
"""
"""What is read of a line: the spans, each with the known attributes alone."""
RECORDS = """
SELECT line, one.about AS about, unnest(one.spans) AS span
FROM (SELECT line, unnest(resources) AS one FROM lines)
"""
USES = (
    f"coalesce({', '.join(f'attribute(span.known, {chr(39)}{one}{chr(39)})' for one in (*INPUT, *OUTPUT))})"
)
"""SQL: the tokens of a span, of which one at least is told."""
_PROVIDER = f"lower({_attribute('provider')})"
_NAMES = ", ".join(f"{text(name)}: {text(ours)}" for name, ours in PROVIDERS.items())

READER = Reader(
    name="otel-genai",
    what="OpenTelemetry GenAI spans as OTLP JSON, an export a line; leaf spans alone",
    fields={
        "resourceSpans": f'STRUCT("resource" STRUCT("attributes" {_ATTRIBUTES}),'
        f' "scopeSpans" STRUCT("spans" {_SPANS})[],'
        f' "instrumentationLibrarySpans" STRUCT("spans" {_SPANS})[])[]'
    },
    columns={
        "ts": "span.start",
        "provider": f"coalesce(MAP {{{_NAMES}}}[{_PROVIDER}], {_PROVIDER})",
        "model": _attribute("model"),
        "request_id": f"coalesce({_attribute('response_id')}, span.id)",
        "parent_id": "span.parent",
        **{
            column: _attribute(column)
            for column in (
                "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens",
                "reasoning_tokens", "service_tier", "region", "user", "customer", "feature", "task",
            )
        },
        "status": f"CASE WHEN span.code IN ('2', 'STATUS_CODE_ERROR') OR {_attribute('error')} IS NOT NULL"
        " THEN 'error' ELSE 'ok' END",
        "tags": "map_from_entries(list_filter(["
        + ", ".join(f"{{k: '{one}', v: {_attribute(one)}}}" for one in ("service", "agent", "operation"))
        + "], lambda one: one.v IS NOT NULL))",
        "trace": "span.trace",
        "span": "span.id",
    },
    mine=f"{USES} IS NOT NULL",
    claims=_spans,
    lines=LINES,
    relation=RECORDS,
)  # fmt: skip
