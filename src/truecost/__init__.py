"""What an AI system really costs: to train, to serve, over its life; and what to change.

>>> import truecost
>>> result = truecost.plan("examples/startup-on-apis.yaml")  # doctest: +SKIP
>>> result.total_usd["p50"]  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from truecost.version import VERSION

__version__ = VERSION

if TYPE_CHECKING:
    from truecost import catalog
    from truecost.advise.verb import advise
    from truecost.ledger.door import Ledger
    from truecost.plan.quick import quick
    from truecost.plan.result import Result, plan
    from truecost.pricing.call import Price, price
    from truecost.replay.result import ReplayResult
    from truecost.replay.run import replay
    from truecost.spec import SpecError
    from truecost.training.result import TrainResult
    from truecost.training.run import train

__all__ = [
    "Ledger", "Price", "ReplayResult", "Result", "SpecError", "TrainResult", "__version__", "advise",
    "catalog", "plan", "price", "quick", "replay", "train",
]  # fmt: skip

_HOMES = {
    "Ledger": "truecost.ledger.door",
    "Price": "truecost.pricing.call",
    "price": "truecost.pricing.call",
    "ReplayResult": "truecost.replay.result",
    "Result": "truecost.plan.result",
    "quick": "truecost.plan.quick",
    "SpecError": "truecost.spec",
    "TrainResult": "truecost.training.result",
    "train": "truecost.training.run",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in {"advise", "catalog", "plan", "replay"}:
        return import_module(f"truecost.{name}")
    raise AttributeError(f"module 'truecost' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
