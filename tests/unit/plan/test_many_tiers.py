"""Plans of many tiers: what is said of one costs no evaluation of all, and too many are pointed out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import fleet, product

import truecost
from truecost.plan import zero_margin
from truecost.plan.checks.tiers import BYTES_PER_TIER_MONTH, MUCH_MEMORY_BYTES
from truecost.plan.demand import moving_on
from truecost.plan.zero_margin import Product, product_margin, users_for_zero_margin

DRAWS = 60
FREE = {"kind": "free", "users": "3000 .. 9000", "queries_per_user_per_day": 3, "churn_per_month": 0.05}
PRO = {
    "kind": "subscription",
    "users": "1500 .. 2500",
    "price_usd_per_month": "15 .. 25",
    "queries_per_user_per_day": 15,
    "growth_per_month": "0.01 .. 0.04",
}
METERED = {
    "kind": "usage",
    "users": 400,
    "usd_per_mtok": 3,
    "usd_per_query": 0.01,
    "queries_per_user_per_day": 40,
}
FIRM = {
    "kind": "enterprise",
    "users": 300,
    "contract_usd_per_year": 2e5,
    "price_usd_per_month": 5,
    "queries_per_user_per_day": 20,
}
TIERS = {"free": FREE, "pro": PRO, "metered": METERED, "firm": FIRM}


def many(number: int, months: int = 3) -> dict[str, Any]:
    """A plan of many subscription tiers."""
    return product(horizon_months=months, demand__tiers={f"t{i}": PRO for i in range(number)})


def margin(spec: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return truecost.plan(spec, draws=DRAWS).evaluation.outcomes["margin_usd"]


@pytest.mark.parametrize("make", [product, fleet])
@pytest.mark.parametrize("name", ["pro", "firm"])
def test_more_users_of_a_tier_are_what_the_plan_with_them_comes_to(make: Any, name: str) -> None:
    """Beside tiers of every kind, on an API and on chips of a given layout."""
    fixed = {} if make is product else {"serving__chat__self_hosted__tensor_parallel_size": 2}
    spec = make(demand__tiers=TIERS, **fixed)
    result = truecost.plan(spec, draws=DRAWS)
    base = Product.of(result.evaluation)
    assert base is not None
    scales = np.array([[1.0], [1.7], [0.4]]) * np.ones((1, DRAWS))
    found = product_margin(base, name, scales, dict(result.evaluation.first.decisions))
    assert found[0] == pytest.approx(base.margin, rel=1e-12)
    low, high = (1500.0, 2500.0) if name == "pro" else (300.0, 300.0)
    for scale, at in zip((1.7, 0.4), found[1:], strict=True):
        users = f"{low * scale} .. {high * scale}" if low < high else low * scale
        changed = make(demand__tiers={**TIERS, name: {**TIERS[name], "users": users}}, **fixed)
        assert at - found[0] == pytest.approx(margin(changed) - margin(spec), rel=1e-6, abs=1e-3)


def test_a_tier_costs_no_evaluation_of_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    drawn = zero_margin.traffic

    def counting(demand: Any, *rest: Any) -> Any:
        counted.append(len(demand.tiers))
        return drawn(demand, *rest)

    monkeypatch.setattr(zero_margin, "traffic", counting)
    rows = truecost.plan(many(12), draws=DRAWS).statement()["break_even"]["tiers"]
    assert len(rows) == 12
    assert counted == [12], "the tiers are gone through once for all of them"


def test_the_users_are_the_same_however_they_are_asked_for() -> None:
    evaluation = truecost.plan(product(demand__tiers=TIERS), draws=DRAWS).evaluation
    shared = Product.of(evaluation)
    for name in ("pro", "firm"):
        alone, beside = (
            users_for_zero_margin(evaluation, name),
            users_for_zero_margin(evaluation, name, shared),
        )
        assert alone is not None
        assert beside is not None
        assert np.array_equal(alone, beside)


def test_there_is_no_product_to_scale_where_no_tier_pays_by_its_users() -> None:
    evaluation = truecost.plan(product(demand__tiers={"free": FREE}), draws=DRAWS).evaluation
    assert Product.of(evaluation) is None


def test_users_who_move_on_and_who_leave_are_no_more_than_there_are() -> None:
    """0.7 churn and two conversions of 0.2 and 0.3: all users go, shared in proportion."""
    source = {**FREE, "users": 1000, "churn_per_month": 0.7}
    taking = {f"to_{round(share * 10)}": {**PRO, "users": 0, "growth_per_month": 0, "converts_from": {
        "tier": "free", "share_per_month": share}} for share in (0.2, 0.3)}  # fmt: skip
    evaluation = truecost.plan(
        product(horizon_months=3, demand__tiers={"free": source, **taking}), draws=2
    ).evaluation
    users = {n: np.asarray(evaluation.first.quantities[f"users.{n}"].value)[:, 0] for n in ("free", *taking)}
    assert users["free"].tolist() == [1000, 0, 0]
    assert evaluation.plan.demand is not None
    assert moving_on(evaluation.plan.demand.tiers) == pytest.approx({"free": 0.5 / 1.2, "to_2": 0, "to_3": 0})
    assert users["to_2"] == pytest.approx([0, 1000 * 0.2 / 1.2, 1000 * 0.2 / 1.2])
    assert users["to_3"] == pytest.approx([0, 1000 * 0.3 / 1.2, 1000 * 0.3 / 1.2])


def test_so_many_tiers_that_memory_runs_short_are_pointed_out() -> None:
    most = int(MUCH_MEMORY_BYTES / BYTES_PER_TIER_MONTH / 120)
    for number, told in ((most, False), (most + 1, True)):
        warnings = truecost.plan(many(number, months=120), draws=1).warnings
        assert any("tiers, which over 120 months take some 2 GB" in w for w in warnings) == told
