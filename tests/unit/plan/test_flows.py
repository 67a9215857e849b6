"""Who pays and who gets: every dollar once, month by month; splits by the law; free users; returns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.plan.specs import changed, example_plans, fleet, product, programme

import truecost
from truecost.plan.flow_rows import flow_rows
from truecost.plan.result import Result
from truecost.plan.returns import generations, investor
from truecost.spec import SpecError

EXAMPLES = Path(__file__).parents[3] / "examples"
RENTED: dict[str, Any] = {"demand__tiers__pro__users": 60000}
BOTH = programme() | {k: v for k, v in product().items() if k in ("demand", "serving")}
PLANS: dict[str, Any] = {
    "product": product(),
    "free": changed(product(), demand__tiers__free={
        "kind": "free", "users": 9000, "queries_per_user_per_day": "1 .. 3"}),
    "credits": product(business={"cloud_credits_usd": 900, "cash_usd": "1e3 .. 5e3"}),
    "rounds": product(
        demand__tiers__pro__price_usd_per_month=1,
        business={"investment": [{"month": 3, "usd": 5e4}, {"month": 99, "usd": 1e9}]},
    ),
    "surplus": product(
        demand__tiers__pro__users_by_month=[9000, 9000, *[10] * 10],
        demand__tiers__pro__users=None,
        business={"operating": {"rent": {"usd_per_month": 3e4}}},
    ),
    "fleet": fleet(**RENTED),
    "owned": fleet(serving__chat__self_hosted__purchase="owned", **RENTED),
    "programme": programme(),
    "amortized": programme(programme__training={"chip_hours": 1e6, "chip": "h100-sxm", "pay": "amortized"}),
    "both": BOTH,
    **{path.stem: path for path in example_plans()},
}  # fmt: skip


def run(spec: Any, draws: int = 64, **sets: Any) -> Result:
    return truecost.plan(spec, draws=draws, **sets)


@pytest.mark.parametrize("name", PLANS)
def test_payers_and_payees_sum_to_the_cost_month_by_month(name: str) -> None:
    told = run(PLANS[name]).statement()
    flows, total = told["flows"], told["total_usd"]["mean"]
    by_month = np.sum(list(told["series"]["cost_by_group_usd"].values()), axis=0)
    for side in ("payers", "payees"):
        assert sum(v["mean"] for v in flows[side].values()) == pytest.approx(total)
        np.testing.assert_allclose(
            np.sum(list(flows["by_month"][side].values()), axis=0), by_month, rtol=1e-9, atol=1e-6
        )
        assert all(v["p5"] >= -1e-6 for v in flows[side].values())
        assert list(flows[side]) == list(flows["by_month"][side])


@pytest.mark.parametrize("name", PLANS)
def test_links_sum_to_both_ends(name: str) -> None:
    flows = run(PLANS[name]).statement()["flows"]
    for payer, value in flows["payers"].items():
        assert sum(flows["links"][payer].values()) == pytest.approx(value["mean"])
    for payee, value in flows["payees"].items():
        got = sum(given.get(payee, 0.0) for given in flows["links"].values())
        assert got == pytest.approx(value["mean"], rel=1e-9, abs=1e-6)


def test_sums_hold_over_several_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truecost.plan.evaluate.WINDOW", 16)
    evaluation = run(PLANS["both"], draws=64).evaluation
    told = flow_rows(evaluation)
    for side in ("payers", "payees"):
        whole = float(evaluation.outcomes["total_usd"].mean())
        assert sum(v["mean"] for v in told[side].values()) == pytest.approx(whole)
        assert np.sum(list(told["by_month"][side].values())) == pytest.approx(whole)


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 60), st.integers(0, 200_000), st.integers(0, 50_000), st.integers(0, 11),
    st.integers(0, 30_000),
)  # fmt: skip
def test_every_draw_of_every_month_has_its_payers(
    price: int, cash: int, credits_usd: int, month: int, rent: int
) -> None:
    business = {
        "cash_usd": cash, "cloud_credits_usd": credits_usd, "investment": [{"month": month, "usd": 1e4}],
        "operating": {"rent": {"usd_per_month": rent}},
    }  # fmt: skip
    spec = product(demand__tiers__pro__price_usd_per_month=price, business=business,
                   demand__tiers__pro__users="10 .. 9000")  # fmt: skip
    outcomes = run(spec, draws=16).evaluation.outcomes
    paid = {key: v for key, v in outcomes.items() if key.startswith("flows.payers.")}
    np.testing.assert_allclose(sum(paid.values()), outcomes["total_usd"], rtol=1e-9)
    assert all((v >= -1e-6).all() for v in paid.values())
    assert (paid["flows.payers.investors"] <= cash + 1e4 + 1e-6).all()
    assert (paid["flows.payers.cloud_credits"] <= credits_usd + 1e-6).all()
    assert (paid["flows.payers.customers.pro"] <= outcomes["revenue_usd"] + 1e-6).all()


def test_credits_pay_vendors_alone_and_first() -> None:
    flows = run(PLANS["credits"]).statement()["flows"]
    assert list(flows["links"]["cloud_credits"]) == ["model vendor"]
    assert flows["payers"]["cloud_credits"]["mean"] == pytest.approx(900)
    first = flows["by_month"]["payers"]["cloud_credits"]
    assert first[0] > 0
    assert first[-1] == 0


def test_earlier_surplus_pays_before_anybody_else() -> None:
    flows = run(PLANS["surplus"]).statement()["flows"]
    earlier = flows["by_month"]["payers"]["customers_earlier"]
    assert earlier[0] == earlier[1] == 0
    assert earlier[2] > 0
    assert flows["payers"]["customers.pro"]["mean"] < run(PLANS["surplus"]).statement()["revenue_usd"]["mean"]


def test_a_plan_without_any_source_is_paid_by_nobody_named() -> None:
    flows = run(PLANS["programme"]).statement()["flows"]
    assert list(flows["payers"]) == ["unfunded"]
    assert flows["returns"] is None


def test_a_dear_rent_leaves_the_cloud_a_part_and_a_cheap_one_nothing() -> None:
    def parts(usd: float) -> dict[str, Any]:
        return run(fleet(serving__chat__self_hosted__usd_per_chip_hour=usd, **RENTED)).statement()["flows"]

    dear, cheap, cheapest = parts(9), parts(0.2), parts(0.01)
    assert dear["payees"]["cloud"]["mean"] > 0.5 * dear["cloud_rent"]["usd"]["mean"]
    assert "cloud" not in cheap["payees"]
    assert set(cheapest["payees"]) == {"power", "staff", "payment"}
    assert cheap["cloud_rent"]["own_cost_share"]["p50"] > 1
    # what the chip costs its owner does not hang on the rent
    own = [told["cloud_rent"]["own_cost_usd"]["mean"] for told in (dear, cheap)]
    assert own[0] == pytest.approx(own[1])
    for payee in ("chips", "power"):
        assert dear["payees"][payee]["mean"] <= dear["cloud_rent"]["own_cost_usd"]["mean"]


def test_own_chips_pay_for_wear_and_power_as_their_price_is_made() -> None:
    result = run(PLANS["amortized"])
    lines = {line["component"]: line["cost_usd"]["mean"] for line in result.statement()["lines"]}
    part = result.explain("flows.parts.training.final_run.power").value["mean"]
    assert 0.01 < part / lines["training.final_run"] < 0.3


def test_a_chip_without_a_price_on_record_leaves_its_rent_whole_and_says_so() -> None:
    result = run(EXAMPLES / "deepseek-v3.yaml")
    told = result.statement()
    assert told["flows"]["cloud_rent"] is None
    assert any(gap["part"] == "flows.training.final_run" for gap in told["left_out"])


def test_labellers_and_the_firm_between_share_comparisons_by_its_rate() -> None:
    spec = changed(programme(), programme__rlhf__intermediary_share=0.6, programme__annotation={})
    flows = run(spec).statement()
    usd = next(li["cost_usd"]["mean"] for li in flows["lines"] if li["component"] == "rlhf.preferences")
    assert flows["flows"]["payees"]["labelling firms"]["mean"] == pytest.approx(0.6 * usd)


def test_free_users_are_set_against_what_they_are_said_to_be_worth() -> None:
    spec = changed(
        product(),
        demand__tiers__free={
            "kind": "free", "users": 1000, "queries_per_user_per_day": 1, "churn_per_month": 0.1,
            "acquisition_usd_per_user": 30, "data_usd_per_user_month": 0.5,
        },
        demand__tiers__pro__converts_from={"tier": "free", "share_per_month": 0.02},
    )  # fmt: skip
    told = run(spec).statement()["flows"]["free_users"]["free"]
    users = 1000 * 0.88 ** np.arange(12)
    assert told["data_value_usd"]["mean"] == pytest.approx(0.5 * users.sum())
    assert told["acquisition_value_usd"]["mean"] == pytest.approx(30 * 0.02 * users.sum())
    worth = told["data_value_usd"]["mean"] + told["acquisition_value_usd"]["mean"]
    assert told["net_usd"]["mean"] == pytest.approx(worth - told["cost_usd"]["mean"])


def test_worth_that_is_not_stated_is_a_gap_not_a_zero() -> None:
    told = run(PLANS["free"]).statement()
    assert "net_usd" not in told["flows"]["free_users"]["free"]
    assert any("data_usd_per_user_month" in gap["consequence"] for gap in told["left_out"])


def test_making_the_generations_is_every_line_paid_for_each_of_them() -> None:
    spec = changed(BOTH, horizon_months=24)
    result = run(spec)
    once = ("training.", "annotation.", "safety.", "data.curation", "data.synthetic", "data.acquisition")
    lines = {line["component"]: line["cost_usd"]["mean"] for line in result.statement()["lines"]}
    made = sum(usd for name, usd in lines.items() if name.startswith(once))
    told = result.statement()["flows"]["returns"]["generations"]
    assert list(told) == ["1", "2"]
    first, second = (value["put_in_usd"]["mean"] for value in told.values())
    assert second > 1.3 * first
    # the third is paid for within the plan and released after it
    assert first + second < made
    alone = run(changed(spec, programme__generations=None)).statement()
    lines = {line["component"]: line["cost_usd"]["mean"] for line in alone["lines"]}
    (only,) = alone["flows"]["returns"]["generations"].values()
    made = sum(usd for name, usd in lines.items() if name.startswith(once))
    assert only["put_in_usd"]["mean"] == pytest.approx(made)


def test_what_generations_get_back_is_the_margin_without_their_making() -> None:
    spec = changed(BOTH, horizon_months=12, programme__generations=None)
    result = run(spec)
    margin = result.statement()["margin_usd"]["mean"]
    (only,) = generations(result.evaluation).values()
    assert float((only.got_back_usd - only.put_in_usd).mean()) == pytest.approx(margin)


def test_an_investor_gets_back_what_is_earned_and_what_is_left() -> None:
    result = run(product(business={"cash_usd": 1e5, "discount_rate_per_year": 0}))
    made = investor(result.evaluation)
    assert made is not None
    earned = result.statement()["margin_usd"]["mean"]
    assert float(made.got_back_usd.mean()) == pytest.approx(1e5 + earned)
    assert float(made.net_present_value_usd.mean()) == pytest.approx(earned)
    assert np.isfinite(made.payback_month).all()


def test_an_investor_of_a_losing_plan_is_never_paid_back() -> None:
    spec = product(demand__tiers__pro__price_usd_per_month=0.01, business={"cash_usd": 100})
    told = run(spec).statement()["flows"]["returns"]["investor"]
    assert told["payback_month"]["share_of_draws"] == 0
    assert told["payback_month"]["p50"] is None
    assert told["return_per_year"]["share_of_draws"] == 0


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("demand.tiers.pro.acquisition_usd_per_user", "-1", "acquisition_usd_per_user"),
        ("demand.tiers.pro.data_usd_per_user_month", "much", "data_usd_per_user_month"),
    ],
)
def test_bad_worth_is_refused(path: str, value: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        run(product(), sets=[f"{path}={value}"])
