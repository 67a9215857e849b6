"""What a spec leaves out and what stands in for it: each named, with its reason and its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from truecost.catalog.facts import Fact
from truecost.ranges import Range
from truecost.replay.points import Points, points


@dataclass(slots=True)
class Assumed:
    """The assumptions of one replay as plain rows, and what is unknown and therefore not in its answer."""

    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    gaps: dict[str, str] = field(default_factory=dict[str, str])

    def take(self, path: str, value: Any, reason: str, unit: str = "", source: str = "") -> Any:
        """Note a value that stands in at a path; returns it."""
        shown = str(value) if isinstance(value, Range) else value
        self.rows.append({"field": path, "value": shown, "unit": unit, "reason": reason, "source": source})
        return value

    def fact(self, path: str, fact: Fact, reason: str) -> Points:
        """A fact of the catalog that stands in at a path."""
        dated = f"{fact.source} (checked {fact.checked}, {fact.confidence})"
        return points(self.take(path, fact.value, reason, fact.unit, dated))
