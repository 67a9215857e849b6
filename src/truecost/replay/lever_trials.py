"""Levers replayed: what each changes on the same fleet, and how many replicas it leaves without need."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any

from truecost.replay.elastic import check_fixed
from truecost.replay.fleet_search import least
from truecost.replay.fleet_trials import Impossible, Row, setup_with, usd_over_time, worst_over
from truecost.replay.fleets import At
from truecost.replay.levers import Asked, Lever, levers_of
from truecost.replay.money import HOURS_PER_MONTH
from truecost.replay.result import ReplayResult
from truecost.replay.run import PER_TOKENS, answered, prepared
from truecost.replay.schema import MOST_REPLICAS, ReplaySpec
from truecost.replay.setups import Setup
from truecost.spec import Document

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog

MOST_TIMES = 16
"""Times the replicas of the spec, up to which the least that keep the SLO are looked for."""
NUMBERS = (
    *("usd_per_million_output_tokens", "cost_usd", "ttft_p99_s", "tpot_p99_s"),
    *("output_tokens_per_s", "utilization"),
)
SUMS = (
    *("cost_usd", "usd_per_hour", "usd_per_month", "output_tokens_per_s", "output_tokens", "chips"),
    *("cost_usd_at_least", "usd_per_hour_at_least", "least_chips"),
)
"""What two fleets that share the traffic have together."""
WORSE = ("ttft_p99_s", "tpot_p99_s", "utilization", "worst_over")
"""What is told of the worse of two."""
CHANGES = ("usd_per_million_output_tokens", "ttft_p99_s", "tpot_p99_s")
LEVERS = 12
"""How many there are at most."""
_WIDTH = "fleet.tensor_parallel_size"


def replayed(
    document: Document[ReplaySpec],
    catalog: Catalog,
    limits: Mapping[str, float],
    asked: Asked,
    *,
    at: At | None = None,
    workers: int | None = None,
) -> dict[str, Any]:
    """Every lever on the traffic and the fleet of a spec, the biggest saving first, as plain values.

    A lever changes the numbers on the fleet as it is, and the least replicas that keep the SLO; the saving is
    in USD per million output tokens on those, with the lever and without, or on the fleet as it is where
    there is no SLO or the spec does not keep it on any. Those that do not apply come last, with why. `at` is
    told how many are done. Raises DoesNotFit and SpecError for the spec itself, also for a fleet that scales
    itself.
    """
    check_fixed(document, "--levers")
    setup = prepared(document, catalog, limits=limits)[0]
    base = _Fleet(document, catalog, dict(limits), ())
    levers = levers_of(setup, catalog, asked)
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as threads:
        now = base.outcome()
        rows: list[Row] = []
        for row in threads.map(_of, levers, repeat(base)):
            rows.append(_compared(row, now))
            if at is not None:
                at(len(rows))
    return {
        "question": "levers",
        "name": document.value.name,
        "model": setup.layout.architecture.name,
        "accelerator": setup.layout.chip.key,
        "tensor_parallel_size": setup.layout.tensor_parallel_size,
        "traffic": setup.load.name,
        "requests": len(setup.load),
        "slo": dict(setup.limits),
        "base": now,
        "levers": sorted(rows, key=_rank),
    }


def _of(lever: Lever, base: _Fleet) -> Row:
    """One lever, replayed; or why it does not apply."""
    told: Row = {"lever": lever.key, "name": lever.name, "applies": not lever.reason, "reason": lever.reason}
    if lever.reason:
        return told | {"sets": [], "beside": []}
    fleet = base.moved(lever.sets)
    try:
        if not lever.beside:
            return told | {"sets": list(lever.sets), "beside": []} | fleet.outcome()
        other = base.moved(lever.beside).narrowest()
        return told | _together(lever, fleet, other)
    except Impossible as refused:
        return told | {"applies": False, "reason": str(refused), "sets": [], "beside": []}


def _together(lever: Lever, fleet: _Fleet, beside: _Fleet) -> Row:
    """Two fleets that share the traffic: costs add up, latencies are the worse of the two, no interval."""
    other = beside.with_least_replicas()
    one, two = fleet.outcome(), other.outcome()
    told: Row = {name: _sum(one[name], two[name]) for name in SUMS}
    told |= {name: _worse(one[name], two[name]) for name in WORSE}
    told |= {name: one[name] and two[name] for name in ("meets_slo", "sure")}
    for end in ("", "_at_least"):
        usd = told[f"cost_usd{end}"]
        told[f"usd_per_million_output_tokens{end}"] = (
            None if usd is None or not told["output_tokens"] else usd / told["output_tokens"] * PER_TOKENS
        )
    told |= {"slo": [*one["slo"], *two["slo"]], "least_replicas": None}
    return {"sets": list(lever.sets), "beside": list(other.sets), **told}


def _worse(one: float | None, two: float | None) -> float | None:
    return max((value for value in (one, two) if value is not None), default=None)


def _sum(one: float | None, two: float | None) -> float | None:
    return None if one is None or two is None else one + two


def _compared(row: Row, now: Row) -> Row:
    """A lever against the spec as it is."""
    if not row["applies"]:
        return row
    settled = now["least_chips"] is not None
    end = "_at_least" if settled else ""
    before, after = (one[f"usd_per_million_output_tokens{end}"] for one in (now, row))
    hours = _sum(now[f"usd_per_hour{end}"], _negative(row[f"usd_per_hour{end}"]))
    return row | {
        "change": {name: _change(now[name], row[name]) for name in CHANGES},
        "replicas_fewer": _sum(now["least_replicas"], _negative(row["least_replicas"])),
        "chips_fewer": _sum(now["least_chips"], _negative(row["least_chips"])),
        "saves_usd_per_million_output_tokens": _sum(before, _negative(after)),
        "saves_share": None if not before or after is None else 1 - after / before,
        "saves_usd_per_month": None if hours is None else hours * HOURS_PER_MONTH,
        "makes_slo_possible": bool(row["slo"]) and not settled and row["least_chips"] is not None,
    }


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def _change(before: float | None, after: float | None) -> float | None:
    """As a share: -0.2 is 20 % less."""
    return None if not before or after is None else after / before - 1


def _rank(row: Row) -> tuple[bool, bool, float, float]:
    """The biggest saving first, before it what keeps an SLO that nothing else does; of the same, most room.

    Last what does not apply, before it what no longer keeps the SLO.
    """
    if not row["applies"]:
        return (True, True, 0.0, 0.0)
    saved = row["saves_share"]
    least_of_all = math.inf if saved is None else -round(saved, 3)
    return (False, not row["makes_slo_possible"], least_of_all, row["worst_over"])


@dataclass(slots=True)
class _Fleet:
    """A spec with values set otherwise, on any number of replicas."""

    document: Document[ReplaySpec]
    catalog: Catalog
    limits: dict[str, float]
    sets: tuple[str, ...]
    """As the user would set them; replicas among them only where the spec's own do not count."""
    rows: dict[int, Row] = field(default_factory=dict[int, Row])
    replicas: int = 0
    """0 for those of the spec."""

    def moved(self, sets: Sequence[str]) -> _Fleet:
        """The same with further values."""
        return _Fleet(self.document, self.catalog, self.limits, (*self.sets, *sets))

    def setup(self, replicas: int) -> Setup:
        """Ready to run on so many replicas. Raises Impossible."""
        sets = (*self.sets, *([f"fleet.replicas={replicas}"] if replicas else []))
        return setup_with(self.document, self.catalog, sets, self.limits)

    def row(self, replicas: int, *, ends: bool = False) -> Row:
        """Its numbers on so many replicas; each number of them is simulated once."""
        if not ends and replicas in self.rows:
            return self.rows[replicas]
        setup = self.setup(replicas)
        answer = answered(setup, ends=ends)
        told, ran = ReplayResult(setup, answer).to_dict(shapes=False), answer.driven.ran
        self.rows[replicas] = {
            "replicas": setup.replicas,
            "chips": setup.chips,
            **usd_over_time(told),
            **{f"{name}{end}": told.get(f"{name}{end}") for name in NUMBERS for end in ("", "_p5", "_p95")},
            "output_tokens": int(ran.output_tokens[ran.answered].sum()) + setup.load.cached.output_tokens,
            "meets_slo": all(row["met"] for row in told["slo"]),
            "sure": all(row["confidence"] == "whole interval" for row in told["slo"]),
            "worst_over": worst_over(told, told["slo"]),
            "slo": told["slo"],
        }
        return self.rows[replicas]

    def outcome(self) -> Row:
        """Its numbers, with intervals, and the least replicas that keep the SLO with what they cost."""
        told = self.row(self.replicas, ends=True)
        count = self.least_replicas() if self.limits else None
        fewest = None if count is None else self.row(count)
        return told | {
            "least_replicas": count,
            "least_chips": None if fewest is None else fewest["chips"],
            **{
                f"{name}_at_least": None if fewest is None else fewest[name]
                for name in ("usd_per_million_output_tokens", "cost_usd", "usd_per_hour")
            },
        }

    def least_replicas(self) -> int | None:
        """The least replicas that keep the SLO; None where so many times those of the spec do not."""
        begin = self.replicas or self.document.value.fleet.replicas
        most, above = begin, 0
        while most <= min(MOST_TIMES * begin, MOST_REPLICAS):
            found = least(lambda count: bool(self.row(count)["meets_slo"]), most, above)
            if found is not None:
                return found
            most, above = 2 * most, most
        return None

    def narrowest(self) -> _Fleet:
        """On the fewest chips a replica that hold the model. Raises Impossible."""
        fleet = self.document.value.fleet
        most = fleet.tensor_parallel_size * fleet.pipeline_parallel_size * fleet.data_parallel_size
        refused = Impossible("it does not fit")
        for width in [1 << power for power in range(most.bit_length())]:
            fleet = self.moved([f"{_WIDTH}={width}"])
            try:
                fleet.setup(1)
            except Impossible as reason:
                refused = reason
            else:
                fleet.replicas = 1
                return fleet
        raise refused

    def with_least_replicas(self) -> _Fleet:
        """On the least replicas that keep the SLO, said in its values too."""
        count = (self.least_replicas() if self.limits else None) or self.replicas
        fleet = self.moved([f"fleet.replicas={count}"])
        fleet.replicas = count
        return fleet
