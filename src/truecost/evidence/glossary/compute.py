"""Examples of compute: operations, peaks, utilization, the two limits of a chip."""

from __future__ import annotations

from truecost.evidence.glossary.example import Example, Facts, middle, number, over, shape
from truecost.evidence.glossary.records import whole_run
from truecost.physics.flops import FORWARD_AND_BACKWARD, forward_flops_per_token, training_flops
from truecost.physics.memory import weight_bytes
from truecost.physics.reliability import checkpoint_hours, lost_share_by_law
from truecost.physics.training import chip_hours
from truecost.units import show

LARGEST_RUN_CHIPS = 16_384
SEQUENCE_TOKENS = 8192.0


def compute_of_llama_405b(facts: Facts) -> Example:
    """FLOP of Llama 3.1 405B's training."""
    model, run = facts.model("llama-3.1-405b"), whole_run("Llama 3.1-405B")
    return Example(
        "Llama 3.1 405B, its training",
        f"3 x forward FLOP of a token x {show(run.tokens, 'tokens')}, sequences of 8,192",
        number(training_flops(model, run.tokens, SEQUENCE_TOKENS)),
        "FLOP",
        "truecost.physics.flops.training_flops",
        (shape(model), run.fact("tokens")),
        ("sequences of 8,192 tokens",),
    )


def flops_of_a_token(facts: Facts) -> Example:
    """FLOP of one token of Llama 3.1 70B."""
    model = facts.model("llama-3.1-70b")
    return Example(
        "Llama 3.1 70B, one token after 4,096",
        f"2 x {show(model.active_parameters)} parameters + attention over 4,096 tokens",
        number(forward_flops_per_token(model, 4096.0)),
        "FLOP",
        "truecost.physics.flops.forward_flops_per_token",
        (shape(model),),
        ("a context of 4,096 tokens",),
    )


def dense_peak_of_h100(facts: Facts) -> Example:
    """The dense 16-bit peak of an H100."""
    fact = facts.chip("h100-sxm").dense_peak_fact("bf16")
    return Example("H100 SXM in BF16", "as recorded", middle(fact), "FLOP/s", "truecost.catalog", (fact,))


def chip_hours_of_llama_405b(facts: Facts) -> Example:
    """Chip-hours of Llama 3.1 405B's run by the MFU of other whole runs; what was recorded lies within."""
    run, chip = whole_run("Llama 3.1-405B"), facts.chip("h100-sxm")
    peak, mfu = chip.dense_peak_fact("bf16"), facts.rate("utilization/whole_run")
    work, speed = show(run.training_flop, "FLOP"), show(middle(peak), "FLOP/s")
    return Example(
        "Llama 3.1 405B on H100, by the MFU on record",
        f"{work} / ({speed} x {show(middle(mfu), 'share')} x 3,600 s), over the range of MFU",
        over(mfu, lambda share: chip_hours(run.training_flop, middle(peak), share)),
        "chip-hours",
        "truecost.physics.training.chip_hours",
        (run.fact("training_flop"), peak, mfu, run.fact("chip_hours")),
    )


def mfu_over_whole_runs(facts: Facts) -> Example:
    """The MFU of Llama 3.1 405B's whole run."""
    run = whole_run("Llama 3.1-405B")
    return Example(
        "Llama 3.1 405B, its whole run",
        f"{show(run.training_flop, 'FLOP')} / ({show(run.chip_hours, 'chip-hours')} x 3,600 s x "
        f"{show(run.peak_flops_per_s, 'FLOP/s')})",
        run.utilization,
        "share of dense peak",
        "truecost.physics.training.chip_hours",
        (run.fact("training_flop"), run.fact("chip_hours"), facts.rate("utilization/whole_run")),
    )


def hfu_with_full_recomputation(facts: Facts) -> Example:
    """The HFU of a run at the median MFU on record, if every forward pass were done twice."""
    fact = facts.rate("utilization/whole_run")
    passes = (FORWARD_AND_BACKWARD + 1) / FORWARD_AND_BACKWARD
    return Example(
        "whole runs, each forward pass done twice",
        f"MFU x {passes:.3g}: 4 passes of arithmetic where 3 are the model's",
        over(fact, lambda mfu: mfu * passes),
        "share of dense peak",
        "truecost.physics.flops.FORWARD_AND_BACKWARD",
        (fact,),
        ("full recomputation of activations",),
    )


def goodput_on_16384_chips(facts: Facts) -> Example:
    """The share of time that makes progress on Llama 3's cluster, by the law of failures."""
    rate = facts.rate("reliability/unexpected_interruptions_per_chip_year")
    size = facts.rate("training/checkpoint_bytes_per_parameter")
    speed, restart = (
        facts.rate("reliability/checkpoint_write_bytes_per_s"),
        facts.rate("reliability/restart_hours"),
    )
    model = facts.model("llama-3.1-405b")
    writing = checkpoint_hours(model.total_parameters, middle(size), middle(speed))
    return Example(
        f"{LARGEST_RUN_CHIPS:,} H100, Llama 3.1 405B",
        f"1 - lost share: {middle(rate):g} interruptions a chip and year, "
        f"{show(number(writing) * 3600, 's')} a checkpoint",
        over(restart, lambda hours: 1 - lost_share_by_law(LARGEST_RUN_CHIPS, middle(rate), writing, hours)),
        "share of run time",
        "truecost.physics.reliability.lost_share_by_law",
        (rate, size, speed, restart, shape(model)),
        (f"{LARGEST_RUN_CHIPS:,} chips",),
    )


def ridge_of_h100(facts: Facts) -> Example:
    """FLOP an H100 can do while it reads one byte."""
    chip = facts.chip("h100-sxm")
    peak, bandwidth = chip.dense_peak_fact("bf16"), chip.memory_bandwidth_bytes_per_s
    return Example(
        "H100 SXM in BF16",
        f"{show(middle(peak), 'FLOP/s')} / {show(middle(bandwidth), 'bytes/s')}",
        middle(peak) / middle(bandwidth),
        "FLOP/byte",
        "truecost.physics.roofline",
        (peak, bandwidth),
    )


def bandwidth_of_h200(facts: Facts) -> Example:
    """The bandwidth of an H200, and how long it reads the weights of Llama 3.1 70B."""
    model, chip = facts.model("llama-3.1-70b"), facts.chip("h200-sxm")
    stored, bandwidth = weight_bytes(model, "fp8"), chip.memory_bandwidth_bytes_per_s
    return Example(
        f"H200: Llama 3.1 70B in FP8 in {show(stored / middle(bandwidth), 's')}",
        f"as recorded; {show(stored, 'bytes')} are read in {show(stored / middle(bandwidth), 's')}",
        middle(bandwidth),
        "bytes/s",
        "truecost.physics.memory.weight_bytes",
        (bandwidth, shape(model)),
    )


FIGURES = (
    compute_of_llama_405b,
    flops_of_a_token,
    dense_peak_of_h100,
    chip_hours_of_llama_405b,
    mfu_over_whole_runs,
    hfu_with_full_recomputation,
    goodput_on_16384_chips,
    ridge_of_h100,
    bandwidth_of_h200,
)
