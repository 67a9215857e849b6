"""Invoices: each format as vendors write it, and what is no invoice refused with its place."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import EXAMPLES

from truecost.ledger.engine import connected
from truecost.ledger.invoices import Category, InvoiceError, Meter, read_invoice
from truecost.ledger.invoices.line import amount, metered, tokens_in


def text(tmp_path: Path, content: str, name: str = "invoice.csv") -> Path:
    """A file with this content."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(("item", "meter"), [
    ("gpt-4.1-mini-2025-04-14, input", Meter("gpt-4.1-mini-2025-04-14", "input")),
    ("gpt-4o-mini-2024-07-18, cached input", Meter("gpt-4o-mini-2024-07-18", "cache_read")),
    ("gpt-5.4-mini, cache writes", Meter("gpt-5.4-mini", "cache_write_5m")),
    ("priority | gpt-5.6-sol, output, long context", Meter("gpt-5.6-sol", "output", "priority")),
    ("gpt-audio-mini-2025-12-15 audio, input", Meter("gpt-audio-mini-2025-12-15", "other")),
    ("web search tool calls", Meter("", "other")),
    ("Claude Sonnet 4.5 Usage - Input Tokens, Cache Read", Meter("Claude Sonnet 4.5", "cache_read")),
    ("GPT-4.1 mini output tokens", Meter("GPT-4.1 mini", "output")),
])  # fmt: skip
def test_a_description_says_what_is_metered(item: str, meter: Meter) -> None:
    assert metered(item) == meter


@pytest.mark.parametrize(("written", "value"), [
    ("$1,234.50", "1234.50"), ("(3.20)", "-3.20"), ("-0.5", "-0.5"), ("EUR 12", "12"), ("1.5e-3", "0.0015"),
])  # fmt: skip
def test_amounts_as_they_are_written(written: str, value: str) -> None:
    assert amount(written, "a:1", "amount") == Decimal(value)


@pytest.mark.parametrize("written", ["1.234,50", "12,5", "NaN", "inf", "1e99", "abc", "--1", ""])
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(InvoiceError, match=r"a:1: amount: .* is no number; write 1234\.50"):
        amount(written, "a:1", "amount")


def test_units_of_tokens() -> None:
    found = [tokens_in(one, "") for one in ("tokens", "1M tokens", "1000 Tokens", "per 1K tokens", "GB")]
    assert found == [1, 10**6, 1000, 1000, None]


def test_openai_amounts_are_dollars_and_read_to_the_last_digit(tmp_path: Path) -> None:
    page = (
        '{"object": "page", "data": [{"object": "bucket", "start_time": 1790812800, "end_time": 1790899200,'
        ' "results": [{"amount": {"value": 0.1234567890123456789, "currency": "usd"},'
        ' "line_item": "gpt-4.1, cached input", "quantity": 900}, {"amount": {"value": 3, "currency": "usd"},'
        ' "line_item": null}]}, {"object": "bucket", "start_time": 1790899200, "end_time": 1790985600,'
        ' "results": []}]}'
    )
    found = read_invoice(text(tmp_path, page, "costs.json"))
    one, total = found.lines
    assert (one.amount, one.quantity, one.meter.kind) == (Decimal("0.1234567890123456789"), 900, "cache_read")
    assert (total.amount, total.meter) == (3, Meter())
    assert found.span == (date(2026, 10, 1), date(2026, 10, 3)), "days without a cost are covered too"


def test_the_dashboards_csv_of_openai(tmp_path: Path) -> None:
    table = (
        "start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id\n"
        "1790812800,1790899200,2026-10-01T00:00:00+00:00,2026-10-02T00:00:00+00:00,0.25,usd,"
        '"gpt-4.1, output",p\n'
        "1790899200,1790985600,2026-10-02T00:00:00+00:00,2026-10-03T00:00:00+00:00,,,,\n"
    )
    found = read_invoice(text(tmp_path, table))
    assert (found.format, len(found.lines), found.lines[0].amount) == ("openai-costs", 1, Decimal("0.25"))
    assert found.span == (date(2026, 10, 1), date(2026, 10, 3))


def test_anthropics_report_is_in_cents(tmp_path: Path) -> None:
    result = {"amount": "123.45", "currency": "USD", "model": "claude-sonnet-4-5", "service_tier": "batch",
              "token_type": "cache_creation.ephemeral_1h_input_tokens", "cost_type": "tokens"}  # fmt: skip
    search = {"amount": "2", "currency": "USD", "cost_type": "web_search", "description": "Web Search Usage"}
    bucket = {"starting_at": "2026-10-01T00:00:00Z", "ending_at": "2026-10-02T00:00:00Z",
              "results": [result, search]}  # fmt: skip
    found = read_invoice(text(tmp_path, json.dumps({"data": [bucket]}), "report.json"))
    assert [one.amount for one in found.lines] == [Decimal("1.2345"), Decimal("0.02")]
    assert found.lines[0].meter == Meter("claude-sonnet-4-5", "cache_write_1h", "standard", True)
    assert found.lines[1].meter.kind == "other"


def test_the_consoles_csv_of_anthropic_is_in_dollars(tmp_path: Path) -> None:
    table = (
        "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,cost_type\n"
        "2026-08-04,Claude Haiku 4.5,Default,k,message,≤ 200k,input_no_cache,0.05,token\n"
        "2026-08-05,Claude Sonnet 4.5,Default,k,message,≤ 200k,input_cache_read,0.10,token\n"
    )
    found = read_invoice(text(tmp_path, table))
    assert [(one.meter.kind, one.amount) for one in found.lines] == [
        ("input", Decimal("0.05")), ("cache_read", Decimal("0.10")),
    ]  # fmt: skip


