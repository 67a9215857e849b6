"""Where a number of a replay comes from."""

from __future__ import annotations

from collections.abc import Mapping

from truecost.explained import Explaining, Formula
from truecost.replay.metrics import LATENCIES, STATISTICS

_SAID = {
    "ttft": "from arrival to the first token: queue, steps that process the prompt, the engine's own time",
    "tpot": "(last token - first token) / (tokens - 1), a request",
    "itl": "between two tokens, over all tokens of all requests",
    "e2e": "from arrival to the last token",
    "queue": "from arrival to the first step that works on the request",
}
FORMULAS: Mapping[str, Formula] = {
    **{
        f"{name}_{stat}_s": Formula("s", f"{stat} over answered requests: {_SAID[name]}")
        for name in LATENCIES
        for stat in STATISTICS
    },
    "cost_usd": Formula(
        "USD",
        "chip-hours x (USD a chip-hour + kW of a chip x PUE x USD a kWh)",
        ("chip_hours", "rates.usd_per_chip_hour", "rates.usd_per_kwh"),
    ),
    "usd_per_million_output_tokens": Formula("USD", "USD / tokens written x 1e6", ("cost_usd",)),
    "usd_per_million_tokens": Formula("USD", "USD / tokens read and written x 1e6", ("cost_usd",)),
    "usd_per_request": Formula("USD", "USD / answered requests", ("cost_usd", "served")),
    "replica_hours": Formula(
        "replica-hours", "time that replicas are up, from the begin of their start until drained / 3,600 s",
        ("makespan_s",),
    ),
    "chip_hours": Formula("chip-hours", "replica-hours x chips of a replica", ("replica_hours",)),
    "interruptions": Formula("", "replicas taken away, and replaced"),
    "interrupted": Formula("", "requests put back because their replica was taken away, and computed again"),
    "energy_kwh": Formula(
        "kWh", "chip-hours x kW of a chip with its part of the server x PUE",
        ("chip_hours", "rates.watts_per_chip", "rates.pue"),
    ),
    "rates.watts_per_chip": Formula(
        "W", "by the shares of the time that chips read memory and multiply", ("utilization",)
    ),
    "rates.usd_per_chip_hour": Formula("USD/chip-hour", "as stated, or the dated record"),
    "rates.usd_per_kwh": Formula("USD/kWh", "0 where the price of a chip-hour has it"),
    "rates.pue": Formula("x", "as stated, or the record"),
    "makespan_s": Formula("s", "from the first arrival to the last token of the simulated run", ("steps",)),
    "utilization": Formula("share", "time in steps / time that replicas are up", ("replica_hours",)),
    "output_tokens_per_s": Formula("tokens/s", "tokens written / makespan", ("makespan_s",)),
    "total_tokens_per_s": Formula("tokens/s", "tokens read and written / makespan", ("makespan_s",)),
    "output_tokens_per_s_per_chip": Formula(
        "tokens/s", "tokens written / seconds that chips are up", ("output_tokens_per_s", "chip_hours")
    ),
    "requests_per_s": Formula("requests/s", "answered requests / makespan", ("served", "makespan_s")),
    "kv_peak_fraction": Formula(
        "share", "most blocks in use at once / blocks of a replica", ("kv_cache_tokens_per_replica",)
    ),
    "prefix_hit_fraction": Formula("share", "prompt tokens found in the prefix cache / prompt tokens"),
    "goodput_fraction": Formula("share", "requests that keep every limit of the SLO / all requests"),
    "kv_cache_tokens_per_replica": Formula(
        "tokens", "(usable memory - runtime - weights) x chips that split it / bytes of a token"
    ),
    "steps": Formula("steps", "of the engine, all replicas"),
    "served": Formula("requests", "answered whole"),
    "rejected": Formula("requests", "their prompt leaves no room for a token below max_model_len"),
    "truncated": Formula("requests", "cut at max_model_len"),
    "unfinished": Formula("requests", "without an end"),
    "preemptions": Formula("", "requests put back to make room in the cache"),
    "chips": Formula("chips", "replicas (at most) x chips of one"),
}  # fmt: skip
_STATED = {
    "rates.usd_per_chip_hour": "price.usd_per_chip_hour",
    "rates.usd_per_kwh": "site.usd_per_kwh",
    "rates.pue": "site.pue",
}
"""The field of the spec behind a number."""

NUMBERS = Explaining(FORMULAS, _STATED)
"""What a result explains of its numbers."""
