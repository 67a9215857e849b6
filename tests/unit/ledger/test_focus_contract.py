"""FOCUS rows under a contract: its totals to the last digit, the rules, rows worked by hand."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.logs import take
from tests.unit.ledger.test_contract import row
from tests.unit.ledger.test_focus_rows import CHECK, EVERY, read

from truecost.ledger.contracts.contract import Contract, contract_of
from truecost.ledger.contracts.report import contract_report
from truecost.ledger.focus.rows import FocusExport, export_focus

KNOWN = date(2026, 11, 22)
ZERO = Decimal(0)
ALL = """
name: everything
rates:
  - {model: gpt-4.1-mini*, usd_per_mtok: {input: 0.32, output: 1.28}}
  - {provider: anthropic, discount: 8 %}
volume:
  - {model: gpt-4.1-mini*, measure: tokens, rule: graduated,
     tiers: [{starts_at: 0, discount: 0}, {starts_at: 2000, discount: 10 %}]}
capacity:
  - {name: gate, provider: openai, model: gpt-5-mini, usd_per_hour: 0.37, tokens_per_minute: 70,
     output_weight: 4, cached_weight: 0.25}
commitments: [{provider: anthropic, usd: 2, per: month, discount: 5 %}]
credits: [{name: welcome, usd: 0.3, valid_from: 2026-09-01}]
"""
EURO = f"{ALL}currency: {{code: EUR, rates: {{2026-09-01: 1.0837, 2026-10-15: 1.07}}}}\n"


def agreed(tmp_path: Path, text: str) -> Contract:
    """A contract as a file has it."""
    (tmp_path / "contract.yaml").write_text(text, encoding="utf-8")
    return contract_of(tmp_path / "contract.yaml")


def sums(rows: list[dict[str, str]], column: str, **where: str) -> Decimal:
    """The sum of a column, of the rows with these values."""
    chosen = [one for one in rows if all(one[key] == value for key, value in where.items())]
    return sum((Decimal(one[column]) for one in chosen), ZERO)


def exported(
    tmp_path: Path, contract: str, *records: dict[str, Any], **how: Any
) -> tuple[FocusExport, list[dict[str, str]]]:
    """The export of some records under a contract, and its rows."""
    take(tmp_path, *records)
    out = tmp_path / "out.csv"
    done = export_focus(tmp_path / "usage", out, as_known=KNOWN, contract=agreed(tmp_path, contract), **how)
    assert not CHECK.check(out)[1]
    return done, read(out)


def holds_the_report(store: Path, contract: Contract, out: Path, **how: Any) -> None:
    """Rows sum to the report: billed, and effective without credits, in USD and in the currency."""
    done = export_focus(store, out, as_known=KNOWN, contract=contract, **how)
    report = contract_report(store, contract, (), as_known=KNOWN, month=how.get("month"))
    assert done.contract is not None
    assert (done.billed_usd, done.contract.effective_usd) == (report.billed_usd, report.effective_usd)
    assert done.unpriced_entries == report.total["unpriced_entries"]
    rows = read(out)
    names = (
        ("billed_in_currency", "effective_in_currency")
        if contract.currency
        else ("billed_usd", "effective_usd")
    )
    billed, effective = (report.total[one] for one in names)
    assert sums(rows, "BilledCost") == billed
    assert sums(rows, "EffectiveCost") - sums(rows, "EffectiveCost", ChargeCategory="Credit") == effective
    if contract.currency:
        told = [one for one in rows if one["ChargeCategory"] != "Credit"]
        assert sums(told, "PricingCurrencyEffectiveCost") == report.effective_usd


@pytest.mark.parametrize(("text", "name", "by_request"), [
    (ALL, "out.csv", False), (EURO, "out.parquet", True),
], ids=["usd-by-day", "eur-by-request"])  # fmt: skip
def test_the_rules_hold_for_every_kind_of_usage(
    tmp_path: Path, text: str, name: str, by_request: bool
) -> None:
    take(tmp_path, *EVERY, row(1, "2026-09-30T23:59:59Z", input_tokens=3000, output_tokens=7))
    out = tmp_path / name
    contract = agreed(tmp_path, text)
    export_focus(tmp_path / "usage", out, as_known=KNOWN, contract=contract, by_request=by_request)
    rules, broken = CHECK.check(out)
    assert not broken, broken
    assert rules >= 180


def test_a_negotiated_price_and_a_commitment_by_hand(tmp_path: Path) -> None:
    contract = """
