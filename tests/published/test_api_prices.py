"""Prices as the vendors publish them, and whole requests worked out by hand from those pages."""

from __future__ import annotations

from datetime import date

import pytest

from truecost.catalog.api_prices import ApiPrice, prices
from truecost.pricing import Usage, api_cost

TODAY = date(2026, 11, 22)
OPENAI = "https://developers.openai.com/api/docs/pricing"
ANTHROPIC = "https://docs.anthropic.com/en/docs/about-claude/pricing"
GOOGLE = "https://ai.google.dev/gemini-api/docs/pricing"
DEEPSEEK = "https://api-docs.deepseek.com/quick_start/pricing"

# model, day, kind, tier, USD per Mtok, the vendor's page
PUBLISHED = [
    ("gpt-4.1-mini", TODAY, "input", "standard", 0.40, OPENAI),
    ("gpt-4.1-mini", TODAY, "cache_read", "standard", 0.10, OPENAI),
    ("gpt-4.1-mini", TODAY, "output", "standard", 1.60, OPENAI),
    ("gpt-4.1-mini", TODAY, "input", "batch", 0.20, OPENAI),
    ("gpt-4.1-mini", TODAY, "output", "batch", 0.80, OPENAI),
    ("gpt-4.1", TODAY, "input", "standard", 2.00, OPENAI),
    ("gpt-4.1", TODAY, "cache_read", "standard", 0.50, OPENAI),
    ("gpt-4.1", TODAY, "output", "standard", 8.00, OPENAI),
    ("gpt-4-turbo", TODAY, "input", "standard", 10.00, OPENAI),
    ("gpt-4-turbo", TODAY, "output", "standard", 30.00, OPENAI),
    ("gpt-4-turbo", date(2023, 11, 6), "input", "standard", 10.00, "OpenAI DevDay, 2023-11-06"),
    ("gpt-4", date(2023, 6, 1), "output", "standard", 60.00, OPENAI),
    ("gpt-4o", date(2024, 6, 1), "input", "standard", 5.00, "OpenAI, Hello GPT-4o, 2024-05-13"),
    ("gpt-4o", date(2025, 6, 1), "input", "standard", 2.50, OPENAI),
    ("o3", date(2025, 6, 9), "output", "standard", 40.00, OPENAI),
    ("o3", date(2025, 6, 10), "output", "standard", 8.00, OPENAI),
    ("claude-sonnet-4-0", TODAY, "input", "standard", 3.00, ANTHROPIC),
    ("claude-sonnet-4-0", TODAY, "cache_read", "standard", 0.30, ANTHROPIC),
    ("claude-sonnet-4-0", TODAY, "output", "standard", 15.00, ANTHROPIC),
    ("claude-opus-4-1", date(2025, 9, 1), "output", "batch", 37.50, ANTHROPIC),
    ("gemini-2.5-pro", TODAY, "input", "standard", 1.25, GOOGLE),
    ("gemini-2.5-pro", TODAY, "output", "standard", 10.00, GOOGLE),
    ("deepseek-chat", date(2025, 9, 6), "input", "standard", 0.56, DEEPSEEK),
    ("deepseek-chat", date(2025, 9, 6), "output", "standard", 1.68, DEEPSEEK),
    ("deepseek-chat", date(2025, 9, 6), "cache_read", "standard", 0.07, DEEPSEEK),
]


@pytest.mark.parametrize(("model", "day", "kind", "tier", "usd_per_mtok", "page"), PUBLISHED)
def test_a_published_price(  # noqa: PLR0917 - one argument a column of the table
    model: str, day: date, kind: str, tier: str, usd_per_mtok: float, page: str
) -> None:
    assert prices(model, day).fact(kind, tier).value == pytest.approx(usd_per_mtok / 1e6, rel=1e-12), page


