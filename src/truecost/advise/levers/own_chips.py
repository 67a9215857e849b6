"""What changes a model on own chips: fewer bits, fewer weights, larger batches, several tokens a step."""

from __future__ import annotations

from collections.abc import Iterator

from truecost.advise.assignments import assignment
from truecost.advise.levers.lever import THEIR_CHIPS, Case, Lever, Outcome, already, middle
from truecost.physics.memory import bytes_per_element
from truecost.plan.schema import SelfHosted
from truecost.plan.serving.placement import DEFAULT_MAX_BATCH

BY_LAW = "computed from the law of serving"
WHOLE = "the work falls, but not by a whole replica of chips"


def quantization(case: Case) -> Iterator[Outcome]:
    """Weights in half the bits: less to read for every token, and more room for a batch."""
    family, label = "quantization", "Quantize the weights"
    host = case.host
    if host is None:
        yield case.why_not(family, label, THEIR_CHIPS[case.used])
        return
    if case.levers.quantization is not None:
        yield case.why_not(family, label, already(case.levers.quantization))
        return
    target = _fewer_bits(case, host)
    if target is None:
        yield case.why_not(family, label, "the weights have four bits already")
        return
    yield Lever(
        f"{family}.{case.name}",
        f"{label} ({target})",
        case.name,
        (f"{case.path}.levers.quantization={target}",),
        quality=f"what the answers lose in {target}: little in 8 bits, more in 4, most in long reasoning",
        latency=BY_LAW,
        idle=WHOLE,
    )


def _fewer_bits(case: Case, host: SelfHosted) -> str | None:
    """The next precision below the present one; 4 bits in the format the chip computes, if it does."""
    present = bytes_per_element(host.precision or case.catalog.model(host.model).weight_precision)
    if present > bytes_per_element("fp8"):
        return "fp8"
    if present < bytes_per_element("fp8"):
        return None
    return "fp4" if "fp4" in case.catalog.accelerator(host.chip).peak_flops else "int4"


def pruning(case: Case) -> Iterator[Outcome]:
    """Part of the width of the MLPs is removed."""
    family, label = "pruning", "Prune the model"
    if case.host is None:
        yield case.why_not(family, label, THEIR_CHIPS[case.used])
        return
    if case.levers.pruning is not None:
        yield case.why_not(family, label, already(case.levers.pruning))
        return
    share = case.rate("pruning_share")
    yield Lever(
        f"{family}.{case.name}",
        label,
        case.name,
        (assignment(f"{case.path}.levers.pruning", middle(share.value)),),
        quality="what the answers lose; training that heals a pruned model is not counted",
        latency=BY_LAW,
        assumed=(share,),
        idle=WHOLE,
    )


def batching(case: Case) -> Iterator[Outcome]:
    """More sequences at once on a replica, where memory and the limit on a token leave room."""
    family, label = "batching", "Let batches grow"
    host = case.host
    if host is None:
        yield case.why_not(family, label, THEIR_CHIPS[case.used])
        return
    if case.levers.batching is not None:
        yield case.why_not(family, label, already(case.levers.batching))
        return
    most = case.rate("batching_most_sequences")
    present = host.max_batch or DEFAULT_MAX_BATCH
    if present >= middle(most.value):
        yield case.why_not(family, label, f"{present} sequences at once are allowed already")
        return
    yield Lever(
        f"{family}.{case.name}",
        f"{label} (to {middle(most.value):.0f} sequences)",
        case.name,
        (f"{case.path}.levers.batching={middle(most.value):.0f}",),
        quality="the answers stay the same",
        latency=BY_LAW + ": each token comes later in a larger batch",
        assumed=(most,),
        idle="memory, or the limit on a token, holds the batch; the engine's own limit does not",
    )


def speculative_decoding(case: Case) -> Iterator[Outcome]:
    """A small draft writes ahead, and the model checks several tokens in one step."""
    family, label = "speculative_decoding", "Decode speculatively"
    if case.host is None:
        yield case.why_not(family, label, THEIR_CHIPS[case.used])
        return
    if case.levers.speculative_decoding is not None:
        yield case.why_not(family, label, already())
        return
    accepted, drafted, overhead = (
        case.rate(f"speculative_{name}") for name in ("acceptance_length", "draft_tokens", "draft_overhead")
    )
    lever = {
        "acceptance_length": accepted.value,
        "draft_tokens": round(middle(drafted.value)),
        "draft_overhead": overhead.value,
    }
    yield Lever(
        f"{family}.{case.name}",
        label,
        case.name,
        (assignment(f"{case.path}.levers.{family}", lever),),
        quality="the answers stay the same; how much of a draft is accepted on these texts",
        latency=BY_LAW,
        assumed=(accepted, drafted, overhead),
        idle=WHOLE,
    )
