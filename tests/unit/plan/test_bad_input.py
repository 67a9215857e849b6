"""Bad plans: every problem at once, each with its place, field, value, what is allowed, the nearest name."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from tests.unit.plan.specs import fleet, product, programme

import truecost
from truecost import SpecError
from truecost.plan.schema import Demand, Plan

CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "misspelt key": (product(demand__tiers__pro__usres=3), "demand.tiers.pro.usres", "users"),
    "negative users": (product(demand__tiers__pro__users=-5), "demand.tiers.pro.users", "-5"),
    "share above 1": (
        product(demand__tiers__pro__churn_per_month=1.4),
        "demand.tiers.pro.churn_per_month",
        "1.4",
    ),
    "wrong unit": (product(demand__tiers__pro__price_usd_per_month="20 GB"), "price_usd_per_month", "USD"),
    "price in cents": (
        product(serving__chat={"quoted": {"usd_per_query": 150}}),
        "serving.chat.quoted.usd_per_query",
        "USD",
    ),
    "impossible date": (product(as_of="2026-13-40"), "as_of", "2026-13-40"),
    "impossible month": (product(start="2026-13"), "start", "2026-13"),
    "range upside down": (
        product(demand__tiers__pro__users="20 .. 10"),
        "demand.tiers.pro.users",
        "20 .. 10",
    ),
    "unknown model": (
        product(serving__chat__api__model="gpt-4.1-mni"),
        "serving.chat.api.model",
        "gpt-4.1-mini",
    ),
    "unknown chip": (
        fleet(serving__chat__self_hosted__chip="h100-smx"),
        "serving.chat.self_hosted.chip",
        "h100-sxm",
    ),
    "unknown open model": (
        fleet(serving__chat__self_hosted__model="llama-3.1-71b"),
        "self_hosted.model",
        "70",
    ),
    "unknown class": (product(serving__chta={"api": {"model": "gpt-4.1"}}), "serving.chta", "chat"),
    "unknown tier": (
        product(demand__tiers__pro__converts_from={"tier": "fre", "share_per_month": 0.1}),
        "demand.tiers.pro.converts_from.tier",
        "pro",
    ),
    "circular tiers": (
        product(demand__tiers__pro__converts_from={"tier": "pro", "share_per_month": 0.1}),
        "demand.tiers.pro.converts_from.tier",
        "circular",
    ),
    "no option": (product(serving__chat={}), "serving.chat", "api"),
    "two options, none chosen": (
        product(serving__chat__quoted={"usd_per_query": 0.01}),
        "serving.chat",
        "use",
    ),
    "hybrid without parts": (
        product(serving__chat__hybrid={}, serving__chat__use="hybrid"),
        "serving.chat.hybrid",
        "self_hosted",
    ),
    "does not fit": (
        fleet(
            serving__chat__self_hosted__tensor_parallel_size=1, serving__chat__self_hosted__precision="bf16"
        ),
        "serving.chat.self_hosted.tensor_parallel_size",
        "does not fit",
    ),
    "free with a price": (
        product(demand__tiers__pro__kind="free"),
        "demand.tiers.pro.price_usd_per_month",
        "free",
    ),
    "subscription without a price": (
        product(demand__tiers__pro__price_usd_per_month=None),
        "demand.tiers.pro",
        "price_usd_per_month",
    ),
    "shares do not sum": (
        product(demand__tiers__pro__requests={"chat": 0.7}),
        "demand.tiers.pro.requests",
        "0.7",
    ),
    "no compute": (programme(programme__training={"chip": "h100-sxm"}), "programme.training", "chip_hours"),
    "short series": (
        product(demand__tiers__pro__users_by_month=[1, 2], demand__tiers__pro__users=None),
        "demand.tiers.pro.users_by_month",
        "2 months",
    ),
    "horizon too long": (product(horizon_months=121), "horizon_months", "120"),
    "nothing at all": ({"name": "x"}, "", "empty"),
    "unknown region": (product(region="atlantis"), "region", "atlantis"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_problem_names_its_field_and_the_remedy(case: str) -> None:
    spec, field, hint = CASES[case]
    with pytest.raises(SpecError) as raised:
        truecost.plan(spec, draws=8)
    message = str(raised.value)
    assert field in message
    assert hint in message


def test_all_problems_come_at_once_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(
        "name: broken\nas_of: 2026-11-01\ndemand:\n  tiers:\n    pro:\n      kind: subscription\n"
        "      usres: 10\n      queries_per_user_per_day: 2\n      price_usd_per_month: -3\n"
        "  requests:\n    chat: {input_tokens: 10, output_tokens: 10}\n"
        "serving:\n  chat:\n    api: {model: gpt-4.1, service_tier: cheap}\n"
    )
    with pytest.raises(SpecError) as raised:
        truecost.plan(file, draws=8)
    lines = [problem.place.rsplit(":", 1)[-1] for problem in raised.value.problems]
    assert {"7", "9", "14"} <= set(lines)
    assert lines == sorted(lines, key=int)


def test_every_catalog_problem_comes_at_once() -> None:
    spec = product(serving__chat__api__model="gpt-9000", region="atlantis")
    with pytest.raises(SpecError) as raised:
        truecost.plan(spec, draws=8)
    assert len(raised.value.problems) == 2


def test_names_and_fields_are_reported_together() -> None:
    spec = fleet(serving__chat__self_hosted__chip="h100-smx", demand__tiers__pro__usres=1)
    with pytest.raises(SpecError) as raised:
        truecost.plan(spec, draws=8)
    assert "h100-sxm" in str(raised.value)
    assert "usres" in str(raised.value)


def test_unusual_but_legal_warns_and_goes_on() -> None:
    spec = programme(programme__fine_tunes__safety__utilization=0.9)
    assert any("utilization" in warning for warning in truecost.plan(spec, draws=8).statement()["warnings"])


def test_prices_that_look_like_cents_are_asked_about() -> None:
    for spec in (
        product(serving__chat={"quoted": {"usd_per_query": 2}}),
        product(demand__tiers__pro__price_usd_per_month=2000),
    ):
        assert any("cents" in warning for warning in truecost.plan(spec, draws=8).statement()["warnings"])


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**12),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["1 .. 2", "5 .. 1", "0 .. 0", "1e400", "80 GB", "gpt-4.1", "h100-sxm", "free"]),
)
PATHS = st.sampled_from(
    [
        "name",
        "as_of",
        "start",
        "horizon_months",
        "region",
        "demand__tiers__pro__kind",
        "demand__tiers__pro__users",
        "demand__tiers__pro__heavy_tail",
        "demand__tiers__pro__converts_from",
        "demand__tiers__pro__requests",
        "demand__requests__chat__input_tokens",
        "demand__requests__chat__task",
        "serving__chat__api__model",
        "serving__chat__self_hosted__chip",
        "serving__chat__self_hosted__model",
        "serving__chat__levers",
        "programme__training",
        "programme__generations",
        "business__cash_usd",
        "demand__tiers__pro__seasonality",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["p50", "p90", "tier", "share", "chip", "x"]), inner, max_size=3),
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(changes=st.dictionaries(PATHS, VALUES, max_size=3))
def test_a_plan_is_evaluated_or_refused_never_broken(changes: dict[str, Any]) -> None:
    spec = product()
    for path, value in changes.items():
        try:
            spec = product(**{path: value}) if len(changes) == 1 else _set(spec, path, value)
        except (AttributeError, TypeError):
            return
    try:
        result = truecost.plan(spec, draws=8)
    except SpecError as refused:
        assert refused.problems  # noqa: PT017
    else:
        assert result.total_usd["mean"] >= 0
        assert math.isfinite(result.total_usd["mean"])


RANGES = ("0 .. 0", "0 .. 1", "0 .. 5", "0.3 .. 0.9", "1e-9 .. 1e9")
EXTREMES = st.sampled_from((0, -1, 1e-30, 1e-6, 0.001, 0.5, 0.99, 1, 25, 120, 1e4, 1e9, 1e15, 1e32, *RANGES))
PRODUCT_NUMBERS = [
    f"demand__tiers__pro__{field}"
    for field in (
        "users",
        "queries_per_user_per_day",
        "growth_per_month",
        "churn_per_month",
        "new_users_per_month",
        "market_users",
        "cap_queries_per_user_per_day",
        "price_usd_per_month",
        "requests__chat",
    )
] + [
    "horizon_months",
    "demand__requests__chat__input_tokens",
    "demand__requests__chat__output_tokens",
    "demand__requests__chat__cacheable_share",
    "business__payment_fee_share",
    "business__sales_share_of_revenue",
    "business__discount_rate_per_year",
    "business__operating__rent__usd_per_month",
]
HOST_NUMBERS = [
    f"serving__chat__self_hosted__{field}"
    for field in (
        "peak_to_mean",
        "utilization_at_peak",
        "spare_replicas",
        "tpot_limit",
        "usd_per_chip_hour",
        "max_batch",
        "operations_people",
        "price_path__trend_per_year",
    )
]
LAB_NUMBERS = [
    f"programme__{field}"
    for field in (
        "training__chip_hours",
        "training__chips",
        "training__lead_months",
        "experiments__multiplier",
        "data__synthetic__kept_share",
        "data__synthetic__tokens",
        "annotation__labels__quality_overhead",
        "rlhf__cycles_per_year",
        "fine_tunes__safety__utilization",
        "fine_tunes__safety__active_parameters",
        "safety__evaluations__growth_per_generation",
        "staff__research__growth_per_month",
        "generations__every_months",
        "generations__training_growth",
        "generations__serving_growth",
        "generations__efficiency_per_year",
    )
]


def extremes(paths: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """One or two of some numbers, each at nothing, tiny, huge or a range between them."""
    return st.dictionaries(st.sampled_from(paths), EXTREMES, min_size=1, max_size=2)


@settings(max_examples=60, deadline=None)
@given(changes=extremes(PRODUCT_NUMBERS))
def test_extreme_numbers_of_a_product_give_a_finite_cost_or_a_reason(changes: dict[str, Any]) -> None:
    _finite_or_refused(product(**changes))


@settings(max_examples=30, deadline=None)
@given(changes=extremes(PRODUCT_NUMBERS + HOST_NUMBERS), has_api=st.booleans())
def test_extreme_numbers_of_own_chips_give_a_finite_cost_or_a_reason(
    changes: dict[str, Any], *, has_api: bool
) -> None:
    spec = fleet(**changes)
    if has_api:
        spec["serving"]["chat"] |= {"use": "hybrid", "hybrid": {}, "api": {"model": "gpt-4.1-mini"}}
    _finite_or_refused(spec)


@settings(max_examples=60, deadline=None)
@given(changes=extremes(LAB_NUMBERS))
def test_extreme_numbers_of_a_programme_give_a_finite_cost_or_a_reason(changes: dict[str, Any]) -> None:
    _finite_or_refused(programme(**changes))


def _finite_or_refused(spec: dict[str, Any]) -> None:
    try:
        result = truecost.plan(spec, draws=8)
    except SpecError as refused:
        assert refused.problems  # noqa: PT017
    else:
        assert all(math.isfinite(line.cost_usd["mean"]) for line in result.lines)
        assert math.isfinite(result.total_usd["mean"])


def _set(spec: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    from tests.unit.plan.specs import changed

    return changed(spec, **{path: value})


@pytest.mark.parametrize("missing", ["requests", "tiers"])
def test_a_missing_part_of_demand_shows_what_it_looks_like(missing: str) -> None:
    spec = product()
    names = list(spec["demand"].pop(missing))
    with pytest.raises(SpecError) as caught:
        truecost.plan(spec, draws=10)
    problem = next(p for p in caught.value.problems if p.field == f"demand.{missing}")
    assert "\n" not in str(problem)
    spec["demand"] |= yaml.safe_load(problem.allowed[0].removeprefix("such as "))
    assert list(spec["demand"][missing]) == names, "the example is as small as the smallest plan"
    assert truecost.plan(spec, draws=10).total_usd["p50"] > 0


def test_every_mapping_a_plan_needs_has_an_example_that_is_valid() -> None:
    needed = [(model, name) for model in models_of(Plan) for name in required_mappings(model)]
    assert (Demand, "requests") in needed
    for model, name in needed:
        field = model.model_fields[name]
        assert field.examples, f"{model.__name__}.{name} needs examples=[...] in the schema"
        TypeAdapter[Any](field.annotation or Any).validate_python(field.examples[0])


def models_of(root: type[BaseModel]) -> list[type[BaseModel]]:
    """A model and every model of the plan's schema below it."""
    found: list[type[BaseModel]] = []
    waiting: list[Any] = [root]
    while waiting:
        annotation = waiting.pop()
        waiting += get_args(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in found:
            found.append(annotation)
            waiting += [field.annotation for field in annotation.model_fields.values()]
    return found


def required_mappings(model: type[BaseModel]) -> list[str]:
    """The fields of a model that are needed and hold a mapping."""
    return [n for n, f in model.model_fields.items() if f.is_required() and get_origin(f.annotation) is dict]
