"""What else a run could be: every layout of its cluster, other numbers of its chip, other chips.

The search and the comparison take numbers; here they come from a spec and the catalog.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from truecost.physics.training_step.setup import Setup
from truecost.ranges import Value
from truecost.training.assumptions import Assumed
from truecost.training.clusters import Comparison, Goal, compare_clusters
from truecost.training.frontier import Basis, ChipPrices, Frontier, RunFigures, RunLaw, over_counts
from truecost.training.money import rates_of, why_not_sold
from truecost.training.run import estimated
from truecost.training.schema import TrainSpec
from truecost.training.search import Found, SearchResult, found_of, search
from truecost.training.search_space import Fixed
from truecost.training.setups import Described, Describing
from truecost.training.spread import Spread

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator


@dataclass(frozen=True, slots=True)
class Explored:
    """Every layout of a run's cluster, and the run on fewer chips."""

    search: SearchResult
    stated: Found | None
    """The layout of the spec itself; None where it leaves it out."""
    frontier: Frontier
    paid: str = ""
    """The price basis of the spec."""

    @property
    def stated_slower_by(self) -> float | None:
        """How much longer a step of the stated layout takes than one of the best, as a share."""
        if self.stated is None or self.search.best is None:
            return None
        return self.stated.step_time_s / self.search.best.step_time_s - 1


def explore_layouts(
    one: Described, how: Describing, held: Fixed | None = None, counts: Sequence[int] | None = None
) -> Explored:
    """All layouts of a described run's cluster beside its own, and days against USD up to its chips.

    Only fields in `held` keep their value; `counts` are the numbers of chips to look at instead.
    """
    chip, constants = one.setup.accelerator, how.calibration.step
    fewer = over_counts(
        one.setup,
        constants,
        run_law(one, how),
        chip_prices(one.spec, chip, how),
        counts=counts,
        fixed=held,
        basis=basis_of(one.spec),
    )
    stated = None if one.searched else found_of(one.setup, constants)
    return Explored(search(one.setup, constants, held), stated, fewer, one.spec.price.basis)


def explore_clusters(
    one: Described, accelerators: Sequence[Accelerator], how: Describing, goal: Goal | None = None
) -> Comparison:
    """A described run on other chips, each in the layout that suits it: the spec's own layout is not held.

    Chips that are not sold have no price to own them but the one a spec states.
    """
    return compare_clusters(
        one.setup,
        accelerators,
        how.calibration.step,
        run_law(one, how),
        {chip.key: _on_the_market(one.spec, chip, how) for chip in accelerators},
        goal=goal or Goal(basis=basis_of(one.spec)),
    )


def basis_of(spec: TrainSpec) -> Basis:
    """Whether a spec pays rent or owns."""
    return "own" if spec.price.basis == "own" else "rent"


def run_law(one: Described, how: Describing) -> RunLaw:
    """Whole runs of a described case in other setups: its tokens and operations."""

    def law(setups: Sequence[Setup]) -> RunFigures:
        cases = [_moved(one, setup, how) for setup in setups]
        done = estimated(cases, how.calibration)
        middles = (done.days.middle, done.chip_hours.middle, done.energy_kwh.middle)
        return RunFigures(*map(np.atleast_1d, middles), down=done.days.down, up=done.days.up)

    return law


def _moved(one: Described, setup: Setup, how: Describing) -> Described:
    """The case in another setup, with the rates of its chip."""
    if setup.accelerator.key == one.setup.accelerator.key:
        return replace(one, setup=setup)
    day = one.spec.as_of or how.today
    rates = rates_of(one.spec, setup.accelerator, how.lookups, day, Assumed())
    return replace(one, setup=setup, rates=rates)


def chip_prices(spec: TrainSpec, chip: Accelerator, how: Describing) -> ChipPrices:
    """Rent and wear of a chip on the day of a spec; a price the spec states is that of its own chip only."""
    stated = spec.price.usd_per_chip_hour
    is_own_chip = how.lookups.accelerator(spec.cluster.accelerator).key == chip.key
    rented = "rent" if spec.price.basis == "own" else spec.price.basis

    def rate(basis: str) -> tuple[Spread, float]:
        holds = stated is not None and is_own_chip and basis == spec.price.basis
        price = spec.price.model_copy(update={"basis": basis, "usd_per_chip_hour": stated if holds else None})
        asked = spec.model_copy(update={"price": price})
        rates = rates_of(asked, chip, how.lookups, spec.as_of or how.today, Assumed())
        return rates.usd_per_chip_hour, float(rates.usd_per_kwh.middle)

    (rent, _), (wear, kwh) = rate(rented), rate("own")
    return ChipPrices(
        _known(rent.middle),
        _known(wear.middle),
        kwh,
        rent_around=rent.around_one,
        wear_around=wear.around_one,
    )


def _on_the_market(spec: TrainSpec, chip: Accelerator, how: Describing) -> ChipPrices:
    """The prices of a chip beside others: of what is not sold there is only the rent, or the stated price."""
    prices, unsold = chip_prices(spec, chip, how), why_not_sold(chip)
    is_own_chip = how.lookups.accelerator(spec.cluster.accelerator).key == chip.key
    states_own = spec.price.basis == "own" and spec.price.usd_per_chip_hour is not None
    if not unsold or (is_own_chip and states_own):
        return prices
    return replace(prices, wear_usd_per_chip_hour=None, why_not_owned=unsold)


def _known(value: Value) -> float | None:
    return None if math.isnan(float(value)) else float(value)
