"""Claims checked: each with its calculation and verdict, and what conflicts with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from truecost.catalog.names import UnknownName
from truecost.evidence.claims.conflicts import Conflict, conflicts
from truecost.evidence.claims.misread import read_off
from truecost.evidence.claims.model import Claim
from truecost.evidence.claims.outcome import DRAWS, Outcome, Recomputation, prepared, ranged, recomputed
from truecost.evidence.claims.reading import shipped
from truecost.evidence.claims.verdict import Kind, Verdict, judge

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Checked:
    """One claim with what its recomputation gave and the verdict that follows."""

    claim: Claim
    outcome: Outcome | None
    verdict: Verdict
    title: str = ""
    conflicts_with: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `truecost claims --json` gives them."""
        claim, outcome = self.claim, self.outcome
        reading = claim.reading
        return {
            "id": claim.id,
            "topic": claim.topic,
            "statement": claim.statement,
            "low": claim.low,
            "high": claim.high,
            "unit": claim.unit,
            "figures": dict(claim.figures),
            "reading": dict(zip(("low", "high", "unit", "why"), reading, strict=True)) if reading else None,
            "published": claim.published,
            "as_of": claim.as_of.isoformat(),
            "recompute_from": claim.recompute_from,
            "note": claim.note,
            "origin": claim.origin,
            "calculation": claim.calculation,
            "calculation_title": self.title,
            "inputs": _inputs(outcome) if outcome else [],
            "steps": [step.to_dict() for step in outcome.steps] if outcome else [],
            "result": dict(outcome.result) if outcome and outcome.result else None,
            "result_ends": list(outcome.ends) if outcome and outcome.ends else None,
            "result_unit": claim.tested_unit,
            "ways": {name: dict(ranged(d)) for name, d in outcome.ways.items() if name} if outcome else {},
            "curves": [_curve(curve) for curve in outcome.curves] if outcome else [],
            "verdict": self.verdict.to_dict(),
            "conflicts_with": list(self.conflicts_with),
        }


def _inputs(outcome: Outcome) -> list[dict[str, Any]]:
    from truecost.ranges import Range

    rows: list[dict[str, Any]] = []
    for found in (*outcome.inputs.values(), *outcome.cited):
        value = found.value
        low, high = (value.low, value.high) if isinstance(value, Range) else (value, value)
        rows.append(
            {
                "input": found.name,
                "label": found.label,
                "unit": found.unit,
                "value": found.middle,
                "low": low,
                "high": high,
                "kind": found.kind,
                "source": found.source,
                "confidence": found.confidence,
                "needs": found.needs,
                "admissible": [found.admissible.low, found.admissible.high] if found.admissible else None,
            }
        )
    return rows


def _curve(curve: Any) -> dict[str, Any]:
    import math

    return {
        "title": curve.title,
        "x": curve.x,
        "x_unit": curve.x_unit,
        "y": curve.y,
        "y_unit": curve.y_unit,
        "is_log": curve.is_log,
        "at": list(curve.at),
        "lines": [
            {"name": line.name, "values": [v if math.isfinite(v) else None for v in line.values]}
            for line in curve.lines
        ],
        "marks": [{"name": name, "value": value} for name, value in curve.marks],
    }


