"""Epoch AI's inputs and published results as tables: recorded runs, chips, prices, constants, costs.

Carried from Epoch AI (CC BY 4.0) in the schema of `data/epoch_*.csv`, every row with source and date.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

METHODS = ("amortized", "cloud", "acquisition")
"""The ways Epoch AI counts a run."""
TERMS = ("reserved_3y", "reserved_1y", "on_demand")
"""Rental terms, the one Epoch AI counts with first."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training run as Epoch AI recorded it; None where a figure is not known, chip "" where it is not."""

    model: str
    organization: str
    published: date
    training_flops: float | None
    chip: str
    chips: float | None
    hours: float | None
    chip_hours: float | None
    utilization: float | None
    base_model: str
    training_started: date | None
    training_ended: date | None


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip as Epoch AI counts it: peak FLOP/s, power in W, server power over chip power."""

    name: str
    kind: str
    generic: str
    purchase_family: str
    released: date
    peak_flops: float
    power_w: float
    server_power_ratio: float


@dataclass(frozen=True, slots=True)
class Purchase:
    """A dated purchase price, USD a chip; `bundle` is "DGX server", "single unit" or "other"."""

    family: str
    on: date
    usd_per_chip: float
    bundle: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A cloud's prices of a chip on a day, USD a chip-hour by term; a term it did not list is absent."""

    chip: str
    vendor: str
    on: date
    usd_per_chip_hour: Mapping[str, float]


def rows(name: str) -> list[dict[str, str]]:
    """The rows of `data/epoch_{name}.csv` as text, by column."""
    text = (files("truecost.evidence") / "data" / f"epoch_{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _number(text: str) -> float | None:
    return float(text) if text else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def constants() -> Mapping[str, float]:
    """Epoch AI's constants by key, e.g. "interconnect_share", "electricity/2023" (units in the data file)."""
    return {row["key"]: float(row["value"]) for row in rows("constants")}


@cache
def runs() -> Mapping[str, Run]:
    """The recorded runs, by model."""
    return {
        row["model"]: Run(
            model=row["model"],
            organization=row["organization"],
            published=date.fromisoformat(row["published"]),
            training_flops=_number(row["training_flops"]),
            chip=row["chip"],
            chips=_number(row["chips"]),
            hours=_number(row["hours"]),
            chip_hours=_number(row["chip_hours"]),
            utilization=_number(row["utilization"]),
            base_model=row["base_model"],
            training_started=_day(row["training_started"]),
            training_ended=_day(row["training_ended"]),
        )
        for row in rows("runs")
    }


@cache
def chips() -> Mapping[str, Chip]:
    """The chips the recorded runs used, by name."""
    return {
        row["chip"]: Chip(
            row["chip"],
            row["kind"],
            row["generic"],
            row["purchase_family"],
            date.fromisoformat(row["released"]),
            float(row["peak_flops"]),
            float(row["power_w"]),
            float(row["server_power_ratio"]),
        )
        for row in rows("chips")
    }


@cache
def purchases() -> tuple[Purchase, ...]:
    """Purchase prices, oldest first."""
    found = (
        Purchase(row["family"], date.fromisoformat(row["date"]), float(row["usd_per_chip"]), row["bundle"])
        for row in rows("purchases")
    )
    return tuple(sorted(found, key=lambda purchase: purchase.on))


@cache
def listings() -> tuple[Listing, ...]:
    """Cloud prices, in the order recorded."""
    return tuple(
        Listing(
            row["chip"],
            row["vendor"],
            date.fromisoformat(row["date"]),
            {t: float(row[f"{t}_usd_per_chip_hour"]) for t in TERMS if row[f"{t}_usd_per_chip_hour"]},
        )
        for row in rows("rentals")
    )


@cache
def published() -> Mapping[str, Mapping[str, float]]:
    """Epoch AI's published costs, USD of 2024-12, by model and method."""
    return {
        row["model"]: {m: float(row[f"{m}_usd"]) for m in METHODS if row[f"{m}_usd"]} for row in rows("costs")
    }


@cache
def price_index() -> Mapping[str, float]:
    """The producer price index of data processing and hosting by month ("2024-12"), 2000-12 = 100."""
    return {row["month"]: float(row["index"]) for row in rows("price_index")}
