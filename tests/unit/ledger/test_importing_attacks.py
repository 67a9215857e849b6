"""What logs should not hold and do: it costs its own line and no other, and nothing of it is kept."""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledger.logs import EXAMPLES, NOW, chat, export, message, one, rows, span, take, write

from truecost.ledger import import_usage
from truecost.ledger.engine import connected
from truecost.ledger.files import CannotRead
from truecost.ledger.usage import PROVENANCE
from truecost.report.usage_text import import_page

LONG = 9_000_000_000_000_000_000
"""Near the largest whole number of 64 bits: two of them are more."""
SPAN = span("t", "a", gen_ai__request__model="m", gen_ai__usage__input_tokens=3, gen_ai__prompt="SECRET")


@pytest.mark.parametrize("used", [
    {"input_tokens": LONG, "cache_read_input_tokens": LONG, "cache_creation_input_tokens": LONG},
    {"input_tokens": float(LONG), "cache_read_input_tokens": f"{LONG}"},
    {"input_tokens": -LONG, "cache_read_input_tokens": -LONG},
])  # fmt: skip
def test_counts_that_add_up_to_no_number_cost_their_line_alone(tmp_path: Path, used: dict[str, Any]) -> None:
    result = take(tmp_path, message(1), message(2, usage={"output_tokens": 1, **used}))
    assert (result.rows, result.rejected) == (1, 1)


@pytest.mark.parametrize("line", ['"SECRET"', "[1]", "[]", "7", "null", "true"])
def test_a_line_that_is_no_object_is_told_and_costs_no_other(tmp_path: Path, line: str) -> None:
    result = take(tmp_path, export(SPAN), line)
    assert (result.rows, dict(result.reasons)) == (1, {"not a JSON object": 1})


@pytest.mark.parametrize("record", [chat(2), message(2), export(SPAN)], ids=["chat", "message", "span"])
@pytest.mark.parametrize("broken", [("SECRET", "half \\ud83d"), ('{"', '\ufeff{"')], ids=["half", "bom"])
def test_a_text_that_is_cut_within_a_sign_and_a_mark_of_byte_order_cost_no_request(
    tmp_path: Path, record: dict[str, Any], broken: tuple[str, str]
) -> None:
    line = json.dumps({**record, "note": "SECRET"}).replace(*broken, 1)
    first = {"resourceSpans": []} if "resourceSpans" in record else chat(9)
    result = take(tmp_path, first, line)
    assert result.rejected == 0
    assert 2 in {row["line"] for row in rows(tmp_path / "usage")}


def test_a_span_that_names_itself_as_its_parent_is_no_sum(tmp_path: Path) -> None:
    result = take(tmp_path, export({**SPAN, "parentSpanId": "a"}))
    assert (result.rows, result.to_dict()["rolled_up"]) == (1, 0)


def test_labels_are_kept_and_keys_and_texts_are_not(tmp_path: Path) -> None:
    kept = {"team": "sketch-designers", "room": "ghost-writers-guild", "ref": "task-abcdefghijklmnop"}
    left_out = {
        "a": "use sk-abcdefghijklmnop", "b": "Bearer abcdefghijklmnop", "c": "ghp_abcdefghijklmnop1234",
        "answer": "x", "question": "x", "input_text": "x", "last_message": "x", "long": "x" * 257,
    }  # fmt: skip
    assert one(tmp_path, chat(metadata={**kept, **left_out}))["tags"] == kept


@pytest.mark.parametrize(("content", "message"), [
    (b"ts;model;input_tokens\n2026-10-05;m;1\n", "its columns are parted by ';'; write them with commas"),
    (b"ts,model,Model,input_tokens\n2026-10-05,m,n,1\n", "two columns are named 'model'"),
    (b'"' + b"a" * 200_000 + b'",ts\n1,2\n', "its first line is no header of a CSV"),
])  # fmt: skip
def test_a_header_that_cannot_be_one_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "u.csv"
    path.write_bytes(content)
    with pytest.raises(CannotRead, match=message):
        import_usage([path], tmp_path / "usage", now=NOW)


@pytest.mark.parametrize("told", ["a..b", ".a", "a."])
def test_a_field_without_a_name_is_refused(tmp_path: Path, told: str) -> None:
    with pytest.raises(ValueError, match="names no field"):
        take(tmp_path, chat(1), mapping={"user": told})


def test_ctrl_c_within_a_query_is_ctrl_c() -> None:
    def interrupted() -> None:
        with connected() as connection:
            threading.Timer(0.2, connection.interrupt).start()
            connection.execute(
                "SELECT count(*) FROM range(10000000) a, range(100000) b WHERE hash(a, b) % 7 = 0"
            )

    with pytest.raises(KeyboardInterrupt):
        interrupted()


def test_of_many_files_the_largest_are_shown_and_the_others_added_up(tmp_path: Path) -> None:
    told = take(tmp_path, chat(1), "{").to_dict()
    files = [{**told["files"][0], "file": f"{n}.jsonl", "rows": n} for n in range(200)]
    page = import_page({**told, "files": files}).plain()
    assert "199.jsonl" in page
    assert "174.jsonl" not in page
    assert f"175 more files  openai-chat  {sum(range(175)):,}" in page


SAMPLES = sorted(one for one in EXAMPLES.glob("*.jsonl") if one.stem not in {"codex"})
"""A log of each dialect whose lines stand by themselves; an event of Codex hangs on those before it."""


def told(store: Path) -> list[dict[str, Any]]:
    """What a store holds, but for where it came from."""
    return [{key: value for key, value in row.items() if key not in PROVENANCE[1:]} for row in rows(store)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_of_every_dialect_neither_order_nor_files_nor_repeats_matter(tmp_path: Path, sample: Path) -> None:
    lines = sample.read_text(encoding="utf-8").splitlines()
    mixed = random.Random(sample.stem).sample(lines, len(lines))
    whole = import_usage([write(tmp_path / "whole", lines)], tmp_path / "one", now=NOW)
    parts = [write(tmp_path / str(part), mixed[part::2]) for part in (0, 1)]
    import_usage(parts, tmp_path / "two", now=NOW)
    assert told(tmp_path / "one") == told(tmp_path / "two")
    again = import_usage([write(tmp_path / "again", mixed)], tmp_path / "one", now=NOW)
    assert (again.rows, again.to_dict()["conflicts"]) == (0, whole.to_dict()["conflicts"])


PLANTED = "PLANTEDSECRET"


def planted(value: Any) -> Any:
    """A record with a prompt, an answer and a key in each of its objects."""
    if isinstance(value, dict):
        more = dict.fromkeys(("prompt", "content", "messages", "api_key"), f"{PLANTED} sk-{PLANTED}")
        return {**more, **{key: planted(inner) for key, inner in value.items()}}
    return [planted(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("sample", sorted(EXAMPLES.glob("*.jsonl")), ids=lambda path: path.stem)
def test_of_no_dialect_is_a_prompt_or_a_key_stored_told_or_left_about(
    tmp_path: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    records = [planted(json.loads(line)) for line in sample.read_text(encoding="utf-8").splitlines()]
    broken = [json.dumps(records[0])[:-40], f'"{PLANTED}"', {"x": PLANTED}]
    result = take(tmp_path / "temporary", *records, *broken)
    assert result.rejected >= 3
    assert PLANTED not in json.dumps(result.to_dict())
    assert PLANTED not in str(rows(tmp_path / "temporary" / "usage"))
    os.unlink(tmp_path / "temporary" / "log.jsonl")
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or PLANTED.encode() not in path.read_bytes(), path
