"""The fit of the training-step law: its constants from measured steps, and how it does on others.

Few constants, each with a prior from datasheets and kernel benchmarks, and a robust loss. Steps of one model
on one chip in one source are taken to err together, so that a table of five hundred near-equal rows does not
outvote one of ten. What the constants are worth is judged by leaving out one source, or one chip, at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from truecost.evidence.least_squares import Family, robust_least_squares
from truecost.evidence.metrics import Labels, correlated_weights
from truecost.evidence.training_steps import Steps
from truecost.physics.training_step.cases import GENERATIONS, Cases
from truecost.physics.training_step.constants import GROUPS, StepConstants, from_flat
from truecost.physics.training_step.priors import PRIORS
from truecost.physics.training_step.step import step_parts
from truecost.ranges import FloatArray

LOG_SPREAD = 0.06
"""Standard deviation of ln(measured / predicted) of one step."""
CORRELATION = 0.25
"""Of the errors of two steps of one setup."""
FITTED = tuple(name for name, prior in PRIORS.items() if prior.log_spread)
DENSE_PRODUCTS = 5
"""Kinds of product in a model of one kind of layer: such models are evaluated apart, which is cheaper."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """ln(measured / predicted) of each step by constants fitted without its group."""

    log_ratios: FloatArray
    groups: Labels
    constants: dict[str, StepConstants]


def predict_seconds(cases: Cases, constants: StepConstants) -> FloatArray:
    """Step times of a stack of cases."""
    return np.asarray(step_parts(cases, constants).total)


def log_ratios(steps: Steps, constants: StepConstants) -> FloatArray:
    """ln(measured / predicted) of each step."""
    return np.log(steps.seconds / predict_seconds(steps.cases, constants))


def fit_steps(steps: Steps) -> StepConstants:
    """The constants that a set of measured steps and the priors agree on best, rounded to four digits."""
    measured = np.log(steps.seconds)
    parts = [(rows, steps.cases.where(rows)) for rows in _by_width(steps.cases)]

    def standardised(position: FloatArray) -> FloatArray:
        constants = _constants(position)
        found = np.empty(len(measured))
        for rows, cases in parts:
            found[rows] = measured[rows] - np.log(predict_seconds(cases, constants))
        return found / LOG_SPREAD

    centre = np.log([PRIORS[name].median for name in FITTED])
    spread = np.array([PRIORS[name].log_spread for name in FITTED])
    weights = correlated_weights(steps.setups, CORRELATION)
    position = robust_least_squares(standardised, weights, (centre, spread), _families(steps.cases))
    return rounded(_constants(position))


def rounded(constants: StepConstants) -> StepConstants:
    """The constants as the calibration file holds them: four significant digits."""
    return from_flat({name: float(f"{value:.4g}") for name, value in constants.flat().items()})


def leave_one_out(
    steps: Steps, groups: Labels, progress: Callable[[str], None] = lambda name: None
) -> HeldOut:
    """Predict the steps of every group with constants fitted on the others."""
    found = np.full(len(steps), np.nan)
    constants: dict[str, StepConstants] = {}
    for group in np.unique(groups):
        own = groups == group
        progress(str(group))
        constants[str(group)] = fit_steps(steps.where(~own))
        found[own] = log_ratios(steps.where(own), constants[str(group)])
    return HeldOut(found, groups, constants)


def _by_width(cases: Cases) -> Sequence[NDArray[np.bool_]]:
    is_wide: NDArray[np.bool_] = np.any(cases.model.count[:, DENSE_PRODUCTS:] > 0, axis=-1)
    return [rows for rows in (~is_wide, is_wide) if rows.any()]


def _families(cases: Cases) -> list[Family]:
    """Constants of different stacks, or of different generations, act on different steps."""
    place = {name: index for index, name in enumerate(FITTED)}
    families = [Family({place[name]: slice(None)}) for name in FITTED if "." not in name]
    for group, labels in GROUPS.items():
        codes = cases.chips.generation if labels == GENERATIONS else cases.layout.stack
        members = {
            place[f"{group}.{label}"]: np.asarray(codes) == code
            for code, label in enumerate(labels)
            if f"{group}.{label}" in place
        }
        families.append(Family(members))
    return families


def _constants(position: FloatArray) -> StepConstants:
    values = {name: prior.median for name, prior in PRIORS.items()}
    return from_flat(values | dict(zip(FITTED, np.exp(position).tolist(), strict=True)))