rates: [{usd_per_mtok: {input: 0.3}}]
commitments: [{name: promise, provider: openai, usd: 1, per: month, discount: 10 %}]
"""
    _, rows = exported(tmp_path, contract, row(input_tokens=1_000_000))
    used, short = rows
    told = {key: Decimal(used[key]) for key in ("ListCost", "ContractedCost", "EffectiveCost", "BilledCost")}
    assert told == {
        "ListCost": Decimal("0.4"), "ContractedCost": Decimal("0.3"),
        "EffectiveCost": Decimal("0.27"), "BilledCost": Decimal("0.27"),
    }  # fmt: skip
    assert (Decimal(used["ListUnitPrice"]), Decimal(used["ContractedUnitPrice"])) == (
        Decimal("0.4"),
        Decimal("0.3"),
    )
    assert (used["CommitmentDiscountStatus"], used["PricingCategory"]) == ("Used", "Committed")
    assert (short["ChargeCategory"], short["CommitmentDiscountStatus"]) == ("Usage", "Unused")
    assert Decimal(short["BilledCost"]) == Decimal(short["EffectiveCost"]) == Decimal("0.73")
    names = ("CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountCategory")
    assert [[one[key] for key in names] for one in rows] == [["commitments.0", "promise", "Spend"]] * 2
    quantities = [Decimal(one["CommitmentDiscountQuantity"]) for one in rows]
    assert quantities == [Decimal("0.27"), Decimal("0.73")]


def test_capacity_is_bought_used_and_left_by_hand(tmp_path: Path) -> None:
    contract = """
capacity: [{name: gate, provider: openai, model: house-7b, usd_per_hour: 10, tokens_per_minute: 1000}]
"""
    used = row(1, model="house-7b", input_tokens=300, output_tokens=100)
    done, rows = exported(tmp_path, contract, used)
    fee, room = Decimal(7440), 1000 * 60 * 24 * 31  # USD of October, and tokens
    by_kind = {one["x_TokenKind"]: one for one in rows if one["CommitmentDiscountStatus"] == "Used"}
    parts = {kind: Decimal(one["EffectiveCost"]) for kind, one in by_kind.items()}
    assert sum(parts.values()) == (fee * 400 / room).quantize(Decimal("1e-15"))
    assert abs(parts["input"] - 3 * parts["output"]) < Decimal("1e-12")  # rounded by the token
    assert {one["BilledCost"] for one in by_kind.values()} == {"0.000000000000000"}
    assert all(one["x_Gap"].startswith("no price by the token") for one in by_kind.values())
    (bought,) = (one for one in rows if one["ChargeCategory"] == "Purchase")
    assert (Decimal(bought["BilledCost"]), Decimal(bought["EffectiveCost"])) == (fee, 0)
    assert (bought["PricingQuantity"], bought["PricingUnit"]) == ("744.000000000000000", "Hours")
    (idle,) = (one for one in rows if one["CommitmentDiscountStatus"] == "Unused")
    assert Decimal(idle["BilledCost"]) == 0
    assert Decimal(idle["EffectiveCost"]) == fee - sum(parts.values())
    counts = [Decimal(one["CommitmentDiscountQuantity"]) for one in (*by_kind.values(), idle)]
    assert sum(counts) == Decimal(bought["CommitmentDiscountQuantity"]) == room
    assert done.unpriced_entries == 0


def test_a_tier_of_volume_is_a_price_of_its_own(tmp_path: Path) -> None:
    contract = """
