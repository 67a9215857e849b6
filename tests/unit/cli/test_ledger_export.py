"""`truecost ledger export`: the file, what is said of it, what has no row, and the exit codes."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import EXAMPLES, chat, write

from truecost.report.focus_text import export_page
from truecost.report.layout import width_of

LOGS = sorted(EXAMPLES.glob("*.jsonl"))
KNOWN = ("--as-known", "2026-11-22")


@pytest.fixture
def store(run: Run, tmp_path: Path) -> Path:
    """Two priced calls and one of a model that nobody knows."""
    log = write(tmp_path / "log.jsonl", [chat(1, user="u-1"), chat(2, user="u-2")])
    odd = chat(3)
    odd["response"]["model"] = "gpt-4.1-minny"
    write(tmp_path / "odd.jsonl", [odd])
    done = run("ledger", "import", log, tmp_path / "odd.jsonl", "--into", tmp_path / "usage")
    assert done.exit_code == 0, done.output
    return tmp_path / "usage"


def test_rows_are_written_and_what_has_no_price_is_named(run: Run, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "focus.csv"
    done = run("ledger", "export", store, "--focus", out, *KNOWN)
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "".join(said.split()).startswith(f"4rowsofFOCUS1.2in{out}:0.00112USD")
    assert "Without a price, in no row: 1 line." in said
    assert "1 line of usage without a price, in no row:" in done.stderr
    assert "openai/gpt-4.1-minny: 1 line: unknown model with an API price 'gpt-4.1-minny'" in done.stderr
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal("0.00112")
    assert {row["BillingAccountId"] for row in rows} == {"usage"}


def test_strict_exits_1_when_something_has_no_row(run: Run, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "focus.parquet"
    assert run("ledger", "export", store, "--focus", out, "--strict", *KNOWN).exit_code == 1
    assert out.exists()
    assert run("ledger", "export", store, "--focus", out, "--month", "2026-09", "--strict").exit_code == 0


def test_json_says_what_was_written(run: Run, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "focus.parquet"
    done = run(
        "ledger", "export", store, "--focus", out, "--by-request", "--account", "acme", "--json", *KNOWN
    )
    told = json.loads(done.stdout)
    assert (told["rows"], told["billed_usd"], told["by_request"]) == (4, "0.001120000000000", True)
    assert (told["account"], told["unpriced_entries"], told["focus_version"]) == ("acme", 1, "1.2")
    assert told["unpriced"][0]["model"] == "gpt-4.1-minny"


def test_a_contract_s_sums_are_told(run: Run, store: Path, tmp_path: Path) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(
        "rates: [{discount: 50 %}]\ncurrency: {code: EUR, rates: {2026-10-01: 1.25}}", encoding="utf-8"
    )
    asked = ("ledger", "export", store, "--focus", tmp_path / "focus.csv", "--contract", contract, *KNOWN)
    told = json.loads(run(*asked, "--json").stdout)
    assert (told["billed_usd"], told["contract"]["name"]) == ("0.000560000000000", str(contract))
    assert (told["contract"]["currency"], told["contract"]["billed_in_currency"]) == (
        "EUR",
        "0.000448000000000",
    )
    assert told["unpriced"][0]["model"] == "gpt-4.1-minny"
    said = " ".join(run(*asked).stdout.split())
    assert "Amounts are in EUR: BilledCost 0.000448 EUR" in said
    refused = run(*asked, "--for", "user = u-1")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)


def test_rows_to_stdout_are_csv_alone(run: Run, store: Path) -> None:
    done = run("ledger", "export", store, "--focus", "-", *KNOWN)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("AvailabilityZone,BilledCost,")
    assert len(lines) == 5


@pytest.mark.parametrize(("words", "message"), [
    (("--focus", "out.txt"), "FOCUS rows are written as .csv or .parquet, or to stdout (-)"),
    (("--focus", "nowhere/out.csv"), "there is no directory"),
    (("--focus", "-", "--json"), "both write to stdout"),
    (("--focus", "out.csv", "--month", "soon"), "no month"),
    (("--focus", "out.csv", "--account", " "), "--account: no name is given"),
])  # fmt: skip
def test_what_is_not_understood_is_one_message_and_no_file(
    run: Run, store: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    tmp_path = store.parent
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    done = run("ledger", "export", store, *words)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert message in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_is_no_store_is_refused(run: Run, tmp_path: Path) -> None:
    done = run("ledger", "export", tmp_path / "none", "--focus", tmp_path / "out.csv")
    assert done.exit_code == 2
    assert "there is no such folder" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("width", [40, 80])
def test_the_page_keeps_to_any_width(width: int) -> None:
    told = {
        "rows": 3, "focus_version": "1.2", "file": "a/rather/long/path/to/a/file.parquet",
        "billed_usd": "1.5", "by_request": False, "month": None,
        "first_day": "2026-10-01", "last_day": "2026-10-31", "account": "acme",
        "unpriced_entries": 2, "as_known": "2026-11-22", "contract": None,
    }  # fmt: skip
    for one in (told, told | {"rows": 0}):
        assert max(map(width_of, export_page(one, width).plain().splitlines())) <= width
