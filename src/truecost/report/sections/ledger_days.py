"""What usage cost by day, week or month: a section of a usage report's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from truecost.report.charts.ledger_days import Step, columns
from truecost.report.charts.stack import Layer
from truecost.report.charts.svg import figure
from truecost.report.charts.timeline import MONTHS, day_name, month_name
from truecost.report.ledger_words import clipped, number_of
from truecost.report.phrases import plural, shown
from truecost.report.sections.section import Section, Table
from truecost.report.usage_text import label

Told = Mapping[str, Any]
TONES = ("accent", "tone1", "tone4", "tone2", "tone5", "tone3")
REST = "tone6"
MOST_COLUMNS = 100
"""Days that are drawn one by one, and weeks; what lasts longer is drawn by month."""


@dataclass(frozen=True, slots=True)
class Costs:
    """USD by column, of each layer: `what` is a day, a week or a month."""

    what: str
    steps: Sequence[Step]
    names: Sequence[str]
    values: Sequence[Sequence[float]]
    """Credits may make them negative."""

    @property
    def sums(self) -> list[float]:
        """USD of each column."""
        return [sum(one) for one in zip(*self.values, strict=True)]

    @property
    def credited(self) -> float:
        """USD that is below 0 in all columns of all layers: drawn as 0."""
        return -sum(value for sums in self.values for value in sums if value < 0)


def costs_over_time(days: Told) -> Costs:
    """The days of `behind_report` as columns: by day up to MOST_COLUMNS of them, then by week, by month."""
    begin = date.fromisoformat(days["first_day"])
    series = [*days["groups"], *([days["rest"]] if days["rest"] else [])]
    count = len(series[0]["usd"])
    what = "day" if count <= MOST_COLUMNS else "week" if count <= 7 * MOST_COLUMNS else "month"
    keys = [_start(begin + timedelta(at), what) for at in range(count)]
    steps = list(dict.fromkeys(keys))
    place = {step: at for at, step in enumerate(steps)}
    names = [*(clipped(label(one["label"][0])) if one["label"] else "all usage" for one in days["groups"])]
    names += [f"{plural(days['others'], 'other')}"] if days["rest"] else []
    values: list[list[float]] = []
    for one in series:
        sums = [0.0] * len(steps)
        for key, amount in zip(keys, one["usd"], strict=True):
            sums[place[key]] += number_of(amount)
        values.append(sums)
    return Costs(what, [_step(one, what) for one in steps], names, values)


def _start(day: date, what: str) -> date:
    """The day, the Monday of its week, the first of its month."""
    if what == "week":
        return day - timedelta(day.weekday())
    return day.replace(day=1) if what == "month" else day


def _step(day: date, what: str) -> Step:
    year = str(day.year)
    if what == "month":
        return Step(MONTHS[day.month - 1], year, month_name(day.isoformat()[:7]))
    said = day_name(day.isoformat())
    return Step(f"{day.day} {MONTHS[day.month - 1]}", year, said if what == "day" else f"week of {said}")


def by_day(told: Told, days: Told | None) -> Section | None:
    """The columns, stacked by the largest groups; None where nothing was paid."""
    found = costs_over_time(days) if days else None
    if days is None or found is None or not max(map(max, found.values)) > 0:
        return None
    title = days_title(found)
    groups = f", by {days['by']}, the dearest lowest" if days["by"] else ""
    ends = " The first and the last one may be cut short." if found.what != "day" else ""
    return Section(
        "days",
        title,
        f"USD a {found.what}{groups}; days are those of UTC.{ends}",
        figure(lambda width: columns(_layers(found), found.steps, f"USD a {found.what}", width), f"{title}."),
        facts=_facts(told, days, found),
        tables=[_table(found)],
    )


def days_title(found: Costs) -> str:
    """The dearest column against the others, in a sentence."""
    sums, steps = found.sums, found.steps
    dearest = max(range(len(sums)), key=lambda at: sums[at])
    most = shown(sums[dearest], "USD")
    if len(sums) == 1:
        return f"All of it on {steps[0].said}: {most}"
    usual = shown(sum(sums) / len(sums), "USD")
    when = steps[dearest].said.replace("week of", "that of")
    return f"The dearest {found.what}, {when}, cost {most}; the average is {usual}"


def _layers(found: Costs) -> list[Layer]:
    tones = [*TONES[: len(found.names)], *[REST] * (len(found.names) - len(TONES))]
    if len(found.names) > 1 and found.names[-1].endswith(("other", "others")):
        tones[-1] = REST
    rows = zip(found.names, found.values, tones, strict=True)
    return [
        Layer(name, shown(sum(values), "USD"), [max(value, 0.0) for value in values], tone)
        for name, values, tone in rows
    ]


def _facts(told: Told, days: Told, found: Costs) -> list[str]:
    said: list[str] = []
    if count := days["unpriced_days"]:
        said.append(
            f"On {plural(count, 'day')} something was used that has no price: more was paid than drawn."
        )
    if found.credited:
        said.append(f"Where credits outweigh costs, by {shown(found.credited, 'USD')}, nothing is drawn.")
    if told["last_day"] >= told["as_known"]:
        said.append(f"The last day, {day_name(told['last_day'])}, may not be over yet.")
    return said


def _table(found: Costs) -> Table:
    """A row a column, the sum last."""
    several = len(found.names) > 1
    head = (found.what, *(clipped(name, 32) for name in found.names), *(("all",) if several else ()))
    rows = [
        [
            step.said,
            *(shown(one) if one else "" for one in amounts),
            *([shown(sum(amounts))] if several else []),
        ]
        for step, *amounts in zip(found.steps, *found.values, strict=True)
    ]
    return Table(head, rows, f"USD by {found.what}")
