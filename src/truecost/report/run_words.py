"""Words that the pages of a training run and of a replay share: numbers with intervals, assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truecost.report.layout import GLUE, Page
from truecost.report.phrases import ranged, shown

Told = Mapping[str, Any]
BASIS = {"rent": "rented", "cloud": "in the cloud", "own": "own chips"}
LEAST_APART = 0.01
"""Ends of an interval closer than this, as a share of the number, are not worth printing."""


def interval(told: Told, name: str, unit: str) -> str:
    """A number of the result with its 90 % interval where it has one; "unknown" for none."""
    value, low, high = (told.get(f"{name}{end}") for end in ("", "_p5", "_p95"))
    if value is None:
        return "unknown"
    if low is None or high is None or high - low < LEAST_APART * value:
        return shown(value, unit)
    return ranged({"p5": low, "p50": value, "p95": high}, unit)


def assumed_value(one: Told) -> str:
    """The value of an assumption with its unit."""
    value, unit = one["value"], one["unit"]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return shown(float(value), unit)
    word = "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"{word} {unit}".strip()


def assumptions(told: Told, page: Page, everything: bool) -> None:
    """What stands in for what the spec does not say; `everything` names the sources too."""
    if told["assumptions"]:
        page.heading("Assumed, because the spec does not say")
    for one in told["assumptions"]:
        page.item(
            f"{one['field']}: {assumed_value(one)}{GLUE}· {one['reason']}"
            + (f" ({one['source']})" if everything and one["source"] else "")
        )
