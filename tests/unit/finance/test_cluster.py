"""Cost of a run by method: monotone in what it uses, linear in chip-hours, one path for floats and draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.finance.cluster import (
    Energy,
    OwnCluster,
    Rental,
    acquisition_cost,
    amortized_hardware_cost,
    cluster_chips,
    cluster_usd_per_chip,
    months_to_wear_out,
    run_cost_by_method,
)

prices = st.floats(100.0, 1e5)
hours = st.floats(1.0, 1e9)
METHODS = ["cloud", "cloud-on-demand", "amortized", "acquisition", "owned-energy"]


def own(chip_usd: float = 25_000.0, chips: float | None = 1000.0, years: float = 1.0) -> OwnCluster:
    return OwnCluster(chip_usd, 1.66, 0.19, years, 0.14, chips)


@given(prices, st.floats(1.0, 1e6), st.floats(0.0, 1e6))
def test_more_chips_never_cost_less(usd: float, chips: float, more: float) -> None:
    assert acquisition_cost(chips + more, usd) >= acquisition_cost(chips, usd)


@given(prices, st.floats(1.0, 3.0), st.floats(0.0, 0.9))
def test_the_network_is_its_share_of_the_cluster(usd: float, overhead: float, share: float) -> None:
    whole = float(cluster_usd_per_chip(usd, overhead, share))
    assert whole * (1 - share) == pytest.approx(usd * overhead)


@given(hours, prices, st.floats(0.0, 8.0), st.floats(0.01, 3.0))
def test_older_hardware_wears_for_less(used: float, usd: float, years: float, older: float) -> None:
    young, old = (float(amortized_hardware_cost(used, usd, y, 0.14)) for y in (years, years + older))
    assert 0 < old < young


@given(prices, st.floats(0.0, 8.0))
def test_a_chip_never_wears_for_more_than_its_price(usd: float, life_years: float) -> None:
    """Amortised year by year at the value of each year, what is charged stays below what was paid."""
    starts = np.arange(0.0, life_years, 0.1)
    charged = amortized_hardware_cost(876.6, usd, starts + 0.05, 0.14)
    assert np.sum(charged) < usd


@given(hours, st.floats(0.1, 10.0))
def test_methods_that_count_chip_hours_are_linear_in_them(used: float, times: float) -> None:
    once = run_cost_by_method(used, own(), rental=Rental(2.0, 4.0))
    more = run_cost_by_method(used * times, own(), rental=Rental(2.0, 4.0))
    for method in ("cloud", "cloud-on-demand"):
        assert more[method] == pytest.approx(times * once[method])
    assert more["acquisition"] == once["acquisition"]


def test_every_method_when_all_is_known_and_none_that_is_not() -> None:
    energy = Energy(1e6, 0.08)
    assert sorted(run_cost_by_method(1e6, own(), energy, Rental(2.0, 4.0))) == sorted(METHODS)
    assert list(run_cost_by_method(1e6, rental=Rental(2.0))) == ["cloud"]
    assert list(run_cost_by_method(1e6, own(chips=None))) == []
    assert list(run_cost_by_method(1e6, energy=energy)) == ["owned-energy"]
    assert run_cost_by_method(1e6) == {}


def test_amortized_is_wear_and_energy() -> None:
    costs = run_cost_by_method(1e6, own(), Energy(1e6, 0.08))
    wear = amortized_hardware_cost(1e6, own().usd_per_chip, 1.0, 0.14)
    assert costs["amortized"] == pytest.approx(wear + costs["owned-energy"])


def test_draws_are_each_draw() -> None:
    used, chip_usd = np.array([1e5, 2e6, 3e7]), np.array([2e4, 3e4, 4e4])
    kwh, rent = np.array([1e4, 1e5, 1e6]), np.array([1.0, 2.0, 3.0])
    cluster = OwnCluster(chip_usd, 1.0, 0.19, 0.5, 0.14, np.array([1e2, 1e3, 1e4]))
    together = run_cost_by_method(used, cluster, Energy(kwh, 0.08), Rental(rent, 2 * rent))
    for i in range(3):
        one = OwnCluster(chip_usd[i], 1.0, 0.19, 0.5, 0.14, 10.0 ** (i + 2))
        alone = run_cost_by_method(used[i], one, Energy(kwh[i], 0.08), Rental(rent[i], 2 * rent[i]))
        for method in METHODS:
            assert np.asarray(together[method])[i] == pytest.approx(alone[method])


@pytest.mark.parametrize("share", [1.0, -0.1])
def test_an_impossible_network_share_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="interconnect share"):
        cluster_usd_per_chip(1e4, 1.0, share)


@given(st.floats(1.0, 1e6), hours, st.floats(1.0, 120.0))
def test_all_work_fits_on_a_cluster_no_smaller_than_its_largest_job(
    chips: float, used: float, months: float
) -> None:
    size = float(cluster_chips(chips, used, months))
    assert size >= chips
    assert size * months * 730.5 >= used * (1 - 1e-12)


def test_the_price_is_worn_off_when_it_says_so() -> None:
    years = float(months_to_wear_out(0.14)) / 12
    assert amortized_hardware_cost(8766.0 * years, 30_000.0, 0.0, 0.14) == pytest.approx(30_000.0)
