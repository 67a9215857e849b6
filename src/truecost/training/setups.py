"""From a valid spec to a setup the law can answer: names resolved, defaults named, the impossible refused.

A layout that the spec leaves out is searched for; a micro-batch or a recomputation it leaves out stays open,
and is settled with all cases at once (`truecost.training.settle`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from truecost.catalog.architectures import Architecture
from truecost.catalog.config_kinds import defaults
from truecost.catalog.names import UnknownName
from truecost.physics.training_step.setup import UNKNOWN_NETWORK_BYTES_PER_S, Setup
from truecost.ranges import Range
from truecost.spec import Problems
from truecost.training.assumptions import Assumed
from truecost.training.batches import suited
from truecost.training.checks import (
    Sizes,
    check_batch,
    check_layout,
    check_nodes,
    check_power_cap,
    check_precision,
    check_sequence,
    serves_only,
    slow_link,
)
from truecost.training.cycle import obstacles
from truecost.training.lookups import Lookups
from truecost.training.methods import (
    PLAIN,
    TUNES,
    TUNING_BATCH_SOURCE,
    TUNING_SEQUENCES,
    Method,
    check_method,
    learning,
    method_of,
    stated_tokens,
)
from truecost.training.money import ESTIMATED, Rates, rates_of, why_not_sold
from truecost.training.schema import TrainSpec
from truecost.training.unstated import BATCH_SOURCE, batch_sequences

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.physics.training_calibration import TrainingCalibration
    from truecost.training.search_space import Fixed

TOKENS_PER_PARAMETER = 20.0
"""Compute-optimal for dense models, arXiv:2203.15556."""
SEQUENCE_LENGTH = 4096
TUNED_ENGINEERING = (
    "no record of such runs: nothing beyond the steps in the middle, at most what recorded pre-training takes"
)
SIZES = ("tensor_parallel_size", "pipeline_parallel_size", "context_parallel_size", "expert_parallel_size")
SHARDED_STACKS = frozenset({"fsdp", "torchtitan", "maxtext"})


@dataclass(frozen=True, slots=True)
class Described:
    """One case: its setup, what of it is still open, what its run costs, what was assumed."""

    spec: TrainSpec
    setup: Setup
    tokens: float | Range
    rates: Rates
    assumed: Assumed
    year: float
    """Of the run, months as a fraction."""
    fixed: Fixed = field(default_factory=dict[str, "int | str | bool"])
    """What the spec states of the layout."""
    searched: bool = False
    """Whether the whole layout is left to a search."""
    refused: str = ""
    """Why no layout can be found."""
    method: Method = PLAIN

    @property
    def is_open(self) -> bool:
        """Whether anything is to be settled."""
        return self.opens_micro_batch or self.opens_recompute

    @property
    def opens_micro_batch(self) -> bool:
        """Whether the micro-batch is to be settled."""
        return not self.searched and "micro_batch_size" not in self.fixed

    @property
    def opens_recompute(self) -> bool:
        """Whether recomputation is to be settled."""
        return not self.searched and "recompute" not in self.fixed


@dataclass(frozen=True, slots=True)
class Describing:
    """What a spec is described with."""

    lookups: Lookups
    today: date
    calibration: TrainingCalibration


def describe(spec: TrainSpec, how: Describing, problems: Problems) -> Described | None:
    """The case of a spec; None where it is impossible, which `problems` then says."""
    assumed = Assumed()
    architecture = how.lookups.model(spec.model)
    _name_shape(spec, architecture, assumed)
    chip = how.lookups.accelerator(spec.cluster.accelerator)
    check_precision(spec.precision, chip, problems)
    check_method(spec, problems)
    method = method_of(spec, architecture, how.lookups, assumed)
    for said in (serves_only(chip), slow_link(chip) if spec.cluster.count > 1 else ""):
        if said:
            problems.warn("cluster.accelerator", said)
    for warning in architecture.warnings:
        problems.warn("model", warning)
    tokens = _tokens(spec, architecture, assumed)
    sequence = _sequence(spec, architecture, assumed)
    fixed = _stated(spec)
    is_searched = not any(getattr(spec.parallelism, name) for name in (*SIZES, "data_parallel_size"))
    is_searched = is_searched and spec.cluster.count > 1
    setup = replace(_unsplit(spec, architecture, chip, sequence), **learning(spec, architecture, assumed))
    setup = _with_sizes(spec, setup, is_searched, assumed)
    sizes = _sizes(setup, spec)
    batch = _batch(spec, tokens, setup, is_searched, assumed)
    setup = replace(setup, global_batch_size=batch)
    if not is_searched:
        check_layout(sizes, spec.cluster.count, architecture, problems)
        check_sequence(sequence, sizes.context, problems)
        if spec.batch.global_batch_size and sizes.chips == spec.cluster.count:
            check_batch(spec.batch.global_batch_size, spec.batch.micro_batch_size, sizes.data, problems)
    _name_cluster(setup, assumed)
    check_nodes(setup, spec.cluster.per_node, problems)
    check_power_cap(setup, how.calibration.power.waiting_share, problems)
    if spec.method != "pretrain":
        assumed.take("run.shares_of_chip_hours.engineering", 0, TUNED_ENGINEERING, "share")
    if not method.is_plain and not problems:
        for path, said in obstacles(method, setup, how.calibration.step):
            problems.add(path, said)
    if problems:
        return None
    day = spec.as_of or how.today
    try:
        rates = rates_of(spec, chip, how.lookups, day, assumed)
    except UnknownName as unknown:
        problems.add("site.region", str(unknown).split(";", maxsplit=1)[0], nearest=unknown.nearest)
        return None
    if spec.price.basis == "own" and spec.price.usd_per_chip_hour is None and (unsold := why_not_sold(chip)):
        problems.warn("price.basis", f"{unsold}: own {chip.key} are priced {ESTIMATED}")
    year = day.year + (day.month - 0.5) / 12
    return Described(spec, setup, tokens, rates, assumed, year, fixed, is_searched, method=method)


def _unsplit(spec: TrainSpec, architecture: Architecture, chip: Accelerator, sequence: int) -> Setup:
    """What the spec says of a step, its layout and its batch apart."""
    return Setup(
        architecture=architecture,
        accelerator=chip,
        count=spec.cluster.count,
        global_batch_size=1,
        micro_batch_size=spec.batch.micro_batch_size or 1,
        sequence_length=sequence,
        per_node=spec.cluster.per_node,
        inter_node_bytes_per_s=spec.cluster.inter_node,
        precision=spec.precision,
        attention=spec.attention,
        power_cap_w=spec.power_cap_w,
        recompute=spec.recompute or "none",
    )


def _stated(spec: TrainSpec) -> Fixed:
    """The fields of the layout that the spec states."""
    stated: dict[str, int | str | bool] = {
        name: value for name, value in spec.parallelism.model_dump().items() if value is not None
    }
    if spec.batch.micro_batch_size:
        stated["micro_batch_size"] = spec.batch.micro_batch_size
    if spec.recompute:
        stated["recompute"] = spec.recompute
    return stated


def _tokens(spec: TrainSpec, architecture: Architecture, assumed: Assumed) -> float | Range:
    stated = stated_tokens(spec)
    if stated is not None:
        return stated
    return assumed.take(
        "tokens",
        TOKENS_PER_PARAMETER * architecture.active_parameters,
        "20 for each active parameter, compute-optimal for a dense model",
        "tokens",
        "arXiv:2203.15556",
    )


def _sequence(spec: TrainSpec, architecture: Architecture, assumed: Assumed) -> int:
    if spec.batch.sequence_length:
        return spec.batch.sequence_length
    if spec.rlhf is not None:
        return spec.rlhf.prompt_tokens + spec.rlhf.output_tokens
    longest = architecture.max_position_embeddings or SEQUENCE_LENGTH
    length = min(SEQUENCE_LENGTH, longest)
    return assumed.take("batch.sequence_length", length, "the usual length of training", "tokens")


def _with_sizes(spec: TrainSpec, setup: Setup, is_searched: bool, assumed: Assumed) -> Setup:
    """The setup with sizes, sharding and software as stated; the rest as the software has it by default."""
    layout = spec.parallelism
    stack = spec.stack or _stack(spec, setup, assumed)
    sizes = {name: getattr(layout, name) or 1 for name in (*SIZES, "virtual_pipeline_size")}
    sharding, sequence_parallel = layout.sharding, layout.sequence_parallel
    if not is_searched:
        left = [name for name in sizes if getattr(layout, name) is None]
        if left:
            names = ", ".join(name.removesuffix("_size").replace("_", " ") for name in left)
            assumed.take("parallelism", 1, f"{names}: 1 where not stated")
    if sharding is None:
        sharding = "zero-3" if stack in SHARDED_STACKS else "zero-1"
        if not is_searched:
            assumed.take("parallelism.sharding", sharding, f"what {stack} does by default")
    if sequence_parallel is None:
        sequence_parallel = sizes["tensor_parallel_size"] > 1
        if not is_searched and sequence_parallel:
            assumed.take("parallelism.sequence_parallel", True, "usual with tensor parallelism")
    return replace(setup, stack=stack, sharding=sharding, sequence_parallel=sequence_parallel, **sizes)


def _stack(spec: TrainSpec, setup: Setup, assumed: Assumed) -> str:
    if setup.accelerator.kind == "TPU":
        return assumed.take("stack", "maxtext", "the usual software on TPUs")
    layout = spec.parallelism
    is_sharded = layout.sharding in ("zero-3", "hsdp") and not (layout.pipeline_parallel_size or 1) > 1
    if is_sharded:
        return assumed.take("stack", "fsdp", "fully sharded: PyTorch's own")
    return assumed.take("stack", "megatron", "the usual software for tensor and pipeline parallelism")


def _sizes(setup: Setup, spec: TrainSpec) -> Sizes:
    return Sizes(
        setup.tensor_parallel_size,
        setup.pipeline_parallel_size,
        setup.virtual_pipeline_size,
        setup.context_parallel_size,
        setup.expert_parallel_size,
        spec.parallelism.data_parallel_size or max(setup.data_parallel_size, 1),
    )


def _batch(spec: TrainSpec, tokens: float | Range, setup: Setup, is_searched: bool, assumed: Assumed) -> int:
    """Sequences of a step: as stated, or near the best for the compute (`batch_sequences` of 6 N D)."""
    if spec.batch.global_batch_size:
        return spec.batch.global_batch_size
    if spec.rlhf is not None:
        answers = spec.rlhf.prompts_per_step * spec.rlhf.samples
        return assumed.take("batch.global_batch_size", answers, "one update for all answers", "sequences")
    if spec.method in TUNES:
        return _tuning_batch(setup, assumed)
    trained = tokens.median if isinstance(tokens, Range) else tokens
    compute = 6 * setup.architecture.active_parameters * trained
    power = batch_sequences(compute, setup.sequence_length)
    unit = max(setup.data_parallel_size, 1) * setup.micro_batch_size
    batch = suited(setup, power) if is_searched else max(unit, round(power / unit) * unit)
    return assumed.take(
        "batch.global_batch_size",
        batch,
        "near the best for this compute, at most 16.8 M tokens"
        + ("" if batch == power else f"; {power:,} does not suit {setup.count:,} chips"),
        "sequences",
        BATCH_SOURCE,
    )


def _tuning_batch(setup: Setup, assumed: Assumed) -> int:
    unit = max(setup.data_parallel_size, 1) * setup.micro_batch_size
    batch = -(-TUNING_SEQUENCES // unit) * unit
    return assumed.take(
        "batch.global_batch_size", batch, "usual for a fine-tune", "sequences", TUNING_BATCH_SOURCE
    )


def _name_shape(spec: TrainSpec, architecture: Architecture, assumed: Assumed) -> None:
    """Name what stands in for what the config.json of a model of the user leaves to its code."""
    if isinstance(spec.model, str) and not spec.model.endswith(".json"):
        return
    for key, value, reason in defaults(architecture.config):
        assumed.take(f"model.{key}", value, reason)


def _name_cluster(setup: Setup, assumed: Assumed) -> None:
    """Name what stands in for what is not said of the cluster."""
    chip = setup.accelerator
    if setup.per_node is None:
        assumed.take(
            "cluster.per_node", chip.scale_up_chips, f"what the fast link of {chip.key} joins", "chips"
        )
    if setup.inter_node_bytes_per_s is None and setup.count > (setup.per_node or chip.scale_up_chips):
        if chip.scale_out_bits_per_s is None:
            rate, reason = UNKNOWN_NETWORK_BYTES_PER_S, "no network of this chip is on record: 200 Gbit/s"
        else:
            value = chip.scale_out_bits_per_s.value
            rate = (value.median if isinstance(value, Range) else value) / 8
            reason = f"the usual network of {chip.key}"
        assumed.take("cluster.inter_node", rate, reason, "bytes/s")
    if chip.tdp_w is None:
        assumed.take("power_cap_w", None, f"no power of {chip.key} is on record: 0.7 W per TFLOP/s")
