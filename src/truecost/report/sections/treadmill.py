"""The treadmill: each generation dearer to train and to serve, efficiency pulling down, and the net."""

from __future__ import annotations

from truecost.report.charts.lines import Series, multiples
from truecost.report.charts.svg import figure
from truecost.report.charts.timeline import horizon
from truecost.report.phrases import shown
from truecost.report.sections.section import (
    Absent,
    Section,
    Statement,
    Table,
    median_cells,
    table_caption,
    table_months,
)

LINES = (
    ("training_cost_multiple", "Training a generation", "tone1"),
    ("serving_growth_multiple", "Serving, larger models", "tone3"),
    ("efficiency_multiple", "Efficiency", "tone4"),
    ("net_serving_multiple", "Serving, net", "accent"),
)


SAME = 5e-4
"""Multiples nearer to each other than this are the same to a reader."""


def treadmill(statement: Statement) -> Section | Absent:
    """Multiples of the first generation at the start."""
    series, months = statement["series"], statement["series"]["months"]
    present = [line for line in LINES if f"treadmill.{line[0]}" in series]
    if not present:
        return Absent("The treadmill", "the plan trains no successor of its first model")
    last = {key: series[f"treadmill.{key}"][-1]["p50"] for key, _, _ in present}
    if all(abs(multiple - 1) < SAME for multiple in last.values()):
        return Absent("The treadmill", "no successor is released within the plan, and nothing gets cheaper")
    drawn = [
        Series(name, f"{shown(series[f'treadmill.{key}'][-1]['p50'])} ×", series[f"treadmill.{key}"], style)
        for key, name, style in present
    ]
    title = _title(last, len(months))
    return Section(
        "treadmill",
        title,
        "Multiples of the first generation at the start, on a scale where equal steps are equal ratios; "
        "bands hold 90 % of the draws. Net is larger models times efficiency: what a query costs to serve.",
        figure(lambda width: multiples(drawn, months, width), title),
        tables=[_table(statement)],
    )


def _title(last: dict[str, float], months: int) -> str:
    net, up = last["net_serving_multiple"], last["serving_growth_multiple"]
    after = f"after {horizon(months)}"
    gained = f"models ask {shown(up)} times the compute, efficiency gives some back"
    if abs(net - 1) < SAME and abs(up - 1) < SAME:
        dearer = shown(last["training_cost_multiple"])
        return f"A new generation costs {dearer} times the first to train; serving a query stays as dear"
    if up < 1 + SAME:
        return f"Serving a query costs {shown(net)} times as much {after}"
    if net > 1.05:
        return f"The treadmill wins: serving a query costs {shown(net)} times as much {after}"
    if net < 0.95:
        return f"Efficiency outruns the models: a query costs {shown(net)} times as much {after}"
    return f"Running to stand still: {gained} ({after})"


def _table(statement: Statement) -> Table:
    series = statement["series"]
    present = [line for line in LINES if f"treadmill.{line[0]}" in series]
    head = ["Month"]
    for _, name, _ in present:
        head += [f"{name}, median", "5 %", "95 %"]
    rows = [
        [
            series["months"][index],
            *(cell for key, _, _ in present for cell in median_cells(series[f"treadmill.{key}"][index])),
        ]
        for index in table_months(len(series["months"]))
    ]
    caption = "Multiples of the first generation at the start, by month"
    return Table(head, rows, table_caption(caption, len(series["months"])))
