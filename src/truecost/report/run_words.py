"""Words that the pages of a training run and of a replay share: numbers, prices, assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from truecost.report.layout import GLUE, Page, Style, unglued
from truecost.report.phrases import ends, of_a_share, ranged, shown
from truecost.report.sources import value_with_unit
from truecost.report.tables import Column, table

Told = Mapping[str, Any]
BASIS = {"rent": "rented", "cloud": "in the cloud", "own": "own chips"}
LEAST_APART = 0.01
"""Ends of an interval closer than this, as a share of the number, are not worth printing."""


def interval(told: Told, name: str, unit: str) -> str:
    """A number of the result with its 90 % interval where it has one; "unknown" for none."""
    return "unknown" if told.get(name) is None else ranged(points(told, name), unit)


def ends_of(told: Told, name: str, unit: str = "") -> str:
    """The 90 % interval of a number of the result alone; "" where it has none, or no number."""
    return "" if told.get(name) is None else ends(points(told, name), unit)


def points(told: Told, name: str) -> dict[str, float]:
    """A number of the result with the ends of its interval: itself where it has none worth printing."""
    value, low, high = (told.get(f"{name}{end}") for end in ("", "_p5", "_p95"))
    assert value is not None
    if low is None or high is None or high - low < LEAST_APART * value:
        low = high = value
    return {"p5": low, "p50": value, "p95": high}


def figures(told: Told, rows: Sequence[tuple[str, str, str]], page: Page) -> None:
    """Numbers of a result below each other: what each is called, its key and its unit."""
    cells = [[said, interval(told, key, unit)] for said, key, unit in rows]
    page.extend(table((Column(""), Column("")), cells, page.width))


def price_words(rates: Told, basis: str) -> str:
    """Prices of a chip-hour (on a `basis`, in words) and of electricity, and the PUE."""
    if rates["usd_per_chip_hour"] is None:
        said = f"No price ({basis})"
    else:
        said = f"{interval(rates, 'usd_per_chip_hour', 'USD/chip-hour')}, {basis}"
    if rates["usd_per_kwh"]:
        said += f", and electricity at {interval(rates, 'usd_per_kwh', 'USD/kWh')}"
    return f"{said}; PUE {interval(rates, 'pue', '')}"


def unknowns(told: Told, page: Page) -> None:
    """What of a result is unknown, and why."""
    for key, reason in told["unknown"].items():
        page.item(f"{key} is unknown: {reason}", Style.WARNING)


def assumed_value(one: Told) -> str:
    """The value of an assumption with its unit.

    >>> assumed_value({"value": "3e8 .. 2e9", "unit": "bytes/s"})
    '300 MB/s – 2 GB/s'
    """
    value, (unit, of_what) = one["value"], of_a_share(one["unit"])
    if isinstance(value, str) and " .. " in value:
        return f"{unglued(value_with_unit(value, unit))} {of_what}".rstrip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{shown(float(value), unit)} {of_what}".rstrip()
    word = "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"{word} {one['unit']}".strip()


def assumptions(told: Told, page: Page, everything: bool) -> None:
    """What stands in for what the spec does not say; `everything` names the sources too."""
    if told["assumptions"]:
        page.heading("Assumed, because the spec does not say")
    for one in told["assumptions"]:
        page.item(
            f"{one['field']}: {assumed_value(one)}{GLUE}· {one['reason']}"
            + (f" ({one['source']})" if everything and one["source"] else "")
        )
