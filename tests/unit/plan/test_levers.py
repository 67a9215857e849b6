"""Each lever acts by its mechanism: the quantity it changes, and its own cost."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.plan.specs import fleet, product

import truecost


def lines(spec: dict[str, Any]) -> dict[str, float]:
    return {line.component: line.cost_usd["mean"] for line in truecost.plan(spec, draws=128).lines}


def with_lever(**levers: Any) -> dict[str, float]:
    return lines(product(serving__chat__levers=levers))


BASE = lines(product())["inference.chat.api"]
BIG = {"demand__tiers__pro__users": 5e5}


def test_response_cache_removes_calls_and_costs_look_ups() -> None:
    found = with_lever(response_cache={"hit_rate": 0.4, "usd_per_lookup": 1e-5})
    assert found["inference.chat.api"] == pytest.approx(0.6 * BASE)
    assert found["inference.chat.cache"] > 0


def test_prompt_and_output_cuts_remove_tokens() -> None:
    per_call = 1000 * 0.4e-6 + 300 * 1.6e-6
    trimmed = with_lever(prompt_trimming={"share": 0.5})["inference.chat.api"]
    assert trimmed == pytest.approx(BASE * (500 * 0.4e-6 + 300 * 1.6e-6) / per_call)
    shorter = with_lever(output_length={"share": 0.5})["inference.chat.api"]
    assert shorter == pytest.approx(BASE * (1000 * 0.4e-6 + 150 * 1.6e-6) / per_call)


def test_routing_pays_both_models_for_escalated_calls() -> None:
    found = with_lever(route={"share": 0.5, "model": "gpt-4.1-nano", "escalation_share": 0.2})
    assert found["inference.chat.api"] == pytest.approx(BASE * (1 - 0.5 * 0.8))
    assert found["inference.chat.routed.api"] == pytest.approx(BASE * 0.5 / 4)


def test_edge_and_hand_off_take_calls_away() -> None:
    assert with_lever(edge={"share": 0.3})["inference.chat.api"] == pytest.approx(0.7 * BASE)
    found = with_lever(human_handoff={"share": 0.1, "minutes": 6, "usd_per_hour": 20})
    assert found["inference.chat.api"] == pytest.approx(0.9 * BASE)
    queries = 2000 * 15 * 30.4375 * 12
    assert found["inference.chat.handoff"] == pytest.approx(queries * 0.1 * 2)


@pytest.mark.parametrize(
    "levers",
    [
        {"quantization": "fp8"},
        {"pruning": 0.4},
        {"speculative_decoding": {"acceptance_length": 2.5, "draft_tokens": 3, "draft_overhead": 0.1}},
    ],
)
def test_levers_on_own_chips_need_fewer_of_them(levers: dict[str, Any]) -> None:
    host = {"serving__chat__self_hosted__precision": "bf16", "serving__chat__self_hosted__max_batch": 16}
    before = lines(fleet(**BIG, **host))["inference.chat.rent"]
    after = lines(fleet(**BIG, **host, serving__chat__levers=levers))["inference.chat.rent"]
    assert after < before


def test_batching_more_sequences_needs_fewer_chips() -> None:
    small = lines(fleet(**BIG, serving__chat__levers={"batching": 4}))["inference.chat.rent"]
    large = lines(fleet(**BIG, serving__chat__levers={"batching": 64}))["inference.chat.rent"]
    assert large < small / 2


def test_a_student_costs_its_training_and_takes_its_share() -> None:
    lever = {"distillation": {"student": "meta-llama/Llama-3.1-8B", "share": 0.6, "training_tokens": 1e9}}
    before, after = lines(fleet(**BIG)), lines(fleet(**BIG, serving__chat__levers=lever))
    assert after["inference.chat.distillation"] > 0
    assert after["inference.chat.student.rent"] < 0.6 * before["inference.chat.rent"]
    assert after["inference.chat.rent"] < before["inference.chat.rent"]


def test_both_prices_are_paid_while_a_port_is_under_way() -> None:
    spec = fleet(serving__chat__self_hosted__porting={"usd": 5e4, "months": 3},
                 serving__chat__api={"model": "gpt-4.1-mini"}, serving__chat__use="self_hosted")  # fmt: skip
    found = lines(spec)
    assert found["inference.chat.porting"] == pytest.approx(5e4)
    assert found["inference.chat.bridge.api"] == pytest.approx(BASE * 3 / 12)


def test_a_commitment_keeps_its_chips_when_demand_falls() -> None:
    falling = {**BIG, "demand__tiers__pro__churn_per_month": 0.3}
    flexible = truecost.plan(fleet(**falling), draws=64)
    committed = truecost.plan(fleet(**falling, serving__chat__self_hosted__purchase="reserved_1y"), draws=64)

    def chip_hours(result: Any) -> float:
        return next(line.quantity for line in result.lines if line.component == "inference.chat.rent")

    assert chip_hours(committed) > 1.5 * chip_hours(flexible)


def test_provisioned_capacity_is_paid_used_or_not_and_calls_spill_over() -> None:
    bought = {"units": 1, "usd_per_unit_hour": 2, "tokens_per_unit_minute": 20_000}
    found = lines(product(serving__chat__api__provisioned=bought))
    assert found["inference.chat.provisioned"] == pytest.approx(2 * 730.5 * 12)
    assert 0 < found["inference.chat.api"] < BASE
