"""From the time of a step to the wall-clock of a whole run: what is lost on the way, by cause.

A step law (or a benchmark) says how long all the tokens take if nothing ever goes wrong. A run also ramps
its batch up, waits for its slowest server, pauses to evaluate, writes checkpoints, fails, and does work
again: `whole_run` adds these up, each with a formula and an input of its own.

What it does not know: debugging, restarts with other data or settings, a layout that is not the best one,
a cluster shared with others. All of that is one factor, calibrated on recorded runs with the losses above
already taken out (`engineering_factor`; fitted and judged in `evidence.whole_run_fit`).

Shares of the chip-hours, spares included; everything takes floats or arrays of draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from truecost.normal import Z95
from truecost.physics.reliability import (
    HOURS_PER_YEAR,
    checkpoint_hours,
    mean_hours_between_interruptions,
    optimum_checkpoint_interval_hours,
)
from truecost.ranges import Range, Value

SECONDS_PER_HOUR: Final = 3600.0
HOURS_PER_DAY: Final = 24.0
BENCHMARK_CHIPS: Final = 512.0
"""Benchmarks behind step laws run on up to some hundred chips: what their stragglers cost is in the law."""
CAUSES: Final = (
    "steps",
    "stragglers",
    "batch ramp",
    "evaluation",
    "start",
    "checkpoints",
    "lost work",
    "recovery",
    "spares",
)
"""Where the chip-hours of a run go; only the first trains."""


@dataclass(frozen=True, slots=True)
class Operations:
    """How a cluster is run: what the losses of a run depend on beside its size.

    Sourced: the interruptions (`evidence/data/interruptions.csv`: all counted over all chip-years of its 6
    records), checkpoint bytes and bandwidth (arXiv:2104.04473, section 5.10), hours to detect and restart
    (11 minutes in all between retries in a report on a 63-node cluster; arXiv:2402.15627: under 10 to
    detect and diagnose). The other defaults are estimates of this package; what they get wrong is in the
    calibrated engineering factor.
    """

    interruptions_per_chip_year: Value = 0.18
    """Unplanned stops of the job."""
    detection_hours: Value = 0.05
    """From the fault to the stop: a hanging collective has to time out."""
    restart_hours: Value = 0.13
    """Replace, load the checkpoint, warm up."""
    checkpoint_bytes_per_parameter: Value = 13.7
    """Weights, master weights and both moments of the optimizer."""
    storage_bytes_per_s: Value = 273e9
    """Write bandwidth of the whole cluster."""
    blocking_share: Value = 1.0
    """Of a write's time that training waits for it: 1 for a plain write, less for an asynchronous one."""
    straggler_share_per_doubling: Value = 0.01
    """Time added by waiting for the slowest server, for each doubling of chips above a benchmark's."""
    ramp_tokens_share: Value = 0.02
    """Of all tokens, trained while the batch is still small."""
    ramp_speed: Value = 0.5
    """Throughput then, over that of the full batch."""
    evaluation_share: Value = 0.01
    """Time of pauses to evaluate, over the time of steps."""
    start_hours: Value = 0.5
    """Before the first step: allocation, compilation, warm-up."""
    repair_hours: Value = 0.0
    """A failed server is away; above 0 for a cluster that keeps spares for as long as repairs take."""
    chips_per_server: Value = 8.0


@dataclass(frozen=True, slots=True)
class WholeRun:
    """A run from start to end, and where its chip-hours went."""

    shares: Mapping[str, Value]
    """Of `chip_hours`, by cause, in the order of CAUSES; they add up to 1."""
    hours: Value
    """Wall-clock."""
    chip_hours: Value
    """Spares included."""
    interruptions: Value
    checkpoint_interval_hours: Value

    @property
    def goodput(self) -> Value:
        """Share of the chip-hours spent on steps at the benchmark's speed, above 0 and at most 1."""
        return self.shares["steps"]

    @property
    def days(self) -> Value:
        """Wall-clock days."""
        return self.hours / HOURS_PER_DAY


