"""What a trace is like, against processes whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from truecost.replay.traces import Blocks, Trace, describe, read_trace, shipped_traces
from truecost.replay.traces.figures import correlations, dispersion, gap_variation, peak_to_mean
from truecost.replay.traces.shipped import data_file


def trace(arrival_s: list[float], given: list[int], answer: list[int], **more: object) -> Trace:
    columns = (np.array(arrival_s), np.array(given), np.array(answer))
    return Trace("t", "t.csv", "truecost", *columns, **more)  # type: ignore[arg-type]


def test_a_poisson_process_has_variation_and_dispersion_1() -> None:
    random = np.random.default_rng(1)
    times = np.cumsum(random.exponential(0.1, 200_000))
    times -= times[0]
    assert gap_variation(times) == pytest.approx(1, abs=0.01)
    assert dispersion(times, 1.0) == pytest.approx(1, abs=0.03)
    assert dispersion(times, 60.0) == pytest.approx(1, abs=0.15)


def test_even_arrivals_vary_in_nothing() -> None:
    times = np.arange(1000) * 0.5
    assert gap_variation(times) == 0
    assert dispersion(times, 1.0) == 0
    assert peak_to_mean(times, 60.0) == 1


def test_empty_windows_count() -> None:
    times = np.array([0.0, 1, 2, 3, 300])
    assert peak_to_mean(times, 60.0) == 5.0
    assert dispersion(times, 60.0) == pytest.approx(np.var([4, 0, 0, 0, 0], ddof=1) / 0.8)


def test_ranks_share_ties() -> None:
    first, second = np.array([1, 1, 2, 9]), np.array([4, 3, 8, 8])
    pearson, spearman = correlations(first, second)
    assert pearson == pytest.approx(np.corrcoef(first, second)[0, 1])
    assert spearman == pytest.approx(np.corrcoef([1.5, 1.5, 3, 4], [2, 1, 3.5, 3.5])[0, 1])
    assert correlations(first, np.ones(4, dtype=np.int64)) == (None, None)


def test_blocks_that_came_before_and_sessions_are_counted() -> None:
    blocks = Blocks(np.array([0, 3, 5]), np.array([0, 1, 2, 0, 1]), 16, 3)
    info = describe(trace([0, 9], [40, 30], [1, 1], prefix_blocks=blocks, session_ids=np.array([0, 0])))
    assert info.ideal_block_hit_fraction == pytest.approx(2 / 5)
    assert (info.sessions, info.requests_per_session) == (1, 2.0)


def test_one_request_is_a_trace() -> None:
    info = describe(trace([0.0], [5], [7]))
    assert info.requests == 1
    assert (info.requests_per_s, info.gap_variation, info.length_correlation) == (None, None, None)


def test_the_shipped_traces_are_the_published_ones() -> None:
    published = {
        "azure-conv-2023": (19_366, 3501.722, 22_361_870, None),
        "azure-code-2023": (8_819, 3435.948, 18_059_974, None),
        "mooncake-conversation": (12_031, 3536.999, 144_793_823, 0.366),
    }
    assert {one.name for one in shipped_traces()} == set(published)
    for one in shipped_traces():
        requests, span, tokens, hits = published[one.name]
        info = describe(read_trace(one.name))
        assert info.requests == one.requests == requests
        assert info.span_s == pytest.approx(span, abs=0.001)
        assert info.input_tokens.total == tokens
        assert info.ideal_block_hit_fraction == (None if hits is None else pytest.approx(hits, abs=0.0005))
        assert one.licence in ("CC-BY-4.0", "Apache-2.0")
        with open(data_file(one), "rb") as file:
            assert len(file.read()) < 400_000
