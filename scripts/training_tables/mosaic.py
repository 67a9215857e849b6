"""MosaicML's MPT benchmarks (llm-foundry): 125M to 70B under PyTorch FSDP on A100 and H100.

The step time comes from tokens per second (`seqs_per_s` is truncated to whole sequences, zero for long ones).
Their MFU counts every parameter, embeddings and positions too, and attention in full; a model's parameter
count grows with the sequence length by its learned positions, which confirms each hidden size.
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import case, gpt_sizes, read_table, seconds

ACCELERATORS = {"h100_80gb": "h100-sxm", "a100_80gb": "a100-sxm-80", "a100_40gb": "a100-sxm-40"}
SHARDING = {"FULL_SHARD": "zero-3", "SHARD_GRAD_OP": "zero-2"}
RECOMPUTE = {"True": "full", "False": "none"}


def rows(directory: Path) -> list[dict[str, str]]:
    """Every case of the benchmark's tables."""
    return [_case(raw) for raw in read_table(directory / "throughput_mosaicml_mpt.csv")]


def _case(raw: dict[str, str]) -> dict[str, str]:
    a100 = raw["gpu"].startswith("a100")
    batch, sequence = int(raw["global_batch_seqs"]), int(raw["seq_len"])
    return case(
        dataset="mosaic",
        stack="fsdp",
        **_sizes(raw["model"]),
        accelerator=ACCELERATORS[raw["gpu"]],
        count=raw["gpus"],
        per_node=8,
        inter_node_bytes_per_s="25000000000.0" if a100 else "",
        precision="fp8" if raw["precision"].endswith("fp8") else "bf16",
        tensor_parallel_size=1,
        pipeline_parallel_size=1,
        virtual_pipeline_size=1,
        data_parallel_size=raw["gpus"],
        sharding=SHARDING[raw["sharding"]],
        sequence_parallel=False,
        global_batch_size=batch,
        micro_batch_size=raw["micro_batch"],
        sequence_length=sequence,
        recompute=RECOMPUTE[raw["act_ckpt"]],
        attention="flash",
        step_time_s=seconds(batch * sequence / float(raw["tokens_per_s"])),
        note=_note(raw["model"], a100),
        source="mosaic_mpt",
    )


def _sizes(model: str) -> dict[str, object]:
    """The catalog's model, but for the 30B: its benchmark has 56 heads of 128, the released one 64 of 112."""
    return gpt_sizes(7168, 48, 56, 50368) if model == "30b" else {"model": f"mpt-{model}"}


def _note(model: str, a100: bool) -> str:
    network = "RoCE of 1,600 Gbit/s a server" if a100 else "network between servers not stated"
    vocabulary = "; vocabulary of 50,368, the released model's is 50,432" if model == "7b" else ""
    return f"{network}; flash attention from the configurations{vocabulary}"
