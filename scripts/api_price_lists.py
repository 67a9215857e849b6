"""Read two published price lists as rows of one schema: genai-prices and LiteLLM's table.

The first is read by `truecost.catalog.genai_list`; LiteLLM's table is JSON. What it writes into keys
(`cache_creation_input_token_cost_above_1hr_above_200k_tokens_batches`) becomes columns here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from truecost.catalog.api_price_names import PROVIDERS
from truecost.catalog.api_prices import STANDARD
from truecost.catalog.genai_list import (
    BATCH_SINCE,
    CHECKED,
    GENAI_PRICES,
    INCLUSIVE_THRESHOLDS,
    NOT_SOLD,
    Price,
    Seen,
    bedrock_identity,
    clauses,
    genai_identity,
    genai_prices_of,
    genai_providers,
    level,
    usable,
    with_reason,
)

__all__ = [
    "BATCH_SINCE", "CHECKED", "GENAI_PRICES", "NOT_SOLD", "TEXT_MODES", "Price", "Seen", "clauses",
    "genai_identity", "genai_prices_of", "genai_providers", "level", "litellm_identity", "litellm_prices",
    "litellm_search_fee", "usable", "with_reason",
]  # fmt: skip

PER_PROMPT = {"gemini", "vertex_ai", "vertex_ai-language-models"}
"""Providers of LiteLLM's that bill a search by the prompt unless the entry says `per_query`."""

LITELLM_KIND = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
    "input_cost_per_image": "image",
    "input_cost_per_request": "request",
}
LITELLM_KEY = re.compile(
    rf"^({'|'.join(LITELLM_KIND)})(?:_above_(1|12)hr)?(?:_above_(\d+)k_tokens)?(?:_([a-z]+))?$"
)
TIERS = {
    "batches": "batch",
    "flex": "flex",
    "priority": "priority",
    "balanced": "balanced",
    "ultrafast": "ultrafast",
}
TEXT_MODES = {"chat", "responses", "completion", "embedding"}


def litellm_identity(key: str, litellm_provider: str) -> tuple[str, str, str]:
    """(provider, model, region) of a key such as `azure/eu/gpt-4o` or `bedrock/us-gov-west-1/anthropic.…`."""
    provider = PROVIDERS.get(litellm_provider, litellm_provider)
    if litellm_provider.startswith("vertex_ai"):
        provider = "vertex"
    head, _, rest = key.partition("/")
    name = rest if rest and (head == litellm_provider or PROVIDERS.get(head, head) == provider) else key
    if provider == "azure":
        region, _, rest = name.partition("/")
        if region in {"eu", "us", "us-gov", "apac", "global", "global-standard"}:
            return provider, rest, region.removesuffix("-standard")
    if provider == "aws":
        region, _, rest = name.rpartition("/")
        model, geography = bedrock_identity(rest)
        return provider, model, region or geography
    return provider, name, ""


def litellm_search_fee(entry: dict[str, Any]) -> Decimal | None:
    """USD for one web search; None where it depends on what is found, or is billed by the prompt."""
    fees = entry.get("search_context_cost_per_query")
    if not isinstance(fees, dict) or len(set(fees.values())) != 1:
        return None
    by_prompt = entry.get("litellm_provider") in PER_PROMPT
    if by_prompt and entry.get("web_search_billing_unit") != "per_query":
        return None
    return Decimal(repr(float(next(iter(fees.values())))))


def litellm_prices(entry: dict[str, Any], provider: str) -> Iterator[Price]:
    tiers = entry.get("tiered_pricing") or []
    for step in tiers:
        low = int(step.get("range", [0])[0])
        for price in litellm_prices({**step, "tiered_pricing": None}, provider):
            yield replace(price, above=low)
    if fee := litellm_search_fee(entry):
        yield Price("search", fee)
    has_hour = any("_above_1hr" in key for key in entry)
    by_token = "input_cost_per_image_token" in entry or "output_cost_per_image" in entry
    for key, value in sorted(entry.items()):
        found = LITELLM_KEY.match(key)
        if found and found[1] == "input_cost_per_image" and by_token:
            continue  # the same image is billed by its tokens, or another is made and billed
        if not found or not isinstance(value, int | float) or (found[4] and found[4] not in TIERS):
            continue
        kind = LITELLM_KIND[found[1]]
        if kind in {"reasoning", "request"} and value == entry.get("output_cost_per_token"):
            continue
        lifetime = f"{found[2]}h" if found[2] else "5m" if kind == "cache_write" and has_hour else ""
        usd = Decimal(repr(float(value))).quantize(Decimal("1e-15"))
        above = int(found[3] or 0) * 1000
        inclusive = bool(above) and provider in INCLUSIVE_THRESHOLDS
        yield Price(kind, usd, lifetime, TIERS.get(found[4], STANDARD), above, inclusive)
