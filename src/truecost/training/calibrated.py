"""How far the law is off where it stands, by case: intervals of steps, the factor of whole runs.

A regime says how well a case is covered by measurements: what it multiplies in (16 bits, or 8 or 4),
whether it routes to experts, and whether steps on its chip were measured at all.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from truecost.physics.calibration import load_calibration, read_calibration
from truecost.physics.goodput import engineering_factor
from truecost.physics.training_calibration import DENSE, EXPERTS, KNOWN, NARROW, UNKNOWN, TrainingCalibration
from truecost.physics.training_step.cases import QUANTIZED_FROM, Cases
from truecost.physics.training_step.setup import chip_place
from truecost.ranges import Value
from truecost.training.spread import Spread

_WORK = (DENSE, NARROW, EXPERTS)
REGIMES = tuple(f"{work}, {chip}" for chip in (KNOWN, UNKNOWN) for work in _WORK)


def training_calibration(path: str | Path | None = None) -> TrainingCalibration:
    """The calibration the package ships, or a user's own fit. Raises ValueError for a file that is none."""
    if path is None:
        return load_calibration().training
    try:
        return read_calibration(Path(path).read_text(encoding="utf-8")).training
    except (KeyError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: no calibration of training: {error}") from None


def regimes(cases: Cases, calibration: TrainingCalibration) -> NDArray[np.intp]:
    """The index into REGIMES of each case."""
    precision, layers = np.asarray(cases.layout.precision), np.asarray(cases.model.moe_layers)
    known = [chip_place(key) for key in calibration.measured_chips]
    work = np.where(layers > 0, 2, np.where(precision >= QUANTIZED_FROM, 1, 0))
    is_known = np.isin(np.asarray(cases.chips.chip), known)
    return np.where(is_known, work, work + len(_WORK)).astype(np.intp)


def step_factor(cases: Cases, calibration: TrainingCalibration) -> Spread:
    """Measured over predicted step time, by case."""
    ranges = [
        calibration.interval(
            experts=work == EXPERTS, narrow=work == NARROW, known_chip=chip == KNOWN
        ).range_90
        for chip in (KNOWN, UNKNOWN)
        for work in _WORK
    ]
    found = regimes(cases, calibration)
    low, high = np.array([one.low for one in ranges]), np.array([one.high for one in ranges])
    return Spread(1.0, low[found], high[found])


def run_factor(cases: Cases, calibration: TrainingCalibration, reference_share: Value) -> Spread:
    """Recorded over predicted chip-hours of a run, by case.

    `reference_share` is that of the 16-bit peak in the best layout (`training.reference`): what makes the
    step at hand longer makes the run longer. The record behind it holds the step law's own error on dense
    models already; a regime whose steps are known less well adds what its interval has beyond theirs.
    """
    constants = calibration.whole_run
    middle = engineering_factor(constants, {name: np.log2(reference_share) for name in constants.slopes})
    ends, step = constants.range_90, step_factor(cases, calibration)
    usual = calibration.interval(experts=False, narrow=False, known_chip=True).range_90
    down, up = _beyond(1 / step.down, 1 / usual.low), _beyond(step.up, usual.high)
    return Spread(middle + 0.0 * np.asarray(cases.layout.data), ends.low, ends.high) * Spread(
        1.0, 1 / down, up
    )


def _beyond(wide: Value, usual: float) -> Value:
    """The factor that together with the usual one makes the wide one; 1 where that is no wider."""
    more = np.maximum(np.log(np.maximum(wide, 1.0)) ** 2 - np.log(max(usual, 1.0)) ** 2, 0.0)
    return np.exp(np.sqrt(more))
