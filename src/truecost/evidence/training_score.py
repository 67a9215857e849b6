"""How far whole training runs, interruptions and the power of servers lie from what the laws assume.

A plan draws the utilization of a run from the record of whole runs. Judged here: does a run left out lie
in the range that the others give, and how close is one constant to it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from truecost.catalog.accelerators import accelerator
from truecost.catalog.facts import Fact
from truecost.catalog.rates import load_rates
from truecost.evidence.metrics import share_within
from truecost.normal import Z95
from truecost.physics.energy import energy_kwh
from truecost.physics.training import chip_hours
from truecost.ranges import FloatArray, Range, Support

CONSTANTS = {"median of the record": None, "Epoch AI's 0.375": 0.375, "a benchmark's 0.50": 0.50}
"""Utilizations to predict chip-hours with; None for the median of the other runs."""
FACTORS = (1.25, 1.5, 2.0)
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class TrainingScore:
    """Whole runs, interruptions, and power, against their records."""

    runs: int
    median: float
    range_90: Range
    """Prediction interval for a further run."""
    rate: Range
    """What the catalog ships as utilization/whole_run."""
    coverage: float
    """Share of runs inside the interval that the other runs give."""
    shares_within: Mapping[str, tuple[float, ...]]
    """By constant: share of the runs whose chip-hours it predicts within each of FACTORS."""
    interruptions: FloatArray
    """Per chip and year, one a record."""
    interruptions_range: Range
    power_ratio: FloatArray
    """Measured server power over the law's, one a system and benchmark."""


@cache
def training_score() -> TrainingScore:
    """Compare the record with what the laws assume."""
    utilizations = whole_run_utilizations()
    rate = load_rates().fact("utilization/whole_run").value
    interruptions = interruption_rates()
    return TrainingScore(
        runs=len(utilizations),
        median=float(np.median(utilizations)),
        range_90=share_interval(utilizations),
        rate=rate if isinstance(rate, Range) else Range(rate, rate, Support.SHARE),
        coverage=_left_out_coverage(utilizations),
        shares_within={name: _within(utilizations, constant) for name, constant in CONSTANTS.items()},
        interruptions=interruptions,
        interruptions_range=positive_interval(interruptions),
        power_ratio=power_ratios(),
    )


def whole_run_utilizations() -> FloatArray:
    """Model FLOPs over chip-hours x dense 16-bit peak of each recorded run that measures one."""
    rows = [row for row in _table("truecost.catalog", "whole_runs.csv") if not row["left_out"]]
    flops, peak, hours = (
        np.array([float(row[name]) for row in rows])
        for name in ("training_flop", "peak_flops_per_s", "chip_hours")
    )
    return np.asarray(chip_hours(flops, peak, 1.0) / hours)


def interruption_rates() -> FloatArray:
    """Unplanned interruptions per chip and year of each recorded run."""
    rows = _table("truecost.evidence", "interruptions.csv")
    chip_years = [float(row["chips"]) * float(row["days"]) / DAYS_PER_YEAR for row in rows]
    return np.divide([float(row["interruptions"]) for row in rows], chip_years)


def power_ratios() -> FloatArray:
    """Measured mean power of training servers over TDP x server overhead x average load."""
    overhead, load = (_rate(f"power/{name}") for name in ("server_overhead", "average_load_gpu"))
    ratios: list[float] = []
    for row in _table("truecost.evidence", "node_power.csv"):
        tdp_w = accelerator(row["chip"]).tdp_w
        if tdp_w is None:
            raise ValueError(f"the catalog has no power rating of {row['chip']}")
        predicted = energy_kwh(float(row["chips_per_node"]), _number(tdp_w), overhead, load, 1.0)
        ratios.append(float(row["mean_node_power_w"]) / 1000 / float(predicted))
    return np.array(ratios)


def _rate(key: str) -> float:
    return _number(load_rates().fact(key))


def _number(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value


def share_interval(shares: FloatArray) -> Range:
    """90 % prediction interval for one more share: logit-normal, Student's t for the small sample.

    >>> str(share_interval(np.array([0.2, 0.25, 0.3, 0.35])))
    '0.137 .. 0.466255'
    """
    logits = np.log(shares / (1 - shares))
    ends = logits.mean() + np.array([-1.0, 1.0]) * _half_width(logits)
    low, high = 1 / (1 + np.exp(-ends))
    return Range(float(low), float(high), Support.SHARE)


def positive_interval(values: FloatArray) -> Range:
    """The same for a positive quantity: lognormal."""
    logs = np.log(values)
    low, high = np.exp(logs.mean() + np.array([-1.0, 1.0]) * _half_width(logs))
    return Range(float(low), float(high))


def _half_width(values: FloatArray) -> float:
    count = len(values)
    return _student_95(count - 1) * float(values.std(ddof=1)) * float(np.sqrt(1 + 1 / count))


def _student_95(freedom: int) -> float:
    """The 95 % quantile of Student's t (Cornish-Fisher; 2.01 for 5 degrees of freedom, exactly 2.015)."""
    z, n = Z95, float(freedom)
    return z + (z**3 + z) / (4 * n) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)


def _left_out_coverage(shares: FloatArray) -> float:
    inside: list[bool] = []
    for place, share in enumerate(shares):
        interval = share_interval(np.delete(shares, place))
        inside.append(interval.low <= share <= interval.high)
    return float(np.mean(inside))


def _within(shares: FloatArray, constant: float | None) -> tuple[float, ...]:
    guesses = np.array(
        [
            np.median(np.delete(shares, place)) if constant is None else constant
            for place in range(len(shares))
        ]
    )
    return tuple(share_within(np.log(guesses / shares), factor) for factor in FACTORS)


def _table(package: str, name: str) -> list[dict[str, str]]:
    text = (files(package) / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
