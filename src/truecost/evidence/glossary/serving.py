"""Examples of serving: the time of a prompt and of a token, batches, replicas, drafts."""

from __future__ import annotations

import numpy as np

from truecost.evidence.glossary.example import Example, Facts, middle, number, served, shape
from truecost.evidence.glossary.records import whole_run
from truecost.lognormal import mean_over_median, sigma_from_quantiles
from truecost.physics.calibration import load_calibration
from truecost.physics.flops import training_flops_from_parameters
from truecost.physics.serving import smallest_tensor_parallel_size
from truecost.ranges import Range
from truecost.units import show

REPLICA = "Llama 3.1 70B, FP8, 4 H100"
CHIPS = 4
ANSWERS, SPREAD = 32, 2.5
LAW = "truecost.physics.serving.serving_point"


def tokens_until_inference_passes_training(facts: Facts) -> Example:
    """Tokens at which answering has taken as much arithmetic as training did."""
    run, model = whole_run("Llama 3.1-405B"), facts.model("llama-3.1-405b")
    active = float(model.active_parameters)
    return Example(
        "Llama 3.1 405B",
        f"6 N x {show(run.tokens)} / (2 N)",
        number(training_flops_from_parameters(active, run.tokens)) / (2 * active),
        "tokens",
        "truecost.physics.flops.training_flops_from_parameters",
        (run.fact("tokens"), shape(model)),
    )


def prefill_of_a_prompt(facts: Facts) -> Example:
    """The time a replica takes for a prompt."""
    point, rests = served(facts, CHIPS)
    return Example(
        f"{REPLICA}, {middle(rests[0]):,.0f} tokens",
        "arithmetic / (peak x efficiency) + attention + launches",
        number(point.prefill_s),
        "s",
        LAW,
        rests,
    )


def decode_step_of_one_answer(facts: Facts) -> Example:
    """A decode step when only one answer is written."""
    point, rests = served(facts, CHIPS, max_batch=1)
    return Example(
        f"{REPLICA}, one answer at a time",
        "weights read + arithmetic + cache read + latency + exchange",
        number(point.step_s),
        "s",
        LAW,
        rests,
        ("a batch of one",),
    )


def ttft_of_a_prompt(facts: Facts) -> Example:
    """Time to the first token on an idle replica."""
    point, rests = served(facts, CHIPS)
    return Example(
        f"{REPLICA}, idle, {middle(rests[0]):,.0f} tokens",
        "prefill of the prompt + half a decode step",
        number(point.ttft_s),
        "s",
        LAW,
        rests,
    )


def tpot_at_full_batch(facts: Facts) -> Example:
    """Time between two tokens at a full batch."""
    point, rests = served(facts, CHIPS)
    return Example(
        f"{REPLICA}, a full batch of {number(point.batch):,.0f}",
        "decode step + prompts of others in between",
        number(point.tpot_s),
        "s/token",
        LAW,
        rests,
    )


def full_batch_over_one(facts: Facts) -> Example:
    """How many times the tokens a replica writes with a full batch, over one answer at a time."""
    full, rests = served(facts, CHIPS)
    one, _ = served(facts, CHIPS, max_batch=1)
    speeds = [number(point.tokens_per_second_per_replica) for point in (full, one)]
    return Example(
        f"{REPLICA}, a batch of {number(full.batch):,.0f} over one",
        f"{show(speeds[0], 'tokens/s')} / {show(speeds[1], 'tokens/s')}",
        speeds[0] / speeds[1],
        "ratio of tokens a second",
        LAW,
        rests,
    )


def longest_over_mean_answer(facts: Facts) -> Example:
    """How much longer the longest answer of a batch is than the mean one."""
    del facts
    sigma = number(sigma_from_quantiles(1.0, SPREAD, 0.9))
    lengths = Range.from_quantiles(1.0, SPREAD)
    longest = float(lengths.quantile(np.array([0.5 ** (1 / ANSWERS)]))[0])
    return Example(
        f"the longest of {ANSWERS} answers",
        f"median of the longest / mean, lengths lognormal with P90 {SPREAD:g} times the median",
        longest / number(mean_over_median(sigma)),
        "ratio",
        "truecost.lognormal.mean_over_median",
        (),
        (f"{ANSWERS} answers a batch", f"P90 of their length {SPREAD:g} times the median"),
    )


def chips_that_hold_llama_405b(facts: Facts) -> Example:
    """How many H100s hold Llama 3.1 405B."""
    model, chip = facts.model("llama-3.1-405b"), facts.chip("h100-sxm")
    chips = smallest_tensor_parallel_size(model, chip, "fp8", 8192.0, load_calibration().serving)
    return Example(
        "Llama 3.1 405B, FP8, on H100 SXM",
        f"weights and one request of 8,192 tokens in {show(middle(chip.memory_bytes), 'bytes')} each",
        float(chips),
        "chips",
        "truecost.physics.serving.smallest_tensor_parallel_size",
        (chip.memory_bytes, shape(model)),
        ("a request of 8,192 tokens",),
    )


def gain_of_speculation_alone(facts: Facts) -> Example:
    """What speculation gains where memory is the only limit."""
    taken, draft = (
        facts.rate("levers/speculative_acceptance_length"),
        facts.rate("levers/speculative_draft_overhead"),
    )
    return Example(
        "a single answer, waiting for memory alone",
        f"{middle(taken):.3g} tokens a step / (1 + {middle(draft):.2g}), medians",
        middle(taken) / (1 + middle(draft)),
        "ratio",
        "truecost.physics.roofline.decode_seconds_per_token",
        (taken, draft),
    )


FIGURES = (
    tokens_until_inference_passes_training,
    prefill_of_a_prompt,
    decode_step_of_one_answer,
    ttft_of_a_prompt,
    tpot_at_full_batch,
    full_batch_over_one,
    longest_over_mean_answer,
    chips_that_hold_llama_405b,
    gain_of_speculation_alone,
)
