"""The same traffic on other fleets: each in its best layout, the cheapest that keeps the SLO."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from truecost.replay.assumptions import Assumed
from truecost.replay.elastic import check_fixed
from truecost.replay.fleet_trials import Choice, Impossible, Row, Trials, impossible_row, price_of
from truecost.replay.frontier import broken, cheaper_by_itself, cheaper_than, frontier
from truecost.replay.run import prepared
from truecost.replay.schema import ReplaySpec
from truecost.replay.setups import DoesNotFit
from truecost.replay.traffic import Load, load_of
from truecost.spec import Document

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

_FLEET = re.compile(r"\s*(\d{1,5})\s*x\s*(\S.*?)\s*")
LARGEST_FLEET = 4096
MOST_WHOLE = 24
"""Fleets that keep the SLO and get an interval, the cheapest ones; beside those on the frontier."""
PROBED_FROM = 3
"""Fleets of one chip from which on its layouts are probed at the most replicas first."""
At = Callable[[int], None]
"""Told how many fleets are done."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A number of chips of one kind."""

    count: int
    accelerator: str

    @property
    def name(self) -> str:
        """As it is written."""
        return f"{self.count}x{self.accelerator}"


def read_fleets(text: str, catalog: Catalog) -> list[Asked]:
    """The fleets of "1xh100,2xh100,4xl40s". Raises ValueError, which names the nearest chip."""
    found: list[Asked] = []
    for part in text.split(","):
        match = _FLEET.fullmatch(part.lower())
        if match is None:
            raise ValueError(f"--fleets: {part.strip()!r} is not a number of chips such as 2xh100")
        count, chip = int(match[1]), catalog.accelerator(match[2]).key
        if not 1 <= count <= LARGEST_FLEET:
            raise ValueError(f"--fleets: {part.strip()!r}: from 1 to {LARGEST_FLEET:,} chips")
        if Asked(count, chip) in found:
            raise ValueError(f"--fleets: {count}x{chip} is named twice")
        found.append(Asked(count, chip))
    return found


