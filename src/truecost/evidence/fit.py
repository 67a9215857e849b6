"""The fit behind the serving part of `physics/calibration.toml`: constants of the law from measured points.

Every point goes through the simulator as it was measured (so many requests at once, prompts and answers of
its lengths, its tokens a step), and the constants are those with which the simulated times to first and next
tokens, or the throughput where everything was queued at the start, agree best with the measured ones. Few
constants, each with a prior from datasheets and kernel benchmarks; a robust loss; points of one setup (model,
chip, engine) are taken to err together, so that a setup with a hundred points counts for about four.

What the constants are worth is judged by leaving out one model, or one chip, at a time and predicting it; the
residuals of those predictions are the law's interval. The fits with something left out follow from the slopes
of the full one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from truecost.evidence.least_squares import Family, Fineness, robust_least_squares, slopes, without
from truecost.evidence.measurements import HELD_OUT_SOURCES, OFFLINE_BATCH, Stack, serving_points, stack
from truecost.evidence.metrics import Labels, correlated_weights
from truecost.evidence.serving_runs import constants_of, simulated
from truecost.physics.calibration import ENGINES, ServingConstants, constant_names, serving_constants
from truecost.physics.roofline import (
    decode_seconds_per_token,
    free_bytes_per_chip,
    memory_batch,
    prefill_seconds,
)
from truecost.ranges import FloatArray


class Prior(NamedTuple):
    """What is known of a constant before any point is looked at."""

    median: float
    log_spread: float
    """Standard deviation of its logarithm; 0 for a constant that is set, not fitted."""
    unit: str
    meaning: str


def _of_engines(name: str, medians: tuple[float, float, float], prior: Prior) -> dict[str, Prior]:
    return {
        f"{name}.{engine}": prior._replace(median=median)
        for engine, median in zip(ENGINES, medians, strict=True)
    }


PRIORS: Mapping[str, Prior] = {
    "memory_efficiency": Prior(0.8, 0.1, "share", "of peak memory bandwidth, reading weights"),
    "cache_efficiency": Prior(0.75, 0.2, "share", "of peak memory bandwidth, reading the KV cache"),
    "memory_speed_exponent": Prior(0.1, 0.6, "1", "by which both shares fall with the rate over an H100's"),
    "gemm_efficiency": Prior(0.65, 0.12, "share", "of the dense peak, matrices every token meets"),
    "expert_gemm_efficiency": Prior(0.25, 0.4, "share", "of the dense peak, routed experts"),
    "expert_half_width": Prior(200.0, 0.7, "1", "width of an expert's part at which it is half as good"),
    "attention_efficiency": Prior(0.4, 0.3, "share", "of the 16-bit peak, attention"),
    "link_efficiency": Prior(0.7, 0.3, "share", "of the link's rate in one direction, all-reduce"),
    "element_passes": Prior(
        12.0, 0.5, "1", "of a token's numbers through memory in a layer, between products"
    ),
    "layer_latency_s": Prior(10e-6, 0.4, "s", "fixed time per layer and step"),
    "quantized_layer_latency_s": Prior(8e-6, 0.6, "s", "the same, more where activations are converted"),
    "expert_layer_latency_s": Prior(40e-6, 0.4, "s", "the same, more in a layer with routed experts"),
    "exchange_latency_s": Prior(12e-6, 0.4, "s", "fixed time of one all-reduce"),
    "later_latency_factor": Prior(1.0, 0.2, "1", "fixed times on Blackwell over those on Hopper"),
    "step_latency_s": Prior(1.5e-3, 0.4, "s", "fixed time of one step: scheduler and sampler"),
    "prefill_layer_latency_s": Prior(60e-6, 0.5, "s", "fixed time per layer of a step with prompts"),
    "delivery_steps": Prior(0.8, 0.3, "steps", "between a token and its delivery: the next is under way"),
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
    **_of_engines(
        "sequence_latency_s",
        (8e-6, 8e-6, 8e-6),
        Prior(0.0, 0.6, "s", "time per sequence and step: scheduler and sampler"),
    ),
    **_of_engines(
        "first_token_s",
        (12e-3, 30e-3, 60e-3),
        Prior(0.0, 0.7, "s", "time to first token beside the model: engine and HTTP"),
    ),
}
FITTED = tuple(name for name in constant_names() if PRIORS[name].log_spread)

POINT_LOG_SPREAD = 0.15
OFFLINE_LOG_SPREAD = 0.3
FIRST_TOKEN_LOG_SPREAD = 0.4
CORRELATION = 0.25
"""Of the errors of two points of one setup."""
OF_A_SETUP = 8
"""Points of a setup that constants are fitted on, spread over its widths, lengths and loads."""
FINENESS = Fineness(step=0.03, settled=0.003)
"""A simulated time moves in small jumps, as requests move from one step to the next."""


PERFECT = serving_constants(
    {name: 1e12 if name == "link_efficiency" else 1.0 for name in constant_names()}
    | {name: 0.0 for name in constant_names() if "latency_s" in name or "first_token" in name}
    | {"memory_speed_exponent": 0.0, "expert_half_width": 0.0, "element_passes": 0.0, "delivery_steps": 0.0}
    | {
        name: PRIORS[name].median for name in ("prefill_chunk_tokens", "usable_memory_share", "runtime_bytes")
    },
    ENGINES[0],
)
"""Hardware at its peaks and nothing in between: what no engine can beat."""


class LogRatios(NamedTuple):
    """ln(measured / predicted) of each point in seconds; NaN where nothing was measured."""

    replica_seconds: FloatArray
    """Of the closed form that plans take, for every point whose throughput or both times were measured."""
    tpot: FloatArray
    """These and the next are of the simulation."""
    ttft: FloatArray
    throughput: FloatArray
    """Where the measurement is a throughput alone."""
    e2e: FloatArray
    """Where both times were measured: first + (output - 1) x next."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Residuals of predictions made without the points' own group, and the constants of each such fit."""

    log_ratios: LogRatios
    groups: Labels
    values: Mapping[str, Mapping[str, float]]
    """Constants by group left out."""


