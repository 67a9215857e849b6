"""What other ledgers get wrong, one test each: from the lines of a log to the amount, worked by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.logs import chat, export, message, span, take

from truecost.ledger import usage_report
from truecost.ledger.reporting import UsageReport
from truecost.ledger.whatifs.moves import Change
from truecost.ledger.whatifs.whatif import whatif

KNOWN = date(2026, 11, 22)
SONNET = "claude-sonnet-4-5-20250929"
ARN = "arn:aws:bedrock:us-east-1:111122223333:"


def billed(tmp_path: Path, *lines: Any, by: tuple[str, ...] = (), as_known: date = KNOWN) -> UsageReport:
    """The report on the lines of a log, all of which were taken."""
    assert take(tmp_path, *lines).rejected == 0
    return usage_report(tmp_path / "usage", by, as_known=as_known)


def usd(per_million: str, tokens: int) -> Decimal:
    """Tokens at USD a million."""
    return tokens * Decimal(per_million) / 1_000_000


def completion(number: int, model: str, prompt: int, **more: Any) -> dict[str, Any]:
    """A chat completion of a model on 5 November 2026."""
    record = chat(number, prompt=prompt, output=0, **more)
    at = int(datetime(2026, 11, 5, tzinfo=UTC).timestamp())
    record["response"] |= {"model": model, "created": at}
    return record


def gemini(number: int, prompt: int, cached: int = 0, **counts: int) -> dict[str, Any]:
    """An answer of gemini-2.5-pro: thoughts stand beside the candidates."""
    usage = {"promptTokenCount": prompt, "cachedContentTokenCount": cached, **counts}
    ended = {"finishReason": "STOP"}
    answer = {"responseId": f"g-{number}", "modelVersion": "gemini-2.5-pro", "candidates": [ended]}
    return {"timestamp": "2026-10-05T12:00:00Z", "response": {**answer, "usageMetadata": usage}}


def spend(number: int, model: str, vendor: str, prompt: int, output: int, **more: Any) -> dict[str, Any]:
    """A row of a proxy's spend log."""
    return {
        "request_id": f"r-{number}", "startTime": "2026-10-05T12:00:00Z", "model": model, "spend": 0.1,
        "custom_llm_provider": vendor, "prompt_tokens": prompt, "completion_tokens": output, **more,
    }  # fmt: skip


def test_cached_tokens_are_priced_once_where_input_includes_them_and_where_not(tmp_path: Path) -> None:
    # the same request twice: 200 plain, 800 from the cache, 50 out, at 3, 0.30 and 15 USD a million
    of_span = span(
        "t", "a", gen_ai__provider__name="anthropic", gen_ai__response__model=SONNET,
        gen_ai__usage__input_tokens=1000, gen_ai__usage__cache_read__input_tokens=800,
        gen_ai__usage__output_tokens=50,
    )  # fmt: skip
    used = {"input_tokens": 200, "cache_read_input_tokens": 800, "output_tokens": 50}
    report = billed(tmp_path, export(of_span), message(usage=used), by=("source",))
    once = usd("3", 200) + usd("0.30", 800) + usd("15", 50)
    assert once == Decimal("0.00159")
    assert [group["usd"] for group in report.groups] == [once, once]
    assert report.total["cache_read_usd"] == 2 * usd("0.30", 800)


def test_a_cache_write_costs_what_its_life_costs(tmp_path: Path) -> None:
    # 5 minutes are 1.25 times the input price of 3, an hour is twice
    life = {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000}
    used = {"input_tokens": 100, "cache_creation_input_tokens": 3000, "cache_creation": life}
    report = billed(tmp_path, message(usage={**used, "output_tokens": 0}))
    assert report.total["cache_write_usd"] == usd("3.75", 1000) + usd("6", 2000)
    assert report.total_usd == Decimal("0.01605")


