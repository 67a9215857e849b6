"""FOCUS rows: the columns that 1.3 requires, allowed values, real vendors or a named gap, sums that hold."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.plan.specs import fleet, product, programme

import truecost
from truecost.lines import Category, Payee
from truecost.plan.result import Result
from truecost.report.exports import focus_csv
from truecost.report.focus import FOCUS_COLUMNS, GAPS, MANDATORY, SUBCATEGORIES, VENDOR_COLUMNS

SERVICE_CATEGORIES = {
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Multicloud",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Networking",
    "Security",
    "Storage",
    "Web",
    "Other",
}
CHARGE_CATEGORIES = {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
UNIT = re.compile(r"([1-9][0-9]* )?([A-Z][a-z]+(-[A-Z][a-z]+)*|kWh)")


def rows_of(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(focus_csv(result.monthly, result.statement()["name"]))))


def total(rows: list[dict[str, str]], column: str) -> float:
    return sum(float(row[column]) for row in rows)


PLANS = [product(), fleet(), fleet(serving__chat__self_hosted__purchase="owned"), programme()]


@pytest.mark.parametrize("spec", PLANS, ids=["api", "rented", "owned", "programme"])
def test_rows_have_the_columns_and_values_of_the_specification(spec: dict[str, Any]) -> None:
    rows = rows_of(truecost.plan(spec, draws=64))
    assert set(MANDATORY) <= set(rows[0])
    of_focus = [column for column in rows[0] if not column.startswith("x_")]
    assert of_focus == sorted(of_focus) == list(FOCUS_COLUMNS)[: len(of_focus)]
    for row in rows:
        assert row["ServiceCategory"] in SERVICE_CATEGORIES
        assert row["ChargeCategory"] in CHARGE_CATEGORIES
        assert row["ChargeClass"] == ""
        assert row["BillingCurrency"] == "USD"
        assert row["ServiceName"]
        assert row["ChargePeriodStart"] < row["ChargePeriodEnd"]
        assert bool(row["PricingUnit"]) == bool(row["PricingQuantity"])
        assert not row["PricingUnit"] or UNIT.fullmatch(row["PricingUnit"])
        assert bool(row["SkuId"]) == bool(row["SkuPriceId"])
        assert bool(row["ServiceProviderName"]) != bool(row["x_Gap"])
        assert not {"None", "nan"} & set(row.values())


@pytest.mark.parametrize("spec", PLANS, ids=["api", "rented", "owned", "programme"])
def test_sums_are_those_of_the_plan(spec: dict[str, Any]) -> None:
    result = truecost.plan(spec, draws=64)
    rows = rows_of(result)
    statement = result.statement()
    assert total(rows, "EffectiveCost") == pytest.approx(statement["total_usd"]["mean"])
    assert total(rows, "ContractedCost") == pytest.approx(statement["total_usd"]["mean"])
    assert total(rows, "BilledCost") == pytest.approx(statement["cash_total_usd"]["mean"])
    assert total(rows, "ListCost") == pytest.approx(sum(line["list_usd"] for line in statement["lines"]))


def test_every_payee_and_category_has_its_words() -> None:
    assert set(GAPS) == set(Payee)
    assert set(SUBCATEGORIES) == set(Category)
    assert {category.value for category in Category} <= SERVICE_CATEGORIES


def test_an_api_line_names_its_vendor_model_and_price() -> None:
    row = next(r for r in rows_of(truecost.plan(product(), draws=64)) if r["x_Payee"] == "model vendor")
    assert {row[column] for column in VENDOR_COLUMNS} == {"openai"}
    assert row["ServiceName"] == "gpt-4.1-mini API"
    assert (row["SkuId"], row["SkuPriceId"]) == ("openai/gpt-4.1-mini", "openai/gpt-4.1-mini/standard")
    assert row["ServiceCategory"] == "AI and Machine Learning"
    assert row["PricingUnit"] == "1000000 Tokens"
    assert row["ListCost"] == row["ContractedCost"] == row["EffectiveCost"]


def test_another_seller_of_the_model_is_the_one_named() -> None:
    spec = product(serving__chat__api__provider="azure")
    assert {r["ServiceProviderName"] for r in rows_of(truecost.plan(spec, draws=16))} == {"azure", ""}


def test_a_routed_call_names_the_other_vendor() -> None:
    spec = product(serving__chat__levers={"route": {"model": "claude-3-5-haiku", "share": 0.5}})
    named = {r["ServiceProviderName"] for r in rows_of(truecost.plan(spec, draws=16))}
    assert {"openai", "anthropic"} <= named


def test_a_class_that_waits_pays_the_batch_price() -> None:
    spec = product(demand__requests__chat__latency="batch")
    rows = rows_of(truecost.plan(spec, draws=16))
    assert "openai/gpt-4.1-mini/batch" in {row["SkuPriceId"] for row in rows}


@pytest.mark.parametrize("discount", [0.25, "0.1 .. 0.3", 1.0])
def test_list_cost_is_before_a_negotiated_discount(discount: float | str) -> None:
    without = rows_of(truecost.plan(product(), draws=64))
    rows = rows_of(truecost.plan(product(serving__chat__api__discount=discount), draws=64))
    for before, row in zip(without, rows, strict=True):
        assert float(row["ListCost"]) == pytest.approx(float(before["EffectiveCost"]))
        is_api = row["x_Payee"] == "model vendor"
        assert (float(row["EffectiveCost"]) < float(row["ListCost"])) == is_api
        assert row["ContractedCost"] == row["EffectiveCost"]
    if discount == 0.25:
        api = [row for row in rows if row["x_Payee"] == "model vendor"]
        assert total(api, "EffectiveCost") == pytest.approx(0.75 * total(api, "ListCost"))


def test_list_cost_is_the_vendors_list_where_an_overlay_holds_a_negotiated_price(tmp_path: Path) -> None:
    overlay = tmp_path / "ours.yaml"
    overlay.write_text(
        "checked: 2026-11-01\nprices: {openai/gpt-4.1-mini: {input: 0.2, output: 0.8}}\n", encoding="utf-8"
    )
    listed = rows_of(truecost.plan(product(), draws=16))
    rows = rows_of(truecost.plan(product(), draws=16, catalog=overlay))
    api, api_listed = ([r for r in each if r["x_Payee"] == "model vendor"] for each in (rows, listed))
    assert total(api, "ListCost") == pytest.approx(total(api_listed, "EffectiveCost"))
    assert total(api, "EffectiveCost") == pytest.approx(total(api, "ListCost") / 2)


def test_a_cloud_that_nobody_names_is_a_gap_and_not_a_guess() -> None:
    rent = next(r for r in rows_of(truecost.plan(fleet(), draws=16)) if r["x_Payee"] == "cloud")
    assert {rent[column] for column in VENDOR_COLUMNS} == {""}
    assert rent["x_Gap"] == "the plan names no cloud"
    assert rent["ServiceName"].startswith("h100-sxm, ")
    assert (rent["ServiceCategory"], rent["PricingUnit"]) == ("Compute", "Chip-Hours")


def test_a_quote_is_ai_of_no_known_vendor() -> None:
    spec = product()
    spec["serving"]["chat"] = {"quoted": {"usd_per_query": 0.01, "source": "a talk"}}
    row = next(r for r in rows_of(truecost.plan(spec, draws=16)) if ".quoted" in r["x_Component"])
    assert (row["ServiceCategory"], row["ServiceProviderName"]) == ("AI and Machine Learning", "")
    assert row["PricingUnit"] == "Queries"
