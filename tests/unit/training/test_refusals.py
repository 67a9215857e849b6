"""Specs that are refused: each problem named with its place and the nearest that would do, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.training.specs import spec

import truecost
from truecost.spec import SpecError


def problem(**changes: Any) -> str:
    with pytest.raises(SpecError) as refused:
        truecost.train(spec(**changes))
    return str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"parallelism__data_parallel_size": 15}, ["60 chips, not the cluster's 64", "'16'"]),
        ({"parallelism__tensor_parallel_size": 3}, ["do not divide the cluster of 64", "'60'", "'66'"]),
        (
            {"parallelism__tensor_parallel_size": 64, "parallelism__pipeline_parallel_size": 1},
            ["64 does not divide the 32 attention heads", "'32'"],
        ),
        (
            {"parallelism__pipeline_parallel_size": 64, "parallelism__tensor_parallel_size": 1},
            [
                "64 stages do not divide the 32 layers of llama-3.1-8b, with or without embedding",
                "'32'",
                "'17'",
            ],
        ),
        (
            {
                "cluster__count": 96,
                "parallelism__pipeline_parallel_size": 3,
                "batch__global_batch_size": 256,
            },
            ["3 stages do not divide the 32 layers", "'2'", "'4'"],
        ),
        (
            {"parallelism__virtual_pipeline_size": 5},
            ["5 chunks a stage on 2 stages do not divide the 32 layers of llama-3.1-8b", "'4'"],
        ),
        (
            {
                "parallelism__pipeline_parallel_size": 1,
                "parallelism__data_parallel_size": 32,
                "parallelism__virtual_pipeline_size": 2,
            },
            ["more than one stage", "'1'"],
        ),
        ({"parallelism__expert_parallel_size": 2}, ["has no experts"]),
        ({"batch__global_batch_size": 250}, ["do not divide into data_parallel_size 16", "'240'", "'256'"]),
        ({"precision": "nvfp4"}, ["h100-sxm has no block-scaled fp4 units", "'fp8'"]),
        ({"cluster__accelerator": "a100-sxm-80", "precision": "fp8"}, ["has no fp8 units", "'bf16'"]),
        ({"model": {"hidden_size": 4096}}, ["missing", "num_hidden_layers", "vocab_size"]),
        ({"model": "llama-3.1-9b"}, ["unknown model", "llama-3.1-8b"]),
        ({"cluster__accelerator": "h100-smx"}, ["unknown accelerator", "h100-sxm"]),
        ({"parallelism__tensor_paralel_size": 2}, ["unknown field", "tensor_parallel_size"]),
        ({"cluster__count": "64 .. 128"}, ["cluster.count"]),
        ({"power_cap_w": "300 .. 500"}, ["one number, not a range"]),
        ({"cluster__inter_node": "50 GB"}, ["bytes/s"]),
        ({"cluster": {"accelerator": "h100"}}, ["cluster.count", "needed"]),
        ({"site__region": "atlantis"}, ["atlantis"]),
    ],
)
def test_a_bad_spec_says_what_is_wrong_and_what_would_do(changes: dict[str, object], said: list[str]) -> None:
    message = problem(**changes)
    for part in said:
        assert part in message


def test_all_problems_come_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "model: lama-3.1-8b\ncluster: {accelerator: h100x, count: 64}\nbatch:\n  global_batch: 3\n"
    )
    with pytest.raises(SpecError) as refused:
        truecost.train(path)
    places = [one.place for one in refused.value.problems]
    assert places == [f"{path}:1", f"{path}:2", f"{path}:4"]


def test_checks_of_the_layout_have_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "model: llama-3.1-8b\ncluster: {accelerator: h100, count: 64}\nprecision: fp4x\n", encoding="utf-8"
    )
    with pytest.raises(SpecError, match=r"run\.yaml:3: precision"):
        truecost.train(path)
    path.write_text(
        "model: llama-3.1-8b\ncluster: {accelerator: h100, count: 64}\n"
        "parallelism:\n  tensor_parallel_size: 2\n  data_parallel_size: 7\n",
        encoding="utf-8",
    )
    with pytest.raises(SpecError, match=r"run\.yaml:5: parallelism\.data_parallel_size: tensor 2"):
        truecost.train(path)


def pipeline(stages: int, chunks: int = 1) -> dict[str, int]:
    """One copy of a model in a pipeline of so many stages, of so many chunks each."""
    return {
        "cluster__count": 2 * stages,
        "parallelism__pipeline_parallel_size": stages,
        "parallelism__virtual_pipeline_size": chunks,
        "parallelism__data_parallel_size": 1,
    }


@pytest.mark.parametrize(
    ("model", "stages", "chunks"),
    [
        ("llama-3.1-405b", 14, 1),  # 126 layers
        ("llama-3.1-405b", 16, 8),  # 126 + 2 in 128 chunks of one
        ("deepseek-v3", 9, 1),  # 61 + 2
        ("deepseek-v3", 16, 2),  # 61 + 2 + 1 that predicts a further token
    ],
)
def test_embedding_head_and_layers_that_predict_ahead_may_count_as_layers(
    model: str, stages: int, chunks: int
) -> None:
    layout = truecost.train(spec(model=model, **pipeline(stages, chunks))).layout
    assert (layout["pipeline_parallel_size"], layout["virtual_pipeline_size"]) == (stages, chunks)


@pytest.mark.parametrize(
    ("model", "stages", "chunks", "said"),
    [
        ("llama-3.1-405b", 12, 1, "12 stages do not divide the 126 layers"),
        ("llama-3.1-405b", 20, 1, "20 stages do not divide the 126 layers"),
        ("llama-3.1-405b", 16, 3, "3 chunks a stage on 16 stages do not divide the 126 layers"),
        ("llama-3.1-8b", 16, 3, "3 chunks a stage on 16 stages do not divide the 32 layers"),
        ("deepseek-v3", 10, 1, "10 stages do not divide the 61 layers"),
    ],
)
def test_pipelines_whose_stages_hold_unlike_numbers_of_layers_are_refused(
    model: str, stages: int, chunks: int, said: str
) -> None:
    assert said in problem(model=model, **pipeline(stages, chunks))


def test_every_stack_that_was_measured_is_legal() -> None:
    assert truecost.train(spec(stack="nanotron")).layout["stack"] == "nanotron"
    assert "nanotron" in problem(stack="nanotorn")


class TestOwnChips:
    """Chips of one's own whose price is not stated."""

    def test_what_stands_for_the_price_of_a_chip_that_is_not_sold_is_said(self) -> None:
        told = truecost.train(spec(cluster__accelerator="tpu-v5p", price={"basis": "own"})).to_dict()
        assert any("TPUs are not sold" in warning for warning in told["warnings"])
        reasons = {one["field"]: one["reason"] for one in told["assumptions"]}
        assert reasons["price.usd_per_chip_hour"].startswith("an estimate, between the cost of making it")

    @pytest.mark.parametrize(
        ("chip", "price"), [("h100-sxm", {"basis": "own"}), ("tpu-v5p", {"basis": "rent"}),
                            ("tpu-v5p", {"basis": "own", "usd_per_chip_hour": 1.0})],
    )  # fmt: skip
    def test_nothing_is_said_of_a_price_on_the_market_or_a_stated_one(
        self, chip: str, price: dict[str, object]
    ) -> None:
        told = truecost.train(spec(cluster__accelerator=chip, price=price)).to_dict()
        assert told["warnings"] == []
        assert not any("not sold" in one["reason"] for one in told["assumptions"])


