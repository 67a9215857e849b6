"""Requests as a dialect found them, checked and put into a Trace: what cannot be is named with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from truecost.replay.traces.block_text import spread
from truecost.replay.traces.source import Source, refuse
from truecost.replay.traces.table import Lists
from truecost.replay.traces.trace import NO_SESSION, Blocks, Floats, Integers, Trace

MOST_TOKENS = 10_000_000
"""The longest request that is read: the largest context a published model states (Llama 4 Scout)."""
LONG_TOKENS = 1_000_000
"""From here on a request is pointed out: few models take it."""
LONGEST_SPAN_S = 10 * 365 * 86400.0
LENGTHS = f"1 to {MOST_TOKENS:,} tokens"
_MOST_BLOCK_TOKENS = 1_000_000

Flags = NDArray[np.bool_]
Written = Callable[[int, str], tuple[str, str]]
"""Of a row and a column: the place, and what is written there."""


@dataclass(slots=True)
class Rows:
    """Requests before any check, in the order of the file; times in seconds.

    `columns` names the time, input and output in the file's words. `from_zero` for times that are counted
    from the trace's start, where one below 0 is a mistake; `shuffled` for files that are not in order of
    arrival by nature; `zero_is_failed` for those whose failed requests have an answer of 0 tokens.
    """

    source: Source
    dialect: str
    columns: tuple[str, str, str]
    time_s: Floats | None
    input_tokens: Floats
    output_tokens: Floats
    written: Written
    sessions: Integers | None = None
    blocks: Lists | None = None
    block_tokens: int = 0
    block_column: str = ""
    from_zero: bool = True
    shuffled: bool = False
    zero_is_failed: bool = False
    since_1970_s: float | None = None
    """What the times count from, where they are dates."""
    notes: list[str] = field(default_factory=list[str])


def trace_of(rows: Rows, repair: bool = False) -> Trace:
    """The rows as a Trace.

    Raises SpecError at the first row that cannot be a request. With `repair` such rows are left out, and
    rows out of order sorted, and the notes say how many.
    """
    kept = np.ones(len(rows.input_tokens), dtype=np.bool_)
    if rows.zero_is_failed:
        kept &= rows.output_tokens != 0
        _note_left_out(rows, int((~kept).sum()), "failed (no answer)")
    for check in _checks(rows):
        wrong = check.wrong & kept
        if not repair and wrong.any():
            row = int(np.argmax(wrong))
            _refuse(rows, row, check.column, check.message, allowed=check.allowed, nearest=check.nearest)
        kept &= ~wrong
        _note_left_out(rows, int(wrong.sum()), check.left_out_as)
    order = _order(rows, kept, repair)
    if not len(order):
        refuse(rows.source.path, "no request in this file", allowed="at least 1")
    return _trace(rows, order)


def _note_left_out(rows: Rows, count: int, why: str) -> None:
    if count:
        rows.notes.append(f"{count:,} {'row' if count == 1 else 'rows'} left out: {why}")


@dataclass(frozen=True, slots=True)
class _Check:
    """Rows that are wrong in a column, what they are called when left out, and what is said of one."""

    wrong: Flags
    column: str
    left_out_as: str
    message: str
    allowed: str = ""
    nearest: str = ""


def _checks(rows: Rows) -> Iterator[_Check]:
    """Which rows cannot be requests, in the order in which it is said."""
    time, given, answer = rows.columns
    if rows.time_s is not None:
        yield _Check(~np.isfinite(rows.time_s), time, "no time", "this is not a time")
        if rows.from_zero:
            message = "a request cannot come before the trace begins"
            yield _Check(rows.time_s < 0, time, "a time below 0", message, "0 or later", "0")
    yield from _length_checks(given, rows.input_tokens)
    yield from _length_checks(answer, rows.output_tokens)
    if rows.blocks is not None:
        message, allowed = "this is not a list of whole numbers", "block ids, such as 0, 14"
        yield _Check(rows.blocks.bad, rows.block_column, "no list of prefix blocks", message, allowed)


def _length_checks(column: str, values: Floats) -> Iterator[_Check]:
    none = np.isnan(values)
    yield _Check(none, column, f"no {column}", "this is not a number of tokens", LENGTHS)
    message = "a request has at least one token each way"
    yield _Check(values < 1, column, f"{column} below 1", message, LENGTHS, "1")
    most = f"{MOST_TOKENS:,}"
    message = "longer than any model reads"
    yield _Check(values > MOST_TOKENS, column, f"{column} over {most}", message, LENGTHS, most)
    message = "tokens are counted whole"
    yield _Check((values != np.floor(values)) & ~none, column, f"{column} not whole", message, LENGTHS)


def _refuse(
    rows: Rows, row: int, column: str, message: str, *, allowed: str = "", nearest: str = ""
) -> NoReturn:
    place, value = rows.written(row, column)
    refuse(
        place,
        message,
        field=column,
        value=value or "nothing is written here",
        allowed=allowed,
        nearest=nearest,
    )


def _order(rows: Rows, kept: Flags, repair: bool) -> Integers:
    """The rows that stay, in the order of arrival."""
    order = np.flatnonzero(kept)
    if rows.time_s is None or len(order) < 2:
        return order
    times = rows.time_s[order]
    back = np.flatnonzero(np.diff(times) < 0)
    span = float(times.max() - times.min())
    if span > LONGEST_SPAN_S:
        row = int(order[np.argmax(times)])
        _refuse(
            rows,
            row,
            rows.columns[0],
            f"{span / 86400:,.0f} days after the first request",
            allowed="10 years",
        )
    if not len(back):
        return order
    if not (repair or rows.shuffled):
        row, before = int(order[back[0] + 1]), int(order[back[0]])
        _, earlier = rows.written(before, rows.columns[0])
        message = f"earlier than the request before it ({len(back):,} such; --repair sorts them)"
        _refuse(rows, row, rows.columns[0], message, allowed="times in order", nearest=earlier)
    what = "row" if len(back) == 1 else "rows"
    rows.notes.append(f"{len(back):,} {what} stood before an earlier one: sorted by time")
    return order[np.argsort(times, kind="stable")]


def _trace(rows: Rows, order: Integers) -> Trace:
    everything = len(order) == len(rows.input_tokens) and bool(np.all(order[1:] > order[:-1]))

    def taken(values: NDArray[Any]) -> NDArray[Any]:
        return values if everything else values[order]

    given = taken(rows.input_tokens).astype(np.int64)
    answers = taken(rows.output_tokens).astype(np.int64)
    _note_long(rows, order, given + answers)
    if rows.time_s is None:
        rows.notes.append("no times: every request is there at once")
    return Trace(
        name=_stem(rows.source.path),
        source=rows.source.path,
        dialect=rows.dialect,
        arrival_s=np.zeros(len(order)) if rows.time_s is None else _from_first(taken(rows.time_s)),
        input_tokens=given,
        output_tokens=answers,
        prefix_blocks=_blocks(rows, order, given),
        session_ids=None if rows.sessions is None else in_order_of_appearance(taken(rows.sessions)),
        timed=rows.time_s is not None,
        starts_at=_starts_at(rows, order),
        notes=tuple(rows.notes),
    )


def _starts_at(rows: Rows, order: Integers) -> datetime | None:
    """When the first request came, where times are dates."""
    if rows.since_1970_s is None or rows.time_s is None:
        return None
    try:
        first = datetime.fromtimestamp(rows.since_1970_s + float(rows.time_s[order[0]]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return first.replace(tzinfo=None)


def _stem(path: str) -> str:
    name = PurePath(path).name
    for suffix in (".gz", ".csv", ".jsonl", ".json", ".parquet"):
        name = name.removesuffix(suffix)
    return name or "trace"


def _from_first(times: Floats) -> Floats:
    return times - times[0]


def _note_long(rows: Rows, order: Integers, tokens: Integers) -> None:
    """Points out requests of over a million tokens, the longest with its line."""
    if count := int((tokens > LONG_TOKENS).sum()):
        longest = int(np.argmax(tokens))
        place, _ = rows.written(int(order[longest]), rows.columns[1])
        what = "request has" if count == 1 else "requests have"
        rows.notes.append(
            f"{count:,} {what} over {LONG_TOKENS:,} tokens, the longest {int(tokens[longest]):,} ({place})"
        )


def _blocks(rows: Rows, order: Integers, given: Integers) -> Blocks | None:
    """The prefix blocks of the rows that stay, with ids counted from 0 in the order of their size."""
    if rows.blocks is None:
        return None
    if not 1 <= rows.block_tokens <= _MOST_BLOCK_TOKENS:
        allowed = f"1 to {_MOST_BLOCK_TOKENS:,}"
        refuse(
            rows.source.path, "a block cannot have so many tokens", value=rows.block_tokens, allowed=allowed
        )
    offsets, values = gathered(rows.blocks.offsets, rows.blocks.values, order)
    distinct, ids = np.unique(values, return_inverse=True)
    counts = np.diff(offsets)
    if more := int((counts * rows.block_tokens >= given + rows.block_tokens).sum()):
        rows.notes.append(f"{more:,} requests list more blocks than their prompt fills")
    return Blocks(offsets, ids.astype(np.int64), rows.block_tokens, len(distinct))


def gathered(offsets: Integers, values: Integers, order: Integers) -> tuple[Integers, Integers]:
    """The lists of some rows, one behind the other: offsets and values."""
    counts = np.diff(offsets)[order]
    made = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return made, values[spread(offsets[order], counts)]


def in_order_of_appearance(keys: Integers) -> Integers:
    """Session keys as numbers from 0 in the order in which they first appear; -1 stays.

    >>> in_order_of_appearance(np.array([70, -1, 5, 70]))
    array([ 0, -1,  1,  0])
    """
    distinct, first, place = np.unique(keys, return_index=True, return_inverse=True)
    first = np.where(distinct == NO_SESSION, len(keys), first)
    number = np.empty(len(distinct), dtype=np.int64)
    number[np.argsort(first, kind="stable")] = np.arange(len(distinct))
    number[distinct == NO_SESSION] = NO_SESSION
    return number[place]
