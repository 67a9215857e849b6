"""One price: exact lines that sum, named gaps, refusals that teach, and what stands behind it."""

from __future__ import annotations

import json
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import truecost
from truecost.pricing import price

TODAY = date(2026, 11, 22)
counts = st.integers(0, 10**9)


@settings(max_examples=100, deadline=None)
@given(used=st.tuples(counts, counts, counts, counts, counts), requests=st.integers(1, 10**6))
def test_the_total_is_the_sum_of_its_lines_and_every_token_is_in_one(
    used: tuple[int, int, int, int, int], requests: int
) -> None:
    plain, read, write, output, reasoning = used
    one = price(
        "claude-sonnet-4-5", input_tokens=plain + read + write, cache_read_tokens=read,
        cache_write_1h_tokens=write, output_tokens=output + reasoning, reasoning_tokens=reasoning,
        requests=requests, on=TODAY,
    )  # fmt: skip
    assert one.total_usd == sum((line.usd for line in one.lines), Decimal(0))
    assert sum(line.tokens for line in one.lines) == sum(used) * requests
    assert all(line.usd == line.tokens * line.usd_per_token for line in one.lines if line.tokens < 10**12)


@settings(max_examples=60, deadline=None)
@given(tokens=st.integers(0, 10**6), more=st.integers(0, 10**6))
def test_more_tokens_never_cost_less(tokens: int, more: int) -> None:
    small, large = (
        price("gemini-2.5-pro", input_tokens=n, on=TODAY).priced_usd for n in (tokens, tokens + more)
    )
    assert large >= small


def test_amounts_are_exact_where_floats_are_not() -> None:
    one = price("gpt-4.1-nano", input_tokens=3, requests=10**15 + 1, on=TODAY)
    assert one.total_usd == Decimal(3 * (10**15 + 1)) * Decimal("1e-7")


