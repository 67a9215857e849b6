"""Recorded whole runs against a step law and the losses of a run: the engineering factor, and how good it is.

A step law predicts what a run takes at a benchmark's speed; `physics.goodput.whole_run` adds what failures,
ramp and pauses take. What recorded runs took on top is one lognormal factor that grows with the utilization
the law promises in the best layout: where it promises much, part of that is its own error and part what runs
leave on the table. It is shrunk towards no change and judged on runs left out of its fit.

    runs = recorded_runs()
    hours = ...            # the step law's chip-hours at a benchmark's speed, one for each run
    constants = fit(hours, runs)
    print(whole_run_card(score(hours, runs), runs))
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import combinations

import numpy as np

from truecost.catalog.accelerators import accelerator
from truecost.evidence.metrics import share_within
from truecost.finance.student_t import student_t_quantile
from truecost.normal import Z95
from truecost.physics.goodput import HOURS_PER_DAY, SECONDS_PER_HOUR, Operations, WholeRunConstants, whole_run
from truecost.ranges import FloatArray

COVARIATES = ("log2_utilization",)
"""Of the engineering factor, as shipped; `compare` judges the others."""
CANDIDATES = ("year", "log2_chips", "log2_parameters", "log2_days", "log2_utilization")
MOST_COVARIATES = 2
SHRINKAGE = 1.0
"""Prior weight of "no effect" on a covariate with spread 1, in runs (ridge regression)."""
USUAL_DAYS = 45.0
"""Length of a run whose number of chips was not published: near the middle of the record."""
FACTORS = (1.25, 1.5, 2.0)
CONSTANTS = (0.265, 0.29, 0.375)
"""Utilizations to compare with: two medians of the record, and Epoch AI's."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A whole run whose chip-hours and work were recorded independently."""

    run: str
    model: str | None
    """Of the catalog, where it has it or its shape."""
    accelerator: str
    chips: float | None
    year: float
    """Of publication, with its month as a fraction."""
    parameters: float
    active_parameters: float
    tokens: float
    training_flop: float
    peak_flops_per_s: float
    """Dense 16-bit."""
    chip_hours: float
    cells: Mapping[str, str]
    """The row as it stands in the table: shape, sequence length, batch, precision."""

    @property
    def utilization(self) -> float:
        """Model FLOPs over chip-hours and peak."""
        return self.training_flop / (self.chip_hours * SECONDS_PER_HOUR * self.peak_flops_per_s)


@dataclass(frozen=True, slots=True)
class WholeRunScore:
    """Predictions of the chip-hours of runs that were left out of the fit."""

    runs: int
    shares_within: tuple[float, ...]
    """Of the runs, predicted within each of FACTORS."""
    width: float
    """Half the 90 % interval as a factor: it reaches from middle / width to middle x width."""
    coverage: float
    """Share of the runs inside the interval that the others give."""
    spread: float
    """Root mean square of ln(recorded / predicted)."""
    log_ratios: FloatArray
    """ln(recorded / predicted), one a run."""


@cache
def recorded_runs() -> tuple[RecordedRun, ...]:
    """The runs of training_runs.csv that are used."""
    text = (files("truecost.evidence") / "data" / "training_runs.csv").read_text(encoding="utf-8")
    return tuple(_run(row) for row in csv.DictReader(text.splitlines()) if not row["left_out"])


def _run(row: dict[str, str]) -> RecordedRun:
    published = date.fromisoformat(row["published"])
    return RecordedRun(
        run=row["run"],
        model=row["model"] or None,
        accelerator=row["accelerator"],
        chips=float(row["chips"]) if row["chips"] else None,
        year=published.year + (published.month - 1) / 12,
        parameters=float(row["parameters"]),
        active_parameters=float(row["active_parameters"]),
        tokens=float(row["tokens"]),
        training_flop=float(row["training_flop"]),
        peak_flops_per_s=accelerator(row["accelerator"]).dense_peak("bf16"),
        chip_hours=float(row["chip_hours"]),
        cells=row,
    )


