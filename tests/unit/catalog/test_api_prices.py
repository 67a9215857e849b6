"""API prices as facts: the shipped tables, names, days, tiers, and what is said when nothing is known."""

from __future__ import annotations

import csv
import gzip
import itertools
import subprocess
import sys
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest

from truecost.catalog.api_price_names import plain_name, without_date
from truecost.catalog.api_prices import NoOffer, disagreements, listing, prices
from truecost.catalog.facts import Confidence
from truecost.catalog.names import UnknownName

TODAY = date(2026, 11, 22)
DATA = files("truecost.catalog") / "data"
COLUMNS = [
    "name", "provider", "model", "kind", "cache_lifetime", "tier", "region", "context_above_tokens",
    "context_rule", "utc_from", "utc_until", "usd_per_token", "valid_from", "valid_until", "known_from",
    "source", "checked", "confidence", "reason",
]  # fmt: skip
KINDS = {
    "input", "output", "cache_read", "cache_write", "reasoning", "request", "audio_input", "audio_output",
    "image", "search",
}  # fmt: skip
REASONS = {"", "change", "correction", "promotion", "scheduled"}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    text = gzip.decompress((DATA / "api_prices.csv.gz").read_bytes()).decode()
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def sources() -> dict[str, dict[str, str]]:
    text = (DATA / "api_prices_sources.csv").read_text(encoding="utf-8")
    return {row["id"]: row for row in csv.DictReader(text.splitlines())}


def test_the_tables_have_the_documented_schema_and_stay_small(rows: list[dict[str, str]]) -> None:
    assert list(rows[0]) == COLUMNS
    assert len(rows) > 15_000
    assert (
        sum(len((DATA / name).read_bytes()) for name in ("api_prices.csv.gz", "api_prices_names.csv.gz"))
        < 5e5
    )


def test_every_row_is_a_whole_fact(rows: list[dict[str, str]], sources: dict[str, dict[str, str]]) -> None:
    for row in rows:
        by_the_piece = row["kind"] in {"request", "image", "search"}
        assert 0 <= Decimal(row["usd_per_token"]) <= Decimal("1e-3") or by_the_piece, row
        assert Decimal(row["usd_per_token"]).as_tuple().exponent >= -15, row
        assert row["kind"] in KINDS, row
        assert row["reason"] in REASONS, row
        assert row["name"], row
        assert sources[row["source"]]["title"], row
        assert date.fromisoformat(row["checked"]) <= TODAY, row
        assert Confidence(row["confidence"]), row
        assert row["provider"], row
        assert row["model"], row


def test_the_dates_of_every_row_make_sense(rows: list[dict[str, str]]) -> None:
    for row in rows:
        start = date.fromisoformat(row["valid_from"])
        assert not row["valid_until"] or start < date.fromisoformat(row["valid_until"]), row
        assert date.fromisoformat(row["known_from"]) <= TODAY, row
        assert bool(row["utc_from"]) == bool(row["utc_until"]), row
        assert (row["context_rule"] == "") == (row["context_above_tokens"] == "0"), row


def test_no_two_prices_of_one_source_hold_at_once(rows: list[dict[str, str]]) -> None:
    same = [*COLUMNS[1:8], "utc_from"]
    spans: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for row in rows:
        key = (
            *(row[name] for name in same),
            str(row["source"].startswith("litellm/")),
        )
        spans.setdefault(key, []).append((row["valid_from"], row["valid_until"] or "9999"))
    for key, held in spans.items():
        held.sort()
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(held)), key


def test_the_rows_of_one_name_lie_together(rows: list[dict[str, str]]) -> None:
    names = [row["name"] for row in rows]
    changes = sum(left != right for left, right in itertools.pairwise(names))
    assert changes == len(set(names)) - 1


