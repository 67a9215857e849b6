"""`truecost ledger budget`: how the sample's budgets stand, exit codes, the errors of a file, its schema."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import EXAMPLES, NOW

from truecost.ledger import import_usage
from truecost.report.layout import width_of

KNOWN = ("--as-known", "2026-11-22")
BUDGETS = EXAMPLES / "budgets.yaml"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped hundred days, up to 2026-10-24."""
    folder = tmp_path_factory.mktemp("daily") / "usage"
    import_usage([EXAMPLES / "daily.csv"], folder, now=NOW)
    return folder


def test_the_worst_comes_first_with_its_day(run: Run, store: Path) -> None:
    done = run("ledger", "budget", store, BUDGETS, *KNOWN)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "3 budgets at the end of 2026-10-24: 1 will break, 2 kept" in said
    assert "agents: 1,150 USD a month for feature=agent Spent since 2026-10-01: 917 USD" in said
    assert "70 % chance to break, likely on 2026-10-31 (90 %: 2026-10-29 – not before the end)" in said
    assert "The store begins on 2026-07-17" in said
    assert max(map(width_of, done.stdout.splitlines())) <= 80


def test_broken_exits_1_and_forecast_to_break_with_strict(run: Run, store: Path, tmp_path: Path) -> None:
    assert run("ledger", "budget", store, BUDGETS, "--strict", *KNOWN).exit_code == 1
    tight = tmp_path / "tight.yaml"
    tight.write_text("budgets: [{name: all, usd: 1000}]", encoding="utf-8")
    done = run("ledger", "budget", store, tight, *KNOWN)
    assert done.exit_code == 1
    assert "It broke on 2026-10-1" in done.stdout
    assert done.stderr == "truecost: 1 budget broken\n"
    wide = tmp_path / "wide.yaml"
    wide.write_text("budgets: [{name: all, usd: 10 k}]", encoding="utf-8")
    assert run("ledger", "budget", store, wide, "--strict", *KNOWN).exit_code == 0


def test_json_and_csv(run: Run, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    done = run("ledger", "budget", store, BUDGETS, "--json", "--csv", out, *KNOWN)
    told = json.loads(done.stdout)["budgets"]
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [one["name"] for one in rows] == [one["name"] for one in told] == ["agents", "everything", "Brook"]
    assert rows[0]["breaks_on_p50"] == told[0]["breaks_on"]["p50"] == "2026-10-31"
    assert told[2]["match"] == {"customer": ["brook"], "feature": ["agent", "summary"]}


def test_a_file_that_is_wrong_is_told_line_by_line(run: Run, store: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("budgets:\n- {name: a, usd: 5, match: {featur: x}}\n- {name: b}\n", encoding="utf-8")
    done = run("ledger", "budget", store, bad, *KNOWN)
    assert done.exit_code == 2
    assert "bad.yaml:2: budgets.0.match.featur: " in done.stderr
    assert "did you mean 'feature'?" in done.stderr
    assert "bad.yaml:3: budgets.1.usd" in done.stderr
    assert run("ledger", "budget", store, tmp_path / "none.yaml").exit_code == 2
    assert run("ledger", "budget", store, bad, "--csv", bad).exit_code == 2


def test_the_schema_is_printed(run: Run) -> None:
    schema = json.loads(run("schema", "budget").stdout)
    assert set(schema["$defs"]["Budget"]["properties"]) == {"name", "usd", "period", "owner", "match"}
