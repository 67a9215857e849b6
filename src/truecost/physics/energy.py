"""Energy and carbon of chip-hours."""

from __future__ import annotations

from truecost.ranges import Value

W_PER_KW = 1000.0
KG_PER_TONNE = 1000.0


def energy_kwh(
    chip_hours: Value, chip_tdp_w: Value, server_overhead: Value, average_load: Value, pue: Value
) -> Value:
    """Energy drawn from the grid, in kWh.

    Formula: chip-hours x TDP / 1000 x server overhead x average load x PUE. `server_overhead` is the
    server's rated power over the rated power of its chips (processors, memory, fans: 1275 W a chip over
    700 W in an eight-H100 server); `average_load` the share of that rating drawn on average while the
    chips are in use; `pue` the site's energy over its servers' energy.

    >>> round(energy_kwh(8.0, 700.0, 1275 / 700, 0.75, 1.1), 2)
    8.42
    """
    return chip_hours * chip_tdp_w / W_PER_KW * server_overhead * average_load * pue


def carbon_tco2e(energy_kwh: Value, kgco2e_per_kwh: Value) -> Value:
    """Emissions of that energy in tonnes of CO2 equivalent, location-based.

    >>> carbon_tco2e(73_728.0, 0.4234).__round__(1)
    31.2
    """
    return energy_kwh * kgco2e_per_kwh / KG_PER_TONNE
