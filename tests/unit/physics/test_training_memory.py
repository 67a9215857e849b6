"""Memory of a training step: published figures, and what must hold for any layout."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truecost.catalog.accelerators import accelerator
from truecost.catalog.architectures import Architecture
from truecost.catalog.config_json import from_config
from truecost.catalog.models import model
from truecost.evidence.training_steps import training_steps
from truecost.physics.training_step.cases import STACK_CODES, ZERO_3, Cases
from truecost.physics.training_step.memory import MemoryParts, memory_parts, usable_bytes
from truecost.physics.training_step.model_work import model_work
from truecost.physics.training_step.setup import Setup, attention_flops, chips, stack_setups

GB, GIB = 1e9, 2.0**30
RECOMPUTES = ("full", "selective", "none")


def gpt(hidden: int, layers: int, heads: int) -> Architecture:
    """A GPT of arXiv:2205.05198: plain feed-forward of 4 h, vocabulary of 51,200."""
    sizes: dict[str, object] = {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 4 * hidden,
        "vocab_size": 51200,
    }
    config = sizes | {"model_type": "gpt", "gated_mlp": False, "tie_word_embeddings": True}
    return from_config(config, f"gpt-{hidden}x{layers}", "arXiv:2205.05198, table 3")


def setup(
    architecture: Architecture | str = "llama-3.1-8b", chip: str = "h100-sxm", **given: object
) -> Setup:
    """A step on a chip, of a catalog model by name."""
    return replace(
        Setup(
            architecture=model(architecture) if isinstance(architecture, str) else architecture,
            accelerator=accelerator(chip),
            count=8,
            global_batch_size=64,
            micro_batch_size=1,
            sequence_length=4096,
        ),
        **given,  # type: ignore[arg-type]
    )


def parts(one: Setup) -> MemoryParts:
    """Its parts, as numbers."""
    found = memory_parts(stack_setups([one]))
    return MemoryParts(**{field.name: getattr(found, field.name)[0] for field in fields(MemoryParts)})


def total(one: Setup) -> float:
    """Its bytes, in all."""
    return float(parts(one).total)


def share_filled(one: Setup) -> float:
    """Its bytes over what the chip offers."""
    return total(one) / float(usable_bytes(chips(one)))


# Published formulas and figures


@pytest.mark.parametrize(
    ("sharding", "published_gb", "passing_gb"),
    [("zero-0", 120.0, 0.0), ("zero-1", 31.4, 0.0), ("zero-2", 16.6, 0.3), ("zero-3", 1.9, 1.1)],
)
def test_model_states_of_the_zero_paper(sharding: str, published_gb: float, passing_gb: float) -> None:
    """arXiv:1910.02054, figure 1: 7.5 billion parameters on 64 chips. Its figures leave out what is gathered
    or scattered for a moment, here two layers and the table."""
    one = setup(gpt(2944, 72, 32), count=64, precision="fp16", stack="megatron-deepspeed", sharding=sharding)
    found = parts(one)
    states = (found.weights + found.gradients + found.optimizer) / GB
    assert states == pytest.approx(published_gb + passing_gb, rel=0.03)


def test_bytes_a_parameter_of_megatron() -> None:
    """Megatron Core, distributed optimizer: 18 bytes with BF16 weights, 6 + 12 / d sharded."""
    one = setup(gpt(2944, 72, 32), count=64, sharding="zero-0")
    size = one.architecture.total_parameters
    for sharding, each in (("zero-0", 18.0), ("zero-1", 6 + 12 / 64)):
        found = parts(replace(one, sharding=sharding))
        assert (found.weights + found.gradients + found.optimizer) / size == pytest.approx(each)


LARGE = [
    # hidden, layers, heads, micro-batch, pipeline, virtual: arXiv:2205.05198, table 3
    (6144, 48, 64, 4, 1, 1),
    (12288, 96, 96, 1, 8, 3),
    (20480, 105, 128, 1, 35, 3),
    (25600, 128, 160, 1, 64, 1),
]


@pytest.mark.parametrize("sizes", LARGE)
@pytest.mark.parametrize("sequence_parallel", [False, True])
@pytest.mark.parametrize("recompute", RECOMPUTES)
def test_activations_of_korthikanti(sizes: tuple[int, ...], sequence_parallel: bool, recompute: str) -> None:
    """arXiv:2205.05198, table 2, times the layers in flight on the first stage (section 4.2.3)."""
    hidden, layers, heads, micro_batch, pipeline, virtual = sizes
    one = setup(
        gpt(hidden, layers, heads),
        "a100-sxm-80",
        count=8 * pipeline,
        sequence_length=2048,
        precision="fp16",
        micro_batch_size=micro_batch,
        global_batch_size=512,
        tensor_parallel_size=8,
        pipeline_parallel_size=pipeline,
        virtual_pipeline_size=virtual,
        attention="unfused",
        sequence_parallel=sequence_parallel,
        recompute=recompute,
    )
    scores = 5 * heads * 2048 / hidden
    whole = 8 if sequence_parallel else 1
    each = {
        "none": 10 / whole + 24 / 8 + scores / 8,
        "selective": 10 / whole + 24 / 8,
        "full": 2 / whole,
    }[recompute]
    ahead = 1 + (pipeline - 1) / (pipeline * virtual) if virtual > 1 else 1
    assert parts(one).activations == pytest.approx(each * 2048 * micro_batch * hidden * layers * ahead)


@pytest.mark.parametrize(("hidden", "heads", "saved"), [(12288, 96, 0.70), (20480, 128, 0.65)])
def test_selective_recompute_saves_as_published(hidden: int, heads: int, saved: float) -> None:
    """arXiv:2205.05198, section 5: 70 % of the activations of GPT-3, 65 % of MT-NLG."""
    none, selective = (
        parts(setup(gpt(hidden, 24, heads), attention="unfused", sequence_length=2048, recompute=recompute))
        for recompute in ("none", "selective")
    )
    assert 1 - selective.activations / none.activations == pytest.approx(saved, abs=0.01)


def test_deepseek_v3_as_broken_down_by_nvidia() -> None:
    """arXiv:2603.07685, table 3: BF16, 256 chips, 4 stages of 4 chunks, 64 chips an expert group. 36.4 GB of
    weights and gradients, 32.1 of optimizer, 131.0 of activations, of which 26.3 go with the permutation that
    has since become the default; recomputing norms and expansions saves 8.2 + 30.4, FP8 16. Its stage has 15
    layers and 15 chunks in flight, the fullest 16 and 17."""
    one = setup(
        "deepseek-v3",
        "gb200",
        count=256,
        global_batch_size=8192,
        pipeline_parallel_size=4,
        virtual_pipeline_size=4,
        expert_parallel_size=64,
    )
    found, layers = parts(one), 15 / 16 / GB
    flight = layers * 15 / 17
    assert (found.weights + found.gradients) * layers == pytest.approx(36.4, rel=0.06)
    assert found.optimizer * layers == pytest.approx(32.1, rel=0.03)
    assert found.activations * flight == pytest.approx(131.0 - 26.3, rel=0.03)
    repeated = found.activations - parts(replace(one, recompute="selective")).activations
    assert repeated * flight == pytest.approx(8.2 + 30.4, rel=0.06)
    quantized = found.activations - parts(replace(one, precision="mxfp8")).activations
    assert quantized * flight == pytest.approx(16, rel=0.25)


TORCHTITAN: list[tuple[str, dict[str, object], float, float]] = [
    # model, layout (batch a chip as micro_batch_size), GiB measured, tolerance
    ("llama-3.1-8b", {"count": 8, "micro_batch_size": 2, "recompute": "selective"}, 82.4, 0.10),
    ("llama-3.1-8b", {"count": 128, "micro_batch_size": 2, "recompute": "selective"}, 67.0, 0.10),
    ("llama-3.1-8b", {"count": 8, "sequence_length": 32768, "precision": "fp8"}, 83.9, 0.20),
    (
        "llama-3.1-8b",
        {"count": 8, "sequence_length": 262144, "context_parallel_size": 8, "precision": "fp8"},
        84.5,
        0.20,
    ),
    (
        "llama-3.1-70b",
        {"count": 256, "micro_batch_size": 16, "tensor_parallel_size": 8, "precision": "fp8"},
        71.9,
        0.35,
    ),
    ("llama-3.1-405b", {"micro_batch_size": 4}, 82.5, 0.25),
    ("llama-3.1-405b", {"micro_batch_size": 4, "virtual_pipeline_size": 2}, 72.7, 0.25),
    ("llama-3.1-405b", {"sequence_length": 32768}, 75.3, 0.25),
]


@pytest.mark.parametrize(("name", "layout", "measured_gib", "tolerance"), TORCHTITAN)
def test_peak_memory_torchtitan_measured(
    name: str, layout: dict[str, object], measured_gib: float, tolerance: float
) -> None:
    """pytorch/torchtitan, benchmarks/llama3_h100_202412_torchtitan.md @31a17bf: peaks on 96 GB chips. With a
    pipeline, the batch is worked off in as many micro-batches as there are stages."""
    wide: dict[str, object] = {
        "count": 512,
        "tensor_parallel_size": 8,
        "pipeline_parallel_size": 8,
        "precision": "fp8",
    }
    common: dict[str, object] = {"sequence_length": 8192, "recompute": "full", "stack": "torchtitan"}
    chosen = common | {"sharding": "zero-3"} | (wide if name == "llama-3.1-405b" else {}) | layout
    one = replace(setup(name), **chosen)  # type: ignore[arg-type]
    batch = one.micro_batch_size * one.data_parallel_size * one.pipeline_parallel_size
    one = replace(one, global_batch_size=batch, sequence_parallel=one.tensor_parallel_size > 1)
    assert total(one) / GIB == pytest.approx(measured_gib, rel=tolerance)


@pytest.mark.parametrize(
    ("sequence", "batch", "context"), [(8192, 2048, 1), (131072, 128, 16)], ids=["8k", "131k"]
)
def test_llama_405b_fits_as_it_was_trained(sequence: int, batch: int, context: int) -> None:
    """arXiv:2407.21783, table 4: 16,384 H100, tensor 8, pipeline 16. They free what can be done without."""
    one = setup(
        "llama-3.1-405b",
        count=16384,
        global_batch_size=batch,
        sequence_length=sequence,
        sharding="zero-2",
        tensor_parallel_size=8,
        pipeline_parallel_size=16,
        context_parallel_size=context,
        sequence_parallel=True,
        recompute="selective",
    )
    assert 0.8 < share_filled(one) < 1
    assert 1 < share_filled(replace(one, recompute="none")) < 1.06


def test_deepseek_v3_fits_as_it_was_trained() -> None:
    """arXiv:2412.19437, section 3: 2,048 H800, 16 stages, 64 chips an expert group, ZeRO-1, FP8."""
    one = setup(
        "deepseek-v3",
        "h800",
        count=2048,
        global_batch_size=15360,
        precision="fp8",
        recompute="selective",
        pipeline_parallel_size=16,
        expert_parallel_size=64,
    )
    assert 0.6 < share_filled(one) < 1


def test_measured_steps_fit() -> None:
    """What was measured ran. Not asked of XLA's rows, which keep activations on the host as they need, nor of
    Megatron's ZeRO-3 on Blackwell, where 20 to 95 layers' activations go there."""
    steps = training_steps()
    share = np.asarray(memory_parts(steps.cases).total / usable_bytes(steps.cases.chips))
    of_stack = {name: steps.cases.layout.stack == code for name, code in STACK_CODES.items()}
    on_host = of_stack["megatron"] & (steps.cases.layout.sharding == ZERO_3)
    asked = ~np.asarray(of_stack["maxtext"] | on_host)
    assert np.mean(share[asked] <= 1) >= 0.98
    assert np.max(share[asked]) < 1.1
    full = np.asarray(steps.datasets == "mosaic")
    assert np.median(share[full]) > 0.65


# What must hold for any layout

SHARDINGS = ("zero-3", "zero-2", "zero-1", "zero-0")
MODELS = st.sampled_from(["llama-3.1-8b", "llama-3.1-405b", "deepseek-v3", "gpt-3", "qwen3-30b-a3b"])


@settings(max_examples=40, deadline=None)
@given(
    name=MODELS,
    pipeline=st.sampled_from([1, 4]),
    stack=st.sampled_from(["megatron", "fsdp", "torchtitan"]),
    precision=st.sampled_from(["bf16", "fp8", "nvfp4"]),
)
def test_each_stage_of_zero_holds_less(name: str, pipeline: int, stack: str, precision: str) -> None:
    sizes = [
        total(
            setup(
                name,
                "b200",
                count=512,
                pipeline_parallel_size=pipeline,
                stack=stack,
                precision=precision,
                sharding=sharding,
                global_batch_size=1024,
            )
        )
        for sharding in SHARDINGS
    ]
    assert sizes == sorted(sizes)
    assert sizes[2] < sizes[3]


@settings(max_examples=40, deadline=None)
@given(name=MODELS, recompute=st.sampled_from(RECOMPUTES), sharding=st.sampled_from(SHARDINGS))
def test_memory_falls_with_every_cut(name: str, recompute: str, sharding: str) -> None:
    one = setup(
        name,
        count=64,
        recompute=recompute,
        sharding=sharding,
        global_batch_size=1024,
        sequence_length=8192,
        sequence_parallel=True,
    )
    start = total(one)
    assert total(replace(one, count=128, tensor_parallel_size=2)) < start
    assert total(replace(one, count=128, context_parallel_size=2)) < start
    assert total(replace(one, count=512, global_batch_size=8192)) <= start
    assert total(replace(one, sequence_length=4096)) < start
    staged = [total(replace(one, count=64 * p, pipeline_parallel_size=p)) for p in (2, 4)]
    assert staged == sorted(staged, reverse=True)


@settings(max_examples=40, deadline=None)
@given(
    name=MODELS,
    attention=st.sampled_from(["flash", "unfused"]),
    stack=st.sampled_from(["megatron", "fsdp"]),
    sequence_parallel=st.booleans(),
)
def test_recompute_saves_memory(name: str, attention: str, stack: str, sequence_parallel: bool) -> None:
    one = setup(
        name,
        count=64,
        tensor_parallel_size=4,
        attention=attention,
        stack=stack,
        sequence_parallel=sequence_parallel,
    )
    kept = [parts(replace(one, recompute=recompute)).activations for recompute in RECOMPUTES]
    assert kept[0] < kept[1] < kept[2]


def test_hybrid_sharding_stays_inside_the_node() -> None:
    wide = setup("llama-3.1-8b", count=512, sharding="hsdp", stack="fsdp", global_batch_size=512)
    node = replace(wide, count=8, sharding="zero-3", global_batch_size=8)
    assert parts(wide).optimizer == pytest.approx(parts(node).optimizer)
    assert parts(replace(wide, sharding="zero-3")).optimizer == pytest.approx(parts(node).optimizer / 64)


def test_experts_are_shared_by_their_group() -> None:
    one = setup("qwen3-30b-a3b", count=64, expert_parallel_size=8, sharding="zero-0")
    routed = one.architecture.routed_expert_parameters
    more = replace(one, expert_parallel_size=16)
    assert parts(one).weights - parts(more).weights == pytest.approx(2 * routed * (1 / 8 - 1 / 16))
    for tensor in (1, 4):
        sharded = parts(replace(more, sharding="zero-1", tensor_parallel_size=tensor)).optimizer / 12
        assert sharded == pytest.approx(one.architecture.total_parameters / 64)


def test_few_micro_batches_leave_the_pipeline_empty() -> None:
    one = setup("gpt-3", count=64, tensor_parallel_size=8, pipeline_parallel_size=8)
    two = parts(replace(one, global_batch_size=2)).activations
    assert two == pytest.approx(parts(replace(one, global_batch_size=64)).activations / 4)


def test_the_head_can_be_the_fullest_stage() -> None:
    one = setup("qwen3-0.6b", count=8, pipeline_parallel_size=4, micro_batch_size=4, global_batch_size=64)
    assert parts(one).logits > 0
    assert parts(replace(one, architecture=model("llama-3.1-405b"))).logits == 0


def test_usable_memory_is_what_drivers_report() -> None:
    """PyTorch's total: 79.2 GiB on an H100 of 80 GB, 178.35 on a B200 of 180, 184.3 on a GB200 of 186."""
    cases = stack_setups([setup(chip=chip) for chip in ("h100-sxm", "b200", "gb200")])
    assert usable_bytes(cases.chips) / GIB == pytest.approx([79.2, 178.35, 184.3], rel=0.002)


def test_arrays_give_what_single_cases_give() -> None:
    setups = [
        setup("llama-3.1-8b", recompute="full"),
        setup("deepseek-v3", count=512, pipeline_parallel_size=16, expert_parallel_size=32),
        setup("gpt-3", count=128, tensor_parallel_size=8, pipeline_parallel_size=8, attention="unfused"),
    ]
    together = memory_parts(stack_setups(setups)).total
    assert together == pytest.approx([total(one) for one in setups])


def test_layouts_as_arrays_over_one_model() -> None:
    """What the layout search does: a model of numbers, layouts of arrays."""
    setups = [setup(count=64, tensor_parallel_size=size) for size in (1, 2, 4, 8)]
    stacked = stack_setups(setups)
    first = setups[0]
    one = Cases(model_work(first.architecture), attention_flops(first), chips(first), stacked.layout)
    assert memory_parts(one).total == pytest.approx(memory_parts(stacked).total)
