"""What changed in the catalog, for a terminal: what moves the plan, then each section, the biggest first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.grounds import value_of
from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import averaged, loose, negated, plural, share, shown
from truecost.report.tables import Column, table

Found = Mapping[str, Any]
SHOWN = 8
SECTIONS = {
    "prices": ("API prices", "makers' own first, then by the size of the move"),
    "rentals": ("Rentals", "the same seller, chip, place and term asked again"),
    "purchases": ("Purchases", "the same seller and chip asked again"),
    "rates": ("Rates", "those that are dated series"),
}
KINDS = {"changed": "changed", "added": "new on record", "ended": "ended", "to_come": "announced for later"}
_MEDIAN = re.compile(r"(Median|One seller:) ([\d.,]+) USD( of \d+ sellers)?")


def page(found: Found, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """The changes as a page of text no wider than `width`."""
    made = Page(width)
    made.title(f"What changed in the catalog from {found['since']} to {found['as_of']}")
    if found["as_of"] > found["read_on"]:
        made.text(
            f"The facts were read on {found['read_on']}: nothing later can be among them.", Style.WARNING
        )
    if "plan" in found:
        _plan(found["plan"], made)
    for key in SECTIONS:
        _section(key, found[key], made, everything=everything)
    _cannot(found, made)
    return made


def headline(plan: Found) -> str:
    """What all changes together do to a plan."""
    together, now = plan["together_usd_per_month"], plan["usd_per_month"]
    if not plan["changes"]:
        return f"Nothing that changed moves {plan['name']}: {averaged(now, 'USD')} a month on both days."
    dearer = together["mean"] > 0
    size = averaged(together if dearer else negated(together), "USD")
    return (
        f"{plan['name']} costs {size} a month {'more' if dearer else 'less'} than with the facts of then: "
        f"{averaged(now, 'USD')}."
    )


def _plan(plan: Found, page: Page) -> None:
    page.blank()
    page.text(loose(headline(plan)), Style.STRONG)
    if plan["changes"]:
        page.heading("What moves it most, each change alone")
    for row in plan["changes"]:
        change = row["usd_per_month"]
        dearer = change["mean"] > 0
        size = averaged(change if dearer else negated(change), "USD")
        sure = row["share_of_draws_dearer"] if dearer else 1 - row["share_of_draws_dearer"]
        page.item(
            f"{row['fact']}: {size} a month {'more' if dearer else 'less'}, in {share(sure)} of the draws"
        )
        page.text(f"{_value(row['before'])} then, {_value(row['after'])} now", indent=4, hanging=2)
        if row["new_records"] is not None:
            page.text(_records(row["new_records"]), Style.FAINT, indent=4, hanging=2)
    _rest_of_plan(plan, page)


def _rest_of_plan(plan: Found, page: Page) -> None:
    if plan["smaller"]:
        page.item(f"smaller: {'; '.join(row['fact'] for row in plan['smaller'])}", Style.FAINT)
    if plan["without_effect"]:
        page.item(f"changed, and moves nothing in it: {'; '.join(plan['without_effect'])}", Style.FAINT)
    if plan["not_evaluated_alone"]:
        rest = plural(plan["not_evaluated_alone"], "smaller change")
        page.item(f"not evaluated alone: {rest}", Style.FAINT)
    for each in plan["not_compared"]:
        page.item(f"not compared: {each['fact']}: {each['why']}", Style.WARNING)
    page.item(
        f"{plural(plan['same_on_both_days'], 'fact')} that the plan takes: the same on both days. Its own "
        f"day is {plan['plan_as_of']}; what it states itself stays as it is.",
        Style.FAINT,
    )


def _records(count: int) -> str:
    if not count:
        return "no new price record: older ones count no longer"
    return f"{plural(count, 'new price record')} of the chip: other sellers, as well as other prices"


def _value(told: Found) -> str:
    """A fact on one day; of a chip with how many sellers it rests on."""
    if "value" not in told:
        parts = [
            f"{kind} {shown(told[f'{kind}_usd_per_mtok'])}"
            for kind in ("input", "output")
            if f"{kind}_usd_per_mtok" in told
        ]
        return ", ".join(parts) + f" USD/Mtok ({told['provider']})"
    sellers = _MEDIAN.search(told.get("note", ""))
    if sellers is None:
        return value_of(told)
    word, usd, of_how_many = sellers.groups()
    middle = shown(float(usd.replace(",", "").rstrip(".")), "USD")
    return f"{value_of(told)} ({word.lower()} {middle}{of_how_many or ''})"


def _section(key: str, moves: Found, page: Page, *, everything: bool) -> None:
    name, how = SECTIONS[key]
    counted = ", ".join(f"{len(moves[kind]):,} {word}" for kind, word in KINDS.items() if moves[kind])
    page.heading(f"{name}: {counted or 'nothing dated changed'}")
    if counted:
        page.text(f"{how[0].upper()}{how[1:]}.", Style.FAINT)
    for kind, word in KINDS.items():
        _rows(moves[kind], f"{word}", page, everything=everything)


def _rows(rows: Sequence[Found], word: str, page: Page, *, everything: bool) -> None:
    if not rows:
        return
    kept = rows if everything or len(rows) <= SHOWN + 1 else rows[:SHOWN]
    days = ("now", "then") if word == KINDS["to_come"] else ("then", "now")
    columns = [
        Column(word, wraps=True),
        *(Column(day, right=True) for day in days),
        Column("", right=True),
        Column("unit", optional=True),
        Column("on"),
    ]
    cells = [
        [row["what"], shown(row["before"]), shown(row["after"]), _times(row), row["unit"], row["on"] or ""]
        for row in kept
    ]
    page.extend(table(columns, cells, page.width))
    if len(kept) < len(rows):
        page.text(f"{len(rows) - len(kept):,} more {word}: --all, or --json.", Style.FAINT, indent=2)


def _times(row: Found) -> str:
    """The later value over the earlier one, as a change in per cent."""
    before, after = row["before"], row["after"]
    if not before or after is None:
        return ""
    change = after / before - 1
    return f"{'+' if change > 0 else ''}{100 * change:,.0f} %"


def _cannot(found: Found, page: Page) -> None:
    page.heading("What cannot be compared")
    for reason in found["not_compared"]:
        page.item(reason)
