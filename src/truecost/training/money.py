"""What a chip-hour of the run costs and draws: rent, cloud, or wear and power of own chips, at a date."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from truecost.catalog.accelerators import Accelerator
from truecost.finance.cluster import amortized_hardware_cost, cluster_usd_per_chip
from truecost.ranges import Range
from truecost.training.assumptions import Assumed
from truecost.training.lookups import Lookups
from truecost.training.schema import TrainSpec
from truecost.training.spread import Spread, spread

WORDS = {"rent": "rent, one year committed", "cloud": "rent on demand"}
UNSOLD = {"TPU": "TPUs are not sold"}
"""Kinds of chip that only their maker owns."""
ESTIMATED = "between the cost of making it and the price of an equivalent GPU"
"""What stands for the price of such a chip (arXiv:2405.21015)."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices and intensities of one case; the price is NaN where none is known."""

    usd_per_chip_hour: Spread
    usd_per_kwh: Spread
    """0 where the rent has it."""
    pue: Spread
    kgco2e_per_kwh: Spread
    server_overhead: float
    """Rated power of a server over that of its chips."""


def rates_of(spec: TrainSpec, chip: Accelerator, lookups: Lookups, as_of: date, assumed: Assumed) -> Rates:
    """What the spec states, and the dated facts of the catalog for the rest."""
    site, region = spec.site, spec.site.region
    if site.pue is not None:
        pue = spread(site.pue)
    else:
        pue = spread(
            assumed.fact(
                "site.pue", lookups.rate("pue/hyperscaler", as_of), "energy of a site over its servers'"
            )
        )
    carbon = site.kgco2e_per_kwh
    if carbon is None:
        carbon = assumed.fact(
            "site.kgco2e_per_kwh", lookups.rate(f"carbon/{region}", as_of), f"the grid of {region}"
        )
    overhead = lookups.rate(power_overhead_key(chip), as_of).value
    price, kwh = _price(spec, chip, lookups, as_of, assumed)
    return Rates(
        usd_per_chip_hour=price,
        usd_per_kwh=kwh,
        pue=pue,
        kgco2e_per_kwh=spread(carbon),
        server_overhead=overhead.median if isinstance(overhead, Range) else overhead,
    )


def _price(
    spec: TrainSpec, chip: Accelerator, lookups: Lookups, as_of: date, assumed: Assumed
) -> tuple[Spread, Spread]:
    """USD a chip-hour, and a kWh where that is not in it: of own chips whose price is not stated."""
    if spec.price.usd_per_chip_hour is not None:
        return spread(spec.price.usd_per_chip_hour), Spread(0.0)
    if spec.price.basis == "own":
        return _own(chip, lookups, as_of, assumed), _electricity(spec, lookups, as_of, assumed)
    return _rent(spec, chip, lookups, as_of, assumed), Spread(0.0)


def _electricity(spec: TrainSpec, lookups: Lookups, as_of: date, assumed: Assumed) -> Spread:
    if spec.site.usd_per_kwh is not None:
        return spread(spec.site.usd_per_kwh)
    region = spec.site.region
    fact = lookups.rate(f"electricity/{region}", as_of)
    return spread(assumed.fact("site.usd_per_kwh", fact, f"industrial electricity of {region}"))


def _rent(spec: TrainSpec, chip: Accelerator, lookups: Lookups, as_of: date, assumed: Assumed) -> Spread:
    basis = spec.price.basis
    try:
        fact = lookups.rental(chip.key, as_of, "reserved_1y" if basis == "rent" else "on_demand")
    except LookupError as missing:
        return _unknown(str(missing.args[0]), assumed)
    return spread(assumed.fact("price.usd_per_chip_hour", fact, f"{WORDS[basis]}, {as_of}"))


def _own(chip: Accelerator, lookups: Lookups, as_of: date, assumed: Assumed) -> Spread:
    """Wear of own chips a chip-hour: the installed price x what a year in use takes of it / 8,766 h."""
    try:
        bought = lookups.purchase(chip.key, as_of)
    except LookupError as missing:
        return _unknown(str(missing.args[0]), assumed)
    unsold = why_not_sold(chip)
    reason = (
        f"an estimate, {ESTIMATED}: {unsold}" if unsold else f"own chips bought {as_of}, wear by the hour"
    )
    price = spread(assumed.fact("price.usd_per_chip_hour", bought, reason))
    keys = (
        server_overhead_key(chip.key),
        "interconnect/share_of_cluster",
        "hardware/replacement_rate_per_year",
    )
    server, network, wear = (lookups.rate(key, as_of) for key in keys)
    around = spread(_wear_per_usd(server.value, network.value, wear.value))
    for fact in (server, network, wear):
        assumed.fact(f"price ({fact.key})", fact, "of own chips")
    return price * around


def why_not_sold(chip: Accelerator) -> str:
    """Why nobody but its maker can own a chip; empty where it is sold."""
    return UNSOLD.get(chip.kind, "")


def _wear_per_usd(server: float | Range, network: float | Range, wear: float | Range) -> float | Range:
    """USD of wear a chip-hour for each USD of a bare chip; a range where the facts are ranges."""
    ends = [
        amortized_hardware_cost(
            1.0,
            cluster_usd_per_chip(1.0, _end(server, at), _end(network, at)),
            0.0,
            _end(wear, at) / math.log(10),
        )
        for at in (0, 1)
    ]
    low, high = (float(end) for end in ends)
    return low if low == high else Range(low, high)


def _end(value: float | Range, at: int) -> float:
    return (value.low, value.high)[at] if isinstance(value, Range) else value


def _unknown(reason: str, assumed: Assumed) -> Spread:
    assumed.gaps["cost_usd"] = f"{reason.partition(': give')[0]}: give price.usd_per_chip_hour"
    return Spread(math.nan)


def power_overhead_key(chip: Accelerator) -> str:
    """The rate of server power over chip power on record for a chip: its family, TPUs, or the H100's."""
    if chip.kind == "TPU":
        return "power/server_overhead_tpu"
    family = next((f for f in ("a100", "v100") if f in chip.key), None)
    if family is None:
        return "power/server_overhead" if chip.vendor == "NVIDIA" else "power/server_overhead_other"
    return f"power/server_overhead_{family}"


def server_overhead_key(chip: str) -> str:
    """The rate of server price over chip price on record for a chip's family."""
    family = next((f for f in ("a100", "v100", "p100") if f in chip), "other")
    return f"server_overhead/{family}"
