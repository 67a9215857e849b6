"""`read_trace`: a file, or the name of a shipped trace, as a Trace."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from truecost.replay.traces.dialects import recognise
from truecost.replay.traces.rows import trace_of
from truecost.replay.traces.shipped import Shipped, data_file, shipped_traces
from truecost.replay.traces.source import CSV, JSON, Source, open_source, refuse
from truecost.replay.traces.table import column_names
from truecost.replay.traces.trace import Trace
from truecost.spec import nearest_names


def read_trace(path_or_name: str | os.PathLike[str], *, repair: bool = False) -> Trace:
    """The trace of a shipped name or a file in any dialect; the dialect is found and named in the result.

    With `repair`, rows that cannot be requests are left out and rows out of order sorted; the notes count
    them. Raises SpecError otherwise, with file, line, column and value.
    """
    name = os.fspath(path_or_name)
    shipped = {one.name: one for one in shipped_traces()}
    if name in shipped:
        return _read_shipped(shipped[name])
    if not os.path.exists(name) and not Path(name).suffix:
        near = " or ".join(nearest_names(name, shipped))
        refuse(name, "no such file, and no shipped trace", allowed=", ".join(shipped), nearest=near)
    source = open_source(name)
    names = _names(source)
    return trace_of(recognise(source, names).read(source, names), repair)


def _names(source: Source) -> list[str]:
    """The columns of a file; none for a JSON document."""
    if source.container == JSON or (source.container == CSV and not source.first):
        return []
    return column_names(source)


def _read_shipped(shipped: Shipped) -> Trace:
    source = open_source(data_file(shipped))
    names = _names(source)
    trace = trace_of(recognise(source, names).read(source, names))
    return replace(trace, name=shipped.name, source=shipped.source, notes=(*trace.notes, shipped.note))
