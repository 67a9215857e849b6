"""IBM's fms-fsdp throughput table: Llama 2 shapes under PyTorch FSDP with torch.compile, sequences of 4,096.

The step time comes from tokens per second a chip. The MFU stated beside it counts attention in full for 7B
and 13B; for 34B and 70B it is 3 to 6 % lower than those tokens give, so it is not used. Activation
checkpointing is by whole blocks, of which a share is recomputed: HFU over MFU gives that share as three times
its excess over one.
"""

from __future__ import annotations

from pathlib import Path

from training_tables.schema import case, read_table, seconds

SEQUENCE = 4096
MODELS = {"7b": "llama-2-7b", "13b": "llama-2-13b", "70b": "llama-2-70b"}
CODE_LLAMA_34B: dict[str, object] = {
    "hidden_size": 8192,
    "num_hidden_layers": 48,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "intermediate_size": 22016,
    "vocab_size": 32000,
    "head_dim": 128,
    "gated_mlp": True,
}
ACCELERATORS = {"A100-80GB": ("a100-sxm-80", "6250000000.0"), "H100-80GB": ("h100-sxm", "50000000000.0")}
"""Chip -> catalog key, bytes/s a chip: servers of eight with 400 Gbit/s and 3.2 Tbit/s, by the report."""


def rows(directory: Path) -> list[dict[str, str]]:
    """The eight cases of the table."""
    return [_case(raw) for raw in read_table(directory / "throughput_fms_fsdp.csv")]


def _case(raw: dict[str, str]) -> dict[str, str]:
    accelerator, network = ACCELERATORS[raw["gpu"]]
    count, micro_batch = int(raw["gpus"]), int(raw["batch_per_gpu"])
    recompute, left_out = _recompute(raw)
    model = MODELS.get(raw["model"])
    return case(
        dataset="fms-fsdp",
        stack="torchtitan",
        **({"model": model} if model else CODE_LLAMA_34B),
        accelerator=accelerator,
        count=count,
        per_node=8,
        inter_node_bytes_per_s=network,
        precision="bf16",
        tensor_parallel_size=1,
        pipeline_parallel_size=1,
        virtual_pipeline_size=1,
        data_parallel_size=count,
        sharding="hsdp" if raw["sharding"] == "HSDP" else "zero-3",
        sequence_parallel=False,
        global_batch_size=count * micro_batch,
        micro_batch_size=micro_batch,
        sequence_length=SEQUENCE,
        recompute=recompute,
        attention="flash",
        step_time_s=seconds(micro_batch * SEQUENCE / float(raw["tokens_per_s_per_gpu"])),
        left_out=left_out,
        note="torch.compile; sequence of 4,096 and no gradient accumulation from the authors' report"
        + ("" if model else "; sizes of Code Llama 34B"),
        source="fms_fsdp",
    )


def _recompute(raw: dict[str, str]) -> tuple[str, str]:
    """The mode, or why there is none: a share of the blocks is neither nothing nor everything."""
    share = 3 * (float(raw["hfu"]) / float(raw["mfu"]) - 1)
    if raw["act_ckpt"] == "No AC":
        return "none", ""
    if share > 0.97:
        return "full", ""
    return "", f"recomputes about {share:.0%} of its blocks whole (HFU over MFU), which no mode describes"
