"""Checks across fields: what is refused, what is pointed out and goes on, what is left out of the result."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from tests.unit.plan.specs import changed, fleet, product, programme

import truecost
from truecost import SpecError
from truecost.plan.finite import check_finite
from truecost.plan.result import catalog_of, read

Spec = dict[str, Any]
PRO = "demand__tiers__pro__"
HOST = "serving__chat__self_hosted__"
LEVERS = "serving__chat__levers__"
GENERATIONS = "programme__generations__"


def hybrid(**changes: Any) -> Spec:
    """The fleet with an API above it."""
    spec = fleet(serving__chat__api={"model": "gpt-4.1-mini"}, serving__chat__use="hybrid")
    return changed(spec, serving__chat__hybrid={}, **changes)


def two_tiers(first: float, second: float) -> Spec:
    """Two paid tiers that take users from a free one."""
    spec = product(demand__tiers__free={"kind": "free", "users": 10, "queries_per_user_per_day": 1})
    for name, share in (("pro", first), ("team", second)):
        tier = {**spec["demand"]["tiers"]["pro"], "converts_from": {"tier": "free", "share_per_month": share}}
        spec["demand"]["tiers"][name] = tier
    return spec


STEP = {"acceptance_length": 3, "draft_tokens": 4, "draft_overhead": 0.1}
REFUSED: dict[str, tuple[Spec, str, str]] = {
    "peak no lognormal has": (hybrid(**{f"{HOST}peak_to_mean": 30}), "self_hosted.peak_to_mean", "25"),
    "no utilization at peak": (fleet(**{f"{HOST}utilization_at_peak": 0}), "utilization_at_peak", "0.01"),
    "generations every 0 months": (programme(**{f"{GENERATIONS}every_months": 0}), "every_months", "1"),
    "generations every hour": (programme(**{f"{GENERATIONS}every_months": 0.01}), "every_months", "1"),
    "generations from 0": (programme(**{f"{GENERATIONS}every_months": "0 .. 5"}), "every_months", "1"),
    "growth of 10,000": (programme(**{f"{GENERATIONS}training_growth": 1e4}), "training_growth", "100"),
    "growth to nothing": (programme(**{f"{GENERATIONS}training_growth": 0}), "training_growth", "0.01"),
    "serving for nothing": (programme(**{f"{GENERATIONS}serving_growth": 0}), "serving_growth", "0.01"),
    "all cost removed": (
        programme(**{f"{GENERATIONS}efficiency_per_year": 1}),
        "efficiency_per_year",
        "0.99",
    ),
    "price times 0": (
        product(**{f"{PRO}price_changes": [{"month": 2, "multiple": 0}], f"{PRO}elasticity": -1}),
        "price_changes.0.multiple",
        "0.01",
    ),
    "shares of nothing": (product(**{f"{PRO}requests": {"chat": "0 .. 0"}}), "pro.requests", "not 1"),
    "shares below 1": (product(**{f"{PRO}requests": {"chat": "0.2 .. 0.6"}}), "pro.requests", "0.2 .. 0.6"),
    "a cap of 0": (product(**{f"{PRO}cap_queries_per_user_per_day": 0}), "cap_queries_per_user", "0.001"),
    "fees of everything": (product(business={"payment_fee_share": 1}), "payment_fee_share", "0.99"),
    "fees and sales": (
        product(business={"payment_fee_share": 0.5, "sales_share_of_revenue": 0.5}),
        "business.sales_share_of_revenue",
        "below 0.5",
    ),
    "sales and the usual fee": (
        product(business={"sales_share_of_revenue": 0.98}),
        "business.sales_share_of_revenue",
        "whole revenue",
    ),
    "a market of nobody": (product(**{f"{PRO}market_users": 0}), "pro.market_users", "1"),
    "a run at no utilization": (
        programme(programme__fine_tunes__safety__utilization=0),
        "fine_tunes.safety.utilization",
        "0.001",
    ),
    "nothing kept": (programme(programme__data__synthetic__kept_share=0), "synthetic.kept_share", "0.001"),
    "a run on no chips": (programme(programme__training__chips=0), "programme.training.chips", "1"),
    "all network": (
        fleet(**{f"{HOST}purchase": "owned", f"{HOST}ownership": {"interconnect_share": 1}}),
        "ownership.interconnect_share",
        "0.99",
    ),
    "cache over the input": (
        product(
            demand__requests__chat__cacheable_share="0.3 .. 0.9",
            demand__requests__chat__cache_write_share="0.3 .. 0.9",
        ),
        "chat.cache_write_share",
        "whole input",
    ),
    "a tier of service not sold": (
        product(serving__chat__api={"model": "claude-sonnet-4-5", "service_tier": "flex"}),
        "serving.chat.api.service_tier",
        "standard",
    ),
    "a region nobody knows": (
        fleet(demand__requests__chat__regions={"atlantis": 1}),
        "demand.requests.chat.regions",
        "atlantis",
    ),
    "own chips where power has no price": (
        fleet(**{f"{HOST}purchase": "owned", "demand__requests__chat__regions": {"fr": 1}}),
        "demand.requests.chat.regions.fr",
        "electricity/fr",
    ),
    "a student too large": (
        fleet(
            **{
                f"{HOST}model": "meta-llama/Llama-3.1-8B",
                f"{HOST}chip": "l4",
                f"{LEVERS}distillation": {
                    "student": "deepseek-ai/DeepSeek-V3",
                    "share": 0.5,
                    "training_tokens": 1e9,
                },
            }
        ),
        "levers.distillation.student",
        "does not fit",
    ),
    "unquantized after all": (
        fleet(**{f"{HOST}tensor_parallel_size": 2, f"{LEVERS}quantization": "fp32"}),
        "levers.quantization",
        "does not fit",
    ),
    "a year out of reach": (product(start="9999-12"), "start", "2100"),
    "a day out of reach": (product(as_of="1812-06-24"), "as_of", "2000"),
    "more than was drafted": (
        fleet(**{f"{LEVERS}speculative_decoding": {**STEP, "acceptance_length": 6}}),
        "speculative_decoding.acceptance_length",
        "1 to 5",
    ),
    "a mean below the median": (
        product(**{f"{PRO}heavy_tail": {"p50": 20, "p99": 100}}),
        "pro.heavy_tail.p50",
        "lies above its median",
    ),
    "a tail without an end": (
        product(**{f"{PRO}heavy_tail": {"p50": 1e-9, "p90": 1e4}}),
        "pro.heavy_tail.p90",
        "too wide",
    ),
    "a length from 0": (
        product(demand__requests__chat__input_length={"p50": 0, "p99": 5000}),
        "chat.input_length",
        "above 0",
    ),
    "more leave than there are": (two_tiers(0.6, 0.5), "converts_from.share_per_month", "1.1"),
    **{
        f"a series and {field}": (
            product(**{f"{PRO}users": None, f"{PRO}users_by_month": [1] * 12, f"{PRO}{field}": value}),
            f"demand.tiers.pro.{field}",
            "whole series",
        )
        for field, value in (("new_users_per_month", 5), ("market_users", 50), ("growth_per_month", 0.1))
    },
    **{
        f"{where} with a dot": (programme(**{f"{path}__a.b c": value}), path.replace("__", "."), "'a_b_c'")
        for where, path, value in (
            ("licence", "programme__data__licences", {"usd": 1}),
            ("annotation", "programme__annotation", {"items": 1}),
            ("operating line", "business__operating", {"usd_per_month": 1}),
        )
    },
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_its_field_and_what_is_allowed(case: str) -> None:
    spec, field, hint = REFUSED[case]
    with pytest.raises(SpecError) as raised:
        truecost.plan(spec, draws=8)
    assert any(field in p.field for p in raised.value.problems), str(raised.value)
    assert hint in str(raised.value)


SHOCKED = {"shocks": [{"month": 3, "multiple": 2}, {"month": 30, "multiple": 0}]}
TOMORROW = date.today() + timedelta(days=1)
WARNED: dict[str, tuple[Spec, str, str]] = {
    "a shock too late": (
        product(serving__chat__api__price_path=SHOCKED),
        "serving.chat.api.price_path.shocks.1.month",
        "last month, 11",
    ),
    "a shock of rent too late": (
        fleet(**{f"{HOST}price_path": SHOCKED}),
        "self_hosted.price_path.shocks.1.month",
        "no effect",
    ),
    "a price change too late": (
        product(**{f"{PRO}price_changes": [{"month": 12, "multiple": 2}]}),
        "pro.price_changes.0.month",
        "no effect",
    ),
    "money too late": (
        product(business={"cash_usd": 1, "investment": [{"month": 12, "usd": 5}]}),
        "business.investment.0.month",
        "no effect",
    ),
    "a far start": (product(start="2029-01"), "start", "26 months after"),
    "prices of tomorrow": (
        product(as_of=TOMORROW.isoformat(), start=TOMORROW.strftime("%Y-%m")),
        "as_of",
        "after today",
    ),
    "a mean far from its tail": (
        product(**{f"{PRO}heavy_tail": {"p50": 1, "p99": 10}}),
        "pro.queries_per_user_per_day",
        "far from the mean",
    ),
    "growth without end": (
        product(horizon_months=36, **{f"{PRO}growth_per_month": 0.6}),
        "pro.growth_per_month",
        "times the start",
    ),
    "generations out of proportion": (
        programme(horizon_months=120, **{f"{GENERATIONS}every_months": 3}),
        "generations.training_growth",
        "last of 40 generations",
    ),
    "a long context": (
        fleet(demand__requests__chat__input_tokens=200_000),
        "serving.chat.self_hosted.model",
        "131,072 tokens",
    ),
    "rent of owned chips": (
        fleet(**{f"{HOST}purchase": "owned", f"{HOST}usd_per_chip_hour": 2}),
        "self_hosted.usd_per_chip_hour",
        "no effect",
    ),
    "a price path of owned chips": (
        fleet(**{f"{HOST}purchase": "owned", f"{HOST}price_path": {"trend_per_year": -0.2}}),
        "self_hosted.price_path",
        "no effect",
    ),
    "ownership of rented chips": (
        fleet(**{f"{HOST}ownership": {"pue": 1.2}}),
        "self_hosted.ownership",
        "no effect",
    ),
    "credits without cash": (
        product(business={"cloud_credits_usd": 5}),
        "business.cloud_credits_usd",
        "runway",
    ),
    **{
        f"{lever} of an API": (
            product(**{f"{LEVERS}{lever}": value}),
            f"serving.chat.levers.{lever}",
            "api is what is charged",
        )
        for lever, value in (
            ("quantization", "fp8"),
            ("pruning", 0.2),
            ("batching", 8),
            ("speculative_decoding", STEP),
        )
    },
    "shorter prompts of a quote": (
        product(
            serving__chat={
                "quoted": {"usd_per_query": 0.01},
                "levers": {"prompt_trimming": {"share": 0.5}},
            }
        ),
        "serving.chat.levers.prompt_trimming",
        "quoted",
    ),
}


@pytest.mark.parametrize("case", WARNED)
def test_what_is_odd_is_pointed_out_and_evaluated(case: str) -> None:
    spec, field, hint = WARNED[case]
    result = truecost.plan(spec, draws=8)
    said = [warning for warning in result.statement()["warnings"] if field in warning]
    assert any(hint in warning for warning in said), result.statement()["warnings"]
    assert np.isfinite(result.total_usd["mean"])


def test_an_ordinary_plan_has_no_warning() -> None:
    for spec in (product(), fleet(), hybrid(), programme()):
        assert truecost.plan(spec, draws=8).warnings == ()


def test_a_shock_after_the_last_month_changes_nothing() -> None:
    late = {"shocks": [{"month": 30, "multiple": 5}]}
    with_it = truecost.plan(product(serving__chat__api__price_path=late), draws=8)
    assert with_it.total_usd == truecost.plan(product(), draws=8).total_usd


def test_shares_given_as_ranges_may_reach_1() -> None:
    spec = product(
        demand__requests__deep={"input_tokens": 10, "output_tokens": 10},
        serving__deep={"api": {"model": "gpt-4.1"}},
        **{f"{PRO}requests": {"chat": "0.6 .. 0.8", "deep": "0.2 .. 0.4"}},
    )
    assert np.isfinite(truecost.plan(spec, draws=8).total_usd["mean"])


def test_numbers_that_overflow_are_refused_with_their_cause() -> None:
    halves = [{"month": 1, "multiple": 0.01}] * 20
    with pytest.raises(SpecError) as raised:
        truecost.plan(product(**{f"{PRO}price_changes": halves, f"{PRO}elasticity": -10}), draws=8)
    (problem,) = raised.value.problems
    assert "API: chat' and 'Payment fees'" in problem.message
    assert "demand.tiers.pro.elasticity" in str(problem)


def test_a_cost_that_is_not_finite_is_refused_with_what_it_is_made_of() -> None:
    spec, catalog = product(), catalog_of(None)
    evaluation = truecost.plan(spec, draws=8).evaluation
    name = next(iter(evaluation.lines))
    broken = replace(evaluation.lines[name], cost_usd=np.array([1.0, np.nan]))
    document = read(spec, catalog)
    with pytest.raises(SpecError) as raised:
        check_finite(replace(evaluation, lines={name: broken}), document)
    (problem,) = raised.value.problems
    assert evaluation.lines[name].line.label in problem.message
    assert problem.field in document.given
    assert "demand.tiers.pro.users" in str(problem)
    total = {**evaluation.outcomes, "total_usd": np.array([np.inf])}
    with pytest.raises(SpecError, match="total_usd"):
        check_finite(replace(evaluation, outcomes=total), document)
