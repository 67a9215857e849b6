"""The scorecard of training steps: intervals judged where they were not made, baselines, worst cases."""

from __future__ import annotations

import numpy as np
import pytest

from truecost.evidence.metrics import (
    binomial_interval_90,
    held_out_coverage,
    least_widening,
    less_best_constant,
)
from truecost.evidence.training_step_score import (
    CHIP,
    LEAST_CASES,
    SOURCE,
    StepScore,
    held_out_text,
    regime_names,
    shipped_score,
    utilizations,
)
from truecost.evidence.worst_steps import held_out_parts, worst_steps
from truecost.physics.calibration import load_calibration
from truecost.physics.training_calibration import KNOWN, UNKNOWN


@pytest.fixture(scope="module")
def result() -> StepScore:
    return shipped_score()


def test_every_group_is_scored_once(result: StepScore) -> None:
    assert [one.name for one in result.datasets] == sorted({row.dataset for row in result.steps.rows})
    assert sum(one.law.count for one in result.datasets) == len(result.steps)
    assert sum(one.law.count for one in result.chips) == len(result.steps)


def test_the_shipped_intervals_are_those_of_the_shipped_constants(result: StepScore) -> None:
    shipped = load_calibration().training.intervals
    assert shipped.keys() == result.intervals.keys()
    for name, interval in result.intervals.items():
        assert shipped[name].range_90.low == pytest.approx(interval.range_90.low, rel=0.01), name
        assert shipped[name].range_90.high == pytest.approx(interval.range_90.high, rel=0.01), name
        assert shipped[name].coverage == pytest.approx(interval.coverage, abs=0.01), name
        assert shipped[name].cases == interval.cases


def test_a_chip_that_was_never_measured_is_not_known_better(result: StepScore) -> None:
    for name, unknown in result.intervals.items():
        regime, _, chip = name.rpartition(", ")
        if chip == UNKNOWN:
            known = result.intervals[f"{regime}, {KNOWN}"].range_90
            assert unknown.range_90.low <= known.low
            assert unknown.range_90.high >= known.high


def test_regimes_with_few_steps_have_no_interval_of_their_own(result: StepScore) -> None:
    names, counts = np.unique(regime_names(result.steps), return_counts=True)
    for name, count in zip(names.tolist(), counts.tolist(), strict=True):
        assert (f"{name}, {KNOWN}" in result.intervals) == (count >= LEAST_CASES)


def test_the_whole_is_covered_as_stated_sources_weighing_the_same(result: StepScore) -> None:
    coverage = result.intervals[f"all, {KNOWN}"].coverage
    assert coverage == pytest.approx(np.mean([one.covered / one.law.count for one in result.datasets]))
    assert 0.85 <= coverage <= 0.95


def test_utilizations_are_shares_of_a_peak(result: StepScore) -> None:
    reached = utilizations(result.steps)
    assert reached.min() > 0
    assert reached.max() < 1


def test_the_held_out_file_is_what_the_score_was_made_of(result: StepScore) -> None:
    lines = held_out_text(result).splitlines()
    assert len(lines) == 1 + len(result.held_out[SOURCE].constants) + len(result.held_out[CHIP].constants)
    from importlib.resources import files

    shipped = (files("truecost.evidence") / "data" / "training_held_out.csv").read_text(encoding="utf-8")
    assert lines == shipped.splitlines()


def test_the_worst_are_the_worst_of_their_setups(result: StepScore) -> None:
    worst = worst_steps(result)
    ratios = result.held_out[SOURCE].log_ratios
    assert len({str(result.steps.setups[one.row]) for one in worst}) == 10
    for one in worst:
        assert np.log(one.measured_s / one.predicted_s) == pytest.approx(ratios[one.row])
        same = result.steps.setups == result.steps.setups[one.row]
        assert abs(ratios[one.row]) == pytest.approx(np.abs(ratios[same]).max())
        assert one.share > one.usual_share
    off = [abs(ratios[one.row]) for one in worst]
    assert off == sorted(off, reverse=True)


def test_the_factor_of_a_part_makes_the_step_fit(result: StepScore) -> None:
    seconds = held_out_parts(result)
    assert np.isfinite(seconds).all()
    for one in worst_steps(result):
        part = one.share * one.predicted_s
        if one.part_factor is None:
            assert one.measured_s <= one.predicted_s - part
        else:
            assert one.predicted_s + (one.part_factor - 1) * part == pytest.approx(one.measured_s)


def test_the_binomial_interval_covers_at_least_what_it_says() -> None:
    generator = np.random.default_rng(1)
    for share in (0.5, 0.9, 0.97):
        hits = generator.binomial(40, share, 400)
        ends = [binomial_interval_90(int(hit), 40) for hit in hits]
        assert np.mean([low <= share <= high for low, high in ends]) >= 0.88


def test_widening_stops_where_groups_left_out_are_covered() -> None:
    generator = np.random.default_rng(2)
    groups = np.repeat(np.array(list("abcdefgh")), 40)
    ratios = generator.normal(0, 0.1, 320) + np.repeat(generator.normal(0, 0.2, 8), 40)
    widening = least_widening([(ratios, groups)], 0.9, 5.0)
    assert held_out_coverage(ratios, groups, widening) >= 0.9
    assert widening > 1
    assert held_out_coverage(ratios, groups, widening - 0.05) < 0.9
    assert least_widening([(ratios, groups)], 0.9, 1.0) == 1.0


def test_the_best_constant_is_best_in_hindsight() -> None:
    logs = np.log(np.array([0.2, 0.4, 0.41, 0.42]))
    best = np.abs(np.expm1(-less_best_constant(logs))).mean()
    for constant in (0.2, 0.3, 0.42):
        assert best <= np.abs(np.expm1(-(np.log(constant) - logs))).mean() + 1e-12
