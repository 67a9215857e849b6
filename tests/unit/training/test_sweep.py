"""Sweeps: one row is one case, an error stays in its row, and all valid rows are one call of the law."""

from __future__ import annotations

import csv
import itertools
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.training.specs import spec

import truecost
from truecost.spec import SpecError
from truecost.training.sweep import SweepResult, output_names, sweep


def swept(tmp_path: Path, header: list[str], *rows: list[Any], base: Any = None, **asked: Any) -> SweepResult:
    path = tmp_path / "cases.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return sweep(path, spec() if base is None else base, **asked)


CHANGES = [
    {},
    {"parallelism.tensor_parallel_size": 4, "parallelism.data_parallel_size": 8},
    {"model.hidden_size": 8192},
    {"model": "mixtral-8x7b", "parallelism.expert_parallel_size": 4},
    {"cluster.accelerator": "a100-sxm-80", "recompute": "full"},
    {"cluster.accelerator": "b200", "precision": "mxfp8"},
    {"tokens": "1e12 .. 2e12", "price.usd_per_chip_hour": "1 .. 3"},
    {"price.basis": "own", "site.region": "fr"},
    {"batch.micro_batch_size": 2, "recompute": "none", "power_cap_w": 500},
    {"cluster.count": 128, "parallelism.data_parallel_size": 32, "cluster.inter_node": "200 Gb/s"},
]


def test_a_row_is_the_same_as_the_case_alone(tmp_path: Path) -> None:
    header = list(dict.fromkeys(path for changes in CHANGES for path in changes))
    done = swept(tmp_path, header, *[[changes.get(path, "") for path in header] for changes in CHANGES])
    assert done.failed == 0
    for index, changes in enumerate(CHANGES):
        alone = truecost.train(spec(), sets=[f"{path}={value}" for path, value in changes.items()]).to_dict()
        for name in output_names()[:-1]:
            row, one = done.columns[name][index], alone[name]
            assert row == (one if isinstance(one, str | bool) else pytest.approx(one, rel=1e-12)), name


def test_what_is_left_open_is_settled_as_for_the_case_alone(tmp_path: Path) -> None:
    base = spec(recompute=None, batch__micro_batch_size=None)
    done = swept(tmp_path, ["batch.sequence_length"], [2048], [8192], [16384], base=base)
    for index, length in enumerate((2048, 8192, 16384)):
        alone = truecost.train(base, sets=[f"batch.sequence_length={length}"])
        assert done.columns["step_time_s"][index] == pytest.approx(alone.step_time_s, rel=1e-12)
        assert done.columns["memory_bytes_per_chip"][index] == pytest.approx(alone.memory_bytes_per_chip)


def test_an_error_stays_in_its_row(tmp_path: Path) -> None:
    header = ["_id", "parallelism.tensor_parallel_size", "model"]
    done = swept(tmp_path, header, ["a", 3, ""], ["b", "", ""], ["c", "two", ""], ["d", "", "lama"], ["e"])
    errors = done.columns["error"]
    assert done.failed == 4
    assert "do not divide the cluster" in errors[0]
    assert errors[1] == ""
    assert "tensor_parallel_size" in errors[2]
    assert "unknown model" in errors[3]
    assert "1 cells for 3 columns" in errors[4]
    good = np.isfinite(done.columns["step_time_s"])
    assert good.tolist() == [False, True, False, False, False]


def test_a_case_that_does_not_fit_is_no_error(tmp_path: Path) -> None:
    done = swept(tmp_path, ["model"], ["llama-3.1-405b"], ["llama-3.1-8b"])
    assert done.failed == 0
    assert list(done.columns["fits"]) == [0, 1]
    assert done.columns["limited_by"][0] == "memory capacity"
    assert done.columns["memory_bytes_per_chip"][0] > 80e9


