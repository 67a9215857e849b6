"""Kinds of model that are refused by name, and what stands in for what a config.json leaves to its code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from truecost.catalog.config_keys import ConfigKeys
from truecost.catalog.families import FAMILIES, family

GATED_ACTIVATIONS = frozenset({"silu", "swiglu", "swigluoai", "situ", "geglu", "glu"})
KEY_VALUE_HEADS = (
    "num_key_value_heads", "num_attention_groups", "attn_config.kv_n_heads", "num_kv_heads", "n_head_kv",
)  # fmt: skip
ENCODERS = frozenset({
    "albert", "bert", "big_bird", "camembert", "canine", "clip", "convbert", "deberta", "deberta-v2",
    "distilbert", "electra", "ernie", "esm", "eurobert", "flaubert", "funnel", "fnet", "longformer",
    "mobilebert", "modernbert", "mpnet", "nomic_bert", "nystromformer", "roberta", "roformer", "siglip",
    "squeezebert", "vit", "xlm", "xlm-roberta", "xlm-roberta-xl", "xmod",
})  # fmt: skip
"""`model_type` of models that read a whole text at once and write none."""
ENCODER_DECODERS = frozenset({
    "bart", "blenderbot", "led", "longt5", "m2m_100", "marian", "mbart", "mt5", "mvp", "nllb-moe", "pegasus",
    "pegasus_x", "plbart", "prophetnet", "speech_to_text", "switch_transformers", "t5", "t5gemma", "udop",
    "umt5", "whisper",
})  # fmt: skip
STATE_SPACE_ONLY = frozenset({"falcon_mamba", "mamba", "mamba2"})
LLAMA_LINE = frozenset({
    "baichuan", "dbrx", "deepseek_v2", "deepseek_v3", "deepseek_v32", "deepseek_v4", "ernie4_5", "exaone",
    "exaone4", "glm", "glm4", "glm4_moe", "glm_moe_dsa", "gpt_oss", "granite", "granitemoe", "grok1",
    "hunyuan_v1_dense", "hunyuan_v1_moe", "internlm2", "internlm3", "kimi_k2", "kimi_linear", "llama", "mimo",
    "mimo_v2_flash", "minicpm", "minimax_m2", "minimax_m3", "mixtral", "nemotron-nas", "olmo", "olmo2",
    "olmo3", "olmoe", "phimoe", "qwen2", "qwen2_moe", "qwen3", "qwen3_5_moe_text", "qwen3_5_text",
    "qwen3_moe", "qwen3_next", "qwen3_vl_moe_text", "qwen3_vl_text", "seed_oss", "smollm3", "stablelm",
    "step3p7", "yi",
})  # fmt: skip
"""`model_type` of families that the default habits are true of: three matrices in a feed-forward."""


class Default(NamedTuple):
    """A key that a config leaves out and what stands for it."""

    key: str
    value: object
    reason: str


def refusal(keys: ConfigKeys) -> str:
    """Why a kind of model is none of ours; empty for a decoder."""
    named = keys.word("model_type")
    what = f"model_type {named}: " if named else ""
    if named in ENCODERS:
        return f"{what}encoders are not modelled, decoder-only language models are"
    if named in ENCODER_DECODERS or keys.flag("is_encoder_decoder", False):
        return f"{what}encoder-decoder models are not modelled, decoder-only ones are"
    has_states = keys.has("state_size", "ssm_cfg", "time_step_rank")
    if named in STATE_SPACE_ONLY or (has_states and not keys.has("num_attention_heads", "n_head", "n_heads")):
        return (
            f"{what}models of state-space (Mamba) layers alone are not modelled, hybrids with attention are"
        )
    return ""


def defaults(config: Mapping[str, object]) -> list[Default]:
    """What stands in for keys of a config whose family does not settle them."""
    keys = ConfigKeys(config)
    named = keys.word("model_type")
    is_known = named in FAMILIES or named in LLAMA_LINE
    found: list[Default] = []
    if not is_known:
        reason = "no family on record" if named else "not stated"
        found.append(Default("model_type", named or "llama", f"{reason}: read as one of the Llama line"))
        activation = keys.word("hidden_act", "hidden_activation", "mlp_hidden_act", "activation_function")
        if not keys.has("gated_mlp") and activation not in GATED_ACTIVATIONS:
            found.append(Default("gated_mlp", True, "three matrices in a feed-forward, as in the Llama line"))
        if not keys.has("tie_word_embeddings"):
            found.append(
                Default("tie_word_embeddings", False, "embedding and head apart, as in the Llama line")
            )
    is_grouped = not is_known or (family(named).gated and not family(named).multi_query_flag)
    heads = keys.find("num_attention_heads", "n_head", "n_heads")
    if is_grouped and heads and not keys.has(*KEY_VALUE_HEADS, "kv_lora_rank", "block_configs"):
        found.append(Default("num_key_value_heads", heads, "as many as attention heads"))
    return found
