"""The frozen result of a training run: what `truecost.train(...)` returns and every face draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from truecost.explained import Node, explained
from truecost.physics.training_calibration import TrainingCalibration
from truecost.physics.training_step.memory import MemoryParts, usable_bytes
from truecost.physics.training_step.setup import Setup, chips
from truecost.physics.training_step.step import StepParts
from truecost.ranges import Value
from truecost.training.calibrated import REGIMES
from truecost.training.estimate import LIMITS, Estimates
from truecost.training.explain import NUMBERS
from truecost.training.methods import method_told
from truecost.training.phases import phases_told
from truecost.training.setups import Described
from truecost.training.spread import Spread

if TYPE_CHECKING:
    from truecost.training.fitting import Change

POINTS = (("", "middle"), ("_p5", "p5"), ("_p95", "p95"))


@dataclass(frozen=True)
class TrainResult:
    """A training run, estimated. Numbers with `_p5` and `_p95` beside them are medians of 90 % intervals."""

    described: Described = field(repr=False)
    estimates: Estimates = field(repr=False)
    calibration: TrainingCalibration = field(repr=False)
    as_of: date
    warnings: tuple[str, ...] = ()
    change: Change | None = None
    """The smallest change that makes it fit, where it does not."""

    @property
    def fits(self) -> bool:
        """Whether the run fits into the memory of its chips."""
        return bool(_first(self.estimates.fits))

    @cached_property
    def _told(self) -> dict[str, Any]:
        return _told(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, what `--json` prints; docs/train.md documents the keys."""
        return deepcopy(self._told)

    def explain(self, key: str = "cost_usd") -> Node:
        """Where a number comes from, as a tree down to the spec and the facts. KeyError names the nearest."""
        return explained(self._told, key, NUMBERS)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return deepcopy(self._told[name])
        except KeyError:
            raise AttributeError(f"the result of a training run has no {name!r}") from None

    def _repr_html_(self) -> str:
        from truecost.report.train_text import page

        text = page(self._told).plain()
        return f"<pre>{text.replace('&', '&amp;').replace('<', '&lt;')}</pre>"

    def __repr__(self) -> str:
        told = self._told
        return (
            f"<train {told['model']} on {told['count']:,} {told['accelerator']}: {told['step_time_s']:.3g} s "
            f"a step, MFU {told['mfu']:.1%}, {told['days']:.3g} days>"
        )


def _told(result: TrainResult) -> dict[str, Any]:
    done, setup = result.estimates, result.described.setup
    spec, architecture = result.described.spec, setup.architecture
    outputs: dict[str, Any] = {name: _plain(value) for name, value in done.columns().items()}
    outputs["fits"] = result.fits
    return {
        "name": spec.name or f"{architecture.name} on {setup.count:,} {setup.accelerator.key}",
        "as_of": result.as_of.isoformat(),
        "model": architecture.name,
        "parameters": architecture.total_parameters,
        "active_parameters": architecture.active_parameters,
        "accelerator": setup.accelerator.key,
        "count": setup.count,
        **outputs,
        "layout": layout_told(setup),
        "limits": _limits(done.step),
        "method": method_told(result.described.method),
        "phases": phases_told(done, result.described.method),
        "step_parts_s": parts_told(done.step),
        "memory_parts_bytes": parts_told(done.memory),
        "usable_memory_bytes_per_chip": float(np.asarray(usable_bytes(chips(setup)))),
        "run": _run_told(result),
        "rates": _rates_told(result),
        "regime": REGIMES[int(done.regime.reshape(-1)[0])],
        "fitted_on": result.calibration.fitted_on,
        "change_that_fits": result.change.to_dict() if result.change else None,
        "assumptions": [one.to_dict() for one in result.described.assumed.entries],
        "unknown": dict(result.described.assumed.gaps),
        "warnings": list(result.warnings),
    }


def layout_told(setup: Setup) -> dict[str, Any]:
    """The setup in the words of the spec."""
    names = (
        "tensor_parallel_size", "pipeline_parallel_size", "virtual_pipeline_size", "context_parallel_size",
        "expert_parallel_size", "data_parallel_size", "sharding", "sequence_parallel", "global_batch_size",
        "micro_batch_size", "sequence_length", "recompute", "attention", "precision", "stack", "power_cap_w",
    )  # fmt: skip
    return {name: getattr(setup, name) for name in names}


def parts_told(parts: StepParts | MemoryParts) -> dict[str, float]:
    """Parts of a whole, by name."""
    return {part.name: (_first(getattr(parts, part.name))) for part in fields(parts)}


def _limits(step: StepParts) -> list[dict[str, Any]]:
    """What a step's time goes into, the largest first."""
    seconds = {
        name: sum(_first(getattr(step, part, 0.0)) for part in parts) for name, parts in LIMITS.items()
    }
    total = sum(seconds.values())
    ordered = sorted(seconds.items(), key=lambda pair: -pair[1])
    return [{"limit": name, "seconds": value, "share": value / total} for name, value in ordered if value > 0]


def _run_told(result: TrainResult) -> dict[str, Any]:
    done, setup = result.estimates, result.described.setup
    tokens = _first(done.tokens.middle)
    step_tokens = setup.global_batch_size * setup.sequence_length
    step_tokens *= result.described.method.batches(setup.global_batch_size)
    return {
        "tokens": float(tokens),
        "steps": math.ceil(tokens / step_tokens),
        "shares_of_chip_hours": {cause: (_first(share)) for cause, share in done.shares.items()},
        "interruptions": (_first(done.run.interruptions)),
        "checkpoint_interval_hours": (_first(done.run.checkpoint_interval_hours)),
    }


def _rates_told(result: TrainResult) -> dict[str, Any]:
    rates = result.described.rates
    found: dict[str, Any] = {"basis": result.described.spec.price.basis}
    named: Sequence[tuple[str, Spread]] = (
        ("usd_per_chip_hour", rates.usd_per_chip_hour),
        ("usd_per_kwh", rates.usd_per_kwh),
        ("pue", rates.pue),
        ("kgco2e_per_kwh", rates.kgco2e_per_kwh),
        ("watts_per_chip", result.estimates.watts_per_chip),
    )
    for name, value in named:
        found |= {name + suffix: _plain(getattr(value, end)) for suffix, end in POINTS}
    return found


def _plain(values: Value | list[str]) -> float | str | None:
    """The first case's value as Python has it; None for what is not known."""
    if isinstance(values, list):
        return values[0]
    number = _first(values)
    return number if math.isfinite(number) else None


def _first(value: Value) -> float:
    return float(np.asarray(value, np.float64).reshape(-1)[0])
