"""Levers: their savings are those of the plan edited by hand, and what cannot be pulled says why."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import fleet, product, programme

import truecost
from truecost.advise.levers import Advice, Lever, WhyNot, every_lever
from truecost.advise.levers.smaller_models import family
from truecost.catalog.catalog import load
from truecost.plan.result import read
from truecost.plan.variants import Variants
from truecost.spec import SpecError

DRAWS = 256
EXAMPLES = ("consumer-assistant", "deepseek-v3", "frontier-run", "open-weights-team", "startup-on-apis")
BIG = {"demand__tiers__pro__users": 3e5, "demand__tiers__pro__growth_per_month": 0.02}
CHIPS = fleet(
    **BIG,
    serving__chat__self_hosted__tpot_limit="50 ms",
    serving__chat__api={"model": "gpt-4.1-mini"},
    serving__chat__use="self_hosted",
)
LAB = programme(programme__training={"flops": 1e24, "chip": "h100-sxm", "term": "on_demand"})
PLANS: dict[str, dict[str, Any]] = {"api": product(), "chips": CHIPS, "lab": LAB}


def advised(spec: Any, **options: Any) -> Advice:
    return truecost.advise(spec, draws=DRAWS, **options)


@cache
def advised_of_example(name: str) -> Advice:
    return advised(f"examples/{name}.yaml")


@cache
def advised_on(name: str) -> Advice:
    """The advice on one of PLANS."""
    return advised(PLANS[name])


def by_hand(spec: Any, sets: tuple[str, ...]) -> np.ndarray[Any, Any]:
    """USD a month that the plan leaves more with the assignments made, from two whole statements."""
    before, after = (truecost.plan(spec, draws=DRAWS, sets=s).evaluation for s in ((), sets))
    months = before.plan.horizon_months
    return (after.outcomes["margin_usd"] - before.outcomes["margin_usd"]) / months


def outcomes(spec: Any) -> dict[str, Lever | WhyNot]:
    catalog = load()
    plan = Variants(read(spec, catalog), catalog, draws=16).plan
    return {outcome.key: outcome for outcome in every_lever(plan, catalog)}


def why(spec: Any, key: str) -> str:
    found = outcomes(spec)[key]
    assert isinstance(found, WhyNot), found
    return found.why


@pytest.mark.parametrize("name", PLANS)
def test_each_saving_is_that_of_the_plan_edited_by_hand(name: str) -> None:
    spec, found = PLANS[name], advised_on(name)
    assert found.levers
    scale = float(np.abs(found.cost_usd_per_month).mean())
    for each in found.levers:
        hand = by_hand(spec, each.lever.sets)
        assert each.saved == pytest.approx(hand, rel=1e-6, abs=1e-9 * scale), each.lever.key


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_combination_of_an_example_is_the_plan_with_all_its_assignments(name: str) -> None:
    spec = f"examples/{name}.yaml"
    found = advised_of_example(name)
    together = found.combination
    scale = float(np.abs(found.cost_usd_per_month).mean())
    assert together.saved == pytest.approx(by_hand(spec, together.sets), rel=1e-6, abs=1e-9 * scale)
    gains = [step.gained.mean() for step in together.steps]
    assert sum(gains) == pytest.approx(together.saved.mean(), abs=1e-9 * scale)
    assert all(gain > 0 for gain in gains)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_advice_of_an_example_is_ranked_and_complete(name: str) -> None:
    found = advised_of_example(name).to_dict()
    saved = [row["saved_usd_per_month"]["mean"] for row in found["levers"]]
    assert saved == sorted(saved, reverse=True)
    assert all(row["mechanism"] and row["quality"] and row["latency"]["note"] for row in found["levers"])
    assert all(row["sets"] for row in found["levers"])
    assert all(row["why"] for row in found["not_applicable"])
    keys = [row["lever"] for row in (*found["levers"], *found["not_applicable"])]
    assert len(keys) == len(set(keys))


def test_interactions_are_computed_not_added() -> None:
    found = advised_on("api").to_dict()["combination"]
    assert len(found["steps"]) >= 3
    assert found["saved_usd_per_month"]["mean"] < found["sum_of_single_usd_per_month"]


def test_a_combination_takes_one_of_each_group_and_none_set_apart() -> None:
    steps = [step.lever for step in advised_on("chips").combination.steps]
    groups = [lever.exclusive for lever in steps]
    assert len(groups) == len(set(groups))
    assert not any(lever.apart for lever in steps)


def test_a_step_to_own_chips_brings_the_levers_of_own_chips() -> None:
    spec = product(
        **BIG, demand__tiers__pro__queries_per_user_per_day=30, serving__chat__api__model="gpt-4.1"
    )
    spec["serving"]["chat"]["self_hosted"] = CHIPS["serving"]["chat"]["self_hosted"]
    spec["serving"]["chat"]["use"] = "api"
    together = advised(spec).combination
    steps = {step.lever.family: step for step in together.steps}
    assert {"option", "hybrid"} & set(steps)
    opened = [step for step in together.steps if step.alone is None]
    assert opened
    assert together.saved == pytest.approx(by_hand(spec, together.sets), rel=1e-6)


def test_what_runs_on_the_vendors_chips_cannot_be_changed_there() -> None:
    for lever in (
        "quantization",
        "pruning",
        "batching",
        "speculative_decoding",
        "distillation",
        "term",
        "chip",
    ):
        assert "vendor's chips" in why(product(), f"{lever}.chat")


def test_a_quoted_price_depends_on_nothing_but_queries() -> None:
    quoted = product(serving__chat={"quoted": {"usd_per_query": 0.01}})
    for lever in ("prompt_trimming", "output_length", "prefix_cache", "batch", "quantization"):
        assert "quoted price" in why(quoted, f"{lever}.chat")
    assert isinstance(outcomes(quoted)["response_cache.chat"], Lever)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"response_cache": {"hit_rate": 0.2}}, "response_cache"),
        ({"prompt_trimming": {"share": 0.2}}, "prompt_trimming"),
        ({"output_length": {"share": 0.2}}, "output_length"),
        ({"route": {"share": 0.2, "model": "gpt-4.1-nano"}}, "route"),
        ({"quantization": "fp8"}, "quantization"),
        ({"pruning": 0.2}, "pruning"),
        ({"batching": 64}, "batching"),
        ({"edge": {"share": 0.1}}, "edge"),
        ({"human_handoff": {"share": 0.1, "minutes": 3}}, "human_handoff"),
    ],
)
def test_a_lever_that_the_plan_has_is_not_pulled_again(given: dict[str, Any], key: str) -> None:
    spec = fleet(
        **BIG,
        serving__chat__levers=given,
        serving__chat__api={"model": "gpt-4.1-mini"},
        serving__chat__use="self_hosted",
    )
    assert why(spec, f"{key}.chat").startswith("already in the plan")


def test_reasons_name_what_stands_in_the_way() -> None:
    assert "phone" in why(product(demand__requests__chat__input_tokens=8000), "edge.chat")
    assert "own chips" in why(product(), "hybrid.chat")
    waiting = product(demand__requests__chat__latency="batch")
    assert why(waiting, "batch.chat").startswith("already in the plan")
    usage = product(
        demand__tiers__pro={"kind": "usage", "users": 10, "usd_per_query": 0.1, "queries_per_user_per_day": 3}
    )
    assert "revenue" in why(usage, "usage_cap.pro")
    assert "already" in why(usage, "metered_price.pro")
    assert "chip-hours" in why(programme(), "precision.training")


def test_a_lever_without_effect_says_so_and_is_not_ranked() -> None:
    found = advised_on("chips")
    ranked = {each.lever.key for each in found.levers}
    refused = {no.key: no.why for no in found.not_applicable}
    assert "batching.chat" in refused
    assert "batching.chat" not in ranked
    assert "memory" in refused["batching.chat"]


def test_only_the_option_in_use_counts() -> None:
    on_api = outcomes({**CHIPS, "serving": {"chat": {**CHIPS["serving"]["chat"], "use": "api"}}})
    assert isinstance(on_api["quantization.chat"], WhyNot)
    assert isinstance(outcomes(CHIPS)["quantization.chat"], Lever)


def test_a_cheaper_model_is_of_the_same_family_and_at_most_a_third_of_the_price() -> None:
    for model in ("gpt-4.1", "claude-opus-4-5", "gemini-2.5-pro"):
        lever = outcomes(product(serving__chat__api={"model": model}))["route.chat"]
        assert isinstance(lever, Lever), lever
        other = lever.label.partition("(")[2].rstrip(")")
        assert family(other) == family(model)
        here, there = (load().prices(m, read(product(), load()).value.as_of) for m in (model, other))
        assert there.fact("input").value <= here.fact("input").value / 2


def test_a_student_is_a_smaller_model_of_the_same_family() -> None:
    lever = outcomes(CHIPS)["distillation.chat"]
    assert isinstance(lever, Lever)
    student = load().model(lever.label.partition("(")[2].rstrip(")"))
    teacher = load().model("meta-llama/Llama-3.1-70B")
    assert student.total_parameters <= teacher.total_parameters / 4
    assert family(student.name) == family(teacher.name)


def test_waiting_changes_as_the_law_says() -> None:
    found = {each.lever.key: each for each in advised(fleet(**BIG)).levers}
    lever = found["quantization.chat"]
    points = [
        truecost.plan(fleet(**BIG), draws=DRAWS, sets=sets).evaluation.served["chat"].used.details["tpot_s"]
        for sets in ((), lever.lever.sets)
    ]
    assert lever.latency["tpot_s"] == pytest.approx([np.mean(point) for point in points])
    assert points[0] is not points[1]
    assert (
        "not known"
        in {a.lever.key: a for a in advised_on("api").levers}["output_length.chat"].latency["note"]
    )


def test_own_cost_is_that_of_the_lines_a_lever_adds() -> None:
    found = {each.lever.key: each for each in advised_on("api").levers}
    cache = found["response_cache.chat"]
    assert len(cache.own_lines) == 1
    lines = truecost.plan(product(), draws=DRAWS, sets=cache.lever.sets).lines
    line = next(each for each in lines if each.component == "inference.chat.cache")
    assert cache.own.mean() == pytest.approx(line.cost_usd["mean"] / 12)
    assert not found["output_length.chat"].own_lines


def test_the_plans_own_draws_and_overrides_hold() -> None:
    sets = ("serving.chat.api.model=gpt-4.1",)
    found = advised(product(), sets=sets)
    hand = by_hand(product(serving__chat__api={"model": "gpt-4.1"}), found.levers[0].lever.sets)
    assert found.levers[0].saved == pytest.approx(hand, rel=1e-6)


def test_bad_input_is_refused() -> None:
    with pytest.raises(SpecError, match="no such"):
        advised(product(serving__talk={"api": {"model": "gpt-4.1"}}))
    with pytest.raises(ValueError, match="draws"):
        truecost.advise(product(), draws=0)


def test_a_plan_without_anything_to_change_has_empty_advice() -> None:
    found = advised(
        {"name": "office", "as_of": "2026-11-01", "business": {"operating": {"rent": {"usd_per_month": 9}}}}
    )
    assert found.levers == ()
    assert found.combination.to_dict()["steps"] == []
