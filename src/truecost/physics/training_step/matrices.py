"""Time of a step's matrix products: a roofline with an efficiency that depends on the shape.

A product of m tokens with an (inner x outer) matrix is cut into tiles that the chip's cores work off in
waves. Its arithmetic is therefore charged as 2 (m outer + A)(inner + K): `A` the part of a wave that stays
empty, `K` what it takes to fill and drain a tile. Experts add half a tile of padding each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from truecost.physics.training_step.cases import Cases
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.model_work import COLUMNS, ROWS
from truecost.ranges import FloatArray, Value

TILE_ROWS = 128.0
BYTES_16 = 2.0
SHARPNESS = 8


class ProductSeconds(NamedTuple):
    """Seconds of one micro-batch over all layers of the model, forward pass alone."""

    layers: Value
    experts: Value
    head: Value
    cast_elements: Value
    """Numbers that go into or come out of products in the layers: what low precision has to convert."""


def product_seconds(cases: Cases, constants: StepConstants) -> ProductSeconds:
    """Forward time of the products of one micro-batch, all layers of the model on one pipeline."""
    model, layout, chips = cases.model, cases.layout, cases.chips
    tokens = last(layout.micro_batch * layout.sequence / layout.context)
    tensor = last(layout.tensor)
    inner = np.where(model.cut == ROWS, model.inner / tensor, model.inner)
    outer = np.where(model.cut == COLUMNS, model.outer / tensor, model.outer)
    is_routed = model.routed > 0
    local_experts = np.maximum(1.0, model.experts / last(layout.expert))
    rows = np.where(is_routed, tokens * model.routed / tensor, tokens)
    stored = np.where(is_routed, local_experts, 1.0)
    padded = np.where(is_routed, rows + stored * TILE_ROWS / 2, rows)
    worked = 2.0 * (padded * outer + constants.wave_area) * (inner + constants.tile_depth)
    peak = np.where(model.is_head > 0, last(chips.wide_peak_flops), last(chips.peak_flops))
    share = last(constants.matrix_efficiency(cases))
    share = np.where(model.is_head > 0, last(constants.wide_matrix_efficiency(cases)), share)
    share = np.where(is_routed, share * constants.expert_efficiency, share)
    width = last(constants.element_bytes(cases))
    moved = width * (rows * inner + stored * inner * outer) + BYTES_16 * rows * outer
    reading = moved / last(chips.memory_bytes_per_s * constants.memory_efficiency)
    seconds = model.count * soft_maximum(worked / (peak * share), reading)
    layers = np.where(model.is_head > 0, 0.0, model.count * rows * (inner + outer))
    return ProductSeconds(
        layers=np.where(is_routed | (model.is_head > 0), 0.0, seconds).sum(axis=-1),
        experts=np.where(is_routed, seconds, 0.0).sum(axis=-1),
        head=np.where(model.is_head > 0, seconds, 0.0).sum(axis=-1),
        cast_elements=layers.sum(axis=-1),
    )


def soft_maximum(one: Value, other: Value) -> Value:
    """The larger of two times, a little more where they are close: kernels overlap, but not wholly."""
    return (one**SHARPNESS + other**SHARPNESS) ** (1 / SHARPNESS)


def last(value: Value) -> FloatArray:
    """A number or one entry a case, with an axis for the kinds of product after it."""
    return np.asarray(value)[..., None]
