"""The statement of a plan for a terminal: the answer first, then its parts, then what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from truecost.report import (
    breakdown,
    decision_text,
    flows_text,
    footprint_text,
    grounds,
    ledger_text,
    progress_text,
    scenario_text,
    sensitivity_text,
    serving_text,
    train_and_infer_text,
    verdict,
    wall_text,
)
from truecost.report.layout import DEFAULT_WIDTH, Page, Style

Statement = Mapping[str, Any]
Part = Callable[[Statement, Page], None]
MORE = "More: truecost advise SPEC, --scenarios, --sensitivity, --assumptions, --html."


def page(
    statement: Statement,
    width: int = DEFAULT_WIDTH,
    *,
    everything: bool = False,
    scenarios: Sequence[Mapping[str, Any]] = (),
) -> Page:
    """The statement as a page of text no wider than `width`.

    `everything` shows every cost line, assumption and source; without it, long lists end in how many more
    there are. `scenarios` are rows of the result to set side by side, after all that is about the plan as
    it is written.
    """
    made = Page(width)
    for part in parts(everything=everything):
        part(statement, made)
    scenario_text.write(scenarios, made, everything=everything)
    made.text(MORE, Style.FAINT)
    return made


def parts(*, everything: bool) -> list[Part]:
    """What the page is made of, from the top: each writes its own heading and lines, or nothing."""
    shown: list[Part | None] = [
        verdict.title,
        partial(decided, everything=everything),
        partial(verdict.write, everything=everything),
        partial(breakdown.iceberg, everything=everything),
        breakdown.training,
        breakdown.lines if everything else None,
        breakdown.periods,
        breakdown.reconciliation if everything else None,
        partial(serving_text.options, everything=everything),
        partial(serving_text.tiers, everything=everything),
        serving_text.break_evens,
        flows_text.write if everything else None,
        ledger_text.write if everything else None,
        footprint_text.write if everything else None,
        train_and_infer_text.of_a_plan if everything else None,
        progress_text.of_a_plan if everything else None,
        wall_text.of_a_plan if everything else None,
        _sensitivity,
        grounds.warnings,
        partial(grounds.left_out, everything=everything),
        partial(grounds.assumptions, everything=everything),
    ]
    return [part for part in shown if part is not None]


def decided(statement: Statement, page: Page, *, everything: bool) -> None:
    """What to do, where the statement comes with an answer."""
    if "verdict" not in statement:
        return
    decision_text.verdict(statement["verdict"], page)
    found = statement["options"]
    decision_text.options(found["table"], page, everything=everything)
    decision_text.fine_tune_or_retrieve(found.get("fine_tune_or_retrieve"), page)
    page.blank()


def _sensitivity(statement: Statement, page: Page) -> None:
    """What an outcome hangs on, where it was asked for."""
    if "sensitivity" in statement:
        page.blank()
        sensitivity_text.write(statement["sensitivity"], page)


def render(statement: Statement, width: int = DEFAULT_WIDTH, *, everything: bool = False) -> str:
    """The statement as plain text; see `page`."""
    return page(statement, width, everything=everything).plain()
