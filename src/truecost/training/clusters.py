"""Which chip to train on: for each the chips it takes, the days, the cost rented and owned, the energy.

Under a deadline a chip needs enough of them; under a budget, few enough. For every chip the search runs over
numbers of chips, each in its fastest layout that fits; what meets both is compared by cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from truecost.catalog.accelerators import Accelerator
from truecost.physics.training_step.cases import MULTIPLIED_IN
from truecost.physics.training_step.constants import StepConstants
from truecost.physics.training_step.setup import Setup
from truecost.training.checks import serves_only
from truecost.training.frontier import Basis, ChipPrices, Point, RunLaw, cheapest, frontier, on_count, points
from truecost.training.search import SearchResult
from truecost.training.search_space import Fixed
from truecost.training.spread import chance_below
from truecost.units import show, show_share

MOST_CHIPS = 131_072
"""Chips looked at where a deadline asks for more than the spec has: beyond any run on record."""
STEPS_BETWEEN = 4
"""Numbers of chips between one that misses the deadline and its double that meets it: quarters."""
SURE = 0.95
"""A chance from which on a goal is said to be met."""
FEWEST = 8
"""Under a deadline, no fewer chips are looked at than this part of what it needs."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a run has to meet, and how it is paid for."""

    deadline_days: float | None = None
    budget_usd: float | None = None
    basis: Basis = "rent"
    most_chips: int | None = None

    def meets_deadline(self, point: Point) -> bool:
        """Whether the run ends in time."""
        return self.deadline_days is None or point.days <= self.deadline_days

    def chance_of_deadline(self, point: Point) -> float | None:
        """How likely the run ends in time; None without a deadline."""
        return None if self.deadline_days is None else chance_below(point.days_spread, self.deadline_days)

    def chance_of_budget(self, point: Point) -> float | None:
        """How likely the money suffices; None without a budget or a price."""
        usd = point.usd_spread(self.basis)
        return None if self.budget_usd is None or usd is None else chance_below(usd, self.budget_usd)

    def verdict(self, point: Point) -> str:
        """How surely the run meets what its middle meets; empty without a goal, or where it meets none."""
        said: list[str] = []
        if self.deadline_days is not None and self.meets_deadline(point):
            said.append(_surely(time_words(self.deadline_days), self.chance_of_deadline(point)))
        if self.budget_usd is not None and self.meets_budget(point):
            said.append(_surely(show(self.budget_usd, "USD"), self.chance_of_budget(point)))
        return "; ".join(said)

    def meets_budget(self, point: Point) -> bool:
        """Whether the money suffices; a run without a price meets no budget."""
        usd = point.usd(self.basis)
        return self.budget_usd is None or (usd is not None and usd <= self.budget_usd)


@dataclass(frozen=True, slots=True)
class Cluster:
    """What one kind of chip can do for the run."""

    accelerator: str
    pick: Point | None
    """The cheapest that meets deadline and budget; else the nearest to it; None where nothing fits."""
    meets_deadline: bool
    meets_budget: bool
    reason: str
    """Why deadline or budget is missed; empty where both are met."""
    points: tuple[Point, ...]
    """Every number of chips looked at, fewest first."""
    why_not_owned: str = ""
    """Why it has no price to own it, where that is known."""

    @property
    def meets(self) -> bool:
        """Whether deadline and budget are met."""
        return self.meets_deadline and self.meets_budget


@dataclass(frozen=True, slots=True)
class Comparison:
    """Kinds of chip side by side."""

    clusters: tuple[Cluster, ...]
    """In the order they were asked for."""
    goal: Goal

    @property
    def best(self) -> Cluster | None:
        """The cheapest chip that meets the goal, the fastest where none has a price; None where none does."""
        able = [cluster for cluster in self.clusters if cluster.meets and cluster.pick is not None]
        return min(able, key=lambda cluster: _order(cluster.pick, self.goal.basis), default=None)

    @property
    def undominated(self) -> tuple[Point, ...]:
        """Over all chips and numbers of them: what no other beats in both days and cost, fastest first."""
        return frontier([point for cluster in self.clusters for point in cluster.points], self.goal.basis)

    @property
    def reason(self) -> str:
        """Why no chip meets the goal; empty where one does."""
        if self.best is not None:
            return ""
        return "; ".join(f"{cluster.accelerator}: {cluster.reason}" for cluster in self.clusters)


def compare_clusters(
    setup: Setup,
    accelerators: Sequence[Accelerator],
    constants: StepConstants,
    run_law: RunLaw,
    prices: Mapping[str, ChipPrices],
    *,
    goal: Goal | None = None,
    fixed: Fixed | None = None,
) -> Comparison:
    """The run of a setup on each accelerator, under a goal.

    Without a deadline the numbers of chips go up to the setup's. `prices` are by the chip's key; a chip
    without one is compared by days. Node size, network and power cap of the setup hold for its own chip only.
    """
    wanted = goal or Goal()
    look = _Look(constants, run_law, wanted, fixed or {})
    nothing = ChipPrices(None, None)
    return Comparison(
        tuple(_cluster(_on(setup, chip), prices.get(chip.key, nothing), look) for chip in accelerators),
        wanted,
    )


