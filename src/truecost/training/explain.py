"""Where a number of a training run comes from."""

from __future__ import annotations

from collections.abc import Mapping

from truecost.explained import Explaining, Formula

FORMULAS: Mapping[str, Formula] = {
    "cost_usd": Formula(
        "USD",
        "chip-hours x (USD a chip-hour + kW of a chip x PUE x USD a kWh)",
        ("chip_hours", "rates.usd_per_chip_hour", "rates.usd_per_kwh"),
    ),
    "chip_hours": Formula(
        "chip-hours",
        "steps x step time x chips / 3,600 s / goodput",
        ("run.steps", "step_time_s", "count", "goodput"),
    ),
    "days": Formula("days", "chip-hours / chips / 24 (spares apart)", ("chip_hours", "count")),
    "goodput": Formula(
        "share",
        "share of the chip-hours in steps at the speed of a benchmark: failures and checkpoints by their "
        "rate, stragglers, batch ramp, pauses, and what recorded runs take beyond them",
        ("run.shares_of_chip_hours",),
    ),
    "step_time_s": Formula("s", "sum of where the time goes", ("step_parts_s",)),
    "mfu": Formula(
        "share",
        "3 x forward FLOPs a token (2 x through frozen weights; attention causal, nothing recomputed; one "
        "forward for each token written or read) x tokens of a step / (step time x chips x dense peak)",
        ("step_time_s", "model_tflops_per_chip"),
    ),
    "hfu": Formula("share", "as mfu, recomputed FLOPs counted", ("mfu",)),
    "model_tflops_per_chip": Formula("TFLOP/s", "model FLOPs / step time / chips", ("step_time_s",)),
    "tokens_per_s": Formula("tokens/s", "tokens of a step / step time", ("step_time_s",)),
    "tokens_per_s_per_chip": Formula("tokens/s", "tokens of a step / step time / chips", ("step_time_s",)),
    "memory_bytes_per_chip": Formula("bytes", "sum of what the fullest chip keeps", ("memory_parts_bytes",)),
    "energy_kwh": Formula(
        "kWh", "chip-hours x kW of a chip with its part of the server x PUE",
        ("chip_hours", "rates.watts_per_chip", "rates.pue"),
    ),
    "co2e_kg": Formula("kgCO2e", "energy x carbon of the grid", ("energy_kwh", "rates.kgco2e_per_kwh")),
    "rates.watts_per_chip": Formula("W", "by the share of the time that chips compute", ("step_parts_s",)),
    "rates.usd_per_chip_hour": Formula("USD/chip-hour", "as stated, or the dated record"),
    "rates.usd_per_kwh": Formula("USD/kWh", "0 where the rent has it"),
    "rates.pue": Formula("x", "as stated, or the record"),
    "rates.kgco2e_per_kwh": Formula("kgCO2e/kWh", "as stated, or the grid of the region"),
    "run.steps": Formula("steps", "tokens / (global batch x sequence length)", ("run.tokens",)),
    "run.tokens": Formula("tokens", "as stated"),
    "count": Formula("chips", "as stated"),
}  # fmt: skip
_UNITS = {"step_parts_s": "s", "memory_parts_bytes": "bytes", "run.shares_of_chip_hours": "share"}
_STATED = {
    "rates.usd_per_chip_hour": "price.usd_per_chip_hour",
    "rates.usd_per_kwh": "site.usd_per_kwh",
    "rates.pue": "site.pue",
    "rates.kgco2e_per_kwh": "site.kgco2e_per_kwh",
    "run.tokens": "tokens",
}
"""The field of the spec behind a number."""

NUMBERS = Explaining(FORMULAS, _STATED, _UNITS)
"""What a result explains of its numbers."""
