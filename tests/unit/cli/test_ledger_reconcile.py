"""`truecost ledger reconcile`: the shipped invoices against the shipped logs, and the exit codes."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import EXAMPLES

from truecost.ledger.reconciling.reconcile import CAUSES
from truecost.report.layout import width_of
from truecost.report.reconcile_text import TO_DO, WORDS

LOGS = [
    EXAMPLES / f"{name}.jsonl"
    for name in ("openai-chat", "openai-responses", "litellm-spend", "otel-genai", "anthropic")
]
KNOWN = ("--as-known", "2026-11-22")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample logs in a store."""
    from truecost.ledger import import_usage

    folder = tmp_path_factory.mktemp("reconcile") / "usage"
    import_usage(LOGS, folder)
    return folder


@pytest.mark.parametrize("name", ["openai-costs.json", "anthropic-costs.json"])
def test_the_vendors_own_reports_reconcile_to_the_last_digit(run: Run, store: Path, name: str) -> None:
    done = run("ledger", "reconcile", store, EXAMPLES / name, "--json", *KNOWN)
    told = json.loads(done.stdout)
    assert done.exit_code == 0, done.output
    assert (Decimal(told["drift_usd"]), told["causes"]) == (0, [])
    assert Decimal(told["invoice_usd"]) > Decimal("0.05")


def test_the_sample_invoice_has_every_cause_and_nothing_unexplained(run: Run, store: Path) -> None:
    done = run("ledger", "reconcile", store, EXAMPLES / "invoice.csv", "--json", *KNOWN)
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    euros = ("--usd-per", "EUR=1.08")
    focus = run("ledger", "reconcile", store, EXAMPLES / "invoice-focus.csv", "--json", *KNOWN, *euros)
    more = json.loads(focus.stdout)
    names = {one["name"] for part in (told, more) for one in part["causes"]}
    assert names == set(CAUSES)
    for part in (told, more):
        assert Decimal(part["residual_usd"]) == 0
        total = sum(Decimal(one["usd"]) for one in part["causes"])
        assert (
            total == Decimal(part["drift_usd"]) == Decimal(part["invoice_usd"]) - Decimal(part["ledger_usd"])
        )
    by_name = {one["name"]: Decimal(one["usd"]) for one in told["causes"]}
    # 2,000 tokens of output and 8,000 of input of gpt-5-mini at half of 2 and 0.25 USD a million
    assert by_name["tier"] == -(Decimal("0.002") + Decimal("0.001"))
    assert by_name["cache"] == 512 * Decimal("1.5e-6")  # cached tokens of gpt-4.1 at 2 in place of 0.5
    assert by_name["missing"] == Decimal("0.004") + Decimal("0.002")  # gpt-4.1-nano, in no log
    assert by_name["late"] == Decimal("-0.012432")  # the last request of gpt-4.1
    assert told["factor"].startswith("0.95000")


def test_the_page_leads_with_the_drift_and_says_what_to_do(run: Run, store: Path) -> None:
    done = run("ledger", "reconcile", store, EXAMPLES / "invoice.csv", *KNOWN)
    lines = done.stdout.splitlines()
    assert max(map(width_of, lines)) <= 80
    assert lines[0].startswith("Invoice 0.144 USD, ledger 0.11")
    assert "Over the tolerance of 1 % of the invoice." in lines[1]
    text = " ".join(done.stdout.split())
    assert "Another tier: -0.003 USD Log the tier that served a request" in text
    assert "drift over the tolerance of 1%" in done.stderr


def test_every_cause_has_words_and_something_to_do() -> None:
    assert set(WORDS) == set(CAUSES)
    assert set(TO_DO) == set(CAUSES) - {"discount", "currency", "late", "rounding"}


def test_a_drift_within_the_tolerance_exits_0(run: Run, store: Path) -> None:
    done = run("ledger", "reconcile", store, EXAMPLES / "invoice.csv", "--tolerance", "30%", *KNOWN)
    assert done.exit_code == 0
    assert "Within the tolerance of 30 %" in done.stdout


def test_the_csv_has_every_part_as_a_number(run: Run, store: Path) -> None:
    done = run("ledger", "reconcile", store, EXAMPLES / "invoice.csv", "--csv", "-", *KNOWN)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    told = json.loads(run("ledger", "reconcile", store, EXAMPLES / "invoice.csv", "--json", *KNOWN).stdout)
    assert sum(Decimal(one["usd"]) for one in rows) == Decimal(told["drift_usd"])
    assert rows[-1]["cause"] == "unexplained"


@pytest.mark.parametrize(("arguments", "message"), [
    (("--tolerance", "1"), "--tolerance 1: write a share such as 1%"),
    (("--usd-per", "EUR"), "--usd-per EUR: write CURRENCY=USD"),
    (("--usd-per", "USD=2"), "a dollar is one"),
    (("--map", "amount"), "--map amount: write FIELD=COLUMN"),
    (("--map", "amount=Betrag"), "no column 'Betrag'"),
    (("--month", "October"), "'October' is no month"),
    (("--month", "2026-09"), "no line is of 2026-09-01 to 2026-09-30; its lines are of 2026-10-01 and later"),
])  # fmt: skip
def test_what_is_not_understood_exits_2(
    run: Run, store: Path, arguments: tuple[str, str], message: str
) -> None:
    done = run("ledger", "reconcile", store, EXAMPLES / "invoice.csv", *arguments, *KNOWN)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_another_currency_is_asked_for(run: Run, store: Path) -> None:
    done = run("ledger", "reconcile", store, EXAMPLES / "invoice-focus.csv", *KNOWN)
    assert done.exit_code == 2
    assert "amounts are in EUR; say what one is worth: --usd-per EUR=1.08" in done.stderr
