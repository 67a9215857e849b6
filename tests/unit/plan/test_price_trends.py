"""A fitted trend as a price path: only what was known, shared draws, the same as its range by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import AS_OF, fleet, product

import truecost
from truecost.catalog.catalog import load
from truecost.catalog.names import UnknownName
from truecost.catalog.series import LOADERS, series
from truecost.plan.price_trends import PRICE_TRENDS, known_trend, trend_fact
from truecost.plan.result import evaluate_document
from truecost.plan.variants import Variants
from truecost.pricing.path import price_multiples
from truecost.ranges import Draws, Range, Support
from truecost.spec import SpecError

DAY = date.fromisoformat(AS_OF)
FLAGSHIP = "trend:token-price-flagship"
ON_API = "serving__chat__api__price_path"
ON_CHIPS = "serving__chat__self_hosted__price_path"


def costs(spec: dict[str, Any], draws: int = 4096, seed: int = 1) -> dict[str, float]:
    lines = truecost.plan(spec, draws=draws, seed=seed).statement()["lines"]
    return next(line["cost_usd"] for line in lines if line["component"] == "inference.chat.api")


@pytest.mark.parametrize("name", LOADERS)
def test_the_fact_says_what_it_is(name: str) -> None:
    fact = trend_fact(name, DAY, 36)
    assert isinstance(fact.value, Range)
    assert fact.value.support is Support.POSITIVE
    assert 0 < fact.value.low < fact.value.high
    assert fact.key == f"trend/{name}"
    assert fact.unit == "x a year"
    assert fact.checked == series(name, DAY).last
    assert "log-linear fit" in fact.source


def test_only_what_was_known_on_the_day_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later rows made a hundred times dearer change nothing."""
    import truecost.plan.price_trends as room

    day = date(2025, 12, 1)
    before = {name: room.trend_fact(name, day, 24).value for name in LOADERS}
    real = room.series

    def tampered(name: str, as_of: date) -> Any:
        from dataclasses import replace

        found = real(name, date(2026, 11, 22))
        later = tuple(replace(o, value=o.value * 100) if o.on > as_of else o for o in found.observations)
        in_force = tuple(o for o in real(name, as_of).observations if o.on == as_of)
        return replace(found, observations=(*later, *in_force))

    monkeypatch.setattr(room, "series", tampered)
    room.trend_fact.cache_clear()
    try:
        assert {name: room.trend_fact(name, day, 24).value for name in LOADERS} == before
    finally:
        room.trend_fact.cache_clear()


def test_the_path_is_the_range_of_the_fact_drawn_and_compounded() -> None:
    """By hand: the fact's range drawn at its own path, less one, as the yearly trend."""
    spec = product(**{ON_API: FLAGSHIP})
    fact = trend_fact("token-price-flagship", DAY, 12)
    assert isinstance(fact.value, Range)
    drawn = np.asarray(Draws(1, 0, 512).of(f"fact:{fact.key}", fact.value))
    result = truecost.plan(spec, draws=512)
    path = result.evaluation.first.quantities["serving.chat.api.price_path"].value
    assert np.array_equal(np.asarray(path), price_multiples(12, drawn - 1))


@pytest.mark.parametrize(
    ("make", "at", "name"),
    [
        (product, ON_API, "token-price-small"),
        (fleet, ON_CHIPS, "gpu-hour"),
        (fleet, ON_CHIPS, "price-performance"),
    ],
)
def test_held_at_its_median_it_equals_the_trend_set_by_hand(make: Any, at: str, name: str) -> None:
    middle = trend_fact(name, DAY, 12).value.median - 1  # type: ignore[union-attr]
    half = {"": np.array([0.5])}
    held, by_hand = (
        Variants(truecost.plan(make(**{at: path}), draws=8).document, load(), draws=8).held((), half).cost_usd
        for path in (f"trend:{name}", {"trend_per_year": middle})
    )
    assert held == pytest.approx(by_hand, rel=1e-9)


def test_same_seed_same_answer_and_another_seed_another() -> None:
    spec = product(**{ON_API: FLAGSHIP})
    assert costs(spec) == costs(spec)
    assert costs(spec) != costs(spec, seed=2)


