"""Energy and carbon of chip-hours, and the power of a server as a function of how busy its chips are.

`energy_kwh` takes the mean load as a share of the server's rating, which is what is known before a run is
described. Once it is, there are two laws of the power of a chip alone: `chip_power_w` for training, from the
share of the time that it computes (then it draws its rating, or its cap; waiting for others, a share of it),
and `serving_chip_power_w` for serving, where time that reads memory draws less than time that multiplies.
`server_rest_w` is what the rest of the server adds to a chip, `server_power_w` a training chip with it. The
building's part is PUE, in none of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True, slots=True)
class PowerConstants:
    """Constants of the power law, fitted in `evidence.power_fit`."""

    waiting_share: float
    """Power of a chip that waits for others (spinning in a collective), over its rating."""
    server_share: float
    """Power of the rest of the server (processors, memory, fans, network, conversion), over its rating."""
    full_load_utilization: float
    """Share of the 16-bit peak at which a chip of a language model computes all of the time."""


@dataclass(frozen=True, slots=True)
class ServingPowerConstants:
    """Constants of the power of serving chips as shares of the rating, fitted in
    `evidence.serving_power_fit`."""

    idle_share: float
    """Power of a chip that neither reads nor multiplies. Fitted as where the line over busy engines begins;
    no idle engine was measured."""
    memory_share: float
    """What is added while it reads weights and cache."""
    arithmetic_share: float
    """What is added while products run."""


def load_of_utilization(utilization: Value, constants: PowerConstants) -> Value:
    """Share of the time that chips compute, from model FLOPs over the 16-bit peak; at most 1.

    For when no step law says what part of a step waits for communication, bubbles and launches.

    >>> float(load_of_utilization(0.29, PowerConstants(0.4, 0.3, 0.58)))
    0.5
    """
    return np.clip(utilization / constants.full_load_utilization, 0.0, 1.0)


def chip_power_w(
    load: Value, chip_tdp_w: Value, constants: PowerConstants, power_cap_w: Value | None = None
) -> Value:
    """Mean power of one chip that computes a share `load` of the time, at most its cap, in W.

    Formula: waiting + (top - waiting) x load, where top = min(TDP, cap) and waiting = min(top, TDP x waiting
    share). How much longer a capped chip takes is not known here.

    >>> float(chip_power_w(0.75, 700.0, PowerConstants(0.4, 0.3, 0.58)))
    595.0
    """
    top = chip_tdp_w if power_cap_w is None else np.minimum(chip_tdp_w, power_cap_w)
    busy = np.clip(load, 0.0, 1.0)
    waiting = np.minimum(top, chip_tdp_w * constants.waiting_share)
    return waiting + (top - waiting) * busy


def serving_chip_power_w(
    reading: Value, multiplying: Value, chip_tdp_w: Value, constants: ServingPowerConstants
) -> Value:
    """Mean power of one chip that serves, without its server, at most its rating, in W.

    Formula: TDP x min(1, idle + memory x reading + arithmetic x multiplying). `reading` is the share of the
    time bound by memory (weights, KV cache), `multiplying` that of products (of answers and prompts,
    attention of prompts); the rest is launches, exchange and nothing to do. As NVML measures it.

    >>> float(serving_chip_power_w(0.5, 0.25, 700.0, ServingPowerConstants(0.25, 0.5, 1.0)))
    525.0
    >>> float(serving_chip_power_w(0.0, 1.0, 700.0, ServingPowerConstants(0.25, 0.5, 1.0)))
    700.0
    """
    busy = constants.memory_share * reading + constants.arithmetic_share * multiplying
    return chip_tdp_w * np.minimum(constants.idle_share + busy, 1.0)


def server_rest_w(chip_tdp_w: Value, server_overhead: Value, constants: PowerConstants) -> Value:
    """Mean power of the rest of a server for each of its chips, in W: TDP x (overhead - 1) x server share.

    It hardly follows the load: fans and processors run through. `server_overhead` as in `energy_kwh`.

    >>> round(float(server_rest_w(700.0, 1275 / 700, PowerConstants(0.4, 0.3, 0.58))), 1)
    172.5
    """
    return chip_tdp_w * (server_overhead - 1) * constants.server_share


def server_power_w(
    load: Value,
    chip_tdp_w: Value,
    server_overhead: Value,
    constants: PowerConstants,
    power_cap_w: Value | None = None,
) -> Value:
    """Mean power a chip with its part of the server draws, in W: `chip_power_w` + `server_rest_w`.

    >>> float(server_power_w(0.75, 700.0, 1275 / 700, PowerConstants(0.4, 0.3, 0.58)))
    767.5
    """
    rest = server_rest_w(chip_tdp_w, server_overhead, constants)
    return chip_power_w(load, chip_tdp_w, constants, power_cap_w) + rest


def run_energy_kwh(chip_hours: Value, power_w: Value, pue: Value) -> Value:
    """Energy drawn from the grid by chip-hours at a mean power a chip (`server_power_w`), in kWh.

    >>> round(run_energy_kwh(8.0, 800.0, 1.1), 2)
    7.04
    """
    return chip_hours * power_w / W_PER_KW * pue


def carbon_tco2e(energy_kwh: Value, kgco2e_per_kwh: Value) -> Value:
    """Emissions of that energy in tonnes of CO2 equivalent, location-based.

    >>> carbon_tco2e(73_728.0, 0.4234).__round__(1)
    31.2
    """
    return energy_kwh * kgco2e_per_kwh / KG_PER_TONNE
