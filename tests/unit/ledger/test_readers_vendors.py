"""Gemini, Bedrock, Langfuse, OpenRouter into the normal form: who counts what where, worked by hand."""

from __future__ import annotations

import csv
import json
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import EXAMPLES, NOW, chat, message, one, rows, take, write

from truecost.ledger import import_usage, usage_report
from truecost.ledger.files import CannotRead
from truecost.ledger.readers import READERS

WHEN = "2026-10-05T12:00:00Z"
TOKENS = ("input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens")


def gemini(number: int = 0, /, model: str = "gemini-2.5-flash", **usage: Any) -> dict[str, Any]:
    """A response of Gemini in its wrapper, with the usage given and a candidate that ended."""
    candidate = {"content": {"parts": [{"text": "SECRET ANSWER"}]}, "finishReason": "STOP"}
    body = {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": model,
        "responseId": f"g-{number}",
    }
    request = {"contents": [{"parts": [{"text": "SECRET PROMPT"}]}]}
    return {"timestamp": WHEN, "user": "u-1", "request": request, "response": body}


def invocation(number: int = 0, /, model: str = "amazon.nova-lite-v1:0", **more: Any) -> dict[str, Any]:
    """A line of Bedrock's invocation log; `body` is what it holds of the response."""
    body = more.pop("body", {"output": {"message": {"content": [{"text": "SECRET ANSWER"}]}}})
    counts = {"inputTokenCount": 100, **more.pop("counts", {})}
    return {
        "schemaType": "ModelInvocationLog", "timestamp": WHEN, "region": "us-east-1",
        "requestId": f"r-{number}",
        "operation": "Converse", "modelId": model,
        "input": {"inputBodyJson": {"messages": "SECRET PROMPT"}, **counts},
        "output": {"outputBodyJson": body, "outputTokenCount": 50}, **more,
    }  # fmt: skip


def observation(number: int = 0, /, usage: Any = None, **more: Any) -> dict[str, Any]:
    """An observation of Langfuse; a generation unless told otherwise."""
    return {
        "id": f"o-{number}", "traceId": "t-1", "type": "GENERATION", "startTime": WHEN, "level": "DEFAULT",
        "providedModelName": "gpt-4.1", "usageDetails": usage or {}, "input": "SECRET PROMPT",
        "output": "SECRET ANSWER", **more,
    }  # fmt: skip


def generation(number: int = 0, /, **more: Any) -> dict[str, Any]:
    """The record of a generation of OpenRouter."""
    return {
        "id": f"gen-{number}", "created_at": WHEN, "model": "openai/gpt-4.1", "provider_name": "OpenAI",
        "total_cost": 0.0123, "tokens_prompt": 80, "tokens_completion": 9, "native_tokens_prompt": 100,
        "native_tokens_completion": 10, "native_tokens_reasoning": 0, "native_tokens_cached": 60, **more,
    }  # fmt: skip


def of_samples() -> list[Path]:
    return sorted(EXAMPLES.glob("*.jsonl"))


@pytest.mark.parametrize("path", of_samples(), ids=lambda path: path.stem)
def test_every_line_of_every_sample_is_claimed_by_its_own_reader_alone(path: Path) -> None:
    claimed = [
        tuple(name for name, reader in READERS.items() if reader.claims(json.loads(line)))
        for line in path.read_text().splitlines()
    ]
    assert {len(names) for names in claimed} == {1}, claimed
    assert len(set(claimed)) == 1
    if path.stem in READERS:
        assert claimed[0] == (path.stem,)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.csv")), ids=lambda path: path.stem)
def test_a_header_is_claimed_by_one_reader_at_most(path: Path) -> None:
    with path.open() as file:
        header = dict.fromkeys(next(csv.reader(file)), "")
    claimed = [name for name, reader in READERS.items() if reader.table and reader.claims(header)]
    assert len(claimed) <= 1
    assert path.stem not in READERS or claimed == [path.stem]


# Gemini


def test_thoughts_stand_beside_the_candidates_and_tools_beside_the_prompt(tmp_path: Path) -> None:
    row = one(tmp_path, gemini(
        promptTokenCount=1000, cachedContentTokenCount=800, candidatesTokenCount=50, thoughtsTokenCount=200,
        toolUsePromptTokenCount=300, totalTokenCount=1550,
    ))  # fmt: skip
    assert [row[name] for name in TOKENS] == [1300, 800, 250, 200]
    assert (row["provider"], row["model"], row["request_id"], row["user"]) == (
        "google", "gemini-2.5-flash", "g-0", "u-1",
    )  # fmt: skip


