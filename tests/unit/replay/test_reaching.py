"""Parts of the traffic and caches of responses: nothing is lost, nothing is counted twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.replay.specs import spec

from truecost.replay import replay
from truecost.replay.reaching import NOTHING, reaching, repeated
from truecost.replay.schema import Sample, Traffic
from truecost.replay.traces.trace import Blocks
from truecost.replay.traffic import Load
from truecost.spec import SpecError


def load_of(prompts: list[tuple[list[int], int]]) -> Load:
    """Requests by their blocks of 16 tokens and their prompt tokens; each writes as many as it reads."""
    counts = [len(blocks) for blocks, _ in prompts]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    ids = np.array([one for blocks, _ in prompts for one in blocks], dtype=np.int64)
    tokens = np.array([length for _, length in prompts], dtype=np.int64)
    return Load(
        name="made",
        arrival_s=np.arange(len(prompts), dtype=np.float64),
        input_tokens=tokens,
        output_tokens=tokens.copy(),
        prefix_blocks=Blocks(offsets, ids, 16, 100),
        session_ids=np.arange(len(prompts), dtype=np.int64),
    )


prompts = st.lists(
    st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=3), st.integers(1, 60)),
    min_size=1,
    max_size=30,
)


def test_a_prompt_is_repeated_when_all_of_it_came_before() -> None:
    load = load_of(
        [([1, 2], 30), ([1, 2], 30), ([1, 2], 31), ([1], 30), ([1], 30), ([2, 1], 30), ([1, 2], 30)]
    )
    assert repeated(load).tolist() == [False, True, False, False, False, False, True]


@given(prompts)
def test_repeats_are_what_a_set_of_prompts_says(made: list[tuple[list[int], int]]) -> None:
    seen: set[tuple[tuple[int, ...], int]] = set()
    expected: list[bool] = []
    for blocks, length in made:
        whole = len(blocks) * 16 >= length
        expected.append(whole and (tuple(blocks), length) in seen)
        seen |= {(tuple(blocks), length)} if whole else set()
    assert repeated(load_of(made)).tolist() == expected


@given(prompts, st.floats(0.05, 0.95))
def test_two_parts_are_the_whole(made: list[tuple[list[int], int]], edge: float) -> None:
    load = load_of(made)
    one = reaching(load, Traffic(sample=Sample(below=edge)))
    two = reaching(load, Traffic(sample=Sample(above=edge)))
    assert sorted([*one.arrival_s, *two.arrival_s]) == load.arrival_s.tolist()
    assert one.input_tokens.sum() + two.input_tokens.sum() == load.input_tokens.sum()
    for part in (one, two):
        assert part.prefix_blocks is not None
        assert load.prefix_blocks is not None
        for i, arrival in enumerate(part.arrival_s):
            assert part.prefix_blocks.of(i).tolist() == load.prefix_blocks.of(int(arrival)).tolist()
            assert part.session_ids is not None
            assert part.session_ids[i] == int(arrival)


@given(prompts)
def test_what_a_cache_answers_and_what_reaches_the_fleet_are_all_requests(
    made: list[tuple[list[int], int]],
) -> None:
    load = load_of(made)
    rest = reaching(load, Traffic(response_cache="identical"))
    assert len(rest) + rest.cached.requests == len(load)
    assert rest.input_tokens.sum() + rest.cached.input_tokens == load.input_tokens.sum()
    assert rest.output_tokens.sum() + rest.cached.output_tokens == load.output_tokens.sum()
    assert not repeated(rest).any()


def test_without_a_word_of_it_all_requests_reach_the_fleet() -> None:
    load = load_of([([1], 3)])
    assert reaching(load, Traffic()) is load
    assert load.cached is NOTHING


def test_usd_per_token_and_request_count_what_the_cache_answers() -> None:
    told = replay(spec(traffic__response_cache=0.25)).to_dict()
    cached = told["traffic"]["cached_requests"]
    assert 0.15 * 200 < cached < 0.35 * 200
    assert told["served"] == 200 - cached
    assert told["usd_per_request"] == pytest.approx(told["cost_usd"] / 200)
    assert told["usd_per_million_output_tokens"] == pytest.approx(told["cost_usd"] / (200 * 128) * 1e6)
    assert told["usd_per_million_tokens"] == pytest.approx(told["cost_usd"] / (200 * 640) * 1e6)
    assert any("cache of responses" in note for note in told["traffic"]["notes"])


@pytest.mark.parametrize(
    ("traffic", "said"),
    [
        ({"response_cache": "identical"}, "does not say which requests are identical"),
        ({"response_cache": 1e-12}, "no effect"),
        ({"response_cache": 0}, "not above 0"),
        ({"response_cache": "same"}, "identical"),
        ({"response_cache": 1.0}, "nothing to replay"),
        ({"sample": {"above": 0.5, "below": 0.5}}, "above must be less than below"),
        ({"sample": {"below": 1e-9}}, "nothing to replay"),
        ({"sample": {"under": 0.5}}, "under"),
    ],
)
def test_settings_that_say_nothing_are_refused(traffic: dict[str, Any], said: str) -> None:
    made = spec()
    made["traffic"] |= traffic
    with pytest.raises(SpecError, match=said):
        replay(made)
