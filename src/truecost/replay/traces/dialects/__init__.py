"""The ways in which traces are written, one file each; `recognise` tells which one a file is in."""

from __future__ import annotations

from truecost.replay.traces.dialects.azure import AZURE
from truecost.replay.traces.dialects.bailian import BAILIAN
from truecost.replay.traces.dialects.burstgpt import BURSTGPT
from truecost.replay.traces.dialects.columns import TableDialect
from truecost.replay.traces.dialects.document import DocumentDialect
from truecost.replay.traces.dialects.mooncake import MOONCAKE
from truecost.replay.traces.dialects.openai import OPENAI
from truecost.replay.traces.dialects.own import OWN
from truecost.replay.traces.dialects.sharegpt import SHAREGPT
from truecost.replay.traces.dialects.vllm_benchmark import VLLM_BENCHMARK
from truecost.replay.traces.source import JSON, Source, refuse

Dialect = TableDialect | DocumentDialect
DIALECTS: tuple[Dialect, ...] = (
    OWN, AZURE, BURSTGPT, BAILIAN, MOONCAKE, SHAREGPT, VLLM_BENCHMARK, OPENAI,
)  # fmt: skip
"""Those that ask for more stand before those that ask for less."""
_ENOUGH = 0.5
"""A share of what a dialect needs, from which on a file is taken to be meant in it."""


def recognise(source: Source, names: list[str]) -> Dialect:
    """The dialect of a file with these columns. Raises SpecError, which lists all, when it is in none."""
    scored = [
        (dialect.match(source, names), dialect)
        for dialect in DIALECTS
        if source.container in dialect.containers
    ]
    best = max((score for score, _ in scored), default=0.0)
    if best >= _ENOUGH:
        return next(dialect for score, dialect in scored if score == best)
    has = f"its columns are {', '.join(names)[:200]}" if names else "it is no list of requests"
    known = "; ".join(
        f"{one.name} ({', '.join(one.needed)})" for one in DIALECTS if isinstance(one, TableDialect)
    )
    others = ", ".join(one.name for one in DIALECTS if not isinstance(one, TableDialect))
    place = source.path if source.container == JSON else source.place(source.first_line)
    return refuse(place, f"no dialect of a trace is written like this: {has}", allowed=f"{known}; {others}")
