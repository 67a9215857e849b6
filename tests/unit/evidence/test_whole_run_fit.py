"""Whole runs left out of the fit, the constants it gives, and the power of servers left out of theirs."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import pytest

from truecost.catalog.models import model
from truecost.evidence.power_fit import (
    FULL_LOAD_UTILIZATION,
    fit_power,
    measured_power,
    power_card,
    score_power,
)
from truecost.evidence.run_predictions import benchmark_chip_hours
from truecost.evidence.whole_run_fit import (
    CANDIDATES,
    COVARIATES,
    RecordedRun,
    compare,
    constant_score,
    covariates,
    explained_hours,
    fit,
    jackknife_ranges,
    recorded_runs,
    score,
    whole_run_card,
)
from truecost.physics.calibration import load_calibration
from truecost.physics.flops import training_flops
from truecost.physics.goodput import Operations
from truecost.ranges import FloatArray

STATED_UTILIZATION = 0.375
"""Epoch AI's for runs that say nothing; no median of these."""
WANTED = "55 % within 1.25x, 80 % within 1.5x, 95 % within 2x; interval x1.80 that covers 85 %"


@pytest.fixture(scope="module")
def runs() -> tuple[RecordedRun, ...]:
    return recorded_runs()


@pytest.fixture(scope="module")
def hours(runs: tuple[RecordedRun, ...]) -> FloatArray:
    return benchmark_chip_hours(runs, load_calibration().training.step)


