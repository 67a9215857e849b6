"""How an overlay is read: its sections, and what stands in them turned into facts or into problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field
from pydantic_core import PydanticCustomError

from truecost.catalog.accelerators import UNITS
from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.rates import least_of, support_of
from truecost.ranges import Range
from truecost.spec import Day, Document, Number, Problems, Section, load, nearest_names

Given = Mapping[str, Any]

_FACT_PARTS = ("value", "source", "checked", "confidence", "note")
_NEVER_ZERO = frozenset(UNITS.values())
_SPREADS = ({"p50", "p90"}, {"low", "high"})


class OverlayFile(Section):
    """The sections of an overlay, before names and numbers are looked at."""

    checked: Day
    """the day these facts were read"""
    source: str = ""
    """where they come from: a contract, an invoice, a meter"""
    confidence: Literal["measured", "published", "quoted", "estimate"] = "quoted"
    """how far they can be trusted"""
    rates: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """group: {name: fact}, as `truecost catalog list rates` shows them"""
    rentals: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """chip: {term: USD/chip-hour}"""
    purchases: dict[str, Any] = Field(default_factory=dict)
    """chip: USD/chip"""
    accelerators: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """chip: {attribute: fact}, of a chip in the catalog or a new one"""
    prices: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """provider/model: {input:, output:, cache_read:, cache_write:, batch: {...}}, USD/Mtok"""
    models: dict[str, str | dict[str, Any]] = Field(default_factory=dict)
    """name: config.json, as a path beside this file or as its keys"""


@dataclass(frozen=True, slots=True)
class FactReader:
    """Reads facts out of one overlay; `problems` collects what does not fit, by its dotted path."""

    document: Document[OverlayFile]
    path: Path
    problems: Problems = field(default_factory=Problems)

    @classmethod
    def of(cls, path: str | Path) -> FactReader:
        """A reader of a file. Raises SpecError when the file or its sections cannot be read."""
        return cls(load(path, OverlayFile), Path(path))

    @property
    def file(self) -> OverlayFile:
        """The sections as written."""
        return self.document.value

    def finish(self) -> None:
        """Raise SpecError with every problem, in the order of the file."""
        self.problems.raise_if_any(self.document)

    def fact(self, at: str, key: str, given: object, unit: str) -> Fact | None:
        """A fact from a number, a range, or a mapping of parts; None, and a problem noted, if it is none."""
        parts = self._parts(at, given)
        value = self._value(f"{at}.value" if "value" in as_mapping(given) else at, parts.get("value"), unit)
        checked = self.day(f"{at}.checked", parts["checked"]) if "checked" in parts else self.file.checked
        confidence = self._confidence(f"{at}.confidence", parts.get("confidence", self.file.confidence))
        if value is None or checked is None or confidence is None:
            return None
        source = self.sourced(str(parts.get("source", "")))
        return Fact(key, value, unit, source, checked, confidence, str(parts.get("note", "")))

    def sourced(self, own: str = "") -> str:
        """The source of an overlaid fact: the file's name, then where the file says that it comes from."""
        words = own or self.file.source
        return f"{self.path.name}: {words}" if words else f"{self.path.name} (overlay)"

    def day(self, at: str, given: object) -> date | None:
        """A day written 2026-11-22; None, and a problem noted, if it is none."""
        try:
            return date.fromisoformat(str(given))
        except ValueError:
            self.problems.add(at, f"{given!r} is not a date", allowed=["a day such as 2026-11-22"])
            return None

    def mapping(self, at: str, given: object) -> Given:
        """A mapping; an empty one, and a problem noted, if it is none."""
        found = as_mapping(given)
        if not found:
            self.problems.add(at, "a mapping of names to facts goes here")
        return found

    def known(self, at: str, given: Given, names: Sequence[str], what: str) -> Iterator[str]:
        """The names of a mapping that are allowed there; the others are noted."""
        for name in given:
            if name in names:
                yield name
            else:
                near = nearest_names(name, names)
                self.problems.add(f"{at}.{name}", f"{name!r} is no {what}", allowed=names, nearest=near)

    def _parts(self, at: str, given: object) -> Given:
        parts = as_mapping(given)
        if not parts or set(parts) in _SPREADS:
            return {"value": given}
        return {name: parts[name] for name in self.known(at, parts, _FACT_PARTS, "part of a fact")}

    def _value(self, at: str, given: object, unit: str) -> float | Range | None:
        support = support_of(unit).value
        asked = "" if support == "share" else unit.partition(",")[0]
        number = Number(support, asked, least=least_of(unit), above_zero=unit in _NEVER_ZERO)
        try:
            return number.read(given)
        except PydanticCustomError as error:
            parts: Mapping[str, Any] = error.context or {}
            allowed, nearest = parts.get("allowed", ()), parts.get("nearest", ())
            self.problems.add(at, str(parts.get("message", error)), allowed=allowed, nearest=nearest)
            return None

    def _confidence(self, at: str, given: object) -> Confidence | None:
        try:
            return Confidence(given)
        except ValueError:
            self.problems.add(at, f"{given!r} is no confidence", allowed=list(Confidence))
            return None


def as_mapping(given: object) -> Given:
    """What was written, if it is a mapping; else an empty one."""
    return cast("Given", given) if isinstance(given, Mapping) else {}
