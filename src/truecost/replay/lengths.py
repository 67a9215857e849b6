"""Lengths of made-up requests: a number, a distribution, or those of a trace."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from truecost.ranges import Range
from truecost.spec import Number, refuse

Ints: TypeAlias = NDArray[np.int64]
OfTrace: TypeAlias = Callable[[str], Ints]
"""The lengths of a trace, by its name."""
TRACE = "trace"
_UNIFORM = re.compile(r"\s*uniform\s+(.+?)\s*\.\.\s*(.+?)\s*")
_TOKENS = Number("positive", "tokens", least=1, most=1e8)


def check_lengths(given: int | str | dict[str, Any]) -> int | str | dict[str, Any]:
    """What is written, where it says lengths; refuses the rest."""
    if isinstance(given, dict) and TRACE in given:
        if set(given) != {TRACE} or not isinstance(given[TRACE], str):
            raise refuse("lengths of a trace are written {trace: NAME}")
        return given
    _bounds_or_range(given)
    return given


def _bounds_or_range(given: int | str | Mapping[str, Any]) -> tuple[float, float] | float | Range:
    """A uniform distribution as its two ends, a number, or a 90 % interval."""
    uniform = _UNIFORM.fullmatch(given) if isinstance(given, str) else None
    if uniform is None:
        return _TOKENS.read(given)
    low, high = (_TOKENS.read(end) for end in uniform.groups())
    assert not isinstance(low, Range)
    assert not isinstance(high, Range)
    if low > high:
        raise refuse(f"{given!r} runs from high to low", nearest=[f"uniform {high:g}..{low:g}"])
    return low, high


def draw_lengths(
    given: int | str | Mapping[str, Any], count: int, source: np.random.Generator, of_trace: OfTrace
) -> Ints:
    """So many lengths of at least one token. Of a trace: its own in order, again from the start at its end.

    >>> draw_lengths("uniform 8..8", 3, np.random.default_rng(1), lambda name: np.array([5]))
    array([8, 8, 8])
    """
    if isinstance(given, Mapping) and TRACE in given:
        return np.resize(of_trace(cast("str", given[TRACE])), count).astype(np.int64)
    read = _bounds_or_range(given)
    if isinstance(read, tuple):
        return source.integers(int(np.ceil(read[0])), int(np.floor(read[1])), count, endpoint=True)
    if isinstance(read, Range):
        return np.maximum(np.rint(read.quantile(source.random(count))), 1).astype(np.int64)
    return np.full(count, max(round(read), 1), dtype=np.int64)
