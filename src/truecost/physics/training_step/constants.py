"""The constants of the training-step law: few, each with a physical meaning, fitted on measured steps.

They stand in `calibration.toml`. A constant is global, or there is one for each stack (what its kernels fuse
and its schedule overlaps) or for each chip generation (what a datasheet does not say); a stack or a
generation never measured takes the common value.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from truecost.physics.training_step.cases import (
    FOUR_BITS_FROM,
    GENERATIONS,
    QUANTIZED_FROM,
    STACK_CODES,
    Cases,
)
from truecost.ranges import FloatArray, Value

REFERENCE_W_PER_FLOPS = 0.7e-12
"""Power behind the peak of an H100, in W per FLOP/s: where `matrix_efficiency` is stated."""


ENERGY_8_BITS, ENERGY_4_BITS = 0.5, 0.3
"""Energy of a FLOP over one at 16 bits: it falls about with the bits multiplied (set, not fitted)."""


@dataclass(frozen=True, slots=True, eq=False)
class StepConstants:
    """Times in seconds, efficiencies and exposures as shares; arrays are by stack or by generation."""

    matrix_efficiency_reference: float
    power_exponent: float
    wave_area: float
    tile_depth: float
    memory_efficiency: float
    expert_efficiency: float
    fp8_efficiency: float
    block_scaled_efficiency: float
    fp4_efficiency: float
    cast_bytes: float
    attention_efficiency: float
    attention_chunk_tokens: float
    unfused_bytes: float
    accumulation_bytes: float
    logit_bytes: float
    routing_bytes: float
    expert_launch_s: float
    tensor_launch_s: float
    launch_forward_share: float
    launch_gap_share: float
    link_efficiency: float
    network_efficiency: float
    collective_latency_s: float
    data_exposed: float
    context_exposed: float
    expert_exposed: float
    head_imbalance: float
    selective_share: float
    optimizer_bytes: float
    step_s: float
    launch_s: FloatArray
    element_passes: FloatArray
    tensor_exposed: FloatArray
    tensor_latency_s: FloatArray
    sharded_exposed: FloatArray
    matrix_factor: FloatArray
    narrow_factor: FloatArray
    attention_factor: FloatArray
    attention_kernel: FloatArray

    def matrix_efficiency(self, cases: Cases) -> Value:
        """Share of the peak that large products reach in the layers.

        What a chip sustains is bound by power: more watts behind each FLOP/s, more of the peak.
        """
        code = np.asarray(cases.layout.precision)
        narrowest = np.where(code >= FOUR_BITS_FROM, ENERGY_4_BITS, ENERGY_8_BITS)
        energy = np.where(code >= QUANTIZED_FROM, narrowest, 1.0)
        share = self._efficiency(cases, cases.chips.peak_flops * energy)
        narrow = self.fp8_efficiency * self.narrow_factor[_codes(cases.chips.generation)]
        share = np.where(code >= QUANTIZED_FROM, share * narrow, share)
        share = np.where(code > QUANTIZED_FROM, share * self.block_scaled_efficiency, share)
        return np.where(code >= FOUR_BITS_FROM, share * self.fp4_efficiency, share)

    def wide_matrix_efficiency(self, cases: Cases) -> Value:
        """The same at 16 bits: the head."""
        return self._efficiency(cases, cases.chips.wide_peak_flops)

    def _efficiency(self, cases: Cases, demand: Value) -> Value:
        """`demand`: the peak in FLOP/s, each weighed by its energy over one at 16 bits."""
        power = cases.chips.power_w / demand / REFERENCE_W_PER_FLOPS
        factor = self.matrix_factor[_codes(cases.chips.generation)]
        return np.minimum(self.matrix_efficiency_reference * factor * power**self.power_exponent, 0.97)

    def flash_efficiency(self, cases: Cases) -> Value:
        """Share of the 16-bit peak that fused attention reaches."""
        power = cases.chips.power_w / cases.chips.wide_peak_flops / REFERENCE_W_PER_FLOPS
        factor = self.attention_factor[_codes(cases.chips.generation)]
        kernel = self.by_stack(self.attention_kernel, cases)
        return np.minimum(self.attention_efficiency * kernel * factor * power**self.power_exponent, 0.97)

    def element_bytes(self, cases: Cases) -> Value:
        """Bytes of a number that goes into a product of the layers."""
        code = np.asarray(cases.layout.precision)
        return np.where(code >= FOUR_BITS_FROM, 0.5625, np.where(code >= QUANTIZED_FROM, 1.0, 2.0))

    def by_stack(self, values: FloatArray, cases: Cases) -> Value:
        """One of the constants that depend on the stack, for each case."""
        return values[_codes(cases.layout.stack)]

    def flat(self) -> dict[str, float]:
        """Every constant by its name in the calibration: `launch_s.fsdp`."""
        found: dict[str, float] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            labels = GROUPS.get(field.name)
            if labels is None:
                found[field.name] = value
            else:
                found.update(
                    {f"{field.name}.{label}": float(one) for label, one in zip(labels, value, strict=True)}
                )
        return found


GROUPS = {
    "launch_s": tuple(STACK_CODES),
    "element_passes": tuple(STACK_CODES),
    "tensor_exposed": tuple(STACK_CODES),
    "tensor_latency_s": tuple(STACK_CODES),
    "sharded_exposed": tuple(STACK_CODES),
    "attention_kernel": tuple(STACK_CODES),
    "matrix_factor": GENERATIONS,
    "narrow_factor": GENERATIONS,
    "attention_factor": GENERATIONS,
}
"""The constants that come by stack or by chip generation, and what there is of each."""


def constant_names() -> list[str]:
    """Every constant by its name in the calibration, in the order of the law."""
    names: list[str] = []
    for field in fields(StepConstants):
        labels = GROUPS.get(field.name)
        names += [field.name] if labels is None else [f"{field.name}.{label}" for label in labels]
    return names


def from_flat(values: dict[str, float]) -> StepConstants:
    """Constants from their names in the calibration. KeyError names one that is missing."""
    found: dict[str, float | FloatArray] = {}
    for field in fields(StepConstants):
        labels = GROUPS.get(field.name)
        found[field.name] = (
            values[field.name]
            if labels is None
            else np.array([values[f"{field.name}.{label}"] for label in labels])
        )
    return StepConstants(**found)  # type: ignore[arg-type]


def _codes(value: Value) -> np.ndarray:
    return np.asarray(value).astype(np.intp)
