"""`truecost pulse`: a page for a reader, JSON for a program, bad input refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run

DAYS = ("--since", "2026-08-24", "--as-of", "2026-11-22")
TEAM = Path(__file__).parent.parent.parent.parent / "examples" / "open-weights-team.yaml"


def test_a_page_of_changes_within_80_columns(run: Run) -> None:
    found = run("pulse", *DAYS)
    assert found.exit_code == 0
    for part in ("API prices: ", "Rentals: ", "Purchases: ", "Rates: ", "What cannot be compared"):
        assert part in found.stdout
    assert max(map(len, found.stdout.splitlines())) <= 80


def test_by_default_it_looks_back_90_days(run: Run) -> None:
    assert run("pulse", "--as-of", "2026-11-22").stdout == run("pulse", *DAYS).stdout


def test_all_shows_what_the_page_counts(run: Run) -> None:
    short, long = run("pulse", *DAYS).stdout, run("pulse", *DAYS, "--all").stdout
    assert " more new on record: --all" in short
    assert "--all, or --json" not in long
    assert len(long.splitlines()) > len(short.splitlines())


def test_with_a_plan_what_moves_it_comes_first(run: Run) -> None:
    found = run("pulse", *DAYS, "--plan", TEAM, "--draws", 64)
    assert found.exit_code == 0
    text = " ".join(found.stdout.split())
    assert text.index("a month more") < text.index("API prices:")
    assert "What moves it most" in text
    assert "sellers) then" in text
    assert max(map(len, found.stdout.splitlines())) <= 80


def test_json_has_every_part(run: Run) -> None:
    told = json.loads(run("pulse", *DAYS, "--plan", TEAM, "--draws", 64, "--json").stdout)
    assert set(told) == {
        "since", "as_of", "read_on", "prices", "rentals", "purchases", "rates", "not_compared", "plan",
    }  # fmt: skip
    assert set(told["prices"]) == {"changed", "added", "ended", "to_come", "undated", "unchanged"}
    assert set(told["prices"]["changed"][0]) == {"what", "by", "before", "after", "unit", "on", "source"}
    assert len(told["plan"]["changes"]) <= 3
    assert set(told["plan"]["changes"][0]["usd_per_month"]) == {"p5", "p50", "p95", "mean"}


def test_days_after_the_facts_were_read_are_said(run: Run) -> None:
    found = run("pulse", "--as-of", "2027-06-01")
    assert found.exit_code == 0
    assert "The facts were read on 2026-11-22" in found.stdout


def test_a_plan_that_nothing_moves_says_so(run: Run, plan_file: Path) -> None:
    found = run("pulse", *DAYS, "--plan", plan_file, "--draws", 64)
    assert "Nothing that changed moves Small product" in " ".join(found.stdout.split())


def test_the_plan_may_come_from_stdin(run: Run, plan_file: Path) -> None:
    text = plan_file.read_text(encoding="utf-8")
    assert run("pulse", *DAYS, "--plan", "-", "--draws", 64, stdin=text).exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--since", "yesterday"), "does not match"),
        (("--since", "2026-12-01", "--as-of", "2026-11-22"), "nothing lies between"),
        (("--plan", "nowhere.yaml"), "nowhere.yaml"),
        (("--catalog", "nowhere.yaml"), "nowhere.yaml"),
    ],
)
def test_bad_calls_exit_2_with_a_message(words: tuple[str, ...], message: str, run: Run) -> None:
    found = run("pulse", *words)
    assert found.exit_code == 2
    assert not found.stdout
    assert message in found.stderr


def test_a_plan_with_problems_lists_them(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: x\nhorizon_months: -1\n", encoding="utf-8")
    found = run("pulse", "--plan", bad)
    assert found.exit_code == 2
    assert "horizon_months" in found.stderr
