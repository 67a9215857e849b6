"""The what-if section: the headline at the plan's own setting, units, command, a table without a script."""

from __future__ import annotations

import json
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.unit.plan.specs import product
from tests.unit.report.test_html import checked, plain

from truecost.catalog.catalog import load
from truecost.plan.panel import panel
from truecost.plan.result import plan
from truecost.plan.variants import Variants
from truecost.report.finding import key_figures
from truecost.report.html import dense, render
from truecost.report.phrases import shown
from truecost.report.sections.section import Absent
from truecost.report.sections.what_if import (
    Controls,
    amounts,
    answers,
    commands,
    precision,
    said,
    title,
    what_if,
)

EXAMPLES = Path(__file__).parents[3] / "examples"
DRAWN = ("consumer-assistant", "frontier-run", "open-weights-team", "startup-on-apis")
MOST_BYTES = 45_000
"""Of the panel in a page: markup, style, script, data and its table."""


@cache
def statement_of(name: str) -> dict[str, Any]:
    return with_panel(EXAMPLES / f"{name}.yaml")


def with_panel(spec: Path | dict[str, Any]) -> dict[str, Any]:
    result = plan(spec, draws=512)
    return result.statement() | {"what_if": panel(Variants(result.document, load(), draws=512))}


def section_of(statement: dict[str, Any]) -> Controls:
    found = what_if(statement)
    assert isinstance(found, Controls)
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_at_the_plans_own_setting_it_says_what_the_statement_says(name: str) -> None:
    statement = statement_of(name)
    own = amounts(statement)
    for point in ("p5", "mean", "p95"):
        assert own.cost[point] == pytest.approx(statement["total_usd"][point], rel=1e-12)
        if own.margin is not None:
            assert own.margin[point] == pytest.approx(statement["margin_usd"][point], rel=1e-9)
        if own.query is not None:
            expected = statement["unit_costs"]["usd_per_query"][point]
            assert own.query[point] == pytest.approx(expected, rel=1e-12)
    first, total = answers(statement)[0], key_figures(statement)[0]
    assert (first.value, first.unit, first.interval) == (total.value, total.unit, total.interval)


def test_the_page_has_the_panel_once_and_nothing_it_must_not() -> None:
    page = render(statement_of("startup-on-apis"))
    found = checked(page)
    assert len(found.ids) == len(set(found.ids))
    assert not found.tags & {"link", "iframe", "img", "object", "form"}
    assert not [tag for tag, _, _ in found.references if tag == "script"]
    assert page.count('id="what-if"') == 1
    assert '<a href="#what-if">' in page
    without = render({k: v for k, v in statement_of("startup-on-apis").items() if k != "what_if"})
    assert "<script" not in without
    assert "what-if" not in without
    assert len(page.encode()) - len(without.encode()) < MOST_BYTES


def test_a_plan_that_nothing_moves_says_so() -> None:
    statement = statement_of("startup-on-apis") | {"what_if": None}
    found = what_if(statement)
    assert isinstance(found, Absent)
    assert found.why in plain(render(statement))


def test_without_a_script_there_are_the_plans_values_and_one_move_at_a_time() -> None:
    page = plain(re.sub(r"<script.*?</script>", "", render(statement_of("startup-on-apis")), flags=re.DOTALL))
    assert "As the plan has it: API prices" in page
    for row in ("As planned", "API prices: 3 ×", "Users: 10 ×", "Queries a user: 0.5 ×", "Cached input: 0 %"):
        assert row in page
    assert "Utilization of chips:" not in page


def test_the_table_is_what_the_sliders_would_say() -> None:
    statement = statement_of("open-weights-team")
    rows = {row[0].replace("\xa0", " "): row for row in section_of(statement).tables[0].rows}
    assert len(rows) == 1 + 4 + 4 + 3 + 3 + 3
    assert rows["As planned"][1] == answers(statement)[0].value + "\xa0" + answers(statement)[0].unit
    dearer = amounts(statement, price=3.0)
    assert rows["API prices: 3 ×"][1] == shown(dearer.cost["mean"], "USD")
    assert dearer.cost["mean"] > amounts(statement).cost["mean"]


