"""How far off the serving law is: on models, chips and sources it was not fitted on, beside naive guesses."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from truecost.catalog.accelerators import accelerator
from truecost.catalog.models import model
from truecost.evidence.fit import (
    PERFECT,
    Fitted,
    HeldOut,
    LogRatios,
    closed_form_seconds,
    fitting_points,
    left_one_out,
    log_ratios,
    outside_points,
    shipped_left_out,
)
from truecost.evidence.measurements import Stack
from truecost.evidence.metrics import (
    Labels,
    Score,
    coverage,
    group_weights,
    held_out_coverage,
    interval_90,
    large_groups,
    least_widening,
    score,
    weighted_quantile,
    widened,
)
from truecost.evidence.serving_runs import constants_of
from truecost.evidence.serving_seen import corrected
from truecost.physics.calibration import ENGINE, ServingConstants, load_calibration, serving_constants
from truecost.physics.replica import ServingSetup
from truecost.physics.roofline import decode_seconds_per_token, prefill_seconds
from truecost.physics.serving import ServingPoint, serving_point
from truecost.ranges import FloatArray, Range

LEAST_GROUP = 10
"""Points a model or chip needs for its residuals to count in an interval."""
WIDEST = 2.0
"""How much an interval may be widened to cover groups left out."""
AIMED_COVERAGE = 0.9
SECONDS_PER_DAY = 86_400.0

NEARBY = ("tpot", "ttft", "throughput", "e2e")
"""Quantities that nearby measurements correct."""
QUANTITIES = LogRatios._fields
"""What is judged: replica-seconds by the closed form; TPOT, TTFT, throughput and E2E by the simulation."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One quantity on points left out of the fit, the naive guesses on the same, and the law's interval."""

    law: Score
    naive: Score
    """Hardware at its peak over the share of it that suits the other groups best."""
    coverage: float
    """Share of points inside the 90 % interval that the other groups' residuals give, groups weighing the
    same, not widened."""
    width: float
    """That interval's upper end over its lower, to the power of a half: x/÷ so much."""


@dataclass(frozen=True, slots=True)
class Service:
    """A real service over a day beside the law's chips for its tokens."""

    measured_chips: float
    predicted_chips: float
    """Busy all day at the batch the latency allows: no peaks, no spares."""
    point: ServingPoint


@dataclass(frozen=True, slots=True)
class ServingScore:
    """Everything the serving scorecard prints and the calibration keeps."""

    values: Mapping[str, float]
    """Constants by the names of the calibration file."""
    held_out: Mapping[str, HeldOut]
    """By what was left out: "model" and "chip"."""
    comparisons: Mapping[str, Mapping[str, Comparison]]
    """By the same, then by quantity."""
    constant_utilization: Mapping[str, Score]
    """Replica-seconds = FLOPs / (peak x the share of the peak that fits the other groups best)."""
    intervals: Mapping[str, Range]
    """Measured over predicted, by quantity."""
    coverages: Mapping[str, float]
    """Share of held-out points inside the interval of the others, by quantity."""
    seen: Mapping[str, Score]
    """In sample, by quantity: no prediction."""
    corrected: Mapping[str, Score]
    """Each run corrected by others nearby of its setup, by quantity: an interpolation, no prediction."""
    corrected_intervals: Mapping[str, Range]
    corrected_coverages: Mapping[str, float]
    """Share of a setup's runs inside the interval that the other setups' give; setups weigh the same."""
    outside: Score
    """Replica-seconds of sources that no fit has seen."""
    outside_coverage: float
    service: Service


@cache
def serving_score() -> ServingScore:
    """The score of the constants that the package ships, some seconds."""
    values = {name: one.value for name, one in load_calibration().serving_constants.items()}
    return score_of(Fitted(values, shipped_left_out()))


def score_of(fitted: Fitted) -> ServingScore:
    """How good a fit is on what it has not seen."""
    points, outside = fitting_points(), outside_points()
    groups = {"model": points.models, "chip": points.chips}
    held_out = {what: left_one_out(points, labels, fitted.left_out[what]) for what, labels in groups.items()}
    pooled = {name: pooled_interval(held_out, name) for name in QUANTITIES}
    constants = constants_of(fitted.values, outside)
    ratios = np.log(outside.replica_seconds / closed_form_seconds(outside, constants))
    seen = log_ratios(points, fitted.values)
    near = _corrected(points, seen)
    naive = _perfect(points)
    return ServingScore(
        values=fitted.values,
        held_out=held_out,
        comparisons={
            what: {name: _compared(left, naive, name) for name in QUANTITIES}
            for what, left in held_out.items()
        },
        constant_utilization={
            what: score(*_less_best_constant(_known(_by_flops(points), left.groups)))
            for what, left in held_out.items()
        },
        intervals={name: interval for name, (interval, _) in pooled.items()},
        coverages={name: covered for name, (_, covered) in pooled.items()},
        seen={name: score(*_known(np.asarray(getattr(seen, name)), points.models)) for name in QUANTITIES},
        corrected={name: score(*found) for name, found in near.items()},
        corrected_intervals={name: _interval(*_large(*found)) for name, found in near.items()},
        corrected_coverages={name: held_out_coverage(*_large(*found)) for name, found in near.items()},
        outside=score(ratios, outside.models),
        outside_coverage=coverage(ratios, pooled["replica_seconds"][0]),
        service=deepseek_service(serving_constants(fitted.values, ENGINE)),
    )


def _corrected(points: Stack, seen: LogRatios) -> dict[str, tuple[FloatArray, Labels]]:
    """Residuals between measured runs and their setups, by quantity, where there are enough runs."""
    near, groups = corrected(points, seen)
    return {name: _known(np.asarray(getattr(near, name)), groups) for name in NEARBY}


