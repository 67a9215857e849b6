"""Training: from a spec to step time, peak share, memory, chip-hours, energy and USD, each with an interval.

>>> from truecost.training import train
>>> train("examples/llama-3.1-405b.yaml").days  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from truecost.training.result import TrainResult
    from truecost.training.run import train
    from truecost.training.schema import TrainSpec

__all__ = ["TrainResult", "TrainSpec", "train"]

_HOMES = {"train": "run", "TrainResult": "result", "TrainSpec": "schema"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'truecost.training' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"truecost.training.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
