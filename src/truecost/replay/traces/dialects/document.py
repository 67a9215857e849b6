"""A dialect that is no table: its requests are gathered from JSON objects into arrays of numbers."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from truecost.replay.traces.rows import Rows
from truecost.replay.traces.source import Source
from truecost.replay.traces.trace import Floats

BYTES_PER_TOKEN = 4
"""Of English text, OpenAI's rule of thumb (help.openai.com, "What are tokens and how to count them?")."""
ESTIMATED = f"lengths estimated from the text at {BYTES_PER_TOKEN} bytes a token"


@dataclass(frozen=True, slots=True)
class DocumentDialect:
    """How such a file is recognised and read; `match` and `read` as of a TableDialect."""

    name: str
    what: str
    matches: Callable[[Source, list[str]], float]
    reads: Callable[[Source], Rows]
    containers: tuple[str, ...]
    written_as: str

    def match(self, source: Source, names: list[str]) -> float:
        """How likely a file is in this dialect, from 0 to 1."""
        return self.matches(source, names)

    def read(self, source: Source, names: list[str]) -> Rows:
        """The requests, unchecked."""
        return self.reads(source)


@dataclass(slots=True)
class Gathered:
    """Requests one by one: numbers in arrays, and where each came from."""

    time: array[float] = field(default_factory=lambda: array("d"))
    given: array[float] = field(default_factory=lambda: array("d"))
    answer: array[float] = field(default_factory=lambda: array("d"))
    session: array[int] = field(default_factory=lambda: array("q"))
    origin: array[int] = field(default_factory=lambda: array("q"))

    def add(
        self, given: float, answer: float, *, time: float = math.nan, session: int = -1, origin: int
    ) -> None:
        """One request; `origin` is its line or place in a list."""
        self.given.append(given)
        self.answer.append(answer)
        self.time.append(time)
        self.session.append(session)
        self.origin.append(origin)

    def times(self) -> Floats | None:
        """Times in seconds; None where no request has one."""
        times = np.array(self.time, dtype=np.float64)
        return None if np.isnan(times).all() else times


def number(value: Any) -> float:
    """A JSON value as a number; NaN for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def tokens_of(text: str) -> float:
    """The tokens of a text by its bytes, rounded up.

    >>> tokens_of("How are you?")
    3.0
    """
    return float(-(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN))


def text_in(value: Any) -> str:
    """All text of a prompt: a string, a list of messages, or parts of a message."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(text_in, cast("list[Any]", value)))
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, Any]", value)
        return text_in(parts.get("content") or parts.get("text") or "")
    return ""


def mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
