"""What one model makes a chip do in a training step: its matrix products, its attention, its other traffic.

An architecture becomes arrays over its kinds of matrix product, so that one law covers dense models,
mixtures of experts, latent attention and hybrids, and many models can be stacked into one array.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from truecost.catalog.architectures import Architecture
from truecost.catalog.layers import (
    Attention,
    CompressedAttention,
    DeltaAttention,
    FeedForward,
    FeedForwardLayer,
    LatentAttention,
    Mixer,
    StateSpace,
)
from truecost.ranges import FloatArray, Value

WHOLE, COLUMNS, ROWS = 0.0, 1.0, 2.0
"""How tensor parallelism cuts a matrix: not at all, its outputs, its inputs."""


@dataclass(frozen=True, slots=True)
class Product:
    """One kind of matrix product: `inner` numbers of a token in, `outer` out, in `count` layers."""

    count: float
    inner: float
    outer: float
    cut: float
    routed: float = 0.0
    """Experts a token is sent to; 0 where every token goes through the one matrix."""
    experts: float = 0.0
    is_head: float = 0.0


PRODUCT_SIZES = tuple(field.name for field in fields(Product))


@dataclass(frozen=True, slots=True, eq=False)
class ModelWork:
    """The sizes a training step depends on: numbers, or arrays with one entry a case.

    The fields of the products have one more, last, axis over the kinds of product.
    """

    hidden: Value
    layers: Value
    moe_layers: Value
    vocabulary: Value
    parameters: Value
    """All stored parameters."""
    routed_parameters: Value
    """Those of them in routed experts."""
    table_parameters: Value
    """Those in the input embedding and the head."""
    active_parameters: Value
    mixer_elements: Value
    """Numbers of a token that pass between the products of attention or state layers, over all layers."""
    expanded_elements: Value
    """Those of them that latent attention rebuilds from its latents: queries, keys and values."""
    feed_forward_elements: Value
    """The same for dense and shared feed-forwards; a gated one counts its two inputs and one output."""
    routed_elements: Value
    """The same for the routed experts a token is sent to."""
    routed_hidden: Value
    """Hidden-sized copies of a token that are sent to experts, over all layers."""
    score_heads: Value
    """Attention heads that score tokens against one another, over all layers."""
    key_value_elements: Value
    """Keys and values of a token, over all layers: what context parallelism passes around."""
    head_width: Value
    """Mean width of an attention head's keys; 0 without attention."""
    count: FloatArray
    inner: FloatArray
    outer: FloatArray
    cut: FloatArray
    routed: FloatArray
    experts: FloatArray
    is_head: FloatArray


@lru_cache(maxsize=512)
def model_work(architecture: Architecture) -> ModelWork:
    """The work of one model.

    >>> from truecost.catalog.models import model
    >>> work = model_work(model("llama-3.1-8b"))
    >>> float((work.count * work.inner * work.outer).sum()) == model("llama-3.1-8b").active_parameters
    True
    """
    hidden = float(architecture.hidden_size)
    layers = products_of(architecture, ("mixers", "feed_forwards"))
    products = [*layers, Product(1, hidden, architecture.vocab_size, COLUMNS, is_head=1.0)]
    columns = {name: np.array([getattr(one, name) for one in products], float) for name in PRODUCT_SIZES}
    tables = 1 if architecture.tie_word_embeddings else 2
    return ModelWork(
        hidden=hidden,
        layers=float(architecture.num_hidden_layers),
        moe_layers=float(architecture.moe_layers),
        vocabulary=float(architecture.vocab_size),
        parameters=float(architecture.total_parameters),
        routed_parameters=float(architecture.routed_expert_parameters),
        table_parameters=float(tables * architecture.embedding_parameters),
        active_parameters=float(architecture.active_parameters),
        mixer_elements=float(sum(count * _mixer_elements(mixer) for count, mixer in architecture.mixers)),
        expanded_elements=float(sum(count * _expanded_elements(one) for count, one in architecture.mixers)),
        **_feed_forward_sums(architecture, hidden),
        **_attention_sums(architecture),
        **columns,
    )


