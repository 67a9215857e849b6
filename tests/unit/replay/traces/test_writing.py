"""What is written is read back the same, in every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.replay.traces.files import FILES, case, told

from truecost.replay.traces import Blocks, Trace, read_trace, write_trace
from truecost.replay.traces.writing import SUFFIXES
from truecost.spec import SpecError


def assert_same(first: Trace, second: Trace) -> None:
    assert first.timed == second.timed
    for name in ("arrival_s", "input_tokens", "output_tokens"):
        assert getattr(first, name).tolist() == getattr(second, name).tolist()
    assert (first.session_ids is None) == (second.session_ids is None)
    if first.session_ids is not None and second.session_ids is not None:
        assert first.session_ids.tolist() == second.session_ids.tolist()
    assert (first.prefix_blocks is None) == (second.prefix_blocks is None)
    if first.prefix_blocks is not None and second.prefix_blocks is not None:
        assert first.prefix_blocks.block_tokens == second.prefix_blocks.block_tokens
        assert first.prefix_blocks.offsets.tolist() == second.prefix_blocks.offsets.tolist()
        assert first.prefix_blocks.ids.tolist() == second.prefix_blocks.ids.tolist()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", FILES)
def test_every_dialect_goes_through_every_format(name: str, suffix: str, tmp_path: Path) -> None:
    trace = read_trace(case(tmp_path, name))
    path = tmp_path / f"made{suffix}"
    write_trace(trace, str(path))
    again = read_trace(path)
    assert again.dialect == "truecost"
    assert_same(trace, again)


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    size = draw(st.integers(1, 30))
    gaps = draw(st.lists(st.floats(0, 1e6), min_size=size, max_size=size))
    times = np.cumsum(gaps)
    lengths = st.lists(st.integers(1, 10_000_000), min_size=size, max_size=size)
    counts = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    raw = draw(st.lists(st.integers(0, 20), min_size=sum(counts), max_size=sum(counts)))
    _, ids = np.unique(np.array(raw, dtype=np.int64), return_inverse=True)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return Trace(
        "t", "t", "truecost", times - times[0], np.array(draw(lengths)), np.array(draw(lengths)),
        Blocks(offsets, ids, 16, 21),
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(trace=traces(), suffix=st.sampled_from(SUFFIXES))
def test_any_trace_comes_back(trace: Trace, suffix: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("made") / f"x{suffix}"
    write_trace(trace, str(path))
    assert_same(trace, read_trace(path))


def test_another_ending_is_refused_with_the_nearest() -> None:
    with pytest.raises(SpecError) as error:
        write_trace(read_trace("azure-code-2023"), "trace.xlsx")
    assert "nearest that can be is trace.parquet" in told(error)
