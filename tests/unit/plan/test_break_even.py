"""Break-evens against numbers worked by hand and against the plan evaluated at the break-even itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import fleet, product

import truecost
from truecost.plan.book import DAYS_PER_MONTH
from truecost.plan.break_even import self_hosting_volume
from truecost.plan.result import Result
from truecost.plan.zero_margin import lasting_crossing, users_for_zero_margin

DRAWS = 64
TOKENS_PER_USER_MONTH = 15 * DAYS_PER_MONTH * 1300
VOLUME = "break_even.self_hosting.chat.self_host_tokens_per_month"
OWN_CHIPS: dict[str, Any] = {
    "model": "meta-llama/Llama-3.1-70B",
    "chip": "h100-sxm",
    "precision": "fp8",
    "tensor_parallel_size": 4,
    "purchase": "owned",
    "peak_to_mean": 2,
    "utilization_at_peak": 0.7,
    "spare_replicas": 1,
}


def compared(users: float, **host: Any) -> Result:
    """The small product on an API, with chips of its own to compare."""
    chat = {"api": {"model": "gpt-4.1"}, "self_hosted": {**OWN_CHIPS, **host}, "use": "api"}
    return truecost.plan(product(demand__tiers__pro__users=users, serving__chat=chat), draws=DRAWS)


def own_chips_less_api(tokens_a_month: float, **host: Any) -> np.ndarray:
    """USD over the plan that chips of its own cost more than the API, at a volume, one a draw."""
    options = compared(tokens_a_month / TOKENS_PER_USER_MONTH, **host).evaluation.served["chat"].options
    own, api = (np.asarray(options[o].cost()).sum(axis=0) for o in ("self_hosted", "api"))
    return np.broadcast_to(own - api, (DRAWS,))


def tier(result: Result, name: str = "pro") -> dict[str, Any]:
    return next(row for row in result.statement()["break_even"]["tiers"] if row["tier"] == name)


def margin(spec: dict[str, Any]) -> np.ndarray:
    return truecost.plan(spec, draws=DRAWS).evaluation.outcomes["margin_usd"]


def test_volume_by_hand() -> None:
    """K = 10, R = 4, one spare, 1 USD a token: ahead at 8, behind again at 10 with a third, then for good."""
    assert self_hosting_volume(1.0, 4.0, 10.0, 1).item() == pytest.approx(12), "2 + 1 replicas for 12 tokens"
    assert self_hosting_volume(1.0, 7.0, 10.0, 1).item() == pytest.approx(42), "5 + 1 replicas for 42 tokens"
    assert np.isinf(self_hosting_volume(1.0, 10.0, 10.0, 1).item())
    assert self_hosting_volume(1.0, 4.0, 10.0, 0, 5.0).item() == pytest.approx(13), "5 + 2 x 4 for 13 tokens"


@pytest.mark.parametrize("spare", [0, 1, 3])
@pytest.mark.parametrize("fixed", [0.0, 3.0, 47.0])
def test_volume_is_the_end_of_the_last_loss(spare: int, fixed: float) -> None:
    rng = np.random.default_rng(7)
    price, rent, capacity = rng.uniform(0.9, 1.1, 40), rng.uniform(2, 8, 40), rng.uniform(9, 11, 40)
    volume = np.linspace(0.0, 1200.0, 120_001)[1:, None]
    loss = fixed + rent * (np.ceil(volume / capacity) + spare) > volume * price * (1 + 1e-12)
    last = np.array([volume[np.nonzero(loss[:, d])[0][-1], 0] for d in range(40)])
    found = self_hosting_volume(price, rent, capacity, spare, fixed)
    assert np.all(np.abs(found - last) <= 0.0101)


@pytest.mark.parametrize("host", [{}, {"operations_people": 3}, {"spare_replicas": 0}])
def test_the_plan_at_that_volume_costs_what_the_api_does(host: dict[str, Any]) -> None:
    """Every draw turns at its own volume, and no larger fleet costs more than the API again."""
    volumes = compared(1000, **host).evaluation.outcomes[VOLUME]
    for draw in (0, 1, 2):
        assert own_chips_less_api(volumes[draw] * (1 - 1e-6), **host)[draw] > 0
        assert own_chips_less_api(volumes[draw] * (1 + 1e-6), **host)[draw] <= 0
    for tokens in np.linspace(0.6, 3, 25) * np.median(volumes):
        beyond = volumes <= tokens
        assert np.all(own_chips_less_api(tokens, **host)[beyond] <= 1e-6)


def test_stated_staff_are_paid_once_not_for_every_chip() -> None:
    """Three engineers add about their pay over what a token saves on a full replica, not a multiple of it."""
    without, with_staff = (
        compared(1000, purchase="on_demand", peak_to_mean=1, usd_per_chip_hour=2, operations_people=people)
        .evaluation.outcomes[VOLUME]
        .mean()
        for people in (1e-9, 3.0)
    )
    staff = truecost.catalog.load().rate("staff/ops_loaded").value
    middle = staff if isinstance(staff, float | int) else staff.median
    api = (1000 * 2e-6 + 300 * 8e-6) / 1300
    at_least = 3 * middle / 12 / api
    assert 0.7 * at_least < with_staff - without < 3 * at_least


def test_the_break_even_leaves_the_plans_own_quantities_alone() -> None:
    """The API's work after a cache, its layout and its law are entered under the break-even's own name."""
    spec = product(
        serving__chat={"self_hosted": OWN_CHIPS, "api": {"model": "gpt-4.1"}, "use": "self_hosted"}
    )
    compared_too = truecost.plan(spec, draws=DRAWS).evaluation.first.quantities
    del spec["serving"]["chat"]["api"]
    alone = truecost.plan(spec, draws=DRAWS).evaluation.first.quantities
    own = {key for key in alone if key.startswith("serving.chat.self_hosted.")}
    assert own == {key for key in compared_too if key.startswith("serving.chat.self_hosted.")}
    for key in own:
        assert np.array_equal(np.asarray(alone[key].value), np.asarray(compared_too[key].value))
    assert "break_even.self_hosting.chat.self_hosted.replica_seconds_per_call" in compared_too


@pytest.mark.parametrize("use", ["api", "self_hosted"])
def test_the_volume_is_explained_by_what_the_plan_states(use: str) -> None:
    chat = {"self_hosted": OWN_CHIPS, "api": {"model": "gpt-4.1", "discount": 0.1}, "use": use}
    result = truecost.plan(product(serving__chat=chat), draws=DRAWS)
    found = {node.key: node for _, node in result.explain(VOLUME).walk()}
    assert found["serving.chat.self_hosted.peak_to_mean"].confidence == "stated in the plan"
    assert {"serving.chat.api.usd_per_call", "serving.chat.api.discount"} <= set(found)


def test_users_for_zero_margin_of_an_api_product_by_hand() -> None:
    """20 USD less fees and the API bill a user, against 6,000 USD a month of rent."""
    spec = product(
        business={
            "payment_fee_share": 0.03,
            "payment_fee_usd": 0.5,
            "support_usd_per_user_month": 1,
            "operating": {"rent": {"usd_per_month": 6000}},
        }
    )
    bill = 15 * DAYS_PER_MONTH * (1000 * 0.4e-6 + 300 * 1.6e-6)
    row = tier(truecost.plan(spec, draws=DRAWS))
    assert row["users_for_zero_margin"]["p50"] == pytest.approx(6000 / (20 * 0.97 - 0.5 - 1 - bill))
    needed = (bill + 1.5 + 6000 / 2000) / 0.97
    assert row["usd_per_user_month_for_zero_margin"]["p50"] == pytest.approx(needed)


@pytest.mark.parametrize("planned", [200, 2000])
def test_users_of_a_fleet_are_those_at_which_its_plan_earns_what_it_costs(planned: float) -> None:
    """The same number whatever the plan has, and the plan with that number has no margin."""
    result = truecost.plan(fleet(demand__tiers__pro__users=planned), draws=DRAWS)
    users = users_for_zero_margin(result.evaluation, "pro")
    assert users is not None
    assert 150 < np.median(users) < 450
    for draw in range(3):
        at = margin(fleet(demand__tiers__pro__users=float(users[draw])))[draw]
        assert abs(at) < 0.01 * 20 * 12 * users[draw]
    for more in (1.2, 2.0, 5.0):
        assert np.all(margin(fleet(demand__tiers__pro__users=float(users.max() * more))) > 0)


def test_users_where_the_fleet_is_large_and_comes_in_steps() -> None:
    """Half a million USD of rent a month: some thirty replicas, and still within 1 % of the brute force."""
    changes = {"business": {"operating": {"rent": {"usd_per_month": 5e5}}}}
    users = users_for_zero_margin(truecost.plan(fleet(**changes), draws=DRAWS).evaluation, "pro")
    assert users is not None
    draw = int(np.argsort(users)[DRAWS // 2])
    grid = users[draw] * np.linspace(0.9, 1.1, 41)
    at = np.array([margin(fleet(demand__tiers__pro__users=float(n), **changes))[draw] for n in grid])
    last_loss = grid[np.nonzero(at < 0)[0][-1]]
    assert last_loss == pytest.approx(users[draw], rel=0.015)


def test_no_number_of_users_where_each_loses_money() -> None:
    users = tier(truecost.plan(product(demand__tiers__pro__price_usd_per_month=0.3), draws=DRAWS))[
        "users_for_zero_margin"
    ]
    assert users["share_of_draws"] == 0
    assert users["p50"] is None


def test_a_contract_has_neither_users_nor_a_price_at_which_it_pays() -> None:
    contract = {
        "kind": "enterprise",
        "users": 500,
        "contract_usd_per_year": 1e5,
        "queries_per_user_per_day": 15,
    }
    row = tier(truecost.plan(product(demand__tiers={"pro": contract}), draws=DRAWS))
    assert row["users_for_zero_margin"] is None
    assert row["usd_per_user_month_for_zero_margin"] is None


def test_a_contract_beside_a_price_pays_with_no_users_at_all() -> None:
    """A contract of 100,000 a year covers rent of 60,000; the price may fall to what is then still short."""
    changes: dict[str, Any] = {
        "business": {"payment_fee_share": 0, "payment_fee_usd": 0, "support_usd_per_user_month": 0}
    }
    changes["business"]["operating"] = {"rent": {"usd_per_month": 10_000}}
    both = {
        "kind": "enterprise",
        "users": 2000,
        "contract_usd_per_year": 1e5,
        "price_usd_per_month": 10,
        "queries_per_user_per_day": 15,
    }
    row = tier(truecost.plan(product(demand__tiers={"pro": both}, **changes), draws=DRAWS))
    bill = 15 * DAYS_PER_MONTH * (1000 * 0.4e-6 + 300 * 1.6e-6)
    short = 10_000 - 1e5 / 12
    assert row["users_for_zero_margin"]["p50"] == pytest.approx(short / (10 - bill))
    assert row["usd_per_user_month_for_zero_margin"]["p50"] == pytest.approx(bill + short / 2000)


def test_lasting_crossing_of_fleets_against_every_scale_tried_one_by_one() -> None:
    """Fleets of 0.3 to 30 replicas that share one with another tier, one step a replica."""
    rng, count = np.random.default_rng(1), 200
    replicas, taken = rng.uniform(0.3, 30, count), rng.uniform(0, 1, count)
    earned = rng.uniform(1.2, 6, count) * replicas
    other = rng.uniform(0, 3, count) * earned / 3

    def margin_at(scale: np.ndarray) -> np.ndarray:
        return earned * scale - (np.maximum(np.ceil(replicas * scale + taken), 1) + 1) - other

    scales = np.linspace(0, 8, 8001)[:, None]
    losses = margin_at(scales) < 0
    last = np.array([scales[np.nonzero(losses[:, d])[0][-1], 0] for d in range(count)])
    inside = last < 7.9
    errors = np.abs(lasting_crossing(margin_at) / last - 1)[inside]
    assert inside.mean() > 0.9
    assert np.median(errors) < 0.002
    assert np.quantile(errors, 0.9) < 0.04


def test_lasting_crossing_of_lines() -> None:
    """Exact on a line, 0 where there is no loss, inf where it ends in one."""
    found = lasting_crossing(lambda scale: scale * np.array([2.0, 2.0, -1.0]) - np.array([3.0, -1.0, -5.0]))
    assert found.tolist() == [1.5, 0.0, np.inf]


@pytest.mark.parametrize(
    ("path", "first_month"), [({}, 1.0), ({"shocks": [{"month": 0, "multiple": 2}]}, 2.0)]
)
def test_shock_tolerance_is_a_multiple_of_the_plans_prices(path: dict[str, Any], first_month: float) -> None:
    """Doubled in the plan, half the multiple is left; times the plan's price it is the same price."""
    shocked = product(serving__chat__api__price_path=path) if path else product()
    result = truecost.plan(shocked, draws=DRAWS)
    tolerance = result.evaluation.outcomes["break_even.shock_tolerance.multiple"] * first_month
    plain = truecost.plan(product(), draws=DRAWS).evaluation.outcomes["break_even.shock_tolerance.multiple"]
    assert tolerance == pytest.approx(plain)
    assert "the plan's API prices" in result.explain("break_even.shock_tolerance.multiple").unit


def test_shock_is_told_on_direct_cost_and_all_in() -> None:
    """Rent that eats the margin: the product survives five times the price, the plan not even three."""
    rent = {"operating": {"rent": {"usd_per_month": 36_000}}, "support_usd_per_user_month": 0}
    shock = truecost.plan(product(business=rent), draws=DRAWS).statement()["break_even"]["shock_tolerance"]
    assert shock["survives_5x_share_of_draws"] == 1
    assert shock["all_in_survives_1x_share_of_draws"] == 1
    assert shock["all_in_survives_3x_share_of_draws"] < 1
    assert shock["all_in_multiple"]["p50"] < shock["multiple"]["p50"]
