"""Writes the training part of `physics/calibration.toml`: values, 90 % ranges, units, and how they score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from truecost.evidence.metrics import jackknife_log_spread
from truecost.evidence.power_fit import PowerScore
from truecost.evidence.training_step_score import SOURCE, StepScore
from truecost.normal import Z95
from truecost.physics.energy import PowerConstants
from truecost.physics.goodput import WholeRunConstants
from truecost.physics.training_step.priors import PRIORS
from truecost.ranges import Range

HEAD = "# ---- training: written by `truecost evidence fit training`"
"""The line that parts the file: all below is this module's."""


def training_text(
    steps: StepScore,
    run: WholeRunConstants,
    run_ranges: dict[str, tuple[float, float]],
    power: tuple[PowerConstants, PowerScore],
    fitted: date,
) -> str:
    """The part, as text."""
    lines = [HEAD, *_step_lines(steps, fitted), *_run_lines(run, run_ranges), *_power_lines(*power), ""]
    return "\n".join(lines)


def _step_lines(steps: StepScore, fitted: date) -> list[str]:
    chips = sorted({row.setup.accelerator.key for row in steps.steps.rows})
    names = ", ".join(f'"{name}"' for name in chips)
    lines = [
        "[training]",
        f"checked = {fitted.isoformat()}",
        f'fitted_on = "{len(steps.steps)} measured steps, {len(steps.datasets)} sources, {len(steps.chips)} '
        f'chips (truecost.evidence/data/training_steps.csv)"',
        f"measured_chips = [{names}]",
        "",
        "[training.constants]",
    ]
    left = list(steps.held_out[SOURCE].constants.values())
    flat = [constants.flat() for constants in left]
    for name, value in steps.constants.flat().items():
        prior = PRIORS[name]
        spread = jackknife_log_spread([one[name] for one in flat])
        half = Z95 * min(max(spread, 1e-3), prior.log_spread)
        ends = Range(value * math.exp(-half), value * math.exp(half))
        lines.append(
            f'"{name}" = {{value = {value:.4g}, range_90 = "{span(ends)}", unit = "{prior.unit}", '
            f'meaning = "{prior.meaning}"}}'
        )
    for name, interval in steps.intervals.items():
        lines += [
            "",
            f'[training.intervals."{name}"]',
            f'range_90 = "{span(interval.range_90)}"',
            f"coverage = {interval.coverage:.3f}",
            f"mean_error = {interval.mean_error:.3f}",
            f"cases = {interval.cases}",
        ]
    return lines


def _run_lines(run: WholeRunConstants, ranges: dict[str, tuple[float, float]]) -> list[str]:
    low, high = ranges["median"]
    lines = [
        "",
        "[training_run]",
        f'median = {{value = {run.median:.4g}, range_90 = "{low:.3g} .. {high:.3g}", unit = "ratio", '
        'meaning = "recorded over explained chip-hours, at the references"}',
        f'log_spread = {{value = {run.log_spread:.4g}, unit = "log", meaning = "of one further run"}}',
        "",
        "[training_run.slopes]",
    ]
    for name, slope in run.slopes.items():
        (low, high), (least, most) = ranges[name], run.limits[name]
        lines.append(
            f"{name} = {{value = {slope:.4g}, low_90 = {low:.3g}, high_90 = {high:.3g}, "
            f"reference = {run.references[name]:.6g}, low = {least:.6g}, high = {most:.6g}}}"
        )
    return lines


def _power_lines(power: PowerConstants, result: PowerScore) -> list[str]:
    meanings: Sequence[tuple[str, str, str]] = (
        ("waiting_share", "share", "power of a chip that waits for others, over its rating"),
        ("server_share", "share", "power of the rest of a server, over its rating"),
        ("full_load_utilization", "share", "of the 16-bit peak, at load 1: set, not fitted"),
    )
    lines = ["", "[power]", f'residual_90 = "{span(result.residual_90)}"']
    for name, unit, meaning in meanings:
        fitted = result.ranges.get(name)
        ends = f'range_90 = "{span(fitted)}", ' if fitted else ""
        lines.append(
            f'{name} = {{value = {getattr(power, name):.4g}, {ends}unit = "{unit}", meaning = "{meaning}"}}'
        )
    return lines


def span(interval: Range) -> str:
    """A range as the file writes it."""
    return f"{interval.low:.3g} .. {interval.high:.3g}"
