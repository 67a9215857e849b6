"""Each dialect into the normal form: who includes the cache, who reasoning, what was served, what failed."""

from __future__ import annotations

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import CREATED, EXAMPLES, NOW, chat, export, message, one, rows, span, take, write

from truecost.ledger import import_usage
from truecost.ledger.engine import connected
from truecost.ledger.files import CannotRead
from truecost.ledger.readers import READERS
from truecost.ledger.reading import make_tables
from truecost.ledger.usage import COLUMNS


def test_chat_completions_include_cached_tokens(tmp_path: Path) -> None:
    row = one(tmp_path, chat(7, prompt=1000, cached=800, output=50, user="u-1", feature="search"))
    assert (row["input_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (1000, 800, 50)
    assert (row["provider"], row["model"], row["request_id"]) == (
        "openai",
        "gpt-4.1-mini-2025-04-14",
        "chatcmpl-7",
    )
    assert (row["user"], row["feature"], row["status"], row["quality"]) == ("u-1", "search", "ok", "measured")
    assert row["ts"].timestamp() - row["ts"].replace(tzinfo=None).timestamp() == 0
    assert row["ts"].isoformat() == "2026-10-05T12:00:07"
    assert (row["source"], row["line"]) == ("openai-chat", 1)


def test_a_bare_response_and_a_batch_output_are_read(tmp_path: Path) -> None:
    bare = chat(1)["response"]
    batch = {
        "id": "batch_req_1",
        "custom_id": "mine",
        "response": {"status_code": 200, "body": chat(2)["response"]},
    }
    result = take(tmp_path, bare, batch)
    assert result.rows == 2
    found = rows(tmp_path / "usage")
    assert [(row["request_id"], row["batch"]) for row in found] == [
        ("chatcmpl-1", False),
        ("chatcmpl-2", True),
    ]


def test_responses_include_cached_and_reasoning_tokens(tmp_path: Path) -> None:
    row = one(tmp_path, {
        "id": "resp_1", "object": "response", "created_at": float(CREATED), "model": "gpt-5-mini-2025-08-07",
        "service_tier": "flex", "metadata": {"feature": "chat", "team": "x"}, "user": "u-2", "error": None,
        "usage": {"input_tokens": 500, "input_tokens_details": {"cached_tokens": 100}, "output_tokens": 90,
                  "output_tokens_details": {"reasoning_tokens": 64}},
    })  # fmt: skip
    assert (row["input_tokens"], row["cache_read_tokens"]) == (500, 100)
    assert (row["output_tokens"], row["reasoning_tokens"]) == (90, 64)
    assert (row["service_tier"], row["feature"], row["tags"]) == ("flex", "chat", {"team": "x"})


def test_anthropic_leaves_the_cache_out_and_it_is_put_in(tmp_path: Path) -> None:
    usage = {
        "input_tokens": 10, "output_tokens": 5,
        "cache_read_input_tokens": 200, "cache_creation_input_tokens": 3000,
        "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000},
        "service_tier": "batch",
    }  # fmt: skip
    row = one(tmp_path, message(usage=usage))
    assert row["input_tokens"] == 10 + 200 + 3000
    assert (row["cache_read_tokens"], row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (
        200,
        1000,
        2000,
    )
    assert (row["batch"], row["service_tier"]) == (True, "standard")


def test_web_searches_are_counted_and_pages_opened_are_not(tmp_path: Path) -> None:
    calls = [{"type": "web_search_call", "status": "completed", "action": {"type": kind, "query": "SECRET"}}
             for kind in ("search", "search", "open_page", "find_in_page")]  # fmt: skip
    of_openai = {
        "id": "resp_1", "object": "response", "created_at": CREATED, "model": "gpt-5-mini",
        "output": [*calls, {"type": "web_search_call"}, {"type": "message", "content": "SECRET"}],
        "usage": {"input_tokens": 9, "output_tokens": 2},
    }  # fmt: skip
    used = {"input_tokens": 9, "output_tokens": 2, "server_tool_use": {"web_search_requests": 4}}
    take(
        tmp_path, of_openai, {"response": of_openai | {"id": "resp_2", "output": "odd"}}, message(usage=used)
    )
    found = {row["request_id"]: row["searches"] for row in rows(tmp_path / "usage")}
    assert found == {"resp_1": 3, "resp_2": 0, "msg_0": 4}


def test_the_fast_mode_of_anthropic_is_a_tier_of_its_own(tmp_path: Path) -> None:
    used = {"input_tokens": 1, "output_tokens": 2, "service_tier": "standard", "speed": "fast"}
    assert one(tmp_path, message(usage=used))["service_tier"] == "fast"


def test_a_cache_write_without_a_life_is_of_five_minutes(tmp_path: Path) -> None:
    row = one(
        tmp_path, message(usage={"input_tokens": 1, "cache_creation_input_tokens": 40, "output_tokens": 2})
    )
    assert (row["input_tokens"], row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (41, 40, 0)


def test_failures_are_kept_with_what_was_billed(tmp_path: Path) -> None:
    billed = chat(1, status_code=500, error={"type": "server_error"})
    free: dict[str, Any] = {"ts": "2026-10-05T12:00:00Z", "request_id": "req-1", "status_code": 429,
            "error": {"message": "slow down"},
            "request": {"model": "gpt-4.1-mini", "messages": []}}  # fmt: skip
    take(tmp_path, billed, free)
    found = rows(tmp_path / "usage")
    assert [(row["status"], row["input_tokens"]) for row in found] == [("error", 1000), ("error", 0)]


def test_litellm_reads_the_cache_out_of_its_metadata(tmp_path: Path) -> None:
    metadata = {
        "usage_object": {"prompt_tokens_details": {"cached_tokens": 64}, "cache_creation_input_tokens": 8}
    }
    record = {"request_id": "r", "startTime": "2026-10-05 12:00:00", "model": "claude-haiku-4-5", "spend": 1,
              "custom_llm_provider": "anthropic", "prompt_tokens": 100, "completion_tokens": 10,
              "metadata": json.dumps(metadata), "end_user": "c-1"}  # fmt: skip
    row = one(tmp_path, record)
    assert (row["input_tokens"], row["cache_read_tokens"], row["cache_write_5m_tokens"]) == (100, 64, 8)
    assert row["customer"] == "c-1"
    result = take(
        tmp_path / "..", {**record, "metadata": metadata, "request_id": "s"}, name=f"{tmp_path.name}.jsonl"
    )
    assert result.rows == 1


def test_litellm_as_csv_with_few_columns(tmp_path: Path) -> None:
    path = tmp_path / "spend.csv"
    path.write_text(
        "request_id,startTime,model,custom_llm_provider,prompt_tokens,completion_tokens,spend\n"
        "r-1,2026-10-05 12:00:00,gpt-4.1-mini,openai,100,10,0.1\n"
    )
    result = import_usage([path], tmp_path / "usage", now=NOW)
    assert (result.rows, result.files[0].dialects) == (1, ("litellm-spend",))
    assert rows(tmp_path / "usage")[0]["line"] == 2


@pytest.mark.parametrize("names", [
    ("gen_ai__provider__name", "gen_ai__usage__input_tokens", "gen_ai__usage__output_tokens"),
    ("gen_ai__system", "gen_ai__usage__prompt_tokens", "gen_ai__usage__completion_tokens"),
])  # fmt: skip
def test_spans_by_current_and_older_names(tmp_path: Path, names: tuple[str, str, str]) -> None:
    provider, sent, came = names
    attributes = {
        provider: "aws.bedrock",
        sent: 700,
        came: 80,
        "gen_ai__request__model": "m",
        "user__id": "u-9",
    }
    row = one(tmp_path, export(span("t", "a", **attributes)))
    assert (row["provider"], row["input_tokens"], row["output_tokens"]) == ("aws", 700, 80)
    assert (row["request_id"], row["user"]) == ("a", "u-9")


def test_only_leaf_spans_count_whatever_stands_between(tmp_path: Path) -> None:
    used = {
        "gen_ai__usage__input_tokens": 10,
        "gen_ai__usage__output_tokens": 1,
        "gen_ai__request__model": "m",
    }
    root, between = span("t", "a", **used), span("t", "b", "a")
    leaves = [span("t", "c", "b", **used), span("t", "d", "b", **used)]
    other = span("u", "a", **used, gen_ai__response__id="other")
    result = take(tmp_path, export(leaves[0], between), export(root, leaves[1]), export(other))
    assert (result.rows, result.to_dict()["rolled_up"]) == (3, 1)
    assert [row["request_id"] for row in rows(tmp_path / "usage")] == ["c", "d", "other"]
    later = take(
        tmp_path, export(span("t", "b2", "z", **used)), export(span("t", "z", **used)), name="2.jsonl"
    )
    assert (later.rows, later.to_dict()["rolled_up"]) == (1, 1)


def test_a_sum_that_comes_in_a_later_file_is_known_by_its_child(tmp_path: Path) -> None:
    used = {
        "gen_ai__usage__input_tokens": 10,
        "gen_ai__usage__output_tokens": 1,
        "gen_ai__request__model": "m",
    }
    take(tmp_path, export(span("t", "c", "p", **used)))
    later = take(tmp_path, export(span("t", "p", **used)), name="later.jsonl")
    assert (later.rows, later.to_dict()["rolled_up"]) == (0, 1)


def test_a_mapping_takes_fields_constants_and_tags(tmp_path: Path) -> None:
    record = {"when": CREATED, "dep": "gpt-4.1-mini", "in": {"n": 12}, "out": 3, "team": "blue"}
    how = {
        "ts": "when",
        "model": "dep",
        "input_tokens": "in.n",
        "output_tokens": "out",
        "provider": "=openai",
        "tag:team": "team",
    }
    row = one(tmp_path, record, mapping=how)
    assert (row["model"], row["input_tokens"], row["provider"], row["tags"]) == (
        "gpt-4.1-mini",
        12,
        "openai",
        {"team": "blue"},
    )


def test_a_mapping_adds_to_a_dialect(tmp_path: Path) -> None:
    row = one(tmp_path, chat(where={"app": "mail"}), mapping={"feature": "where.app", "customer": "=acme"})
    assert (row["feature"], row["customer"], row["source"]) == ("mail", "acme", "openai-chat")


def test_a_mapped_log_may_leave_the_cache_out(tmp_path: Path) -> None:
    record = {"ts": CREATED, "model": "m", "input_tokens": 10, "output_tokens": 1, "hits": 90}
    row = one(tmp_path, record, mapping={"cache_read_tokens": "hits"}, input_excludes_cache=True)
    assert (row["input_tokens"], row["cache_read_tokens"]) == (100, 90)


def test_parquet_and_our_own_form_are_read(tmp_path: Path) -> None:
    take(tmp_path, *(chat(n) for n in range(3)))
    from truecost.ledger.store import open_store

    own = open_store(tmp_path / "usage").paths()[0]
    result = import_usage([own], tmp_path / "again", now=NOW)
    assert (result.rows, result.files[0].dialects) == (3, ("truecost",))
    plain = [[row[one] for one in ("ts", "request_id", "input_tokens")] for row in rows(tmp_path / "again")]
    assert plain == [
        [row[one] for one in ("ts", "request_id", "input_tokens")] for row in rows(tmp_path / "usage")
    ]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", '{"a": 1}\n', "\0\1\2", "   \n", ""])
def test_what_is_no_log_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x"
    path.write_text(text)
    with pytest.raises(CannotRead, match="x: "):
        import_usage([path], tmp_path / "usage", now=NOW)
    assert not (tmp_path / "usage" / "manifest.json").exists()


def test_mixed_dialects_in_one_file_are_each_read(tmp_path: Path) -> None:
    result = take(
        tmp_path, chat(1), message(2), chat(3), export(span("t", "a", gen_ai__usage__input_tokens=3))
    )
    assert result.rows == 3
    assert set(result.files[0].dialects) == {"openai-chat", "anthropic-messages", "otel-genai"}
    assert result.rejected == 1, "a span without a model"
    assert [row["line"] for row in rows(tmp_path / "usage")] == [2, 1, 3]


def test_tags_of_the_normal_form_are_kept(tmp_path: Path) -> None:
    plain = {"ts": "2026-10-05T12:00:00Z", "model": "gpt-4.1-mini", "input_tokens": 1, "output_tokens": 1}
    take(tmp_path, {**plain, "tags": {"team": "a"}}, {**plain, "tags": None})
    table = tmp_path / "own.csv"
    table.write_text(
        "ts,model,input_tokens,tag:team\n2026-10-06T12:00:00Z,gpt-4.1-mini,1,b\n", encoding="utf-8"
    )
    import_usage([table], tmp_path / "usage", now=NOW)
    assert sorted(str(row["tags"].get("team")) for row in rows(tmp_path / "usage")) == ["None", "a", "b"]


def test_a_field_that_first_appears_late_is_read(tmp_path: Path) -> None:
    plain = {"ts": "2026-10-05T12:00:00Z", "model": "gpt-4.1-mini", "input_tokens": 1, "output_tokens": 1}
    late = {**plain, "model": "h100-sxm", "kind": "fleet", "chip_hours": 2, "stated_usd": 5, "user": "u-1"}
    take(tmp_path, *[plain] * 300, late)
    (found,) = [row for row in rows(tmp_path / "usage") if row["model"] == "h100-sxm"]
    assert (found["kind"], found["stated_usd"], found["user"]) == ("fleet", 5, "u-1")


@pytest.mark.parametrize("name", sorted(READERS))
def test_each_dialect_has_an_example(tmp_path: Path, name: str) -> None:
    found = {"anthropic-messages": "anthropic", "focus": "cloud-bill-focus"}.get(name, name)
    rows_of: list[int] = []
    for example in sorted(EXAMPLES.glob(f"{found}.*")):
        result = import_usage([example], tmp_path / example.name, now=NOW)
        assert result.files[0].dialects == (name,)
        assert result.rejected == 0
        rows_of.append(result.rows)
    assert sum(rows_of) >= 4


def test_no_prompt_answer_or_key_is_stored(tmp_path: Path) -> None:
    cut = chat(2)
    del cut["response"]["usage"]
    take(
        tmp_path, cut,
        chat(1, metadata={"api_key": "sk-SECRET1234567890", "note": "sk-SECRET-abcdef123456", "team": "x"}),
        "{ SECRET broken", {"SECRET": 1}, chat(3, prompt=-4), chat(4, error={"message": "SECRET key sk-1"}),
    )  # fmt: skip
    stored = [path for path in (tmp_path / "usage").rglob("*") if path.is_file()]
    assert stored
    for path in stored:
        assert b"SECRET" not in path.read_bytes(), path
    assert all("SECRET" not in str(row) for row in rows(tmp_path / "usage"))


TEXTS = st.text(max_size=8) | st.sampled_from(
    ["chat.completion", "response", "message", "", "'; DROP TABLE usage; --"]
)
COUNTS = (
    st.none() | st.integers(-5, 5000) | st.integers() | st.floats(allow_nan=False) | TEXTS | st.booleans()
)
LEAVES = st.recursive(
    COUNTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=3,
)


@st.composite
def records(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A record with some fields of a dialect, and anything in them."""
    from truecost.ledger.readers.reader import put

    record: dict[str, Any] = {}
    for path in draw(st.lists(st.sampled_from(sorted(READERS[name].fields)), max_size=8)):
        if path != "resourceSpans":
            put(record, path, draw(LEAVES))
    if name == "otel-genai":
        listed = draw(
            st.lists(
                st.dictionaries(st.sampled_from(["traceId", "spanId", "parentSpanId", "attributes"]), LEAVES),
                max_size=3,
            )
        )
        record = {"resourceSpans": draw(LEAVES | st.just([{"scopeSpans": [{"spans": listed}]}]))}
    return record


@pytest.mark.parametrize("name", sorted(READERS))
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_nothing_in_a_record_breaks_its_reader(name: str, data: st.DataObject) -> None:
    given_records = data.draw(st.lists(records(name), min_size=1, max_size=6))
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "log.jsonl", given_records)
        result = import_usage([path], Path(folder) / "usage", dialect=name, now=NOW)
        found = rows(Path(folder) / "usage")
    told = result.to_dict()
    assert len(found) == result.rows
    if name != "otel-genai":
        seen = ("rows", "duplicates", "conflicts", "rejected", "nothing_to_count")
        assert sum(told[one] for one in seen) == len(given_records)
    for row in found:
        assert list(row) == list(COLUMNS)
        assert min(row[one] for one in COLUMNS if one.endswith("_tokens")) >= 0
        assert (
            row["cache_read_tokens"] + row["cache_write_5m_tokens"] + row["cache_write_1h_tokens"]
            <= row["input_tokens"]
        )
        assert row["reasoning_tokens"] <= row["output_tokens"]


def test_a_long_list_is_no_join_so_that_lines_keep_their_order(tmp_path: Path) -> None:
    """Lines are numbered as they are read; DuckDB makes a join of a long IN, and behind one order is lost."""
    path = write(tmp_path / "log.jsonl", [{"a": "1"}])
    among = ", ".join(f"'{number}'" for number in range(9))
    asked = f"EXPLAIN SELECT *, a IN ({among}) AS b FROM read_json('{path}', columns = {{'a': 'VARCHAR'}})"
    with connected() as connection:
        assert "JOIN" in str(connection.execute(asked).fetchall()).upper()
        make_tables(connection)
        assert "JOIN" not in str(connection.execute(asked).fetchall()).upper()


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["1", "-1", "1.5", "1e3", "=1+1", "2026-10-05", '"', '""', ",", "a\nb", "NULL", "99999999999999999999"]
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells=st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=1, max_size=6), as_json=st.booleans())
def test_nothing_in_a_cell_breaks_a_mapped_table(cells: list[list[str]], as_json: bool) -> None:
    names = ["when", "dep", "in", "out"]
    mapping = {"ts": "when", "model": "dep", "input_tokens": "in", "output_tokens": "out"}
    cells = [["2026-10-05T00:00:00Z", "m", "3", "4"], *cells]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        if as_json:
            write(path, [dict(zip(names, row, strict=True)) for row in cells])
        else:
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([names, *cells])
        result = import_usage([path], Path(folder) / "usage", mapping=mapping, now=NOW)
        found = rows(Path(folder) / "usage")
    assert len(found) == result.rows >= 1
    assert result.rows + result.rejected == len(cells)
    assert all(row["input_tokens"] >= 0 and row["output_tokens"] >= 0 for row in found)
