"""What a transformer layer is made of: the mixers that look across tokens and the feed-forwards that do not.

Each class holds the sizes of one kind of layer and counts its weights. Counted are the matrices; norms and
biases are left out (under 0.2 % of every model in the catalog).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Indexer:
    """The small attention that picks the tokens a sparse attention layer reads (arXiv:2512.02556)."""

    heads: int
    head_dim: int
    query_width: int
    """The width its queries are projected from: the query's low-rank latent, or the hidden size."""
    weighs_heads: bool = True
    keys_per_token: float = 1.0
    """Keys it keeps for each token of context: 1, or 1 / compression rate."""

    def weights(self, hidden_size: int) -> int:
        """Its matrices: queries from `query_width`, one shared key, and a weight for each head."""
        head_weights = hidden_size * self.heads if self.weighs_heads else 0
        return self.query_width * self.heads * self.head_dim + hidden_size * self.head_dim + head_weights


@dataclass(frozen=True, slots=True)
class Attention:
    """Softmax attention, multi-head to multi-query: one key and value for each key-value head."""

    heads: int
    key_value_heads: int
    head_dim: int
    value_head_dim: int
    window: int | None = None
    top_k: int | None = None
    indexer: Indexer | None = None
    gate_width: int = 0
    has_value_projection: bool = True
    has_position_projection: bool = False
    """Relative positions of Transformer-XL: one more matrix, as wide as the queries."""

    def weights(self, hidden_size: int) -> int:
        """Query, key, value, gate, position and output projections, and the indexer."""
        queries = self.heads * self.head_dim * (2 if self.has_position_projection else 1)
        keys = self.key_value_heads * self.head_dim
        values = self.key_value_heads * self.value_head_dim if self.has_value_projection else 0
        projected = queries + keys + values + self.gate_width + self.heads * self.value_head_dim
        return hidden_size * projected + (self.indexer.weights(hidden_size) if self.indexer else 0)


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """Multi-head latent attention: keys and values are rebuilt from one small latent (arXiv:2405.04434)."""

    heads: int
    query_rank: int
    """Width of the queries' own latent; 0 when queries are projected directly."""
    key_value_rank: int
    nope_head_dim: int
    rope_head_dim: int
    value_head_dim: int
    top_k: int | None = None
    indexer: Indexer | None = None
    gate_width: int = 0

    def weights(self, hidden_size: int) -> int:
        """Down- and up-projections of queries, keys and values, the output projection, gate and indexer."""
        query_dim = self.heads * (self.nope_head_dim + self.rope_head_dim)
        rank = self.query_rank
        queries = hidden_size * rank + rank * query_dim if rank else hidden_size * query_dim
        down = hidden_size * (self.key_value_rank + self.rope_head_dim)
        up = self.key_value_rank * self.heads * (self.nope_head_dim + self.value_head_dim)
        output = hidden_size * (self.heads * self.value_head_dim + self.gate_width)
        return queries + down + up + output + (self.indexer.weights(hidden_size) if self.indexer else 0)


@dataclass(frozen=True, slots=True)
class CompressedAttention:
    """Attention over a window of recent tokens and over compressed blocks of all earlier ones.

    DeepSeek-V4: one shared key that is also the value, blocks of `compression` tokens (0: the window
    alone), of which an indexer picks `top_k` when it is there.
    """

    heads: int
    head_dim: int
    query_rank: int
    output_groups: int
    output_rank: int
    window: int
    compression: int = 0
    top_k: int | None = None
    indexer: Indexer | None = None

    def weights(self, hidden_size: int) -> int:
        """Low-rank queries, the shared key, grouped low-rank output, the compressor and the indexer.

        A compressor has a key and a gate matrix, doubled where its blocks overlap (the indexed kind);
        the indexer's keys come from a compressor of their own.
        """
        queries = hidden_size * self.query_rank + self.query_rank * self.heads * self.head_dim
        output = (
            self.heads * self.head_dim * self.output_rank
            + self.output_groups * self.output_rank * hidden_size
        )
        copies = 0 if not self.compression else 4 if self.indexer else 2
        keys = hidden_size * self.head_dim * (1 + copies)
        if self.indexer is None:
            return queries + output + keys
        index_compressor = 3 * hidden_size * self.indexer.head_dim
        return queries + output + keys + self.indexer.weights(hidden_size) + index_compressor


