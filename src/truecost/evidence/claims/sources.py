"""Inputs found: each source of a calculation as a number or range, with where it is from and how sure it
is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from truecost.evidence.claims.model import Amount, Claim, Source, ends_of
from truecost.ranges import Range, Support

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.catalog.facts import Fact
    from truecost.catalog.hardware_prices import Term

PER_MILLION = 1e6


@lru_cache(maxsize=4096)
def median_of(value: Amount) -> float:
    """The number, or the median of the range."""
    return value.median if isinstance(value, Range) else value


@dataclass(frozen=True, slots=True)
class Found:
    """An input ready to be used: its value (None for one that is missing), and what it rests on.

    `kind` is "stated", "claim", "fact", "assumed" or "missing"; `path` decides its draws, so that one
    fact has the same draws in every claim. `needs` says what is missing.
    """

    name: str
    label: str
    unit: str
    value: Amount | None
    kind: str
    path: str
    source: str
    confidence: str = ""
    free: Range | None = None
    needs: str = ""
    refers_to: str = ""

    @property
    def admissible(self) -> Range | None:
        """Where it may be varied: what is declared free, else the 90 % range of a fact or assumption."""
        if self.free is not None:
            return self.free
        return self.value if isinstance(self.value, Range) and self.kind in ("fact", "assumed") else None

    @property
    def middle(self) -> float | None:
        """The number, or the median of the range."""
        if self.value is None:
            return None
        return median_of(self.value)


@dataclass(frozen=True, slots=True)
class Sought:
    """Everything a source may need: the facts, the claims, the claim's own day and its texts."""

    catalog: Catalog
    claims: Mapping[str, Claim]
    as_of: date
    texts: Mapping[str, Any]

    def word(self, value: object) -> str:
        """A name; "$chip" is what the claim gives as `chip`."""
        text = str(value)
        return str(self.texts[text[1:]]) if text.startswith("$") else text

    def day(self, parts: Mapping[str, Any]) -> date:
        """The day that counts: the source's own, else the claim's."""
        on = parts.get("day")
        if on is None:
            return self.as_of
        return on if isinstance(on, date) else date.fromisoformat(str(on))


def find(name: str, labelled: tuple[str, str | None], source: Source, sought: Sought, claim: str) -> Found:
    """The input that a source names, with its label and unit; a unit of None is that of its fact.

    Raises UnknownName for a name nobody knows.
    """
    label, unit = labelled
    base = Found(name, label, unit or "", None, source.kind, f"claims/{claim}/{name}", "", free=source.free)
    if source.kind == "missing":
        return replace(base, needs=str(source.value), source="not published")
    if source.kind in ("stated", "assumed"):
        why = str(source.parts.get("why") or "")
        said = "the claim's own figure" if source.kind == "stated" else f"our assumption: {why}"
        path = f"claims/assumed/{why}" if source.kind == "assumed" and why else base.path
        return replace(base, value=source.value, source=said, path=path)
    if source.kind == "claim":
        return _other_claim(base, str(source.value), sought)
    if source.kind == "law":
        return _law(base, str(source.value))
    from truecost.catalog.names import UnknownName

    try:
        fact = _FACTS[source.kind](source, sought)
        return _of_fact(replace(base, unit=_unit_of(fact) if unit is None else unit), fact)
    except UnknownName:
        raise
    except LookupError as missing:
        return replace(base, kind="missing", needs=str(missing.args[0]), source="no fact in the catalog")


def _other_claim(base: Found, other: str, sought: Sought) -> Found:
    from truecost.catalog.names import UnknownName

    if other not in sought.claims:
        raise UnknownName("claim", other, _near(other, sought.claims))
    interval = sought.claims[other].interval()
    if interval is None:
        return replace(base, kind="missing", needs=f"a figure of the claim {other}")
    value = interval.low if interval.is_point else Range(interval.low, interval.high, Support.REAL)
    if isinstance(value, Range) and value.low > 0:
        value = Range(value.low, value.high)
    return replace(base, value=value, source=f"the claim {other}", refers_to=other)


def _near(name: str, names: Mapping[str, Any]) -> list[str]:
    import difflib

    return difflib.get_close_matches(name, names, n=3, cutoff=0.5)


def _law(base: Found, quantity: str) -> Found:
    """The residual of a fitted law: measured over predicted where it was not fitted."""
    from truecost.catalog.names import UnknownName
    from truecost.physics.calibration import load_calibration

    calibration = load_calibration()
    if quantity not in calibration.serving_residuals:
        raise UnknownName("residual of a law", quantity, list(calibration.serving_residuals))
    residual = calibration.serving_residuals[quantity]
    return replace(
        base,
        value=residual.range_90,
        kind="fact",
        path=f"law/{quantity}",
        confidence="measured",
        source=f"Fit of this tool's law of serving to {_without_paths(calibration.fitted_on)}",
    )


