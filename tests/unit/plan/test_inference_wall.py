"""The inference wall of a plan: its own prices, its own model, the months that the model serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.plan.specs import changed, fleet, product, programme

import truecost
from truecost.physics.loss_law import Setting, lifetime_optimum, published_law, wall
from truecost.plan.lifetime_sizes import lifetime_sizes

EXAMPLES = Path(__file__).parents[3] / "examples"
TRAINING: dict[str, Any] = {
    "active_parameters": 70e9, "tokens": 1.4e12, "chip": "h100-sxm", "usd_per_chip_hour": 2,
    "utilization": 0.4,
}  # fmt: skip
SIZED = "tokens_at_training_budget_if_sized_for_it"


def lab(**changes: Any) -> dict[str, Any]:
    """A model of 70B that its own product is quoted a price for."""
    spec = product(serving__chat={"quoted": {"usd_per_query": 0.01, "source": "us"}})
    spec["programme"] = {"training": dict(TRAINING)}
    return changed(spec, **changes)


def told(spec: Any, draws: int = 64) -> dict[str, Any]:
    return truecost.plan(spec, draws=draws).statement()["inference_wall"]


def test_the_price_of_serving_is_that_of_the_plan() -> None:
    found = told(lab())
    queries = 2000 * 15 * 30.4375 * 12
    served, usd = queries * 1300, queries * 0.01
    paid = found["serving_price"]["mean"] * 2 * 70e9 * served
    assert found["served_tokens"]["mean"] == pytest.approx(served)
    assert found["serving_usd"]["mean"] == pytest.approx(usd)
    assert found["usd_per_mtok"]["mean"] == pytest.approx(usd / served * 1e6)
    run = truecost.plan(lab(), draws=8).explain("programme.final_run_usd").value["mean"]
    assert paid * run / (6 * 70e9 * 1.4e12) == pytest.approx(usd)
    assert found["tokens_at_training_budget"]["mean"] == pytest.approx(run / usd * served)


def test_the_best_model_is_the_law_at_these_prices() -> None:
    found, law = told(lab()), published_law()
    at = Setting(serving_price=found["serving_price"]["mean"])
    loss = law.loss(70e9, 1.4e12)
    best = lifetime_optimum(law, loss, found["served_tokens"]["mean"], at)
    assert found["loss"]["mean"] == pytest.approx(loss)
    assert found["lifetime_optimal"]["parameters"]["mean"] == pytest.approx(best.active_parameters)
    assert found[SIZED]["mean"] == pytest.approx(wall(law, loss, at))


@pytest.mark.parametrize("users", [20, 2e5, 2e8])
def test_the_best_model_never_costs_more_than_the_plan_s_own(users: float) -> None:
    found = told(lab(demand__tiers__pro__users=users, demand__tiers__pro__queries_per_user_per_day="5 .. 30"))
    best = found["lifetime_optimal"]
    assert best["saving_usd"]["p5"] >= -1e-6 * best["training_usd"]["mean"]
    others = sum(best[key]["mean"] for key in ("training_usd", "serving_usd", "saving_usd"))
    run = truecost.plan(lab(), draws=8).explain("programme.final_run_usd").value["mean"]
    assert others == pytest.approx(run + found["serving_usd"]["mean"])


def test_more_use_asks_for_a_smaller_model() -> None:
    few, many = (told(lab(demand__tiers__pro__users=n))["lifetime_optimal"] for n in (2e5, 2e8))
    assert many["parameters"]["p50"] < few["parameters"]["p50"]
    assert many["training_tokens"]["p50"] > few["training_tokens"]["p50"]


def test_only_the_months_of_the_first_generation_count() -> None:
    spec = lab(programme__generations={"every_months": 4})
    assert told(spec)["served_tokens"]["mean"] == pytest.approx(told(lab())["served_tokens"]["mean"] / 3)


def test_a_vendors_tokens_are_not_the_model_s() -> None:
    spec = lab(serving__chat={"api": {"model": "gpt-4.1-mini"}})
    result = truecost.plan(spec, draws=16)
    assert result.inference_wall["served_tokens"] is None
    assert any(row["part"] == "inference_wall" for row in result.left_out)


def test_a_programme_without_a_product_has_the_curve_in_compute() -> None:
    found = told(EXAMPLES / "frontier-run.yaml")
    assert found["parameters"]["p50"] == pytest.approx(457e9, rel=0.02)
    assert found["lifetime_optimal"] is None
    assert found["serving_price"]["mean"] == 1
    curve = found["curve"]
    assert curve["parameters"] == sorted(curve["parameters"], reverse=True)
    assert curve["training_tokens"] == sorted(curve["training_tokens"])
    assert found[SIZED]["mean"] == pytest.approx(lifetime_sizes(2.1e25)[SIZED])


def test_a_mixture_of_experts_is_held_against_the_dense_model_it_equals() -> None:
    spec = lab(
        programme__training={"model": "deepseek-ai/DeepSeek-V3", "tokens": 14.8e12, "chip": "h100-sxm"}
    )
    found = told(spec)
    assert set(found["levers"]) == {"quantization", "distillation"}
    assert found["parameters"]["mean"] == pytest.approx(37e9, rel=0.03)
    assert found["loss"]["mean"] < published_law().loss(37e9, 14.8e12)


def test_what_the_plan_does_already_is_no_lever() -> None:
    spec = fleet(programme={"training": TRAINING})
    assert set(told(spec)["levers"]) == {"sparsity", "distillation"}


def test_a_run_known_by_its_chip_hours_has_the_flops_they_make() -> None:
    found = told(programme(programme__training__utilization=0.4))
    assert found["training_flops"]["mean"] == pytest.approx(1e6 * 3600 * 989.4e12 * 0.4, rel=0.001)


def test_a_plan_that_trains_nothing_has_no_wall() -> None:
    assert told(product()) is None


def test_every_lever_is_held_to_its_facts() -> None:
    found = told(lab(), draws=1024)
    plain, levers = found[SIZED]["mean"], found["levers"]
    assert levers["sparsity"][SIZED]["mean"] == pytest.approx(plain)
    ratios = [levers["quantization"][SIZED][p] / plain for p in ("p5", "p95")]
    assert ratios == pytest.approx([1.3, 2.0], rel=0.03)
    assert levers["distillation"][SIZED]["p5"] > plain
    for lever in ("sparsity", "quantization"):
        assert levers[lever]["saving_usd"]["mean"] > found["lifetime_optimal"]["saving_usd"]["mean"]


@pytest.mark.parametrize(
    ("flops", "served", "price"),
    [(0, (), 1), (-1, (), 1), (float("inf"), (), 1), (1e24, (-1,), 1), (1e24, (), 0), (float("nan"), (), 1)],
)
def test_sizes_of_nonsense_are_refused(flops: float, served: tuple[float, ...], price: float) -> None:
    with pytest.raises(ValueError, match=r"must be (above|at least) 0"):
        lifetime_sizes(flops, served, serving_price=price)
