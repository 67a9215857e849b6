"""`truecost explain`: a tree for a key, the keys without one, the nearest for a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

FAST = ("--draws", 100)


def test_a_number_explains_itself_down_to_the_plan_and_the_facts(run: Run, plan_file: Path) -> None:
    result = run("explain", plan_file, "unit_costs.usd_per_query", *FAST)
    assert result.exit_code == 0
    assert result.stdout.startswith("unit_costs.usd_per_query = ")
    assert result.stdout.split("\n")[1].startswith("│ = ")
    assert "plan.yaml:" in result.stdout
    assert "checked 20" in result.stdout
    assert "USD/token" not in result.stdout or "price/" in result.stdout
    assert max(len(line) for line in result.stdout.split("\n")) <= 80


def test_depth_keeps_it_short(run: Run, plan_file: Path) -> None:
    result = run("explain", plan_file, "unit_costs.usd_per_query", *FAST, "--depth", 1)
    assert len(result.stdout.split("\n")) < 20


def test_json_is_the_tree(run: Run, plan_file: Path) -> None:
    tree = json.loads(run("explain", plan_file, "total_usd", *FAST, "--json").stdout)
    assert tree["key"] == "total_usd"
    assert sum(child["value"]["mean"] for child in tree["inputs"]) > 0


def test_without_a_key_the_keys_are_listed(run: Run, plan_file: Path) -> None:
    text = run("explain", plan_file, *FAST).stdout
    assert text.startswith("total_usd, ")
    assert "unit_costs: usd_per_query, " in text
    assert max(len(line) for line in text.split("\n")) <= 80
    keys = json.loads(run("explain", plan_file, *FAST, "--json").stdout)
    assert {"total_usd", "unit_costs.usd_per_query", "lines.business.support"} <= set(keys)
    assert all(run("explain", plan_file, key, *FAST).exit_code == 0 for key in keys[::40])


@pytest.mark.usefixtures("without_answer")
def test_a_path_of_the_json_is_a_key(run: Run, plan_file: Path) -> None:
    told = json.loads(run("plan", plan_file, *FAST, "--json").stdout)
    key = "break_even.shock_tolerance.multiple"
    tree = json.loads(run("explain", plan_file, key, *FAST, "--json").stdout)
    assert tree["value"] == told["break_even"]["shock_tolerance"]["multiple"]
    option = next(row for row in told["serving"] if row["option"] == "api")
    key = f"serving.{option['class']}.api.usd_per_mtok"
    assert (
        json.loads(run("explain", plan_file, key, *FAST, "--json").stdout)["value"] == option["usd_per_mtok"]
    )


def test_an_unknown_key_names_the_nearest(run: Run, plan_file: Path) -> None:
    result = run("explain", plan_file, "usd_per_qurey", *FAST)
    assert result.exit_code == 2
    assert "unit_costs.usd_per_query" in result.stderr
    assert result.stdout == ""


def test_the_last_part_of_a_key_is_a_hint(run: Run, plan_file: Path) -> None:
    assert "unit_costs.usd_per_mtok" in run("explain", plan_file, "usd_per_mtok", *FAST).stderr


def test_overrides_reach_the_tree(run: Run, plan_file: Path) -> None:
    changed = "demand.tiers.pro.queries_per_user_per_day=77"
    result = run("explain", plan_file, "volumes.queries", *FAST, "--set", changed)
    assert "77 queries" in result.stdout
    assert "stated in the plan, --set" in result.stdout


def test_a_plan_with_problems_exits_2(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("nam: x\n", encoding="utf-8")
    result = run("explain", bad, "total_usd")
    assert result.exit_code == 2
    assert "bad.yaml:1" in result.stderr
