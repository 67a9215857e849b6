"""The roofline of serving: each constant by hand, all else perfect, and what must always hold."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.physics.constants import PERFECT

from truecost.catalog.accelerators import accelerator
from truecost.catalog.models import model
from truecost.physics.calibration import ENGINES, ServingConstants, load_calibration
from truecost.physics.replica import ServingSetup, rates_of, work_of
from truecost.physics.roofline import (
    ChipRates,
    StepParts,
    Work,
    exchange_latency_seconds,
    exchange_seconds_per_token,
    first_token_seconds,
    launch_seconds,
    matmul_seconds_per_token,
    mixed_step_parts,
    prefill_seconds,
    step_parts,
)

CONSTANTS = load_calibration().serving
PLAIN = ServingSetup(1000.0, 200.0, tensor_parallel_size=4, precision="bf16")
NAMES = ["llama-3.1-70b", "gpt-oss-120b", "qwen3-235b-a22b", "deepseek-v3", "gemma-3-27b"]


def laid_out(name: str, chip: str = "h100", setup: ServingSetup = PLAIN) -> tuple[Work, ChipRates]:
    return work_of(model(name), setup), rates_of(model(name), accelerator(chip), setup)


def bits(precision: str, **sizes: int) -> ServingSetup:
    return replace(PLAIN, precision=precision, **sizes)


# Products


def test_a_token_is_moved_between_products_as_often_as_the_constant_says() -> None:
    """15 passes x 80 layers x 8,192 numbers of 2 bytes, on every chip of the rank, at 3.35 TB/s."""
    work, chip = laid_out("llama-3.1-70b")
    more = matmul_seconds_per_token(work, chip, replace(PERFECT, element_passes=15.0))
    plain = matmul_seconds_per_token(work, chip, PERFECT)
    assert more - plain == pytest.approx(15 * 80 * 8192 * 2 / 3.35e12)
    wide, _ = laid_out("deepseek-v3", setup=replace(PLAIN, tensor_parallel_size=1, data_parallel_size=8))
    moved = matmul_seconds_per_token(wide, chip, replace(PERFECT, element_passes=15.0))
    moved = moved - matmul_seconds_per_token(wide, chip, PERFECT)
    assert moved == pytest.approx(15 * 61 * 7168 * 2 / 8 / 3.35e12), "ranks side by side"


def test_experts_cut_narrow_are_multiplied_less_well_by_hand() -> None:
    """DeepSeek-V3's experts are 2,048 wide: over 8 chips 256 each, half as good at a half width of 256."""
    constants = replace(PERFECT, expert_half_width=256.0)
    cut, chip = laid_out("deepseek-v3", "h200", bits("fp8", tensor_parallel_size=8))
    whole, _ = laid_out("deepseek-v3", "h200", bits("fp8", tensor_parallel_size=8, expert_parallel_size=8))
    apart, _ = laid_out("deepseek-v3", "h200", bits("fp8", tensor_parallel_size=1, data_parallel_size=8))
    assert (cut.expert_width, whole.expert_width, apart.expert_width) == (256.0, 2048.0, 2048.0)
    experts = cut.expert_flops_per_token / chip.expert_flops_per_s / 8
    extra = [
        matmul_seconds_per_token(work, chip, constants) - matmul_seconds_per_token(work, chip, PERFECT)
        for work in (cut, whole, apart)
    ]
    assert extra == pytest.approx([experts, experts / 8, experts / 8])


@pytest.mark.parametrize("name", ["gpt-oss-120b", "qwen3-235b-a22b", "deepseek-v3"])
def test_narrower_experts_are_never_faster_and_dense_models_have_none(name: str) -> None:
    found = [
        matmul_seconds_per_token(
            *laid_out(name, setup=bits("bf16", tensor_parallel_size=8, expert_parallel_size=shared)),
            CONSTANTS,
        )
        for shared in (8, 4, 2, 1)
    ]
    assert np.all(np.diff(found) > 0)
    dense, chip = laid_out("llama-3.1-70b")
    assert dense.expert_width == 0
    assert matmul_seconds_per_token(dense, chip, CONSTANTS) == matmul_seconds_per_token(
        dense, chip, replace(CONSTANTS, expert_half_width=1e6)
    )


