"""From a stack of cases to what a user asks for: step, peak shares, memory, run, energy and money, ranged.

One path for one run, a sweep and a comparison of chips. Model FLOPs are forward and backward without
recomputation, attention counted causally (half); their share of the dense peak of the precision that layers
are multiplied in is the MFU; with recomputed FLOPs it is the HFU.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from truecost.physics.energy import server_power_w
from truecost.physics.flops import FORWARD_AND_BACKWARD
from truecost.physics.goodput import CAUSES, Operations, WholeRun, whole_run
from truecost.physics.training_calibration import TrainingCalibration
from truecost.physics.training_step.cases import FULL, SELECTIVE, STACK_CODES, Cases
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.memory import MemoryParts, memory_parts, usable_bytes
from truecost.physics.training_step.step import StepParts, step_parts
from truecost.ranges import FloatArray, Value
from truecost.training.calibrated import regimes, run_factor, step_factor
from truecost.training.cycle import Beside
from truecost.training.spread import Spread

ENGINEERING = "engineering"
"""What recorded runs take beyond every loss that has a formula: debugging, restarts with other settings."""
LIMITS: Mapping[str, tuple[str, ...]] = {
    "matrix products": ("matrices", "experts", "head"),
    "attention": ("attention",),
    "memory traffic": ("elementwise", "conversion", "optimizer"),
    "recomputation": ("recompute",),
    "tensor-parallel communication": ("tensor_exchange",),
    "context-parallel communication": ("context_exchange",),
    "expert-parallel communication": ("expert_exchange",),
    "data-parallel communication": ("sharded_exchange", "data_exchange"),
    "pipeline bubble": ("bubble", "imbalance"),
    "pipeline communication": ("pipeline_exchange",),
    "kernel launches": ("launch", "other"),
    "writing answers": ("generation",),
    "forward passes of frozen models": ("scoring",),
    "the critic's update": ("critic",),
}
"""What can limit a step, and the parts of its time that belong to it."""
COMPUTING = (
    "matrices", "experts", "attention", "elementwise", "conversion", "recompute", "head", "optimizer",
    "generation", "scoring", "critic",
)  # fmt: skip
"""Parts of a step in which chips compute; in the others they wait."""
STEPPING = ("steps", "batch ramp", "evaluation", "lost work")
"""Parts of a run in which steps are made, useful or not."""
SECONDS_PER_DAY = 86_400.0
MEMORY_LIMIT = "memory capacity"
RANGED = (
    "step_time_s", "tokens_per_s", "tokens_per_s_per_chip", "model_tflops_per_chip", "mfu", "hfu",
    "goodput", "chip_hours", "days", "cost_usd", "energy_kwh", "co2e_kg",
)  # fmt: skip
OUTPUTS = (
    "step_time_s", "tokens_per_s", "tokens_per_s_per_chip", "model_tflops_per_chip", "mfu", "hfu",
    "memory_bytes_per_chip", "fits", "goodput", "chip_hours", "days", "cost_usd", "energy_kwh", "co2e_kg",
)  # fmt: skip
"""The names of the answer, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class RunInputs:
    """What the run needs beside the step; every field for one case or an array over cases."""

    tokens: Spread
    usd_per_chip_hour: Spread
    """Rent, or the wear of own chips; NaN where no price is known."""
    usd_per_kwh: Spread
    """0 where the rent includes electricity."""
    server_overhead: Value
    """Rated power of a server over that of its chips."""
    pue: Spread
    kgco2e_per_kwh: Spread
    operations: Operations
    reference_share: Value
    """Of the 16-bit peak, in the best layout on these chips (`training.reference`)."""
    is_tuning: Value = 0.0
    """1 for a run after pre-training, of which none is on record."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """The answer, each field an array with one entry a case."""

    step_time_s: Spread
    tokens_per_s: Spread
    tokens_per_s_per_chip: Spread
    model_tflops_per_chip: Spread
    mfu: Spread
    hfu: Spread
    memory_bytes_per_chip: FloatArray
    fits: FloatArray
    """1 where it does."""
    goodput: Spread
    chip_hours: Spread
    days: Spread
    cost_usd: Spread
    energy_kwh: Spread
    co2e_kg: Spread
    limited_by: FloatArray
    """Index into LIMITS; -1 where memory does not hold it."""
    step: StepParts
    memory: MemoryParts
    run: WholeRun
    shares: Mapping[str, Value]
    """Of the run's chip-hours, by cause: those of `run`, and engineering."""
    regime: NDArray[np.intp]
    """Index into REGIMES."""
    tokens: Spread
    watts_per_chip: Spread
    """Mean power of a chip with its part of the server, over the run."""

    def columns(self) -> dict[str, Value | list[str]]:
        """The answer by its output names, ranged ones with `_p5` and `_p95` beside them."""
        found: dict[str, Value | list[str]] = {}
        for name in OUTPUTS:
            value = getattr(self, name)
            if not isinstance(value, Spread):
                found[name] = value
                continue
            found |= {name: value.middle, f"{name}_p5": value.p5, f"{name}_p95": value.p95}
        found["limited_by"] = [limit_name(int(code)) for code in self.limited_by]
        return found


