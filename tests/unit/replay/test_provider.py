"""Step times: one law with two faces, measured steps, blocks of the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from truecost.catalog.catalog import load
from truecost.physics.calibration import load_calibration
from truecost.physics.replica import ServingSetup, work_of
from truecost.physics.roofline import Work, first_token_seconds, prefill_seconds, step_parts
from truecost.ranges import FloatArray
from truecost.replay.provider import (
    Law,
    Layout,
    Requested,
    cache_blocks,
    cache_bytes_per_token,
    prompt_attention,
    read_steps,
)
from truecost.spec import SpecError

CONSTANTS = load_calibration().serving
ASKED = Requested(np.full(9, 1024.0), np.full(9, 512.0))


def layout(model: str = "llama-3.1-70b", chip: str = "h100-sxm", **sizes: object) -> Layout:
    given: dict[str, object] = {"tensor_parallel_size": 4, "weights": "fp8"}
    return Layout(load().model(model), load().accelerator(chip), **(given | sizes))  # type: ignore[arg-type]


def law(of: Layout, asked: Requested = ASKED) -> Law:
    return Law(of, CONSTANTS, prompt_attention(of, asked))


def seconds(of: Law, prefill: float, decode: float, context: float) -> float:
    point = np.array([prefill]), np.array([decode]), np.array([context])
    pairs = prefill * (prefill + 1) / 2
    return float(of.seconds(*point)[0] + pairs * of.seconds_per_pair)


@pytest.mark.parametrize("model", ["llama-3.1-70b", "qwen3-235b-a22b", "deepseek-v3"])
def test_without_prompts_a_step_is_that_of_the_serving_law(model: str) -> None:
    of = layout(model, tensor_parallel_size=8)
    work = work_of(of.architecture, ServingSetup(1500.0, 0.0, tensor_parallel_size=8, precision="fp8"))
    wanted = step_parts(work, of.rates(), 64.0, CONSTANTS).total
    assert_allclose(seconds(law(of), 0, 64, 64 * 1500.0), wanted, rtol=1e-12)


def test_a_prompt_alone_takes_the_first_token_of_the_serving_law() -> None:
    """Less the engine's constant."""
    of = layout()
    wanted = first_token_seconds(prompt_work(of), of.rates(), CONSTANTS) - CONSTANTS.first_token_s
    assert_allclose(seconds(law(of), 1024, 0, 0), wanted, rtol=1e-9)


def test_a_prompt_beside_answers_adds_what_the_serving_law_says_it_interrupts() -> None:
    """But for the launches: all of a batch's, whatever it holds."""
    of = layout()
    work = prompt_work(of)
    added = seconds(law(of), 1024, 64, 1e5) - seconds(law(of), 0, 64, 1e5)
    batch = float(work.layers) * CONSTANTS.prefill_layer_latency_s
    wanted = prefill_seconds(work, of.rates(), CONSTANTS) - launches(work) + batch
    assert_allclose(added, wanted, rtol=1e-9)


def prompt_work(of: Layout) -> Work:
    return work_of(of.architecture, ServingSetup(1024.0, 0.0, tensor_parallel_size=4, precision="fp8"))


def launches(work: Work) -> float:
    """What `prefill_seconds` counts of the launches of a batch for one prompt of 1,024 tokens."""
    part = 1024 / CONSTANTS.prefill_chunk_tokens
    return part * float(work.layers) * CONSTANTS.prefill_layer_latency_s


def test_a_step_never_gets_shorter_by_more_work() -> None:
    of = law(layout())
    prefill, decode, context = of.points((8192, 256, 500_000))
    table = of.seconds(prefill[:, None, None], decode[None, :, None], context[None, None, :])
    for axis in range(3):
        assert (np.diff(table, axis=axis) >= -1e-12).all()


def test_parts_add_up_and_nothing_takes_no_time() -> None:
    of = law(layout("qwen3-235b-a22b"))
    point = np.array([0.0, 0.0, 700.0, 900.0]), np.array([0.0, 8.0, 0.0, 8.0]), np.array([0.0, 9e3, 0.0, 9e3])
    assert_allclose(sum(of.parts(*point).values()), of.seconds(*point), rtol=1e-12)
    assert of.seconds(*point)[0] == 0
    assert (of.seconds(*point)[1:] > 0).all()


def test_the_table_holds_between_its_points() -> None:
    """Straight lines between the points of each axis are within 2 % of the law."""
    of = law(layout("qwen3-235b-a22b"))
    axes = of.points((8192, 256, 500_000))
    for at, axis in enumerate(axes):

        def along(values: FloatArray, at: int = at) -> FloatArray:
            point = [np.array(64.0), np.array(32.0), np.array(5e4)]
            point[at] = values
            return of.seconds(point[0], point[1], point[2])

        drawn = (along(axis[1:-1]) + along(axis[2:])) / 2
        assert_allclose(drawn, along((axis[2:] + axis[1:-1]) / 2), rtol=0.02)


def test_attention_of_prompts_is_right_for_all_of_them_together() -> None:
    lengths = np.array([100.0, 1000.0, 5000.0, 20_000.0])
    for model in ("llama-3.1-70b", "gemma-3-27b", "deepseek-v3"):
        of = layout(model, tensor_parallel_size=8)
        found = prompt_attention(of, Requested(lengths, lengths))
        told = work_of(of.architecture, ServingSetup(lengths, 0.0, tensor_parallel_size=8))
        assert isinstance(told.prefill_attention_flops, np.ndarray)
        pairs = lengths * (lengths + 1) / 2
        line = found.flops_per_token * lengths + found.flops_per_pair * pairs
        assert_allclose(line.sum(), told.prefill_attention_flops.sum(), rtol=1e-6)


