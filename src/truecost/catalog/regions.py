"""What differs by region: the price of electricity, the carbon of the grid, and the water behind it.

A region is an ISO 3166 code in lower case ("fr", "us-tx", "cn-bj"), a Nordic bidding zone ("se-se3"), a
Google Cloud region ("gcp-us-central1"), a continent, "eu" or "world". Keys: "electricity/fr" (USD/kWh),
"carbon/fr" (kgCO2e/kWh), "water/fr" (litres that power plants consume a kWh).

Grid carbon comes from codecarbon (a year stands with each figure); what ecologits says of the same
country is kept beside it, and is the fact where codecarbon has none.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.names import normalise

Row = Mapping[str, str]
Dated = tuple[date, Fact]

_SHORT = {"uk": "gb", "usa": "us", "america": "us"}


@dataclass(frozen=True, slots=True)
class RegionalFacts:
    """Facts by key with their start dates, what a second source says, and other names of the keys."""

    series: Mapping[str, tuple[Dated, ...]]
    others: Mapping[str, tuple[Fact, ...]]
    aliases: Mapping[str, str]


def read_regions() -> RegionalFacts:
    """Everything the three tables hold."""
    electricity, carbon, second = (
        _rows(name) for name in ("electricity.csv", "grid_carbon.csv", "grid_carbon_ecologits.csv")
    )
    series: dict[str, list[Dated]] = {}
    for row in electricity:
        series.setdefault(f"electricity/{row['region']}", []).append(_electricity(row))
    for row in carbon:
        series[f"carbon/{row['region']}"] = [_carbon(row)]
    others: dict[str, tuple[Fact, ...]] = {}
    for row in second:
        start, fact = _carbon(row)
        if fact.key in series:
            others[fact.key] = (fact,)
        else:
            series[fact.key] = [(start, fact)]
        if row["litres_per_kwh"]:
            series[f"water/{row['region']}"] = [_water(row)]
    return RegionalFacts(
        {key: tuple(dated) for key, dated in series.items()},
        others,
        _aliases(series, {row["region"]: row["name"] for row in (*electricity, *carbon, *second)}),
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("truecost.catalog") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _electricity(row: Row) -> Dated:
    fact = Fact(
        f"electricity/{row['region']}",
        float(row["usd_per_kwh"]),
        "USD/kWh",
        row["source"],
        date.fromisoformat(row["checked"]),
        Confidence(row["confidence"]),
        f"{row['name']}. {row['note']}".strip(),
    )
    return date.fromisoformat(row["start"]), fact


def _carbon(row: Row) -> Dated:
    year = row["year"]
    when = f"average of {year}" if year else "year not stated"
    fact = Fact(
        f"carbon/{row['region']}",
        float(row["kgco2e_per_kwh"]),
        "kgCO2e/kWh",
        row["source"],
        date.fromisoformat(row["checked"]),
        Confidence.PUBLISHED,
        f"{row['name']}, {when} (table under {row['licence']}).",
    )
    return (date(int(year), 1, 1) if year else date.min), fact


def _water(row: Row) -> Dated:
    fact = Fact(
        f"water/{row['region']}",
        float(row["litres_per_kwh"]),
        "L/kWh",
        row["source"],
        date.fromisoformat(row["checked"]),
        Confidence.PUBLISHED,
        f"{row['name']}, consumed by power plants, not by a site's cooling (table under {row['licence']}).",
    )
    return date.min, fact


def _aliases(keys: Iterable[str], names: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key in keys:
        group, _, region = key.partition("/")
        found[normalise(f"{group}/{names[region].replace(',', '')}")] = key
    for short, region in _SHORT.items():
        found |= {f"{group}/{short}": f"{group}/{region}" for group in ("electricity", "carbon", "water")}
    return found
