"""Compute of training and post-training, and what failures take from a run: worked cases and limits."""

from __future__ import annotations

import numpy as np
import pytest

from truecost.catalog.accelerators import accelerator
from truecost.catalog.models import model
from truecost.physics.calibration import load_calibration
from truecost.physics.flops import training_flops_from_parameters
from truecost.physics.reliability import (
    checkpoint_hours,
    lost_share,
    mean_hours_between_interruptions,
    optimum_checkpoint_interval_hours,
)
from truecost.physics.training import (
    adapter_tuning_flops,
    chip_hours,
    direct_preference_flops,
    distillation_flops,
    fine_tuning_flops,
    generation_chip_hours,
    preference_cycle,
    run_days,
)


def test_deepseek_v3_took_the_hours_its_utilization_says() -> None:
    """2.664 M hours of H800 for 14.8 T tokens (arXiv:2412.19437): 34.6 % of the peak with 37 G active."""
    flops = training_flops_from_parameters(37e9, 14.8e12)
    assert chip_hours(flops, accelerator("h800").dense_peak("bf16"), 0.3463) == pytest.approx(
        2.664e6, rel=0.001
    )
    assert run_days(2.664e6, 2048.0) == pytest.approx(54.2, abs=0.05)


def test_lost_time_makes_a_run_longer() -> None:
    assert run_days(24_000.0, 100.0, 0.2) == pytest.approx(10 / 0.8)


def test_fine_tuning_is_six_operations_a_parameter_and_token() -> None:
    active = model("llama-3.1-8b").active_parameters
    assert fine_tuning_flops(2.0 * active, 1e9) == training_flops_from_parameters(active, 1e9)


def test_an_adapter_saves_a_third_and_little_more() -> None:
    full, adapter = fine_tuning_flops(2 * 8e9, 1e9), adapter_tuning_flops(2 * 8e9, 1e9)
    assert adapter / full == pytest.approx(2 / 3, abs=0.01)
    assert adapter > adapter_tuning_flops(2 * 8e9, 1e9, 0.0)


def test_preference_training_costs_more_than_supervised_on_the_same_tokens() -> None:
    forward = 2 * 70e9
    supervised, direct = fine_tuning_flops(forward, 1e9), direct_preference_flops(forward, 1e9)
    cycle = preference_cycle(
        forward, 1e9, reward_forward_flops=forward, critic_forward_flops=forward, epochs=2.0
    )
    assert supervised < direct < cycle.total
    assert cycle.total == pytest.approx((1 + 3 + 2 * 3 * 2) * forward * 1e9)


def test_a_teacher_adds_its_forward_pass() -> None:
    assert distillation_flops(5.0, 2.0, 10.0) == 10 * (5 + 3 * 2)


def test_synthetic_tokens_take_serving_time() -> None:
    assert generation_chip_hours(3600.0, 1.0) == 1.0


def test_llama_3_was_interrupted_every_three_hours() -> None:
    """419 unexpected interruptions in 54 days on 16,384 chips (arXiv:2407.21783)."""
    rate = 419 / (16_384 * 54 / 365.25)
    assert mean_hours_between_interruptions(16_384.0, rate) == pytest.approx(54 * 24 / 419, rel=0.001)
    interval = load_calibration().interruptions_per_chip_year
    assert interval.low < rate < interval.high


def test_llama_3_reached_its_effective_time_with_quick_restarts() -> None:
    """Above 90 % effective training time needs minutes, not hours, around each interruption."""
    between = 3.09
    write = checkpoint_hours(405e9, 14.0, 1e12)
    interval = optimum_checkpoint_interval_hours(write, between)
    assert lost_share(interval, write, 5 / 60, between) < 0.10
    assert lost_share(interval, write, 1.0, between) > 0.20


def test_the_optimum_interval_loses_least() -> None:
    write, restart, between = 0.02, 0.2, np.array([1.0, 10.0, 100.0])
    best = optimum_checkpoint_interval_hours(write, between)
    least = np.asarray(lost_share(best, write, restart, between))
    for factor in (0.4, 0.6, 1.6, 2.5):
        assert np.all(np.asarray(lost_share(best * factor, write, restart, between)) > least)


def test_what_is_lost_is_a_share() -> None:
    for between in (1e-6, 1.0, 1e9):
        assert 0 < lost_share(1.0, 0.01, 0.5, between) < 1
    assert lost_share(1.0, 0.01, 0.5, 1e9) == pytest.approx(0.01 / 1.01, rel=1e-3)
