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
    HeldOut,
    fit_constants,
    fitting_points,
    leave_one_out,
    log_ratios,
    outside_points,
    predict,
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
    score,
    weighted_quantile,
    widened,
)
from truecost.physics.calibration import ServingConstants
from truecost.physics.replica import ServingSetup
from truecost.physics.serving import ServingPoint, serving_point
from truecost.ranges import FloatArray, Range

LEAST_GROUP = 10
"""Points a model or chip needs for its residuals to count in an interval."""
WIDEST = 2.0
"""How much an interval may be widened to cover groups left out."""
SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The law on points left out of the fit, the naive guesses on the same, and the law's interval."""

    law: Score
    constant_utilization: Score
    """Replica-seconds = FLOPs / (peak x the share of the peak that fits the other groups best)."""
    constant_roofline_share: Score
    """Replica-seconds = those of perfect hardware / the share of it that fits the other groups best."""
    coverage: float
    """Of the 90 % interval that the other groups' residuals give, not widened."""


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

    constants: ServingConstants
    held_out: Mapping[str, HeldOut]
    """By what was left out: "model" and "chip"."""
    comparisons: Mapping[str, Comparison]
    """Replica-seconds per request, by the same."""
    quantities: Mapping[str, Score]
    """ "replica_seconds", "tpot", "ttft", models left out."""
    intervals: Mapping[str, Range]
    """Measured over predicted, by quantity."""
    coverages: Mapping[str, float]
    """Share of held-out points inside the interval of the others, by quantity."""
    seen: Score
    outside: Score
    outside_coverage: float
    service: Service


@cache
def serving_score() -> ServingScore:
    """Fit, leave out, compare: about two seconds."""
    points = fitting_points()
    constants = fit_constants(points)
    held_out = {"model": leave_one_out(points, points.models), "chip": leave_one_out(points, points.chips)}
    pooled = {name: pooled_interval(held_out, name) for name in ("replica_seconds", "tpot", "ttft")}
    outside = outside_points()
    ratios = log_ratios(outside, constants).replica_seconds
    seen = log_ratios(points, constants).replica_seconds
    return ServingScore(
        constants=constants,
        held_out=held_out,
        comparisons={what: _compared(points, left) for what, left in held_out.items()},
        quantities={name: score(*measured(held_out["model"], name)) for name in pooled},
        intervals={name: interval for name, (interval, _) in pooled.items()},
        coverages={name: covered for name, (_, covered) in pooled.items()},
        seen=score(seen, points.models),
        outside=score(ratios, outside.models),
        outside_coverage=coverage(ratios, pooled["replica_seconds"][0]),
        service=deepseek_service(constants),
    )


def measured(held_out: HeldOut, quantity: str) -> tuple[FloatArray, Labels]:
    """Residuals of one quantity and their groups, where it was measured."""
    ratios = np.asarray(getattr(held_out.log_ratios, quantity))
    is_measured = np.isfinite(ratios)
    return ratios[is_measured], held_out.groups[is_measured]


def pooled_interval(held_out: Mapping[str, HeldOut], quantity: str) -> tuple[Range, float]:
    """The 90 % range of measured over predicted, and the share of held-out points it covers.

    From models left out and chips left out, each half of the weight; widened in steps until a group left
    out is covered to 90 % on average by what the others give.
    """
    found = [_large(*measured(left, quantity)) for left in held_out.values()]
    ratios = np.concatenate([ratios for ratios, _ in found])
    interval = interval_90(ratios, np.concatenate([group_weights(groups) for _, groups in found]))
    widening, covered = 1.0, 0.0
    while widening <= WIDEST:
        covered = float(np.mean([held_out_coverage(*one, widening) for one in found]))
        if covered >= 0.9:
            break
        widening += 0.05
    return widened(interval, widening), covered


def _large(ratios: FloatArray, groups: Labels) -> tuple[FloatArray, Labels]:
    enough = large_groups(groups, LEAST_GROUP)
    return ratios[enough], groups[enough]


def _compared(points: Stack, left: HeldOut) -> Comparison:
    work, chip = points.work, points.chip
    flops_seconds = (work.common_flops_per_token / chip.common_flops_per_s) + (
        work.expert_flops_per_token / chip.expert_flops_per_s
    )
    at_peak = flops_seconds * (work.prefill_tokens + work.output_tokens) / work.chips
    by_flops = np.log(points.replica_seconds / at_peak)
    by_roofline = np.log(points.replica_seconds / predict(points, PERFECT).replica_seconds)
    ratios, groups = measured(left, "replica_seconds")
    return Comparison(
        law=score(ratios, groups),
        constant_utilization=score(_less_best_constant(by_flops, groups), groups),
        constant_roofline_share=score(_less_best_constant(by_roofline, groups), groups),
        coverage=held_out_coverage(*_large(ratios, groups)),
    )


def _less_best_constant(ratios: FloatArray, groups: Labels) -> FloatArray:
    """Residuals once each group is predicted with the median of the others, groups weighing the same."""
    left = np.empty_like(ratios)
    for group in np.unique(groups):
        own = groups == group
        weights = group_weights(groups[~own])
        left[own] = ratios[own] - weighted_quantile(ratios[~own], weights, 0.5)
    return left


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