def explained_hours(
    predicted_hours: FloatArray, runs: Sequence[RecordedRun], operations: Operations | None = None
) -> FloatArray:
    """Chip-hours with the losses that the law of a run knows: what the engineering factor multiplies."""
    chips = _chips(predicted_hours, runs)
    parameters = np.array([run.parameters for run in runs])
    law = whole_run(predicted_hours * SECONDS_PER_HOUR / chips, chips, parameters, operations)
    return np.asarray(law.chip_hours)


def _chips(predicted_hours: FloatArray, runs: Sequence[RecordedRun]) -> FloatArray:
    usual = predicted_hours / (USUAL_DAYS * HOURS_PER_DAY)
    return np.array([run.chips or max(guess, 1.0) for run, guess in zip(runs, usual, strict=True)])


def covariates(predicted_hours: FloatArray, runs: Sequence[RecordedRun]) -> dict[str, FloatArray]:
    """CANDIDATES of each run; the number of chips is guessed from the length of a run where not published.

    `log2_utilization` is the one the step law predicts: a slope of it above 0 says that the law promises too
    much where it promises most, because a run's layout is not the best one or because the law errs.
    """
    chips = _chips(predicted_hours, runs)
    work = np.array([run.training_flop / run.peak_flops_per_s / SECONDS_PER_HOUR for run in runs])
    return {
        "year": np.array([run.year for run in runs]),
        "log2_chips": np.log2(chips),
        "log2_parameters": np.log2([run.parameters for run in runs]),
        "log2_days": np.log2(predicted_hours / chips / HOURS_PER_DAY),
        "log2_utilization": np.log2(work / predicted_hours),
    }


def fit(
    predicted_hours: FloatArray,
    runs: Sequence[RecordedRun],
    names: Sequence[str] = COVARIATES,
    operations: Operations | None = None,
) -> WholeRunConstants:
    """The engineering factor between a step law's chip-hours (at a benchmark's speed) and the record."""
    logs = np.log([run.chip_hours for run in runs]) - np.log(
        explained_hours(predicted_hours, runs, operations)
    )
    return _fitted(logs, {name: covariates(predicted_hours, runs)[name] for name in names})


def _fitted(logs: FloatArray, given: Mapping[str, FloatArray]) -> WholeRunConstants:
    """Ridge regression of ln(recorded / explained) on standardised covariates; Student's t for one more."""
    means = {name: float(values.mean()) for name, values in given.items()}
    scales = {name: float(values.std()) or 1.0 for name, values in given.items()}
    middle = float(logs.mean())
    slopes = np.zeros(len(given))
    residual = logs - middle
    if given:
        inputs = np.column_stack([(given[name] - means[name]) / scales[name] for name in given])
        slopes = np.linalg.solve(inputs.T @ inputs + SHRINKAGE * np.eye(len(given)), inputs.T @ residual)
        residual = residual - inputs @ slopes
    freedom = len(logs) - 1 - len(given)
    deviation = np.sqrt(float(residual @ residual) / freedom * (1 + 1 / len(logs)))
    return WholeRunConstants(
        median=float(np.exp(middle)),
        slopes={name: float(slope) / scales[name] for name, slope in zip(given, slopes, strict=True)},
        references=means,
        limits={name: (float(values.min()), float(values.max())) for name, values in given.items()},
        log_spread=float(deviation) * student_t_quantile(0.95, freedom) / Z95,
    )


def score(
    predicted_hours: FloatArray,
    runs: Sequence[RecordedRun],
    names: Sequence[str] | None = COVARIATES,
    operations: Operations | None = None,
) -> WholeRunScore:
    """Predict every run with constants fitted on the others; None as `names` chooses covariates each time."""
    logs = np.log([run.chip_hours for run in runs]) - np.log(
        explained_hours(predicted_hours, runs, operations)
    )
    return _scored(logs, covariates(predicted_hours, runs), names)


