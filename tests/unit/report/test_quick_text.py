"""Ten lines for a founder: the asked answers, no jargon."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from truecost.catalog.catalog import load
from truecost.plan.quick import quick_plan, quick_result
from truecost.report.layout import unglued, width_of
from truecost.report.quick_text import entries, page

JARGON = (
    "draws",
    "tensor",
    "amortized",
    "inference",
    "utilization",
    "p95",
    "quantile",
    "USD/Mtok",
    "roofline",
)
LABELS = ["Cost", "Of which", "Margin", "At a loss", "API price", "Self-hosted", "Assumed", "Left out"]
MODEL = "gpt-4.1-mini"
RANGES = {"users": "1000 .. 3000", "queries": "5 .. 30", "price": "15 .. 25", "growth": "2 .. 5 %"}


def answer(**changed: Any) -> dict[str, Any]:
    """The statement of a small product, tokens given."""
    inputs: dict[str, Any] = {
        "users": 2000, "queries": 15, "model": MODEL, "price": 20,
        "input_tokens": "500 .. 2000", "output_tokens": 300, "months": 12, **changed,
    }  # fmt: skip
    made = quick_plan(**inputs, as_of=date(2026, 11, 1))
    return quick_result(made, load(), draws=200).statement()


def told_of(statement: dict[str, Any], saved: str | None = None) -> dict[str, str]:
    return {label: unglued(text) for label, text in entries(statement, saved)}


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    return answer()


@pytest.fixture(scope="module")
def told(small: dict[str, Any]) -> dict[str, str]:
    return told_of(small)


def test_every_question_is_answered(told: dict[str, str]) -> None:
    assert list(told) == LABELS
    assert "in 90 of 100 cases" in told["Cost"]
    assert "questions a day" in told["At a loss"]
    assert "3x and 5x in 100 of 100 cases" in told["API price"]
    assert "questions a month" in told["Self-hosted"]
    assert "questions of 500–2,000 tokens; answers of 300; no growth" in told["Assumed"]
    assert "Llama-3.1-70B" in told["Assumed"]
    assert "prices of 2026-11-01" in told["Assumed"]
    assert "--save plan.yaml" in told["Left out"]


def test_amounts_are_means_and_the_parts_add_up_to_the_cost(
    small: dict[str, Any], told: dict[str, str]
) -> None:
    mean = small["first_month_usd"]["mean"]
    first, *parts = (
        [float(number.replace(",", "")) for number in re.findall(r"([\d,]+) USD", told[label])]
        for label in ("Cost", "Of which")
    )
    assert len(parts[0]) == 3
    assert first[0] == pytest.approx(mean, rel=0.005)
    assert sum(parts[0]) == pytest.approx(mean, rel=0.005)
    assert abs(small["first_month_usd"]["p50"] / mean - 1) > 0.02, "the median would be another number"


def test_no_jargon(told: dict[str, str]) -> None:
    text = " ".join(told.values())
    assert not [word for word in JARGON if word in text]


def test_a_price_that_loses_says_so() -> None:
    told = told_of(answer(price=1.5, queries=200))
    assert told["Margin"].startswith("a loss: ")
    assert told["Margin"].endswith("for each dollar users pay")
    assert told["API price"].startswith(("too dear now", "you lose money even"))


def test_a_free_product_has_no_margin() -> None:
    told = told_of(answer(price=0))
    assert not {"Margin", "Of which", "API price"} & set(told)
    assert told["At a loss"] == "every user: nobody pays"


def test_growth_and_a_saved_plan_are_named() -> None:
    told = told_of(answer(growth="5 %"), "mine.yaml")
    assert "users grow 5 % a month" in told["Assumed"]
    assert told["Left out"].endswith("then truecost plan mine.yaml")


@pytest.mark.parametrize("given", [{}, RANGES, {"price": 2, "queries": 200}, {"price": 0}])
def test_it_is_ten_lines_on_eighty_columns(given: dict[str, Any]) -> None:
    statement = answer(**given)
    for saved in (None, "plan.yaml"):
        lines = page(statement, MODEL, 80, saved=saved).plain().rstrip("\n").split("\n")
        assert len(lines) <= 10, lines
        assert max(map(width_of, lines)) <= 80


@pytest.mark.parametrize("width", [40, 80, 100])
def test_it_fits(small: dict[str, Any], width: int) -> None:
    text = page(small, MODEL, width).plain()
    assert max(width_of(line) for line in text.split("\n")) <= width
    head = " ".join(text.split())
    assert head.startswith("2,000 users, 15 questions a day each, 20 USD a month, on gpt-4.1-mini Cost")


def test_ranges_are_told_as_ranges() -> None:
    text = page(answer(**RANGES), MODEL).plain()
    assert text.startswith(
        "1,000–3,000 users, 5–30 questions a day each, 15–25 USD a month, on gpt-4.1-mini\n"
    )
    assert "users grow 2–5 % a month" in " ".join(text.split())