def test_the_margin_loses_what_the_cost_gains_where_nothing_more_is_earned() -> None:
    statement = statement_of("startup-on-apis")
    own, moved = amounts(statement), amounts(statement, price=4.0)
    assert own.margin is not None
    assert moved.margin is not None
    assert own.margin["mean"] - moved.margin["mean"] == pytest.approx(moved.cost["mean"] - own.cost["mean"])
    assert moved.margin["p5"] < moved.margin["mean"] < moved.margin["p95"]


@pytest.mark.parametrize(
    ("axis", "value", "words"),
    [
        ({"key": "price", "natural": 1.313, "unit": "USD/Mtok"}, 3, "3.94 USD/Mtok in the first month"),
        ({"key": "queries", "natural": 7.811, "unit": "queries a day"}, 0.5, "3.91 a day"),
        ({"key": "cache", "natural": 0.4, "unit": "share"}, 0.5, "70 %"),
        ({"key": "cache", "natural": 0.4, "unit": "share"}, -0.5, "20 %"),
        ({"key": "utilization", "natural": 0.9, "unit": "share at the peak"}, 1.5, "100 % at the peak"),
        ({"key": "users", "natural": None, "unit": "users"}, 2, ""),
    ],
)
def test_a_setting_has_the_plans_units(axis: dict[str, Any], value: float, words: str) -> None:
    assert said(axis, value).replace("\xa0", " ") == words


def test_the_title_names_what_doubling_would_cost_most() -> None:
    statement = statement_of("startup-on-apis")
    more = amounts(statement, users=2.0).cost["mean"] - statement["total_usd"]["mean"]
    assert (
        title(statement).replace("\xa0", " ").startswith(f"Twice the users would cost {more / 1e6:.2f} M USD")
    )
    assert title(statement_of("frontier-run")).startswith("A tenth more work from every chip would save")


def test_the_error_is_stated_and_never_below_itself() -> None:
    error = {"settings": 40, "cost_most": 0.00551, "cost_mean": 1e-9, "ends_mean": 0.02}
    words = precision({"knots": 254, "error": error}).replace("\xa0", " ")
    assert "254 settings" in words
    assert "within 0.56 % of the engine's, on average within 0.01 %" in words
    assert "whole replicas" not in words
    assert "whole replicas" in precision({"knots": 254, "error": error | {"cost_most": 0.0142}})


def test_the_command_keeps_what_the_plan_says_and_decided() -> None:
    made = {"spec": "my plans/a.yaml", "what_if": [{"users": 1.5}], "decided": ["serving.a b.hybrid.x=1"]}
    own, before, after = commands(made)
    assert shlex.split(own) == ["truecost", "plan", "my plans/a.yaml"]
    assert shlex.split(f'{before}{{"api_price": 3}}{after}')[3:] == [
        "--set", 'what_if=[{"users": 1.5}, {"api_price": 3}]', "--set", "serving.a b.hybrid.x=1",
    ]  # fmt: skip
    assert commands({**made, "spec": ""})[0] == "truecost plan SPEC"


def test_names_in_the_plan_cannot_leave_the_data() -> None:
    hostile = "</script><script>alert(1)</script>"
    spec = product()
    spec["name"] = hostile
    statement = with_panel(spec)
    statement["what_if"]["spec"] = f"a{hostile}"
    page = render(statement)
    assert hostile not in page
    data = re.search(r'id="what-if-data">(.*?)</script>', page, flags=re.DOTALL)
    assert data is not None
    assert hostile in json.loads(data[1])["command"][0]


def test_a_dense_script_has_the_same_lines() -> None:
    assert dense("  a();\n\n/* said */\n    b(); // c") == "a();\nb(); // c"
