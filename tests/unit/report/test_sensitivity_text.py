"""The tornado in characters: a page of it by heart, its width and height on real plans, its odd cases."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.unit.plan.specs import example_plans

from truecost.plan.result import catalog_of, read
from truecost.plan.sensitivity import sensitivity
from truecost.plan.variants import Variants
from truecost.report.layout import Page, Style, width_of
from truecost.report.sensitivity_text import (
    HALF,
    MIDDLE,
    MOST_LINES,
    name_of,
    outcomes,
    render,
    tornado,
    write,
)

EXAMPLES = example_plans()


def influence(label: str, low: float | None, high: float | None, **changes: Any) -> dict[str, Any]:
    swing = None if low is None or high is None else abs(high - low)
    given = {
        "key": label.replace(", ", "."),
        "label": label,
        "outcome_low": low,
        "outcome_high": high,
        "swing": swing,
        "narrowing_share": 0.0,
        "value_of_information_usd": None,
        "stands_in_for": [],
    }
    return {**given, **changes}


def told(*inputs: dict[str, Any], **changes: Any) -> dict[str, Any]:
    given = {
        "outcome": "total_usd",
        "unit": "USD",
        "at_medians": 10e6,
        "inputs": list(inputs),
        "worth_measuring_first": None,
        "value_of_perfect_information_usd": None,
        "note": "",
    }
    return {**given, **changes}


PAGE = """\
What moves the total cost most
  From its 5 % (▒) to its 95 % point (█), all else at the median: 10.0 M USD.
  utilization, whole run         ████│▒▒▒▒▒▒▒▒▒▒▒  8.00 M – 16.0 M
  chat, input tokens               ▒▒│██████       9.00 M – 13.0 M
  chat, output tokens               ▒│██           9.50 M – 11.0 M
  1 more input moves it less, 1 not at all.
  Worth measuring first: utilization, whole run
    (programme.training.utilization); knowing it would narrow the 90 % interval
    by 34 %.
  Worth most before choosing how to serve: chat, input tokens; knowing it is
    worth 120 k USD, knowing everything 310 k USD.
"""


def full() -> dict[str, Any]:
    utilization = influence(
        "utilization, whole run",
        16e6,
        8e6,
        narrowing_share=0.34,
        stands_in_for=["programme.training.utilization"],
    )
    return told(
        utilization,
        influence("chat, input tokens", 9e6, 13e6, value_of_information_usd=120e3),
        influence("chat, output tokens", 9.5e6, 11e6),
        influence("staff, legal loaded", 10e6, 10.01e6),
        influence("footprint, price", 10e6, 10e6),
        worth_measuring_first=utilization["key"],
        value_of_perfect_information_usd=310e3,
    )


def test_page_at_80_columns() -> None:
    assert render(full()) == PAGE


def test_follows_what_is_on_the_page_already() -> None:
    page = Page()
    page.text("Before.")
    write(full(), page)
    assert page.plain() == f"Before.\n\n{PAGE}"
    assert any(span.style is Style.BAR and "█" in span.text for line in page.lines for span in line)


def test_is_a_pure_function_of_the_dict() -> None:
    given = full()
    render(given)
    assert given == full()


@cache
def example(path: Path) -> Variants:
    catalog = catalog_of(None)
    return Variants(read(path, catalog), catalog, draws=512)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_fit(path: Path) -> None:
    """Every outcome of every example: 14 lines of 80 columns, and no line wider than a narrow page."""
    variants = example(path)
    margin = variants.of().margin_usd
    for outcome in variants.of().book.outcomes:
        found = sensitivity(variants, outcome, {"as written": margin, "other": 0.9 * margin}).to_dict()
        lines = render(found).splitlines()
        assert len(lines) <= MOST_LINES, (outcome, lines)
        assert max(map(width_of, lines)) <= 80
        assert max(map(width_of, render(found, 40).splitlines())) <= 40
        drawn = [line for line in lines if MIDDLE in line]
        assert len({line.index(MIDDLE) for line in drawn}) <= 1
        assert len(drawn) <= 8


def test_at_most_eight_bars_and_the_others_counted() -> None:
    inputs = [influence(f"input {n}", 10e6, 10e6 + 1e6 - n) for n in range(20)]
    text = render(told(*inputs))
    assert text.count(MIDDLE) == 8
    assert "12 more inputs move it less." in text
    assert "input 0 " in text
    assert "input 8 " not in text


def test_nothing_moves_it() -> None:
    nothing = render(told(note="no uncertain input of this plan moves it"))
    assert nothing == "What moves the total cost most\n  Nothing: no uncertain input of this plan moves it.\n"
    alone = render(told(influence("a", 10e6, 10e6), note="too few draws"))
    assert "Nothing: no input does, alone." in alone
    assert "Worth measuring first: unknown; too few draws." in alone


def test_worth_of_a_choice() -> None:
    one = influence("a", 9e6, 11e6, value_of_information_usd=0.0)
    assert "Knowing more would not change which way" in render(
        told(one, value_of_perfect_information_usd=0.0)
    )
    text = render(told(one, value_of_perfect_information_usd=5e3))
    assert "no single input is worth knowing by itself;" in text
    assert "5,000 USD." in text


class TestTornado:
    @pytest.mark.parametrize(
        ("low", "high", "drawn"),
        [
            (8.0, 14.0, "  ▒▒│████"),
            (14.0, 8.0, "  ██│▒▒▒▒"),
            (12.0, 14.0, "    │▒▒██"),
            (6.0, 9.0, "▒▒▒█│    "),
            (10.0, 10.001, "    │█   "),
            (10.0, 10.0, "    │    "),
            (10.0, None, "    │████"),
            (9.0, 99.0, "   ▒│████"),
        ],
    )
    def test_bars(self, low: float, high: float | None, drawn: str) -> None:
        assert tornado(influence("a", low, high), 10.0, 4.0, 4) == drawn

    def test_middle_that_never_happens(self) -> None:
        assert tornado(influence("a", 4.0, None), None, 0.0, 4) == "    │▒▒▒▒"

    def test_has_one_width(self) -> None:
        assert len(tornado(influence("a", -1e12, 1e12), 0.0, 1.0)) == 2 * HALF + 1


class TestOutcomes:
    @pytest.mark.parametrize(
        ("low", "high", "unit", "shown"),
        [
            (17.3e9, 6.35e9, "USD", "6.35 B – 17.3 B"),
            (-2e6, 3e6, "USD", "-2.00 M to 3.00 M"),
            (0.5, 0.76, "share", "50 – 76 %"),
            (None, 4.0, "month", "never – month 4"),
            (4.0, None, "month", "month 4 – never"),
            (2.0, 2.0, "x", "2 x"),
        ],
    )
    def test_ends(self, low: float | None, high: float | None, unit: str, shown: str) -> None:
        found = outcomes(influence("a", low, high), 10e9 if unit == "USD" else 0.6, unit)
        assert found.replace("\N{NO-BREAK SPACE}", " ") == shown


def test_names() -> None:
    assert name_of("unit_costs.usd_per_query") == "the cost of a query"
    assert name_of("tiers.pro.cost_usd") == "tiers, pro, cost usd"
