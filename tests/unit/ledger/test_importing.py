"""The import: each request once, whatever comes twice, broken, packed, in parts, or is killed."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.logs import NOW, chat, message, rows, take, write

from truecost.ledger import import_usage, usage_report
from truecost.ledger.files import CannotRead, Limits
from truecost.ledger.store import Locked, NoStore, locked, open_store

BARE = ("source_file", "line")


def content(store: Path) -> list[dict[str, Any]]:
    """The rows of a store without where they came from."""
    return [{key: value for key, value in row.items() if key not in BARE} for row in rows(store)]


def test_the_same_file_again_adds_nothing_and_is_not_read(tmp_path: Path) -> None:
    take(tmp_path, chat(1), chat(2))
    again = take(tmp_path, chat(1), chat(2))
    assert (again.rows, again.skipped) == (0, (str(tmp_path / "log.jsonl"),))
    packed = tmp_path / "log.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "log.jsonl").read_bytes()))
    assert import_usage([packed], tmp_path / "usage", now=NOW).skipped == (str(packed),)


def test_a_file_that_was_not_understood_is_read_again(tmp_path: Path) -> None:
    row = {"when": "2026-10-05T12:00:00Z", "model": "m", "input_tokens": 1, "output_tokens": 1}
    write(tmp_path / "own.jsonl", [row])
    first = import_usage([tmp_path / "own.jsonl"], tmp_path / "usage", now=NOW)
    assert (first.rows, first.reasons) == (0, {"no time that can be read": 1})
    again = import_usage([tmp_path / "own.jsonl"], tmp_path / "usage", now=NOW, mapping={"ts": "when"})
    assert (again.rows, again.skipped) == (1, ())


def test_a_log_that_grew_adds_what_is_new(tmp_path: Path) -> None:
    take(tmp_path, chat(1), chat(2))
    grown = take(tmp_path, chat(1), chat(2), chat(3))
    assert (grown.rows, grown.to_dict()["duplicates"], grown.rows_in_store) == (1, 2, 3)


def test_rows_without_an_id_are_known_by_file_and_line(tmp_path: Path) -> None:
    record = {"ts": "2026-10-05T12:00:00Z", "model": "m", "input_tokens": 5, "output_tokens": 1}
    first = take(tmp_path, record, record)
    assert (first.rows, first.unnamed) == (2, 2)
    grown = take(tmp_path, record, record, record)
    assert (grown.rows, grown.rows_in_store) == (1, 3)


def test_one_id_with_different_content_is_kept_aside_and_named(tmp_path: Path) -> None:
    take(tmp_path, chat(1, output=100))
    later = take(tmp_path, chat(1, output=900), chat(2), name="later.jsonl")
    assert (later.rows, later.to_dict()["conflicts"]) == (1, 1)
    assert later.conflicts_file is not None
    assert Path(later.conflicts_file).is_file()
    assert later.rejects_file is not None
    told = json.loads(Path(later.rejects_file).read_text().splitlines()[0])
    assert told["line"] == 1
    assert "chatcmpl-1 is in the store with other content" in told["reason"]
    assert rows(tmp_path / "usage")[0]["output_tokens"] == 100


@pytest.mark.parametrize("backwards", [False, True])
def test_within_an_import_the_better_telling_stays_whatever_the_order(
    tmp_path: Path, backwards: bool
) -> None:
    cut = chat(1)
    del cut["response"]["usage"]
    given_records = [cut, chat(1, output=70), chat(1, output=70)]
    result = take(tmp_path, *(reversed(given_records) if backwards else given_records))
    told = result.to_dict()
    assert (result.rows, told["duplicates"], told["conflicts"]) == (1, 1, 1)
    assert rows(tmp_path / "usage")[0]["output_tokens"] == 70


def test_the_same_id_at_two_providers_is_two_requests(tmp_path: Path) -> None:
    assert take(tmp_path, chat(1, provider="openai"), chat(1, provider="azure")).rows == 2


BAD = {
    "negative": (chat(9, prompt=-1), "negative tokens"),
    "cached": (chat(9, prompt=10, cached=11), "cached tokens above the input that includes them"),
    "fraction": (chat(9, output=1.5), "a count that is no whole number"),
    "word": (chat(9, output="many"), "a count that is no whole number"),
    "huge": (chat(9, prompt=10**15), "over 100,000,000,000 tokens in a row"),
    "broken": ('{"id": "x", "usage": {', "not JSON at column"),
    "utf8": (b'{"id": "\xff"}', "not text in UTF-8 from byte"),
    "array": ("[1, 2]", "not a JSON object"),
    "other": ('{"hello": 1}', "no record of openai-chat, nor of another dialect"),
    "timeless": ({**message(), "timestamp": None}, "no time that can be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_is_told_with_its_reason_and_the_rest_is_taken(tmp_path: Path, name: str) -> None:
    line, reason = BAD[name]
    result = take(tmp_path, chat(1), "", line, chat(2), chat(3))
    assert (result.rows, result.rejected) == (3, 1)
    assert result.first_rejects[0].line == 3
    assert reason in result.first_rejects[0].reason
    assert result.rejects_file is not None
    told = json.loads(Path(result.rejects_file).read_text())
    assert told == {
        "source_file": str(tmp_path / "log.jsonl"),
        "line": 3,
        "reason": result.first_rejects[0].reason,
    }
    assert [row["line"] for row in rows(tmp_path / "usage")] == [1, 4, 5]


def test_a_clock_that_is_ahead_is_allowed_a_day(tmp_path: Path) -> None:
    near, far = chat(1), chat(2)
    near["response"]["created"] = int((NOW + timedelta(hours=23)).timestamp())
    far["response"]["created"] = int((NOW + timedelta(hours=25)).timestamp())
    result = take(tmp_path, near, far)
    assert result.rows == 1
    assert "over a day in the future" in result.first_rejects[0].reason


def test_a_broken_row_of_a_csv_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "u.csv"
    path.write_text(
        "ts,model,input_tokens,output_tokens\n2026-10-05,m,1,2\n2026-10-05,m,1\n2026-10-05,m,x,2\n2026-10-06,m,3,4\n"
    )
    result = import_usage([path], tmp_path / "usage", now=NOW)
    assert [(told.line, told.reason) for told in result.first_rejects] == [
        (3, "not a row of this CSV: missing columns"), (4, "a count that is no whole number"),
    ]  # fmt: skip
    assert [row["line"] for row in rows(tmp_path / "usage")] == [2, 5]


def test_a_line_beyond_the_limit_is_left_out_and_named(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", [chat(1), '{"a": "' + "x" * 9_000_000 + '"}', chat(2)])
    result = import_usage([path], tmp_path / "usage", limits=Limits(line_bytes=1 << 20), now=NOW)
    assert (result.rows, result.rejected) == (2, 1)
    assert "a line of 9,000,009 bytes, beyond the limit" in result.first_rejects[0].reason
    assert [row["line"] for row in rows(tmp_path / "usage")] == [1, 3]


def test_a_zip_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        for _ in range(80):
            file.write(b"\n" * (1 << 20))
    with pytest.raises(CannotRead, match="times what is packed"):
        import_usage([path], tmp_path / "usage", now=NOW)
    assert not list((tmp_path / "usage").glob(".staging/*"))


@pytest.mark.parametrize("cut", [20, -6])
def test_a_gzip_file_that_is_broken_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "b.jsonl.gz"
    packed = bytearray(gzip.compress(b"\n".join(json.dumps(chat(n)).encode() for n in range(200))))
    packed[cut] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(CannotRead, match="gzip"):
        import_usage([path], tmp_path / "usage", now=NOW)


def test_a_gzip_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl.gz"
    packed = gzip.compress(b"\n".join(json.dumps(chat(n)).encode() for n in range(200)))
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(CannotRead, match="cut off"):
        import_usage([path], tmp_path / "usage", now=NOW)


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(chat(n)).encode() for n in (1, 2)) + b"\r\n\r\n"
    )
    assert import_usage([path], tmp_path / "usage", now=NOW).rows == 2


def test_one_document_of_records_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps([chat(1), chat(2)], indent=2))
    assert import_usage([path], tmp_path / "usage", now=NOW).rows == 2


def test_one_file_that_cannot_be_read_leaves_all_out(tmp_path: Path) -> None:
    take(tmp_path, chat(1))
    before = (tmp_path / "usage" / "manifest.json").read_bytes()
    good, bad = write(tmp_path / "good.jsonl", [chat(2)]), write(tmp_path / "bad.jsonl", ['{"a": 1}'])
    with pytest.raises(CannotRead):
        import_usage([good, bad], tmp_path / "usage", now=NOW)
    assert (tmp_path / "usage" / "manifest.json").read_bytes() == before


def test_a_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    take(tmp_path, chat(1))
    with locked(tmp_path / "usage"), pytest.raises(Locked, match=f"process {os.getpid()} on .*since"):
        take(tmp_path, chat(2))
    assert take(tmp_path, chat(2)).rows == 1


def test_a_folder_with_other_things_is_not_made_a_store(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "me.jpg").write_bytes(b"x")
    with pytest.raises(NoStore, match=r"holds other things \(me.jpg\)"):
        import_usage([write(tmp_path / "l.jsonl", [chat(1)])], tmp_path / "photos", now=NOW)
    with pytest.raises(NoStore, match="no store of usage"):
        open_store(tmp_path / "photos")


KILLED = """
import os, signal, sys
from truecost.ledger import importing
from truecost.ledger.store import Store
at = sys.argv[3]
if at == "commit":
    Store.commit = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
