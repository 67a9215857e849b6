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

from truecost.physics.energy import ServingPowerConstants
from truecost.physics.training_calibration import TrainingCalibration, read_range, training_calibration
from truecost.ranges import Range, Value

ENGINES = ("vllm", "trtllm", "sglang")
"""Engines with constants of their own: vLLM, TensorRT-LLM, SGLang."""
SEEN = "_seen"
ENGINE = ENGINES[0]
"""Where none is named."""
OF_ENGINE = ("sequence_latency_s", "first_token_s")
"""Constants that each engine has its own of: `name.engine` in the file."""


@dataclass(frozen=True, slots=True)
class ServingConstants:
    """Constants of the serving law (`physics.roofline`); times in seconds, efficiencies as shares of peak.

    Those in OF_ENGINE are of one engine, or arrays for measured points of several.
    """

    memory_efficiency: float
    cache_efficiency: float
    memory_speed_exponent: float
    gemm_efficiency: float
    expert_gemm_efficiency: float
    expert_half_width: float
    attention_efficiency: float
    link_efficiency: float
    element_passes: float
    layer_latency_s: float
    quantized_layer_latency_s: float
    expert_layer_latency_s: float
    exchange_latency_s: float
    later_latency_factor: float
    step_latency_s: float
    prefill_layer_latency_s: float
    delivery_steps: float
    prefill_chunk_tokens: float
    usable_memory_share: float
    runtime_bytes: float
    sequence_latency_s: Value
    first_token_s: Value

    def delivery_s(self, step_s: Value) -> Value:
        """Seconds between the end of the step that makes a token and its way out, the next step under way."""
        return self.delivery_steps * step_s


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
class ServingPower:
    """The law of the power of serving chips (`physics.energy.serving_chip_power_w`), without their server."""

    law: ServingPowerConstants
    constants: Mapping[str, Constant]
    residual: Residual
    """Of models left out, which weigh the same."""
    fitted_on: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """Everything in `calibration.toml`."""

    serving_constants: Mapping[str, Constant]
    """By name, `name.engine` where each engine has its own."""
    serving_residuals: Mapping[str, Residual]
    """By quantity: replica_seconds of the closed form; tpot, ttft, throughput, e2e of the simulation; with
    SEEN behind its name, of the simulation corrected by measurements nearby."""
    serving_power: ServingPower
    interruptions_per_chip_year: Range
    """Of a training run: unplanned stops, for `physics.reliability`."""
    fitted_on: str
    checked: date
    training: TrainingCalibration

    @property
    def serving(self) -> ServingConstants:
        """The constants of the serving law, of the engine that counts where none is named."""
        return self.serving_of(ENGINE)

    def serving_of(self, engine: str) -> ServingConstants:
        """The constants of the serving law with those of an engine of ENGINES."""
        return serving_constants({name: one.value for name, one in self.serving_constants.items()}, engine)

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
    if odd := serving["constants"].keys() ^ set(constant_names()):
        raise ValueError(f"calibration: missing or unknown constants: {', '.join(sorted(odd))}")
    constants = {name: _constant(body) for name, body in serving["constants"].items()}
    return Calibration(
        serving_constants=constants,
        serving_residuals={name: _residual(body) for name, body in serving["residuals"].items()},
        serving_power=_serving_power(document["serving_power"]),
        interruptions_per_chip_year=read_range(reliability["interruptions_per_chip_year"]["range_90"]),
        fitted_on=serving["fitted_on"],
        checked=document["checked"],
        training=training_calibration(document),
    )


def constant_names() -> list[str]:
    """Names of the serving law's constants as the file has them."""
    names: list[str] = []
    for field in fields(ServingConstants):
        own = [f"{field.name}.{engine}" for engine in ENGINES]
        names += own if field.name in OF_ENGINE else [field.name]
    return names


def serving_constants(values: Mapping[str, Value], engine: str) -> ServingConstants:
    """Constants of an engine from the values of the file, by their names there."""
    names = [field.name for field in fields(ServingConstants)]
    return ServingConstants(
        **{name: values[f"{name}.{engine}" if name in OF_ENGINE else name] for name in names}  # pyright: ignore[reportArgumentType]  (one name's type is not that of all)
    )


def _serving_power(body: Mapping[str, Any]) -> ServingPower:
    names = {field.name for field in fields(ServingPowerConstants)}
    if odd := body["constants"].keys() ^ names:
        raise ValueError(f"calibration: missing or unknown constants of power: {', '.join(sorted(odd))}")
    constants = {name: _constant(one) for name, one in body["constants"].items()}
    law = ServingPowerConstants(**{name: one.value for name, one in constants.items()})
    return ServingPower(law, constants, _residual(body), body["fitted_on"])


def _constant(body: Mapping[str, Any]) -> Constant:
    range_90 = read_range(body["range_90"]) if "range_90" in body else None
    return Constant(float(body["value"]), range_90, body["unit"], body["meaning"])


def _residual(body: Mapping[str, Any]) -> Residual:
    return Residual(read_range(body["residual_90"]), float(body["coverage"]), float(body["mean_error"]))
