"""Writes the serving part of `physics/calibration.toml`: values, their 90 % ranges, units, how they score."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from truecost.evidence.fit import (
    FITTED,
    PRIORS,
    Fitted,
    Prior,
    fit_all,
    fitting_points,
    held_out_text,
    log_ratios,
)
from truecost.evidence.metrics import jackknife_log_spread
from truecost.evidence.serving_power import refit_power
from truecost.evidence.serving_power_fit import PRIORS as POWER_PRIORS
from truecost.evidence.serving_power_fit import ServingPowerFit
from truecost.evidence.serving_score import ServingScore, score_of
from truecost.evidence.serving_seen import seen_text
from truecost.evidence.training_calibration_file import HEAD
from truecost.evidence.training_score import TrainingScore, training_score
from truecost.normal import Z95
from truecost.physics.calibration import SEEN
from truecost.ranges import Range

_HEAD = """\
# Constants of the laws, fitted on the measured tables of truecost.evidence. Written by `truecost evidence fit
# serving` and `truecost evidence fit training`; not to be edited. A constant without range_90 was set, not
# fitted.
# residual_90 is measured over predicted on models and chips left out of the fit. It holds the uncertainty
# of the constants too: draw the residual, not both."""


@dataclass(frozen=True, slots=True)
class ServingRefit:
    """What a refit writes: the calibration, and the constants of every fit with something left out."""

    calibration: str
    held_out: str
    measured: str
    """How far off the law is at each measured point, for the corrections of `physics.nearby`."""


def refit_serving(text: str, progress: Callable[[str], None] = lambda name: None) -> ServingRefit:
    """The calibration with its serving part fitted anew; about two minutes."""
    fitted = rounded(fit_all(fitting_points(), progress))
    progress("the score")
    points = fitting_points()
    rows = seen_text(points, log_ratios(points, fitted.values))
    progress("power")
    power = refit_power(fitted.values)
    return ServingRefit(with_serving(text, score_of(fitted), power), held_out_text(fitted), rows)


def rounded(fitted: Fitted) -> Fitted:
    """Constants as the files have them, with four digits: what is scored is what ships."""

    def as_written(values: Mapping[str, float]) -> dict[str, float]:
        return {name: float(f"{value:.4g}") for name, value in values.items()}

    return Fitted(
        as_written(fitted.values),
        {
            what: {group: as_written(values) for group, values in groups.items()}
            for what, groups in fitted.left_out.items()
        },
    )


def with_serving(text: str, serving: ServingScore, power: ServingPowerFit) -> str:
    """A calibration with another serving part; dated today, unless nothing in it changed."""
    kept, mark, training = text.partition(HEAD)
    record = training_score()
    before = tomllib.loads(text)["checked"]
    made = serving_text(serving, power, record, before)
    if made.rstrip("\n") != kept.rstrip("\n"):
        made = serving_text(serving, power, record, date.today())
    return f"{made}\n{mark}{training}"


def serving_text(serving: ServingScore, power: ServingPowerFit, training: TrainingScore, fitted: date) -> str:
    """The serving part of the file, its power and the rate of interruptions: all above the training part."""
    lines = [
        _HEAD,
        f"checked = {fitted.isoformat()}",
        "",
        "[serving]",
        f'fitted_on = "{_fitted_on(serving)}"',
    ]
    for name, value in serving.values.items():
        spread = _spread(serving, name) if name in FITTED else None
        lines += ["", f"[serving.constants.{_key(name)}]", *_constant(value, spread, PRIORS[name])]
    for name, interval in serving.intervals.items():
        lines += [
            "",
            f"[serving.residuals.{name}]",
            f'residual_90 = "{_span(interval)}"',
            f"coverage = {serving.coverages[name]:.3f}",
            f"mean_error = {serving.comparisons['model'][name].law.mean_error:.3f}",
        ]
    for name, interval in serving.corrected_intervals.items():
        lines += [
            "",
            f"[serving.residuals.{name}{SEEN}]",
            f'residual_90 = "{_span(interval)}"',
            f"coverage = {serving.corrected_coverages[name]:.3f}",
            f"mean_error = {serving.corrected[name].mean_error:.3f}",
        ]
    lines += _power_lines(power)
    lines += [
        "",
        "[reliability.interruptions_per_chip_year]",
        f'range_90 = "{_span(training.interruptions_range)}"',
        f'fitted_on = "{len(training.interruptions)} recorded runs and clusters"',
    ]
    return "\n".join(lines) + "\n"


def _power_lines(power: ServingPowerFit) -> list[str]:
    points = power.points
    lines = [
        "",
        "[serving_power]",
        f'fitted_on = "{len(points.watts)} steady states of engines, {len(power.left_out)} models, '
        f'{len(set(points.chips.tolist()))} chip (truecost.evidence/data/serving_power.csv)"',
        f'residual_90 = "{_span(power.residual_90)}"',
        f"coverage = {power.coverage:.3f}",
        f"mean_error = {np.abs(np.expm1(-power.log_ratios)).mean():.3f}",
    ]
    for name, prior in POWER_PRIORS.items():
        value = getattr(power.constants, name)
        lines += ["", f"[serving_power.constants.{name}]", *_constant(value, power.log_spread(name), prior)]
    return lines


def _key(name: str) -> str:
    """A key of the file; names of an engine's constants hold a dot."""
    return f'"{name}"' if "." in name else name


def _spread(serving: ServingScore, name: str) -> float:
    """Of a constant's logarithm: the larger of leaving models out and leaving chips out."""
    ways = ([one[name] for one in left.values.values()] for left in serving.held_out.values())
    return max(jackknife_log_spread(values) for values in ways)


def _fitted_on(serving: ServingScore) -> str:
    models = serving.held_out["model"].groups
    chips = serving.held_out["chip"].groups
    return (
        f"{len(models):,} measured points, {len(set(models.tolist()))} models, "
        f"{len(set(chips.tolist()))} chips (truecost.evidence/data/serving_points.csv)"
    )


def _constant(value: float, log_spread: float | None, prior: Prior) -> list[str]:
    lines = [f"value = {value:.4g}"]
    if log_spread is not None:
        half = Z95 * min(log_spread, prior.log_spread)
        lines.append(f'range_90 = "{_span(Range(value * math.exp(-half), value * math.exp(half)))}"')
    return [*lines, f'unit = "{prior.unit}"', f'meaning = "{prior.meaning}"']


def _span(interval: Range) -> str:
    return f"{interval.low:.3g} .. {interval.high:.3g}"
