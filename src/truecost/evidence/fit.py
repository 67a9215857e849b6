"""The fit behind `physics/calibration.toml`: constants of the serving law from measured points.

Few constants, each with a prior from datasheets and kernel benchmarks; a robust loss; points of one setup
(model, chip, engine) are taken to err together, so that a setup with a hundred points counts for about
four. What the constants are worth is judged by leaving out one model, or one chip, at a time and
predicting it; the residuals of those predictions are the law's interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from truecost.evidence.least_squares import robust_least_squares
from truecost.evidence.measurements import HELD_OUT_SOURCES, OFFLINE_BATCH, Stack, serving_points, stack
from truecost.evidence.metrics import Labels, group_weights
from truecost.physics.calibration import ServingConstants
from truecost.physics.roofline import (
    decode_seconds_per_token,
    first_token_seconds,
    free_bytes_per_chip,
    memory_batch,
    prefill_seconds,
    seconds_per_output_token,
)
from truecost.ranges import FloatArray


class Prior(NamedTuple):
    """What is known of a constant before any point is looked at."""

    median: float
    log_spread: float
    """Standard deviation of its logarithm; 0 for a constant that is set, not fitted."""
    unit: str
    meaning: str


PRIORS: Mapping[str, Prior] = {
    "memory_efficiency": Prior(0.8, 0.1, "share", "of peak memory bandwidth, reading weights and cache"),
    "gemm_efficiency": Prior(0.65, 0.15, "share", "of the dense peak, matrices every token meets"),
    "expert_gemm_efficiency": Prior(0.2, 0.4, "share", "of the dense peak, routed experts"),
    "attention_efficiency": Prior(0.4, 0.3, "share", "of the 16-bit peak, attention"),
    "link_efficiency": Prior(0.8, 0.25, "share", "of the link's rate in one direction, all-reduce"),
    "layer_latency_s": Prior(12e-6, 0.3, "s", "fixed time per layer and decode step"),
    "expert_layer_latency_s": Prior(50e-6, 0.4, "s", "the same, more in a layer with routed experts"),
    "exchange_latency_s": Prior(14e-6, 0.4, "s", "fixed time of one all-reduce"),
    "step_latency_s": Prior(1.4e-3, 0.4, "s", "fixed time of one decode step: scheduler and sampler"),
    "sequence_latency_s": Prior(8e-6, 0.5, "s", "time per sequence and decode step: scheduler and sampler"),
    "prefill_layer_latency_s": Prior(100e-6, 0.5, "s", "fixed time per layer and batch of prompt tokens"),
    "first_token_s": Prior(50e-3, 0.4, "s", "time to first token beside the model: engine and HTTP"),
    "prefill_chunk_tokens": Prior(
        8192.0, 0.0, "tokens", "of prompts in one step: vLLM's default on large chips"
    ),
    "usable_memory_share": Prior(
        0.96,
        0.0,
        "share",
        "of marketed memory: 0.9 (vLLM's default) of the GiB behind the GB, 1.07 x as much",
    ),
    "runtime_bytes": Prior(1.5e9, 0.0, "bytes", "per chip for activations, graphs and libraries"),
}
FITTED = tuple(name for name, prior in PRIORS.items() if prior.log_spread)

POINT_LOG_SPREAD = 0.15
FIRST_TOKEN_LOG_SPREAD = 0.6
CORRELATION = 0.25
"""Of the errors of two points of one setup."""
FIRST_WAVE = 0.1
"""Share of a benchmark's requests that start together: it sends ten times the concurrency."""
UNSATURATED = 0.8
"""First-token times are compared while the concurrency is below this share of what memory holds."""


PERFECT = ServingConstants(
    memory_efficiency=1.0, gemm_efficiency=1.0, expert_gemm_efficiency=1.0, attention_efficiency=1.0,
    link_efficiency=1e12, layer_latency_s=0.0, expert_layer_latency_s=0.0, exchange_latency_s=0.0,
    step_latency_s=0.0, sequence_latency_s=0.0, prefill_layer_latency_s=0.0, first_token_s=0.0,
    prefill_chunk_tokens=8192.0, usable_memory_share=0.96, runtime_bytes=1.5e9,
)  # fmt: skip
"""Hardware at its peaks and nothing in between: what no engine can beat."""


class Predictions(NamedTuple):
    """What the law says of a stack of points."""

    replica_seconds: FloatArray
    """Per request."""
    tpot_s: FloatArray
    ttft_s: FloatArray


class LogRatios(NamedTuple):
    """ln(measured / predicted) of each point in seconds; NaN where nothing was measured or is comparable."""

    replica_seconds: FloatArray
    tpot: FloatArray
    ttft: FloatArray


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Residuals of predictions made without the points' own group, and the constants of each such fit."""

    log_ratios: LogRatios
    groups: Labels
    constants: tuple[ServingConstants, ...]


def prior_constants() -> ServingConstants:
    """The constants before any point is looked at."""
    return ServingConstants(**{name: prior.median for name, prior in PRIORS.items()})


