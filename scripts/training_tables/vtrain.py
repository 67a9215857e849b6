"""vTrain's measurements (arXiv:2312.12391): Megatron-DeepSpeed on A100, single-node and multi-node grids.

Both tables give the time of an iteration in milliseconds. The measured runs' recomputation is stated only by
the simulator's configurations (use_checkpoint: true in all those looked at, in both grids). Single-node times
deny it: with four or eight sequences of 1,024 tokens at hidden size 2,048 on one chip a layer adds 9.1 ms and
17.0 ms, which is 147 and 157 TFLOP/s without recomputation but 195 and 210 with, more than an A100 reaches
with unfused attention; the first stage of a pipeline, which would recompute, is no slower than a run without
pipeline. So the cell is empty there.
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import case, gpt_sizes, layout_fault, read_table, seconds

INTER_NODE = "12500000000.0"
"""800 Gbit/s a server of eight (the simulator's configurations), bytes/s a chip."""
_COMMON = (
    "FP16, A100 of 80 GB, plain all-reduce of gradients and 1F1B read from the simulator; vocabulary of "
    "51,200, as padded for tensor parallelism of 8"
)
_OUTLIERS = {
    ("3072", "64", "8"): "outlier: a single micro-batch of 64 takes 9.84 s where 32 takes 4.97 s",
}
"""Hidden size, micro-batch, tensor parallelism -> reason."""


def rows(directory: Path) -> list[dict[str, str]]:
    """Every case of the single-node grid, then of the multi-node one."""
    single = read_table(directory / "throughput_vtrain_single.csv")
    multi = read_table(directory / "throughput_vtrain_multi.csv")
    return [_single(raw) for raw in single] + [_multi(raw) for raw in multi]


def _single(raw: dict[str, str]) -> dict[str, str]:
    note = f"{_COMMON}; recompute not stated: iteration times imply none"
    return _case(raw, dataset="vtrain-single", note=note)


def _multi(raw: dict[str, str]) -> dict[str, str]:
    key = (raw["hidden size"], raw["micro batch"], raw["tensor parallelism"])
    note = _COMMON
    if key[2] == "2":
        note += "; tensor parallelism of 2 runs 16 to 34 % slower here than its neighbours suggest"
    if int(key[2]) > 8:
        note += "; the tensor-parallel group spans two servers"
    return _case(
        raw,
        dataset="vtrain-multi",
        inter_node_bytes_per_s=INTER_NODE,
        recompute="full",
        left_out=_OUTLIERS.get(key, ""),
        note=note,
    )


def _case(raw: dict[str, str], **cells: object) -> dict[str, str]:
    row = case(
        stack="megatron-deepspeed",
        **gpt_sizes(int(raw["hidden size"]), int(raw["# layers"]), int(raw["attention heads"])),
        accelerator="a100-sxm-80",
        count=raw["# GPUs"],
        per_node=8,
        precision="fp16",
        tensor_parallel_size=raw["tensor parallelism"],
        pipeline_parallel_size=raw["pipeline parallelism"],
        virtual_pipeline_size=1,
        data_parallel_size=raw["data parallelism"],
        sharding="zero-0",
        sequence_parallel=False,
        global_batch_size=raw["global batch"],
        micro_batch_size=raw["micro batch"],
        sequence_length=raw["sequence length"],
        attention="unfused",
        step_time_s=seconds(float(raw["iteration time (ms)"]) / 1000),
        source="vtrain",
        **cells,
    )
    row["left_out"] = row["left_out"] or layout_fault(row)
    return row
