"""What is no trace is named: file and line, column, value, and the nearest that could be."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.replay.traces.files import AZURE, FILES, LENGTHS, MOONCAKE, OWN, VLLM, told, write

from truecost.replay.traces import read_trace, source
from truecost.spec import SpecError

HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.1,374,44\n"
BLOCKS = "input_tokens,output_tokens,block_tokens,prefix_blocks\n"
WRONG = {
    "unsorted": (HEAD + "2023-11-16 18:15:45.1,374,44\n", ":3: TIMESTAMP: 2023-11-16 18:15:45.1: earlier",
                 "nearest that can be is 2023-11-16 18:15:46.1"),
    "no time": (HEAD + "yesterday,5,44\n", ":3: TIMESTAMP: yesterday: this is not a time", ""),
    "zero input": (HEAD + "2023-11-16 18:15:47.1,0,44\n", ":3: ContextTokens: 0: ", "is 1 (allowed: 1 to"),
    "zero output": (HEAD + "\n2023-11-16 18:15:47.1,4,0\n", ":4: GeneratedTokens: 0: ", "is 1 (allowed"),
    "negative": (HEAD + "2023-11-16 18:15:47.1,-5,44\n", ":3: ContextTokens: -5: ", "is 1 (allowed"),
    "infinite": (HEAD + "2023-11-16 18:15:47.1,5,-inf\n", ":3: GeneratedTokens: -inf: ", "is 1 (allowed"),
    "broken": (HEAD + "2023-11-16 18:15:47.1,5.5,4\n", ":3: ContextTokens: 5.5: tokens are", ""),
    "words": (HEAD + "2023-11-16 18:15:47.1,many,4\n", ":3: ContextTokens: many: this is not a number", ""),
    "empty": (HEAD + "2023-11-16 18:15:47.1,,4\n", ":3: ContextTokens: nothing is written here", ""),
    "too long": (HEAD + "2023-11-16 18:15:47.1,15000000,4\n", "longer than any model reads", "is 10,000,000"),
    "cut off": (HEAD + "2023-11-16 18:15:47.1,5\n", ":3: GeneratedTokens: ", "is the line cut off?"),
    "too many cells": (HEAD + "2023-11-16 18:15:47.1,5,6,7\n", ":3: ", "4 cells for 3 columns"),
    "quote": (HEAD + '2023-11-16 18:15:47.1,"5,6\n', ":3: ", "is it cut off?"),
    "column missing": (HEAD.replace("Tokens,", "Token,"), ":1: ContextTokens: this column is missing",
                       "is ContextToken "),
    "column twice": ("arrival_s,input_tokens,input_tokens\n1,2,3\n", ":1: input_tokens: ", "two columns"),
    "before zero": (OWN.replace("0,5,6", "-1,5,6"), ":2: arrival_s: -1: ", "is 0 (allowed: 0 or later)"),
    "ten years": (OWN + "1e12,5,6,u\n", ":5: arrival_s: 1e12: ", "allowed: 10 years"),
    "other columns": ("a,b\n1,2\n", ":1: no dialect", "azure (TIMESTAMP, ContextTokens, GeneratedTokens)"),
    "no rows": (HEAD.splitlines()[0], "no request in this file", ""),
    "nothing": ("", "the file is empty", ""),
    "blank": ("\n\n", "blank lines alone", ""),
    "json cut off": (MOONCAKE + '{"timestamp": 4000, "input_le', ":3: ", "this line is not JSON"),
    "no object": (MOONCAKE + "[1, 2]\n", ":3: ", "not a JSON object"),
    "no answer": (MOONCAKE + '{"timestamp": 4000, "input_length": 5, "hash_ids": []}\n',
                  ":3: output_length", ""),
    "hashes": (MOONCAKE.replace("48", '"x"'), ":1: hash_ids: [46, 47, 'x']: ", "not a list of whole numbers"),
    "no hashes": (MOONCAKE.replace("[46, 90]", "46"), ":2: hash_ids: 46: ", "not a list"),
    "lengths": (LENGTHS.replace("20", "0"), ": [0]: output_len: 0: ", "is 1 "),
    "sums alone": ('{"total_input_tokens": 60}', "input_lens: this result has sums", "--save-detailed"),
    "uneven": (VLLM.replace("[5, 0, 7]", "[5, 7]"), "output_lens: 2 entries for 3", ""),
    "no limit": ('{"custom_id": "a", "body": {"prompt": "x"}}', ":1: max_tokens: nothing is written", ""),
    "block size": (BLOCKS + "5,5,0,1\n", ":2: block_tokens: 0", ""),
    "block sizes": (BLOCKS + "5,5,16,1\n5,5,8,1\n",
                    ":3: block_tokens: 8", "is 16"),
    "block text": (BLOCKS + "5,5,16,9..4\n", ":2: prefix_blocks", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_it_is_named_with_its_place(name: str, tmp_path: Path) -> None:
    text, place, hint = WRONG[name]
    path = write(tmp_path, "bad.txt", text)
    with pytest.raises(SpecError) as error:
        read_trace(path)
    assert told(error).startswith(str(path))
    assert place in told(error)
    assert hint in told(error)


def test_what_is_no_text_file_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "x.bin"
    binary.write_bytes(bytes(range(256)))
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(os.urandom(9000).hex().encode())[:4000])
    parquet = tmp_path / "cut.parquet"
    parquet.write_bytes(b"PAR1 and no more")
    latin = tmp_path / "latin.csv"
    latin.write_bytes(HEAD.encode() + b"\xe9,1,2\n")
    said = {
        binary: "this is binary", cut: "not text in UTF-8", parquet: "DuckDB cannot read this file",
        latin: "not text in UTF-8", tmp_path: "this is a directory", tmp_path / "no.csv": "No such file",
        "azure-conv-2032": "nearest that can be is azure-conv-2023", "/dev/null": "not a regular file",
    }  # fmt: skip
    for path, words in said.items():
        with pytest.raises(SpecError) as error:
            read_trace(path)
        assert words in told(error)


def test_more_than_the_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "a.csv", AZURE)
    monkeypatch.setattr(source, "free_memory_bytes", lambda: 100.0)
    with pytest.raises(SpecError, match="GB are free; split it"):
        read_trace(path)


def test_a_million_tokens_are_read_and_pointed_out(tmp_path: Path) -> None:
    trace = read_trace(write(tmp_path, "a.csv", HEAD + "2023-11-16 18:15:47.1,1048576,4\n"))
    assert trace.input_tokens[1] == 1_048_576
    assert f"the longest 1,048,580 ({tmp_path / 'a.csv'}:3)" in trace.notes[0]


def test_repair_leaves_out_and_sorts_and_says_so(tmp_path: Path) -> None:
    text = "arrival_s,input_tokens,output_tokens\n5,1,1\n2,2,2\nx,3,3\n1,0,4\n3,5,5\n"
    path = write(tmp_path, "a.csv", text)
    with pytest.raises(SpecError):
        read_trace(path)
    trace = read_trace(path, repair=True)
    assert trace.arrival_s.tolist() == [0, 1, 3]
    assert trace.input_tokens.tolist() == [2, 5, 1]
    assert trace.notes == (
        "1 row left out: no time",
        "1 row left out: input_tokens below 1",
        "1 row stood before an earlier one: sorted by time",
    )


def check(path: Path) -> None:
    """A file gives a sound trace or one problem that names it, nothing else."""
    for repair in (False, True):
        try:
            trace = read_trace(path, repair=repair)
        except SpecError as error:
            (problem,) = error.problems
            assert problem.place.startswith(str(path))
            continue
        assert len(trace) == len(trace.input_tokens) == len(trace.output_tokens) > 0
        assert trace.arrival_s[0] == 0
        assert np.isfinite(trace.arrival_s).all()
        assert (np.diff(trace.arrival_s) >= 0).all()
        assert min(trace.input_tokens.min(), trace.output_tokens.min()) >= 1
        if trace.prefix_blocks is not None and len(trace.prefix_blocks.ids):
            assert (
                0
                <= trace.prefix_blocks.ids.min()
                <= trace.prefix_blocks.ids.max()
                < trace.prefix_blocks.width
            )


TOKENS = st.sampled_from(
    ["", "-1", "0", "1e400", "nan", "null", "true", '"', "'", ",", "{", "}", "[", "]", "\n", "\r\n", ":",
     "\0", "9" * 30, "é", "1.5", "[[", '"x"', "inf", "\ufeff", "-", "2023-11-16", "18446744073709551615"]
)  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), TOKENS), min_size=1, max_size=3))
def test_a_file_with_anything_in_it_is_read_or_named(
    name: str, cuts: list[tuple[float, int, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file, text, _ = FILES[name]
    for where, length, put in cuts:
        at = int(where * len(text))
        text = text[:at] + put + text[at + length :]
    path = tmp_path_factory.mktemp("fuzz") / file
    path.write_text(text, encoding="utf-8", newline="")
    check(path)


@settings(max_examples=100, deadline=None)
@given(
    content=st.binary(max_size=60),
    head=st.sampled_from([b"", b"PAR1", b"\x1f\x8b", b"{", b"[", HEAD.encode()]),
)
def test_any_bytes_are_read_or_named(
    content: bytes, head: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "x"
    path.write_bytes(head + content)
    check(path)
