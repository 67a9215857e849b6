"""Scenarios side by side for a terminal: a few columns at a time, the plan as written first in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from truecost.report.layout import Page, Style, glued, width_of
from truecost.report.phrases import has, plural, share
from truecost.report.tables import GAP, Column, table
from truecost.units import show

Row = Mapping[str, Any]
INDENT = 2
COLUMN = 14
"""Columns of text that a scenario needs."""
MOST_BESIDE = 3
"""Scenarios beside the plan: with more, the eye loses the row."""


def write(rows: Sequence[Row], page: Page, *, everything: bool = False) -> None:
    """The scenarios as blocks of columns, what each is, and those that do not apply with the reason.

    `rows` are the entries of `scenarios` in the result, the plan as written first; `everything` adds the
    assignments that repeat each by hand. Writes nothing where there is no scenario.
    """
    if len(rows) < 2:
        return
    page.heading("Scenarios: the same plan under other circumstances, USD over the plan")
    columns = [row for row in rows[1:] if row["applies"]]
    for block in blocks(columns, page.width):
        _block([rows[0], *block], page)
        page.blank()
    for row in columns:
        _described(row, page, everything=everything)
    for why, names in _refused(rows[1:]).items():
        verb = "does" if len(names) == 1 else "do"
        page.item(f"{', '.join(names)} {verb} not apply: {why}.", Style.FAINT)


def _refused(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The scenarios that do not apply, by the reason they share."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if not row["applies"]:
            found.setdefault(row["why_not"], []).append(row["name"])
    return found


def blocks(rows: Sequence[Row], width: int) -> list[Sequence[Row]]:
    """The scenarios in groups that fit beside the plan, as even as can be.

    >>> [len(block) for block in blocks([{}] * 4, 80)], [len(block) for block in blocks([{}] * 2, 40)]
    ([2, 2], [1, 1])
    """
    titles = max(width_of(name) for name, _ in figures())
    room = (width - INDENT - titles) // (COLUMN + GAP) - 1
    most = max(1, min(MOST_BESIDE, room))
    number = -(-len(rows) // most)
    ends = [round(len(rows) * n / number) for n in range(number + 1)] if number else [0]
    return [rows[a:b] for a, b in pairwise(ends)]


def figures() -> list[tuple[str, Callable[[Row], str]]]:
    """The rows of a block: what each is called, and what a scenario has in it."""
    return [
        ("all cost", partial(_money, "total_usd", "mean")),
        ("revenue", partial(_money, "revenue_usd", "mean")),
        ("margin", partial(_money, "margin_usd", "mean")),
        ("  5 % below", partial(_money, "margin_usd", "p5")),
        ("  5 % above", partial(_money, "margin_usd", "p95")),
        ("change", _change),
        ("gross margin", _gross_margin),
        ("runway", _runway),
        ("  ends in", _ends),
        ("verdict", _verdict),
    ]


def _block(rows: Sequence[Row], page: Page) -> None:
    columns = [Column(""), *(Column(_title(row), right=True, wraps=True) for row in rows)]
    cells = [[name, *(figure(row) for row in rows)] for name, figure in figures()]
    page.extend(table(columns, [row for row in cells if any(row[1:])], page.width, indent=INDENT))


def _title(row: Row) -> str:
    """A scenario's name on lines of its own width, with its probability."""
    lines: list[str] = []
    for part in row["name"].replace("-", "- ").split():
        joined = (lines[-1] if lines[-1].endswith("-") else f"{lines[-1]} ") + part if lines else part
        lines = [*lines[:-1], joined] if lines and len(joined) <= COLUMN else [*lines, part]
    likely = row["probability"]
    if likely is not None and row["kind"] != "mixture":
        lines.append(share(likely))
    return "\n".join(lines)


def _money(key: str, point: str, row: Row) -> str:
    value = row[key]
    if value is None or (point != "mean" and value["p5"] == value["p95"]):
        return ""
    return glued(show(value[point]))


def _change(row: Row) -> str:
    return "" if row["kind"] == "plan" else _money("margin_change_usd", "mean", row)


def _gross_margin(row: Row) -> str:
    value = row["gross_margin_share"]
    return "" if value is None else share(value["mean"])


def _runway(row: Row) -> str:
    event = row["runway_months"]
    if event is None:
        return ""
    return glued(plural(round(event["p50"]), "month")) if has(event) else "to the end"


def _verdict(row: Row) -> str:
    return row["verdict"]["label"] if row["verdict"] else ""


def _ends(row: Row) -> str:
    event = row["runway_months"]
    if event is None or not 0 < event["share_of_draws"] < 1:
        return ""
    return glued(f"{share(event['share_of_draws'])} of draws")


def _described(row: Row, page: Page, *, everything: bool) -> None:
    """What a scenario is, what nobody knows about it, from when self-hosting wins, and how to repeat it."""
    page.item(f"{row['name']}: {row['description']}" if row["description"] else row["name"])
    for unknown in row["unknown"]:
        page.item(f"Not known: {unknown}.", Style.FAINT, indent=4)
    hosting: Mapping[str, Mapping[str, Any]] = row["self_hosting_from_month"] or {}
    for name, event in hosting.items():
        page.item(f"{name}: {_wins(event)}", indent=4)
    if everything:
        for text in row["set"]:
            page.item(f"--set '{text}'", Style.FAINT, indent=4)


def _wins(event: Mapping[str, Any]) -> str:
    """From when own chips cost no more than the API under a scenario, for good."""
    if not has(event):
        return "own chips do not become cheaper than the API."
    often = event["share_of_draws"]
    when = f"own chips cost no more than the API from month {round(event['p50'])} on"
    return f"{when}." if often >= 1 else f"{when} in {share(often)} of the draws, never in the others."