def whole_run(
    step_seconds: Value, chips: Value, parameters: Value, operations: Operations | None = None
) -> WholeRun:
    """The whole run of all tokens that would take `step_seconds` at a benchmark's speed on `chips` chips.

    `step_seconds` is the step law's time of one step x the number of steps; `parameters` all parameters,
    experts included (what a checkpoint holds). Raises ValueError for inputs at or below 0.

    Progress = steps x (1 + stragglers + ramp + evaluation) + start. Checkpoints are written at the interval
    of Young and Daly; the number of interruptions is the time up (progress and checkpoints) over the mean
    time between them, and each costs half an interval of work, detection and a restart.

    >>> run = whole_run(54 * 86_400.0, 16_384.0, 405e9)
    >>> round(float(run.goodput), 2), round(float(run.days), 1)
    (0.82, 65.7)
    """
    for name, value in (("step_seconds", step_seconds), ("chips", chips), ("parameters", parameters)):
        if np.any(np.asarray(value) <= 0):
            raise ValueError(f"{name} must be above 0, not {value}")
    how = operations or Operations()
    steps = step_seconds / SECONDS_PER_HOUR
    added = {
        "stragglers": steps * straggler_share(chips, how.straggler_share_per_doubling),
        "batch ramp": steps * how.ramp_tokens_share * (1 / how.ramp_speed - 1),
        "evaluation": steps * how.evaluation_share,
        "start": how.start_hours,
    }
    progress = steps + sum(added.values())
    write = checkpoint_hours(parameters, how.checkpoint_bytes_per_parameter, how.storage_bytes_per_s)
    failures = _failures(progress, chips, write * how.blocking_share, how)
    hours = progress + failures.checkpoints + failures.lost_work + failures.recovery
    spares = hours * spare_share(how.interruptions_per_chip_year, how.repair_hours, how.chips_per_server)
    spent: dict[str, Value] = {
        "steps": steps,
        **added,
        "checkpoints": failures.checkpoints,
        "lost work": failures.lost_work,
        "recovery": failures.recovery,
        "spares": spares,
    }
    paid = hours + spares
    return WholeRun(
        shares={cause: spent[cause] / paid for cause in CAUSES},
        hours=hours,
        chip_hours=paid * chips,
        interruptions=failures.interruptions,
        checkpoint_interval_hours=failures.interval,
    )


@dataclass(frozen=True, slots=True)
class _Failures:
    """Hours that failures, and guarding against them, add to a run."""

    interval: Value
    interruptions: Value
    checkpoints: Value
    lost_work: Value
    recovery: Value


def _failures(progress: Value, chips: Value, write: Value, how: Operations) -> _Failures:
    """What failures take from a run of `progress` hours: the sum is that of `reliability.lost_share`."""
    between = mean_hours_between_interruptions(chips, how.interruptions_per_chip_year)
    interval = np.minimum(optimum_checkpoint_interval_hours(write, between), progress)
    checkpoints = progress * write / interval
    interruptions = (progress + checkpoints) / between
    return _Failures(
        interval=interval,
        interruptions=interruptions,
        checkpoints=checkpoints,
        lost_work=interruptions * (interval + write) / 2,
        recovery=interruptions * (how.detection_hours + how.restart_hours),
    )


def straggler_share(
    chips: Value, share_per_doubling: Value, benchmark_chips: Value = BENCHMARK_CHIPS
) -> Value:
    """Time a synchronous step loses to its slowest server, beyond what a benchmark's size already loses.

    Grows with the logarithm of the number of chips: the slowest of twice as many is slower by a constant.

    >>> float(straggler_share(16_384.0, 0.01))
    0.05
    """
    return share_per_doubling * np.log2(np.maximum(chips / BENCHMARK_CHIPS, 1.0))


def spare_share(interruptions_per_chip_year: Value, repair_hours: Value, chips_per_server: Value) -> Value:
    """Chips kept in reserve over chips in use, so that a job never waits for a repair on average.

    Formula: interruptions x hours of a repair / 8766 x chips of a server, which leaves as one.

    >>> round(spare_share(0.18, 48.0, 8.0), 4)
    0.0079
    """
    return interruptions_per_chip_year * repair_hours / HOURS_PER_YEAR * chips_per_server


@dataclass(frozen=True, slots=True)
class WholeRunConstants:
    """The engineering factor: recorded chip-hours over those of `whole_run`, lognormal; from `fit`."""

    median: float
    """Of the factor, at the reference values of the covariates."""
    slopes: Mapping[str, float]
    """By covariate: change of the factor's logarithm for each unit of it."""
    references: Mapping[str, float]
    limits: Mapping[str, tuple[float, float]]
    """What the record spans: a covariate beyond it counts as its nearest end."""
    log_spread: float
    """Half the logarithmic width of the 90 % interval of one more run, over 1.645."""

    def factor(self, covariates: Mapping[str, Value] | None = None) -> Value:
        """Median factor at some covariates; one that is not given stands at its reference."""
        log: Value = np.log(self.median)
        for name, slope in self.slopes.items():
            value = (covariates or {}).get(name, self.references[name])
            log = log + slope * (np.clip(value, *self.limits[name]) - self.references[name])
        return np.exp(log)

    @property
    def range_90(self) -> Range:
        """Of a run's factor over the median one: 90 % of further runs lie inside."""
        half = Z95 * self.log_spread
        return Range(float(np.exp(-half)), float(np.exp(half)))


def engineering_factor(
    constants: WholeRunConstants, covariates: Mapping[str, Value] | None = None, deviation: Value = 0.0
) -> Value:
    """What a run takes over `whole_run`: the median factor, or that of a normal `deviation` (its draws).

    >>> plain = WholeRunConstants(1.5, {}, {}, {}, 0.3)
    >>> round(float(engineering_factor(plain)), 3), round(float(engineering_factor(plain, deviation=1.0)), 3)
    (1.5, 2.025)
    """
    return constants.factor(covariates) * np.exp(constants.log_spread * deviation)
