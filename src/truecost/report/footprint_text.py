"""What a plan burns, for a terminal: energy, emissions and water, against homes and cars, and other grids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from truecost.report.layout import Page
from truecost.report.phrases import averaged, loose, month, shown

Statement = Mapping[str, Any]
GRIDS = {"se": "Sweden", "fr": "France", "us": "the US", "cn": "China", "in": "India"}
"""Grids that the same energy is set on, as a reader calls them."""


def write(statement: Statement, page: Page) -> None:
    """Nothing where no energy is known."""
    if statement["footprint"]["kwh"] is None:
        return
    page.heading("Footprint over the plan")
    for sentence in sentences(statement):
        page.item(loose(sentence))


def sentences(statement: Statement) -> Iterator[str]:
    """Totals, what they compare to, training against serving, what would change them."""
    told = statement["footprint"]
    yield (
        f"{averaged(told['kwh'], 'kWh')} and {averaged(told['tco2e'], 'tCO2e')}, up to {power(told)} "
        f"at a time; {averaged(told['water_litres'], 'litres')} of water on site."
    )
    yield (
        f"As much as {averaged(told['homes'])} homes use in the same months, and as "
        f"{averaged(told['cars_for_a_year'])} cars emit in a year."
    )
    if told["training_kwh"] is not None and told["inference_kwh"] is not None:
        trained, served = (averaged(told[f"{part}_kwh"], "kWh") for part in ("training", "inference"))
        passing = month(told["inference_passes_training_month"], "never within the plan")
        yield f"Training takes {trained}, serving {served}; serving passes training: {passing}."
    if any(is_estimate(each["basis"]) for each in told["classes"].values()):
        yield "What a vendor or a quote draws is not known: the law stands in for it (see what is left out)."
    grids = (f"{GRIDS[key]} {shown(value['mean'])}" for key, value in told["on_other_grids_tco2e"].items())
    yield f"The same energy on other grids, tCO2e: {', '.join(grids)}."
    matched = told["hour_matched"]
    yield (
        f"Clean supply in every hour would add {averaged(matched['usd'], 'USD')}, "
        f"{averaged(matched['usd_per_tco2e'], 'USD')} a tonne; its premium is an estimate."
    )


def is_estimate(basis: str) -> bool:
    """Whether the energy of a class is the law's for somebody else's chips."""
    return basis != "chips held"


def power(told: Mapping[str, Any]) -> str:
    """The highest power, in W and its multiples."""
    peak: Mapping[str, float] = told["peak_mw"]
    p5, p50, p95, mean = (peak[point] * 1e6 for point in ("p5", "p50", "p95", "mean"))
    return averaged({"p5": p5, "p50": p50, "p95": p95, "mean": mean}, "W")
