"""Flat rate rows: expanded once, at most one a look-up, and a join over them is the single call's price."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.catalog import load
from truecost.catalog.api_prices import PriceRow, prices
from truecost.catalog.facts import Confidence
from truecost.pricing import Usage, api_cost, price
from truecost.pricing.rate_files import load_rates, write_rates
from truecost.pricing.rate_rows import COLUMN_TYPES, RateRow, all_rate_rows, offer_rate_rows

TODAY = date(2026, 11, 22)
FIRST = date(2024, 1, 1)
TOLD = [
    ("openai", "gpt-4.1", ""), ("openai", "o3", ""), ("openai", "gpt-5.6-sol", ""), ("x-ai", "grok-4.5", ""),
    ("anthropic", "claude-sonnet-4-5", ""), ("google", "gemini-2.5-pro", ""),
    ("google", "gemini-3.6-flash", ""), ("google", "gemini-2.5-flash", ""), ("deepseek", "deepseek-chat", ""),
    ("deepseek", "deepseek-v4-pro", ""), ("perplexity", "sonar-pro", ""), ("mistral", "mistral-large-4", ""),
    ("cohere", "embed-english-v3.0", ""),
]  # fmt: skip

JOINED = """
SELECT u.id, sum(CAST(u.count AS DECIMAL(18,0)) * r.usd_per_token) AS usd, count(r.usd_per_token) AS priced,
       count(*) AS asked
FROM usage u LEFT JOIN rates r
  ON r.provider = u.provider AND r.model = u.model AND r.region = u.region
 AND r.token_kind = u.token_kind AND r.cache_life = u.cache_life
 AND r.service_tier = u.service_tier AND r.batch = u.batch
 AND u.input_tokens >= r.input_tokens_from
 AND u.input_tokens < coalesce(r.input_tokens_to, 9223372036854775807)
 AND u.utc_minute >= r.utc_minute_from AND u.utc_minute < r.utc_minute_to
 AND u.day >= r.valid_from AND u.day < coalesce(r.valid_to, DATE '9999-12-31')
 AND u.known >= r.known_from AND u.known < coalesce(r.known_to, DATE '9999-12-31')
