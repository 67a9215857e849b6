"""The reconciliation under a contract: an invoice at what it bills has no drift, any other is told why."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.logs import take
from tests.unit.ledger.test_contract import row

from truecost.ledger.contracts.contract import Contract, contract_of
from truecost.ledger.contracts.report import contract_report
from truecost.ledger.focus.rows import export_focus
from truecost.ledger.reconciling.reconcile import Reconciliation, reconcile

KNOWN = date(2026, 11, 22)
AGREED = """
rates: [{model: gpt-4.1-mini, usd_per_mtok: {input: 0.3, output: 1.2}}]
capacity: [{name: gate, provider: openai, model: gpt-5-mini, usd_per_month: 100, tokens_per_minute: 1000}]
commitments: [{name: promise, provider: openai, usd: 2, per: month, discount: 10 %}]
credits: [{name: welcome, usd: 7, valid_from: 2026-09-01}]
"""
CALLS = (
    row(1, input_tokens=1_000_000, output_tokens=100_000),
    row(2, model="gpt-4.1", input_tokens=200_000, output_tokens=1_000),
    row(3, model="gpt-5-mini", input_tokens=900, output_tokens=50),
)
"""1.2 x (0.3 + 0.12), and gpt-4.1 at 2 and 8 USD a million, less 10 %; gpt-5-mini is covered."""
BILLED = {
    ("gpt-4.1-mini", "input", 1_000_000): Decimal("0.27"),
    ("gpt-4.1-mini", "output", 100_000): Decimal("0.108"),
    ("gpt-4.1", "input", 200_000): Decimal("0.36"),
    ("gpt-4.1", "output", 1_000): Decimal("0.0072"),
}
BESIDE = {"Purchase of capacity: gate": Decimal(100), "Minimum commitment: promise": Decimal("1.2548"),
          "Credit: welcome": Decimal(-7)}  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Path:
    take(tmp_path, *CALLS)
    (tmp_path / "contract.yaml").write_text(AGREED, encoding="utf-8")
    return tmp_path / "usage"


def agreed(store: Path) -> Contract:
    return contract_of(store.parent / "contract.yaml")


def invoice(folder: Path, billed: dict[Any, Decimal], beside: dict[str, Decimal]) -> Path:
    """A plain invoice of October: usage, then what is beside it."""
    path = folder / "invoice.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["date", "model", "kind", "quantity", "amount", "description"])
        for (model, kind, count), usd in billed.items():
            writer.writerow(["2026-10", model, kind, count, usd, f"{model} {kind}"])
        for text, usd in beside.items():
            writer.writerow(["2026-10", "", "", "", usd, text])
    return path


def against(store: Path, path: Path, **how: Any) -> Reconciliation:
    found = reconcile(store, path, as_known=KNOWN, contract=agreed(store), **how)
    assert sum((one.usd for one in found.causes), found.residual_usd) == found.drift_usd
    return found


def causes(found: Reconciliation) -> dict[str, Decimal]:
    return {one.name: one.usd for one in found.causes}


def test_an_invoice_worked_by_hand_has_no_drift(store: Path) -> None:
    found = against(store, invoice(store.parent, BILLED, BESIDE))
    assert (found.drift_usd, found.causes, found.residual_usd) == (0, (), 0)
    assert found.ledger_usd == contract_report(store, agreed(store), (), as_known=KNOWN).billed_usd
    assert [(one["kind"], one["usd"]) for one in found.contract_lines] == [
        ("capacity", 100), ("shortfall", Decimal("1.2548")), ("credit", -7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "currency", ["", "currency: {code: EUR, rates: {2026-09-01: 1.0837}}\n"], ids=["usd", "eur"]
)
def test_the_focus_export_of_the_contract_has_no_drift(store: Path, currency: str) -> None:
    (store.parent / "contract.yaml").write_text(AGREED + currency, encoding="utf-8")
    out = store.parent / "bill.parquet"
    export_focus(store, out, as_known=KNOWN, contract=agreed(store))
    found = against(store, out)
    assert abs(found.drift_usd) <= (Decimal("1e-13") if currency else 0)
    assert set(causes(found)) <= {"rounding"}
    assert found.currency == ("EUR" if currency else "USD")


def test_a_price_is_held_against_the_contract(store: Path) -> None:
    dearer = {**BILLED, ("gpt-4.1-mini", "input", 1_000_000): Decimal("0.36")}  # 10 % off the list, not 0.3
    found = against(store, invoice(store.parent, dearer, BESIDE))
    assert causes(found) == {"price": Decimal("0.09")}
    (item,) = found.causes[0].items
    assert (item.list_usd_per_mtok, item.billed_usd_per_mtok) == (Decimal("0.27"), Decimal("0.36"))
    assert found.causes[0].meaning == "another unit price than the contract's"


def test_all_lines_dearer_than_agreed_are_a_factor(store: Path) -> None:
    dearer = {key: usd * Decimal("1.25") for key, usd in BILLED.items()}
    found = against(store, invoice(store.parent, dearer, BESIDE))
    assert causes(found) == {"discount": Decimal("0.1863")}
    assert found.causes[0].meaning == "a factor common to all lines, beside the contract"


def test_fees_and_credits_are_held_against_the_contract_line_by_line(store: Path) -> None:
    other = {"Purchase of capacity: gate": Decimal(120), "VAT": Decimal(5)}
    found = against(store, invoice(store.parent, BILLED, other))
    assert causes(found) == {"purchase": 20 - Decimal("1.2548"), "credit": Decimal(7), "tax": Decimal(5)}
    told = {(one.model, one.kind): (one.usd, one.after) for cause in found.causes for one in cause.items}
    assert told["gate", "capacity"] == (20, "120 USD billed")
    assert told["promise", "shortfall"] == (Decimal("-1.2548"), "on no invoice")


def test_tokens_that_capacity_covers_are_missing_where_they_are_billed(store: Path) -> None:
    twice = {**BILLED, ("gpt-5-mini", "input", 900): Decimal("0.000225")}
    found = causes(against(store, invoice(store.parent, twice, BESIDE)))
    assert found == {
        "missing": Decimal("0.0002025"),
        "price": Decimal("0.0000225"),
    }  # 10 % off, which was not


def test_another_vendors_lines_are_not_of_the_invoice(store: Path) -> None:
    text = "commitments: [{provider: anthropic, usd: 5, per: month}]"
    (store.parent / "contract.yaml").write_text(text, encoding="utf-8")
    listed = {("gpt-4.1", "input", 200_000): Decimal("0.4"), ("gpt-4.1", "output", 1_000): Decimal("0.008"),
              ("gpt-4.1-mini", "input", 1_000_000): Decimal("0.4"),
              ("gpt-4.1-mini", "output", 100_000): Decimal("0.16"),
              ("gpt-5-mini", "input", 900): Decimal("0.000225"),
              ("gpt-5-mini", "output", 50): Decimal("0.0001")}  # fmt: skip
    assert against(store, invoice(store.parent, listed, {})).drift_usd == 0


def test_a_filter_is_refused(store: Path) -> None:
    with pytest.raises(ValueError, match="a contract is of all usage"):
        against(store, invoice(store.parent, BILLED, {}), where="model = x")