def test_a_long_request_is_dearer_as_a_whole_and_its_cached_tokens_count(tmp_path: Path) -> None:
    # 110,000 plain and 100,000 cached are over 200,000: all of it at 2.50, 0.25 and 15, output too;
    # by the slice above it would be 0.1725, without the cached tokens 0.16
    report = billed(tmp_path, gemini(1, 210_000, cached=100_000, candidatesTokenCount=1000))
    assert report.total_usd == usd("2.50", 110_000) + usd("0.25", 100_000) + usd("15", 1000)
    assert report.total_usd == Decimal("0.315")


@pytest.mark.parametrize(("line", "amount"), [
    (gemini(1, 200_000), usd("1.25", 200_000)),
    (gemini(1, 200_001), usd("2.50", 200_001)),
    (completion(1, "gpt-5.4", 272_000), usd("2.50", 272_000)),
    (completion(1, "gpt-5.4", 272_001), usd("5", 272_001)),
    (completion(1, "grok-4.20", 199_999, provider="x-ai"), usd("1.25", 199_999)),
    (completion(1, "grok-4.20", 200_000, provider="x-ai"), usd("2.50", 200_000)),
], ids=["google-at", "google-over", "openai-at", "openai-over", "xai-below", "xai-at"])  # fmt: skip
def test_at_the_threshold_itself_each_vendor_has_a_rule_of_its_own(
    tmp_path: Path, line: dict[str, Any], amount: Decimal
) -> None:
    assert billed(tmp_path, line).total_usd == amount


def test_the_length_that_counts_is_that_of_a_request_not_of_a_sum(tmp_path: Path) -> None:
    # three of 100,000 are 0.375 USD, not the 0.75 of one of 300,000; and an hour's million of ten requests
    # is at 2.50, as an estimate: one of the ten may have been over 272,000
    result = {"model": "gpt-5.4", "input_tokens": 1_000_000, "output_tokens": 0, "num_model_requests": 10}
    bucket = {"object": "bucket", "start_time": 1_793_836_800, "end_time": 1_793_840_400, "results": [result]}
    report = billed(tmp_path, *(gemini(n, 100_000) for n in range(3)), bucket)
    assert report.by_coverage["priced"]["usd"] == 3 * usd("1.25", 100_000)
    assert report.by_coverage["estimated"]["usd"] == usd("2.50", 1_000_000)


def test_reasoning_is_output_neither_twice_nor_dropped(tmp_path: Path) -> None:
    # OpenAI's 1,000 have the 900 of reasoning in them; Google's 100 do not
    used = {
        "input_tokens": 0, "output_tokens": 1000, "output_tokens_details": {"reasoning_tokens": 900},
    }  # fmt: skip
    response = {
        "id": "resp_1", "object": "response", "created_at": 1_791_201_600, "model": "gpt-5-mini",
        "usage": used,
    }  # fmt: skip
    google = gemini(1, 0, candidatesTokenCount=100, thoughtsTokenCount=900)
    report = billed(tmp_path, response, google, by=("provider",))
    assert {one["provider"]: one["usd"] for one in report.groups} == {
        "openai": usd("2", 1000),
        "google": usd("10", 1000),
    }


def test_of_a_span_and_those_below_it_the_leaves_alone_are_billed(tmp_path: Path) -> None:
    def of(number: str, parent: str, tokens: int) -> dict[str, Any]:
        return span(
            "t", number, parent, gen_ai__request__model="gpt-4.1-mini", gen_ai__provider__name="openai",
            gen_ai__usage__input_tokens=tokens, gen_ai__usage__output_tokens=tokens // 10,
        )  # fmt: skip

    report = billed(tmp_path, export(of("root", "", 5000), of("a", "root", 2000), of("b", "root", 3000)))
    assert report.total["requests"] == 2
    assert report.total_usd == usd("0.40", 5000) + usd("1.60", 500)


