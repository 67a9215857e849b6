"""ShareGPT: a JSON list of conversations, or of the lengths taken from them.

Conversations (`{"conversations": [{"from": "human", "value": ...}, {"from": "gpt", ...}]}`) hold text: each
answer is a request whose prompt is all that was said before, its lengths estimated from bytes. Lengths are
pairs `[input, output]` or objects under one of the usual names. There are no times: `trace synth --rate`
gives some.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from truecost.replay.traces.dialects.document import (
    ESTIMATED,
    DocumentDialect,
    Gathered,
    mapping,
    number,
    tokens_of,
)
from truecost.replay.traces.rows import Rows
from truecost.replay.traces.source import JSON, Source, refuse

NAME = "sharegpt"
LENGTHS = (
    ("input_tokens", "output_tokens"), ("prompt_len", "output_len"), ("prompt_tokens", "completion_tokens"),
    ("input_len", "output_len"), ("input_length", "output_length"), ("prompt_len", "response_len"),
)  # fmt: skip
ANSWERS = ("gpt", "assistant", "chatgpt", "bing", "bard", "model")
_FORMS = '{"conversations": [...]}, [input, output] or {"input_tokens": ..., "output_tokens": ...}'


def _matches(source: Source, names: list[str]) -> float:
    return 0.9 if source.container == JSON and source.first.lstrip().startswith("[") else 0.0


def _reads(source: Source) -> Rows:
    listed = source.document()
    if not isinstance(listed, list):
        refuse(source.path, "this is not a list of conversations or lengths", allowed=_FORMS)
    entries = cast("list[Any]", listed)
    found = Gathered()
    pair: tuple[str, str] = ("input", "output")
    estimated = False
    for place, entry in enumerate(entries):
        if isinstance(entry, Mapping) and "conversations" in entry:
            estimated = True
            _conversation(found, place, cast("Mapping[str, Any]", entry)["conversations"])
        else:
            pair = _lengths(source, found, place, entry)
    sessions = np.array(found.session, dtype=np.int64)

    def written(row: int, column: str) -> tuple[str, str]:
        values = found.given if column == pair[0] else found.answer
        return f"{source.path}: [{found.origin[row]}]", f"{values[row]:g}"

    return Rows(
        source,
        NAME,
        ("", pair[0], pair[1]),
        None,
        np.array(found.given, dtype=np.float64),
        np.array(found.answer, dtype=np.float64),
        written,
        sessions=sessions if (sessions >= 0).any() else None,
        notes=[ESTIMATED] if estimated else [],
    )


def _conversation(found: Gathered, place: int, turns: Any) -> None:
    """One request for each answer with something before it; empty ones are no requests."""
    said = 0.0
    for turn in cast("list[Any]", turns) if isinstance(turns, list) else []:
        spoken = mapping(turn)
        text = spoken.get("value") or spoken.get("content") or ""
        tokens = tokens_of(text if isinstance(text, str) else "")
        speaker = spoken.get("from") or spoken.get("role")
        if speaker in ANSWERS and said and tokens:
            found.add(said, tokens, session=place, origin=place)
        said += tokens


def _lengths(source: Source, found: Gathered, place: int, entry: Any) -> tuple[str, str]:
    """Adds the lengths of one entry; the names under which they stood."""
    if isinstance(entry, list) and len(cast("list[Any]", entry)) == 2:
        given, answer = cast("list[Any]", entry)
        found.add(number(given), number(answer), origin=place)
        return ("input", "output")
    lengths = mapping(entry)
    for names in LENGTHS:
        if all(name in lengths for name in names):
            found.add(number(lengths[names[0]]), number(lengths[names[1]]), origin=place)
            return names
    return refuse(
        f"{source.path}: [{place}]",
        "this is neither a conversation nor lengths",
        value=str(cast("object", entry)),
        allowed=_FORMS,
    )


SHAREGPT = DocumentDialect(
    NAME, "ShareGPT conversations, or a list of lengths", _matches, _reads, (JSON,), JSON
)
