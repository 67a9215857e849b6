"""The frozen result of a replay: what `truecost.replay.replay(...)` returns and every face draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from truecost.explained import Node, explained
from truecost.replay.curves import distributions, timeline
from truecost.replay.explain import NUMBERS
from truecost.replay.hours import day_and_night, hours_told
from truecost.replay.metrics import COUNTS, OUTPUTS, RANGED, STATES
from truecost.replay.money import term_of
from truecost.replay.points import Points
from truecost.replay.provider import LAW, Law, Measured
from truecost.replay.slo import judged

if TYPE_CHECKING:
    from truecost.replay.run import Answer
    from truecost.replay.setups import Setup

UNHURRIED = 0.05
"""Share of an answer's time spent in the queue, below which the traffic is what limits a fleet."""
FULL = 0.98
"""Share of the cache in use, from which on it was full."""
SHAPES = ("distributions", "timeline", "hours", "day_and_night")
"""Keys of a result that are long, and made when they are asked for."""


@dataclass(frozen=True)
class ReplayResult:
    """A replay, simulated. Numbers with `_p5` and `_p95` beside them are middles of 90 % intervals."""

    setup: Setup = field(repr=False)
    answer: Answer = field(repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def meets_slo(self) -> bool:
        """Whether every limit of the SLO is met; True without one."""
        return all(row["met"] for row in self._told["slo"])

    @cached_property
    def _told(self) -> dict[str, Any]:
        return _told(self)

    @cached_property
    def _shapes(self) -> dict[str, Any]:
        driven = self.answer.driven
        times, gaps = zip((self.answer.times, driven.gaps), *self.answer.ends, strict=True)
        hours = hours_told(self.setup, self.answer)
        return {
            "distributions": distributions(times, gaps),
            "timeline": timeline(driven.timeline, driven.ran, self.answer.times, self.setup.blocks),
            "hours": hours,
            "day_and_night": day_and_night(hours),
        }

    def to_dict(self, *, shapes: bool = True) -> dict[str, Any]:
        """Everything as plain values, what `--json` prints; docs/replay.md documents the keys.

        `shapes` are its long keys: `distributions` of the latencies, the `timeline` of the load, the `hours`.
        """
        return deepcopy(self._told | (self._shapes if shapes else {}))

    def requests(self) -> dict[str, Any]:
        """What happened to every request, as columns in the order of the traffic; NaN where it never did."""
        ran, times = self.answer.driven.ran, self.answer.times
        return {
            "request": np.arange(len(ran.arrival_s)),
            "arrival_s": ran.arrival_s,
            "input_tokens": ran.input_tokens,
            "output_tokens": ran.output_tokens,
            "queue_s": times.queue,
            "ttft_s": times.ttft,
            "tpot_s": times.tpot,
            "e2e_s": times.e2e,
            "preemptions": ran.preemptions,
            "interrupted": ran.interrupted,
            "prefix_hit_tokens": ran.hit_tokens,
            "replica": ran.replica,
            "state": [STATES[one] for one in ran.state.tolist()],
        }

    def explain(self, key: str = "cost_usd") -> Node:
        """Where a number comes from, as a tree down to the spec and the facts. KeyError names the nearest."""
        return explained(self._told, key, NUMBERS)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return deepcopy(self._shapes[name] if name in SHAPES else self._told[name])
        except KeyError:
            raise AttributeError(f"the result of a replay has no {name!r}") from None

    def _repr_html_(self) -> str:
        from truecost.report.replay_text import page

        text = page(self._told).plain()
        return f"<pre>{text.replace('&', '&amp;').replace('<', '&lt;')}</pre>"

    def __repr__(self) -> str:
        told = self._told
        seen = [
            f"{name.upper()} p99 {'unknown' if value is None else f'{value:.3g} s'}"
            for name, value in (("ttft", told["ttft_p99_s"]), ("tpot", told["tpot_p99_s"]))
        ]
        return f"<replay {told['model']} on {told['chips']} {told['accelerator']}: {', '.join(seen)}>"


def _told(result: ReplayResult) -> dict[str, Any]:
    setup, answer = result.setup, result.answer
    spec, layout, load = setup.spec, setup.layout, setup.load
    outputs = numbers_told(answer.numbers)
    return {
        "name": spec.name or f"{layout.architecture.name} on {setup.chips:,} {layout.chip.key}",
        "as_of": setup.as_of.isoformat(),
        "model": layout.architecture.name,
        "accelerator": layout.chip.key,
        "chips": setup.chips,
        "fleet": spec.fleet.model_dump() | {"accelerator": layout.chip.key, "replicas": setup.replicas},
        "engine": spec.engine.model_dump() | {"max_model_len": setup.max_model_len},
        "precision": {
            "weights": layout.weights or layout.architecture.weight_precision,
            "activations": layout.activations,
            "kv_cache": layout.kv_cache,
        },
        "traffic": {
            "name": load.name,
            "requests": len(load),
            "cached_requests": load.cached.requests,
            "starts_at": load.starts_at.isoformat(sep=" ") if load.starts_at else None,
            "span_s": float(load.arrival_s[-1]),
            "concurrency": load.concurrency,
            "input_tokens_mean": float(load.input_tokens.mean()),
            "output_tokens_mean": float(load.output_tokens.mean()),
            "notes": list(load.notes),
        },
        **outputs,
        "limited_by": limited_by(result),
        "kv_cache_tokens_per_replica": setup.blocks * spec.engine.block_size,
        "steps": answer.driven.ran.steps,
        "time_parts": _parts(answer),
        "slo": judged(outputs, setup.limits),
        "provider": provider_told(setup),
        "rates": _rates(setup, answer),
        "assumptions": deepcopy(setup.assumed.rows),
        "unknown": dict(setup.assumed.gaps),
        "warnings": list(result.warnings),
    }


def numbers_told(numbers: Mapping[str, Points]) -> dict[str, Any]:
    """Outputs as plain values, each that the interval reaches with its ends; None for what is not known."""
    told: dict[str, Any] = {}
    for name in OUTPUTS:
        point = numbers[name]
        value = point.middle if math.isfinite(point.middle) else None
        told[name] = int(value) if value is not None and name in COUNTS else value
        if name in RANGED:
            told[f"{name}_p5"], told[f"{name}_p95"] = point.p5, point.p95
    return told


def limited_by(result: ReplayResult) -> str:
    """What keeps the fleet from more: its traffic, the cache, the limit on requests, or a cause of steps."""
    numbers, setup, ran = result.answer.numbers, result.setup, result.answer.driven.ran
    if not ran.answered.any():
        return "max_model_len"
    if not numbers["queue_mean_s"].middle > UNHURRIED * numbers["e2e_mean_s"].middle:
        return "concurrency" if setup.load.concurrency is not None else "traffic"
    if numbers["kv_peak_fraction"].middle >= FULL or ran.preemptions.any():
        return "kv_cache"
    seats = setup.spec.engine.max_num_seqs * setup.layout.data_parallel_size
    if result.answer.driven.most_running >= FULL * seats:
        return "max_num_seqs"
    parts = _parts(result.answer)
    return str(max((row for row in parts if row["part"] != "idle"), key=lambda row: row["seconds"])["part"])


def _parts(answer: Answer) -> list[dict[str, Any]]:
    """Where the replicas' time goes, the largest first; what nothing runs in is idle."""
    ran = answer.driven.ran
    seconds = dict(answer.driven.parts_s)
    total = ran.paid_s
    seconds["idle"] = max(total - sum(seconds.values()), 0.0)
    ordered = sorted(seconds.items(), key=lambda pair: -pair[1])
    return [
        {"part": name, "seconds": value, "share": value / total if total else None}
        for name, value in ordered
        if value > 0
    ]


def provider_told(setup: Setup) -> dict[str, Any]:
    """Who says how long a step takes, and how sure that is."""
    if isinstance(setup.steps, Law):
        return {
            "name": LAW,
            "fitted_on": setup.calibration.fitted_on,
            "step_time_90": str(setup.residual_90(setup.judged_by)),
            "ttft_90": str(setup.residual_90("ttft")),
            "nearby": setup.near._asdict() | {"is_near": setup.near.is_near},
            "first_token_overhead_s": setup.overhead.first_token_s,
            "delivery_steps": setup.overhead.delivery_steps,
        }
    assert isinstance(setup.steps, Measured)
    return {
        "name": setup.steps.name,
        "file": setup.steps.file,
        "measured_steps": setup.steps.steps,
        "median_error": setup.steps.error,
    }


def _rates(setup: Setup, answer: Answer) -> dict[str, Any]:
    rates = setup.rates
    found: dict[str, Any] = {"basis": rates.basis, "term": term_of(setup.spec)}
    named = {
        "usd_per_chip_hour": rates.usd_per_chip_hour,
        "usd_per_kwh": rates.usd_per_kwh,
        "pue": rates.pue,
        "watts_per_chip": answer.watts_per_chip,
    }
    for name, value in named.items():
        found[name] = value.middle if value.is_known else None
        found |= {f"{name}_p5": value.p5, f"{name}_p95": value.p95}
    found["parts_usd_per_chip_hour"] = {
        name: part.middle if part.is_known else None for name, part in rates.parts.items()
    }
    return found
