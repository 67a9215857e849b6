"""Rows made of published figures kept beside the import script: torchtitan, SimuMax, TPU recipes, vendors.

Where a source states a second figure of a run (MFU, FLOP/s), the converted time must give it back.
"""

from __future__ import annotations

import csv
import sys
from importlib.resources import files
from math import isclose
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))

from training_tables import (
    public,
    public_simumax,
    public_torchtitan,
    public_tpu_recipes,
    public_vendors,
    schema,
)

from truecost.catalog import load

Row = dict[str, str]
ROWS = public.rows(Path())
PEAKS = {"a100-sxm-80": {"bf16": 312e12}, "h100-sxm": {"bf16": 989e12, "fp8": 1979e12}}
"""The peaks torchtitan divides by."""


def shipped(name: str) -> list[Row]:
    text = (files("truecost.evidence") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def tokens_per_s_per_chip(row: Row) -> float:
    tokens = int(row["global_batch_size"]) * int(row["sequence_length"])
    return tokens / float(row["step_time_s"]) / int(row["count"])


def attention_flops_per_token(row: Row) -> float:
    """Training FLOP of attention in full, a token."""
    architecture = load().model(row["model"])
    width = architecture.num_attention_heads * (architecture.head_dim or 0)
    return 12.0 * architecture.num_hidden_layers * width * int(row["sequence_length"])


def test_the_shipped_table_ends_with_these_rows() -> None:
    datasets = {row["dataset"] for row in ROWS}
    assert [row for row in shipped("training_steps.csv") if row["dataset"] in datasets] == ROWS


def test_sources_and_datasets() -> None:
    known = {row["key"] for row in shipped("sources.csv")}
    assert {row["source"] for row in ROWS} <= known
    counts = {name: sum(row["dataset"] == name for row in ROWS) for name in {row["dataset"] for row in ROWS}}
    assert counts == {"torchtitan": 31, "simumax": 31, "tpu-recipes": 35, "neuron": 2, "gaudi": 10}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['dataset']}-{row['count']}-{row['step_time_s']}")
def test_a_layout_is_whole_or_empty(row: Row) -> None:
    degrees = [row[f"{kind}_parallel_size"] for kind in ("tensor", "pipeline", "context", "data")]
    assert all(degrees) or not any(degrees)
    if all(degrees):
        tensor, pipeline, context, data = map(int, degrees)
        assert tensor * pipeline * context * data == int(row["count"])
    assert row["note"]
    assert float(row["step_time_s"]) > 0


def test_torchtitan_gives_back_its_utilization() -> None:
    """Its MFU counts six FLOP a parameter, the input embedding too, and attention in full."""
    raws = schema.read_table(public_torchtitan.FIGURES)
    pairs = [(raw, row) for raw, row in zip(raws, public_torchtitan.rows(), strict=True) if raw["mfu_pct"]]
    assert len(pairs) == 11
    for raw, row in pairs:
        parameters = load().model(row["model"]).total_parameters
        flops = 6 * parameters + attention_flops_per_token(row)
        mfu = flops * tokens_per_s_per_chip(row) / PEAKS[row["accelerator"]][row["precision"]]
        assert isclose(100 * mfu, float(raw["mfu_pct"]), rel_tol=0.02), raw


def test_torchtitan_counts_tokens_once_over_a_model_group() -> None:
    pipelined = [row for row in public_torchtitan.rows() if row["pipeline_parallel_size"] == "8"]
    assert {row["sharding"] for row in pipelined} == {"zero-2"}
    longest = pipelined[-1]
    assert (longest["context_parallel_size"], longest["global_batch_size"]) == ("8", "8")
    assert longest["step_time_s"] == "256"
    assert [row["micro_batch_size"] for row in pipelined] == ["", "", "1", "1", "1", "1"]


def test_every_second_layer_has_no_mode() -> None:
    rows = [row for row in public_torchtitan.rows() if not row["recompute"]]
    assert len(rows) == 2
    assert all("every second layer" in row["left_out"] for row in rows)


def test_tpu_logs_agree_with_themselves() -> None:
    raws = schema.read_table(public_tpu_recipes.FIGURES)
    for raw, row in zip(raws, public_tpu_recipes.rows(), strict=True):
        assert isclose(tokens_per_s_per_chip(row), float(raw["tokens_per_s_per_chip"]), rel_tol=0.002), raw


def test_tpu_flops_halve_causal_attention_on_ironwood_only() -> None:
    raws = schema.read_table(public_tpu_recipes.FIGURES)
    pairs = list(zip(raws, public_tpu_recipes.rows(), strict=True))
    for raw, row in [pair for pair in pairs if pair[0]["model"].startswith("llama-3.1")]:
        share = 0.5 if raw["accelerator"] in {"tpu-v7", "tpu-v5p"} else 1.0
        matrices = 6 * load().model(row["model"]).active_parameters
        flops = matrices + share * attention_flops_per_token(row)
        stated = float(raw["tflops_per_chip"]) * 1e12
        assert isclose(flops * tokens_per_s_per_chip(row), stated, rel_tol=0.02), raw


def test_a_context_group_of_eight_devices_is_four_chips() -> None:
    long = [row for row in public_tpu_recipes.rows() if row["sequence_length"] == "131072"]
    assert [(row["context_parallel_size"], row["micro_batch_size"]) for row in long] == [("4", "1")] * 2


def test_simumax_tensor_parallel_layouts_are_of_one_server() -> None:
    rows = public_simumax.rows()
    assert {row["count"] for row in rows} == {"8"}
    assert {row["context_parallel_size"] for row in rows} == {"1", "4", "8"}
    assert not any(row["left_out"] for row in rows)


def test_vendor_figures() -> None:
    amazon, *_, intel = public_vendors.rows()
    assert float(amazon["step_time_s"]) == pytest.approx(1024 / 47.95, rel=1e-5)
    assert amazon["left_out"]
    assert float(intel["step_time_s"]) == pytest.approx(128 * 8192 / 43332, rel=1e-5)
    assert intel["tensor_parallel_size"] == ""
