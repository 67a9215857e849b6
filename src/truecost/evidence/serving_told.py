"""The serving law's score as plain values: unseen and seen apart, recorded requests, power of serving chips.

serving_told()["left_out"]["model"]["quantities"]["tpot"]["median_error"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from truecost.evidence.fit import fitting_points
from truecost.evidence.request_runs import LatencyScore, RunScore, request_run_scores
from truecost.evidence.serving_power import serving_power_score
from truecost.evidence.serving_score import Comparison, ServingScore, serving_score
from truecost.evidence.training_told import WORST, errors
from truecost.physics.calibration import load_calibration
from truecost.ranges import Range

AIMED: Mapping[str, Mapping[str, float]] = {
    "unseen": {"tpot": 0.10, "ttft": 0.20, "e2e": 0.10, "throughput": 0.15},
    "corrected": {"tpot": 0.04, "ttft": 0.10, "e2e": 0.04},
    "width": {"tpot": 1.4, "ttft": 2.2},
    "requests_mean": {"ttft": 0.15, "tpot": 0.08, "e2e": 0.08},
    "requests_p99": {"ttft": 0.15, "tpot": 0.15, "e2e": 0.15},
    "chip_power": {"watts": 0.10},
}
"""What this project set itself, met or not: median errors of the unseen and of setups that were measured
nearby, x/÷ widths of 90 % intervals of the unseen, errors of the statistics of recorded requests, the median
error of chips' power."""


def serving_told() -> dict[str, Any]:
    """Serving: models, chips and whole sources left out; what was fitted on, apart; requests; power."""
    result, calibration = serving_score(), load_calibration()
    return {
        "key": "serving",
        "title": "Serving",
        "quantity": "times to tokens and throughput of an engine under load",
        "command": "truecost evidence serving",
        "fitted": calibration.checked.isoformat(),
        "fitted_on": calibration.fitted_on,
        "baseline": "hardware at its peaks over the share of them that suits the other groups best: decoding "
        "bound by bandwidth, prompts by FLOPs",
        "cases": len(fitting_points()),
        "left_out": {what: _left_out(result, what) for what in result.comparisons},
        "seen": {name: errors(one) for name, one in result.seen.items()},
        "corrected": {name: _corrected(result, name) for name in result.corrected},
        "outside": errors(result.outside) | {"coverage": result.outside_coverage},
        "intervals": [
            {
                "quantity": name,
                "low": interval.low,
                "high": interval.high,
                "coverage": result.coverages[name],
                "width": _width(interval),
            }
            for name, interval in result.intervals.items()
        ],
        "requests": [_requests(one) for one in request_run_scores()],
        "chip_power": _chip_power(),
        "aimed": AIMED,
        "service": {
            "what": "DeepSeek's published day on H800",
            "measured_chips": result.service.measured_chips,
            "predicted_chips": result.service.predicted_chips,
        },
        **_points(result),
    }


def _left_out(result: ServingScore, what: str) -> dict[str, Any]:
    one = result.comparisons[what]
    return {
        "groups": max(compared.law.groups for compared in one.values()),
        "quantities": {name: _compared(compared) for name, compared in one.items()},
        "constant_utilization": errors(result.constant_utilization[what]),
    }


def _compared(one: Comparison) -> dict[str, Any]:
    return {
        **errors(one.law),
        "groups": one.law.groups,
        "coverage": one.coverage,
        "width": one.width,
        "baseline": errors(one.naive),
    }


def _corrected(result: ServingScore, name: str) -> dict[str, Any]:
    interval = result.corrected_intervals[name]
    return {
        **errors(result.corrected[name]),
        "low": interval.low,
        "high": interval.high,
        "coverage": result.corrected_coverages[name],
        "width": _width(interval),
    }


def _width(interval: Range) -> float:
    """x/÷ so much, about the middle."""
    return float(np.sqrt(interval.high / interval.low))


def _requests(one: RunScore) -> dict[str, Any]:
    run = one.run
    return {
        "run": run.name,
        "model": run.model,
        "chip": run.chip,
        "engine": run.engine,
        "engine_version": run.engine_version,
        "requests": len(run.load),
        "cache_tokens": one.cache_tokens,
        "preemptions": one.preemptions,
        "measured_makespan_s": one.makespan_measured_s,
        "predicted_makespan_s": one.makespan_predicted_s,
        "latencies": [_latency(latency) for latency in one.latencies],
    }


def _latency(one: LatencyScore) -> dict[str, Any]:
    return {
        "latency": one.latency,
        "statistic": one.statistic,
        "measured_s": one.measured_s,
        "predicted_s": one.predicted.middle,
        "predicted_p5_s": one.predicted.p5,
        "predicted_p95_s": one.predicted.p95,
        "error": one.error,
        "is_inside": one.is_inside,
    }


def _chip_power() -> dict[str, Any]:
    found = serving_power_score()
    interval = found.fit.residual_90
    return {
        **errors(found.law),
        "groups": found.law.groups,
        "coverage": found.fit.coverage,
        "low": interval.low,
        "high": interval.high,
        "constants": asdict(found.fit.constants),
        "baseline": errors(found.naive),
        "models": [
            {"model": name, "measured_w": measured, "predicted_w": predicted}
            for name, measured, predicted in found.worst
        ],
    }


def _points(result: ServingScore) -> dict[str, Any]:
    """Replica-seconds measured and predicted with the model left out, and the worst of each setup."""
    every, logs = fitting_points(), result.held_out["model"].log_ratios.replica_seconds
    is_known = np.isfinite(logs)
    points, ratios = every.where(is_known), logs[is_known]
    told = [
        {
            "name": name,
            "kind": chip,
            "measured": float(f"{seconds:.4g}"),
            "predicted": float(f"{seconds * np.exp(-ratio):.4g}"),
        }
        for name, chip, seconds, ratio in zip(
            points.models.tolist(),
            points.chips.tolist(),
            points.replica_seconds.tolist(),
            ratios.tolist(),
            strict=True,
        )
    ]
    firsts: dict[str, int] = {}
    for place in np.argsort(-np.abs(ratios), kind="stable").tolist():
        firsts.setdefault(str(points.setups[place]), place)
    worst = [
        {
            "case": setup.replace("/", ", "),
            "concurrency": _finite(float(points.concurrency[place])),
            "measured_s": told[place]["measured"],
            "predicted_s": told[place]["predicted"],
            "error": float(np.expm1(-ratios[place])),
        }
        for setup, place in list(firsts.items())[:WORST]
    ]
    return {"points": told, "worst": worst}


def _finite(value: float) -> float | None:
    """None where everything was queued at the start."""
    return value if np.isfinite(value) else None
