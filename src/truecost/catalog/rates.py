"""Rates: every default a plan takes, as dated facts keyed "group/name".

The data are `data/rates*.yaml` (group -> name -> fact, a dated series under `values:`, what other
sources say under `disagrees:`) and the tables by region (`truecost.catalog.regions`). A fact without
value, unit, source, date checked and confidence is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias, cast

import yaml

from truecost.catalog.facts import Confidence, Fact
from truecost.catalog.names import normalise, resolve
from truecost.catalog.regions import read_regions
from truecost.ranges import Range, Support

Series: TypeAlias = tuple[tuple[date, Fact], ...]
"""One rate through time: facts by the date they hold from, oldest first."""

ALWAYS = date.min
"""The start date of a rate that is not a dated series."""

_FILES = (
    "rates.yaml",
    "rates_people.yaml",
    "rates_data.yaml",
    "rates_business.yaml",
    "rates_options.yaml",
    "rates_scenarios.yaml",
    "rates_claims.yaml",
    "rates_progress.yaml",
    "rates_views.yaml",
)
_PARTS = frozenset(
    {"value", "values", "unit", "support", "source", "checked", "confidence", "note", "disagrees"}
)
_NEEDED = ("unit", "source", "checked", "confidence")


class FactError(ValueError):
    """A fact in a data file or an overlay that is not complete or not sensible; says which and why."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Dated facts by key, with the lookup that a plan uses.

    `others` holds what further sources say of a key; `aliases` other spellings of keys
    ("carbon/france"), normalised.
    """

    series: Mapping[str, Series]
    others: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict[str, tuple[Fact, ...]])
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])

    def fact(self, key: str, as_of: date | None = None) -> Fact:
        """The rate `key` as it stood at `as_of`; the latest without it.

        Of a dated series the last value at or before `as_of` is taken; before its first value, the
        first, with a note that says so. Raises UnknownName with the nearest keys.
        """
        found = self.series.get(key) or self.series[resolve(key, self._index(), "rate")]
        started = [fact for start, fact in found if as_of is None or start <= as_of]
        if started:
            return started[-1]
        start, first = found[0]
        return replace(first, note=f"{first.note} No earlier value is known than {start}.".strip())

    def latest(self) -> list[Fact]:
        """The current fact of every key, in key order."""
        return [self.series[key][-1][1] for key in sorted(self.series)]

    def group(self, name: str) -> list[Fact]:
        """The current facts of one group ("licences"), in key order."""
        return [fact for fact in self.latest() if fact.key.startswith(f"{name}/")]

    def joined(self, more: Rates) -> Rates:
        """These rates with `more` added; where both hold a key, `more` wins. What an overlay does."""
        kept = {key: facts for key, facts in self.others.items() if key not in more.series}
        series, others = {**self.series, **more.series}, {**kept, **more.others}
        return Rates(series, others, {**self.aliases, **more.aliases})

    def _index(self) -> dict[str, str]:
        return {**self.aliases, **{normalise(key): key for key in self.series}}


@cache
def load_rates() -> Rates:
    """Every rate the package ships.

    >>> load_rates().fact("electricity/us", date(2024, 6, 30)).value
    0.0771
    """
    regions = read_regions()
    rates = Rates(dict(regions.series), dict(regions.others), regions.aliases)
    for name in _FILES:
        text = (files("truecost.catalog") / "data" / name).read_text(encoding="utf-8")
        rates = rates.joined(read_rates(yaml.load(text, Loader=yaml.CSafeLoader), name))
    return rates


def read_rates(groups: Mapping[str, Any], where: str) -> Rates:
    """Facts from a parsed document of groups; raises FactError naming file and key.

    A group whose name starts with "_" holds parts that facts share and is no group of facts.

    >>> fact = {"value": "1.2 .. 4", "unit": "ratio", "source": "s", "checked": date(2026, 1, 1)}
    >>> groups = {"experiments": {"prior": fact | {"confidence": "published"}}}
    >>> str(read_rates(groups, "rates.yaml").fact("experiments/prior").value)
    '1.2 .. 4'
    """
    bodies: dict[str, Any] = {
        f"{group}/{name}": body
        for group, names in groups.items()
        if not group.startswith("_")
        for name, body in names.items()
    }
    others = {key: _others(key, body, where) for key, body in bodies.items() if "disagrees" in body}
    return Rates({key: read_series(key, body, where) for key, body in bodies.items()}, others)


def _others(key: str, body: Mapping[str, Any], where: str) -> tuple[Fact, ...]:
    """What other sources say: each entry gives what differs from the fact it disagrees with."""
    shared = {name: part for name, part in body.items() if name not in ("values", "disagrees", "note")}
    return tuple(read_fact(key, shared | entry, where) for entry in body["disagrees"])


def read_series(key: str, body: Any, where: str) -> Series:
    """One rate: a single fact, or a series by start date whose entries may override any part."""
    if not isinstance(body, Mapping):
        raise FactError(f"{where}: {key}: a fact is a mapping with value, {', '.join(_NEEDED)}")
    parts = cast("Mapping[str, Any]", body)
    if "values" not in parts:
        return ((ALWAYS, read_fact(key, parts, where)),)
    shared = {name: part for name, part in parts.items() if name != "values"}
    dated = [(start, _entry(entry)) for start, entry in _dated(key, parts["values"], where)]
    return tuple((start, read_fact(key, shared | entry, where)) for start, entry in dated)


def _entry(entry: Any) -> dict[str, Any]:
    return dict(cast("Mapping[str, Any]", entry)) if isinstance(entry, Mapping) else {"value": entry}


def _dated(key: str, values: Any, where: str) -> Iterable[tuple[date, Any]]:
    if not isinstance(values, Mapping) or not values:
        raise FactError(f"{where}: {key}: values: needs one entry a start date, such as 2025-01-01: 0.08")
    entries = cast("Mapping[Any, Any]", values)
    for start in entries:
        if not isinstance(start, date):
            raise FactError(f"{where}: {key}: values: {start!r} is not a date (YYYY-MM-DD)")
    return sorted(entries.items())


def read_fact(key: str, parts: Mapping[str, Any], where: str) -> Fact:
    """One fact from its parts; raises FactError for a missing, unknown or malformed part."""
    unknown = sorted(set(parts) - _PARTS)
    missing = [name for name in ("value", *_NEEDED) if parts.get(name) in (None, "")]
    if unknown or missing:
        problem = f"unknown part {unknown[0]!r}" if unknown else f"no {missing[0]}"
        raise FactError(f"{where}: {key}: {problem}; a fact has value, {', '.join(_NEEDED)} (and note)")
    try:
        support = Support(parts.get("support") or support_of(parts["unit"]))
        confidence = Confidence(parts["confidence"])
        value = read_value(parts["value"], support)
        least = least_of(parts["unit"]) if support is not Support.REAL else -math.inf
        if (low := value.low if isinstance(value, Range) else value) < least:
            raise ValueError(f"{low:g} is below {least:g}")
    except ValueError as problem:
        raise FactError(f"{where}: {key}: {problem}") from None
    if not isinstance(parts["checked"], date):
        raise FactError(f"{where}: {key}: checked: {parts['checked']!r} is not a date (YYYY-MM-DD)")
    text = {name: str(parts.get(name) or "").strip() for name in ("unit", "source", "note")}
    return Fact(key, value, text["unit"], text["source"], parts["checked"], confidence, text["note"])


def support_of(unit: str) -> Support:
    """The support a unit implies: a share lies in 0 .. 1, anything else is positive.

    >>> support_of("share of cluster cost"), support_of("USD/kWh")
    (<Support.SHARE: 'share'>, <Support.POSITIVE: 'positive'>)
    """
    return Support.SHARE if unit.startswith("share") else Support.POSITIVE


def least_of(unit: str) -> float:
    """The least a value in a unit can be: 1 for the "ratio of" a whole to its part, else 0.

    >>> least_of("ratio of facility to server energy"), least_of("ratio per year")
    (1.0, 0.0)
    """
    return 1.0 if unit.startswith("ratio of ") else 0.0


def read_value(value: Any, support: Support) -> float | Range:
    """A number, `low .. high` (a 90 % interval), or {p50:, p90:}; raises ValueError outside the support.

    >>> read_value("0.2 .. 0.4", Support.SHARE)
    Range(low=0.2, high=0.4, support=<Support.SHARE: 'share'>)
    """
    if isinstance(value, Mapping):
        points = cast("Mapping[str, Any]", value)
        if set(points) != {"p50", "p90"}:
            raise ValueError("a range by quantiles has exactly p50 and p90")
        return Range.from_quantiles(float(points["p50"]), float(points["p90"]), support)
    low, separator, high = str(value).partition("..")
    if separator:
        return Range(_number(low), _number(high), support)
    number = _number(low)
    Range(number, number, support)
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text.strip()!r} is not a number, nor a range `low .. high`") from None
