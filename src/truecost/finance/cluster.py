"""What a run costs on a cluster, by the way of counting: rented, amortised, bought outright, energy alone.

The laws are those of Cottier et al. 2024, The rising costs of training frontier AI models
(arXiv:2405.21015); every rate in them (server overhead, network share, decline of prices) is an argument.
A whole cluster costs `chip price x server overhead / (1 - interconnect share)` a chip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truecost.finance.depreciation import price_after_progress, replacement_rate_per_year
from truecost.ranges import Value

HOURS_PER_YEAR = 8766.0
"""365.25 days of 24 hours."""


def cluster_usd_per_chip(chip_usd: Value, server_overhead: Value, interconnect_share: Value) -> Value:
    """What a cluster costs for each chip in it, in USD: chip, its part of server and network.

    Formula: chip price x server overhead / (1 - interconnect share). `server_overhead` is the server's
    price over that of its chips (1 when the price already is a server's); `interconnect_share` is the
    network's share of the whole cluster, from 0 to below 1.

    >>> f"{cluster_usd_per_chip(15_000.0, 1.66, 0.19):.0f}"
    '30741'
    """
    if np.any(np.less(interconnect_share, 0)) or np.any(np.greater_equal(interconnect_share, 1)):
        raise ValueError("an interconnect share lies from 0 to below 1")
    return chip_usd * server_overhead / (1 - interconnect_share)


def acquisition_cost(chips: Value, cluster_usd_per_chip: Value) -> Value:
    """What it takes to buy the whole cluster, in USD: chips x USD a chip. Not the cost of one run on it.

    >>> acquisition_cost(25_000, 30_000.0)
    750000000.0
    """
    return chips * cluster_usd_per_chip


def cluster_chips(chips: Value, chip_hours: Value, months: Value) -> Value:
    """Chips a cluster needs so that all its work fits: at least `chips`, and enough for `chip_hours` in time.

    Formula: max(chips, chip-hours / (months x 730.5)). `chips` are those its largest job needs at once.

    >>> round(cluster_chips(2048.0, 5_328_000.0, 12.0)), round(cluster_chips(2048.0, 26_640_000.0, 12.0))
    (2048, 3039)
    """
    return np.maximum(chips, chip_hours / (months * HOURS_PER_YEAR / 12))[()]


def months_to_wear_out(decline_ooms_per_year: Value) -> Value:
    """Months in full use after which `amortized_hardware_cost` has charged the whole price: 12 / (d ln 10).

    >>> f"{months_to_wear_out(0.14):.1f}"
    '37.2'
    """
    return 12 / replacement_rate_per_year(decline_ooms_per_year)


def amortized_hardware_cost(
    chip_hours: Value, cluster_usd_per_chip: Value, years_since_purchase: Value, decline_ooms_per_year: Value
) -> Value:
    """The wear of own hardware in a run, in USD.

    Formula: chip-hours x value a chip at the start x d ln 10 / 8,766 h, where the value at the start is the
    price after `years_since_purchase` years of progress at d orders of magnitude a year.

    >>> f"{amortized_hardware_cost(8766.0, 30_000.0, 0.0, 0.14):.0f}"
    '9671'
    """
    value_usd = price_after_progress(cluster_usd_per_chip, years_since_purchase, decline_ooms_per_year)
    return chip_hours * value_usd * replacement_rate_per_year(decline_ooms_per_year) / HOURS_PER_YEAR


def energy_cost(energy_kwh: Value, usd_per_kwh: Value) -> Value:
    """What a run's electricity costs, in USD: kWh (at the meter, so with server, load and PUE) x price.

    >>> energy_cost(1000.0, 0.08)
    80.0
    """
    return energy_kwh * usd_per_kwh


def cloud_cost(chip_hours: Value, usd_per_chip_hour: Value) -> Value:
    """What a run costs on rented chips, in USD: chip-hours x USD a chip-hour.

    >>> cloud_cost(2.788e6, 2.0)
    5576000.0
    """
    return chip_hours * usd_per_chip_hour


@dataclass(frozen=True, slots=True)
class OwnCluster:
    """Hardware of one's own. All may be arrays of draws.

    chip_usd: purchase price of a chip, USD. server_overhead: server price over chip price.
    interconnect_share: network's share of the cluster's price. years_since_purchase: from purchase to the
    start of the run. decline_ooms_per_year: decline of price per performance, orders of magnitude a year.
    chips: chips in the cluster, where known.
    """

    chip_usd: Value
    server_overhead: Value
    interconnect_share: Value
    years_since_purchase: Value
    decline_ooms_per_year: Value
    chips: Value | None = None

    @property
    def usd_per_chip(self) -> Value:
        """USD a chip with its part of server and network, at purchase."""
        return cluster_usd_per_chip(self.chip_usd, self.server_overhead, self.interconnect_share)


@dataclass(frozen=True, slots=True)
class Energy:
    """Electricity of a run: kWh at the meter and USD a kWh."""

    kwh: Value
    usd_per_kwh: Value


@dataclass(frozen=True, slots=True)
class Rental:
    """Rented chips: USD a chip-hour under a commitment, and on demand where known."""

    usd_per_chip_hour: Value
    on_demand_usd_per_chip_hour: Value | None = None


def run_cost_by_method(
    chip_hours: Value,
    own: OwnCluster | None = None,
    energy: Energy | None = None,
    rental: Rental | None = None,
) -> dict[str, Value]:
    """The same run counted every way its inputs allow, in USD by method; arrays of draws broadcast.

    | method | formula | needs |
    |---|---|---|
    | cloud | chip-hours x USD a chip-hour | rental |
    | cloud-on-demand | the same at the on-demand price | rental with that price |
    | amortized | wear of own hardware during the run + its energy | own, energy |
    | acquisition | the whole cluster bought | own with its chips |
    | owned-energy | kWh x USD a kWh: what one more run costs on hardware that stands idle | energy |

    A method whose inputs are missing is left out, never 0.

    >>> own = OwnCluster(24_875.0, 1.0, 0.19, 2.0, 0.14, chips=25_000)
    >>> costs = run_cost_by_method(57e6, own, Energy(40e6, 0.08), Rental(1.36, 3.40))
    >>> {method: round(float(usd) / 1e6, 1) for method, usd in costs.items()}
    {'cloud': 77.5, 'cloud-on-demand': 193.8, 'amortized': 37.0, 'acquisition': 767.7, 'owned-energy': 3.2}
    """
    costs: dict[str, Value] = {}
    if rental is not None:
        costs["cloud"] = cloud_cost(chip_hours, rental.usd_per_chip_hour)
        if rental.on_demand_usd_per_chip_hour is not None:
            costs["cloud-on-demand"] = cloud_cost(chip_hours, rental.on_demand_usd_per_chip_hour)
    if own is not None and energy is not None:
        costs["amortized"] = amortized_hardware_cost(
            chip_hours, own.usd_per_chip, own.years_since_purchase, own.decline_ooms_per_year
        ) + energy_cost(energy.kwh, energy.usd_per_kwh)
    if own is not None and own.chips is not None:
        costs["acquisition"] = acquisition_cost(own.chips, own.usd_per_chip)
    if energy is not None:
        costs["owned-energy"] = energy_cost(energy.kwh, energy.usd_per_kwh)
    return costs