elif at == "move":
    real = importing.move
    def move(*given):
        real(*given)
        os.kill(os.getpid(), signal.SIGKILL)
    importing.move = move
else:
    importing.read_file = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
importing.import_usage([sys.argv[1]], sys.argv[2])
"""


@pytest.mark.parametrize("at", ["read", "move", "commit"])
def test_a_killed_import_leaves_the_store_as_it_was(tmp_path: Path, at: str) -> None:
    take(tmp_path, chat(1), chat(2))
    before = content(tmp_path / "usage")
    more = write(tmp_path / "more.jsonl", [chat(n) for n in range(3, 40)])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(more), str(tmp_path / "usage"), at], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert content(tmp_path / "usage") == before
    assert import_usage([more], tmp_path / "usage", now=NOW).rows == 37
    known = {one.path for one in open_store(tmp_path / "usage").manifest.data}
    lying = {
        str(path.relative_to(tmp_path / "usage")) for path in (tmp_path / "usage" / "data").rglob("*.parquet")
    }
    assert lying == known


def test_a_kill_at_any_moment_leaves_a_store_that_reads(tmp_path: Path) -> None:
    take(tmp_path, chat(1))
    more = write(tmp_path / "more.jsonl", [chat(n) for n in range(2, 20_000)])
    for wait in (0.5, 0.9, 1.3):
        command = [
            sys.executable,
            "-m",
            "truecost",
            "ledger",
            "import",
            str(more),
            "--into",
            str(tmp_path / "usage"),
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        process.kill()
        process.wait()
        assert len(rows(tmp_path / "usage")) in {1, 19_999}
    import_usage([more], tmp_path / "usage", now=NOW)
    assert len(rows(tmp_path / "usage")) == 19_999


@st.composite
def logs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Requests with ids of their own, some of them told twice in the same words."""
    found = [
        chat(
            n, prompt=draw(st.integers(0, 300_000)), output=draw(st.integers(0, 5000)),
            user=draw(st.sampled_from(["a", "b", "'; DROP TABLE usage; --", "=1+1", None])),
            feature=draw(st.sampled_from(["x", "y", None])),
        )
        for n in range(draw(st.integers(1, 12)))
    ]  # fmt: skip
    return found + draw(st.lists(st.sampled_from(found), max_size=4))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_records=logs(), data=st.data())