def _scored(logs: FloatArray, given: Mapping[str, FloatArray], names: Sequence[str] | None) -> WholeRunScore:
    off, half = np.empty(len(logs)), np.empty(len(logs))
    for place in range(len(logs)):
        others = np.arange(len(logs)) != place
        rest = {name: values[others] for name, values in given.items()}
        used = _best(logs[others], rest) if names is None else tuple(names)
        constants = _fitted(logs[others], {name: rest[name] for name in used})
        own = {name: float(given[name][place]) for name in used}
        off[place] = logs[place] - float(np.log(constants.factor(own)))
        half[place] = Z95 * constants.log_spread
    return WholeRunScore(
        runs=len(logs),
        shares_within=tuple(share_within(off, factor) for factor in FACTORS),
        width=float(np.exp(half.mean())),
        coverage=float((np.abs(off) <= half).mean()),
        spread=float(np.sqrt(np.mean(off**2))),
        log_ratios=off,
    )


def _best(logs: FloatArray, given: Mapping[str, FloatArray]) -> tuple[str, ...]:
    return min(_subsets(), key=lambda names: _scored(logs, given, names).spread)


def _subsets() -> list[tuple[str, ...]]:
    return [names for size in range(MOST_COVARIATES + 1) for names in combinations(CANDIDATES, size)]


def compare(predicted_hours: FloatArray, runs: Sequence[RecordedRun]) -> dict[tuple[str, ...], WholeRunScore]:
    """The score of every choice of at most two covariates, the smallest left-out spread first."""
    scores = {names: score(predicted_hours, runs, names) for names in _subsets()}
    return dict(sorted(scores.items(), key=lambda item: item[1].spread))


def constant_score(runs: Sequence[RecordedRun], utilization: float) -> tuple[float, ...]:
    """Share of the runs whose chip-hours one utilization predicts within each of FACTORS.

    >>> [round(share, 2) for share in constant_score(recorded_runs(), 0.1)]
    [0.03, 0.06, 0.14]
    """
    ratios = np.log(utilization / np.array([run.utilization for run in runs]))
    return tuple(share_within(ratios, factor) for factor in FACTORS)


def jackknife_ranges(
    predicted_hours: FloatArray, runs: Sequence[RecordedRun], names: Sequence[str] = COVARIATES
) -> dict[str, tuple[float, float]]:
    """90 % range of the median factor and of each slope, from how they move when a run is left out."""
    left = [
        fit(np.delete(predicted_hours, place), [*runs[:place], *runs[place + 1 :]], names)
        for place in range(len(runs))
    ]
    full = fit(predicted_hours, runs, names)
    logs = np.array([_log_median_at(constants, full.references) for constants in left])
    widen = float(np.exp(_half_width(logs)))
    ranges = {"median": (full.median / widen, full.median * widen)}
    for name in names:
        half = _half_width(np.array([constants.slopes[name] for constants in left]))
        ranges[name] = (full.slopes[name] - half, full.slopes[name] + half)
    return ranges


def _log_median_at(constants: WholeRunConstants, references: Mapping[str, float]) -> float:
    return float(np.log(constants.factor(dict(references))))


def _half_width(left: FloatArray) -> float:
    return Z95 * float(np.sqrt((len(left) - 1) * np.var(left)))


def whole_run_card(result: WholeRunScore, runs: Sequence[RecordedRun]) -> str:
    """The scorecard: a few lines of at most 80 columns."""
    heads = "".join(f"{f'within {factor:g}x':>13}" for factor in FACTORS)
    lines = [
        f"WHOLE RUNS: chip-hours of {result.runs} recorded runs, each left out of the fit",
        f"{'':30}{heads}",
        f"  {'step law, losses, factor':28}" + "".join(f"{share:13.0%}" for share in result.shares_within),
    ]
    for utilization in CONSTANTS:
        shares = "".join(f"{share:13.0%}" for share in constant_score(runs, utilization))
        lines.append(f"  {f'utilization of {utilization:g}':28}{shares}")
    lines.append(f"90 % interval x{result.width:.2f} either side, covers {result.coverage:.0%}")
    return "\n".join(lines)
