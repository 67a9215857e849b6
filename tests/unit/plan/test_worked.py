"""Plans small enough to work out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.unit.plan.specs import AS_OF, fleet, product, programme

import truecost
from truecost.plan.book import DAYS_PER_MONTH


def outcomes(spec: dict[str, object], draws: int = 64) -> dict[str, np.ndarray]:
    return dict(truecost.plan(spec, draws=draws).evaluation.outcomes)


def mean(spec: dict[str, object], component: str) -> float:
    lines = {line.component: line for line in truecost.plan(spec, draws=64).lines}
    return lines[component].cost_usd["mean"]


def test_ten_million_people_twenty_questions_two_cents() -> None:
    """4M USD a day and 1.46B USD a year, the published arithmetic."""
    spec = product(
        demand__tiers={"all": {"kind": "free", "users": 10e6, "queries_per_user_per_day": 20}},
        serving__chat={"quoted": {"usd_per_query": 0.02}},
    )
    year = mean(spec, "inference.chat.quoted")
    assert year == pytest.approx(0.02 * 20 * 10e6 * 365.25)
    assert year / 365.25 == pytest.approx(4e6)
    assert year == pytest.approx(1.46e9, rel=2e-3)


def test_deepseek_v3_quote() -> None:
    """2.788M chip-hours x 2 USD = 5.576M USD."""
    spec = programme(
        programme__training={"chip_hours": 2.788e6, "chip": "h800-sxm", "usd_per_chip_hour": 2},
        programme__generations={"first_release_month": 6},
    )
    assert mean(spec, "training.final_run") == pytest.approx(5.576e6)


def test_api_bill_is_tokens_times_list_price() -> None:
    calls = 2000 * 15 * DAYS_PER_MONTH * 12
    assert mean(product(), "inference.chat.api") == pytest.approx(calls * (1000 * 0.4e-6 + 300 * 1.6e-6))


def test_cached_input_is_not_paid_twice() -> None:
    spec = product(demand__requests__chat__cacheable_share=0.5)
    calls = 2000 * 15 * DAYS_PER_MONTH * 12
    expected = calls * (500 * 0.4e-6 + 500 * 0.1e-6 + 300 * 1.6e-6)
    assert mean(spec, "inference.chat.api") == pytest.approx(expected)


def test_work_that_can_wait_takes_the_batch_price() -> None:
    ratio = mean(product(demand__requests__chat__latency="batch"), "inference.chat.api") / mean(
        product(), "inference.chat.api"
    )
    assert ratio == pytest.approx(0.5)


def test_a_price_shock_multiplies_from_its_month_on() -> None:
    shocked = product(serving__chat__api__price_path={"shocks": [{"month": 6, "multiple": 3}]})
    assert mean(shocked, "inference.chat.api") == pytest.approx(2 * mean(product(), "inference.chat.api"))


def test_shock_tolerance_is_the_multiple_at_which_the_margin_is_zero() -> None:
    multiple = float(outcomes(product())["break_even.shock_tolerance.multiple"].mean())
    shocked = product(serving__chat__api__price_path={"shocks": [{"month": 0, "multiple": multiple}]})
    revenue = float(outcomes(shocked)["revenue_usd"].mean())
    assert abs(float(outcomes(shocked)["margin_usd"].mean())) < 0.02 * revenue


def test_expected_attempts_and_cost_of_a_successful_task() -> None:
    """p = 0.5 with one retry: 1.5 attempts, a quarter fail; half of those go to a person for 6 minutes."""
    task = {
        "calls": 2,
        "success_rate": 0.5,
        "retry_limit": 1,
        "human_fallback": {"share": 0.5, "minutes": 6, "usd_per_hour": 30},
    }
    spec = product(demand__requests__chat__task=task)
    assert mean(spec, "inference.chat.api") == pytest.approx(3 * mean(product(), "inference.chat.api"))
    queries = 2000 * 15 * DAYS_PER_MONTH * 12
    assert mean(spec, "people.chat.fallback") == pytest.approx(queries * 0.125 * 0.1 * 30)
    result = outcomes(spec)
    np.testing.assert_allclose(result["volumes.tasks_done"], queries * 0.875)
    np.testing.assert_allclose(
        result["unit_costs.usd_per_successful_task"], result["total_usd"] / (queries * 0.875)
    )


def test_users_grow_and_churn() -> None:
    spec = product(demand__tiers__pro__growth_per_month=0.1, demand__tiers__pro__churn_per_month=0.04)
    users = truecost.plan(spec, draws=8).evaluation.first.quantities["users.pro"].value
    np.testing.assert_allclose(np.asarray(users)[:, 0], 2000 * 1.06 ** np.arange(12))


def test_growth_fades_at_the_ceiling() -> None:
    spec = product(demand__tiers__pro__growth_per_month=0.5, demand__tiers__pro__market_users=5000)
    users = truecost.plan(spec, draws=8).evaluation.first.quantities["users.pro"].value
    assert 4900 < float(np.asarray(users)[-1, 0]) <= 5000


def test_own_series_and_season() -> None:
    spec = product(
        demand__tiers__pro={
            "kind": "subscription",
            "price_usd_per_month": 20,
            "queries_per_user_per_day": 1,
            "users_by_month": [100 * m for m in range(1, 13)],
            "seasonality": [2] + [1] * 11,
        }
    )
    queries = outcomes(spec)["volumes.queries"][0]
    # the plan starts in December: January is its second month, of 200 users
    assert queries == pytest.approx((sum(100 * m for m in range(1, 13)) + 200) * DAYS_PER_MONTH)


def test_heavy_tail_sets_the_mean_and_the_losers() -> None:
    spec = product(demand__tiers__pro__heavy_tail={"p50": 10, "p90": 60})
    del spec["demand"]["tiers"]["pro"]["queries_per_user_per_day"]  # type: ignore[index]
    result = outcomes(spec)
    sigma = math.log(6) / 1.2815515655446004
    assert result["volumes.queries"][0] / result["volumes.user_months"][0] / DAYS_PER_MONTH == pytest.approx(
        10 * math.exp(sigma**2 / 2)
    )
    assert 0 < result["tiers.pro.share_served_at_a_loss"][0] < 1


def test_a_usage_cap_cuts_cost_and_losses() -> None:
    heavy = {
        "demand__tiers__pro__heavy_tail": {"p50": 10, "p99": 900},
        "demand__tiers__pro__queries_per_user_per_day": 60,
    }
    free, capped = (
        outcomes(product(**heavy)),
        outcomes(product(**heavy, demand__tiers__pro__cap_queries_per_user_per_day=50)),
    )
    assert capped["total_usd"].mean() < free["total_usd"].mean()
    assert capped["volumes.queries"].mean() < free["volumes.queries"].mean()


def test_elasticity_loses_users_when_the_price_rises() -> None:
    change = {
        "demand__tiers__pro__price_changes": [{"month": 0, "multiple": 2}],
        "demand__tiers__pro__elasticity": -1,
    }
    assert outcomes(product(**change))["volumes.user_months"].mean() == pytest.approx(1000 * 12)
    assert outcomes(product(**change))["revenue_usd"].mean() == pytest.approx(
        outcomes(product())["revenue_usd"].mean()
    )


def test_generations_are_paid_before_their_release() -> None:
    """The first is ready at the start; successors at months 12 and 24 cost 2 and 4 times as much."""
    spec = programme(horizon_months=24, programme__training__lead_months=3)
    lines = truecost.plan(spec, draws=16).monthly
    first = [line.cost_usd["mean"] for line in lines if line.component == "training.final_run"]
    later = [line.cost_usd["mean"] for line in lines if line.component == "training.later_runs"]
    assert first == pytest.approx([2e6] + [0.0] * 23)
    assert later[9:12] == pytest.approx([4e6 / 3] * 3)
    assert later[21:24] == pytest.approx([8e6 / 3] * 3)
    assert sum(later) == pytest.approx(4e6 + 8e6)


def test_no_generation_is_lost_over_ten_years() -> None:
    spec = programme(horizon_months=120, programme__generations={"every_months": 1})
    lines = {line.component: line.cost_usd["mean"] for line in truecost.plan(spec, draws=8).lines}
    assert lines["training.later_runs"] > 119 * lines["training.final_run"]


def test_experiments_follow_the_multiplier() -> None:
    assert mean(programme(), "training.experiments") > 0
    assert mean(programme(programme__experiments__multiplier=1), "training.experiments") == 0


def test_annotation_splits_between_labellers_and_intermediary() -> None:
    spec = programme(
        programme__annotation={
            "labels": {"items": 1e5, "usd_per_item": 1, "quality_overhead": 1.5, "intermediary_share": 0.4}
        },
        programme__generations={},
    )
    assert mean(spec, "annotation.labels.labellers") == pytest.approx(90_000)
    assert mean(spec, "annotation.labels.intermediary") == pytest.approx(60_000)


def test_a_flat_price_turns_unprofitable_at_the_stated_use() -> None:
    """At the stated use, revenue after fees equals the cost of serving that user."""
    spec = product(
        business={"payment_fee_share": 0.03, "payment_fee_usd": 0.3, "support_usd_per_user_month": 1}
    )
    result = outcomes(spec)
    limit = result["tiers.pro.unprofitable_above_queries_per_day"][0]
    left = 20 * 0.97 - 0.3 - 1
    assert limit * DAYS_PER_MONTH * result["tiers.pro.usd_per_query"][0] == pytest.approx(left)


def test_owned_chips_are_cash_at_once_and_cost_over_their_life() -> None:
    spec = fleet(serving__chat__self_hosted__purchase="owned", horizon_months=24)
    lines = {line.component: line for line in truecost.plan(spec, draws=64).lines}
    servers = lines["inference.chat.servers"]
    assert servers.cash_usd["mean"] > servers.cost_usd["mean"] > 0
    assert lines["inference.chat.capital"].cash_usd["mean"] == 0


def test_the_hybrid_is_never_dearer_than_the_api_alone() -> None:
    big = product(demand__tiers__pro__users=3e6, demand__tiers__pro__price_usd_per_month=20)
    big["serving"]["chat"] = fleet()["serving"]["chat"] | {
        "api": {"model": "gpt-4.1"},
        "hybrid": {},
        "use": "hybrid",
    }
    rows = {r["option"]: r for r in truecost.plan(big, draws=256).statement()["serving"]}
    assert rows["hybrid"]["total_usd"]["mean"] <= 1.001 * min(
        rows["api"]["total_usd"]["mean"], rows["self_hosted"]["total_usd"]["mean"]
    )


def test_dates_are_the_plans_own() -> None:
    result = truecost.plan(product(), draws=8).statement()
    assert (result["as_of"], result["start"]) == (AS_OF, "2026-12")
    assert [m["period"] for m in result["monthly"]][:2] == ["2026-12", "2027-01"]


def test_one_more_query_earns_nothing_under_a_flat_price() -> None:
    assert outcomes(product())["unit_costs.marginal_revenue_usd_per_query"].max() == 0
    metered = product(
        demand__tiers__pro={
            "kind": "usage",
            "users": 100,
            "usd_per_query": 0.05,
            "queries_per_user_per_day": 3,
        }
    )
    np.testing.assert_allclose(outcomes(metered)["unit_costs.marginal_revenue_usd_per_query"], 0.05)


def test_one_more_query_costs_what_grows_with_it() -> None:
    """An API call costs the same at the margin; a fleet far from full costs less than its average."""
    api = outcomes(product())
    np.testing.assert_allclose(api["unit_costs.marginal_usd_per_query"], 1000 * 0.4e-6 + 300 * 1.6e-6)
    small = outcomes(fleet())
    average = small["tiers.pro.serving_usd"] / small["volumes.queries"]
    assert np.all(small["unit_costs.marginal_usd_per_query"] < average)


def test_an_operating_line_called_capital_is_not_interest() -> None:
    spec = product(business={"operating": {"capital": {"usd_per_month": 1000}}})
    result = truecost.plan(spec, draws=64)
    lines = {line.component: line.cost_usd["mean"] for line in result.lines}
    assert lines["business.operating.capital"] == pytest.approx(12_000)
    assert result.statement()["reconciliation"]["interest_on_own_money_usd"]["mean"] == 0


def test_no_user_is_in_two_tiers() -> None:
    spec = product(
        demand__tiers__free={
            "kind": "free",
            "users": 1000,
            "queries_per_user_per_day": 2,
            "churn_per_month": 0.5,
        },
        demand__tiers__pro__users=10,
        demand__tiers__pro__converts_from={"tier": "free", "share_per_month": 0.9},
        horizon_months=2,
    )
    users = truecost.plan(spec, draws=8).evaluation.first.quantities
    assert float(np.asarray(users["users.pro"].value)[1, 0]) == pytest.approx(10 + 1000 * 0.9 / 1.4)
    assert float(np.asarray(users["users.free"].value)[1, 0]) == 0


def test_a_commitment_keeps_the_price_it_was_signed_at() -> None:
    fall = {"serving__chat__self_hosted__price_path": {"shocks": [{"month": 1, "multiple": 0.1}]}}
    kept = mean(fleet(serving__chat__self_hosted__purchase="reserved_3y", **fall), "inference.chat.rent")
    followed = mean(fleet(serving__chat__self_hosted__usd_per_chip_hour=3, **fall), "inference.chat.rent")
    base = mean(fleet(serving__chat__self_hosted__usd_per_chip_hour=3), "inference.chat.rent")
    assert followed < 0.3 * base
    assert kept == pytest.approx(
        mean(fleet(serving__chat__self_hosted__purchase="reserved_3y"), "inference.chat.rent")
    )


def test_terms_of_one_chip_keep_their_order_in_every_draw() -> None:
    def rent(term: str) -> np.ndarray:
        lines = truecost.plan(fleet(serving__chat__self_hosted__purchase=term), draws=256).evaluation.lines
        return lines["inference.chat.rent"].cost_usd

    assert np.mean(rent("reserved_3y") < rent("on_demand")) > 0.99


def test_a_query_handed_over_is_done_and_not_billed_twice() -> None:
    task = {"calls": 1, "success_rate": 0.5, "human_fallback": {"share": 1, "minutes": 6, "usd_per_hour": 30}}
    levers = {"human_handoff": {"share": 1, "minutes": 6, "usd_per_hour": 30}}
    spec = product(demand__requests__chat__task=task, serving__chat__levers=levers)
    assert mean(spec, "people.chat.fallback") == 0
    result = outcomes(spec)
    np.testing.assert_allclose(result["volumes.tasks_done"], result["volumes.queries"])


def test_the_hybrid_carries_what_it_has_built() -> None:
    """One replica is the least: at small traffic it carries nearly everything."""
    spec = product(demand__tiers__pro__users=200)
    spec["serving"]["chat"] = fleet()["serving"]["chat"] | {
        "api": {"model": "gpt-4.1"},
        "hybrid": {"base_multiple_of_mean": 0.5},
        "use": "hybrid",
    }
    row = next(r for r in truecost.plan(spec, draws=64).statement()["serving"] if r["option"] == "hybrid")
    assert row["base_share"]["p5"] > 0.95


def test_a_hybrid_beside_it_does_not_change_what_own_chips_cost() -> None:
    host = {**fleet()["serving"]["chat"], "api": {"model": "gpt-4.1"}}
    host["self_hosted"]["tpot_limit"] = 30
    costs = [
        next(
            r
            for r in truecost.plan(
                product(demand__tiers__pro__users=2e5, serving__chat=host | extra | {"use": "self_hosted"}),
                draws=64,
            ).statement()["serving"]
            if r["option"] == "self_hosted"
        )["total_usd"]["mean"]
        for extra in ({}, {"hybrid": {}})
    ]
    assert costs[0] == pytest.approx(costs[1])
