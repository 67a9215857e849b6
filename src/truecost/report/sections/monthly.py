"""What each month's money goes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from truecost.report.charts.stack import Interval, Layer, stack
from truecost.report.charts.svg import figure
from truecost.report.charts.timeline import month_name
from truecost.report.phrases import share, shown
from truecost.report.sections.section import Absent, Section, Statement, Table, table_caption, table_months

TONES = ("accent", "tone1", "tone2", "tone3", "tone4", "tone5", "tone6")
OTHERS = "All smaller groups"


def monthly(statement: Statement) -> Section | Absent:
    """Groups stacked by month (means, which add up), the total's interval dotted."""
    series = statement["series"]
    groups = {name: values for name, values in series["cost_by_group_usd"].items() if sum(values) > 0}
    if not groups or len(series["months"]) < 2:
        return Absent(
            "Month by month",
            "the plan is one month long" if groups else "no line of this plan costs anything",
        )
    total = sum(sum(values) for values in groups.values())
    layers = [
        Layer(name, share(sum(values) / total), values, tone)
        for (name, values), tone in zip(_largest(groups).items(), TONES, strict=False)
    ]
    months = series["months"]
    interval = Interval([m["p5"] for m in series["total_usd"]], [m["p95"] for m in series["total_usd"]])
    label = _label(layers, statement)
    return Section(
        "monthly",
        _title(layers, statement),
        "USD a month by group, amortized view, means of the draws; shares are of the whole plan. "
        "Between the dotted lines lie 90 % of the draws of the month's total.",
        figure(lambda width: stack(layers, interval, months, width), label),
        tables=[_table(statement, groups)],
    )


def _largest(groups: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """The largest groups first, those that have no tone of their own summed."""
    ranked = sorted(groups.items(), key=lambda item: -sum(item[1]))
    if len(ranked) <= len(TONES):
        return dict(ranked)
    kept, rest = ranked[: len(TONES) - 1], ranked[len(TONES) - 1 :]
    return {**dict(kept), OTHERS: [sum(month) for month in zip(*(values for _, values in rest), strict=True)]}


def _title(layers: Sequence[Layer], statement: Statement) -> str:
    totals = [month["mean"] for month in statement["series"]["total_usd"]]
    first, last = shown(totals[0], "USD"), shown(totals[-1], "USD")
    span = (
        f"each month costs {first}"
        if max(totals) == min(totals)
        else f"the first month costs {first}, the last {last}"
    )
    part = layers[0].detail if len(layers) > 1 else "Everything"
    return f"{part} goes to {layers[0].name.lower()}; {span}"


def _label(layers: Sequence[Layer], statement: Statement) -> str:
    months = statement["series"]["months"]
    parts = ", ".join(f"{layer.name} {layer.detail}" for layer in layers)
    return (
        f"Cost by month from {month_name(months[0])} to {month_name(months[-1])}, stacked by group: {parts}"
    )


def _table(statement: Statement, groups: Mapping[str, Sequence[float]]) -> Table:
    series = statement["series"]
    names = list(groups)
    rows = [
        [
            series["months"][index],
            *(shown(groups[name][index]) for name in names),
            *(shown(series["total_usd"][index][point]) for point in ("mean", "p5", "p95")),
        ]
        for index in table_months(len(series["months"]))
    ]
    caption = table_caption("Cost by month and group, USD, means of the draws", len(series["months"]))
    return Table(("Month", *names, "Total", "5 %", "95 %"), rows, caption)
