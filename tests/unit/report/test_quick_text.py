"""Ten lines for a founder: the asked answers, no jargon."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from truecost.plan.quick import quick_spec
from truecost.plan.result import plan
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
LABELS = [
    "Cost",
    "Margin",
    "A user",
    "At a loss",
    "Price rise",
    "Own machines",
    "Assumed",
    "Not counted",
    "Refine",
]


def answer(**changed: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The statement and the inputs of a small product, tokens given."""
    inputs: dict[str, Any] = {
        "users": 2000.0, "queries": 15.0, "model": "gpt-4.1-mini", "price": 20.0,
        "input_tokens": "500 .. 2000", "output_tokens": "300", "growth": None, "months": 12, **changed,
    }  # fmt: skip
    spec = quick_spec(**inputs, as_of=date(2026, 11, 1))
    return plan(spec, draws=200).to_dict(), inputs


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    return {label: unglued(text) for label, text in entries(*answer())}


def test_ten_lines_at_most(told: dict[str, str]) -> None:
    assert list(told) == LABELS
    assert len(told) <= 10


def test_every_question_is_answered(told: dict[str, str]) -> None:
    assert "USD" in told["Cost"]
    assert "(" in told["Cost"]
    assert "% " in told["Margin"]
    assert "questions a day" in told["At a loss"]
    assert "3 times" in told["Price rise"]
    assert "5 times" in told["Price rise"]
    assert "Llama-3.1-70B" in told["Own machines"]
    assert "500 .. 2,000 tokens in and 300 tokens out" in told["Assumed"]
    assert "--save plan.yaml" in told["Refine"]


def test_no_jargon(told: dict[str, str]) -> None:
    text = " ".join(told.values())
    assert not [word for word in JARGON if word in text]


def test_a_price_that_loses_says_so() -> None:
    told = {label: unglued(text) for label, text in entries(*answer(price=0.5, queries=200.0))}
    assert told["Margin"].startswith("a loss: for each dollar")
    assert told["Price rise"].startswith(("already too dear", "you lose money even"))


def test_a_free_product_has_no_margin() -> None:
    told = dict(entries(*answer(price=0.0)))
    assert "Margin" not in told
    assert told["At a loss"] == "every user: nobody pays"


def test_growth_and_a_saved_plan_are_named() -> None:
    statement, inputs = answer(growth=0.05)
    told = {label: unglued(text) for label, text in entries(statement, inputs, "mine.yaml")}
    assert "users grow 5 % a month" in told["Assumed"]
    assert told["Refine"] == "edit mine.yaml, then run: truecost plan mine.yaml"


@pytest.mark.parametrize("width", [40, 80, 100])
def test_it_fits(width: int) -> None:
    statement, inputs = answer()
    text = page(statement, inputs, width).plain()
    assert max(width_of(line) for line in text.split("\n")) <= width
    assert "Prices as of 2026-11-01." in text
