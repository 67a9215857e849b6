"""A claim recomputed: its inputs found, its calculation run over draws, over the ends of stated figures,
over a grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from truecost.catalog.names import UnknownName
from truecost.evidence.claims.calculations import calculation
from truecost.evidence.claims.formula import FormulaError
from truecost.evidence.claims.model import Claim, Source
from truecost.evidence.claims.sources import Found, Sought, as_cited, corners, find
from truecost.evidence.claims.working import Calculation, Curve, MissingFact, Working
from truecost.physics.replica import DoesNotFit
from truecost.ranges import Draws, FloatArray, Range, Ranged, Value, summarize
from truecost.units import UnitError, parse_unit

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

DRAWS = 1024
SEED = 1
_MOST_CORNERS = 6
_MISSING = (LookupError, DoesNotFit, FormulaError)


@dataclass(frozen=True, slots=True)
class StepDone:
    """One step with its value as a range, its unit and the inputs it took."""

    what: str
    formula: str
    value: Ranged
    unit: str
    inputs: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "what": self.what,
            "formula": self.formula,
            "value": dict(self.value),
            "unit": self.unit,
            "inputs": list(self.inputs),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a calculation gave: draws of the result in the claim's unit, by each way of counting, and its
    steps.

    `ends` are the least and most from the ends of the stated figures, where all inputs are stated. `needs`
    says what is missing; then there is no result.
    """

    inputs: Mapping[str, Found]
    ways: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    steps: Sequence[StepDone] = ()
    curves: Sequence[Curve] = ()
    ends: tuple[float, float] | None = None
    needs: tuple[str, ...] = ()
    unit: str = ""
    cited: Sequence[Found] = ()

    @property
    def draws(self) -> FloatArray | None:
        """The result: that of the first way of counting; None where something is missing."""
        return next(iter(self.ways.values()), None)

    @property
    def result(self) -> Ranged | None:
        """Its 5 %, 50 % and 95 % points and its mean."""
        draws = self.draws
        return None if draws is None else ranged(draws)

    @property
    def is_all_stated(self) -> bool:
        """Whether nothing but the claim's own figures, or those of other claims, entered."""
        kinds = {found.kind for found in self.inputs.values()}
        return bool(kinds) and kinds <= {"stated", "claim"} and not self.cited


def ranged(draws: FloatArray) -> Ranged:
    """The points of draws; infinite ones stay infinite, without warnings."""
    finite = np.asarray(draws, dtype=np.float64)
    if np.all(np.isfinite(finite)):
        return summarize(finite)
    low, middle, high = (float(v) for v in np.quantile(finite, (0.05, 0.5, 0.95), method="nearest"))
    return {"p5": low, "p50": middle, "p95": high, "mean": float(np.inf)}


@dataclass(frozen=True, slots=True)
class Recomputation:
    """A claim with its calculation and inputs, ready to be run with any values."""

    claim: Claim
    calculation: Calculation
    inputs: Mapping[str, Found]
    texts: Mapping[str, Any]
    catalog: Catalog

    @property
    def factor(self) -> float:
        """What a result is multiplied by to be in the unit of the claim's interval."""
        return conversion(self.calculation.unit, self.claim.tested_unit)

    def run(self, values: Mapping[str, Value], *, curves: bool = False) -> Working:
        """One run; LookupError, DoesNotFit or FormulaError where something is missing."""
        at = Working(values, self.texts, self.catalog, self.claim.as_of, self.claim.formula, curves)
        result = self.calculation.run(at)
        at.ways = at.ways or {"": result}
        return at

    def middles(self, without: str = "") -> dict[str, Value]:
        """Every input at its median."""
        return {
            name: found.middle
            for name, found in self.inputs.items()
            if found.middle is not None and name != without
        }

    def median(self) -> float | None:
        """The result with every input at its median, in the claim's unit; None where it cannot be had."""
        try:
            with np.errstate(all="ignore"):
                done = self.run(self.middles())
        except (*_MISSING, ValueError):
            return None
        return float(np.median(next(iter(done.ways.values())))) * self.factor

    def along(self, name: str, at: FloatArray, way: str | None = None) -> FloatArray:
        """The result in the claim's unit as one input takes other values, all others at their medians."""
        values = {**self.middles(name), name: at}
        with np.errstate(all="ignore"):
            try:
                done = self.run(values)
                found = next(iter(done.ways.values())) if way is None else done.ways[way]
                return np.broadcast_to(np.asarray(found, dtype=np.float64), at.shape) * self.factor
            except (*_MISSING, ValueError, TypeError):
                return self._one_by_one(name, at, way)

    def _one_by_one(self, name: str, at: FloatArray, way: str | None) -> FloatArray:
        """The same, value after value: for a calculation that chooses a layout or a count by an input."""
        found: list[float] = []
        for value in at:
            try:
                done = self.run({**self.middles(name), name: float(value)})
                result = next(iter(done.ways.values())) if way is None else done.ways[way]
                found.append(float(np.median(result)) * self.factor)
            except (*_MISSING, ValueError):
                found.append(np.nan)
        return np.array(found)


