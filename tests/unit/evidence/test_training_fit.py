"""The fit of the step law: one left-out group fitted again gives the row that is shipped, digit by digit."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import pytest

from truecost.evidence.training_fit import FITTED, fit_steps, leave_one_out, log_ratios, rounded
from truecost.evidence.training_step_score import CHIP, SOURCE, shipped_score
from truecost.evidence.training_steps import stack_steps, training_steps
from truecost.physics.training_step.constants import constant_names
from truecost.physics.training_step.priors import PRIORS, prior_constants


def shipped_row(what: str, name: str) -> dict[str, str]:
    text = (files("truecost.evidence") / "data" / "training_held_out.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return next(row for row in rows if (row["left_out"], row["name"]) == (what, name))


@pytest.mark.parametrize(("what", "name"), [(SOURCE, "vtrain-single"), (CHIP, "a100-sxm-80")])
def test_a_fit_without_one_group_is_the_shipped_one(what: str, name: str) -> None:
    steps = training_steps()
    groups = steps.datasets if what == SOURCE else steps.chips
    found = fit_steps(steps.where(groups != name)).flat()
    row = shipped_row(what, name)
    differ = {key: (found[key], row[key]) for key in constant_names() if f"{found[key]:.4g}" != row[key]}
    assert not differ, "run: truecost evidence fit training"


def test_leaving_a_group_out_uses_none_of_its_steps() -> None:
    steps = training_steps()
    few = stack_steps(
        [row for row in steps.rows if row.dataset in ("narayanan-1", "narayanan-2", "korthikanti")]
    )
    left = leave_one_out(few, few.datasets)
    assert set(left.constants) == {"korthikanti", "narayanan-1", "narayanan-2"}
    slower = few.seconds * np.where(few.datasets == "korthikanti", 3.0, 1.0)
    shifted = stack_steps(few.rows)
    shifted = type(shifted)(
        shifted.cases, slower, shifted.datasets, shifted.chips, shifted.models, shifted.setups, shifted.rows
    )
    again = leave_one_out(shifted, shifted.datasets)
    assert again.constants["korthikanti"].flat() == left.constants["korthikanti"].flat()
    own = few.datasets == "korthikanti"
    assert again.log_ratios[own] == pytest.approx(left.log_ratios[own] + np.log(3.0))
    assert again.constants["narayanan-1"].flat() != left.constants["narayanan-1"].flat()


def test_a_fit_is_closer_than_what_was_known_before() -> None:
    result = shipped_score()
    fitted = np.abs(log_ratios(result.steps, result.constants)).mean()
    before = np.abs(log_ratios(result.steps, prior_constants())).mean()
    assert fitted < before


def test_constants_have_four_digits() -> None:
    result = shipped_score()
    assert rounded(result.constants).flat() == result.constants.flat()


def test_what_is_set_is_not_fitted() -> None:
    values = shipped_score().constants.flat()
    held = [name for name in PRIORS if name not in FITTED]
    assert all(values[name] == pytest.approx(PRIORS[name].median, rel=1e-3) for name in held)
