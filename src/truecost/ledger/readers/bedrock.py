"""Invocation logs of Amazon Bedrock, as CloudWatch and S3 hold them: input leaves cached tokens out.

`modelId` is a model's id, an ARN, or that of an inference profile. A profile across regions names model and
geography (`us.`, `eu.`, `apac.`, `global.`), and the geography decides the price: it is the region then, and
the region the call came from is a tag. An application inference profile, an imported or a custom model names
no model. What a response, or the trace of a prompt router, names is taken; without one the row keeps the id
of the profile as its model, which has no price; `--map model:ID=MODEL` names it. Capacity bought by the hour
(a provisioned model) has no price by the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.ledger.readers.counts import labels, summed
from truecost.ledger.readers.reader import LABELS, TEXT, Reader, Record, at, pruned, quoted

_BODY = "output.outputBodyJson"
FIELDS: Mapping[str, str] = {
    **dict.fromkeys(("schemaType", "timestamp", "region", "requestId", "operation", "modelId"), TEXT),
    **dict.fromkeys(("errorCode", "inferenceRegion", "identity.arn", "performanceConfig.latency"), TEXT),
    **dict.fromkeys(("serviceTier.type", "input.inputTokenCount", "output.outputTokenCount"), TEXT),
    **dict.fromkeys(("input.cacheReadInputTokenCount", "input.cacheWriteInputTokenCount"), TEXT),
    "output.outputImageCount": TEXT,
    "requestMetadata": LABELS,
    _BODY: "JSON",
}
_USAGE = ("$.usage", "$[0].message.usage")
_KEPT = ("usage", "model", "serviceTier", "trace.promptRouter.invokedModelId")


def _inside(*paths: str) -> str:
    """SQL of what stands at the first of several paths into the response, or into the chunks of a stream."""
    found = [f"json_extract_string({quoted(_BODY)}, '{one}')" for one in paths]
    return f"coalesce({', '.join(found)}, NULL)"


def _used(*names: str) -> str:
    return _inside(*(f"{place}.{name}" for place in _USAGE for name in names))


def _claims(record: Record) -> bool:
    if at(record, "schemaType") == "ModelInvocationLog":
        return True
    counted = at(record, "input.inputTokenCount") is not None or at(record, "errorCode") is not None
    return at(record, "modelId") is not None and at(record, "requestId") is not None and counted


def _mend(record: Record) -> Record | None:
    """The record with nothing of its response but usage and model; None where it is none."""
    if not _claims(record):
        return None
    mended = pruned(record, {path: kind for path, kind in FIELDS.items() if path != _BODY})
    body = at(record, _BODY)
    if isinstance(body, dict):
        kept: Any = pruned(body, dict.fromkeys(_KEPT, TEXT))  # pyright: ignore[reportUnknownArgumentType]
    else:
        chunks: list[Any] = body if isinstance(body, list) else []  # pyright: ignore[reportUnknownVariableType]
        paths: dict[str, str] = dict.fromkeys(("message.model", "message.usage", "metadata.usage"), TEXT)
        kept = [pruned(one, paths) for one in chunks if isinstance(one, dict)]  # pyright: ignore[reportUnknownArgumentType]
    output: Any = mended.get("output")
    mended["output"] = {**(output if isinstance(output, dict) else {}), "outputBodyJson": kept}
    return mended


_ID = quoted("modelId")
_SEGMENT = f"regexp_extract({_ID}, '[^/]+$')"
_OPAQUE = (
    f"regexp_extract({_ID}, ':(application-inference-profile|provisioned-model|custom-model"
    "|custom-model-deployment|imported-model|prompt-router|default-prompt-router|prompt)/', 1)"
)
"""SQL: what an ARN is of, that names no model; empty for any other."""
_GEOGRAPHY = "'^(global|us-gov|us|eu|apac|au|jp|ca|in|sa)\\.'"
_BARE = f"regexp_replace({_SEGMENT}, {_GEOGRAPHY}, '')"
_INVOKED = f"regexp_extract({_inside('$.trace.promptRouter.invokedModelId')}, '[^/]+$')"
_PROFILE = f"regexp_extract(coalesce(nullif({_INVOKED}, ''), {_SEGMENT}), {_GEOGRAPHY}, 1)"
"""SQL: the geography of a profile across regions, the one a prompt router chose too; empty for any other."""
_ROUTED = f"regexp_replace({_INVOKED}, {_GEOGRAPHY}, '')"
_TOLD = _inside("$.model", "$[0].message.model")
_NAMED = f"CASE WHEN {_OPAQUE} = 'application-inference-profile' THEN {_TOLD} END"
_LONG = (
    f"coalesce({_used('cache_creation.ephemeral_1h_input_tokens')}, CAST(list_sum(list_transform(list_filter("
    + " || ".join(
        f"coalesce(json_extract({quoted(_BODY)}, '{one}.usage.cacheDetails[*]'), [])"
        for one in ("$", "$[*].metadata")
    )
    + ", lambda one: json_extract_string(one, '$.ttl') = '1h'),"
    " lambda one: counted(json_extract_string(one, '$.inputTokens')))) AS VARCHAR))"
)
"""SQL: the tokens written for an hour, where the response tells them apart."""
_WRITTEN = (
    f'coalesce(input."cacheWriteInputTokenCount",'
    f" {_used('cacheWriteInputTokens', 'cacheWriteInputTokenCount', 'cache_creation_input_tokens')})"
)
_ARN = quoted("identity.arn")
_WHO = (
    f"regexp_replace(regexp_extract({_ARN}, '^arn:[^:]*:[^:]*:[^:]*:[^:]*:(.+)$', 1),"
    " '/?(AKIA|ASIA)[A-Z0-9]{12,}', '')"
)
"""SQL: who called, as the role and session or the user of the ARN; the id of an access key is left out."""


def _label(name: str) -> str:
    return f"requestMetadata['{name}']"


_TAGS = (
    (
        "inference_profile",
        f"CASE WHEN {_OPAQUE} <> '' THEN {_SEGMENT} WHEN {_PROFILE} <> '' THEN {_SEGMENT} END",
    ),
    ("source_region", f"CASE WHEN {_PROFILE} <> '' THEN region END"),
    ("inference_region", quoted("inferenceRegion")),
    ("operation", "operation"),
)

READER = Reader(
    name="bedrock",
    what="model invocation logs of Amazon Bedrock, from CloudWatch or S3; inference profiles resolved",
    fields=FIELDS,
    columns={
        "ts": '"timestamp"',
        "provider": "'aws'",
        "model": f"coalesce(nullif({_ROUTED}, ''), {_NAMED},"
        f" CASE WHEN {_OPAQUE} <> '' THEN {_OPAQUE} || ' ' || {_SEGMENT} ELSE {_BARE} END)",
        "request_id": quoted("requestId"),
        "input_tokens": f'coalesce(input."inputTokenCount", {_used("inputTokens", "input_tokens")})',
        "cache_read_tokens": 'coalesce(input."cacheReadInputTokenCount",'
        f" {_used('cacheReadInputTokens', 'cacheReadInputTokenCount', 'cache_read_input_tokens')})",
        "cache_write_5m_tokens": summed([_WRITTEN], less=[_LONG]),
        "cache_write_1h_tokens": _LONG,
        "output_tokens": f'coalesce(output."outputTokenCount", {_used("outputTokens", "output_tokens")})',
        "image_units": quoted("output.outputImageCount"),
        "service_tier": f"CASE WHEN {_OPAQUE} = 'provisioned-model' THEN 'provisioned'"
        f" WHEN \"performanceConfig\".\"latency\" = 'optimized' THEN 'optimized'"
        f" ELSE coalesce({quoted('serviceTier.type')},"
        f" {_inside('$.serviceTier.type', '$.usage.service_tier')}) END",
        "region": f"CASE WHEN {_PROFILE} IN ('', 'us-gov') THEN region ELSE {_PROFILE} END",
        "status": f"CASE WHEN {quoted('errorCode')} IS NOT NULL THEN 'error' ELSE 'ok' END",
        "user": f"coalesce({_label('user')}, {_label('user_id')}, nullif({_WHO}, ''))",
        "customer": f"coalesce({_label('customer')}, {_label('customer_id')}, {_label('tenant')})",
        "feature": _label("feature"),
        "task": f"coalesce({_label('task')}, {_label('session_id')})",
        "tags": f"map_concat(coalesce(requestMetadata, MAP {{}}), {labels(_TAGS)})",
    },
    mine=f"{_ID} IS NOT NULL AND {quoted('requestId')} IS NOT NULL",
    claims=_claims,
    mend=_mend,
    outside=True,
)