@pytest.mark.parametrize(
    "model", ["claude-sonnet-4-0", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-opus-4-5"]
)
def test_cache_writes_at_anthropic_cost_a_quarter_more_and_double_for_an_hour(model: str) -> None:
    price = prices(model, TODAY, "anthropic")
    base = price.fact("input").value
    assert price.fact("cache_write").value == pytest.approx(1.25 * base), ANTHROPIC
    assert price.fact("cache_write", cache_lifetime="1h").value == pytest.approx(2 * base), ANTHROPIC


@pytest.mark.parametrize(
    "model", ["gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-4o", "gpt-4o-mini", "gpt-5"]
)
@pytest.mark.parametrize("day", [date(2025, 9, 1), TODAY])
def test_batch_is_half_price_at_openai(model: str, day: date) -> None:
    price = prices(model, day, "openai")
    for kind in ("input", "output"):
        assert price.fact(kind, "batch").value == pytest.approx(price.fact(kind).value / 2), OPENAI


def test_gemini_2_5_pro_above_200k_prices_the_whole_request() -> None:
    # https://ai.google.dev/gemini-api/docs/pricing: 1.25/10 up to 200k tokens, 2.50/15 above, cached 0.25
    price = prices("gemini-2.5-pro", TODAY)
    assert api_cost(price, Usage(200_000.0, 1_000.0)) == pytest.approx(0.25 + 0.010)
    assert api_cost(price, Usage(200_001.0, 1_000.0)) == pytest.approx(200_001 * 2.5e-6 + 0.015)
    cached = Usage(250_000.0, 1_000.0, cache_read_tokens=100_000.0)
    assert api_cost(price, cached) == pytest.approx(150_000 * 2.5e-6 + 100_000 * 0.25e-6 + 0.015)


def test_xai_charges_the_long_price_at_the_threshold_itself() -> None:
    # https://docs.x.ai/docs/models: grok-4.5 2/6 below 200k tokens, 4/12 from there on
    price = prices("grok-4.5", TODAY)
    assert api_cost(price, Usage(199_999.0, 0.0)) == pytest.approx(199_999 * 2e-6)
    assert api_cost(price, Usage(200_000.0, 0.0)) == pytest.approx(200_000 * 4e-6)


def test_gpt_4_1_mini_request_by_hand() -> None:
    # 2,000 plain + 8,000 cached + 1,000 output = 0.0008 + 0.0008 + 0.0016 USD
    usage = Usage(10_000.0, 1_000.0, cache_read_tokens=8_000.0)
    assert api_cost(prices("gpt-4.1-mini", TODAY), usage) == pytest.approx(0.0032)
    # in a batch: 0.0004 + 0.0008 (the batch table lists no cached price) + 0.0008
    assert api_cost(prices("gpt-4.1-mini", TODAY), usage, batch=True) == pytest.approx(0.0020)


def test_claude_sonnet_request_by_hand() -> None:
    # 500 plain, 20,000 written to the 5-minute cache, 80,000 read from it, 2,000 output
    usage = Usage.excluding_cache(500.0, 2_000.0, cache_read_tokens=80_000.0, cache_write_tokens=20_000.0)
    price = prices("claude-sonnet-4-0", TODAY)
    assert api_cost(price, usage) == pytest.approx(0.0015 + 0.075 + 0.024 + 0.03)
    assert api_cost(price, usage, cache_lifetime="1h") == pytest.approx(0.0015 + 0.12 + 0.024 + 0.03)


def test_deepseek_off_peak_weighs_by_the_hour() -> None:
    # 2025-02-26 to 2025-09-05: 16 h at 0.27 and 8 h (UTC 16:30-00:30) at 0.135 USD/Mtok
    price = prices("deepseek-chat", date(2025, 7, 1))
    assert price.fact("input").value == pytest.approx((16 * 0.27 + 8 * 0.135) / 24 / 1e6)
    assert "peak" in price.fact("input").note


MAKERS_AND_HOSTS = {
    "openai": "gpt-4.1", "anthropic": "claude-sonnet-4-5", "google": "gemini-2.5-flash", "x-ai": "grok-4",
    "deepseek": "deepseek-v4-flash", "mistral": "mistral-large-latest", "azure": "gpt-4.1",
    "fireworks": "deepseek-v3p1", "groq": "llama-3.3-70b-versatile", "cerebras": "gpt-oss-120b",
    "sambanova": "Meta-Llama-3.3-70B-Instruct", "aws": "anthropic.claude-haiku-4-5-20251001-v1:0",
    "together": "Llama-3.3-70B-Instruct-Turbo",
}  # fmt: skip


@pytest.mark.parametrize(("provider", "model"), MAKERS_AND_HOSTS.items())
def test_every_promised_provider_has_a_price(provider: str, model: str) -> None:
    price: ApiPrice = prices(model, TODAY, provider)
    assert price.provider == provider
    assert 0 < price.fact("input").value <= price.fact("output").value < 1e-3