def compared(
    document: Document[ReplaySpec],
    catalog: Catalog,
    fleets: Sequence[Asked],
    limits: Mapping[str, float],
    *,
    at: At | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """Every fleet in its best layout, as plain values: those that keep the SLO first, the cheapest first.

    A fleet of n chips is tried as every number of replicas whose width is a power of 2, divides n and is
    within a server. Its chips cost the same in every layout, so its best layout is the one with most room
    below the SLO (of traffic that waits for answers: the one with the cheapest run that keeps it). Intervals
    are computed of the cheapest fleets that keep the SLO and of those on the frontier. `best` is None where
    none keeps it. A price that the spec states is of its own chip; that of another is the dated record's.
    `at` is told how many fleets are done; `workers` is how many threads simulate, all cores by default.
    Raises SpecError for a spec that is wrong itself, and for a fleet that scales itself.
    """
    trials = Trials(document, catalog, checked_load(document, catalog, "--fleets"), limits)
    best_layout = _Best(trials, catalog)
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as threads:
        best_layout.probe(fleets, threads)
        rows: list[Row] = []
        for row in threads.map(best_layout.of, fleets):
            rows.append(row)
            if at is not None:
                at(len(rows))
        ordered = with_intervals(trials, sorted(rows, key=rank), threads)
    return {
        "question": "fleets",
        **about(trials),
        **outcome(ordered),
        "fleets": ordered,
        "frontier": frontier(ordered, limits),
        "one_step_cheaper": _cheaper(trials, ordered),
        "simulations": len(trials.rows),
    }


def checked_load(document: Document[ReplaySpec], catalog: Catalog, option: str) -> Load:
    """The traffic of a spec that is right but for its own fleet, which need not hold the model.

    What is wrong with any fleet is the user's to mend, and no reason against each of them: raises SpecError.
    """
    check_fixed(document, option)
    with suppress(DoesNotFit):
        return prepared(document, catalog)[0].load
    return load_of(document.value, Assumed())


def about(trials: Trials) -> dict[str, Any]:
    """What was asked: model, traffic, SLO."""
    return {
        "model": trials.document.value.model,
        "traffic": trials.load.name,
        "requests": len(trials.load),
        "slo": dict(trials.limits),
    }


def outcome(rows: Sequence[Row]) -> dict[str, Any]:
    """Which fleet is the cheapest that keeps the SLO, by the middle and surely; or which is the closest."""
    possible = [row for row in rows if row["possible"]]
    keeping = [row for row in possible if row["meets_slo"]]
    sure = [row for row in keeping if row["sure"]]
    missing = [] if keeping else possible
    return {
        "best": min(keeping, key=price_of)["fleet"] if keeping else None,
        "best_sure": min(sure, key=price_of)["fleet"] if sure else None,
        "closest": min(missing, key=lambda row: row["worst_over"])["fleet"] if missing else None,
    }


def rank(row: Mapping[str, Any]) -> tuple[bool, bool, float, float]:
    """Fleets that keep the SLO first, by price; then by how far they are off; the impossible last."""
    if not row["possible"]:
        return (True, True, 0.0, 0.0)
    return (False, not row["meets_slo"], price_of(row) if row["meets_slo"] else 0.0, row["worst_over"])


def choice_of(row: Mapping[str, Any]) -> Choice:
    """The fleet of a row, as the spec has its precision and its term."""
    return Choice(row["accelerator"], row["tensor_parallel_size"], row["replicas"])


def with_intervals(trials: Trials, rows: Sequence[Row], threads: ThreadPoolExecutor) -> list[Row]:
    """The rows with intervals for the cheapest fleets that keep the SLO and for those on the frontier.

    Each fleet on the frontier has more room below the SLO than all cheaper ones, so the cheapest that surely
    keeps it is among them.
    """
    keeping = [i for i, row in enumerate(rows) if row["possible"] and row["meets_slo"]]
    on_it = {row["fleet"] for row in frontier(rows, trials.limits)}
    marked = [row | {"on_frontier": row["fleet"] in on_it} if row["possible"] else row for row in rows]
    chosen = [i for n, i in enumerate(keeping) if n < MOST_WHOLE or marked[i]["on_frontier"]]
    whole = threads.map(trials.whole_row, [choice_of(marked[i]) for i in chosen])
    for i, row in zip(chosen, whole, strict=True):
        marked[i] = row | {"on_frontier": marked[i]["on_frontier"]}
    return marked


def _cheaper(trials: Trials, rows: Sequence[Row]) -> list[Row]:
    """What the next cheaper fleets would break: a replica fewer of the best, and the next that is named."""
    best = next((row for row in rows if row["possible"] and row["meets_slo"]), None)
    if best is None or not trials.limits:
        return []
    found = [cheaper_by_itself(trials, choice_of(best))]
    found += [{"step": "next_fleet"} | row for row in cheaper_than(rows, best)[:1]]
    kept = [one for one in found if one is not None and not one.get("meets_slo")]
    names = [one["fleet"] for one in kept]
    return [broken(one, best) for i, one in enumerate(kept) if one["fleet"] not in names[:i]]


@dataclass(slots=True)
class _Best:
    """The best layout of each fleet."""

    trials: Trials
    catalog: Catalog
    bounds: dict[tuple[str, int], float] = field(default_factory=dict[tuple[str, int], float])
    """By chip and width: how far a layout is off its SLO at the most replicas any fleet has of it. With
    fewer it is not closer, so what is farther off than another layout of a fleet need not be simulated."""

    def probe(self, fleets: Sequence[Asked], threads: ThreadPoolExecutor) -> None:
        """Find the bounds, where there are enough fleets of a chip for them to pay off."""
        counts: dict[str, list[int]] = defaultdict(list)
        for asked in fleets:
            counts[asked.accelerator].append(asked.count)
        if not self.trials.load.is_paced:
            return
        probes = [
            Choice(chip, width, max(of_chip) // width)
            for chip, of_chip in counts.items()
            if len(of_chip) >= PROBED_FROM
            for width in widths(max(of_chip), self.catalog, chip)
        ]
        for choice, off in zip(probes, threads.map(self._off, probes), strict=True):
            if off is not None:
                self.bounds[choice.accelerator, choice.width] = off

    def _off(self, choice: Choice) -> float | None:
        try:
            return float(self.trials.row(choice)["worst_over"])
        except Impossible:
            return None

    def of(self, asked: Asked) -> Row:
        """One fleet in its best layout, or why it has none. Layouts are compared by the middle."""
        chip, reason = asked.accelerator, ""
        found: list[Row] = []
        by_bound = sorted(
            _layouts(asked, self.catalog), key=lambda one: self.bounds.get((chip, one.width), 0.0)
        )
        for choice in by_bound:
            bound = self.bounds.get((chip, choice.width), 0.0)
            if found and bound >= min(row["worst_over"] for row in found):
                continue
            try:
                found.append(self.trials.row(choice))
            except Impossible as refused:
                reason = str(refused)
        if not found:
            return impossible_row(asked.name, chip, reason)
        return dict(min(found, key=self._order))

    def _order(self, row: Row) -> tuple[float, float]:
        """By room below the SLO; first by the price of the run where that depends on the layout."""
        if self.trials.load.is_paced:
            return (0.0, row["worst_over"])
        return (price_of(row) if row["meets_slo"] else float("inf"), row["worst_over"])


def widths(most: int, catalog: Catalog, accelerator: str) -> list[int]:
    """Powers of 2 up to a number of chips and those of a server (or a rack that is one)."""
    chip = catalog.accelerator(accelerator)
    within = min(most, max(chip.chips_per_server, chip.scale_up_chips))
    return [1 << power for power in range(within.bit_length())]


def _layouts(asked: Asked, catalog: Catalog) -> list[Choice]:
    """Every width that divides a number of chips, with as many replicas as that leaves."""
    return [
        Choice(asked.accelerator, width, asked.count // width)
        for width in widths(asked.count, catalog, asked.accelerator)
        if asked.count % width == 0
    ]
