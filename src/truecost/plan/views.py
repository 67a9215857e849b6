"""The deeper views of a plan, entered once its totals are known: who pays and who gets, what it burns, whose
judgement it is made of."""

from __future__ import annotations

from collections.abc import Mapping

from truecost.plan.book import Book
from truecost.plan.demand import Traffic
from truecost.plan.flows import discount, free_users, payers
from truecost.plan.footprint import footprint
from truecost.plan.generations import Schedule
from truecost.plan.human_ledger import human_ledger
from truecost.plan.schema import Plan
from truecost.plan.serving import ClassServing
from truecost.plan.splits import split_lines
from truecost.ranges import FloatArray


def views(
    plan: Plan,
    parts: tuple[Schedule, Traffic | None, Mapping[str, ClassServing]],
    earned: Mapping[str, FloatArray],
    series: Mapping[str, FloatArray],
    book: Book,
) -> None:
    """Enter every view; `series` are the cost and revenue of the whole plan by month."""
    _, traffic, served = parts
    of_totals = set(book.facts)
    split_lines(plan, book)
    payers(plan, series["total"], earned, series["revenue"], book)
    discount(plan, book)
    if traffic is not None:
        free_users(plan, traffic, book)
    footprint(plan, served, series["training"], book)
    human_ledger(plan, book)
    book.view_facts.update(book.facts.keys() - of_totals)
