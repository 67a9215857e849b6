"""What stands in for the batch of a run and the shape of a model where nobody states them."""

from __future__ import annotations

from truecost.ranges import Value

LARGEST_BATCH_TOKENS = 2.0**24
"""16.8 M tokens: the largest batch of Llama 3 405B, arXiv:2407.21783."""
BATCH_SOURCE = "arXiv:2401.02954, section 3"
ASPECT = 128
"""Hidden size over layers of a dense model, about that of published ones (GPT-3: 128, Llama 3 70B: 102)."""
LAYERS_BY = 8
"""Layers come in multiples of it, so that pipelines divide them."""
VOCABULARY = 50_304
USUAL_DAYS = 45.0
"""Of a run whose number of chips was not published: about the median of recorded runs."""
SHAPE_SOURCE = "truecost.training.unstated.dense_config"


def batch_sequences(training_flops: float, sequence_tokens: float) -> int:
    """Sequences of a step near the best for a compute, a power of two.

    Formula: 0.2920 x C^0.3271 tokens (arXiv:2401.02954, section 3), at most those of Llama 3 405B.

    >>> batch_sequences(3.8e25, 4096), batch_sequences(8.4e19, 4096)
    (4096, 128)
    """
    wanted = min(0.2920 * training_flops**0.3271, LARGEST_BATCH_TOKENS) / sequence_tokens
    return 1 << max(0, round(wanted).bit_length() - 1)


def dense_config(parameters: Value) -> dict[str, object]:
    """A dense model of about so many parameters, as keys of a config.json: hidden size = 128 x layers.

    12 x hidden size squared parameters a layer: attention, and a feed-forward four times as wide.

    >>> dense_config(175e9)["num_hidden_layers"], dense_config(175e9)["hidden_size"]
    (96, 12288)
    """
    layers = LAYERS_BY * max(1, round((float(parameters) / (12 * ASPECT**2)) ** (1 / 3) / LAYERS_BY))
    return {
        "model_type": "gpt",
        "num_hidden_layers": layers,
        "hidden_size": ASPECT * layers,
        "num_attention_heads": layers,
        "intermediate_size": 4 * ASPECT * layers,
        "vocab_size": VOCABULARY,
        "tie_word_embeddings": True,
        "gated_mlp": False,
    }
