"""The laws against measured data: they beat the naive guesses; the shipped constants are those of the fit."""

from __future__ import annotations

import csv
from dataclasses import asdict
from datetime import date
from importlib.resources import files

import pytest

from truecost.evidence.__main__ import main
from truecost.evidence.calibration_file import calibration_text
from truecost.evidence.fit import fitting_points, outside_points
from truecost.evidence.measurements import serving_points
from truecost.evidence.serving_score import ServingScore, serving_score
from truecost.evidence.training_score import TrainingScore, training_score
from truecost.physics.calibration import Calibration, load_calibration, read_calibration

TOLERANCE = 0.005
"""Shares of constants and errors that may differ between machines."""


@pytest.fixture(scope="module")
def serving() -> ServingScore:
    return serving_score()


@pytest.fixture(scope="module")
def training() -> TrainingScore:
    return training_score()


@pytest.fixture(scope="module")
def shipped() -> Calibration:
    return load_calibration()


@pytest.mark.parametrize("what", ["model", "chip"])
def test_the_serving_law_beats_the_naive_guesses_on_what_it_has_not_seen(
    serving: ServingScore, what: str
) -> None:
    compared = serving.comparisons[what]
    print(f"{what} left out: law {compared.law.mean_error:.1%}, tolerance 20 %")
    assert compared.law.mean_error < 0.20
    assert compared.law.median_error < 0.15
    assert compared.law.mean_error < 0.6 * compared.constant_roofline_share.mean_error
    assert compared.law.mean_error < 0.2 * compared.constant_utilization.mean_error


def test_the_serving_law_holds_on_sources_no_fit_has_seen(serving: ServingScore) -> None:
    print(f"{serving.outside.count} points: {serving.outside.mean_error:.1%}, tolerance 16 %")
    assert serving.outside.count > 1000
    assert serving.outside.mean_error < 0.16
    assert serving.outside_coverage >= 0.90


def test_unseen_is_worse_than_seen_and_said_so(serving: ServingScore) -> None:
    assert serving.comparisons["model"].law.mean_error > serving.seen.mean_error


@pytest.mark.parametrize("quantity", ["replica_seconds", "tpot", "ttft"])
def test_the_intervals_cover_what_they_say(serving: ServingScore, quantity: str) -> None:
    assert serving.coverages[quantity] >= 0.90


def test_the_shipped_constants_are_those_of_the_fit(serving: ServingScore, shipped: Calibration) -> None:
    for name, value in asdict(serving.constants).items():
        assert getattr(shipped.serving, name) == pytest.approx(value, rel=TOLERANCE), name
    for name, interval in serving.intervals.items():
        written = shipped.serving_residuals[name]
        assert written.range_90.low == pytest.approx(interval.low, rel=2 * TOLERANCE)
        assert written.range_90.high == pytest.approx(interval.high, rel=2 * TOLERANCE)
        assert written.mean_error == pytest.approx(serving.quantities[name].mean_error, abs=TOLERANCE)
        assert written.coverage == pytest.approx(serving.coverages[name], abs=0.02)


def test_the_file_that_fit_writes_is_read_back(
    serving: ServingScore, training: TrainingScore, shipped: Calibration
) -> None:
    written = read_calibration(calibration_text(serving, training, date(2026, 11, 22)))
    assert written.checked == date(2026, 11, 22)
    assert written.serving_constants.keys() == shipped.serving_constants.keys()
    assert written.fitted_on == shipped.fitted_on
    assert written.interruptions_per_chip_year == shipped.interruptions_per_chip_year


def test_a_service_tuned_to_the_limit_is_cheaper_than_the_law_says(serving: ServingScore) -> None:
    """DeepSeek's day: large expert parallelism with hidden exchange, which the law has no term for."""
    service = serving.service
    ratio = service.measured_chips / service.predicted_chips
    print(f"measured / predicted chips {ratio:.2f}; the law's 90 % range starts at 0.55")
    assert 0.40 < ratio < 0.55


def test_the_record_of_whole_runs_is_what_the_catalog_ships(training: TrainingScore) -> None:
    assert training.rate.low == pytest.approx(training.range_90.low, abs=0.002)
    assert training.rate.high == pytest.approx(training.range_90.high, abs=0.002)
    assert training.coverage >= 0.84


def test_the_median_of_the_record_beats_the_usual_constants(training: TrainingScore) -> None:
    record, epoch, benchmark = training.shares_within.values()
    print(f"within 1.25x, 1.5x, 2x: record {record}, 0.375 {epoch}, 0.50 {benchmark}")
    assert all(ours >= theirs >= worst for ours, theirs, worst in zip(record, epoch, benchmark, strict=True))


def test_measured_servers_draw_less_than_assumed_but_near(training: TrainingScore) -> None:
    assert training.power_ratio.min() > 0.6
    assert training.power_ratio.max() < 1.05


def test_the_command_prints_both_scorecards_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert "SERVING" in printed
    assert "TRAINING" in printed
    assert max(len(line) for line in printed.splitlines()) <= 80
    assert main(["nonsense"]) == 2


def test_every_measured_point_names_a_source_with_licence_and_date() -> None:
    text = (files("truecost.evidence") / "data" / "sources.csv").read_text(encoding="utf-8")
    sources = {row["key"]: row for row in csv.DictReader(text.splitlines())}
    assert {point.source for point in serving_points()} == set(sources)
    for row in sources.values():
        assert row["licence"]
        assert row["citation"]
        assert date.fromisoformat(row["checked"])


def test_little_is_left_out_of_the_comparison() -> None:
    """Points faster than their hardware, or static batches beyond memory, are faults of the tables."""
    kept = len(fitting_points()) + len(outside_points())
    print(f"{kept} of {len(serving_points())} points compared, at least 97 %")
    assert kept >= 0.97 * len(serving_points())
