"""What a run burns: electricity against homes, emissions against cars."""

from __future__ import annotations

from truecost.evidence.claims.working import Needed, Working, calculation_of
from truecost.physics.energy import carbon_tco2e, energy_kwh
from truecost.ranges import Value

HOURS_PER_YEAR = 8766.0
RUN = {
    "chips": Needed("chips", "chips"),
    "days": Needed("days", "days"),
    "chip_tdp_w": Needed("rated power of a chip", "W", {"chip": "$chip", "has": "tdp_w"}),
    "server_power": Needed("server power over chip power", "x", {"rate": "power/server_overhead_a100"}),
    "average_load": Needed("average load", "share", {"rate": "power/average_load_gpu"}),
    "pue": Needed("power usage effectiveness", "x", {"rate": "pue/hyperscaler"}),
}
CHIP = {"chip": "a100-sxm-40"}


def _kwh(at: Working) -> Value:
    hours = at.step("chip-hours", "chips × days × 24 h", at["chips"] * at["days"] * 24, "chip-hours")
    kwh = energy_kwh(hours, at["chip_tdp_w"], at["server_power"], at["average_load"], at["pue"])
    return at.step("electricity", "chip-hours × W × server × load × PUE", kwh, "kWh")


@calculation_of(
    "homes_powered",
    "Homes that use as much electricity in the time",
    "homes",
    {**RUN, "home_kwh": Needed("a home", "kWh/year", {"rate": "energy/home_kwh_per_year"})},
    CHIP,
)
def homes(at: Working) -> Value:
    """Electricity of the run / what a home uses in the same days."""
    kwh = _kwh(at)
    at.step("mean power", "electricity / hours", kwh / (at["days"] * 24), "kW")
    used = at.step(
        "a home in the time",
        "a year's use × days / 365.25",
        at["home_kwh"] * at["days"] * 24 / HOURS_PER_YEAR,
        "kWh",
    )
    return at.step("homes", "electricity / a home's", kwh / used, "homes")


@calculation_of(
    "cars_for_a_year",
    "Cars that emit as much in a year",
    "cars",
    {
        **RUN,
        "kgco2e_per_kwh": Needed("carbon of the grid", "kgCO2e/kWh", {"rate": "carbon/us"}),
        "car_tco2e": Needed("a car", "tCO2e/year", {"rate": "energy/car_tco2e_per_year"}),
    },
    CHIP,
)
def cars(at: Working) -> Value:
    """Electricity x carbon of the grid / a car's year."""
    tonnes = at.step(
        "emissions", "electricity × carbon of the grid", carbon_tco2e(_kwh(at), at["kgco2e_per_kwh"]), "tCO2e"
    )
    return at.step("cars", "emissions / a car's year", tonnes / at["car_tco2e"], "cars")
