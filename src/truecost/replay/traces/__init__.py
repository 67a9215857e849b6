"""Traces: the requests that a service really had: read from the usual files, described, imitated, written."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truecost.replay.traces.figures import TraceInfo, describe
    from truecost.replay.traces.reading import read_trace
    from truecost.replay.traces.shipped import Shipped, shipped_traces
    from truecost.replay.traces.similarity import Likeness, likeness
    from truecost.replay.traces.synthesis import synthesize
    from truecost.replay.traces.trace import Blocks, Trace
    from truecost.replay.traces.writing import write_trace

__all__ = [
    "Blocks",
    "Likeness",
    "Shipped",
    "Trace",
    "TraceInfo",
    "describe",
    "likeness",
    "read_trace",
    "shipped_traces",
    "synthesize",
    "write_trace",
]

_HOMES = {
    "Blocks": "trace",
    "Likeness": "similarity",
    "Shipped": "shipped",
    "Trace": "trace",
    "TraceInfo": "figures",
    "describe": "figures",
    "likeness": "similarity",
    "read_trace": "reading",
    "shipped_traces": "shipped",
    "synthesize": "synthesis",
    "write_trace": "writing",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
