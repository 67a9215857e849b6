"""The scores of the training laws as plain values: steps, whole runs, power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from truecost.evidence.metrics import Score, binomial_interval_90, less_best_constant, score
from truecost.evidence.power_fit import PowerScore, measured_power
from truecost.evidence.training_refit import training_evidence
from truecost.evidence.training_score import training_score
from truecost.evidence.training_step_score import (
    CHIP,
    SOURCE,
    DatasetScore,
    StepScore,
    regime_names,
    utilizations,
)
from truecost.evidence.whole_run_fit import CONSTANTS, FACTORS, RecordedRun, constant_score, recorded_runs
from truecost.evidence.worst_steps import WorstStep, worst_steps
from truecost.physics.calibration import load_calibration
from truecost.physics.training_calibration import KNOWN, UNKNOWN, RegimeInterval

WORST = 10


def errors(result: Score) -> dict[str, Any]:
    """The errors of predictions, as shares of the measured value."""
    return {
        "cases": result.count,
        "mean_error": result.mean_error,
        "median_error": result.median_error,
        "p90_error": result.p90_error,
        "bias": result.bias,
    }


def steps_told() -> dict[str, Any]:
    """Training steps: every source and every chip left out, intervals by regime, points, the worst ten."""
    result = training_evidence().steps
    calibration = load_calibration().training
    by_source = result.datasets
    return {
        "key": "training-steps",
        "title": "Training steps",
        "quantity": "seconds of a training step",
        "command": "truecost evidence training",
        "fitted": None if calibration.checked is None else calibration.checked.isoformat(),
        "fitted_on": calibration.fitted_on,
        "baseline": "the best constant MFU, chosen for each source in hindsight",
        "left_out": {
            SOURCE: {"groups": [_group(one) for one in by_source], **_together(result, SOURCE)},
            CHIP: {"groups": [_group(one) for one in result.chips], **_together(result, CHIP)},
        },
        "intervals": [_regime(name, interval) for name, interval in result.intervals.items()],
        "worst": [_worst(result, one) for one in worst_steps(result, WORST)],
        "points": _points(result),
    }


def _group(one: DatasetScore) -> dict[str, Any]:
    low, high = binomial_interval_90(one.covered, one.law.count)
    return {
        "name": one.name,
        **errors(one.law),
        "covered": one.covered,
        "coverage": one.covered / one.law.count,
        "coverage_low": low,
        "coverage_high": high,
        "width": one.width,
        "baseline": errors(one.constant),
    }


def _together(result: StepScore, what: str) -> dict[str, Any]:
    """Over all steps (`pooled`), and the mean over groups (`macro`), which weigh the same."""
    groups = result.datasets if what == SOURCE else result.chips
    held_out = result.held_out[what]
    covered = sum(one.covered for one in groups)
    low, high = binomial_interval_90(covered, len(result.steps))
    laws, constants = [one.law for one in groups], [one.constant for one in groups]
    total = score(held_out.log_ratios, held_out.groups)
    return {
        "pooled": errors(total)
        | {"covered": covered, "coverage": covered / len(result.steps)}
        | {"coverage_low": low, "coverage_high": high, "width": _mean([one.width for one in groups])},
        "macro": {
            "groups": len(groups),
            "mean_error": _mean([one.mean_error for one in laws]),
            "coverage": _mean([one.covered / one.law.count for one in groups]),
            "baseline": {"mean_error": _mean([one.mean_error for one in constants])},
        },
    }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _regime(name: str, interval: RegimeInterval) -> dict[str, Any]:
    work, _, chip = name.rpartition(", ")
    return {
        "regime": work,
        "chip": {KNOWN: "known", UNKNOWN: "unknown"}[chip],
        "cases": interval.cases,
        "low": interval.range_90.low,
        "high": interval.range_90.high,
        "coverage": interval.coverage,
        "mean_error": interval.mean_error,
    }


def _worst(result: StepScore, one: WorstStep) -> dict[str, Any]:
    row, setup = result.steps.rows[one.row], result.steps.rows[one.row].setup
    return {
        "source": row.dataset,
        "case": f"{row.model}, {setup.count:,} {row.chip}, {setup.precision}",
        "measured_s": one.measured_s,
        "predicted_s": one.predicted_s,
        "error": one.predicted_s / one.measured_s - 1,
        "part": one.part,
        "share": one.share,
        "usual_share": one.usual_share,
        "part_factor": one.part_factor,
    }


def _points(result: StepScore) -> list[dict[str, Any]]:
    """Share of the peak, measured and predicted without the source: the time of a step, whatever its size."""
    reached = utilizations(result.steps)
    predicted = reached * np.exp(result.held_out[SOURCE].log_ratios)
    kinds = regime_names(result.steps)
    return [
        {"name": name, "kind": kind, "measured": float(f"{one:.4g}"), "predicted": float(f"{other:.4g}")}
        for name, kind, one, other in zip(
            result.steps.datasets.tolist(), kinds.tolist(), reached.tolist(), predicted.tolist(), strict=True
        )
    ]


def runs_told() -> dict[str, Any]:
    """Whole runs: chip-hours of recorded runs, each left out of the fit of the factor."""
    result, runs = training_evidence().runs, recorded_runs()
    calibration = load_calibration().training
    inside = round(result.coverage * result.runs)
    low, high = binomial_interval_90(inside, result.runs)
    return {
        "key": "whole-runs",
        "title": "Whole training runs",
        "quantity": "chip-hours of a recorded run",
        "command": "truecost evidence training",
        "fitted": None if calibration.checked is None else calibration.checked.isoformat(),
        "fitted_on": f"{result.runs} recorded runs (truecost.evidence/data/training_runs.csv)",
        "baseline": "one utilization for every run",
        "cases": result.runs,
        "factors": list(FACTORS),
        "shares_within": list(result.shares_within),
        "constants": [
            {"utilization": value, "shares_within": list(constant_score(runs, value))} for value in CONSTANTS
        ],
        "record": _record(),
        "width": result.width,
        "covered": inside,
        "coverage": result.coverage,
        "coverage_low": low,
        "coverage_high": high,
        "worst": [
            _run(runs[place], float(result.log_ratios[place])) for place in _largest(result.log_ratios)
        ],
        "points": [
            {
                "name": run.run,
                "kind": run.accelerator,
                "measured": float(f"{run.chip_hours:.4g}"),
                "predicted": float(f"{run.chip_hours * np.exp(-ratio):.4g}"),
            }
            for run, ratio in zip(runs, result.log_ratios.tolist(), strict=True)
        ],
    }


def _record() -> dict[str, Any]:
    """What is drawn where no law can answer: the utilization of recorded runs, and their interruptions."""
    record = training_score()
    return {
        "runs": record.runs,
        "median": record.median,
        "low": record.range_90.low,
        "high": record.range_90.high,
        "coverage": record.coverage,
        "shares_within": {name: list(shares) for name, shares in record.shares_within.items()},
        "interruptions_per_chip_year": {
            "records": len(record.interruptions),
            "median": float(np.median(record.interruptions)),
            "low": record.interruptions_range.low,
            "high": record.interruptions_range.high,
        },
    }


def _largest(log_ratios: Any) -> list[int]:
    return np.argsort(-np.abs(log_ratios), kind="stable")[: WORST // 2].tolist()


def _run(run: RecordedRun, log_ratio: float) -> dict[str, Any]:
    return {
        "case": f"{run.run}, {run.accelerator}",
        "recorded_chip_hours": run.chip_hours,
        "predicted_chip_hours": run.chip_hours * float(np.exp(-log_ratio)),
        "error": float(np.expm1(-log_ratio)),
    }


def power_told() -> dict[str, Any]:
    """Power of training servers: every system left out of the fit."""
    evidence, measured = training_evidence(), measured_power()
    result: PowerScore = evidence.power
    calibration = load_calibration().training
    by_constant = np.log(measured.watts / measured.chip_tdp_w)
    constant = score(less_best_constant(by_constant), measured.systems)
    return {
        "key": "power",
        "title": "Power of servers",
        "quantity": "mean power of a server in MLPerf Training runs",
        "command": "truecost evidence training",
        "fitted": None if calibration.checked is None else calibration.checked.isoformat(),
        "fitted_on": f"{result.rows} rows, {result.systems} systems (truecost.evidence/data/node_power.csv)",
        "baseline": "the best constant share of the rating, in hindsight",
        "cases": result.rows,
        "systems": result.systems,
        "mean_error": result.mean_error,
        "macro_error": result.macro_error,
        "low": result.residual_90.low,
        "high": result.residual_90.high,
        "constants": {
            "waiting_share": evidence.power_constants.waiting_share,
            "server_share": evidence.power_constants.server_share,
        },
        "baseline_errors": errors(constant),
        "worst": [{"case": result.worst[0], "error": result.worst[1]}],
    }


TRAINING: Mapping[str, Any] = {"training-steps": steps_told, "whole-runs": runs_told, "power": power_told}
"""The training laws by name, and what tells their scores."""
