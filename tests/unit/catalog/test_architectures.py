"""Models by name: every row loads and is complete, names resolve, what is unknown or ambiguous teaches."""

from __future__ import annotations

import time

import pytest

from truecost.catalog import models
from truecost.catalog.architectures import Architecture
from truecost.catalog.facts import Confidence
from truecost.catalog.layers import Attention, FeedForward, MixtureOfExperts, StateSpace
from truecost.catalog.models import (
    AmbiguousName,
    UndisclosedError,
    aliases,
    model,
    model_names,
    resolve_model,
    stated_size,
    stated_sizes,
)
from truecost.catalog.names import UnknownName


@pytest.mark.parametrize("name", model_names())
def test_every_row_is_an_architecture(name: str) -> None:
    architecture = model(name)
    assert architecture.name == name
    assert architecture.source
    assert (
        architecture.total_parameters
        >= architecture.active_parameters - architecture.embedding_parameters
        > 0
    )
    attention = architecture.full_attention_layers + architecture.sliding_attention_layers
    assert sum(count for count, _ in architecture.mixers) == attention + architecture.linear_attention_layers
    assert architecture.dense_layers + architecture.moe_layers == sum(
        n for n, _ in architecture.feed_forwards
    )


@pytest.mark.parametrize("name", model_names())
def test_published_counts_carry_their_source(name: str) -> None:
    architecture = model(name)
    for fact in (architecture.published_parameters, architecture.published_active_parameters):
        if fact is not None:
            assert fact.unit == "parameters"
            assert fact.source
            assert fact.confidence is Confidence.PUBLISHED


@pytest.mark.parametrize("name", model_names())
def test_rows_have_no_key_that_nothing_reads(name: str) -> None:
    implied = {"first_k_dense_replace", "full_attention_interval", "intermediate_size", "qk_rope_head_dim"}
    assert set(model(name).ignored_keys) <= implied


def test_the_catalog_holds_old_and_current_models() -> None:
    names = set(model_names())
    assert len(names) >= 110
    assert {"gpt-2", "gpt-3", "opt-175b", "bloom-176b", "palm-540b", "gopher-280b", "chinchilla-70b"} <= names
    assert {"llama-1-65b", "llama-2-70b", "llama-3.1-405b", "mixtral-8x7b", "deepseek-v3", "kimi-k3"} <= names


@pytest.mark.parametrize(
    ("given", "name", "precision"),
    [
        ("llama-3.1-70b", "llama-3.1-70b", ""),
        ("meta-llama/Llama-3.1-70B", "llama-3.1-70b", ""),
        ("meta-llama/Meta-Llama-3.1-70B-Instruct", "llama-3.1-70b", ""),
        ("LLAMA 3.1 70B", "llama-3.1-70b", ""),
        ("llama3.1:70b", "llama-3.1-70b", ""),
        ("us.meta.llama3-3-70b-instruct-v1:0", "llama-3.3-70b", ""),
        ("mistral.mistral-large-2407-v1:0", "mistral-large-2", ""),
        ("accounts/fireworks/models/llama-v3p1-70b-instruct", "llama-3.1-70b", ""),
        ("llama-3.3-70b-versatile", "llama-3.3-70b", ""),
        ("Qwen/Qwen3-235B-A22B-Thinking-2507", "qwen3-235b-a22b", ""),
        ("deepseek-ai/DeepSeek-R1-0528", "deepseek-r1", ""),
        ("deepseek-v3@001", "deepseek-v3", ""),
        ("GPT-3 175B", "gpt-3", ""),
        ("nvidia/Llama-3.1-70B-Instruct-FP8", "llama-3.1-70b", "fp8"),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic", "llama-3.1-8b", "fp8"),
        ("nvidia/DeepSeek-V3.1-NVFP4", "deepseek-v3.1", "nvfp4"),
        ("hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4", "llama-3.1-70b", "int4"),
        ("TheBloke/Llama-2-70B-Chat-GPTQ", "llama-2-70b", "int4"),
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "qwen2.5-7b", "int8"),
        ("RedHatAI/Llama-3.3-70B-Instruct-quantized.w4a16", "llama-3.3-70b", "int4"),
    ],
)
def test_names_that_resolve(given: str, name: str, precision: str) -> None:
    assert resolve_model(given) == (name, precision)


def test_the_precision_in_a_name_becomes_the_weights_precision() -> None:
    assert model("llama-3.1-70b").weight_precision == "bf16"
    assert model("nvidia/Llama-3.1-70B-Instruct-FP8").weight_precision == "fp8"
    assert model("gpt-oss-20b").weight_precision == "mxfp4"
    assert model("deepseek-v3").weight_precision == "fp8"


