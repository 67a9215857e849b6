"""`truecost quick`: ten lines, options as people write them, problems said in terms of the options."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

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
        "Of which",
        "Margin",
        "At a loss",
        "API price",
        "Self-hosted",
        "Assumed",
        "Left out",
    ):
        assert f"\n{label}" in result.stdout
    assert result.stdout.count("\n") == 10
    assert max(len(line) for line in result.stdout.split("\n")) <= 80
    assert result.stderr == ""


@pytest.mark.usefixtures("without_answer")
def test_amounts_may_be_written_as_people_write_them(run: Run) -> None:
    options = ("--users", "2k", "--queries", "15", "--price", "$20", "--growth", "5 %")
    read = json.loads(run("quick", *options, *FIXED, "--json").stdout)
    plain = json.loads(run("quick", *BASE, "--growth", "0.05", "--json").stdout)
    assert read["total_usd"] == plain["total_usd"]


@pytest.mark.usefixtures("without_answer")
def test_tokens_may_be_ranges_and_widen_the_answer(run: Run) -> None:
    narrow = json.loads(run("quick", *BASE, "--input-tokens", 1000, "--output-tokens", 300, "--json").stdout)
    wide = json.loads(
        run("quick", *BASE, "--input-tokens", "100..9000", "--output-tokens", 300, "--json").stdout
    )
    assert narrow["serving"][0]["usd_per_query"]["p5"] > wide["serving"][0]["usd_per_query"]["p5"]
    assert narrow["serving"][0]["usd_per_query"]["p95"] < wide["serving"][0]["usd_per_query"]["p95"]


@pytest.mark.usefixtures("without_answer")
def test_every_number_may_be_a_range(run: Run) -> None:
    ranges = {
        "--users": "1000 .. 3000", "--queries": "5 .. 30", "--price": "$15 .. $25", "--growth": "2 % .. 5 %",
        "--input-tokens": "1k .. 2k", "--output-tokens": "100..900",
    }  # fmt: skip
    widths: dict[str, float] = {}
    for changed in ({}, *({option: text} for option, text in ranges.items())):
        given = {"--users": "2000", "--queries": "15", "--price": "20", "--input-tokens": "1500"}
        given |= {"--output-tokens": "300", "--growth": "0.035"} | changed
        result = run("quick", *(word for pair in given.items() for word in pair), *FIXED, "--json")
        assert result.exit_code == 0, result.stderr
        total = json.loads(result.stdout)["margin_usd"]
        widths[" ".join(changed)] = total["p95"] - total["p5"]
    assert min(widths, key=lambda option: widths[option]) == "", "each range widens the answer"


GIVEN = {
    "numbers": BASE,
    "ranges": (*FIXED, "--users", "1000 .. 3000", "--queries", "5 .. 30", "--price", "15 .. 25"),
    "units and growth": (*BASE, "--users", "2k", "--price", "$20", "--growth", "5 %", "--months", "24"),
    "free": (*BASE, "--price", "0"),
    "little use": (*BASE, "--queries", "0.2"),
    "more use than a tail can hold": (*BASE, "--queries", "50000"),
    "tokens": (*BASE, "--input-tokens", "3k", "--output-tokens", "100 .. 900"),
}


def test_the_saved_plan_gives_exactly_the_same_answer(run: Run, tmp_path: Path) -> None:
    agree(run, tmp_path, GIVEN["ranges"])


@pytest.mark.usefixtures("without_answer")
@pytest.mark.parametrize("given", GIVEN)
def test_the_saved_plan_gives_exactly_the_same_figures(run: Run, tmp_path: Path, given: str) -> None:
    agree(run, tmp_path, GIVEN[given])


def agree(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Both verbs say the same of a saved plan."""
    saved = tmp_path / "plan.yaml"
    first = run("quick", *options, "--save", saved, "--json")
    assert first.exit_code == 0, first.stderr
    again = run("plan", saved, "--draws", 100, "--json")
    assert again.exit_code == 0, again.stderr
    quick, plan = (json.loads(result.stdout) for result in (first, again))
    assert without_source(quick) == without_source(plan)


def without_source(value: Any) -> Any:
    """A result without where its numbers rest, which is a place in the file once there is one."""
    if isinstance(value, dict):
        parts = cast("dict[str, Any]", value)
        return {key: without_source(part) for key, part in parts.items() if key not in {"source", "place"}}
    return [without_source(part) for part in cast("list[Any]", value)] if isinstance(value, list) else value