def _without_paths(text: str) -> str:
    """A description without the file names in brackets, which say nothing to a reader."""
    return re.sub(r" \([^()]*/[^()]*\)", "", text)


def _of_fact(base: Found, fact: Fact) -> Found:
    value = fact.value
    if fact.unit == "USD/token":
        value = _times(value, PER_MILLION)
    source = fact.source + (f" ({fact.note})" if fact.note else "")
    return replace(
        base,
        value=value,
        kind="fact",
        path=f"{fact.key}@{fact.checked}",
        source=source,
        confidence=fact.confidence.value,
    )


def as_cited(label: str, fact: Fact) -> Found:
    """A fact that a calculation looked up itself, as an input is shown."""
    return _of_fact(Found(label, label, _unit_of(fact), None, "fact", fact.key, ""), fact)


def _unit_of(fact: Fact) -> str:
    """Its unit as it is shown: without what is said of it behind a comma, tokens by the million."""
    return "USD/Mtok" if fact.unit == "USD/token" else fact.unit.split(",")[0]


def _times(value: Amount, factor: float) -> Amount:
    return (
        Range(value.low * factor, value.high * factor, value.support)
        if isinstance(value, Range)
        else (value * factor)
    )


def _rate(source: Source, sought: Sought) -> Fact:
    return sought.catalog.rate(sought.word(source.value), sought.day(source.parts))


def _rental(source: Source, sought: Sought) -> Fact:
    term = cast("Term", source.parts.get("term", "on_demand"))
    day = sought.day(source.parts)
    fact = sought.catalog.rental(sought.word(source.value), day, term)
    return replace(fact, key=f"{fact.key}@{day}")


def _purchase(source: Source, sought: Sought) -> Fact:
    day = sought.day(source.parts)
    fact = sought.catalog.purchase(sought.word(source.value), day)
    return replace(fact, key=f"{fact.key}@{day}")


def _price(source: Source, sought: Sought) -> Fact:
    provider = source.parts.get("provider")
    listed = sought.catalog.prices(sought.word(source.value), sought.day(source.parts), provider)
    return listed.fact(str(source.parts.get("kind", "input")))


def _chip(source: Source, sought: Sought) -> Fact:
    chip = sought.catalog.accelerator(sought.word(source.value))
    has = str(source.parts.get("has", "memory_bytes"))
    if has.startswith("peak_flops/"):
        return chip.dense_peak_fact(has.removeprefix("peak_flops/"))
    fact = getattr(chip, has, None)
    if fact is None:
        raise LookupError(f"{has} of {chip.name} is not published")
    return fact


def _model(source: Source, sought: Sought) -> Fact:
    """A size of a model, from its architecture."""
    from truecost.catalog.facts import Confidence, Fact

    architecture = sought.catalog.model(sought.word(source.value))
    has = str(source.parts.get("has", "total_parameters"))
    value = float(getattr(architecture, has))
    return Fact(
        f"model/{architecture.name}/{has}",
        value,
        has.replace("_", " "),
        f"counted from {architecture.source}",
        date(2026, 11, 22),
        Confidence.PUBLISHED,
    )


def _recorded(source: Source, sought: Sought) -> Fact:
    return recorded(str(source.value), str(source.parts.get("has", "training_flops")))


def recorded(name: str, has: str) -> Fact:
    """A figure of a recorded run ("GPT-4", training_flops), or of a published cost (cloud_usd).

    Raises UnknownName for a run that is not on record, LookupError for a figure that it has not.
    """
    from truecost.catalog.facts import Confidence, Fact
    from truecost.catalog.names import UnknownName
    from truecost.evidence.epoch_tables import published, runs

    run = runs().get(name)
    if run is None:
        raise UnknownName("recorded run", name, _near(name, runs()))
    value = (
        published().get(name, {}).get(has.removesuffix("_usd"))
        if has.endswith("_usd")
        else getattr(run, has, None)
    )
    if value is None:
        raise LookupError(f"{has.replace('_', ' ')} of {name} is not recorded")
    return Fact(
        f"recorded/{name}/{has}",
        float(value),
        "USD" if has.endswith("_usd") else has.replace("_", " "),
        "Epoch AI, training-cost-trends@263c40a",
        date(2026, 11, 22),
        Confidence.PUBLISHED,
    )


_FACTS: Mapping[str, Callable[[Source, Sought], Fact]] = {
    "rate": _rate,
    "rental": _rental,
    "purchase": _purchase,
    "price": _price,
    "chip": _chip,
    "model": _model,
    "recorded": _recorded,
}


def corners(values: Mapping[str, Amount]) -> dict[str, list[float]]:
    """Every combination of the ends of the ranges, by input."""
    import itertools

    names = list(values)
    combined = itertools.product(*({*ends_of(values[name])} for name in names))
    rows = list(combined)
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}
