"""The tree of a number: every part with value, unit and ground; a part met again is named, not drawn."""

from __future__ import annotations

from typing import Any

import pytest

import truecost
from truecost.report.explain_text import keys_page, page, value_text
from truecost.report.layout import width_of

SPEC: dict[str, Any] = {
    "name": "small", "as_of": "2026-11-01", "horizon_months": 6,
    "demand": {"tiers": {"pro": {"kind": "subscription", "users": 100, "queries_per_user_per_day": "5 .. 9",
                                 "price_usd_per_month": 20}},
               "requests": {"chat": {"input_tokens": 900, "output_tokens": 300}}},
    "serving": {"chat": {"api": {"model": "gpt-4.1-mini"}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def tree() -> dict[str, Any]:
    return truecost.plan(SPEC, draws=100).explain("unit_costs.usd_per_query").to_dict()


def nodes(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [tree, *(node for child in tree["inputs"] for node in nodes(child))]


@pytest.mark.parametrize("width", [50, 80])
def test_every_part_is_there_with_its_ground(tree: dict[str, Any], width: int) -> None:
    text = page(tree, width).plain()
    assert max(width_of(line) for line in text.split("\n")) <= width
    squeezed = "".join(c for c in text if c not in "│├└" and not c.isspace())
    for node in nodes(tree):
        assert "".join(f"{node['key']}={value_text(node)}".split()) in squeezed
        assert "".join(node["source"].split()) in squeezed


def test_the_root_comes_first_with_its_formula(tree: dict[str, Any]) -> None:
    first, second = page(tree).plain().split("\n")[:2]
    assert first.startswith("unit_costs.usd_per_query = ")
    assert second == f"│ = {tree['how']}"


def test_sources_and_dates_are_shown(tree: dict[str, Any]) -> None:
    text = " ".join(page(tree).plain().split())
    assert "checked 20" in text
    assert "stated in the plan" in text


def test_a_part_met_again_is_not_drawn_again(tree: dict[str, Any]) -> None:
    text = page(tree).plain()
    keys = [node["key"] for node in nodes(tree) if node["inputs"]]
    repeats = len(keys) - len(set(keys))
    assert repeats > 0
    assert 0 < text.count("as above") <= repeats


def test_depth_limits_the_tree_and_says_so(tree: dict[str, Any]) -> None:
    text = page(tree, depth=1).plain()
    assert len(text) < len(page(tree).plain())
    assert "--depth shows more" in text
    assert page(tree, depth=0).plain().count(" = ") == 2


def test_the_unit_follows_the_number() -> None:
    node = {"unit": "tokens a month", "value": {"p5": 1e9, "p50": 2e9, "p95": 3e9, "mean": 2e9}}
    assert value_text(node).replace("\N{NO-BREAK SPACE}", " ") == "2.00 B tokens a month (1.00 B – 3.00 B)"


def test_keys_are_listed_by_what_they_are_part_of() -> None:
    keys = ["total", "a.x.first one", "a.x.second", "a.y.third", "a.y.third.part", "b.z", "c.z"]
    listed, _, how = keys_page(keys).plain().partition("\n\nKEY is")
    assert listed == "total\n\na.x: first one, second\na.y: third\n\nb: z\nc: z"
    assert how


def test_a_list_of_many_keys_fits_and_breaks_no_name() -> None:
    keys = [f"groups.name {number} of many" for number in range(30)]
    text = keys_page(keys, 50).plain()
    assert max(map(len, text.split("\n"))) <= 50
    assert all(f"name {number} of many" in text for number in range(30))