def test_a_bill_in_focus_as_csv_and_as_parquet_is_the_same(tmp_path: Path) -> None:
    path = EXAMPLES / "invoice-focus.csv"
    parquet = tmp_path / "bill.parquet"
    with connected() as connection:
        connection.execute(f"COPY (SELECT * FROM read_csv('{path}')) TO '{parquet}' (FORMAT parquet)")
    csv, same = read_invoice(path), read_invoice(parquet)

    def told(invoice: Any) -> list[tuple[Any, ...]]:
        return [
            (one.since, one.until, one.meter, one.quantity, one.amount, one.billed, one.category)
            for one in invoice.lines
        ]

    assert told(csv) == told(same)
    assert (csv.format, csv.left_out, csv.left_out_amount) == ("focus", 1, Decimal("61.25"))
    by_category = {one.category for one in csv.lines}
    assert by_category == {Category.USAGE, Category.PURCHASE, Category.TAX}
    covered = [one for one in csv.lines if one.category is Category.USAGE and one.billed != one.amount]
    assert {one.meter.model for one in covered} == {"claude-haiku-4-5"}
    assert {one.meter.batch for one in csv.lines if "batch" in one.description} == {True}


def test_columns_of_ones_own_names(tmp_path: Path) -> None:
    table = "Datum;Modell;Art;Menge;Betrag\n2026-10;gpt-4.1;Input;1.5;€ 3.00\n"
    mapping = {"date": "Datum", "model": "Modell", "kind": "Art", "amount": "Betrag"}
    (line,) = read_invoice(text(tmp_path, table), mapping).lines
    assert (line.currency, line.amount, line.meter) == ("EUR", 3, Meter("gpt-4.1", "input"))
    assert (line.since, line.until) == (date(2026, 10, 1), date(2026, 11, 1))


def test_a_quantity_and_a_unit_price_make_an_amount(tmp_path: Path) -> None:
    table = "date,model,kind,quantity,unit,unit_price\n2026-10-05,o3,output,2,1M tokens,0.000008\n"
    (line,) = read_invoice(text(tmp_path, table)).lines
    assert (line.quantity, line.amount) == (2_000_000, 16)


HEAD = "date,model,kind,quantity,amount\n"


@pytest.mark.parametrize(("content", "message"), [
    (HEAD + "2026-10-05,o3,input,5,1\n2026-10-05,o3,input,5,one\n", r"csv:3: amount: 'one' is no number"),
    (HEAD + "5 Oct,gpt-4.1,input,5,1\n", r"csv:2: date: '5 Oct' is no date; write 2026-10-05"),
    (HEAD + "2026-10-05,gpt-4.1,input,-5,1\n", r"csv:2: quantity: '-5' is below 0"),
    (HEAD + "2026-10-05,gpt-4.1,input,5,1,7\n", r"csv:2: 6 cells, and 5 columns"),
    (HEAD, r"this invoice has no line"),
    ("date,model\n2026-10,o3\n", r"no column is the amount; name it with --map amount=COLUMN"),
    ("date,amount,amount\n2026-10,1,2\n", r"two columns are named 'amount'"),
    ("", r"the file is empty"),
    ("\x1f", r"no column is the amount"),
    ('{"data": 3}', r'there is no list "data"'),
    ('{"data": [{"results": [3]}]}', r"data\[0\].results\[0\]: no object"),
    ('{"data": [{"results": []}]}', r"neither OpenAI's costs"),
    ('{"data": [', r"this is no JSON document"),
    ('{"data": [{"start_time": 5, "results": [{"amount": {"value": 1}}]}]}', r"start_time: '5' is no date"),
    ("BilledCost,ChargeCategory\n1,Usages\n", r"csv:2: ChargeCategory: 'Usages'; FOCUS has Usage, Purchase"),
])  # fmt: skip
def test_what_is_not_understood_is_told_with_its_place(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InvoiceError, match=message):
        read_invoice(text(tmp_path, content))


def test_a_column_that_is_not_there_has_its_nearest(tmp_path: Path) -> None:
    path = text(tmp_path, HEAD + "2026-10-05,gpt-4.1,input,5,1\n")
    with pytest.raises(InvoiceError, match=r"has no column 'amonut'; the nearest is amount"):
        read_invoice(path, {"amount": "amonut"})
    with pytest.raises(InvoiceError, match=r"no field 'amout'; the nearest is amount"):
        read_invoice(path, {"amout": "amount"})


_CELLS = st.sampled_from(
    ["", "gpt-4.1", "2026-10", "2026-13-01", "1", "-1", "$", "1,0", "NaN", "input", "=1+1", "\x00", '"', "é"]
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.lists(_CELLS, max_size=6), max_size=4), more=st.text(max_size=20))
def test_any_text_is_an_invoice_or_refused(
    rows: list[list[str]], more: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "invoice.csv"
    path.write_text(HEAD + "\n".join(map(",".join, rows)) + more, encoding="utf-8", errors="replace")
    refusal = ""
    lines: tuple[Any, ...] = ()
    try:
        lines = read_invoice(path).lines
    except InvoiceError as error:
        refusal = str(error)
    assert all(one.amount.is_finite() for one in lines)
    assert bool(lines) != (str(path) in refusal), "taken, or refused with the file's name"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["data", "results", "amount", "value", "starting_at", "start_time"]), inner
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(told=st.fixed_dictionaries({"data": st.lists(_JSON, max_size=3)}))
def test_any_json_is_an_invoice_or_refused(
    told: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "invoice.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(InvoiceError, match=r"invoice\.json"):
        read_invoice(path)
