"""`truecost quick`: ten lines, options as people write them, problems said in terms of the options."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

FIXED = ("--model", "gpt-4.1-mini", "--as-of", "2026-11-01", "--draws", "100")
BASE = ("--users", "2000", "--queries", "15", "--price", "20", *FIXED)


def test_it_answers_without_a_file(run: Run) -> None:
    result = run("quick", *BASE)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("2,000 users, 15 questions a day each, 20 USD a month, on gpt-4.1-mini\n")
    for label in (
        "Cost",
        "Margin",
        "At a loss",
        "Price rise",
        "Own machines",
        "Assumed",
        "Not counted",
        "Refine",
    ):
        assert f"\n{label}" in result.stdout
    assert max(len(line) for line in result.stdout.split("\n")) <= 80
    assert result.stderr == ""


def test_amounts_may_be_written_as_people_write_them(run: Run) -> None:
    options = ("--users", "2k", "--queries", "15", "--price", "$20", "--growth", "5 %")
    read = json.loads(run("quick", *options, *FIXED, "--json").stdout)
    plain = json.loads(run("quick", *BASE, "--growth", "0.05", "--json").stdout)
    assert read["total_usd"] == plain["total_usd"]


def test_tokens_may_be_ranges_and_widen_the_answer(run: Run) -> None:
    narrow = json.loads(run("quick", *BASE, "--input-tokens", 1000, "--output-tokens", 300, "--json").stdout)
    wide = json.loads(
        run("quick", *BASE, "--input-tokens", "100..9000", "--output-tokens", 300, "--json").stdout
    )
    assert narrow["serving"][0]["usd_per_query"]["p5"] > wide["serving"][0]["usd_per_query"]["p5"]
    assert narrow["serving"][0]["usd_per_query"]["p95"] < wide["serving"][0]["usd_per_query"]["p95"]


def test_the_saved_plan_gives_the_same_answer(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "plan.yaml"
    first = run("quick", *BASE, "--save", saved, "--json")
    assert first.exit_code == 0
    again = run("plan", saved, "--draws", 100, "--json")
    assert again.exit_code == 0, again.stderr
    assert json.loads(first.stdout)["total_usd"] == json.loads(again.stdout)["total_usd"]


def test_a_saved_plan_is_not_replaced_unasked(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "plan.yaml"
    saved.write_text("mine", encoding="utf-8")
    refused = run("quick", *BASE, "--save", saved)
    assert refused.exit_code == 2
    assert "--force replaces it" in refused.stderr
    assert saved.read_text(encoding="utf-8") == "mine"
    assert run("quick", *BASE, "--save", saved, "--force").exit_code == 0
    assert "demand:" in saved.read_text(encoding="utf-8")


def test_the_refine_line_names_the_saved_file(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "p.yaml"
    result = run("quick", *BASE, "--save", saved)
    assert "then run: truecost plan" in " ".join(result.stdout.split())
    assert "p.yaml" in result.stdout


def test_the_plan_may_go_to_stdout(run: Run) -> None:
    result = run("quick", *BASE, "--save", "-")
    assert result.stdout.startswith("# Written by")
    assert "Margin" not in result.stdout


def test_other_formats_go_to_files(run: Run, tmp_path: Path) -> None:
    result = run("quick", *BASE, "--csv", tmp_path / "l.csv", "--focus", tmp_path / "f.csv")
    assert result.exit_code == 0
    assert (tmp_path / "l.csv").read_text(encoding="utf-8").startswith("component,")
    assert (tmp_path / "f.csv").read_text(encoding="utf-8").startswith("BillingAccountId,")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("--model", "gpt-4.1-mni"), "--model"),
        (("--model", "gpt-4.1-mni"), "gpt-4.1-mini"),
        (("--users", "-5"), "-5 is below 0"),
        (("--users", "many"), "'many' is not a number"),
        (("--users", "0"), "'--users': 0: without users there is nothing to answer"),
        (("--queries", "0"), "'--queries': 0: without questions there is nothing to answer"),
        (("--input-tokens", "0", "--output-tokens", "0"), "--input-tokens: 0: a call has neither"),
        (("--as-of", "9999-01-01"), "--as-of"),
        (("--price", "20 EUR"), "another currency"),
        (("--queries", "1e7"), "--queries"),
        (("--input-tokens", "few"), "--input-tokens"),
        (("--months", "0"), "--months"),
        (("--as-of", "yesterday"), "--as-of"),
        (("--save", "."), "directory"),
        (("--csv", "no/such/x.csv"), "there is no directory"),
    ],
)
def test_a_problem_is_said_in_terms_of_the_option(run: Run, changed: tuple[str, str], message: str) -> None:
    result = run("quick", *BASE, *changed)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "demand." not in result.stderr
    assert "serving." not in result.stderr
    assert result.stdout == ""


def test_what_is_missing_is_named(run: Run) -> None:
    result = run("quick", "--users", "5")
    assert result.exit_code == 2
    assert "--queries" in result.stderr