GROUP BY u.id
"""


@pytest.fixture(scope="module")
def rows() -> list[RateRow]:
    return list(all_rate_rows())


@pytest.fixture(scope="module")
def connection(rows: list[RateRow]) -> Iterator[Any]:
    with duckdb.connect() as opened:
        load_rates(opened, rows)
        opened.execute(
            "CREATE TABLE usage (id INTEGER, provider VARCHAR, model VARCHAR, region VARCHAR,"
            " token_kind VARCHAR, cache_life VARCHAR, count BIGINT, service_tier VARCHAR, batch BOOLEAN,"
            " input_tokens BIGINT, utc_minute INTEGER, day DATE, known DATE)"
        )
        yield opened


tokens = st.integers(0, 400_000) | st.sampled_from(
    [127_999, 128_000, 199_999, 200_000, 200_001, 272_000, 272_001]
)
seldom = st.sampled_from([0] * 7 + [1_234])
CALLS = st.fixed_dictionaries(
    {
        "which": st.integers(0, 10**6),
        "input": st.tuples(tokens, tokens, st.just(0) | tokens, st.just(0) | tokens, seldom),
        "output": st.tuples(tokens, tokens, seldom),
        "images": seldom,
        "searches": seldom,
        "sold": st.sampled_from(
            [("standard", False)] * 3 + [("standard", True), ("priority", False), ("flex", False)]
        ),
        "at": st.times(),
        "on": st.dates(FIRST, date(2027, 6, 1)),
        "as_known": st.none() | st.dates(FIRST, TODAY),
    }
)


@settings(max_examples=25, deadline=None)
@given(calls=st.lists(CALLS, min_size=20, max_size=40))
def test_the_single_call_is_the_join_to_the_last_picodollar(
    calls: list[dict[str, Any]], rows: list[RateRow], connection: Any
) -> None:
    offers = sorted({row[:3] for row in rows})
    some = TOLD + random.Random(7).sample(offers, 60)
    singles: dict[int, tuple[Decimal, bool]] = {}
    used: list[tuple[Any, ...]] = []
    for number, call in enumerate(calls):
        offer = some[call["which"] % len(some)]
        try:
            one = called(offer, call)
        except LookupError:
            continue
        singles[number] = one.priced_usd, one.total_usd is not None
        known = call["as_known"] or date(9999, 12, 30)
        minute = call["at"].hour * 60 + call["at"].minute
        used += [
            (
                number,
                *one.offer,
                kind,
                life,
                count,
                *call["sold"],
                one.input_tokens,
                minute,
                call["on"],
                known,
            )
            for kind, life, count in [part[:3] for part in (*one.lines, *one.gaps)]
        ]
    if not used:
        return
    connection.execute("DELETE FROM usage")
    connection.executemany("INSERT INTO usage VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", used)
    joined = connection.execute(JOINED).fetchall()
    for number, usd, priced, asked in joined:
        assert (usd or Decimal(0), priced == asked) == singles[number], calls[number]
    assert {row[0] for row in joined} == {row[0] for row in used}


def called(offer: tuple[str, str, str], call: dict[str, Any]) -> Any:
    """The price of one random call."""
    plain, read, short, long, audio = call["input"]
    written, reasoning, spoken = call["output"]
    tier, batch = call["sold"]
    return price(
        offer[1], provider=offer[0], region=offer[2], on=call["on"], at=call["at"], as_known=call["as_known"],
        tier=tier, batch=batch, input_tokens=plain + read + short + long + audio, cache_read_tokens=read,
        cache_write_5m_tokens=short, cache_write_1h_tokens=long, audio_input_tokens=audio,
        output_tokens=written + reasoning + spoken, reasoning_tokens=reasoning, audio_output_tokens=spoken,
        images=call["images"], searches=call["searches"],
    )  # fmt: skip


def test_no_two_rows_answer_the_same_look_up(connection: Any) -> None:
    overlapping = connection.execute(
        """
        SELECT a.provider, a.model, a.region, a.token_kind, a.valid_from, b.valid_from
        FROM rates a JOIN rates b
          USING (provider, model, region, token_kind, cache_life, service_tier, batch)
        WHERE a.rowid < b.rowid
          AND a.input_tokens_from < coalesce(b.input_tokens_to, 9223372036854775807)
          AND b.input_tokens_from < coalesce(a.input_tokens_to, 9223372036854775807)
          AND a.utc_minute_from < b.utc_minute_to AND b.utc_minute_from < a.utc_minute_to
          AND a.valid_from < coalesce(b.valid_to, DATE '9999-12-31')
          AND b.valid_from < coalesce(a.valid_to, DATE '9999-12-31')
          AND a.known_from < coalesce(b.known_to, DATE '9999-12-31')
          AND b.known_from < coalesce(a.known_to, DATE '9999-12-31')
        """
    ).fetchall()
    assert overlapping == []


@settings(max_examples=150, deadline=None)
@given(call=CALLS, which=st.sampled_from([offer for offer in TOLD if offer[0] != "deepseek"]))
def test_the_exact_price_is_the_planners_price(call: dict[str, Any], which: tuple[str, str, str]) -> None:
    """One rule set: the columnar float form of the rules gives the same USD where it can price the usage."""
    sold = "batch" if call["sold"][1] else call["sold"][0]
    call = {**call, "on": min(call["on"], TODAY), "as_known": None}
    plain, read, short, _, audio = call["input"]
    call["input"] = (plain, read, short, 0, audio)
    try:
        one = called(which, call)
        listed = prices(which[1], call["on"], which[0])
    except LookupError:
        return
    if one.total_usd is None:
        return
    written, reasoning, spoken = call["output"]
    usage = Usage(
        float(plain + read + short + audio), float(written + reasoning + spoken), float(read), float(short),
        reasoning_tokens=float(reasoning), audio_input_tokens=float(audio), audio_output_tokens=float(spoken),
        images=float(call["images"]), searches=float(call["searches"]),
    )  # fmt: skip
    assert float(one.total_usd) == pytest.approx(
        float(api_cost(listed, usage, tier=sold)), rel=1e-9, abs=1e-15
    )


@settings(max_examples=60, deadline=None)
@given(call=CALLS, which=st.sampled_from(TOLD))
def test_as_known_on_the_last_day_read_is_as_known_now(
    call: dict[str, Any], which: tuple[str, str, str]
) -> None:
    try:
        now = called(which, {**call, "as_known": None})
    except LookupError:
        return
    assert called(which, {**call, "as_known": TODAY}).priced_usd == now.priced_usd


# --- Days of use and days of knowledge, by hand ---


def listed(  # noqa: PLR0917 - a row has many columns
    usd_per_mtok: str,
    valid: tuple[date, date | None],
    known_from: date,
    reason: str = "",
    hours: tuple[time | None, time | None] = (None, None),
    above: int = 0,
    inclusive: bool = False,
) -> PriceRow:
    """A row of an invented price list."""
    return PriceRow(
        "m", "p", "m", "input", "", "standard", "", above, inclusive, *hours,
        Decimal(usd_per_mtok) / 1_000_000, *valid, known_from, "a page", TODAY, Confidence.PUBLISHED, reason,
    )  # fmt: skip


def expanded(*given_rows: PriceRow) -> list[tuple[Any, ...]]:
    rows = offer_rate_rows(("p", "m", ""), given_rows)
    found = (row for row in rows if row.token_kind == "input")
    return sorted(
        (row.known_from, row.known_to, row.valid_from, row.valid_to, int(row.usd_per_token * 1_000_000))
        for row in found
    )  # fmt: skip


JAN, FEB, MAR, APR = (date(2026, month, 1) for month in (1, 2, 3, 4))


def test_a_change_does_not_rewrite_the_past() -> None:
    assert expanded(listed("10", (JAN, MAR), JAN), listed("8", (MAR, None), MAR)) == [
        (JAN, MAR, JAN, None, 10),  # until March nobody knew of the change
        (MAR, None, JAN, MAR, 10),
        (MAR, None, MAR, None, 8),
    ]


def test_a_scheduled_change_is_known_before_it_holds() -> None:
    rows = expanded(listed("10", (JAN, APR), JAN), listed("20", (APR, None), FEB, "scheduled"))
    assert (FEB, APR, APR, None, 20) in rows or (FEB, None, APR, None, 20) in rows
    assert [row for row in rows if row[0] < FEB] == [(JAN, FEB, JAN, None, 10)]


def test_a_correction_is_a_new_knowledge_of_old_days() -> None:
    """The list said 10 from January; in March it turned out that 9 had been billed all along."""
    wrong = listed("10", (JAN, None), JAN)
    right = listed("9", (JAN + timedelta(1), None), MAR, "correction")
    rows = expanded(wrong, right)
    assert (JAN, MAR, JAN, None, 10) in rows
    assert (MAR, None, JAN + timedelta(1), None, 9) in rows


def test_hours_of_the_day_and_a_window_over_midnight() -> None:
    night = listed("1", (JAN, None), JAN, hours=(time(22, 0), time(6, 30)))
    day = listed("4", (JAN, None), JAN)
    rows = [row for row in offer_rate_rows(("p", "m", ""), (night, day)) if row.token_kind == "input"]
    assert sorted(
        (row.utc_minute_from, row.utc_minute_to, row.usd_per_token * 1_000_000) for row in rows
    ) == [
        (0, 390, 1),
        (390, 1320, 4),
        (1320, 1440, 1),
    ]


@pytest.mark.parametrize(("inclusive", "begins"), [(False, 200_001), (True, 200_000)])
def test_a_threshold_becomes_a_range_of_lengths(inclusive: bool, begins: int) -> None:
    long = listed("2", (JAN, None), JAN, above=200_000, inclusive=inclusive)
    rows = offer_rate_rows(("p", "m", ""), (listed("1", (JAN, None), JAN), long))
    found = sorted(
        (row.input_tokens_from, row.input_tokens_to or 0) for row in rows if row.token_kind == "input"
    )
    assert found == [(0, begins), (begins, 0)]
    assert {(row.context_whole_request, row.context_counts_cached) for row in rows} == {(True, True)}


# --- Files ---


def test_parquet_and_csv_hold_the_same_rows(tmp_path: Path, rows: list[RateRow]) -> None:
    some = [row for row in rows if row.provider in {"openai", "deepseek"}]
    assert write_rates(str(tmp_path / "r.parquet"), some) == len(some)
    assert write_rates(str(tmp_path / "r.csv"), some) == len(some)
    with duckdb.connect() as opened:
        stored = opened.execute("SELECT * FROM read_parquet(?)", [str(tmp_path / "r.parquet")]).fetchall()
        kinds = opened.execute(
            "DESCRIBE SELECT * FROM read_parquet(?)", [str(tmp_path / "r.parquet")]
        ).fetchall()
    assert [tuple(row) for row in stored] == [tuple(row) for row in some]
    assert {name: kind for name, kind, *_ in kinds} == dict(COLUMN_TYPES)
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [Decimal(row["usd_per_token"]) for row in read] == [row.usd_per_token for row in some]
    assert [row["valid_to"] for row in read] == [
        row.valid_to.isoformat() if row.valid_to else "" for row in some
    ]


def test_an_overlay_goes_before_the_list(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "checked: 2026-11-01\nsource: our contract\nprices:\n"
        "  openai/gpt-4.1-mini: {input: 0.3, output: 1.2}\n"
        "  us/own-model: {input: 1, output: 2}\n",
        encoding="utf-8",
    )
    catalog = load(file)
    one = price("gpt-4.1-mini", input_tokens=10**6, on=TODAY, catalog=catalog)
    assert one.total_usd == Decimal("0.3")
    assert "our contract" in one.lines[0].rate.source
    own = price("own-model", input_tokens=10**6, output_tokens=10**6, on=TODAY, catalog=catalog)
    assert own.total_usd == 3
    laid = {row[:3] for row in all_rate_rows(catalog.laid_over)}
    assert ("us", "own-model", "") in laid
    assert price("gpt-4.1-mini", input_tokens=10**6, on=TODAY).total_usd == Decimal("0.4")