class Fitted(NamedTuple):
    """The constants that all points agree on best, and those without each group: by what, by group."""

    values: Mapping[str, float]
    left_out: Mapping[str, Mapping[str, Mapping[str, float]]]


def prior_values() -> dict[str, float]:
    """The constants before any point is looked at, by the names of the file."""
    return {name: PRIORS[name].median for name in constant_names()}


def closed_form_seconds(points: Stack, constants: ServingConstants) -> FloatArray:
    """Seconds of a replica that a request takes, without a simulation: what a plan reckons with."""
    work, chip = points.work, points.chip
    batch = np.minimum(points.concurrency, held(points, constants))
    decode = decode_seconds_per_token(work, chip, batch, constants)
    return np.asarray(work.output_tokens * decode / batch + prefill_seconds(work, chip, constants))


def log_ratios(points: Stack, values: Mapping[str, float]) -> LogRatios:
    """How far the law is off at each point."""
    constants = constants_of(values, points)
    ran = simulated(points, constants)
    further = points.work.output_tokens - 1
    with np.errstate(invalid="ignore"):
        e2e = np.log((points.ttft_s + further * points.tpot_s) / (ran.ttft_s + further * ran.tpot_s))
        is_throughput = np.isnan(points.tpot_s)
        throughput = np.where(is_throughput, np.log(points.replica_seconds / ran.replica_seconds), np.nan)
        return LogRatios(
            replica_seconds=np.log(points.replica_seconds / closed_form_seconds(points, constants)),
            tpot=np.log(points.tpot_s / ran.tpot_s),
            ttft=np.log(points.ttft_s / ran.ttft_s),
            throughput=throughput,
            e2e=e2e,
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
    is_impossible = (points.replica_seconds <= least_seconds) | (points.tpot_s < least)
    return np.asarray(fits & ~in_parts & ~is_impossible)


def fitting_points() -> Stack:
    """The points constants are fitted on."""
    points = stack([point for point in serving_points() if point.source not in HELD_OUT_SOURCES])
    return points.where(usable(points))


def outside_points() -> Stack:
    """The points that no fit has seen."""
    points = stack([point for point in serving_points() if point.source in HELD_OUT_SOURCES])
    return points.where(usable(points))


def thinned(points: Stack) -> Stack:
    """Up to OF_A_SETUP points of each setup, evenly over its widths, lengths and loads."""
    kept = np.zeros(len(points), dtype=bool)
    columns = (
        points.concurrency, points.work.output_tokens, points.work.prefill_tokens, points.work.tensor_parallel
    )  # fmt: skip
    keys = np.array([np.asarray(column) for column in columns])
    for setup in np.unique(points.setups):
        own = np.flatnonzero(points.setups == setup)
        own = own[np.lexsort(keys[:, own])]
        kept[own[np.unique(np.linspace(0, len(own) - 1, OF_A_SETUP).astype(np.int64))]] = True
    return points.where(kept)


def fit_all(points: Stack, progress: Callable[[str], None] = lambda name: None) -> Fitted:
    """The constants that points and priors agree on best, and those without each model and each chip."""
    few = thinned(points)
    weights = np.tile(correlated_weights(few.setups, CORRELATION), 3)

    def standardised(position: FloatArray) -> FloatArray:
        ratios = log_ratios(few, _values(position))
        return np.nan_to_num(
            np.concatenate(
                [
                    ratios.tpot / POINT_LOG_SPREAD,
                    ratios.ttft / FIRST_TOKEN_LOG_SPREAD,
                    ratios.throughput / OFFLINE_LOG_SPREAD,
                ]
            )
        )

    centre: FloatArray = np.log(np.array([PRIORS[name].median for name in FITTED]))
    prior = centre, np.array([PRIORS[name].log_spread for name in FITTED])
    progress("all points")
    position = robust_least_squares(standardised, weights, prior, fineness=FINENESS)
    value = standardised(position)
    each = [Family({place: slice(None)}) for place in range(len(position))]
    progress("slopes")
    at = position, value, slopes(standardised, position, value, each, FINENESS.step)
    left_out: dict[str, dict[str, dict[str, float]]] = {}
    for what, groups in (("model", few.models), ("chip", few.chips)):
        left_out[what] = {
            str(group): _values(without(at, weights * np.tile(groups != group, 3), prior))
            for group in np.unique(groups)
        }
    return Fitted(_values(position), left_out)


def left_one_out(points: Stack, groups: Labels, left_out: Mapping[str, Mapping[str, float]]) -> HeldOut:
    """Predict every group with constants fitted on the others."""
    filled = LogRatios(*(np.full(len(points), np.nan) for _ in LogRatios._fields))
    for group in np.unique(groups):
        own = groups == group
        for target, found in zip(filled, log_ratios(points.where(own), left_out[str(group)]), strict=True):
            target[own] = found
    return HeldOut(filled, groups, left_out)


def held_out_text(fitted: Fitted) -> str:
    """The constants of every fit with something left out, as a CSV file; the package ships it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = constant_names()
    writer.writerow(["left_out", "name", *names])
    for what, groups in fitted.left_out.items():
        for group, values in groups.items():
            writer.writerow([what, group, *(f"{values[name]:.4g}" for name in names)])
    return out.getvalue()


def shipped_left_out() -> dict[str, dict[str, dict[str, float]]]:
    """The constants of the fits with something left out that the package ships: by what, by group."""
    text = (files("truecost.evidence") / "data" / "serving_held_out.csv").read_text(encoding="utf-8")
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in csv.DictReader(text.splitlines()):
        values = {name: float(row[name]) for name in constant_names()}
        found.setdefault(row["left_out"], {})[row["name"]] = values
    return found


def _values(position: FloatArray) -> dict[str, float]:
    return prior_values() | dict(zip(FITTED, np.exp(position).tolist(), strict=True))