@dataclass(frozen=True, slots=True)
class DeltaAttention:
    """Linear attention with the gated delta rule: a constant state instead of a cache.

    Gated DeltaNet (arXiv:2412.06464) decays each head, Kimi Delta Attention (arXiv:2510.26692) each
    channel, with a decay and sometimes an output gate of low rank (0: not low-rank).
    """

    key_heads: int
    value_heads: int
    key_head_dim: int
    value_head_dim: int
    convolution_width: int = 4
    decay_rank: int = 0
    gate_rank: int = 0

    @property
    def channels(self) -> int:
        """Width of queries, keys and values together, which a short convolution runs over."""
        return 2 * self.key_heads * self.key_head_dim + self.value_heads * self.value_head_dim

    def weights(self, hidden_size: int) -> int:
        """Projections in, the short convolution, write strength, decay, output gate, projection out."""
        values = self.value_heads * self.value_head_dim
        keys = self.key_heads * self.key_head_dim
        write = hidden_size * self.value_heads
        decay = self.decay_rank * (hidden_size + keys) if self.decay_rank else write
        gate = self.gate_rank * (hidden_size + values) if self.gate_rank else hidden_size * values
        inside = (hidden_size + self.convolution_width) * self.channels
        return inside + write + decay + gate + values * hidden_size


@dataclass(frozen=True, slots=True)
class StateSpace:
    """A Mamba-2 layer (arXiv:2405.21060): a constant state instead of a cache."""

    heads: int
    head_dim: int
    state_size: int
    groups: int
    convolution_width: int = 4

    @property
    def channels(self) -> int:
        """Width the short convolution runs over: the values and the groups' input and output maps."""
        return self.heads * self.head_dim + 2 * self.groups * self.state_size

    def weights(self, hidden_size: int) -> int:
        """One projection in (values, gate, maps, step sizes), the short convolution, one projection out."""
        inner = self.heads * self.head_dim
        return (
            hidden_size * (self.channels + inner + self.heads + inner)
            + self.convolution_width * self.channels
        )


Mixer: TypeAlias = Attention | LatentAttention | CompressedAttention | DeltaAttention | StateSpace


@dataclass(frozen=True, slots=True)
class FeedForward:
    """A dense feed-forward: two matrices, or three when gated (SwiGLU, GeGLU)."""

    intermediate_size: int
    gated: bool

    def weights(self, hidden_size: int) -> int:
        """All of its matrices, which are also those a token meets."""
        return (3 if self.gated else 2) * hidden_size * self.intermediate_size

    def active_weights(self, hidden_size: int) -> int:
        """What one token is multiplied with: everything."""
        return self.weights(hidden_size)


@dataclass(frozen=True, slots=True)
class MixtureOfExperts:
    """Routed experts of which a token meets a few, beside shared ones that every token meets.

    `shared_intermediate_size` is the width of all shared experts together (a dense feed-forward run
    in parallel counts as one); a `latent_size` above 0 is the width experts work in, with a
    projection down and up around them.
    """

    experts: int
    experts_per_token: int
    intermediate_size: int
    gated: bool
    shared_intermediate_size: int = 0
    latent_size: int = 0

    def expert_weights(self, hidden_size: int) -> int:
        """One routed expert."""
        return (3 if self.gated else 2) * (self.latent_size or hidden_size) * self.intermediate_size

    def common_weights(self, hidden_size: int) -> int:
        """Router, shared experts and latent projections: what every token meets."""
        shared = (3 if self.gated else 2) * hidden_size * self.shared_intermediate_size
        return hidden_size * (self.experts + 2 * self.latent_size) + shared

    def weights(self, hidden_size: int) -> int:
        """All experts and what is common."""
        return self.experts * self.expert_weights(hidden_size) + self.common_weights(hidden_size)

    def active_weights(self, hidden_size: int) -> int:
        """What one token is multiplied with: its chosen experts and what is common."""
        return self.experts_per_token * self.expert_weights(hidden_size) + self.common_weights(hidden_size)


FeedForwardLayer: TypeAlias = FeedForward | MixtureOfExperts
