"""How far off the training-step law is where it was not fitted, beside the best constant utilization.

Every source, and every chip, is predicted by constants fitted on the others. Those constants are kept in
`data/training_held_out.csv`, so that a scorecard takes a second; `truecost evidence fit training` makes them.
The intervals are those residuals' own: by regime, every source (or chip) weighing the same, and judged on
groups whose residuals they do not hold.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from truecost.evidence.metrics import (
    Labels,
    Score,
    group_weights,
    interval_90,
    least_widening,
    less_best_constant,
    score,
    widened,
)
from truecost.evidence.training_fit import HeldOut, fit_steps, leave_one_out, log_ratios
from truecost.evidence.training_steps import Steps, training_steps
from truecost.physics.flops import FORWARD_AND_BACKWARD
from truecost.physics.training_calibration import (
    DENSE,
    EXPERTS,
    KNOWN,
    NARROW,
    PARENT,
    UNKNOWN,
    RegimeInterval,
)
from truecost.physics.training_step.cases import QUANTIZED_FROM
from truecost.physics.training_step.constants import StepConstants, constant_names, from_flat
from truecost.ranges import FloatArray, Range

SOURCE, CHIP = "source", "chip"
LEAST_CASES = 150
"""Measured steps below which a regime has no interval of its own."""
WIDEST = 3.0
AIMED_COVERAGE = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class DatasetScore:
    """One source, or one chip, left out of the fit."""

    name: str
    law: Score
    constant: Score
    """Every step at the one share of the peak that suits the source best, in hindsight."""
    covered: int
    """Steps inside the 90 % interval that the other groups' residuals give for their regime."""
    width: float
    """Of that interval, in the middle: its upper end over its lower."""


@dataclass(frozen=True, slots=True, eq=False)
class StepScore:
    """Everything the scorecard of training steps prints and the calibration keeps."""

    steps: Steps
    constants: StepConstants
    held_out: Mapping[str, HeldOut]
    """By what was left out: "source" and "chip"."""
    datasets: tuple[DatasetScore, ...]
    chips: tuple[DatasetScore, ...]
    intervals: Mapping[str, RegimeInterval]


def fitted_score(progress: Callable[[str], None] = lambda name: None) -> StepScore:
    """Fit, leave out, compare: about a minute on one core. `progress` is told what is being left out."""
    steps = training_steps()
    held_out = {
        SOURCE: leave_one_out(steps, steps.datasets, progress),
        CHIP: leave_one_out(steps, steps.chips, progress),
    }
    return _score(steps, fit_steps(steps), held_out)


@cache
def shipped_score() -> StepScore:
    """The same with the constants the package ships."""
    from truecost.physics.calibration import load_calibration

    steps = training_steps()
    kept = _read_constants()
    held_out = {what: _held_out(steps, labels, kept[what]) for what, labels in _groupings(steps).items()}
    return _score(steps, load_calibration().training.step, held_out)


def held_out_text(result: StepScore) -> str:
    """`data/training_held_out.csv`: the constants of every fit with something left out."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["left_out", "name", *constant_names()])
    for what, held_out in result.held_out.items():
        for name, constants in held_out.constants.items():
            writer.writerow([what, name, *(f"{value:.4g}" for value in constants.flat().values())])
    return text.getvalue()


def _groupings(steps: Steps) -> dict[str, Labels]:
    return {SOURCE: steps.datasets, CHIP: steps.chips}


def _read_constants() -> dict[str, dict[str, StepConstants]]:
    text = (files("truecost.evidence") / "data" / "training_held_out.csv").read_text(encoding="utf-8")
    found: dict[str, dict[str, StepConstants]] = {SOURCE: {}, CHIP: {}}
    for row in csv.DictReader(text.splitlines()):
        values = {name: float(row[name]) for name in constant_names()}
        found[row["left_out"]][row["name"]] = from_flat(values)
    return found


def _held_out(steps: Steps, groups: Labels, constants: Mapping[str, StepConstants]) -> HeldOut:
    found = np.full(len(steps), np.nan)
    for group in np.unique(groups):
        own = groups == group
        found[own] = log_ratios(steps.where(own), constants[str(group)])
    return HeldOut(found, groups, dict(constants))


def _score(steps: Steps, constants: StepConstants, held_out: Mapping[str, HeldOut]) -> StepScore:
    judged = {
        SOURCE: _judged(steps, held_out[SOURCE].groups, [held_out[SOURCE]]),
        CHIP: _judged(steps, held_out[CHIP].groups, [held_out[CHIP], held_out[SOURCE]]),
    }
    return StepScore(
        steps=steps,
        constants=constants,
        held_out=held_out,
        datasets=_by_group(steps, held_out[SOURCE], judged[SOURCE]),
        chips=_by_group(steps, held_out[CHIP], judged[CHIP]),
        intervals=_intervals(steps, held_out, judged),
    )


class _Judged(NamedTuple):
    """The 90 % interval of each step as the other groups give it, for the step's regime."""

    inside: NDArray[np.bool_]
    width: FloatArray
    """Upper end over lower end."""