# Precisions


@pytest.mark.parametrize(
    ("chip", "precision", "common", "expert", "converts"),
    [
        ("h100", "bf16", "bf16", "bf16", 0.0),
        ("h100", "fp8", "fp8", "fp8", 1.0),
        ("h100", "nvfp4", "bf16", "bf16", 0.0),  # no 4-bit units: unpacked, multiplied in 16 bits
        ("h100", "mxfp4", "bf16", "bf16", 0.0),
        ("h100", "int4", "bf16", "bf16", 0.0),
        ("b200", "int4", "bf16", "bf16", 0.0),
        ("b200", "nvfp4", "bf16", "fp4", 1.0),  # of a mixture only the experts are in 4 bits
        ("b200", "fp8", "fp8", "fp8", 1.0),
        ("a100", "fp8", "bf16", "bf16", 0.0),  # no 8-bit floats
        ("a100", "int8", "int8", "int8", 1.0),
    ],
)
def test_what_weights_are_multiplied_in(
    chip: str, precision: str, common: str, expert: str, converts: float
) -> None:
    _, rates = laid_out("gpt-oss-120b", chip, bits(precision))
    of = accelerator(chip)
    assert rates.common_flops_per_s == of.dense_peak(common)
    assert rates.expert_flops_per_s == of.dense_peak(expert)
    assert rates.attention_flops_per_s == of.dense_peak("bf16")
    assert rates.converts == converts


def test_four_bit_weights_on_hopper_are_read_as_four_bits_and_multiplied_as_sixteen() -> None:
    narrow, wide = (laid_out("llama-3.1-70b", setup=bits(name)) for name in ("int4", "bf16"))
    one, other = (step_parts(*of, 32.0, PERFECT) for of in (narrow, wide))
    assert one.arithmetic == other.arithmetic
    assert one.weights < 0.35 * other.weights


def test_conversion_takes_its_latency_a_layer_where_activations_are_converted() -> None:
    constants = replace(PERFECT, layer_latency_s=2e-6, quantized_layer_latency_s=3e-6)
    for precision, a_layer in (("bf16", 2e-6), ("fp8", 5e-6), ("nvfp4", 2e-6)):
        parts = step_parts(*laid_out("llama-3.1-70b", setup=bits(precision)), 8.0, constants)
        assert parts.latency == pytest.approx(80 * a_layer), precision
    blackwell = step_parts(*laid_out("llama-3.1-70b", "b200", bits("nvfp4")), 8.0, constants)
    assert blackwell.latency == pytest.approx(80 * 5e-6)


# Fixed times


@pytest.mark.parametrize(
    ("chip", "pace"), [("a100", 1), ("h100", 1), ("h200", 1), ("mi300x", 1), ("b200", 0.8), ("gb300", 0.8)]
)
def test_fixed_times_of_a_later_generation_are_its_factor(chip: str, pace: float) -> None:
    """Layers, steps, sequences and exchanges; not what memory and products take."""
    constants = replace(
        PERFECT, later_latency_factor=0.8, layer_latency_s=1e-5, expert_layer_latency_s=4e-5,
        step_latency_s=1e-3, sequence_latency_s=1e-5, exchange_latency_s=2e-5,
    )  # fmt: skip
    work, rates = laid_out("deepseek-v3", chip, bits("bf16", tensor_parallel_size=8))
    parts = step_parts(work, rates, 16.0, constants)
    fixed = 61 * 1e-5 + 58 * 4e-5 + 1e-3 + 16 * 1e-5
    assert parts.latency == pytest.approx(pace * fixed)
    assert launch_seconds(work, rates, constants) == pytest.approx(pace * (fixed - 16 * 1e-5))
    assert exchange_latency_seconds(work, rates, constants) == pytest.approx(pace * 2 * 61 * 2e-5)
    assert parts.exchange == pytest.approx(pace * 2 * 61 * 2e-5, rel=1e-6)
    same = step_parts(work, rates, 16.0, PERFECT)
    assert (parts.weights, parts.arithmetic, parts.cache) == (same.weights, same.arithmetic, same.cache)


