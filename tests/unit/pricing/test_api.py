"""The price rules: every token billed once, at the right price, and never at a price nobody offers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.catalog.api_prices import ApiPrice, NoOffer, PriceRow, listing, prices
from truecost.catalog.facts import Confidence
from truecost.normal import normal_quantile
from truecost.pricing import Usage, api_cost, api_cost_lines, billing_notes, expected_cost

TODAY = date(2026, 11, 22)
MODELS = [
    ("gpt-4.1-mini", "openai"), ("gpt-5.6-sol", "openai"), ("claude-sonnet-4-5", "anthropic"),
    ("gemini-2.5-pro", "google"), ("grok-4.5", "x-ai"), ("deepseek-v4-flash", "deepseek"),
    ("mistral-large-latest", "mistral"), ("sonar-pro", "perplexity"), ("gpt-oss-120b", "groq"),
]  # fmt: skip
PRICES = {model: prices(model, TODAY, provider) for model, provider in MODELS}
tokens = st.floats(0, 1e6)
shares = st.floats(0, 1)


def row(kind: str, usd_per_mtok: str, tier: str = "standard", above: int = 0, lifetime: str = "") -> PriceRow:
    """A price row of an invented model."""
    return PriceRow(
        "m", "p", "m", kind, lifetime, tier, "", above, False, None, None,
        Decimal(usd_per_mtok) / 1_000_000, date(2026, 1, 1), None, date(2026, 1, 1),
        "genai-prices/openai", date(2026, 1, 1), Confidence.ESTIMATE,
    )  # fmt: skip


def price_of(*rows: PriceRow) -> ApiPrice:
    return ApiPrice("p", "m", TODAY, rows)


def split(whole: float, read: float, write: float, output: float) -> Usage:
    """A usage whose cached parts are shares of its input."""
    return Usage(whole, output, whole * read * 0.5, whole * write * 0.5)


@pytest.mark.parametrize("model", PRICES)
@settings(max_examples=40, deadline=None)
@given(whole=tokens, read=shares, write=shares, output=tokens)
def test_the_lines_sum_to_the_cost(
    model: str, whole: float, read: float, write: float, output: float
) -> None:
    usage = split(whole, read, write, output)
    lines = api_cost_lines(PRICES[model], usage)
    assert sum(float(line.usd) for line in lines) == pytest.approx(api_cost(PRICES[model], usage), abs=1e-15)
    billed = sum(float(line.tokens) for line in lines if line.kind != "request")
    assert billed == pytest.approx(whole + output)


@pytest.mark.parametrize("model", PRICES)
@settings(max_examples=40, deadline=None)
@given(call=st.tuples(tokens, shares, shares, tokens), more=tokens)
def test_more_tokens_never_cost_less(
    model: str, call: tuple[float, float, float, float], more: float
) -> None:
    price = PRICES[model]
    whole, read, write, output = call
    base = float(api_cost(price, split(whole, read, write, output)))
    assert float(api_cost(price, split(whole + more, read, write, output))) >= base * (1 - 1e-12)
    assert float(api_cost(price, split(whole, read, write, output + more))) >= base * (1 - 1e-12)


@settings(max_examples=30, deadline=None)
@given(data=st.lists(st.tuples(tokens, shares, shares, tokens), min_size=1, max_size=20))
def test_a_column_costs_what_its_elements_cost(data: list[tuple[float, float, float, float]]) -> None:
    price = PRICES["gemini-2.5-pro"]
    one_by_one = [float(api_cost(price, split(*one))) for one in data]
    whole, read, write, output = (np.array(column) for column in zip(*data, strict=True))
    together = api_cost(price, Usage(whole, output, whole * read * 0.5, whole * write * 0.5))
    assert np.asarray(together).tolist() == pytest.approx(one_by_one)


def test_a_cache_read_is_never_dearer_than_input_at_any_listed_model() -> None:
    for offer in listing(TODAY):
        for tier in offer.tiers:
            if not offer.has("input", tier):
                continue
            plain = api_cost(offer, Usage(1_000.0, 0.0), tier=tier)
            cached = api_cost(offer, Usage(1_000.0, 0.0, cache_read_tokens=1_000.0), tier=tier)
            assert cached <= plain * (1 + 1e-9), (offer.provider, offer.model, tier)


def test_cached_tokens_are_not_priced_twice() -> None:
    price = price_of(
        row("input", "1"), row("cache_read", "0.1"), row("cache_write", "1.25"), row("output", "2")
    )
    usage = Usage(1_000_000.0, 0.0, cache_read_tokens=600_000.0, cache_write_tokens=300_000.0)
    assert api_cost(price, usage) == pytest.approx(0.1 + 0.06 + 0.375)
    same = Usage.excluding_cache(100_000.0, 0.0, cache_read_tokens=600_000.0, cache_write_tokens=300_000.0)
    assert api_cost(price, same) == pytest.approx(0.535)


def test_without_a_cache_price_cached_tokens_are_plain_input_and_it_is_said() -> None:
    price = price_of(row("input", "1"), row("output", "2"))
    usage = Usage(1_000_000.0, 0.0, cache_read_tokens=500_000.0, cache_write_tokens=500_000.0)
    assert api_cost(price, usage) == pytest.approx(1.0)
    assert billing_notes(price, usage) == (
        "no price of a cache read is listed: billed as plain input",
        "no price of a cache write is listed: billed as plain input",
    )


def test_a_cache_lifetime_that_is_not_sold_is_an_error_not_the_cheaper_one() -> None:
    price = price_of(row("input", "1"), row("cache_write", "1.25", lifetime="5m"))
    usage = Usage(1_000.0, 0.0, cache_write_tokens=1_000.0)
    assert api_cost(price, usage) == pytest.approx(1.25e-3)
    with pytest.raises(NoOffer, match=r"'1h'.*lifetimes with a price: 5m"):
        api_cost(price, usage, cache_lifetime="1h")


@pytest.mark.parametrize(("at_threshold", "inclusive"), [(1.0, False), (2.0, True)])
def test_the_threshold_is_exclusive_or_inclusive_as_the_vendor_says(
    at_threshold: float, inclusive: bool
) -> None:
    from dataclasses import replace

    long = replace(row("input", "2", above=1_000_000), inclusive=inclusive)
    price = price_of(row("input", "1"), long)
    assert api_cost(price, Usage(1_000_000.0, 0.0)) == pytest.approx(at_threshold)
    assert api_cost(price, Usage(999_999.0, 0.0)) == pytest.approx(0.999999)
    assert api_cost(price, Usage(1_000_001.0, 0.0)) == pytest.approx(2.000002)


def test_the_long_price_covers_the_whole_request_output_too_and_cached_tokens_count() -> None:
    price = PRICES["gemini-2.5-pro"]
    usage = Usage(200_001.0, 1_000.0, cache_read_tokens=200_000.0)
    assert api_cost(price, usage) == pytest.approx(1 * 2.5e-6 + 200_000 * 0.25e-6 + 1_000 * 15e-6)


def test_the_tier_is_chosen_request_by_request_not_on_their_sum() -> None:
    price = PRICES["gemini-2.5-pro"]
    twice = api_cost(price, Usage(np.array([150_000.0, 150_000.0]), 0.0))
    assert np.asarray(twice).sum() == pytest.approx(300_000 * 1.25e-6)


def test_two_thresholds_apply_in_order() -> None:
    price = price_of(row("input", "1"), row("input", "2", above=100), row("input", "4", above=200))
    cost = api_cost(price, Usage(np.array([100.0, 101.0, 200.0, 201.0]), 0.0))
    assert np.asarray(cost).tolist() == pytest.approx([100e-6, 202e-6, 400e-6, 804e-6])


def test_no_batch_offer_is_named_never_half_price() -> None:
    with pytest.raises(NoOffer, match="batch"):
        api_cost(PRICES["deepseek-v4-flash"], Usage(1_000.0, 1_000.0), batch=True)


def test_a_batch_request_has_no_other_tier() -> None:
    with pytest.raises(ValueError, match="not both"):
        api_cost(PRICES["gpt-4.1-mini"], Usage(1.0, 1.0), batch=True, tier="priority")


def test_a_tier_without_a_cache_price_keeps_the_standard_one_unless_plain_input_is_cheaper() -> None:
    rows = (row("input", "1"), row("cache_read", "0.8"), row("output", "2"))
    cheap = price_of(*rows, row("input", "0.5", "batch"), row("output", "1", "batch"))
    dear = price_of(*rows, row("input", "0.9", "batch"), row("output", "1", "batch"))
    usage = Usage(1e6, 0.0, cache_read_tokens=1e6)
    assert api_cost(cheap, usage, batch=True) == pytest.approx(0.5)
    assert api_cost(dear, usage, batch=True) == pytest.approx(0.8)
    assert "billed at the standard one" in billing_notes(dear, usage, batch=True)[0]


def test_a_tier_without_a_long_price_pays_the_standard_one_above_the_threshold() -> None:
    price = price_of(row("input", "1"), row("input", "2", above=1_000), row("input", "1.5", "priority"))
    assert api_cost(price, Usage(1_000.0, 0.0), tier="priority") == pytest.approx(1.5e-3)
    long = Usage(2_000.0, 0.0)
    assert api_cost(price, long, tier="priority") == pytest.approx(4e-3)
    assert "above 1,000 input tokens" in billing_notes(price, long, tier="priority")[0]


def test_reasoning_is_output_and_billed_once() -> None:
    usage = Usage(0.0, 1e6, reasoning_tokens=400_000.0)
    assert api_cost(price_of(row("input", "1"), row("output", "2")), usage) == pytest.approx(2.0)
    apart = price_of(row("input", "1"), row("output", "2"), row("reasoning", "5"))
    assert api_cost(apart, usage) == pytest.approx(0.6 * 2 + 0.4 * 5)


def test_a_fee_for_each_request_is_added() -> None:
    # https://docs.perplexity.ai/docs/getting-started/pricing: 3/15 and up to 14 USD per 1,000 requests
    lines = {line.kind: line.usd for line in api_cost_lines(PRICES["sonar-pro"], Usage(1_000.0, 100.0))}
    assert lines == {
        "input": pytest.approx(0.003),
        "output": pytest.approx(0.0015),
        "request": pytest.approx(0.014),
    }


def test_an_input_only_model_prices_input_and_refuses_output() -> None:
    embedding = prices("text-embedding-3-small", TODAY, "openai")
    assert api_cost(embedding, Usage(1e6, 0.0)) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("given_tokens", "said"),
    [
        ({"input_tokens": -1.0, "output_tokens": 0.0}, "input_tokens must be"),
        ({"input_tokens": float("nan"), "output_tokens": 0.0}, "input_tokens must be"),
        ({"input_tokens": 10.0, "output_tokens": 0.0, "cache_read_tokens": 11.0}, "excluding_cache"),
        ({"input_tokens": 10.0, "output_tokens": 5.0, "reasoning_tokens": 6.0}, "reasoning_tokens exceed"),
    ],
)
def test_usage_that_cannot_be_is_refused(given_tokens: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Usage(**given_tokens)


@pytest.mark.parametrize("sigma", [0.0, 0.3, 1.0, 1.8])
@pytest.mark.parametrize("model", ["gemini-2.5-pro", "grok-4.5", "claude-sonnet-4-5"])
def test_the_expected_cost_is_the_mean_over_random_lengths(model: str, sigma: float) -> None:
    price, mean = PRICES[model], 120_000.0
    expected = expected_cost(price, Usage(mean, 800.0, mean * 0.4, mean * 0.1), sigma)
    normal = normal_quantile((np.arange(500_000) + 0.5) / 500_000)
    lengths = np.exp(np.log(mean) - sigma**2 / 2 + sigma * normal)
    drawn = api_cost(price, Usage(lengths, 800.0, lengths * 0.4, lengths * 0.1))
    assert expected == pytest.approx(np.asarray(drawn).mean(), rel=0.01)


def test_without_a_long_price_the_expected_cost_is_the_cost_of_the_mean() -> None:
    usage = Usage(5_000.0, 500.0, 2_000.0)
    price = PRICES["gpt-4.1-mini"]
    assert expected_cost(price, usage, 1.5) == pytest.approx(api_cost(price, usage), rel=1e-12)


def test_expected_cost_takes_draws_of_means_and_spreads() -> None:
    mean, sigma = np.array([1_000.0, 150_000.0, 0.0]), np.array([0.5, 1.0, 1.0])
    costs = np.asarray(expected_cost(PRICES["gemini-2.5-pro"], Usage(mean, 100.0), sigma))
    alone = [
        expected_cost(PRICES["gemini-2.5-pro"], Usage(m, 100.0), s) for m, s in zip(mean, sigma, strict=True)
    ]
    assert costs.tolist() == pytest.approx([float(one) for one in alone])


def test_a_long_tail_costs_more_than_its_mean_where_a_long_price_waits() -> None:
    usage = Usage(150_000.0, 0.0)
    price = PRICES["gemini-2.5-pro"]
    assert float(expected_cost(price, usage, 1.0)) > 1.3 * float(api_cost(price, usage))
