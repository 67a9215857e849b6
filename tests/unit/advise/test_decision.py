"""The decision table and the verdict: repeatable by hand, consistent, flipped where they say."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import product, programme

from truecost.advise.curve import curve
from truecost.advise.decision import Decision, decide, table
from truecost.advise.flip import nearest_flip
from truecost.advise.knowledge import fine_tune_or_retrieve
from truecost.advise.options import AS_WRITTEN
from truecost.advise.verdict import verdict
from truecost.plan.result import catalog_of, plan, read
from truecost.plan.variants import Variants

EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = ("consumer-assistant", "startup-on-apis", "open-weights-team", "frontier-run", "deepseek-v3")
SERVING = NAMES[:3]
DRAWS = 128
CATALOG = catalog_of(None)


@cache
def example(name: str) -> tuple[Variants, Decision]:
    """An example with its decision, on few draws."""
    variants = Variants(read(EXAMPLES / f"{name}.yaml", CATALOG), CATALOG, draws=DRAWS)
    return variants, decide(variants)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_the_plan_with_its_assignments(name: str) -> None:
    _, decision = example(name)
    for choice in decision.choices:
        by_hand = plan(EXAMPLES / f"{name}.yaml", sets=choice.option.sets, draws=DRAWS)
        assert by_hand.total_usd["mean"] == pytest.approx(choice.variant.cost_usd.mean(), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_best_leaves_most_and_the_shares_of_draws_make_sense(name: str) -> None:
    _, decision = example(name)
    margins = [c.margin for c in decision.choices]
    close = 0.002 * abs(decision.as_written.variant.cost_usd.mean())
    assert decision.best.margin >= max(margins) - close
    wins = [decision.wins(c) for c in decision.choices]
    assert sum(wins) >= 0.999
    assert all(0 <= w <= 1 for w in wins)
    assert decision.as_written.saving_usd == pytest.approx(np.zeros(DRAWS))


@pytest.mark.parametrize("name", SERVING)
def test_past_the_named_value_another_option_wins(name: str) -> None:
    variants, decision = example(name)
    flip = nearest_flip(variants, decision)
    assert flip is not None
    there = Variants(variants.document_of((flip.set,)), CATALOG, draws=DRAWS)
    moved = {c.option.key: c.margin for c in decide(there).choices}
    assert moved[flip.to.option.key] > moved[decision.best.option.key]
    back = flip.factor**0.9
    before = Variants(
        variants.document_of((f'what_if=[{{"{flip.variable}": {back}}}]',)), CATALOG, draws=DRAWS
    )
    kept = {c.option.key: c.margin for c in decide(before).choices}
    assert kept[flip.to.option.key] <= kept[decision.best.option.key]


@pytest.mark.parametrize("name", SERVING)
def test_the_curve_at_the_plan_is_the_table(name: str) -> None:
    variants, decision = example(name)
    found = curve(variants, decision)
    assert found is not None
    at = found["users_factor"].index(pytest.approx(1.0))
    months = variants.plan.horizon_months
    for line, choice in zip(found["options"], decision.choices, strict=True):
        assert line["usd_per_month"][at] == pytest.approx(choice.variant.cost_usd.mean() / months, rel=0.15)
        assert line["usd_per_month"] == sorted(line["usd_per_month"])
    for crossing in found["crossings"]:
        assert crossing["from_option"] != crossing["to_option"]


def test_an_api_plan_can_call_host_mix_retrieve_or_train() -> None:
    variants = Variants(read(product(), CATALOG), CATALOG, draws=DRAWS)
    rows = {row["option"]: row for row in table(decide(variants))}
    assert set(rows) == {
        AS_WRITTEN, "api", "cache_and_route", "retrieve", "fine_tune_self_host", "hybrid", "train_own",
    }  # fmt: skip
    assert not rows["api"]["applies"]
    assert rows["train_own"]["total_usd"]["mean"] > 100 * rows[AS_WRITTEN]["total_usd"]["mean"]
    assert "Llama" in rows["fine_tune_self_host"]["models"]


def test_costs_by_month_grow_to_the_total() -> None:
    _, decision = example("startup-on-apis")
    for row in table(decision):
        if row["applies"]:
            by_month = [value["mean"] for value in row["cost_usd_by_month"].values()]
            assert by_month == sorted(by_month)
            assert by_month[-1] == pytest.approx(row["total_usd"]["mean"])


def test_a_training_plan_chooses_how_to_pay() -> None:
    _, decision = example("frontier-run")
    keys = {c.option.key for c in decision.choices}
    assert {AS_WRITTEN, "rent_on_demand", "commit_1y"} <= keys
    assert "commit_3y" in {no.key for no in decision.refused}


def test_a_plan_with_one_way_says_so() -> None:
    spec: dict[str, Any] = programme()
    spec["programme"].pop("training")
    for part in ("experiments", "rlhf", "generations", "carbon_usd_per_tonne"):
        spec["programme"].pop(part, None)
    variants = Variants(read(spec, CATALOG), CATALOG, draws=8)
    decision = decide(variants)
    found = verdict(variants.plan, decision, nearest_flip(variants, decision))
    assert found["option"] == AS_WRITTEN
    assert "nothing to choose" in found["sentence"]


@pytest.mark.parametrize("name", NAMES)
def test_the_sentence_holds_what_was_computed(name: str) -> None:
    variants, decision = example(name)
    flip = nearest_flip(variants, decision)
    found = verdict(variants.plan, decision, flip)
    assert found["option"] == decision.best.option.key
    assert f"{variants.plan.horizon_months} months" in found["sentence"]
    assert (flip is None) == ("no single change" in found["sentence"])
    if flip is not None:
        assert flip.label in found["sentence"]
    assert found["sentence"].endswith(".")


def test_fine_tuning_sends_fewer_tokens_and_pays_for_training() -> None:
    variants, _ = example("startup-on-apis")
    found = fine_tune_or_retrieve(variants)
    assert found is not None
    ways = {way["way"]: way for way in found["ways"]}
    assert ways["fine_tune"]["training_and_refresh_usd"]["mean"] > 0
    assert ways["retrieve_api"]["training_and_refresh_usd"]["mean"] == 0
    assert ways["retrieve_api"]["retrieval_usd"]["mean"] > 0
    tokens = {key: way["input_tokens_per_call"]["mean"] for key, way in ways.items()}
    assert tokens["fine_tune"] < tokens["retrieve_api"]
    assert found["best"] == min(ways, key=lambda key: ways[key]["total_usd"]["mean"])


def test_cash_needed_is_the_deepest_that_cash_runs_ahead_of_revenue() -> None:
    for name in ("startup-on-apis", "frontier-run"):
        _, decision = example(name)
        for choice, row in zip(decision.choices, table(decision), strict=False):
            variant = choice.variant
            ahead = np.cumsum(variant.cash - variant.revenue, axis=0)
            needed = np.maximum(ahead.max(axis=0), 0).mean()
            assert row["cash_needed_usd"]["mean"] == pytest.approx(needed)
    own = next(row for row in table(example("frontier-run")[1]) if row["option"] == AS_WRITTEN)
    assert own["cash_needed_usd"]["mean"] > 2 * own["total_usd"]["mean"]