def conversion(given: str, wanted: str) -> float:
    """The factor from one unit to another; 1 for a result without a unit.

    >>> conversion("days", "weeks") == 1 / 7
    True

    Raises UnitError where they measure different things.
    """
    if not given or given == wanted:
        return 1.0
    one, other = parse_unit(given), parse_unit(wanted)
    if one.dimensions != other.dimensions:
        raise UnitError(f"{wanted!r} does not measure what {given!r} does", (given,))
    return float(one.size / other.size)


def prepared(claim: Claim, claims: Mapping[str, Claim], catalog: Catalog) -> Recomputation:
    """Everything found that the claim's calculation takes.

    Raises UnknownName for a calculation, fact, model or claim nobody knows.
    """
    assert claim.calculation is not None
    chosen = calculation(claim.calculation)
    texts = {**chosen.texts, **claim.texts}
    sought = Sought(catalog, claims, claim.as_of, texts)
    inputs: dict[str, Found] = {}
    needed = dict(chosen.inputs)
    for name in claim.inputs:
        needed.setdefault(name, None)  # type: ignore[arg-type]
    for name, need in needed.items():
        source = claim.inputs.get(name)
        if source is None:
            source = _default(need.default if need else None, name)
        parts = source.parts
        label = str(parts.get("label") or (need.label if need else name.replace("_", " ")))
        unit = parts.get("unit") or (need.unit if need else None)
        inputs[name] = find(name, (label, unit), source, sought, claim.id)
    return Recomputation(claim, chosen, inputs, texts, catalog)


def _default(given: object, name: str) -> Source:
    from truecost.evidence.claims.reading import amount, source_of

    if given is None:
        return Source("missing", name.replace("_", " "))
    if isinstance(given, int | float | str):
        return Source("assumed", amount(given), {"why": "a rule of the calculation"})
    return source_of(given)


def recomputed(ready: Recomputation, draws: int = DRAWS, *, curves: bool = True) -> Outcome:
    """The claim's figure over draws, with its steps; what is missing instead where something is."""
    needs = tuple(found.needs for found in ready.inputs.values() if found.value is None)
    if needs:
        return Outcome(ready.inputs, needs=needs)
    window = Draws(SEED, 0, draws)
    values = {
        name: window.of(found.path, found.value)
        for name, found in ready.inputs.items()
        if found.value is not None
    }
    try:
        with np.errstate(all="ignore"):
            done = ready.run(values, curves=curves)
    except MissingFact as missing:
        return Outcome(ready.inputs, needs=(str(missing),))
    except UnknownName:
        raise
    except (*_MISSING, ValueError) as missing:
        return Outcome(ready.inputs, needs=(str(missing.args[0] if missing.args else missing),))
    ways = {name: _whole(value, draws) * ready.factor for name, value in done.ways.items()}
    if not all(np.all(~np.isnan(way)) for way in ways.values()):
        return Outcome(ready.inputs, needs=("inputs whose calculation has a value",))
    steps = [
        StepDone(s.what, s.formula, ranged(_whole(s.value, draws)), s.unit, s.inputs) for s in done.steps
    ]
    cited = tuple(as_cited(label, fact) for label, fact in done.cited.items())
    made = Outcome(ready.inputs, ways, steps, done.curves, unit=ready.claim.tested_unit, cited=cited)
    return _from_end_to_end(ready, made) if made.is_all_stated else made


def _whole(value: Value, draws: int) -> FloatArray:
    array = np.asarray(value, dtype=np.float64)
    return np.broadcast_to(array, (draws,)) if array.size == 1 else array


def _from_end_to_end(ready: Recomputation, made: Outcome) -> Outcome:
    """The result, and each step, from the least to the most over every combination of the ends of the stated
    figures: a published range is no 90 % interval.
    """
    given = {name: found.value for name, found in ready.inputs.items() if found.value is not None}
    if sum(isinstance(value, Range) for value in given.values()) > _MOST_CORNERS:
        return made
    values = {name: np.array(ends) for name, ends in corners(given).items()}
    with np.errstate(all="ignore"):
        try:
            done = ready.run(dict(values))
        except (*_MISSING, ValueError):
            return made
    found = np.asarray(next(iter(done.ways.values())), dtype=np.float64) * ready.factor
    steps = [
        replace(step, value={**step.value, "p5": float(np.min(ends.value)), "p95": float(np.max(ends.value))})
        for step, ends in zip(made.steps, done.steps, strict=True)
    ]
    return replace(made, ends=(float(found.min()), float(found.max())), steps=steps)
