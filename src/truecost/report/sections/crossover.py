"""When all inference so far has cost more than all training so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.ranges import Ranged
from truecost.report.charts.lines import Event, Series, cumulative
from truecost.report.charts.svg import figure
from truecost.report.charts.timeline import horizon, when
from truecost.report.layout import glued
from truecost.report.phrases import ALMOST_ALL, has, share, shown
from truecost.report.sections.section import Absent, Section, Statement, Table, range_cells


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
    title = _title(event, months)
    return Section(
        "crossover",
        title,
        "USD spent so far, amortized view; the bands hold 90 % of the draws. Training is final runs, "
        "experiments and failed runs.",
        figure(lambda width: cumulative(drawn, marked(event, months), months, width), title),
        facts=_back_again(statement),
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


def _title(event: Mapping[str, Any], months: list[str]) -> str:
    happens = event["share_of_draws"]
    if not happens:
        return f"Inference does not overtake training in {horizon(len(months))}"
    if happens < 0.5:
        return f"Inference overtakes training in {horizon(len(months))} in only {share(happens)} of the draws"
    return f"Inference overtakes training in {month_of(event)}"


def month_of(event: Mapping[str, Any]) -> str:
    """When something happens, and in which share of the draws where it is not all of them.

    >>> month_of({"p5": 11, "p50": 14, "p95": 20, "share_of_draws": 0.63}).replace(chr(160), " ")
    'month 14 (11 – 20) in 63 % of the draws'
    """
    low, middle, high = (round(event[point]) for point in ("p5", "p50", "p95"))
    when_it_does = glued(f"month {middle} ({low} – {high})" if low < high else f"month {middle}")
    happens = event["share_of_draws"]
    return when_it_does if happens >= ALMOST_ALL else f"{when_it_does} in {share(happens)} of the draws"


def _back_again(statement: Statement) -> list[str]:
    """Training may be ahead again at the end, when a later generation is paid for."""
    last = {n: statement["series"][f"cumulative_{n}_usd"][-1]["p50"] for n in ("inference", "training")}
    event = statement["crossover_month"]
    if not has(event) or event["share_of_draws"] < 0.5 or last["inference"] >= last["training"]:
        return []
    spent = f"{shown(last['training'], 'USD')} against {shown(last['inference'], 'USD')}"
    return [f"It does not stay ahead: by the last month training has cost more again, {spent} (medians)."]


def _why(statement: Statement) -> str:
    trained, served = (
        statement["series"][f"cumulative_{n}_usd"][-1]["mean"] > 0 for n in ("training", "inference")
    )
    if not trained and not served:
        return "the plan neither trains nor serves a model"
    return "the plan trains no model" if served else "the plan serves no model"


def line_of(name: str, values: list[Ranged], style: str) -> Series:
    """A line named with its median at the end."""
    return Series(name, shown(values[-1]["p50"], "USD"), values, style)


def cumulative_table(statement: Statement, names: tuple[str, ...]) -> Table:
    """Amounts so far by month, medians with their intervals."""
    series = statement["series"]
    head = ["Month"]
    for name in names:
        head += [f"{name.capitalize()}, 5 %", "median", "95 %"]
    rows = [
        [at, *(cell for name in names for cell in range_cells(series[f"cumulative_{name}_usd"][index])[:3])]
        for index, at in enumerate(series["months"])
    ]
    return Table(head, rows, f"{' and '.join(names).capitalize()} so far at the end of each month, USD")
