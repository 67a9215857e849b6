"""A replay over time for a terminal: load, replicas and cost by the hour, by day and night; interruptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import Page
from truecost.report.phrases import plural, share, shown
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
LEVELS = "▁▂▃▄▅▆▇█"
LONG_S = 2 * 3600.0
HOUR_S = 3600.0
MOST_COLUMNS = 48
BESIDE = 32
"""Columns that the words and numbers beside a line take."""


def hours(told: Told, page: Page) -> None:
    """The load by the hour, where replicas come and go or the run is long; interruptions, if there are."""
    if told["interruptions"]:
        page.item(interrupted(told))
    rows: Sequence[Told] = told.get("hours") or ()
    if len(rows) < 2 or not (told["fleet"]["autoscale"] or told["makespan_s"] > LONG_S):
        return
    page.heading(f"Load by {stretch(rows)}: {_span(rows)}")
    lines = [
        _line("requests", [row["requests"] for row in rows], page.width),
        _line("output tokens", [row["output_tokens"] for row in rows], page.width),
        _line("replicas up", [row["replicas"] for row in rows], page.width),
        _line("time in steps", [row["utilization"] for row in rows], page.width, share),
    ]
    if rows[0]["cost_usd"] is not None:
        lines.append(_line("USD", [row["cost_usd"] for row in rows], page.width))
    page.extend(table((Column(""), Column(""), Column("least to most")), lines, page.width))
    parts: Sequence[Told] = told.get("day_and_night") or ()
    for part in parts:
        page.item(_part(part))


def interrupted(told: Told) -> str:
    """How often a replica was taken away, and how many requests that met."""
    return (
        f"Spot: {plural(told['interruptions'], 'interruption')} of a replica; "
        f"{plural(told['interrupted'], 'request')} put back and computed again."
    )


def stretch(rows: Sequence[Told]) -> str:
    """How long a row of the hours is, in words."""
    each = rows[0]["seconds"]
    return "hour" if each == HOUR_S else shown(each, "s")


def _span(rows: Sequence[Told]) -> str:
    first, last = rows[0], rows[-1]
    if first["starts_at"] is not None:
        return f"{first['starts_at']} to {last['starts_at']}"
    return f"{plural(len(rows), 'stretch', 'stretches')} from the first arrival to the last token"


def _line(name: str, values: Sequence[float], width: int, say: Any = shown) -> list[str]:
    return [
        name,
        sparkline(values, min(MOST_COLUMNS, width - BESIDE)),
        f"{say(min(values))} – {say(max(values))}",
    ]


def sparkline(values: Sequence[float], most: int) -> str:
    """Values as a line of bars from 0 to the greatest; more than `most` are joined, each by its mean.

    >>> sparkline([0, 1, 2, 4], 10), sparkline([0, 2, 4, 4], 2), sparkline([0, 0], 9)
    ('▁▃▅█', '▃█', '▁▁')
    """
    joined = -(-len(values) // max(1, most))
    parts = [values[at : at + joined] for at in range(0, len(values), joined)]
    means = [sum(part) / len(part) for part in parts]
    top = max(means)
    return "".join(LEVELS[round((len(LEVELS) - 1) * mean / top) if top else 0] for mean in means)


def _part(row: Told) -> str:
    each = row["usd_per_million_output_tokens"]
    cost = "" if row["cost_usd"] is None else f", {shown(row['cost_usd'] / row['hours'], 'USD')} an hour"
    tokens = "" if each is None else f", {shown(each, 'USD')} for a million output tokens"
    when = "By day (8:00 to 20:00)" if row["part"] == "day" else "By night"
    return (
        f"{when}: {shown(row['requests'] / row['hours'])} requests an hour on {shown(row['replicas'])} "
        f"replicas, {share(row['utilization'])} of their time in steps{cost}{tokens}."
    )