def limit_name(code: int) -> str:
    """The name of a limit."""
    return MEMORY_LIMIT if code < 0 else tuple(LIMITS)[code]


def estimate(
    cases: Cases, run: RunInputs, calibration: TrainingCalibration, beside: Beside | None = None
) -> Estimates:
    """Everything about every case; `beside` is what its steps do beside their update."""
    update, memory = step_parts(cases, calibration.step), memory_parts(cases)
    fits = np.asarray(np.less_equal(memory.total, usable_bytes(cases.chips)), np.float64)
    step = update if beside is None else beside.cycle(update)
    time, around = _step_time(cases, step, calibration, beside)
    tokens_per_step = cases.layout.global_batch * cases.layout.sequence
    tokens_per_step = tokens_per_step * (1.0 if beside is None else beside.batches)
    whole = whole_run(
        run.tokens.middle / tokens_per_step * time.middle,
        cases.layout.chips,
        cases.model.parameters,
        run.operations,
    )
    gap = _gap(cases, run, calibration, time, around)
    hours = Spread(whole.chip_hours) * gap * run.tokens.around_one
    watts = _watts(cases, run, step, whole, calibration)
    energy = hours * watts * run.pue * (1 / 1000)
    return Estimates(
        step_time_s=time,
        **_rates(cases, time, calibration.step, beside),
        memory_bytes_per_chip=np.asarray(memory.total, np.float64),
        fits=fits,
        goodput=(Spread(whole.goodput) * gap.inverse()).at_most(1.0),
        chip_hours=hours,
        days=Spread(whole.days) * gap * run.tokens.around_one,
        cost_usd=hours * _usd_per_hour(watts, run),
        energy_kwh=energy,
        co2e_kg=energy * run.kgco2e_per_kwh,
        limited_by=_limits(step, fits),
        step=step,
        memory=memory,
        run=whole,
        shares=_shares(whole, gap.middle),
        regime=regimes(cases, calibration),
        tokens=run.tokens,
        watts_per_chip=watts,
    )


def _gap(
    cases: Cases, run: RunInputs, calibration: TrainingCalibration, time: Spread, around: Spread
) -> Spread:
    """Real over predicted chip-hours of a run.

    Of pre-training by the record, which holds the step law's error already. No run after it is on record:
    between nothing beyond its steps, the middle, and the most that pre-training takes, times that error.
    """
    recorded = run_factor(cases, calibration, run.reference_share)
    most = np.maximum(recorded.p95, 1.0)
    tuned, trained = Spread(1.0, 1.0, most) * time.around_one, recorded * around
    is_tuning = np.asarray(run.is_tuning) > 0
    return Spread(
        np.where(is_tuning, tuned.middle, trained.middle),
        np.where(is_tuning, tuned.down, trained.down),
        np.where(is_tuning, tuned.up, trained.up),
    )


def _step_time(
    cases: Cases, step: StepParts, calibration: TrainingCalibration, beside: Beside | None
) -> tuple[Spread, Spread]:
    """Seconds of a step, and what the serving law's uncertainty makes of their interval, around 1.

    All that the step law answers for is off together; what the serving law answers for, on its own.
    """
    factor = step_factor(cases, calibration)
    if beside is None:
        return Spread(step.total) * factor, Spread(1.0)
    residual = beside.residual
    served = Spread(beside.served_s, residual.low, residual.high)
    trained = step.total - beside.served_s
    return Spread(trained) * factor + served, (Spread(trained) + served).around_one


