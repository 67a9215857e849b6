"""When all inference so far has cost more than all training so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.ranges import Ranged
from truecost.report.charts.lines import Event, Series, cumulative
from truecost.report.charts.svg import figure
from truecost.report.charts.timeline import horizon, when
from truecost.report.crossing_text import again, overtaking
from truecost.report.phrases import has, share, shown
from truecost.report.sections.section import (
    Absent,
    Section,
    Statement,
    Table,
    mean_cells,
    table_caption,
    table_months,
)


def crossover(statement: Statement) -> Section | Absent:
    """Cumulative inference and training (final runs, experiments, failed runs), and the month they cross."""
    event = statement["crossover_month"]
    if event is None:
        return Absent("Inference against training", _why(statement))
    series, months = statement["series"], statement["series"]["months"]
    if len(months) < 2:
        return Absent("Inference against training", "the plan is one month long")
    drawn = [
        line_of("Inference", series["cumulative_inference_usd"], "accent"),
        line_of("Training and experiments", series["cumulative_training_usd"], "tone2"),
    ]
    title = _title(statement)
    return Section(
        "crossover",
        title,
        "USD spent so far, amortized view: lines are means, bands hold 90 % of the draws, the month is their "
        "median. Training is final runs, experiments and failed runs.",
        figure(lambda width: cumulative(drawn, marked(event, months), months, width), title),
        facts=_at_the_end(statement),
        tables=[cumulative_table(statement, ("inference", "training"))],
    )


def marked(event: Mapping[str, Any], months: list[str]) -> Event | None:
    """The event as it is drawn; None where it happens in less than half of the draws."""
    if not has(event) or event["share_of_draws"] < 0.5:
        return None
    words = when(event["p50"], months)
    if event["p5"] != event["p95"]:
        words += f" ({round(event['p5'])} – {round(event['p95'])})"
    return Event(event["p5"], event["p50"], event["p95"], words)


def _title(statement: Statement) -> str:
    event, span = statement["crossover_month"], horizon(statement["horizon_months"])
    happens = event["share_of_draws"]
    if not happens:
        return f"Inference does not overtake training in {span}"
    if happens < 0.5:
        then = again(statement, ", then falls behind again")
        return f"Inference overtakes training in {span} in only {share(happens)} of the draws{then}"
    return f"Inference overtakes training in {overtaking(statement)}"


def _at_the_end(statement: Statement) -> list[str]:
    """What both have cost by the last month, and which of them more."""
    last = {n: statement["series"][f"cumulative_{n}_usd"][-1]["mean"] for n in ("inference", "training")}
    more, less = sorted(last, key=lambda name: -last[name])
    spent = f"{shown(last[more], 'USD')} against {shown(last[less], 'USD')}"
    return [f"By the last month {more} has cost more on average: {spent}."]


def _why(statement: Statement) -> str:
    trained, served = (
        statement["series"][f"cumulative_{n}_usd"][-1]["mean"] > 0 for n in ("training", "inference")
    )
    if not trained and not served:
        return "the plan neither trains nor serves a model"
    return "the plan trains no model" if served else "the plan serves no model"


def line_of(name: str, values: list[Ranged], style: str) -> Series:
    """A line named with its mean at the end."""
    return Series(name, shown(values[-1]["mean"], "USD"), values, style)


def cumulative_table(statement: Statement, names: tuple[str, ...]) -> Table:
    """Amounts so far by month, means with their intervals."""
    series = statement["series"]
    head = ["Month"]
    for name in names:
        head += [f"{name.capitalize()}, mean", "5 %", "95 %"]
    rows = [
        [at, *(cell for name in names for cell in mean_cells(series[f"cumulative_{name}_usd"][index]))]
        for index, at in ((index, series["months"][index]) for index in table_months(len(series["months"])))
    ]
    caption = f"{' and '.join(names).capitalize()} so far at the end of each month, USD"
    return Table(head, rows, table_caption(caption, len(series["months"])))