def test_a_price_change_does_not_rewrite_the_days_before_it(tmp_path: Path) -> None:
    # o3 went from 10 to 2 USD a million on 10 June 2025, which nobody knew on the 9th
    lines = [completion(n, "o3", 1_000_000) for n in range(2)]
    for line, day in zip(lines, (9, 10), strict=True):
        line["response"]["created"] = int(datetime(2025, 6, day, 12, tzinfo=UTC).timestamp())
    report = billed(tmp_path, *lines, by=("day",))
    assert {one["day"].day: one["usd"] for one in report.groups} == {9: Decimal(10), 10: Decimal(2)}
    then = usage_report(tmp_path / "usage", as_known=date(2025, 6, 9))
    assert then.total_usd == Decimal(20)


def test_an_unknown_model_is_named_and_in_no_amount(tmp_path: Path) -> None:
    report = billed(tmp_path, completion(1, "gpt-4.1-minny", 1000), completion(2, "gpt-4.1-mini", 1000))
    assert report.total_usd == usd("0.40", 1000)
    assert report.by_coverage["unpriced"]["entries"] == 1
    (unknown,) = report.unpriced
    assert (unknown.model, unknown.tokens) == ("gpt-4.1-minny", 1000)
    assert unknown.nearest[0].startswith("gpt-4.1-mini")


def test_a_stream_that_ended_early_is_an_estimate_and_not_free(tmp_path: Path) -> None:
    # 404 bytes sent ("user" too) are 101 tokens of four, 100 that came are 25, at 0.40 and 1.60
    cut = completion(1, "gpt-4.1-mini", 0)
    del cut["response"]["usage"]
    cut["request"]["messages"][0]["content"] = "x" * 400
    cut["response"]["choices"] = [{"message": {"content": "y" * 100}, "finish_reason": None}]
    # what a message without its end had counted is a lower bound
    begun = message(usage={"input_tokens": 100, "output_tokens": 50}, stop_reason=None)
    report = billed(tmp_path, cut, begun, by=("provider",))
    assert {one["provider"]: one["usd"] for one in report.groups} == {
        "openai": usd("0.40", 101) + usd("1.60", 25),
        "anthropic": usd("3", 100) + usd("15", 50),
    }
    assert report.by_coverage["estimated"]["usd"] == report.by_status["cut"]["usd"] == report.total_usd


@pytest.mark.parametrize(("served", "rate"), [("default", "2.50"), ("priority", "5"), ("flex", "1.25")])
def test_the_tier_that_served_is_billed_not_the_one_asked_for(tmp_path: Path, served: str, rate: str) -> None:
    line = completion(1, "gpt-5.4", 100_000)
    line["request"]["service_tier"] = "priority"
    line["response"]["service_tier"] = served
    assert billed(tmp_path, line).total_usd == usd(rate, 100_000)


def test_a_batch_is_at_half_price_cached_tokens_too(tmp_path: Path) -> None:
    # half of 0.40 and 1.60; half of 3, 0.30 and 15
    body = chat(1, prompt=100_000, output=1000)["response"]
    of_openai = {"custom_id": "a", "response": {"status_code": 200, "body": body}}
    used = {
        "input_tokens": 1000,
        "cache_read_input_tokens": 2000,
        "output_tokens": 100,
        "service_tier": "batch",
    }
    report = billed(tmp_path, of_openai, message(usage=used), by=("provider",))
    assert {one["provider"]: one["usd"] for one in report.groups} == {
        "openai": usd("0.20", 100_000) + usd("0.80", 1000),
        "anthropic": usd("1.50", 1000) + usd("0.15", 2000) + usd("7.50", 100),
    }