def test_it_is_wider_than_no_path_at_all() -> None:
    plain, moved = costs(product()), costs(product(**{ON_API: FLAGSHIP}))
    assert moved["p95"] - moved["p5"] > plain["p95"] - plain["p5"] + 1


def test_the_short_form_is_the_trend_of_the_path() -> None:
    assert costs(product(**{ON_API: FLAGSHIP})) == costs(
        product(**{ON_API: {"trend": "token-price-flagship"}})
    )


def test_shocks_stand_on_top_of_it() -> None:
    path = {"trend": FLAGSHIP, "shocks": [{"month": 0, "multiple": 2}]}
    assert costs(product(**{ON_API: path}))["mean"] == pytest.approx(
        2 * costs(product(**{ON_API: FLAGSHIP}))["mean"]
    )


def test_it_is_entered_as_an_assumption_that_explains_itself() -> None:
    result = truecost.plan(product(**{ON_API: FLAGSHIP}), draws=64)
    (entered,) = [a for a in result.statement()["assumptions"] if a["key"] == "trend/token-price-flagship"]
    assert entered["stands_in_for"] == "serving.chat.api.price_path.trend_per_year"
    assert entered["confidence"] == "estimate"
    told = [node.key for _, node in result.explain("serving.chat.api.price_path").walk()]
    assert any("trend/token-price-flagship" in key for key in told)


def test_two_prices_that_follow_one_trend_move_together() -> None:
    spec = product(**{ON_API: FLAGSHIP})
    spec["demand"]["requests"] |= {"other": {"input_tokens": 1000, "output_tokens": 300}}
    spec["demand"]["tiers"]["pro"]["requests"] = {"chat": 0.5, "other": 0.5}
    spec["serving"]["other"] = {"api": {"model": "gpt-4.1-mini", "price_path": FLAGSHIP}}
    quantities = truecost.plan(spec, draws=64).evaluation.first.quantities
    first, second = (quantities[f"serving.{name}.api.price_path"].value for name in ("chat", "other"))
    assert np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (product(**{ON_API: "trend:gpu-hour"}), "trend:gpu-hour is no trend of API prices"),
        (fleet(**{ON_CHIPS: FLAGSHIP}), "is no trend of rents"),
        (product(**{ON_API: "trend:token-prise-flagship"}), "did you mean 'token-price-flagship'"),
        (product(**{ON_API: "trend:training-cost"}), "not the price of something a plan buys"),
        (product(**{ON_API: "falling"}), "allowed: token-price-flagship"),
        (product(**{ON_API: {"trend": FLAGSHIP, "trend_per_year": -0.1}}), "give one of the two"),
        (
            product(**{ON_API: FLAGSHIP, "as_of": "2024-05-01", "serving__chat__api__model": "gpt-4"}),
            "cannot be fitted to what was known on 2024-05-01",
        ),
    ],
)
def test_what_cannot_be_followed_is_an_error_that_teaches(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=r"price_path") as failed:
        truecost.plan(spec, draws=8)
    assert said in str(failed.value)


def test_every_trend_of_a_price_is_known_by_name() -> None:
    assert {known_trend(f"trend:{name}") for name in PRICE_TRENDS} == set(LOADERS)
    with pytest.raises(UnknownName):
        known_trend("trend:gold")


def test_shipped_scenarios_take_a_plan_with_a_trend() -> None:
    """One takes the trend's place, one adds a shock to it: both assign to a path that is one word."""
    document = truecost.plan(product(**{ON_API: FLAGSHIP, "horizon_months": 24}), draws=8).document
    result = evaluate_document(document, load(), draws=64, seed=1)
    found = result.answer.scenarios_named(["consolidation-price-doubles", "commoditization"], [])
    sets = {row["name"]: row["set"] for row in found}
    assert any('"trend": "token-price-flagship"' in each for each in sets["consolidation-price-doubles"])
    assert any(each.startswith("serving.chat.api.price_path={") for each in sets["commoditization"])


def test_the_schema_takes_the_name_of_a_trend() -> None:
    from truecost.plan.schema import Plan

    kinds = Plan.model_json_schema()["$defs"]["PricePath"]["anyOf"]
    assert {kind["type"] for kind in kinds} == {"string", "object"}
