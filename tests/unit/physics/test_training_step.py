"""The training-step law: what must hold whatever the constants, and what its parts are made of."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truecost.catalog.accelerators import accelerator, load_accelerators
from truecost.catalog.models import model, model_names
from truecost.physics.calibration import load_calibration
from truecost.physics.training_step.cases import MULTIPLIED_IN, STACKS
from truecost.physics.training_step.constants import constant_names, from_flat
from truecost.physics.training_step.model_work import model_work
from truecost.physics.training_step.priors import PRIORS, prior_constants
from truecost.physics.training_step.setup import Setup, stack_setups
from truecost.physics.training_step.step import StepParts, step_parts

CONSTANTS = load_calibration().training.step


def setup(**changes: object) -> Setup:
    """Llama 3.1 70B on 512 H100 as one would train it."""
    usual = Setup(
        architecture=model("llama-3.1-70b"),
        accelerator=accelerator("h100-sxm"),
        count=512,
        global_batch_size=512,
        micro_batch_size=1,
        sequence_length=8192,
        tensor_parallel_size=4,
        pipeline_parallel_size=4,
        virtual_pipeline_size=5,
        sequence_parallel=True,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def parts(*setups: Setup) -> StepParts:
    return step_parts(stack_setups(setups), CONSTANTS)


def seconds(*setups: Setup) -> list[float]:
    return np.asarray(parts(*setups).total).tolist()


def test_the_parts_of_a_step_are_not_negative_and_add_up_to_it() -> None:
    found = parts(
        setup(), setup(stack="fsdp", sharding="zero-3", pipeline_parallel_size=1, virtual_pipeline_size=1)
    )
    columns = np.array([getattr(found, field.name) for field in fields(found)])
    assert (columns >= 0).all()
    assert columns.sum(axis=0) == pytest.approx(np.asarray(found.total))


def test_a_case_is_answered_alone_as_in_a_stack_of_other_models() -> None:
    cases = [
        setup(),
        setup(architecture=model("deepseek-v3"), expert_parallel_size=32, tensor_parallel_size=1),
        setup(architecture=model("gpt-3"), attention="unfused"),
    ]
    assert seconds(*cases) == pytest.approx([seconds(case)[0] for case in cases], rel=1e-12)


@pytest.mark.parametrize("name", model_names())
def test_the_products_of_a_model_are_its_active_parameters(name: str) -> None:
    architecture = model(name)
    work = model_work(architecture)
    multiplied = work.count * work.inner * work.outer * np.maximum(work.routed, 1)
    assert float(multiplied.sum()) == pytest.approx(architecture.active_parameters, rel=0.02)


def test_twice_the_chips_on_half_the_sequences_each_take_less_time_but_not_half() -> None:
    few, many = seconds(setup(), setup(count=1024))
    assert 0.5 < many / few < 1


def test_the_bubble_is_that_of_the_published_formula() -> None:
    """Narayanan et al. (arXiv:2104.04473): (p - 1) / (v m) of the time the chips compute."""
    for virtual in (1, 5, 20):
        found = parts(setup(virtual_pipeline_size=virtual))
        idle = found.bubble + found.imbalance + found.pipeline_exchange + found.data_exchange
        idle = idle + found.optimizer + found.other
        computing = (np.asarray(found.total) - np.asarray(idle)).item()
        micro_batches = 512 / (512 / 16)
        assert np.asarray(found.bubble).item() == pytest.approx(
            3 / (virtual * micro_batches) * computing, rel=1e-9
        )


@pytest.mark.parametrize(
    ("slower", "faster"),
    [
        ({"recompute": "full"}, {"recompute": "none"}),
        ({"attention": "unfused"}, {"attention": "flash"}),
        ({"virtual_pipeline_size": 1}, {"virtual_pipeline_size": 5}),
        ({"precision": "bf16"}, {"precision": "fp8"}),
        ({"power_cap_w": 400.0}, {}),
        ({"inter_node_bytes_per_s": 5e9}, {"inter_node_bytes_per_s": 50e9}),
        ({"accelerator": accelerator("a100-sxm-80")}, {}),
        ({"sequence_parallel": False}, {}),
    ],
    ids=str,
)
def test_what_must_be_slower_is(slower: dict[str, object], faster: dict[str, object]) -> None:
    assert seconds(setup(**slower))[0] > seconds(setup(**faster))[0]


def test_four_bits_speed_up_the_products_and_not_attention() -> None:
    wide, narrow = (setup(accelerator=accelerator("gb200"), precision=name) for name in ("bf16", "nvfp4"))
    found = parts(wide, narrow)
    matrices, attention = np.asarray(found.matrices), np.asarray(found.attention)
    assert matrices[1] < 0.6 * matrices[0]
    assert attention[1] == attention[0]
    assert np.asarray(found.head)[1] == pytest.approx(np.asarray(found.head)[0])


def test_a_chip_that_was_never_measured_is_answered_from_its_datasheet() -> None:
    measured, unmeasured = (setup(accelerator=accelerator(name)) for name in ("h100-sxm", "mi300x"))
    ratio = seconds(unmeasured)[0] / seconds(measured)[0]
    assert 0.5 < ratio < 1.5


@given(
    chip=st.sampled_from(sorted(load_accelerators())),
    stack=st.sampled_from(STACKS),
    precision=st.sampled_from(sorted(MULTIPLIED_IN)),
    powers=st.tuples(*(st.integers(0, 3) for _ in range(5))),
    kept=st.tuples(
        st.sampled_from(("zero-0", "zero-1", "zero-2", "zero-3", "hsdp")),
        st.sampled_from(("none", "selective", "full")),
    ),
)
def test_every_legal_step_takes_some_finite_time(
    chip: str, stack: str, precision: str, powers: tuple[int, ...], kept: tuple[str, str]
) -> None:
    tensor, pipeline, context, data, micro_batch = (2**power for power in powers)
    try:
        accelerator(chip).dense_peak(MULTIPLIED_IN[precision])
    except ValueError:
        return
    case = setup(
        accelerator=accelerator(chip),
        stack=stack,
        precision=precision,
        sharding=kept[0],
        recompute=kept[1],
        count=tensor * pipeline * context * data,
        tensor_parallel_size=tensor,
        pipeline_parallel_size=pipeline,
        virtual_pipeline_size=1,
        context_parallel_size=context,
        micro_batch_size=micro_batch,
        global_batch_size=data * micro_batch * 4,
    )
    found = seconds(case)[0]
    assert np.isfinite(found)
    assert found > 0


def test_constants_keep_their_names_and_values_through_the_file() -> None:
    assert from_flat(CONSTANTS.flat()).flat() == CONSTANTS.flat()
    assert list(CONSTANTS.flat()) == constant_names()
    assert set(PRIORS) == set(constant_names())


def test_what_was_never_measured_keeps_its_prior() -> None:
    prior = prior_constants().flat()
    for name in ("matrix_factor.cdna", "attention_factor.cdna", "narrow_factor.cdna"):
        assert CONSTANTS.flat()[name] == pytest.approx(prior[name], rel=1e-3)