def _judged(steps: Steps, groups: Labels, kept: Sequence[HeldOut]) -> _Judged:
    """Every group judged by residuals of the others; `kept[0]` holds those of the groups themselves."""
    low, high = np.empty(len(steps)), np.empty(len(steps))
    for group in np.unique(groups):
        own = groups == group
        for regime, rows in _regimes(steps).items():
            if (own & rows).any():
                others = [pool & ~own for pool in (rows, *_parents(steps, regime))]
                enough = [one for one in others if int(one.sum()) >= LEAST_CASES]
                interval = _hull(kept, (enough or others[-1:])[0])
                low[own & rows], high[own & rows] = np.log(interval.low), np.log(interval.high)
    ratios = kept[0].log_ratios
    return _Judged((ratios >= low) & (ratios <= high), np.exp(high - low))


def _parents(steps: Steps, regime: str) -> tuple[NDArray[np.bool_], ...]:
    """What a regime of few steps is pooled with, the next wider first."""
    everything = np.ones(len(steps), dtype=np.bool_)
    return (everything,) if regime == DENSE else (~_regimes(steps)[DENSE], everything)


def _hull(kept: Sequence[HeldOut], rows: NDArray[np.bool_]) -> Range:
    """The interval that holds those of every way of leaving out: a chip that was never measured is not known
    better than one that was."""
    found = [_own_interval(one.log_ratios[rows], one.groups[rows]) for one in kept]
    return Range(min(one.low for one in found), max(one.high for one in found))


def _own_interval(ratios: FloatArray, groups: Labels) -> Range:
    widening = least_widening([(ratios, groups)], AIMED_COVERAGE, WIDEST)
    return widened(interval_90(ratios, group_weights(groups)), widening)


def _by_group(steps: Steps, held_out: HeldOut, judged: _Judged) -> tuple[DatasetScore, ...]:
    by_constant = np.log(utilizations(steps))
    scores: list[DatasetScore] = []
    for group in np.unique(held_out.groups):
        own = held_out.groups == group
        labels = held_out.groups[own]
        scores.append(
            DatasetScore(
                name=str(group),
                law=score(held_out.log_ratios[own], labels),
                constant=score(less_best_constant(by_constant[own]), labels),
                covered=int(judged.inside[own].sum()),
                width=float(np.median(judged.width[own])),
            )
        )
    return tuple(scores)


def utilizations(steps: Steps) -> FloatArray:
    """Share of the peak, at the precision of the products, that each measured step reached."""
    cases = steps.cases
    forward = 2 * cases.model.active_parameters + cases.attention_flops
    tokens = cases.layout.global_batch * cases.layout.sequence
    flops = FORWARD_AND_BACKWARD * forward * tokens
    return np.asarray(flops / (steps.seconds * cases.layout.chips * cases.chips.peak_flops))


def regime_names(steps: Steps) -> Labels:
    """What a step multiplies in, or that it routes to experts: DENSE, NARROW or EXPERTS."""
    found = _regimes(steps)
    return np.select(list(found.values()), list(found), DENSE)


def _regimes(steps: Steps) -> dict[str, NDArray[np.bool_]]:
    has_experts = np.asarray(steps.cases.model.moe_layers) > 0
    narrow = np.asarray(steps.cases.layout.precision) >= QUANTIZED_FROM
    return {DENSE: ~has_experts & ~narrow, NARROW: ~has_experts & narrow, EXPERTS: has_experts}


def _intervals(
    steps: Steps, held_out: Mapping[str, HeldOut], judged: Mapping[str, _Judged]
) -> dict[str, RegimeInterval]:
    found: dict[str, RegimeInterval] = {}
    everything = np.ones(len(steps), dtype=np.bool_)
    ways = {KNOWN: (SOURCE, (SOURCE,)), UNKNOWN: (CHIP, (CHIP, SOURCE))}
    for chip, (judge, kept) in ways.items():
        regimes = _regimes(steps)
        for regime, rows in {"all": everything, PARENT: ~regimes[DENSE], **regimes}.items():
            if regime == "all" or int(rows.sum()) >= LEAST_CASES:
                found[f"{regime}, {chip}"] = _interval(
                    held_out[judge], [held_out[name] for name in kept], judged[judge], rows
                )
    return found


def _interval(
    judge: HeldOut, kept: Sequence[HeldOut], judged: _Judged, rows: NDArray[np.bool_]
) -> RegimeInterval:
    groups = judge.groups[rows]
    return RegimeInterval(
        range_90=_hull(kept, rows),
        coverage=float(group_weights(groups) @ judged.inside[rows]),
        mean_error=score(judge.log_ratios[rows], groups).macro_error,
        cases=int(rows.sum()),
    )
