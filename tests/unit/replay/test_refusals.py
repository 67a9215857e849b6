"""What is not understood or has no effect is refused, with its place and the nearest that would do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.replay.specs import SMALL, spec

from truecost.replay import replay
from truecost.replay.setups import DoesNotFit
from truecost.spec import SpecError

DENSE_TRACE = "azure-conv-2023"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "llama-3.1-71b"}, "unknown model 'llama-3.1-71b'; did you mean 'llama-3.1-70b'"),
        ({"fleet__accelerator": "h100-smx"}, "did you mean 'h100-sxm"),
        ({"fleet__routing": "least-loaded"}, "least_loaded"),
        ({"fleet__pipeline_parallel_size": 33}, "has 32 layers to split"),
        ({"fleet__expert_parallel_size": 2}, "no experts"),
        ({"fleet__data_parallel_size": 2}, "replicas says the same"),
        ({"fleet__tensor_parallel_size": 3}, "does not divide"),
        ({"fleet__routing": "session"}, "has no sessions"),
        ({"fleet__routing": "prefix_aware"}, "needs engine.enable_prefix_caching"),
        ({"engine": {"enable_prefix_caching": True}}, "caching them has no effect"),
        ({"engine": {"max_num_batched_tokens": 128}}, "takes 256 tokens; did you mean '256'"),
        ({"engine": {"backend": "sgland"}}, "did you mean 'sglang'"),
        ({"traffic__trace": DENSE_TRACE}, "one of the two"),
        ({"traffic": {}}, "one of the two"),
        ({"traffic__synthetic__arrival": {}}, "in one way"),
        ({"traffic__synthetic__arrival": {"rate_per_s": 1, "all_at_once": True}}, "in one way"),
        ({"traffic__synthetic__arrival": {"rate_per_s": 1, "think_s": 1}}, "only a concurrency pauses"),
        ({"traffic__synthetic__input_tokens": "uniform 9..3"}, "from high to low"),
        ({"traffic__synthetic__input_tokens": "normal 9..3"}, "input_tokens"),
        ({"traffic__synthetic__input_tokens": 0}, "input_tokens"),
        ({"price": {"basis": "cloud", "term": "reserved_3y"}}, "has no term"),
        ({"site": {"usd_per_kwh": 0.1}}, "has its electricity"),
        ({"site": {"region": "us"}}, "has its electricity"),
        ({"price": {"basis": "own"}, "site": {"region": "eur"}}, "site.region"),
        ({"price": {"basis": "own"}, "site": {"region": "us", "usd_per_kwh": 0.1}}, "of no region"),
        ({"precision": {"activations": "bf16"}, "engine": {"step_times": "x.csv"}}, "no effect on them"),
        ({"fleet__pipeline_parallel_size": 2, "engine": {"step_times": "x.csv"}}, "stages have no effect"),
        ({"engine": {"max_model_len": 1}}, "max_model_len"),
        ({"slo": {"ttft_p99_s": 0}}, "ttft_p99_s"),
        ({"slo": {"ttft_p95_s": 1}}, "ttft_p9"),
        ({"engine": {"step_times": "nowhere.csv"}}, "nowhere.csv"),
    ],
)
def test_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        replay(spec(**changes))
    assert said in str(refused.value)


def test_expert_parallel_is_all_chips_of_a_replica() -> None:
    fleet = {
        "accelerator": "h200",
        "tensor_parallel_size": 1,
        "data_parallel_size": 8,
        "expert_parallel_size": 4,
    }
    with pytest.raises(SpecError, match="over all 8 chips") as refused:
        replay(spec(model="deepseek-v3", fleet=fleet))
    assert "'8'" in str(refused.value)


def test_measured_steps_know_nothing_of_how_experts_are_shared() -> None:
    fleet = {"accelerator": "h200", "tensor_parallel_size": 8, "expert_parallel_size": 8}
    with pytest.raises(SpecError, match="whole experts have no effect"):
        replay(spec(model="qwen3-235b-a22b", fleet=fleet, engine={"step_times": "x.csv"}))


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        "model: llama-3.1-8b\nfleet: {accelerator: h100}\ntraffic:\n  synthetic:\n    requests: 10\n"
        "    input_tokens: 10\n    output_tokens: 10\n    arrival: {rate_per_s: 1, all_at_once: true}\n"
        "engine: {enable_prefix_cashing: true}\n",
        encoding="utf-8",
    )
    with pytest.raises(
        SpecError, match=r"spec\.yaml:9: engine\.enable_prefix_cashing.*enable_prefix_caching"
    ):
        replay(path)
    path.write_text(
        path.read_text(encoding="utf-8").replace("cashing: true", "caching: false"), encoding="utf-8"
    )
    with pytest.raises(SpecError, match=r"spec\.yaml:8: traffic\.synthetic\.arrival"):
        replay(path)


def test_a_trace_nobody_ships_is_refused_with_the_nearest() -> None:
    with pytest.raises(SpecError, match="azure-conv-2023"):
        replay({**SMALL, "traffic": {"trace": "azure-conv-2024"}})


def test_a_model_that_does_not_fit_names_the_smallest_width_that_holds_it() -> None:
    with pytest.raises(DoesNotFit, match="tensor_parallel_size 2 holds it"):
        replay(spec(model="llama-3.1-70b", precision={"weights": "fp8"}, fleet__accelerator="h100-sxm",
                    engine={"gpu_memory_utilization": 0.85}))  # fmt: skip
    with pytest.raises(DoesNotFit, match="no replica"):
        replay(spec(model="llama-3.1-405b", fleet__accelerator="rtx-4090"))
