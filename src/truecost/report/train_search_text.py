"""A search over layouts and a comparison of chips for a terminal: the answer, the table, the frontier."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import ascii_lowercase
from typing import Any

from truecost.report.bars import SOLID, columns
from truecost.report.layout import DEFAULT_WIDTH, GLUE, Page, Style, glued, unglued
from truecost.report.phrases import plural, share, shown
from truecost.report.plane_text import Axis, Dot, plane
from truecost.report.run_words import interval
from truecost.report.tables import Column, table
from truecost.report.train_text import gib, layout_words
from truecost.training.clusters import time_words

Told = Mapping[str, Any]
BAR = 16
FEWEST_DRAWN = 3
MOST = 10
"""Layouts shown; the data have more."""
MIDDLES = "Middles of estimates; `truecost train SPEC --set ...` gives the ranges of one of them."
CHIPS_NOTE = "Ranges are 90 % intervals; numbers without one are middles of estimates."


def search_page(told: Told, name: str, width: int = DEFAULT_WIDTH) -> Page:
    """What `search_told` gives, as a page."""
    made = Page(width)
    made.title(name)
    made.text(search_answer(told), Style.STRONG)
    if told["layouts"]:
        made.heading("Layouts that fit, the fastest first")
        made.extend(table(_LAYOUT_COLUMNS, [_layout_row(one) for one in told["layouts"][:MOST]], width))
        made.item(f"What binds: {with_units(told['binds'])}.")
    _frontier(told["frontier"], told["basis"], made)
    _drawn(told["frontier"], made)
    if told["chips_without_layout"]:
        made.item(
            f"No layout fits on {', '.join(f'{count:,}' for count in told['chips_without_layout'])} chips."
        )
    made.blank()
    made.text(MIDDLES, Style.FAINT)
    return made


def search_answer(told: Told) -> str:
    """The finding, in a sentence."""
    if not told["layouts"]:
        return f"No layout fits: {with_units(told['binds'])}."
    best = told["layouts"][0]
    said = (
        f"Fastest of {told['examined']:,} legal layouts, {told['fit']:,} of which fit: "
        f"{layout_words(best['layout'])}, "
        f"{shown(best['step_time_s'], 's')} a step."
    )
    slower = told["stated_slower_by"]
    if slower is None:
        return said
    stated = layout_words(told["stated"]["layout"])
    if slower <= 0:
        return f"{said} The stated layout ({stated}) is as fast."
    return f"{said} The stated layout ({stated}) takes {share(slower)} longer."


_LAYOUT_COLUMNS = (
    Column("layout", wraps=True), Column("micro-\nbatch", right=True), Column("recompute"),
    Column("a step", right=True), Column("memory", right=True),
)  # fmt: skip


def _layout_row(one: Told) -> list[str]:
    layout = one["layout"]
    return [
        layout_words(layout),
        str(layout["micro_batch_size"]),
        layout["recompute"],
        shown(one["step_time_s"], "s"),
        gib(one["memory_bytes_per_chip"]),
    ]


def _frontier(points: Sequence[Told], basis: str, page: Page) -> None:
    """Days against USD over numbers of chips; a bar is days."""
    if not points:
        return
    paid = {"own": "owned", "cloud": "rented on demand"}.get(basis, "rented")
    page.heading(f"More chips, fewer days: each number of chips in its fastest layout, {paid}")
    most = max(point["days"] for point in points)
    rows = [
        [
            "*" if point.get("undominated", True) else "",
            point["accelerator"],
            f"{point['count']:,}",
            shown(point["days"]),
            "unknown" if point["cost_usd"] is None else shown(point["cost_usd"]),
            SOLID * max(1, columns(point["days"], most, BAR)),
        ]
        for point in points
    ]
    head = (
        Column(""), Column("chip"), Column("chips", right=True), Column("days", right=True),
        Column("USD", right=True), Column("days", optional=True, style=Style.BAR),
    )  # fmt: skip
    page.extend(table(head, rows, page.width))
    if any("undominated" in point for point in points):
        page.item("* no other number of chips is both faster and cheaper.")


def _drawn(points: Sequence[Told], page: Page) -> None:
    """The same as a drawing: o for a number of chips, * where none is both faster and cheaper."""
    priced = [point for point in points if point["cost_usd"] is not None]
    if len(priced) < FEWEST_DRAWN:
        return
    ordered = sorted(priced, key=lambda point: point["undominated"])
    dots = [Dot(point["days"], point["cost_usd"], "*" if point["undominated"] else "o") for point in ordered]
    page.blank()
    page.extend(plane(dots, Axis("days", _bare), Axis("USD", _bare), page.width))


def _chips_drawn(told: Told, page: Page) -> None:
    """Every chip and number of it as a letter, a capital where no other is both faster and cheaper."""
    best = {(point["accelerator"], point["count"]) for point in told["frontier"]}
    points = [point for cluster in told["clusters"] for point in cluster["points"]]
    priced = [point for point in points if point["cost_usd"] is not None]
    if len(priced) < FEWEST_DRAWN or len(told["clusters"]) > len(ascii_lowercase):
        return
    letters = {one["accelerator"]: ascii_lowercase[place] for place, one in enumerate(told["clusters"])}
    small: list[Dot] = []
    capital: list[Dot] = []
    for point in priced:
        letter, days, usd = letters[point["accelerator"]], point["days"], point["cost_usd"]
        if (point["accelerator"], point["count"]) in best:
            capital.append(Dot(days, usd, letter.upper()))
        else:
            small.append(Dot(days, usd, letter))
    dots = [*small, *capital]
    page.heading("Days against USD")
    across, up = Axis("days", _bare, told["deadline_days"]), Axis("USD", _bare, told["budget_usd"])
    page.extend(plane(dots, across, up, page.width))
    page.item(
        f"{', '.join(glued(f'{letter} {name}') for name, letter in letters.items())}; in capitals where "
        "no other is both faster and cheaper." + _lines_drawn(told)
    )


def _lines_drawn(told: Told) -> str:
    said = [
        words
        for key, words in (("deadline_days", ": the deadline"), ("budget_usd", "- the budget"))
        if told[key] is not None
    ]
    return f" {', '.join(said)}." if said else ""


def _bare(value: float) -> str:
    return unglued(shown(value))


def clusters_page(told: Told, name: str, width: int = DEFAULT_WIDTH) -> Page:
    """What `comparison_told` gives, as a page."""
    made = Page(width)
    made.title(f"{name}: which chip")
    made.text(clusters_answer(told), Style.STRONG)
    made.blank()
    head = (
        Column("chip"), Column("chips", right=True), Column("days", right=True),
        Column("rented,\nUSD", right=True), Column("owned,\nUSD", right=True),
        Column("layout", wraps=True, optional=True),
    )  # fmt: skip
    picked = [cluster for cluster in told["clusters"] if cluster["pick"]]
    made.extend(table(head, [_picked_row(cluster, told["basis"]) for cluster in picked], width))
    for cluster in told["clusters"]:
        if cluster["reason"]:
            made.item(f"{cluster['accelerator']}: {with_units(cluster['reason'])}.", Style.WARNING)
        elif cluster["verdict"]:
            made.item(f"{cluster['accelerator']}: {with_units(cluster['verdict'])}.")
        if cluster["warning"]:
            made.item(f"warning: {cluster['warning']}", Style.WARNING)
    for said in [*never_owned(told), not_held(told)]:
        if said:
            made.item(f"{said.removesuffix('.')}.")
    _frontier(told["frontier"], told["basis"], made)
    _chips_drawn(told, made)
    made.blank()
    made.text(CHIPS_NOTE, Style.FAINT)
    return made


def clusters_answer(told: Told) -> str:
    """The finding, in a sentence."""
    limits = [
        glued(text)
        for text in (
            time_words(told["deadline_days"]) if told["deadline_days"] is not None else "",
            shown(told["budget_usd"], "USD") if told["budget_usd"] is not None else "",
        )
        if text
    ]
    within = f" within {' and '.join(limits)}" if limits else ""
    best = next((cluster for cluster in told["clusters"] if cluster["accelerator"] == told["best"]), None)
    if best is None or best["pick"] is None:
        return f"None of {plural(len(told['clusters']), 'chip')} does it{within}."
    pick = best["pick"]
    cost = "" if pick["cost_usd"] is None else f" and {interval(pick, 'cost_usd', 'USD')}"
    how = f": {with_units(best['verdict'])}" if best["verdict"] else ""
    return (
        f"Cheapest{within}: {pick['count']:,} {pick['accelerator']}, "
        f"{interval(pick, 'days', 'days')}{cost}{how}."
    )


def _picked_row(cluster: Told, basis: str) -> list[str]:
    pick = cluster["pick"]
    return [
        cluster["accelerator"],
        f"{pick['count']:,}",
        interval(pick, "days", ""),
        usd_of_pick(cluster, "rent", basis),
        usd_of_pick(cluster, "own", basis),
        layout_words(pick["layout"]),
    ]


def usd_of_pick(cluster: Told, way: str, basis: str) -> str:
    """USD of a pick, rented or owned: with its interval the way it was asked for."""
    pick = cluster["pick"]
    is_asked = (way == "own") == (basis == "own")
    if is_asked and pick["cost_usd"] is not None:
        return interval(pick, "cost_usd", "")
    return usd_or_why(pick[f"{way}_usd"], unsold=cluster["why_not_owned"] if way == "own" else "")


def not_held(told: Told) -> str:
    """What the spec states of its layout that a comparison chooses anew; empty where it states nothing."""
    if not told["not_held"]:
        return ""
    stated = ", ".join(f"{name} {str(value).lower()}" for name, value in told["not_held"].items())
    return f"Not held here, each number of chips being in its own fastest layout: {stated}"


def usd_or_why(value: float | None, *, unsold: str = "") -> str:
    """USD in a table, or in a word why there are none."""
    if value is None:
        return "not sold" if unsold else "unknown"
    return shown(value)


def never_owned(told: Told) -> list[str]:
    """Which chips are not priced as one's own, and why."""
    reasons: dict[str, list[str]] = {}
    for cluster in told["clusters"]:
        if cluster["why_not_owned"]:
            reasons.setdefault(cluster["why_not_owned"], []).append(cluster["accelerator"])
    return [f"No price to own {', '.join(names)}: {reason}." for reason, names in reasons.items()]


def with_units(reason: str) -> str:
    """A reason whose numbers no line breaks off their units.

    >>> with_units("344 M USD on 8 chips").split(" ")
    ['344\\xa0M\\xa0USD', 'on', '8\\xa0chips']
    """
    return re.sub(r"(?<=\d) (?=[A-Za-z%])|(?<=\d [kMBT]) (?=[A-Za-z])", GLUE, reason)
