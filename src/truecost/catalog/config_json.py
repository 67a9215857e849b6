"""A Hugging Face config.json, read into an Architecture.

Any decoder-only language model: dense or mixture of experts, multi-head to multi-query and latent
attention, sliding windows, sparse and compressed attention, linear attention and Mamba hybrids, and the
spellings of GPT-2, GPT-NeoX, OPT, BLOOM, Falcon and MPT. A multimodal config is read for its language
part. Four keys of our own settle what a config leaves to its code: `gated_mlp`,
`learned_position_embeddings`, `relative_position_projections` and `weight_precision`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import cast

from truecost.catalog.architectures import Architecture
from truecost.catalog.config_keys import LARGEST_COUNT, ConfigKeys
from truecost.catalog.config_kinds import GATED_ACTIVATIONS, KEY_VALUE_HEADS, refusal
from truecost.catalog.facts import Confidence
from truecost.catalog.families import family
from truecost.catalog.layer_patterns import FeedForwardKind, MixerKind, layer_kinds, window
from truecost.catalog.layers import (
    Attention,
    CompressedAttention,
    DeltaAttention,
    FeedForward,
    FeedForwardLayer,
    Indexer,
    LatentAttention,
    Mixer,
    MixtureOfExperts,
    StateSpace,
)
from truecost.catalog.weight_precision import released_precision

_LARGEST_LAYERS = 10_000
_LANGUAGE_PARTS = ("text_config", "llm_config", "language_config")
_UNMODELLED = {
    "vision_config": "the image encoder is not counted",
    "audio_config": "the audio encoder is not counted",
    "num_nextn_predict_layers": "multi-token prediction layers are not counted",
    "num_mtp_modules": "multi-token prediction layers are not counted",
    "mtp_num_hidden_layers": "multi-token prediction layers are not counted",
    "num_kv_shared_layers": "layers that share a cache are counted with a cache of their own",
    "hidden_size_per_layer_input": "per-layer embeddings are not counted",
    "attn_res_block_size": "attention residuals are not counted",
    "hc_mult": "hyper-connections (a wider residual stream) are not counted",
    "cross_attention_layers": "cross-attention layers are counted as self-attention",
    "use_double_wide_mlp": "the doubled feed-forwards are counted at single width",
    "word_embed_proj_dim": "the embedding is taken to be as wide as the hidden size",
}
_REFUSED = {
    "attn_layer_period": "Jamba's mixture of attention and Mamba-1 layers",
    "attn_layer_indices": "attention layers listed among others",
    "block_types": "recurrent blocks",
    "attention_hidden_size": "RWKV layers",
    "mamba_dt_rank": "Mamba-1 layers",
    "cross_attention_hidden_size": "cross-attention to an encoder",
}


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The sizes every layer shares."""

    hidden_size: int
    layers: int
    heads: int
    key_value_heads: int
    head_dim: int
    value_head_dim: int
    intermediate_size: int
    gated: bool
    window: int | None
    experts: int


def read_config(path: str | Path) -> Mapping[str, object]:
    """The mapping in a config.json file. Raises ValueError when it is not a JSON object."""
    try:
        loaded: object = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: cannot be read as a config.json: {error}") from error
    if not isinstance(loaded, dict):
        raise ValueError(f"{path}: a config.json holds an object of keys, not {type(loaded).__name__}")
    return cast(dict[str, object], loaded)


def from_config(
    config: Mapping[str, object], name: str, source: str, confidence: Confidence = Confidence.PUBLISHED
) -> Architecture:
    """The architecture a config.json describes.

    Keys that change cost and are not modelled end in `.warnings`, keys nothing was read from in
    `.ignored_keys`. Raises one ValueError that names every missing and every impossible key.

    >>> config = {"hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
    ...           "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
    ...           "model_type": "llama", "tie_word_embeddings": False}
    >>> from_config(config, "my-8b", "own design").total_parameters
    8029995008
    """
    keys = ConfigKeys(_language_part(config))
    if refused := refusal(keys):
        raise ValueError(f"{name}: {refused}")
    sizes = _sizes(keys)
    mixers, feed_forwards = _layers(keys, sizes)
    architecture = _architecture(keys, sizes, mixers, feed_forwards, (name, source, confidence))
    if keys.problem():
        raise ValueError(f"{name}: this config does not describe a model: {keys.problem()}")
    return architecture


