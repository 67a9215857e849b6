"""Gains by cause against the growth of the frontier, in words and for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import Page, Style
from truecost.report.phrases import averaged, loose, ranged
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
VIEWS = {
    "same_quality": "An answer as good as today's",
    "frontier": "An answer of the frontier's model",
    "plan": "By the plan's own generations",
}
CAUSES = {
    "hardware": "cheaper hardware",
    "quantization": "fewer bits",
    "engine": "batching and serving engine",
    "architecture": "architecture",
    "algorithms": "training algorithms, the rest",
    "size": "larger models",
    "answers": "longer answers",
    "larger_models": "larger models",
    "efficiency": "efficiency, all causes",
}
NET = "multiple_in_five_years"


def of_a_plan(statement: Told, page: Page) -> None:
    """What a query costs in five years by each view, every cause with its factor; what overlaps."""
    told = statement.get("progress")
    if told is None:
        return
    page.heading("A query in five years, over today's cost")
    for view, name in VIEWS.items():
        if told[view] is None:
            continue
        page.text(f"{name}: {times(told[view][NET])}", indent=2)
        page.extend(table(COLUMNS, _rows(told[view]["causes"]), page.width, indent=4))
        if money := spent(told, view):
            page.text(loose(money), indent=4)
    page.item(loose(checked(told)))
    page.text("What overlaps is counted once:", Style.FAINT, indent=2)
    for overlap in told["overlaps"]:
        page.text(f"{overlap}.", Style.FAINT, indent=4, hanging=2)


COLUMNS = [Column("", wraps=True), Column("", right=True), Column("")]


def _rows(causes: Told) -> list[list[str]]:
    """Each cause, its factor, and its interval, so that factors stand below each other."""
    rows: list[list[str]] = []
    for cause, value in causes.items():
        factor, _, interval = times(value).partition("×")
        rows.append([CAUSES[cause], f"{factor}×", interval.strip()])
    return rows


def times(value: Told) -> str:
    """A multiple with its interval: "4.2 × (0.5 – 41)"."""
    return ranged(value, "x").replace("x", "×")


def checked(told: Told) -> str:
    """The causes that are software, against all software as measured."""
    product, measured = (times(told["software"][name]) for name in ("product", "measured"))
    return f"Gains of software come to {product} a year in product; measured all at once: {measured}."


def in_money(told: Told, view: str) -> str:
    """What a query costs now and then, by a view; "" where nobody asks."""
    money = spent(told, view)
    return f"{VIEWS[view]}: {money}" if money else ""


def spent(told: Told, view: str) -> str:
    """What a query costs now and in five years; "" where nobody asks."""
    now, then = told["usd_per_query_now"], told[view].get("usd_per_query_in_five_years")
    if now is None or then is None:
        return ""
    return f"{averaged(now, 'USD')} a query now, {averaged(then, 'USD')} in five years."
