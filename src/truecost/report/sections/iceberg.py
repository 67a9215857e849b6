"""The number that gets quoted against everything that is paid besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.iceberg import Part
from truecost.report.charts.iceberg import iceberg as draw
from truecost.report.charts.svg import figure
from truecost.report.phrases import averaged, plural, share
from truecost.report.sections.section import MEAN_HEAD, Absent, Section, Statement, Table, mean_cells


def iceberg(statement: Statement) -> Section | Absent:
    """Areas and numbers are means, which add up, beside their intervals."""
    berg = statement["iceberg"]
    part = berg["quotable_share"]
    if not part:
        return Absent(
            "The iceberg", "the plan has neither a training run nor an API bill: no number that gets quoted"
        )
    tip = _part(_first_up(berg["quotable"]), berg["quotable_usd"], f"{share(part)} of the whole")
    layers = [
        _part(group["group"], group["cost_usd"]) for group in berg["groups"] if group["cost_usd"]["mean"] > 0
    ]
    label = f"{tip.name}: {tip.shown}, {share(part)}. Below the waterline: " + "; ".join(
        f"{layer.name}, {layer.shown}" for layer in layers
    )
    return Section(
        "iceberg",
        _title(berg, part),
        "Areas are in exact proportion to USD (means, which add up); in brackets the interval that holds "
        "90 % of the draws.",
        figure(lambda width: draw(tip, layers, width), label),
        facts=_missing(statement),
        tables=[_table(berg)],
    )


def _title(berg: Mapping[str, Any], part: float) -> str:
    is_run = berg["quotable"] == "final training run"
    name = "The run everyone quotes" if is_run else _first_up(berg["quotable"])
    if part > 0.995:
        return f"{name} is all that this plan prices"
    return f"{name} is {share(part)} of what is paid"


def _part(name: str, value: Mapping[str, float], note: str = "") -> Part:
    return Part(name, value["mean"], averaged(value, "USD"), note)


def _first_up(words: str) -> str:
    return words[:1].upper() + words[1:]


def _missing(statement: Statement) -> list[str]:
    count = len(statement["left_out"])
    if not count:
        return []
    parts = f"{plural(count, 'part')} of the plan {'is' if count == 1 else 'are'} left out"
    return [f"The ice is larger still: {parts}, and counted nowhere (see below)."]


def _table(berg: Mapping[str, Any]) -> Table:
    rows = [[f"{_first_up(berg['quotable'])} (quotable)", *mean_cells(berg["quotable_usd"], "USD")]]
    rows += [[group["group"], *mean_cells(group["cost_usd"], "USD")] for group in berg["groups"]]
    rows.append(["All below the waterline", *mean_cells(berg["below_waterline_usd"], "USD")])
    return Table(
        ("Part", *MEAN_HEAD), rows, "The quotable number and the groups of cost below it, USD over the plan"
    )