def _language_part(config: Mapping[str, object]) -> Mapping[str, object]:
    """The language model's keys on top of the outer ones; tying is the outer config's to say."""
    for part in _LANGUAGE_PARTS:
        nested = config.get(part)
        if isinstance(nested, Mapping):
            inner = dict(cast(Mapping[str, object], nested))
            if config.get("tie_word_embeddings") is not None:
                inner["tie_word_embeddings"] = config["tie_word_embeddings"]
            outer = {key: value for key, value in config.items() if key != part}
            return {**outer, **_language_part(inner)}
    return config


def _sizes(keys: ConfigKeys) -> _Sizes:
    hidden_size = keys.need("hidden_size", "n_embd", "d_model")
    layers = _layer_count(keys)
    heads = keys.need("num_attention_heads", "n_head", "n_heads")
    head_dim = _head_dim(keys, hidden_size, heads)
    experts = keys.count(
        "num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"
    ) or keys.count("ffn_config.moe_num_experts")
    return _Sizes(
        hidden_size=hidden_size,
        layers=layers,
        heads=heads,
        key_value_heads=_key_value_heads(keys, heads),
        head_dim=head_dim,
        value_head_dim=keys.count("v_head_dim", default=head_dim, smallest=1),
        intermediate_size=_intermediate_size(keys, hidden_size),
        gated=_gated(keys),
        window=window(keys),
        experts=experts,
    )


def _layer_count(keys: ConfigKeys) -> int:
    names = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
    blocks = keys.find("layers_block_type")
    if not keys.has(*names) and isinstance(blocks, list):
        return max(1, len(cast(list[object], blocks)))
    return keys.need(*names, largest=_LARGEST_LAYERS)


