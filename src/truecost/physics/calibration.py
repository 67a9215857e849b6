"""The constants of the laws, fitted on measurements: `calibration.toml`, written by `truecost.evidence.fit`.

Every constant has a value, the 90 % range it can have given which models were measured, and a unit. The
`residual_90` of a law is the 90 % range of measured over predicted on models and chips that were *left out*
of the fit. It holds the uncertainty of the constants too: a plan draws the residual, not both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from typing import Any

from truecost.physics.training_calibration import TrainingCalibration, read_range, training_calibration
from truecost.ranges import Range


@dataclass(frozen=True, slots=True)
class ServingConstants:
    """Constants of the serving law (`physics.roofline`); times in seconds, efficiencies as shares of peak."""

    memory_efficiency: float
    gemm_efficiency: float
    expert_gemm_efficiency: float
    attention_efficiency: float
    link_efficiency: float
    layer_latency_s: float
    expert_layer_latency_s: float
    exchange_latency_s: float
    step_latency_s: float
    sequence_latency_s: float
    prefill_layer_latency_s: float
    first_token_s: float
    prefill_chunk_tokens: float
    usable_memory_share: float
    runtime_bytes: float


@dataclass(frozen=True, slots=True)
class Constant:
    """One constant as it stands in the file."""

    value: float
    range_90: Range | None
    """None for a constant that was set, not fitted."""
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Residual:
    """How far a law is off where it was not fitted: measured over predicted."""

    range_90: Range
    coverage: float
    """Share of held-out measurements inside the range that the other groups' residuals give."""
    mean_error: float
    """Mean absolute error of the predictions, as a share of the measured value."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Everything in `calibration.toml`."""

    serving: ServingConstants
    serving_constants: Mapping[str, Constant]
    serving_residuals: Mapping[str, Residual]
    """By quantity: "replica_seconds", "tpot" and "ttft"."""
    interruptions_per_chip_year: Range
    """Of a training run: unplanned stops, for `physics.reliability`."""
    fitted_on: str
    checked: date
    training: TrainingCalibration

    @property
    def residual_90(self) -> Range:
        """Measured over predicted replica-seconds per request: what a plan multiplies its serving cost by."""
        return self.serving_residuals["replica_seconds"].range_90


@cache
def load_calibration() -> Calibration:
    """The calibration the package ships.

    >>> 0.5 < load_calibration().serving.memory_efficiency < 1
    True
    """
    from importlib.resources import files

    return read_calibration((files("truecost.physics") / "calibration.toml").read_text(encoding="utf-8"))


def read_calibration(text: str) -> Calibration:
    """A calibration from the text of its file; ValueError names the constants that are missing or unknown."""
    import tomllib

    document = tomllib.loads(text)
    serving, reliability = document["serving"], document["reliability"]
    constants = {name: _constant(body) for name, body in serving["constants"].items()}
    if odd := constants.keys() ^ {field.name for field in fields(ServingConstants)}:
        raise ValueError(f"calibration: missing or unknown constants: {', '.join(sorted(odd))}")
    return Calibration(
        serving=ServingConstants(**{name: constant.value for name, constant in constants.items()}),
        serving_constants=constants,
        serving_residuals={name: _residual(body) for name, body in serving["residuals"].items()},
        interruptions_per_chip_year=read_range(reliability["interruptions_per_chip_year"]["range_90"]),
        fitted_on=serving["fitted_on"],
        checked=document["checked"],
        training=training_calibration(document),
    )


def _constant(body: Mapping[str, Any]) -> Constant:
    range_90 = read_range(body["range_90"]) if "range_90" in body else None
    return Constant(float(body["value"]), range_90, body["unit"], body["meaning"])


def _residual(body: Mapping[str, Any]) -> Residual:
    return Residual(read_range(body["residual_90"]), float(body["coverage"]), float(body["mean_error"]))
