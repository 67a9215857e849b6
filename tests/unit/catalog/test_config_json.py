"""config.json in: spellings, families, layer patterns; all problems named at once; nothing but ValueError."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.catalog.architectures import Architecture
from truecost.catalog.config_json import from_config, read_config
from truecost.catalog.layers import (
    Attention,
    CompressedAttention,
    DeltaAttention,
    LatentAttention,
    MixtureOfExperts,
    StateSpace,
)
from truecost.catalog.models import model
from truecost.catalog.weight_precision import quantised_precision

LLAMA: dict[str, object] = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}


def read(config: dict[str, Any]) -> Architecture:
    return from_config(config, "m", "test")


def test_a_llama_config() -> None:
    architecture = read(LLAMA)
    assert architecture.mixers == ((32, Attention(32, 8, 128, 128)),)
    assert architecture.total_parameters == 8_029_995_008
    assert architecture.gated_mlp
    assert architecture.warnings == ()
    assert architecture.config["hidden_size"] == 4096


def test_one_size_can_be_varied_through_the_kept_config() -> None:
    wider = read({**model("llama-3.1-8b").config, "intermediate_size": 28672})
    assert wider.total_parameters - model("llama-3.1-8b").total_parameters == 32 * 3 * 4096 * 14336


def test_all_missing_keys_are_named_in_one_error() -> None:
    with pytest.raises(ValueError, match="missing") as caught:
        read({"model_type": "llama"})
    for key in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"):
        assert key in str(caught.value)


def test_wrong_values_are_named_beside_missing_keys() -> None:
    with pytest.raises(ValueError, match="missing vocab_size") as caught:
        read({**LLAMA, "vocab_size": None, "num_hidden_layers": -3, "num_attention_heads": "many"})
    assert "num_hidden_layers must be a whole number" in str(caught.value)
    assert "num_attention_heads must be a whole number" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"num_hidden_layers": 10**8}, "num_hidden_layers"),
        ({"num_attention_heads": 30}, "does not divide"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings must be true or false"),
        ({"layer_types": ["full_attention"] * 3}, "layer_types lists 3 layers of 32"),
        ({"layer_types": ["quantum_attention"] * 32}, "quantum_attention"),
        ({"layer_types": "full"}, "layer_types must be a list"),
        ({"num_local_experts": 8}, "num_experts_per_tok"),
        ({"num_local_experts": 8, "num_experts_per_tok": 9}, "num_experts_per_tok"),
        ({"kv_lora_rank": 512}, "qk_nope_head_dim"),
        ({"is_encoder_decoder": True}, "encoder-decoder"),
        ({"attn_layer_period": 8}, "attn_layer_period"),
        ({"attn_type_list": [0] * 32}, "lightning"),
        ({"linear_attn_config": {"num_heads": 4}}, "kda_layers"),
    ],
)
def test_what_cannot_be_a_model_is_refused_with_its_reason(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read({**LLAMA, **change})


def test_unmodelled_keys_warn_and_the_rest_is_listed() -> None:
    architecture = read(
        {**LLAMA, "num_nextn_predict_layers": 1, "vision_config": {"depth": 3}, "rope_theta": 1e6}
    )
    assert [warning.split(":")[0] for warning in architecture.warnings] == [
        "vision_config",
        "num_nextn_predict_layers",
    ]
    assert architecture.ignored_keys == ("rope_theta",)
    assert read({**LLAMA, "num_nextn_predict_layers": 0}).warnings == ()


def test_an_unnamed_family_is_taken_as_gated_with_a_warning() -> None:
    bare = {key: value for key, value in LLAMA.items() if key != "model_type"}
    assert "gated" in read(bare).warnings[0]
    assert read({**bare, "hidden_act": "silu"}).warnings == ()
    ungated = read({**bare, "gated_mlp": False})
    assert ungated.warnings == ()
    assert ungated.total_parameters < read(bare).total_parameters


def test_a_multimodal_config_is_read_for_its_language_part() -> None:
    nested = {
        "model_type": "x_vl",
        "vision_config": {"depth": 2},
        "tie_word_embeddings": True,
        "text_config": LLAMA,
    }
    architecture = read(nested)
    assert architecture.hidden_size == 4096
    assert architecture.tie_word_embeddings
    assert "image encoder" in architecture.warnings[0]


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (
            {"model_type": "gpt2", "n_embd": 1600, "n_layer": 48, "n_head": 25, "vocab_size": 50257}
            | {"n_positions": 1024},
            "gpt-2-xl",
        ),
        (
            {"model_type": "mpt", "d_model": 7168, "n_heads": 64, "n_layers": 48, "vocab_size": 50432}
            | {"expansion_ratio": 4, "max_seq_len": 8192, "attn_config": {"alibi": True}},
            "mpt-30b",
        ),
        (
            {"model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71}
            | {"vocab_size": 65024, "multi_query": True, "new_decoder_architecture": False},
            "falcon-7b",
        ),
        (
            {"model_type": "falcon", "hidden_size": 8192, "num_hidden_layers": 60, "num_attention_heads": 128}
            | {"vocab_size": 65024, "multi_query": True, "new_decoder_architecture": True, "num_kv_heads": 8},
            "falcon-40b",
        ),
        (
            {"model_type": "bloom", "n_embed": 1, "hidden_size": 14336, "n_layer": 70, "n_head": 112}
            | {"vocab_size": 250880},
            "bloom-176b",
        ),
        (
            {"model_type": "opt", "hidden_size": 9216, "num_hidden_layers": 64, "num_attention_heads": 72}
            | {
                "ffn_dim": 36864,
                "vocab_size": 50272,
                "max_position_embeddings": 2048,
                "word_embed_proj_dim": 9216,
            },
            "opt-66b",
        ),
        (
            {"model_type": "gpt_bigcode", "n_embd": 6144, "n_layer": 40, "n_head": 48, "n_inner": 24576}
            | {"vocab_size": 49152, "n_positions": 8192, "multi_query": True},
            "starcoder",
        ),
        (
            {"model_type": "dbrx", "d_model": 6144, "n_layers": 40, "n_heads": 48, "vocab_size": 100352}
            | {"attn_config": {"kv_n_heads": 8}, "tie_word_embeddings": False}
            | {"ffn_config": {"ffn_hidden_size": 10752, "moe_num_experts": 16, "moe_top_k": 4}},
            "dbrx",
        ),
    ],
)
def test_older_spellings_give_the_same_architecture_as_the_catalog(config: dict[str, Any], name: str) -> None:
    architecture, known = read(config), model(name)
    assert architecture.mixers == known.mixers
    assert architecture.feed_forwards == known.feed_forwards
    assert architecture.total_parameters == known.total_parameters
    assert architecture.warnings == ()


def test_gpt2_learns_its_positions() -> None:
    assert model("gpt-2").position_parameters == 1024 * 768
    assert model("llama-3.1-8b").position_parameters == 0


MOE = {**LLAMA, "num_experts_per_tok": 2, "moe_intermediate_size": 1024}


@pytest.mark.parametrize(
    "spelling", ["num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"]
)
def test_experts_in_their_spellings(spelling: str) -> None:
    architecture = read({**MOE, spelling: 16})
    assert architecture.feed_forwards == ((32, MixtureOfExperts(16, 2, 1024, gated=True)),)
    assert architecture.is_mixture_of_experts


@pytest.mark.parametrize(
    ("change", "dense", "experts"),
    [
        ({"first_k_dense_replace": 3}, 3, 29),
        ({"first_k_dense_replace": 3, "moe_layer_freq": 1}, 3, 29),
        ({"moe_layer_freq": [0, *[1] * 31]}, 1, 31),
        ({"decoder_sparse_step": 2}, 16, 16),
        ({"decoder_sparse_step": 1, "mlp_only_layers": [0, 5]}, 2, 30),
        ({"interleave_moe_layer_step": 2}, 16, 16),
        ({"moe_layers_enum": "3,4,5"}, 29, 3),
        ({"mlp_layer_types": ["dense"] * 2 + ["sparse"] * 30}, 2, 30),
    ],
)
def test_which_layers_have_experts(change: dict[str, Any], dense: int, experts: int) -> None:
    architecture = read({**MOE, "num_experts": 16, **change})
    assert (architecture.dense_layers, architecture.moe_layers) == (dense, experts)


@pytest.mark.parametrize(
    ("change", "width"),
    [
        ({"n_shared_experts": 2}, 2048),
        ({"shared_expert_intermediate_size": 512}, 512),
        ({"n_shared_experts": 1, "moe_shared_expert_intermediate_size": 3712}, 3712),
        ({"share_expert_dim": 1280}, 1280),
        ({"model_type": "llama4_text"}, 1024),
        ({"enable_moe_block": True}, 14336),
        ({}, 0),
    ],
)
def test_shared_experts_in_their_spellings(change: dict[str, Any], width: int) -> None:
    assert read({**MOE, "num_experts": 16, **change}).shared_expert_intermediate_size == width


def test_experts_are_as_wide_as_the_feed_forward_when_nothing_else_says() -> None:
    mixtral = model("mixtral-8x7b")
    assert mixtral.feed_forwards == ((32, MixtureOfExperts(8, 2, 14336, gated=True)),)


@pytest.mark.parametrize(
    ("change", "sliding"),
    [
        ({"model_type": "mistral", "sliding_window": 4096}, 32),
        ({"model_type": "qwen2", "sliding_window": 4096, "use_sliding_window": False}, 0),
        ({"model_type": "gemma2", "sliding_window": 4096}, 16),
        ({"model_type": "gemma3_text", "sliding_window": 1024}, 27),
        ({"model_type": "llama4_text", "attention_chunk_size": 8192}, 24),
        ({"sliding_window": 1024, "layer_types": ["sliding_attention", "full_attention"] * 16}, 16),
        ({"sliding_window": 1024, "hybrid_layer_pattern": [0, 1, 1, 1] * 8}, 24),
        ({"sliding_window": None}, 0),
    ],
)
def test_which_layers_slide(change: dict[str, Any], sliding: int) -> None:
    architecture = read({**LLAMA, **change})
    assert architecture.sliding_attention_layers == sliding
    assert architecture.full_attention_layers == 32 - sliding


def test_an_unexplained_window_is_said_to_be_assumed_everywhere() -> None:
    architecture = read({**LLAMA, "sliding_window": 1024})
    assert architecture.sliding_attention_layers == 32
    assert "every layer" in architecture.warnings[0]


def test_hybrids_and_sparse_attention_of_the_catalog() -> None:
    qwen = model("qwen3.5-27b")
    assert (qwen.full_attention_layers, qwen.linear_attention_layers) == (16, 48)
    assert any(isinstance(mixer, DeltaAttention) for _, mixer in qwen.mixers)
    nemotron = model("nemotron-3-ultra-550b-a55b")
    assert (nemotron.full_attention_layers, nemotron.linear_attention_layers, nemotron.moe_layers) == (
        12,
        48,
        48,
    )
    assert any(isinstance(mixer, StateSpace) for _, mixer in nemotron.mixers)
    kimi = model("kimi-k3")
    assert (kimi.full_attention_layers, kimi.linear_attention_layers) == (24, 69)
    deepseek = model("deepseek-v3.2")
    ((_, latent),) = deepseek.mixers
    assert isinstance(latent, LatentAttention)
    assert latent.top_k == 2048
    assert latent.indexer is not None
    glm = model("glm-5.2")
    assert [
        (count, mixer.indexer is None) for count, mixer in glm.mixers if isinstance(mixer, LatentAttention)
    ] == [
        (21, False),
        (57, True),
    ]
    minimax = model("minimax-m3")
    assert sorted((n, m.top_k) for n, m in minimax.mixers if isinstance(m, Attention)) == [
        (3, None),
        (57, 2048),
    ]
    compressed = [m for _, m in model("deepseek-v4-pro").mixers if isinstance(m, CompressedAttention)]
    assert {mixer.compression for mixer in compressed} == {4, 128}


def test_layers_found_by_search_keep_their_own_sizes() -> None:
    nemotron = model("llama-3.3-nemotron-super-49b")
    assert sum(count for count, _ in nemotron.mixers) == 49
    assert len({layer.intermediate_size for _, layer in nemotron.feed_forwards}) == 6


@pytest.mark.parametrize(
    ("quantization", "precision"),
    [
        ({"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}, "fp8"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"quant_method": "awq", "bits": 4}, "int4"),
        ({"quant_method": "gptq", "bits": 8}, "int8"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "int4"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        (
            {"config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "int", "group_size": 32}}}},
            "int4",
        ),
        ({"config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}}}, "fp8"),
        (
            {"config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "float", "group_size": 16}}}},
            "nvfp4",
        ),
        ({"quant_method": "unheard of"}, ""),
    ],
)
def test_the_precision_a_quantization_config_names(quantization: dict[str, Any], precision: str) -> None:
    assert quantised_precision(quantization) == precision


def test_a_config_file_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA))
    assert model(path).total_parameters == model(str(path)).total_parameters == 8_029_995_008
    assert model(LLAMA).name == "own config"


@pytest.mark.parametrize("content", ["[1, 2]", "{", "", "\ufeff{}x"])
def test_a_broken_file_is_a_plain_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"config\.json"):
        read_config(path)
    with pytest.raises(ValueError, match="cannot be read"):
        read_config(tmp_path / "absent.json")


_KEYS = sorted(
    {
        key
        for name in ("kimi-k3", "deepseek-v3.2", "qwen3.5-122b-a10b", "minimax-m3")
        for key in model(name).config
    }
    | {"layers_block_type", "hybrid_override_pattern", "block_configs", "compress_ratios", "text_config"}
    | {"mlp_layer_types", "indexer_types", "quantization_config", "attn_type_list", "full_attention_interval"}
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**12)
    | st.floats()
    | st.sampled_from(["M*E-", "x", "llama"])
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=5), _VALUES, max_size=12), st.booleans())
def test_any_mapping_gives_an_architecture_or_a_value_error(config: dict[str, Any], on_top: bool) -> None:
    try:
        architecture = read({**LLAMA, **config} if on_top else config)
    except ValueError as error:
        assert "does not describe a model" in str(error)  # noqa: PT017
    else:
        assert architecture.total_parameters > 0
