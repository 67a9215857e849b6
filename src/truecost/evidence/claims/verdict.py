"""The one rule from numbers to a verdict; no claim has a verdict of its own.

A claim's interval is loosened by a factor of 1.25 at both ends (half a year for a calendar year; a share only
as far as the rest of the whole stays within the factor too). In order:

1. `cannot be checked` where an input is missing: it names what is needed, and the values at which the claim
   would hold.
2. `holds if` where the ends of the interval are the figures of two different ways of counting: it mixes them.
3. `holds` where the median of what we get lies in the loosened interval, by every way of counting.
4. `holds if` where only some ways of counting land inside: those are named.
5. `contradicts` where nothing but the claim's own figures, or those of other claims, went in: it contradicts
   those claims, or its own arithmetic.
6. `holds if` where one input inside its admissible range (declared for the claim, else the 90 % range of the
   fact) brings the result into the interval as published: the input that has to move least is named.
7. `off by` otherwise: our median over the middle of the claim, and the direction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np

from truecost.evidence.claims.model import Claim, Interval
from truecost.evidence.claims.outcome import Outcome, Recomputation, ranged
from truecost.evidence.claims.solving import Condition, conditions, what_it_takes
from truecost.evidence.claims.words import shown, span
from truecost.ranges import FloatArray


class Kind(StrEnum):
    """The kinds of verdict, in the order they are listed."""

    CONTRADICTS = "contradicts"
    OFF = "off"
    HOLDS_IF = "holds if"
    HOLDS = "holds"
    UNKNOWN = "cannot be checked"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from the numbers: the kind, and what it rests on.

    `factor` is our median over the middle of the claim (years less years for a calendar year); `conditions`
    make the claim true, the least change first; `ways` are the ways of counting that land inside;
    `contradicts` the claims, or the claim itself; `needs` what is missing.
    """

    kind: Kind
    factor: float | None = None
    share_inside: float | None = None
    conditions: tuple[Condition, ...] = ()
    ways: tuple[str, ...] = ()
    contradicts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    is_year: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def direction(self) -> str:
        """Whether the claim is too high or too low; "" where no factor says."""
        if self.factor is None or math.isnan(self.factor):
            return ""
        is_low = self.factor > 0 if self.is_year else self.factor > 1 or self.factor < 0
        return (
            ("too early" if is_low else "too late") if self.is_year else "too low" if is_low else "too high"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kind": self.kind.value,
            "factor": self.factor,
            "direction": self.direction,
            "share_of_draws_inside": self.share_inside,
            "conditions": [condition.to_dict() for condition in self.conditions],
            "ways": list(self.ways),
            "contradicts": list(self.contradicts),
            "needs": list(self.needs),
            "notes": list(self.notes),
        }


def judge(claim: Claim, ready: Recomputation | None, outcome: Outcome | None) -> Verdict:
    """The verdict on a claim from what its recomputation gave."""
    interval = claim.interval()
    if interval is None:
        return Verdict(Kind.UNKNOWN, needs=("a figure, or a reading of its words as one",))
    if ready is None or outcome is None:
        return Verdict(
            Kind.UNKNOWN, needs=("a calculation: nothing independent is known to recompute it from",)
        )
    if outcome.draws is None:
        return Verdict(Kind.UNKNOWN, conditions=tuple(_of_missing(ready, interval)), needs=outcome.needs)
    if claim.figures:
        return _by_figure(claim, outcome)
    return _by_interval(interval, ready, outcome)


def _of_missing(ready: Recomputation, interval: Interval) -> list[Condition]:
    """The values of the one missing input at which the claim would hold; none where several are missing."""
    missing = [found for found in ready.inputs.values() if found.value is None]
    if len(missing) != 1 or missing[0].admissible is None:
        return []
    return [c for c in conditions(ready, interval) if c.input == missing[0].name]


def _by_figure(claim: Claim, outcome: Outcome) -> Verdict:
    """Several figures, each against the result of its name: all must hold, the worst says how far off."""
    factors: dict[str, float] = {}
    insides: list[bool] = []
    for name, figure in claim.figures.items():
        if name not in outcome.ways:
            return Verdict(Kind.UNKNOWN, needs=(f"a result for {name}",))
        middle = float(np.median(outcome.ways[name]))
        insides.append(Interval(figure, figure).loosened().contains(middle))
        factors[name] = middle / figure
    worst = max(factors, key=lambda name: abs(math.log(max(factors[name], 1e-12))))
    if all(insides):
        return Verdict(Kind.HOLDS, factors[worst], 1.0)
    right = tuple(name for name, inside in zip(claim.figures, insides, strict=True) if inside)
    notes = (f"{worst} is the figure that is off",) if right else ()
    return Verdict(Kind.OFF, factors[worst], 0.0, ways=right, notes=notes)


