"""The hits of a cache that never forgets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.replay.ways.loads import with_prefixes

from truecost.replay.traffic import Load
from truecost.replay.ways.prefixes import ideal_cache


def test_by_hand() -> None:
    # block of 10 tokens; the last block of each prompt is filled in part
    load = with_prefixes([[0, 1, 2], [0, 1, 3], [0, 4], [5]], [25, 24, 20, 7])
    cached = ideal_cache(load)
    assert cached.read_tokens.tolist() == [0, 20, 10, 0]
    assert cached.write_tokens.tolist() == [20, 0, 0, 0]


def test_those_that_the_vendor_does_not_see_fill_nothing() -> None:
    load = with_prefixes([[0, 1], [0, 1], [0, 1]], [20, 20, 15])
    cached = ideal_cache(load, np.array([False, True, True]))
    assert cached.read_tokens.tolist() == [0, 0, 15]
    assert cached.write_tokens.tolist() == [0, 20, 0]


def test_a_prefix_ends_at_its_first_new_block() -> None:
    cached = ideal_cache(with_prefixes([[0, 2], [1, 2]], [20, 20]))
    assert cached.read_tokens.tolist() == [0, 0]


def test_traffic_without_prefixes_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing of shared prefixes"):
        ideal_cache(Load("test", np.zeros(1), np.ones(1, np.int64), np.ones(1, np.int64)))


def _slowly(prompts: list[list[int]], inputs: list[int], block: int) -> list[int]:
    """The same, one prompt after the other."""
    met: set[int] = set()
    found: list[int] = []
    for prompt, tokens in zip(prompts, inputs, strict=True):
        read = 0
        for place, one in enumerate(prompt):
            if one not in met:
                break
            read += max(0, min(block, tokens - place * block))
        met |= set(prompt)
        found.append(read)
    return found


@given(st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=5, unique=True), min_size=1, max_size=12))
def test_as_one_prompt_after_the_other(prompts: list[list[int]]) -> None:
    inputs = [10 * len(prompt) - 3 for prompt in prompts]
    load = with_prefixes(prompts, inputs)
    cached = ideal_cache(load)
    assert cached.read_tokens.tolist() == _slowly(prompts, inputs, 10)
    assert np.all(cached.read_tokens + cached.write_tokens <= load.input_tokens)
