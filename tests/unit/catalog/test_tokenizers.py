"""Whose tokenizer a model counts with, how far two lie apart, how long an input a model takes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from truecost.catalog.api_price_names import find, plain_name
from truecost.catalog.context_windows import context_window
from truecost.catalog.facts import Confidence
from truecost.catalog.tokenizers import family, token_ratio, vendor

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "scripts"))

import import_context_windows as importer  # noqa: E402

TABLE = yaml.safe_load((ROOT / "src/truecost/catalog/data/tokenizers.yaml").read_text(encoding="utf-8"))


def test_every_fact_has_its_source_day_and_confidence() -> None:
    for fact in (*TABLE["families"].values(), *TABLE["ratios"]):
        assert fact["source"]
        assert fact["checked"].year >= 2026
        assert Confidence(fact["confidence"])
    named = {one[side] for one in TABLE["ratios"] for side in ("of", "for_one_of")}
    assert named <= set(TABLE["families"])


@pytest.mark.parametrize(("model", "maker", "tokenizer"), [
    ("gpt-4.1-mini-2025-04-14", "openai", "openai-o200k"), ("gpt-4-1106-preview", "openai", "openai-cl100k"),
    ("gpt-4", "openai", "openai-cl100k"), ("gpt-4o-mini", "openai", "openai-o200k"),
    ("o3", "openai", "openai-o200k"), ("gpt-3.5-turbo-0125", "openai", "openai-cl100k"),
    ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic", "anthropic-v3"),
    ("claude-opus-4-20250514", "anthropic", "anthropic-v3"),
    ("claude-opus-4-7", "anthropic", "anthropic-v4-7"),
    ("claude-sonnet-5-5", "anthropic", "anthropic-v4-7"),
    ("gemini-2.5-flash-lite", "google", "google-gemma3"),
    ("meta-llama/Llama-3.3-70B-Instruct", "meta", ""), ("grok-4", "x-ai", ""), ("house-model-7b", "", ""),
])  # fmt: skip
def test_names_tell_the_maker_and_the_tokenizer(model: str, maker: str, tokenizer: str) -> None:
    assert (vendor(model), family(model)) == (maker, tokenizer)


@pytest.mark.parametrize(("model", "other", "range_"), [
    ("gpt-5-mini", "gpt-4.1", "1 .. 1"),
    ("claude-sonnet-4-5", "anthropic.claude-sonnet-4-5-20250929-v1:0", "1 .. 1"),
    ("claude-opus-4-7", "claude-opus-4-6", "1 .. 1.47"),
    ("claude-opus-4-6", "claude-opus-4-7", "0.680272 .. 1"),
    ("gpt-4o", "gpt-4", "0.75 .. 1"), ("gemini-2.5-pro", "gpt-4.1", "0.87 .. 1.15"),
    ("claude-sonnet-4-5", "gemini-2.5-pro", "1.15 .. 1.85"), ("grok-4", "house-model-7b", "0.87 .. 1.15"),
    ("grok-4", "grok-3", "1 .. 1"), ("gemini-3.5-flash", "gemini-2.5-flash", "0.87 .. 1.15"),
])  # fmt: skip
def test_two_tokenizers_lie_a_range_apart(model: str, other: str, range_: str) -> None:
    assert str(token_ratio(model, other).range) == range_


def test_there_and_back_again_holds_one() -> None:
    there, back = token_ratio("claude-sonnet-4-5", "gpt-4.1"), token_ratio("gpt-4.1", "claude-sonnet-4-5")
    assert there.range.low * back.range.high == pytest.approx(1)
    assert there.range.high * back.range.low == pytest.approx(1)


def test_the_longest_input_is_of_the_provider_and_unknown_is_none() -> None:
    found = context_window("openai", "gpt-4.1-2025-04-14")
    assert found is not None
    assert (found.value, found.unit, bool(found.source)) == (1_047_576, "tokens", True)
    assert context_window("openai", "claude-sonnet-4-5") is None
    assert find(plain_name("gpt-4.1"), "openai")


def test_the_import_takes_the_longest_of_a_name() -> None:
    def entry(tokens: object, **more: str) -> dict[str, object]:
        return {"max_input_tokens": tokens, "mode": "chat", "litellm_provider": "openai", **more}

    table = {
        "m-1": entry(1000), "m-1-2025-01-01": entry(2000), "m-2": entry(None), "m-3": entry("many"),
        "dall-e": entry(5, mode="image_generation"), "azure/eu/m-1": entry(500, litellm_provider="azure"),
    }  # fmt: skip
    rows = {tuple(row[:3]) for row in importer.windows(table)}
    assert rows == {("openai", "m-1", "2000"), ("azure", "m-1", "500")}
