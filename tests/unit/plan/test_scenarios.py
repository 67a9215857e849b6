"""Scenarios: each is what its assignments make of the plan; they compose; their mixture adds up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.plan.specs import changed, example_plans, fleet, product, programme

import truecost
from truecost.catalog import load
from truecost.catalog.names import UnknownName
from truecost.plan.checks.scenarios import check_scenarios
from truecost.plan.result import read
from truecost.plan.scenarios import FAMILIES, SHIPPED, ScenarioResult, read_file, scenarios
from truecost.plan.scenarios.mixture import mixed, mixed_event, weighted_quantiles
from truecost.plan.variants import Variants
from truecost.spec import SpecError

EXAMPLES = example_plans()
CATALOG = load()


def variants(spec: Any, *sets: str, draws: int = 128) -> Variants:
    return Variants(read(spec, CATALOG, sets), CATALOG, draws=draws)


def compared(spec: Any, *names: str, draws: int = 128) -> dict[str, ScenarioResult]:
    return {one.name: one for one in scenarios(variants(spec, draws=draws), names or None)}


def metered(**changes: Any) -> dict[str, Any]:
    """A product that charges by the query and by the month."""
    return changed(product(**changes), demand__tiers__pro__usd_per_query=0.001)


def mean(ranged: Any) -> float:
    return ranged["mean"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_runs_every_scenario(path: Path) -> None:
    found = scenarios(variants(path))
    assert [one.name for one in found] == ["plan as written", *SHIPPED]
    for one in found:
        assert one.does_not_apply or one.total_usd is not None
    assert ("startup" in path.stem or "open-weights" in path.stem) == any(
        not one.does_not_apply for one in found[1:]
    )


@pytest.mark.parametrize("path", [p for p in EXAMPLES if "startup" in p.stem or "open-weights" in p.stem])
def test_each_is_what_its_assignments_make_of_the_plan_by_hand(path: Path) -> None:
    for one in scenarios(variants(path)):
        by_hand = truecost.plan(path, sets=one.sets, draws=128).statement()
        for key in ("total_usd", "revenue_usd", "margin_usd", "gross_margin_share"):
            assert getattr(one, key) == pytest.approx(by_hand[key], rel=1e-9), (one.name, key)


def test_prices_rise_triples_the_api_bill_and_nothing_else() -> None:
    plan, rise = compared(product(), "prices-rise-3x").values()
    lines = truecost.plan(product(), draws=128).statement()["lines"]
    api = next(line["cost_usd"]["mean"] for line in lines if line["component"] == "inference.chat.api")
    assert mean(rise.total_usd) - mean(plan.total_usd) == pytest.approx(2 * api)
    assert rise.revenue_usd == plan.revenue_usd
    assert mean(rise.margin_change_usd) == pytest.approx(-2 * api)


def test_a_rise_passed_on_would_be_covered_if_nobody_left() -> None:
    stay = product(demand__tiers__pro__elasticity=0)
    plan, borne, passed = compared(stay, "prices-rise-3x", "prices-rise-3x-passed-on").values()
    assert mean(borne.margin_usd) < mean(plan.margin_usd)
    assert mean(passed.margin_usd) == pytest.approx(mean(plan.margin_usd), rel=1e-3)
    leave = compared(product(demand__tiers__pro__elasticity=-1.5), "prices-rise-3x-passed-on")
    assert mean(leave["prices-rise-3x-passed-on"].margin_usd) < mean(plan.margin_usd)


def test_a_contract_is_lost_with_its_users_when_the_price_rises() -> None:
    tier = {
        "kind": "enterprise",
        "users": 1000,
        "contract_usd_per_year": 1.2e6,
        "queries_per_user_per_day": 50,
    }
    spec = product(demand__tiers__pro=tier | {"elasticity": -1})
    dearer = variants(spec, "what_if=[{asked_price: 2}]").of()
    assert dearer.revenue.sum() == pytest.approx(variants(spec).of().revenue.sum())


def test_a_seller_that_doubles_its_price_does_so_from_its_month_on() -> None:
    twice = {"a": {"share": 0.5, "input_tokens": 1000, "output_tokens": 300}}
    spec = product(
        demand__requests={**twice, "b": twice["a"]},
        serving={"a": {"api": {"model": "gpt-4.1"}}, "b": {"api": {"model": "gemini-2.5-flash"}}},
        horizon_months=9,
    )
    plan = variants(spec)
    doubled = scenarios(plan, ["consolidation-price-doubles"])[1]
    assert doubled.sets == ('serving.a.api.price_path.shocks=[{"month": 3, "multiple": 2}]',)
    before, after = plan.of().served["a"].cost, plan.of(doubled.sets).served["a"].cost
    assert after[:3] == pytest.approx(before[:3])
    assert after[3:] == pytest.approx(2 * before[3:])
    assert plan.of(doubled.sets).served["b"].cost == pytest.approx(plan.of().served["b"].cost)


def test_a_switch_bills_the_other_model_from_its_month_on_and_the_move_once() -> None:
    switch = {"month": 4, "model": "gpt-4o", "migration_usd": 5000, "outage_days": 0}
    both = [variants(product(serving__chat__api__model=m)).of().cost for m in ("gpt-4.1-mini", "gpt-4o")]
    cost = variants(product(serving__chat__api__switch=switch)).of().cost
    assert cost[:4] == pytest.approx(both[0][:4])
    assert cost[4] == pytest.approx(both[1][4] + 5000)
    assert cost[5:] == pytest.approx(both[1][5:])


def test_days_without_an_answer_cost_no_calls_and_bring_no_money() -> None:
    switch = {"month": 4, "model": "gpt-4.1-mini", "provider": "azure", "migration_usd": 0}
    calm = variants(metered(serving__chat__api__switch=switch | {"outage_days": 0})).of()
    out = variants(metered(serving__chat__api__switch=switch | {"outage_days": 6})).of()
    lost = 6 / 30.4375
    assert out.revenue[4] == pytest.approx(calm.revenue[4] * (1 - lost))
    assert out.served["chat"].cost[4] == pytest.approx(calm.served["chat"].cost[4] * (1 - lost))
    assert np.delete(out.revenue, 4, axis=0) == pytest.approx(np.delete(calm.revenue, 4, axis=0))


def test_an_outage_of_one_class_refunds_its_share_of_the_queries() -> None:
    request = {"share": 0.25, "input_tokens": 1000, "output_tokens": 300}
    switch = {"month": 2, "provider": "azure", "migration_usd": 0, "outage_days": 10}
    spec = product(
        demand__requests={"a": request, "b": request | {"share": 0.75}},
        serving={"a": {"api": {"model": "gpt-4.1", "switch": switch}}, "b": {"api": {"model": "gpt-4.1"}}},
    )
    revenue = variants(spec).of().revenue
    assert revenue[2] == pytest.approx(revenue[1] * (1 - 0.25 * 10 / 30.4375))


def test_a_standby_answers_its_share_at_its_own_price_and_keeps_the_days() -> None:
    standby = {"share": 0.2, "model": "gpt-4o", "migration_usd": 700}
    main, other = (
        variants(product(serving__chat__api__model=m)).of().served["chat"].cost
        for m in ("gpt-4.1-mini", "gpt-4o")
    )
    spec = product(
        serving__chat__api__standby=standby, serving__chat__api__switch={"month": 6, "migration_usd": 0}
    )
    made = variants(spec).of()
    assert made.served["chat"].cost[1:6] == pytest.approx((0.8 * main + 0.2 * other)[1:6])
    assert made.served["chat"].cost[0] == pytest.approx(0.8 * main[0] + 0.2 * other[0] + 700)
    assert made.revenue[6] == pytest.approx(made.revenue[5])


def test_the_shocks_of_one_seller_are_not_those_of_the_other() -> None:
    path = {"trend_per_year": 0, "shocks": [{"month": 3, "multiple": 4}]}
    switch = {"month": 6, "model": "gpt-4.1-mini", "provider": "azure", "migration_usd": 0, "outage_days": 0}
    cost = variants(
        product(serving__chat__api={"model": "gpt-4.1-mini", "price_path": path, "switch": switch})
    )
    by_month = cost.of().served["chat"].cost[:, 0]
    assert by_month[[3, 6, 11]] == pytest.approx(by_month[0] * np.array([4.0, 1.0, 1.0]))


def test_who_takes_over_is_never_the_company_that_goes() -> None:
    gone = {"gpt-4.1": ("gpt-4.1", "azure"), "gemini-2.5-flash": (None, None)}
    for model, (same, seller) in gone.items():
        found = compared(product(serving__chat__api__model=model), "consolidation-provider-gone")
        plan = variants(product(serving__chat__api__model=model)).of(
            found["consolidation-provider-gone"].sets
        )
        switch = plan.plan.serving["chat"].api.switch  # type: ignore[union-attr]
        assert switch is not None
        assert switch.provider not in {"openai", "google", "vertex"}
        assert same is None or (switch.model, switch.provider) == (same, seller)


def test_diversifying_costs_something_and_saves_the_outage() -> None:
    plan, gone, ready = compared(
        product(), "consolidation-provider-gone", "consolidation-diversified"
    ).values()
    assert mean(ready.revenue_usd) == pytest.approx(mean(plan.revenue_usd))
    assert mean(gone.revenue_usd) < mean(plan.revenue_usd)
    assert mean(ready.margin_usd) < mean(plan.margin_usd)


def test_a_routed_call_moves_too_when_its_seller_goes() -> None:
    route = {"share": 0.5, "model": "gpt-4.1-nano"}
    found = compared(product(serving__chat__levers__route=route), "consolidation-provider-gone")
    assert any(".levers.route.switch=" in text for text in found["consolidation-provider-gone"].sets)


def test_commoditization_replaces_the_trends_of_the_plan_and_says_when_own_chips_win() -> None:
    path = {"trend_per_year": 0.5}
    spec = product(serving__chat__api={"model": "gpt-4.1", "price_path": path}, horizon_months=36)
    found = compared(spec, "commoditization")["commoditization"]
    assert "serving.chat.api.price_path.trend_per_year=null" in found.sets
    assert mean(found.margin_change_usd) > 0
    assert found.self_hosting_from_month is not None
    assert found.self_hosting_from_month["chat"]["share_of_draws"] == 0
    busy = changed(spec, demand__tiers__pro__users=5e7, serving__chat__api__model="gpt-4")
    wins = compared(busy, "commoditization")["commoditization"].self_hosting_from_month
    assert wins is not None
    assert wins["chat"]["share_of_draws"] > 0.5


def test_what_does_not_apply_says_why() -> None:
    for spec in (programme(), fleet()):
        for name, one in compared(spec, "prices-rise", "consolidation").items():
            assert name == "plan as written" or "no API bill" in one.does_not_apply
            assert one.kind == "plan" or one.to_dict()["total_usd"] is None
    free = product(demand__tiers__pro={"kind": "free", "users": 10, "queries_per_user_per_day": 1})
    passed = compared(free, "prices-rise-3x-passed-on")["prices-rise-3x-passed-on"]
    assert "nobody pays" in passed.does_not_apply


def own(**defined: Any) -> dict[str, Any]:
    return product(scenarios=defined)


def test_a_scenario_of_ones_own_is_its_what_if_and_its_assignments() -> None:
    spec = own(
        grim={"what_if": [{"users": "0.4 .. 0.6"}], "set": {"demand.requests.chat.output_tokens": 600}}
    )
    one = compared(spec, "grim")["grim"]
    by_hand = variants(
        product(), "what_if=[{users: 0.4 .. 0.6}]", "demand.requests.chat.output_tokens=600"
    ).of()
    assert mean(one.margin_usd) == pytest.approx(by_hand.margin_usd.mean())


def test_the_what_if_of_the_plan_stays() -> None:
    spec = own(grim={"what_if": [{"users": 0.5}]}) | {"what_if": [{"api_price": 2}]}
    assert compared(spec, "grim")["grim"].sets == ('what_if=[{"api_price": 2.0}, {"users": 0.5}]',)


@settings(max_examples=15, deadline=None)
@given(
    st.permutations(["fewer", "longer", "prices-rise-3x", "consolidation-provider-gone"]), st.integers(1, 4)
)
def test_including_is_applying_one_after_the_other(order: list[str], count: int) -> None:
    parts = {
        "fewer": {"what_if": [{"from_month": 3, "users": 0.5}]},
        "longer": {"set": {"demand.requests.chat.output_tokens": "400 .. 600"}},
    }
    names = order[:count]
    made = compared(own(**parts, all={"includes": names}), "all", draws=32)["all"]
    sets: tuple[str, ...] = ()
    for name in names:
        there = variants(own(**parts), *sets, draws=32)
        sets = (*sets, *scenarios(there, [name])[1].sets)
    by_hand = variants(product(), *sets, draws=32).of()
    assert mean(made.total_usd) == pytest.approx(by_hand.cost_usd.mean(), rel=1e-12)
    assert mean(made.margin_usd) == pytest.approx(by_hand.margin_usd.mean(), rel=1e-12)


def test_what_is_included_twice_counts_once() -> None:
    rise = {"includes": ["prices-rise-3x"]}
    spec = own(a=rise, b=rise, both={"includes": ["a", "b"]})
    found = compared(spec, "both", "prices-rise-3x")
    assert found["both"].total_usd == found["prices-rise-3x"].total_usd


def test_the_mixture_adds_up() -> None:
    spec = own(
        a={"probability": "25 %", "what_if": [{"users": 0.5}]},
        b={"probability": 0.1, "includes": ["prices-rise-5x"]},
        c={"what_if": [{"users": 3}]},
    ) | {"business": {"cash_usd": 2e5}}
    found = compared(spec, "a", "b", "c")
    plan, mix = found["plan as written"], found["mixture"]
    assert plan.probability == pytest.approx(0.65)
    for key in ("total_usd", "revenue_usd", "margin_usd", "margin_change_usd", "gross_margin_share"):
        weighted = sum(
            share * mean(getattr(found[name], key))
            for name, share in (("plan as written", 0.65), ("a", 0.25), ("b", 0.1))
        )
        assert mean(getattr(mix, key)) == pytest.approx(weighted, rel=1e-12), key
    assert mix.runway_months is not None
    assert "mixture" not in compared(spec, "c")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.01, 1), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9)), min_size=1
    )
)
def test_a_mixture_has_the_weighted_mean_and_lies_within_its_parts(
    parts: list[tuple[float, list[float]]],
) -> None:
    total = sum(share for share, _ in parts)
    weighted = [(share / total, np.array(draws)) for share, draws in parts]
    found = mixed(weighted)
    assert found["mean"] == pytest.approx(sum(share * draws.mean() for share, draws in weighted), abs=1e-6)
    values = np.concatenate([draws for _, draws in weighted])
    assert values.min() <= found["p5"] <= found["p50"] <= found["p95"] <= values.max()


def test_equal_weights_give_the_quantiles_of_numpy() -> None:
    values = np.random.default_rng(1).normal(size=101)
    at = (0.05, 0.5, 0.95)
    assert weighted_quantiles(values, np.ones(101), at) == pytest.approx(np.quantile(values, at))


def test_an_event_of_a_mixture_happens_as_often_as_its_parts_do() -> None:
    never, always = np.full(4, np.inf), np.full(4, 7.0)
    found = mixed_event([(0.75, never), (0.25, always)])
    assert (found["p50"], found["share_of_draws"]) == (7.0, pytest.approx(0.25))
    assert mixed_event([(1.0, never)])["p50"] is None


def test_names_and_families() -> None:
    assert set(FAMILIES["prices-rise"]) < set(SHIPPED)
    found = compared(product(), "prices-rise", "prices-rise-3x")
    assert list(found)[1:] == list(FAMILIES["prices-rise"])
    with pytest.raises(UnknownName, match="nearest: prices-rise-3x"):
        compared(product(), "prices-rise-3")


def test_a_file_holds_the_same_section_as_a_plan(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("scenarios:\n  grim: {includes: [half], probability: 0.5}\n")
    document = read_file(file, CATALOG)
    plan = read(own(half={"what_if": [{"users": 0.5}]}), CATALOG)
    check_scenarios(plan, CATALOG, [document])
    found = scenarios(Variants(plan, CATALOG, draws=64), ["grim", "half"], [document])
    assert [one.kind for one in found] == ["plan", "scenario", "scenario", "mixture"]
    assert found[1].total_usd == found[2].total_usd


WRONG = {
    "scenarios: {a: {includes: [prices-rise-3]}}": "there is no such scenario; did you mean 'prices-rise-3x'",
    "scenarios: {a: {includes: [prices-rise]}}": "this is a family: include one of it",
    "scenarios: {a: {includes: [b]}, b: {includes: [a]}}": "includes itself: a > b > a",
    "scenarios: {a: {includes: [a]}}": "includes itself: a > a",
    "scenarios: {a: {probability: 0.7}, b: {probability: 0.4}}": "sum to 1.1, more than 1",
    "scenarios: {a: {probability: 0.1 .. 0.2}}": "a probability is one number",
    "scenarios: {a: {probability: 1.2}}": "probability",
    "scenarios: {a: {set: {demand.tiers.por.users: 5}}}": "demand.tiers has no entry 'por'",
    "scenarios: {a: {set: {demand.tiers.pro.usres: 5}}}": "did you mean 'users'",
    "scenarios: {a: {set: {demand.tiers.pro.users: many}}}": "'many'",
    "scenarios: {a: {set: {as_of: 2026-01-01}}}": "cannot change as_of",
    "scenarios: {a: {set: {horizon_months: 24}}}": "cannot change horizon_months",
    "scenarios: {a: {set: {scenarios.b.probability: 1}}}": "cannot set scenarios",
    "scenarios: {a: {set: {what_if: []}}}": "cannot set what_if",
    "scenarios: {a: {what_if: [{userz: 2}]}}": "did you mean 'users'",
    "scenarios: {prices-rise-3x: {probability: 0.1}}": "a shipped scenario has this name",
    "scenarios: {a b: {}}": "is not a plain name",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items())
def test_what_is_wrong_is_said_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    import yaml

    plan = tmp_path / "plan.yaml"
    plan.write_text(yaml.safe_dump(product()) + text + "\n")
    with pytest.raises(SpecError) as error:
        truecost.plan(plan, draws=16)
    assert message in str(error.value)
    last = len(plan.read_text().splitlines())
    assert all(problem.place == f"{plan}:{last}" for problem in error.value.problems)


def test_a_scenario_that_makes_no_plan_is_told_in_its_own_terms() -> None:
    spec = own(a={"set": {"serving.chat.use": "self_hosted"}})
    with pytest.raises(SpecError, match=r"scenarios\.a\.set\.serving\.chat\.use"):
        compared(spec, "a")


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"switch": {"month": 3, "model": "gpt-9"}}, "unknown model"),
        ({"switch": {"month": 3, "provider": "nobody"}}, "unknown provider"),
        ({"switch": {"month": 3, "outage_days": 40}}, "outage_days"),
        ({"standby": {"share": 1.2}}, "share"),
        ({"standby": {}}, "share"),
    ],
)
def test_a_switch_that_cannot_be_is_refused(part: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        truecost.plan(product(serving__chat__api={"model": "gpt-4.1", **part}), draws=16)


def test_a_switch_without_effect_is_pointed_out() -> None:
    late = truecost.plan(product(serving__chat__api__switch={"month": 90}), draws=16)
    assert any("after the last month" in warning for warning in late.warnings)
    same = truecost.plan(product(serving__chat__api__switch={"month": 3, "provider": "openai"}), draws=16)
    assert any("serves already" in warning for warning in same.warnings)


def test_scenarios_change_nothing_of_the_plan_as_written() -> None:
    with_them = truecost.plan(own(a={"what_if": [{"users": "2 .. 3"}]}), draws=64).statement()
    without = truecost.plan(product(), draws=64).statement()
    assert {k: v for k, v in with_them.items() if k != "assumptions"} == {
        k: v for k, v in without.items() if k != "assumptions"
    }
    assert not any(a["key"].startswith("scenarios.") for a in with_them["assumptions"])
