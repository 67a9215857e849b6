"""What must hold for every plan: sums, conservation, monotone prices, same seed same answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.plan.specs import fleet, product, programme

import truecost
from truecost.plan.result import Result

EVERYTHING = programme() | {
    key: value
    for key, value in product(serving__chat__api__model="gpt-4.1").items()
    if key in ("demand", "serving")
}
PLANS = {
    "product": product(),
    "fleet": fleet(),
    "owned": fleet(serving__chat__self_hosted__purchase="owned"),
    "programme": programme(),
    "everything": EVERYTHING,
}


def run(spec: dict[str, object], draws: int = 256, seed: int = 1) -> Result:
    return truecost.plan(spec, draws=draws, seed=seed)


@pytest.mark.parametrize("name", PLANS)
def test_lines_sum_to_the_total_in_every_view(name: str) -> None:
    result = run(PLANS[name]).statement()
    total = result["total_usd"]["mean"]
    assert math.isclose(sum(line["cost_usd"]["mean"] for line in result["lines"]), total, rel_tol=1e-9)
    assert math.isclose(sum(line["cost_usd"]["mean"] for line in result["monthly"]), total, rel_tol=1e-9)
    cash = result["cash_total_usd"]["mean"]
    assert math.isclose(sum(line["cash_usd"]["mean"] for line in result["lines"]), cash, rel_tol=1e-9)
    assert math.isclose(sum(line["cash_usd"]["mean"] for line in result["monthly"]), cash, rel_tol=1e-9)
    iceberg = result["iceberg"]
    parts = iceberg["quotable_usd"]["mean"] + iceberg["below_waterline_usd"]["mean"]
    assert math.isclose(parts, total, rel_tol=1e-9)
    by_group = sum(map(sum, result["series"]["cost_by_group_usd"].values()))
    assert math.isclose(by_group, total, rel_tol=1e-9)


@pytest.mark.parametrize("name", PLANS)
def test_cash_and_amortized_reconcile(name: str) -> None:
    parts = {key: value["mean"] for key, value in run(PLANS[name]).statement()["reconciliation"].items()}
    left = parts["amortized_usd"] + parts["closing_book_value_usd"] - parts["interest_on_own_money_usd"]
    assert math.isclose(left, parts["cash_usd"], rel_tol=1e-9)
    assert parts["closing_book_value_usd"] >= -1e-6


@pytest.mark.parametrize("name", PLANS)
def test_same_seed_same_answer_other_seed_another(name: str) -> None:
    assert run(PLANS[name]).statement() == run(PLANS[name]).statement()
    assert run(PLANS[name]).total_usd != run(PLANS[name], seed=2).total_usd


def test_a_draw_does_not_depend_on_how_many_there_are() -> None:
    few = run(EVERYTHING, draws=100).evaluation.outcomes["total_usd"]
    many = run(EVERYTHING, draws=5000).evaluation.outcomes["total_usd"]
    np.testing.assert_allclose(many[:100], few, rtol=1e-12)


def test_intervals_widen_with_the_ranges_of_the_plan() -> None:
    def width(tokens: str) -> float:
        total = run(product(demand__requests__chat__input_tokens=tokens), draws=1000).total_usd
        return total["p95"] - total["p5"]

    assert width("900 .. 1100") < width("700 .. 1400") < width("400 .. 2500")


def test_tiers_conserve_users_queries_and_serving_cost() -> None:
    spec = product(
        demand__tiers__free={
            "kind": "free",
            "users": 9000,
            "queries_per_user_per_day": 2,
            "churn_per_month": 0.1,
        },
        demand__tiers__pro__converts_from={"tier": "free", "share_per_month": 0.02},
    )
    result = run(spec)
    outcomes = result.evaluation.outcomes
    for name in ("queries", "user_months"):
        parts = sum(outcomes[f"tiers.{tier}.{name}"] for tier in ("free", "pro"))
        np.testing.assert_allclose(parts, outcomes[f"volumes.{name}"])
    served = sum(outcomes[f"tiers.{tier}.serving_usd"] for tier in ("free", "pro"))
    inference = sum(t.cost_usd for n, t in result.evaluation.lines.items() if n.startswith("inference."))
    np.testing.assert_allclose(served, inference)


def test_converted_users_leave_one_tier_and_arrive_in_the_other() -> None:
    spec = product(
        demand__tiers__free={"kind": "free", "users": 9000, "queries_per_user_per_day": 2},
        demand__tiers__pro__converts_from={"tier": "free", "share_per_month": 0.02},
    )
    users = run(spec).evaluation.first.quantities
    everyone = users["users.free"].value + users["users.pro"].value
    np.testing.assert_allclose(everyone, 11_000)


@settings(max_examples=20, deadline=None)
@given(low=st.floats(10, 1e5), more=st.floats(1.01, 20))
def test_the_price_never_falls_with_tokens(low: float, more: float) -> None:
    costs = [
        run(product(demand__requests__chat__input_tokens=tokens), draws=16).total_usd["mean"]
        for tokens in (low, low * more)
    ]
    assert costs[0] <= costs[1]


@settings(max_examples=15, deadline=None)
@given(users=st.floats(1, 1e7), more=st.floats(1.01, 10))
def test_more_users_never_need_fewer_chips(users: float, more: float) -> None:
    chips = [
        run(fleet(demand__tiers__pro__users=u), draws=16).evaluation.first.quantities[
            "serving.chat.self_hosted.chips_by_month"
        ]
        for u in (users, users * more)
    ]
    assert np.all(np.asarray(chips[0].value) <= np.asarray(chips[1].value))


def test_what_is_left_out_is_named() -> None:
    parts = {entry["part"] for entry in run(product()).statement()["left_out"]}
    assert {"programme", "business"} <= parts
    lab = {entry["part"] for entry in run(programme()).statement()["left_out"]}
    assert "demand" in lab


def test_putting_a_part_in_takes_it_off_the_list() -> None:
    with_cash = product(business={"cash_usd": 1e6, "operating": {"rent": {"usd_per_month": 1000}}})
    parts = {entry["part"] for entry in run(with_cash).statement()["left_out"]}
    assert "business" not in parts
    assert run(with_cash).statement()["runway_months"] is not None