def stacked(works: Sequence[ModelWork]) -> ModelWork:
    """Several models as one array each; kinds of product a model lacks get a count of 0."""
    widest = max(len(work.count) for work in works)
    columns: dict[str, FloatArray] = {}
    for field in fields(ModelWork):
        values = [np.asarray(getattr(work, field.name), dtype=np.float64) for work in works]
        if field.name in PRODUCT_SIZES:
            values = [
                np.pad(value, (0, widest - len(value)), constant_values=_PADDING[field.name])
                for value in values
            ]
        columns[field.name] = np.stack(values)
    return ModelWork(**columns)


_PADDING = {
    "count": 0.0,
    "inner": 1.0,
    "outer": 1.0,
    "cut": 0.0,
    "routed": 0.0,
    "experts": 0.0,
    "is_head": 0.0,
}


def products_of(architecture: Architecture, parts: Sequence[str]) -> list[Product]:
    """The matrix products of the layers: of their "mixers", their "feed_forwards", or both."""
    return [product for part in parts for product in _products(architecture, part)]


def _products(architecture: Architecture, part: str) -> Iterator[Product]:
    hidden = float(architecture.hidden_size)
    if part == "mixers":
        for count, mixer in architecture.mixers:
            yield from (replace(product, count=float(count)) for product in _mixing(mixer, hidden))
    else:
        for count, layer in architecture.feed_forwards:
            yield from (replace(product, count=float(count)) for product in _feeding(layer, hidden))


def _mixing(mixer: Mixer, hidden: float) -> Iterable[Product]:
    if isinstance(mixer, Attention):
        keys = mixer.key_value_heads * (mixer.head_dim + mixer.value_head_dim * mixer.has_value_projection)
        queries = mixer.heads * mixer.head_dim * (2 if mixer.has_position_projection else 1)
        yield Product(1, hidden, queries + keys + mixer.gate_width, COLUMNS)
        yield Product(1, mixer.heads * mixer.value_head_dim, hidden, ROWS)
    elif isinstance(mixer, LatentAttention):
        yield from _latent(mixer, hidden)
    elif isinstance(mixer, CompressedAttention):
        yield from _compressed(mixer, hidden)
    elif isinstance(mixer, DeltaAttention):
        values = mixer.value_heads * mixer.value_head_dim
        yield Product(1, hidden, (mixer.weights(int(hidden)) - values * hidden) / hidden, COLUMNS)
        yield Product(1, values, hidden, ROWS)
    else:
        width = mixer.heads * mixer.head_dim
        yield Product(1, hidden, (mixer.weights(int(hidden)) - width * hidden) / hidden, COLUMNS)
        yield Product(1, width, hidden, ROWS)
    indexer = None if isinstance(mixer, DeltaAttention | StateSpace) else mixer.indexer
    if indexer is not None:
        extra = 3 * hidden * indexer.head_dim if isinstance(mixer, CompressedAttention) else 0.0
        yield Product(1, hidden, (indexer.weights(int(hidden)) + extra) / hidden, WHOLE)


def _latent(mixer: LatentAttention, hidden: float) -> Iterable[Product]:
    queries = mixer.heads * (mixer.nope_head_dim + mixer.rope_head_dim)
    if mixer.query_rank:
        yield Product(1, hidden, mixer.query_rank, WHOLE)
        yield Product(1, mixer.query_rank, queries, COLUMNS)
    else:
        yield Product(1, hidden, queries, COLUMNS)
    yield Product(1, hidden, mixer.key_value_rank + mixer.rope_head_dim, WHOLE)
    yield Product(
        1, mixer.key_value_rank, mixer.heads * (mixer.nope_head_dim + mixer.value_head_dim), COLUMNS
    )
    yield Product(1, mixer.heads * mixer.value_head_dim + mixer.gate_width, hidden, ROWS)


def _compressed(mixer: CompressedAttention, hidden: float) -> Iterable[Product]:
    copies = 0 if not mixer.compression else 4 if mixer.indexer else 2
    yield Product(1, hidden, mixer.query_rank, WHOLE)
    yield Product(1, mixer.query_rank, mixer.heads * mixer.head_dim, COLUMNS)
    yield Product(1, hidden, mixer.head_dim * (1 + copies), WHOLE)
    yield Product(1, mixer.heads * mixer.head_dim, mixer.output_rank, ROWS)
    yield Product(1, mixer.output_groups * mixer.output_rank, hidden, WHOLE)


