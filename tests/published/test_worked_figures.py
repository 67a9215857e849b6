"""Arithmetic of figures that were published, through our laws."""

import pytest

from truecost.evidence import epoch, epoch_tables
from truecost.finance.cluster import Rental, cloud_cost, run_cost_by_method


def test_deepseek_v3_final_run() -> None:
    """2.788 million H800-hours at 2 USD (arXiv:2412.19437, table 1)."""
    assert cloud_cost(2.788e6, 2.0) == pytest.approx(5.576e6, rel=1e-12)
    assert run_cost_by_method(2.788e6, rental=Rental(2.0)) == {"cloud": pytest.approx(5.576e6)}
    assert cloud_cost(sum((2.664e6, 0.119e6, 0.005e6)), 2.0) == pytest.approx(5.576e6)


def test_a_consumer_assistant_at_two_cents_a_query() -> None:
    """10 million daily users x 20 queries x 0.02 USD: 4 million USD a day, 1.46 billion a year."""
    usd_per_day = 10e6 * 20 * 0.02
    assert usd_per_day == pytest.approx(4e6)
    assert usd_per_day * 365 == pytest.approx(1.46e9)


def test_deepseek_inference_day() -> None:
    """226.75 nodes of 8 H800 for 24 hours at 2 USD: 87,072 USD (DeepSeek, open-infra-index, day 6)."""
    assert cloud_cost(226.75 * 8 * 24, 2.0) == pytest.approx(87_072)


def test_a_gpt4_scale_run_costs_forty_to_a_hundred_and_ninety_million_by_method() -> None:
    """57 million A100-hours: worn hardware and energy, committed cloud, a list price of 2.50 USD."""
    run = epoch_tables.runs()["GPT-4"]
    chip = epoch.chip_of(run)
    assert chip is not None
    hours = epoch.chip_hours(run, chip)
    assert hours == 57e6
    committed = epoch.rental_usd_per_chip_hour(run, chip)
    assert committed == 1.36
    costs = run_cost_by_method(
        hours, epoch.own_cluster(run, chip), epoch.energy(run, chip, hours), Rental(committed, 2.50)
    )
    assert costs["amortized"] == pytest.approx(40.2e6, rel=0.01)
    assert costs["cloud"] == pytest.approx(77.5e6, rel=0.01)
    assert costs["cloud-on-demand"] == pytest.approx(142.5e6, rel=0.01)
    counted_as_a_run = [costs[method] for method in ("amortized", "cloud", "cloud-on-demand")]
    assert all(40e6 <= usd <= 190e6 for usd in counted_as_a_run)
    assert costs["owned-energy"] < costs["amortized"] < costs["cloud"] < costs["acquisition"]


def test_the_often_quoted_gpt4_hardware_time_contradicts_its_own_price() -> None:
    """25,000 A100 for 90 to 120 days at 2.50 USD is 135 to 180 million, not the 45 to 60 said with it."""
    low, high = (cloud_cost(25_000 * days * 24, 2.50) for days in (90, 120))
    assert (low, high) == (pytest.approx(135e6), pytest.approx(180e6))
