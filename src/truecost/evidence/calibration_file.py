"""Writes the serving part of `physics/calibration.toml`: values, their 90 % ranges, units, how they score."""

from __future__ import annotations

import math
import tomllib
from dataclasses import asdict
from datetime import date

from truecost.evidence.fit import PRIORS, Prior, jackknife_log_spread
from truecost.evidence.serving_score import ServingScore, serving_score
from truecost.evidence.training_calibration_file import HEAD
from truecost.evidence.training_score import TrainingScore, training_score
from truecost.normal import Z95
from truecost.ranges import Range

_HEAD = """\
# Constants of the laws, fitted on the measured tables of truecost.evidence. Written by `truecost evidence fit
# serving` and `truecost evidence fit training`; not to be edited. A constant without range_90 was set, not
# fitted.
# residual_90 is measured over predicted on models and chips left out of the fit. It holds the uncertainty
# of the constants too: draw the residual, not both."""


def with_serving(text: str) -> str:
    """A calibration with its serving part fitted anew; dated today, unless nothing in it changed."""
    kept, mark, training = text.partition(HEAD)
    serving, record = serving_score(), training_score()
    before = tomllib.loads(text)["checked"]
    made = serving_text(serving, record, before)
    if made.rstrip("\n") != kept.rstrip("\n"):
        made = serving_text(serving, record, date.today())
    return f"{made}\n{mark}{training}"


def serving_text(serving: ServingScore, training: TrainingScore, fitted: date) -> str:
    """The serving part of the file and the rate of interruptions: all above the training part."""
    lines = [
        _HEAD,
        f"checked = {fitted.isoformat()}",
        "",
        "[serving]",
        f'fitted_on = "{_fitted_on(serving)}"',
    ]
    spreads = [jackknife_log_spread(left) for left in serving.held_out.values()]
    for name, value in asdict(serving.constants).items():
        spread = max((found[name] for found in spreads if name in found), default=None)
        lines += ["", f"[serving.constants.{name}]", *_constant(value, spread, PRIORS[name])]
    for name, interval in serving.intervals.items():
        lines += [
            "",
            f"[serving.residuals.{name}]",
            f'residual_90 = "{_span(interval)}"',
            f"coverage = {serving.coverages[name]:.3f}",
            f"mean_error = {serving.quantities[name].mean_error:.3f}",
        ]
    lines += [
        "",
        "[reliability.interruptions_per_chip_year]",
        f'range_90 = "{_span(training.interruptions_range)}"',
        f'fitted_on = "{len(training.interruptions)} recorded runs and clusters"',
    ]
    return "\n".join(lines) + "\n"


def _fitted_on(serving: ServingScore) -> str:
    models = serving.held_out["model"].groups
    chips = serving.held_out["chip"].groups
    return (
        f"{serving.seen.count} measured points, {len(set(models.tolist()))} models, "
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
