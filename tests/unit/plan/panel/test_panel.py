"""The panel against the engine: off its grid within a per cent, with its own error stated, and anchored."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import changed, example_plans, fleet, product

from truecost.catalog.catalog import load
from truecost.plan.panel import estimate, panel, setting
from truecost.plan.panel.axes import KEYS, OWN, Axis
from truecost.plan.panel.error import held_out
from truecost.plan.panel.sampling import Sampled, sample
from truecost.plan.result import plan, read
from truecost.plan.variants import Variants
from truecost.ranges import FloatArray

ROOT = Path(__file__).parents[4]
STARTERS = ROOT / "src/truecost/plan/starter_plans"
EXAMPLES = [path.stem for path in example_plans()]
SEED = 2026
"""Of the settings looked at here; the panel states its error at others."""
MOST_BYTES = 25_000

CAP = "demand__tiers__pro__cap_queries_per_user_per_day"
MARKET = "demand__tiers__pro__market_users"
BUILT: dict[str, dict[str, Any]] = {
    "market": product(**{MARKET: 5000, "demand__tiers__pro__growth_per_month": 0.1}),
    "cap": product(**{CAP: 20}),
    "both": product(**{CAP: 20, MARKET: 5000}),
    "provisioned": product(
        serving__chat__api={
            "model": "gpt-4.1-mini",
            "provisioned": {"units": 3, "usd_per_unit_hour": 5, "tokens_per_unit_minute": 50000},
        }
    ),
    "owned": fleet(serving__chat__self_hosted__purchase="owned", demand__tiers__pro__users="10000 .. 40000"),
}
STEPPED: dict[str, tuple[dict[str, Any], float]] = {
    # two or three replicas for a flat load: each is a third of the bill, and a step of it
    "few replicas": ({}, 0.025),
    # and a cap on use, whose load is no longer users x queries
    "few replicas, capped": ({CAP: 20}, 0.025),
    "few replicas, in a small market": ({MARKET: 5000}, 0.05),
    # neither users nor queries carry the load evenly any more: there is no one load to interpolate over
    "few replicas, capped, in a small market": ({CAP: 20, MARKET: 5000}, 0.25),
}
"""Fleets whose panel may be off by more than a per cent, by how much, and why."""
USERS, SECONDS = "demand__tiers__pro__users", "serving.chat.self_hosted.replica_seconds_per_call"
BUSY_S = 2000 * 1.38
"""Replica-seconds that all users' queries take together, a query of each: two replicas, and a spare one."""


@cache
def users_of_few() -> int:
    """Users that keep as many replicas busy as ever, whatever the serving law says of one query."""
    return round(BUSY_S / plan(fleet()).explain(SECONDS).value["p50"])


def source(name: str) -> Path | dict[str, Any]:
    if name in BUILT:
        return BUILT[name]
    if name in STEPPED:
        return fleet(**{USERS: users_of_few()}, **STEPPED[name][0])
    starter = STARTERS / f"{name}.yaml"
    return starter if starter.exists() else ROOT / "examples" / f"{name}.yaml"


@cache
def variants_of(name: str) -> Variants:
    return Variants(read(source(name), load()), load())


@cache
def panel_of(name: str) -> dict[str, Any] | None:
    return panel(variants_of(name))


def made(name: str) -> dict[str, Any]:
    found = panel_of(name)
    assert found is not None
    return found


def asked(variants: Variants, settings: dict[str, FloatArray]) -> Sampled:
    """The engine at the plan's own setting and these, on every draw."""
    both = {key: np.concatenate([[OWN[key]], values]) for key, values in settings.items()}
    return sample(variants, both, variants.draws)


def others(panelled: dict[str, Any], count: int) -> dict[str, FloatArray]:
    axes = {
        a["key"]: Axis(a["key"], a["low"], a["high"], (), is_still=bool(a["still"])) for a in panelled["axes"]
    }
    return held_out(axes, count, SEED)


