"""How many bytes a model takes: its weights at a precision, and what it keeps of the tokens it has seen.

A quantised precision is counted with its scales:

| precision | bytes a weight | made of |
|---|---|---|
| fp32 | 4 | |
| bf16, fp16 | 2 | |
| fp8, int8 | 1 | scales by channel or 128 x 128 block: under 0.03 %, left out |
| fp4, nvfp4 | 0.5625 | 4 bits and an 8-bit scale for each 16 weights |
| mxfp4 | 0.53125 | 4 bits and an 8-bit scale for each 32 weights |
| int4 | 0.51953125 | 4 bits, and a 16-bit scale and 4-bit zero point for each 128 weights (AWQ, GPTQ) |
"""

from __future__ import annotations

import difflib

import numpy as np

from truecost.catalog.architectures import Architecture
from truecost.catalog.layers import (
    Attention,
    CompressedAttention,
    DeltaAttention,
    Indexer,
    LatentAttention,
    Mixer,
    StateSpace,
)
from truecost.catalog.names import UnknownName
from truecost.ranges import Value

_BYTES = {
    "fp32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "fp4": 0.5 + 1 / 16,
    "nvfp4": 0.5 + 1 / 16,
    "mxfp4": 0.5 + 1 / 32,
    "int4": 0.5 + (2 + 0.5) / 128,
}
_FOUR_BITS = frozenset({"fp4", "nvfp4", "mxfp4", "int4"})
_STATE_BYTES = 4.0
"""Linear layers keep their state in 32 bits (`mamba_ssm_dtype`, `mamba_ssm_cache_dtype`: float32)."""
_CONVOLUTION_BYTES = 2.0

PRECISIONS = tuple(_BYTES)


def bytes_per_element(precision: str) -> float:
    """Bytes of one weight or cached number at a precision, its share of the scales included.

    Raises UnknownName for a precision not in PRECISIONS.

    >>> bytes_per_element("bf16"), bytes_per_element("nvfp4")
    (2.0, 0.5625)
    """
    try:
        return _BYTES[precision]
    except KeyError:
        close = difflib.get_close_matches(precision, PRECISIONS, cutoff=0.3)
        raise UnknownName("precision", precision, close or PRECISIONS) from None


def weight_bytes(architecture: Architecture, precision: str | None = None) -> float:
    """Bytes of all weights; `precision` defaults to the one the model is released in.

    Quantised releases leave parts in 16 bits, and so does this: embeddings and head always; at 4 bits,
    everything but the routed experts of a mixture of experts (as gpt-oss, Kimi K2.5 and NVIDIA's NVFP4
    releases do).

    >>> from truecost.catalog.models import model
    >>> round(weight_bytes(model("gpt-oss-20b")) / 2**30, 1)    # the paper: 12.8 GiB
    12.8
    """
    precision = architecture.weight_precision if precision is None else precision
    size = bytes_per_element(precision)
    if size >= 2:
        return size * architecture.total_parameters
    is_partial = precision in _FOUR_BITS and architecture.is_mixture_of_experts
    quantised = architecture.routed_expert_parameters if is_partial else architecture.layer_parameters
    return size * quantised + bytes_per_element("bf16") * (architecture.total_parameters - quantised)


def kv_bytes_per_token(architecture: Architecture, precision: str = "bf16") -> float:
    """Bytes the cache grows by with each token, as long as the context is inside every window.

    Past the windows it grows by less: `kv_bytes` tells how much is held at a context length. Latent
    attention keeps one latent and one rotary key a token, sparse attention its indexer's key as well.

    >>> from truecost.catalog.models import model
    >>> kv_bytes_per_token(model("llama-3.1-70b")), kv_bytes_per_token(model("deepseek-v3"))
    (327680.0, 70272.0)
    """
    elements = sum(
        count * (_windowed_elements(mixer) + _growing_elements(mixer)) for count, mixer in architecture.mixers
    )
    return elements * bytes_per_element(precision)


def kv_bytes(architecture: Architecture, precision: str, context_tokens: Value) -> Value:
    """Bytes one sequence of `context_tokens` holds: its cache, and the constant state of linear layers.

    Layers with a window hold no more than the window; linear attention and Mamba layers hold the same
    however long the context.
    """
    if not np.all(np.greater_equal(context_tokens, 0)):
        raise ValueError("context_tokens must be numbers of at least 0")
    context = context_tokens if np.ndim(context_tokens) else float(context_tokens)
    held: Value = 0.0
    for count, mixer in architecture.mixers:
        window = _window(mixer)
        kept = context if window is None else np.minimum(context, window)
        held = held + count * (_windowed_elements(mixer) * kept + _growing_elements(mixer) * context)
    total = held * bytes_per_element(precision) + state_bytes(architecture)
    return total if np.ndim(total) else float(total)


def state_bytes(architecture: Architecture) -> float:
    """Bytes of the constant state one sequence holds in linear attention and Mamba layers."""
    return sum((count * _state_bytes(mixer) for count, mixer in architecture.mixers), 0.0)


def _window(mixer: Mixer) -> int | None:
    return mixer.window if isinstance(mixer, Attention | CompressedAttention) else None


def _windowed_elements(mixer: Mixer) -> float:
    """Numbers kept for each token inside the window."""
    if isinstance(mixer, CompressedAttention):
        return mixer.head_dim
    if isinstance(mixer, Attention) and mixer.window is not None:
        return mixer.key_value_heads * (mixer.head_dim + mixer.value_head_dim)
    return 0.0


def _growing_elements(mixer: Mixer) -> float:
    """Numbers kept for each token of the whole context."""
    if isinstance(mixer, CompressedAttention):
        blocks = mixer.head_dim / mixer.compression if mixer.compression else 0.0
        return blocks + _index_elements(mixer.indexer)
    if isinstance(mixer, LatentAttention):
        return mixer.key_value_rank + mixer.rope_head_dim + _index_elements(mixer.indexer)
    if isinstance(mixer, Attention) and mixer.window is None:
        keys_and_values = mixer.key_value_heads * (mixer.head_dim + mixer.value_head_dim)
        return keys_and_values + _index_elements(mixer.indexer)
    return 0.0


def _index_elements(indexer: Indexer | None) -> float:
    return indexer.head_dim * indexer.keys_per_token if indexer else 0.0


def _state_bytes(mixer: Mixer) -> float:
    if isinstance(mixer, StateSpace):
        state = mixer.heads * mixer.head_dim * mixer.state_size
    elif isinstance(mixer, DeltaAttention):
        state = mixer.value_heads * mixer.key_head_dim * mixer.value_head_dim
    else:
        return 0.0
    return _STATE_BYTES * state + _CONVOLUTION_BYTES * max(mixer.convolution_width - 1, 0) * mixer.channels