@pytest.mark.usefixtures("without_answer")
def test_the_saved_plan_leaves_nothing_to_a_default(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "plan.yaml"
    assert run("quick", *BASE, "--save", saved).exit_code == 0
    text = saved.read_text(encoding="utf-8")
    lines = [line.split("  #")[0].strip() for line in text.splitlines()]
    for line in ("users: 2000", "queries_per_user_per_day: 15", "heavy_tail:", "payment_fee_share: 0.029",
                 "payment_fee_usd: 0.3", "support_usd_per_user_month: 0.05 .. 1.75"):  # fmt: skip
        assert line in lines
    said = " ".join(text.replace("# ", " ").split())
    assert "usage/lognormal_sigma of the catalog, estimate: Computed from" in said.partition("p90:")[0]
    assert re.search(r"# business/payment_fee_share of the catalog, published: stripe\.com", text)
    assumed = json.loads(run("plan", saved, "--draws", 100, "--json").stdout)["assumptions"]
    taken = {fact["stands_in_for"] for fact in assumed if fact["stands_in_for"]}
    asked = ("demand.", "serving.", "business.payment", "business.support")
    assert not [path for path in taken if path.startswith(asked)]


@pytest.mark.usefixtures("without_answer")
def test_what_nobody_gave_keeps_the_source_of_the_catalog(run: Run) -> None:
    assumed = {a["key"]: a for a in json.loads(run("quick", *BASE, "--json").stdout)["assumptions"]}
    assert assumed["business.payment_fee_share"]["source"].startswith("stripe.com/pricing")
    assert assumed["demand.requests.chat.input_tokens"]["source"].startswith("Estimate of this catalog")
    assert assumed["demand.tiers.users.users"]["source"] == "the plan"


def test_the_page_is_that_of_the_plan(run: Run, tmp_path: Path) -> None:
    page, of_plan, saved = tmp_path / "a.html", tmp_path / "b.html", tmp_path / "plan.yaml"
    first = run("quick", *BASE, "--html", page, "--save", saved)
    assert first.exit_code == 0, first.stderr
    assert first.stdout.startswith("2,000 users")
    assert run("plan", saved, "--draws", 100, "--html", of_plan).exit_code == 0
    html, again = (path.read_text(encoding="utf-8") for path in (page, of_plan))
    assert html.startswith("<!doctype html>")
    assert "2,000 users on gpt-4.1-mini" in html
    headings = re.compile(r"<h[12][^>]*>.*?</h[12]>", re.DOTALL)
    assert headings.findall(html) == headings.findall(again) != []


def test_an_overlay_counts_for_what_nobody_gave(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "checked: 2026-11-01\nsource: our own desk\nrates: {business: {support_usd_per_user_month: 9}}\n",
        encoding="utf-8",
    )
    result = run("quick", *BASE, "--catalog", own, "--save", "-")
    assert result.exit_code == 0, result.stderr
    assert "support_usd_per_user_month: 9\n" in result.stdout
    assert "our own desk" in result.stdout


def test_what_is_unusual_is_said_in_terms_of_the_option(run: Run) -> None:
    result = run("quick", *BASE, "--price", "1500")
    assert result.exit_code == 0
    assert result.stderr.startswith("truecost: warning: --price")


def test_all_problems_come_at_once_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    saved, page = tmp_path / "plan.yaml", tmp_path / "r.html"
    wrong = (
        "--users",
        "-5",
        "--queries",
        "5-30",
        "--price",
        "20 EUR",
        "--growth",
        "3 kg",
        "--model",
        "gpt-4.1-mni",
    )
    result = run("quick", *BASE, *wrong, "--save", saved, "--html", page)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert sorted(line.split(":")[0] for line in lines[:-1]) == [
        "--growth", "--model", "--price", "--queries", "--users"
    ]  # fmt: skip
    assert "--queries: '5-30': write a range as 'low .. high'; did you mean '5 .. 30'?" in result.stderr
    assert lines[-1] == "truecost: 5 problems; nothing was computed or written"
    assert not saved.exists()
    assert not page.exists()


def test_a_saved_plan_is_not_replaced_unasked(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "plan.yaml"
    saved.write_text("mine", encoding="utf-8")
    refused = run("quick", *BASE, "--save", saved)
    assert refused.exit_code == 2
    assert "--force replaces it" in refused.stderr
    assert saved.read_text(encoding="utf-8") == "mine"
    assert run("quick", *BASE, "--save", saved, "--force").exit_code == 0
    assert "demand:" in saved.read_text(encoding="utf-8")


def test_the_last_line_names_the_saved_file(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "p.yaml"
    result = run("quick", *BASE, "--save", saved)
    assert "then truecost plan" in " ".join(result.stdout.split())
    assert "p.yaml" in result.stdout


def test_the_plan_may_go_to_stdout(run: Run) -> None:
    result = run("quick", *BASE, "--save", "-")
    assert result.stdout.startswith("# Written by")
    assert "Margin" not in result.stdout


def test_other_formats_go_to_files(run: Run, tmp_path: Path) -> None:
    result = run("quick", *BASE, "--csv", tmp_path / "l.csv", "--focus", tmp_path / "f.csv")
    assert result.exit_code == 0
    assert (tmp_path / "l.csv").read_text(encoding="utf-8").startswith("component,")
    assert (tmp_path / "f.csv").read_text(encoding="utf-8").startswith("BilledCost,BillingAccountId,")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("--model", "gpt-4.1-mni"), "--model"),
        (("--model", "gpt-4.1-mni"), "gpt-4.1-mini"),
        (("--users", "-5"), "-5 is below 0"),
        (("--users", "many"), "'many' is not a number"),
        (("--users", "0"), "--users: 0: without users there is nothing to answer"),
        (("--queries", "0 .. 0"), "--queries: 0 .. 0: without questions there is nothing to answer"),
        (("--input-tokens", "0", "--output-tokens", "0"), "--input-tokens: 0: a call has neither"),
        (("--as-of", "9999-12-31"), "--as-of"),
        (("--users", ""), "--users: '': an empty text is not a number"),
        (("--users", "true"), "--users: 'true' is not a number"),
        (("--users", "3000 .. 1000"), "did you mean '1000 .. 3000'?"),
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
