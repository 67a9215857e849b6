"""Korthikanti et al. 2022 (arXiv:2205.05198), table 5: full against selective recomputation on A100.

Times are stated in seconds. Micro-batches and virtual stages are those of the paper's configurations as
calculon's validation carries them (validation/seqsel/tab5@33a5aab0).
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import case, gpt_sizes, layout_fault, read_table, seconds

CONFIGURATIONS = {"megatron-22B": (4, 1), "gpt3-175B": (1, 3), "turing-530B": (1, 3), "megatron-1T": (1, 1)}
"""Model -> micro-batch, chunks of layers a stage."""


def rows(directory: Path) -> list[dict[str, str]]:
    """The eight cases of table 5."""
    table = read_table(directory / "throughput_megatron_korthikanti2022.csv")
    return [_case(raw) for raw in table]


def _case(raw: dict[str, str]) -> dict[str, str]:
    micro_batch, virtual = CONFIGURATIONS[raw["model"]]
    selective = raw["mode"].startswith("selective")
    row = case(
        dataset="korthikanti",
        stack="megatron",
        **gpt_sizes(int(raw["hidden"]), int(raw["layers"]), int(raw["heads"])),
        accelerator="a100-sxm-80",
        count=raw["gpus"],
        per_node=8,
        inter_node_bytes_per_s="25000000000.0",
        precision="fp16",
        tensor_parallel_size=raw["tp"],
        pipeline_parallel_size=raw["pp"],
        virtual_pipeline_size=virtual,
        data_parallel_size=raw["dp"],
        sharding="zero-0",
        sequence_parallel=selective,
        global_batch_size=raw["global_batch"],
        micro_batch_size=micro_batch,
        sequence_length=2048,
        recompute="selective" if selective else "full",
        attention="unfused",
        step_time_s=seconds(float(raw["iteration_time_s"])),
        note="micro-batch and virtual stages from calculon's copy of the paper's configurations; "
        "one replica, so no gradient traffic",
        source="korthikanti",
    )
    row["left_out"] = layout_fault(row)
    return row