def test_drafts_are_verified_and_their_own_time_added() -> None:
    plain, drafted = law(layout()), law(layout(draft_tokens=3, draft_overhead=0.1))
    ratio = seconds(drafted, 0, 64, 1e5) / seconds(plain, 0, 64, 1e5)
    assert 1.1 < ratio < 2


def test_narrow_activations_are_multiplied_faster_and_converted_first() -> None:
    """At 8 bits a prompt's products take half as long on Hopper; each layer's conversion is latency."""
    wide, narrow = (law(layout(activations=name)) for name in ("bf16", "fp8"))
    work, rates = prompt_work(wide.layout), narrow.layout.rates()
    a_token = work.common_flops_per_token / (4 * rates.common_flops_per_s * CONSTANTS.gemm_efficiency)
    saved = 4096 * a_token - 80 * CONSTANTS.quantized_layer_latency_s
    peaks = rates.common_flops_per_s / wide.layout.rates().common_flops_per_s
    assert peaks == pytest.approx(2, rel=1e-3)
    assert (wide.layout.rates().converts, rates.converts) == (0, 1)
    assert_allclose(seconds(wide, 4096, 0, 0) - seconds(narrow, 4096, 0, 0), saved, rtol=1e-3)


@pytest.mark.parametrize("backend", ["vllm", "trtllm", "sglang"])
def test_an_engines_law_has_its_time_a_sequence(backend: str) -> None:
    of, base = layout(), load_calibration()
    constants = base.serving_of(backend)
    own, usual = (Law(of, one, prompt_attention(of, ASKED)) for one in (constants, CONSTANTS))
    more = 64 * (constants.sequence_latency_s - CONSTANTS.sequence_latency_s)
    assert_allclose(seconds(own, 0, 64, 1e5) - seconds(usual, 0, 64, 1e5), more, atol=1e-12)


def test_a_scaled_law_takes_so_many_times_as_long() -> None:
    of = law(layout())
    assert_allclose(seconds(replace(of, scale=1.25), 700, 9, 5e4), 1.25 * seconds(of, 700, 9, 5e4))


def test_blocks_follow_from_memory_weights_and_bytes_of_a_token() -> None:
    of = layout()
    work, rates = of.work(1.0), of.rates()
    weights = float(work.common_weight_bytes + work.lookup_weight_bytes) / 4
    free = float(rates.memory_bytes) * CONSTANTS.usable_memory_share - CONSTANTS.runtime_bytes - weights
    wanted = free * 4 / (327_680 * 16)
    assert abs(cache_blocks(of, CONSTANTS, ASKED, 0.9, 16) - wanted) <= 1
    assert cache_blocks(of, CONSTANTS, ASKED, 0.5, 16) < 0.5 * wanted
    assert cache_blocks(layout(tensor_parallel_size=1, weights="bf16"), CONSTANTS, ASKED, 0.9, 16) < 0


def test_a_latent_cache_is_repeated_and_windows_hold_less() -> None:
    of = layout("deepseek-v3", "h200", tensor_parallel_size=8)
    assert_allclose(cache_bytes_per_token(of, ASKED), 70_272)
    long = Requested(np.full(3, 60_000.0), np.full(3, 100.0))
    windowed = layout("gemma-3-27b")
    assert cache_bytes_per_token(windowed, long) < 0.4 * cache_bytes_per_token(windowed, ASKED)


STEPS = [(p, d, c) for p in (0, 512, 2048) for d in (0, 8, 64) for c in (0, 50_000) if p or d]


def write_steps(path: Path) -> Path:
    each = {
        (p, d, c * (d > 0)): 0.01 * (p > 0) + 2e-5 * p + (0.02 + 1e-4 * d + 1e-7 * c) * (d > 0)
        for p, d, c in STEPS
    }
    rows = [f"{p},{d},{c},{seconds}" for (p, d, c), seconds in each.items()]
    path.write_text(
        "\n".join(["prefill_tokens,decode_sequences,context_tokens,seconds", *rows]), encoding="utf-8"
    )
    return path


def test_measured_steps_come_back(tmp_path: Path) -> None:
    found = read_steps(write_steps(tmp_path / "steps.csv"))
    assert found.name == "measured steps"
    assert found.error < 1e-9
    point = np.array([1000.0]), np.array([32.0]), np.array([1e5])
    assert_allclose(found.seconds(*point), 0.01 + 0.02 + 0.02 + 0.0032 + 0.01)
    assert_allclose(found.seconds(np.array([0.0]), np.array([0.0]), np.array([0.0])), 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prefill_token,decode_sequences,context_tokens,seconds\n1,1,1,1\n", "steps.csv:1: prefill_tokens"),
        ("prefill_tokens,decode_sequences,context_tokens,seconds\n1,1,1,x\n", "steps.csv:2: seconds: x"),
        ("prefill_tokens,decode_sequences,context_tokens,seconds\n1,1,1,0\n", "above 0"),
        ("prefill_tokens,decode_sequences,context_tokens,seconds\n-1,1,1,1\n", "of at least 0"),
        ("prefill_tokens,decode_sequences,context_tokens,seconds\n0,0,1,1\n", "without prompt tokens"),
        ("prefill_tokens,decode_sequences,context_tokens,seconds\n1,1,1,1\n", "too few"),
        ("", "missing"),
    ],
)
def test_a_file_of_steps_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "steps.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=said):
        read_steps(path)
