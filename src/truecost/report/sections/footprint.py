"""What the plan burns: emissions on its own grid and on others, energy of training against serving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.charts.rows import Row, bars
from truecost.report.charts.svg import figure
from truecost.report.footprint_text import GRIDS, sentences
from truecost.report.phrases import averaged, shown
from truecost.report.sections.section import (
    BARS,
    MEAN_HEAD,
    Absent,
    Listing,
    Section,
    Statement,
    Table,
    mean_cells,
    table_caption,
    table_months,
)

FIGURES = (
    ("Energy", "kwh", "kWh"),
    ("Energy of training", "training_kwh", "kWh"),
    ("Energy of serving", "inference_kwh", "kWh"),
    ("Energy of the first final run", "final_run_kwh", "kWh"),
    ("Emissions", "tco2e", "tCO2e"),
    ("Emissions of training", "training_tco2e", "tCO2e"),
    ("Emissions of serving", "inference_tco2e", "tCO2e"),
    ("Water on site", "water_litres", "litres"),
    ("Highest power", "peak_mw", "MW"),
    ("Homes, over the same months", "homes", ""),
    ("Cars, for a year", "cars_for_a_year", ""),
)


def footprint(statement: Statement) -> Section | Absent:
    """Means as bars, the plan's own grid first."""
    told = statement["footprint"]
    if told["kwh"] is None:
        return Absent("What it burns", "the plan names no chips whose energy could be computed")
    own = told["tco2e"]
    rows = [Row("As planned", own["p5"], own["mean"], own["p95"], averaged(own, "tCO2e"), "", True)]
    rows += [
        Row(_grid(key), value["p5"], value["mean"], value["p95"], averaged(value, "tCO2e"))
        for key, value in told["on_other_grids_tco2e"].items()
    ]
    label = "; ".join(f"{row.label}: {row.shown}" for row in rows)
    return Section(
        "footprint",
        f"The plan draws {shown(told['kwh']['mean'], 'kWh')}, as {shown(told['homes']['mean'])} homes do, "
        f"and emits {shown(own['mean'], 'tCO2e')}",
        f"tCO2e over the plan on its own grid, and the same energy on others. {BARS}",
        figure(lambda width: bars(rows, width), label),
        facts=[fact for fact in sentences(statement) if "other grids" not in fact],
        tables=[_table(told), *_months(told, statement["series"]["months"])],
        listings=_bases(told),
    )


def _grid(key: str) -> str:
    name = GRIDS[key]
    return f"On the grid of {name}"


def _table(told: Mapping[str, Any]) -> Table:
    rows = [[name, *mean_cells(told[key], unit)] for name, key, unit in FIGURES if told[key] is not None]
    matched = told["hour_matched"]
    rows.append(["Clean supply in every hour would add", *mean_cells(matched["usd"], "USD")])
    rows.append(["the same a tonne not emitted", *mean_cells(matched["usd_per_tco2e"], "USD")])
    rows += [[_grid(key), *mean_cells(v, "tCO2e")] for key, v in told["on_other_grids_tco2e"].items()]
    return Table(("Figure", *MEAN_HEAD), rows, "Footprint over the plan")


def _months(told: Mapping[str, Any], months: list[str]) -> list[Table]:
    found = told["by_month"]
    if not found:
        return []
    names = {"training_kwh": "Training", "inference_kwh": "Serving"}
    rows = [
        [months[index], *(shown(values[index], "kWh") for values in found.values())]
        for index in table_months(len(months))
    ]
    head = ("Month", *(names[key] for key in found))
    return [Table(head, rows, table_caption("Energy by month, means", len(months)))]


def _bases(told: Mapping[str, Any]) -> list[Listing]:
    rows = [
        (name, f"{averaged(each['kwh'], 'kWh')}: {each['basis']}") for name, each in told["classes"].items()
    ]
    return [Listing("What the energy of each class of requests rests on", rows)] if rows else []
