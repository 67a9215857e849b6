"""FOCUS rows of usage: the specification's rules, the sum to the last digit, no row without a price."""

from __future__ import annotations

import csv
import importlib.util
import json
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import EXAMPLES, NOW, chat, take, write

from truecost.ledger import import_usage, usage_report
from truecost.ledger.focus.rows import COLUMNS, METERS, export_focus
from truecost.report.exports import table_csv

KNOWN = date(2026, 11, 22)
SCRIPT = Path(__file__).parents[3] / "scripts" / "check_focus.py"


def checker() -> ModuleType:
    """`scripts/check_focus.py`, whose rules are written from the specification."""
    spec = importlib.util.spec_from_file_location("check_focus", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_focus"] = module
    spec.loader.exec_module(module)
    return module


CHECK = checker()


def own(**told: Any) -> dict[str, Any]:
    """A row in the normal form; what is not told is a small call of gpt-4.1-mini."""
    plain = {"ts": "2026-10-20T12:00:00.25Z", "model": "gpt-4.1-mini", "provider": "openai",
             "input_tokens": 1000, "output_tokens": 100}  # fmt: skip
    return plain | told


EVERY = (
    own(request_id="a", feature="search", user="u-1"),
    own(request_id="b", cache_read_tokens=400, batch=True, feature="=1+1"),
    own(request_id="c", service_tier="priority", region="eu-west-1"),
    own(request_id="d", provider="azure", region="eu"),
    own(request_id="e", model="claude-sonnet-4-5", provider="anthropic", input_tokens=250_000,
        cache_write_5m_tokens=10, cache_write_1h_tokens=20, cache_read_tokens=30),
    own(request_id="f", model="gpt-5-mini", output_tokens=100, reasoning_tokens=60),
    own(request_id="g", model="gpt-4o-realtime-preview", audio_input_tokens=700, audio_output_tokens=50),
    own(request_id="h", model="sonar", provider="perplexity", ts="2026-11-21T12:00:00Z"),
    own(request_id="i", requests=50, input_tokens=50_000, output_tokens=5_000),
    own(request_id="j", model="nobody-knows-it"),
    {"ts": "2026-10-20T00:00:00Z", "request_id": "k", "kind": "fleet", "provider": "cloud",
     "model": "h100-sxm", "chip_hours": "17.123456789", "requests": 0},
    {"ts": "2026-10-21T00:00:00Z", "request_id": "l", "kind": "other", "provider": "=cloud",
     "model": "storage", "stated_usd": "12.340000000000001", "requests": 0},
    {"ts": "2026-10-21T00:00:00Z", "request_id": "m", "kind": "other", "provider": "=cloud",
     "model": "storage", "stated_usd": "0.5", "requests": 0},
    {"ts": "2026-10-21T00:00:00Z", "request_id": "n", "provider": "openrouter", "model": "some/model",
     "stated_usd": "0.0123", "input_tokens": 10, "output_tokens": 2},
)  # fmt: skip
"""A row of every kind that is priced, one that is not, and amounts that bills state."""


def exported(folder: Path, *records: Any, name: str = "out.csv", **how: Any) -> list[dict[str, str]]:
    """The rows of an export of some records, as text; "" where there is nothing."""
    take(folder, *records)
    export_focus(folder / "usage", folder / name, as_known=KNOWN, **how)
    return read(folder / name)


def read(path: Path) -> list[dict[str, str]]:
    """A CSV as rows of text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("by_request", [False, True], ids=["by-day", "by-request"])
@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_the_rules_of_the_specification_hold_for_every_kind_of_usage(
    tmp_path: Path, name: str, by_request: bool
) -> None:
    take(tmp_path, *EVERY)
    done = export_focus(tmp_path / "usage", tmp_path / name, as_known=KNOWN, by_request=by_request)
    rules, broken = CHECK.check(tmp_path / name)
    assert not broken, broken
    assert rules > 150
    assert [one.model for one in done.report.unpriced] == ["nobody-knows-it"]


def test_the_rules_hold_for_the_samples_and_the_sum_is_the_report_s(tmp_path: Path) -> None:
    import_usage(sorted(EXAMPLES.glob("*.jsonl")), tmp_path / "usage", now=NOW)
    done = export_focus(tmp_path / "usage", tmp_path / "out.parquet", as_known=KNOWN, month="2026-10")
    assert not CHECK.check(tmp_path / "out.parquet")[1]
    report = usage_report(tmp_path / "usage", (), as_known=KNOWN, month="2026-10")
    with duckdb.connect() as connection:
        sums = connection.execute(
            'SELECT sum("BilledCost"), sum("EffectiveCost"), sum("ListCost"), sum("ContractedCost"), count(*)'
            " FROM read_parquet(?)", [str(tmp_path / "out.parquet")],
        ).fetchall()[0]  # fmt: skip
    assert set(sums[:4]) == {report.total_usd}
    assert (done.billed_usd, done.rows) == (report.total_usd, sums[4])


BREAKING = [
    ("BilledCost", "1e-3", "NumericFormat"),
    ("BilledCost", "", "BilledCost MUST NOT be null"),
    ("ListUnitPrice", "9.5", "ListUnitPrice x PricingQuantity MUST be ListCost"),
    ("ContractedUnitPrice", "-1", "MUST NOT be negative"),
    ("ChargePeriodStart", "2026-10-20 00:00:00", "DateTimeFormat"),
    ("ChargePeriodStart", "2026-12-20T00:00:00Z", "a charge lies in its billing period"),
    ("BillingCurrency", "dollar", "three letters"),
    ("ServiceCategory", "Robots", "ServiceCategory: one of the allowed values"),
    ("ServiceSubcategory", "Virtual Machines", "one of those of AI and Machine Learning"),
    ("ChargeCategory", "usage", "ChargeCategory: one of the allowed values"),
    ("ChargeCategory", "Tax", "PricingQuantity MUST be null of a tax"),
    ("ChargeCategory", "Credit", "ConsumedQuantity MUST be null of all but usage"),
    ("SkuPriceId", "", "SkuPriceId MUST NOT be null of usage"),
    ("SkuId", "something/else", "one SkuId for a SkuPriceId"),
    ("PricingUnit", "1M tokens", "PricingUnit: UnitFormat"),
    ("Tags", '{"team": {"deep": 1}}', "Tags: KeyValueFormat"),
    ("Tags", "team=x", "Tags: KeyValueFormat"),
    ("RegionName", "Europe", "RegionName MUST be null where RegionId is"),
    ("CommitmentDiscountName", "plan", "CommitmentDiscountName MUST be null where CommitmentDiscountId is"),
    ("ConsumedUnit", "", "ConsumedUnit MUST NOT be null where ConsumedQuantity is not"),
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Rows that keep every rule."""
    folder = tmp_path_factory.mktemp("focus")
    return exported(folder, own(request_id="a", user="u-1"), own(request_id="b", user="u-2"))


@pytest.mark.parametrize(("column", "value", "rule"), BREAKING, ids=[f"{c}={v}" for c, v, _ in BREAKING])
def test_the_check_finds_what_breaks_a_rule(
    kept: list[dict[str, str]], tmp_path: Path, column: str, value: str, rule: str
) -> None:
    with (tmp_path / "bad.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        writer.writerows([kept[0] | {column: value}, *kept[1:]])
    try:
        broken = [one.rule for one in CHECK.check(tmp_path / "bad.csv")[1]]
    except duckdb.ConversionException as error:
        broken = [str(error)]
    assert any(rule in one for one in broken), broken


def test_a_missing_column_is_found(kept: list[dict[str, str]], tmp_path: Path) -> None:
    left = [column for column in COLUMNS if column != "ChargeClass"]
    with (tmp_path / "bad.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, left, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(kept)
    assert [one.rule for one in CHECK.check(tmp_path / "bad.csv")[1]] == ["ChargeClass MUST be present"]


def test_a_call_worked_by_hand(tmp_path: Path) -> None:
    # gpt-4.1-mini, USD a million: input 0.40, cached 0.10, output 1.60; cached tokens are in the 1,000,000
    rows = exported(tmp_path, chat(prompt=1_000_000, cached=800_000, output=100_000, user="u-1"))
    found = {row["x_TokenKind"]: row for row in rows}
    told = {
        kind: (row["PricingQuantity"], row["PricingUnit"], row["ListUnitPrice"], row["BilledCost"])
        for kind, row in found.items()
    }
    places = "0" * 13
    assert told == {
        "input": (f"0.20{places}", "1000000 Tokens", f"0.40{places}", f"0.08{places}"),
        "cache_read": (f"0.80{places}", "1000000 Tokens", f"0.10{places}", f"0.08{places}"),
        "output": (f"0.10{places}", "1000000 Tokens", f"1.60{places}", f"0.16{places}"),
    }
    row = found["cache_read"]
    assert (row["ConsumedQuantity"], row["ConsumedUnit"]) == ("800000.000000000", "Tokens")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == (
        "2026-10-05T00:00:00Z",
        "2026-10-06T00:00:00Z",
    )
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == (
        "2026-10-01T00:00:00Z",
        "2026-11-01T00:00:00Z",
    )
    assert (row["SkuId"], row["SkuPriceId"]) == (
        "openai/gpt-4.1-mini/cache_read",
        "openai/gpt-4.1-mini/cache_read/standard",
    )
    assert (row["ServiceName"], row["ServiceCategory"]) == ("gpt-4.1-mini API", "AI and Machine Learning")
    assert (row["Tags"], row["BillingAccountId"]) == ('{"user":"u-1"}', "usage")


def test_labels_are_tags_and_nothing_that_is_none(tmp_path: Path) -> None:
    asked = {"team": 'a "b"', "customer": "acme"}
    rows = exported(tmp_path, chat(1, user="u-1", feature="search", metadata=asked), chat(2))
    tags = [json.loads(row["Tags"]) for row in rows if row["x_TokenKind"] == "input"]
    told = {"team": 'a "b"', "user": "u-1", "customer": "acme", "feature": "search"}
    assert sorted(tags, key=len) == [{}, told]


def test_a_day_s_requests_of_the_same_labels_are_one_charge(tmp_path: Path) -> None:
    records = [
        own(request_id="a", user="u-1"),
        own(request_id="b", user="u-1"),
        own(request_id="c", user="u-2"),
    ]
    by_day = exported(tmp_path, *records)
    assert [(row["Tags"], row["x_Requests"]) for row in by_day if row["x_TokenKind"] == "output"] == [
        ('{"user":"u-1"}', "2"), ('{"user":"u-2"}', "1"),
    ]  # fmt: skip
    by_request = exported(tmp_path, *records, by_request=True)
    assert {row["x_RequestId"] for row in by_request} == {"a", "b", "c"}
    assert {(row["ChargePeriodStart"], row["ChargePeriodEnd"]) for row in by_request} == {
        ("2026-10-20T12:00:00Z", "2026-10-20T12:00:01Z")
    }


def test_what_is_told_apart_has_a_price_id_of_its_own(tmp_path: Path) -> None:
    rows = exported(tmp_path, *EVERY)
    ids = {row["SkuPriceId"] for row in rows if row["x_TokenKind"] in {"input", "chip_hour", "stated"}}
    assert ids >= {
        "openai/gpt-4.1-mini/input/standard",
        "openai/gpt-4.1-mini/input/batch",
        "openai/gpt-4.1-mini/input/priority",
        "azure/gpt-4.1-mini/input/standard",
        "anthropic/claude-sonnet-4-5/input/standard/from-200001-input-tokens",
        "cloud/h100-sxm/chip_hour/standard",
        "'=cloud/storage/stated/standard",
    }
    azure = next(row for row in rows if row["ProviderName"] == "azure")
    assert (azure["PublisherName"], azure["InvoiceIssuerName"]) == ("openai", "azure")
    assert {row["x_TokenKind"] for row in rows} == {one.token_kind for one in METERS} - {"image", "search"}


def test_what_a_bill_states_is_one_unit_of_that_amount(tmp_path: Path) -> None:
    rows = [row for row in exported(tmp_path, *EVERY) if row["x_TokenKind"] == "stated"]
    told = {
        row["x_Model"]: (row["PricingQuantity"], row["BilledCost"], row["ServiceCategory"]) for row in rows
    }
    one = "1.000000000000000"
    assert told == {
        "storage": (one, "12.840000000000001", "Other"),
        "some/model": (one, "0.012300000000000", "AI and Machine Learning"),
    }
    assert {row["PricingCategory"] for row in rows} == {"Other"}


def test_a_bill_that_names_no_seller_is_a_gap_and_not_a_guess(tmp_path: Path) -> None:
    record = own(kind="other", stated_usd="3", provider="", model="storage")
    (row,) = exported(tmp_path, record)
    assert (row["ProviderName"], row["x_Gap"]) == ("", "the log names no provider")


def test_usage_without_a_price_is_no_row(tmp_path: Path) -> None:
    assert exported(tmp_path, own(model="nobody-knows-it"), own(service_tier="golden")) == []
    header = (tmp_path / "out.csv").read_text(encoding="utf-8").strip()
    assert header == ",".join(COLUMNS)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "plain"])
def test_a_formula_is_defused_as_in_every_other_csv(tmp_path: Path, start: str) -> None:
    record = own(kind="other", stated_usd="3", provider="p", model=f"{start}x")
    (row,) = exported(tmp_path, record)
    cell = row["x_Model"]
    assert cell == table_csv([], [[f"{start}x"]]).splitlines()[1]


def test_parquet_holds_exact_types_and_says_its_version(tmp_path: Path) -> None:
    take(tmp_path, own())
    export_focus(tmp_path / "usage", tmp_path / "out.parquet", as_known=KNOWN)
    with duckdb.connect() as connection:
        kinds = dict(
            one[:2] for one in connection.execute(f"DESCRIBE FROM '{tmp_path / 'out.parquet'}'").fetchall()
        )
        about = dict(connection.execute(
            "SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)", [str(tmp_path / "out.parquet")]
        ).fetchall())  # fmt: skip
    assert (kinds["BilledCost"], kinds["ListUnitPrice"]) == ("DECIMAL(38,15)", "DECIMAL(38,15)")
    assert kinds["ChargePeriodStart"] == "TIMESTAMP WITH TIME ZONE"
    assert about["FocusVersion"] == "1.2"
    assert tuple(kinds) == COLUMNS


amounts = st.builds(
    own,
    model=st.sampled_from(["gpt-4.1-mini", "gpt-5-mini", "gpt-4.1", "nobody-knows-it"]),
    input_tokens=st.integers(0, 400_000),
    output_tokens=st.integers(0, 50_000),
    requests=st.sampled_from([1, 1, 7]),
    batch=st.booleans(),
    user=st.sampled_from(["u-1", "u'; DROP TABLE usage; --", "é\n"]),
    ts=st.datetimes(datetime(2026, 9, 1), datetime(2026, 11, 1)).map(lambda at: at.isoformat() + "Z"),
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=st.lists(amounts, min_size=1, max_size=20), by_request=st.booleans())
def test_the_sum_is_the_report_s_for_any_usage(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], by_request: bool
) -> None:
    folder = tmp_path_factory.mktemp("any")
    write(folder / "log.jsonl", records)
    import_usage([folder / "log.jsonl"], folder / "usage", now=NOW)
    done = export_focus(folder / "usage", folder / "out.csv", as_known=KNOWN, by_request=by_request)
    assert done.billed_usd == done.report.total_usd
    rows = read(folder / "out.csv")
    assert sum((Decimal(row["BilledCost"]) for row in rows), Decimal(0)) == done.report.total_usd
