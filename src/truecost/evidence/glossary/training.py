"""Examples of training: a final run, a fine-tune, an adapter, preferences, a generation."""

from __future__ import annotations

from truecost.evidence.glossary.example import Example, Facts, middle, number, over, shape
from truecost.evidence.glossary.records import whole_run
from truecost.finance.cluster import cloud_cost
from truecost.physics.flops import forward_flops_per_token
from truecost.physics.training import adapter_tuning_flops, chip_hours, fine_tuning_flops
from truecost.units import show

RANK_16_SHARE = 0.003
"""Adapters of rank 16 on every matrix of a 70B model, see physics.training.adapter_tuning_flops."""


def deepseek_v3_at_todays_rent(facts: Facts) -> Example:
    """DeepSeek-V3's pre-training at what an H100 rents for."""
    run, rent = whole_run("DeepSeek-V3"), facts.rent("h100-sxm")
    return Example(
        "DeepSeek-V3's hours, at the rent of an H100",
        f"{show(run.chip_hours, 'chip-hours')} x {rent.value} USD",
        over(rent, lambda usd: cloud_cost(run.chip_hours, usd)),
        "USD",
        "truecost.finance.cluster.cloud_cost",
        (run.fact("chip_hours"), rent),
        ("rented H100 in place of the H800 that were used",),
    )


def fine_tuning_70b(facts: Facts) -> Example:
    """One fine-tune of Llama 3.1 70B on the middle of the tokens on record."""
    model, chip = facts.model("llama-3.1-70b"), facts.chip("h100-sxm")
    tokens, used = facts.rate("options/fine_tune_tokens"), facts.rate("utilization/whole_run")
    rent, peak = facts.rent("h100-sxm"), chip.dense_peak_fact("bf16")
    flops = fine_tuning_flops(forward_flops_per_token(model, 4096.0), middle(tokens))
    hours = number(chip_hours(flops, middle(peak), middle(used)))
    return Example(
        f"Llama 3.1 70B on {show(middle(tokens), 'tokens')}, one attempt",
        f"{show(hours, 'chip-hours')} of H100 x {rent.value} USD",
        over(rent, lambda usd: cloud_cost(hours, usd)),
        "USD",
        "truecost.physics.training.fine_tuning_flops",
        (shape(model), tokens, used, peak, rent),
    )


def lora_over_full_fine_tuning(facts: Facts) -> Example:
    """The arithmetic of LoRA over that of tuning all weights."""
    model = facts.model("llama-3.1-70b")
    forward = forward_flops_per_token(model, 4096.0)
    lora, full = adapter_tuning_flops(forward, 1.0, RANK_16_SHARE), fine_tuning_flops(forward, 1.0)
    return Example(
        "Llama 3.1 70B, adapters of rank 16",
        f"(2 + 3 x {RANK_16_SHARE:g}) / 3",
        number(lora) / number(full),
        "share of the FLOP of full fine-tuning",
        "truecost.physics.training.adapter_tuning_flops",
        (shape(model),),
        ("adapters of 0.3 % of the parameters",),
    )


def preferences_of_llama_2(facts: Facts) -> Example:
    """What the comparisons behind Llama 2 cost at the price of a pair."""
    pairs, price = facts.rate("annotation/llama2_comparisons"), facts.rate("annotation/surge_pair")
    extra = facts.rate("annotation/quality_overhead")
    return Example(
        "the comparisons of Llama 2, at a vendor's price",
        f"{show(middle(pairs))} pairs x {middle(price):g} USD x {extra.value}",
        over(extra, lambda ratio: middle(pairs) * middle(price) * ratio),
        "USD",
        "truecost.plan.programme.judgement",
        (pairs, price, extra),
    )


def run_over_a_generation(facts: Facts) -> Example:
    """DeepSeek-V3's pre-training, a month until its successor."""
    run, rent = whole_run("DeepSeek-V3"), facts.rent("h100-sxm")
    months = facts.rate("generations/interval_months")
    usd = number(cloud_cost(run.chip_hours, middle(rent)))
    return Example(
        "DeepSeek-V3's run at the rent of an H100",
        f"{show(usd, 'USD')} / {months.value} months",
        over(months, lambda length: usd / length),
        "USD/month",
        "truecost.finance.cluster.cloud_cost",
        (run.fact("chip_hours"), rent, months),
    )


FIGURES = (
    deepseek_v3_at_todays_rent,
    fine_tuning_70b,
    lora_over_full_fine_tuning,
    preferences_of_llama_2,
    run_over_a_generation,
)