SPELLINGS = {
    "gpt-4.1-mini": [
        "gpt-4.1-mini",
        "gpt-4.1-mini-2025-04-14",
        "openai/gpt-4.1-mini",
        "GPT-4.1 mini",
        "gpt4.1 mini",
    ],
    "claude-sonnet-4-5": ["claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "Claude Sonnet 4.5"],
    "claude-3-5-haiku-latest": ["claude-3-5-haiku-20241022", "anthropic/claude-3.5-haiku"],
    "gemini-2.5-pro": ["gemini/gemini-2.5-pro", "gemini-2.5-pro-preview-05-06", "google/gemini-2.5-pro"],
    "grok-4-0709": ["grok-4", "xai/grok-4", "grok-4-latest"],
}


@pytest.mark.parametrize(("model", "name"), [(m, name) for m, names in SPELLINGS.items() for name in names])
def test_a_vendors_spellings_find_its_model(model: str, name: str) -> None:
    assert prices(name, TODAY).model == model


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("anthropic.claude-haiku-4-5-20251001-v1:0", ""),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "us"),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "global"),
        ("arn:aws:bedrock:eu-west-1:123:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0", "eu"),
        ("bedrock/anthropic.claude-haiku-4-5-20251001-v1:0", ""),
    ],
)
def test_an_inference_profile_does_not_hide_the_model_nor_its_region(name: str, region: str) -> None:
    price = prices(name, TODAY)
    assert (price.provider, price.model) == ("aws", "anthropic.claude-haiku-4-5-20251001")
    assert price.rows[0].region == region


def test_a_regional_profile_costs_a_tenth_more() -> None:
    cross, regional = (
        prices(f"{p}.anthropic.claude-haiku-4-5-20251001-v1:0", TODAY) for p in ("global", "us")
    )
    assert regional.fact("input").value == pytest.approx(1.1 * cross.fact("input").value)


def test_the_maker_is_taken_and_the_choice_is_stated() -> None:
    price = prices("gpt-4.1", TODAY)
    assert price.provider == "openai"
    assert "openai made the model" in price.choice


def test_without_a_maker_the_host_of_median_price_is_taken_and_named() -> None:
    price = prices("openai/gpt-oss-120b", TODAY)
    assert "median price of" in price.choice
    listed = sorted(
        offer.fact("output").value
        for offer in listing(TODAY)
        if plain_name(offer.model) == "gpt-oss-120b" and offer.has("output")
    )
    assert listed[0] < price.fact("output").value < listed[-1]


def test_a_named_provider_is_kept() -> None:
    price = prices("gpt-4.1-mini", TODAY, provider="azure", region="eu")
    assert (price.provider, price.rows[0].region, price.choice) == ("azure", "eu", "")
    assert price.fact("input").value == pytest.approx(0.44e-6)


def test_an_unknown_region_falls_back_to_the_list_price_and_says_so() -> None:
    price = prices("gpt-4.1-mini", TODAY, provider="azure", region="mars")
    assert price.rows[0].region == ""
    assert "'mars'" in price.choice


def test_an_unknown_model_names_its_neighbours() -> None:
    with pytest.raises(UnknownName, match=r"gpt-4\.1-mini") as caught:
        prices("gpt-4.1-mnii", TODAY)
    assert caught.value.name == "gpt-4.1-mnii"


def test_an_unknown_provider_names_its_neighbours() -> None:
    with pytest.raises(UnknownName, match="openai"):
        prices("gpt-4.1", TODAY, provider="opnai")


def test_before_its_birth_a_price_is_unknown_and_the_first_day_is_said() -> None:
    with pytest.raises(LookupError, match="first is of 2024-05-13"):
        prices("gpt-4o", date(2024, 5, 12))


def test_an_alias_that_moved_gives_the_model_it_meant_then() -> None:
    then, now = prices("mistral-large-latest", date(2024, 6, 10)), prices("mistral-large-latest", TODAY)
    assert (then.model, then.fact("input").value) == ("mistral-large", pytest.approx(4e-6))
    assert (now.model, now.fact("input").value) == ("mistral-large-2512", pytest.approx(0.5e-6))


