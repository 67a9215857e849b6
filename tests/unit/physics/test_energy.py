"""Energy and carbon: published model cards and what must hold."""

from __future__ import annotations

import numpy as np
import pytest

from truecost.physics.energy import (
    PowerConstants,
    ServingPowerConstants,
    carbon_tco2e,
    chip_power_w,
    energy_kwh,
    load_of_utilization,
    run_energy_kwh,
    server_power_w,
    server_rest_w,
    serving_chip_power_w,
)
from truecost.ranges import FloatArray


@pytest.mark.parametrize(
    ("hours", "tdp_w", "tonnes"),
    [(184_320, 400, 31.22), (368_640, 400, 62.44), (1_720_320, 400, 291.42)],
    ids=["Llama 2 7B", "Llama 2 13B", "Llama 2 70B"],
)
def test_model_cards_count_rated_power_without_overheads(hours: float, tdp_w: float, tonnes: float) -> None:
    """meta-llama/llama-models MODEL_CARD.md@a9c89c4: hours x rated power x 0.4234 kg/kWh throughout."""
    kwh = energy_kwh(hours, tdp_w, 1.0, 1.0, 1.0)
    assert carbon_tco2e(kwh, 0.4234) == pytest.approx(tonnes, rel=0.002)


def test_each_factor_multiplies() -> None:
    base = energy_kwh(10.0, 700.0, 1.8, 0.75, 1.1)
    assert base == pytest.approx(10 * 0.7 * 1.8 * 0.75 * 1.1)
    both = np.asarray(energy_kwh(np.array([10.0, 20.0]), 700.0, 1.8, 0.75, 1.1))
    assert both.tolist() == pytest.approx([base, 2 * base])


CONSTANTS = PowerConstants(waiting_share=0.4, server_share=0.3, full_load_utilization=0.58)
LOADS = np.linspace(0.0, 1.0, 21)


@pytest.mark.parametrize("cap_w", [None, 500.0, 200.0])
def test_power_rises_with_load_and_stays_below_the_cap(cap_w: float | None) -> None:
    chip = np.asarray(chip_power_w(LOADS, 700.0, CONSTANTS, cap_w))
    server = np.asarray(server_power_w(LOADS, 700.0, 1275 / 700, CONSTANTS, cap_w))
    assert np.all(np.diff(chip) >= 0)
    assert np.all(chip <= (cap_w or 700.0) + 1e-9)
    assert np.all(chip > 0)
    assert (server - chip).tolist() == pytest.approx([575 * 0.3] * len(LOADS))


def test_a_cap_saves_power_but_never_below_waiting() -> None:
    assert np.all(
        np.asarray(chip_power_w(LOADS, 700.0, CONSTANTS, 500.0))
        <= np.asarray(chip_power_w(LOADS, 700.0, CONSTANTS))
    )
    assert chip_power_w(0.0, 700.0, CONSTANTS, 500.0) == pytest.approx(280.0)
    assert chip_power_w(1.0, 700.0, CONSTANTS, 900.0) == pytest.approx(700.0)


def test_load_of_a_utilization_is_a_share() -> None:
    loads = np.asarray(load_of_utilization(np.array([0.0, 0.29, 0.58, 0.9]), CONSTANTS))
    assert loads.tolist() == pytest.approx([0.0, 0.5, 1.0, 1.0])


def test_energy_is_power_times_time() -> None:
    power = server_power_w(0.7, 700.0, 1275 / 700, CONSTANTS)
    assert run_energy_kwh(1e6, power, 1.1) == pytest.approx(1e6 * power / 1000 * 1.1)
    assert run_energy_kwh(2e6, power, 1.1) == pytest.approx(2 * run_energy_kwh(1e6, power, 1.1))


def test_the_law_and_the_plain_formula_agree_at_the_load_they_share() -> None:
    power = float(server_power_w(0.7, 700.0, 1275 / 700, CONSTANTS))
    rated = 1275.0
    assert energy_kwh(8.0, 700.0, 1275 / 700, power / rated, 1.1) == pytest.approx(
        run_energy_kwh(8.0, power, 1.1)
    )


SERVING = ServingPowerConstants(idle_share=0.25, memory_share=0.5, arithmetic_share=1.0)
SHARES = np.linspace(0.0, 1.0, 21)


@pytest.mark.parametrize("other", [0.0, 0.3, 0.5])
def test_power_of_serving_chips_rises_with_both_shares_from_its_floor_to_the_rating(other: float) -> None:
    def watts(reading: FloatArray | float, multiplying: FloatArray | float) -> FloatArray:
        return np.asarray(serving_chip_power_w(reading, multiplying, 700.0, SERVING))

    for each in (watts(SHARES, other), watts(other, SHARES)):
        assert np.all(np.diff(each) >= 0)
        assert each[0] < each[-1]
        assert np.all((each >= 0.25 * 700) & (each <= 700))
    assert float(watts(0.0, 0.0)) == pytest.approx(175.0)
    assert float(watts(1.0, 1.0)) == 700.0


def test_time_that_multiplies_draws_more_than_time_that_reads() -> None:
    reads, multiplies = (
        float(serving_chip_power_w(*shares, 700.0, SERVING)) for shares in ((0.4, 0.0), (0.0, 0.4))
    )
    assert (reads, multiplies) == pytest.approx((315.0, 455.0))


def test_the_rest_of_a_server_is_what_server_power_has_on_top_of_the_chip() -> None:
    rest = server_rest_w(700.0, 1275 / 700, CONSTANTS)
    chip = chip_power_w(0.4, 700.0, CONSTANTS)
    assert server_power_w(0.4, 700.0, 1275 / 700, CONSTANTS) == pytest.approx(chip + rest)
    assert server_rest_w(700.0, 1.0, CONSTANTS) == 0
