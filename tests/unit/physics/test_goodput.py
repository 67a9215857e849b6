"""The whole run: what is lost adds up, in the direction it must, and the factor of the record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from truecost.physics.goodput import (
    CAUSES,
    Operations,
    WholeRun,
    WholeRunConstants,
    engineering_factor,
    spare_share,
    straggler_share,
    whole_run,
)
from truecost.physics.reliability import (
    checkpoint_hours,
    lost_share,
    lost_share_by_law,
    mean_hours_between_interruptions,
    optimum_checkpoint_interval_hours,
)

MONTH_S = 30 * 86_400.0


def run(chips: float = 4096.0, **operations: float) -> WholeRun:
    return whole_run(MONTH_S, chips, 70e9, Operations(**operations))


@pytest.mark.parametrize("chips", [8.0, 512.0, 16_384.0, 1e6])
@pytest.mark.parametrize("rate", [1e-6, 0.18, 1.5])
def test_goodput_is_a_share_and_the_causes_add_up(chips: float, rate: float) -> None:
    found = run(chips, interruptions_per_chip_year=rate, repair_hours=48.0)
    assert 0 < found.goodput <= 1
    assert tuple(found.shares) == CAUSES
    assert all(share >= 0 for share in found.shares.values())
    assert sum(found.shares.values()) == pytest.approx(1.0)
    assert found.goodput == pytest.approx(MONTH_S / 3600 * chips / found.chip_hours)


def test_nothing_lost_is_a_goodput_of_one() -> None:
    found = run(
        interruptions_per_chip_year=1e-12,
        straggler_share_per_doubling=0.0,
        ramp_tokens_share=0.0,
        evaluation_share=0.0,
        start_hours=0.0,
    )
    assert found.goodput == pytest.approx(1.0, abs=1e-4)
    assert found.days == pytest.approx(30.0, rel=1e-4)


def test_goodput_falls_with_chips_and_with_failures() -> None:
    by_chips = np.asarray(whole_run(MONTH_S, np.array([64.0, 512.0, 4096.0, 32_768.0]), 70e9).goodput)
    by_rate = [float(run(interruptions_per_chip_year=rate).goodput) for rate in (0.01, 0.1, 1.0)]
    assert np.all(np.diff(by_chips) < 0)
    assert np.all(np.diff(by_rate) < 0)


@pytest.mark.parametrize(
    "knob",
    [
        "detection_hours",
        "restart_hours",
        "checkpoint_bytes_per_parameter",
        "blocking_share",
        "straggler_share_per_doubling",
        "ramp_tokens_share",
        "evaluation_share",
        "start_hours",
        "interruptions_per_chip_year",
    ],
)
def test_more_of_any_loss_takes_longer(knob: str) -> None:
    plain = Operations()
    worse = replace(plain, **{knob: 1.5 * getattr(plain, knob)})
    assert whole_run(MONTH_S, 4096.0, 70e9, worse).hours > whole_run(MONTH_S, 4096.0, 70e9, plain).hours


def test_what_makes_a_cluster_faster_makes_a_run_shorter() -> None:
    assert run(storage_bytes_per_s=1e12).hours < run().hours
    assert run(ramp_speed=0.9).hours < run().hours


def test_spares_are_paid_but_do_not_lengthen_the_run() -> None:
    plain, spared = run(), run(repair_hours=48.0)
    assert spared.hours == plain.hours
    assert spared.chip_hours == pytest.approx(plain.chip_hours * (1 + spare_share(0.18, 48.0, 8.0)))


def test_failures_take_the_share_of_the_reliability_law() -> None:
    """With nothing else lost, the run loses what `lost_share_by_law` says."""
    nothing_else = Operations(
        straggler_share_per_doubling=0.0, ramp_tokens_share=0.0, evaluation_share=0.0, start_hours=0.0
    )
    found = whole_run(MONTH_S, 16_384.0, 405e9, nothing_else)
    write = checkpoint_hours(405e9, 13.7, 273e9)
    assert 1 - found.goodput == pytest.approx(lost_share_by_law(16_384.0, 0.18, write, 0.18))
    assert found.interruptions == pytest.approx(
        (found.shares["steps"] + found.shares["checkpoints"])
        * found.hours
        / mean_hours_between_interruptions(16_384.0, 0.18)
    )


@pytest.mark.parametrize("between", [2.0, 20.0, 200.0])
def test_young_and_daly_is_the_optimum_numerically(between: float) -> None:
    write, restart = 20 / 3600, 0.18
    intervals = np.geomspace(write, between, 20_001)
    lost = np.asarray(lost_share(intervals, write, restart, between))
    best = float(optimum_checkpoint_interval_hours(write, between))
    least = float(lost.min())
    assert best == pytest.approx(float(intervals[lost.argmin()]), rel=0.08)
    assert float(lost_share(best, write, restart, between)) == pytest.approx(least, rel=0.01)


def test_a_run_shorter_than_the_interval_writes_one_checkpoint() -> None:
    found = whole_run(3600.0, 8.0, 1e9)
    assert found.checkpoint_interval_hours <= found.hours
    assert 0 < found.goodput < 1


def test_stragglers_grow_with_the_logarithm_of_chips() -> None:
    shares = np.asarray(straggler_share(np.array([8.0, 512.0, 1024.0, 2048.0, 4096.0]), 0.01))
    assert shares.tolist() == pytest.approx([0.0, 0.0, 0.01, 0.02, 0.03])


def test_llama_3_loses_to_failures_about_what_it_reported() -> None:
    """Above 90 % effective training time on 16,384 chips (arXiv:2407.21783, section 3.3.4): within 1.3 x."""
    found = whole_run(54 * 86_400.0, 16_384.0, 405e9)
    lost = sum(found.shares[cause] for cause in ("checkpoints", "lost work", "recovery"))
    print(f"lost to failures and checkpoints {lost:.1%}, reported below 10 %")
    assert 0.05 < lost < 0.13


def test_arrays_give_what_floats_give() -> None:
    chips = np.array([64.0, 16_384.0])
    together = whole_run(MONTH_S, chips, 70e9)
    for place, each in enumerate(chips):
        alone = whole_run(MONTH_S, float(each), 70e9)
        assert np.asarray(together.chip_hours)[place] == pytest.approx(alone.chip_hours)


@pytest.mark.parametrize("inputs", [(0.0, 8.0, 1e9), (1.0, 0.0, 1e9), (1.0, 8.0, -1.0)])
def test_impossible_inputs_are_named(inputs: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        whole_run(*inputs)


CONSTANTS = WholeRunConstants(1.5, {"year": -0.1}, {"year": 2023.0}, {"year": (2019.0, 2025.0)}, 0.3)


def test_the_factor_follows_its_covariates_and_stops_at_the_record() -> None:
    assert CONSTANTS.factor() == pytest.approx(1.5)
    assert CONSTANTS.factor({"year": 2024.0}) == pytest.approx(1.5 * np.exp(-0.1))
    assert CONSTANTS.factor({"year": 2040.0}) == CONSTANTS.factor({"year": 2025.0})


def test_the_range_holds_nine_in_ten_draws() -> None:
    deviation = np.random.default_rng(1).standard_normal(20_000)
    drawn = np.asarray(engineering_factor(CONSTANTS, deviation=deviation)) / 1.5
    interval = CONSTANTS.range_90
    assert np.mean((drawn > interval.low) & (drawn < interval.high)) == pytest.approx(0.9, abs=0.01)
