"""From a spec to a result: the engine at the low end, the middle and the high end of the step times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truecost.replay.drive import Driven, drive
from truecost.replay.metrics import LATENCY_NAMES, RANGED, Ran, Seen, measured, seen
from truecost.replay.points import Points
from truecost.replay.power import chip_load
from truecost.replay.provider import Law
from truecost.replay.reading import read
from truecost.replay.result import ReplayResult
from truecost.replay.schema import ReplaySpec
from truecost.replay.setups import Setup, setup_of
from truecost.spec import Document, Problems

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.replay.engine_outcome import Gaps
    from truecost.replay.traffic import Load

PER_TOKENS = 1e6


@dataclass(frozen=True, slots=True)
class Answer:
    """What a setup comes to: the numbers with their intervals, and the run behind the middle.

    `ends` are what the runs at the ends of the step times saw, with the gaps between their tokens.
    """

    numbers: dict[str, Points]
    driven: Driven
    times: Seen
    watts_per_chip: Points
    ends: Sequence[tuple[Seen, Gaps]] = ()


def replay(
    source: str | Path | Mapping[str, Any],
    *,
    sets: Sequence[str] = (),
    catalog: Catalog | str | Path | None = None,
    as_of: date | None = None,
) -> ReplayResult:
    """What users see of a fleet and what it costs: a YAML file or a mapping in, a frozen result out.

    `sets` are "dotted.path=value" overrides; `catalog` a file of facts that replace the shipped ones;
    `as_of` the day whose prices count. Raises SpecError with every problem of the spec at once, DoesNotFit
    for a model that the chips do not hold.
    """
    facts = catalog_of(catalog)
    return result_of(read(source, facts, sets, as_of=as_of), facts)


def catalog_of(given: Catalog | str | Path | None) -> Catalog:
    """A catalog as it is, or the shipped one with the overlay in a file."""
    from truecost.catalog.catalog import Catalog, load

    return given if isinstance(given, Catalog) else load(given)


def result_of(
    document: Document[ReplaySpec], catalog: Catalog, limits: Mapping[str, float] | None = None
) -> ReplayResult:
    """The result of a spec that is already read; `limits` are added to its SLO, or replace what it says."""
    setup, warnings = prepared(document, catalog, limits=limits)
    return ReplayResult(setup, answered(setup), warnings)


def prepared(
    document: Document[ReplaySpec],
    catalog: Catalog,
    load: Load | None = None,
    limits: Mapping[str, float] | None = None,
) -> tuple[Setup, tuple[str, ...]]:
    """The setup of a spec that is read, and its warnings. Raises SpecError with every problem."""
    problems = Problems()
    setup = setup_of(document.value, catalog, date.today(), problems, load)
    problems.raise_if_any(document)
    assert setup is not None
    setup.limits.update(limits or {})
    return setup, tuple(str(warning) for warning in problems.warnings(document))


def answered(setup: Setup, *, ends: bool = True) -> Answer:
    """Run the engine and count; three times where the step times have an interval, once without `ends`."""
    middle = drive(setup)
    runs: list[tuple[Ran, Seen]] = [(middle.ran, seen(middle.ran, setup.overhead))]
    gaps: list[Gaps] = []
    for factor, prompts in step_ends(setup) if ends else ():
        end = drive(setup, factor, causes=False)
        runs.append((end.ran, seen(end.ran, setup.overhead, own=(middle.ran, prompts))))
        gaps.append(end.gaps)
    fleet = (setup.layout.chips, setup.blocks)
    found = [measured(ran, times, fleet, setup.limits) for ran, times in runs]
    numbers = {name: _points(name, [one[name] for one in found]) for name in found[0]}
    watts = setup.rates.watts_per_chip(chip_load(setup, middle), setup.calibration)
    saw = [times for _, times in runs[1:]]
    found_ends = list(zip(saw, gaps, strict=True))
    return Answer(numbers | _money(setup, numbers, watts), middle, runs[0][1], watts, found_ends)


def step_ends(setup: Setup) -> tuple[tuple[float, float], ...]:
    """The factors of step times and of prompts' times at the fast end and at the slow; none if measured."""
    if not isinstance(setup.steps, Law):
        return ()
    step, first = setup.residual_90(setup.judged_by), setup.residual_90("ttft")
    return (step.low, first.low), (step.high, first.high)


def _points(name: str, values: Sequence[float]) -> Points:
    """The middle and the ends; a latency of the slow end may not be below that of the middle."""
    known = [value for value in values if math.isfinite(value)]
    if name not in RANGED or len(values) == 1 or not math.isfinite(values[0]):
        return Points(values[0])
    low, high = min(known), max(known)
    if name in LATENCY_NAMES and not math.isfinite(values[-1]):
        return Points(values[0])
    return Points(values[0], low, high)


def _money(setup: Setup, numbers: Mapping[str, Points], watts: Points) -> dict[str, Points]:
    """Energy and USD of the chip-hours, and USD a token and a request that got an answer."""
    hours = numbers["chip_hours"]
    kwh = setup.rates.kwh_per_chip_hour(watts)
    each = setup.rates.usd_per_chip_hour
    if setup.rates.usd_per_kwh.middle:
        each = each + kwh * setup.rates.usd_per_kwh
    cost = hours * each
    written, moved, done = (
        numbers[f"{name}_per_s"] for name in ("output_tokens", "total_tokens", "requests")
    )
    span, cached = numbers["makespan_s"].middle, setup.load.cached

    def of(count: Points, unit: float, saved: int) -> Points:
        total = count.middle * span + saved
        return cost * (unit / total) if total > 0 else Points(math.nan)

    return {
        "energy_kwh": hours * kwh,
        "cost_usd": cost,
        "usd_per_million_output_tokens": of(written, PER_TOKENS, cached.output_tokens),
        "usd_per_million_tokens": of(moved, PER_TOKENS, cached.input_tokens + cached.output_tokens),
        "usd_per_request": of(done, 1.0, cached.requests),
    }