def _shares(run: WholeRun, factor: Value) -> dict[str, Value]:
    return {cause: run.shares[cause] / factor for cause in CAUSES} | {
        ENGINEERING: 1 - 1 / factor + 0.0 * np.asarray(run.goodput)
    }


def _watts(
    cases: Cases, run: RunInputs, step: StepParts, whole: WholeRun, calibration: TrainingCalibration
) -> Spread:
    """Mean power of a chip with its part of the server: computing part of a step, stepping part of a run."""
    computing = sum(np.asarray(getattr(step, part, 0.0)) for part in COMPUTING)
    stepping = sum(np.asarray(whole.shares[cause]) for cause in STEPPING)
    load = np.minimum(computing / step.total, 1.0) * stepping
    chips = cases.chips
    middle = server_power_w(load, chips.rated_power_w, run.server_overhead, calibration.power, chips.power_w)
    return Spread(middle, calibration.power_range_90.low, calibration.power_range_90.high)


def _usd_per_hour(watts: Spread, run: RunInputs) -> Spread:
    """USD a chip-hour: its price, and the electricity where it is not in it."""
    power = watts * run.pue * run.usd_per_kwh * (1 / 1000)
    rent = run.usd_per_chip_hour
    each = rent.middle + power.middle
    return Spread(each, (rent.p5 + power.p5) / each, (rent.p95 + power.p95) / each)


def forward_flops(cases: Cases) -> Value:
    """FLOP of the forward pass for one token, attention causal."""
    return 2 * cases.model.active_parameters + cases.attention_flops


def _model_flops(cases: Cases) -> Value:
    """FLOP of an update, forward and backward; frozen weights take no gradients of their own."""
    frozen = (1 - cases.layout.weight_gradients) * 2 * cases.model.active_parameters
    each = FORWARD_AND_BACKWARD * forward_flops(cases) - frozen
    return each * cases.layout.global_batch * cases.layout.sequence


def _rates(cases: Cases, time: Spread, constants: StepConstants, beside: Beside | None) -> dict[str, Spread]:
    """Rates and peak shares: all fall as the step takes longer."""
    layout, chips = cases.layout, cases.chips
    tokens = layout.global_batch * layout.sequence
    model = _model_flops(cases)
    again = recomputed_flops(cases, constants) * tokens
    if beside is not None:
        model, again = model * beside.updates + beside.flops, again * beside.updates
        tokens = tokens * beside.batches
    per_s = time.inverse()
    peak = layout.chips * chips.peak_flops
    return {
        "tokens_per_s": per_s * tokens,
        "tokens_per_s_per_chip": per_s * (tokens / layout.chips),
        "model_tflops_per_chip": per_s * (model / layout.chips / 1e12),
        "mfu": replace(per_s * (model / peak), most=1.0),
        "hfu": replace(per_s * ((model + again) / peak), most=1.0),
    }


def recomputed_flops(cases: Cases, constants: StepConstants) -> Value:
    """FLOP a token done again in the backward pass: attention (selective in Megatron), a share, or all."""
    layers = forward_flops(cases) - 2 * cases.model.hidden * cases.model.vocabulary
    by_operation = np.isin(
        cases.layout.stack, [STACK_CODES[name] for name in ("fsdp", "torchtitan", "maxtext")]
    )
    selective = np.where(by_operation, constants.selective_share * layers, cases.attention_flops)
    mode = cases.layout.recompute
    return np.where(mode == FULL, layers, np.where(mode == SELECTIVE, selective, 0.0))


def _limits(step: StepParts, fits: FloatArray) -> FloatArray:
    groups = [sum(np.asarray(getattr(step, part, 0.0)) for part in parts) for parts in LIMITS.values()]
    stacked = np.stack(np.broadcast_arrays(*groups))
    return np.where(fits > 0, stacked.argmax(axis=0), -1)


def operations_of(rows: list[dict[str, float]]) -> Operations:
    """How clusters are run, one entry a case; what a row does not say is the record's."""
    usual = Operations()
    found = {
        field.name: np.array([row.get(field.name, getattr(usual, field.name)) for row in rows], np.float64)
        for field in fields(Operations)
    }
    return replace(usual, **found)