def _head_dim(keys: ConfigKeys, hidden_size: int, heads: int) -> int:
    """Width of a query head; of latent attention both its parts, whatever head_dim says."""
    if keys.has("kv_lora_rank"):
        keys.find("head_dim")
        return keys.need("qk_nope_head_dim") + keys.need("qk_rope_head_dim")
    names = ("head_dim", "kv_channels", "attention_head_dim")
    if not keys.has(*names) and hidden_size % heads and not (keys.wrong or keys.missing):
        keys.wrong.append(f"hidden_size {hidden_size} does not divide into {heads} heads; give head_dim")
        return 1
    return keys.count(*names, default=hidden_size // heads, smallest=1)


def _key_value_heads(keys: ConfigKeys, heads: int) -> int:
    """Falcon: `multi_query` alone is one head, with `new_decoder_architecture` it is num_kv_heads."""
    by_flag = family(keys.word("model_type")).multi_query_flag and not keys.has(KEY_VALUE_HEADS[0])
    if by_flag and not keys.flag("new_decoder_architecture", False):
        return 1 if keys.flag("multi_query", True) else heads
    are_heads_known = not (keys.wrong or keys.missing)
    most = heads if are_heads_known else LARGEST_COUNT
    shared = keys.count(*KEY_VALUE_HEADS, default=heads, smallest=1, largest=most)
    if are_heads_known and heads % shared and not keys.has("kv_lora_rank"):
        keys.wrong.append(f"num_key_value_heads {shared} does not divide the {heads} attention heads")
    return shared


def _intermediate_size(keys: ConfigKeys, hidden_size: int) -> int:
    """Width of a dense feed-forward; 0 when every layer is made of experts."""
    names = ("dense_intermediate_size", "intermediate_size_mlp", "intermediate_size", "n_inner", "ffn_dim")
    width = keys.count(*names, "ffn_hidden_size", "ffn_config.ffn_hidden_size")
    if width:
        return width
    ratio = keys.count("expansion_ratio", default=family(keys.word("model_type")).feed_forward_ratio)
    has_other_widths = keys.has("moe_intermediate_size", "block_configs")
    if not ratio and not has_other_widths:
        keys.missing.append("intermediate_size (or n_inner, ffn_dim)")
    return ratio * hidden_size


def _gated(keys: ConfigKeys) -> bool:
    """Three matrices or two: by our own key, by the family, else three and a warning."""
    habits = family(keys.word("model_type"))
    activation = keys.word("hidden_act", "hidden_activation", "mlp_hidden_act", "activation_function")
    is_known = keys.has("gated_mlp", "model_type") or activation in GATED_ACTIVATIONS
    if not is_known:
        keys.warnings.append(
            "the feed-forward is taken to be gated (three matrices); gated_mlp: false if it is not"
        )
    return keys.flag("gated_mlp", habits.gated)


def _layers(
    keys: ConfigKeys, sizes: _Sizes
) -> tuple[tuple[tuple[int, Mixer], ...], tuple[tuple[int, FeedForwardLayer], ...]]:
    if keys.has("block_configs"):
        return _searched_layers(keys, sizes)
    mixer_counts, feed_counts = layer_kinds(keys, sizes.layers, sizes.experts > 0)
    mixers = tuple((count, _mixer(kind, keys, sizes)) for kind, count in mixer_counts.items())
    return mixers, tuple((count, _feed_forward(kind, keys, sizes)) for kind, count in feed_counts.items())


def _mixer(kind: MixerKind, keys: ConfigKeys, sizes: _Sizes) -> Mixer:
    if kind is MixerKind.DELTA:
        return _delta(keys)
    if kind is MixerKind.STATE_SPACE:
        return _state_space(keys)
    if keys.has("compress_ratios", "o_lora_rank"):
        return _compressed(kind, keys, sizes)
    if keys.has("kv_lora_rank"):
        return _latent(kind, keys, sizes)
    return _attention(kind, keys, sizes)


def _attention(kind: MixerKind, keys: ConfigKeys, sizes: _Sizes) -> Attention:
    """Grouped-query attention; layers with a window, or without one, may have heads of their own."""
    slides = kind is MixerKind.SLIDING
    special = (
        (
            "swa_num_attention_heads",
            "attention_other_setting.num_attention_heads",
            "num_sliding_attention_heads",
        ),
        ("swa_num_key_value_heads", "attention_other_setting.num_attention_groups"),
        ("swa_head_dim", "attention_other_setting.head_dim"),
    )
    names = special if slides else ((), ("num_global_key_value_heads",), ("global_head_dim",))
    heads, groups, head_dim = (
        keys.count(*name, default=usual, smallest=1)
        for name, usual in zip(names, (sizes.heads, sizes.key_value_heads, sizes.head_dim), strict=True)
    )
    usual_value_dim = sizes.value_head_dim if keys.has("v_head_dim") else head_dim
    value_dim = (
        keys.count("swa_v_head_dim", default=usual_value_dim, smallest=1) if slides else usual_value_dim
    )
    gated_by_channel = keys.flag("attn_output_gate", False) or keys.flag("attention_output_gate", False)
    gated_by_head = keys.flag("use_head_wise_attn_gate", False)
    return Attention(
        heads=heads,
        key_value_heads=groups,
        head_dim=head_dim,
        value_head_dim=value_dim,
        window=sizes.window if slides else None,
        top_k=_top_k(kind, keys),
        indexer=_indexer(kind, keys, sizes.hidden_size),
        gate_width=heads * value_dim if gated_by_channel else heads if gated_by_head else 0,
        has_value_projection=slides or not keys.flag("attention_k_eq_v", False),
        has_position_projection=keys.flag("relative_position_projections", False),
    )


def _latent(kind: MixerKind, keys: ConfigKeys, sizes: _Sizes) -> LatentAttention:
    query_rank = keys.count("q_lora_rank")
    value_dim = keys.need("v_head_dim")
    return LatentAttention(
        heads=sizes.heads,
        query_rank=query_rank,
        key_value_rank=keys.need("kv_lora_rank"),
        nope_head_dim=keys.need("qk_nope_head_dim"),
        rope_head_dim=keys.need("qk_rope_head_dim"),
        value_head_dim=value_dim,
        top_k=_top_k(kind, keys),
        indexer=_indexer(kind, keys, query_rank or sizes.hidden_size),
        gate_width=sizes.heads * value_dim if keys.flag("mla_use_output_gate", False) else 0,
    )


def _compressed(kind: MixerKind, keys: ConfigKeys, sizes: _Sizes) -> CompressedAttention:
    query_rank = keys.need("q_lora_rank")
    picks = kind is MixerKind.COMPRESSED_SPARSE
    compression = 4 if picks else 128 if kind is MixerKind.COMPRESSED else 0
    indexer = Indexer(keys.need("index_n_heads"), keys.need("index_head_dim"), query_rank, True, 1 / 4)
    return CompressedAttention(
        heads=sizes.heads,
        head_dim=sizes.head_dim,
        query_rank=query_rank,
        output_groups=keys.need("o_groups"),
        output_rank=keys.need("o_lora_rank"),
        window=keys.need("sliding_window"),
        compression=compression,
        top_k=keys.need("index_topk") if picks else None,
        indexer=indexer if picks else None,
    )


def _top_k(kind: MixerKind, keys: ConfigKeys) -> int | None:
    """How many tokens a sparse layer reads, however long the context."""
    if kind not in (MixerKind.SPARSE, MixerKind.SPARSE_SHARED):
        return None
    blocks = keys.count("sparse_attention_config.sparse_topk_blocks", "index_topk_blocks")
    if blocks:
        return blocks * keys.need("sparse_attention_config.sparse_block_size", "index_block_size")
    return keys.need("index_topk")


def _indexer(kind: MixerKind, keys: ConfigKeys, query_width: int) -> Indexer | None:
    """None too where a layer reuses an earlier layer's choice."""
    if kind is not MixerKind.SPARSE:
        return None
    heads = keys.need("index_n_heads", "sparse_attention_config.sparse_num_index_heads")
    head_dim = keys.need("index_head_dim", "sparse_attention_config.sparse_index_dim")
    return Indexer(heads, head_dim, query_width, weighs_heads=keys.has("index_topk"))


def _delta(keys: ConfigKeys) -> DeltaAttention:
    """Gated DeltaNet by its linear_* keys, Kimi Delta Attention by its linear_attn_config."""
    width = keys.count("linear_conv_kernel_dim", "linear_attn_config.short_conv_kernel_size", default=4)
    if keys.has("linear_attn_config"):
        heads = keys.need("linear_attn_config.num_heads")
        dim = keys.need("linear_attn_config.head_dim")
        full_rank = keys.find("linear_attn_config.use_full_rank_gate") is True
        return DeltaAttention(
            heads, heads, dim, dim, width, decay_rank=dim, gate_rank=0 if full_rank else dim
        )
    return DeltaAttention(
        key_heads=keys.need("linear_num_key_heads"),
        value_heads=keys.need("linear_num_value_heads"),
        key_head_dim=keys.need("linear_key_head_dim"),
        value_head_dim=keys.need("linear_value_head_dim"),
        convolution_width=width,
    )


def _state_space(keys: ConfigKeys) -> StateSpace:
    return StateSpace(
        heads=keys.need("mamba_num_heads", "mamba_n_heads"),
        head_dim=keys.need("mamba_head_dim", "mamba_d_head"),
        state_size=keys.need("ssm_state_size", "mamba_d_state"),
        groups=keys.count("n_groups", "mamba_n_groups", default=1, smallest=1),
        convolution_width=keys.count("conv_kernel", "mamba_d_conv", default=4),
    )


def _feed_forward(kind: FeedForwardKind, keys: ConfigKeys, sizes: _Sizes) -> FeedForwardLayer:
    if kind is FeedForwardKind.DENSE:
        if not sizes.intermediate_size and not any("intermediate_size" in name for name in keys.missing):
            keys.missing.append("intermediate_size of the dense layers")
        return FeedForward(sizes.intermediate_size, sizes.gated)
    width = _expert_width(keys)
    per_token_names = ("num_experts_per_token", "experts_per_token", "top_k_experts", "moe_top_k", "moe_k")
    per_token = keys.need(
        "num_experts_per_tok", *per_token_names, "ffn_config.moe_top_k", largest=sizes.experts
    )
    return MixtureOfExperts(
        experts=sizes.experts,
        experts_per_token=per_token,
        intermediate_size=width,
        gated=sizes.gated,
        shared_intermediate_size=_shared_width(keys, width),
        latent_size=keys.count("moe_latent_size", "routed_expert_hidden_size"),
    )


def _expert_width(keys: ConfigKeys) -> int:
    names = ("moe_intermediate_size", "expert_intermediate_size", "intermediate_size")
    return keys.need(*names, "ffn_config.ffn_hidden_size")


def _shared_width(keys: ConfigKeys, expert_width: int) -> int:
    """Width of all shared experts together: Llama 4 has one, Gemma 4 a dense feed-forward in its place."""
    if keys.word("model_type").startswith("llama4"):
        return expert_width
    if keys.flag("enable_moe_block", False):
        return keys.count("intermediate_size")
    number = keys.count("n_shared_experts", "num_shared_experts")
    names = ("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "share_expert_dim")
    width = keys.count(*names, "shared_intermediate_size")
    return max(number, 1) * width if width else number * expert_width


def _searched_layers(
    keys: ConfigKeys, sizes: _Sizes
) -> tuple[tuple[tuple[int, Mixer], ...], tuple[tuple[int, FeedForwardLayer], ...]]:
    """DeciLM's block_configs: each layer with its own key-value groups and feed-forward width, or none."""
    mixers: Counter[Mixer] = Counter()
    feeds: Counter[FeedForwardLayer] = Counter()
    for block in keys.items("block_configs", Mapping, sizes.layers):
        inner = ConfigKeys(cast(Mapping[str, object], block))
        if inner.find("attention.replace_with_linear") or inner.find("ffn.replace_with_linear"):
            keys.wrong.append("block_configs with replace_with_linear is not modelled")
        if inner.find("attention.no_op") is not True:
            groups = max(1, sizes.heads // inner.need("attention.n_heads_in_group", largest=sizes.heads))
            mixers[Attention(sizes.heads, groups, sizes.head_dim, sizes.head_dim)] += 1
        ratio = inner.find("ffn.ffn_mult")
        if inner.find("ffn.no_op") is not True:
            feeds[FeedForward(_searched_width(keys, ratio, sizes.hidden_size), sizes.gated)] += 1
        keys.missing.extend(f"block_configs {name}" for name in inner.missing)
        keys.wrong.extend(f"block_configs: {problem}" for problem in inner.wrong)
    return tuple((n, mixer) for mixer, n in mixers.items()), tuple((n, feed) for feed, n in feeds.items())


def _searched_width(keys: ConfigKeys, ratio: object, hidden_size: int) -> int:
    """Two thirds of twice the ratio, rounded up to a multiple of 256, as DeciLM's code has it."""
    if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0 < ratio < 1000:
        keys.wrong.append(f"block_configs: ffn_mult must be a number above 0, not {repr(ratio)[:40]}")
        return 1
    return -(-int(2 * ratio * hidden_size / 3) // 256) * 256


def _architecture(
    keys: ConfigKeys,
    sizes: _Sizes,
    mixers: tuple[tuple[int, Mixer], ...],
    feed_forwards: tuple[tuple[int, FeedForwardLayer], ...],
    origin: tuple[str, str, Confidence],
) -> Architecture:
    name, source, confidence = origin
    habits = family(keys.word("model_type"))
    keys.wrong.extend(f"{key}: {what} are not modelled" for key, what in _REFUSED.items() if keys.has(key))
    if 0 in keys.items("attn_type_list", int):
        keys.wrong.append("attn_type_list: lightning attention layers (0) are not modelled")
    vocabulary = keys.need("vocab_size", "n_vocab", "padded_vocab_size")
    longest = keys.count("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length")
    learned = keys.flag("learned_position_embeddings", habits.learned_positions)
    experts = next((layer for _, layer in feed_forwards if isinstance(layer, MixtureOfExperts)), None)
    latent = next((mixer for _, mixer in mixers if isinstance(mixer, LatentAttention)), None)
    return Architecture(
        name=name,
        hidden_size=sizes.hidden_size,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.key_value_heads,
        head_dim=sizes.head_dim,
        intermediate_size=sizes.intermediate_size,
        vocab_size=vocabulary,
        tie_word_embeddings=keys.flag("tie_word_embeddings", habits.tied),
        gated_mlp=sizes.gated,
        max_position_embeddings=longest,
        mixers=mixers,
        feed_forwards=feed_forwards,
        source=source,
        confidence=confidence,
        num_experts=experts.experts if experts else 0,
        num_experts_per_tok=experts.experts_per_token if experts else 0,
        moe_intermediate_size=experts.intermediate_size if experts else 0,
        num_shared_experts=_shared_experts(keys, experts),
        shared_expert_intermediate_size=experts.shared_intermediate_size if experts else 0,
        q_lora_rank=latent.query_rank if latent else 0,
        kv_lora_rank=latent.key_value_rank if latent else 0,
        qk_nope_head_dim=latent.nope_head_dim if latent else 0,
        qk_rope_head_dim=latent.rope_head_dim if latent else 0,
        v_head_dim=latent.value_head_dim if latent else 0,
        sliding_window=sizes.window,
        position_parameters=longest * sizes.hidden_size if learned else 0,
        torch_dtype=keys.word("torch_dtype", "dtype", default="bfloat16"),
        weight_precision=released_precision(keys),
        warnings=_warnings(keys, sizes.hidden_size),
        ignored_keys=keys.ignored(),
        config=MappingProxyType(dict(keys.config)),
    )


def _shared_experts(keys: ConfigKeys, experts: MixtureOfExperts | None) -> int:
    named = keys.count("n_shared_experts", "num_shared_experts")
    return named or (1 if experts and experts.shared_intermediate_size else 0)


def _warnings(keys: ConfigKeys, hidden_size: int) -> tuple[str, ...]:
    """Keys that cost something and are not modelled, unless they are switched off."""
    for key, meaning in _UNMODELLED.items():
        value = keys.find(key)
        is_off = not value or (key == "word_embed_proj_dim" and value == hidden_size)
        if not is_off:
            keys.warnings.append(f"{key}: {meaning}")
    return tuple(dict.fromkeys(keys.warnings))