def _by_interval(interval: Interval, ready: Recomputation, outcome: Outcome) -> Verdict:
    loose = interval.loosened()
    medians = {way: _median(draws) for way, draws in outcome.ways.items()}
    right = tuple(way for way, median in medians.items() if loose.contains(median))
    nearest = min(medians, key=lambda way: _distance(interval, medians[way]))
    base = Verdict(
        Kind.OFF,
        interval.factor(medians[nearest]),
        _share_inside(loose, outcome.ways[nearest]),
        is_year=interval.is_year,
        notes=_by_the_rest(interval, medians[nearest]),
    )
    mixed = mixed_ways(interval, outcome.ways) if ready.calculation.has_methods else ()
    if mixed:
        note = f"its ends count differently: {mixed[0]} at the low end, {mixed[1]} at the high end"
        return replace(base, kind=Kind.HOLDS_IF, ways=mixed, notes=(note,))
    if len(right) == len(medians):
        return replace(base, kind=Kind.HOLDS)
    if right:
        return replace(base, kind=Kind.HOLDS_IF, ways=right)
    if outcome.is_all_stated:
        others = tuple(found.refers_to for found in outcome.inputs.values() if found.refers_to)
        takes = tuple(what_it_takes(ready, interval))
        return replace(base, kind=Kind.CONTRADICTS, contradicts=others or (ready.claim.id,), conditions=takes)
    found = tuple(conditions(ready, interval, nearest or None))
    if not found:
        return base
    return replace(base, kind=Kind.HOLDS_IF, conditions=found, notes=_of_itself(found[0], interval))


def _of_itself(condition: Condition, interval: Interval) -> tuple[str, ...]:
    """A note where the input that makes the claim true is the claimed figure itself."""
    if not condition.is_figure(interval):
        return ()
    return (
        f"that input is the claimed figure itself, which lies inside the range of what is known, "
        f"{span(*condition.within, condition.unit)}, but off its middle",
    )


def _by_the_rest(interval: Interval, median: float) -> tuple[str, ...]:
    """A note where a share is near the claim and what is left of the whole is not."""
    if not interval.is_by_the_rest(median):
        return ()
    left, claimed = shown(1 - median, "share"), shown(1 - interval.centre, "share")
    return (f"the factor is of what is left: {left}, where the claim leaves {claimed}",)


def _median(draws: FloatArray) -> float:
    return ranged(draws)["p50"]


def _share_inside(loose: Interval, draws: FloatArray) -> float:
    return float(np.mean((draws >= loose.low) & (draws <= loose.high)))


def _distance(interval: Interval, median: float) -> float:
    """How far a median lies outside the claim, in logs where both are above 0."""
    if interval.contains(median):
        return 0.0
    end = interval.low if median < interval.low else interval.high
    return (
        abs(math.log(median / end)) if median > 0 and end > 0 and not interval.is_year else abs(median - end)
    )


NEAR_AN_END = 1.25
"""How near an end of a claim a way of counting must come to be what that end was counted by, as a factor."""


def mixed_ways(interval: Interval, ways: Mapping[str, FloatArray]) -> tuple[str, ...]:
    """The two ways of counting that the ends of a claim are figures of, where these differ; else nothing.

    >>> ways = {"rented": np.full(4, 78.0), "on demand": np.full(4, 194.0)}
    >>> mixed_ways(Interval(78.0, 191.0), ways), mixed_ways(Interval(70.0, 80.0), ways)
    (('rented', 'on demand'), ())
    """
    ends = (interval.low, interval.high)
    medians = {way: _median(draws) for way, draws in ways.items()}
    if interval.is_point or not all(0 < value < math.inf for value in (*ends, *medians.values())):
        return ()
    nearest = tuple(min(medians, key=lambda way, end=end: abs(math.log(medians[way] / end))) for end in ends)
    near = all(
        abs(math.log(medians[way] / end)) <= math.log(NEAR_AN_END)
        for way, end in zip(nearest, ends, strict=True)
    )
    return nearest if near and nearest[0] != nearest[1] else ()
