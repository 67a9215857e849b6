"""`truecost ledger margin`: the shipped revenue against the shipped logs."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import EXAMPLES, write

from truecost.report.layout import width_of

HOW = ("--usd-per", "EUR=1.08", "--as-known", "2026-11-22")
REVENUE = EXAMPLES / "revenue.csv"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample logs in a store."""
    from truecost.ledger import import_usage

    folder = tmp_path_factory.mktemp("margin") / "usage"
    names = ("openai-chat", "openai-responses", "litellm-spend", "otel-genai", "anthropic")
    import_usage([EXAMPLES / f"{name}.jsonl" for name in names], folder)
    return folder


def test_the_page_leads_with_the_margin_and_what_is_missing_of_it(run: Run, store: Path) -> None:
    done = run("ledger", "margin", store, REVENUE, "--month", "2026-10", *HOW)
    assert done.exit_code == 0, done.output
    assert max(map(width_of, done.stdout.splitlines())) <= 80
    text = " ".join(done.stdout.split())
    assert ", 2026-10: at most 113 USD of margin" in text
    assert "Cost more than they pay: globex, initech." in text
    assert "The same one? Revenue is of 'Initech', usage of 'initech'." in text
    assert "1 customer of 3 (33 %) makes 80 % of the cost: globex." in text
    assert "4 lines of usage without a price" in done.stderr


def test_json_and_csv_have_exact_amounts_that_sum(run: Run, store: Path) -> None:
    told = json.loads(run("ledger", "margin", store, REVENUE, "--month", "2026-10", "--json", *HOW).stdout)
    parts = [*told["customers"], told["unattributed"]]
    for key in ("revenue_usd", "cost_usd", "margin_usd"):
        assert sum(Decimal(one[key]) for one in parts) == Decimal(told["total"][key])
    done = run("ledger", "margin", store, REVENUE, "--month", "2026-10", "--csv", "-", *HOW)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert sum(Decimal(one["margin_usd"]) for one in rows) == Decimal(told["total"]["margin_usd"])


def test_months_that_do_not_match_are_told(run: Run, store: Path) -> None:
    done = run("ledger", "margin", store, REVENUE, *HOW)
    text = " ".join(done.stdout.split())
    assert "Usage is of 2026-10-01 to 2026-10-25, revenue of 2026-09-01 to 2026-10-31" in text


def test_strict_exits_1_when_a_margin_is_not_whole(run: Run, store: Path) -> None:
    assert run("ledger", "margin", store, REVENUE, "--strict", *HOW).exit_code == 1


def test_a_name_that_is_a_formula_is_data(run: Run, store: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "revenue.csv", ["customer,usd", "=1+1,5"])
    done = run("ledger", "margin", store, path, "--csv", "-", *HOW)
    assert "\n'=1+1," in done.stdout


def test_a_column_that_is_none_is_refused(run: Run, store: Path) -> None:
    done = run("ledger", "margin", store, REVENUE, "--by", "custmer", *HOW)
    assert done.exit_code == 2
    assert "'custmer'; the nearest is customer" in done.stderr