def test_audio_from_the_cache_is_a_cache_read_and_nothing_else(tmp_path: Path) -> None:
    row = one(tmp_path, gemini(
        promptTokenCount=5000, cachedContentTokenCount=3000, candidatesTokenCount=10,
        promptTokensDetails=[{"modality": "TEXT", "tokenCount": 1000},
                             {"modality": "AUDIO", "tokenCount": 4000}],
        cacheTokensDetails=[{"modality": "AUDIO", "tokenCount": 3000}],
    ))  # fmt: skip
    assert (row["input_tokens"], row["cache_read_tokens"], row["audio_input_tokens"]) == (5000, 3000, 1000)


def test_pictures_are_never_priced_as_text(tmp_path: Path) -> None:
    record = gemini(model="gemini-2.5-flash-image", promptTokenCount=100, candidatesTokenCount=1300,
                    candidatesTokensDetails=[{"modality": "IMAGE", "tokenCount": 1290}])  # fmt: skip
    record["response"]["candidates"][0]["content"]["parts"] += [
        {"inlineData": {"mimeType": "image/png", "data": "SECRET"}}
    ]
    row = one(tmp_path, record)
    assert (row["output_tokens"], row["image_units"]) == (10, 1)
    assert len(usage_report(tmp_path / "usage", as_known=date(2026, 11, 22)).unpriced) == 1


@pytest.mark.parametrize(("model", "searches"), [("gemini-2.5-flash", 1), ("gemini-3.5-flash", 2)])
def test_a_grounded_prompt_is_billed_once_to_2_5_and_by_the_query_since(
    tmp_path: Path, model: str, searches: int
) -> None:
    record = gemini(model=model, promptTokenCount=10, candidatesTokenCount=5)
    record["response"]["candidates"][0]["groundingMetadata"] = {"webSearchQueries": ["SECRET a", "SECRET b"]}
    assert one(tmp_path, record)["searches"] == searches


@pytest.mark.parametrize(("traffic", "tier"), [
    ("ON_DEMAND", "standard"), ("ON_DEMAND_FLEX", "flex"), ("ON_DEMAND_PRIORITY", "priority"),
    ("PROVISIONED_THROUGHPUT", "provisioned_throughput"),
])  # fmt: skip
def test_vertex_is_told_by_its_traffic_and_capacity_bought_ahead_has_no_price_by_the_token(
    tmp_path: Path, traffic: str, tier: str
) -> None:
    row = one(tmp_path, gemini(promptTokenCount=10, candidatesTokenCount=5, trafficType=traffic))
    assert (row["provider"], row["service_tier"]) == ("vertex", tier)
    bought = usage_report(tmp_path / "usage", as_known=date(2026, 11, 22)).unpriced
    assert (traffic == "PROVISIONED_THROUGHPUT") <= bool(bought)


def test_batches_underscores_chunks_and_a_cut_stream(tmp_path: Path) -> None:
    usage = {"promptTokenCount": 40, "candidatesTokenCount": 7, "thoughtsTokenCount": 3}
    of_vertex = {
        "status": "",
        "processed_time": WHEN,
        **{k: gemini(1, **usage)[k] for k in ("request", "response")},
    }
    of_client = {
        "timestamp": WHEN, "response_id": "g-2", "model_version": "models/gemini-2.5-flash",
        "candidates": [{"finish_reason": "STOP"}],
        "usage_metadata": {"prompt_token_count": 40, "candidates_token_count": 7, "thoughts_token_count": 3,
                           "cached_content_token_count": None},
    }  # fmt: skip
    chunked = gemini(3, **usage)
    half = {
        "candidates": [{"content": {"parts": [{"text": "SECRET"}]}}],
        "usageMetadata": {"promptTokenCount": 40},
    }
    chunked["response"] = [half, chunked["response"]]
    cut = gemini(4, **usage)
    del cut["response"]["candidates"][0]["finishReason"]
    never = gemini(5)
    never["response"]["usageMetadata"] = None
    never["request"]["contents"] = [{"parts": [{"text": "x" * 400}]}]
    take(tmp_path, of_vertex, of_client, chunked, cut, never)
    found = {row["request_id"]: row for row in rows(tmp_path / "usage")}
    assert [found[f"g-{n}"]["output_tokens"] for n in (1, 2, 3, 4)] == [10] * 4
    assert [found[f"g-{n}"]["quality"] for n in (1, 2, 3, 4, 5)] == [*["measured"] * 3, *["estimated"] * 2]
    assert (found["g-1"]["batch"], found["g-1"]["provider"], found["g-2"]["model"]) == (
        True, "vertex", "gemini-2.5-flash",
    )  # fmt: skip
    assert (found["g-5"]["input_tokens"], found["g-5"]["output_tokens"]) == (100, 4)
    assert found["g-3"]["input_tokens"] == 40, "the chunks tell the same prompt again"


