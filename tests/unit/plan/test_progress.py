"""A query in five years: the arithmetic of the causes, no cause counted twice, the plan's own generations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import changed, product, programme

import truecost
from truecost.catalog.rates import load_rates

OWN = {"every_months": 15, "serving_growth": 1.5, "efficiency_per_year": 0.3}
GAINS = ("hardware", "quantization", "engine", "architecture", "algorithms")


def told(spec: Any, draws: int = 1024) -> dict[str, Any]:
    return truecost.plan(spec, draws=draws).statement()["progress"]


def outcomes(spec: Any) -> Any:
    return truecost.plan(spec, draws=64).evaluation.outcomes


@pytest.mark.parametrize("view", ["same_quality", "frontier"])
def test_the_causes_multiply_to_the_net_draw_by_draw(view: str) -> None:
    found = outcomes(product())
    causes = [v for k, v in found.items() if k.startswith(f"progress.{view}.causes.")]
    net = found[f"progress.{view}.multiple_in_five_years"]
    assert np.prod(causes, axis=0) == pytest.approx(net)
    assert found[f"progress.{view}.factor_per_year"] ** 5 == pytest.approx(net)


def test_what_is_architecture_is_not_counted_as_algorithms_too() -> None:
    found = outcomes(product())
    rate = {k.rpartition(".")[2]: v for k, v in found.items() if k.startswith("progress.rates.")}
    both = [found[f"progress.same_quality.causes.{name}"] for name in ("architecture", "algorithms")]
    most = np.maximum(np.sqrt(rate["training_algorithms"]), rate["architecture"])
    assert both[0] * both[1] == pytest.approx(most**-5)


def test_the_frontier_takes_better_answers_for_architecture_and_algorithms() -> None:
    found = told(product())
    assert set(found["same_quality"]["causes"]) == set(GAINS)
    assert set(found["frontier"]["causes"]) == {"size", "answers", *GAINS[:3]}
    assert found["frontier"]["factor_per_year"]["p50"] > found["same_quality"]["factor_per_year"]["p50"]


def test_the_product_of_the_causes_is_what_was_measured_of_them_together() -> None:
    software = told(product())["software"]
    assert software["measured"]["p5"] < software["product"]["p50"] < software["measured"]["p95"]


def test_the_plan_s_generations_are_its_own_path() -> None:
    found = told(programme(programme__generations=OWN))
    yearly = 1.5 ** (12 / 15) * 0.7
    assert found["plan"]["factor_per_year"]["mean"] == pytest.approx(yearly)
    assert found["plan"]["multiple_in_five_years"]["mean"] == pytest.approx(yearly**5)
    assert found["plan"]["path"]["median"] == pytest.approx([yearly**n for n in range(6)])
    assert any("efficiency_per_year" in overlap for overlap in found["overlaps"])
    assert told(product())["plan"] is None


def test_the_cost_of_a_query_now_is_the_first_month_s() -> None:
    spec = product(serving__chat={"quoted": {"usd_per_query": 0.01, "source": "us", "own_model": False}})
    found = told(spec)
    assert found["usd_per_query_now"]["mean"] == pytest.approx(0.01)
    then = found["frontier"]["usd_per_query_in_five_years"]["mean"]
    assert then == pytest.approx(0.01 * found["frontier"]["multiple_in_five_years"]["mean"])
    assert told(programme())["usd_per_query_now"] is None


def test_a_rate_of_one_s_own_moves_the_path(tmp_path: Any) -> None:
    overlay = tmp_path / "own.yaml"
    overlay.write_text(
        "checked: 2026-11-22\nsource: us\nrates: {progress: {hardware: 1}}\n", encoding="utf-8"
    )
    still = truecost.plan(product(), draws=64, catalog=str(overlay)).statement()["progress"]
    assert still["same_quality"]["causes"]["hardware"]["mean"] == 1


def test_every_rate_of_progress_has_a_range_and_a_source() -> None:
    facts = load_rates().group("progress")
    assert len(facts) == 8
    for fact in facts:
        assert not isinstance(fact.value, float), fact.key
        assert "arXiv" in fact.source or "poch" in fact.source or "Estimate" in fact.source


def test_a_comparison_does_without_it() -> None:
    from truecost.plan.result import catalog_of, read
    from truecost.plan.variants import Variants

    catalog = catalog_of(None)
    spec = changed(product(), programme={"training": {"flops": 1e24, "chip": "h100-sxm"}})
    book = Variants(read(spec, catalog), catalog, draws=16).of().book
    assert not [k for k in book.outcomes if k.startswith(("progress.", "inference_wall."))]


def test_generations_that_say_nothing_of_serving_are_no_path() -> None:
    silent = programme(programme__generations={"every_months": 12})
    assert told(silent, draws=16)["plan"] is None
    grown = programme(programme__generations={"every_months": 12, "serving_growth": 1.5})
    assert set(told(grown, draws=16)["plan"]["causes"]) == {"larger_models"}
