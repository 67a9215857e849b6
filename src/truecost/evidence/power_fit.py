"""The law of server power (`physics.energy.server_power_w`) fitted on measured servers, and judged.

Two constants are fitted on the mean power of MLPerf Training runs with power logs: what a chip draws while
it waits, and what the rest of a server draws. The load of each run is measured too (work a chip-minute over
that of the same benchmark in one server). Judged by leaving whole systems out of the fit. All logs are of
servers with eight H100, most of one vendor: other chips take the same shares of their own ratings.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from truecost.catalog.accelerators import accelerator
from truecost.catalog.facts import Fact
from truecost.catalog.rates import load_rates
from truecost.evidence.metrics import Labels, group_weights, jackknife_log_spread
from truecost.evidence.training_score import positive_interval
from truecost.normal import Z95
from truecost.physics.energy import PowerConstants, server_power_w
from truecost.ranges import FloatArray, Range

FULL_LOAD_UTILIZATION = 0.58
"""Model FLOPs over time and 16-bit peak of the Llama 2 70B adapter tuning in one server (MLPerf Training
v4.0, 3,072 samples of 8,192 tokens in 28.1 minutes on 8 H100; matrix products in FP8), where load is 1."""


@dataclass(frozen=True, slots=True)
class MeasuredPower:
    """Mean power of servers in MLPerf runs, one row a system, submitter and benchmark."""

    systems: Labels
    load: FloatArray
    watts: FloatArray
    """Of a server, over its chips."""
    chip_tdp_w: FloatArray
    server_overhead: float


@dataclass(frozen=True, slots=True)
class PowerScore:
    """How far the law is off on systems left out of its fit."""

    systems: int
    rows: int
    mean_error: float
    """Mean absolute error over rows, as a share of the measured power."""
    macro_error: float
    """Mean over systems of the mean error in each."""
    worst: tuple[str, float]
    """The system it is worst on, and its mean error, predicted over measured less 1."""
    residual_90: Range
    """Measured over predicted, of one more row of a system left out."""
    ranges: dict[str, Range]
    """90 % range of each fitted constant, from how it moves when systems are left out."""


@cache
def measured_power() -> MeasuredPower:
    """The rows of node_power.csv."""
    text = (files("truecost.evidence") / "data" / "node_power.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return MeasuredPower(
        systems=np.array([row["system"] for row in rows]),
        load=np.array([float(row["load"]) for row in rows]),
        watts=np.array([float(row["mean_node_power_w"]) / float(row["chips_per_node"]) for row in rows]),
        chip_tdp_w=np.array([_number(accelerator(row["chip"]).tdp_w) for row in rows]),
        server_overhead=_number(load_rates().fact("power/server_overhead")),
    )


def fit_power(measured: MeasuredPower) -> PowerConstants:
    """Least squares on relative errors; systems weigh the same whatever number of rows each has."""
    busy = measured.chip_tdp_w * measured.load
    waiting = measured.chip_tdp_w * (1 - measured.load)
    rest = measured.chip_tdp_w * (measured.server_overhead - 1)
    weight = np.sqrt(group_weights(measured.systems)) / measured.watts
    inputs = np.column_stack([waiting, rest]) * weight[:, None]
    found = np.linalg.lstsq(inputs, (measured.watts - busy) * weight, rcond=None)[0]
    waiting_share, server_share = (float(share) for share in found)
    return PowerConstants(waiting_share, server_share, FULL_LOAD_UTILIZATION)


def predicted(measured: MeasuredPower, constants: PowerConstants) -> FloatArray:
    """The law's power a chip with its part of the server, in W, for each row."""
    return np.asarray(server_power_w(measured.load, measured.chip_tdp_w, measured.server_overhead, constants))


def score_power(measured: MeasuredPower) -> PowerScore:
    """Predict every system with constants fitted on the others."""
    errors = np.empty(len(measured.load))
    left: list[PowerConstants] = []
    names = [str(name) for name in np.unique(measured.systems)]
    for name in names:
        own = measured.systems == name
        left.append(fit_power(_where(measured, ~own)))
        errors[own] = predicted(_where(measured, own), left[-1]) / measured.watts[own] - 1
    by_system = {name: float(np.abs(errors[measured.systems == name]).mean()) for name in names}
    worst = max(by_system, key=lambda name: by_system[name])
    return PowerScore(
        systems=len(names),
        rows=len(errors),
        mean_error=float(np.abs(errors).mean()),
        macro_error=float(np.mean(list(by_system.values()))),
        worst=(worst, float(errors[measured.systems == worst].mean())),
        residual_90=positive_interval(1 / (1 + errors)),
        ranges=_ranges(fit_power(measured), left),
    )


def _ranges(full: PowerConstants, left: list[PowerConstants]) -> dict[str, Range]:
    """Jackknife over systems: lognormal about the full fit."""
    ranges: dict[str, Range] = {}
    for name in ("waiting_share", "server_share"):
        half = Z95 * jackknife_log_spread([getattr(each, name) for each in left])
        value = getattr(full, name)
        ranges[name] = Range(value * float(np.exp(-half)), value * float(np.exp(half)))
    return ranges


def _where(measured: MeasuredPower, rows: NDArray[np.bool_]) -> MeasuredPower:
    return MeasuredPower(
        measured.systems[rows],
        measured.load[rows],
        measured.watts[rows],
        measured.chip_tdp_w[rows],
        measured.server_overhead,
    )


def _number(fact: Fact | None) -> float:
    if fact is None:
        raise ValueError("the catalog has no power rating of the chip")
    return fact.value.median if isinstance(fact.value, Range) else fact.value


def power_card(score: PowerScore, constants: PowerConstants) -> str:
    """The scorecard: a few lines of at most 80 columns."""
    return "\n".join(
        [
            f"POWER: mean of {score.systems} systems, {score.rows} rows, each system left out of the fit",
            f"mean error {score.mean_error:.1%} (systems weighing the same {score.macro_error:.1%}), "
            f"worst {score.worst[1]:+.0%}",
            f"a waiting chip draws {constants.waiting_share:.2f} of its rating, the rest of a server "
            f"{constants.server_share:.2f}",
        ]
    )