@pytest.mark.parametrize("usage", [
    {"promptTokenCount": 10, "toolUsePromptTokenCount": -4},
    {"promptTokenCount": 10, "candidatesTokenCount": "many"},
    {"promptTokenCount": 10, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": -3}]},
])  # fmt: skip
def test_a_sum_hides_no_negative_and_no_broken_part(tmp_path: Path, usage: dict[str, Any]) -> None:
    assert take(tmp_path, gemini(**usage)).rejected == 1


# Bedrock

ARN = "arn:aws:bedrock:us-east-1:111122223333:"
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.mark.parametrize(("told", "model", "region"), [
    (SONNET, SONNET, "us-east-1"),
    ("us." + SONNET, SONNET, "us"),
    (ARN + "inference-profile/apac." + SONNET, SONNET, "apac"),
    (ARN + "inference-profile/global." + SONNET, SONNET, "global"),
    ("arn:aws:bedrock:us-east-1::foundation-model/" + SONNET, SONNET, "us-east-1"),
    (ARN + "provisioned-model/ab12cd34ef56", "provisioned-model ab12cd34ef56", "us-east-1"),
    (ARN + "custom-model/amazon.nova-lite-v1:0:300k/ab12cd34ef56", "custom-model ab12cd34ef56", "us-east-1"),
])  # fmt: skip
def test_a_profile_is_resolved_to_its_model_and_geography(
    tmp_path: Path, told: str, model: str, region: str
) -> None:
    row = one(tmp_path, invocation(model=told))
    assert (row["provider"], row["model"], row["region"]) == ("aws", model, region)
    assert row["tags"].get("source_region") == (None if region == "us-east-1" else "us-east-1")
    report = usage_report(tmp_path / "usage", as_known=date(2026, 11, 22))
    assert len(report.unpriced) == (1 if " " in model else 0), "never priced as another model"


def test_bedrock_leaves_the_cache_out_and_it_is_put_in_and_priced_once(tmp_path: Path) -> None:
    counts = {"cacheReadInputTokenCount": 3000, "cacheWriteInputTokenCount": 1200}
    details = {"usage": {"inputTokens": 100, "cacheDetails": [{"ttl": "1h", "inputTokens": 1000},
                                                             {"ttl": "5m", "inputTokens": 200}]}}  # fmt: skip
    row = one(tmp_path, invocation(model="global." + SONNET, counts=counts, body=details))
    assert (row["input_tokens"], row["cache_read_tokens"]) == (4300, 3000)
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (200, 1000)
    # 100 x 3 + 3000 x 0.30 + 200 x 3.75 + 1000 x 6 + 50 x 15 USD a million
    assert usage_report(tmp_path / "usage", as_known=date(2026, 11, 22)).total_usd == Decimal("0.0087")


PROFILE = ARN + "application-inference-profile/"


def test_an_application_profile_is_named_by_the_response_the_router_or_a_map(tmp_path: Path) -> None:
    named = {"model": "claude-haiku-4-5-20251001"}
    routed = {"trace": {"promptRouter": {"invokedModelId": ARN + "inference-profile/eu." + SONNET}}}
    records = [
        invocation(1, model=PROFILE + "aaaaaaaaaaaa", body=named),
        invocation(2, model=PROFILE + "bbbbbbbbbbbb", body=[{"message": named}]),
        invocation(3, model=ARN + "default-prompt-router/anthropic.claude:1", body=routed),
        invocation(4, model=PROFILE + "cccccccccccc"),
        invocation(5, model=PROFILE + "dddddddddddd"),
    ]
    mapping = {"model:cccccccccccc": "global." + SONNET, "model:" + PROFILE + "eeeeeeeeeeee": SONNET}
    take(tmp_path, *records, mapping=mapping)
    found = [(row["model"], row["region"]) for row in rows(tmp_path / "usage")]
    assert found == [
        ("claude-haiku-4-5-20251001", "us-east-1"), ("claude-haiku-4-5-20251001", "us-east-1"),
        (SONNET, "eu"), (SONNET, "global"), ("application-inference-profile dddddddddddd", "us-east-1"),
    ]  # fmt: skip
    report = usage_report(tmp_path / "usage", as_known=date(2026, 11, 22))
    assert [one.model for one in report.unpriced] == ["application-inference-profile dddddddddddd"]


@settings(max_examples=40, deadline=None)
@given(name=st.from_regex(r"\A[a-z0-9]{12}\Z"))
def test_no_id_of_a_profile_is_taken_for_a_model(name: str) -> None:
    from truecost.catalog.names import UnknownName
    from truecost.pricing.book import book

    with pytest.raises(UnknownName):
        book(f"application-inference-profile {name}", "aws", "us-east-1")


def test_a_renaming_names_deployments_of_any_log(tmp_path: Path) -> None:
    record = chat(1)
    record["response"]["model"] = "our-deployment"
    mapping = {"model:our-deployment": "gpt-4.1", "provider": "=azure"}
    assert one(tmp_path, record, mapping=mapping)["model"] == "gpt-4.1"
    plain = {"ts": WHEN, "model": "our-deployment", "input_tokens": 5, "output_tokens": 1}
    take(tmp_path, plain, name="own.jsonl", mapping={"model:our-deployment": "gpt-4.1-mini"})
    assert {row["model"] for row in rows(tmp_path / "usage")} == {"gpt-4.1", "gpt-4.1-mini"}
    with pytest.raises(ValueError, match="no field is named"):
        take(tmp_path, plain, name="third.jsonl", mapping={"model:our-deployment": ""})


def test_who_called_is_the_user_and_no_key_or_text_is_kept(tmp_path: Path) -> None:
    session = invocation(
        1, identity={"arn": "arn:aws:sts::111122223333:assumed-role/Chat/AKIAIOSFODNN7EXAMPLE"}
    )
    person = invocation(2, identity={"arn": "arn:aws:iam::111122223333:user/alice"})
    asked = invocation(3, requestMetadata={"user": "u-7", "team": "blue", "feature": "chat"})
    failed = invocation(4, errorCode="ThrottlingException")
    take(tmp_path, message(1), session, person, asked, failed, gemini(5, promptTokenCount=1), observation(6))
    found = {row["request_id"]: row for row in rows(tmp_path / "usage")}
    assert [found[f"r-{n}"]["user"] for n in (1, 2, 3)] == ["assumed-role/Chat", "user/alice", "u-7"]
    assert (found["r-3"]["tags"]["team"], found["r-3"]["feature"], found["r-4"]["status"]) == (
        "blue", "chat", "error",
    )  # fmt: skip
    for path in (tmp_path / "usage").rglob("*"):
        assert not path.is_file() or not any(word in path.read_bytes() for word in (b"SECRET", b"AKIA"))


# Langfuse


@pytest.mark.parametrize(("usage", "expected"), [
    ({"input": 100, "input_cached_tokens": 900, "output": 50, "total": 1050}, (1000, 900, 0, 0, 50, 0)),
    ({"input": 1000, "input_cached_tokens": 900, "output": 50, "total": 1050}, (1000, 900, 0, 0, 50, 0)),
    ({"input": 100, "output": 50, "output_reasoning_tokens": 30}, (100, 0, 0, 0, 80, 30)),
    ({"input": 100, "output": 50, "output_reasoning_tokens": 30, "total": 150}, (100, 0, 0, 0, 50, 30)),
    ({"input": 9, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 20, "output": 5},
     (99, 70, 20, 0, 5, 0)),
    ({"input": 9, "cache_creation_input_tokens": 30, "input_cache_creation_5m": 10,
      "input_cache_creation_1h": 20, "output": 5}, (39, 0, 10, 20, 5, 0)),
    ({"prompt_tokens": 80, "completion_tokens": 7, "prompt_cache_hit_tokens": 64,
      "prompt_cache_miss_tokens": 16, "total_tokens": 87}, (80, 64, 0, 0, 7, 0)),
    ({"input": 5, "output": 6, "inputCost": 0.5, "unit": "TOKENS", "total": 11}, (5, 0, 0, 0, 6, 0)),
])  # fmt: skip
def test_counts_of_any_name_are_each_counted_once(
    tmp_path: Path, usage: dict[str, Any], expected: tuple[int, ...]
) -> None:
    row = one(tmp_path, observation(usage=usage))
    names = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
             "output_tokens", "reasoning_tokens")  # fmt: skip
    assert tuple(row[name] for name in names) == expected
    assert row["quality"] == "measured"


