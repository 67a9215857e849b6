"""Training against inference: shares that sum, elasticities by hand, both sides or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.plan.specs import changed, product, programme

from truecost.plan.result import catalog_of, read
from truecost.plan.train_and_infer import train_and_infer
from truecost.plan.variants import Variants

CATALOG = catalog_of(None)
QUOTED = {"quoted": {"usd_per_query": 0.01, "source": "us"}}


def lab(**changes: Any) -> dict[str, Any]:
    """A programme and its product, its own model quoted."""
    spec = product(serving__chat=QUOTED)
    spec["programme"] = {"training": {"flops": 1e23, "chip": "h100-sxm", "pay": "amortized", "chips": 512}}
    return changed(spec, **changes)


def rows(spec: Any) -> dict[tuple[str, str], dict[str, Any]]:
    found = train_and_infer(Variants(read(spec, CATALOG), CATALOG, draws=64))
    assert found is not None
    return {(row["aspect"], row["what"]): row for row in found["rows"]}


def test_the_shares_of_each_side_sum_to_all_of_it() -> None:
    spec = lab(programme=programme()["programme"])
    found = rows(spec)
    for side in ("training", "inference"):
        shares = [row[side]["mean"] for (_, what), row in found.items() if what.startswith("share of")]
        assert sum(shares) == pytest.approx(1.0)


def test_users_move_serving_and_not_training() -> None:
    scales = rows(lab())["scales with", "users"]
    assert scales["inference"]["mean"] == pytest.approx(1.0)
    assert scales["training"]["mean"] == pytest.approx(0.0)


def test_a_larger_model_costs_more_of_both_where_the_plan_serves_its_own() -> None:
    own = rows(lab())["scales with", "size of the model"]
    assert own["training"]["mean"] == pytest.approx(1.0)
    assert own["inference"]["mean"] == pytest.approx(1.0)
    other = rows(lab(serving__chat={"api": {"model": "gpt-4.1-mini"}}))["scales with", "size of the model"]
    assert other["inference"]["mean"] == pytest.approx(0.0)


def test_what_a_side_answers_to_most_is_named() -> None:
    best = rows(lab(serving__chat={"api": {"model": "gpt-4.1-mini"}}))[
        "optimised by", "what its cost answers to most"
    ]
    assert best["training"] in {"utilization of chips", "size of the model"}
    assert best["inference"] in {"price of APIs", "queries a user"}


def test_revenue_pays_for_serving_first() -> None:
    rich = rows(lab(demand__tiers__pro__users=2e6))["borne by", BORNE]
    assert rich["inference"]["mean"] == pytest.approx(1.0)
    poor = rows(lab(demand__tiers__pro__price_usd_per_month=1))["borne by", BORNE]
    assert poor["inference"]["mean"] == pytest.approx(1 / (15 * 30.4375 * 0.01))
    assert poor["training"]["mean"] == 0


BORNE = "customers, out of the same month's revenue, serving first"


def test_training_comes_in_a_lump() -> None:
    lumps = rows(lab())["timing", "dearest month over the mean month"]
    assert lumps["training"]["mean"] == pytest.approx(12)
    assert lumps["inference"]["mean"] == pytest.approx(1)
    assert rows(lab())["timing", "months with spending"]["training"]["mean"] == 1


def test_chip_months_are_the_chip_hours_bought() -> None:
    spec = lab(programme__experiments={"multiplier": 2}, programme__training__utilization=0.4)
    chips = rows(spec)["hardware", "chips x months"]
    assert chips["training"]["mean"] == pytest.approx(2 * 1e23 / (989.4e12 * 0.4 * 3600) / 730.5, rel=0.001)
    assert chips["inference"] is None


@pytest.mark.parametrize("spec", [product(), programme()])
def test_one_side_alone_is_set_against_nothing(spec: Any) -> None:
    assert train_and_infer(Variants(read(spec, CATALOG), CATALOG, draws=16)) is None
