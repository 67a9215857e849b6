"""Keys of the statement that compare: own chips with an API, methods of one run, inference with training."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import AS_OF, product, programme

import truecost
from truecost.plan.result import Result

HOST: dict[str, Any] = {"model": "meta-llama/Llama-3.1-70B", "chip": "h100-sxm", "precision": "fp8"}
DRAWS = 64


def evaluated(spec: dict[str, Any], draws: int = DRAWS) -> Result:
    return truecost.plan(spec, draws=draws)


def hosting(result: Result) -> dict[str, Any]:
    return result.statement()["break_even"]["self_hosting"][0]


def test_what_own_chips_save_is_what_the_api_costs_more_over_the_plan() -> None:
    chat = {"api": {"model": "gpt-4.1"}, "self_hosted": HOST, "use": "api"}
    result = evaluated(product(serving__chat=chat))
    rows = {row["option"]: row["total_usd"] for row in result.statement()["serving"]}
    case = hosting(result)
    assert case["api_usd"] == rows["api"]
    assert case["own_chips_usd"] == rows["self_hosted"]
    assert case["saved_usd"]["mean"] == pytest.approx(rows["api"]["mean"] - rows["self_hosted"]["mean"])


def test_a_stand_in_saves_what_the_same_chips_would_save_if_the_plan_named_them() -> None:
    stated = {"api": {"model": "gpt-4.1"}, "self_hosted": HOST, "use": "api"}
    named, stands_in = (
        hosting(evaluated(product(serving__chat=chat))) for chat in (stated, {"api": {"model": "gpt-4.1"}})
    )
    assert stands_in["stand_in"]
    assert stands_in["saved_usd"]["mean"] == pytest.approx(named["saved_usd"]["mean"])


def test_levers_cost_the_same_on_both_sides() -> None:
    levers = {"route": {"share": 0.4, "model": "gpt-4.1-mini"}}
    stated = {"api": {"model": "gpt-4.1"}, "self_hosted": HOST, "use": "api", "levers": levers}
    alone = {"api": {"model": "gpt-4.1"}, "levers": levers}
    named, stands_in = (hosting(evaluated(product(serving__chat=chat))) for chat in (stated, alone))
    assert stands_in["own_chips_usd"]["mean"] == pytest.approx(named["own_chips_usd"]["mean"])
    assert stands_in["saved_usd"]["mean"] == pytest.approx(named["saved_usd"]["mean"])


def test_comparing_with_a_stand_in_leaves_no_trace() -> None:
    result = evaluated(product())
    book = result.evaluation.first
    before = copy.deepcopy((book.facts, book.defaults, book.left_out, book.warnings, book.decisions))
    names = (set(book.lines), set(book.quantities), set(book.outcomes))
    result.statement()
    assert before == (book.facts, book.defaults, book.left_out, book.warnings, book.decisions)
    assert names == (set(book.lines), set(book.quantities), set(book.outcomes))


@pytest.mark.parametrize(
    ("paid", "method"),
    [
        ({"term": "on_demand"}, "cloud-on-demand"),
        ({"term": "reserved_1y"}, "cloud-1y"),
        ({"term": "reserved_3y"}, "cloud"),
        ({"term": "spot"}, "cloud-spot"),
        ({"pay": "amortized"}, "amortized"),
        ({"usd_per_chip_hour": 2}, "stated-price"),
    ],
)
def test_the_method_used_is_the_cost_of_the_run(paid: dict[str, Any], method: str) -> None:
    training = {"chip_hours": 1e6, "chip": "h100-sxm", "lead_months": 2, **paid}
    spec = {"name": "run", "as_of": AS_OF, "horizon_months": 6, "programme": {"training": training}}
    result = evaluated(spec).statement()
    run = next(line for line in result["lines"] if line["component"] == "training.final_run")
    assert result["training_compute_used"] == method
    assert result["training_compute_by_method_usd"][method]["mean"] == pytest.approx(run["cost_usd"]["mean"])


def test_inference_falls_behind_in_the_draws_and_months_of_the_series() -> None:
    spec = {**product(), "programme": programme()["programme"], "horizon_months": 24}
    spec["programme"] |= {
        "training": {"chip_hours": "100 .. 2e3", "chip": "h100-sxm", "usd_per_chip_hour": 2},
        "generations": {"every_months": 8, "training_growth": 4},
    }
    result = evaluated(spec, draws=256)
    told = result.statement()
    series = result.evaluation.series
    inference, training = (
        np.cumsum(np.broadcast_to(series[name], (24, 256)), axis=0) for name in ("inference", "training")
    )
    months = [
        next(m for m in range(24, 0, -1) if inference[m - 1, draw] > training[m - 1, draw]) + 1
        for draw in range(256)
        if (inference > training)[:, draw].any() and not (inference > training)[-1, draw]
    ]
    assert 0.05 < told["falls_behind_month"]["share_of_draws"] == len(months) / 256
    assert told["falls_behind_month"]["p50"] == np.quantile(months, 0.5)
    assert told["falls_behind_month"]["share_of_draws"] <= told["crossover_month"]["share_of_draws"]


def test_means_by_month_add_up_to_the_lines_beyond_the_first_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truecost.plan.evaluate.WINDOW", 64)
    users = "500 .. 9000"
    result = evaluated({**product(demand__tiers__pro__users=users)}, draws=256).statement()
    assert result["series"]["cumulative_total_usd"][-1]["mean"] == pytest.approx(result["total_usd"]["mean"])
    served = sum(line["cost_usd"]["mean"] for line in result["lines"] if line["group"] == "Inference")
    assert result["series"]["cumulative_inference_usd"][-1]["mean"] == pytest.approx(served)


def test_the_lines_of_the_quotable_number_sum_to_it() -> None:
    berg = (result := evaluated(product()).statement())["iceberg"]
    quoted = [line for line in result["lines"] if line["component"] in berg["quotable_lines"]]
    assert sum(line["cost_usd"]["mean"] for line in quoted) == pytest.approx(berg["quotable_usd"]["mean"])


def test_a_quote_is_set_against_the_law_in_the_means_that_are_shown() -> None:
    chat = {
        "quoted": {"usd_per_query": "0.001 .. 0.02", "source": "a paper"},
        "self_hosted": HOST,
        "use": "quoted",
    }
    rows = {row["option"]: row for row in evaluated(product(serving__chat=chat)).statement()["serving"]}
    quote, law = rows["quoted"]["usd_per_query"], rows["self_hosted"]["usd_per_query"]
    assert rows["quoted"]["implied"][0]["quote_over_law"] == quote["mean"] / law["mean"]
