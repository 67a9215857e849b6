"""What share of its chips' peak a run keeps from start to end, by the law of a training step.

The fastest layout that fits says how long a step takes, the losses of a run (stragglers, batch ramp,
evaluation, checkpoints, failures and restarts) how much of the time is steps, and the engineering factor
what recorded runs took on top. All three are worked out once, at the medians of what the plan states; what is
drawn is the factor's spread, so that chip-hours stay FLOPs over a share of peak.

Answers are kept by what they depend on: a plan is evaluated many times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from truecost.catalog.accelerators import Accelerator
from truecost.catalog.architectures import Architecture
from truecost.physics.flops import FORWARD_AND_BACKWARD, mean_forward_flops_per_token

if TYPE_CHECKING:
    from truecost.physics.training_step.setup import Setup

USUAL_DAYS: Final = 45.0
"""Length of a run where a plan states neither chips nor days: near the middle of the recorded runs."""
USUAL_UTILIZATION: Final = 0.35
"""To guess how many chips a run takes for its days; its chip-hours hardly depend on it."""
ONE_NODE: Final = 8
SEQUENCE_TOKENS: Final = 4096
FUSED_SINCE: Final = 2023.0
"""Runs before it took attention that writes its scores to memory, as those of the record did."""
SPLIT_ABOVE_TOKENS: Final = 8192
"""Sequences are split over chips (context parallelism) above it; below it, where nothing else fits: a tenth
of the layouts, and a best one within a thousandth of the same speed."""
MOST_DOUBLINGS: Final = 8
MOST_CHIPS: Final = 2**18
SECONDS_PER_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A run as the law is asked about it: medians where the plan states ranges."""

    tokens: float
    precision: str
    year: float
    """Of the plan's prices, months as a fraction."""
    sequence_tokens: int | None = None
    chips: float | None = None
    days: float | None = None
    is_tuning: bool = False
    """Tuned on as few nodes as hold the model, without a pipeline, and started as fast as a run restarts."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the law says of a run; of a chip-hour, `kept` is the share of peak that trains."""

    step_share: float
    """Model FLOPs of a step over what the chips could do in its time at their dense peak."""
    losses: Mapping[str, float]
    """Shares of the chip-hours that are no steps at a benchmark's speed, by cause."""
    factor: float
    """Median engineering factor of a run like it."""
    around: tuple[float, float]
    """Its 90 % interval, over the median."""
    regime: str
    """How well runs like it are covered by measured steps."""
    setup: Setup
    wanted_chips: int
    """Chips it was first asked about: fewer than those of the setup where the model did not fit."""
    step_seconds: float

    @property
    def goodput(self) -> float:
        """Share of the chip-hours that is steps at a benchmark's speed, before the engineering factor."""
        return 1 - sum(self.losses.values())

    @property
    def kept(self) -> float:
        """The share of peak over the whole run, at the median factor."""
        return self.step_share * self.goodput / self.factor


@dataclass(frozen=True, slots=True)
class Unpredictable:
    """The law has no answer, and why."""

    reason: str


def predicted(asked: Asked, model: Architecture, chip: Accelerator) -> Predicted | Unpredictable:
    """The whole run of a model on a chip by the law; Unpredictable where it has no layout that fits."""
    return _answer(asked, model, _Chip(_facts(chip), chip))


@dataclass(frozen=True, slots=True)
class _Chip:
    """An accelerator that can be a key: equal where all its facts are."""

    facts: tuple[object, ...]
    accelerator: Accelerator = field(compare=False)


def _facts(chip: Accelerator) -> tuple[object, ...]:
    values: list[object] = [getattr(chip, one.name) for one in fields(chip)]
    return tuple(
        tuple(cast("Mapping[str, object]", value).items()) if isinstance(value, Mapping) else value
        for value in values
    )


@lru_cache(maxsize=512)
def _answer(asked: Asked, model: Architecture, chip: _Chip) -> Predicted | Unpredictable:
    from truecost.physics.training_step.cases import MULTIPLIED_IN
    from truecost.spec import Problems
    from truecost.training.checks import check_precision

    problems = Problems()
    if asked.precision not in MULTIPLIED_IN:
        return Unpredictable(f"no training step in {asked.precision} was measured")
    check_precision(asked.precision, chip.accelerator, problems)
    if problems:
        return Unpredictable(f"{chip.accelerator.key} has no {asked.precision} units")
    wanted = _wanted_chips(asked, model, chip.accelerator)
    setup = _laid_out(_setup(asked, model, chip.accelerator, wanted), asked)
    return setup if isinstance(setup, Unpredictable) else _whole(setup, asked, wanted)


