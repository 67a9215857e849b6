"""What a chip-hour of a fleet costs and draws: rent under a term, spot, on demand, or own chips at a date."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from truecost.finance.annuity import annuity_payment
from truecost.finance.cluster import HOURS_PER_YEAR, cluster_usd_per_chip
from truecost.finance.discount import monthly_rate
from truecost.physics.energy import W_PER_KW, server_power_w, server_rest_w, serving_chip_power_w
from truecost.ranges import Range
from truecost.replay.assumptions import Assumed
from truecost.replay.points import Points, points, total

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.catalog import Catalog
    from truecost.catalog.facts import Fact
    from truecost.catalog.hardware_prices import Term
    from truecost.physics.calibration import Calibration
    from truecost.replay.power import ChipLoad
    from truecost.replay.schema import ReplaySpec

NOTHING, ONE = Points(0.0), Points(1.0)
HOURS_PER_MONTH = HOURS_PER_YEAR / 12
WORDS: dict[Term, str] = {
    "on_demand": "on demand",
    "reserved_1y": "one year committed",
    "reserved_3y": "three years committed",
    "spot": "spot, interruptible",
}


@dataclass(frozen=True, slots=True)
class Rates:
    """What a chip-hour costs beside its energy, by part, and what its energy costs."""

    basis: str
    parts: dict[str, Points] = field(default_factory=dict[str, Points])
    """USD a chip-hour: rent, or servers, hosting and staff; of no known middle where the price is unknown."""
    usd_per_kwh: Points = NOTHING
    """0 where the rent has it."""
    pue: Points = ONE
    rated_power_w: float | None = None
    server_overhead: float = 1.0

    @property
    def usd_per_chip_hour(self) -> Points:
        """All but energy."""
        return total(self.parts)

    def watts_per_chip(self, load: ChipLoad, calibration: Calibration) -> Points:
        """Mean power of a chip with its part of the server, in W; PUE is not in it.

        The chip by the law of serving, at most its rating, in that law's interval; the rest of the server,
        and all of it where a load has no causes (measured step times), by the law of training servers in the
        interval of these.
        """
        rated = self.rated_power_w
        if rated is None:
            return Points(math.nan)
        training = calibration.training
        if load.causes is None:
            whole = float(server_power_w(load.computing, rated, self.server_overhead, training.power))
            return _within(whole, training.power_range_90)
        power = calibration.serving_power
        chip = float(serving_chip_power_w(*load.causes, rated, power.law))
        rest = float(server_rest_w(rated, self.server_overhead, training.power))
        return _within(chip, power.residual.range_90, rated) + _within(rest, training.power_range_90)

    def kwh_per_chip_hour(self, watts: Points) -> Points:
        """At the meter: power x PUE."""
        return watts * self.pue * (1 / W_PER_KW)


def _within(watts: float, around: Range, most: float = math.inf) -> Points:
    return Points(watts, watts * around.low, min(watts * around.high, most))


def rates_of(spec: ReplaySpec, chip: Accelerator, catalog: Catalog, as_of: date, assumed: Assumed) -> Rates:
    """What the spec states, and the dated facts of the catalog for the rest."""
    if spec.site.pue is not None:
        pue = points(spec.site.pue)
    else:
        key = "pue/other" if spec.price.basis == "own" else "pue/hyperscaler"
        pue = assumed.fact("site.pue", catalog.rate(key, as_of), "energy of a site over its servers'")
    power = None if chip.tdp_w is None else _middle(chip.tdp_w)
    if power is None:
        assumed.gaps["energy_kwh"] = f"the catalog has no power of {chip.key}"
    overhead = _middle(catalog.rate(_power_overhead_key(chip), as_of))
    bare = Rates(spec.price.basis, {}, Points(0.0), pue, power, overhead)
    if spec.price.usd_per_chip_hour is not None:
        return _with(bare, {"stated": points(spec.price.usd_per_chip_hour)})
    if spec.price.basis == "own":
        return _own(bare, spec, chip, (catalog, as_of), assumed)
    return _with(bare, {"rent": _rent(spec, chip, catalog, as_of, assumed)})


def _with(bare: Rates, parts: dict[str, Points], usd_per_kwh: Points = NOTHING) -> Rates:
    return Rates(bare.basis, parts, usd_per_kwh, bare.pue, bare.rated_power_w, bare.server_overhead)


def term_of(spec: ReplaySpec) -> Term | None:
    """The term of a rent: as stated, one year committed, or on demand where chips come and go.

    None for own chips, and for a stated price of which no term is said.
    """
    if spec.price.basis == "cloud":
        return "on_demand"
    if spec.price.basis == "own" or spec.price.usd_per_chip_hour is not None:
        return spec.price.term
    return spec.price.term or ("on_demand" if spec.fleet.autoscale else "reserved_1y")


def _rent(spec: ReplaySpec, chip: Accelerator, catalog: Catalog, as_of: date, assumed: Assumed) -> Points:
    term = term_of(spec) or "on_demand"
    try:
        fact = catalog.rental(chip.key, as_of, term)
    except LookupError as missing:
        return _unknown(str(missing.args[0]), assumed)
    return assumed.fact("price.usd_per_chip_hour", fact, f"rent, {WORDS[term]}, {as_of}")


def _unknown(reason: str, assumed: Assumed) -> Points:
    assumed.gaps["cost_usd"] = f"{reason.partition(': give')[0]}: give price.usd_per_chip_hour"
    return Points(math.nan)


def _own(
    bare: Rates, spec: ReplaySpec, chip: Accelerator, at: tuple[Catalog, date], assumed: Assumed
) -> Rates:
    """Servers paid off by a level annuity over their life, hosted by their rated power, staffed by number."""
    catalog, as_of = at
    try:
        bought = catalog.purchase(chip.key, as_of)
    except LookupError as missing:
        return _with(bare, {"servers": _unknown(str(missing.args[0]), assumed)})
    keys = {
        "server": _server_overhead_key(chip.key),
        "network": "interconnect/share_of_cluster",
        "life": "hardware/life_months",
        "capital": "capital/cost_per_year",
        "hosting": "hosting/usd_per_kw_month",
        "chips_per_engineer": "operations/chips_per_engineer",
        "salary": "staff/ops_loaded",
    }
    price = assumed.fact("price (chip)", bought, f"own chips bought {as_of}")
    facts = {name: catalog.rate(key, as_of) for name, key in keys.items()}
    taken = {name: assumed.fact(f"price ({fact.key})", fact, "of own chips") for name, fact in facts.items()}
    parts = {
        "servers": price
        * _around(_annuity_per_usd, [taken[n] for n in ("server", "network", "capital", "life")])
    }
    if bare.rated_power_w is not None:
        kw = bare.rated_power_w * bare.server_overhead / W_PER_KW
        parts["hosting"] = taken["hosting"] * (kw / HOURS_PER_MONTH)
    parts["staff"] = taken["salary"] * _inverse(taken["chips_per_engineer"]) * (1 / HOURS_PER_YEAR)
    return _with(bare, parts, _electricity(spec, catalog, as_of, assumed))


def _electricity(spec: ReplaySpec, catalog: Catalog, as_of: date, assumed: Assumed) -> Points:
    if spec.site.usd_per_kwh is not None:
        return points(spec.site.usd_per_kwh)
    region = spec.site.region or "us"
    fact = catalog.rate(f"electricity/{region}", as_of)
    return assumed.fact("site.usd_per_kwh", fact, f"industrial electricity of {region}")


def _annuity_per_usd(server: float, network: float, capital: float, life: float) -> float:
    """USD a chip-hour for each USD of a bare chip: installed price x level payment / hours of a month."""
    installed = float(cluster_usd_per_chip(1.0, server, network))
    return installed * float(annuity_payment(1.0, float(monthly_rate(capital)), life)) / HOURS_PER_MONTH


def _around(law: Callable[..., float], inputs: list[Points]) -> Points:
    """A law of independent inputs: each moved to its ends alone, the logarithmic moves added as squares."""
    middles = [one.middle for one in inputs]
    centre = law(*middles)
    squares = {-1: 0.0, 1: 0.0}
    for at, one in enumerate(inputs):
        for end in (one.p5, one.p95):
            if end is not None:
                moved = math.log(
                    law(*[end if i == at else middle for i, middle in enumerate(middles)]) / centre
                )
                squares[1 if moved > 0 else -1] += moved**2
    return Points(
        centre, centre * math.exp(-math.sqrt(squares[-1])), centre * math.exp(math.sqrt(squares[1]))
    )


def _inverse(one: Points) -> Points:
    if one.p5 is None or one.p95 is None:
        return Points(1 / one.middle)
    return Points(1 / one.middle, 1 / one.p95, 1 / one.p5)


def _middle(fact: Fact) -> float:
    return fact.value.median if isinstance(fact.value, Range) else fact.value


def _power_overhead_key(chip: Accelerator) -> str:
    """The rate of server power over chip power on record for a chip: its family, TPUs, or the H100's."""
    if chip.kind == "TPU":
        return "power/server_overhead_tpu"
    family = next((f for f in ("a100", "v100") if f in chip.key), None)
    if family is None:
        return "power/server_overhead" if chip.vendor == "NVIDIA" else "power/server_overhead_other"
    return f"power/server_overhead_{family}"


def _server_overhead_key(chip: str) -> str:
    """The rate of server price over chip price on record for a chip's family."""
    family = next((f for f in ("a100", "v100", "p100") if f in chip), "other")
    return f"server_overhead/{family}"
