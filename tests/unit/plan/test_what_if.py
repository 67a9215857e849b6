"""What if: each factor changes what it names, by what it says, from its month on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.plan.specs import fleet, product

from truecost.plan.result import Result, plan
from truecost.spec import SpecError

DRAWS = 64


def lines(spec: dict[str, Any], *changes: dict[str, float]) -> dict[str, float]:
    """Mean cost of every line of a plan with some changes."""
    return {name: float(t.cost_usd.mean()) for name, t in result(spec, *changes).evaluation.lines.items()}


def result(spec: dict[str, Any], *changes: dict[str, float]) -> Result:
    return plan({**spec, "what_if": list(changes)}, draws=DRAWS)


@given(factor=st.floats(0.1, 10))
def test_an_api_price_multiplies_the_api_bill_and_nothing_else(factor: float) -> None:
    before, after = lines(product()), lines(product(), {"api_price": factor})
    for name, cost in before.items():
        expected = cost * factor if name == "inference.chat.api" else cost
        assert after[name] == pytest.approx(expected)


def test_from_a_month_on_only_later_months_change() -> None:
    before, after = (
        r.evaluation.lines["inference.chat.api"].monthly_cost_usd
        for r in (result(product()), result(product(), {"api_price": 3, "from_month": 6}))
    )
    assert after[:6] == pytest.approx(before[:6])
    assert after[6:] == pytest.approx(3 * before[6:])


def test_a_trend_runs_from_its_month() -> None:
    found = result(product(), {"api_price_trend_per_year": -0.5, "from_month": 0})
    costs = found.evaluation.lines["inference.chat.api"].monthly_cost_usd
    assert costs[11] / costs[0] == pytest.approx(0.5 ** (11 / 12))


def test_several_changes_multiply() -> None:
    both = lines(product(), {"api_price": 2}, {"api_price": 1.5})
    assert both["inference.chat.api"] == pytest.approx(
        lines(product(), {"api_price": 3})["inference.chat.api"]
    )


def test_users_carry_revenue_with_them_and_queries_do_not() -> None:
    plain = result(product())
    more, busier = result(product(), {"users": 2}), result(product(), {"queries_per_user": 2})
    assert more.revenue_usd["mean"] == pytest.approx(2 * plain.revenue_usd["mean"])
    assert busier.revenue_usd["mean"] == pytest.approx(plain.revenue_usd["mean"])
    for moved in (more, busier):
        assert moved.volumes["queries"]["mean"] == pytest.approx(2 * plain.volumes["queries"]["mean"])


def test_a_higher_price_loses_users_by_their_elasticity() -> None:
    spec = product(demand__tiers__pro__elasticity=-1.5)
    plain, dearer = result(spec), result(spec, {"asked_price": 2})
    assert dearer.volumes["user_months"]["mean"] == pytest.approx(
        plain.volumes["user_months"]["mean"] * 2**-1.5
    )
    assert dearer.revenue_usd["mean"] == pytest.approx(plain.revenue_usd["mean"] * 2 * 2**-1.5)


@given(added=st.floats(-1, 1).map(lambda x: round(x, 3)))
def test_a_cached_share_stays_a_share_and_saves_the_more_the_more_is_cached(added: float) -> None:
    spec = product(demand__requests__chat__cacheable_share=0.4)
    cost = lines(spec, {"cached_share_added": added})["inference.chat.api"]
    plain = lines(spec)["inference.chat.api"]
    assert cost <= plain * (1 + 1e-9) if added >= 0 else cost >= plain * (1 - 1e-9)


def test_all_cached_and_none_cached_are_the_ends() -> None:
    spec = product(demand__requests__chat__cacheable_share=0.4)
    for added, share in ((1, 1.0), (-1, 0.0)):
        expected = lines(product(demand__requests__chat__cacheable_share=share))["inference.chat.api"]
        assert lines(spec, {"cached_share_added": added})["inference.chat.api"] == pytest.approx(expected)


def test_chip_prices_move_rents_and_purchases() -> None:
    for purchase, name in (("on_demand", "rent"), ("owned", "servers")):
        spec = fleet(serving__chat__self_hosted__purchase=purchase)
        before, after = lines(spec), lines(spec, {"chip_price": 2})
        key = f"inference.chat.{name}"
        assert after[key] == pytest.approx(2 * before[key])
        assert after["inference.chat.operations"] == pytest.approx(before["inference.chat.operations"])


def test_fuller_chips_are_fewer() -> None:
    spec = fleet(demand__tiers__pro__users=2_000_000)
    costs = [lines(spec, {"utilization": f})["inference.chat.rent"] for f in (0.5, 1.0, 1.5)]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > 1.5 * costs[2]


def test_the_empty_list_changes_nothing() -> None:
    assert lines(product()) == lines({**product(), "what_if": []})
    assert np.isclose(result(product(), {"users": 1}).total_usd["mean"], result(product()).total_usd["mean"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"api_prise": 3}, "api_price"),
        ({"api_price": 0}, "what_if.0.api_price"),
        ({"cached_share_added": 2}, "what_if.0.cached_share_added"),
        ({"from_month": -1}, "what_if.0.from_month"),
        ({"from_month": 3}, "changes nothing"),
        ({"from_month": 3, "utilization": 0.5}, "utilization holds for the whole plan"),
        ({"from_month": 3, "cached_share_added": 0.5}, "cached_share_added holds for the whole plan"),
    ],
)
def test_bad_input_names_the_field(change: dict[str, float], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        result(product(), change)


def test_chip_prices_and_utilization_move_a_training_run() -> None:
    run = {"flops": 1e24, "chip": "h100-sxm", "utilization": 0.4}
    spec = {"as_of": "2026-11-01", "horizon_months": 12, "programme": {"training": run}}
    before = lines(spec)["training.final_run"]
    assert lines(spec, {"chip_price": 2})["training.final_run"] == pytest.approx(2 * before)
    assert lines(spec, {"utilization": 1.25})["training.final_run"] == pytest.approx(before / 1.25)


def test_what_begins_after_the_last_month_is_said_to_do_nothing() -> None:
    found = result(product(), {"from_month": 60, "api_price": 3})
    assert any("what_if.0.from_month" in warning for warning in found.warnings)
    assert found.total_usd["mean"] == pytest.approx(result(product()).total_usd["mean"])


FACTORS = ("api_price", "chip_price", "users", "queries_per_user", "asked_price")
ENTRIES = st.lists(
    st.dictionaries(st.sampled_from(FACTORS), st.floats(0.01, 100), min_size=1).flatmap(
        lambda given: st.integers(0, 14).map(lambda month: {**given, "from_month": month})
    ),
    max_size=3,
)


@given(entries=ENTRIES, kind=st.sampled_from([product, fleet]))
@settings(max_examples=40)
def test_any_entries_give_a_finite_cost(entries: list[dict[str, float]], kind: Any) -> None:
    found = plan({**kind(), "what_if": entries}, draws=8).statement()
    assert np.isfinite(found["total_usd"]["mean"])
    assert found["total_usd"]["mean"] >= 0
