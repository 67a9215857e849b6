"""NVIDIA's tables of training steps as rows: seconds, layouts, precision, and why a row is not used."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))

from training_tables import (
    nvidia,
    nvidia_bridge,
    nvidia_dgxc,
    nvidia_nemo,
    nvidia_row,
    schema,
)

from truecost.catalog import load

BRIDGE = {
    "release": "26.02", "stage": "Pre-Training Performance", "model": "LLAMA3_70B", "system": "DGX-H100",
    "gpus": "64", "precision": "FP8", "gbs": "256", "mbs": "1", "seq_len": "8192", "FSDP": "0", "TP": "4",
    "PP": "8", "CP": "1", "VP": "5", "EP": "n/a", "GA": "", "tokens_per_s_per_gpu": "1621",
    "model_tflops_per_gpu": "728", "source": "a page",
}  # fmt: skip
NEMO = {
    "release": "24.07", "section": "Performance Benchmarks / Pretraining", "model": "LLAMA3-70B",
    "system": "DGX-H100", "gpus": "64", "precision": "", "gbs": "128", "mbs": "1", "seq_len": "8192",
    "tp": "4", "pp": "4", "cp": "2", "vp": "5", "ep": "", "tokens_per_s_per_gpu": "1524",
    "model_tflops_per_gpu": "734", "source": "NVIDIA/NeMo page.md @8e3d65dc 2024-09-09 (Apache-2.0)",
}  # fmt: skip
DGXC = {
    "workload": "Llama 3.1 70b BF16 (TP=4, PP=4, CP=2, VP=5, MBS=1, GA=64)", "gpus": "64", "gpu": "H100",
    "step_time_s": "14.61", "tokens_per_s": "71756.0",
    "source": "NVIDIA/dgxc-benchmarking llama3.1/README_70b.md @1b9bb6b 2025-05-21 (MIT)",
}  # fmt: skip


def write(path: Path, *lines: Mapping[str, str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def bridge(tmp_path: Path, **changes: str) -> list[dict[str, str]]:
    return nvidia_bridge.rows(write(tmp_path / "bridge.csv", BRIDGE | changes))


def nemo(tmp_path: Path, **changes: str) -> dict[str, str]:
    (row,) = nvidia_nemo.rows(write(tmp_path / "nemo.csv", NEMO | changes))
    return row


def dgxc(tmp_path: Path, *changes: Mapping[str, str]) -> list[dict[str, str]]:
    return nvidia_dgxc.rows(write(tmp_path / "dgxc.csv", *(DGXC | change for change in changes)))


def test_a_step_is_the_batch_over_tokens_a_second(tmp_path: Path) -> None:
    (row,) = bridge(tmp_path)
    assert float(row["step_time_s"]) == pytest.approx(256 * 8192 / (64 * 1621), rel=1e-5)
    assert (row["data_parallel_size"], row["expert_parallel_size"]) == ("2", "1")
    assert (row["sharding"], row["sequence_parallel"], row["recompute"]) == ("zero-1", "true", "none")
    assert not row["left_out"]


def test_a_release_that_rounds_tokens_is_read_from_its_flops(tmp_path: Path) -> None:
    """26.04.01 states 1,664 tokens/s where its 731 TFLOP/s are 1,627: 2 % apart."""
    rounded = {"tokens_per_s_per_gpu": "1664", "model_tflops_per_gpu": "731"}
    (exact,) = bridge(tmp_path, **rounded)
    (row,) = bridge(tmp_path, release="26.04.01", **rounded)
    assert float(exact["step_time_s"]) == pytest.approx(256 * 8192 / (64 * 1664), rel=1e-5)
    assert float(row["step_time_s"]) == pytest.approx(256 * 8192 * 4.492e11 / (64 * 731e12), rel=1e-5)
    assert "rounds tokens/s" in row["note"]


def test_flop_a_token_is_the_catalogs_with_attention_counted_half() -> None:
    sequence = {"LLAMA3_70B": 8192, "LLAMA3.1_405B": 8192, "Qwen3_30B_a3B": 4096}
    for name, tokens in sequence.items():
        model = load().model(nvidia_bridge.MODELS[name])
        attention = 6 * model.num_hidden_layers * model.num_attention_heads * model.head_dim * tokens
        counted = 6 * model.active_parameters + attention
        assert nvidia_bridge.FLOP_A_TOKEN[name] == pytest.approx(counted, rel=0.005)


def test_a_line_with_two_values_is_two_runs_with_their_own_layouts(tmp_path: Path) -> None:
    first, second = bridge(
        tmp_path, release="25.09", system="DGX-GB200", precision="", gbs="128", mbs="2", FSDP="64 (0)",
        TP="1 (2)", PP="1 (4)", VP="1 (5)", EP="1", GA="1 (16)", tokens_per_s_per_gpu="3986 (3546)",
        model_tflops_per_gpu="1791 (1593)",
    )  # fmt: skip
    assert (first["precision"], first["sharding"], first["pipeline_parallel_size"]) == ("fp8", "zero-3", "1")
    assert (second["precision"], second["sharding"], second["pipeline_parallel_size"]) == (
        "mxfp8",
        "zero-1",
        "4",
    )
    assert (first["micro_batch_size"], second["micro_batch_size"]) == ("2", "1")
    assert "offloaded" in first["note"]
    assert "offloaded" not in second["note"]
    assert float(second["step_time_s"]) == pytest.approx(128 * 8192 / (64 * 3546), rel=1e-5)


def test_stages_other_than_pre_training(tmp_path: Path) -> None:
    (tuned,) = bridge(tmp_path, stage="SFT Performance", gpus="32", gbs="32", PP="4", seq_len="4096")
    (adapters,) = bridge(tmp_path, stage="LoRA Performance")
    assert not tuned["left_out"]
    assert "packed" in tuned["note"]
    assert adapters["left_out"].startswith("adapter tuning")


def test_deepseek_says_recompute_balance_and_prediction_head(tmp_path: Path) -> None:
    shape = {
        "gpus": "256", "gbs": "4096", "seq_len": "4096", "TP": "1", "system": "DGX-GB200",
        "precision": "MXFP8", "PP": "4", "VP": "4", "EP": "64",
    }  # fmt: skip
    (known,) = bridge(tmp_path, model="DeepSeekV3", **shape)
    (unknown,) = bridge(tmp_path, model="DeepSeekV3 (w/o MTP)", **shape | {"PP": "8", "EP": "32"})
    (dropped,) = bridge(tmp_path, model="DeepSeekV3 (tokendrop)", **shape | {"PP": "8"})
    assert (known["recompute"], known["per_node"], known["inter_node_bytes_per_s"]) == (
        "selective",
        "72",
        "50e9",
    )
    assert "with one layer of multi-token prediction" in known["note"]
    assert unknown["recompute"] == ""
    assert "without multi-token prediction" in unknown["note"]
    assert "dropped at capacity" in dropped["note"]
    assert dropped["left_out"] == "layout impossible: 64 expert-parallel ranks in a stage of 32 chips"


def test_lines_whose_layout_is_not_that_of_the_run(tmp_path: Path) -> None:
    (row,) = bridge(
        tmp_path, release="26.02.01", system="DGX-GB300", precision="NVFP4", TP="1", PP="1", VP="n/a"
    )
    assert row["left_out"].startswith("layout contradicted")


def test_layouts_that_do_not_divide_are_named(tmp_path: Path) -> None:
    (chips,) = bridge(tmp_path, PP="5", VP="n/a")
    (batch,) = bridge(tmp_path, gbs="255")
    assert chips["left_out"] == "layout impossible: parallel sizes do not divide the chips"
    assert batch["left_out"].startswith("layout impossible: the batch")


def test_nemo_pre_training_is_fp8_without_recompute(tmp_path: Path) -> None:
    row = nemo(tmp_path)
    assert (row["precision"], row["recompute"], row["data_parallel_size"]) == ("fp8", "none", "2")
    assert float(row["step_time_s"]) == pytest.approx(128 * 8192 / (64 * 1524), rel=1e-5)
    assert "2024-09-09" in row["note"]


def test_nemo_tells_adapters_from_full_tuning_by_flops(tmp_path: Path) -> None:
    tuning = {
        "section": "Performance Benchmarks / Finetuning", "model": "LLAMA2-70B", "gpus": "16", "gbs": "32",
        "seq_len": "", "cp": "", "vp": "",
    }  # fmt: skip
    full = nemo(tmp_path, tokens_per_s_per_gpu="1816", model_tflops_per_gpu="749", **tuning)
    adapters = nemo(
        tmp_path, tokens_per_s_per_gpu="2621", model_tflops_per_gpu="722", **tuning | {"gpus": "8", "tp": "2"}
    )
    assert (full["left_out"], full["sequence_length"], full["virtual_pipeline_size"]) == ("", "4096", "")
    assert "virtual stages not stated" in full["note"]
    assert adapters["left_out"].startswith("adapter tuning")


def test_nemo_lines_without_figures_stay_and_say_so(tmp_path: Path) -> None:
    lost = dict.fromkeys(NEMO, "") | {"release": "25.04", "system": "DGX-B200", "tp": "8"}
    row = nemo(tmp_path, **lost)
    assert row["left_out"] == nvidia_nemo.SHIFTED
    assert (row["step_time_s"], row["tensor_parallel_size"], row["count"]) == ("", "", "")


def test_dgxc_layouts_come_from_the_workloads_name(tmp_path: Path) -> None:
    (row,) = dgxc(tmp_path, {})
    sizes = [row[f"{kind}_parallel_size"] for kind in ("tensor", "pipeline", "context", "data")]
    assert (sizes, row["virtual_pipeline_size"]) == (["4", "4", "2", "2"], "5")
    assert (row["global_batch_size"], row["step_time_s"], row["release"]) == ("128", "14.61", "24.12")
    assert row["inter_node_bytes_per_s"] == ""


def test_dgxc_without_a_layout_leaves_it_empty(tmp_path: Path) -> None:
    (row,) = dgxc(
        tmp_path, {"workload": "Llama 3.1 70b FP8", "tokens_per_s": "106346.0", "step_time_s": "9.86"}
    )
    assert {row[f"{kind}_parallel_size"] for kind in ("tensor", "pipeline", "context", "data")} == {""}
    assert row["micro_batch_size"] == row["virtual_pipeline_size"] == ""
    assert "layout and micro-batch not stated" in row["note"]
    assert not row["left_out"]


def test_dgxc_copies_are_left_out_and_name_the_first(tmp_path: Path) -> None:
    older = {"source": DGXC["source"].replace("1b9bb6b", "85380ff")}
    first, copy = dgxc(tmp_path, older, {})
    assert (first["left_out"], copy["left_out"]) == ("", "duplicate of the same line at revision 85380ff")


def test_maxtext_shards_over_128_chips_beyond_256(tmp_path: Path) -> None:
    maxtext = {"workload": "Maxtext LLama2 70b BF16 (FSDP+DP MBS=2)"}
    small, large = dgxc(tmp_path, maxtext | {"gpus": "256"}, maxtext | {"gpus": "512"})
    assert (small["sharding"], large["sharding"]) == ("zero-3", "hsdp")
    assert (large["stack"], large["recompute"], large["micro_batch_size"]) == ("maxtext", "full", "2")
    assert "128 chips, 4 copies" in large["note"]


def test_rows_are_the_three_tables_in_order_under_the_schemas_columns(tmp_path: Path) -> None:
    write(tmp_path / "throughput_nvidia_megatron_bridge.csv", BRIDGE)
    write(tmp_path / "throughput_nvidia_nemo_history.csv", NEMO)
    write(tmp_path / "throughput_nvidia_dgxc.csv", DGXC)
    rows = nvidia.rows(tmp_path)
    assert [row["dataset"] for row in rows] == ["bridge", "nemo", "dgxc"]
    assert all(list(row) == list(schema.COLUMNS) for row in rows)


def test_every_model_and_chip_is_in_the_catalog() -> None:
    catalog = load()
    workloads = [workload.model for workload in nvidia_dgxc.WORKLOADS.values()]
    for name in [*nvidia_bridge.MODELS.values(), *nvidia_nemo.MODELS.values(), *workloads]:
        assert catalog.model(name).name == name
    for machine in nvidia_row.MACHINES.values():
        chip = catalog.accelerator(machine.accelerator)
        assert chip.chips_per_server == machine.per_node
        assert chip.scale_out_bits_per_s is not None
        assert float(chip.scale_out_bits_per_s.value) == pytest.approx(
            8 * float(machine.inter_node_bytes_per_s)
        )