def test_order_splits_and_repeats_do_not_matter(
    given_records: list[dict[str, Any]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(given_records))
    cut = data.draw(st.integers(0, len(shuffled)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        import_usage([write(folder / "whole.jsonl", given_records)], folder / "whole", now=NOW)
        for index, part in enumerate((shuffled[:cut], shuffled[cut:])):
            if part:
                import_usage([write(folder / f"{index}.jsonl", part)], folder / "split", now=NOW)
        assert content(folder / "whole") == content(folder / "split")
        again = import_usage([write(folder / "again.jsonl", shuffled)], folder / "whole", now=NOW)
        assert again.rows == 0
        whole, split = (usage_report(folder / one, ["user", "feature"]) for one in ("whole", "split"))
        assert whole.groups == split.groups
        assert sum(group["usd"] for group in whole.groups) == whole.total_usd


LINES = st.binary(max_size=30).map(lambda one: one.replace(b"\n", b" ")) | st.sampled_from(
    [
        b"",
        b" ",
        b"\t",
        b"\r",
        b"\x0b",
        b"\xef\xbb\xbf",
        b"{}",
        b"[]",
        b"null",
        b"{} {}",
        b'{"a": 1',
        b'"',
        b"\\",
        b"}{",
        b"\0",
    ]
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bad=st.lists(LINES, min_size=1, max_size=8), data=st.data())
def test_whatever_lines_stand_between_good_ones_are_found_at_their_lines(
    bad: list[bytes], data: st.DataObject
) -> None:
    good = [json.dumps(chat(n)).encode() for n in range(3)]
    lines = [good[0], *data.draw(st.permutations([*good[1:], *bad]))]
    with tempfile.TemporaryDirectory() as name:
        result = import_usage([write(Path(name) / "log.jsonl", lines)], Path(name) / "usage", now=NOW)
        found = rows(Path(name) / "usage")
    assert [row["line"] for row in found] == [lines.index(one) + 1 for one in good]
    assert result.rejected == sum(bool(one.strip()) for one in bad)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"kind": "robot"}, "a kind that is none of api, fleet, training, other"),
        ({"kind": "fleet", "chip_hours": "many"}, "chip hours that are no number"),
        ({"kind": "fleet", "chip_hours": -1}, "negative tokens or hours"),
        ({"kind": "training"}, "neither chip hours nor an amount"),
        ({"stated_usd": "1 USD"}, "a stated amount that is no number"),
        ({"requests": -1}, "negative tokens or hours"),
        ({"kind": "fleet", "chip_hours": 1, "model": ""}, "no model"),
    ],
)
def test_a_row_that_contradicts_itself_is_kept_aside(
    tmp_path: Path, told: dict[str, Any], reason: str
) -> None:
    row = {"ts": "2026-10-05T12:00:00Z", "model": "m", "input_tokens": 1, "output_tokens": 1, **told}
    result = take(tmp_path, row)
    assert (result.rows, result.reasons) == (0, {reason: 1})
