"""Session files and spans: what repeats counts once, what one line leaves to another, who includes what."""

from __future__ import annotations

import json
import struct
import sys
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import EXAMPLES, NOW, chat, export, one, rows, span, take, write

from truecost.ledger import import_usage, usage_report
from truecost.ledger.files import CannotRead, Limits
from truecost.ledger.readers.otel_names import instrumentations

FUZZ = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def answer(
    number: int = 0, *, output: int = 50, stop: str | None = "end_turn", id: str | None = None, **more: Any
) -> dict[str, Any]:
    """A line of Claude Code with an answer."""
    usage = {
        "input_tokens": 4, "output_tokens": output, "cache_read_input_tokens": 9000,
        "cache_creation_input_tokens": 700, "service_tier": "standard",
        "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 500},
        "server_tool_use": {"web_search_requests": 3},
    }  # fmt: skip
    body = {
        "id": id or f"msg_{number}", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
        "content": [{"type": "text", "text": "SECRET"}], "stop_reason": stop, "usage": usage,
    }  # fmt: skip
    return {
        "type": "assistant", "sessionId": "s-1", "uuid": f"u-{number}-{output}", "requestId": f"req_{number}",
        "cwd": "/home/someone/SECRET/shop", "isSidechain": False, "timestamp": "2026-10-05T12:00:00.000Z",
        "message": body, **more,
    }  # fmt: skip


USER = {
    "type": "user", "sessionId": "s-1", "uuid": "x", "cwd": "/home/a", "timestamp": "2026-10-05T12:00:00Z",
    "message": {"role": "user", "content": "SECRET"},
}  # fmt: skip
SUMMARY = {"type": "summary", "summary": "SECRET", "leafUuid": "y"}


