"""One refit of everything about training: the step law, whole runs and power."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

from truecost.evidence.power_fit import PowerScore, fit_power, measured_power, score_power
from truecost.evidence.run_predictions import benchmark_chip_hours
from truecost.evidence.training_calibration_file import HEAD, training_text
from truecost.evidence.training_step_score import StepScore, fitted_score, held_out_text, shipped_score
from truecost.evidence.whole_run_fit import WholeRunScore, fit, jackknife_ranges, recorded_runs, score
from truecost.physics.energy import PowerConstants


@dataclass(frozen=True, slots=True, eq=False)
class TrainingEvidence:
    """How the training laws do on what they were not fitted on."""

    steps: StepScore
    runs: WholeRunScore
    power: PowerScore
    power_constants: PowerConstants


@dataclass(frozen=True, slots=True)
class Refit:
    """What a refit writes: the calibration, and the constants of every fit with something left out."""

    calibration: str
    held_out: str


def refit(calibration: str, progress: Callable[[str], None] = lambda name: None) -> Refit:
    """Fit everything anew; `calibration` is the file as it stands, of which the training part is replaced.

    It is dated today, unless nothing in it changed.
    """
    steps = fitted_score(progress)
    runs = recorded_runs()
    hours = benchmark_chip_hours(runs, steps.constants)
    measured = measured_power()
    laws = fit(hours, runs), jackknife_ranges(hours, runs), (fit_power(measured), score_power(measured))
    kept, mark, old = calibration.partition(HEAD)
    before = tomllib.loads(calibration).get("training", {}).get("checked", date.today())
    part = training_text(steps, *laws, before)
    if part != mark + old:
        part = training_text(steps, *laws, date.today())
    return Refit(f"{kept.rstrip()}\n\n{part}", held_out_text(steps))


@cache
def training_evidence() -> TrainingEvidence:
    """The scores of the constants the package ships, some seconds."""
    steps = shipped_score()
    runs = recorded_runs()
    measured = measured_power()
    return TrainingEvidence(
        steps=steps,
        runs=score(benchmark_chip_hours(runs, steps.constants), runs),
        power=score_power(measured),
        power_constants=fit_power(measured),
    )
