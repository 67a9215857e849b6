"""Serving law: worked cases by hand, what must hold of any model and chip, refusals, and draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.physics.constants import PERFECT

from truecost.catalog.accelerators import accelerator, load_accelerators
from truecost.catalog.models import model
from truecost.physics.calibration import ServingConstants, load_calibration
from truecost.physics.replica import cache_read_bytes, rates_of, work_of
from truecost.physics.roofline import experts_touched, memory_batch, step_parts, weight_read_seconds
from truecost.physics.serving import (
    DoesNotFit,
    ServingPoint,
    ServingSetup,
    fleet_replicas,
    seconds_at_load,
    serving_point,
    smallest_tensor_parallel_size,
)

CONSTANTS = load_calibration().serving
LLAMA, DEEPSEEK, H100, H200 = (
    model("llama-3.1-70b"),
    model("deepseek-v3"),
    accelerator("h100"),
    accelerator("h200"),
)
CHAT = ServingSetup(1000.0, 300.0, tensor_parallel_size=4)
DECODING = [
    ("llama-3.1-8b", 1),
    ("llama-3.1-70b", 4),
    ("gpt-oss-120b", 2),
    ("deepseek-v3", 8),
    ("qwen3-30b-a3b", 2),
]


def point(setup: ServingSetup = CHAT, constants: ServingConstants = CONSTANTS) -> ServingPoint:
    return serving_point(LLAMA, H100, setup, constants)


def test_a_step_of_perfect_hardware_by_hand() -> None:
    setup = ServingSetup(1000.0, 200.0, tensor_parallel_size=4, precision="bf16")
    work, chip = work_of(LLAMA, setup), rates_of(LLAMA, H100, setup)
    parts = step_parts(work, chip, 32.0, PERFECT)
    read_parameters = LLAMA.total_parameters - LLAMA.embedding_parameters
    assert parts.weights == pytest.approx(2 * read_parameters / 4 / 3.35e12)
    assert parts.arithmetic == pytest.approx(32 * 2 * LLAMA.active_parameters / 4 / 989.4e12)
    assert parts.cache == pytest.approx(32 * 1100 * 327_680 / 4 / 3.35e12)
    assert (parts.latency, float(parts.exchange)) == (0.0, pytest.approx(0.0, abs=1e-12))


def test_a_prompt_on_perfect_hardware_by_hand() -> None:
    setup = ServingSetup(2000.0, 1.0, tensor_parallel_size=4, precision="bf16")
    expected = (2 * LLAMA.active_parameters * 2000 + 4 * 64 * 128 * 80 * 2000 * 1000) / (4 * 989.4e12)
    assert point(setup, PERFECT).prefill_s == pytest.approx(expected)


def test_memory_allows_what_is_left_over_by_hand() -> None:
    setup = ServingSetup(1000.0, 200.0, tensor_parallel_size=4, precision="bf16")
    held = memory_batch(work_of(LLAMA, setup), rates_of(LLAMA, H100, setup), PERFECT)
    assert held == pytest.approx((4 * 80e9 - 2 * LLAMA.total_parameters) / (1100 * 327_680))


def test_published_decoding_speed_of_llama_70b_is_near() -> None:
    """InferenceX, vLLM on H200, FP8, one chip, 4 users: 21.5 ms a token measured."""
    setup = ServingSetup(922.0, 922.0, precision="fp8", max_batch=4)
    predicted = serving_point(LLAMA, H200, setup, CONSTANTS).tpot_s
    assert predicted == pytest.approx(0.0215, rel=0.15)


def test_seconds_per_request_are_the_sum_of_their_parts() -> None:
    found = point()
    assert sum(found.parts.values()) == pytest.approx(found.replica_seconds_per_request)
    assert found.bottleneck in found.parts
    assert found.tokens_per_second_per_chip * 4 == pytest.approx(300 / found.replica_seconds_per_request)


@pytest.mark.parametrize(
    ("setup", "limited_by"),
    [
        (CHAT, "max_batch"),
        (dataclasses.replace(CHAT, tpot_limit_s=0.03), "latency"),
        (dataclasses.replace(CHAT, max_batch=1e6), "memory"),
    ],
)
def test_what_limits_the_batch_is_named(setup: ServingSetup, limited_by: str) -> None:
    assert point(setup).limited_by == limited_by


@pytest.mark.parametrize("limit", [0.012, 0.02, 0.05, 0.08])
@pytest.mark.parametrize(("name", "chips"), DECODING)
def test_the_latency_limit_is_met_and_used_up(name: str, chips: int, limit: float) -> None:
    setup = ServingSetup(800.0, 400.0, tensor_parallel_size=chips, tpot_limit_s=limit)
    found = serving_point(model(name), H200, setup, CONSTANTS)
    if found.limited_by == "latency" and found.batch > 1:
        assert found.tpot_s == pytest.approx(limit, rel=2e-3)
    elif found.batch > 1:
        assert found.tpot_s <= limit * 1.002


def test_a_limit_that_cannot_be_met_leaves_one_request_and_shows_it() -> None:
    found = point(dataclasses.replace(CHAT, tpot_limit_s=0.001))
    assert (found.batch, found.limited_by) == (1.0, "latency")
    assert found.tpot_s > 0.001


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(DECODING),
    st.floats(1, 30_000),
    st.floats(1, 8_000),
    st.sampled_from(["bf16", "fp8", "nvfp4"]),
)
def test_more_work_never_takes_less_time(
    named: tuple[str, int], prompt: float, answer: float, precision: str
) -> None:
    name, chips = named
    arch, chip = model(name), accelerator("gb300")

    def seconds(prompt: float, answer: float) -> float:
        setup = ServingSetup(prompt, answer, tensor_parallel_size=chips, precision=precision)
        return float(serving_point(arch, chip, setup, CONSTANTS).replica_seconds_per_request)

    try:
        base = seconds(prompt, answer)
    except DoesNotFit:
        return
    assert seconds(prompt * 0.8, answer) <= base * (1 + 1e-9)
    assert seconds(prompt, answer * 0.8) <= base * (1 + 1e-9)


@pytest.mark.parametrize(
    "cheaper",
    [
        {"cached_input_share": 0.8},
        {"precision": "fp8"},
        {"kv_precision": "fp8"},
        {"acceptance_length": 2.5, "draft_tokens": 3.0, "draft_overhead": 0.1, "max_batch": 16},
    ],
)
def test_each_lever_makes_a_request_cheaper(cheaper: dict[str, float | str]) -> None:
    base = dataclasses.replace(CHAT, max_batch=cheaper.get("max_batch", CHAT.max_batch))
    better = dataclasses.replace(base, **cheaper)
    assert point(better).replica_seconds_per_request < point(base).replica_seconds_per_request


def test_drafts_that_are_never_accepted_cost() -> None:
    drafting = dataclasses.replace(CHAT, draft_tokens=3.0, draft_overhead=0.1)
    assert point(drafting).replica_seconds_per_request > point().replica_seconds_per_request


def test_prefill_on_chips_of_its_own_allows_a_larger_batch() -> None:
    limited = dataclasses.replace(CHAT, tpot_limit_s=0.03)
    apart = point(dataclasses.replace(limited, disaggregated=True))
    assert apart.batch > point(limited).batch
    assert apart.tpot_s == pytest.approx(0.03, rel=2e-3)


def test_few_tokens_meet_few_experts() -> None:
    touched = experts_touched(256.0, 8.0, np.array([1.0, 4.0, 1e4]))
    assert touched == pytest.approx([8.0, 256 * (1 - (31 / 32) ** 4), 256.0])
    work, chip = (build(DEEPSEEK, *rest) for build, rest in ((work_of, (CHAT,)), (rates_of, (H200, CHAT))))
    constants = dataclasses.replace(PERFECT, memory_efficiency=0.8)
    few, many = (weight_read_seconds(work, chip, tokens, constants) for tokens in (1.0, 1e5))
    everything = (work.common_weight_bytes + work.expert_weight_bytes) / 4 / (4.8e12 * 0.8)
    assert few < 0.1 * many
    assert many == pytest.approx(everything)


def test_latent_attention_repeats_its_cache_unless_ranks_are_apart() -> None:
    split = ServingSetup(1000.0, 300.0, tensor_parallel_size=8, precision="fp8", max_batch=1e6)
    apart = dataclasses.replace(split, tensor_parallel_size=1, data_parallel_size=8)
    batches = [float(serving_point(DEEPSEEK, H200, setup, CONSTANTS).batch) for setup in (split, apart)]
    assert batches[1] > 5 * batches[0]


def test_sparse_attention_reads_less_of_its_cache_than_it_holds() -> None:
    glm = model("glm-5")
    short, long = (cache_read_bytes(glm, "bf16", tokens) for tokens in (1000.0, 100_000.0))
    assert long < 30 * short


def test_a_replica_over_two_servers_is_slower_than_in_one() -> None:
    near, far = (rates_of(LLAMA, H100, ServingSetup(1.0, 1.0, tensor_parallel_size=n)) for n in (8, 16))
    assert far.link_bytes_per_s < near.link_bytes_per_s / 5


def test_the_smallest_replica_holds_the_model() -> None:
    found = [
        smallest_tensor_parallel_size(LLAMA, H100, "bf16", 8192, CONSTANTS),
        smallest_tensor_parallel_size(LLAMA, H200, "fp8", 8192, CONSTANTS),
        smallest_tensor_parallel_size(DEEPSEEK, H100, "fp8", 8192, CONSTANTS),
        smallest_tensor_parallel_size(DEEPSEEK, H200, "fp8", 8192, CONSTANTS),
    ]
    assert found == [2, 1, 16, 8]


def test_a_model_that_does_not_fit_says_by_how_much() -> None:
    with pytest.raises(
        DoesNotFit, match=r"llama-3.1-405b does not fit 1 x .* weights take 812 GB"
    ) as refused:
        serving_point(model("llama-3.1-405b"), H100, ServingSetup(1000.0, 300.0), CONSTANTS)
    assert refused.value.needed_bytes > refused.value.available_bytes > 0
    with pytest.raises(DoesNotFit):
        smallest_tensor_parallel_size(model("kimi-k2"), accelerator("rtx-4090"), "bf16", 8192, CONSTANTS)


def test_an_impossible_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="does not divide the 64 attention heads"):
        point(dataclasses.replace(CHAT, tensor_parallel_size=3))
    with pytest.raises(ValueError, match="at least 1"):
        point(dataclasses.replace(CHAT, data_parallel_size=0))
    with pytest.raises(ValueError, match="no network rate"):
        serving_point(
            LLAMA, accelerator("l40s"), dataclasses.replace(CHAT, tensor_parallel_size=16), CONSTANTS
        )


def test_draws_give_what_each_gives_alone() -> None:
    prompts, answers, limits = (
        np.array([200.0, 900.0, 4000.0]),
        np.array([50.0, 300.0, 900.0]),
        np.array([0.02, 0.03, 0.1]),
    )
    together = point(ServingSetup(prompts, answers, tensor_parallel_size=4, tpot_limit_s=limits))
    for place, one in enumerate(zip(prompts, answers, limits, strict=True)):
        alone = point(
            ServingSetup(float(one[0]), float(one[1]), tensor_parallel_size=4, tpot_limit_s=float(one[2]))
        )
        assert np.asarray(together.replica_seconds_per_request)[place] == pytest.approx(
            alone.replica_seconds_per_request, rel=2e-3
        )


def test_a_few_draws_too_long_for_memory_are_counted_not_fatal() -> None:
    prompts = np.array([1000.0, 2000.0, 4e6])
    found = point(ServingSetup(prompts, 300.0, tensor_parallel_size=4))
    assert found.share_of_draws_that_fit == pytest.approx(2 / 3)
    assert np.asarray(found.batch)[2] == 1
    with pytest.raises(DoesNotFit):
        point(ServingSetup(np.array([1000.0, 4e6, 5e6]), 300.0, tensor_parallel_size=4))


def test_a_residual_scales_times_and_divides_throughput() -> None:
    base = point()
    slower = base.scaled(1.5)
    assert slower.tpot_s == pytest.approx(1.5 * base.tpot_s)
    assert slower.tokens_per_second_per_replica == pytest.approx(base.tokens_per_second_per_replica / 1.5)
    assert slower.batch == base.batch


def test_latency_rises_with_load_up_to_that_of_the_full_replica() -> None:
    full = point()
    load = np.array([0.01, 0.3, 0.6, 0.9, 0.999, 1.2]) / full.replica_seconds_per_request
    seen = seconds_at_load(LLAMA, H100, CHAT, CONSTANTS, load)
    batch, tpot = np.asarray(seen.batch), np.asarray(seen.tpot_s)
    assert np.all(np.diff(batch[:5]) > 0)
    assert np.all(np.diff(tpot[:5]) > 0)
    assert batch[4] == pytest.approx(full.batch, rel=0.02)
    assert tpot[4] == pytest.approx(full.tpot_s, rel=0.02)
    assert np.isinf(np.asarray(seen.ttft_s)[5])
    assert np.all(np.isfinite(np.asarray(seen.ttft_s)[:5]))
    answered_in = np.asarray(seen.tpot_s) * 300
    assert (load * answered_in)[:5] == pytest.approx(batch[:5], rel=5e-3)


def test_a_fleet_is_whole_replicas_and_spares() -> None:
    assert fleet_replicas(np.array([0.0, 10.0, 10.01]), 0.07, 0.7, 2).tolist() == [2, 3, 4]


def test_every_chip_with_a_model_that_fits_gives_a_point() -> None:
    small = model("llama-3.2-1b")
    for chip in load_accelerators().values():
        try:
            found = serving_point(small, chip, ServingSetup(500.0, 200.0, precision="bf16"), CONSTANTS)
        except (DoesNotFit, ValueError):
            continue
        assert 0 < found.replica_seconds_per_request < 60
        assert found.batch >= 1
