"""Chips side by side: enough for the deadline, their cost, what no other beats, why a goal is missed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.catalog.accelerators import accelerator
from truecost.catalog.models import model
from truecost.physics.training_step.priors import prior_constants
from truecost.physics.training_step.setup import Setup, stack_setups
from truecost.physics.training_step.step import step_parts
from truecost.training.clusters import Comparison, Goal, compare_clusters
from truecost.training.frontier import (
    ChipPrices,
    RunFigures,
    chip_counts,
    over_counts,
    undominated,
)
from truecost.training.search import search
from truecost.units import show

CONSTANTS = prior_constants()
H100, H200, A100 = accelerator("h100-sxm"), accelerator("h200"), accelerator("a100-sxm-80")
RUN = Setup(model("llama-3.1-8b"), H100, 64, 512, 1, 4096, per_node=8, inter_node_bytes_per_s=50e9)
TOKENS = 200e9
PRICES = {
    "h100-sxm": ChipPrices(2.0, 1.0, 0.1),
    "h200": ChipPrices(3.0, 1.2, 0.1),
    "a100-sxm-80": ChipPrices(None, 0.6, 0.1),
}


def plain_run(setups: Sequence[Setup]) -> RunFigures:
    """Steps and nothing else; 1 kW a chip."""
    cases = stack_setups(setups)
    steps = TOKENS / (cases.layout.global_batch * cases.layout.sequence)
    days = np.asarray(step_parts(cases, CONSTANTS).total) * steps / 86_400
    hours = days * 24 * np.array([setup.count for setup in setups])
    return RunFigures(days, hours, hours)


def compared(goal: Goal | None = None, setup: Setup = RUN) -> Comparison:
    """The three chips under a goal."""
    return compare_clusters(setup, [H100, H200, A100], CONSTANTS, plain_run, PRICES, goal=goal)


def test_costs_are_hours_times_prices() -> None:
    for cluster in compared().clusters:
        assert cluster.points
        for point in cluster.points:
            prices = PRICES[cluster.accelerator]
            assert point.chip_hours == pytest.approx(point.days * 24 * point.count)
            if prices.rent_usd_per_chip_hour is None:
                assert point.rent_usd is None
            else:
                assert point.rent_usd == pytest.approx(point.chip_hours * prices.rent_usd_per_chip_hour)
            assert prices.wear_usd_per_chip_hour is not None
            own = point.chip_hours * prices.wear_usd_per_chip_hour + point.energy_kwh * 0.1
            assert point.own_usd == pytest.approx(own)


def test_each_number_of_chips_stands_in_its_best_layout() -> None:
    points = compared().clusters[0].points
    assert [point.count for point in points] == sorted({point.count for point in points})
    for point in points:
        best = search(replace(RUN, count=point.count), CONSTANTS).best
        assert best is not None
        assert point.found.step_time_s == pytest.approx(best.step_time_s, rel=1e-12)


def test_without_a_goal_each_chip_shows_its_cheapest() -> None:
    for cluster in compared().clusters[:2]:
        assert cluster.pick is not None
        assert (cluster.meets, cluster.reason) == (True, "")
        assert cluster.pick.rent_usd == min(point.rent_usd for point in cluster.points if point.rent_usd)
        assert max(point.count for point in cluster.points) == 64


def test_a_deadline_takes_enough_chips_and_no_more() -> None:
    goal = Goal(deadline_days=5.0)
    for cluster in compared(goal).clusters:
        assert cluster.pick is not None
        assert cluster.meets_deadline
        assert cluster.pick.days <= 5.0
        cheaper = [point for point in cluster.points if point.count < cluster.pick.count]
        assert all(
            point.days > 5.0 or (point.usd("rent") or np.inf) >= (cluster.pick.usd("rent") or 0)
            for point in cheaper
        )
        assert any(point.days > 5.0 for point in cheaper)


def test_a_deadline_can_ask_for_more_chips_than_the_spec_has() -> None:
    spec_days = next(point.days for point in compared().clusters[0].points if point.count == 64)
    cluster = compared(Goal(deadline_days=spec_days / 3)).clusters[0]
    assert cluster.pick is not None
    assert cluster.meets
    assert cluster.pick.count > 64
    held = compared(Goal(deadline_days=spec_days / 3, most_chips=64)).clusters[0]
    assert not held.meets_deadline
    assert "the fastest found, miss" in held.reason


def test_a_budget_that_does_not_suffice_is_explained() -> None:
    deadline = 5.0
    free = compared(Goal(deadline_days=deadline)).clusters[0]
    assert free.pick is not None
    assert free.pick.rent_usd is not None
    goal = Goal(deadline_days=deadline, budget_usd=free.pick.rent_usd * 0.5)
    comparison = compared(goal)
    assert comparison.best is None
    assert not comparison.clusters[0].meets_budget
    assert f"exceed {show(goal.budget_usd or 0, 'USD')}" in comparison.clusters[0].reason
    assert all(cluster.accelerator in comparison.reason for cluster in comparison.clusters)
    assert compared(replace(goal, budget_usd=free.pick.rent_usd * 1.01)).clusters[0].meets


def test_reasons_are_in_three_significant_digits() -> None:
    over = compared(Goal(deadline_days=5.0, budget_usd=4_857.3)).clusters[0].reason
    assert re.fullmatch(
        r"[\d.,]+( [kM])? USD on \d+ chips exceed 4,860 USD(; within .* days on [\d,]+)?", over
    )
    late = compared(Goal(deadline_days=1.0, most_chips=64)).clusters[0].reason
    assert re.fullmatch(r"\d\.\d\d days on 64 chips, the fastest found, miss 1(\.0+)? days?", late)


def test_a_chip_that_is_not_sold_says_so_where_it_would_be_owned() -> None:
    unsold = {"h100-sxm": ChipPrices(2.0, None, why_not_owned="it is not sold")}
    goal = Goal(budget_usd=1e9, basis="own")
    owned = compare_clusters(RUN, [H100], CONSTANTS, plain_run, unsold, goal=goal).clusters[0]
    assert (owned.meets_budget, owned.why_not_owned) == (False, "it is not sold")
    assert owned.reason == "no price to own it: it is not sold"
    rented = compare_clusters(RUN, [H100], CONSTANTS, plain_run, unsold, goal=replace(goal, basis="rent"))
    assert rented.clusters[0].reason == ""


def test_a_chip_without_a_price_meets_no_budget_but_can_be_owned() -> None:
    rented = compared(Goal(budget_usd=1e9)).clusters[2]
    assert (rented.meets_deadline, rented.meets_budget) == (True, False)
    assert rented.reason == "no price to rent it"
    owned = compared(Goal(budget_usd=1e9, basis="own")).clusters[2]
    assert owned.meets
    assert owned.pick is not None
    assert owned.pick.own_usd is not None


def test_the_best_is_the_cheapest_that_meets_the_goal() -> None:
    comparison = compared(Goal(deadline_days=20.0))
    costs = {
        cluster.accelerator: cluster.pick.rent_usd
        for cluster in comparison.clusters
        if cluster.meets and cluster.pick is not None and cluster.pick.rent_usd is not None
    }
    assert comparison.best is not None
    assert comparison.reason == ""
    assert comparison.best.accelerator == min(costs, key=lambda name: costs[name])


def test_the_frontier_holds_what_no_other_beats() -> None:
    comparison = compared()
    every = [point for cluster in comparison.clusters for point in cluster.points if point.rent_usd]
    kept = comparison.undominated
    assert list(kept) == sorted(kept, key=lambda point: point.days)
    for point in every:
        beaten = any(
            other.days <= point.days and (other.rent_usd or 0) <= (point.rent_usd or 0)
            for other in every
            if other is not point
        )
        assert (point in kept) is not beaten


def test_a_chip_that_lacks_the_precision_says_so() -> None:
    cluster = compared(setup=replace(RUN, precision="fp8")).clusters[2]
    assert (cluster.pick, cluster.meets, cluster.reason) == (None, False, "it has no fp8 units")


def test_a_model_that_fits_on_no_number_of_chips_says_what_is_short() -> None:
    large = replace(RUN, architecture=model("llama-3.1-405b"), count=16)
    cluster = compared(setup=large).clusters[0]
    assert cluster.pick is None
    assert "memory: the layout that takes least" in cluster.reason


def test_the_network_of_the_spec_is_that_of_its_own_chip() -> None:
    slow = replace(RUN, inter_node_bytes_per_s=1e9)
    before, after = compared(), compared(setup=slow)
    assert after.clusters[0].points[-1].days > before.clusters[0].points[-1].days
    assert after.clusters[1].points[-1].days == before.clusters[1].points[-1].days


def test_over_counts_the_cheapest_is_not_the_fastest() -> None:
    found = over_counts(RUN, CONSTANTS, plain_run, PRICES["h100-sxm"])
    assert found.fastest is not None
    assert found.cheapest is not None
    assert found.fastest.count == 64 > found.cheapest.count
    assert (found.undominated[0], found.undominated[-1]) == (found.fastest, found.cheapest)
    # 3 divides neither 512 sequences, 4,096 tokens nor 32 heads, nor 32 layers, nor 34 with both ends
    assert found.without_layout == (24, 48)
    some = over_counts(RUN, CONSTANTS, plain_run, PRICES["h100-sxm"], counts=[13, 32])
    assert [point.count for point in some.points] == [32]
    assert some.without_layout == (13,)


def test_a_stated_data_parallel_size_is_not_held_on_other_numbers_of_chips() -> None:
    stated = over_counts(
        RUN, CONSTANTS, plain_run, PRICES["h100-sxm"], counts=[16, 64], fixed={"data_parallel_size": 64}
    )
    assert [point.count for point in stated.points] == [16, 64]


def test_numbers_of_chips_are_whole_servers() -> None:
    assert chip_counts(64, 8) == [8, 16, 24, 32, 48, 64]
    assert all(count % 72 == 0 for count in chip_counts(1152, 72))
    assert chip_counts(4, 8) == [4]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30))
def test_undominated_pairs(pairs: list[tuple[int, int]]) -> None:
    one, other = (np.array([pair[axis] for pair in pairs], dtype=np.float64) for axis in (0, 1))
    kept = [pair for pair, is_kept in zip(pairs, undominated(one, other), strict=True) if is_kept]
    assert len(set(kept)) == len(kept)
    expected = {a for a in pairs if not any(b != a and b[0] <= a[0] and b[1] <= a[1] for b in pairs)}
    assert set(kept) == expected


def ranged_run(setups: Sequence[Setup]) -> RunFigures:
    """The plain run, from half to twice as long."""
    days, hours, kwh, *_ = plain_run(setups)
    return RunFigures(days, hours, kwh, down=0.5, up=2.0)


def test_a_goal_met_in_the_middle_alone_is_not_said_to_be_met() -> None:
    def verdict(deadline: float) -> str:
        goal = Goal(deadline_days=deadline, most_chips=64)
        cluster = compare_clusters(RUN, [H100], CONSTANTS, ranged_run, PRICES, goal=goal).clusters[0]
        assert cluster.pick is not None
        return goal.verdict(cluster.pick)

    days = compared(Goal(most_chips=64)).clusters[0].points[-1].days
    assert "in the middle, not surely (" in verdict(days * 1.1)
    assert verdict(days * 0.9) == ""
    cluster = compare_clusters(RUN, [H100], CONSTANTS, ranged_run, PRICES, goal=Goal(days * 100))
    assert cluster.clusters[0].pick is not None
    pick = cluster.clusters[0].pick
    assert pick.days_spread.p95 == pytest.approx(2 * pick.days)
    sure = Goal(deadline_days=pick.days * 2.1)
    assert sure.verdict(pick).startswith("surely meets ")
    assert sure.chance_of_deadline(pick) == pytest.approx(0.957, abs=0.01)


def test_the_range_of_a_price_widens_that_of_the_cost() -> None:
    from truecost.training.spread import Spread

    prices = {"h100-sxm": replace(PRICES["h100-sxm"], rent_around=Spread(1.0, 0.5, 2.0))}
    pick = compare_clusters(RUN, [H100], CONSTANTS, ranged_run, prices).clusters[0].pick
    assert pick is not None
    rent, own = pick.usd_spread("rent"), pick.usd_spread("own")
    assert rent is not None
    assert own is not None
    assert rent.p95 / rent.middle == pytest.approx(2 ** (2**0.5))
    assert own.p95 / own.middle == pytest.approx(2.0)


@pytest.mark.parametrize("name", ["inferentia2", "groq-lpu", "sambanova-sn40l"])
def test_chips_that_only_serve_are_not_picked(name: str) -> None:
    (cluster,) = compare_clusters(RUN, [accelerator(name)], CONSTANTS, plain_run, {}).clusters
    assert cluster.pick is None
    assert "serve models" in cluster.reason
