"""The training half of `calibration.toml`: constants of the step law, of whole runs and of power.

Every step-law constant has a value, the 90 % range it can have given which sources were measured, and a unit.
The residuals of a regime are the 90 % range of measured over predicted step time on sources that were *left
out* of the fit; a run's factor and power come with ranges of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from truecost.physics.energy import PowerConstants
from truecost.physics.goodput import WholeRunConstants
from truecost.physics.training_step.constants import StepConstants, constant_names, from_flat
from truecost.ranges import Range

KNOWN, UNKNOWN = "known chip", "unknown chip"
DENSE, NARROW, EXPERTS = "dense", "8 or 4 bits", "experts"
PARENT = "8 or 4 bits or experts"
"""What a regime of few measured steps is pooled with, unless it is of 16 bits and dense."""


@dataclass(frozen=True, slots=True)
class RegimeInterval:
    """How far the step law is off in one regime: measured over predicted, where it was not fitted."""

    range_90: Range
    coverage: float
    """Share of the steps of a source (or chip) left out inside the interval of the others; sources weigh the
    same."""
    mean_error: float
    """Mean absolute error of the predictions, as a share of the measured time; sources weigh the same."""
    cases: int
    """Measured steps behind it."""


@dataclass(frozen=True, slots=True)
class StepConstant:
    """One constant of the step law as it stands in the file."""

    value: float
    range_90: Range | None
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class TrainingCalibration:
    """What `truecost evidence fit training` writes."""

    step: StepConstants
    step_constants: Mapping[str, StepConstant]
    intervals: Mapping[str, RegimeInterval]
    """By regime: `interval` finds the one of a case."""
    measured_chips: frozenset[str]
    """Keys of the chips with measured training steps."""
    fitted_on: str
    whole_run: WholeRunConstants
    power: PowerConstants
    power_range_90: Range
    """Measured over predicted power of a server, on systems left out."""
    checked: date | None = None
    """When it was fitted."""

    def interval(self, *, experts: bool, narrow: bool, known_chip: bool) -> RegimeInterval:
        """The interval of a step: of its own regime, or of the one it is pooled with."""
        regime = EXPERTS if experts else NARROW if narrow else DENSE
        chip = KNOWN if known_chip else UNKNOWN
        wider = ("all",) if regime == DENSE else (PARENT, "all")
        names = (f"{name}, {chip}" for name in (regime, *wider))
        return next(self.intervals[name] for name in names if name in self.intervals)


def training_calibration(document: Mapping[str, Any]) -> TrainingCalibration:
    """From the parsed file; ValueError names the constants that are missing or unknown."""
    training, run, power = document["training"], document["training_run"], document["power"]
    constants = {name: _constant(body) for name, body in training["constants"].items()}
    if odd := constants.keys() ^ set(constant_names()):
        raise ValueError(f"calibration: missing or unknown training constants: {', '.join(sorted(odd))}")
    return TrainingCalibration(
        step=from_flat({name: constant.value for name, constant in constants.items()}),
        step_constants=constants,
        intervals={name: _interval(body) for name, body in training["intervals"].items()},
        measured_chips=frozenset(training["measured_chips"]),
        fitted_on=training["fitted_on"],
        whole_run=_whole_run(run),
        power=PowerConstants(**{name: float(power[name]["value"]) for name in PowerConstants.__slots__}),
        power_range_90=read_range(power["residual_90"]),
        checked=training.get("checked"),
    )


def read_range(text: str) -> Range:
    """The range of a positive quantity written "low .. high".

    >>> read_range("0.7 .. 1.4")
    Range(low=0.7, high=1.4, support=<Support.POSITIVE: 'positive'>)
    """
    low, _, high = text.partition("..")
    return Range(float(low), float(high))


def _constant(body: Mapping[str, Any]) -> StepConstant:
    range_90 = read_range(body["range_90"]) if "range_90" in body else None
    return StepConstant(float(body["value"]), range_90, body["unit"], body["meaning"])


def _interval(body: Mapping[str, Any]) -> RegimeInterval:
    return RegimeInterval(
        read_range(body["range_90"]), float(body["coverage"]), float(body["mean_error"]), int(body["cases"])
    )


def _whole_run(body: Mapping[str, Any]) -> WholeRunConstants:
    slopes: Mapping[str, Mapping[str, Any]] = body["slopes"]
    return WholeRunConstants(
        median=float(body["median"]["value"]),
        slopes={name: float(slope["value"]) for name, slope in slopes.items()},
        references={name: float(slope["reference"]) for name, slope in slopes.items()},
        limits={name: (float(slope["low"]), float(slope["high"])) for name, slope in slopes.items()},
        log_spread=float(body["log_spread"]["value"]),
    )