def test_each_attempt_of_a_fallback_chain_is_billed_at_its_own_model(tmp_path: Path) -> None:
    # asked of the first and refused for nothing, cut by the second after 200 tokens, answered by the third
    chain = {"model_group": "best", "session_id": "s"}
    report = billed(
        tmp_path,
        spend(1, "gpt-4.1", "openai", 0, 0, status="failure", **chain),
        spend(2, SONNET, "anthropic", 1000, 200, status="failure", **chain),
        spend(3, "gpt-4.1-mini", "openai", 1000, 300, status="success", **chain),
        by=("model",),
    )
    assert {one["model"]: one["usd"] for one in report.groups} == {
        "gpt-4.1": 0,
        SONNET: usd("3", 1000) + usd("15", 200),
        "gpt-4.1-mini": usd("0.40", 1000) + usd("1.60", 300),
    }


def test_a_failed_retry_that_was_billed_costs(tmp_path: Path) -> None:
    report = billed(
        tmp_path,
        chat(1, prompt=1000, output=0, error={"type": "server_error"}, metadata={"attempt": 1}),
        chat(2, prompt=1000, output=10, error={"type": "timeout"}, metadata={"attempt": 2}),
        chat(3, prompt=1000, output=100, metadata={"attempt": 3}),
    )
    assert report.by_status["error"]["usd"] == usd("0.40", 2000) + usd("1.60", 10)
    assert report.total["retried_requests"] == 2
    assert report.total["retried_usd"] == usd("0.40", 2000) + usd("1.60", 110)
    assert report.total_usd == usd("0.40", 3000) + usd("1.60", 110)


def test_an_inference_profile_is_billed_as_the_model_behind_it(tmp_path: Path) -> None:
    # haiku 4.5 through a global profile, 1 and 5; the id of a profile of one's own says no model
    def invoked(number: int, model: str) -> dict[str, Any]:
        return {
            "schemaType": "ModelInvocationLog", "timestamp": "2026-10-05T12:00:00Z", "region": "us-east-1",
            "requestId": f"r-{number}", "modelId": ARN + model, "input": {"inputTokenCount": 1000},
            "output": {"outputTokenCount": 100},
        }  # fmt: skip

    haiku = "inference-profile/global.anthropic.claude-haiku-4-5-20251001-v1:0"
    report = billed(tmp_path, invoked(1, haiku), invoked(2, "application-inference-profile/abcdef123456"))
    assert report.by_coverage["priced"]["usd"] == report.total_usd == usd("1", 1000) + usd("5", 100)
    assert [one.model for one in report.unpriced] == ["application-inference-profile abcdef123456"]


def test_an_answer_from_the_proxys_own_cache_costs_nothing(tmp_path: Path) -> None:
    report = billed(
        tmp_path,
        spend(1, "gpt-4.1-mini", "openai", 1000, 100, cache_hit="False"),
        spend(2, "gpt-4.1-mini", "openai", 1000, 100, cache_hit="True"),
        by=("tag:local_cache_hit",),
    )
    assert {one["tag:local_cache_hit"]: one["usd"] for one in report.groups} == {
        None: usd("0.40", 1000) + usd("1.60", 100),
        "true": 0,
    }
    assert report.unpriced_entries == 0


def test_another_vendor_does_not_count_the_same_tokens(tmp_path: Path) -> None:
    # Anthropic's tokens are 1.15 to 1.85 of OpenAI's for one text: 100,000 / 1.85 and / 1.15 at 0.25 a
    # million, 10,000 likewise at 2; at equal counts it would be 0.045
    take(tmp_path, message(usage={"input_tokens": 100_000, "output_tokens": 10_000}))
    found = whatif(tmp_path / "usage", Change(model="gpt-5-mini"), as_known=KNOWN)
    assert found.before["usd"] == usd("3", 100_000) + usd("15", 10_000)
    assert found.after_low["usd"] == usd("0.25", 54_054) + usd("2", 5_405)
    assert found.after_high["usd"] == usd("0.25", 86_957) + usd("2", 8_696)
    assert not found.is_exact
    assert any("tokenizer" in one for one in found.cannot_know)
