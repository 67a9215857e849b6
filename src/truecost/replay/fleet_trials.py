"""One fleet after another on the same traffic: setups that differ by replicas alone are made once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from truecost.catalog.named import names_from
from truecost.replay.money import HOURS_PER_MONTH, term_of
from truecost.replay.result import ReplayResult, limited_by, numbers_told
from truecost.replay.run import answered, prepared
from truecost.replay.schema import MOST_REPLICAS, ReplaySpec
from truecost.replay.setups import DoesNotFit, Setup, moved
from truecost.replay.slo import judged
from truecost.spec import Document, SpecError, changed

if TYPE_CHECKING:
    from truecost.catalog.catalog import Catalog
    from truecost.replay.traffic import Load

Row = dict[str, Any]
SHOWN = (
    *(
        "ttft_p50_s",
        "ttft_p99_s",
        "tpot_p50_s",
        "tpot_p99_s",
        "e2e_p99_s",
        "utilization",
        "output_tokens_per_s",
    ),
    *("served", "rejected", "unfinished", "goodput_fraction", "cost_usd", "usd_per_million_output_tokens"),
)
"""Outputs of each fleet that a comparison holds."""
UNSPLIT = tuple(f"fleet.{name}_parallel_size=1" for name in ("pipeline", "data", "expert"))
"""A replica that is tensor-parallel alone, as values to set in a spec."""
SPOT = "spot"
"""The term that changes what is simulated, not only its price."""


class Choice(NamedTuple):
    """A fleet: chips of one kind, how wide a replica is, how many there are; None: as the spec has it."""

    accelerator: str
    width: int
    replicas: int
    weights: str | None = None
    term: str | None = None

    @property
    def chips(self) -> int:
        """Of the whole fleet."""
        return self.width * self.replicas

    @property
    def name(self) -> str:
        """As `--fleets` has it."""
        return f"{self.chips}x{self.accelerator}"

    @property
    def one(self) -> Choice:
        """A replica of it."""
        return self._replace(replicas=1)


class Impossible(Exception):  # noqa: N818  (it is an answer)
    """A fleet that cannot run the traffic; the message says why."""


@dataclass(slots=True)
class Trials:
    """Every fleet simulated so far, each only once: by the middle of the step times, and with intervals."""

    document: Document[ReplaySpec]
    catalog: Catalog
    load: Load
    limits: Mapping[str, float]
    """The SLO, by output name, in seconds."""
    rows: dict[Choice, Row] = field(default_factory=dict[Choice, Row])
    wholes: dict[Choice, Row] = field(default_factory=dict[Choice, Row])
    _setups: dict[Choice, Setup | Impossible] = field(default_factory=dict[Choice, "Setup | Impossible"])
    _lock: Lock = field(default_factory=Lock)

    @property
    def own_chip(self) -> str:
        """The key of the spec's chip."""
        return self.catalog.accelerator(self.document.value.fleet.accelerator).key

    def setup(self, choice: Choice) -> Setup:
        """The setup of a fleet. Raises Impossible."""
        if choice.replicas > MOST_REPLICAS:
            raise Impossible(f"fleet.replicas: {choice.replicas:,}; at most {MOST_REPLICAS:,}")
        with self._lock:
            found = self._setups.get(choice.one)
            if found is None:
                found = self._setups[choice.one] = self._made(choice.one)
        if isinstance(found, Impossible):
            raise found
        return moved(found, choice.replicas)

    def _made(self, choice: Choice) -> Setup | Impossible:
        if reason := self._unknown_to_measured_steps(choice):
            return Impossible(reason)
        sets = sets_of(choice, self.own_chip)
        try:
            return setup_with(self.document, self.catalog, sets, self.limits, self.load)
        except Impossible as refused:
            return refused

    def _unknown_to_measured_steps(self, choice: Choice) -> str:
        """Why measured steps say nothing of a fleet: they are of one chip, one layout and one precision."""
        spec = self.document.value
        if spec.engine.step_times is None:
            return ""
        fleet = spec.fleet
        is_own = (choice.accelerator, choice.width) == (self.own_chip, fleet.tensor_parallel_size)
        if is_own and fleet.data_parallel_size == 1 and choice.weights is None:
            return ""
        chips = fleet.tensor_parallel_size * fleet.data_parallel_size
        ranks = f" in {fleet.data_parallel_size} ranks" if fleet.data_parallel_size > 1 else ""
        return f"the measured steps are of {chips} x {self.own_chip}{ranks}, and say nothing of others"

    def row(self, choice: Choice) -> Row:
        """What a comparison holds of a fleet, without intervals. Raises Impossible."""
        found = self.rows.get(choice)
        if found is None:
            found = self.rows.setdefault(choice, row_of(choice, self.setup(choice), ends=False))
        return found

    def whole_row(self, choice: Choice) -> Row:
        """The same with intervals. Raises Impossible."""
        found = self.wholes.get(choice)
        if found is None:
            found = self.wholes.setdefault(choice, row_of(choice, self.setup(choice), ends=True))
        return found


