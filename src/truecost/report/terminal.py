"""The statement of a plan for a terminal: the answer first, then its parts, then what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report import breakdown, grounds, serving_text, verdict
from truecost.report.layout import DEFAULT_WIDTH, Page, Style

Statement = Mapping[str, Any]
MORE = "By month: --csv FILE. To show: --html FILE. Where a number comes from: truecost explain SPEC KEY."


def page(statement: Statement, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> Page:
    """The statement as a page of text no wider than `width`.

    `everything` shows every cost line, assumption and source; without it, long lists end in how many more
    there are.
    """
    made = Page(width)
    verdict.write(statement, made)
    breakdown.iceberg(statement, made)
    breakdown.training(statement, made)
    breakdown.lines(statement, made, everything=everything)
    breakdown.periods(statement, made)
    serving_text.options(statement, made)
    serving_text.tiers(statement, made)
    serving_text.break_evens(statement, made)
    breakdown.reconciliation(statement, made)
    grounds.warnings(statement, made)
    grounds.left_out(statement, made)
    grounds.assumptions(statement, made, everything=everything)
    made.blank()
    made.text(MORE, Style.FAINT)
    return made


def render(statement: Statement, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> str:
    """The statement as plain text; see `page`."""
    return page(statement, width, everything=everything).plain()
