"""Names of attributes on GenAI spans, by dialect, and who leaves cached tokens out of the input."""

from __future__ import annotations

import csv
from importlib.resources import files

LABELS = "traceloop.association.properties."
"""What the labels begin with that a user of OpenLLMetry gives."""
INPUT = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens",
    "llm.token_count.prompt",
)  # fmt: skip
OUTPUT = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens",
    "llm.token_count.completion",
)  # fmt: skip
SUMS = ("gen_ai.aggregated_usage.input_tokens", "gen_ai.aggregated_usage.output_tokens")
"""Usage of an agent's run by names of its own, so that it is not added to that of its requests."""
SUM_TAG = "sum_of_spans"
"""The tag that tells such a span until it is left out."""
PROVIDERS = {
    "gcp.gemini": "google", "gcp.gen_ai": "google", "gcp.vertex_ai": "vertex", "vertex_ai": "vertex",
    "aws.bedrock": "aws", "azure.ai.openai": "azure", "az.ai.openai": "azure", "azure.ai.inference": "azure",
    "az.ai.inference": "azure", "x_ai": "x-ai", "mistral_ai": "mistral", "gemini": "google",
    "ibm.watsonx.ai": "watsonx", "vertexai": "vertex", "google-vertex": "vertex", "google-gla": "google",
    "mistralai": "mistral", "xai": "x-ai", "bedrock": "aws", "amazon_bedrock": "aws",
}  # fmt: skip
"""Well-known values of gen_ai.provider.name, gen_ai.system, llm.provider, as the catalog calls them."""
KNOWN = {
    "model": (
        "gen_ai.response.model", "gen_ai.request.model", "llm.response.model", "llm.request.model",
        "llm.model_name", "embedding.model_name",
    ),
    "provider": ("gen_ai.provider.name", "llm.provider", "gen_ai.system", "llm.system", "llm.vendor"),
    "response_id": ("gen_ai.response.id",),
    "input_tokens": INPUT,
    "output_tokens": OUTPUT,
    "total_tokens": ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total"),
    "sum_input": SUMS[:1],
    "sum_output": SUMS[1:],
    "cache_read_tokens": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens", "gen_ai.usage.details.cache_read_input_tokens",
        "gen_ai.usage.details.cached_tokens", "llm.token_count.prompt_details.cache_read",
    ),
    "cache_write_5m_tokens": (
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.details.cache_write_tokens",
        "gen_ai.usage.details.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write",
    ),
    "reasoning_tokens": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "llm.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens", "llm.token_count.completion_details.reasoning",
    ),
    "audio_input_tokens": (
        "gen_ai.usage.details.input_audio_tokens", "llm.token_count.prompt_details.audio",
    ),
    "audio_output_tokens": (
        "gen_ai.usage.details.output_audio_tokens", "llm.token_count.completion_details.audio",
    ),
    "service_tier": (
        "openai.response.service_tier", "gen_ai.openai.response.service_tier", "aws.bedrock.service_tier",
    ),
    "region": ("cloud.region",),
    "error": ("error.type",),
    "user": ("user.id", "enduser.id", LABELS + "user_id", LABELS + "user"),
    "customer": (
        "customer", "customer.id", "tenant.id", LABELS + "customer_id", LABELS + "customer",
        LABELS + "tenant_id",
    ),
    "feature": ("feature", LABELS + "feature", "gen_ai.prompt.name", "traceloop.workflow.name"),
    "task": (
        "task", LABELS + "task", "gen_ai.conversation.id", "session.id", LABELS + "session_id",
        LABELS + "conversation_id", LABELS + "chat_id",
    ),
    "service": ("service.name",),
    "agent": ("gen_ai.agent.name",),
    "operation": (
        "gen_ai.operation.name", "llm.request.type", "openinference.span.kind", "traceloop.span.kind",
    ),
}  # fmt: skip
"""What is taken from the attributes of a span, else of its resource: the names, the current one first."""
NAMES = frozenset(name for names in KNOWN.values() for name in names)
"""All of them."""


def wanted(name: str) -> bool:
    """Whether an attribute is one of those that are read."""
    return name in NAMES or name.startswith(LABELS)


def instrumentations() -> list[dict[str, str]]:
    """Who includes cached tokens: scope, part of a model's name, yes or no, source, checked, confidence."""
    told = files("truecost.ledger.readers") / "instrumentations.csv"
    return list(csv.DictReader(told.read_text(encoding="utf-8").splitlines()))
