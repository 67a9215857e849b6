"""Where a number of a replay comes from: a tree from the answer down to the spec and the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from truecost.replay.metrics import LATENCIES, STATISTICS
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


_SAID = {
    "ttft": "from arrival to the first token: queue, steps that process the prompt, the engine's own time",
    "tpot": "(last token - first token) / (tokens - 1), a request",
    "itl": "between two tokens, over all tokens of all requests",
    "e2e": "from arrival to the last token",
    "queue": "from arrival to the first step that works on the request",
}
FORMULAS: Mapping[str, _Formula] = {
    **{
        f"{name}_{stat}_s": _Formula("s", f"{stat} over answered requests: {_SAID[name]}")
        for name in LATENCIES
        for stat in STATISTICS
    },
    "cost_usd": _Formula(
        "USD",
        "chip-hours x (USD a chip-hour + kW of a chip x PUE x USD a kWh)",
        ("chip_hours", "rates.usd_per_chip_hour", "rates.usd_per_kwh"),
    ),
    "usd_per_million_output_tokens": _Formula("USD", "USD / tokens written x 1e6", ("cost_usd",)),
    "usd_per_million_tokens": _Formula("USD", "USD / tokens read and written x 1e6", ("cost_usd",)),
    "usd_per_request": _Formula("USD", "USD / answered requests", ("cost_usd", "served")),
    "chip_hours": _Formula("chip-hours", "makespan x chips / 3,600 s", ("makespan_s", "chips")),
    "energy_kwh": _Formula(
        "kWh", "chip-hours x kW of a chip with its part of the server x PUE",
        ("chip_hours", "rates.watts_per_chip", "rates.pue"),
    ),
    "rates.watts_per_chip": _Formula("W", "by the share of the time that replicas work", ("utilization",)),
    "rates.usd_per_chip_hour": _Formula("USD/chip-hour", "as stated, or the dated record"),
    "rates.usd_per_kwh": _Formula("USD/kWh", "0 where the price of a chip-hour has it"),
    "rates.pue": _Formula("x", "as stated, or the record"),
    "makespan_s": _Formula("s", "from the first arrival to the last token of the simulated run", ("steps",)),
    "utilization": _Formula("share", "time in steps / (makespan x replicas)", ("makespan_s",)),
    "output_tokens_per_s": _Formula("tokens/s", "tokens written / makespan", ("makespan_s",)),
    "total_tokens_per_s": _Formula("tokens/s", "tokens read and written / makespan", ("makespan_s",)),
    "output_tokens_per_s_per_chip": _Formula(
        "tokens/s", "tokens written / makespan / chips", ("output_tokens_per_s", "chips")
    ),
    "requests_per_s": _Formula("requests/s", "answered requests / makespan", ("served", "makespan_s")),
    "kv_peak_fraction": _Formula(
        "share", "most blocks in use at once / blocks of a replica", ("kv_cache_tokens_per_replica",)
    ),
    "prefix_hit_fraction": _Formula("share", "prompt tokens found in the prefix cache / prompt tokens"),
    "goodput_fraction": _Formula("share", "requests that keep every limit of the SLO / all requests"),
    "kv_cache_tokens_per_replica": _Formula(
        "tokens", "(usable memory - runtime - weights) x chips that split it / bytes of a token"
    ),
    "steps": _Formula("steps", "of the engine, all replicas"),
    "served": _Formula("requests", "answered whole"),
    "rejected": _Formula("requests", "their prompt leaves no room for a token below max_model_len"),
    "truncated": _Formula("requests", "cut at max_model_len"),
    "unfinished": _Formula("requests", "without an end"),
    "preemptions": _Formula("", "requests put back to make room in the cache"),
    "chips": _Formula("chips", "replicas x chips of one"),
}  # fmt: skip
_STATED = {
    "rates.usd_per_chip_hour": "price.usd_per_chip_hour",
    "rates.usd_per_kwh": "site.usd_per_kwh",
    "rates.pue": "site.pue",
}
"""The field of the spec behind a number."""


def explained(told: Mapping[str, Any], key: str) -> Node:
    """The tree of a number of a result. KeyError names the nearest."""
    if key not in FORMULAS:
        near = nearest_names(key, FORMULAS)
        raise KeyError(f"nothing computes {key!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))
    formula = FORMULAS[key]
    low, high = (_value(told, f"{key}{end}") for end in ("_p5", "_p95"))
    source = next((row for row in told["assumptions"] if row["field"] == _STATED.get(key)), None)
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


def _value(told: Mapping[str, Any], key: str) -> Any:
    found: Any = told
    for part in key.split("."):
        found = cast("Mapping[str, Any]", found).get(part) if isinstance(found, Mapping) else None
    return found
