"""SQL of counts that a log tells in parts: none where no part is told, and no negative part is hidden.

A value that is used more than once is named by a lambda, so that the text of a query does not grow with it.
"""

from __future__ import annotations

from collections.abc import Sequence


def named(value: str, name: str, body: str) -> str:
    """SQL of an expression in which a name stands for a value.

    >>> named("a + b", "x", "x * x")
    'list_transform([a + b], lambda x: x * x)[1]'
    """
    return f"list_transform([{value}], lambda {name}: {body})[1]"


def summed(parts: Sequence[str], less: Sequence[str] = ()) -> str:
    """SQL of the sum of counts told as text, less others; NULL where none of the parts is told.

    A part that is negative or no whole number is the result, so that the row is kept aside for it.
    """
    added = f"list_transform([{', '.join(parts)}], lambda t: counted(t))"
    fewer = ", ".join((*less, "'0'"))
    taken = f"list_transform([{fewer}], lambda t: counted(t))"
    worst = "least(list_min(s.added), list_min(s.taken))"
    return named(
        f"{{added: {added}, taken: {taken}}}",
        "s",
        f"CASE WHEN list_min(s.added) IS NULL THEN NULL WHEN {worst} < 0 THEN CAST({worst} AS VARCHAR)"
        " ELSE CAST(list_sum(s.added) - list_sum(s.taken) AS VARCHAR) END",
    )


def of_kind(details: str, kind: str, count: str) -> str:
    """SQL of the sum of `count` in a list of details whose `modality` is of a kind; 0 where there is none."""
    found = f"list_filter({details}, lambda one: upper(one.modality) = '{kind}')"
    counts = (
        f"list_transform(list_transform({found}, lambda one: {count}), lambda t: coalesce(counted(t), 0))"
    )
    sum_of = "CASE WHEN list_min(n) < 0 THEN list_min(n) ELSE list_sum(n) END"
    return named(counts, "n", f"CAST(coalesce({sum_of}, 0) AS VARCHAR)")


def labels(entries: Sequence[tuple[str, str]]) -> str:
    """SQL of tags by name, without those that have no value."""
    listed = ", ".join(f"{{k: '{name}', v: CAST({sql} AS VARCHAR)}}" for name, sql in entries)
    return f"map_from_entries(list_filter([{listed}], lambda one: one.v IS NOT NULL))"
