"""Recorded training runs for a terminal: implied and expected peak share, and where the chip-hours went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from truecost.report.layout import DEFAULT_WIDTH, Page, Style
from truecost.report.phrases import plural, share, shown
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
LEAST_SHOWN = 0.005
BEYOND = ("engineering", "unexplained")
"""Chip-hours without a formula: what recorded runs take of them, and how this run differs from that."""


def page(runs: Sequence[Told], width: int = DEFAULT_WIDTH) -> Page:
    """What `RecordedRun.to_dict` gives, as a page."""
    made = Page(width)
    known = [run for run in runs if run["implied_mfu"] is not None]
    made.title(_finding(known))
    columns = [
        Column("run", wraps=True), Column("chip-hours", right=True), Column("implied\nMFU", right=True),
        Column("expected\nMFU", right=True), Column("step\nMFU", right=True),
        Column("recorded /\npredicted", right=True),
    ]  # fmt: skip
    made.extend(table(columns, [_row(run) for run in known], width))
    for run in runs:
        _gap(run, made)
    made.blank()
    made.text(
        "Implied: model FLOPs over recorded chip-hours at dense peak. Step: the law's, of the layout given "
        "or the fastest that fits. Expected: with failures, pauses and what recorded runs take beyond them.",
        Style.FAINT,
    )
    return made


def _finding(runs: Sequence[Told]) -> str:
    if not runs:
        return "No run of the record can be read"
    mfu = share(median(run["implied_mfu"] for run in runs))
    ratios = [run["recorded_over_predicted"] for run in runs if run["recorded_over_predicted"] is not None]
    said = f"{plural(len(runs), 'run')}: whole-run MFU {mfu} in the median"
    if not ratios:
        return said
    inside = sum(1 for run in runs if run["inside"])
    return (
        f"{said}; recorded over predicted chip-hours {median(ratios):.2f}, {inside} of {len(ratios)} inside"
    )


def _row(run: Told) -> list[str]:
    ratio = run["recorded_over_predicted"]
    return [
        run["name"],
        shown(run["chip_hours"]),
        share(run["implied_mfu"]),
        share(run["expected_mfu"]),
        share(run["step_mfu"]),
        "" if ratio is None else f"{ratio:.2f}",
    ]


def _gap(run: Told, page: Page) -> None:
    """Where one run's chip-hours went, or why nothing can be said."""
    causes = run["chip_hours_by_cause"]
    if causes:
        page.heading(f"{run['name']}: where {shown(run['chip_hours'], 'chip-hours')} went")
        chosen = " (chosen: the record does not say)" if run["is_layout_chosen"] else ""
        page.item(f"Layout: {run['layout']}{chosen}.")
        parts = [
            f"{cause} {share(value / run['chip_hours'])}"
            for cause, value in causes.items()
            if abs(value) >= LEAST_SHOWN * run["chip_hours"] and cause not in BEYOND
        ]
        beyond, usual = sum(causes[cause] for cause in BEYOND), causes[BEYOND[0]]
        page.item("; ".join(parts) + ".")
        page.item(
            f"Beyond what has a formula: {share(beyond / run['chip_hours'])}, where recorded runs make one "
            f"expect {share(usual / (run['chip_hours'] - beyond + usual))} of the chip-hours."
        )
        if run["assumed"]:
            page.item(f"Assumed, because the record does not say: {'; '.join(run['assumed'])}.")
    if run["error"]:
        page.item(f"{run['name']}: {run['error']}", Style.WARNING)