def test_one_chip_exchanges_nothing() -> None:
    work, rates = laid_out("llama-3.1-8b", setup=replace(PLAIN, tensor_parallel_size=1))
    assert step_parts(work, rates, 64.0, CONSTANTS).exchange == 0
    assert exchange_seconds_per_token(work, rates, CONSTANTS) == 0


def test_an_all_reduce_by_hand() -> None:
    """A ring of 4: each token's 8,192 numbers of 2 bytes cross a link 2 x 3 / 4 times, twice a layer."""
    work, rates = laid_out("llama-3.1-70b")
    found = exchange_seconds_per_token(work, rates, replace(PERFECT, link_efficiency=0.5))
    assert found == pytest.approx(2 * 80 * 8192 * 2 * 1.5 / (450e9 * 0.5))


def test_the_cache_is_read_at_its_own_efficiency_unless_attention_takes_longer() -> None:
    work, rates = laid_out("llama-3.1-70b")
    whole, half = (
        step_parts(work, rates, 32.0, replace(PERFECT, cache_efficiency=share)) for share in (1.0, 0.5)
    )
    assert half.cache == pytest.approx(2 * whole.cache)
    assert half.weights == whole.weights
    slow = step_parts(work, rates, 32.0, replace(PERFECT, attention_efficiency=1e-6))
    attention = 32 * work.decode_attention_flops / (4 * 989.4e12 * 1e-6)
    assert slow.cache == pytest.approx(attention)


def test_faster_memory_is_reached_to_a_smaller_share() -> None:
    """Shares are of an H100's 3.35 TB/s; an H200's 4.8 TB/s at an exponent of 0.5: 1.2 times as much."""
    constants = replace(PERFECT, memory_speed_exponent=0.5, element_passes=10.0)
    even = replace(constants, memory_speed_exponent=0.0)
    for chip, share in (("h100", 1.0), ("h200", (4.8 / 3.35) ** -0.5), ("l40s", (0.864 / 3.35) ** -0.5)):
        work, rates = laid_out("llama-3.1-70b", chip)
        one, other = (step_parts(work, rates, 32.0, of) for of in (constants, even))
        assert one.weights == pytest.approx(other.weights / share), chip
        assert one.cache == pytest.approx(other.cache / share), chip
        products = step_parts(work, rates, 32.0, PERFECT).arithmetic
        assert one.arithmetic - products == pytest.approx((other.arithmetic - products) / share), chip


# Pipelines


def test_a_pipelines_step_is_of_a_part_of_the_answers_through_all_stages() -> None:
    """Of 64 answers in 4 stages each step makes a token of 16: on four times the chips, memory of all."""
    work, rates = laid_out("llama-3.1-70b")
    work = replace(work, prefill_tokens=0.0, prefill_attention_flops=0.0)
    piped = replace(work, stages=4.0)
    whole = mixed_step_parts(piped, rates, 64.0, PERFECT)
    quarter = step_parts(work, rates, 16.0, PERFECT)
    assert (whole.weights, whole.arithmetic, whole.cache) == (
        quarter.weights,
        quarter.arithmetic,
        quarter.cache,
    )
    late = replace(PERFECT, exchange_latency_s=1e-5)
    more = mixed_step_parts(piped, rates, 64.0, late).exchange - step_parts(work, rates, 16.0, late).exchange
    assert more == pytest.approx(3 * 1e-5, rel=1e-3), "handed on three times"


# Prompts


def test_a_prompt_alone_is_a_step_of_an_engine_and_the_engines_own_time() -> None:
    work, rates = laid_out("llama-3.1-70b")
    constants = replace(CONSTANTS, first_token_s=0.25)
    step = mixed_step_parts(work, rates, 0.0, constants).total
    assert first_token_seconds(work, rates, constants) == pytest.approx(step + 0.25)


def test_a_prompt_longer_than_a_chunk_takes_its_weights_and_launches_again() -> None:
    constants = replace(PERFECT, step_latency_s=1.0, prefill_chunk_tokens=1000.0)
    long = work_of(model("llama-3.1-70b"), replace(PLAIN, input_tokens=2500.0))
    _, rates = laid_out("llama-3.1-70b")
    once = replace(constants, prefill_chunk_tokens=1e9)
    weights = step_parts(long, rates, 1.0, PERFECT).weights
    more = first_token_seconds(long, rates, constants) - first_token_seconds(long, rates, once)
    assert more == pytest.approx(2 * (1.0 + weights)), "three steps instead of one"


