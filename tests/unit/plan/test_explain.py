"""Every number explains itself under its path in the JSON, down to the plan's lines and dated facts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from tests.unit.plan.specs import changed, example_plans, fleet, product, programme

import truecost
from truecost.plan.explain import reduced
from truecost.plan.result import Result
from truecost.plan.starters import STARTERS, starter

EXAMPLES = Path(__file__).parents[3] / "examples"
STARTUP = EXAMPLES / "startup-on-apis.yaml"
HOST: dict[str, Any] = {"model": "meta-llama/Llama-3.1-70B", "chip": "h100-sxm", "purchase": "owned"}
EVERY_WAY = changed(
    product(),
    demand__tiers__free={"kind": "free", "users": 9000, "queries_per_user_per_day": "1 .. 3"},
    serving__chat={
        "api": {"model": "gpt-4.1", "discount": 0.1, "price_path": {"shocks": [{"month": 0, "multiple": 2}]}},
        "self_hosted": {**HOST, "porting": {"usd": 1e4, "months": 2}},
        "hybrid": {},
        "quoted": {"usd_per_query": 0.02, "source": "a rival"},
    },
    business={"cash_usd": 1e6, "discount_rate_per_year": 0.1, "operating": {"rent": {"usd_per_month": 6000}}},
)
NOT_COMPUTED = {"truecost", "horizon_months", "draws", "seed", "warnings", "left_out", "assumptions"}
ROW_NAMES = (("class", "option"), ("component",), ("tier",), ("class",), ("group",), ("option",))


def plans() -> dict[str, Any]:
    found: dict[str, Any] = {path.stem: path for path in example_plans()}
    found |= {f"init-{kind}": kind for kind in STARTERS}
    found |= {
        f"used-{use}": changed(EVERY_WAY, serving__chat__use=use) for use in EVERY_WAY["serving"]["chat"]
    }
    return found | {"programme": programme(), "owned-fleet": fleet(serving__chat__self_hosted=HOST)}


PLANS = plans()


@pytest.fixture(scope="module", params=list(PLANS))
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Result:
    source = PLANS[request.param]
    if source in STARTERS:
        path = tmp_path_factory.mktemp("plans") / "plan.yaml"
        path.write_text(starter(source), encoding="utf-8")
        source = path
    return truecost.plan(source, draws=64)


def numbers(node: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number of a JSON under its path, rows by their names; a range is one number."""
    if isinstance(node, dict):
        part = cast("dict[str, Any]", node)
        if "p5" in part:
            yield path, part
            return
        for name, child in part.items():
            yield from numbers(child, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for row in (
            cast("dict[str, Any]", row) for row in cast("list[object]", node) if isinstance(row, dict)
        ):
            names = next(names for names in ROW_NAMES if set(names) <= set(row))
            yield from numbers(row, ".".join([path, *(row[name] for name in names)]))
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield path, float(node)


def figures(result: Result) -> list[tuple[str, Any]]:
    told = {k: v for k, v in result.statement().items() if k not in {*NOT_COMPUTED, "monthly", "series"}}
    return list(numbers(told))


def test_every_number_of_the_json_is_explained_under_its_path(result: Result) -> None:
    found = figures(result)
    assert len(found) > 40
    for path, number in found:
        tree = result.explain(path).to_dict()
        is_range = not isinstance(number, float)
        points = {p: number[p] if is_range else number for p in ("p5", "p50", "p95", "mean")}
        assert tree["key"] == path
        assert tree["value"] == points, path
        assert tree["share_of_draws"] == (number.get("share_of_draws", 1.0) if is_range else 1.0)
        assert tree["how"]


def test_a_number_of_the_json_is_what_its_formula_computed(result: Result) -> None:
    """The quantity that a law entered under a path is the number there, not another of the same name."""
    computed, compared = result.evaluation.first.quantities, 0
    for path, number in figures(result):
        quantity = computed.get(path.removesuffix(".cost_usd"))
        if quantity is None or isinstance(number, float):
            continue
        compared += 1
        for point, value in reduced(quantity).items():
            told = math.nan if number[point] is None else number[point]
            assert told == pytest.approx(value, rel=1e-9, nan_ok=True), path
    assert compared > 10


def test_every_number_has_something_behind_it(result: Result) -> None:
    """But for sums of nothing (no revenue, nothing bought) and what is chosen once for all draws."""
    for path, number in figures(result):
        tree = result.explain(path)
        nothing = tree.value["p5"] == tree.value["p95"] == 0
        chosen = path.endswith((".chips_per_replica", ".base_multiple_of_mean"))
        assert tree.children or tree.source or nothing or chosen, (path, number)


def test_every_key_explains_itself_down_to_leaves_with_a_source(result: Result) -> None:
    computed = set(result.explainable)
    for key in computed:
        for _, node in result.explain(key).walk():
            assert node.how
            if not node.children and node.key not in computed:
                assert node.source, node.key


def test_the_parts_of_a_number_give_the_number() -> None:
    result = truecost.plan(changed(EVERY_WAY, serving__chat__use="hybrid"), draws=64)

    def mean(key: str) -> float:
        return result.explain(key).value["mean"]

    for option in EVERY_WAY["serving"]["chat"]:
        total = result.explain(f"serving.chat.{option}.total_usd")
        assert sum(child.value["mean"] for child in total.children) == pytest.approx(total.value["mean"])
    for whole in ("total_usd", "cash_total_usd", "iceberg.below_waterline_usd", "iceberg.groups.Business"):
        tree = result.explain(whole)
        assert len(tree.children) > 1
        assert sum(child.value["mean"] for child in tree.children) == pytest.approx(tree.value["mean"])
    held, interest = "reconciliation.closing_book_value_usd", "reconciliation.interest_on_own_money_usd"
    assert mean("reconciliation.cash_usd") == pytest.approx(mean("total_usd") + mean(held) - mean(interest))
    assert mean("serving.chat.api.usd_per_call") == pytest.approx(
        2 * mean("serving.chat.api.usd_per_call_at_start")
    )
    assert mean("iceberg.quotable_usd") + mean("iceberg.below_waterline_usd") == pytest.approx(
        mean("total_usd")
    )


def test_an_option_beside_the_one_used_has_its_own_chips_not_those_of_the_hybrid() -> None:
    chat = {**EVERY_WAY["serving"]["chat"], "hybrid": {"base_multiple_of_mean": 0.5}, "use": "hybrid"}
    alone = {"self_hosted": HOST, "use": "self_hosted"}
    both = truecost.plan(product(demand__tiers__pro__users=2e6, serving__chat=chat), draws=64)
    single = truecost.plan(product(demand__tiers__pro__users=2e6, serving__chat=alone), draws=64)
    key = "serving.chat.self_hosted.chips_by_month"
    assert both.explain(key).value == single.explain(key).value
    assert both.explain("serving.chat.hybrid.chips_by_month").value["mean"] < both.explain(key).value["mean"]


def test_a_number_from_many_windows_is_the_one_told() -> None:
    result = truecost.plan(product(demand__tiers__pro__queries_per_user_per_day="5 .. 30"), draws=5000)
    children = result.explain("total_usd").children
    assert sum(child.value["mean"] for child in children) == pytest.approx(result.total_usd["mean"])
    line = max(result.lines, key=lambda line: line.cost_usd["mean"])
    assert result.explain(f"lines.{line.component}").value == line.cost_usd


def test_what_never_happens_has_no_value_and_no_draws() -> None:
    result = truecost.plan(product(demand__tiers__pro__price_usd_per_month=0.01), draws=16)
    tree = result.explain("payback_month").to_dict()
    assert set(tree["value"].values()) == {None}
    assert tree["share_of_draws"] == 0


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("lines.business.support.cost_usd", "lines.business.support"),
        ("iceberg.groups.Business.cost_usd", "iceberg.groups.Business"),
        ("series.total_usd", "total_usd"),
        ("series.cumulative_inference_usd", "inference_usd"),
    ],
)
def test_a_path_may_say_more_than_it_needs_to(path: str, same: str) -> None:
    result = truecost.plan(STARTUP, draws=64)
    longer, shorter = result.explain(path), result.explain(same)
    assert longer.key == path
    assert (longer.value, longer.how, longer.children) == (shorter.value, shorter.how, shorter.children)


