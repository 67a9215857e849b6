"""The footprint: sums, what it hangs on, what stands in for a vendor, events that never happen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import changed, fleet, product, programme

import truecost

AVERAGE_LOAD = 0.75
"""power/average_load_gpu of the catalog."""
BOTH = programme() | {k: v for k, v in product().items() if k in ("demand", "serving")}


def told(spec: Any, draws: int = 64) -> dict[str, Any]:
    return truecost.plan(spec, draws=draws).statement()


def mean(value: dict[str, float]) -> float:
    return value["mean"]


def test_training_and_serving_sum_to_the_whole() -> None:
    found = told(BOTH)["footprint"]
    for unit in ("kwh", "tco2e"):
        parts = mean(found[f"training_{unit}"]) + mean(found[f"inference_{unit}"])
        assert mean(found[unit]) == pytest.approx(parts)
    by_month = np.sum([found["by_month"]["training_kwh"], found["by_month"]["inference_kwh"]])
    assert by_month == pytest.approx(mean(found["kwh"]))
    assert sum(mean(c["kwh"]) for c in found["classes"].values()) == pytest.approx(
        mean(found["inference_kwh"])
    )


def test_a_fleet_is_counted_by_its_chips_as_its_bill_is() -> None:
    result = truecost.plan(fleet(serving__chat__self_hosted__purchase="owned"), draws=64)
    found = result.statement()
    line = next(li for li in found["lines"] if li["component"] == "inference.chat.energy")
    assert mean(found["footprint"]["inference_kwh"]) == pytest.approx(line["quantity"])
    assert found["footprint"]["classes"]["chat"]["basis"] == "chips held"


def test_all_compute_of_training_counts_not_the_final_run_alone() -> None:
    alone = {"chip_hours": 1e6, "chip": "h100-sxm", "usd_per_chip_hour": 2}
    spec = {**programme(), "programme": {"training": alone, "experiments": {"multiplier": 3}}}
    found = told(spec)["footprint"]
    assert mean(found["training_kwh"]) == pytest.approx(3 * mean(found["final_run_kwh"]))
    assert found["inference_kwh"] is None
    assert found["inference_passes_training_month"] is None


def test_what_a_vendor_draws_is_the_laws_and_named_so() -> None:
    found = told(product())
    chat = found["footprint"]["classes"]["chat"]
    assert "estimate" in chat["basis"]
    assert any(gap["part"] == "footprint.classes.chat" for gap in found["left_out"])
    # busy stand-ins draw less than a fleet of whole replicas with a spare
    assert mean(chat["kwh"]) < mean(told(fleet())["footprint"]["inference_kwh"])


def test_a_cleaner_grid_emits_less_for_the_same_energy() -> None:
    dirty, clean = (told(fleet(region=region))["footprint"] for region in ("us", "fi"))
    assert mean(dirty["kwh"]) == pytest.approx(mean(clean["kwh"]))
    assert mean(dirty["tco2e"]) > 2 * mean(clean["tco2e"])
    assert mean(dirty["on_other_grids_tco2e"]["us"]) == pytest.approx(mean(dirty["tco2e"]))


def test_twice_the_users_of_an_api_draw_twice() -> None:
    one, two = (mean(told(product(demand__tiers__pro__users=n))["footprint"]["kwh"]) for n in (2000, 4000))
    assert two == pytest.approx(2 * one)


def test_homes_and_cars_are_the_rates() -> None:
    found = told(fleet(horizon_months=24))["footprint"]
    assert mean(found["homes"]) == pytest.approx(mean(found["kwh"]) / (10500 * 2))
    assert mean(found["cars_for_a_year"]) == pytest.approx(mean(found["tco2e"]) / 4.6)


def test_the_chips_of_the_run_are_the_least_of_the_highest_power() -> None:
    training = {"chip_hours": 1e6, "chip": "h100-sxm", "usd_per_chip_hour": 2, "chips": 20000}
    spec = {**programme(), "programme": {"training": training, "experiments": {"multiplier": 1}}}
    found = told(spec)["footprint"]
    assert 20000 * 0.7e-3 < mean(found["peak_mw"]) < 20000 * 2.2e-3


def test_serving_that_never_passes_training_is_never_not_the_last_month() -> None:
    small = changed(BOTH, demand__tiers__pro__users=1)
    event = told(small)["footprint"]["inference_passes_training_month"]
    assert event["share_of_draws"] == 0
    assert event["p50"] is None
    large = changed(BOTH, demand__tiers__pro__users=5e8)
    assert told(large)["footprint"]["inference_passes_training_month"]["share_of_draws"] == 1


def test_a_plan_without_chips_has_no_footprint() -> None:
    spec = {"name": "staff", "as_of": "2026-11-01", "programme": {"staff": {"legal": {"people": 2}}}}
    found = told(spec)["footprint"]
    assert found["kwh"] is None
    assert found["classes"] == {}
    assert found["hour_matched"] is None


def test_comparisons_do_without_the_views() -> None:
    from truecost.plan.variants import Variants

    result = truecost.plan(product(), draws=32)
    book = Variants(result.document, result.evaluation.first.catalog, draws=32).of(()).book
    assert not [key for key in book.outcomes if key.startswith(("flows.", "footprint.", "human_ledger."))]


def test_what_was_trained_before_the_plan_is_no_months_power() -> None:
    run = {"chip_hours": 1e6, "chip": "h100-sxm", "usd_per_chip_hour": 2, "chips": 1000, "lead_months": 3}
    found = told({**programme(), "programme": {"training": run, "experiments": {"multiplier": 3}}})[
        "footprint"
    ]
    assert found["by_month"]["training_kwh"][0] == pytest.approx(3 * mean(found["final_run_kwh"]))
    # the thousand chips of the run at full power, not three runs' energy in one month
    kw_at_load = 1000 * mean(found["final_run_kwh"]) / 1e6
    assert mean(found["peak_mw"]) == pytest.approx(kw_at_load / AVERAGE_LOAD / 1000)


def test_what_is_trained_within_the_plan_is() -> None:
    run = {"chip_hours": 1e6, "chip": "h100-sxm", "usd_per_chip_hour": 2, "lead_months": 3}
    made = {"training": run, "experiments": {"multiplier": 1, "lead_months": 1},
            "generations": {"first_release_month": 6}}  # fmt: skip
    found = told({**programme(), "programme": made})["footprint"]
    month = mean(found["final_run_kwh"]) / 3
    assert mean(found["peak_mw"]) == pytest.approx(month / 730.5 / AVERAGE_LOAD / 1000)
