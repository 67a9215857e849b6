"""The result of `vllm bench serve --save-result --save-detailed`: one JSON object, a list for each length.

`input_lens` and `output_lens` name every request; `start_times`, where the version writes them, when it was
sent. A failed request has an answer of 0 tokens; it is left out and counted. Without `--save-detailed` the
file has sums alone, of which no trace can be made.
"""

from __future__ import annotations

import json
from typing import Any, cast

import numpy as np

from truecost.replay.traces.dialects.document import DocumentDialect, mapping, number
from truecost.replay.traces.rows import Rows
from truecost.replay.traces.source import JSON, JSONL, Source, refuse
from truecost.replay.traces.trace import Floats

NAME = "vllm-benchmark"
GIVEN, ANSWER, TIME = "input_lens", "output_lens", "start_times"
_MARKS = ("input_lens", "output_lens", "total_input_tokens", "total_output_tokens", "request_throughput")


def _matches(source: Source, names: list[str]) -> float:
    if source.container == JSONL:
        return float(any(mark in names for mark in _MARKS))
    if source.container != JSON or not source.first.lstrip().startswith("{"):
        return 0.0
    with source.open() as file:
        head = file.read(1 << 16)
    return float(any(f'"{mark}"' in head for mark in _MARKS))


def _reads(source: Source) -> Rows:
    result = _result(source)
    given, answer = (_numbers(source, result, name) for name in (GIVEN, ANSWER))
    time = _numbers(source, result, TIME) if TIME in result else None
    for name, values in ((ANSWER, answer), (TIME, time)):
        if values is not None and len(values) != len(given):
            refuse(source.path, f"{len(values):,} entries for {len(given):,} of {GIVEN}", field=name)

    def written(row: int, column: str) -> tuple[str, str]:
        listed = cast("list[Any]", result[column])
        return f"{source.path}: {column}[{row}]", json.dumps(listed[row])

    notes = [] if time is not None else _load(result)
    return Rows(
        source, NAME, (TIME, GIVEN, ANSWER), time, given, answer, written,
        shuffled=True, from_zero=False, zero_is_failed=True, notes=notes,
    )  # fmt: skip


def _result(source: Source) -> dict[str, Any]:
    if source.container == JSONL:
        (_, result), *more = [pair for pair, _ in zip(source.json_lines(), range(2), strict=False)]
        if more:
            refuse(source.place(more[0][0]), "a second result; a trace is read from one at a time")
        return result
    return dict(mapping(source.document()))


def _numbers(source: Source, result: dict[str, Any], name: str) -> Floats:
    listed = result.get(name)
    if listed is None:
        allowed = "the file of `vllm bench serve --save-result --save-detailed`"
        refuse(
            source.path, "this result has sums, not the length of every request", field=name, allowed=allowed
        )
    if not isinstance(listed, list):
        refuse(source.path, "this is not a list of numbers", field=name, value=listed)
    return np.array([number(one) for one in cast("list[Any]", listed)], dtype=np.float64)


def _load(result: dict[str, Any]) -> list[str]:
    """How the benchmark sent its requests, where it does not say when."""
    rate, concurrency = result.get("request_rate"), result.get("max_concurrency")
    said = [
        f"at {rate} requests a second" if rate not in (None, "inf") else "all at once",
        f"at most {concurrency} at a time" if concurrency else "",
    ]
    return [f"the benchmark sent them {', '.join(part for part in said if part)}"]


VLLM_BENCHMARK = DocumentDialect(
    NAME, "vLLM's `bench serve` result with --save-detailed", _matches, _reads, (JSON, JSONL), JSON
)