def _wanted_chips(asked: Asked, model: Architecture, chip: Accelerator) -> int:
    """Chips that the plan states or its days take, as the nearest power of two: a count that has layouts."""
    if asked.is_tuning:
        return ONE_NODE
    chips = asked.chips
    if chips is None:
        flops = _flops_per_token(asked, model) * asked.tokens
        days = asked.days or USUAL_DAYS
        chips = flops / (chip.dense_peak(asked.precision) * USUAL_UTILIZATION * days * SECONDS_PER_DAY)
        chips = max(chips, ONE_NODE)
    return min(2 ** round(math.log2(max(chips, 1.0))), MOST_CHIPS)


def _sequence(asked: Asked, model: Architecture) -> int:
    return asked.sequence_tokens or min(SEQUENCE_TOKENS, model.max_position_embeddings or SEQUENCE_TOKENS)


def _flops_per_token(asked: Asked, model: Architecture) -> float:
    return FORWARD_AND_BACKWARD * float(mean_forward_flops_per_token(model, _sequence(asked, model)))


def _setup(asked: Asked, model: Architecture, chip: Accelerator, chips: int) -> Setup:
    from truecost.physics.training_step.setup import Setup
    from truecost.training.unstated import batch_sequences

    sequence = _sequence(asked, model)
    return Setup(
        architecture=model,
        accelerator=chip,
        count=chips,
        global_batch_size=batch_sequences(6 * model.active_parameters * asked.tokens, sequence),
        micro_batch_size=1,
        sequence_length=sequence,
        precision=asked.precision,
        attention="flash" if asked.year >= FUSED_SINCE else "unfused",
        stack="maxtext" if chip.kind == "TPU" else "megatron",
    )


def _laid_out(setup: Setup, asked: Asked) -> Setup | Unpredictable:
    """The setup in its fastest layout, on twice the chips until one fits."""
    from truecost.training.calibrated import training_calibration
    from truecost.training.search import NoLayout, best_layout

    constants = training_calibration().step
    reason = ""
    for count, fixed in _attempts(setup, asked.is_tuning):
        try:
            return best_layout(replace(setup, count=count), constants, fixed)
        except NoLayout as none:
            reason = reason or str(none)
    return Unpredictable(f"no layout is found: {reason}")


def _attempts(setup: Setup, is_tuning: bool) -> Iterator[tuple[int, dict[str, int]]]:
    """Numbers of chips, and what of the layout is set, in the order in which they are tried."""
    narrow = {"context_parallel_size": 1} if setup.sequence_length <= SPLIT_ABOVE_TOKENS else {}
    if is_tuning:
        narrow["pipeline_parallel_size"] = 1
    for doublings in range(MOST_DOUBLINGS + 1):
        count = setup.count * 2**doublings
        if count > MOST_CHIPS:
            return
        yield count, narrow
        if narrow and not is_tuning and not doublings:
            yield count, {}


def _whole(setup: Setup, asked: Asked, wanted: int) -> Predicted:
    """The run of all tokens in a layout: its steps, its losses, the factor of runs like it."""
    from truecost.physics.goodput import CAUSES, Operations, whole_run
    from truecost.physics.training_step.setup import stack_setups
    from truecost.physics.training_step.step import step_parts
    from truecost.training.calibrated import REGIMES, regimes, run_factor, training_calibration

    calibration, cases = training_calibration(), stack_setups([setup])
    step_seconds = float(np.sum(step_parts(cases, calibration.step).total))
    step_tokens = setup.global_batch_size * setup.sequence_length
    seconds = asked.tokens / step_tokens * step_seconds
    usual = Operations()
    how = replace(usual, start_hours=usual.restart_hours) if asked.is_tuning else usual
    run = whole_run(seconds, float(setup.count), float(setup.architecture.total_parameters), how)
    chip_seconds = step_seconds * setup.count
    flops = (
        FORWARD_AND_BACKWARD
        * step_tokens
        * float(mean_forward_flops_per_token(setup.architecture, setup.sequence_length))
    )
    of_wide_peak = flops / (chip_seconds * float(np.sum(cases.chips.wide_peak_flops)))
    factor = run_factor(cases, calibration, of_wide_peak)
    return Predicted(
        step_share=flops / (chip_seconds * setup.accelerator.dense_peak(asked.precision)),
        losses={cause: float(run.shares[cause]) for cause in CAUSES if cause != "steps"},
        factor=float(np.sum(factor.middle)),
        around=(float(np.sum(factor.down)), float(np.sum(factor.up))),
        regime=REGIMES[int(regimes(cases, calibration)[0])],
        setup=setup,
        wanted_chips=wanted,
        step_seconds=step_seconds,
    )


@lru_cache(maxsize=64)
def dense_shape(parameters: float) -> Architecture:
    """A dense model of so many parameters, for one whose architecture is not public."""
    from truecost.catalog.config_json import from_config
    from truecost.catalog.facts import Confidence
    from truecost.training.unstated import dense_config

    name = f"a dense model of {parameters / 1e9:.3g} billion parameters"
    return from_config(dense_config(parameters), name, "sizes from its parameters", Confidence.ESTIMATE)
