"""What every question of the ledger takes alike: which usage, by whose prices, up to which day, into what."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.days import row, stored, weeks

KNOWN = ("--as-known", "2026-11-22")
BUDGETS = "budgets:\n  - {name: all, usd: 900, period: year}\n"
REVENUE = "customer,month,usd\nacme,2026-07,5\n=evil,2026-07,1\n"
INVOICE = "date,model,kind,quantity,amount\n2026-07-08,gpt-4.1-mini,input,2500000,1.00\n"
QUESTIONS: dict[str, tuple[tuple[str, ...], Callable[[Any], str]]] = {
    "report": ((), lambda told: told["total"]["usd"]),
    "unit": (("--per", "customer"), lambda told: told["total"]["usd"]),
    "allocate": (("--cost", "feature = chat"), lambda told: told["shared_usd"]),
    "whatif": (("--batch",), lambda told: told["before"]["usd"]),
    "export": (("--focus", "rows.csv"), lambda told: told["billed_usd"]),
    "forecast": (("--month", "2026-07"), lambda told: told["total"]["spent_usd"]),
    "budget": (("budgets.yaml",), lambda told: told["budgets"][0]["spent_usd"]),
    "margin": (("revenue.csv",), lambda told: told["total"]["cost_usd"]),
    "reconcile": (("invoice.csv", "--tolerance", "1000%"), lambda told: told["ledger_usd"]),
    "cache": (("--by", "customer"), lambda told: told["total"]["saved_usd"]),
    "anomalies": (("--on", "2026-08-23"), lambda told: told["anomalies"][0]["usd"]),
}
"""Each question, and an amount in its answer that is as large as prices are."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven weeks of chat, one day of them ten times dearer, and the files that questions hold it against."""
    folder = tmp_path_factory.mktemp("asked")
    chat = {"feature": "chat", "customer": "=acme", "cache_read_tokens": 1000, "task": "t"}
    stored(folder, weeks(49, **chat), [row(47, 90.0, **chat)])
    prices = "prices:\n  openai/gpt-4.1-mini: {input: 0.80, output: 3.20, cache_read: 0.20}\n"
    (folder / "own.yaml").write_text(f"checked: 2026-07-01\nsource: a contract\n{prices}")
    (folder / "budgets.yaml").write_text(BUDGETS)
    (folder / "revenue.csv").write_text(REVENUE)
    (folder / "invoice.csv").write_text(INVOICE)
    return folder


@pytest.mark.parametrize("name", QUESTIONS)
def test_own_prices_go_first_in_every_question(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(here)
    options, amount = QUESTIONS[name]
    listed, own = (
        json.loads(run("ledger", name, "usage", *options, *KNOWN, "--json", *catalog).stdout)
        for catalog in ((), ("--catalog", "own.yaml"))
    )
    assert Decimal(amount(own)) == 2 * Decimal(amount(listed)) > 0, "twice the list in own.yaml"
    assert (listed["catalog"], own["catalog"]) == (None, "own.yaml")


@pytest.mark.parametrize("name", sorted(set(QUESTIONS) - {"allocate", "budget"}))
def test_a_filter_takes_some_usage_alone_and_is_told(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(here)
    options, amount = QUESTIONS[name]
    asked = ("ledger", name, "usage", *options, *KNOWN)
    whole = json.loads(run(*asked, "--json").stdout)
    chat = json.loads(run(*asked, "--json", "--for", "feature = chat").stdout)
    assert (amount(chat), chat["where"]) == (amount(whole), "feature = chat")
    assert "Of usage with: feature = chat" in run(*asked, "--for", "feature = chat").stdout
    wrong = run(*asked, "--for", "featur = chat")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "--for featur = chat: character 1: there is no column 'featur'" in wrong.stderr


@pytest.mark.parametrize(("asked", "message"), [
    (("forecast", "usage", "--on", "2100-01-01"), "--on 2100-01-01: that day is still to come"),
    (("forecast", "usage", "--on", "soon"), "'soon' is not a day such as 2026-11-22"),
    (("forecast", "usage", "--for", "feature = mail"), "usage: no usage is of --for feature = mail"),
    (("anomalies", "usage", "--since", "2026-09-01"), "--since 2026-09-01: usage is looked at up to 2026-08"),
    (("anomalies", "usage", "--month", "2026-01"), "--month 2026-01: usage begins on 2026-07-06"),
    (("export", "usage", "--focus", "x.csv", "--month", "26-10"), "'26-10' is no month; write it as 2026-10"),
    (("margin", "usage", "revenue.csv", "--by", "day"), "--by day: nobody pays as a day"),
    (("reconcile", "usage", "invoice.csv", "--provider", "opnai"), "unknown provider 'opnai'; nearest: op"),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_one_message(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(here)
    done = run("ledger", *asked)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert not (here / "x.csv").exists()


def test_a_csv_keeps_numbers_below_0_and_defuses_names(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here)
    text = run("ledger", "margin", "usage", "revenue.csv", "--csv", "-", *KNOWN).stdout
    rows = {one["name"]: one for one in csv.DictReader(io.StringIO(text))}
    assert set(rows) == {"'=acme", "'=evil", "acme"}
    assert Decimal(rows["'=acme"]["margin_usd"]) < 0, "a number, with no quote before it"


@pytest.mark.parametrize("name", ["unit", "cache", "whatif"])
def test_a_csv_of_no_groups_is_the_whole(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(here)
    options = {"unit": ("--per", "customer"), "cache": (), "whatif": ("--batch",)}[name]
    done = run("ledger", name, "usage", *options, "--by", "", "--csv", "-", *KNOWN)
    (whole,) = csv.DictReader(io.StringIO(done.stdout))
    key = {"unit": "usd", "cache": "saved_usd", "whatif": "before_usd"}[name]
    told = json.loads(run("ledger", name, "usage", *options, "--by", "", "--json", *KNOWN).stdout)
    assert Decimal(whole[key]) == Decimal(QUESTIONS[name][1](told)) > 0
