"""Does the law of failures tell what a run loses? Its figure from the chips, beside the recorded share.

A plan knows the number of chips, not how often they will be interrupted. Judged here: the law with the range
of interruptions on record, the law where a run's own interruptions were counted, and one constant share.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from truecost.catalog.rates import load_rates
from truecost.physics.calibration import load_calibration
from truecost.physics.reliability import checkpoint_hours, lost_share_by_law
from truecost.ranges import Range

FACTOR = 1.5


@dataclass(frozen=True, slots=True)
class LostTime:
    """One run: the share of time it lost (from 0 where only a bound is known), and the predictions."""

    run: str
    chips: float
    recorded: tuple[float, float]
    by_law: tuple[float, float, float]
    """From the chips alone, at the low end, the median and the high end of interruptions on record."""
    by_own_interruptions: float | None
    """Where the run's own were counted."""


@cache
def lost_time() -> tuple[LostTime, ...]:
    """The recorded runs of known size, the smallest first."""
    text = (files("truecost.evidence") / "data" / "lost_time.csv").read_text(encoding="utf-8")
    rows = [row for row in csv.DictReader(text.splitlines()) if not row["left_out"]]
    interruptions = load_calibration().interruptions_per_chip_year
    result: list[LostTime] = []
    for row in sorted(rows, key=lambda row: float(row["chips"])):
        chips, parameters = float(row["chips"]), float(row["parameters"])
        low, middle, high = (
            _by_law(chips, parameters, rate)
            for rate in (interruptions.low, interruptions.median, interruptions.high)
        )
        counted = row["interruptions_per_chip_year"]
        own = _by_law(chips, parameters, float(counted)) if counted else None
        recorded = float(row["lost_low"]), float(row["lost_high"])
        result.append(LostTime(row["run"], chips, recorded, (low, middle, high), own))
    return tuple(result)


def _by_law(chips: float, parameters: float, interruptions: float) -> float:
    checkpoint = checkpoint_hours(
        parameters,
        _rate("training/checkpoint_bytes_per_parameter"),
        _rate("reliability/checkpoint_write_bytes_per_s"),
    )
    return float(lost_share_by_law(chips, interruptions, checkpoint, _rate("reliability/restart_hours")))


def _rate(key: str) -> float:
    value = load_rates().fact(key).value
    return value.median if isinstance(value, Range) else value


def recorded_share() -> float:
    """The share that a plan charges, its median."""
    return _rate("training/restart_overhead_share")


def off_by(predicted: float, recorded: tuple[float, float]) -> float:
    """How many times too high or too low a prediction is; 1 inside a recorded range or below a bound.

    >>> off_by(0.2, (0.0, 0.1)), off_by(0.05, (0.0, 0.1)), off_by(0.02, (0.1, 0.1))
    (2.0, 1.0, 5.0)
    """
    low, high = recorded
    return float(np.max([predicted / high, low / predicted, 1.0]))
