"""FLOP laws: worked cases, published runs, and what must hold for any model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.catalog.config_json import from_config
from truecost.catalog.layers import MixtureOfExperts
from truecost.catalog.models import model, model_names
from truecost.physics.flops import (
    forward_flops_per_token,
    mean_forward_flops_per_token,
    training_flops,
    training_flops_from_parameters,
)

NAMES = st.sampled_from(model_names())
TOKENS = st.floats(0, 1e7)


def test_forward_of_a_dense_model_by_hand() -> None:
    llama = model("llama-3.1-70b")
    attention = 4 * 64 * 128 * 80 * 1000
    assert forward_flops_per_token(llama, 1000) == 2 * llama.active_parameters + attention


def test_a_window_caps_what_is_attended_to() -> None:
    mistral = model("mistral-7b")
    assert forward_flops_per_token(mistral, 4096) == forward_flops_per_token(mistral, 100_000)
    assert forward_flops_per_token(mistral, 4000) < forward_flops_per_token(mistral, 4096)


def test_linear_layers_cost_the_same_at_any_context() -> None:
    qwen = model("qwen3.5-27b")
    growth = forward_flops_per_token(qwen, 2000) - forward_flops_per_token(qwen, 1000)
    assert growth == pytest.approx(16 * 4 * 24 * 256 * 1000)
    assert forward_flops_per_token(qwen, 0) > 2 * qwen.active_parameters


def test_latent_attention_decodes_in_its_latent() -> None:
    deepseek = model("deepseek-v3")
    rebuilt = forward_flops_per_token(deepseek, 1000) - 2 * deepseek.active_parameters
    absorbed = forward_flops_per_token(deepseek, 1000, absorbed=True) - 2 * deepseek.active_parameters
    assert rebuilt == 2 * 61 * 128 * (192 + 128) * 1000
    assert absorbed == 2 * 61 * 128 * (576 + 512) * 1000


def test_sparse_attention_pays_for_its_indexer_and_a_fixed_choice() -> None:
    deepseek = model("deepseek-v3.2")
    growth = forward_flops_per_token(deepseek, 20_000) - forward_flops_per_token(deepseek, 10_000)
    assert growth == pytest.approx(2 * 61 * 64 * 128 * 10_000)


def test_the_causal_mean_is_half_the_sequence_or_nearly_the_window() -> None:
    llama, mistral = model("llama-3.1-8b"), model("mistral-7b")
    assert mean_forward_flops_per_token(llama, 4096) == forward_flops_per_token(llama, 2048)
    assert mean_forward_flops_per_token(mistral, 4096) == forward_flops_per_token(mistral, 2048)
    exact = np.minimum(np.arange(16384) + 0.5, 4096).mean()
    assert mean_forward_flops_per_token(mistral, 16384) == pytest.approx(
        forward_flops_per_token(mistral, exact)
    )


@pytest.mark.parametrize(
    ("name", "tokens", "context", "published", "tolerance"),
    [
        ("llama-3.1-405b", 15.6e12, 8192, 3.8e25, 0.05),  # arXiv:2407.21783 section 3.2
        ("gpt-3", 300e9, 2048, 3.14e23, 0.03),  # arXiv:2005.14165 table D.1
        ("palm-540b", 780e9, 2048, 2.5272e24, 0.03),  # arXiv:2204.02311 table 20
        ("chinchilla-70b", 1.4e12, 2048, 5.76e23, 0.05),  # arXiv:2203.15556 table 3
        # 6 x 37B x 14.8T; attention, which that rule leaves out, is the difference
        ("deepseek-v3", 14.8e12, 4096, 3.4e24, 0.10),
    ],
)
def test_published_training_runs(
    name: str, tokens: float, context: float, published: float, tolerance: float
) -> None:
    counted = training_flops(model(name), tokens, context)
    print(f"{name}: {counted:.3e} counted, {published:.3e} published, {counted / published - 1:+.1%}")
    assert counted == pytest.approx(published, rel=tolerance)


def test_long_context_ratio_of_deepseek_v4() -> None:
    """Published: at a million tokens V4-Pro takes 27 % of the single-token FLOP of V3.2."""
    ratio = forward_flops_per_token(model("deepseek-v4-pro"), 1e6) / forward_flops_per_token(
        model("deepseek-v3.2"), 1e6
    )
    assert ratio == pytest.approx(0.27, abs=0.01)


def test_the_rule_of_six_for_closed_models() -> None:
    assert training_flops_from_parameters(280e9, 13e12) == 6 * 280e9 * 13e12
    close = training_flops_from_parameters(model("gpt-3").active_parameters, 300e9)
    assert close == pytest.approx(training_flops(model("gpt-3"), 300e9, 2048), rel=0.02)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), np.array([1.0, -2.0])])
def test_negative_or_absent_numbers_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        forward_flops_per_token(model("gpt-2"), bad)
    with pytest.raises(ValueError, match="tokens"):
        training_flops(model("gpt-2"), bad)


@settings(max_examples=60, deadline=None)
@given(NAMES, TOKENS, st.floats(1, 1e6))
def test_more_context_never_costs_less(name: str, context: float, more: float) -> None:
    architecture = model(name)
    for law in (forward_flops_per_token, mean_forward_flops_per_token):
        assert 0 < law(architecture, context) <= law(architecture, context + more)
    assert mean_forward_flops_per_token(architecture, context) <= forward_flops_per_token(
        architecture, context
    )


@settings(max_examples=60, deadline=None)
@given(NAMES, st.floats(1, 1e14), st.floats(1.01, 100), st.floats(1, 1e6))
def test_training_is_positive_and_proportional_to_tokens(
    name: str, tokens: float, factor: float, context: float
) -> None:
    once = training_flops(model(name), tokens, context)
    assert once > 0
    assert training_flops(model(name), tokens * factor, context) == pytest.approx(once * factor)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([n for n in model_names() if model(n).is_mixture_of_experts]), st.integers(1, 8), TOKENS
)
def test_more_experts_for_a_token_never_cost_less(name: str, more: int, context: float) -> None:
    architecture = model(name)
    layers = tuple(
        (count, dataclasses.replace(layer, experts_per_token=layer.experts_per_token + more))
        if isinstance(layer, MixtureOfExperts)
        else (count, layer)
        for count, layer in architecture.feed_forwards
    )
    busier = dataclasses.replace(architecture, feed_forwards=layers)
    assert forward_flops_per_token(busier, context) > forward_flops_per_token(architecture, context)
    assert busier.total_parameters == architecture.total_parameters


@settings(max_examples=60, deadline=None)
@given(NAMES, st.lists(TOKENS, min_size=1, max_size=5), st.floats(1, 1e14))
def test_arrays_and_numbers_take_one_path(name: str, contexts: list[float], tokens: float) -> None:
    architecture = model(name)
    array = training_flops(architecture, tokens, np.array(contexts))
    assert isinstance(array, np.ndarray)
    assert array.shape == (len(contexts),)
    single = [training_flops(architecture, tokens, context) for context in contexts]
    assert all(isinstance(value, float) for value in single)
    np.testing.assert_allclose(array, single, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 64), st.floats(0, 1e5))
def test_any_dense_architecture_is_two_flop_a_parameter_and_attention(
    heads: int, layers: int, width: int, context: float
) -> None:
    config = {
        "model_type": "llama",
        "hidden_size": 16 * heads,
        "num_hidden_layers": layers,
        "vocab_size": 100,
    }
    sizes = {"num_attention_heads": heads, "intermediate_size": 8 * width}
    architecture = from_config({**config, **sizes}, "m", "test")
    expected = 2 * architecture.active_parameters + layers * 4 * heads * 16 * context
    assert forward_flops_per_token(architecture, context) == pytest.approx(expected)
