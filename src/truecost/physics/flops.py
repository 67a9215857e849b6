"""How many floating-point operations a model takes: for one token, a prompt, a training run.

A multiplication and the addition after it count as two. Counted are the matrices each token is
multiplied with, attention's scores and weighted values over the tokens really attended to (a causal
average in training, capped by windows and sparse choices), sparse attention's indexer, and the state
updates of linear layers. Norms, activations, softmax and the embedding look-up are left out, as in
every published count; so is recomputation in training, which is a matter of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

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
from truecost.ranges import Value

FORWARD_AND_BACKWARD = 3.0
"""A backward pass takes two products for each one of the forward pass."""

Span: TypeAlias = Callable[[float | None], Value]
"""How many tokens are attended to, under a cap or none."""


def forward_flops_per_token(
    architecture: Architecture, context_tokens: Value, *, absorbed: bool = False
) -> Value:
    """FLOP of the forward pass for one token that has `context_tokens` to attend to, itself included.

    2 x active parameters + attention. `absorbed` is how latent attention decodes: its scores are taken
    in the latent itself, which costs more arithmetic and spares rebuilding every key and value.

    >>> from truecost.catalog.models import model
    >>> forward_flops_per_token(model("llama-3.1-70b"), 0) == 2 * model("llama-3.1-70b").active_parameters
    True
    """
    context = _checked(context_tokens, "context_tokens")
    return _forward(architecture, lambda cap: _capped(context, cap), absorbed)


def mean_forward_flops_per_token(architecture: Architecture, sequence_tokens: Value) -> Value:
    """FLOP of the forward pass for a token of a causal sequence, averaged over its positions.

    Without a cap a token attends to half the sequence; under a cap of c tokens, to
    c - c^2 / (2 x sequence) once the sequence is longer than c. Times the prompt length this is prefill.
    """
    sequence = _checked(sequence_tokens, "sequence_tokens")
    return _forward(architecture, lambda cap: _causal_mean(sequence, cap), absorbed=False)


def training_flops(architecture: Architecture, tokens: Value, context_tokens: Value = 4096) -> Value:
    """FLOP of training on `tokens` in causal sequences of `context_tokens`: 3 x forward x tokens.

    >>> from truecost.catalog.models import model
    >>> f"{training_flops(model('gpt-3'), 300e9, 2048):.2e}"    # the paper: 3.14e23
    '3.19e+23'
    """
    per_token = mean_forward_flops_per_token(architecture, context_tokens)
    return FORWARD_AND_BACKWARD * per_token * _checked(tokens, "tokens")


def training_flops_from_parameters(active_parameters: Value, tokens: Value) -> Value:
    """FLOP of training by the rule 6 x N x D (arXiv:2001.08361), for models without a public architecture.

    It leaves attention out: low by 1 % (large models, short sequences) to 15 % (small, or long).

    >>> f"{training_flops_from_parameters(280e9, 13e12):.1e}"
    '2.2e+25'
    """
    return (
        2
        * FORWARD_AND_BACKWARD
        * _checked(active_parameters, "active_parameters")
        * _checked(tokens, "tokens")
    )


def _forward(architecture: Architecture, span: Span, absorbed: bool) -> Value:
    attention = sum((count * _mixing(mixer, span, absorbed) for count, mixer in architecture.mixers), 0.0)
    return 2.0 * architecture.active_parameters + attention


def _mixing(mixer: Mixer, span: Span, absorbed: bool) -> Value:
    """FLOP a mixer takes beyond its matrices, for one token."""
    if isinstance(mixer, Attention):
        scored = mixer.heads * (mixer.head_dim + mixer.value_head_dim)
        return 2 * scored * span(mixer.window or mixer.top_k) + _indexing(mixer.indexer, span)
    if isinstance(mixer, LatentAttention):
        return 2 * mixer.heads * _latent_width(mixer, absorbed) * span(mixer.top_k) + _indexing(
            mixer.indexer, span
        )
    if isinstance(mixer, CompressedAttention):
        return _compressed(mixer, span)
    return _state_update(mixer)


def _latent_width(mixer: LatentAttention, absorbed: bool) -> int:
    """Score width plus value width of one head: rebuilt keys and values, or the latent itself."""
    if absorbed:
        return 2 * mixer.key_value_rank + mixer.rope_head_dim
    return mixer.nope_head_dim + mixer.rope_head_dim + mixer.value_head_dim


def _compressed(mixer: CompressedAttention, span: Span) -> Value:
    """Scores and values over the window, and over one entry for each block of earlier tokens."""
    attended = span(mixer.window)
    if mixer.compression:
        most = mixer.top_k * mixer.compression if mixer.top_k else None
        attended = attended + span(most) / mixer.compression
    return 4 * mixer.heads * mixer.head_dim * attended + _indexing(mixer.indexer, span)


def _indexing(indexer: Indexer | None, span: Span) -> Value:
    """An indexer scores every token (or block) of the whole context."""
    if indexer is None:
        return 0.0
    return 2 * indexer.heads * indexer.head_dim * indexer.keys_per_token * span(None)


def _state_update(mixer: DeltaAttention | StateSpace) -> float:
    """Constant in the context: read and write of each head's state.

    The delta rule reads the state with the key, writes the difference, reads with the query: three
    products. Mamba-2 writes and reads: two. Chunked training kernels do more; that is theirs.
    """
    if isinstance(mixer, StateSpace):
        return 2 * 2.0 * mixer.heads * mixer.head_dim * mixer.state_size
    return 3 * 2.0 * mixer.value_heads * mixer.key_head_dim * mixer.value_head_dim


def _capped(context: Value, cap: float | None) -> Value:
    return context if cap is None else _plain(np.minimum(context, cap))


def _causal_mean(sequence: Value, cap: float | None) -> Value:
    """Tokens attended to, averaged over the positions of a causal sequence."""
    if cap is None:
        return sequence / 2
    longer = np.maximum(sequence, cap)
    return _plain(np.where(np.less_equal(sequence, cap), np.divide(sequence, 2), cap - cap**2 / (2 * longer)))


def _plain(value: Value) -> Value:
    return value if np.ndim(value) else float(value)


def _checked(value: Value, name: str) -> Value:
    """A number as float, an array as it is. Raises ValueError below 0 (or for what is no number)."""
    if not np.all(np.greater_equal(value, 0)):
        raise ValueError(f"{name} must be numbers of at least 0")
    return value if np.ndim(value) else float(value)
