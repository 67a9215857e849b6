"""Pipelines: as many parts of the batch under way as stages, weights split, prompts that pass every stage."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.replay.specs import spec

from truecost.replay import replay
from truecost.spec import SpecError


def piped(stages: int, requests: int, **arrival: Any) -> dict[str, Any]:
    made = spec(model="llama-3.1-70b", precision={"weights": "fp8"}, engine={"corrected": False})
    made["fleet"] = {"accelerator": "h200", "pipeline_parallel_size": stages}
    made["traffic"]["synthetic"] |= {"requests": requests, "arrival": arrival}
    return made


def test_a_request_alone_decodes_no_faster_in_a_pipeline() -> None:
    one, two = (replay(piped(stages, 1, all_at_once=True)).to_dict() for stages in (1, 2))
    assert two["tpot_mean_s"] == pytest.approx(one["tpot_mean_s"], rel=0.02)
    assert two["tpot_mean_s"] > one["tpot_mean_s"], "the hop between stages takes a moment"
    assert two["ttft_mean_s"] == pytest.approx(one["ttft_mean_s"], rel=0.05), "a prompt passes all stages"


def test_a_full_pipeline_writes_more_but_not_more_a_chip() -> None:
    one, two = (replay(piped(stages, 1000, all_at_once=True)).to_dict() for stages in (1, 2))
    assert two["chips"] == 2 * one["chips"]
    assert 1.2 < two["output_tokens_per_s"] / one["output_tokens_per_s"] < 3.0


def test_stages_split_the_weights_and_leave_more_room() -> None:
    one, two = (replay(piped(stages, 4, all_at_once=True)).to_dict() for stages in (1, 2))
    cache = "kv_cache_tokens_per_replica"
    assert two[cache] > 2 * one[cache]


def test_more_stages_than_layers_are_refused() -> None:
    with pytest.raises(SpecError, match="80 layers"):
        replay(piped(81, 4, all_at_once=True))
