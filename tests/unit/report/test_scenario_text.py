"""Scenarios on a page: a few columns at a time, nothing too wide, and why one does not apply."""

from __future__ import annotations

from typing import Any

import pytest

from truecost.report import scenario_text
from truecost.report.layout import Page

ALL = {"p5": 1.0e6, "p50": 2.0e6, "p95": 3.0e6, "mean": 2.1e6}


def row(name: str, **parts: Any) -> dict[str, Any]:
    return {
        "kind": "scenario", "name": name, "description": f"What {name} is.", "probability": None,
        "applies": True, "why_not": None, "set": ["what_if=[{api_price: 3}]"], "unknown": ["how it ends"],
        "total_usd": ALL, "revenue_usd": ALL, "margin_usd": ALL, "margin_change_usd": ALL,
        "gross_margin_share": {"p5": 0.1, "p50": 0.2, "p95": 0.3, "mean": 0.2},
        "runway_months": {"p5": 3, "p50": 7, "p95": 9, "mean": 7, "share_of_draws": 0.25},
        "self_hosting_from_month": None, "verdict": None,
    } | parts  # fmt: skip


def written(*rows: dict[str, Any], width: int = 80, everything: bool = False) -> str:
    page = Page(width)
    scenario_text.write([row("plan as written", kind="plan"), *rows], page, everything=everything)
    return page.plain()


def test_the_plan_alone_writes_nothing() -> None:
    assert written() == ""


def test_a_block_has_the_figures_side_by_side() -> None:
    text = written(row("slump", verdict={"label": "cache and route"}), row("storm", probability=0.2))
    lines = {
        line.split("  ")[1].strip() or line.split("  ")[2]: line for line in text.splitlines() if "  " in line
    }
    assert text.count("2.10 M") == 3 * 3 + 2
    assert lines["gross margin"].split()[2:] == ["20", "%"] * 3
    assert "7 months" in text
    assert "25 % of draws" in text
    assert "cache and route" in text
    assert "20 %" in text.split("all cost")[0]
    assert "Not known: how it ends." in text


def test_the_assignments_are_shown_on_demand() -> None:
    command = "--set 'what_if=[{api_price: 3}]'"
    assert command not in written(row("slump"))
    assert command in written(row("slump"), everything=True)


def test_what_does_not_apply_says_why_and_has_no_column() -> None:
    text = written(
        row("slump"), row("prices-rise-3x", applies=False, why_not="there is no API bill", total_usd=None)
    )
    assert "prices-rise-3x does not apply: there is no API bill." in text
    assert "prices-rise-3x" not in text.split("all cost")[0]


def test_when_own_chips_win() -> None:
    never = dict.fromkeys(("p5", "p50", "p95", "mean")) | {"share_of_draws": 0.0}
    some = {"p5": 3, "p50": 14.0, "p95": 20, "mean": 14, "share_of_draws": 0.6}
    text = written(row("cheap", self_hosting_from_month={"chat": never, "code": some}))
    assert "chat: own chips do not become cheaper than the API." in text
    assert "from month 14 on in 60 % of the draws, never" in " ".join(text.split())


def test_a_plan_without_revenue_or_cash_has_fewer_rows() -> None:
    bare = {"gross_margin_share": None, "runway_months": None}
    page = Page(80)
    scenario_text.write([row("plan as written", kind="plan", **bare), row("slump", **bare)], page)
    assert "runway" not in page.plain()
    assert "gross margin" not in page.plain()


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 11])
def test_no_line_is_wider_than_the_page_and_every_scenario_has_a_column(width: int, count: int) -> None:
    names = [f"consolidation-provider-gone-{n}" for n in range(count)]
    text = written(*(row(name) for name in names), width=width)
    assert max(map(len, text.splitlines())) <= width
    sizes = [len(block) for block in scenario_text.blocks([{}] * count, width)]
    assert sum(sizes) == count
    assert max(sizes) <= scenario_text.MOST_BESIDE
    assert max(sizes) - min(sizes) <= 1