@pytest.mark.parametrize(
    ("given_counts", "said"),
    [
        ({"input_tokens": -1}, "input_tokens must be a whole number"),
        ({"input_tokens": 1.5}, "input_tokens must be a whole number"),
        ({"input_tokens": True}, "input_tokens must be a whole number"),
        ({"input_tokens": 10**18}, "input_tokens must be a whole number"),
        ({"requests": 0}, "requests must be 1 or more"),
        (
            {"input_tokens": 5, "cache_read_tokens": 3, "cache_write_1h_tokens": 3},
            "cache_read_tokens . cache_write_1h",
        ),
        ({"output_tokens": 5, "reasoning_tokens": 6}, "reasoning_tokens exceed output_tokens"),
    ],
)
def test_counts_that_cannot_be_are_refused(given_counts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        price("gpt-4.1", on=TODAY, **given_counts)


def test_a_name_that_is_no_count_is_refused() -> None:
    with pytest.raises(TypeError, match="has no cached_tokens; it counts"):
        price("gpt-4.1", on=TODAY, cached_tokens=3)  # type: ignore[call-arg]


def test_a_batch_has_no_other_tier() -> None:
    with pytest.raises(ValueError, match="not both"):
        price("gpt-4.1", input_tokens=1, batch=True, tier="flex", on=TODAY)
    as_tier = price("gpt-4.1", input_tokens=10, tier="batch", on=TODAY)
    assert as_tier.total_usd == price("gpt-4.1", input_tokens=10, batch=True, on=TODAY).total_usd
    assert as_tier.batch


def test_a_tier_of_nobody_is_an_error_and_one_not_offered_a_gap() -> None:
    with pytest.raises(ValueError, match=r"no provider has a service tier 'flx'; there are .*flex"):
        price("gpt-4.1", input_tokens=1, tier="flx", on=TODAY)
    lacking = price("claude-sonnet-4-5", input_tokens=7, output_tokens=3, tier="flex", on=TODAY)
    assert lacking.total_usd is None
    assert [(gap.kind, gap.tokens) for gap in lacking.gaps] == [("input", 7), ("output", 3)]
    assert "it has" in lacking.gaps[0].why
    assert "no total" in str(lacking)


def test_what_is_priced_stays_beside_what_is_not() -> None:
    part = price("text-embedding-3-small", input_tokens=10**6, output_tokens=5, on=TODAY)
    assert part.priced_usd == Decimal("0.02")
    assert part.total_usd is None
    assert part.to_dict()["total_usd"] is None


def test_a_price_with_hours_needs_the_time() -> None:
    day = date(2025, 7, 1)
    with pytest.raises(ValueError, match="from 00:30 to 16:30"):
        price("deepseek-chat", input_tokens=10**6, on=day)
    for at, usd in (
        (time(0, 29), "0.135"),
        (time(0, 30), "0.27"),
        (time(16, 29), "0.27"),
        (time(16, 30), "0.135"),
    ):
        assert price("deepseek-chat", input_tokens=10**6, on=day, at=at).total_usd == Decimal(usd)


def test_the_region_asked_for_is_taken_and_another_is_said() -> None:
    name = "anthropic.claude-haiku-4-5-20251001-v1:0"
    assert price(name, input_tokens=1, region="eu", on=TODAY).offer[2] == "eu"
    elsewhere = price("gpt-4.1", input_tokens=1, region="mars", on=TODAY)
    assert "no price of region 'mars'" in elsewhere.cell.choice


def test_the_rules_that_applied_are_told() -> None:
    one = price(
        "gemini-2.5-pro",
        input_tokens=250_000,
        cache_read_tokens=100_000,
        output_tokens=10,
        batch=True,
        on=TODAY,
    )
    rules = {rule["rule"]: rule for rule in one.to_dict()["rules"]}
    long = rules["long_context"]
    assert (long["above_tokens"], long["inclusive"], long["applies"]) == (200_000, False, True)
    assert rules["service_tier"]["tier"] == "batch"
    assert "cache_read" in rules
    writes = price(
        "claude-sonnet-4-5", input_tokens=20, cache_write_5m_tokens=10, cache_write_1h_tokens=10, on=TODAY
    )
    multiples = {
        r["cache_life"]: r["times_input"] for r in writes.to_dict()["rules"] if r["rule"] == "cache_write"
    }
    assert multiples == {"5m": "1.25", "1h": "2"}


def test_a_threshold_not_reached_is_told_too() -> None:
    (rule,) = price("grok-4.5", input_tokens=199_999, on=TODAY).to_dict()["rules"]
    assert (rule["above_tokens"], rule["inclusive"], rule["applies"]) == (200_000, True, False)


def test_when_it_changed_and_will_and_why() -> None:
    told = price("gemini-3.6-flash", input_tokens=10, on=TODAY).to_dict()
    assert told["lines"][0]["reason"] == "promotion"
    assert told["lines"][0]["known_from"] == "2026-08-13"
    (change,) = told["changes"]
    assert change["last"] == {
        "on": "2026-08-13", "from_usd_per_token": "0.0000015", "to_usd_per_token": "0.00000075",
        "from_usd_per_mtok": "1.5", "to_usd_per_mtok": "0.75", "reason": "promotion",
    }  # fmt: skip
    assert (change["next"]["on"], change["next"]["reason"]) == ("2027-01-01", "scheduled")


def test_another_source_that_disagrees_is_told() -> None:
    told = price("deepseek-chat", input_tokens=10, on=date(2026, 9, 22)).to_dict()
    (other,) = told["other_sources"]
    assert other["usd_per_token"] != told["lines"][0]["usd_per_token"]
    assert "LiteLLM" in other["source"]
    assert not price("gpt-4.1", input_tokens=10, on=TODAY).to_dict()["other_sources"]


def test_as_known_needs_a_price_known_by_then() -> None:
    with pytest.raises(LookupError, match="by what was known on 2025-01-01"):
        price("gpt-4.1", input_tokens=10, on=TODAY, as_known=date(2025, 1, 1))


def test_the_tree_leads_to_price_and_source() -> None:
    node = price("gpt-4.1", input_tokens=1_000_000, output_tokens=10, on=TODAY).explain()
    assert node.value == "2.00008"
    assert [child.key for child in node.children] == ["input", "output"]
    fact = node.children[0].children[1]
    assert (fact.value, fact.unit) == ("0.000002", "USD/token")
    assert fact.source


def test_it_is_a_door_of_the_package_and_plain_values_are_plain() -> None:
    one = truecost.price("gpt-4.1", input_tokens=10, on=TODAY)
    assert isinstance(one, truecost.Price)
    assert json.loads(json.dumps(one.to_dict()))["total_usd"] == "0.00002"
    assert str(one) == "openai/gpt-4.1 on 2026-11-22: 0.00002 USD"
    with pytest.raises(AttributeError):
        one.on = TODAY  # type: ignore[misc]


def test_a_web_search_has_a_fee_of_its_own_the_same_in_a_batch() -> None:
    # Anthropic: 10 USD for 1,000 searches
    day = date(2026, 11, 22)
    alone = price("claude-sonnet-4-5", input_tokens=1_000_000, searches=3, requests=2, on=day)
    assert [(line.kind, line.tokens, line.usd) for line in alone.lines][-1] == ("search", 6, Decimal("0.06"))
    batch = price("claude-sonnet-4-5", searches=3, batch=True, on=day)
    assert batch.total_usd == Decimal("0.03")
    before = price("claude-sonnet-4-5", searches=1, on=date(2026, 10, 1))
    assert [line.rate.confidence for line in before.lines] == ["estimate"]


def test_a_search_without_a_known_fee_is_a_gap_never_0() -> None:
    found = price("mistral-large-2512", input_tokens=1000, searches=1, on=date(2026, 11, 22))
    assert found.total_usd is None
    assert [gap.kind for gap in found.gaps] == ["search"]