def test_a_count_whose_name_says_nothing_is_named_and_estimated(tmp_path: Path) -> None:
    row = one(tmp_path, observation(usage={"input": 5, "output": 1, "seconds": 12.5, "credits": 0}))
    assert (row["quality"], row["tags"]["not_counted"], row["input_tokens"]) == ("estimated", "seconds", 5)
    assert take(tmp_path, observation(2, usage={"input": -5, "output": 9}), name="2.jsonl").rejected == 1


def test_leaf_generations_count_whatever_stands_between_and_whenever_they_come(tmp_path: Path) -> None:
    used = {"input": 10, "output": 1}
    sum_of = observation(1, usage=used)
    between = observation(2, type="CHAIN", parentObservationId="o-1")
    leaf = observation(3, usage=used, parentObservationId="o-2")
    other = observation(1, usage=used, traceId="t-2", id="o-9")
    result = take(tmp_path, leaf, sum_of, between, other)
    assert (result.rows, result.to_dict()["rolled_up"], result.rejected) == (2, 1, 0)
    later = take(tmp_path, observation(2, usage=used), name="later.jsonl")
    assert (later.rows, later.to_dict()["rolled_up"]) == (0, 1)


def test_the_table_and_the_blob_export_say_the_same(tmp_path: Path) -> None:
    record = observation(1, usage={"input": 10, "input_cached_tokens": 30, "output": 2},
                         userId="u-1", sessionId="s-1", traceName="chat", metadata={"customer": "acme"},
                         traceTags=["team:blue", "nightly", "team:red"])  # fmt: skip
    kept = {key: value for key, value in record.items() if key not in {"input", "output"}}
    blob = {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): value for key, value in kept.items()}
    with (tmp_path / "table.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(kept)
        out.writerow([json.dumps(v) if isinstance(v, dict | list) else v for v in kept.values()])
    write(tmp_path / "list.json", ["[" + json.dumps(record) + "]"])
    found: list[dict[str, Any]] = []
    for index, path in enumerate(
        (tmp_path / "table.csv", write(tmp_path / "b.jsonl", [blob]), tmp_path / "list.json")
    ):
        store = tmp_path / f"usage-{index}"
        assert import_usage([path], store, now=NOW).files[0].dialects == ("langfuse",)
        found.append({k: v for k, v in rows(store)[0].items() if k not in {"source_file", "line"}})
    assert found[0] == found[1] == found[2]
    assert (found[0]["input_tokens"], found[0]["customer"], found[0]["feature"], found[0]["task"]) == (
        40, "acme", "chat", "s-1",
    )  # fmt: skip
    assert found[0]["tags"] == {"team": "blue", "nightly": "true"}


def test_a_generation_without_usage_is_estimated_and_a_failed_one_is_kept(tmp_path: Path) -> None:
    take(tmp_path, observation(1, input="x" * 40, output="y" * 8), observation(2, level="ERROR"))
    found = rows(tmp_path / "usage")
    assert [(r["status"], r["quality"], r["input_tokens"], r["output_tokens"]) for r in found] == [
        ("cut", "estimated", 10, 2), ("error", "measured", 0, 0),
    ]  # fmt: skip


# OpenRouter


def test_tokens_are_the_models_own_and_the_amount_is_what_was_billed(tmp_path: Path) -> None:
    other = generation(2, native_tokens_prompt=None, native_tokens_completion=None)
    take(tmp_path, generation(1), {"data": other})
    first, second = rows(tmp_path / "usage")
    assert [first[name] for name in TOKENS] == [100, 60, 10, 0]
    assert [second[name] for name in TOKENS] == [80, 0, 9, 0]
    assert (first["tags"], second["tags"]["tokens"]) == ({"served_by": "OpenAI"}, "not of the model")
    report = usage_report(tmp_path / "usage", as_known=date(2026, 11, 22))
    assert report.total_usd == Decimal("0.0246"), "by the price list it would be another amount"


def test_reasoning_above_the_output_is_counted_beside_it(tmp_path: Path) -> None:
    row = one(tmp_path, generation(native_tokens_reasoning=25))
    assert (row["output_tokens"], row["reasoning_tokens"]) == (35, 25)


def test_activity_by_day_stands_for_its_requests_and_is_known_again(tmp_path: Path) -> None:
    day = {"date": "2026-10-05", "model": "openai/gpt-4.1", "model_permaslug": "openai/gpt-4.1-2025-04-14",
           "endpoint_id": "e-1", "provider_name": "OpenAI", "usage": 0.015, "byok_usage_inference": 0.012,
           "requests": 5, "prompt_tokens": 50, "completion_tokens": 125, "reasoning_tokens": 25}  # fmt: skip
    row = one(tmp_path, day)
    assert (row["requests"], row["stated_usd"], row["tags"]["byok"]) == (5, Decimal("0.015"), "true")
    assert row["ts"].isoformat() == "2026-10-05T00:00:00"
    with (tmp_path / "again.csv").open("w", newline="") as file:
        csv.writer(file).writerows([list(day), list(day.values())])
    again = import_usage([tmp_path / "again.csv"], tmp_path / "usage", now=NOW)
    assert (again.rows, again.to_dict()["duplicates"]) == (0, 1)


def test_an_activity_export_is_read_by_its_header_and_a_map_is_checked(tmp_path: Path) -> None:
    path = EXAMPLES / "openrouter.csv"
    result = import_usage([path], tmp_path / "usage", now=NOW, mapping={"customer": "api_key_name"})
    assert (result.rows, result.files[0].dialects, result.rejected) == (9, ("openrouter",), 0)
    found = rows(tmp_path / "usage")
    billed = sum(Decimal(line["cost_total"]) for line in csv.DictReader(path.read_text().splitlines()))
    assert sum(row["stated_usd"] for row in found) == billed
    assert {row["customer"] for row in found} == {"team-a"}
    with pytest.raises(CannotRead, match="there is no column 'api_key_nam'; the nearest is api_key_name"):
        import_usage([path], tmp_path / "other", now=NOW, mapping={"customer": "api_key_nam"})
    with pytest.raises(CannotRead, match="gemini is written as JSONL"):
        import_usage([path], tmp_path / "other", now=NOW, dialect="gemini")


CELLS = st.sampled_from(
    ["", "1", "-1", "1.5", "1e3", "GENERATION", "SPAN", "ERROR", WHEN, '{"input": 5, "x": {"y": 1}}',
     '["a", "a:b"]', "{", "[", "null", '"', "99999999999999999999", "=1+1", "a,b"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)  # fmt: skip
HEADERS = {
    "langfuse": ["id", "traceId", "type", "parentObservationId", "startTime", "providedModelName",
                 "usageDetails", "metadata", "traceTags", "level"],
    "openrouter": ["generation_id", "created_at", "cost_total", "tokens_prompt", "tokens_completion",
                   "tokens_reasoning", "tokens_cached", "model_permaslug", "variant", "byok_usage_inference"],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HEADERS))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cells=st.lists(st.lists(CELLS, min_size=10, max_size=10), min_size=1, max_size=5), as_json=st.booleans()
)
def test_nothing_in_a_cell_breaks_a_table(name: str, cells: list[list[str]], as_json: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        if as_json:
            write(path, [dict(zip(HEADERS[name], row, strict=True)) for row in cells])
        else:
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([HEADERS[name], *cells])
        result = import_usage([path], Path(folder) / "usage", dialect=name, now=NOW)
        found = rows(Path(folder) / "usage")
    told = result.to_dict()
    assert len(found) == result.rows
    kinds = ("rows", "duplicates", "rejected", "conflicts", "rolled_up", "nothing_to_count")
    assert sum(told[kind] for kind in kinds) == len(cells)
    for row in found:
        assert min(row[one] for one in row if one.endswith("_tokens")) >= 0
        assert row["cache_read_tokens"] <= row["input_tokens"]
        assert row["reasoning_tokens"] <= row["output_tokens"]
