"""Every dialect is found by itself and gives the requests it holds."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from tests.unit.replay.traces.files import FILES, MOONCAKE, case, write

from truecost.replay.traces import read_trace


@pytest.mark.parametrize("name", FILES)
def test_the_dialect_is_found_and_named(name: str, tmp_path: Path) -> None:
    trace = read_trace(case(tmp_path, name))
    assert trace.dialect == FILES[name][2]
    assert trace.arrival_s[0] == 0
    assert (np.diff(trace.arrival_s) >= 0).all()
    assert trace.input_tokens.dtype == trace.output_tokens.dtype == np.int64


def test_azure_times_keep_their_100_ns(tmp_path: Path) -> None:
    trace = read_trace(case(tmp_path, "azure"))
    assert trace.arrival_s.tolist() == pytest.approx([0, 4.314579, 4.541877], abs=1e-9)
    assert trace.input_tokens.tolist() == [374, 396, 879]
    assert trace.output_tokens.tolist() == [44, 109, 55]


def test_azure_2024_has_a_zone_and_zones_count(tmp_path: Path) -> None:
    assert read_trace(case(tmp_path, "azure-2024")).arrival_s[1] == pytest.approx(0.007405, abs=1e-9)
    text = (
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2024-05-10 00:00:00+00:00,1,1\n2024-05-10 02:00:01+02:00,1,1\n"
    )
    assert read_trace(write(tmp_path, "zones.csv", text)).arrival_s[1] == pytest.approx(1)


def test_failed_requests_of_burstgpt_are_left_out_and_counted(tmp_path: Path) -> None:
    trace = read_trace(case(tmp_path, "burstgpt"))
    assert trace.arrival_s.tolist() == [0, 113]
    assert trace.notes == ("1 row left out: failed (no answer)",)
    assert trace.session_ids is None


def test_sessions_are_numbered_in_the_order_they_appear(tmp_path: Path) -> None:
    burst = read_trace(case(tmp_path, "burstgpt-sessions"))
    assert burst.session_ids is not None
    assert burst.session_ids.tolist() == [0, 1, 0]
    own = read_trace(case(tmp_path, "own"))
    assert own.session_ids is not None
    assert own.session_ids.tolist() == [0, -1, 0]


def test_mooncake_has_milliseconds_and_blocks_of_512(tmp_path: Path) -> None:
    trace = read_trace(case(tmp_path, "mooncake"))
    assert trace.arrival_s.tolist() == [0, 3.001]
    blocks = trace.prefix_blocks
    assert blocks is not None
    assert (blocks.block_tokens, blocks.width) == (512, 4)
    assert blocks.of(0).tolist() == [0, 1, 2]
    assert blocks.of(1).tolist() == [0, 3]


def test_a_conversation_of_bailian_is_one_session(tmp_path: Path) -> None:
    trace = read_trace(case(tmp_path, "bailian"))
    assert trace.session_ids is not None
    assert trace.session_ids.tolist() == [0, 1, 0, 0]
    assert trace.prefix_blocks is not None
    assert trace.prefix_blocks.block_tokens == 16
    assert trace.arrival_s[1] == pytest.approx(0.386)


def test_a_turn_of_sharegpt_has_all_before_it_as_its_prompt(tmp_path: Path) -> None:
    trace = read_trace(case(tmp_path, "sharegpt"))
    assert trace.input_tokens.tolist() == [10, 32]
    assert trace.output_tokens.tolist() == [20, 1]
    assert not trace.timed
    assert any("estimated" in note for note in trace.notes)


@pytest.mark.parametrize("name", ["lengths", "pairs"])
def test_lengths_alone_are_all_at_once(name: str, tmp_path: Path) -> None:
    trace = read_trace(case(tmp_path, name))
    assert trace.input_tokens.tolist() == [10, 30]
    assert trace.output_tokens.tolist() == [20, 40]
    assert trace.arrival_s.tolist() == [0, 0]
    assert trace.mean_rate_per_s is None


def test_a_vllm_result_is_sorted_by_when_requests_were_sent(tmp_path: Path) -> None:
    trace = read_trace(case(tmp_path, "vllm"))
    assert trace.arrival_s.tolist() == [0, 0.5]
    assert trace.input_tokens.tolist() == [10, 30]


def test_openai_logs_are_sorted_and_errors_left_out(tmp_path: Path) -> None:
    log = read_trace(case(tmp_path, "openai"))
    assert log.arrival_s.tolist() == [0, 5]
    assert log.input_tokens.tolist() == [9, 12]
    output = read_trace(case(tmp_path, "openai-output"))
    assert len(output) == 1
    assert "1 failed requests left out" in output.notes
    asked = read_trace(case(tmp_path, "openai-input"))
    assert (asked.input_tokens.tolist(), asked.output_tokens.tolist()) == ([3], [100])
    assert not asked.timed


def test_text_may_be_gzipped(tmp_path: Path) -> None:
    path = tmp_path / "moon.jsonl.gz"
    path.write_bytes(gzip.compress(MOONCAKE.encode()))
    assert len(read_trace(path)) == 2


def test_a_table_of_any_dialect_may_be_parquet(tmp_path: Path) -> None:
    import duckdb

    source = case(tmp_path, "bailian")
    target = tmp_path / "qwen.parquet"
    duckdb.connect().execute(f"COPY (FROM read_json('{source}')) TO '{target}'")
    trace, same = read_trace(target), read_trace(source)
    assert trace.dialect == "qwen-bailian"
    assert trace.session_ids is not None
    assert same.session_ids is not None
    assert trace.session_ids.tolist() == same.session_ids.tolist()
    assert trace.prefix_blocks is not None
    assert trace.prefix_blocks.of(2).tolist() == [1, 2, 4, 5]
