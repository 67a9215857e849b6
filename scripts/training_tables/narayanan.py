"""Narayanan et al. 2021 (arXiv:2104.04473), tables 1 and 2: Megatron-LM on Selene's DGX A100.

Their FLOP/s count full recomputation, attention in full and the head (equation 3 of the paper), so a step is
96 B s l h^2 (1 + s / 6h + V / 16lh) FLOP. Micro-batches and layers a virtual stage of table 1 are those of
the authors' scripts, NVIDIA/Megatron-LM examples/sc21/run_table_1.sh@79a3bb6b.
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import GPT_VOCABULARY, case, gpt_sizes, layout_fault, read_table, seconds

INTER_NODE = "25000000000.0"
"""Eight 200 Gbit/s HDR adapters a server of eight."""
SEQUENCE = 2048
TABLE_1 = {
    "1.7": (16, 1),
    "3.6": (16, 1),
    "7.5": (16, 1),
    "18.4": (8, 1),
    "39.1": (4, 1),
    "76.1": (2, 3),
    "145.6": (2, 2),
    "310.1": (1, 2),
    "529.6": (1, 3),
    "1008.0": (1, 1),
}
"""Size -> micro-batch, chunks of layers a stage."""
TABLE_2 = {"174.6": (12288, 96, 96, 12), "529.6": (20480, 105, 128, 35)}
"""Size -> hidden size, layers, heads, pipeline degree at tensor parallelism of 8."""
_COMMON = "FLOP/s with full recomputation (their equation 3)"


def step_flops(batch: int, layers: int, hidden: int) -> float:
    """FLOP of one step by the authors' equation 3."""
    head = GPT_VOCABULARY / (16 * layers * hidden)
    return 96 * batch * SEQUENCE * layers * hidden**2 * (1 + SEQUENCE / (6 * hidden) + head)


def rows(directory: Path) -> list[dict[str, str]]:
    """Table 1, then table 2."""
    first = read_table(directory / "throughput_megatron_narayanan2021_table1.csv")
    second = read_table(directory / "throughput_megatron_narayanan2021_table2.csv")
    return [_table_1(raw) for raw in first] + [_table_2(raw) for raw in second]


def _table_1(raw: dict[str, str]) -> dict[str, str]:
    hidden, layers, count = int(raw["hidden"]), int(raw["layers"]), int(raw["gpus"])
    micro_batch, virtual = TABLE_1[raw["params_b"]]
    rate = _finer_rate(float(raw["hardware_tflops_per_gpu"]) * 1e12, raw["aggregate_pflops"], count)
    return _case(
        dataset="narayanan-1",
        stack="megatron",
        **gpt_sizes(hidden, layers, int(raw["heads"])),
        count=count,
        tensor_parallel_size=raw["tp"],
        pipeline_parallel_size=raw["pp"],
        virtual_pipeline_size=virtual,
        data_parallel_size=raw["dp"],
        sharding="zero-0",
        global_batch_size=raw["global_batch_seqs"],
        micro_batch_size=micro_batch,
        step_time_s=seconds(step_flops(int(raw["global_batch_seqs"]), layers, hidden) / (count * rate)),
        note=f"{_COMMON}; micro-batch and virtual stages from the authors' scripts of later in 2021",
    )


def _finer_rate(per_chip: float, aggregate_pflops: str, count: int) -> float:
    """FLOP/s a chip from whichever of the two stated rates has more digits."""
    total = float(aggregate_pflops) * 1e15
    return total / count if 0.05e15 / total < 0.5e12 / per_chip else per_chip


def _table_2(raw: dict[str, str]) -> dict[str, str]:
    hidden, layers, heads, pipeline = TABLE_2[raw["params_b"]]
    count, batch = int(raw["gpus"]), int(raw["global_batch"])
    rate = float(raw["hardware_tflops_per_gpu"]) * 1e12
    return _case(
        dataset="narayanan-2",
        **gpt_sizes(hidden, layers, heads),
        count=count,
        global_batch_size=batch,
        micro_batch_size=raw["micro_batch"],
        step_time_s=seconds(step_flops(batch, layers, hidden) / (count * rate)),
        **(_zero_3(count) if raw["scheme"] == "ZeRO-3" else _three_ways(count, pipeline)),
    )


def _zero_3(count: int) -> dict[str, object]:
    return {
        "stack": "megatron-deepspeed",
        "tensor_parallel_size": 1,
        "pipeline_parallel_size": 1,
        "virtual_pipeline_size": 1,
        "data_parallel_size": count,
        "sharding": "zero-3",
        "left_out": "old stack: DeepSpeed's ZeRO-3 of early 2021 is twice as slow as its traffic explains",
        "note": _COMMON,
    }


def _three_ways(count: int, pipeline: int) -> dict[str, object]:
    return {
        "stack": "megatron",
        "tensor_parallel_size": 8,
        "pipeline_parallel_size": pipeline,
        "data_parallel_size": count // (8 * pipeline),
        "sharding": "zero-0",
        "note": f"{_COMMON}; the {8 * pipeline} model-parallel chips taken as 8 x {pipeline}; virtual stages "
        "not stated",
    }


def _case(**cells: object) -> dict[str, str]:
    row = case(
        accelerator="a100-sxm-80",
        per_node=8,
        inter_node_bytes_per_s=INTER_NODE,
        precision="fp16",
        sequence_parallel=False,
        sequence_length=SEQUENCE,
        recompute="full",
        attention="unfused",
        source="narayanan",
        **cells,
    )
    row["left_out"] = row["left_out"] or layout_fault(row)
    return row
