"""Claims that cannot both be true: found by computation over what they say of shared quantities.

Each claim, and each input that a claim states, is a statement about a quantity, in that quantity's unit
(`data/claim_quantities.yaml`). Two statements about one quantity conflict where the intervals share less
than half of what they span together (in logs); a single number conflicts with an interval that does not
contain it once both are loosened. Statements about two quantities that a relation ties together conflict
where the value of the relation's unknown that reconciles them lies outside what is usual. Shares of one
whole conflict where they add up to more.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truecost.evidence.claims.model import Claim, Interval, Statement
from truecost.evidence.claims.reading import quantities
from truecost.evidence.claims.solving import Condition, reconciling
from truecost.evidence.claims.words import shown, span
from truecost.ranges import Range

if TYPE_CHECKING:
    from datetime import date

    from truecost.catalog.catalog import Catalog
    from truecost.evidence.claims.outcome import Recomputation

SHARED_AT_LEAST = 0.5
"""What two intervals of one quantity must share of what they span together to agree."""
DAYS_APART = 365
"""From when on two claims may speak of different times."""
Prepare = Callable[[str, "date | None"], "Recomputation | None"]
"""A claim ready to be recomputed, on its own day or another."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What would make both true, in words and numbers: kind, sentence, and the conditions behind it."""

    kind: str
    text: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    conditions: tuple[Condition, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "kind": self.kind,
            "text": self.text,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "conditions": [condition.to_dict() for condition in self.conditions],
        }


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two statements that cannot both be true as they stand, and what reconciles them."""

    quantity: str
    what: str
    one: Statement
    other: Statement
    unit: str
    other_unit: str
    reconciled: Reconciliation

    @property
    def ids(self) -> tuple[str, str]:
        """The two claims."""
        return self.one.claim, self.other.claim

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        sides = ((self.one, self.unit), (self.other, self.other_unit))
        return {
            "quantity": self.quantity,
            "what": self.what,
            "claims": [
                {
                    "id": side.claim,
                    "low": _end(side.interval.low),
                    "high": _end(side.interval.high),
                    "unit": unit,
                    "said": side.said,
                    "as_of": side.as_of.isoformat(),
                }
                for side, unit in sides
            ],
            "reconciled": self.reconciled.to_dict(),
        }


def _end(value: float) -> float | None:
    return value if math.isfinite(value) else None


def overlap(one: Interval, other: Interval) -> float:
    """What two intervals share of what they span together, in logs; 1 for open ends that meet. Symmetric.

    >>> round(overlap(Interval(1, 5), Interval(3, 12)), 2), overlap(Interval(1, 2), Interval(3, 4))
    (0.21, 0.0)
    """
    low, high = max(one.low, other.low), min(one.high, other.high)
    if low > high:
        return 0.0
    ends = (one.low, one.high, other.low, other.high)
    if not all(math.isfinite(end) for end in ends):
        return 1.0
    bottom, top = min(one.low, other.low), max(one.high, other.high)
    if bottom <= 0:
        return (high - low) / (top - bottom) if top > bottom else 1.0
    return math.log(high / low) / math.log(top / bottom) if top > bottom else 1.0


def agree(one: Interval, other: Interval) -> bool:
    """Whether two statements about one quantity can stand side by side. Symmetric."""
    if one.is_point or other.is_point:
        a, b = one.loosened(), other.loosened()
        return max(a.low, b.low) <= min(a.high, b.high)
    return overlap(one, other) >= SHARED_AT_LEAST


def conflicts(claims: Mapping[str, Claim], prepare: Prepare, catalog: Catalog) -> list[Conflict]:
    """Every pair of statements that cannot both be true, with what reconciles them, by quantity."""
    said = [statement for claim in claims.values() for statement in claim.statements()]
    return [
        *_same_quantity(said, prepare),
        *_related(said, catalog),
        *_of_one_whole(said),
    ]


def _same_quantity(said: Iterable[Statement], prepare: Prepare) -> Iterable[Conflict]:
    by_quantity: dict[str, list[Statement]] = {}
    for statement in said:
        by_quantity.setdefault(statement.quantity, []).append(statement)
    for quantity, statements in by_quantity.items():
        known = quantities()["quantities"].get(quantity, {})
        unit = str(known.get("unit", ""))
        for one, other in itertools.combinations(statements, 2):
            if one.claim != other.claim and not agree(one.interval, other.interval):
                makers = [
                    s.claim for s in sorted(statements, key=lambda s: s not in (one, other)) if not s.said
                ]
                found = _reconciled(one, other, unit, makers, prepare)
                yield Conflict(quantity, str(known.get("what", quantity)), one, other, unit, unit, found)


def _reconciled(
    one: Statement, other: Statement, unit: str, makers: Sequence[str], prepare: Prepare
) -> Reconciliation:
    """What moved between their days; else the input whose values make each true; else where both hold; else
    nothing.
    """
    low, high = max(one.interval.low, other.interval.low), min(one.interval.high, other.interval.high)
    for name in makers:
        ready = prepare(name, None)
        found = _by_date(name, one, other, prepare) if low > high else None
        found = found or (_by_input(ready, one, other) if ready is not None else None)
        if found is not None:
            return found
    if low <= high:
        text = f"both hold where it is {span(low, high, unit)}"
        return Reconciliation("overlap", text, low, high, unit)
    ratio = math.exp(math.log(low / high)) if low > 0 and high > 0 else math.inf
    return Reconciliation(
        "none", f"nothing varied here reconciles them: they are {shown(ratio, '')} times apart"
    )


def _by_date(name: str, one: Statement, other: Statement, prepare: Prepare) -> Reconciliation | None:
    """Whether what we get moved as much between the two days as the claims differ: at least half, in logs."""
    if abs((one.as_of - other.as_of).days) < DAYS_APART:
        return None
    medians = [_median_on(name, side.as_of, prepare) for side in (one, other)]
    centres = [side.interval.centre for side in (one, other)]
    if not all(value is not None and value > 0 for value in (*medians, *centres)):
        return None
    first, second = (float(value or 0.0) for value in medians)
    moved, apart = math.log(second / first), math.log(centres[1] / centres[0])
    if moved * apart <= 0 or abs(moved) < abs(apart) / 2:
        return None
    text = (
        f"they speak of different times: between {one.as_of:%Y-%m} and {other.as_of:%Y-%m} what we get moved "
        f"by a factor of {shown(second / first, '')}"
    )
    return Reconciliation("dates", text)


def _median_on(name: str, day: date, prepare: Prepare) -> float | None:
    ready = prepare(name, day)
    if ready is None or any(found.value is None for found in ready.inputs.values()):
        return None
    return ready.median()


def _by_input(ready: Recomputation, one: Statement, other: Statement) -> Reconciliation | None:
    claim = ready.claim
    if not claim.about or claim.about[0].times != 1 or claim.about[0].share_fallen or claim.about[0].years:
        return None
    pair = reconciling(ready, one.interval, other.interval)
    if pair is None:
        return None
    first, second = pair
    if first.is_figure(one.interval) and second.is_figure(other.interval):
        return None
    text = (
        f"{one.claim} holds at {first.label} = {span(first.low, first.high, first.unit)}, "
        f"{other.claim} at {span(second.low, second.high, second.unit)}"
    )
    low, high = max(first.low, second.low), min(first.high, second.high)
    if low <= high:
        text += f"; both at {span(low, high, first.unit)}"
        return Reconciliation("input", text, low, high, first.unit, pair)
    return Reconciliation("input", text, None, None, first.unit, pair)


def _related(said: list[Statement], catalog: Catalog) -> Iterable[Conflict]:
    """Statements on either side of a relation: target = source x unknown x factor."""
    for relation in quantities()["relations"]:
        usual = _usual(relation, catalog)
        for target, source in itertools.product(
            (s for s in said if s.quantity == relation["target"]),
            (s for s in said if s.quantity == relation["source"]),
        ):
            if target.claim == source.claim:
                continue
            implied = _implied(target.interval, source.interval, float(relation["factor"]))
            if implied is None or (implied[0] <= usual.high and implied[1] >= usual.low):
                continue
            unit, name = str(relation["unit"]), str(relation["unknown"])
            text = (
                f"both hold at {span(*implied, unit)} {name}; usual are {span(usual.low, usual.high, unit)}"
            )
            known = quantities()["quantities"]
            units = (str(known[target.quantity]["unit"]), str(known[source.quantity]["unit"]))
            found = Reconciliation("relation", text, *implied, unit)
            yield Conflict(
                f"{target.quantity} = {source.quantity}", str(relation["what"]), target, source, *units, found
            )


def _implied(target: Interval, source: Interval, factor: float) -> tuple[float, float] | None:
    ends = (target.low, target.high, source.low, source.high)
    if not all(math.isfinite(end) and end > 0 for end in ends):
        return None
    return target.low / source.high / factor, target.high / source.low / factor


def _usual(relation: Mapping[str, Any], catalog: Catalog) -> Range:
    """What the unknown usually is: the sum of the facts that the relation names."""
    low = high = 0.0
    for key in relation["usual"]:
        value = catalog.rate(str(key)).value
        low += value.low if isinstance(value, Range) else value
        high += value.high if isinstance(value, Range) else value
    return Range(low, high)


def _of_one_whole(said: list[Statement]) -> Iterable[Conflict]:
    """Shares of one whole that add up to more than the whole."""
    known = quantities()["quantities"]
    wholes = {name: str(body["share_of"]) for name, body in known.items() if "share_of" in body}
    shares = [s for s in said if s.quantity in wholes]
    for one, other in itertools.combinations(shares, 2):
        if one.quantity == other.quantity or wholes[one.quantity] != wholes[other.quantity]:
            continue
        least = one.interval.low + other.interval.low
        if least <= 1:
            continue
        text = f"together they are at least {shown(least, 'share')} of one whole: they count it differently"
        found = Reconciliation("whole", text, least, None, "share")
        what = f"shares of {wholes[one.quantity]}"
        yield Conflict(f"{one.quantity} + {other.quantity}", what, one, other, "share", "share", found)