@pytest.mark.parametrize("backwards", [False, True])
def test_the_lines_of_one_message_are_one_request_with_its_last_usage(
    tmp_path: Path, backwards: bool
) -> None:
    lines = [SUMMARY, USER, answer(output=3, stop=None), answer(output=3, stop=None), answer(output=480)]
    result = take(tmp_path, *(reversed(lines) if backwards else lines))
    told = result.to_dict()
    assert (result.rows, told["nothing_to_count"], result.rejected, told["duplicates"]) == (1, 4, 0, 0)
    row = rows(tmp_path / "usage")[0]
    assert row["input_tokens"] == 4 + 9000 + 200 + 500
    assert (row["cache_read_tokens"], row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (
        9000,
        200,
        500,
    )
    assert (row["output_tokens"], row["searches"], row["quality"], row["status"]) == (
        480,
        3,
        "measured",
        "ok",
    )
    assert (row["provider"], row["request_id"], row["task"]) == ("anthropic", "msg_0", "s-1")
    assert row["tags"] == {"project": "shop"}
    assert row["ts"].isoformat() == "2026-10-05T12:00:00"
    for path in (tmp_path / "usage").rglob("*"):
        assert not path.is_file() or b"SECRET" not in path.read_bytes()


def test_a_session_costs_what_its_last_usage_does(tmp_path: Path) -> None:
    """By hand, USD a Mtok: 4 at 3, 9000 read at 0.3, 200 written at 3.75, 500 at 6, 480 out at 15.

    And 3 searches at a cent: 0.000012 + 0.0027 + 0.00075 + 0.003 + 0.0072 + 0.03 = 0.043662.
    """
    take(tmp_path, USER, answer(output=3, stop=None), answer(output=480))
    report = usage_report(tmp_path / "usage", ["model"], as_known=date(2026, 11, 22))
    assert report.total_usd == Decimal("0.043662")


def test_a_message_whose_end_was_never_written_is_estimated(tmp_path: Path) -> None:
    take(tmp_path, answer(output=2, stop=None), answer(output=9, stop=None), answer(output=5, stop=None))
    row = rows(tmp_path / "usage")[0]
    assert (row["output_tokens"], row["quality"], row["status"]) == (9, "estimated", "ok")


def test_what_claude_code_made_up_itself_is_no_request_and_a_side_chain_is(tmp_path: Path) -> None:
    made_up = answer(1)
    made_up["message"]["model"] = "<synthetic>"
    side = answer(2, isSidechain=True, agentId="a7", cwd="C:\\Users\\someone\\shop\\")
    result = take(tmp_path, USER, made_up, side)
    assert (result.rows, result.to_dict()["nothing_to_count"]) == (1, 2)
    row = rows(tmp_path / "usage")[0]
    assert row["tags"] == {"agent": "a7", "project": "shop", "sidechain": "true"}


def test_a_side_chain_in_a_file_of_its_own_repeats_nothing(tmp_path: Path) -> None:
    take(tmp_path, answer(1), answer(2))
    later = take(tmp_path, answer(2), answer(3), name="agent.jsonl")
    assert (later.rows, later.to_dict()["duplicates"]) == (1, 1)


def test_one_id_for_many_requests_does_not_swallow_them(tmp_path: Path) -> None:
    """Some gateways give every answer the same id; the requests then have ids of their own."""
    result = take(tmp_path, *(answer(n, id="chatcmpl-0", output=n + 1) for n in range(3)))
    assert result.rows == 3


def test_a_broken_line_of_a_session_is_told_and_one_of_another_log_is_read(tmp_path: Path) -> None:
    negative = answer(5)
    negative["message"]["usage"]["output_tokens"] = -1
    odd = answer(6)
    odd["message"]["usage"] = [1]
    result = take(tmp_path, answer(1), '{"type": "assistant", "mess', chat(1), negative, odd, USER)
    assert result.rows == 2
    assert result.files[0].dialects == ("claude-code", "openai-chat")
    assert [(told.line, told.reason.split(":")[0]) for told in result.first_rejects] == [
        (2, "not JSON at column 28"), (4, "negative tokens or hours"),
        (5, "a record of claude-code whose fields have another shape"),
    ]  # fmt: skip


def test_a_mapping_says_whose_sessions_they_are_and_takes_nothing_else(tmp_path: Path) -> None:
    row = one(tmp_path, answer(), mapping={"user": "=ann", "tag:team": "=web"})
    assert (row["user"], row["tags"]) == ("ann", {"project": "shop", "team": "web"})
    with pytest.raises(
        ValueError, match=r"--map user=gitBranch: nothing else is taken .* user==gitBranch sets it"
    ):
        one(tmp_path, answer(1), mapping={"user": "gitBranch"})


def counts(sent: int, cached: int, came: int, reasoned: int = 0) -> dict[str, int]:
    """Usage as Codex tells it."""
    return {"input_tokens": sent, "cached_input_tokens": cached, "output_tokens": came,
            "reasoning_output_tokens": reasoned, "total_tokens": sent + came}  # fmt: skip


def codex(kind: str, **payload: Any) -> dict[str, Any]:
    """A line of Codex."""
    return {"timestamp": "2026-10-05T12:00:00.000Z", "type": kind, "payload": payload}


def event(total: Any, last: Any = None) -> dict[str, Any]:
    """An event of token counts."""
    info = {"total_token_usage": total, "model_context_window": 272000}
    return codex(
        "event_msg", type="token_count", info=info if last is None else {**info, "last_token_usage": last}
    )


USAGE = ("input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens")
META = codex("session_meta", id="t-1", cwd="/home/someone/SECRET/shop", model_provider="openai")
TURN = codex("turn_context", cwd="/home/someone/SECRET/shop", model="gpt-5-codex")


def test_an_event_told_again_does_not_double_and_the_model_is_of_the_turn(tmp_path: Path) -> None:
    first, second = counts(1000, 0, 50, 20), counts(1400, 900, 70, 64)
    both = {key: first[key] + second[key] for key in first}
    lines = [
        META, TURN, codex("event_msg", type="token_count", info=None), event(first, first),
        event(first, first), codex("response_item", type="message", content=[{"text": "SECRET"}]),
        codex("turn_context", model="gpt-5-mini"), event(both, second), event(both, second),
    ]  # fmt: skip
    result = take(tmp_path, *lines)
    assert (result.rows, result.to_dict()["nothing_to_count"], result.rejected) == (2, 7, 0)
    found = sorted(rows(tmp_path / "usage"), key=lambda row: row["line"])
    assert [tuple(row[one] for one in ("model", *USAGE)) for row in found] == [
        ("gpt-5-codex", 1000, 0, 50, 20), ("gpt-5-mini", 1400, 900, 70, 64),
    ]  # fmt: skip
    assert {row["task"] for row in found} == {"t-1"}
    assert {row["tags"]["project"] for row in found} == {"shop"}
    assert all("SECRET" not in str(row) for row in found)
    grown = take(tmp_path, *lines, event({key: both[key] * 2 for key in both}, both))
    assert (grown.rows, grown.to_dict()["duplicates"], grown.rows_in_store) == (1, 2, 3)


def test_without_the_last_usage_it_is_what_the_total_grew_by(tmp_path: Path) -> None:
    """1000, then 2500 (1500 more), then anew at 300: 300 were used, not 2200 fewer."""
    totals = [counts(1000, 100, 10, 5), counts(2500, 1100, 30, 5), counts(300, 0, 4)]
    take(tmp_path, META, TURN, *(event(total) for total in totals))
    found = sorted(rows(tmp_path / "usage"), key=lambda row: row["line"])
    told = [tuple(row[one] for one in USAGE) for row in found]
    assert told == [(1000, 100, 10, 5), (1500, 1000, 20, 0), (300, 0, 4, 0)]


def test_a_session_that_goes_on_from_another_does_not_count_its_copy(tmp_path: Path) -> None:
    first, second = counts(1000, 0, 50), counts(1400, 900, 70)
    both = {key: first[key] + second[key] for key in first}
    take(tmp_path, META, TURN, event(first, first))
    child = codex("session_meta", id="t-2", forked_from_id="t-1")
    result = take(tmp_path, child, META, TURN, event(first, first), event(both, second), name="fork.jsonl")
    told = result.to_dict()
    assert (result.rows, told["duplicates"] + told["conflicts"]) == (1, 1)
    assert sum(row["input_tokens"] for row in rows(tmp_path / "usage")) == 2400


def test_a_total_that_a_compaction_set_is_no_usage(tmp_path: Path) -> None:
    first = counts(1000, 0, 50)
    filled = {**counts(0, 0, 0), "total_tokens": 272000}
    result = take(
        tmp_path, META, TURN, event(first, first), event(filled, {**filled, "total_tokens": 270950})
    )
    assert (result.rows, result.rejected) == (1, 0)


def test_openinference_includes_the_cache_and_names_session_and_user(tmp_path: Path) -> None:
    found = span(
        "t",
        "a",
        openinference__span__kind="LLM",
        llm__model_name="claude-sonnet-4-5",
        llm__provider="anthropic",
        llm__token_count__prompt=4276,
        llm__token_count__completion=50,
        llm__token_count__total=4326,
        llm__token_count__prompt_details__cache_read=4000,
        llm__token_count__prompt_details__cache_write=261,
        llm__token_count__completion_details__reasoning=20,
        session__id="s-1",
        user__id="u-1",
        input__value="SECRET",
    )
    row = one(tmp_path, export(found))
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_5m_tokens"]) == (4276, 4000, 261)
    assert (row["output_tokens"], row["reasoning_tokens"]) == (50, 20)
    assert (row["provider"], row["model"], row["task"], row["user"]) == (
        "anthropic",
        "claude-sonnet-4-5",
        "s-1",
        "u-1",
    )
    assert row["tags"] == {"operation": "llm"}


def test_openllmetry_labels_become_columns_and_tags(tmp_path: Path) -> None:
    found = span(
        "t",
        "a",
        gen_ai__system="Anthropic",
        gen_ai__request__model="m",
        llm__request__type="chat",
        gen_ai__usage__prompt_tokens=30,
        gen_ai__usage__completion_tokens=5,
        llm__usage__total_tokens=35,
        traceloop__association__properties__user_id="u-1",
        traceloop__association__properties__team="x",
        traceloop__association__properties__api_key="sk-1",
        traceloop__workflow__name="drafts",
    )
    row = one(tmp_path, export(found))
    assert (row["input_tokens"], row["output_tokens"], row["user"], row["feature"]) == (
        30,
        5,
        "u-1",
        "drafts",
    )
    assert row["tags"] == {"operation": "chat", "team": "x"}


USED = {
    "gen_ai__usage__input_tokens": 100,
    "gen_ai__usage__output_tokens": 7,
    "gen_ai__request__model": "claude-x",
}


@pytest.mark.parametrize(("told", "scope", "whole"), [
    ({"cache_read": 80, "cache_write": 10}, "", (100, 7)),  # the convention: included
    ({"cache_read": 5758, "cache_write": 6174}, "", (12032, 7)),  # more than the whole: left out
    ({"cache_read": 80, "total": 187}, "", (180, 7)),  # 100 + 80 + 7: left out
    ({"cache_read": 80, "total": 107}, "", (100, 7)),  # 100 + 7: included
    ({"cache_read": 80, "reasoning": 5, "total": 112}, "", (100, 12)),  # the cache is in, reasoning not
    ({"cache_read": 80, "reasoning": 5, "total": 192}, "", (180, 12)),  # both are
    ({"reasoning": 30}, "", (100, 37)),  # more than the output: left out
    ({"cache_read": 80}, "@traceloop/instrumentation-anthropic", (180, 7)),  # known to leave it out
    ({"cache_read": 80}, "opentelemetry.instrumentation.anthropic", (100, 7)),  # known to include it
])  # fmt: skip
def test_who_includes_what(tmp_path: Path, told: dict[str, int], scope: str, whole: tuple[int, int]) -> None:
    names = {"cache_read": "gen_ai__usage__cache_read__input_tokens", "total": "gen_ai__usage__total_tokens",
             "cache_write": "gen_ai__usage__cache_creation__input_tokens",
             "reasoning": "gen_ai__usage__reasoning__output_tokens"}  # fmt: skip
    line = export(span("t", "a", **USED, **{names[key]: value for key, value in told.items()}))
    line["resourceSpans"][0]["scopeSpans"][0]["scope"] = {"name": scope}
    row = one(tmp_path, line)
    assert (row["input_tokens"], row["output_tokens"]) == whole


def test_every_fact_about_instrumentations_has_its_source() -> None:
    for fact in instrumentations():
        assert fact["input_includes_cache"] in {"yes", "no"}
        assert fact["source"].startswith("https://")
        assert fact["checked"] >= "2026-01-01"
        assert fact["confidence"] in {"measured", "published", "quoted", "estimate"}


def test_an_agents_own_sum_is_left_out_and_without_its_requests_it_is_told(tmp_path: Path) -> None:
    summed = {"gen_ai__aggregated_usage__input_tokens": 200, "gen_ai__aggregated_usage__output_tokens": 14}
    run, alone = span("t", "r", **summed), span("t", "q", **summed)
    result = take(tmp_path, export(run, span("t", "c", "r", **USED), span("t", "d", "r", **USED), alone))
    assert (result.rows, result.to_dict()["rolled_up"]) == (2, 1)
    assert [told.reason for told in result.first_rejects] == [
        "a sum of spans that no log imported so far has"
    ]
    later = take(tmp_path, export(run, span("t", "other")), name="later.jsonl")
    assert (later.rows, later.to_dict()["rolled_up"], later.rejected) == (0, 1, 0)


MESSAGE = Path(EXAMPLES / "otlp.binpb")


def messages() -> list[bytes]:
    """The messages of the example, without their lengths."""
    given, found = MESSAGE.read_bytes(), []
    while given:
        (length,) = struct.unpack(">I", given[:4])
        found.append(given[4 : 4 + length])
        given = given[4 + length :]
    return found


def varint(value: int) -> bytes:
    """A length as the specification asks."""
    low = value & 0x7F
    return bytes([low | 0x80]) + varint(value >> 7) if value >> 7 else bytes([low])


@pytest.mark.parametrize("framing", ["fixed", "varint", "bare", "fixed.gz"])
def test_otlp_protobuf_is_read_in_every_framing(tmp_path: Path, framing: str) -> None:
    import gzip

    told = messages()
    fixed = b"".join(struct.pack(">I", len(one)) + one for one in told)
    written = {
        "fixed": fixed,
        "varint": b"".join(varint(len(one)) + one for one in told),
        "bare": b"".join(told),  # what is merged by protobuf's own rule: entries one behind the other
        "fixed.gz": gzip.compress(fixed),
    }[framing]
    path = tmp_path / "spans.binpb"
    path.write_bytes(written)
    result = import_usage([path], tmp_path / "usage", now=NOW)
    assert (result.rows, result.to_dict()["rolled_up"], result.rejected) == (10, 4, 0)
    assert result.files[0].dialects == ("otel-genai",)
    for stored in (tmp_path / "usage").rglob("*"):
        assert not stored.is_file() or b"(a question)" not in stored.read_bytes()


def test_protobuf_and_json_of_the_same_spans_are_the_same_rows(tmp_path: Path) -> None:
    from truecost.ledger.otlp import json_line

    lines = write(tmp_path / "spans.jsonl", [json_line(one) for one in messages()])
    import_usage([lines], tmp_path / "json", now=NOW)
    again = import_usage([MESSAGE], tmp_path / "json", now=NOW)
    assert (again.rows, again.to_dict()["duplicates"]) == (0, 10)


def test_otlp_protobuf_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.collector.trace.v1.trace_service_pb2", None)
    with pytest.raises(
        CannotRead, match=r"otlp.binpb: this is OTLP protobuf, .*pip install 'truecost\[otlp\]'"
    ):
        import_usage([MESSAGE], tmp_path / "usage", now=NOW)


def test_otlp_protobuf_that_is_cut_off_is_refused_and_a_long_message_is_told(tmp_path: Path) -> None:
    path = tmp_path / "spans.binpb"
    path.write_bytes(MESSAGE.read_bytes()[:-5])
    with pytest.raises(
        CannotRead, match=r"OTLP protobuf is broken: the message from byte 5,\d+ on is cut off"
    ):
        import_usage([path], tmp_path / "usage", now=NOW)
    longest = max(map(len, messages()))
    result = import_usage([MESSAGE], tmp_path / "usage", limits=Limits(line_bytes=longest - 1), now=NOW)
    assert result.rejected >= 1
    assert "beyond the limit" in result.first_rejects[0].reason
    assert 0 < result.rows < 10


@FUZZ
@given(at=st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 255)), max_size=4), cut=st.integers(0, 300))
def test_no_byte_of_a_protobuf_file_breaks_the_import(at: list[tuple[int, int]], cut: int) -> None:
    given_bytes = bytearray(MESSAGE.read_bytes())
    for place, byte in at:
        given_bytes[place] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spans.binpb"
        path.write_bytes(bytes(given_bytes[: len(given_bytes) - cut]))
        try:
            result = import_usage([path], Path(folder) / "usage", now=NOW)
        except CannotRead as error:
            refused = str(error)
        else:
            refused = f"{path}: "
            assert len(rows(Path(folder) / "usage")) == result.rows
    assert refused.startswith(f"{path}: ")


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(
    ["-1", "1.5", "99999999999999999999", "2026-10-05", "assistant", "token_count", {}, [], {"a": 1}, 1e400]
)  # fmt: skip


