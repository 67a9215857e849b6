"""What a model family's code fixes and its config.json leaves out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """The habits of one `model_type`; the defaults are those of the LLaMA line."""

    gated: bool = True
    tied: bool = False
    """Whether head and embedding are one table when the config does not say."""
    learned_positions: bool = False
    feed_forward_ratio: int = 0
    """Feed-forward width over hidden size when the config gives no width (0: it must)."""
    full_attention_period: int = 0
    """With a window: one layer of so many attends to the whole context (0: no rule of its own)."""
    multi_query_flag: bool = False
    """One key-value head by the flag `multi_query`, whatever else the config holds."""
    windows_everywhere: bool = False


_GPT2 = Family(gated=False, tied=True, learned_positions=True, feed_forward_ratio=4)
_FALCON = Family(gated=False, tied=True, feed_forward_ratio=4, multi_query_flag=True)
_TIED_GATED = Family(tied=True)

FAMILIES = {
    "gpt2": _GPT2,
    "gpt_neo": _GPT2,
    "gpt_bigcode": Family(False, True, True, 4, multi_query_flag=True),
    "opt": Family(gated=False, tied=True, learned_positions=True),
    "xglm": Family(gated=False, tied=True),
    "bloom": Family(gated=False, tied=True, feed_forward_ratio=4),
    "mpt": Family(gated=False, tied=True, feed_forward_ratio=4),
    "falcon": _FALCON,
    "RefinedWeb": _FALCON,
    "RefinedWebModel": _FALCON,
    "gptj": Family(gated=False, feed_forward_ratio=4),
    "gpt_neox": Family(gated=False, feed_forward_ratio=4),
    "codegen": Family(gated=False, feed_forward_ratio=4),
    "starcoder2": Family(gated=False, tied=True),
    "phi": Family(gated=False),
    "persimmon": Family(gated=False),
    "nemotron": Family(gated=False),
    "nemotron_h": Family(gated=False),
    "gemma": _TIED_GATED,
    "gemma2": Family(tied=True, full_attention_period=2),
    "gemma3": Family(tied=True, full_attention_period=6),
    "gemma3_text": Family(tied=True, full_attention_period=6),
    "gemma4": _TIED_GATED,
    "gemma4_text": _TIED_GATED,
    "cohere": _TIED_GATED,
    "cohere2": Family(tied=True, full_attention_period=4),
    "llama4": Family(full_attention_period=4),
    "llama4_text": Family(full_attention_period=4),
    "mistral": Family(windows_everywhere=True),
    "phi3": Family(windows_everywhere=True),
}
_DEFAULT = Family()


def family(model_type: str) -> Family:
    """The habits of a `model_type`; those of the LLaMA line for one not listed.

    >>> family("opt").gated, family("llama").gated
    (False, True)
    """
    return FAMILIES.get(model_type, _DEFAULT)