def test_the_spec_may_be_partial_where_the_cases_give_the_rest(tmp_path: Path) -> None:
    base = {"cluster": {"accelerator": "h100"}, "as_of": "2026-11-22", "stack": "megatron"}
    header = [
        "model.hidden_size",
        "model.num_hidden_layers",
        "model.num_attention_heads",
        "model.vocab_size",
        "model.intermediate_size",
        "cluster.count",
        "parallelism.data_parallel_size",
        "batch.global_batch_size",
        "tokens",
    ]
    done = swept(
        tmp_path,
        header,
        [2048, 16, 16, 32000, 8192, 8, 8, 64, "1e9"],
        [2048, 16, 16, "", 8192, 8, 8, 64, 1],
        base=base,
    )
    assert done.columns["error"][0] == ""
    assert done.columns["chip_hours"][0] > 0
    assert "missing vocab_size" in done.columns["error"][1]


def test_without_a_spec_the_cases_are_all(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("model,cluster.accelerator,cluster.count\nllama-3.1-8b,h100,8\n", encoding="utf-8")
    assert sweep(path).columns["mfu"][0] > 0.1


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("tensor_parallel_sise", "no such field"),
        ("parallelism.tensor_parallel_sise", "did you mean 'parallelism.tensor_parallel_size'"),
        ("step_time_s", "did you mean '_step_time_s'"),
        ("tokens,tokens", "written twice"),
    ],
)
def test_a_header_that_is_not_understood_is_refused(tmp_path: Path, header: str, said: str) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(f"{header}\n1,1\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"cases\.csv:1") as refused:
        sweep(path, spec())
    assert said in str(refused.value)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("\n\n", encoding="utf-8")
    with pytest.raises(SpecError, match="empty"):
        sweep(path, spec())


def test_only_a_header_is_no_case(tmp_path: Path) -> None:
    done = swept(tmp_path, ["tokens"])
    assert done.failed == 0
    assert len(done.columns["mfu"]) == 0


def test_memory_falls_with_sharding_and_time_with_chips(tmp_path: Path) -> None:
    shardings = ["zero-0", "zero-1", "zero-2", "zero-3"]
    base = spec(parallelism__pipeline_parallel_size=1, parallelism__data_parallel_size=32)
    kept = swept(tmp_path, ["parallelism.sharding"], *[[one] for one in shardings], base=base)
    memory = kept.columns["memory_bytes_per_chip"]
    assert all(a >= b for a, b in itertools.pairwise(memory))
    assert memory[0] > memory[-1]
    rows = [[32 * 2**i, 8 * 2**i] for i in range(4)]
    more = swept(tmp_path, ["cluster.count", "parallelism.data_parallel_size"], *rows)
    days = more.columns["days"]
    assert all(a > b for a, b in itertools.pairwise(days))


def test_a_thousand_random_rows_are_answered_or_refused(tmp_path: Path) -> None:
    draw = random.Random(7)
    header = [
        "parallelism.tensor_parallel_size",
        "parallelism.pipeline_parallel_size",
        "parallelism.data_parallel_size",
        "batch.global_batch_size",
        "batch.micro_batch_size",
        "recompute",
        "parallelism.sharding",
    ]
    rows = [
        [
            draw.choice([1, 2, 4, 8, 3]),
            draw.choice([1, 2, 4]),
            draw.choice(["", 8, 16, 32]),
            draw.choice([64, 256, 100]),
            draw.choice([1, 2, 4]),
            draw.choice(["none", "selective", "full", ""]),
            draw.choice(["zero-0", "zero-1", "zero-3"]),
        ]
        for _ in range(1000)
    ]
    done = swept(tmp_path, header, *rows)
    assert 0 < done.failed < 1000
    for index, error in enumerate(done.columns["error"]):
        values = [
            done.columns[name][index] for name in ("step_time_s", "mfu", "memory_bytes_per_chip", "cost_usd")
        ]
        assert all(math.isnan(value) for value in values) if error else all(value > 0 for value in values)