def test_a_scheduled_price_holds_from_its_day_as_known_now_but_not_as_known_before() -> None:
    later = date(2027, 2, 1)
    assert prices("gemini-3.6-flash", TODAY).fact("input").value == pytest.approx(0.75e-6)
    assert prices("gemini-3.6-flash", later).fact("input").value == pytest.approx(1.5e-6)
    before = prices("gemini-3.6-flash", later, known_at=date(2026, 10, 1))
    assert before.fact("input").value == pytest.approx(0.75e-6)


def test_a_tier_that_is_not_offered_is_an_error_that_names_the_tiers() -> None:
    price = prices("deepseek-v4-flash", TODAY, "deepseek")
    assert not price.has("input", "batch")
    with pytest.raises(NoOffer, match="tiers with a price: standard"):
        price.fact("input", "batch")


def test_a_batch_price_before_it_was_verified_is_an_estimate_and_none_before_the_launch() -> None:
    assert prices("gpt-4.1", date(2026, 11, 1)).fact("input", "batch").confidence is Confidence.PUBLISHED
    assert prices("gpt-4.1", date(2026, 1, 1)).fact("input", "batch").confidence is Confidence.ESTIMATE
    assert not prices("gpt-4", date(2024, 4, 1)).has("input", "batch")


def test_a_fact_carries_its_source_and_dates() -> None:
    fact = prices("gpt-4.1-mini", TODAY).fact("output")
    assert fact.key == "price/openai/gpt-4.1-mini/output"
    assert fact.unit == "USD/token"
    assert "genai-prices" in fact.source
    assert "openai.com" in fact.source
    assert fact.checked == TODAY
    assert "holds from 2025-05-07" in fact.note


def test_disagreements_are_kept_and_shown() -> None:
    found = {(item.provider, item.model, item.kind): item for item in disagreements(TODAY)}
    item = found["deepseek", "deepseek-chat", "input"]
    assert item.ratio == pytest.approx(2.0)
    assert len(item.usd_per_token) == 2
    assert all(one.ratio > 1.005 for one in found.values())
    # LiteLLM states DeepSeek's peak price where genai-prices states both: that is no contradiction
    assert ("deepseek", "deepseek-v4-flash", "input") not in found


def test_one_condition_has_one_price_once_the_sources_are_ranked() -> None:
    for offer in listing(TODAY):
        seen = [(row.condition, row.utc_from) for row in offer.rows]
        assert len(seen) == len(set(seen)), (offer.provider, offer.model)


def test_a_second_source_fills_a_gap_only_where_both_agree_on_the_price() -> None:
    whole = prices("gemini-2.5-pro", TODAY)
    assert "LiteLLM" in whole.fact("input", "priority").source
    assert "genai-prices" in whole.fact("input").source
    apart = prices("grok-code-fast-1", TODAY, "x-ai")
    assert {row.source.split("/")[0] for row in apart.rows} == {"genai-prices"}


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("accounts/fireworks/models/llama-v3p3-70b-instruct", "llama-3-3-70b-instruct"),
        ("us-gov.amazon.nova-lite-v1:0", "nova-lite"),
        ("amazon.titan-embed-text-v2:0", "titan-embed-text-v2"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4-20250514"),
        ("o3", "o3"),
    ],
)
def test_plain_names(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_only_a_date_is_taken_off() -> None:
    assert without_date("gpt-4o-2024-05-13") == "gpt-4o"
    assert without_date("mistral-small-2503") == "mistral-small-2503"


def test_the_price_lists_themselves_are_never_imported() -> None:
    code = "import sys, datetime; from truecost.catalog.api_prices import prices;"
    code += "prices('gpt-4.1', datetime.date(2026, 11, 22));"
    code += "print(sorted({'genai_prices', 'litellm', 'pandas', 'scipy'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