def setup_with(
    document: Document[ReplaySpec],
    catalog: Catalog,
    sets: Sequence[str],
    limits: Mapping[str, float],
    load: Load | None = None,
) -> Setup:
    """The setup of a spec with values set otherwise. Raises Impossible."""
    try:
        with names_from(catalog):
            made = changed(document, sets)
        return prepared(made, catalog, load, limits)[0]
    except DoesNotFit as refused:
        raise Impossible(str(refused)) from None
    except SpecError as refused:
        raise Impossible(refused.problems[0].message) from None


def sets_of(choice: Choice, own_chip: str) -> list[str]:
    """A fleet as values to set in a spec. A stated price is of the spec's own chip, under no term."""
    sets = [
        f"fleet.accelerator={choice.accelerator}",
        f"fleet.tensor_parallel_size={choice.width}",
        f"fleet.replicas={choice.replicas}",
        *UNSPLIT,
    ]
    if choice.weights is not None:
        sets += [f"precision.weights={choice.weights}", "precision.activations=null"]
    if choice.term is not None or choice.accelerator != own_chip:
        sets.append("price.usd_per_chip_hour=null")
    if choice.term is not None:
        sets += ["price.basis=rent", f"price.term={choice.term}"]
        if choice.term != SPOT:
            sets += ["price.interruptions_per_hour=null", "price.replacement_s=null"]
    return sets


def impossible_row(name: str, accelerator: str, reason: str) -> Row:
    """What a comparison holds of a fleet that cannot run the traffic."""
    return {"fleet": name, "possible": False, "reason": reason, "accelerator": accelerator}


def row_of(choice: Choice, setup: Setup, *, ends: bool) -> Row:
    """What a comparison holds of a fleet; `sure` is None without the ends of the interval."""
    result = ReplayResult(setup, answered(setup, ends=ends))
    told = numbers_told(result.answer.numbers)
    slo = judged(told, setup.limits)
    names = [f"{name}{end}" for name in SHOWN for end in ("", "_p5", "_p95")]
    price = setup.rates.usd_per_chip_hour
    return {
        "fleet": choice.name,
        "possible": True,
        "reason": "",
        "accelerator": choice.accelerator,
        "chips": choice.chips,
        "tensor_parallel_size": choice.width,
        "replicas": choice.replicas,
        "weights": setup.layout.weights or setup.layout.architecture.weight_precision,
        "basis": setup.rates.basis,
        "term": term_of(setup.spec),
        "meets_slo": all(row["met"] for row in slo),
        "sure": all(row["confidence"] == "whole interval" for row in slo) if ends else None,
        "worst_over": worst_over(told, slo),
        "slo": slo,
        "limited_by": limited_by(result),
        "usd_per_chip_hour": price.middle if price.is_known else None,
        **usd_over_time(told),
        **{name: told[name] for name in names if name in told},
        "on_frontier": False,
    }


def usd_over_time(told: Mapping[str, Any]) -> Row:
    """The cost of a run an hour and a month of it; None where it is unknown, or the run took no time."""
    known = told["cost_usd"] is not None and told["makespan_s"]
    per_hour = told["cost_usd"] / (told["makespan_s"] / 3600) if known else None
    return {
        "usd_per_hour": per_hour,
        "usd_per_month": None if per_hour is None else per_hour * HOURS_PER_MONTH,
    }


def worst_over(told: Mapping[str, Any], slo: Sequence[Mapping[str, Any]]) -> float:
    """The largest value over its limit; above 1 also where too many go without an answer.

    Without an SLO the first token within which 99 % of the requests are, in seconds.
    """
    over = [row["over"] if row["over"] is not None else float("inf") for row in slo]
    if any(row["over"] is not None and row["over"] <= 1 and not row["met"] for row in slo):
        over.append(1 + slo[0]["unanswered"])
    return max(over, default=told["ttft_p99_s"] or float("inf"))


def price_of(row: Mapping[str, Any]) -> float:
    """USD of a run on a fleet, infinite where it is unknown."""
    return float("inf") if row["cost_usd"] is None else float(row["cost_usd"])