@pytest.mark.parametrize(
    ("given", "candidates"),
    [
        ("llama-70b", ["llama-2-70b", "llama-3-70b", "llama-3.1-70b", "llama-3.3-70b"]),
        ("Llama 7B Chat", ["llama-1-7b", "llama-2-7b"]),
        ("llama-2", ["llama-2-13b", "llama-2-70b", "llama-2-7b"]),
    ],
)
def test_an_ambiguous_name_lists_all_candidates(given: str, candidates: list[str]) -> None:
    with pytest.raises(AmbiguousName) as caught:
        model(given)
    assert caught.value.nearest == candidates
    assert all(candidate in str(caught.value) for candidate in candidates)


@pytest.mark.parametrize(
    ("given", "near"),
    [("deepsek-v3", "deepseek-v3"), ("mixtral-8x7", "mixtral-8x7b"), ("gpt-4-0613", "gpt-4-rumoured")],
)
def test_an_unknown_name_offers_the_nearest(given: str, near: str) -> None:
    with pytest.raises(UnknownName) as caught:
        model(given)
    assert near in caught.value.nearest


@pytest.mark.parametrize(
    "given", ["", "-", "instruct", "fp8", "/", ":", "claude-3-5-sonnet", "gemini-2.5-pro"]
)
def test_names_of_nothing_are_unknown(given: str) -> None:
    with pytest.raises(UnknownName):
        model(given)


def test_a_closed_model_has_a_stated_size_and_no_architecture() -> None:
    assert stated_sizes() == ("gpt-4-rumoured",)
    stated = stated_size("gpt-4-rumoured")
    assert (stated.total_parameters.value, stated.active_parameters.value) == (1.8e12, 280e9)
    assert stated.total_parameters.confidence is Confidence.ESTIMATE
    with pytest.raises(UndisclosedError, match="stated parameter counts"):
        model("gpt-4-rumoured")
    with pytest.raises(UnknownName):
        stated_size("llama-3.1-70b")


def test_aliases_are_listed_and_resolve_back() -> None:
    assert "deepseek-ai/DeepSeek-V3" in aliases("deepseek-v3")
    for name in model_names():
        assert all(resolve_model(alias)[0] == name for alias in aliases(name))


def test_all_models_load_within_the_budget() -> None:
    for cached in (models._rows, models._index, models._stated_rows, models._named):
        cached.cache_clear()
    start = time.process_time()
    architectures = [model(name) for name in model_names()]
    spent = time.process_time() - start
    assert len(architectures) == len(model_names())
    assert spent < 0.5, f"{spent * 1000:.0f} ms"  # measured 25 ms; wide, for busy machines


def _of(mixers: tuple[tuple[int, Attention | StateSpace], ...], tied: bool = False) -> Architecture:
    return Architecture(
        name="by-hand",
        hidden_size=10,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=5,
        intermediate_size=40,
        vocab_size=100,
        tie_word_embeddings=tied,
        gated_mlp=False,
        max_position_embeddings=64,
        mixers=mixers,
        feed_forwards=((1, FeedForward(40, gated=False)), (2, MixtureOfExperts(8, 2, 20, gated=True))),
        source="by hand",
        confidence=Confidence.ESTIMATE,
        position_parameters=640,
    )


def test_parameters_by_hand() -> None:
    architecture = _of(((3, Attention(2, 1, 5, 5)),))
    attention = 10 * (10 + 5 + 5) + 10 * 10
    dense, expert, router = 2 * 10 * 40, 3 * 10 * 20, 10 * 8
    assert architecture.layer_parameters == 3 * attention + dense + 2 * (8 * expert + router)
    assert architecture.total_parameters == architecture.layer_parameters + 2 * 1000 + 640
    assert architecture.active_parameters == 3 * attention + dense + 2 * (2 * expert + router) + 1000
    assert architecture.active_parameters_with_embedding == architecture.active_parameters + 1000
    assert architecture.routed_expert_parameters == 2 * 8 * expert
    assert (architecture.dense_layers, architecture.moe_layers) == (1, 2)


def test_a_tied_head_is_counted_once_and_still_multiplied() -> None:
    untied, tied = _of(((3, Attention(2, 1, 5, 5)),)), _of(((3, Attention(2, 1, 5, 5)),), tied=True)
    assert untied.total_parameters - tied.total_parameters == 1000
    assert untied.active_parameters == tied.active_parameters == tied.active_parameters_with_embedding


def test_kinds_of_layers_are_told_apart() -> None:
    window = Attention(2, 1, 5, 5, window=8)
    architecture = _of(((1, Attention(2, 1, 5, 5)), (1, window), (1, StateSpace(2, 5, 4, 1))))
    assert architecture.full_attention_layers == 1
    assert architecture.sliding_attention_layers == 1
    assert architecture.linear_attention_layers == 1
