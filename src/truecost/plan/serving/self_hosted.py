"""Serving on chips of one's own: how many the traffic needs by the roofline law, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from truecost.lines import Basis, Payee
from truecost.lognormal import mean_share_below_cap, sigma_from_peak
from truecost.physics.energy import carbon_tco2e
from truecost.physics.serving import ServingPoint, fleet_replicas
from truecost.plan.book import HOURS_PER_MONTH, SECONDS_PER_MONTH, Book
from truecost.plan.power import energy_of, regional
from truecost.plan.schema.serving import SelfHosted
from truecost.plan.serving.fleet import fleet_charges, held_chips
from truecost.plan.serving.placement import Placement, law_point, placement, replica_seconds
from truecost.plan.serving.work import Charge, Served, Work
from truecost.ranges import FloatArray, Value


@dataclass(frozen=True, slots=True)
class Fleet:
    """Replicas and chips by month, and the law's figures behind them."""

    chips: FloatArray
    chips_per_replica: int
    point: ServingPoint
    busy_share: FloatArray
    carried: Value
    variable_share: Value


def self_hosted(
    spec: SelfHosted, work: Work, path: str, book: Book, base_multiple: Value | None = None
) -> Served:
    """Charges of a fleet sized for the peak hour, or for a base load given as a multiple of the mean."""
    fleet = size_fleet(spec, work, path, book, base_multiple)
    charges = [
        replace(charge, variable_share=fleet.variable_share)
        for charge in fleet_charges(spec, fleet.chips, work, path, book)
    ]
    if spec.porting is not None:
        charges.append(_porting(spec, path, book))
    details: dict[str, Value] = {
        "chips": fleet.chips,
        "chips_per_replica": float(fleet.chips_per_replica),
        "batch": fleet.point.batch,
        "output_tokens_per_second_per_chip": fleet.point.tokens_per_second_per_chip,
        "tpot_s": fleet.point.tpot_s,
        "ttft_s": fleet.point.ttft_s,
        "utilization": fleet.busy_share,
        "carried_share": fleet.carried,
    }
    details |= footprint(spec, fleet.chips, work, path, book)
    title = f"{fleet_title(spec)} x {fleet.chips_per_replica} a replica"
    return Served("self_hosted", title, tuple(charges), details)


def footprint(spec: SelfHosted, chips: FloatArray, work: Work, path: str, book: Book) -> dict[str, Value]:
    """Energy and emissions of the fleet a month; nothing where the chip's power is unknown."""
    held = held_chips(spec, chips, book)
    stated = spec.ownership.pue if spec.ownership is not None else None
    owned = spec.purchase == "owned"
    pue = book.number(f"{path}.ownership.pue", stated, "pue/other") if owned else book.rate("pue/hyperscaler")
    try:
        drawn = energy_of(book.catalog.accelerator(spec.chip), held * HOURS_PER_MONTH, pue, book)
    except LookupError:
        return {}
    carbon, places = regional("carbon", work.regions, spec.region or book.region, book)
    kwh, overhead = f"{path}.kwh_by_month", f"{path}.ownership.pue" if owned else "pue/hyperscaler"
    formula = "chips held x 730.5 hours x TDP x server overhead x load x PUE"
    book.quantity(kwh, drawn.kwh, "kWh", formula, (f"{path}.chips_by_month", *drawn.inputs, overhead))
    tonnes = carbon_tco2e(drawn.kwh, carbon)
    book.quantity(f"{path}.tco2e_by_month", tonnes, "tCO2e", "kWh x grid carbon / 1,000", (kwh, *places))
    return {"kwh_per_month": drawn.kwh, "tco2e_per_month": tonnes}


def fleet_title(spec: SelfHosted) -> str:
    """What runs on what, in a few words."""
    model = spec.model if isinstance(spec.model, str) else "own config.json"
    return f"{model} on {spec.chip}, {spec.purchase.replace('_', ' ')}"


