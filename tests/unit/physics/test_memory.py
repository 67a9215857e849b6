"""Bytes of weights and cache: known values, released file sizes, and what must hold for any model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.catalog.models import model, model_names
from truecost.catalog.names import UnknownName
from truecost.physics.memory import (
    PRECISIONS,
    bytes_per_element,
    kv_bytes,
    kv_bytes_per_token,
    state_bytes,
    weight_bytes,
)

NAMES = st.sampled_from(model_names())
GIB = 2**30


@pytest.mark.parametrize(
    ("precision", "size"),
    [("fp32", 4), ("bf16", 2), ("fp16", 2), ("fp8", 1), ("int8", 1), ("nvfp4", 0.5625), ("mxfp4", 0.53125)],
)
def test_bytes_of_a_precision(precision: str, size: float) -> None:
    assert bytes_per_element(precision) == size


def test_four_bits_carry_their_scales() -> None:
    assert bytes_per_element("fp4") == bytes_per_element("nvfp4")
    assert 0.5 < bytes_per_element("int4") < bytes_per_element("mxfp4")


def test_an_unknown_precision_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="unknown precision 'fp9'") as caught:
        bytes_per_element("fp9")
    assert "fp8" in caught.value.nearest


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("llama-3.1-70b", 327_680),
        ("llama-3.1-8b", 131_072),
        ("llama-3.1-405b", 516_096),
        ("llama-2-7b", 524_288),
        ("deepseek-v3", 70_272),
        ("gpt-3", 4_718_592),
        ("falcon-7b", 8_192),
        ("mixtral-8x7b", 131_072),
    ],
)
def test_cache_bytes_a_token_in_bf16(name: str, expected: float) -> None:
    assert kv_bytes_per_token(model(name)) == expected
    assert kv_bytes_per_token(model(name), "fp8") == expected / 2


@pytest.mark.parametrize(("name", "gib"), [("deepseek-v4-pro", 9.62), ("deepseek-v3.2", 9.62 * 8.7)])
def test_cache_at_a_million_tokens_as_published_for_deepseek_v4(name: str, gib: float) -> None:
    assert kv_bytes(model(name), "bf16", 2**20) / GIB == pytest.approx(gib, rel=0.005)


def test_a_window_bounds_the_cache() -> None:
    oss = model("gpt-oss-20b")
    a_layer = 2 * 8 * 64 * 2
    assert kv_bytes(oss, "bf16", 100) == kv_bytes_per_token(oss) * 100 == 24 * a_layer * 100
    assert kv_bytes(oss, "bf16", 10_000) == 12 * a_layer * 10_000 + 12 * a_layer * 128
    mistral = model("mistral-7b")
    assert kv_bytes(mistral, "bf16", 5_000) == kv_bytes(mistral, "bf16", 500_000)


def test_linear_layers_hold_a_constant_state() -> None:
    qwen = model("qwen3.5-27b")
    assert state_bytes(qwen) == kv_bytes(qwen, "bf16", 0) == 48 * (4 * 48 * 128 * 128 + 2 * 3 * 10240)
    assert kv_bytes(qwen, "bf16", 1000) - state_bytes(qwen) == 16 * 2 * 4 * 256 * 2 * 1000
    assert state_bytes(model("llama-3.1-8b")) == 0


@pytest.mark.parametrize(
    ("name", "published_bytes"),
    [
        ("gpt-oss-20b", 12.8 * GIB),  # arXiv:2508.10925 table 1, checkpoint sizes
        ("gpt-oss-120b", 60.8 * GIB),
        ("kimi-k3", 1.42 * 2**40),  # files of https://huggingface.co/moonshotai/Kimi-K3
        ("deepseek-v4-flash", 160e9),  # files of https://huggingface.co/deepseek-ai/DeepSeek-V4-Flash
        ("deepseek-v4-pro", 865e9),
    ],
)
def test_released_weights_are_as_large_as_their_files(name: str, published_bytes: float) -> None:
    counted = weight_bytes(model(name))
    print(f"{name}: {counted / 1e9:.1f} GB counted, {published_bytes / 1e9:.1f} GB published")
    assert counted == pytest.approx(published_bytes, rel=0.015)


def test_sixteen_bits_are_two_bytes_a_parameter() -> None:
    llama = model("llama-3.1-70b")
    assert weight_bytes(llama) == weight_bytes(llama, "bf16") == 2 * llama.total_parameters


def test_quantised_weights_leave_the_embeddings_in_16_bits() -> None:
    llama = model("llama-3.1-8b")
    tables = 2 * llama.embedding_parameters
    assert weight_bytes(llama, "fp8") == llama.layer_parameters + 2 * tables
    assert weight_bytes(llama, "nvfp4") == 0.5625 * llama.layer_parameters + 2 * tables


def test_four_bits_of_a_mixture_of_experts_are_its_experts() -> None:
    kimi = model("kimi-k2.5")
    rest = kimi.total_parameters - kimi.routed_expert_parameters
    expected = bytes_per_element("int4") * kimi.routed_expert_parameters + 2 * rest
    assert weight_bytes(kimi, "int4") == pytest.approx(expected)


def test_negative_contexts_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        kv_bytes(model("gpt-2"), "bf16", -1.0)


@settings(max_examples=80, deadline=None)
@given(NAMES, st.floats(0, 1e7), st.floats(0, 1e6), st.sampled_from(PRECISIONS))
def test_a_longer_context_never_holds_less(name: str, context: float, more: float, precision: str) -> None:
    architecture = model(name)
    held = kv_bytes(architecture, precision, context)
    assert 0 <= held <= kv_bytes(architecture, precision, context + more) + 1e-6
    most = kv_bytes_per_token(architecture, precision) * context + state_bytes(architecture)
    assert held <= most * (1 + 1e-12) + 1e-6


@settings(max_examples=40, deadline=None)
@given(NAMES)
def test_fewer_bits_never_weigh_more(name: str) -> None:
    sizes = [weight_bytes(model(name), precision) for precision in ("fp32", "bf16", "fp8")]
    assert sizes == sorted(sizes, reverse=True)
    four_bits = [weight_bytes(model(name), precision) for precision in ("bf16", "nvfp4", "mxfp4", "int4")]
    assert four_bits == sorted(four_bits, reverse=True)


@settings(max_examples=40, deadline=None)
@given(NAMES, st.lists(st.floats(0, 1e7), min_size=1, max_size=4))
def test_arrays_and_numbers_take_one_path(name: str, contexts: list[float]) -> None:
    array = kv_bytes(model(name), "bf16", np.array(contexts))
    assert isinstance(array, np.ndarray)
    np.testing.assert_allclose(array, [kv_bytes(model(name), "bf16", context) for context in contexts])
