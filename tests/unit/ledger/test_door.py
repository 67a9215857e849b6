"""The ledger from Python: each question of the door is the function it names."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.ledger.logs import EXAMPLES, NOW, take
from tests.unit.ledger.test_attribution import FLEET, call, hosted

import truecost
from truecost.ledger.store import NoStore

KNOWN = date(2026, 11, 22)


def test_a_store_answers_its_questions(tmp_path: Path) -> None:
    ledger = truecost.Ledger(tmp_path / "usage")
    assert ledger.import_logs(EXAMPLES / "openai-chat.jsonl", now=NOW).rows == 27
    take(tmp_path, FLEET, hosted("chat", 10), call(task="a", customer="acme", output_tokens=1_000_000))
    report = ledger.report(["feature"], as_known=KNOWN)
    assert report.total["entries"] == 30
    same = ledger.whatif(model="gpt-4.1-mini", where="task = a", as_known=KNOWN).to_dict()
    assert Decimal(same["before"]["usd"]) == Decimal("1.6")
    assert ledger.unit("task", as_known=KNOWN).total["usd"] >= Decimal("1.6")
    shared = ledger.allocate("kind = fleet", to="model = house-7b", as_known=KNOWN)
    assert [one.allocated_usd for one in shared.shares] == [Decimal(30)]
    idle = ledger.allocate("kind = fleet", to="model = house-7b", capacity=10, as_known=KNOWN)
    assert idle.used_share == Decimal("0.1")
    assert ledger.caches(as_known=KNOWN).total["input_tokens"] > 0
    out = tmp_path / "focus.csv"
    ledger.export_focus(out, as_known=KNOWN)
    assert out.exists()
    revenue = tmp_path / "revenue.csv"
    revenue.write_text("customer,date,usd\nacme,2026-10-01,100\n", encoding="utf-8")
    assert ledger.margin(revenue, as_known=KNOWN).total.revenue_usd == 100


def test_a_row_of_many_dollars_does_not_stop_a_question(tmp_path: Path) -> None:
    # gpt-4.1-mini: 50e9 plain input at 0.40 USD a million, 40e9 cached at 0.10, 50e9 output at 1.60
    counts = {"input_tokens": 90 * 10**9, "cache_read_tokens": 40 * 10**9, "output_tokens": 50 * 10**9}
    take(tmp_path, call(task="a", **counts))
    ledger = truecost.Ledger(tmp_path / "usage")
    assert ledger.report(as_known=KNOWN).total_usd == 104_000
    assert ledger.unit(as_known=KNOWN).total["usd"] == 104_000
    assert ledger.caches(as_known=KNOWN).total["saved_usd"] == 12_000
    same = ledger.whatif(model="gpt-4.1-mini", as_known=KNOWN).to_dict()
    assert Decimal(same["after_high"]["usd"]) == 104_000
    assert ledger.export_focus(tmp_path / "focus.csv", as_known=KNOWN).billed_usd == 104_000
    agreed = ledger.under_contract(EXAMPLES / "contract.yaml", as_known=KNOWN).to_dict()
    assert Decimal(agreed["total"]["list_usd"]) == 104_000
    invoice = tmp_path / "invoice.csv"
    invoice.write_text("date,model,amount\n2026-10-20,gpt-4.1-mini,104000\n", encoding="utf-8")
    assert Decimal(ledger.reconcile(invoice, as_known=KNOWN).to_dict()["drift_usd"]) == 0


def test_a_folder_that_is_no_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoStore):
        truecost.Ledger(tmp_path).report()