def size_fleet(
    spec: SelfHosted, work: Work, path: str, book: Book, base_multiple: Value | None = None
) -> Fleet:
    """Replicas = ceil(load x replica-seconds a call / utilization at it), at least one, plus spares."""
    load = fleet_load(spec, work, path, book, base_multiple)
    for_choice = load if base_multiple is None else replace(load, level=1.0)
    placed = placement(
        spec,
        work,
        f"{path}/{'peak' if base_multiple is None else 'base'}",
        book,
        lambda layout: mean_chips(spec, work, layout, for_choice),
    )
    point = law_point(spec, work, placed)
    if too_slow(spec, point):
        limit = float(np.mean(spec.tpot_limit if spec.tpot_limit is not None else 0.0))
        book.warn(
            f"{path}.tpot_limit",
            f"{path}.tpot_limit: {limit:g} ms is faster than any layout tried of {placed.chip.name}; "
            f"the result is for {float(np.mean(point.tpot_s)) * 1000:.0f} ms",
        )
    seconds = replica_seconds(placed, spec, work, path, book)
    replicas = load.replicas(seconds)
    chips = book.quantity(
        f"{path}.chips_by_month",
        replicas * placed.chips,
        "chips",
        f"(ceil(calls a second x peak over mean x replica-seconds a call / utilization at peak) + spares) "
        f"x {placed.chips} chips a replica",
        (
            f"{path}.replica_seconds_per_call",
            f"{path}.utilization_at_peak",
            f"{path}.peak_to_mean",
            f"{path}.spare_replicas",
            f"calls_to_model.{work.name}",
            "generations.serving_cost_multiple",
        ),
    )
    busy = load.calls_per_s * seconds
    carried = load.carried(busy, replicas)
    return Fleet(
        np.asarray(chips, dtype=np.float64),
        placed.chips,
        point,
        np.asarray(busy * carried / replicas, dtype=np.float64),
        carried,
        busy * load.level / load.utilization / replicas,
    )


@dataclass(frozen=True, slots=True)
class Load:
    """What a fleet must carry, by month: calls a second, the level it is sized for, the spares.

    `peak` is None for a fleet that carries everything, and the peak over the mean for a base below an API.
    """

    calls_per_s: Value
    level: Value
    utilization: Value
    spare: Value
    peak: Value | None = None

    def replicas(self, seconds_per_call: Value) -> Value:
        """Replicas for a time per call."""
        needed = fleet_replicas(self.calls_per_s * self.level, seconds_per_call, self.utilization)
        return np.maximum(needed, 1.0) + self.spare

    def carried(self, busy: Value, replicas: Value) -> Value:
        """Share of the calls the built capacity carries; `busy` is replicas at work in the mean hour."""
        if self.peak is None:
            return 1.0
        built = (replicas - self.spare) * self.utilization / np.maximum(busy, 1e-12)
        return mean_share_below_cap(built, sigma_from_peak(self.peak))


def fleet_load(
    spec: SelfHosted, work: Work, path: str, book: Book, base_multiple: Value | None = None
) -> Load:
    """The load of a class: sized for the peak hour, the mean where chips follow the hour, or a base."""
    aimed = utilization_at_peak(spec, path, book)
    utilization = np.minimum(aimed * book.move("utilization"), 1.0)
    peak = peak_to_mean(spec, work, path, book)
    spare = np.round(book.number(f"{path}.spare_replicas", spec.spare_replicas, "serving/spare_replicas"))
    calls = work.calls / SECONDS_PER_MONTH * (work.own_model_growth if spec.own_model else 1.0)
    if base_multiple is None:
        return Load(calls, 1.0 if spec.autoscale else peak, utilization, spare)
    return Load(calls, base_multiple, utilization, spare, peak)


def utilization_at_peak(spec: SelfHosted, path: str, book: Book) -> Value:
    """Load over capacity in the peak hour; a replay's capacity is what keeps its SLO, and may be used up."""
    key = f"{path}.utilization_at_peak"
    if spec.replay is not None and spec.utilization_at_peak is None:
        return book.quantity(key, 1.0, "share", "1: the replay's capacity leaves room for its SLO already")
    return book.number(key, spec.utilization_at_peak, "serving/target_utilization_at_peak")


def too_slow(spec: SelfHosted, point: ServingPoint) -> bool:
    """Whether even the smallest batch takes longer a token than the plan accepts (2 % allowed)."""
    if spec.tpot_limit is None:
        return False
    return bool(np.mean(point.tpot_s) > 1.02 * np.mean(spec.tpot_limit) / 1000)


def mean_chips(spec: SelfHosted, work: Work, layout: Placement, load: Load) -> float:
    """Chips a layout needs on average over the plan; inf where it is too slow for the limit on a token."""
    point = law_point(spec, work, layout)
    if too_slow(spec, point):
        return float("inf")
    return float(np.mean(load.replicas(point.replica_seconds_per_request)) * layout.chips)


def peak_to_mean(spec: SelfHosted, work: Work, path: str, book: Book) -> Value:
    """Peak hour over mean hour; 1 for work that can wait, which fills the night."""
    if work.batch and spec.peak_to_mean is None:
        return 1.0
    return np.maximum(book.number(f"{path}.peak_to_mean", spec.peak_to_mean, "usage/peak_to_mean"), 1.0)


def _porting(spec: SelfHosted, path: str, book: Book) -> Charge:
    assert spec.porting is not None
    once = (book.month_index == 0) * spec.porting.usd
    return Charge(
        "porting",
        "Porting to these chips",
        Payee.STAFF,
        once,
        "one-off, in the first month",
        (f"{path}.porting.usd",),
        basis=Basis.ASSUMPTION,
        variable_share=0.0,
    )
