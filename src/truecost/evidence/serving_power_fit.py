"""The law of the power of serving chips (`physics.energy.serving_chip_power_w`) fitted, and judged.

Three shares of the rating on measured steady states: what a chip draws at least, what reading memory adds,
what multiplying adds. Large residuals count linearly, models weigh the same whatever number of states each
has; judged by leaving whole models out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from truecost.evidence.fit import Prior
from truecost.evidence.least_squares import robust_least_squares
from truecost.evidence.metrics import (
    Labels,
    group_weights,
    held_out_coverage,
    interval_90,
    jackknife_log_spread,
)
from truecost.physics.energy import ServingPowerConstants, serving_chip_power_w
from truecost.ranges import FloatArray, Range

PRIORS: Mapping[str, Prior] = {
    "idle_share": Prior(0.25, 0.5, "share", "of the rating, a chip that neither reads nor multiplies"),
    "memory_share": Prior(0.5, 0.5, "share", "of the rating, added while it reads weights and cache"),
    "arithmetic_share": Prior(0.8, 0.5, "share", "of the rating, added while products run; at most 1 in all"),
}
LOG_SPREAD = 0.15
"""Of a measured power about the law."""


@dataclass(frozen=True, slots=True, eq=False)
class PowerPoints:
    """Measured steady states: the share of the time that chips read and multiply, and their power."""

    models: Labels
    chips: Labels
    reading: FloatArray
    multiplying: FloatArray
    watts: FloatArray
    """Of a chip, without its server."""
    rated_w: FloatArray

    def where(self, chosen: NDArray[np.bool_]) -> PowerPoints:
        """Some of them."""
        return PowerPoints(*(getattr(self, part.name)[chosen] for part in fields(self)))


@dataclass(frozen=True, slots=True)
class ServingPowerFit:
    """The constants, those of fits with a model left out, and how far off these are on the model."""

    constants: ServingPowerConstants
    left_out: Mapping[str, ServingPowerConstants]
    points: PowerPoints
    log_ratios: FloatArray
    """ln(measured / predicted), each by the fit without its model."""

    @property
    def residual_90(self) -> Range:
        """Measured over predicted where a model was left out; models weigh the same."""
        return interval_90(self.log_ratios, group_weights(self.points.models))

    @property
    def coverage(self) -> float:
        """Share of a model's states inside the interval of the other models; models weigh the same."""
        return held_out_coverage(self.log_ratios, self.points.models)

    def log_spread(self, name: str) -> float:
        """Spread of a constant's logarithm, from how it moves when one model at a time is left out."""
        return jackknife_log_spread([getattr(one, name) for one in self.left_out.values()])


def fit_serving_power(points: PowerPoints) -> ServingPowerFit:
    """Fit on all, with four digits as the calibration has them, and without each model in turn."""
    ratios = np.empty(len(points.watts))
    left: dict[str, ServingPowerConstants] = {}
    for name in np.unique(points.models):
        own = points.models == name
        left[str(name)] = fitted(points.where(~own))
        ratios[own] = log_ratios(points.where(own), left[str(name)])
    values = {part.name: getattr(fitted(points), part.name) for part in fields(ServingPowerConstants)}
    rounded = ServingPowerConstants(**{name: float(f"{value:.4g}") for name, value in values.items()})
    return ServingPowerFit(rounded, left, points, ratios)


def fitted(points: PowerPoints) -> ServingPowerConstants:
    """The constants that points and priors agree on best."""
    priors = [PRIORS[part.name] for part in fields(ServingPowerConstants)]
    known = np.log([one.median for one in priors]), np.array([one.log_spread for one in priors])
    weights = group_weights(points.models) * np.unique(points.models).size

    def constants(position: FloatArray) -> ServingPowerConstants:
        return ServingPowerConstants(*np.exp(position).tolist())

    def standardised(position: FloatArray) -> FloatArray:
        return log_ratios(points, constants(position)) / LOG_SPREAD

    return constants(robust_least_squares(standardised, weights, known))


def log_ratios(points: PowerPoints, constants: ServingPowerConstants) -> FloatArray:
    """ln(measured / predicted) of each."""
    law = serving_chip_power_w(points.reading, points.multiplying, points.rated_w, constants)
    return np.log(points.watts / law)