class Report:
    """Every claim checked against one catalog; each is computed when it is first asked for."""

    def __init__(self, claims: Mapping[str, Claim], catalog: Catalog, draws: int = DRAWS) -> None:
        self.claims, self.catalog, self.draws = claims, catalog, draws
        self._ready: dict[str, Recomputation | None] = {}
        self._checked: dict[str, Checked] = {}

    def prepared(self, name: str, day: date | None = None) -> Recomputation | None:
        """A claim ready to be recomputed, on another day if asked; None for one without a calculation."""
        if day is not None and day != self.claims[name].as_of and self.claims[name].calculation:
            return prepared(replace(self.claims[name], as_of=day), self.claims, self.catalog)
        if name not in self._ready:
            claim = self.claims[name]
            self._ready[name] = prepared(claim, self.claims, self.catalog) if claim.calculation else None
        return self._ready[name]

    def __getitem__(self, name: str) -> Checked:
        """One claim, checked. Raises UnknownName with the nearest ids."""
        if name not in self.claims:
            import difflib

            raise UnknownName("claim", name, difflib.get_close_matches(name, self.claims, n=3, cutoff=0.4))
        if name not in self._checked:
            self._checked[name] = self._check(name)
        return self._checked[name]

    def _check(self, name: str) -> Checked:
        claim, ready = self.claims[name], self.prepared(name)
        outcome = recomputed(ready, self.draws) if ready else None
        verdict = _with_misreadings(claim, ready, judge(claim, ready, outcome))
        title = ready.calculation.title if ready else ""
        return Checked(claim, outcome, verdict, title)

    @cached_property
    def conflicts(self) -> list[Conflict]:
        """Every pair of claims that cannot both be true."""
        return conflicts(self.claims, self.prepared, self.catalog)

    @cached_property
    def all(self) -> list[Checked]:
        """Every claim, checked, in the order of the files, with the ids of those it conflicts with.

        One that cannot be checked and conflicts with a claim that holds contradicts that claim.
        """
        against: dict[str, set[str]] = {}
        for conflict in self.conflicts:
            one, other = conflict.ids
            against.setdefault(one, set()).add(other)
            against.setdefault(other, set()).add(one)
        found = [
            replace(self[name], conflicts_with=tuple(sorted(against.get(name, ())))) for name in self.claims
        ]
        holding = {checked.claim.id for checked in found if checked.verdict.kind is Kind.HOLDS}
        return [_against_others(checked, holding) for checked in found]

    def counts(self) -> dict[str, int]:
        """How many claims have each kind of verdict."""
        return {kind.value: sum(c.verdict.kind is kind for c in self.all) for kind in Kind}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `truecost claims --json` gives them."""
        return self._plain(self.all, self.conflicts)

    def of(self, name: str) -> dict[str, Any]:
        """The same for one claim, with its conflicts. Raises UnknownName with the nearest ids."""
        checked = self[name]
        with_it = [conflict for conflict in self.conflicts if name in conflict.ids]
        others = {each for conflict in with_it for each in conflict.ids} - {name}
        holding = {other for other in others if self[other].verdict.kind is Kind.HOLDS}
        one = _against_others(replace(checked, conflicts_with=tuple(sorted(others))), holding)
        return self._plain([one], with_it)

    def _plain(self, found: Sequence[Checked], between: Sequence[Conflict]) -> dict[str, Any]:
        from truecost.version import VERSION

        return {
            "truecost": {"version": VERSION},
            "catalog_overlay": self.catalog.overlay,
            "draws": self.draws,
            "rule": rule(),
            "counts": {kind.value: sum(c.verdict.kind is kind for c in found) for kind in Kind},
            "claims": [checked.to_dict() for checked in found],
            "conflicts": [conflict.to_dict() for conflict in between],
        }


def rule() -> str:
    """The rule from numbers to verdicts, in words."""
    return (
        "A claim's interval is loosened by 1.25 at both ends; a year by half a year; a share only as far as "
        "the rest of the whole stays within 1.25 too. A claim holds where the median of what we get lies "
        "inside by every way of counting. It contradicts where its own figures, or another claim's, alone "
        "give something else. It holds if some way of counting lies inside, if one input inside its "
        "admissible range brings our median to the claim as published, or if its two ends are counted "
        "differently. Else it is off by our median over its middle. It cannot be checked where an input is "
        "missing."
    )


def _against_others(checked: Checked, holding: set[str]) -> Checked:
    against = tuple(name for name in checked.conflicts_with if name in holding)
    if checked.verdict.kind is not Kind.UNKNOWN or not against:
        return checked
    return replace(checked, verdict=replace(checked.verdict, kind=Kind.CONTRADICTS, contradicts=against))


def _with_misreadings(claim: Claim, ready: Recomputation | None, verdict: Verdict) -> Verdict:
    """The verdict with a note where a figure has the digits of another fact of the same chip."""
    if ready is None or "chip" not in ready.texts or verdict.kind is Kind.HOLDS:
        return verdict
    interval = claim.interval()
    if interval is None:
        return verdict
    chip = ready.catalog.accelerator(str(ready.texts["chip"]))
    ends = [end for end in (interval.low, interval.high) if 0 < end < float("inf")]
    notes = tuple(read_off(ends, claim.tested_unit, chip))
    return replace(verdict, notes=(*verdict.notes, *notes))


@overload
def claims(name: str, *, file: str | Path | None = ..., catalog: str | Path | None = ...) -> Checked: ...
@overload
def claims(
    name: None = ..., *, file: str | Path | None = ..., catalog: str | Path | None = ...
) -> Report: ...
def claims(
    name: str | None = None, *, file: str | Path | None = None, catalog: str | Path | None = None
) -> Checked | Report:
    """Every published claim checked, or one of them by its id; `file` adds claims of your own (YAML).

    `catalog` is an overlay of facts. Raises SpecError with every problem of the file, UnknownName for an id
    that there is not.

    >>> claims("consumer-year").verdict.kind.value
    'holds'
    """
    from truecost.catalog import load

    facts = load(catalog)
    everything = dict(shipped())
    if file is not None:
        from truecost.evidence.claims.own import read_file

        everything |= read_file(file, facts)
    report = Report(everything, facts)
    return report if name is None else report[name]