def rows() -> list[dict[str, str]]:
    text = (files("truecost.evidence") / "data" / "training_runs.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_every_run_has_a_source_and_only_independent_ones_are_used() -> None:
    table = rows()
    assert len({row["run"] for row in table}) == len(table)
    for row in table:
        assert row["source"]
        assert row["confidence"] in {"published", "quoted", "estimate"}
        assert row["independent"] in {"true", "false"}
        assert row["left_out"] or row["independent"] == "true"


def test_utilizations_are_possible(runs: tuple[RecordedRun, ...]) -> None:
    assert len(runs) >= 30
    for run in runs:
        assert 0.1 < run.utilization < 0.6, run.run


def test_the_recorded_work_is_near_that_of_the_architecture(runs: tuple[RecordedRun, ...]) -> None:
    for run in runs:
        if run.model:
            length = float(run.cells["sequence_length"])
            counted = training_flops(model(run.model), run.tokens, length)
            assert 0.75 < run.training_flop / float(counted) < 1.15, run.run


def test_runs_left_out_are_predicted_within_half_and_lie_in_their_interval(
    hours: FloatArray, runs: tuple[RecordedRun, ...]
) -> None:
    """An interval of at most 1.8 either side that covers 85 %.

    Wanted as well, and missed: 55, 80 and 95 % within 1.25, 1.5 and 2 times (54, 77 and 94 %). The card
    prints them.
    """
    result = score(hours, runs)
    print(f"{whole_run_card(result, runs)}\nwanted: {WANTED}")
    assert result.width <= 1.8
    assert result.coverage >= 0.85


def test_the_law_against_the_constant_that_was_not_taken_from_these_runs(
    hours: FloatArray, runs: tuple[RecordedRun, ...]
) -> None:
    """More runs within 1.25 and 2 times than the utilization that others assume, as many within 1.5.

    Medians of these runs are not beaten: 0.265 gives 57 %, 83 % and 94 %, 0.29 gives 69 %, 86 % and 94 %.
    They are fitted on all the runs they are scored on, and say nothing of a run unlike these.
    """
    ours, constant = score(hours, runs).shares_within, constant_score(runs, STATED_UTILIZATION)
    assert ours[0] > constant[0]
    assert ours[2] > constant[2]


def test_the_promised_utilization_says_something(hours: FloatArray, runs: tuple[RecordedRun, ...]) -> None:
    spreads = {names: result.spread for names, result in compare(hours, runs).items()}
    assert COVARIATES == ("log2_utilization",)
    assert spreads[COVARIATES] < spreads[()]
    assert fit(hours, runs).slopes["log2_utilization"] > 0


def test_a_scale_of_the_step_law_goes_into_the_median_alone(
    hours: FloatArray, runs: tuple[RecordedRun, ...]
) -> None:
    free = Operations(interruptions_per_chip_year=1e-9, start_hours=0.0)
    known = [run for run in runs if run.chips]
    own = benchmark_chip_hours(known, load_calibration().training.step)
    plain, doubled = fit(own, known, operations=free), fit(2 * own, known, operations=free)
    assert doubled.median == pytest.approx(plain.median / 2, rel=1e-3)
    assert doubled.log_spread == pytest.approx(plain.log_spread, rel=1e-3)
    assert score(2 * hours, runs).spread == pytest.approx(score(hours, runs).spread, rel=0.03)


def test_a_law_that_is_right_but_for_a_factor_is_found_out(runs: tuple[RecordedRun, ...]) -> None:
    """Made-up predictions: recorded hours over 1.5 and the losses; no spread is left, nothing to explain."""
    predicted = np.array([run.chip_hours for run in runs])
    for _ in range(20):
        predicted *= np.array([run.chip_hours for run in runs]) / (1.5 * explained_hours(predicted, runs))
    constants = fit(predicted, runs)
    assert constants.median == pytest.approx(1.5, rel=1e-3)
    assert constants.log_spread < 1e-3
    assert score(predicted, runs).shares_within == (1.0, 1.0, 1.0)


def test_noise_widens_the_interval(hours: FloatArray, runs: tuple[RecordedRun, ...]) -> None:
    """Without the utilization that the law promises, which takes up noise of the law by design."""
    for seed in range(3):
        noise = np.exp(0.5 * np.random.default_rng(seed).standard_normal(len(runs)))
        assert score(hours * noise, runs, ()).width > 1.2 * score(hours, runs, ()).width


def test_the_losses_add_to_every_run(hours: FloatArray, runs: tuple[RecordedRun, ...]) -> None:
    assert np.all(explained_hours(hours, runs) > hours)
    assert set(covariates(hours, runs)) == set(CANDIDATES)


def test_ranges_hold_their_constants(hours: FloatArray, runs: tuple[RecordedRun, ...]) -> None:
    constants, ranges = fit(hours, runs), jackknife_ranges(hours, runs)
    assert ranges["median"][0] < constants.median < ranges["median"][1]
    for name in COVARIATES:
        assert ranges[name][0] < constants.slopes[name] < ranges[name][1]


def test_the_power_of_systems_left_out_is_within_a_tenth() -> None:
    result = score_power(measured_power())
    print(power_card(result, fit_power(measured_power())))
    assert result.mean_error <= 0.10
    assert result.macro_error <= 0.10
    assert max(len(line) for line in power_card(result, fit_power(measured_power())).splitlines()) <= 80


def test_all_power_logs_are_carried() -> None:
    text = (files("truecost.evidence") / "data" / "node_power.csv").read_text(encoding="utf-8")
    table = list(csv.DictReader(text.splitlines()))
    assert sum(int(row["runs"]) for row in table) == 207
    assert all(0 < float(row["load"]) <= 1 for row in table)


def test_fitted_power_constants_are_shares() -> None:
    constants = fit_power(measured_power())
    assert 0 < constants.waiting_share < 1
    assert 0 < constants.server_share < 1
    assert constants.full_load_utilization == FULL_LOAD_UTILIZATION


def test_the_full_load_utilization_is_that_of_its_run() -> None:
    """Adapters on frozen weights: no gradients of the matrices, attention forward and backward."""
    architecture = model("llama-2-70b")
    tokens = 3072 * 8192
    whole = float(training_flops(architecture, tokens, 8192))
    frozen = 2.0 * architecture.active_parameters * tokens
    share = (whole - frozen) / (28.1 * 60 * 8 * 989.4e12)
    assert share == pytest.approx(FULL_LOAD_UTILIZATION, abs=0.01)


def test_the_card_fits_80_columns(hours: FloatArray, runs: tuple[RecordedRun, ...]) -> None:
    card = whole_run_card(score(hours, runs), runs)
    assert max(len(line) for line in card.splitlines()) <= 80
