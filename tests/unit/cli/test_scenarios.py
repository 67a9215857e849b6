"""--scenario, --scenarios, --scenario-file: beside the plan on a page and in JSON; misspelt names teach."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FAST = ("--draws", "64")
MINE = (
    "scenarios:\n  slump: {probability: 0.2, what_if: [{users: 0.5}]}\n"
    "  storm: {includes: [slump, prices-rise-3x]}\n"
)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE, encoding="utf-8")
    return path


def rows(text: str) -> dict[str, Any]:
    return {row["name"]: row for row in json.loads(text)["scenarios"]}


def test_a_family_stands_beside_the_plan(run: Any, plan_file: Path) -> None:
    result = run("plan", plan_file, *FAST, "--scenario", "prices-rise")
    assert result.exit_code == 0
    page = result.stdout.partition("Scenarios:")[2]
    assert "prices-rise-5x-passed-on:" in page
    assert "commoditization" not in page


def test_without_a_flag_the_page_has_no_scenarios(run: Any, plan_file: Path) -> None:
    assert "Scenarios:" not in run("plan", plan_file, *FAST).stdout


@pytest.mark.usefixtures("without_answer")
def test_a_file_brings_its_scenarios_and_the_mixture(run: Any, plan_file: Path, mine: Path) -> None:
    found = rows(run("plan", plan_file, *FAST, "--json", "--scenario-file", mine).stdout)
    assert list(found) == ["plan as written", "slump", "storm", "mixture"]
    means = [found[name]["total_usd"]["mean"] for name in ("plan as written", "slump", "mixture")]
    assert means[2] == pytest.approx(0.8 * means[0] + 0.2 * means[1])


@pytest.mark.usefixtures("without_answer")
def test_one_of_a_file_and_all_there_are(run: Any, plan_file: Path, mine: Path) -> None:
    one = rows(run("plan", plan_file, *FAST, "--json", "--scenario-file", mine, "--scenario", "storm").stdout)
    assert list(one) == ["plan as written", "storm"]
    every = rows(run("plan", plan_file, *FAST, "--json", "--scenario-file", mine, "--scenarios").stdout)
    assert {"prices-rise-3x", "commoditization", "slump", "storm", "mixture"} < set(every)


@pytest.mark.usefixtures("without_answer")
def test_what_is_printed_repeats_it_by_hand(run: Any, plan_file: Path, mine: Path) -> None:
    storm = rows(run("plan", plan_file, *FAST, "--json", "--scenario-file", mine).stdout)["storm"]
    sets = [word for text in storm["set"] for word in ("--set", text)]
    by_hand = json.loads(run("plan", plan_file, *FAST, "--json", *sets).stdout)
    assert by_hand["margin_usd"] == pytest.approx(storm["margin_usd"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--scenario", "prices-ris"), "nearest: prices-rise"),
        (("--scenario-file", "nowhere.yaml"), "there is no such file"),
    ],
)
def test_what_is_not_there_is_refused(
    run: Any, plan_file: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = run("plan", plan_file, *FAST, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not result.stdout


def test_a_file_with_problems_says_where(run: Any, plan_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "scenarios:\n  a: {set: {demand.tiers.nobody.users: 3}}\n  b: {includes: [c]}\n", encoding="utf-8"
    )
    result = run("plan", plan_file, *FAST, "--scenario-file", file)
    assert result.exit_code == 2
    assert f"{file}:2: scenarios.a.set.demand.tiers.nobody.users" in result.stderr
    assert f"{file}:3: scenarios.b.includes.0" in result.stderr