volume:
  - {measure: tokens, rule: graduated,
     tiers: [{starts_at: 0, discount: 0}, {starts_at: 1000, discount: 50 %}]}
"""
    calls = [row(n, f"2026-10-20T12:0{n}:00Z", input_tokens=1000) for n in (1, 2)]
    _, rows = exported(tmp_path, contract, *calls)
    prices = {one["SkuPriceId"]: Decimal(one["ContractedUnitPrice"]) for one in rows}
    sku = "openai/gpt-4.1-mini/input/standard"
    assert prices == {sku: Decimal("0.4"), f"{sku}/from-volume-1000": Decimal("0.2")}


def test_a_price_that_the_list_lacks_is_named(tmp_path: Path) -> None:
    contract = "rates: [{model: own-model, usd_per_mtok: {input: 2}}]"
    done, rows = exported(
        tmp_path, contract, row(model="own-model", input_tokens=500_000), row(2, model="lost")
    )
    (told,) = rows
    assert Decimal(told["ListCost"]) == Decimal(told["BilledCost"]) == 1
    assert told["x_Gap"] == "no list price: the contracted one stands in for it"
    assert done.unpriced_entries == 0  # the lost one used nothing


def test_a_bill_in_euro_names_its_rate(tmp_path: Path) -> None:
    contract = "currency: {code: EUR, rates: {2026-10-01: 1.08, 2026-10-20: 1.25}}"
    _, rows = exported(tmp_path, contract, row(input_tokens=1_000_000))
    (told,) = rows
    assert (told["BillingCurrency"], told["PricingCurrency"]) == ("EUR", "USD")
    assert (Decimal(told["BilledCost"]), Decimal(told["ListUnitPrice"])) == (Decimal("0.32"), Decimal("0.32"))
    assert Decimal(told["PricingCurrencyListUnitPrice"]) == Decimal("0.4")
    assert (Decimal(told["x_UsdForOne"]), told["x_RateDate"]) == (Decimal("1.25"), "2026-10-20")


def test_what_cannot_be_said_is_refused(tmp_path: Path) -> None:
    take(tmp_path, row(input_tokens=1))
    late = agreed(tmp_path, "currency: {code: EUR, rates: {2027-01-01: 1.08}}")
    with pytest.raises(LookupError, match="no rate of EUR on 2026-10-31"):
        export_focus(tmp_path / "usage", tmp_path / "out.csv", as_known=KNOWN, contract=late)
    with pytest.raises(ValueError, match="a contract is of all usage"):
        export_focus(tmp_path / "usage", tmp_path / "out.csv", where="model = x", contract=late)


@pytest.mark.parametrize(("text", "how"), [
    (EURO, {"by_request": True}), (ALL, {"month": "2026-10"}),
], ids=["eur-two-months", "usd-one-month"])  # fmt: skip
def test_any_usage_holds_the_report(tmp_path: Path, text: str, how: dict[str, Any]) -> None:
    chance = random.Random(7)
    models = ("gpt-4.1-mini", "gpt-5-mini", "claude-sonnet-4-5", "nobody-knows-it")
    calls = [
        row(
            n, f"2026-{chance.choice(('09-30', '10-01', '10-02'))}T12:0{n % 3}:{n % 60:02}Z",
            model=chance.choice(models), provider="", input_tokens=(whole := chance.randrange(90_000)),
            cache_read_tokens=chance.randrange(whole + 1), output_tokens=chance.randrange(9_000),
            reasoning_tokens=0, batch=chance.random() < 0.2,
        )
        for n in range(60)
    ]  # fmt: skip
    take(tmp_path, *calls)
    holds_the_report(tmp_path / "usage", agreed(tmp_path, text), tmp_path / "out.csv", **how)