def places(record: Any) -> list[tuple[str, ...]]:
    """Every place in a record."""
    if not isinstance(record, dict):
        return []
    return [
        place
        for key, value in record.items()
        for place in [(key,), *((key, *rest) for rest in places(value))]
    ]


SESSIONS = {
    "claude-code": [SUMMARY, USER, answer(1, stop=None), answer(1), answer(2)],
    "codex": [
        META,
        TURN,
        event(counts(9, 1, 2), counts(9, 1, 2)),
        event(counts(9, 1, 2)),
        event(counts(20, 2, 4)),
    ],
}


@pytest.mark.parametrize("name", SESSIONS)
@FUZZ
@given(data=st.data())
def test_nothing_in_a_session_breaks_its_reader(name: str, data: st.DataObject) -> None:
    lines = json.loads(json.dumps(SESSIONS[name]))
    for _ in range(data.draw(st.integers(0, 4))):
        line = data.draw(st.sampled_from(lines))
        place = data.draw(st.sampled_from(places(line)))
        inner = line
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = data.draw(VALUES)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "session.jsonl", lines)
        result = import_usage([path], Path(folder) / "usage", dialect=name, now=NOW)
        found = rows(Path(folder) / "usage")
    told = result.to_dict()
    seen = ("rows", "duplicates", "conflicts", "rejected", "nothing_to_count")
    assert sum(told[key] for key in seen) == len(lines)
    assert len(found) == result.rows
    assert all(0 <= row["cache_read_tokens"] <= row["input_tokens"] for row in found)