def test_series_by_month_are_explained_by_what_they_come_to() -> None:
    result = truecost.plan(EXAMPLES / "consumer-assistant.yaml", draws=64)
    series = result.statement()["series"]
    for group, by_month in series["cost_by_group_usd"].items():
        mean = result.explain(f"series.cost_by_group_usd.{group}").value["mean"]
        assert mean == pytest.approx(sum(by_month))
    for name in (name for name in series if name.startswith("treadmill.")):
        tree = result.explain(f"series.{name}")
        assert tree.value["mean"] == pytest.approx(np.mean([month["mean"] for month in series[name]]))
        assert tree.children


def test_a_number_of_the_plan_and_a_fact_are_keys_too() -> None:
    result = truecost.plan(STARTUP, draws=64)
    stated = result.explain("demand.tiers.trial.queries_per_user_per_day")
    assert stated.source.endswith("startup-on-apis.yaml:13")
    assert result.explain("business/payment_fee_share").confidence == "published"


def test_the_cost_of_a_query_leads_to_the_price_and_the_plan() -> None:
    tree = truecost.plan(STARTUP, draws=64).explain("unit_costs.usd_per_query")
    nodes = {node.key: node for _, node in tree.walk()}
    assert nodes["price/openai/gpt-4.1/input"].confidence == "published"
    assert nodes["price/openai/gpt-4.1/input"].checked
    assert nodes["demand.requests.build.input_tokens"].source.startswith(str(STARTUP))


def test_a_default_names_the_fact_that_stands_in() -> None:
    tree = truecost.plan(product(), draws=64).explain("lines.business.payment_fees")
    assert any("not in the plan" in node.key for _, node in tree.walk())


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("unit_costs.usd_per_qeury", "unit_costs.usd_per_query"),
        ("break_even.shock_tolerence.all_in_multiple", "break_even.shock_tolerance.all_in_multiple"),
        ("shock_tolerance.multiple", "break_even.shock_tolerance.multiple"),
        ("queries", "volumes.queries"),
        ("lines.busines.support", "lines.business.support"),
        ("iceberg.group.Business", "iceberg.groups.Business"),
    ],
)
def test_an_unknown_key_is_a_key_error_that_names_the_nearest(misspelt: str, meant: str) -> None:
    with pytest.raises(KeyError) as error:
        truecost.plan(STARTUP, draws=8).explain(misspelt)
    assert meant in error.value.args[0]


def test_keys_are_in_the_order_of_the_result_and_behind_them_what_they_are_made_of() -> None:
    keys = truecost.plan(STARTUP, draws=8).explainable
    assert keys[:2] == ["total_usd", "cash_total_usd"]
    assert len(keys) == len(set(keys))
    assert keys.index("unit_costs.usd_per_query") < keys.index("break_even.shock_tolerance.multiple")
    assert keys.index("reconciliation.cash_usd") < keys.index("calls.build")
