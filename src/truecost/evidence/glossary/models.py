"""Examples of models: what a token, a window, an expert, a bit comes to."""

from __future__ import annotations

from truecost.evidence.glossary.example import Example, Facts, middle, number, shape
from truecost.evidence.glossary.records import whole_run
from truecost.physics.flops import forward_flops_per_token
from truecost.physics.loss_law import published_law
from truecost.physics.memory import kv_bytes, kv_bytes_per_token, weight_bytes
from truecost.physics.training import distillation_flops
from truecost.ranges import Value
from truecost.units import show

LOSS = ("irreducible", "parameters", "parameters_exponent", "tokens", "tokens_exponent")
TAUGHT_TOKENS = 1e9


def programme_over_final_run(facts: Facts) -> Example:
    """What developing GPT-4 cost over what its final run did."""
    whole, run = facts.rate("development/gpt4"), facts.rate("claims/gpt4_final_run_usd")
    return Example(
        "GPT-4, its development over its final run",
        f"{show(middle(whole), 'USD')} / {show(middle(run), 'USD')}, medians",
        middle(whole) / middle(run),
        "ratio",
        "truecost.catalog",
        (whole, run),
    )


def tokens_of_a_call(facts: Facts) -> Example:
    """Tokens of the mean conversation call on record."""
    asked = facts.rate("usage/conversation_input_tokens_azure_2023")
    answered = facts.rate("usage/conversation_output_tokens_azure_2023")
    return Example(
        "the mean call of a chat service in 2023",
        f"{middle(asked):,.0f} in + {middle(answered):,.0f} out",
        middle(asked) + middle(answered),
        "tokens",
        "truecost.catalog",
        (asked, answered),
    )


def window_of_llama_70b(facts: Facts) -> Example:
    """The context window of Llama 3.1 70B, and the memory that a full one holds."""
    model = facts.model("llama-3.1-70b")
    window = model.max_position_embeddings
    held = show(number(kv_bytes(model, "bf16", float(window))), "bytes")
    return Example(
        f"Llama 3.1 70B; full, it holds {held}",
        f"as recorded; {window:,} x {show(kv_bytes_per_token(model), 'bytes')} = {held} in BF16",
        float(window),
        "tokens",
        "truecost.physics.memory.kv_bytes",
        (shape(model),),
    )


def active_share_of_deepseek_v3(facts: Facts) -> Example:
    """The share of DeepSeek-V3 that a token runs through."""
    model = facts.model("deepseek-v3")
    return Example(
        "DeepSeek-V3, a token's share",
        f"{show(model.active_parameters)} / {show(model.total_parameters)}",
        model.active_parameters / model.total_parameters,
        "share of parameters",
        "truecost.catalog.architectures.Architecture.active_parameters",
        (shape(model),),
    )


def cache_of_a_token_with_mla(facts: Facts) -> Example:
    """The cache of a token of DeepSeek-V3."""
    model = facts.model("deepseek-v3")
    return Example(
        "DeepSeek-V3 in BF16",
        f"{model.num_hidden_layers} layers x ({model.kv_lora_rank} + {model.qk_rope_head_dim}) x 2 bytes",
        kv_bytes_per_token(model),
        "bytes/token",
        "truecost.physics.memory.kv_bytes_per_token",
        (shape(model),),
    )


def cache_of_a_token(facts: Facts) -> Example:
    """The cache of a token of Llama 3.1 70B."""
    model = facts.model("llama-3.1-70b")
    heads = f"{model.num_key_value_heads} heads x {model.head_dim}"
    return Example(
        "Llama 3.1 70B in BF16",
        f"2 x {model.num_hidden_layers} layers x {heads} x 2 bytes",
        kv_bytes_per_token(model),
        "bytes/token",
        "truecost.physics.memory.kv_bytes_per_token",
        (shape(model),),
    )


def weights_at_4_bits(facts: Facts) -> Example:
    """The weights of Llama 3.1 70B at 4 bits."""
    model = facts.model("llama-3.1-70b")
    return Example(
        f"Llama 3.1 70B in INT4; {show(weight_bytes(model, 'bf16'), 'bytes')} in BF16",
        f"{show(model.total_parameters)} x 0.52 bytes, embeddings and head left at 2",
        weight_bytes(model, "int4"),
        "bytes",
        "truecost.physics.memory.weight_bytes",
        (shape(model),),
    )


def distilling_70b_into_8b(facts: Facts) -> Example:
    """FLOP of teaching Llama 3.1 8B what the 70B says about a billion tokens."""
    teacher, student = facts.model("llama-3.1-70b"), facts.model("llama-3.1-8b")
    forward: list[Value] = [forward_flops_per_token(model, 4096.0) for model in (teacher, student)]
    return Example(
        "Llama 3.1 70B into 8B, a billion tokens",
        f"({show(number(forward[0]), 'FLOP')} + 3 x {show(number(forward[1]), 'FLOP')}) x 1 B",
        number(distillation_flops(forward[0], forward[1], TAUGHT_TOKENS)),
        "FLOP",
        "truecost.physics.training.distillation_flops",
        (shape(teacher), shape(student)),
        ("a billion tokens", "a context of 4,096 tokens"),
    )


def loss_of_llama_405b(facts: Facts) -> Example:
    """The loss that the law gives for the size and the tokens of Llama 3.1 405B."""
    model, run = facts.model("llama-3.1-405b"), whole_run("Llama 3.1-405B")
    constants = {name: facts.rate(f"loss_law/{name}") for name in LOSS}
    floor, of_size, alpha, of_tokens, beta = (middle(fact) for fact in constants.values())
    loss = number(published_law().loss(float(model.total_parameters), run.tokens))
    return Example(
        "the size and tokens of Llama 3.1 405B",
        f"{floor:.4g} + {of_size:.4g} / N^{alpha:.3g} + {of_tokens:.4g} / D^{beta:.3g}",
        loss,
        "nats",
        "truecost.physics.loss_law.LossLaw.loss",
        (*constants.values(), shape(model), run.fact("tokens")),
    )


FIGURES = (
    programme_over_final_run,
    tokens_of_a_call,
    window_of_llama_70b,
    active_share_of_deepseek_v3,
    cache_of_a_token_with_mla,
    cache_of_a_token,
    weights_at_4_bits,
    distilling_70b_into_8b,
    loss_of_llama_405b,
)