def test_experts_divide_and_live_on_the_chips_of_a_stage() -> None:
    moe = {"model": "mixtral-8x7b", "parallelism__expert_parallel_size": 3}
    assert "does not divide the 8 experts" in problem(**moe)
    assert truecost.train(spec(**moe | {"parallelism__expert_parallel_size": 4})).mfu > 0


def test_context_parallelism_cuts_the_sequence_into_two_pieces_a_chip() -> None:
    changes = {"parallelism__context_parallel_size": 2, "parallelism__data_parallel_size": 8}
    message = problem(**changes, batch__sequence_length=4098)
    assert "does not divide into 2 x 2 pieces" in message


class TestMemory:
    """A run that does not fit: what is largest, and a change that really makes it fit."""

    BIG = spec(
        model="llama-3.1-70b",
        parallelism__tensor_parallel_size=4,
        parallelism__pipeline_parallel_size=4,
        parallelism__data_parallel_size=4,
        batch__micro_batch_size=4,
        batch__sequence_length=8192,
        recompute="none",
    )

    def test_the_change_that_is_named_makes_it_fit(self) -> None:
        result = truecost.train(self.BIG)
        assert not result.fits
        assert result.limited_by == "memory capacity"
        changed = truecost.train(self.BIG, sets=result.change_that_fits["set"])
        assert changed.fits
        assert changed.memory_bytes_per_chip == pytest.approx(
            result.change_that_fits["memory_bytes_per_chip"]
        )
        assert changed.step_time_s == pytest.approx(result.change_that_fits["step_time_s"])

    def test_one_field_is_changed_where_one_is_enough(self) -> None:
        result = truecost.train(self.BIG)
        assert len(result.change_that_fits["set"]) <= 2
        assert result.memory_bytes_per_chip > result.usable_memory_bytes_per_chip

    def test_where_no_single_change_helps_another_layout_or_more_chips_are_named(self) -> None:
        tight = spec(
            model="llama-3.1-405b",
            cluster__count=8,
            parallelism__pipeline_parallel_size=1,
            parallelism__tensor_parallel_size=8,
            parallelism__data_parallel_size=1,
        )
        result = truecost.train(tight)
        assert not result.fits
        assert any("cluster.count" in one for one in result.change_that_fits["set"])
        assert truecost.train(tight, sets=result.change_that_fits["set"]).fits


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"power_cap_w": 50}, ["power_cap_w", "draws 291 W while it waits", "allowed: 291 to 700 W"]),
        ({"power_cap_w": 900}, ["power_cap_w", "above the 700 W", "allowed: 291 to 700 W"]),
        (
            {
                "cluster__count": 56,
                "cluster__per_node": 7,
                "parallelism__tensor_parallel_size": 8,
                "parallelism__pipeline_parallel_size": 1,
                "parallelism__data_parallel_size": 7,
                "batch__global_batch_size": 252,
            },
            ["tensor 8 does not divide nodes of 7 chips", "'1'"],
        ),
    ],
)
def test_power_caps_and_nodes_that_cannot_be_are_refused(changes: dict[str, object], said: list[str]) -> None:
    message = problem(**changes)
    for part in said:
        assert part in message


def test_nodes_that_do_not_divide_the_cluster_are_warned_of() -> None:
    layout = {"parallelism__tensor_parallel_size": 1, "parallelism__data_parallel_size": 32}
    (said,) = truecost.train(spec(cluster__per_node=7, **layout)).warnings
    assert "cluster.per_node: 64 chips are not whole nodes of 7; did you mean '8'" in said


def test_tensor_groups_over_several_nodes_are_warned_of() -> None:
    run = truecost.train(
        spec(
            cluster__per_node=8,
            parallelism__tensor_parallel_size=16,
            parallelism__pipeline_parallel_size=1,
            parallelism__data_parallel_size=4,
        )
    )
    assert any("across nodes of 8 chips" in one for one in run.warnings)
    assert truecost.train(spec(power_cap_w=400)).days > truecost.train(spec()).days


def test_a_wrong_data_parallel_size_is_one_problem() -> None:
    assert problem(parallelism__data_parallel_size=15).count("\n") == 0
