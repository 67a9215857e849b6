"""The report: amounts worked by hand, equal to the single call's, adding up; what has no price is named."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import EXAMPLES, NOW, chat, take, write

from truecost.ledger import import_usage, usage_report
from truecost.ledger.chip_rates import chip_rents
from truecost.ledger.engine import connected
from truecost.ledger.questions import Window, printed, question
from truecost.ledger.reporting import AMOUNTS, COUNTS, UsageReport, prepare_tables, rate_table
from truecost.ledger.store import open_store
from truecost.pricing import price

KNOWN = date(2026, 11, 22)
OCTOBER = (date(2026, 10, 20), date(2026, 10, 21))


def priced(tmp_path: Path, *records: Any, by: tuple[str, ...] = ("model",), **how: Any) -> UsageReport:
    """The report on some records."""
    take(tmp_path, *records)
    return usage_report(tmp_path / "usage", by, as_known=KNOWN, **how)


def own(model: str, provider: str, **counts: Any) -> dict[str, Any]:
    """A row in the normal form."""
    return {
        "ts": "2026-10-20T12:00:00Z",
        "model": model,
        "provider": provider,
        "input_tokens": 0,
        "output_tokens": 0,
        **counts,
    }


MODELS = (
    ("gpt-4.1-mini", "openai"),
    ("gpt-5-mini", "openai"),
    ("o3", "openai"),
    ("claude-sonnet-4-5", "anthropic"),
    ("gemini-2.5-pro", "google"),
    ("grok-4", "x-ai"),
    ("deepseek-chat", "deepseek"),
    ("deepseek-v4-pro", "deepseek"),
    ("anthropic.claude-3-5-sonnet-20240620-v1:0", ""),
    ("llama-3.3-70b-instruct", ""),
)


@st.composite
def used(draw: st.DrawFn) -> dict[str, Any]:
    """A row of usage of any model, tier, day and minute, around the thresholds too."""
    model, provider = draw(st.sampled_from(MODELS))
    near = st.sampled_from([0, 1, 127_999, 128_000, 128_001, 199_999, 200_000, 200_001])
    whole, out = draw(near | st.integers(0, 500_000)), draw(st.integers(0, 50_000))
    read = draw(st.integers(0, whole))
    short = draw(st.integers(0, whole - read))
    at = draw(st.datetimes(datetime(2024, 6, 1), datetime(2026, 11, 21)))
    return own(
        model, provider, ts=at.isoformat() + "Z",
        input_tokens=whole, output_tokens=out, cache_read_tokens=read,
        cache_write_5m_tokens=short, cache_write_1h_tokens=draw(st.integers(0, whole - read - short)),
        reasoning_tokens=draw(st.integers(0, out)), batch=draw(st.booleans()),
        service_tier=draw(st.sampled_from(["standard", "standard", "priority", "flex"])),
    )  # fmt: skip


def single(row: dict[str, Any], known: date) -> Decimal | None:
    """The same by a single call."""
    at = datetime.fromisoformat(row["ts"].removesuffix("Z"))
    counts = {key: row[key] for key in row if key.endswith("_tokens")}
    tier = "standard" if row["batch"] else row["service_tier"]
    if not row["input_tokens"] and not row["output_tokens"]:
        return Decimal(0)
    try:
        return price(
            row["model"], on=at.date(), at=at.time(), as_known=known, provider=row["provider"] or None,
            tier=tier, batch=row["batch"], **counts,
        ).total_usd  # fmt: skip
    except LookupError:
        return None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_rows=st.lists(used(), min_size=1, max_size=12), known=st.sampled_from([KNOWN, date(2025, 7, 1)]))
def test_columns_and_the_single_call_agree_to_the_last_digit(
    given_rows: list[dict[str, Any]], known: date
) -> None:
    rows = [{**row, "service_tier": "standard"} if row["batch"] else row for row in given_rows]
    expected = [single(row, known) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        take(Path(folder), *({**row, "request_id": f"r{index:02d}"} for index, row in enumerate(rows)))
        with connected() as connection:
            prepare_tables(connection, open_store(Path(folder) / "usage"), Window(), known)
            sql = printed(question("priced"), "duckdb")
            found = connection.execute(f"SELECT usd FROM ({sql}) ORDER BY request_id").fetchall()
    assert [one for (one,) in found] == expected, rows


def test_groups_statuses_coverage_and_kinds_sum_to_the_total(tmp_path: Path) -> None:
    import_usage(sorted(EXAMPLES.glob("*.jsonl")), tmp_path / "usage", now=NOW)
    whole = usage_report(tmp_path / "usage", (), as_known=KNOWN).total
    for by in (
        ("user",),
        ("feature", "user"),
        ("day", "model"),
        ("status",),
        ("tag:team",),
        ("month", "customer", "source"),
    ):
        report = usage_report(tmp_path / "usage", by, as_known=KNOWN)
        for key in (*COUNTS, *AMOUNTS):
            assert sum(group[key] for group in report.groups) == whole[key], (by, key)
            assert sum(part[key] for part in report.by_status.values()) == whole[key]
            assert sum(part[key] for part in report.by_coverage.values()) == whole[key]
        kinds = set(AMOUNTS) - {"usd", "retried_usd"}
        assert sum(report.total[kind] for kind in kinds) == report.total_usd
        amounts = [group["usd"] for group in report.groups]
        assert amounts == sorted(amounts, reverse=True)


def test_a_row_of_many_requests_is_priced_as_their_average_one(tmp_path: Path) -> None:
    # claude-sonnet-4-5 above 200,000 tokens: 6 in place of 3; 10 requests of 30,000 are none of those
    tokens = {"input_tokens": 300_000, "output_tokens": 0}
    many = priced(tmp_path, own("claude-sonnet-4-5", "anthropic", requests=10, **tokens))
    assert many.total_usd == Decimal("0.9")
    assert (many.total["requests"], many.total["entries"]) == (10, 1)
    assert many.by_coverage["estimated"]["usd"] == many.total_usd, "one of the ten may have been longer"
    (tmp_path / "one").mkdir()
    one = priced(tmp_path / "one", own("claude-sonnet-4-5", "anthropic", **tokens))
    assert one.total_usd == one.by_coverage["priced"]["usd"] == Decimal("1.8")


def test_what_a_bill_states_is_the_amount_and_no_price_is_looked_up(tmp_path: Path) -> None:
    bill = own("a service", "cloud", kind="other", requests=0, stated_usd="-12.345678901234567")
    told = own("gpt-4.1-mini", "openai", input_tokens=1_000_000, stated_usd="0.5")
    report = priced(tmp_path, bill, told, by=("kind",))
    assert [(one["kind"], one["usd"]) for one in report.groups] == [
        ("api", Decimal("0.5")),
        ("other", Decimal("-12.345678901234567")),
    ]
    assert report.unpriced_entries == 0
    assert report.total["as_stated_usd"] == report.total_usd
    assert report.total["unbilled_requests"] == 0


def test_hours_of_chips_are_at_the_rent_of_their_month(tmp_path: Path) -> None:
    hours = {"kind": "fleet", "chip_hours": "12.5"}
    report = priced(
        tmp_path,
        own("h100-sxm", "aws", **hours),
        own("h100-sxm", "aws", service_tier="spot", **hours),
        own("h1000", "aws", **hours),
        by=("service_tier",),
    )
    rents = {one.term: one.usd_per_chip_hour for one in chip_rents("h100-sxm", OCTOBER, KNOWN)}
    assert {one["service_tier"]: one["usd"] for one in report.groups} == {
        term: Decimal("12.5") * rents[term] for term in ("standard", "spot")
    }
    assert report.total["chip_usd"] == report.total_usd
    assert report.by_coverage["estimated"]["entries"] == 2
    assert report.total["requests"] == 0
    (unknown,) = report.unpriced
    assert (unknown.model, unknown.chip_hours) == ("h1000", Decimal("12.5"))
    assert "unknown accelerator 'h1000'" in unknown.why


def test_a_search_without_a_fee_that_is_known_is_unpriced(tmp_path: Path) -> None:
    report = priced(tmp_path, own("llama-3.3-70b-instruct", "groq", input_tokens=10, searches=2))
    assert (report.unpriced_entries, report.total_usd) == (1, 0)


def test_what_has_no_price_is_named_never_zero(tmp_path: Path) -> None:
    report = priced(
        tmp_path,
        own("gpt-4.1-mini", "openai", input_tokens=3),
        own("gpt-4.1-minny", "openai", input_tokens=5),
        own("gpt-4.1-mini", "openai", input_tokens=7, service_tier="golden"),
        own("gpt-4.1-mini", "nobody", input_tokens=9),
    )
    assert report.unpriced_entries == 3
    told = {(one.provider, one.model, one.service_tier): one for one in report.unpriced}
    assert told[("openai", "gpt-4.1-minny", "standard")].nearest[0].startswith("gpt-4.1-mini")
    assert "tier golden" in told[("openai", "gpt-4.1-mini", "golden")].why
    assert "unknown provider 'nobody'" in told[("nobody", "gpt-4.1-mini", "standard")].why
    assert report.by_coverage["unpriced"]["usd"] == 0
    assert report.total_usd == report.by_coverage["priced"]["usd"]


def test_audio_without_a_price_is_unpriced_not_text(tmp_path: Path) -> None:
    report = priced(tmp_path, own("claude-sonnet-4-5", "anthropic", input_tokens=50, audio_input_tokens=50))
    assert report.unpriced_entries == 1
    assert "for a kind of token that was used of anthropic/claude-sonnet-4-5" in report.unpriced[0].why


def test_before_its_first_day_a_price_is_unknown(tmp_path: Path) -> None:
    early = own("gpt-5-mini", "openai", input_tokens=1000, ts="2025-08-01T00:00:00Z")
    report = priced(tmp_path, early, own("gpt-5-mini", "openai", input_tokens=1000))
    assert (report.unpriced_entries, report.total_usd) == (1, Decimal("0.00025"))


def test_a_failed_request_without_tokens_costs_nothing_and_is_counted(tmp_path: Path) -> None:
    free: dict[str, Any] = {
        "ts": "2026-10-05T12:00:00Z",
        "request_id": "r",
        "status_code": 429,
        "error": {"type": "x"},
        "request": {"messages": []},
    }
    report = priced(tmp_path, chat(1), free, chat(2, error={"type": "y"}))
    failed = report.by_status["error"]
    assert (failed["requests"], failed["unbilled_requests"]) == (2, 1)
    assert failed["usd"] == report.total_usd / 2
    assert report.unpriced_entries == 0


def test_a_month_takes_its_days_alone(tmp_path: Path) -> None:
    records = [own("gpt-4.1-mini", "openai", input_tokens=n, ts=ts) for n, ts in enumerate(
        ("2026-09-30T23:59:59.999Z", "2026-10-01T00:00:00Z", "2026-10-31T23:59:59Z", "2026-11-01T00:00:00Z")
    )]  # fmt: skip
    report = priced(tmp_path, *records, month="2026-10")
    assert (report.total["requests"], report.total["input_tokens"]) == (2, 3)
    empty = usage_report(tmp_path / "usage", month="2025-01", as_known=KNOWN)
    assert (empty.total["requests"], empty.groups, empty.total_usd) == (0, (), 0)


def test_the_past_as_it_was_priced_then(tmp_path: Path) -> None:
    record = own("gpt-4.1-mini", "openai", input_tokens=1_000_000)
    take(tmp_path, record)
    then = usage_report(tmp_path / "usage", as_known=date(2025, 1, 1))
    assert then.unpriced_entries == 1, "the model's price was not known yet"
    now = usage_report(tmp_path / "usage", as_known=KNOWN)
    assert now.total_usd == Decimal("0.4")
    assert "2025-01-01" in then.unpriced[0].why


def test_sql_in_a_label_is_data(tmp_path: Path) -> None:
    nasty = "x'; DROP TABLE usage; --"
    record = chat(1, user=nasty, metadata={nasty: nasty})
    report = priced(tmp_path, record, by=("user", f"tag:{nasty}"))
    assert report.groups[0]["user"] == nasty
    assert report.groups[0][f"tag:{nasty}"] == nasty


def test_a_column_that_is_none_has_its_nearest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'featur'; the nearest is feature"):
        usage_report(tmp_path, ("featur",))
    with pytest.raises(ValueError, match="'October' is no month; write it as 2026-10"):
        usage_report(tmp_path, month="October")


def test_a_request_meets_at_most_one_rate(tmp_path: Path) -> None:
    import_usage(sorted(EXAMPLES.glob("*.jsonl")), tmp_path / "usage", now=NOW)
    columns, rates = rate_table(tmp_path / "usage", KNOWN)
    place = {name: columns.index(name) for name in columns}
    keys = ("provider", "model", "region", "service_tier", "batch")
    spans = (
        ("input_tokens_from", "input_tokens_to"),
        ("utc_minute_from", "utc_minute_to"),
        ("valid_from", "valid_to"),
    )
    for index, one in enumerate(rates):
        for other in rates[index + 1 :]:
            if all(one[place[key]] == other[place[key]] for key in keys):
                overlap = [
                    max(one[place[a]], other[place[a]]) < min(one[place[b]], other[place[b]])
                    for a, b in spans
                ]
                assert not all(overlap), (one, other)


def test_days_are_in_utc_and_files_are_by_day(tmp_path: Path) -> None:
    write(tmp_path / "x.jsonl", [])
    report = priced(tmp_path, own("gpt-4.1-mini", "openai", ts="2026-10-05T23:30:00-02:00"), by=("day",))
    assert report.groups[0]["day"] == date(2026, 10, 6)
    assert [path.name for path in (tmp_path / "usage" / "data").iterdir()] == ["day=2026-10-06"]
