"""A programme on chips of its own: in cash the cluster is bought, in the amortized view it wears."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import changed, programme

import truecost
from truecost.catalog import load
from truecost.finance.cluster import cluster_usd_per_chip
from truecost.plan.generations import Schedule
from truecost.plan.programme.cluster import Work, bought_chips
from truecost.plan.result import Result


def lab(**changes: Any) -> dict[str, Any]:
    """The programme on 1,000 chips of its own: a million chip-hours of final run, as many of experiments."""
    spec = programme(programme__training={"chip_hours": 1e6, "chip": "h100-sxm", "pay": "amortized"})
    return changed(spec, **{"programme__training__chips": 1000, **changes})


def run(spec: dict[str, Any]) -> Result:
    return truecost.plan(spec, draws=64)


def cash_by_month(result: Result, component: str) -> list[float]:
    return [line.cash_usd["mean"] for line in result.monthly if line.component == component]


def quantity(result: Result, key: str) -> Any:
    return result.evaluation.first.quantities[key].value


def installed_usd(result: Result) -> float:
    return float(np.mean(np.asarray(quantity(result, "programme.cluster_usd_per_chip"), dtype=np.float64)))


def left_out(result: Result) -> dict[str, str]:
    return {entry["part"]: entry["consequence"] for entry in result.statement()["left_out"]}


def test_the_cluster_is_bought_once_for_two_generations_that_fit_on_it() -> None:
    result = run(lab(programme__generations={"every_months": 12}))
    paid = cash_by_month(result, "training.cluster")
    installed = installed_usd(result)
    assert paid[0] == pytest.approx(1000 * installed)
    assert paid[1:] == [0.0] * 23
    assert sum(line.cost_usd["mean"] for line in result.lines if line.component == "training.cluster") == 0


def test_the_price_is_chip_server_and_network() -> None:
    result = run(lab())
    catalog = load()
    chip = np.asarray(quantity(result, "programme.cluster_usd_per_chip"))
    overhead, network = (
        float(catalog.rate(key).value)  # type: ignore[arg-type]
        for key in ("server_overhead/other", "interconnect/share_of_cluster")
    )
    fact = result.evaluation.first.draws.of(
        "fact:purchase/h100-sxm", catalog.purchase("h100-sxm", result.evaluation.first.as_of).value
    )
    np.testing.assert_allclose(chip, cluster_usd_per_chip(fact, overhead, network))


def test_a_larger_generation_buys_only_what_it_lacks() -> None:
    """Growth of 2: the second generation fits (its run takes 83 days of 91), the third needs more chips.

    Its 4 million chip-hours in the three months before release take 1,825 chips.
    """
    result = run(lab())
    paid = np.array(cash_by_month(result, "training.cluster")) / installed_usd(result)
    assert paid[0] == pytest.approx(1000)
    assert paid[12] == pytest.approx(4e6 / (3 * 730.5) - 1000)
    assert np.count_nonzero(paid) == 2


def test_it_is_bought_before_the_run_and_worn_out_chips_again() -> None:
    work = Work(100.0, 1.0, 1.0, 1.0, 6.0)
    bought = bought_chips(work, 37, Schedule(18.0, None, 1.0, 1.0, 0.0), 24).ravel()
    assert bought[12] == 100
    assert np.count_nonzero(bought) == 1
    yearly = replace(work, months=12.0)
    months = np.flatnonzero(bought_chips(yearly, 37, Schedule(0.0, 12.0, 1.0, 1.0, 0.0), 120).ravel())
    assert months.tolist() == [0, 25, 62, 99]  # the first were bought a year before the plan


@pytest.mark.parametrize("growth", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("multiplier", [1.0, 2.0, 30.0])
@pytest.mark.parametrize("horizon", [12, 120])
def test_the_views_reconcile_and_nothing_wears_beyond_its_price(
    growth: float, multiplier: float, horizon: int
) -> None:
    result = run(
        lab(
            horizon_months=horizon,
            programme__experiments__multiplier=multiplier,
            programme__generations={"every_months": "9 .. 18", "training_growth": growth},
        )
    )
    parts = {key: value["mean"] for key, value in result.statement()["reconciliation"].items() if value}
    left = parts["amortized_usd"] + parts["closing_book_value_usd"] - parts["interest_on_own_money_usd"]
    assert math.isclose(left, parts["cash_usd"], rel_tol=1e-9)
    kept = result.evaluation.outcomes["programme.cluster_left_usd"]
    assert np.all(kept >= 0)
    assert np.mean(kept) == pytest.approx(parts["closing_book_value_usd"])


def test_the_wear_is_not_paid_again_in_cash() -> None:
    lines = {line.component: line for line in run(lab()).lines}
    for component in ("training.final_run", "training.later_runs", "training.experiments"):
        assert 0 < lines[component].cash_usd["mean"] < 0.1 * lines[component].cost_usd["mean"]


def test_the_amortized_view_does_not_change_with_the_cluster() -> None:
    known, unknown = (run(lab(programme__training__chips=chips)).total_usd["mean"] for chips in (1000, None))
    assert known == pytest.approx(unknown)


def test_compute_that_does_not_fit_on_the_chips_of_the_run_needs_more() -> None:
    result = run(lab(programme__experiments__multiplier=20))
    assert quantity(result, "programme.cluster_chips") == pytest.approx(20e6 / 8766)


def test_days_give_the_chips() -> None:
    spec = lab(programme__training__days=50)
    del spec["programme"]["training"]["chips"]
    result = run(spec)
    assert quantity(result, "programme.final_run_chips") == pytest.approx(1e6 / 50 / 24)
    assert cash_by_month(result, "training.cluster")[0] > 0
    assert result.statement()["training_compute_by_method_usd"]["acquisition"]["mean"] > 0


def test_chips_and_days_are_not_stated_both() -> None:
    with pytest.raises(truecost.SpecError, match="chips or days, not both"):
        run(lab(programme__training__days=50))


def test_without_chips_or_days_the_plan_says_what_is_needed() -> None:
    result = run(lab(programme__training__chips=None))
    assert "training.cluster" not in {line.component for line in result.lines}
    assert "State chips or days" in left_out(result)["programme.training.cluster"]
    assert result.statement()["reconciliation"]["closing_book_value_usd"]["mean"] == 0


def test_a_stated_price_is_paid_by_the_hour() -> None:
    result = run(lab(programme__training__usd_per_chip_hour=2))
    assert "usd_per_chip_hour is stated" in left_out(result)["programme.training.cluster"]


def test_the_cluster_shortens_the_runway() -> None:
    cash = {"business": {"cash_usd": 120e6}}
    owned, worn = (run(lab(programme__training__chips=chips) | cash) for chips in (1000, None))
    assert (
        owned.evaluation.outcomes["runway_months"].mean() < worn.evaluation.outcomes["runway_months"].mean()
    )


def step(**changes: Any) -> dict[str, Any]:
    training = {
        "model": "meta-llama/Llama-3.1-70B",
        "tokens": 1e12,
        "chip": "h100-sxm",
        "utilization": 0.4,
        "utilization_covers": "step",
        "usd_per_chip_hour": 2,
    }
    return changed(programme(programme__training=training), **changes)


def test_restarts_take_the_recorded_share_and_show_the_law_beside_it() -> None:
    few, many = (run(step(programme__training__chips=chips)) for chips in (512, 16_384))
    lines = [{line.component: line.cost_usd["mean"] for line in result.lines} for result in (few, many)]
    assert lines[0]["training.restarts"] == pytest.approx(lines[1]["training.restarts"])
    shares = [np.median(quantity(result, "programme.lost_share_by_law")) for result in (few, many)]
    assert shares[0] < 0.03
    assert shares[1] > 0.1
    assert few.explain("programme.lost_share_by_law").unit == "share"


def test_the_law_is_not_shown_where_the_chips_are_unknown_or_failures_are_in_the_utilization() -> None:
    for spec in (
        step(),
        step(programme__training__chips=512, programme__training__utilization_covers="whole_run"),
    ):
        assert "programme.lost_share_by_law" not in run(spec).evaluation.first.quantities
