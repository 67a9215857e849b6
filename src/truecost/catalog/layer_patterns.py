"""Which kind of layer stands where: the many ways a config.json says it, as counts of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import cast

from truecost.catalog.config_keys import ConfigKeys
from truecost.catalog.families import family


class MixerKind(StrEnum):
    """What a layer looks across tokens with."""

    FULL = "full"
    SLIDING = "sliding"
    SPARSE = "sparse"
    SPARSE_SHARED = "sparse, tokens picked by an earlier layer"
    DELTA = "delta"
    STATE_SPACE = "state space"
    COMPRESSED_SPARSE = "compressed sparse"
    COMPRESSED = "compressed"


class FeedForwardKind(StrEnum):
    """What a layer runs each token through."""

    DENSE = "dense"
    EXPERTS = "experts"


Kinds = tuple[Counter[MixerKind], Counter[FeedForwardKind]]

_LAYER_TYPES = {
    "full_attention": MixerKind.FULL,
    "attention": MixerKind.FULL,
    "sliding_attention": MixerKind.SLIDING,
    "chunked_attention": MixerKind.SLIDING,
    "linear_attention": MixerKind.DELTA,
    "mamba": MixerKind.STATE_SPACE,
    "deepseek_sparse_attention": MixerKind.SPARSE,
    "minimax_m3_sparse": MixerKind.SPARSE,
    "compressed_sparse_attention": MixerKind.COMPRESSED_SPARSE,
    "heavily_compressed_attention": MixerKind.COMPRESSED,
}
_PATTERN_LETTERS = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}


def layer_kinds(keys: ConfigKeys, layers: int, has_experts: bool) -> Kinds:
    """How many layers there are of each kind of mixer and of feed-forward.

    Most models pair one of each in every layer; Nemotron-H writes them as blocks of their own.
    """
    blocks = _blocks(keys, layers)
    if blocks is None:
        return mixer_kinds(keys, layers), feed_forward_kinds(keys, layers, has_experts)
    mixers = Counter({MixerKind.FULL: blocks["attention"], MixerKind.STATE_SPACE: blocks["mamba"]})
    feeds = Counter({FeedForwardKind.DENSE: blocks["mlp"], FeedForwardKind.EXPERTS: blocks["moe"]})
    return +mixers, +feeds


def _blocks(keys: ConfigKeys, layers: int) -> Counter[str] | None:
    pattern = keys.word("hybrid_override_pattern")
    names = [_PATTERN_LETTERS.get(letter, letter) for letter in pattern]
    names = names or [str(item) for item in keys.items("layers_block_type", str)]
    if not names:
        return None
    unknown = sorted(set(names) - set(_PATTERN_LETTERS.values()))
    if unknown:
        keys.wrong.append(f"a block of kind {unknown[0]!r} is not known")
    if len(names) != layers:
        keys.wrong.append(f"the block pattern has {len(names)} blocks, num_hidden_layers is {layers}")
    return Counter(names)


def mixer_kinds(keys: ConfigKeys, layers: int) -> Counter[MixerKind]:
    """How many layers there are of each kind of mixer."""
    for rule in (_listed, _kimi_linear, _deepseek_v4, _minimax_sparse, _mimo, _interval, _deepseek_sparse):
        found = rule(keys, layers)
        if found is not None:
            return +found
    return _windowed(keys, layers)


def _listed(keys: ConfigKeys, layers: int) -> Counter[MixerKind] | None:
    names = [str(item) for item in keys.items("layer_types", str, layers)]
    if not names:
        return None
    unknown = sorted(set(names) - set(_LAYER_TYPES))
    if unknown:
        keys.wrong.append(f"layer_types holds {unknown[0]!r}; known are {', '.join(_LAYER_TYPES)}")
    found = Counter(_LAYER_TYPES.get(name, MixerKind.FULL) for name in names)
    if MixerKind.SPARSE in found and keys.has("indexer_types"):
        return _deepseek_sparse(keys, layers)
    return found


def _kimi_linear(keys: ConfigKeys, layers: int) -> Counter[MixerKind] | None:
    nested = keys.mapping("linear_attn_config")
    if not nested:
        return None
    inner = ConfigKeys(nested)
    linear = len(inner.items("kda_layers", int))
    keys.wrong.extend(f"linear_attn_config: {problem}" for problem in inner.wrong)
    if not 0 < linear <= layers:
        keys.wrong.append(f"linear_attn_config lists {linear} kda_layers of {layers}")
    return Counter({MixerKind.DELTA: linear, MixerKind.FULL: layers - linear})


def _deepseek_v4(keys: ConfigKeys, layers: int) -> Counter[MixerKind] | None:
    rates = keys.items("compress_ratios", int, layers)
    kinds = {0: MixerKind.SLIDING, 4: MixerKind.COMPRESSED_SPARSE, 128: MixerKind.COMPRESSED}
    unknown = [rate for rate in rates if rate not in kinds]
    if unknown:
        keys.wrong.append(f"compress_ratios may hold 0, 4 and 128, not {unknown[0]!r}")
    return Counter(kinds.get(cast(int, rate), MixerKind.SLIDING) for rate in rates) if rates else None


def _minimax_sparse(keys: ConfigKeys, layers: int) -> Counter[MixerKind] | None:
    nested = keys.mapping("sparse_attention_config")
    if not nested or nested.get("use_sparse_attention") is False:
        return None
    inner = ConfigKeys(nested)
    flags = inner.items("sparse_attention_freq", int, layers)
    keys.wrong.extend(f"sparse_attention_config: {problem}" for problem in inner.wrong)
    if not flags:
        return Counter({MixerKind.SPARSE: layers})
    sparse = sum(1 for flag in flags if flag)
    return Counter({MixerKind.SPARSE: sparse, MixerKind.FULL: layers - sparse})


def _mimo(keys: ConfigKeys, layers: int) -> Counter[MixerKind] | None:
    flags = keys.items("hybrid_layer_pattern", int, layers)
    sliding = sum(1 for flag in flags if flag)
    return Counter({MixerKind.SLIDING: sliding, MixerKind.FULL: layers - sliding}) if flags else None


def _interval(keys: ConfigKeys, layers: int) -> Counter[MixerKind] | None:
    if not keys.has("full_attention_interval"):
        return None
    full = layers // keys.count("full_attention_interval", smallest=1)
    return Counter({MixerKind.FULL: full, MixerKind.DELTA: layers - full})


def _deepseek_sparse(keys: ConfigKeys, layers: int) -> Counter[MixerKind] | None:
    if not keys.has("index_topk"):
        return None
    shared = keys.items("indexer_types", str, layers).count("shared")
    return Counter({MixerKind.SPARSE: layers - shared, MixerKind.SPARSE_SHARED: shared})


def _windowed(keys: ConfigKeys, layers: int) -> Counter[MixerKind]:
    if not window(keys):
        return Counter({MixerKind.FULL: layers})
    habits = family(keys.word("model_type"))
    period = keys.count("sliding_window_pattern", default=habits.full_attention_period)
    full = layers // period if period else 0
    if not period and not habits.windows_everywhere:
        keys.warnings.append("every layer is taken to attend within sliding_window: no key says which do")
    return +Counter({MixerKind.SLIDING: layers - full, MixerKind.FULL: full})


def window(keys: ConfigKeys) -> int | None:
    """The width of sliding (or chunked) attention, where the config has it switched on."""
    width = keys.count("sliding_window", "sliding_window_size", "attention_chunk_size")
    return width if width and keys.flag("use_sliding_window", True) else None


def feed_forward_kinds(keys: ConfigKeys, layers: int, has_experts: bool) -> Counter[FeedForwardKind]:
    """How many layers have a dense feed-forward, and how many routed experts."""
    experts = _expert_layers(keys, layers) if has_experts else 0
    return +Counter({FeedForwardKind.DENSE: layers - experts, FeedForwardKind.EXPERTS: experts})


def _expert_layers(keys: ConfigKeys, layers: int) -> int:
    named = keys.items("mlp_layer_types", str, layers)
    if named:
        return sum(1 for item in named if item != "dense")
    if keys.has("moe_layers_enum"):
        return sum(1 for part in keys.word("moe_layers_enum").split(",") if part.strip().isdigit())
    if not isinstance(keys.find("moe_layer_freq"), int | None):
        return sum(1 for flag in keys.items("moe_layer_freq", int, layers) if flag)
    is_expert_layer = _expert_rule(keys)
    return sum(1 for layer in range(layers) if is_expert_layer(layer))


def _expert_rule(keys: ConfigKeys) -> Callable[[int], bool]:
    """Whether a layer, counted from 0, has experts: after DeepSeek's dense lead, at every n-th of others."""
    dense_lead = keys.count("first_k_dense_replace", "moe_layer_start_index", "num_dense_layers")
    every = keys.count("moe_layer_freq", default=1, smallest=1)
    step = keys.count("decoder_sparse_step", "interleave_moe_layer_step", default=1, smallest=1)
    dense = set(keys.items("mlp_only_layers", int))

    def is_expert_layer(layer: int) -> bool:
        leads = layer >= dense_lead and layer % every == 0
        return leads and (layer + 1) % step == 0 and layer not in dense

    return is_expert_layer