@dataclass(frozen=True, slots=True)
class _Look:
    constants: StepConstants
    run_law: RunLaw
    goal: Goal
    fixed: Fixed


def _on(setup: Setup, chip: Accelerator) -> Setup:
    if chip.key == setup.accelerator.key:
        return setup
    return replace(setup, accelerator=chip, per_node=None, inter_node_bytes_per_s=None, power_cap_w=None)


def _cluster(setup: Setup, prices: ChipPrices, look: _Look) -> Cluster:
    chip, goal = setup.accelerator, look.goal
    if unfit := serves_only(chip):
        return Cluster(chip.key, None, False, False, unfit, ())
    if MULTIPLIED_IN[setup.precision] not in chip.peak_flops:
        return Cluster(chip.key, None, False, False, f"it has no {setup.precision} units", ())
    found, last = _points(setup, prices, look)
    if not found:
        return Cluster(
            chip.key, None, False, False, last.binds if last else "no number of chips to look at", ()
        )
    pick, unsold = _pick(found, goal), prices.why_not_owned
    in_time, in_budget = goal.meets_deadline(pick), goal.meets_budget(pick)
    return Cluster(chip.key, pick, in_time, in_budget, _reason(found, pick, goal, unsold), found, unsold)


def _points(setup: Setup, prices: ChipPrices, look: _Look) -> tuple[tuple[Point, ...], SearchResult | None]:
    """Doublings of one server until the deadline is met, then quarters of the last; and the last search."""
    goal, server = look.goal, setup.accelerator.chips_per_server
    most = goal.most_chips or (setup.count if goal.deadline_days is None else max(setup.count, MOST_CHIPS))
    known: dict[int, Point | None] = {}
    last: SearchResult | None = None

    def tried(count: int) -> Point | None:
        nonlocal last
        if count not in known:
            last = on_count(setup, look.constants, count, look.fixed)
            known[count] = next(iter(points([last.best] if last.best else [], look.run_law, prices)), None)
        return known[count]

    stated = min(setup.count, most)
    fewest = _fewest(tried(stated), goal)
    for count in _doublings(server, most, stated):
        if count < fewest or (point := tried(count)) is None:
            continue
        if goal.deadline_days is not None and goal.meets_deadline(point):
            for fewer in _between(count, server):
                tried(fewer)
            break
    return tuple(point for _, point in sorted(known.items()) if point is not None), last


def _fewest(stated: Point | None, goal: Goal) -> float:
    """Chips below which a run is too far from its deadline to look at, from the stated number's days."""
    if stated is None or goal.deadline_days is None:
        return 0.0
    return stated.count * stated.days / goal.deadline_days / FEWEST


def _doublings(server: int, most: int, stated: int) -> list[int]:
    """One server, two, four ... up to `most`, with the stated number of chips among them."""
    counts = {server << power for power in range(most.bit_length()) if server << power <= most}
    return sorted(counts | {stated})


def _between(count: int, server: int) -> list[int]:
    parts = [count // 2 * (STEPS_BETWEEN + part) // STEPS_BETWEEN for part in range(1, STEPS_BETWEEN)]
    return [one for one in parts if one % server == 0]


def _pick(among: Sequence[Point], goal: Goal) -> Point:
    """The cheapest that meets all; else the cheapest in time; else the fastest."""
    in_time = [point for point in among if goal.meets_deadline(point)]
    if in_time:
        return min(in_time, key=lambda point: _order(point, goal.basis))
    return min(among, key=lambda point: point.days)


def _order(point: Point | None, basis: Basis) -> tuple[float, float]:
    if point is None:
        return inf, inf
    usd = point.usd(basis)
    return (inf if usd is None else usd), point.days


def _reason(among: Sequence[Point], pick: Point, goal: Goal, unsold: str) -> str:
    if goal.deadline_days is not None and not goal.meets_deadline(pick):
        return (
            f"{_days(pick)} on {pick.count:,} chips, the fastest found, miss {time_words(goal.deadline_days)}"
        )
    if goal.budget_usd is None or goal.meets_budget(pick):
        return ""
    if (usd := pick.usd(goal.basis)) is None:
        return f"no price to {goal.basis} it{f': {unsold}' if unsold and goal.basis == 'own' else ''}"
    least = cheapest(among, goal.basis)
    text = f"{show(usd, 'USD')} on {pick.count:,} chips exceed {show(goal.budget_usd, 'USD')}"
    if least is not None and least is not pick and goal.meets_budget(least):
        text += f"; within the budget it takes {_days(least)} on {least.count:,}"
    return text


def _days(point: Point) -> str:
    return time_words(point.days)


def time_words(days: float) -> str:
    """A time in days, below one in hours.

    >>> time_words(60.0), time_words(1 / 24)
    ('60 days', '1 hour')
    """
    if days >= 1:
        return show(days, "days")
    return show(round(days * 24, 6), "hours")


def _surely(limit: str, chance: float | None) -> str:
    if chance is None or chance >= SURE:
        return f"surely meets {limit}"
    return f"meets {limit} in the middle, not surely ({show_share(chance)} likely)"
