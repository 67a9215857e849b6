"""A fact: a value with its unit, source, date checked and confidence; no law takes less."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from truecost.ranges import Range


class Confidence(StrEnum):
    """How far a fact can be trusted, strongest first."""

    MEASURED = "measured"
    PUBLISHED = "published"
    QUOTED = "quoted"
    ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True)
class Fact:
    """One dated, sourced value; `value` is a number or a 90 % range."""

    key: str
    value: float | Range
    unit: str
    source: str
    checked: date
    confidence: Confidence
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("key", "unit", "source"):
            if not getattr(self, name):
                raise ValueError(f"fact {self.key!r} has no {name}")