def test_a_prompt_of_a_batch_has_its_part_of_the_launches() -> None:
    work, rates = laid_out("llama-3.1-70b")
    constants = replace(PERFECT, prefill_layer_latency_s=1e-4, prefill_chunk_tokens=4000.0)
    part = prefill_seconds(work, rates, constants) - prefill_seconds(work, rates, PERFECT)
    assert part == pytest.approx(1000 / 4000 * 80 * 1e-4)
    assert prefill_seconds(work, rates, replace(constants, prefill_chunk_tokens=500.0)) == pytest.approx(
        prefill_seconds(work, rates, PERFECT) + 80 * 1e-4
    ), "never more than those of one batch"


def test_a_token_is_delivered_so_many_steps_after_its_own() -> None:
    assert replace(CONSTANTS, delivery_steps=0.5).delivery_s(0.030) == pytest.approx(0.015)


# What always holds


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_without_prompts_is_a_decode_step_exactly(name: str, engine: str) -> None:
    setup = replace(PLAIN, tensor_parallel_size=8, draft_tokens=2.0)
    work, rates = laid_out(name, setup=setup)
    work = replace(work, prefill_tokens=0.0, prefill_attention_flops=0.0)
    constants = load_calibration().serving_of(engine)
    for batch in (1.0, 7.0, 256.0):
        mixed, alone = (
            mixed_step_parts(work, rates, batch, constants),
            step_parts(work, rates, batch, constants),
        )
        for part in fields(StepParts):
            assert getattr(mixed, part.name) == getattr(alone, part.name), part.name
        assert mixed.prompts == mixed.prompt_attention == 0
        assert mixed.total == alone.total


@pytest.mark.parametrize("name", NAMES)
def test_a_step_of_nothing_takes_no_time(name: str) -> None:
    work, rates = laid_out(name, setup=replace(PLAIN, tensor_parallel_size=8))
    nothing = replace(work, prefill_tokens=0.0, prefill_attention_flops=0.0)
    assert mixed_step_parts(nothing, rates, 0.0, CONSTANTS, draft_overhead=0.2).total == 0


def seconds(name: str, tokens: float, batch: float, context: float, constants: ServingConstants) -> float:
    setup = ServingSetup(context, 0.0, tensor_parallel_size=8, precision="fp8")
    work, rates = laid_out(name, "h200", setup)
    work = replace(work, prefill_tokens=tokens, prefill_attention_flops=tokens * 1e6)
    return float(mixed_step_parts(work, rates, batch, constants).total)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.sampled_from(ENGINES),
    st.tuples(st.integers(0, 8192), st.integers(0, 1024), st.integers(1, 100_000)),
    st.tuples(st.integers(0, 4096), st.integers(0, 512), st.integers(0, 50_000)),
)
def test_a_step_never_gets_shorter_by_more_of_anything(
    name: str, engine: str, base: tuple[int, int, int], more: tuple[int, int, int]
) -> None:
    constants = load_calibration().serving_of(engine)
    short = seconds(name, *base, constants)
    for axis in range(3):
        larger = tuple(value + (more[axis] if place == axis else 0) for place, value in enumerate(base))
        assert seconds(name, *larger, constants) >= short * (1 - 1e-12), axis


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.sampled_from(["bf16", "fp8", "nvfp4"]),
    st.integers(1, 1024),
    st.integers(1, 100_000),
    st.sampled_from([1, 2, 4]),
)
def test_more_chips_never_raise_what_a_step_computes_and_reads(
    name: str, precision: str, batch: int, context: int, chips: int
) -> None:
    """All but the fixed times and the exchange, which more chips do raise."""
    few, many = (
        step_parts(
            *laid_out(
                name, "b200", ServingSetup(context, 0.0, tensor_parallel_size=size, precision=precision)
            ),
            batch,
            CONSTANTS,
        )
        for size in (chips, 2 * chips)
    )
    for part in ("weights", "arithmetic", "cache"):
        assert getattr(many, part) <= getattr(few, part) * (1 + 1e-12), part
    assert many.latency == few.latency
    assert many.exchange > few.exchange