def predict(points: Stack, constants: ServingConstants) -> Predictions:
    """Replica-seconds per request, time per output token and time to first token of measured setups."""
    work, chip = points.work, points.chip
    batch = np.minimum(points.concurrency, held(points, constants))
    decode = decode_seconds_per_token(work, chip, batch, constants)
    prefill = prefill_seconds(work, chip, constants)
    alone = first_token_seconds(work, chip, constants)
    waiting = FIRST_WAVE * (np.where(np.isfinite(points.concurrency), points.concurrency, 1.0) - 1) / 2
    return Predictions(
        replica_seconds=np.asarray(work.output_tokens * decode / batch + prefill),
        tpot_s=np.asarray(seconds_per_output_token(work, chip, batch, constants)),
        ttft_s=np.asarray(alone + waiting * prefill + decode / 2),
    )


def log_ratios(points: Stack, constants: ServingConstants) -> LogRatios:
    """How far the law is off at each point."""
    predicted = predict(points, constants)
    is_unsaturated = points.concurrency < UNSATURATED * held(points, constants)
    return LogRatios(
        replica_seconds=np.log(points.replica_seconds / predicted.replica_seconds),
        tpot=np.log(points.tpot_s / predicted.tpot_s),
        ttft=np.where(is_unsaturated, np.log(points.ttft_s / predicted.ttft_s), np.nan),
    )


def held(points: Stack, constants: ServingConstants) -> FloatArray:
    """Requests that memory and the engine hold at once."""
    in_memory = np.maximum(memory_batch(points.work, points.chip, constants), 1.0)
    return np.minimum(in_memory, OFFLINE_BATCH * points.work.data_parallel)


def usable(points: Stack) -> NDArray[np.bool_]:
    """The points that can be compared: those that fit by our count, and are not faster than the hardware.

    A static batch larger than memory holds was run in parts. Decoding faster than weights and cache can be
    read at full bandwidth is a fault of the table, or several tokens a step, which it does not say.
    """
    work, chip, asked = points.work, points.chip, points.concurrency
    fits = free_bytes_per_chip(work, chip, PERFECT) > 0
    in_parts = (points.sources == "argonne") & (asked > held(points, PERFECT))
    least = decode_seconds_per_token(work, chip, np.where(np.isfinite(asked), asked, 1.0), PERFECT)
    least_seconds = np.where(np.isfinite(asked), work.output_tokens * least / asked, 0.0)
    is_possible = (points.replica_seconds > least_seconds) & ~(points.tpot_s < least)
    return np.asarray(fits & ~in_parts & is_possible)


def fitting_points() -> Stack:
    """The points constants are fitted on."""
    points = stack([point for point in serving_points() if point.source not in HELD_OUT_SOURCES])
    return points.where(usable(points))


def outside_points() -> Stack:
    """The points that no fit has seen."""
    points = stack([point for point in serving_points() if point.source in HELD_OUT_SOURCES])
    return points.where(usable(points))


def fit_constants(points: Stack) -> ServingConstants:
    """The constants that a set of points and the priors agree on best."""
    counts = 1 / (group_weights(points.setups) * len(set(points.setups.tolist())))
    weights = np.tile(1 / (1 + CORRELATION * (counts - 1)), 3)
    spreads = (POINT_LOG_SPREAD, POINT_LOG_SPREAD, FIRST_TOKEN_LOG_SPREAD)

    def standardised(position: FloatArray) -> FloatArray:
        ratios = log_ratios(points, _constants(position))
        return np.nan_to_num(np.concatenate([ratio / by for ratio, by in zip(ratios, spreads, strict=True)]))

    centre: FloatArray = np.log(np.array([PRIORS[name].median for name in FITTED]))
    spread: FloatArray = np.array([PRIORS[name].log_spread for name in FITTED])
    return _constants(robust_least_squares(standardised, weights, (centre, spread)))


def leave_one_out(points: Stack, groups: Labels) -> HeldOut:
    """Predict every group with constants fitted on the others."""
    filled = LogRatios(*(np.full(len(points), np.nan) for _ in range(3)))
    constants: list[ServingConstants] = []
    for group in np.unique(groups):
        own = groups == group
        constants.append(fit_constants(points.where(~own)))
        for target, found in zip(filled, log_ratios(points.where(own), constants[-1]), strict=True):
            target[own] = found
    return HeldOut(filled, groups, tuple(constants))


def jackknife_log_spread(held_out: HeldOut) -> Mapping[str, float]:
    """Spread of each fitted constant's logarithm, from how it moves when one group at a time is left out."""
    count = len(held_out.constants)
    logs = {name: np.log([getattr(one, name) for one in held_out.constants]) for name in FITTED}
    return {name: float(np.sqrt((count - 1) * np.var(values))) for name, values in logs.items()}


def _constants(position: FloatArray) -> ServingConstants:
    values = {name: prior.median for name, prior in PRIORS.items()}
    return ServingConstants(**values | dict(zip(FITTED, np.exp(position).tolist(), strict=True)))