def _feeding(layer: FeedForwardLayer, hidden: float) -> Iterable[Product]:
    up = 2 if layer.gated else 1
    if isinstance(layer, FeedForward):
        yield Product(1, hidden, up * layer.intermediate_size, COLUMNS)
        yield Product(1, layer.intermediate_size, hidden, ROWS)
        return
    inside = float(layer.latent_size or hidden)
    chosen, experts = float(layer.experts_per_token), float(layer.experts)
    yield Product(1, hidden, layer.experts + 2 * layer.latent_size, WHOLE)
    yield Product(1, inside, up * layer.intermediate_size, WHOLE, routed=chosen, experts=experts)
    yield Product(1, layer.intermediate_size, inside, WHOLE, routed=chosen, experts=experts)
    if layer.shared_intermediate_size:
        yield Product(1, hidden, up * layer.shared_intermediate_size, COLUMNS)
        yield Product(1, layer.shared_intermediate_size, hidden, ROWS)


def _mixer_elements(mixer: Mixer) -> float:
    """Numbers of a token between the products of one layer: queries, keys, values, outputs."""
    if isinstance(mixer, Attention):
        keys = mixer.key_value_heads * (mixer.head_dim + mixer.value_head_dim)
        return mixer.heads * (mixer.head_dim + mixer.value_head_dim) + keys + mixer.gate_width
    if isinstance(mixer, LatentAttention):
        wide = mixer.nope_head_dim + mixer.rope_head_dim
        return mixer.heads * (2 * wide + 2 * mixer.value_head_dim) + mixer.query_rank + mixer.key_value_rank
    if isinstance(mixer, CompressedAttention):
        return 2 * mixer.heads * mixer.head_dim + 2 * mixer.head_dim + mixer.query_rank
    if isinstance(mixer, DeltaAttention):
        return 2 * mixer.channels + 2 * mixer.value_heads * mixer.value_head_dim
    return 2 * mixer.channels + 2 * mixer.heads * mixer.head_dim


def _expanded_elements(mixer: Mixer) -> float:
    if not isinstance(mixer, LatentAttention):
        return 0.0
    return mixer.heads * (2 * (mixer.nope_head_dim + mixer.rope_head_dim) + mixer.value_head_dim)


def _feed_forward_sums(architecture: Architecture, hidden: float) -> dict[str, float]:
    dense = routed = copies = 0.0
    for count, layer in architecture.feed_forwards:
        passes = 3 if layer.gated else 2
        if isinstance(layer, FeedForward):
            dense += count * passes * layer.intermediate_size
        else:
            dense += count * passes * layer.shared_intermediate_size
            routed += count * passes * layer.intermediate_size * layer.experts_per_token
            copies += count * layer.experts_per_token * (layer.latent_size or hidden)
    return {"feed_forward_elements": dense, "routed_elements": routed, "routed_hidden": copies}


Scoring: TypeAlias = Attention | LatentAttention | CompressedAttention
"""Mixers that score tokens against one another."""


def _attention_sums(architecture: Architecture) -> dict[str, float]:
    scoring = [(count, mixer) for count, mixer in architecture.mixers if isinstance(mixer, Scoring)]
    heads = sum(count * mixer.heads for count, mixer in scoring)
    widths = sum(count * mixer.heads * _head_width(mixer) for count, mixer in scoring)
    keys = sum(count * _key_value_elements(mixer) for count, mixer in scoring)
    return {
        "score_heads": float(heads),
        "key_value_elements": float(keys),
        "head_width": float(widths / heads) if heads else 0.0,
    }


def _head_width(mixer: Scoring) -> float:
    if isinstance(mixer, LatentAttention):
        return (mixer.nope_head_dim + mixer.rope_head_dim + mixer.value_head_dim) / 2
    return float(mixer.head_dim)


def _key_value_elements(mixer: Scoring) -> float:
    if isinstance(mixer, Attention):
        return mixer.key_value_heads * (mixer.head_dim + mixer.value_head_dim)
    if isinstance(mixer, LatentAttention):
        return mixer.heads * (mixer.nope_head_dim + mixer.rope_head_dim + mixer.value_head_dim)
    return mixer.head_dim