def measured(held_out: HeldOut, quantity: str) -> tuple[FloatArray, Labels]:
    """Residuals of one quantity and their groups, where it was measured."""
    return _known(np.asarray(getattr(held_out.log_ratios, quantity)), held_out.groups)


def _known(ratios: FloatArray, groups: Labels) -> tuple[FloatArray, Labels]:
    is_measured = np.isfinite(ratios)
    return ratios[is_measured], groups[is_measured]


def pooled_interval(held_out: Mapping[str, HeldOut], quantity: str) -> tuple[Range, float]:
    """The 90 % range of measured over predicted, and the share of held-out points it covers.

    From models left out and chips left out, each half of the weight; widened in steps until a group left
    out is covered to 90 % on average by what the others give.
    """
    found = [_large(*measured(left, quantity)) for left in held_out.values()]
    ratios = np.concatenate([ratios for ratios, _ in found])
    interval = interval_90(ratios, np.concatenate([group_weights(groups) for _, groups in found]))
    widening = least_widening(found, AIMED_COVERAGE, WIDEST)
    covered = float(np.mean([held_out_coverage(*one, widening) for one in found]))
    return widened(interval, widening), covered


def _interval(ratios: FloatArray, groups: Labels) -> Range:
    return interval_90(ratios, group_weights(groups))


def _large(ratios: FloatArray, groups: Labels) -> tuple[FloatArray, Labels]:
    enough = large_groups(groups, LEAST_GROUP)
    return ratios[enough], groups[enough]


def _compared(left: HeldOut, naive: LogRatios, quantity: str) -> Comparison:
    ratios, groups = measured(left, quantity)
    bare = _known(np.asarray(getattr(naive, quantity)), left.groups)
    large = _large(ratios, groups)
    interval = _interval(*large)
    return Comparison(
        law=score(ratios, groups),
        naive=score(*_less_best_constant(bare)),
        coverage=held_out_coverage(*large),
        width=float(np.sqrt(interval.high / interval.low)),
    )


def _perfect(points: Stack) -> LogRatios:
    """ln(measured / what hardware at its peaks would take): decoding bound by bandwidth, prompts by FLOPs."""
    work, chip = points.work, points.chip
    seconds = closed_form_seconds(points, PERFECT)
    batch = np.where(np.isfinite(points.concurrency), points.concurrency, 1.0)
    decode = np.asarray(decode_seconds_per_token(work, chip, batch, PERFECT))
    prompt = np.asarray(prefill_seconds(work, chip, PERFECT))
    further = work.output_tokens - 1
    with np.errstate(invalid="ignore"):
        return LogRatios(
            replica_seconds=np.log(points.replica_seconds / seconds),
            tpot=np.log(points.tpot_s / decode),
            ttft=np.log(points.ttft_s / prompt),
            throughput=np.where(np.isnan(points.tpot_s), np.log(points.replica_seconds / seconds), np.nan),
            e2e=np.log((points.ttft_s + further * points.tpot_s) / (prompt + further * decode)),
        )


def _by_flops(points: Stack) -> FloatArray:
    work, chip = points.work, points.chip
    flops_seconds = (work.common_flops_per_token / chip.common_flops_per_s) + (
        work.expert_flops_per_token / chip.expert_flops_per_s
    )
    at_peak = flops_seconds * (work.prefill_tokens + work.output_tokens) / work.chips
    return np.asarray(np.log(points.replica_seconds / at_peak))


def _less_best_constant(found: tuple[FloatArray, Labels]) -> tuple[FloatArray, Labels]:
    """Residuals once each group is predicted with the median of the others, groups weighing the same."""
    ratios, groups = found
    left = np.empty_like(ratios)
    for group in np.unique(groups):
        own = groups == group
        weights = group_weights(groups[~own])
        left[own] = ratios[own] - weighted_quantile(ratios[~own], weights, 0.5)
    return left, groups


def deepseek_service(constants: ServingConstants) -> Service:
    """DeepSeek's published day: 608 G input and 168 G output tokens on 226.75 nodes of eight H800.

    The mean request follows from the tokens and from the cache held at each output token (input + half
    the output). Its decode layout is taken for all chips.
    """
    day = _service_facts()
    ratio = day["input_tokens_per_day"] / day["output_tokens_per_day"]
    output = day["mean_cache_tokens_per_output_token"] / (ratio + 0.5)
    speed = (day["tokens_per_second_per_user_low"] + day["tokens_per_second_per_user_high"]) / 2
    setup = ServingSetup(
        input_tokens=ratio * output,
        output_tokens=output,
        data_parallel_size=round(day["decode_ranks"]),
        precision="fp8",
        cached_input_share=day["cached_input_tokens_per_day"] / day["input_tokens_per_day"],
        tpot_limit_s=1 / speed,
        disaggregated=True,
    )
    point = serving_point(model("deepseek-v3"), accelerator("h800"), setup, constants)
    requests = day["output_tokens_per_day"] / output
    return Service(
        measured_chips=day["mean_nodes"] * day["chips_per_node"],
        predicted_chips=requests
        * float(point.replica_seconds_per_request)
        * point.chips_per_replica
        / SECONDS_PER_DAY,
        point=point,
    )


def _service_facts() -> dict[str, float]:
    text = (files("truecost.evidence") / "data" / "deepseek_service.csv").read_text(encoding="utf-8")
    return {row["quantity"]: float(row["value"]) for row in csv.DictReader(text.splitlines())}
