"""Post-training: what learns, what is beside it, and that the parts add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.training.specs import spec

import truecost
from truecost.catalog.models import model
from truecost.physics.flops import mean_forward_flops_per_token
from truecost.physics.training_step.adapters import adapters
from truecost.ranges import Range
from truecost.spec import SpecError
from truecost.training.estimate import OUTPUTS, RANGED
from truecost.training.spread import Spread
from truecost.training.sweep import sweep

ANSWERS: dict[str, Any] = {
    "reward_model": "llama-3.1-8b", "prompts_per_step": 256, "samples": 2, "prompt_tokens": 512,
    "output_tokens": 1024, "steps": 100,
}  # fmt: skip
OPERATIONS = {"start_hours": 1.0, "ramp_tokens_share": 0.0}


def told(**changes: Any) -> dict[str, Any]:
    return truecost.train(spec(**changes)).to_dict()


def rewarded(**changes: Any) -> dict[str, Any]:
    return told(method="rlhf", tokens=None, batch=None, rlhf=ANSWERS | changes)


def phase(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in answer["phases"] if one["phase"] == name)


def problem(**changes: Any) -> str:
    with pytest.raises(SpecError) as refused:
        truecost.train(spec(**changes))
    return str(refused.value)


def test_full_fine_tuning_is_pre_training_on_the_same_tokens() -> None:
    before = told(operations=OPERATIONS)
    after = told(method="full", tokens=None, dataset_tokens=2.5e11, epochs=4, operations=OPERATIONS)
    for name in ("step_time_s", "mfu", "memory_bytes_per_chip"):
        assert after[name] == before[name], name
    beyond = 1 - before["run"]["shares_of_chip_hours"]["engineering"]
    for name in ("chip_hours", "cost_usd", "days", "energy_kwh"):
        assert after[name] == pytest.approx(before[name] * beyond, rel=1e-9), name


def test_adapters_are_faster_and_smaller_than_full_but_spare_a_third_at_most() -> None:
    full, lora = told(method="full"), told(method="lora", lora={"rank": 16})
    assert 2 / 3 < lora["step_time_s"] / full["step_time_s"] < 0.95
    assert lora["memory_bytes_per_chip"] < 0.7 * full["memory_bytes_per_chip"]
    for part in ("gradients", "optimizer"):
        assert lora["memory_parts_bytes"][part] < 0.01 * full["memory_parts_bytes"][part]
    assert lora["memory_parts_bytes"]["activations"] == full["memory_parts_bytes"]["activations"]
    assert lora["step_parts_s"]["data_exchange"] < 0.01 * full["step_parts_s"]["data_exchange"]
    assert lora["step_parts_s"]["attention"] == full["step_parts_s"]["attention"]


def test_adapters_of_a_larger_rank_hold_more_and_attention_alone_less() -> None:
    small, large = (told(method="lora", lora={"rank": rank})["memory_parts_bytes"] for rank in (8, 64))
    assert large["optimizer"] == pytest.approx(8 * small["optimizer"])
    everything, attention = (
        told(method="lora", lora={"targets": targets}) for targets in ("all", "attention")
    )
    assert attention["step_time_s"] < everything["step_time_s"]


def test_adapter_parameters_are_those_of_the_published_recipe() -> None:
    """44.6 M for Llama 2 70B at rank 16 on attention, queries, keys and values fused."""
    layer = (8192 + 10240) + (8192 + 8192)
    assert adapters(model("llama-2-70b"), 16, "attention").parameters == 80 * 16 * layer
    experts = model("mixtral-8x7b")
    found = adapters(experts, 16, "all")
    assert found.parameters / 16 > found.elements


def test_model_flops_of_frozen_weights_are_those_needed() -> None:
    full, lora = told(method="full"), told(method="lora", lora={"rank": 16})
    needed = lora["mfu"] * lora["step_time_s"] / (full["mfu"] * full["step_time_s"])
    forward = float(mean_forward_flops_per_token(model("llama-3.1-8b"), 4096))
    spared = 2 * model("llama-3.1-8b").active_parameters / (3 * forward)
    assert needed == pytest.approx(1 - spared, rel=0.01)


def test_a_quantized_base_takes_less_memory_and_more_time() -> None:
    plain, packed = (told(method="lora", lora={"base_precision": bits}) for bits in (None, "int4"))
    assert packed["memory_parts_bytes"]["weights"] < 0.6 * plain["memory_parts_bytes"]["weights"]
    assert packed["step_time_s"] > plain["step_time_s"]


def test_sharded_frozen_weights_are_still_kept_somewhere() -> None:
    sharded = {"parallelism": {"data_parallel_size": 64, "sharding": "zero-3"}, "stack": "fsdp"}
    full, lora = told(method="full", **sharded), told(method="lora", **sharded)
    least = 2 * model("llama-3.1-8b").total_parameters / 64
    assert lora["memory_parts_bytes"]["weights"] > full["memory_parts_bytes"]["weights"] + 0.9 * least
    assert lora["memory_bytes_per_chip"] < full["memory_bytes_per_chip"]


def test_distillation_costs_the_students_run_and_the_teachers_reading() -> None:
    student = told(method="full")
    small, large = (
        told(method="distill", distill={"teacher": name}) for name in ("llama-3.1-8b", "llama-3.1-70b")
    )
    assert student["cost_usd"] < small["cost_usd"] < large["cost_usd"]
    assert phase(large, "update")["seconds"] == pytest.approx(student["step_time_s"])
    assert large["step_parts_s"]["scoring"] == phase(large, "teacher")["seconds"]


def test_a_preference_step_reads_a_reference_of_the_policys_size() -> None:
    answer = told(method="dpo")
    reading = phase(answer, "reference")["seconds"] / phase(answer, "update")["seconds"]
    assert 0.1 < reading < 0.6


@pytest.mark.parametrize("algorithm", ["ppo", "grpo"])
def test_a_cycle_is_the_sum_of_its_parts(algorithm: str) -> None:
    answer = rewarded(algorithm=algorithm)
    names = ["generation", "scoring", "update", *(["critic update"] if algorithm == "ppo" else [])]
    assert [one["phase"] for one in answer["phases"]] == names
    for key, total in (("seconds", "step_time_s"), ("chip_hours", "chip_hours"), ("cost_usd", "cost_usd")):
        assert sum(one[key] for one in answer["phases"]) == pytest.approx(answer[total]), key
    assert sum(answer["step_parts_s"].values()) == pytest.approx(answer["step_time_s"])
    assert sum(one["share"] for one in answer["limits"]) == pytest.approx(1)
    assert answer["run"]["steps"] == 100
    assert answer["tokens_per_s"] == pytest.approx(512 * 1536 / answer["step_time_s"])
    for name in OUTPUTS:
        assert name in answer
    for name in RANGED:
        assert answer[f"{name}_p5"] <= answer[name] <= answer[f"{name}_p95"]


def test_longer_answers_take_longer_to_write_than_to_learn_from() -> None:
    short, long = rewarded(), rewarded(output_tokens=4096)
    written, learned = (
        phase(long, name)["seconds"] / phase(short, name)["seconds"] for name in ("generation", "update")
    )
    assert written > learned > 1


def test_a_critic_costs_its_update_and_a_cycle_in_parts_learns_as_often() -> None:
    with_critic = rewarded(algorithm="ppo")
    update = phase(with_critic, "update")["seconds"]
    assert phase(with_critic, "critic update")["seconds"] == pytest.approx(update)
    twice = rewarded(epochs=2)
    assert phase(twice, "update")["seconds"] == pytest.approx(2 * update)
    smaller = rewarded(algorithm="ppo", critic="llama-3.2-1b")
    assert 0 < phase(smaller, "critic update")["seconds"] < update / 2


def test_answers_learned_from_in_parts_are_the_same_step() -> None:
    parts = told(method="rlhf", tokens=None, batch={"global_batch_size": 128}, rlhf=ANSWERS)
    whole = rewarded()
    assert parts["run"]["steps"] == whole["run"]["steps"] == 100
    assert parts["tokens_per_s"] == pytest.approx(512 * 1536 / parts["step_time_s"])
    assert phase(parts, "update")["seconds"] >= phase(whole, "update")["seconds"]
    assert phase(parts, "generation")["seconds"] == phase(whole, "generation")["seconds"]


def test_the_interval_of_a_cycle_lies_between_its_laws() -> None:
    answer, update = rewarded(), told()
    width = answer["step_time_s_p95"] / answer["step_time_s"]
    assert 1.1 < width < max(1.69, update["step_time_s_p95"] / update["step_time_s"])
    together = Spread(3.0, 0.5, 2.0) + Spread(4.0, 0.5, 2.0)
    assert together.p95 == pytest.approx(12.0)


def test_a_data_set_may_be_a_range() -> None:
    answer = told(method="full", tokens=None, dataset_tokens=Range(1e9, 4e9), epochs=2)
    assert answer["run"]["tokens"] == pytest.approx(4e9)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": "distil"}, ["'distill'"]),
        ({"lora": {"rank": 8}}, ["lora: belongs to method lora, not pretrain"]),
        ({"method": "lora", "lora": {"rank": 0}}, ["lora.rank"]),
        ({"method": "lora", "lora": {"ranks": 8}}, ["unknown field", "rank"]),
        ({"method": "distill"}, ["distill.teacher", "needs it"]),
        ({"method": "distill", "distill": {"teacher": "llama-3.1-9b"}}, ["unknown model", "llama-3.1-8b"]),
        ({"method": "rlhf"}, ["rlhf.output_tokens", "needs it"]),
        ({"method": "rlhf", "batch": None, "rlhf": ANSWERS}, ["rlhf.steps", "tokens says it already"]),
        (
            {"method": "rlhf", "batch": None, "tokens": None, "rlhf": ANSWERS | {"critic": "llama-3.1-8b"}},
            ["rlhf.critic", "grpo learns without one"],
        ),
        (
            {"method": "rlhf", "tokens": None, "batch": {"global_batch_size": 100}, "rlhf": ANSWERS},
            ["100 does not divide the 512 answers"],
        ),
        ({"method": "full", "tokens": None}, ["dataset_tokens", "method full needs it, or tokens"]),
        ({"dataset_tokens": 1e9, "tokens": None}, ["dataset_tokens", "not for method pretrain"]),
        ({"method": "full", "epochs": 2}, ["epochs", "goes with dataset_tokens"]),
        (
            {"method": "lora", "precision": "fp8", "lora": {"base_precision": "int4"}},
            ["lora.base_precision", "16 bits"],
        ),
        (
            {"method": "distill", "cluster__count": 8, "parallelism": None, "batch": None,
             "distill": {"teacher": "deepseek-v3"}},
            ["distill.teacher", "does not fit on 8 h100-sxm"],
        ),
    ],
)  # fmt: skip
def test_a_method_that_cannot_be_says_why(changes: dict[str, Any], said: list[str]) -> None:
    message = problem(**changes)
    for part in said:
        assert part in message


def test_methods_and_their_keys_are_columns_of_a_sweep(tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(
        "method,lora.rank,distill.teacher,rlhf.output_tokens,rlhf.prompts_per_step\n"
        "full,,,,\nlora,16,,,\ndistill,,llama-3.1-70b,,\nrlhf,,,512,256\nfull,16,,,\n"
    )
    done = sweep(cases, spec(batch=None)).columns
    assert list(done["error"][:4]) == [""] * 4
    assert "belongs to method lora" in done["error"][4]
    full, lora, distilled, _, _ = done["step_time_s"]
    assert lora < full < distilled
    assert full == told(method="full", batch=None)["step_time_s"]


@pytest.mark.parametrize("name", ["llama-3.1-70b-lora", "llama-3.1-8b-grpo"])
def test_the_examples_fit_and_tell_their_method(name: str) -> None:
    from truecost.report.train_text import page

    result = truecost.train(Path(__file__).parents[3] / "examples" / f"{name}.yaml")
    assert result.fits
    text = page(result.to_dict(), 100).plain()
    assert "frozen weights" in text or "generation" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "full", "tokens": None, "dataset_tokens": 1e9},
        {"method": "lora", "tokens": None, "dataset_tokens": 1e9},
        {"method": "dpo", "tokens": None, "dataset_tokens": 1e9},
    ],
)
def test_runs_after_pretraining_have_no_engineering_in_the_middle(changes: dict[str, Any]) -> None:
    tuned, trained = truecost.train(spec(**changes)), truecost.train(spec())
    assert tuned.run["shares_of_chip_hours"]["engineering"] == pytest.approx(0.0)
    assert trained.run["shares_of_chip_hours"]["engineering"] > 0.05
    assert any("no record of such runs" in one["reason"] for one in tuned.assumptions)
    assert not any("no record of such runs" in one["reason"] for one in trained.assumptions)
    step = tuned.step_time_s_p5 / tuned.step_time_s
    assert tuned.days_p5 / tuned.days == pytest.approx(step)
    assert tuned.days_p95 / tuned.days > tuned.step_time_s_p95 / tuned.step_time_s
    assert tuned.goodput_p95 == 1.0