def off(name: str, count: int = 24) -> dict[str, FloatArray]:
    """Errors of cost, revenue, the cost of a query, and of the ends of the range of cost over its mean."""
    settings = others(made(name), count)
    engine, said = asked(variants_of(name), settings), estimate(made(name), settings)
    cost = engine.cost
    points = np.quantile(cost, (0.05, 0.95), axis=1) / cost.mean(axis=1)
    found = {
        "cost": said.cost / (cost[1:].mean(axis=1) / cost[0].mean()) - 1,
        "ends": said.cost_ends - (points[:, 1:] - points[:, :1]),
    }
    if engine.revenue[0].any():
        found["revenue"] = said.revenue / (engine.revenue[1:].mean(axis=1) / engine.revenue[0].mean()) - 1
    if engine.queries is not None:
        by_query = (cost / engine.queries).mean(axis=1)
        found["query"] = said.cost_per_query / (by_query[1:] / by_query[0]) - 1
    return {key: np.abs(values) for key, values in found.items()}


MOVED = [*(name for name in EXAMPLES if name != "deepseek-v3"), "builder", "consumer", "lab"]


@pytest.mark.parametrize("name", [*MOVED, *BUILT])
def test_off_the_grid_it_is_within_a_per_cent_of_the_engine(name: str) -> None:
    found = off(name)
    assert found["cost"].max() < 0.01
    assert found["cost"].mean() < 0.004
    assert found.get("revenue", np.zeros(1)).max() < 0.01
    assert found.get("query", np.zeros(1)).max() < 0.02
    assert found["ends"].mean() < 0.02


@pytest.mark.parametrize("name", STEPPED)
def test_where_whole_replicas_are_a_large_part_of_the_bill_it_says_how_far_off_it_is(name: str) -> None:
    found = off(name)["cost"]
    assert found.max() < STEPPED[name][1]


@pytest.mark.parametrize("name", [*MOVED, *BUILT, *STEPPED])
def test_the_error_it_states_is_the_error_it_has(name: str) -> None:
    error, found = made(name)["error"], off(name)
    assert error["settings"] == 40
    assert error["cost_mean"] <= error["cost_most"]
    assert found["cost"].mean() < 2.5 * error["cost_mean"] + 0.0015
    assert found["cost"].max() < 2.5 * error["cost_most"] + 0.004
    assert error["cost_mean"] < 2.5 * found["cost"].mean() + 0.002


@pytest.mark.parametrize("name", [*MOVED, *STEPPED])
def test_at_the_plans_own_setting_nothing_is_changed(name: str) -> None:
    said = estimate(made(name), setting())
    assert (said.cost[0], said.revenue[0], said.cost_per_query[0]) == (1.0, 1.0, 1.0)
    assert not said.cost_ends.any()
    assert not said.margin_ends.any()
    assert not said.query_ends.any()


@pytest.mark.parametrize("name", [*MOVED, *BUILT, *STEPPED])
def test_it_is_plain_and_short(name: str) -> None:
    text = json.dumps(made(name), separators=(",", ":"), allow_nan=False)
    assert len(text) < MOST_BYTES
    assert json.loads(text) == made(name)


def test_a_plan_that_no_slider_moves_has_none() -> None:
    people = {
        "name": "p",
        "as_of": "2026-11-01",
        "horizon_months": 3,
        "programme": {"staff": {"legal": {"people": 2}}},
    }
    recorded = {
        "developer": "open_lab",
        "training": {"chip_hours": 1e6, "chip": "h100-sxm", "usd_per_chip_hour": 2},
    }
    unpriced = product()
    del unpriced["serving"]
    unpriced["demand"]["tiers"]["pro"] = {"kind": "free", "users": 10, "queries_per_user_per_day": 1}
    for spec in (people, {**people, "programme": recorded}, unpriced):
        assert panel(Variants(read(spec, load()), load())) is None
    assert panel_of("deepseek-v3") is None


def test_a_slider_that_moves_nothing_says_why() -> None:
    still = {axis["key"]: axis["still"] for axis in made("builder")["axes"]}
    assert list(still) == list(KEYS)
    assert still["utilization"] == "the plan pays for no chips by what they do in an hour"
    assert not any(why for key, why in still.items() if key != "utilization")
    fleet_alone = {axis["key"]: axis["still"] for axis in made("few replicas")["axes"]}
    assert "API price" in fleet_alone["price"]


