"""`truecost ledger report --contract` and `--catalog`: what a user types, what comes back, the exit codes."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import EXAMPLES, NOW

from truecost.ledger import import_usage
from truecost.report.layout import width_of

KNOWN = ("--as-known", "2026-11-22")
CONTRACT = EXAMPLES / "contract.yaml"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shipped samples in a store."""
    folder = tmp_path_factory.mktemp("contract") / "usage"
    names = ("openai-chat", "openai-responses", "anthropic", "litellm-spend", "otel-genai")
    import_usage([EXAMPLES / f"{name}.jsonl" for name in names], folder, now=NOW)
    return folder


def test_the_page_leads_from_list_to_bill_and_fits(run: Run, store: Path) -> None:
    done = run("ledger", "report", store, "--contract", CONTRACT, "--by", "feature", *KNOWN)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert max(map(width_of, lines)) <= 80
    first = next(at for at, line in enumerate(lines) if "use at list" in line)
    steps = [line.strip().rsplit("  ", 1)[0].strip() for line in lines[first : first + 7]]
    assert steps == [
        "use at list", "use as contracted", "use, effective", "+ idle capacity and shortfalls",
        "= effective cost", "- credits", "= billed",
    ]  # fmt: skip
    for said in (
        "Covered by capacity: 2 requests",
        "idle capacity: house model",
        "welcome credit",
        "1.08 USD",
    ):
        assert said in done.stdout
    assert "credit" not in done.stdout.split("By feature")[1].split("Effective, but")[0]


def test_json_has_both_the_list_and_the_contract(run: Run, store: Path) -> None:
    told = json.loads(run("ledger", "report", store, "--contract", CONTRACT, "--json", *KNOWN).stdout)
    agreed = told["contract"]
    assert told["total"]["usd"] == agreed["total"]["list_usd"]
    assert sum(Decimal(line["usd"]) for line in agreed["bill"]) == Decimal(agreed["total"]["billed_usd"])
    assert {line["kind"] for line in agreed["bill"]} == {"usage", "capacity", "shortfall", "credit"}
    assert agreed["currency"] == "EUR"


def test_groups_as_csv(run: Run, store: Path) -> None:
    done = run("ledger", "report", store, "--contract", CONTRACT, "--by", "user", "--csv", "-", *KNOWN)
    found = list(csv.DictReader(done.stdout.splitlines()))
    assert {"user", "list_usd", "contracted_usd", "effective_usd", "effective_in_currency"} <= set(found[0])


def test_own_prices_are_taken_and_named(run: Run, store: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "checked: 2026-11-01\nprices: {openai/house-model-7b: {input: 0.05, output: 0.15}}\n",
        encoding="utf-8",
    )
    before = json.loads(run("ledger", "report", store, "--json", *KNOWN).stdout)
    after = json.loads(run("ledger", "report", store, "--catalog", own, "--json", *KNOWN).stdout)
    assert [one["model"] for one in before["unpriced"]].count("house-model-7b") == 1
    assert "house-model-7b" not in [one["model"] for one in after["unpriced"]]
    assert (before["catalog"], after["catalog"]) == (None, "own.yaml")
    assert "own.yaml" in " ".join(run("ledger", "report", store, "--catalog", own, *KNOWN).stdout.split())
    assert "house-model-7b" in run("ledger", "rates", store, "--catalog", own, *KNOWN).stdout


def test_strict_exits_1_and_a_bad_contract_2(run: Run, store: Path, tmp_path: Path) -> None:
    assert run("ledger", "report", store, "--contract", CONTRACT, "--strict", *KNOWN).exit_code == 1
    bad = tmp_path / "bad.yaml"
    bad.write_text("rates:\n  - {discount: 200 %}\ncredit: []\n", encoding="utf-8")
    done = run("ledger", "report", store, "--contract", bad, *KNOWN)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert f"{bad}:2: rates.0.discount" in done.stderr
    assert f"{bad}:3: credit" in done.stderr
    assert "did you mean 'credits'?" in done.stderr


def test_the_schema_has_every_section(run: Run) -> None:
    told = json.loads(run("schema", "contract").stdout)
    assert {"rates", "volume", "capacity", "commitments", "credits", "currency"} <= set(told["properties"])
