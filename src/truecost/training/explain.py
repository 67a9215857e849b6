"""Where a number of a training run comes from: a tree from the answer down to the spec and the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from truecost.spec import nearest_names


@dataclass(frozen=True, slots=True)
class Node:
    """One number and what it was computed from; `low` and `high` are the ends of its 90 % interval."""

    key: str
    value: object
    unit: str
    how: str
    low: float | None = None
    high: float | None = None
    source: str = ""
    children: tuple[Node, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The tree as plain values."""
        return {
            "key": self.key,
            "value": self.value,
            "p5": self.low,
            "p95": self.high,
            "unit": self.unit,
            "how": self.how,
            "source": self.source,
            "inputs": [child.to_dict() for child in self.children],
        }


class _Formula(NamedTuple):
    unit: str
    how: str
    inputs: tuple[str, ...] = ()


FORMULAS: Mapping[str, _Formula] = {
    "cost_usd": _Formula(
        "USD",
        "chip-hours x (USD a chip-hour + kW of a chip x PUE x USD a kWh)",
        ("chip_hours", "rates.usd_per_chip_hour", "rates.usd_per_kwh"),
    ),
    "chip_hours": _Formula(
        "chip-hours",
        "steps x step time x chips / 3,600 s / goodput",
        ("run.steps", "step_time_s", "count", "goodput"),
    ),
    "days": _Formula("days", "chip-hours / chips / 24 (spares apart)", ("chip_hours", "count")),
    "goodput": _Formula(
        "share",
        "share of the chip-hours in steps at the speed of a benchmark: failures and checkpoints by their "
        "rate, stragglers, batch ramp, pauses, and what recorded runs take beyond them",
        ("run.shares_of_chip_hours",),
    ),
    "step_time_s": _Formula("s", "sum of where the time goes", ("step_parts_s",)),
    "mfu": _Formula(
        "share",
        "3 x forward FLOPs a token (2 x through frozen weights; attention causal, nothing recomputed; one "
        "forward for each token written or read) x tokens of a step / (step time x chips x dense peak)",
        ("step_time_s", "model_tflops_per_chip"),
    ),
    "hfu": _Formula("share", "as mfu, recomputed FLOPs counted", ("mfu",)),
    "model_tflops_per_chip": _Formula("TFLOP/s", "model FLOPs / step time / chips", ("step_time_s",)),
    "tokens_per_s": _Formula("tokens/s", "tokens of a step / step time", ("step_time_s",)),
    "tokens_per_s_per_chip": _Formula("tokens/s", "tokens of a step / step time / chips", ("step_time_s",)),
    "memory_bytes_per_chip": _Formula("bytes", "sum of what the fullest chip keeps", ("memory_parts_bytes",)),
    "energy_kwh": _Formula(
        "kWh", "chip-hours x kW of a chip with its part of the server x PUE",
        ("chip_hours", "rates.watts_per_chip", "rates.pue"),
    ),
    "co2e_kg": _Formula("kgCO2e", "energy x carbon of the grid", ("energy_kwh", "rates.kgco2e_per_kwh")),
    "rates.watts_per_chip": _Formula("W", "by the share of the time that chips compute", ("step_parts_s",)),
    "rates.usd_per_chip_hour": _Formula("USD/chip-hour", "as stated, or the dated record"),
    "rates.usd_per_kwh": _Formula("USD/kWh", "0 where the rent has it"),
    "rates.pue": _Formula("x", "as stated, or the record"),
    "rates.kgco2e_per_kwh": _Formula("kgCO2e/kWh", "as stated, or the grid of the region"),
    "run.steps": _Formula("steps", "tokens / (global batch x sequence length)", ("run.tokens",)),
    "run.tokens": _Formula("tokens", "as stated"),
    "count": _Formula("chips", "as stated"),
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


def explained(told: Mapping[str, Any], key: str) -> Node:
    """The tree of a number of a result. KeyError names the nearest."""
    if key in _UNITS:
        return _parts(told, key)
    if key not in FORMULAS:
        near = nearest_names(key, FORMULAS)
        raise KeyError(f"nothing computes {key!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))
    formula = FORMULAS[key]
    low, high = (_value(told, f"{key}{end}") for end in ("_p5", "_p95"))
    source = next((one for one in told["assumptions"] if one["field"] == _STATED.get(key)), None)
    return Node(
        key,
        _value(told, key),
        formula.unit,
        formula.how if source is None else source["reason"],
        low,
        high,
        source["source"] if source else "",
        tuple(explained(told, each) for each in formula.inputs),
    )


def _parts(told: Mapping[str, Any], key: str) -> Node:
    parts = cast("Mapping[str, float]", _value(told, key))
    children = tuple(Node(name, value, _UNITS[key], "by the law") for name, value in parts.items() if value)
    return Node(key, sum(parts.values()), _UNITS[key], "their sum", children=children)


def _value(told: Mapping[str, Any], key: str) -> Any:
    found: Any = told
    for part in key.split("."):
        found = cast("Mapping[str, Any]", found).get(part) if isinstance(found, Mapping) else None
    return found
