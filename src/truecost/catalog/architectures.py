"""An architecture: the sizes of a language model, and the parameters they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.layers import (
    Attention,
    CompressedAttention,
    DeltaAttention,
    FeedForward,
    FeedForwardLayer,
    LatentAttention,
    Mixer,
    MixtureOfExperts,
    StateSpace,
)


def _no_config() -> Mapping[str, object]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Architecture:
    """The sizes of a language model under the names of Hugging Face's config.json.

    A size the model has no use for (experts of a dense model, the ranks of latent attention elsewhere)
    is 0; `sliding_window` is None without one. `mixers` and `feed_forwards` list each kind of layer
    with how many there are of it: every count and every law goes over them, so a hybrid model is no
    special case. Encoders of images and sound and multi-token prediction heads are outside.
    """

    name: str
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    intermediate_size: int
    vocab_size: int
    tie_word_embeddings: bool
    gated_mlp: bool
    max_position_embeddings: int
    mixers: tuple[tuple[int, Mixer], ...]
    feed_forwards: tuple[tuple[int, FeedForwardLayer], ...]
    source: str
    confidence: Confidence
    num_experts: int = 0
    num_experts_per_tok: int = 0
    moe_intermediate_size: int = 0
    num_shared_experts: int = 0
    shared_expert_intermediate_size: int = 0
    q_lora_rank: int = 0
    kv_lora_rank: int = 0
    qk_nope_head_dim: int = 0
    qk_rope_head_dim: int = 0
    v_head_dim: int = 0
    sliding_window: int | None = None
    position_parameters: int = 0
    """Learned position embeddings (GPT-2, GPT-3, OPT, StarCoder): stored, added, never multiplied."""
    torch_dtype: str = "bfloat16"
    weight_precision: str = "bf16"
    """The precision its weights are released in, or that its name asks for (fp8, nvfp4, int4 ...)."""
    published_parameters: Fact | None = None
    published_active_parameters: Fact | None = None
    warnings: tuple[str, ...] = ()
    """What of its config changes cost and is not modelled, or had to be assumed."""
    ignored_keys: tuple[str, ...] = ()
    config: Mapping[str, object] = field(default_factory=_no_config, compare=False, repr=False)
    """The config it was read from: `from_config({**config, "hidden_size": 8192}, ...)` varies one size."""

    @property
    def embedding_parameters(self) -> int:
        """One table of the vocabulary: the input embedding, and the head's matrix when tied to it."""
        return self.vocab_size * self.hidden_size

    @property
    def routed_expert_parameters(self) -> int:
        """All routed experts: what a 4-bit release of a mixture of experts quantises."""
        return sum(
            count * layer.experts * layer.expert_weights(self.hidden_size)
            for count, layer in self.feed_forwards
            if isinstance(layer, MixtureOfExperts)
        )

    @property
    def layer_parameters(self) -> int:
        """The weights inside all layers, every expert included; no embedding and no head."""
        mixing = sum(count * mixer.weights(self.hidden_size) for count, mixer in self.mixers)
        return mixing + sum(count * layer.weights(self.hidden_size) for count, layer in self.feed_forwards)

    @property
    def total_parameters(self) -> int:
        """All stored parameters; a head tied to the embedding is counted once."""
        tables = 1 if self.tie_word_embeddings else 2
        return self.layer_parameters + tables * self.embedding_parameters + self.position_parameters

    @property
    def active_parameters(self) -> int:
        """The parameters one token is multiplied with: chosen experts, all that is shared, and the head.

        The input embedding is looked up, not multiplied, and is left out. Published "active" counts
        often keep it: compare those with `active_parameters_with_embedding`.
        """
        mixing = sum(count * mixer.weights(self.hidden_size) for count, mixer in self.mixers)
        feeding = sum(count * layer.active_weights(self.hidden_size) for count, layer in self.feed_forwards)
        return mixing + feeding + self.embedding_parameters

    @property
    def active_parameters_with_embedding(self) -> int:
        """`active_parameters` with the input embedding, where it is a table of its own."""
        return self.active_parameters + (0 if self.tie_word_embeddings else self.embedding_parameters)

    @property
    def is_mixture_of_experts(self) -> bool:
        """Whether any layer routes tokens to experts."""
        return self.moe_layers > 0

    @property
    def dense_layers(self) -> int:
        """Layers with a dense feed-forward."""
        return sum(count for count, layer in self.feed_forwards if isinstance(layer, FeedForward))

    @property
    def moe_layers(self) -> int:
        """Layers with routed experts."""
        return sum(count for count, layer in self.feed_forwards if isinstance(layer, MixtureOfExperts))

    @property
    def full_attention_layers(self) -> int:
        """Attention layers whose cache grows with the whole context."""
        return sum(count for count, mixer in self.mixers if _grows(mixer))

    @property
    def sliding_attention_layers(self) -> int:
        """Attention layers that see and keep only a window of recent tokens."""
        attention = sum(count for count, mixer in self.mixers if not _is_linear(mixer))
        return attention - self.full_attention_layers

    @property
    def linear_attention_layers(self) -> int:
        """Layers with a constant state instead of a cache: linear attention and Mamba."""
        return sum(count for count, mixer in self.mixers if _is_linear(mixer))


def _is_linear(mixer: Mixer) -> bool:
    return isinstance(mixer, DeltaAttention | StateSpace)


def _grows(mixer: Mixer) -> bool:
    if isinstance(mixer, Attention):
        return mixer.window is None
    if isinstance(mixer, CompressedAttention):
        return mixer.compression > 0
    return isinstance(mixer, LatentAttention)