def test_sliders_stand_for_the_plans_own_numbers() -> None:
    axes = {axis["key"]: axis for axis in made("open-weights-team")["axes"]}
    assert axes["users"]["natural"] == pytest.approx(40000)
    assert axes["queries"]["natural"] == pytest.approx(6)
    assert axes["cache"]["natural"] == pytest.approx(0.3 * 0.2, abs=1e-3)
    assert axes["utilization"]["natural"] == pytest.approx(0.74, abs=0.01)
    assert axes["utilization"]["unit"] == "share at the peak"
    for axis in axes.values():
        assert axis["own"] in axis["stops"]
        assert axis["stops"] == sorted(axis["stops"])
        assert (axis["stops"][0], axis["stops"][-1]) == (axis["low"], axis["high"])


@pytest.mark.parametrize(("aimed", "highest"), [(0.8, 1.25), (0.5, 1.5), (1, 1.0)])
def test_utilization_goes_as_far_as_chips_that_never_rest(aimed: float, highest: float) -> None:
    spec = fleet(serving__chat__self_hosted__utilization_at_peak=aimed)
    found = panel(Variants(read(spec, load()), load(), draws=64))
    assert found is not None
    axis = next(axis for axis in found["axes"] if axis["key"] == "utilization")
    assert axis["high"] == highest
    most = estimate(found, setting(utilization=highest))
    assert most.cost[0] <= 1.0
    assert np.isfinite(most.cost).all()


def test_the_api_bill_alone_follows_the_price() -> None:
    result = plan(source("builder"), draws=1024)
    bill = next(line for line in result.lines if line.component == "inference.chat.api").cost_usd["mean"]
    share = bill / result.total_usd["mean"]
    for price in (0.2, 0.7, 3.3, 5.0):
        assert estimate(made("builder"), setting(price=price)).cost[0] == pytest.approx(
            1 + share * (price - 1), rel=1e-4
        )


@pytest.mark.parametrize(
    ("name", "moves"),
    [
        ("startup-on-apis", {"price": 3.0, "users": 1.7, "cache": 0.3}),
        ("open-weights-team", {"price": 3.0, "queries": 2.3, "cache": -0.4, "utilization": 0.8}),
        ("consumer", {"users": 1.9, "queries": 0.6, "utilization": 1.1}),
    ],
)
def test_the_command_computes_the_same(name: str, moves: dict[str, float]) -> None:
    found = made(name)
    factor = {axis["key"]: axis["factor"] for axis in found["axes"]}
    change = {factor[key]: value for key, value in moves.items()}
    sets = [f"what_if={json.dumps([*found['what_if'], change])}", *found["decided"]]
    own, moved = plan(source(name), draws=1024), plan(source(name), draws=1024, sets=sets)
    said = estimate(found, setting(**moves))
    assert said.cost[0] == pytest.approx(moved.total_usd["mean"] / own.total_usd["mean"], rel=0.01)
    assert said.revenue[0] == pytest.approx(
        moved.statement()["revenue_usd"]["mean"] / own.statement()["revenue_usd"]["mean"], rel=1e-3
    )
    by_query = (each.unit_costs["usd_per_query"]["mean"] for each in (moved, own))
    assert said.cost_per_query[0] == pytest.approx(next(by_query) / next(by_query), rel=0.01)


def test_a_change_the_plan_makes_already_stays() -> None:
    before = {"from_month": 6, "api_price": 2}
    spec = changed(product(), what_if=[before])
    found = panel(Variants(read(spec, load()), load()))
    assert found is not None
    assert found["what_if"] == [before]
    own = plan(spec, draws=1024).total_usd["mean"]
    both = plan(spec, draws=1024, sets=[f"what_if={json.dumps([before, {'api_price': 3}])}"]).total_usd[
        "mean"
    ]
    assert estimate(found, setting(price=3)).cost[0] == pytest.approx(both / own, rel=1e-4)


def test_the_same_plan_has_the_same_panel() -> None:
    again = panel(Variants(read(source("builder"), load()), load()))
    assert again == panel_of("builder")
