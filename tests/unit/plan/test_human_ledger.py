"""The human ledger: hours, rates, take-home, living wages and what is not stated."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.plan.specs import product

import truecost
from truecost.spec import SpecError

LABELS = {"hours": 1000, "usd_per_hour": 10, "quality_overhead": 1.5, "intermediary_share": 0.8}


def ledger(programme: dict[str, Any]) -> dict[str, Any]:
    spec = {"name": "lab", "as_of": "2026-11-01", "horizon_months": 12, "programme": programme}
    return truecost.plan(spec, draws=64).statement()


def test_hours_and_rates_are_what_the_plan_states() -> None:
    task = ledger({"annotation": {"labels": LABELS}})["human_ledger"]["tasks"]["annotation.labels"]
    assert task["hours"]["mean"] == pytest.approx(1500)
    assert task["buyer_usd_per_hour"]["mean"] == pytest.approx(10)
    assert task["take_home_usd_per_hour"]["mean"] == pytest.approx(2)
    assert task["buyer_usd"]["mean"] == pytest.approx(15000)


def test_what_a_living_wage_would_add() -> None:
    found = ledger({"annotation": {"labels": {**LABELS, "country": "philippines"}}})
    told = found["human_ledger"]
    task = told["tasks"]["annotation.labels"]
    assert task["living_wage_usd_per_hour"]["mean"] == pytest.approx(3.04)
    assert task["to_living_wage_usd"]["mean"] == pytest.approx(1500 * 1.04)
    share = told["to_living_wage_share_of_plan"]["mean"]
    assert share == pytest.approx(1560 / found["total_usd"]["mean"])


def test_a_wage_above_a_living_adds_nothing() -> None:
    task = {**LABELS, "intermediary_share": 0.1, "country": "india"}
    assert ledger({"annotation": {"labels": task}})["human_ledger"]["to_living_wage_usd"]["mean"] == 0


def test_exposure_is_the_share_that_is_stated_and_else_a_gap() -> None:
    stated = ledger({"annotation": {"labels": {**LABELS, "harmful_share": 0.4}}})
    assert stated["human_ledger"]["harmful_hours"]["mean"] == pytest.approx(600)
    silent = ledger({"annotation": {"labels": LABELS}})
    assert silent["human_ledger"]["harmful_hours"] is None
    assert silent["human_ledger"]["to_living_wage_usd"] is None
    gaps = {gap["part"] for gap in silent["left_out"]}
    at = "human_ledger.tasks.annotation.labels"
    assert {f"{at}.living_wage_usd_per_hour", f"{at}.harmful_hours"} <= gaps


def test_items_have_hours_only_where_their_time_is_known() -> None:
    items = {"items": 600, "usd_per_item": 1, "quality_overhead": 1}
    timed = ledger({"annotation": {"labels": {**items, "minutes_per_item": 6}}})["human_ledger"]
    assert timed["hours"]["mean"] == pytest.approx(60)
    unknown = ledger({"annotation": {"labels": items}})
    assert unknown["human_ledger"]["hours"] is None
    assert unknown["human_ledger"]["buyer_usd"]["mean"] == pytest.approx(600)
    assert any("minutes_per_item" in gap["consequence"] for gap in unknown["left_out"])


def test_comparisons_and_red_teaming_are_tasks_too() -> None:
    rlhf = {"cycles_per_year": 2, "preferences": 600, "usd_per_preference": 1, "minutes_per_preference": 5}
    told = ledger({"rlhf": rlhf, "safety": {"red_team": {"hours": 80, "usd_per_hour": 50}}})["human_ledger"]
    assert told["tasks"]["rlhf"]["hours"]["mean"] == pytest.approx(100)
    assert told["tasks"]["red_team"]["take_home_usd_per_hour"]["mean"] == pytest.approx(50)
    assert told["hours"]["mean"] == pytest.approx(180)


def test_take_home_of_the_ledger_is_what_labellers_get_in_the_flows() -> None:
    found = ledger({"annotation": {"labels": LABELS}, "rlhf": {"cycles_per_year": 1, "preferences": 1e4}})
    told = found["human_ledger"]
    assert found["flows"]["payees"]["labellers"]["mean"] == pytest.approx(told["take_home_usd"]["mean"])


def test_a_firm_behind_red_teamers_is_a_payee() -> None:
    red = {"hours": 100, "usd_per_hour": 50, "intermediary_share": 0.5}
    payees = ledger({"safety": {"red_team": red}})["flows"]["payees"]
    assert payees["labelling firms"]["mean"] == pytest.approx(2500)
    assert payees["staff"]["mean"] == pytest.approx(2500)


def test_a_product_that_buys_no_judgement_has_no_ledger() -> None:
    assert truecost.plan(product(), draws=16).statement()["human_ledger"] is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("country", "atlantis", "no living wage of 'atlantis' is on record"),
        ("harmful_share", "1.2", "harmful_share"),
        ("minutes_per_item", "-3", "minutes_per_item"),
    ],
)
def test_bad_fields_are_refused(field: str, value: str, said: str) -> None:
    spec = {"name": "lab", "as_of": "2026-11-01", "programme": {"annotation": {"labels": LABELS}}}
    with pytest.raises(SpecError, match=said):
        truecost.plan(spec, sets=[f"programme.annotation.labels.{field}={value}"])
