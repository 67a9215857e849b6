"""Replay: real traffic through a simulated engine on a fleet: latencies, use, energy, USD.

The room is also the verb: `truecost.replay(spec)` is `truecost.replay.run.replay(spec)`.

>>> import truecost
>>> truecost.replay("examples/chat-on-h100.yaml").ttft_p99_s  # doctest: +SKIP
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from truecost.replay.result import ReplayResult
    from truecost.replay.run import replay
    from truecost.replay.schema import ReplaySpec

__all__ = ["ReplayResult", "ReplaySpec", "replay"]

_HOMES = {"replay": "run", "ReplayResult": "result", "ReplaySpec": "schema"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'truecost.replay' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"truecost.replay.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Room(ModuleType):
    """A package that can be called: Python binds a subpackage over a function of the same name."""

    def __call__(self, *args: Any, **kwargs: Any) -> ReplayResult:
        from truecost.replay.run import replay as answer

        return answer(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
