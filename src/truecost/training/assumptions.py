"""What a spec leaves out and what stands in for it: each named, with its reason and its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from truecost.catalog.facts import Fact
from truecost.ranges import Range


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value that stands in for a field the spec leaves out."""

    path: str
    value: object
    unit: str
    reason: str
    source: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        value = str(self.value) if isinstance(self.value, Range) else self.value
        return {
            "field": self.path,
            "value": value,
            "unit": self.unit,
            "reason": self.reason,
            "source": self.source,
        }


@dataclass(slots=True)
class Assumed:
    """The assumptions of one case, and what is unknown and therefore not in its answer."""

    entries: list[Assumption] = field(default_factory=list[Assumption])
    gaps: dict[str, str] = field(default_factory=dict[str, str])

    def take(self, path: str, value: object, reason: str, unit: str = "", source: str = "") -> Any:
        """Note a value that stands in at a path; returns it."""
        self.entries.append(Assumption(path, value, unit, reason, source))
        return value

    def fact(self, path: str, fact: Fact, reason: str) -> float | Range:
        """A fact of the catalog that stands in at a path."""
        dated = f"{fact.source} (checked {fact.checked}, {fact.confidence})"
        self.entries.append(Assumption(path, fact.value, fact.unit, reason, dated))
        return fact.value
