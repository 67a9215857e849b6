"""The margin: revenue less cost by customer, conserved, with what is not known said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.logs import take

from truecost.ledger import usage_report
from truecost.ledger.contracts.contract import contract_of
from truecost.ledger.invoices import InvoiceError
from truecost.ledger.margin import margins

KNOWN = date(2026, 11, 22)


def used(number: int, customer: str | None, tokens: int, **more: Any) -> dict[str, Any]:
    """A request of gpt-4.1: 2 USD a million tokens of input."""
    return {
        "ts": "2026-10-05T12:00:00Z", "provider": "openai", "model": "gpt-4.1", "request_id": f"r{number}",
        "input_tokens": tokens, "output_tokens": 0, "customer": customer, **more,
    }  # fmt: skip


CALLS = [
    used(1, "acme", 5_000_000),
    used(2, "bravo", 1_000_000),
    used(3, "bravo", 500_000, model="house-7b"),
    used(4, None, 250_000),
    used(5, "coda", 100_000),
]
REVENUE = (
    "customer,month,plan,revenue\nacme,2026-10,pro,4\nacme,2026-10,pro,2\nbravo,2026-10,team,50\n"
    "delta,2026-10,team,50\nacme,2026-09,pro,999\n"
)


def report(tmp_path: Path, revenue: str = REVENUE, **how: Any) -> Any:
    """The margins of the calls against a file of revenue."""
    take(tmp_path, *CALLS)
    (tmp_path / "revenue.csv").write_text(revenue)
    return margins(tmp_path / "usage", tmp_path / "revenue.csv", as_known=KNOWN, **how)


def test_worked_by_hand_the_worst_first(tmp_path: Path) -> None:
    found = report(tmp_path, month="2026-10")
    told = [(one.name, one.revenue_usd, one.cost_usd, one.margin_usd) for one in found.customers]
    assert told == [
        ("acme", 6, 10, -4),
        ("coda", 0, Decimal("0.2"), Decimal("-0.2")),
        ("bravo", 50, 2, 48),
        ("delta", 50, 0, 50),
    ]
    assert found.customers[0].margin_share == Decimal("-0.666666666666667")
    assert found.left_out_rows == 1


def test_costs_are_conserved_to_the_last_digit(tmp_path: Path) -> None:
    found = report(tmp_path, month="2026-10")
    whole = usage_report(tmp_path / "usage", (), month="2026-10", as_known=KNOWN).total_usd
    assert sum(one.cost_usd for one in found.customers) + found.unattributed.cost_usd == whole
    assert found.unattributed.cost_usd == Decimal("0.5")
    assert found.total.cost_usd == whole
    assert found.total.margin_usd == 106 - whole
    assert sum(one.cost_usd for one in found.plans) == whole - found.unattributed.cost_usd


def test_an_unpriced_request_makes_a_margin_at_most(tmp_path: Path) -> None:
    found = {one.name: one for one in report(tmp_path, month="2026-10").customers}
    assert (found["bravo"].is_at_most, found["bravo"].unpriced_entries) == (True, 1)
    assert not found["acme"].is_at_most


def test_who_has_the_one_without_the_other(tmp_path: Path) -> None:
    found = report(tmp_path, month="2026-10")
    assert [one.name for one in found.customers if not one.has_revenue] == ["coda"]
    assert [one.name for one in found.customers if not one.has_cost] == ["delta"]
    assert found.customers[1].margin_share is None, "no share of no revenue"


def test_the_fewest_that_make_most_of_the_cost(tmp_path: Path) -> None:
    assert report(tmp_path, month="2026-10").most_of_cost == ("acme",)  # 10 of 12.2


def test_revenue_in_another_currency(tmp_path: Path) -> None:
    text = "customer,date,currency,revenue\nacme,2026-10-31,EUR,10\n"
    found = report(tmp_path, text, usd_per={"EUR": Decimal("1.1")})
    assert {one.name: one.revenue_usd for one in found.customers}["acme"] == 11
    with pytest.raises(InvoiceError, match=r"revenue.csv:2: EUR: say what one is worth: --usd-per EUR=1.08"):
        margins(tmp_path / "usage", tmp_path / "revenue.csv", as_known=KNOWN)


def test_names_that_differ_in_case_are_told_and_not_joined(tmp_path: Path) -> None:
    found = report(tmp_path, "customer,usd\nAcme,5\n")
    assert found.same_but_for_case == (("Acme", "acme"),)
    assert {one.name for one in found.customers} >= {"Acme", "acme"}


def test_by_a_tag(tmp_path: Path) -> None:
    take(
        tmp_path,
        used(1, None, 1_000_000, tags={"team": "red"}),
        name="tags.jsonl",
        mapping={"tag:team": "tags.team"},
    )
    (tmp_path / "revenue.csv").write_text("team,usd\nred,5\n")
    found = margins(tmp_path / "usage", tmp_path / "revenue.csv", "tag:team", as_known=KNOWN)
    assert [(one.name, one.margin_usd) for one in found.customers] == [("red", 3)]


@pytest.mark.parametrize(("text", "message"), [
    ("who,usd\nacme,1\n", r"no column is 'customer'; name it with --map customer=COLUMN"),
    ("customer,usd\nacme,x\n", r"csv:2: usd: 'x' is no number"),
    ("customer,usd\n,1\n", r"csv:2: customer: there is no name"),
])  # fmt: skip
def test_what_is_not_understood_is_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvoiceError, match=message):
        report(tmp_path, text)


def test_under_a_contract_costs_are_effective_and_what_nobody_used_is_of_no_customer(tmp_path: Path) -> None:
    take(tmp_path, used(1, "acme", 5_000_000), used(2, None, 1_000_000))
    (tmp_path / "revenue.csv").write_text("customer,usd\nacme,10\n")
    (tmp_path / "contract.yaml").write_text(
        "rates: [{discount: 50 %}]\ncommitments: [{provider: openai, usd: 9, per: month, discount: 20 %}]"
    )
    agreed = contract_of(tmp_path / "contract.yaml")
    found = margins(tmp_path / "usage", tmp_path / "revenue.csv", as_known=KNOWN, contract=agreed)
    (acme,) = found.customers  # 2 USD, half of it, 20 % off that; 4.8 of the 9 promised were used
    assert (acme.cost_usd, acme.margin_usd) == (4, 6)
    assert found.unattributed.cost_usd == Decimal("0.8") + Decimal("4.2")
    assert found.beside_use_usd == Decimal("4.2")
    assert found.total.cost_usd == 9
