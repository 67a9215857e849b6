"""Price rules that tools get wrong, each with the right amount worked by hand from the vendor's page.

Prices are USD a million tokens; the arithmetic of every amount stands beside it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from truecost.catalog.names import UnknownName
from truecost.pricing import price

TODAY = date(2026, 11, 22)
ANTHROPIC = "https://docs.anthropic.com/en/docs/about-claude/pricing"
OPENAI = "https://developers.openai.com/api/docs/pricing"
GOOGLE = "https://ai.google.dev/gemini-api/docs/pricing"
XAI = "https://docs.x.ai/docs/models"


def usd(model: str, **counts: object) -> Decimal:
    """The total, which there must be."""
    on = counts.pop("on", TODAY)
    total = price(model, on=on, **counts).total_usd  # type: ignore[arg-type]
    assert total is not None
    return total


def test_cached_tokens_inside_the_input_are_priced_once() -> None:
    # OpenAI counts cached tokens inside the input. gpt-4.1: 2 / 0.50 / 8.
    # 800,000 x 2 + 200,000 x 0.50 + 50,000 x 8 = 1.60 + 0.10 + 0.40; twice priced it would be 2.50
    counts = {"input_tokens": 1_000_000, "cache_read_tokens": 200_000, "output_tokens": 50_000}
    assert usd("gpt-4.1", on=date(2026, 3, 1), **counts) == Decimal("2.10"), OPENAI


def test_cached_tokens_outside_the_input_are_added_to_it_and_priced_once() -> None:
    # Anthropic's log: input 500, cache_read 80,000, cache_creation 20,000 beside it, output 2,000.
    # Claude Sonnet 4.5: 3 / 0.30 / 3.75 / 15: 0.0015 + 0.0240 + 0.0750 + 0.0300
    counts = {"cache_read_tokens": 80_000, "cache_write_5m_tokens": 20_000, "output_tokens": 2_000}
    assert usd("claude-sonnet-4-5", input_tokens=500 + 80_000 + 20_000, **counts) == Decimal("0.1305"), (
        ANTHROPIC
    )
    with pytest.raises(ValueError, match="Anthropic"):
        usd("claude-sonnet-4-5", input_tokens=500, **counts)


def test_a_cache_write_costs_a_quarter_more_for_five_minutes_and_double_for_an_hour() -> None:
    # Claude Sonnet 4.5, input 3: writes 3.75 and 6; 100,000 tokens: 0.375 and 0.60; both at once: 0.975
    assert usd("claude-sonnet-4-5", input_tokens=100_000, cache_write_5m_tokens=100_000) == Decimal("0.375")
    assert usd("claude-sonnet-4-5", input_tokens=100_000, cache_write_1h_tokens=100_000) == Decimal("0.600")
    both = {"cache_write_5m_tokens": 100_000, "cache_write_1h_tokens": 100_000}
    assert usd("claude-sonnet-4-5", input_tokens=200_000, **both) == Decimal("0.975"), ANTHROPIC


def test_a_long_context_price_is_of_the_whole_request_not_of_the_slice_above() -> None:
    # Gemini 2.5 Pro: 1.25 / 10 up to 200k, 2.50 / 15 above. 250,000 in, 1,000 out:
    # 250,000 x 2.50 + 1,000 x 15 = 0.625 + 0.015; by the slice it would be 0.250 + 0.125 + 0.010
    assert usd("gemini-2.5-pro", input_tokens=250_000, output_tokens=1_000) == Decimal("0.640"), GOOGLE


def test_the_threshold_is_exclusive_at_google_and_openai() -> None:
    # Gemini 2.5 Pro: exactly 200,000 x 1.25 = 0.25; one more: 200,001 x 2.50 = 0.5000025
    assert usd("gemini-2.5-pro", input_tokens=200_000) == Decimal("0.25"), GOOGLE
    assert usd("gemini-2.5-pro", input_tokens=200_001) == Decimal("0.5000025"), GOOGLE
    # gpt-5.4: 2.50 up to 272k input tokens, 5.00 for the full request above: 0.68 and 1.360005
    assert usd("gpt-5.4", input_tokens=272_000) == Decimal("0.68"), OPENAI
    assert usd("gpt-5.4", input_tokens=272_001) == Decimal("1.360005"), OPENAI


def test_the_threshold_is_inclusive_at_xai() -> None:
    # grok-4.5: 2 below 200k, 4 from there on: 199,999 x 2 = 0.399998; 200,000 x 4 = 0.80
    assert usd("grok-4.5", input_tokens=199_999) == Decimal("0.399998"), XAI
    assert usd("grok-4.5", input_tokens=200_000) == Decimal("0.80"), XAI


def test_cached_tokens_count_to_the_threshold() -> None:
    # Gemini 2.5 Pro, 250,000 in of which 100,000 cached: 150,000 are plain, and the request is long.
    # 150,000 x 2.50 + 100,000 x 0.25 + 1,000 x 15 = 0.375 + 0.025 + 0.015
    counts = {"input_tokens": 250_000, "cache_read_tokens": 100_000, "output_tokens": 1_000}
    assert usd("gemini-2.5-pro", **counts) == Decimal("0.415"), GOOGLE


def test_the_tier_is_of_each_request_not_of_their_sum() -> None:
    # Ten requests of 150,000 are 1.5 M tokens and none is long: 10 x 150,000 x 1.25 = 1.875, not 3.75
    assert usd("gemini-2.5-pro", input_tokens=150_000, requests=10) == Decimal("1.875"), GOOGLE


@pytest.mark.parametrize("reasoning", [0, 700, 1_000])
def test_reasoning_is_output_and_priced_once(reasoning: int) -> None:
    # o3: 2 / 8. 1,000 output tokens, however many reason: 1,000 x 8 = 0.008; never 0.0136, never 0.0024
    assert usd("o3", output_tokens=1_000, reasoning_tokens=reasoning) == Decimal("0.008"), OPENAI


def test_a_batch_is_half_price_where_the_vendor_says_so() -> None:
    # gpt-4.1-mini: batch 0.20 / 0.80 of 0.40 / 1.60: 1 M in, 0.5 M out: 0.20 + 0.40
    counts = {"input_tokens": 1_000_000, "output_tokens": 500_000}
    assert usd("gpt-4.1-mini", **counts) == Decimal("1.20"), OPENAI
    assert usd("gpt-4.1-mini", batch=True, **counts) == Decimal("0.60"), OPENAI
    # DeepSeek offers no batch: a gap, not half of anything
    assert price("deepseek-v4-flash", on=TODAY, batch=True, **counts).total_usd is None


def test_the_tier_that_served_decides_not_the_one_asked_for() -> None:
    # gpt-5.4: standard 2.50 / 15, priority 5 / 30, flex 1.25 / 7.50 (100,000 in, 10,000 out)
    counts = {"input_tokens": 100_000, "output_tokens": 10_000}
    assert usd("gpt-5.4", **counts) == Decimal("0.40"), OPENAI
    assert usd("gpt-5.4", tier="priority", **counts) == Decimal("0.80"), OPENAI
    assert usd("gpt-5.4", tier="flex", **counts) == Decimal("0.20"), OPENAI


def test_an_unknown_model_is_an_error_with_the_nearest_names_never_zero() -> None:
    with pytest.raises(UnknownName, match=r"gpt-4\.1"):
        price("gpt-4.11", input_tokens=1_000, on=TODAY)


def test_a_price_change_leaves_the_past_alone() -> None:
    # o3 fell from 10 / 40 to 2 / 8 on 2025-06-10: 1 M in on the day before 10, on the day 2
    assert usd("o3", input_tokens=1_000_000, on=date(2025, 6, 9)) == 10
    assert usd("o3", input_tokens=1_000_000, on=date(2025, 6, 10)) == 2
    # as known on the day before, the old price would still hold later
    assert usd("o3", input_tokens=1_000_000, on=date(2025, 6, 20), as_known=date(2025, 6, 9)) == 10


def test_a_day_before_the_first_price_is_unknown_not_unchanged() -> None:
    with pytest.raises(LookupError, match="the first is of 2025-04-14"):
        price("gpt-4.1", input_tokens=1_000, on=date(2025, 4, 13))


def test_an_inference_profile_names_its_model_and_region() -> None:
    # Claude Haiku 4.5 on Bedrock, an EU profile: 1.10 / 5.50 (10 % over the global endpoint's 1 / 5)
    arn = (
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0"
    )
    one = price(arn, input_tokens=1_000_000, on=TODAY)
    assert one.offer[:2] == ("aws", "anthropic.claude-haiku-4-5-20251001")
    assert one.total_usd == Decimal("1.10"), "https://aws.amazon.com/bedrock/pricing/"


def test_audio_is_never_priced_as_text() -> None:
    # Gemini 2.5 Flash: text 0.30, audio 1.00: 90,000 x 0.30 + 10,000 x 1.00 = 0.027 + 0.010
    assert usd("gemini-2.5-flash", input_tokens=100_000, audio_input_tokens=10_000) == Decimal("0.037"), (
        GOOGLE
    )
    # gpt-4.1 takes no audio: a gap
    lacking = price("gpt-4.1", input_tokens=100_000, audio_input_tokens=10_000, on=TODAY)
    assert lacking.total_usd is None
    assert [gap.kind for gap in lacking.gaps] == ["audio_input"]


def test_a_fee_for_each_request_is_of_each() -> None:
    # sonar-pro: 3 / 15 and 14 USD per 1,000 requests at the widest search; 2 requests of 1,000 in, 100 out:
    # 2 x (0.003 + 0.0015 + 0.014)
    assert usd("sonar-pro", input_tokens=1_000, output_tokens=100, requests=2) == Decimal("0.037")
