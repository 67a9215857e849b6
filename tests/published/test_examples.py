"""Every example runs, and says what it is there to say."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.unit.plan.specs import example_plans

import truecost

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NAMES = [path.stem for path in example_plans()]


@cache
def result(name: str) -> dict[str, Any]:
    return truecost.plan(EXAMPLES / f"{name}.yaml").statement()


def line(name: str, component: str) -> dict[str, Any]:
    return next(entry for entry in result(name)["lines"] if entry["component"] == component)


@pytest.mark.parametrize("name", NAMES)
def test_lines_and_months_sum_to_the_total(name: str) -> None:
    total = result(name)["total_usd"]["mean"]
    for view in ("lines", "monthly"):
        assert math.isclose(
            sum(entry["cost_usd"]["mean"] for entry in result(name)[view]), total, rel_tol=1e-9
        )


@pytest.mark.parametrize("name", NAMES)
def test_examples_pin_their_date_and_warn_of_nothing(name: str) -> None:
    assert "as_of:" in (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    assert result(name)["warnings"] == []


def test_the_consumer_quote_is_4_million_a_day() -> None:
    """10M people x 20 questions x 2 cents; at the plan's first month, with its own quote of 1 to 5 cents."""
    first = result("consumer-assistant")["monthly"][0]["period"]
    quoted = next(
        m for m in result("consumer-assistant")["monthly"]
        if m["component"] == "inference.chat.quoted" and m["period"] == first
    )  # fmt: skip
    at_two_cents = 10e6 * 20 * 0.02
    assert at_two_cents == 4e6
    assert quoted["cost_usd"]["p5"] / 30.4375 < at_two_cents < quoted["cost_usd"]["p95"] / 30.4375


def test_the_law_stands_beside_the_quote() -> None:
    rows = {row["option"]: row for row in result("consumer-assistant")["serving"]}
    assert rows["quoted"]["used"]
    implied = rows["quoted"]["implied"][0]
    assert implied["quote_over_law"] > 1
    assert implied["implied_tokens_per_query"] > implied["tokens_per_query"]


def test_the_run_everyone_quotes_is_a_small_part() -> None:
    assert result("consumer-assistant")["iceberg"]["quotable_share"] < 0.25


def test_a_startup_knows_what_it_survives() -> None:
    shock = result("startup-on-apis")["break_even"]["shock_tolerance"]
    assert (
        shock["survives_1x_share_of_draws"]
        >= shock["survives_3x_share_of_draws"]
        >= shock["survives_5x_share_of_draws"]
    )
    hosting = result("startup-on-apis")["break_even"]["self_hosting"]
    assert all(entry["self_host_tokens_per_month"]["p50"] > 0 for entry in hosting)


def test_a_gpt_4_scale_run() -> None:
    """Compute of 40 to 190 M USD by method, 200 to 300 M and more all in."""
    methods = result("frontier-run")["training_compute_by_method_usd"]
    assert 40e6 * 0.9 < methods["amortized"]["p50"] < methods["cloud"]["p50"] < 190e6
    total = result("frontier-run")["total_usd"]
    assert 200e6 < total["p50"] < 320e6
    assert total["p95"] > 300e6


def test_deepseek_v3_and_what_its_quote_leaves_out() -> None:
    run = line("deepseek-v3", "training.final_run")["cost_usd"]["mean"]
    assert run == pytest.approx(5.576e6)
    assert result("deepseek-v3")["total_usd"]["p5"] > 2 * run


def test_open_weights_compares_its_ways() -> None:
    rows = result("open-weights-team")["serving"]
    tuned = {row["option"]: row["usd_per_query"]["p50"] for row in rows if row["class"] == "tuned"}
    assert set(tuned) == {"hybrid", "self_hosted", "api"}
    assert tuned["hybrid"] <= 1.01 * min(tuned["self_hosted"], tuned["api"])
    retrieved = next(row for row in rows if row["class"] == "retrieved" and row["option"] == "api")
    assert retrieved["usd_per_query"]["p50"] > tuned["api"]


def test_own_chips_reconcile_with_cash() -> None:
    parts = {k: v["mean"] for k, v in result("open-weights-team")["reconciliation"].items()}
    both = parts["amortized_usd"] + parts["closing_book_value_usd"] - parts["interest_on_own_money_usd"]
    assert both == pytest.approx(parts["cash_usd"])
